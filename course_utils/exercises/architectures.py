"""Exercises of the chapter on architectures and transfer learning."""

from __future__ import annotations

import itertools

import torch
import torch.nn.functional as F

from ._base import Case, Exercise, Mistake, normal

CHAPTER = "06_architectures"


# --------------------------------------------------------------------------------------------- multiply_adds
def draw_madds(rng):
    yield Case({"side": 8, "channels": 3, "layers": [("conv", 4, 3, 1, 1, 1), ("linear", 10)]})

    def pick(*choices):
        return int(rng.choice(choices))

    for _ in range(3):
        width = 4 * pick(2, 3, 4)
        layers = [
            ("conv", width, pick(5, 7), 2, pick(2, 3), 1),
            ("pool", pick(2, 3), 2),
            ("conv", 2 * width, pick(1, 3), 1, 1, pick(2, 4)),
            ("linear", pick(10, 20)),
            ("linear", 5),
        ]
        yield Case({"side": pick(29, 32, 35), "channels": 3, "layers": layers})
    yield Case({"side": 9, "channels": 2, "layers": [("pool", 2, 2)]}, note="nothing to multiply")
    overlapping = [("pool", 3, 2), ("linear", 10)]
    yield Case({"side": 8, "channels": 3, "layers": overlapping}, note="a pool whose windows overlap")
    yield Case({"side": 224, "channels": 3, "layers": [("conv", 96, 11, 4, 2, 1)]}, note="AlexNet's first")


def madds(
    side, channels, layers, pads=2, grouped=1, pools=True, before=False, flat=True, bias=False, each=1,
    strides=True, up=False, once=False, taps=2, mixed=True, blocks=False, keeps=False, dense_bias=None,
):  # fmt: skip
    """Multiply-adds by equation (1) of the chapter; the options are the mistakes it knows."""

    def size(inside, stride):
        return (-(-inside // stride) if up else inside // stride) + 1

    total = 0
    for kind, *rest in layers:
        if kind == "conv":
            outputs, f, stride, padding, groups = rest
            out = size(side + pads * padding - f, stride if strides else 1)
            places = 1 if once else (side if before else out) ** 2
            total += (f**taps * channels * outputs // groups**grouped + outputs * bias) * places * each
            side, channels = out, outputs if mixed else channels
        elif kind == "pool":
            side = size(side - rest[0] * (not blocks), rest[1]) - blocks if pools else side
        else:
            more = bias if dense_bias is None else dense_bias
            total += (channels * (side**2 if flat else 1) + more) * rest[0] * each
            side, channels = side if keeps else 1, rest[0]
    return total


def _madds_with(**options):
    return lambda side, channels, layers: madds(side, channels, layers, **options)


MADDS = Exercise(
    name="multiply_adds",
    chapter=CHAPTER,
    points=2,
    contract="multiply_adds(side, channels, layers) -> int: multiply-adds of a list of layers on a picture "
    "(channels, side, side); layers are ('conv', outputs, f, stride, padding, groups), ('pool', f, stride) "
    "and ('linear', outputs)",
    draw=draw_madds,
    expected=madds,
    mistakes=(
        Mistake(
            "You ignore the groups.",
            "How many of the channels does one filter see, if there are two groups?",
            wrong=_madds_with(grouped=0),
        ),
        Mistake(
            "You divide by the number of groups twice.",
            "With two groups each filter sees half the channels; are there fewer filters?",
            wrong=_madds_with(grouped=2),
        ),
        Mistake(
            "You pad on one side only.",
            "A picture has two borders along each axis.",
            wrong=_madds_with(pads=1),
        ),
        Mistake("You ignore the padding.", "What is the size after the padding?", wrong=_madds_with(pads=0)),
        Mistake(
            "Your filters work at every place of what goes in.",
            "H′ × W′ in equation (1) is the size of what comes out.",
            wrong=_madds_with(before=True),
        ),
        Mistake(
            "Your pools leave the size as it is.",
            "A pool multiplies nothing, but what does the next layer get?",
            wrong=_madds_with(pools=False),
        ),
        Mistake(
            "Your linear layer sees one number a channel.",
            "What does flattening make of (C, H, W)?",
            wrong=_madds_with(flat=False),
        ),
        Mistake(
            "You count the biases, too.",
            "A bias is added; is it multiplied?",
            wrong=_madds_with(bias=True),
        ),
        Mistake(
            "You count the biases of the convolutions, too.",
            "A bias is added; is it multiplied?",
            wrong=_madds_with(bias=True, dense_bias=False),
        ),
        Mistake(
            "Your filters have f weights a channel.",
            "How many pixels lie under a square filter?",
            wrong=_madds_with(taps=1),
        ),
        Mistake(
            "Every layer of yours sees as many channels as the picture has.",
            "What does the second layer get?",
            wrong=_madds_with(mixed=False),
        ),
        Mistake(
            "Your pools divide the size by the stride, whatever their window.",
            "How many windows of 3 pixels, 2 apart, fit into 8 pixels?",
            wrong=_madds_with(blocks=True),
        ),
        Mistake(
            "After a linear layer your map still has a size.",
            "How many places are left when everything has been flattened?",
            wrong=_madds_with(keeps=True),
        ),
        Mistake(
            "You count the multiplication and the addition apart.",
            "One multiply-add is one of each.",
            wrong=_madds_with(each=2),
        ),
        Mistake(
            "You count every weight once; those are the parameters.",
            "At how many places is a filter used?",
            wrong=_madds_with(once=True),
        ),
        Mistake(
            "You ignore the stride.",
            "How far apart are two places of the filter?",
            wrong=_madds_with(strides=False),
        ),
        Mistake(
            "You round the size up.",
            "Is there a place for a filter that would stand out over the edge?",
            wrong=_madds_with(up=True),
        ),
    ),
)


# ------------------------------------------------------------------------------------------ inception_shapes
def draw_inception(rng):
    names = ("one", "reduce3", "three", "reduce5", "five", "pooled")
    shape = (1, 192, 28, 28)
    yield Case({"shape": shape, **dict(zip(names, (64, 96, 128, 16, 32, 32), strict=True))}, note="block 3a")
    for _ in range(3):
        widths = (int(8 * n) for n in rng.permutation(range(1, 13))[:6])
        size = tuple(int(n) for n in rng.integers(5, 30, 3))
        shape = (size[0], 8 * int(rng.integers(14, 40)), *size[1:])
        yield Case({"shape": shape, **dict(zip(names, widths, strict=True))})


def inception(shape, one, reduce3, three, reduce5, five, pooled):
    batch, _, *rest = shape
    widths = (one, three, five, pooled, one + three + five + pooled)
    return tuple((batch, width, *rest) for width in widths)


def _inception_with(widths, grow=lambda n, i: n, batch=lambda b, i: b):
    """A wrong answer: `widths` of the five, sizes and batch changed by functions of (value, branch)."""

    def wrong(shape, *numbers):
        chosen = widths(shape[1], *numbers)
        return tuple((batch(shape[0], i), w, *(grow(n, i) for n in shape[2:])) for i, w in enumerate(chosen))

    return wrong


def _right(C, a, b, c, d, e, f):
    return a, c, e, f, a + c + e + f


SHAPES = Exercise(
    name="inception_shapes",
    chapter=CHAPTER,
    points=2,
    contract="inception_shapes(shape, one, reduce3, three, reduce5, five, pooled) -> five tuples "
    "(B, C', H', W'): the 1 × 1, the 3 × 3, the 5 × 5 and the pooled branch, and the block",
    draw=draw_inception,
    expected=inception,
    outputs=("the 1 × 1 branch", "the 3 × 3 branch", "the 5 × 5 branch", "the pooled branch", "the block"),
    mistakes=(
        Mistake(
            "You stack the projections as well.",
            "Which convolution of a branch comes last?",
            wrong=_inception_with(lambda C, a, b, c, d, e, f: (a, c, e, f, a + b + c + d + e + f)),
        ),
        Mistake(
            "You give the width of the projection, not of what comes after it.",
            "In the second branch, what does the 3 × 3 put out?",
            wrong=_inception_with(lambda C, a, b, c, d, e, f: (a, b, d, f, a + b + d + f)),
        ),
        Mistake(
            "Your pooled branch keeps the channels of the input.",
            "What stands behind the pool?",
            wrong=_inception_with(lambda C, a, b, c, d, e, f: (a, c, e, C, a + c + e + C)),
        ),
        Mistake(
            "Your filters shrink the map; then nothing could be stacked.",
            "conv() pads by f // 2.",
            wrong=_inception_with(_right, grow=lambda n, i: n - (0, 2, 4, 2, 0)[i]),
        ),
        Mistake(
            "Your pool halves the map.",
            "nn.MaxPool2d(3, 1, 1): which of the three is the stride?",
            wrong=_inception_with(_right, grow=lambda n, i: n // 2 if i == 3 else n),
        ),
        Mistake(
            "You add the branches; they are stacked.",
            "torch.cat(..., 1) along which axis?",
            wrong=_inception_with(lambda C, a, b, c, d, e, f: (a, c, e, f, a)),
        ),
        Mistake(
            "You stack the input as well.",
            "Is it one of the four branches?",
            wrong=_inception_with(lambda C, a, b, c, d, e, f: (a, c, e, f, C + a + c + e + f)),
        ),
        Mistake(
            "You leave the pooled branch out of the block.",
            "How many branches are stacked?",
            wrong=_inception_with(lambda C, a, b, c, d, e, f: (a, c, e, f, a + c + e)),
        ),
        Mistake(
            "You stack along the batch.",
            "What is axis 1 of (B, C, H, W)?",
            wrong=_inception_with(
                lambda C, a, b, c, d, e, f: (a, c, e, f, a), batch=lambda b, i: b * 4 ** (i == 4)
            ),
        ),
    ),
)


# -------------------------------------------------------------------------------------------- residual_block
def draw_residual(rng):
    x = torch.tensor([[[[1.0, 2.0], [-3.0, 0.5]]]])  # (B, C, H, W) = (1, 1, 2, 2)
    K1, K2 = torch.zeros(1, 1, 3, 3), torch.zeros(1, 1, 3, 3)
    K1[0, 0, 1, 1], K1[0, 0, 0, 1], K2[0, 0, 1, 1], K2[0, 0, 1, 0] = 1.0, 0.5, 1.0, -3.0
    yield Case({"x": x, "K1": K1, "K2": K2, "stride": 1, "P": None})
    settings = ((1, 3, (7, 6), ""), (2, 5, (8, 10), "half the size"), (2, 4, (7, 9), "odd"))
    for stride, T, size, note in settings:
        P = None if stride == 1 else normal(rng, T, 3, 1, 1)
        inputs = {"x": normal(rng, 2, 3, *size), "K1": normal(rng, T, 3, 3, 3, scale=0.4)}
        yield Case({**inputs, "K2": normal(rng, T, T, 3, 3, scale=0.4), "stride": stride, "P": P}, note=note)
    inputs = {"x": normal(rng, 2, 3, 5, 5), "K1": normal(rng, 6, 3, 3, 3, scale=0.4)}
    more = {"K2": normal(rng, 6, 6, 3, 3, scale=0.4), "stride": 1, "P": normal(rng, 6, 3, 1, 1)}
    yield Case({**inputs, **more}, note="more channels, same size")


def residual(x, K1, K2, stride, P, inner=F.relu, last=F.relu, skip=1.0, early=False, norm=lambda z: z, tap=0):
    """relu(F(x) + past(x)); the options are the mistakes it knows."""
    middle = inner(F.conv2d(x, K1, stride=stride, padding=1))
    z = F.conv2d(middle, K2, padding=1)
    past = x if P is None else F.conv2d(x, P, stride=stride)
    past = (past, middle, F.relu(past))[tap]
    return last(z) + skip * past if early else last(norm(z) + skip * past)


def _residual_with(**options):
    return lambda x, K1, K2, stride, P: residual(x, K1, K2, stride, P, **options)


def _as_is(z):
    return z


RESIDUAL = Exercise(
    name="residual_block",
    chapter=CHAPTER,
    points=2,
    contract="residual_block(x, K1, K2, stride, P) -> tensor (B, T, H', W'): relu(F(x) + what comes past)",
    draw=draw_residual,
    expected=residual,
    mistakes=(
        Mistake(
            "That is F(x) alone, a plain pair of layers.",
            "What gives the block its name?",
            wrong=_residual_with(skip=0.0),
        ),
        Mistake(
            "Your last ReLU comes before the addition.",
            "Is the ReLU of F(x), or of the sum?",
            wrong=_residual_with(early=True),
        ),
        Mistake("The last ReLU is missing.", "Can your block put out -1?", wrong=_residual_with(last=_as_is)),
        Mistake(
            "There is no ReLU between your convolutions.",
            "What are two convolutions without anything between them?",
            wrong=_residual_with(inner=_as_is),
        ),
        Mistake(
            "You subtract what comes past.",
            "The block is F(x) + x.",
            wrong=_residual_with(skip=-1.0),
        ),
        Mistake(
            "You put a ReLU on F(x) and another on the sum.",
            "How many ReLUs are in relu(F(x) + x), besides the one within F?",
            wrong=_residual_with(norm=F.relu),
        ),
        Mistake(
            "What comes past begins after your first convolution.",
            "Which tensor goes past F, whole?",
            wrong=_residual_with(tap=1),
        ),
        Mistake(
            "You put a ReLU on what comes past.",
            "May x bring a negative number to the sum?",
            wrong=_residual_with(tap=2),
        ),
    ),
)


# -------------------------------------------------------------------------------------------------- new_head
def draw_head(rng):
    yield Case({"sizes": [4, 6, 3], "classes": 5})
    for _ in range(3):
        sizes = [int(n) for n in rng.integers(5, 20, 4)]
        yield Case({"sizes": sizes, "classes": int(rng.integers(2, 5)) + sizes[-1]})


def call_head(answer, sizes, classes):
    """Build a network of linear layers, let the answer change it, and say what it has become."""
    import itertools

    import torch
    from torch import nn

    torch.manual_seed(len(sizes))
    net = nn.Sequential()
    for a, b in itertools.pairwise(sizes):
        net.append(nn.Linear(a, b))
        net.append(nn.ReLU())
    net = answer(net[:-1], classes)
    if not isinstance(net, nn.Module):
        return net
    learning = [p.numel() for p in net.parameters() if p.requires_grad]
    frozen = [p.detach().flatten() for p in net.parameters() if not p.requires_grad]
    frozen = torch.cat([torch.zeros(0), *frozen])
    with torch.no_grad():  # ones for all that learns, so that the scores can be foretold
        for p in net.parameters():
            if p.requires_grad:
                p.fill_(1.0)
        scores = net(torch.ones(5, sizes[0]))
    return tuple(scores.shape), sum(learning), frozen, scores


def head(sizes, classes):
    torch.manual_seed(len(sizes))
    made = [torch.nn.Linear(a, b) for a, b in itertools.pairwise(sizes)]
    frozen = [p.detach().flatten() for layer in made[:-1] for p in layer.parameters()]
    with torch.no_grad():
        h = torch.ones(5, sizes[0])
        for layer in made[:-1]:
            h = layer(h).relu()
    scores = (h.sum(1, keepdim=True) + 1).expand(5, classes)
    return (5, classes), (sizes[-2] + 1) * classes, torch.cat(frozen), scores


def _when(test):
    """A predicate on the outputs: (case's sizes, classes, shape, weights that learn, frozen ones)."""

    def when(case, got):
        return isinstance(got, tuple) and len(got) == 4 and test(*case.inputs.values(), *got[:3])

    return when


def _only_scores(sizes, classes, shape, learn, frozen):
    """Shape and parameters are right, so the scores must be wrong."""
    right = head(sizes, classes)
    return (shape, learn) == right[:2] and torch.equal(frozen, right[2])


HEAD = Exercise(
    name="new_head",
    chapter=CHAPTER,
    points=2,
    contract="new_head(net, classes) -> the nn.Sequential, its parameters frozen, its last nn.Linear "
    "replaced by a new one with `classes` outputs that can learn",
    draw=draw_head,
    call=call_head,
    expected=head,
    outputs=(
        "the shape of the scores",
        "the number of weights that learn",
        "the frozen weights",
        "the output with ones for all that learns",
    ),
    mistakes=(
        Mistake(
            "The last layer is still the old one.",
            "A Sequential lets you assign to net[-1].",
            when=_when(lambda sizes, classes, shape, learn, frozen: shape == (5, sizes[-1])),
        ),
        Mistake(
            "Nothing is left that could learn: you froze the new layer as well.",
            "Which comes first, freezing or replacing?",
            when=_when(lambda sizes, classes, shape, learn, frozen: learn == 0),
        ),
        Mistake(
            "Nothing is frozen.",
            "Which attribute of a parameter tells autograd to leave it alone?",
            when=_when(lambda sizes, classes, shape, learn, frozen: len(frozen) == 0),
        ),
        Mistake(
            "Your new layer comes after the old last one, not in its place.",
            "How many inputs did the old last layer have?",
            when=_when(lambda sizes, classes, shape, learn, frozen: learn == (sizes[-1] + 1) * classes),
        ),
        Mistake(
            "Your new layer has no bias, or a frozen one.",
            "nn.Linear brings its bias along.",
            when=_when(lambda sizes, classes, shape, learn, frozen: learn == sizes[-2] * classes),
        ),
        Mistake(
            "Not everything below the new layer is frozen.",
            "net.parameters() goes through the weights and the biases of all layers.",
            when=_when(
                lambda sizes, classes, shape, learn, frozen: 0 < len(frozen) < len(head(sizes, classes)[2])
            ),
        ),
        Mistake(
            "The rest of the network is not what it was.",
            "Is the ReLU before the last layer still there, and nothing behind the new one?",
            when=_when(_only_scores),
        ),
    ),
)

EXERCISES = [MADDS, SHAPES, RESIDUAL, HEAD]
