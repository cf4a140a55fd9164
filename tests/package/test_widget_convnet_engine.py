"""convnet's engine against PyTorch: the same with the rounded weights, within the rounding with the net's."""

from __future__ import annotations

import copy
import zlib

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F
from widgets.harness import imported

from course_utils.widgets import base, convnet
from course_utils.widgets.convnet import unpacked
from course_utils.widgets.layout import layers_of, run

ENGINE = base.module("weights", "convnet_engine")


class Block(nn.Module):
    """relu(F(x) + past(x)), as chapter 6 writes it."""

    def __init__(self, F, past=None):
        super().__init__()
        self.F, self.past = F, past or nn.Identity()

    def forward(self, x):
        return (self.F(x) + self.past(x)).relu()


def normed(*sizes):
    """Convolutions (inputs, outputs, f, stride) with batch norm, ReLU between."""
    net = []
    for inputs, outputs, f, stride in sizes:
        net += [nn.Conv2d(inputs, outputs, f, stride, f // 2, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]
    return nn.Sequential(*net[:-1])


def lenet():
    """Chapter 3's."""
    return nn.Sequential(
        nn.Conv2d(1, 8, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(256, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10),
    )  # fmt: skip


def residual():
    """A small residual net."""
    return nn.Sequential(
        normed((1, 6, 3, 1)), nn.ReLU(), nn.MaxPool2d(2), Block(normed((6, 6, 3, 1), (6, 6, 3, 1))),
        Block(normed((6, 9, 3, 2), (9, 9, 3, 1)), normed((6, 9, 1, 2))),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(9, 10),
    )  # fmt: skip


def mixture():
    """Windows that are not square, strides, paddings, overlapping pools, every activation, a softmax."""
    return nn.Sequential(
        nn.Conv2d(1, 4, (3, 5), stride=(2, 1), padding=(1, 2), bias=False), nn.Tanh(),
        nn.AvgPool2d(3, stride=2, padding=1), nn.Sequential(nn.Conv2d(4, 5, 2), nn.BatchNorm2d(5)),
        nn.Sigmoid(), nn.Dropout(), nn.MaxPool2d(3, stride=2, padding=1), nn.ReLU(), nn.AdaptiveMaxPool2d(1),
        nn.Flatten(), nn.Linear(5, 7), nn.Softmax(1),
    )  # fmt: skip


NETS = {"LeNet": (lenet, (28, 28)), "residual": (residual, (28, 28)), "mixture": (mixture, (23, 18))}


def prepared(name, seed=0):
    """(net, pictures): a net with weights and statistics without zeros or symmetry, six pictures."""
    build, size = NETS[name]
    torch.manual_seed(seed)
    net = build()
    for m in net.modules():
        if isinstance(m, nn.BatchNorm2d):
            nn.init.uniform_(m.weight, 0.5, 1.5)
            nn.init.normal_(m.bias)
            nn.init.uniform_(m.running_var, 0.5, 2)
            nn.init.normal_(m.running_mean)
    return net.eval(), torch.randint(256, (6, 1, *size)) / 255


@pytest.fixture(scope="module")
def engine(browser):
    """Calls a function of the module in Chromium: engine(widget, body, **what the body sees)."""
    with imported(browser, ENGINE) as tab:

        def call(widget, body, **seen):
            seen = {"data": list(widget.data), "arrays": widget.arrays, "layers": widget.layers, **seen}
            names = ", ".join(seen)
            return tab.evaluate(
                f"""async ({{ {names} }}) => {{
                  const model = {{ get: (k) => k === 'data' ? Uint8Array.from(data) : arrays }};
                  const W = await engine.weights(model, Float64Array);
                  {body} }}""",
                seen,
            )

        yield call


FORWARD = "return xs.map((x) => engine.forward(layers, W, x).map(({ y }) => [...y]));"


def on_page(engine, widget, x):
    """The maps that the page computes: a list of arrays (N, values)."""
    got = engine(widget, FORWARD, xs=x.double().flatten(1).tolist())
    return [np.array([row[n] for row in got]) for n in range(len(widget.layers))]


@pytest.mark.parametrize("bits", [8, 32])
@pytest.mark.parametrize("name", NETS)
def test_every_map_is_that_of_torch_with_the_rounded_weights(engine, name, bits):
    net, x = prepared(name)
    w = convnet(net, x, alt="maps", bits=bits)
    held = unpacked(Held(w))
    expected = run(w.layers, held, x.double())
    got = on_page(engine, w, x)
    assert len(got) == len(expected)
    for a, b in zip(got, expected, strict=True):
        assert np.abs(a - b.flatten(1).numpy()).max() < 1e-9
    with torch.no_grad():
        z = net[:-1](x) if isinstance(net[-1], nn.Softmax) else net(x)
    bound = rounding_bound(w, *layers_of(net, x.double()), held, x.double())
    apart = np.abs(got[-1] - z.double().numpy())
    assert (apart <= bound.numpy() + 1e-5).all()  # 1e-5: float32 in net(x)
    assert bound.max() < 1e-4 if bits == 32 else apart.max() > 1e-5  # 8 bits do change something
    print(f"{name}, {bits} bits: logits {apart.max():.1e} apart, at most {bound.max():.1e}")


class Held:
    """A widget's arrays as Weights holds them."""

    def __init__(self, widget):
        self.arrays, self.blob = widget.arrays, bytearray(zlib.decompress(widget.data))


def rounding_bound(widget, layers, exact, held, x):
    """How far the rounding of the weights can move each logit: the triangle inequality, layer by layer.

    |w x − v y| ≤ |w − v| |x| + |v| |x − y|; activations have slopes of at most one, a maximum moves no
    further than its window, and means and sums like their terms. Returns (N, K).
    """
    assert layers == widget.layers
    maps, off = run(layers, exact, x), [torch.zeros_like(x)]
    for L in layers[1:]:
        before, moved = (([values[i] for i in L["from"]]) for values in (maps, off))
        if L["kind"] == "conv":
            w, v = (ws[L["w"]].view(L["shape"][0], -1, *L["k"]) for ws in (exact, held))
            b = (exact[L["b"]] - held[L["b"]]).abs()
            step = F.conv2d(before[0].abs(), (w - v).abs(), b, L["stride"], L["pad"])
            step = step + F.conv2d(moved[0], v.abs(), None, L["stride"], L["pad"])
        elif L["kind"] in ("max", "mean"):
            pool = F.max_pool2d if L["kind"] == "max" else F.avg_pool2d
            step = pool(moved[0], L["k"], L["stride"], L["pad"])
        else:
            step = sum(moved)
        off.append(step)
    return off[-1].flatten(1)


def test_rounding_the_nets_own_weights_gives_the_same_maps(engine):
    """Without run() and without fx: PyTorch's own layers with weights rounded here."""
    net, x = prepared("LeNet")
    w = convnet(net, x, alt="maps")
    rounded = copy.deepcopy(net).double()
    with torch.no_grad():
        for m in rounded:
            if isinstance(m, (nn.Conv2d, nn.Linear)):
                flat = m.weight.flatten(1)
                scale = flat.abs().amax(1, keepdim=True) / 127
                m.weight.copy_(((flat / scale).round() * scale).view_as(m.weight))
        expected = rounded(x.double()).numpy()
    assert np.abs(on_page(engine, w, x)[-1] - expected).max() < 1e-5


@pytest.mark.parametrize("name", NETS)
def test_every_value_is_explained_by_its_window(engine, name):
    """Products and bias give the value before the activation; a window lies where PyTorch's gradient is."""
    net, x = prepared(name)
    w = convnet(net, x, alt="maps")
    rows = engine(
        w,
        """const maps = engine.forward(layers, W, x), found = [];
        layers.forEach((L, n) => { for (const at of places[n] ?? []) {
          const { parts, sum, bias, z, y } = engine.explain(layers, W, maps, n, ...at);
          found.push({ n, at, sum, bias, z, y, act: engine.ACTS[L.act](z),
            parts: parts.map((p) => ({ ...p, x: [...p.x], w: [...p.w], inside: [...p.inside] })) }); } });
        return found;""",
        x=x[0].double().flatten().tolist(),
        places=[corners(L["shape"]) if n else [] for n, L in enumerate(w.layers)],
    )
    maps = run(w.layers, unpacked(Held(w)), x[:1].double())
    assert len(rows) > 3 * (len(w.layers) - 1)
    for row in rows:
        n, (c, i, j) = row["n"], row["at"]
        assert row["sum"] + row["bias"] == pytest.approx(row["z"], abs=1e-9)
        assert row["act"] == row["y"] == pytest.approx(maps[n][0, c, i, j].item(), abs=1e-9)
        for part in row["parts"]:
            source = maps[part["from"]][0, part["map"]]
            k = part["k"]
            for e, value in enumerate(part["x"]):
                r, q = part["top"] + e // k[1], part["left"] + e % k[1]
                inside = 0 <= r < source.shape[0] and 0 <= q < source.shape[1]
                assert bool(part["inside"][e]) == inside
                assert value == pytest.approx(source[r, q].item() if inside else 0, abs=1e-9)


def corners(shape):
    """The first and the last value of a layer, and one between."""
    c, h, w = shape
    return [[0, 0, 0], [c - 1, h - 1, w - 1], [c // 2, h // 2, w // 3], [c // 3, h - 1, 0]]


def test_a_forward_of_functions_and_a_shared_convolution(engine):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.mix, self.last = nn.Conv2d(1, 3, 3), nn.Conv2d(3, 3, 1), nn.Linear(3 * 36, 4)

        def forward(self, x):
            z = self.conv(x)
            h = torch.add(F.relu(z), self.mix(z))  # mix sees z without the ReLU
            return self.last(torch.tanh(h).flatten(1))

    torch.manual_seed(0)
    net, x = Net(), torch.rand(2, 1, 8, 8)
    w = convnet(net, x, alt="maps", bits=32)
    assert [L["name"] for L in w.layers] == [
        "picture", "convolution 3 × 3", "layer 1, ReLU", "convolution 1 × 1",
        "sum of layer 2 and layer 3, tanh", "linear",
    ]  # fmt: skip
    x = (255 * x).round() / 255
    with torch.no_grad():
        assert np.abs(on_page(engine, w, x)[-1] - net(x).numpy()).max() < 1e-5
