"""The engine of the gpt widget against PyTorch, with and without the cache; what int8 and the cache cost."""

from __future__ import annotations

import base64
import math
import zlib

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from widgets import writers
from widgets.harness import imported
from widgets.writers import make_gpt

from course_utils import data
from course_utils.data import registry
from course_utils.widgets import gpt, rounded
from course_utils.widgets.base import HERE
from course_utils.widgets.gpt import to_int8


@pytest.fixture(scope="module")
def engine(browser):
    """Calls a function of the module in Chromium, `nets` being the widget's: engine(widget, body, **seen)."""
    with imported(browser, (HERE / "gpt_engine.js").read_text("utf8")) as tab:

        def call(widget, body, **seen):
            names = ", ".join(seen)
            seen |= {"heads": widget.nets, "raw": base64.b64encode(zlib.decompress(widget.data)).decode()}
            return tab.evaluate(
                f"""({{ heads, raw{", " * bool(names)}{names} }}) => {{
                  const nets = engine.netsOf(heads, Uint8Array.from(atob(raw), (c) => c.charCodeAt(0)));
                  {body} }}""",
                seen,
            )

        yield call


def widget(nets):
    return gpt(nets, question="What comes next?", alt="A small language model")


def recorded():
    """The recorded net as the chapter builds it, its alphabet and its record."""
    weights, alphabet, record = data.load("gpt")
    net = writers.GPT(len(alphabet), blocks=record["blocks"])
    net.load_state_dict(weights)
    return net.eval(), alphabet, record


@torch.no_grad()
def logits(net, y):
    """(n, K), and the weights of every head, (blocks, heads, n, n)."""
    z = net(torch.tensor(y)[None])[0]
    return z.numpy(), torch.stack([block.self_attn.alpha[0] for block in net.blocks]).numpy()


WAYS = {
    "all at once": "n.read(y);",
    "one by one": "for (const s of y) n.read([s]);",
    "shortened and gone on": "n.read(y); n.length = 3; for (const s of y.slice(3)) n.read([s]);",
}


def agree(engine, nets, k, y):
    """The page's logits and weights equal PyTorch's with the rounded matrices, all at once and one by one."""
    net, w = rounded([*nets.values()][k][0]), widget(nets)
    expected, alpha = logits(net, y)
    longest, heads = len(net.place.weight), net.blocks[0].self_attn.heads
    for name, way in WAYS.items():
        body = f"const n = nets[k]; {way} return {{ z: [...n.logits], alpha: n.alpha.map((a) => [...a]) }};"
        got = engine(w, body, k=k, y=y)
        z = np.array(got["z"]).reshape(longest, -1)[: len(y)]
        assert np.abs(z - expected).max() < 1e-4, name
        seen = np.array(got["alpha"]).reshape(len(net.blocks), heads, longest, longest)
        assert np.abs(seen[:, :, : len(y), : len(y)] - alpha).max() < 1e-5, name


@pytest.mark.parametrize("k", [0, 1])
def test_logits_and_weights_are_those_of_pytorch(engine, k):
    agree(engine, writers.writers(), k, np.random.default_rng(k).integers(28, size=16).tolist())


def test_the_recorded_net_is_computed_as_pytorch_does(engine):
    net, alphabet, _ = recorded()
    text = "Мороз и солнце; день чудесный!\nЕще ты дремлешь, друг прелестный —"[:64]
    agree(engine, {"recorded": (net, alphabet, " ", "")}, 0, [alphabet.index(c) for c in text])


def test_the_record_is_of_the_chapters_net_and_int8_costs_nothing():
    net, _, record = recorded()
    assert make_gpt.chapter()[1] == record["digest"], "the chapter's GPT has changed: run tools/make_gpt.py"
    assert record["weights"] == sum(p.numel() for p in net.parameters())
    assert record["sha256"] == registry.table()["files"]["gpt/weights.safetensors"]["sha256"]
    assert abs(record["test bits in int8"] - record["test bits"]) < 0.02


def test_rounding_is_by_rows_and_at_most_half_a_step():
    w = np.random.default_rng(0).normal(size=(5, 40)).astype(np.float32) * 10.0 ** np.arange(-3, 2)[:, None]
    w[2] = 0
    codes, scale = to_int8(w)
    back = codes * scale[:, None]
    assert codes.dtype == np.int8 and (np.abs(codes).max(1) == [127, 127, 0, 127, 127]).all()
    assert (np.abs(back - w).max(1) <= 0.5 * scale * (1 + 1e-5)).all() and not back[2].any()
    again, _ = to_int8(back)
    assert (again == codes).all()  # what was stored rounded is not rounded a second time


def test_the_logits_move_by_no_more_than_rounding_explains():
    """The change of the loss between float and int8 is, to first order, the gradient times the rounding."""
    net = writers.net(28, D=32, longest=16)
    y = torch.from_numpy(np.random.default_rng(0).integers(28, size=(64, 17)))

    def loss(model):
        return F.cross_entropy(model(y[:, :-1]).flatten(0, 1), y[:, 1:].flatten())

    loss(net).backward()
    exact, round_ = dict(net.named_parameters()), dict(rounded(net).named_parameters())
    first = sum((p.grad * (round_[k] - p)).sum().item() for k, p in exact.items())
    bound = sum((p.grad.abs() * (round_[k] - p).abs()).sum().item() for k, p in exact.items())
    moved = (loss(rounded(net)) - loss(net)).item()
    assert abs(moved - first) < 0.3 * bound and abs(moved) < bound


def test_chances_and_draws(engine):
    w, z = widget(writers.writers()), [2.0, -1.0, 0.5, 3.0]
    ways = [[1, 0], [0.5, 0], [1, 2], [2, 1]]  # temperature, top-k
    got = engine(w, "return ways.map(([t, k]) => [...engine.chances(z, t, k)]);", z=z, ways=ways)
    z = torch.tensor(z, dtype=torch.float64)
    kept = torch.tensor([2.0, -math.inf, -math.inf, 3.0], dtype=torch.float64)
    expected = [z.softmax(0), (z / 0.5).softmax(0), kept.softmax(0), torch.tensor([0.0, 0, 0, 1])]
    for p, q in zip(got, expected, strict=True):
        assert p == pytest.approx(q.tolist(), abs=1e-12)
    counts = engine(w, """const counts = p.map(() => 0);
        for (let t = 0; t < 20000; t++) counts[engine.pick(p, engine.uniform(3, t))]++;
        return counts;""", p=[0.5, 0, 0.3, 0.2])  # fmt: skip
    assert counts[1] == 0 and np.array(counts) / 20000 == pytest.approx([0.5, 0, 0.3, 0.2], abs=0.015)
    ends = "return [engine.pick([0.3, 0.7, 0], 0.9999), engine.pick([0.5, 0.5 - 1e-12], 1 - 1e-15)];"
    assert engine(w, ends) == [1, 1]


@pytest.mark.parametrize("cached", [True, False])
def test_what_is_counted_is_the_formula_of_the_chapter(engine, cached):
    """L (12 D² + 2 t D) + D K with the cache, L (12 D² t + 2 t² D) + D K t without."""
    nets = {"net": (writers.net(28, D=32, blocks=3), writers.LATIN, "a", "")}
    got = engine(
        widget(nets),
        """const n = nets[0], counted = [];
        y.forEach((s, t) => { const before = n.products;
          if (!cached) n.length = 0;
          n.read(cached ? [s] : y.slice(0, t + 1));
          counted.push([n.products - before, n.cost(t + 1, cached)]); });
        return counted;""",
        y=list(range(16)), cached=cached,
    )  # fmt: skip
    L, D, K = 3, 32, 28
    for t, (counted, said) in enumerate(got, 1):
        expected = L * (12 * D**2 + 2 * t * D) + D * K
        if not cached:
            expected = L * (12 * D**2 * t + 2 * t * t * D) + D * K * t
        assert counted == said == expected


def test_the_pages_speed_is_printed(engine, capsys):
    """Characters a second of the recorded net over a whole window, with and without the cache."""
    net, alphabet, _ = recorded()
    w = widget({"net": (net, alphabet, " ", "")})
    body = """const n = nets[0], y = [1], times = [];
      for (let round = 0; round < 2; round++) for (const cached of [true, false]) {
        const start = performance.now();
        y.length = 1; n.length = 0;
        while (y.length < n.longest) {
          if (!cached) n.length = 0;
          n.read(y.slice(n.length));
          y.push(engine.pick(engine.chances(n.logitsAt(y.length - 1), 0.5, 0), engine.uniform(0, y.length)));
        }
        times.push(1000 * (n.longest - 1) / (performance.now() - start));
      }
      return [times.slice(2), y];"""
    (with_cache, without), y = engine(w, body)
    with capsys.disabled():
        print(f"\ngpt writes {with_cache:,.0f} characters a second with the cache, {without:,.0f} without")
    assert len(y) == 64 and set(y) <= set(range(len(alphabet)))
