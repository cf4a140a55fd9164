"""From a torch module to the layers that the widget ``convnet`` shows, and what they compute."""

from __future__ import annotations

import math

from .draw import pair

MAX_PRODUCTS, MAX_WEIGHTS, MAX_MAPS = 8_000_000, 300_000, 512  # more would be slow to compute, load or read
ACTIVATIONS = {"ReLU": "relu", "Sigmoid": "sigmoid", "Tanh": "tanh"}
FUNCTIONS = {"relu": "relu", "relu_": "relu", "sigmoid": "sigmoid", "tanh": "tanh"}
SPOKEN = {"relu": "ReLU", "sigmoid": "sigmoid", "tanh": "tanh"}
PASSED = ("Dropout", "Dropout2d", "Identity", "Flatten")
SUPPORTED = (
    "Conv2d, BatchNorm2d behind it, Linear, MaxPool2d, AvgPool2d, pooling to 1 × 1, ReLU, Sigmoid, Tanh, "
    "a sum of two layers, Flatten and, without effect here, Dropout, Identity and a final Softmax, pools and "
    "softmax as modules (nn.MaxPool2d, not F.max_pool2d)"
)


def layers_of(net, x):
    """Trace the net.

    Args:
        net: an ``nn.Module``.
        x: (N, 1, H, W), float64.

    Returns:
        (layers, weights): the layers as convnet_engine.js takes them, the picture first; tensors in float64.

    Raises:
        TypeError: a layer that the page cannot show; names it and those it can.
        ValueError: x does not fit, or the net is too heavy for a page.
    """
    import copy

    import torch
    from torch.fx.passes.shape_prop import ShapeProp

    net = copy.deepcopy(net).cpu().double().eval()
    try:
        with torch.no_grad():
            right = net(x)
    except Exception as e:  # whatever the reader's own forward raises
        why = str(e).strip().split("\n")[0]
        raise ValueError(
            f"convnet: the net does not accept pictures of shape {tuple(x.shape)}: {why}"
        ) from None
    try:
        traced = torch.fx.symbolic_trace(net)
    except Exception as e:  # whatever the reader's own forward makes of a tracing tensor
        raise TypeError(
            f"convnet: the forward of {type(net).__name__} cannot be followed layer by layer: {e}"
        ) from None
    with torch.no_grad():
        ShapeProp(traced).propagate(x[:1])
    build = _Builder(traced, x.shape[1:])
    for node in traced.graph.nodes:
        build.take(node)
    build.check()
    mine = run(build.layers, build.weights, x)[-1].flatten(1)
    if build.softmax:
        mine = mine.softmax(1) if build.softmax == "Softmax" else mine.log_softmax(1)
    if not torch.allclose(right.flatten(1), mine, rtol=1e-9, atol=1e-9):
        raise ValueError("convnet: what the page would compute is not what the net returns")
    return build.layers, build.weights


class _Builder:
    """Turns the nodes of a traced net into layers, activations and batch norms joined to what they follow."""

    def __init__(self, traced, shape):
        self.modules, self.weights, self.at, self.softmax = dict(traced.named_modules()), [], {}, ""
        self.layers = [
            {"kind": "picture", "from": [], "shape": list(shape), "act": "none", "name": "picture"}
        ]

    def take(self, node):
        """Add the layer of one node, or join it to the layer before."""
        if node.op == "placeholder":
            self.at[node] = 0
        elif node.op == "output":
            self.end = self.at.get(node.args[0]) if hasattr(node.args[0], "op") else None
        elif node.op == "call_module":
            self._module(node, self.modules[node.target])
        else:
            self._function(node, node.target if isinstance(node.target, str) else node.target.__name__)

    def check(self):
        """Raise unless the last layer is the answer and the net is light enough."""
        if self.end != len(self.layers) - 1:
            raise TypeError("convnet: the net must return the output of its last layer, a single tensor")
        if self.layers[-1]["act"] != "none" or self.layers[-1]["shape"][0] < 2:
            raise ValueError("convnet: the net must return logits of two classes or more, with no activation")
        products = sum(L["products"] for L in self.layers[1:])
        numbers = sum(w.numel() for w in self.weights)
        most = max(L["shape"][0] for L in self.layers)
        for what, value, limit in (
            ("multiplications for a picture", products, MAX_PRODUCTS), ("weights", numbers, MAX_WEIGHTS),
            ("maps in a layer", most, MAX_MAPS),
        ):  # fmt: skip
            if value > limit:
                raise ValueError(f"convnet: the net has {value:,} {what}, the page shows up to {limit:,}")

    def _module(self, node, m):
        kind, before = type(m).__name__, self.at[node.args[0]]
        if kind in PASSED and getattr(m, "start_dim", 1) == 1:
            self.at[node] = before
        elif kind in ACTIVATIONS:
            self._activate(node, ACTIVATIONS[kind])
        elif kind == "Conv2d":
            self._convolution(node, m)
        elif kind == "BatchNorm2d" and self._joins(node, "conv") and m.track_running_stats:
            self._normalise(node, m)
        elif kind == "Linear":
            shape = self.layers[before]["shape"]  # its window is all that lies before it
            if m.in_features != math.prod(shape):
                self._refuse("Linear without Flatten before it")
            self._weigh(node, m.weight, m.bias, shape[1:], (1, 1), (0, 0), "linear")
        elif "Pool" in kind:
            self._pool(node, m)
        elif kind in ("Softmax", "LogSoftmax") and m.dim in (1, -1):
            self.softmax, self.at[node] = kind, before
        else:
            self._refuse(kind)

    def _function(self, node, name):
        before = [a for a in node.args if hasattr(a, "op")]
        if name in FUNCTIONS:
            self._activate(node, FUNCTIONS[name])
        elif name == "flatten" and (*node.args[1:], *node.kwargs.values()) == (1,):
            self.at[node] = self.at[before[0]]
        elif name in ("add", "add_", "iadd") and len(before) == 2 and not node.kwargs:
            sources = [self.at[a] for a in before]
            if len({tuple(self.layers[i]["shape"]) for i in sources}) > 1:
                self._refuse("a sum of layers of different shapes")
            self._add(node, "sum", sources, f"sum of {' and '.join(map(self._title, sources))}")
        else:
            self._refuse(f"the function {name}")

    @staticmethod
    def _refuse(what):
        raise TypeError(f"convnet: the page cannot show {what}, only {SUPPORTED}")

    def _title(self, i):
        return f"layer {i}" if i else "the picture"

    def _joins(self, node, *kinds):
        """Whether the node can join the layer before it, which nothing else then sees."""
        before = self.at[node.args[0]]
        alone = all(len(n.users) == 1 for n, place in self.at.items() if place == before)
        return alone and self.layers[before]["act"] == "none" and self.layers[before]["kind"] in kinds

    def _add(self, node, kind, sources, name, **more):
        shape = list(node.meta["tensor_meta"].shape[1:])
        shape += [1] * (3 - len(shape))
        layer = {"kind": kind, "from": sources, "shape": shape, "act": "none", "name": name, "products": 0}
        self.layers.append({**layer, **more})
        self.at[node] = len(self.layers) - 1

    def _activate(self, node, act):
        if not self._joins(node, "conv", "sum", "max", "mean"):
            before = self.at[node.args[0]]
            self._add(node, "copy", [before], self._title(before))
            self.layers[-1].update(act=act)
        else:
            self.at[node] = self.at[node.args[0]]
            self.layers[self.at[node]]["act"] = act
        self.layers[self.at[node]]["name"] += f", {SPOKEN[act]}"

    def _convolution(self, node, m):
        pad = m.padding
        if pad == "same":
            pad = tuple((k - 1) // 2 for k in m.kernel_size)
            if not all(k % 2 for k in m.kernel_size):
                self._refuse("Conv2d with an even filter and the padding “same”")
        if m.groups != 1 or m.dilation != (1, 1) or m.padding_mode != "zeros":
            self._refuse("Conv2d with groups, dilation or a padding other than zeros")
        side = " × ".join(map(str, m.kernel_size))
        step = f", stride {m.stride[0]}" if m.stride != (1, 1) else ""
        pad = (0, 0) if pad == "valid" else pad
        self._weigh(node, m.weight, m.bias, m.kernel_size, m.stride, pad, f"convolution {side}{step}")

    def _weigh(self, node, weight, bias, k, stride, pad, name):
        """Add a convolution, or a linear layer as one."""
        weight = weight.detach()
        bias = weight.new_zeros(len(weight)) if bias is None else bias.detach()
        places = {"w": len(self.weights), "b": len(self.weights) + 1}
        before = self.at[node.args[0]]
        weight = weight.view(len(weight), self.layers[before]["shape"][0], *k).contiguous()
        self.weights += [weight, bias]
        self._add(node, "conv", [before], name, k=list(k), stride=list(stride), pad=list(pad), **places)
        rows, columns = self.layers[-1]["shape"][1:]
        self.layers[-1]["products"] = weight.numel() * rows * columns

    def _normalise(self, node, m):
        """Multiply a batch norm with its stored statistics into the convolution before it."""
        self.at[node] = self.at[node.args[0]]
        layer = self.layers[self.at[node]]
        scale = (m.running_var + m.eps).rsqrt() * (1.0 if m.weight is None else m.weight.detach())
        shift = 0.0 if m.bias is None else m.bias.detach()
        w, b = layer["w"], layer["b"]
        self.weights[w] = self.weights[w] * scale.view(-1, 1, 1, 1)
        self.weights[b] = (self.weights[b] - m.running_mean) * scale + shift
        layer["name"] += " with batch norm"

    def _pool(self, node, m):
        kind = type(m).__name__
        before = self.at[node.args[0]]
        if kind in ("AdaptiveMaxPool2d", "AdaptiveAvgPool2d") and m.output_size in (1, (1, 1)):
            k, stride, pad, over = self.layers[before]["shape"][1:], (1, 1), (0, 0), "over all places"
        elif kind in ("MaxPool2d", "AvgPool2d"):
            k, stride, pad = map(pair, (m.kernel_size, m.stride, m.padding))
            plain = getattr(m, "dilation", 1) in (1, (1, 1)) and not m.ceil_mode
            if not plain or not getattr(m, "count_include_pad", True) or getattr(m, "divisor_override", None):
                self._refuse(f"{kind} with dilation, ceil_mode, count_include_pad=False or another divisor")
            over = f"of {' × '.join(map(str, k))}" + (f", stride {stride[0]}" if stride != k else "")
        else:
            self._refuse(kind)
        short, name = ("max", "maximum") if "Max" in kind else ("mean", "mean")
        places = {"k": list(k), "stride": list(stride), "pad": list(pad)}
        self._add(node, short, [before], f"{name} {over}", **places)


def run(layers, weights, x):
    """Compute what the page computes.

    Args:
        layers: from ``ConvNet.layers``.
        weights: their tensors.
        x: (N, 1, H, W), float64.

    Returns:
        The maps of every layer, (N, C, H, W) each.
    """
    import torch
    from torch.nn import functional as F

    acts = {"none": lambda z: z, "relu": torch.relu, "sigmoid": torch.sigmoid, "tanh": torch.tanh}
    maps = [x]
    for L in layers[1:]:
        before = [maps[i] for i in L["from"]]
        if L["kind"] == "conv":
            w = weights[L["w"]].view(L["shape"][0], -1, *L["k"])
            z = F.conv2d(before[0], w, weights[L["b"]], L["stride"], L["pad"])
        elif L["kind"] in ("max", "mean"):
            pool = F.max_pool2d if L["kind"] == "max" else F.avg_pool2d
            z = pool(before[0], L["k"], L["stride"], L["pad"])
        else:
            z = sum(before)
        maps.append(acts[L["act"]](z))
    return maps
