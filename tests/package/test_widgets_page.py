"""The widgets in Chromium, on a static page without a kernel: controls, keyboard, themes, accessibility."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from widgets import samples
from widgets.harness import LATENCY, LOOK

from course_utils import widgets
from course_utils.widgets import bars, draw, panel, scene

lines_explore, dense_explore = cache(samples.lines_explore), cache(samples.dense_explore)  # many figures
EVERY = {
    "graph": samples.lecture_graph,
    "lines": lines_explore,
    "dense": dense_explore,
    "descent": samples.descent_scene,
    "picture": samples.picture_scene,
    "draw": samples.draw_net,
}
DARK = {
    "Sphinx": "html.dataset.theme = 'dark'",
    "JupyterLab": "delete html.dataset.theme; document.body.dataset.jpThemeLight = 'false'",
    "Colab": "delete html.dataset.theme; html.setAttribute('theme', 'dark')",
}


def settle(tab):
    tab.wait_for_timeout(120)


# ---- controls


@pytest.mark.parametrize("name", EVERY)
def test_every_control_changes_the_picture_by_keyboard_on_a_phone(site, name):
    tab = site.open(EVERY[name](), width=390)
    root = tab.locator(".bw")
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    wanted = "input:not([type=radio]), select, button:not(:disabled), input[type=radio]:not(:checked)"
    name_of = "e => e.getAttribute('aria-label') || e.labels?.[0]?.textContent || e.textContent"
    for c in root.locator(wanted).element_handles():
        before, kind, what = root.evaluate(LOOK), c.evaluate("e => e.type"), c.evaluate(name_of)
        assert c.get_attribute("data-lm-suppress-shortcuts") == "true", what
        if kind != "checkbox":  # a checkbox is tapped on its whole row
            assert c.evaluate("e => e.getBoundingClientRect().height") >= 40, what
        c.focus()
        if kind == "range":
            tab.keyboard.press("ArrowRight" if c.evaluate("e => +e.value < +e.max") else "ArrowLeft")
        else:
            tab.keyboard.press("ArrowDown" if kind == "select-one" else "Space")
        tab.wait_for_timeout(1700 if "play" in what else 120)
        assert (root.evaluate(LOOK) != before) or what == "example", f"{name}: {what} changes nothing"


def test_sliders_say_their_value(site):
    tab = site.open(samples.descent_scene())
    s = tab.get_by_label("step", exact=True)
    s.focus()
    tab.keyboard.press("ArrowRight")
    assert s.get_attribute("aria-valuetext") == "13"
    assert tab.get_by_label("rate").get_attribute("aria-valuetext") == "0.02"


def test_a_frame_takes_at_most_25_ms(site):
    tab = site.open(*(EVERY[k]() for k in ("graph", "lines", "dense", "descent")))
    for i in range(4):
        times = []
        while len(times) < 4 and min(times, default=99) > 25:  # a shared machine may be busy for a moment
            times.append(tab.locator(".bw").nth(i).evaluate(LATENCY))
        assert min(times) <= 25, (i, times)


def test_play_runs_and_stops_and_reduced_motion_has_none(site):
    tab = site.open(samples.descent_scene())
    step, play = tab.get_by_label("step", exact=True), tab.get_by_label("play step")
    play.click()
    tab.wait_for_timeout(900)
    tab.get_by_label("pause step").click()
    at = int(step.input_value())
    assert at > 12
    tab.wait_for_timeout(400)
    assert int(step.input_value()) == at
    still = site.open(samples.descent_scene(), samples.lecture_graph(), reduced_motion="reduce")
    assert still.get_by_label("play step").count() == 0
    still.get_by_label("step forward").click()
    assert still.get_by_label("step", exact=True).nth(1).input_value() == "1"


def test_two_views_move_together_and_close_cleanly(site):
    for make in EVERY.values():
        tab = site.open(make(), views=2)
        assert tab.locator(".bw").count() == 2
        if tab.locator(".bw input[type=range]").count():
            first, second = (tab.locator(".bw").nth(i).locator("input[type=range]").last for i in (0, 1))
            first.focus()
            tab.keyboard.press("ArrowLeft")
            settle(tab)
            assert first.input_value() == second.input_value()
        tab.evaluate("models.forEach(m => m.closers.forEach(f => f()))")
        assert tab.evaluate("models.map(m => m.subs.length)") == [0]


def test_a_handle_follows_the_pointer(site):
    tab = site.open(samples.descent_scene())
    canvas, handle = tab.locator("canvas"), tab.locator(".bw-handle")
    box = handle.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    tab.mouse.move(x, y)
    tab.mouse.down()
    tab.mouse.move(x + 60, y + 60, steps=4)
    tab.mouse.up()
    assert int(tab.get_by_label("w₁").input_value()) > 0
    assert int(tab.get_by_label("w₂").input_value()) < 6
    # a finger on the picture scrolls the page; only the handle and the drawing pad hold it
    touch = "e => getComputedStyle(e).touchAction"
    assert (canvas.evaluate(touch), handle.evaluate(touch)) == ("pan-y", "none")
    tab = site.open(samples.descent_scene(), samples.draw_net())
    tab.locator("canvas").first.hover(position={"x": 100, "y": 100})
    tab.mouse.wheel(0, 200)
    tab.wait_for_function("scrollY > 0", timeout=3000)


# ---- looks


@pytest.mark.parametrize("host", DARK)
def test_dark_pages_get_light_ink(site, host):
    tab = site.open(*(EVERY[k]() for k in ("graph", "lines", "dense", "descent")))
    source = "async () => (await (await fetch(document.querySelector('.bw-svg img').src)).text())"
    count = """() => { const c = document.querySelector('canvas'), n = { light: 0, dark: 0 };
      const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
      for (let i = 0; i < d.length; i += 4) if (d[i + 3] > 250) {
        if (d[i] === 0x21 && d[i + 1] === 0x26 && d[i + 2] === 0x2c) n.dark++;
        if (d[i] === 0xe4 && d[i + 1] === 0xe7 && d[i + 2] === 0xeb) n.light++; }
      return n; }"""
    fill = "() => getComputedStyle(document.querySelector('.bw-graph svg .bw-symbol')).fill"
    before, pixels = tab.evaluate(source), tab.evaluate(count)
    assert "#21262c" in before and "#e4e7eb" not in before
    assert pixels["dark"] > 20 and pixels["light"] == 0
    assert tab.evaluate(fill) == "rgb(33, 38, 44)"
    tab.evaluate(f"() => {{ const html = document.documentElement; {DARK[host]} }}")
    tab.wait_for_timeout(300)
    after, pixels = tab.evaluate(source), tab.evaluate(count)
    assert after == before.replace("#21262c", "#e4e7eb")
    assert pixels["light"] > 20 and pixels["dark"] == 0
    assert tab.evaluate(fill) == "rgb(228, 231, 235)"
    card = "() => getComputedStyle(document.querySelector('.bw-webp')).backgroundColor"
    assert tab.evaluate(card) == "rgb(255, 255, 255)"
    assert tab.evaluate("() => getComputedStyle(document.querySelector('.bw img')).filter") == "none"


@pytest.mark.parametrize("width", [390, 800])
def test_axe_finds_nothing(site, width):
    from axe_core_python.sync_playwright import Axe

    tab = site.open(*(make() for make in EVERY.values()), width=width)
    for theme in ("light", "dark"):
        tab.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
        tab.wait_for_timeout(400)
        found = Axe().run(tab)["violations"]
        assert [(v["id"], v["nodes"][0]["html"][:120]) for v in found] == []


@pytest.mark.parametrize("width", [390, 700])
def test_graph_text_is_legible_and_apart(site, width):
    tab = site.open(samples.lecture_graph(step=7), width=width)
    boxes = tab.evaluate("""() => [...document.querySelectorAll('.bw-graph svg text')].map(t => {
        const r = t.getBoundingClientRect();
        return { text: t.textContent, size: parseFloat(getComputedStyle(t).fontSize) * t.getCTM().a,
                 x: r.x, y: r.y + 3, w: r.width, h: r.height - 6 }; }).filter(t => t.text)""")
    assert len(boxes) == 7 * 2 + 5 + 10 * 2
    for i, a in enumerate(boxes):
        assert a["size"] >= 11
        assert a["x"] >= 0 and a["x"] + a["w"] <= width
        for b in boxes[:i]:
            apart = abs(a["x"] + a["w"] / 2 - b["x"] - b["w"] / 2) >= (a["w"] + b["w"]) / 2 or (
                abs(a["y"] + a["h"] / 2 - b["y"] - b["h"] / 2) >= (a["h"] + b["h"]) / 2
            )
            assert apart, (a["text"], b["text"])


# ---- what the widgets say


def test_graph_shows_the_numbers_of_the_grid(site):
    tab = site.open(samples.lecture_graph())
    caption, forward = tab.locator(".bw-caption"), tab.get_by_label("step forward")
    assert tab.locator(".bw-node .bw-value").all_text_contents() == ["0.50", "−0.50", "", "", "", "", ""]
    forward.click()
    settle(tab)
    assert "z₁\u00a0=\u00a00.40, z₂\u00a0=\u00a00.30" in caption.text_content()
    assert caption.get_attribute("aria-live") == "polite"
    assert tab.locator(".bw-badge[visibility=visible]").count() == 0
    for _ in range(6):
        forward.click()
    settle(tab)
    assert tab.locator(".bw-badge[visibility=visible]").count() == 5
    assert forward.is_disabled()
    # x₁ = 0.5, x₂ = −0.5: ∂a/∂w₁₁ by torch
    w = torch.tensor(0.5, requires_grad=True)
    z1, z2 = w * 0.5 + 0.15, torch.tensor(0.8 * 0.5 - 0.2 * 0.5)
    a = 0.7 * torch.tanh(1.1 * z1 - 0.6 * z2) - 1.2 * torch.tanh(0.4 * z1 + 0.9 * z2)
    a.backward()
    assert f"{w.grad:.2f}" in tab.locator(".bw-label").first.text_content()
    tab.get_by_label("highlight path").select_option("3")
    settle(tab)
    lines = tab.locator(".bw-product > span").all_text_contents()
    assert len(lines) == 3
    assert lines[2].endswith(f": {w.grad:.2f}")
    assert tab.locator(".bw-edge.bw-path").count() == 5
    tab.get_by_label("x₁").focus()
    tab.keyboard.press("ArrowLeft")
    settle(tab)
    assert caption.get_attribute("aria-live") == "off"
    assert lines != tab.locator(".bw-product > span").all_text_contents()


def test_explore_asks_the_kernel_between_the_grid_points(site):
    w = lines_explore()
    tab = site.open(w)
    sent = []
    w.send = lambda content, buffers=None: sent.append((content, buffers))
    assert tab.evaluate("models[0].sent.map(m => m.type)") == ["hello"]
    tab.evaluate("models[0].fire('msg:custom', { type: 'live' }, [])")
    before = tab.locator(".bw").evaluate(LOOK)
    slider = tab.get_by_label("slope", exact=True)
    slider.focus()
    for _ in range(5):
        tab.keyboard.press("ArrowRight")
    asked = tab.evaluate("models[0].sent.slice(1)")
    assert len(asked) == 1  # one question at a time
    w._answer(w, asked[0], [])
    reply = (
        "async ([m, bytes]) => models[0].fire('msg:custom', m, [new DataView(Uint8Array.from(bytes).buffer)])"
    )
    tab.evaluate(reply, [sent[0][0], list(sent[0][1][0])])
    settle(tab)
    asked = tab.evaluate("models[0].sent.slice(2)")
    assert len(asked) == 1 and asked[0]["pos"][0] == pytest.approx(2.25)
    w._answer(w, asked[0], [])
    tab.evaluate(reply, [sent[1][0], list(sent[1][1][0])])
    settle(tab)
    assert tab.locator(".bw").evaluate(LOOK) != before
    assert tab.locator(".bw-note").text_content() == ""
    assert slider.get_attribute("aria-valuetext") == "1.19"  # 1 · 2^0.25: the grid is logarithmic
    tab.keyboard.press("ArrowRight")
    asked = tab.evaluate("models[0].sent.slice(3)")
    tab.evaluate(
        "m => models[0].fire('msg:custom', m, [])",
        {"type": "frame", "id": asked[0]["id"], "error": "it broke"},
    )
    settle(tab)
    assert tab.locator(".bw-note").text_content() == "it broke"


def test_a_point_that_is_not_in_the_page_says_so(site):
    tab = site.open(samples.lines_explore(precompute=False))
    assert tab.locator(".bw img").evaluate("e => e.naturalWidth") > 100  # the first frame is there
    tab.get_by_label("slope", exact=True).focus()
    tab.keyboard.press("ArrowRight")
    settle(tab)
    assert "Open the notebook" in tab.locator(".bw-note").text_content()


@pytest.mark.parametrize("kind", ["conv", "mlp"])
def test_the_page_computes_what_torch_computes(site, kind):
    net, rng = samples.small_net(kind, seed=1), np.random.default_rng(0)
    x = rng.normal(size=(6, 1, 28, 28)).astype(np.float32)
    with torch.no_grad():
        expected = net(torch.tensor(x)).numpy()
    for bits in (32, 8):
        w = draw(net, shape=(1, 28, 28), labels=range(10), alt="pad", bits=bits)
        tab = site.open(w)
        got = tab.evaluate(
            """async xs => { const m = models[0], models_text = document.getElementById('models').textContent;
            const src = JSON.parse(models_text);
            const file = new Blob([src[0].esm], { type: 'text/javascript' });
            const mod = await import(URL.createObjectURL(file));
            const W = await mod.weights(m), run = x => mod.forward(m.get('layers'), W, x, [1, 28, 28]);
            return xs.map(x => Array.from(run(Float32Array.from(x)))); }""",
            x.reshape(6, -1).tolist(),
        )
        got = np.array(got)
        if bits == 32:
            assert np.abs(got - expected).max() < 1e-3
        else:
            p, q = (np.exp(v) / np.exp(v).sum(1, keepdims=True) for v in (got, expected))
            assert np.abs(p - q).max() < 0.03


def test_a_drawing_is_seen_centred_as_in_mnist(site):
    tab = site.open(samples.draw_net(center=True))
    tab.get_by_role("button", name="clear").click()
    pad = tab.locator(".bw-pad").bounding_box()
    tab.mouse.move(pad["x"] + 30, pad["y"] + 30)  # a small stroke in the corner
    tab.mouse.down()
    tab.mouse.move(pad["x"] + 30, pad["y"] + 110, steps=6)
    tab.mouse.up()
    settle(tab)
    seen = tab.evaluate("""() => { const c = document.querySelector('.bw-seen');
        return Array.from(c.getContext('2d').getImageData(0, 0, 28, 28).data); }""")
    x = np.array(seen).reshape(28, 28, 4)[..., 0] / 255
    rows = np.nonzero(x > 0.1)[0]
    assert rows.max() - rows.min() + 1 in (20, 21)
    y, z = (np.arange(28) + 0.5) @ x.sum(1) / x.sum(), (np.arange(28) + 0.5) @ x.sum(0) / x.sum()
    assert abs(y - 14) < 0.3 and abs(z - 14) < 0.3


def test_a_drawing_is_read_where_the_browser_hides_the_canvas(site):
    """Guards against fingerprints fill what a page reads of its canvas with a pattern."""
    say = "document.querySelector('.bw-caption').textContent"
    said = []
    for hide in (False, True):
        tab = site.open(samples.draw_net(center=True))
        if hide:
            tab.evaluate("""() => { const real = CanvasRenderingContext2D.prototype.getImageData;
                CanvasRenderingContext2D.prototype.getImageData = function (...a) {
                    const im = real.apply(this, a); im.data.fill(170); return im; }; }""")
        for name in ("clear", "example"):
            tab.get_by_role("button", name=name).click()
        tab.wait_for_timeout(400)
        said.append(tab.evaluate(say))
    assert said[0] == said[1] and "The network answers" in said[0]


def test_the_style_of_one_widget_does_not_reach_another():
    """Sheets arrive in any order: a widget's own must win over the shared one, and hold for it alone."""
    folder = Path(widgets.__file__).parent
    for sheet in set(folder.glob("*.css")) - {folder / "style.css"}:
        text = re.sub(r"/\*.*?\*/", "", sheet.read_text("utf8"), flags=re.S)
        for selectors in re.findall(r"([^{}@]+)\{", re.sub(r"@[^{]+\{", "", text)):
            for selector in re.split(r",(?![^(]*\))", selectors):
                assert selector.strip().startswith(f".bw.bw-{sheet.stem} "), (sheet.name, selector)


def test_drawing_by_pointer_and_by_keyboard(site):
    tab = site.open(samples.draw_net(example=np.eye(28)))
    root, pad = tab.locator(".bw"), tab.locator(".bw-pad")
    scores = "e => e.querySelector('.bw-scores').textContent + e.querySelector('.bw-caption').textContent"
    first = root.evaluate(scores)
    assert "The network answers" in first
    tab.get_by_role("button", name="clear").click()
    tab.wait_for_timeout(400)
    assert "Draw in the black square." in root.evaluate(scores)
    empty = root.evaluate(LOOK)
    pad.focus()
    for key in ("Space", "ArrowDown", "ArrowDown", "ArrowRight", "Space", "ArrowLeft"):
        tab.keyboard.press(key)
    tab.wait_for_timeout(400)
    assert root.evaluate(LOOK) != empty
    assert "The network answers" in root.evaluate(scores)
    assert tab.evaluate("scrollY") == 0
    tab.keyboard.press("Delete")
    settle(tab)
    assert root.evaluate(LOOK) == empty
    tab.get_by_role("button", name="example").click()
    tab.wait_for_timeout(400)
    assert root.evaluate(scores) == first


def test_a_widget_without_controls_is_a_picture(site):
    tab = site.open(scene(panel(bars([1, 2, 3])), alt="three bars"))
    assert tab.locator(".bw input").count() == 0
    assert tab.locator("canvas").evaluate("c => c.toDataURL().length") > 2000
