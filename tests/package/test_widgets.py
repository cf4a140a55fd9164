"""The Python side of the widgets: what they pack, and what they say about wrong input."""

from __future__ import annotations

import json
import zlib

import matplotlib
import numpy as np
import pytest
from widgets import samples

from course_utils import plots
from course_utils.widgets import (
    bars,
    base,
    curves,
    draw,
    explore,
    graph,
    heat,
    image,
    label,
    panel,
    path,
    points,
    rect,
    rule,
    scene,
)

matplotlib.use("agg")
rng = np.random.default_rng(0)
ALT = "a picture"
COLOURS = ("blue", "orange", "green", "purple", "sky", "gold", "red")


def unpack(widget):
    """Return {name: array} of a scene, as the page computes it."""
    raw, out = zlib.decompress(widget.data), {}
    for name, a in widget.arrays.items():
        kind = {"byte": np.uint8, "u8": np.uint8, "u16": "<u2", "f32": "<f4"}[a["dtype"]]
        v = (
            np.frombuffer(raw[a["offset"] : a["offset"] + a["nbytes"]], kind)
            .reshape(a["shape"])
            .astype(np.float64)
        )
        if a["dtype"][0] == "u":
            v = a["lo"] + v * (a["hi"] - a["lo"]) / (2 ** int(a["dtype"][1:]) - 1)
        out[name] = v
    return out


# ---- what is packed


@pytest.mark.parametrize(
    ("make", "tolerance"),
    [
        (heat, 1 / 255),
        (bars, 1 / 65535),
        (lambda a, d: curves(a, d), 1 / 65535),
        (lambda a, d: label("{}", 0, 0, a, d), 1e-6),
    ],
)
def test_scene_arrays_survive_packing(make, tolerance):
    shape = {"heat": (3, 5, 7), "bars": (3, 6), "<lambda>": (3, 6)}[make.__name__]
    a = rng.normal(size=(3,) if tolerance == 1e-6 else shape).astype(np.float32)
    w = scene(panel(make(a, ["k"]), x=(0, 1), y=(0, 1)), alt=ALT, k=[1, 2, 3])
    (got,) = unpack(w).values()
    assert np.abs(got.reshape(a.shape) - a).max() <= tolerance * np.ptp(a) * 0.51 + 1e-6


def test_photographs_travel_unchanged():
    photo = rng.integers(0, 256, (2, 4, 5, 3), dtype=np.uint8)
    w = scene(panel(image(photo, ["k"])), alt=ALT, k=[0, 1])
    assert (next(iter(unpack(w).values())) == photo).all()
    dark = np.zeros((1, 4, 4, 3), dtype=np.uint8)
    dark[0, 0, 0] = 1  # one of 255, not white
    w = scene(panel(image(dark, ["k"])), alt=ALT, k=[0])
    assert next(iter(unpack(w).values())).max() == 1


def test_equal_arrays_travel_once():
    a = rng.normal(size=(50, 60))
    one = scene(panel(heat(a)), alt=ALT)
    two = scene(panel(heat(a)), panel(heat(a.copy())), alt=ALT)
    assert len(two.arrays) == 1
    assert len(two.data) == len(one.data)


def test_explore_keeps_equal_frames_once_and_is_deterministic():
    def show(k):
        import matplotlib.pyplot as plt

        plt.plot([0, k > 2])

    w = explore(show, alt=ALT, precompute=True, k=[1, 2, 3, 4])
    assert len(w.offsets) - 1 == 2
    assert w.frame_of[0] == w.frame_of[1] != w.frame_of[2] == w.frame_of[3]
    again = explore(show, alt=ALT, precompute=True, k=[1, 2, 3, 4])
    assert w.frames == again.frames


def test_explore_frames_are_small_themeable_svg():
    w = samples.lines_explore()
    svg = zlib.decompress(w.frames[: w.offsets[1]]).decode()
    assert w.kind == "svg"
    assert plots.INK in svg
    assert "Verdana" in svg
    assert "activation</text>" in svg  # text stays text
    assert len(w.frames) < 100_000
    assert samples.dense_explore().kind == "webp"


def test_explore_leaves_open_figures_alone():
    import matplotlib.pyplot as plt

    plt.close("all")
    mine = plt.figure()
    explore(lambda k: plt.plot([k]) and None, alt=ALT, k=[1, 2])
    assert plt.get_fignums() == [mine.number]
    assert not mine.axes
    plt.close("all")


def test_explore_without_precompute_holds_the_first_frame_only(monkeypatch):
    monkeypatch.delenv("BOOK_STATIC", raising=False)
    w = samples.lines_explore(precompute=None)
    assert [f for f in w.frame_of if f >= 0] == [0]
    at = w.index[0] * 6 + w.index[1] * 2 + w.index[2]
    assert w.frame_of[at] == 0
    monkeypatch.setenv("BOOK_STATIC", "1")
    assert min(samples.lines_explore(precompute=None).frame_of) >= 0


def test_explore_answers_between_the_grid_points():
    seen, sent = [], []

    def show(rate, name):
        import matplotlib.pyplot as plt

        seen.append((rate, name))
        if rate > 0.5:
            raise RuntimeError("diverged")
        plt.plot([rate])

    w = explore(
        show, alt=ALT, rate=[0.0, 0.2, 0.4, 1.0], name=["a", "b"], start={"rate": 0.0}, precompute=False
    )
    w.send = lambda content, buffers=None: sent.append((content, buffers))
    w._answer(w, {"type": "hello"}, [])
    w._answer(w, {"type": "compute", "id": 7, "pos": [1.5, 1]}, [])
    w._answer(w, {"type": "compute", "id": 8, "pos": [3, 0]}, [])
    assert sent[0][0] == {"type": "live"}
    assert seen[1] == (pytest.approx(0.3), "b")
    assert sent[1][0] == {"type": "frame", "id": 7, "words": []}
    assert b"<svg" in zlib.decompress(sent[1][1][0])
    assert "diverged" in sent[2][0]["error"] and "rate=1.0" in sent[2][0]["error"]


def test_graph_rows_hold_the_numbers():
    a = rng.normal(size=(3, 2)).astype(np.float32)
    w = graph({"u": (0, 0, "u"), "v": (1, 0, "v")}, [("u", "v", "w")], alt=ALT, node_value={"u": a, "v": 2},
              edge_value={("u", "v"): 0.5}, x=[1, 2, 3], y=[1, 2])  # fmt: skip
    rows = np.frombuffer(zlib.decompress(w.data), "<f4").reshape(-1, 3, 2)
    assert (rows[w.spec["nodes"][0]["value"]] == a).all()
    assert (rows[w.spec["nodes"][1]["value"]] == 2).all()
    assert (rows[w.spec["edges"][0]["value"]] == 0.5).all()


def test_graph_finds_its_steps():
    steps = samples.lecture_graph().spec["steps"]
    assert [s["title"] for s in steps] == ["the inputs", *["forward"] * 3, *["backward"] * 4]
    assert steps[1]["nodes"] == ["z1", "z2"] and steps[3]["text"] == "a = {a}"
    assert steps[-1]["text"].startswith("∂a/∂w₁₁ = {∂x1>z1}")


def test_text_forms_have_no_address():
    widgets = (samples.lecture_graph(), samples.lines_explore(), samples.descent_scene(), samples.draw_net())
    for w, kind in zip(widgets, ("graph", "explore", "scene", "draw"), strict=True):
        assert repr(w) == f"<{kind}: {w.alt}>"
        assert repr(w) == repr(type(w).__mro__[0].__repr__(w)).strip("'\"")


def test_state_is_json_and_light():
    for w, limit in ((samples.lecture_graph(), 30), (samples.descent_scene(), 90), (samples.draw_net(), 40)):
        state = {k: v for k, v in w.get_state().items() if k[0] != "_" and not isinstance(v, bytes)}
        state.pop("layout", None)
        assert (
            len(json.dumps(state)) + sum(len(v) for v in w.get_state().values() if isinstance(v, bytes))
            < limit * 1000
        )


def test_controls_follow_the_type_of_the_values():
    grid = {
        "eta": [0.1, 1.0, 10.0],
        "w12": [1, 2],
        "batch_size": ["a", "b"],
        "flag": [False, True],
        "many": list("abcde"),
    }
    params, index = base.parameters("x", grid, {"eta": 1.0, "flag": True})
    assert [p["kind"] for p in params] == ["slider", "slider", "buttons", "check", "select"]
    assert [p["label"] for p in params] == ["η", "w₁₂", "batch size", "flag", "many"]
    assert index == [1, 0, 0, 1, 0]
    assert [p["log"] for p in params] == [True, False, False, False, False]
    assert base.text(-0.5) == "−0.5"
    assert base.parameters("x", {"k": np.arange(3)}, {"k": np.int64(2)})[1] == [2]


def test_colours_are_those_of_the_figures():
    css = (
        base.Widget._css if isinstance(base.Widget._css, str) else (base.HERE / "style.css").read_text("utf8")
    )
    light = css[: css.index(".bw-dark")]
    for name in (*COLOURS, "ink"):
        assert f"--bw-{name}: {getattr(plots, name.upper())};" in light
    assert path(np.zeros((3, 2)), color=plots.GREEN)["color"] == "green"
    assert plots.INK in (base.HERE / "explore.js").read_text("utf8")


def _luminance(code):
    v = np.array([int(code[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]


def test_text_colours_have_contrast():
    css = (base.HERE / "style.css").read_text("utf8")
    parts = {"#ffffff": css[: css.index(".bw.bw-dark")], "#14181e": css[css.index(".bw.bw-dark") :]}
    for ground, part in parts.items():
        for name in ("ink", "muted", *(f"{c}-text" for c in COLOURS)):
            code = part.split(f"--bw-{name}: ")[1].split(";")[0]
            a, b = sorted((_luminance(code), _luminance(ground)))
            assert (b + 0.05) / (a + 0.05) >= 4.5, (name, code, ground)


# ---- wrong input: one sentence each

ONE = np.zeros((3, 2))


def show(layer, **more):
    return scene(panel(layer), alt=ALT, **more)


def net(edges, **more):
    return graph({"u": (0, 0, "u"), "v": (1, 0, "v")}, edges, alt=ALT, **more)


WRONG = {
    "alt": (lambda: scene(panel(points(ONE)), alt=" "), "alt must be a sentence"),
    "unknown dimension": (lambda: show(path(ONE[None], ["q"]), k=[1]), "dimension 'q' is not a parameter"),
    "wrong length": (lambda: show(path(ONE[None], ["k"]), k=[1, 2]), "'k' has 1 entries, its parameter 2"),
    "path shape": (lambda: path(np.zeros((4, 3))), r"path: the array has shape \(4, 3\), expected \(N, 2\)"),
    "heat shape": (lambda: heat(np.zeros((4,)), []), r"expected \(H, W\)"),
    "heat dims": (lambda: heat(np.zeros((4, 4)), ["k"]), r"expected \(k, H, W\)"),
    "bars shape": (lambda: bars(np.zeros((2, 2)), []), r"expected \(N\)"),
    "rect shape": (lambda: rect([1, 2, 3]), r"expected \(M, 4\)"),
    "image shape": (lambda: image(np.zeros((4, 4))), r"expected \(H, W, 3\)"),
    "image range": (lambda: image(np.full((4, 4, 3), 300.0)), "uint8, or floats from 0 to 1"),
    "not finite": (lambda: heat([[0, np.nan]]), r"not finite at \(0, 1\)"),
    "empty array": (lambda: points(np.zeros((0, 2))), "empty"),
    "colour": (lambda: points(ONE, color="pink"), "unknown colour 'pink'"),
    "cmap": (lambda: heat(ONE, cmap="jet"), "unknown cmap 'jet'"),
    "curves labels": (lambda: curves(ONE, labels=["a"]), "1 labels for 3 curves"),
    "curves x": (lambda: curves(ONE, x=[1, 2, 3]), r"x has shape \(3,\), expected \(2,\)"),
    "upto": (lambda: show(path(ONE, upto="t"), k=[1]), "upto='t' is not a parameter"),
    "drag": (lambda: scene(panel(path(ONE), drag=("k", "q")), alt=ALT, k=[1]), "drag='q' is not a parameter"),
    "play": (lambda: show(path(ONE), play="m", m=["a", "b"]), "play='m' is not a parameter"),
    "log axis": (lambda: panel(curves([0.0, 1.0]), logy=True), "the smallest value is 0"),
    "log heat": (lambda: panel(heat(ONE), logx=True), "need linear axes"),
    "limits": (lambda: panel(path(ONE), x=(1, 1)), "must be two different numbers"),
    "rule axis": (lambda: rule(1, axis="z"), "axis must be 'x' or 'y'"),
    "align": (lambda: label("a", 0, 0, align="top"), "align must be"),
    "no panel": (lambda: scene(alt=ALT), "at least one panel"),
    "no layer": (lambda: panel(), "at least one layer"),
    "too big": (lambda: show(rect(np.zeros((600_000, 4)))), "9.6 MB of arrays"),
    "empty grid": (lambda: show(path(ONE), k=[]), "k has no values"),
    "not a list": (lambda: show(path(ONE), k=3), "k must be a list of values, got 3"),
    "twice": (lambda: show(path(ONE), k=[1, 2, 1]), "k has a value twice"),
    "mixed": (lambda: show(path(ONE), k=[1, "a"]), "all numbers, all strings or all booleans"),
    "infinite value": (lambda: show(path(ONE), k=[1, float("inf")]), "not finite"),
    "start value": (lambda: show(path(ONE), k=[1, 2], start={"k": 3}), "k=3 is not in its grid"),
    "start name": (lambda: show(path(ONE), k=[1], start={"q": 3}), "start names q"),
    "explore no grid": (lambda: explore(lambda: None, alt=ALT), "at least one parameter"),
    "explore too many": (lambda: explore(print, alt=ALT, a=range(8), b=range(7)), "8 × 7 = 56 frames"),
    "explore raises": (lambda: explore(lambda k: 1 / k, alt=ALT, precompute=True, k=[1, 0], start={"k": 0}),
                       "failed at k=0: ZeroDivisionError"),
    "explore nothing": (lambda: explore(lambda k: None, alt=ALT, k=[1]), "drew nothing at k=1"),
    "explore type": (lambda: explore(lambda k: k, alt=ALT, k=[1]), "returned int, not a figure or axes"),
    "graph node": (lambda: net([("u", "q")]), r"edge \(u, q\) names 'q'"),
    "graph cycle": (lambda: net([("u", "v"), ("v", "u")]), "a cycle runs through"),
    "graph twice": (lambda: net([("u", "v"), ("u", "v")]), "two edges join"),
    "graph shape": (lambda: net((), node_value={"u": [1, 2]}, k=[1, 2, 3]), r"the grid has \(3,\)"),
    "graph value": (lambda: net([("u", "v")], edge_value={("v", "u"): 1}), "edge_value names"),
    "graph path": (lambda: net([("u", "v")], paths=[["v", "u"]]), r"uses the edge \(v, u\)"),
    "graph step": (lambda: net((), steps=[{"nodes": ["u"]}]), "a step needs a title"),
    "graph key": (lambda: net((), steps=[{"title": "a", "node": []}]), "unknown key 'node'"),
    "graph own": (lambda: net((), step=[1]), "'step' is the widget's own control"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_wrong_input_is_one_clear_sentence(case):
    call, words = WRONG[case]
    with pytest.raises(ValueError, match=words) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_draw_refuses_what_the_page_cannot_compute():
    from torch import nn

    def pad(*layers, shape=(1, 28, 28), labels=10, **more):
        return draw(nn.Sequential(*layers), shape=shape, labels=range(labels), alt=ALT, **more)

    good = (nn.Flatten(), nn.Linear(784, 10))
    for layer, words in (
        (nn.LSTM(784, 10), "LSTM"),
        (nn.GELU(), "GELU"),
        (nn.Conv2d(1, 1, 3, dilation=2), "Conv2d with groups, dilation"),
        (nn.MaxPool2d(2, padding=1), "MaxPool2d with padding"),
        (nn.Softmax(1), "Softmax"),
    ):
        with pytest.raises(TypeError, match=f"the page cannot compute {words}.*only Conv2d, Linear"):
            pad(layer, *good)
    assert pad(*good, nn.Softmax(1)).layers == pad(*good).layers
    for call, words in (
        (lambda: pad(*good, labels=9), r"returns shape \(1, 10\), expected \(1, 9\)"),
        (lambda: pad(nn.Flatten(), nn.Linear(700, 10)), "does not accept an input"),
        (lambda: pad(*good, shape=(28, 28)), "shape must be"),
        (lambda: pad(*good, std=0), "std must be one number or 1, all positive"),
        (lambda: pad(*good, example=[1, 2]), "example must be 28 × 28"),
        (lambda: pad(*good, bits=4), "bits must be 8 or 32"),
    ):
        with pytest.raises(ValueError, match=words):
            call()


def test_draw_leaves_the_model_as_it_was():
    net = samples.small_net().train()
    samples_net = {k: v.clone() for k, v in net.state_dict().items()}
    draw(net, shape=(1, 28, 28), labels=range(10), alt=ALT)
    assert net.training
    assert all((samples_net[k] == v).all() for k, v in net.state_dict().items())
