"""Reference answers of the chapter on architectures, and wrong ones with a word of the sentence they get."""

import torch.nn.functional as F
from torch import nn


def multiply_adds(side, channels, layers):
    total = 0
    for kind, *rest in layers:
        if kind == "conv":
            outputs, f, stride, padding, groups = rest
            side = (side + 2 * padding - f) // stride + 1
            total += f * f * (channels // groups) * outputs * side * side
            channels = outputs
        elif kind == "pool":
            f, stride = rest
            side = (side - f) // stride + 1
        else:
            total += channels * side * side * rest[0]
            side, channels = 1, rest[0]
    return total


def inception_shapes(shape, one, reduce3, three, reduce5, five, pooled):
    B, _, H, W = shape
    branches = [(B, width, H, W) for width in (one, three, five, pooled)]
    return *branches, (B, one + three + five + pooled, H, W)


def residual_block(x, K1, K2, stride, P):
    z = F.conv2d(x, K1, stride=stride, padding=1).relu()
    z = F.conv2d(z, K2, padding=1)
    if P is not None:
        x = F.conv2d(x, P, stride=stride)
    return (z + x).relu()


def new_head(net, classes):
    net.requires_grad_(False)
    net[-1] = nn.Linear(net[-1].in_features, classes)
    return net


PAPER = """Answers to the questions for paper, discussion and projects.

1. All see 7 × 7. Weights 49 C², 27 C², 14 C², and as many products a place. One filter of 7 × 7 can be
   any pattern; a column times a row only one of rank one for each pair of channels between: a diagonal
   line has rank seven. The three small ones bend twice in between, the 7 × 7 does not.
2. C R + f² R T < f² C T, so R < f² C T / (C + f² T). For the 5 × 5 of block 3a 153,600 / 992: from 155
   channels in between on nothing is saved.
3. C(L, k). The paths of length k pass C(20, k) / 2^k together; from k to k + 1 that changes by (20 − k) /
   (2 (k + 1)), which is 1 at k = 6: lengths 6 and 7 contribute most, and equally.
4. (I + B)(I + A) = I + A + B + BA is one matrix, so one plain layer can do it. The functions are the same;
   the start is not: with small A and B the blocks begin at the identity, the plain layer anywhere.
5. Within F, between the convolutions or on the whole of F(x), which is called stochastic depth. On the skip
   it would drop a share of the signal in every block: the factor 0.9 of Practice D, with noise.
6. On the phone parameters fill the memory and the download, and each product takes a part of the battery.
   In the data centre products are paid a million times over, parameters only once a card.
7. For: edges and textures are general, 200 pictures are few. Against: one grey channel, other sizes,
   faint patterns. Decide by validation with whole patients left out, among head, partial, full and a small
   network from nothing, each with rates of its own, over several divisions.
8. The derivations speak of the start only: a plain tower keeps the size of its signal (He). In a residual
   one the mean square about doubles with each pair, to 2^9 at 20 layers and 2^27 at 56, so that it needs a
   far smaller rate, or a factor on F, or last convolutions that start at zero. What is learnt has to be seen.
9. Mirrored copies and a few shifts give a few points to full and scratch, next to nothing to the head.
   What counts is that the choice is made on the validation objects and the spread over draws is told.
"""


# -------------------------------------------------------------------------------------------- wrong answers
def _madds(change):
    """The reference on layers changed by change(kind, rest), for mistakes that are another network."""
    return lambda side, channels, layers: multiply_adds(side, channels, [change(*row) for row in layers])


def _groups(number):
    def change(kind, *rest):
        return (kind, *rest[:4], number(rest[4])) if kind == "conv" else (kind, *rest)

    return change


def _groups_twice(side, channels, layers):
    whole = _madds(_groups(lambda groups: 1))(side, channels, layers)
    for kind, *rest in layers:
        if kind == "conv":
            alone = multiply_adds(side, channels, [(kind, *rest[:4], 1)])
            whole, channels = whole - alone + alone // rest[4] ** 2, rest[0]
            side = (side + 2 * rest[3] - rest[1]) // rest[2] + 1
        elif kind == "pool":
            side = (side - rest[0]) // rest[1] + 1
    return whole


def _no_padding(kind, *rest):
    return (kind, *rest[:3], 0, rest[4]) if kind == "conv" else (kind, *rest)


def _no_pools(side, channels, layers):
    return multiply_adds(side, channels, [row for row in layers if row[0] != "pool"])


def _flat_means_channels(side, channels, layers):
    total = 0
    for kind, *rest in layers:
        if kind == "conv":
            total += multiply_adds(side, channels, [(kind, *rest)])
            side, channels = (side + 2 * rest[3] - rest[1]) // rest[2] + 1, rest[0]
        elif kind == "pool":
            side = (side - rest[0]) // rest[1] + 1
        else:
            total, channels = total + channels * rest[0], rest[0]
    return total


def _shapes(*widths):
    """A wrong answer that gives these widths, as functions of (C, one, reduce3, three, …)."""
    return lambda shape, *n: tuple((shape[0], w(shape[1], *n), *shape[2:]) for w in widths)


ONE, THREE, FIVE, POOLED = (lambda C, *n, i=i: n[i] for i in (0, 2, 4, 5))


def _shrunk(shape, *n):
    right = inception_shapes(shape, *n)
    return tuple((b, c, h - k, w - k) for (b, c, h, w), k in zip(right, (0, 2, 4, 2, 0), strict=True))


def _halved(shape, *n):
    a, b, c, (B, w, H, W), e = inception_shapes(shape, *n)
    return a, b, c, (B, w, H // 2, W // 2), e


def _along_batch(shape, *n):
    *branches, (B, _, H, W) = inception_shapes(shape, *n)
    return *branches, (4 * B, n[0], H, W)


def _weights_once(side, channels, layers):
    total = 0
    for kind, *rest in layers:
        if kind == "conv":
            total += rest[1] ** 2 * (channels // rest[4]) * rest[0]
            side, channels = (side + 2 * rest[3] - rest[1]) // rest[2] + 1, rest[0]
        else:
            total += multiply_adds(side, channels, [(kind, *rest)])
            side = (side - rest[0]) // rest[1] + 1 if kind == "pool" else 1
            channels = rest[0] if kind == "linear" else channels
    return total


def _stride_one(kind, *rest):
    return (kind, *rest[:2], 1, *rest[3:]) if kind == "conv" else (kind, *rest)


def _middle_past(x, K1, K2, stride, P):
    z = F.conv2d(x, K1, stride=stride, padding=1).relu()
    return (F.conv2d(z, K2, padding=1) + z).relu()


def _pair(x, K1, K2, stride, middle=F.relu):
    return F.conv2d(middle(F.conv2d(x, K1, stride=stride, padding=1)), K2, padding=1)


def _past(x, stride, P):
    return x if P is None else F.conv2d(x, P, stride=stride)


def _freeze_last(net, classes):
    net[-1] = nn.Linear(net[-1].in_features, classes)
    return net.requires_grad_(False)


def _freeze_nothing(net, classes):
    net[-1] = nn.Linear(net[-1].in_features, classes)
    return net


def _keep_last(net, classes):
    net.requires_grad_(False)
    net[-1].requires_grad_(True)
    return net


def _append(net, classes):
    net.requires_grad_(False)
    net.append(nn.Linear(net[-1].out_features, classes))
    return net


def _touch_nothing_new(net, classes):
    return net.requires_grad_(False)


def _first_only(net, classes):
    net[0].requires_grad_(False)
    net[-1] = nn.Linear(net[-1].in_features, classes)
    return net


def _drop_relu(net, classes):
    net.requires_grad_(False)
    return nn.Sequential(*list(net)[:-2], nn.Linear(net[-1].in_features, classes))


def _add_softmax(net, classes):
    return new_head(net, classes).append(nn.Softmax(1))


def _no_bias(net, classes):
    net.requires_grad_(False)
    net[-1] = nn.Linear(net[-1].in_features, classes, bias=False)
    return net


def _weights_only(net, classes):
    for layer in net:
        if isinstance(layer, nn.Linear):
            layer.weight.requires_grad_(False)
    net[-1] = nn.Linear(net[-1].in_features, classes)
    return net


MISTAKES = {
    "multiply_adds": [
        (_madds(_groups(lambda groups: 1)), "ignore the groups"),
        (_groups_twice, "groups twice"),
        (_madds(_no_padding), "ignore the padding"),
        (_no_pools, "leave the size"),
        (_flat_means_channels, "one number a channel"),
        (lambda side, channels, layers: 2 * multiply_adds(side, channels, layers), "apart"),
        (_weights_once, "every weight once"),
        (_madds(_stride_one), "ignore the stride"),
    ],
    "inception_shapes": [
        (_shapes(ONE, THREE, FIVE, POOLED, lambda C, *n: sum(n)), "projections as well"),
        (
            _shapes(
                ONE,
                lambda C, *n: n[1],
                lambda C, *n: n[3],
                POOLED,
                lambda C, *n: n[0] + n[1] + n[3] + n[5],
            ),
            "width of the projection",
        ),
        (
            _shapes(ONE, THREE, FIVE, lambda C, *n: C, lambda C, *n: n[0] + n[2] + n[4] + C),
            "channels of the input",
        ),
        (_shrunk, "shrink the map"),
        (_halved, "halves the map"),
        (_shapes(ONE, THREE, FIVE, POOLED, ONE), "they are stacked"),
        (_along_batch, "along the batch"),
        (_shapes(ONE, THREE, FIVE, POOLED, lambda C, *n: C + n[0] + n[2] + n[4] + n[5]), "the input as well"),
        (_shapes(ONE, THREE, FIVE, POOLED, lambda C, *n: n[0] + n[2] + n[4]), "pooled branch out"),
    ],
    "residual_block": [
        (lambda x, K1, K2, s, P: _pair(x, K1, K2, s).relu(), "F(x) alone"),
        (lambda x, K1, K2, s, P: _pair(x, K1, K2, s).relu() + _past(x, s, P), "before the addition"),
        (lambda x, K1, K2, s, P: _pair(x, K1, K2, s) + _past(x, s, P), "last ReLU is missing"),
        (
            lambda x, K1, K2, s, P: (_pair(x, K1, K2, s, lambda z: z) + _past(x, s, P)).relu(),
            "between your convolutions",
        ),
        (lambda x, K1, K2, s, P: (_pair(x, K1, K2, s) - _past(x, s, P)).relu(), "subtract"),
        (lambda x, K1, K2, s, P: (_pair(x, K1, K2, s).relu() + _past(x, s, P)).relu(), "another on the sum"),
        (_middle_past, "after your first convolution"),
        (lambda x, K1, K2, s, P: (_pair(x, K1, K2, s) + _past(x, s, P).relu()).relu(), "on what comes past"),
    ],
    "new_head": [
        (_freeze_last, "froze the new layer"),
        (_freeze_nothing, "Nothing is frozen"),
        (_keep_last, "still the old one"),
        (_append, "not in its place"),
        (_no_bias, "no bias"),
        (_weights_only, "Not everything below"),
        (_first_only, "Not everything below"),
        (_touch_nothing_new, "still the old one"),
        (_drop_relu, "not what it was"),
        (_add_softmax, "not what it was"),
    ],
}
