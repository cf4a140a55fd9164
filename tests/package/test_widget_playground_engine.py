"""The playground's engine against PyTorch: gradients to 1e-9, fifty steps to 1e-6, and the code it copies."""

from __future__ import annotations

import contextlib
import io
import itertools
import math
import re

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F
from widgets.harness import imported

from course_utils.widgets.base import HERE

ENGINE = "".join((HERE / f"playground_{part}.js").read_text("utf8") for part in ("engine", "data", "frames"))
ACTIVATIONS = {
    "linear": lambda z: z,
    "ReLU": F.relu,
    "leaky ReLU": lambda z: F.leaky_relu(z, 0.1),
    "ELU": F.elu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
}
OPTIMISERS = {
    "SGD": lambda p, lr: torch.optim.SGD(p, lr),
    "momentum": lambda p, lr: torch.optim.SGD(p, lr, momentum=0.9),
    "Nesterov": lambda p, lr: torch.optim.SGD(p, lr, momentum=0.9, nesterov=True),
    "AdaGrad": lambda p, lr: torch.optim.Adagrad(p, lr),
    "RMSProp": lambda p, lr: torch.optim.RMSprop(p, lr),
    "Adam": lambda p, lr: torch.optim.Adam(p, lr),
    "AdamW": lambda p, lr: torch.optim.AdamW(p, lr),
}
OPTIONS = {"squares": False, "batch": 5, "rate": 0.05, "schedule": "constant", "optimiser": "SGD",
           "l1": 0, "l2": 0, "dropout": 0, "seed": 3}  # fmt: skip
COSINE = "cosine over 200 epochs"
SIZES, POINTS = [2, 6, 5, 1], 13  # batches of five: the last one has three points
STEPS = 50


@pytest.fixture(scope="module")
def engine(browser):
    """Calls a function of the module in Chromium: engine(body, **what the body sees)."""
    with imported(browser, ENGINE) as tab:

        def call(body, **seen):
            names = ", ".join(seen)
            return tab.evaluate(f"({{ {names} }}) => {{ {body} }}", seen)

        yield call


# ---- the same network in PyTorch


def tensors(flat, sizes=SIZES):
    """The engine's array as [(W, b), ...], W of shape (out, in)."""
    parts, k = [], 0
    for n, m in itertools.pairwise(sizes):
        w, b = flat[k : k + n * m], flat[k + n * m : k + n * m + m]
        parts.append((torch.tensor(w, dtype=torch.float64).view(m, n), torch.tensor(b, dtype=torch.float64)))
        k += (n + 1) * m
    return parts


def flat(parts):
    """The inverse of tensors, as a NumPy array."""
    return torch.cat([torch.cat([w.reshape(-1), b]) for w, b in parts]).detach().numpy()


def forward(parts, x, kinds, masks=None):
    """z: (B,)."""
    h = x
    for i, (w, b) in enumerate(parts):
        h = h @ w.T + b
        if i + 1 < len(parts):
            h = ACTIVATIONS[kinds[i]](h)
            if masks is not None:
                h = h * masks[i]
    return h[:, 0]


def mean_loss(z, y, squares):
    return ((z - y) ** 2).mean() if squares else -F.logsigmoid(y * z).mean()


def problem(seed=0, sizes=SIZES):
    """Random points, labels ±1, and an array of weights and biases without zeros or symmetry."""
    rng = np.random.default_rng(seed)
    size = sum((n + 1) * m for n, m in itertools.pairwise(sizes))
    x, y = rng.normal(size=(POINTS, sizes[0])), rng.choice([-1.0, 1.0], POINTS)
    return x, y, 0.7 * rng.normal(size=size)


MAKE = """
  const net = new engine.Net(sizes, kinds);
  net.w.set(w);
"""


@pytest.mark.parametrize("squares", [False, True])
@pytest.mark.parametrize("kind", ACTIVATIONS)
def test_gradients_are_those_of_autograd(engine, kind, squares):
    x, y, w = problem()
    kinds = [kind, kind]
    got = engine(
        MAKE + "const r = net.gradient(x, y, squares); return { ...r, g: [...net.g] };",
        sizes=SIZES, kinds=kinds, w=w.tolist(), x=x.reshape(-1).tolist(), y=y.tolist(), squares=squares,
    )  # fmt: skip
    parts = [tuple(p.requires_grad_() for p in pair) for pair in tensors(w)]
    loss = mean_loss(forward(parts, torch.tensor(x), kinds), torch.tensor(y), squares)
    loss.backward()
    expected = flat([(p.grad, q.grad) for p, q in parts])
    assert got["loss"] == pytest.approx(loss.item(), abs=1e-9)
    assert np.abs(np.array(got["g"]) - expected).max() < 1e-9
    assert got["norms"] == pytest.approx([p.grad.norm().item() for p, _ in parts], abs=1e-9)


def test_gradients_at_large_sums_are_finite_and_right(engine):
    """Where exponentials overflow, the loss is a straight line and its slope 0 or 1."""
    x, y, w = problem()
    for kind in ("tanh", "sigmoid", "ELU"):
        got = engine(
            MAKE + "const { loss } = net.gradient(x, y, false); return { loss, g: [...net.g] };",
            sizes=SIZES, kinds=[kind, kind], w=(1000 * w).tolist(), x=x.reshape(-1).tolist(), y=y.tolist(),
        )  # fmt: skip
        parts = [tuple(p.requires_grad_() for p in pair) for pair in tensors(1000 * w)]
        loss = mean_loss(forward(parts, torch.tensor(x), [kind, kind]), torch.tensor(y), False)
        loss.backward()
        expected = flat([(p.grad, q.grad) for p, q in parts])
        assert got["loss"] == pytest.approx(loss.item(), rel=1e-9)
        assert np.abs(np.array(got["g"]) - expected).max() <= 1e-9 * max(1, np.abs(expected).max())


def test_dead_units_are_those_whose_slope_is_nearly_zero_everywhere(engine):
    x, y, w = problem()
    for kind, bias in (("ReLU", -50), ("sigmoid", 50), ("tanh", -50), ("ELU", -50)):
        changed = w.copy()
        changed[2 * 6] = changed[2 * 6 + 3] = bias  # two units of the first layer
        got = engine(
            MAKE + "return net.gradient(x, y, false).dead;",
            sizes=SIZES, kinds=[kind, "linear"], w=changed.tolist(), x=x.reshape(-1).tolist(), y=y.tolist(),
        )  # fmt: skip
        parts = tensors(changed)
        z = (torch.tensor(x) @ parts[0][0].T + parts[0][1]).requires_grad_()
        slopes = torch.autograd.grad(ACTIVATIONS[kind](z).sum(), z)[0]
        assert got == [(slopes < 0.01).all(0).sum().item(), 0], kind
        assert got[0] >= 2


@pytest.mark.parametrize("start", ["zeros", "Xavier", "He", "0.1", "1"])
def test_starts_have_the_moments_of_torchs(engine, start):
    sizes = [2, 16, 4, 16, 1]
    draws = np.array(engine(
        """return Array.from({ length: 600 }, (_, seed) => {
          const net = new engine.Net(sizes, ["tanh", "tanh", "tanh"]);
          net.draw(start, new engine.Random(seed));
          return [...net.w]; });""",
        sizes=sizes, start=start,
    ))  # fmt: skip
    torch.manual_seed(0)
    for layer in range(len(sizes) - 1):
        w = np.stack([tensors(d, sizes)[layer][0].numpy() for d in draws])
        assert not any(tensors(d, sizes)[layer][1].any() for d in draws)
        own = torch.empty(w.shape[1:])
        init = {"zeros": nn.init.zeros_, "Xavier": nn.init.xavier_normal_,
                "He": lambda t: nn.init.kaiming_normal_(t, nonlinearity="relu")}.get(
                    start, lambda t: nn.init.normal_(t, std=float(start)))  # fmt: skip
        other = torch.stack([init(own).clone() for _ in range(600)]).double().numpy()
        if start == "zeros":
            assert not w.any() and not other.any()
            continue
        size = w.size**0.5
        assert abs(w.mean()) < 5 * other.std() / size
        assert w.std() == pytest.approx(other.std(), rel=7 / size)
        assert (w**4).mean() / w.var() ** 2 == pytest.approx(3, abs=50 / size)  # a normal distribution
    assert start == "zeros" or len({tuple(d) for d in draws}) == 600  # every seed is another start


# what the engine did in fifty steps: weights, and for every step the batch and its dropout masks
TRAIN = """
  const t = new engine.Trainer(net, x, y, options), did = [];
  for (let i = 0; i < steps; i++) {
    if (t.place === 0) { t.shuffle(); t.shuffle = () => {}; }
    const batch = [...t.order.slice(t.place, t.place + t.batch)], rate = t.rateNow;
    t.step();
    if (t.place === 0) delete t.shuffle;
    did.push({ batch, rate, masks: t.masks.map((m) => [...m]) });
  }
  return { w: [...net.w], did, losses: net.evaluate(x, y, options.squares) };
"""


@pytest.mark.parametrize(
    "changes",
    [
        *({"optimiser": name} for name in OPTIMISERS),
        *({"optimiser": name, "l2": 0.03} for name in OPTIMISERS),
        {"l1": 0.02},
        {"optimiser": "Adam", "l1": 0.02, "l2": 0.01},
        {"dropout": 0.3},
        {"optimiser": "Adam", "dropout": 0.5, "l2": 0.01},
        {"squares": True, "optimiser": "momentum", "rate": 0.01},
        {"batch": 1},
        {"batch": 500, "optimiser": "RMSProp", "rate": 0.01},
        *({"schedule": s} for s in ("halves every 50 epochs", "falls as 1/√epoch", COSINE)),
    ],
    ids=str,
)
def test_fifty_steps_are_those_of_torch(engine, changes):
    x, y, w = problem(1)
    kinds, options = ["tanh", "ELU"], {**OPTIONS, **changes}
    got = engine(
        MAKE + TRAIN, sizes=SIZES, kinds=kinds, w=w.tolist(), x=x.reshape(-1).tolist(), y=y.tolist(),
        steps=STEPS, options=options,
    )  # fmt: skip
    parts = [tuple(p.requires_grad_() for p in pair) for pair in tensors(w)]
    weights, biases = zip(*parts, strict=True)
    groups = [{"params": weights, "weight_decay": options["l2"]}, {"params": biases, "weight_decay": 0}]
    optimiser = OPTIMISERS[options["optimiser"]](groups, options["rate"])
    X, Y = torch.tensor(x), torch.tensor(y)
    seen = []
    for step in got["did"]:
        batch = torch.tensor(step["batch"])
        seen += step["batch"]
        masks = None
        if options["dropout"]:
            lanes = len(step["masks"][0]) // sum(SIZES)
            every = np.concatenate([np.array(m).reshape(-1, lanes).T for m in step["masks"]])[: len(batch)]
            masks = [torch.tensor(every[:, 2:8]), torch.tensor(every[:, 8:13])]
            kept = 1 / (1 - options["dropout"])
            assert all(set(m.unique().tolist()) <= {0.0, kept} for m in masks)
        loss = mean_loss(forward(parts, X[batch], kinds, masks), Y[batch], options["squares"])
        loss = loss + options["l1"] * sum(p.abs().sum() for p in weights)
        for group in optimiser.param_groups:
            group["lr"] = step["rate"]
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert np.abs(np.array(got["w"]) - flat(parts)).max() < 1e-6
    assert np.abs(np.array(got["w"]) - w).max() > 0.01
    with torch.no_grad():
        expected = mean_loss(forward(parts, X, kinds), Y, options["squares"]).item()
    assert got["losses"]["loss"] == pytest.approx(expected, abs=1e-6)
    whole = POINTS * (STEPS // math.ceil(POINTS / min(options["batch"], POINTS)))
    for k in range(0, whole, POINTS):
        assert sorted(seen[k : k + POINTS]) == list(range(POINTS))  # an epoch sees every point once


def test_schedules_multiply_the_rate_as_they_say(engine):
    got = engine(
        "return Object.fromEntries(Object.entries(engine.SCHEDULES).map(([k, f]) => [k, at.map(f)]));",
        at=[0, 3, 50, 120, 200, 300],
    )
    cosine = lambda e: 0.5 + 0.5 * math.cos(math.pi * min(e, 200) / 200)  # noqa: E731
    assert got["constant"] == [1] * 6
    assert got["halves every 50 epochs"] == [1, 1, 0.5, 0.25, 1 / 16, 1 / 64]
    assert got["falls as 1/√epoch"] == pytest.approx([1, 0.5, 51**-0.5, 11**-1, 201**-0.5, 301**-0.5])
    assert got["cosine over 200 epochs"] == pytest.approx([cosine(e) for e in (0, 3, 50, 120, 200, 300)])


# ---- code to take along

CODE = """
  const whole = Array.from({ length: 48 }, (_, i) => [i % 5 - 2, i % 3 - 1, i % 2 ? 1 : -1]);
  const fine = Array.from({ length: 48 }, (_, i) => [i / 7, Math.sin(i)]);
  const wanted = { data: kind, points: 40, noise: 0.2, curve: "sin(2*x)", own: whole, given: fine };
  const data = engine.makeData(wanted, new engine.Random(7));
  const net = new engine.Net([data.D, ...layers.map((l) => l[0]), 1], layers.map((l) => l[1]));
  net.draw(start, new engine.Random(8));
  if (opened) net.w.forEach((_, k) => { net.w[k] = Math.sin(k + 1) / 3; });
  const first = net.w.slice(), t = new engine.Trainer(net, data.x, data.y, options), state = t.random.state;
  while (t.epoch < epochs) t.step();
  const loss = (x, y) => net.evaluate(x, y, options.squares).loss;
  return { code: engine.torchCode(net, first, data, options, state, epochs),
    train: loss(data.x, data.y), test: loss(data.testX, data.testY) };
"""


@pytest.mark.parametrize(
    ("kind", "layers", "changes"),
    [
        ("XOR", [[4, "ReLU"]], {"optimiser": "Adam", "batch": 10}),
        ("circles", [[3, "tanh"], [2, "sigmoid"]], {"optimiser": "Nesterov", "schedule": COSINE}),
        ("moons", [[5, "leaky ReLU"], [4, "linear"]], {"optimiser": "AdamW", "l2": 0.1, "batch": 7}),
        ("spirals", [[8, "ELU"]], {"optimiser": "RMSProp", "dropout": 0.2, "rate": 0.01}),
        ("moons", [], {"l1": 0.01, "schedule": "falls as 1/√epoch", "batch": 500}),
        ("above or below a curve", [[4, "tanh"]], {"optimiser": "AdaGrad", "squares": True}),
        ("a curve", [[6, "tanh"], [6, "tanh"]], {"optimiser": "momentum", "squares": True, "rate": 0.01}),
        ("a curve", [[6, "ReLU"]], {"squares": True, "rate": 0.01, "schedule": "halves every 50 epochs"}),
        ("your own points", [[3, "ReLU"]], {}),  # all of them whole numbers
        ("XOR", [[3, "tanh"]], {"start": "zeros"}),
        ("the notebook's points", [[16, "tanh"], [16, "ELU"]], {"optimiser": "Adam", "squares": True}),
        ("moons", [[16, "tanh"], [16, "ELU"]], {"opened": True}),  # a reader's net, with biases
    ],
    ids=str,
)
def test_the_copied_code_reaches_the_losses_of_the_page(engine, kind, layers, changes):
    options = {**OPTIONS, "start": "Xavier", "opened": False, **changes}
    start, opened = options.pop("start"), options.pop("opened")
    got = engine(CODE, kind=kind, layers=layers, start=start, opened=opened, options=options, epochs=60)
    before, said = torch.get_default_dtype(), io.StringIO()
    try:
        with contextlib.redirect_stdout(said):
            exec(compile(got["code"], "copied.py", "exec"), {"__name__": "copied"})
    finally:
        torch.set_default_dtype(before)
    train, test = map(float, re.search(r"training loss (\S+)\ntest loss (\S+)", said.getvalue()).groups())
    assert said.getvalue().startswith("after 60 epochs")
    assert train == pytest.approx(got["train"], abs=1e-6 * max(1, got["train"]))
    assert test == pytest.approx(got["test"], abs=1e-6 * max(1, got["test"]))
    assert max(map(len, got["code"].splitlines())) <= 120


# ---- data


@pytest.mark.parametrize("kind", ["XOR", "circles", "moons", "spirals", "above or below a curve", "a curve"])
def test_every_data_set_fits_the_plane_and_holds_both_classes(engine, kind):
    got = engine(
        """const wanted = { data: kind, points: 50, noise: 0, curve: "sin(2*x)", own: [], given: [] };
        const d = engine.makeData(wanted, new engine.Random(1));
        return { ...d, x: [...d.x], y: [...d.y], testX: [...d.testX], testY: [...d.testY] };""",
        kind=kind,
    )
    assert len(got["y"]) == 50 and len(got["testY"]) == 200
    x = np.array(got["x"]).reshape(50, got["D"])
    assert np.abs(x).max() <= 3 and x.std() > 0.8
    assert np.array_equal(x, x.round(3))
    if got["D"] == 1:
        assert got["y"] == pytest.approx(np.sin(2 * x[:, 0]), abs=1e-3)
    else:
        assert set(got["y"]) == {-1, 1} and abs(sum(got["y"])) < 25
    if kind == "above or below a curve":
        assert np.array_equal(x[:, 1] > np.sin(2 * x[:, 0]), np.array(got["y"]) > 0)


@pytest.mark.parametrize(
    ("text", "value"),
    [("2*sin(x)", 2 * math.sin(0.7)), ("-x^2 + 1", 0.51), ("(x - 1)/(x + 4)", -0.3 / 4.7),
     ("exp(-x)*pi", math.exp(-0.7) * math.pi), ("abs(−x)", 0.7), ("2^-x", 2**-0.7),
     (".5*x - -1", 1.35), ("x - 1 - 2", -2.3)],
)  # fmt: skip
def test_a_formula_is_read_as_mathematics(engine, text, value):
    assert engine("return engine.formula(text)(0.7);", text=text) == pytest.approx(value)


@pytest.mark.parametrize(
    ("text", "says"),
    [("", "something is missing"), ("2*", "something is missing"), ("y + 1", "“y” is not known"),
     ("sin x", "sin needs parentheses"), ("(x", "a parenthesis is not closed"),
     ("x x", "“x” is not expected here"), ("1/x", "it has no value at x = 0"),
     ("log(x)", "it has no value at x = -3"), ("constructor(x)", "“constructor” is not known")],
)  # fmt: skip
def test_a_formula_that_cannot_be_read_is_refused(engine, text, says):
    said = engine("try { engine.formula(text); } catch (e) { return e.message; }", text=text)
    assert says in said and "Write a formula in x" in said


def test_a_drawn_curve_survives_its_text(engine):
    heights = [3 * math.sin(k / 4) for k in range(31)]
    got = engine(
        """const text = engine.writeCurve(heights), f = engine.formula(text);
        return { text, at: engine.knots.map(f), between: f(0.1), ends: [f(-9), f(9)] };""",
        heights=heights,
    )
    assert len(got["text"]) == 63 and re.fullmatch("~[0-9a-z]+", got["text"])
    assert got["at"] == pytest.approx(heights, abs=0.006)
    assert got["between"] == pytest.approx((heights[15] + heights[16]) / 2, abs=0.006)
    assert got["ends"] == pytest.approx([heights[0], heights[-1]], abs=0.006)
    far = engine(
        "return engine.knots.map(engine.formula(engine.writeCurve(heights)));", heights=[1e9, -1e9] * 15 + [0]
    )
    assert far == pytest.approx([6.4, -6.4] * 15 + [0], abs=0.01)
    for bent in ("~", "~zz", got["text"] + "ab", "~" + 31 * "_!"):
        said = engine("try { engine.formula(text); } catch (e) { return e.message; }", text=bent)
        assert said.startswith("The drawn curve cannot be read.")


def test_points_survive_their_text(engine):
    rng = np.random.default_rng(0)
    rows = np.concatenate([rng.uniform(-3, 3, (998, 2)).round(3), [[-3, 3], [0, -0.001]]]).tolist()
    points = [[x, y, (-1) ** k] for k, (x, y) in enumerate(rows)]
    text = engine("return engine.writePoints(points);", points=points)
    assert len(text) == 7000  # what every server takes as an address
    assert engine("return engine.readPoints(text);", text=text) == points
    for bent in ("", "0000000", "zzzzzza", text[:-1], text + "000000a", "1,2,1"):
        assert engine("return engine.readPoints(text);", text=bent) is None


@pytest.mark.parametrize("given", [[[0.5, 1], [-40, 2]], [[0.5, -40, 1], [1, 1, -1]]])
def test_the_notebooks_points_may_lie_far_out(engine, given):
    got = engine(
        """const wanted = { data: "the notebook's points", points: 9, noise: 1, curve: "x", own: [], given };
        const d = engine.makeData(wanted, new engine.Random(1));
        return { D: d.D, side: d.side, x: [...d.x], y: [...d.y] };""",
        given=given,
    )
    assert got["D"] == len(given[0]) - 1 and got["side"] == 42
    assert got["x"] == [v for row in given for v in row[:-1]] and got["y"] == [row[-1] for row in given]


# ---- the frames: time is what the test says it is

FRAMES = """
  let now = 0;
  const log = [], did = (name, cost) => { now += cost; log[log.length - 1].push(name); };
  const frames = new engine.Frames(costs.map((cost, k) => () => did(k, cost)), () => now);
  let steps = 0;
  const lengths = [];
  for (let i = 0; i < 60; i++) {
    log.push([]);
    const begin = now;
    frames.run(() => { if (steps >= most) return false; steps++; did("step", step); });
    lengths.push(now - begin);
  }
  return { log, lengths, steps };
"""


@pytest.mark.parametrize(
    ("costs", "step"),
    [([0.5, 1, 1, 2], 0.1), ([5, 1, 7, 6], 0.5), ([4, 4, 4, 4], 2), ([9, 9, 9, 9], 1)],
    ids=str,
)
def test_training_and_drawing_share_a_frame(engine, costs, step):
    got = engine(FRAMES, costs=costs, step=step, most=1e9)
    settled = got["lengths"][12:]  # until every part's cost is known
    assert max(settled) <= 12 + step  # of the 16 ms between two pictures
    drawn = [[part for part in frame if part != "step"] for frame in got["log"]]
    assert all(frame.count("step") >= 1 for frame in got["log"]) and all(drawn)
    order = [part for frame in drawn for part in frame]
    assert order == [k % 4 for k in range(len(order))]  # everything gets its turn
    if sum(costs) < 5:
        assert all(len(frame) == 4 for frame in drawn[12:])  # a small net is drawn whole in every frame
    work = sum(settled) / len(settled)
    assert got["steps"] * step >= 60 * min(6, 11 - max(costs)) * 0.9 and work > 6


def test_a_frame_without_training_draws(engine):
    got = engine(FRAMES, costs=[1, 1], step=1, most=3)
    assert got["steps"] == 3 and got["log"][-1] == [0, 1]


def test_a_table_is_scaled_and_its_classes_named(engine):
    lines = [f"{10 * i};{i % 3};{'cat' if i % 2 else 'dog'}" for i in range(9)]
    got = engine("return engine.readTable(text);", text="\n".join(["width;height;kind", *lines]))
    points = np.array(got["points"])
    assert points.shape == (9, 3)
    assert points[[0, -1], 0].tolist() == [-2.7, 2.7] and set(points[:, 1]) == {-2.7, 0, 2.7}
    assert points[:, 2].tolist() == [1, -1] * 4 + [1]
    assert got["told"].startswith("9 points: blue is cat, orange is dog; x from 0 to 80")
    text = "\n".join(f"{i}.5,{i % 2},{i % 2}" for i in range(8))
    comma = engine("return engine.readTable(text);", text=text)
    assert [p[2] for p in comma["points"]] == [-1, 1] * 4


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (["1,2,a"] * 3, "The table has 3 lines of x, y, class; at least 8 are needed."),
        (["1,2,a"] * 9, "The table has 1 classes (a); exactly two are needed."),
        (["1,2,a", "1,2,b", "1,2,c"] * 9, "The table has 3 classes (a, b, c)"),
        (["1,2,a"] * 5 + ["1,?,b"], "Line 6 of the table, “1,?,b”, is not x, y, class"),
        (["1,2,a", "1,2,b"] * 600, "the page trains on 1000 at most"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused(engine, lines, says):
    said = engine("try { engine.readTable(text); } catch (e) { return e.message; }", text="\n".join(lines))
    assert says in said


# ---- what the chapters say about their playgrounds, for the ten seeds of the widget

RUN = """
  return [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((seed) => {
    const wanted = { data, points, noise, curve: "1.5*sin(2*x)", own: [], given: [] };
    const d = engine.makeData(wanted, new engine.Random(3 * seed)), squares = d.D === 1;
    const net = new engine.Net([d.D, ...layers.map((l) => l[0]), 1], layers.map((l) => l[1]));
    net.draw(start, new engine.Random(3 * seed + 1));
    const first = net.gradient(d.x, d.y, squares).norms[0];
    const t = new engine.Trainer(net, d.x, d.y, { ...options, squares, seed: 3 * seed + 2 });
    while (t.epoch < epochs) t.step();
    const train = net.evaluate(d.x, d.y, squares), test = net.evaluate(d.testX, d.testY, squares);
    return [train.right, train.loss, test.loss, first]; });
"""


@pytest.fixture(scope="module")
def seeds(engine):
    """Runs the widget's ten seeds; returns right (training), its loss, the test loss, the first gradient."""

    def run(data, layers, epochs, start="He", points=100, noise=0.1, **changes):
        options = {**OPTIONS, "batch": 10, "rate": 0.03, "optimiser": "Adam", **changes}
        rows = engine(RUN, data=data, layers=layers, epochs=epochs, start=start, points=points, noise=noise,
                      options=options)  # fmt: skip
        return np.array([[np.nan if v is None else v for v in row] for row in rows]).T

    return run


def test_three_neurons_close_the_ring(seeds):
    closed = {n: (seeds("circles", [[n, "ReLU"]], 300)[0] == 1).sum() for n in (2, 3, 8)}
    assert closed[2] == 0 and closed[3] >= 6 and closed[8] == 10


def test_how_far_the_rate_can_go(seeds):
    loss = {
        (name, rate): seeds("a curve", [[8, "tanh"]] * 2, 100, "Xavier", optimiser=name, rate=rate)[1]
        for name, rate in (("SGD", 0.03), ("SGD", 0.3), ("SGD", 1), ("momentum", 0.3), ("Adam", 0.3))
    }
    assert loss["SGD", 0.03].max() < 0.25 and loss["SGD", 0.3].max() < 0.6
    assert not (loss["SGD", 1] < 1e9).any() and not (loss["momentum", 0.3] < 1e9).any()
    assert np.median(loss["Adam", 0.3]) > 5 * np.median(loss["SGD", 0.03]) and loss["Adam", 0.3].max() < 10


def test_a_start_that_is_too_small_fails(seeds):
    small, he, zeros = (seeds("circles", [[8, "ReLU"]] * 5, 100, s, rate=0.01) for s in ("0.01", "He", "0"))
    assert small[3].max() < 1e-9 and small[1].min() > 0.69
    assert he[3].min() > 0.01 and he[1].max() < 0.001
    assert zeros[3].max() == 0 and zeros[1].min() > 0.69


def test_twenty_points_are_learned_by_heart(seeds):
    def run(**changes):
        return seeds("moons", [[16, "ReLU"]] * 2, 300, **{"points": 20, "noise": 0.5, **changes})

    plain, penalty, dropout, more = run(), run(l2=0.03), run(dropout=0.3), run(points=500)
    assert plain[1].max() < 0.005 and plain[2].min() > 1.3
    assert penalty[2].max() <= 0.7 and more[2].max() < 0.45
    assert (dropout[2] > penalty[2]).all() and (dropout[2] > plain[2]).sum() == 8
