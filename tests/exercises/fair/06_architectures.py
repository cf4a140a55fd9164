"""More right and wrong answers to the exercises of the chapter on architectures."""

import copy

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


# --------------------------------------------------------------------------------------------- multiply_adds
def _built_on_meta(side, channels, layers):
    """Build every layer and look at the shapes."""
    x = torch.empty(1, channels, side, side, device="meta")
    total = 0
    for kind, *rest in layers:
        if kind == "conv":
            outputs, f, stride, padding, groups = rest
            layer = nn.Conv2d(x.shape[1], outputs, f, stride, padding, groups=groups, device="meta")
            x = layer(x)
            total += layer.weight.numel() * x.shape[2] * x.shape[3]
        elif kind == "pool":
            x = F.max_pool2d(x, *rest)
        else:
            total += x.numel() * rest[0]
            x = torch.empty(1, rest[0], 1, 1, device="meta")
    return total


def _counted_in_numpy(side, channels, layers):
    total, side, channels = np.int64(0), np.int64(side), np.int64(channels)
    for layer in layers:
        match layer:
            case ("conv", outputs, f, stride, padding, groups):
                side = (side + 2 * padding - f) // stride + 1
                total += f**2 * channels // groups * outputs * side**2
                channels = np.int64(outputs)
            case ("pool", f, stride):
                side = (side - f) // stride + 1
            case ("linear", outputs):
                total += channels * side**2 * outputs
                side, channels = np.int64(1), np.int64(outputs)
    return total


def _counted_place_by_place(side, channels, layers):
    """Each layer as (cost, outputs, side), the places counted one by one."""
    if not layers:
        return 0
    (kind, *rest), *others = layers
    if kind == "linear":
        return side * side * channels * rest[0] + _counted_place_by_place(1, rest[0], others)
    f, stride = rest[1:3] if kind == "conv" else rest
    padding = rest[3] if kind == "conv" else 0
    places = len(range(-padding, side + padding - f + 1, stride))
    if kind == "pool":
        return _counted_place_by_place(places, channels, others)
    cost = rest[0] * places * places * f * f * (channels // rest[4])
    return cost + _counted_place_by_place(places, rest[0], others)


def _madds(
    taps=lambda f: f * f, update=True, pool=lambda side, f, s: (side - f) // s + 1, one=1, bias=0, groups=True
):
    """The count with something wrong in it."""

    def answer(side, channels, layers):
        total = 0
        for kind, *rest in layers:
            if kind == "conv":
                outputs, f, stride, padding, parts = rest
                side = (side + 2 * padding - f) // stride + 1
                inside = channels // parts if groups else channels
                total += (taps(f) * inside + bias) * outputs * side * side
                channels = outputs if update else channels
            elif kind == "pool":
                side = pool(side, *rest)
            else:
                total += channels * side * side * rest[0]
                side, channels = one or side, rest[0]
        return total

    return answer


def _pools_multiply(side, channels, layers):
    total = _counted_place_by_place(side, channels, layers)
    for kind, *rest in layers:
        if kind == "pool":
            total += rest[0] ** 2 * channels * ((side - rest[0]) // rest[1] + 1) ** 2
    return total


# ------------------------------------------------------------------------------------------ inception_shapes
def _shapes_on_meta(shape, one, reduce3, three, reduce5, five, pooled):
    """Shapes of real layers, torch.Size each."""
    x, C = torch.empty(shape, device="meta"), shape[1]

    def conv(inside, outside, f):
        return nn.Conv2d(inside, outside, f, padding=f // 2, device="meta")

    branches = [
        conv(C, one, 1)(x),
        conv(reduce3, three, 3)(conv(C, reduce3, 1)(x)),
        conv(reduce5, five, 5)(conv(C, reduce5, 1)(x)),
        conv(C, pooled, 1)(F.max_pool2d(x, 3, 1, 1)),
    ]
    return *(b.shape for b in branches), torch.cat(branches, 1).shape


def _shapes_in_numpy(shape, one, reduce3, three, reduce5, five, pooled):
    rows = np.tile(np.array(shape), (5, 1))
    rows[:, 1] = (one, three, five, pooled, one + three + five + pooled)
    return [tuple(row) for row in rows]


def _shapes_as_lists(shape, one, reduce3, three, reduce5, five, pooled):
    found = []
    for width in (one, three, five, pooled):
        found.append([shape[0], width, shape[2], shape[3]])
    found.append([shape[0], sum(row[1] for row in found), *shape[2:]])
    return found


def _inception(change):
    """The right five shapes, one of them or all changed by ``change(list of lists, shape, widths)``."""

    def answer(shape, *widths):
        rows = _shapes_as_lists(shape, *widths)
        return change(rows, shape, widths)

    return answer


def _put(rows, i, row):
    return [*rows[:i], row, *rows[i + 1 :]]


# -------------------------------------------------------------------------------------------- residual_block
def _residual_in_float64(x, K1, K2, stride, P):
    x, K1, K2 = x.double(), K1.double(), K2.double()
    z = F.conv2d(F.conv2d(x, K1, None, stride, 1).clamp(min=0), K2, None, 1, 1)
    past = F.conv2d(x, P.double(), None, stride) if P is not None else x
    return torch.maximum(z + past, torch.zeros(())).float()


def _residual_by_modules(x, K1, K2, stride, P):
    T, C = K1.shape[:2]
    first = nn.Conv2d(C, T, 3, stride, 1, bias=False)
    second = nn.Conv2d(T, T, 3, 1, 1, bias=False)
    first.weight, second.weight = nn.Parameter(K1), nn.Parameter(K2)
    past = nn.Identity() if P is None else nn.Conv2d(C, T, 1, stride, bias=False)
    if P is not None:
        past.weight = nn.Parameter(P)
    return F.relu(second(F.relu(first(x))) + past(x))


def _residual_by_einsum(x, K1, K2, stride, P):
    def conv(x, K, s):
        windows = F.pad(x, (1,) * 4).unfold(2, 3, s).unfold(3, 3, s)
        return torch.einsum("bchwij,tcij->bthw", windows, K)

    z = conv(conv(x, K1, stride).relu(), K2, 1)
    past = x if P is None else torch.einsum("bchw,tc->bthw", x[..., ::stride, ::stride], P[..., 0, 0])
    return (z + past).clamp(min=0).transpose(0, 1).contiguous().transpose(0, 1)


def _block(stride2=1, padding=1, past=None, last=F.relu):
    """The block with another second stride, another padding, another past or another end."""

    def answer(x, K1, K2, stride, P):
        z = F.conv2d(F.conv2d(x, K1, stride=stride, padding=padding).relu(), K2, padding=1, stride=stride2)
        return last(z + (past or _past)(x, stride, P))

    return answer


def _past(x, stride, P):
    return x if P is None else F.conv2d(x, P, stride=stride)


def _both_strides(x, K1, K2, stride, P):
    z = F.conv2d(F.conv2d(x, K1, stride=stride, padding=1).relu(), K2, padding=1, stride=stride)
    return (z + F.conv2d(_past(x, stride, P), torch.eye(len(K2))[..., None, None], stride=stride)).relu()


def _stride_in_the_second(x, K1, K2, stride, P):
    z = F.conv2d(F.conv2d(x, K1, padding=1).relu(), K2, padding=1, stride=stride)
    return (z + _past(x, stride, P)).relu()


def _pooled_past(x, stride, P):
    if P is None:
        return x
    return F.conv2d(F.avg_pool2d(x, stride, ceil_mode=True) if stride > 1 else x, P)


def _in_place_relu(x, K1, K2, stride, P):
    z = F.conv2d(F.conv2d(x, K1, stride=stride, padding=1).relu(), K2, padding=1)
    return x.add_(z).relu_() if P is None else (z + _past(x, stride, P)).relu_()


def _wrong_order(x, K1, K2, stride, P):
    z = F.conv2d(F.conv2d(x.relu(), K1, stride=stride, padding=1).relu(), K2, padding=1)
    return z + _past(x, stride, P)


# -------------------------------------------------------------------------------------------------- new_head
def _head_on_a_copy(net, classes):
    net = copy.deepcopy(net)
    for p in net.parameters():
        p.requires_grad = False
    net[-1] = nn.Linear(net[-1].in_features, classes)
    return net


def _head_in_a_new_sequential(net, classes):
    *below, old = net.children()
    for layer in below:
        layer.requires_grad_(False)
    return nn.Sequential(*below, nn.Linear(old.weight.shape[1], classes))


def _head_nested(net, classes):
    below = net[:-1].requires_grad_(False)
    return nn.Sequential(below, nn.Linear(net[-1].in_features, classes))


def _head_popped(net, classes):
    width = net.pop(len(net) - 1).in_features
    for p in net.parameters():
        p.requires_grad_(False)
    return net.append(nn.Linear(width, classes))


def _head(net, classes):
    net.requires_grad_(False)
    net[-1] = nn.Linear(net[-1].in_features, classes)
    return net


def _attribute_of_the_module(net, classes):
    net.requires_grad = False
    net[-1] = nn.Linear(net[-1].in_features, classes)
    return net


def _only_eval(net, classes):
    net.eval()
    net[-1] = nn.Linear(net[-1].in_features, classes)
    return net


def _one_class_more(net, classes):
    return _head(net, classes + 1)


def _two_layers(net, classes):
    width = net[-1].in_features
    net.requires_grad_(False)
    net[-1] = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, classes))
    return net


def _zeroed_below(net, classes):
    for p in net.parameters():
        p.data.zero_()
    return _head(net, classes)


def _biases_learn(net, classes):
    _head(net, classes)
    for layer in net:
        if isinstance(layer, nn.Linear):
            layer.bias.requires_grad_(True)
    return net


RIGHT = {
    "multiply_adds": {
        "built on meta": _built_on_meta,
        "a NumPy integer": _counted_in_numpy,
        "layer after layer by recursion": _counted_place_by_place,
        "a float": lambda *given: float(_counted_place_by_place(*given)),
    },
    "inception_shapes": {
        "torch.Size of real layers": _shapes_on_meta,
        "NumPy integers": _shapes_in_numpy,
        "lists": _shapes_as_lists,
    },
    "residual_block": {
        "float64 inside": _residual_in_float64,
        "modules, with their graph": _residual_by_modules,
        "einsum, a transposed view": _residual_by_einsum,
    },
    "new_head": {
        "a copy": _head_on_a_copy,
        "a new Sequential": _head_in_a_new_sequential,
        "a nested Sequential": _head_nested,
        "pop and append": _head_popped,
    },
}

WRONG = {
    "multiply_adds": {
        "f for f squared": _madds(taps=lambda f: f),
        "channels stay those of the picture": _madds(update=False),
        "a pool divides by its stride": _madds(pool=lambda side, f, s: side // s),
        "the size survives a linear layer": _madds(one=None),
        "biases of the convolutions": _madds(bias=1),
        "pools multiply": _pools_multiply,
        "groups ignored": _madds(groups=False),
        "a list of costs": lambda side, channels, layers: [
            _counted_place_by_place(side, channels, layers[: i + 1]) for i in range(len(layers))
        ],
    },
    "inception_shapes": {
        "without the batch": _inception(lambda rows, shape, widths: [row[1:] for row in rows]),
        "the picture turned": _inception(lambda rows, shape, widths: [[b, c, w, h] for b, c, h, w in rows]),
        "a batch of one": _inception(lambda rows, shape, widths: [[1, *row[1:]] for row in rows]),
        "channels last": _inception(lambda rows, shape, widths: [[b, h, w, c] for b, c, h, w in rows]),
        "widths only": _inception(lambda rows, shape, widths: [row[1] for row in rows]),
        "the block first": _inception(lambda rows, shape, widths: rows[-1:] + rows[:-1]),
        "3 x 3 and 5 x 5 swapped": _inception(lambda rows, shape, widths: [rows[i] for i in (0, 2, 1, 3, 4)]),
        "the block as wide as its widest branch": _inception(
            lambda rows, shape, widths: _put(rows, 4, [shape[0], max(r[1] for r in rows[:4]), *shape[2:]])
        ),
    },
    "residual_block": {
        "stride in both convolutions": _both_strides,
        "stride in the second": _stride_in_the_second,
        "past the block by averages": _block(past=_pooled_past),
        "adds to x in place": _in_place_relu,
        "sigmoid at the end": _block(last=torch.sigmoid),
        "leaky at the end": _block(last=F.leaky_relu),
        "pre-activation": _wrong_order,
        "float64": lambda x, K1, K2, s, P: _block()(x, K1, K2, s, P).double(),
    },
    "new_head": {
        "requires_grad of the module": _attribute_of_the_module,
        "eval only": _only_eval,
        "a class more": _one_class_more,
        "two layers": _two_layers,
        "weights set to zero": _zeroed_below,
        "biases go on learning": _biases_learn,
        "nothing returned but the layer": lambda net, classes: _head(net, classes)[-1],
        "a tuple": lambda net, classes: (_head(net, classes), classes),
    },
}
