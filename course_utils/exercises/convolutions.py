"""Exercises of the chapter on convolutions."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from ._base import Case, Exercise, Mistake, normal
from ._judge import Failure

CHAPTER = "03_convolutions"


# --------------------------------------------------------------------------------------------- conv2d_by_hand
def draw_conv(rng):
    x = torch.tensor([[[1.0, 2.0, 0.0], [0.0, 1.0, 3.0], [2.0, 0.0, 1.0]]])  # (C, H, W) = (1, 3, 3)
    K = torch.tensor([[[[1.0, 2.0], [0.0, -1.0]]]])  # (T, C, f, f) = (1, 1, 2, 2)
    yield Case({"x": x, "K": K, "stride": 1, "padding": 0, "dilation": 1})
    settings = {
        "": ((3, 8, 11, 5, 3), (1, 0, 1)),
        "with padding": ((2, 6, 7, 3, 3), (1, 2, 1)),
        "with stride": ((2, 9, 8, 3, 3), (2, 0, 1)),
        "with dilation": ((2, 10, 12, 3, 3), (1, 0, 3)),
        "a stride that does not divide": ((1, 10, 9, 2, 4), (3, 1, 1)),
        "everything at once": ((3, 13, 11, 4, 3), (2, 3, 2)),
        "1 × 1": ((4, 5, 6, 3, 1), (1, 0, 1)),
    }
    for note, ((C, H, W, T, f), (s, p, d)) in settings.items():
        inputs = {"x": normal(rng, C, H, W), "K": normal(rng, T, C, f, f), "stride": s, "padding": p}
        yield Case({**inputs, "dilation": d}, note=note)


def conv2d_by_hand(x, K, stride, padding, dilation):
    return F.conv2d(x[None], K, stride=stride, padding=padding, dilation=dilation)[0]


def _cropped(z, to):
    """The upper left part of z, as large as ``to``."""
    return z[:, : to.shape[1], : to.shape[2]]


def _last_tap(K):
    """The filter with all taps zero but the last."""
    only = torch.zeros_like(K)
    only[:, :, -1, -1] = K[:, :, -1, -1]
    return only


def _sizes(case, spans):
    """The size of the output for windows that span so many pixels."""
    x, _, stride, padding, _ = case.inputs.values()
    return [(n + 2 * padding - spans) // stride + 1 for n in x.shape[1:]]


def _taps(case):
    return case.inputs["K"].shape[-1], case.inputs["dilation"]


def _without_dilation(case, got):
    """Whether the output has the size that a filter without dilation would give."""
    f, dilation = _taps(case)
    return dilation > 1 and got.ndim == 3 and list(got.shape[1:]) == _sizes(case, f)


def _one_short(case, got):
    """Whether just the last row and column are missing: a span of f + dilation, or no + 1."""
    right = conv2d_by_hand(**case.inputs)[:, :-1, :-1]
    return got.shape == right.shape and torch.allclose(got, right, rtol=1e-3, atol=1e-4)


def _stops_with(setting):
    """A predicate: sizes clash as soon as this setting is more than nothing."""

    def when(case, got):
        nothing = {"padding": 0}.get(setting, 1)
        clash = isinstance(got, Failure) and got.kind == "RuntimeError" and "must match" in got.message
        return clash and case.inputs[setting] > nothing

    return when


CONV = Exercise(
    name="conv2d_by_hand",
    chapter=CHAPTER,
    points=4,
    contract="conv2d_by_hand(x, K, stride, padding, dilation) -> (T, H', W'), the cross-correlation without "
    "bias; x (C, H, W), K (T, C, f, f), float32; stride, padding (zeros on all sides), dilation: int",
    draw=draw_conv,
    expected=conv2d_by_hand,
    mistakes=(
        Mistake(
            "Your filter is turned by half a turn: that is the convolution of mathematics.",
            "In equation (3), does tap (i, j) meet the pixel in row u + i or in row u - i?",
            wrong=lambda x, K, stride, padding, dilation: conv2d_by_hand(
                x, K.flip(2, 3), stride, padding, dilation
            ),
        ),
        Mistake(
            "Rows and columns of your filter are swapped.",
            "Which index of K moves down the picture?",
            wrong=lambda x, K, stride, padding, dilation: conv2d_by_hand(
                x, K.transpose(2, 3), stride, padding, dilation
            ),
        ),
        Mistake(
            "You ignore the dilation.",
            "How many pixels lie between two neighbouring taps?",
            wrong=lambda x, K, stride, padding, dilation: conv2d_by_hand(x, K, stride, padding, 1),
        ),
        Mistake(
            "Your output has the size of a dilated filter, but its taps are not pulled apart.",
            "How many pixels lie between two neighbouring taps?",
            wrong=lambda x, K, stride, padding, dilation: _cropped(
                conv2d_by_hand(x, K, stride, padding, 1), conv2d_by_hand(x, K, stride, padding, dilation)
            ),
        ),
        Mistake(
            "You ignore the stride.",
            "Where does the second window start?",
            wrong=lambda x, K, stride, padding, dilation: conv2d_by_hand(x, K, 1, padding, dilation),
        ),
        Mistake(
            "Your output has the size for this stride, but the windows start at neighbouring pixels.",
            "Where does the second window start?",
            wrong=lambda x, K, stride, padding, dilation: _cropped(
                conv2d_by_hand(x, K, 1, padding, dilation), conv2d_by_hand(x, K, stride, padding, dilation)
            ),
        ),
        Mistake(
            "You ignore the padding.",
            "Pad first, then forget about it.",
            wrong=lambda x, K, stride, padding, dilation: conv2d_by_hand(x, K, stride, 0, dilation),
        ),
        Mistake(
            "You pad on one side only, above and left.",
            "Zeros belong above, below, left and right.",
            wrong=lambda x, K, stride, padding, dilation: conv2d_by_hand(
                F.pad(x, (padding, 0, padding, 0)), K, stride, 0, dilation
            ),
        ),
        Mistake(
            "You pad on one side only, below and right.",
            "Zeros belong above, below, left and right.",
            wrong=lambda x, K, stride, padding, dilation: conv2d_by_hand(
                F.pad(x, (0, padding, 0, padding)), K, stride, 0, dilation
            ),
        ),
        Mistake(
            "Your result holds the last tap of the filter only.",
            "Equation (3) is a sum over i and j: = or +=?",
            wrong=lambda x, K, stride, padding, dilation: conv2d_by_hand(
                x, _last_tap(K), stride, padding, dilation
            ),
        ),
        Mistake(
            "You use only the first channel.",
            "Equation (3) has a sum over c as well.",
            wrong=lambda x, K, stride, padding, dilation: conv2d_by_hand(
                x[:1], K[:, :1], stride, padding, dilation
            ),
        ),
        Mistake(
            "The size of your output does not shrink with the dilation.",
            "A dilated window spans more pixels than it has taps: equation (4).",
            when=_without_dilation,
        ),
        Mistake(
            "Your output lacks its last row and column, as it would with a window of f + dilation pixels.",
            "How many pixels does equation (4) give without dilation, and what is the + 1 of equation (5)?",
            when=_one_short,
        ),
        Mistake(
            "Without dilation it ran; with it, the pieces that you add differ in size.",
            "A dilated window spans more pixels than it has taps: equation (4).",
            when=_stops_with("dilation"),
        ),
        Mistake(
            "Without stride it ran; with it, the pieces that you add differ in size.",
            "Equation (5) counts the windows; which pixel is the last that a tap meets?",
            when=_stops_with("stride"),
        ),
        Mistake(
            "Without padding it ran; with it, the pieces that you add differ in size.",
            "Does the picture that you cut pieces from have the padding that your output counts on?",
            when=_stops_with("padding"),
        ),
    ),
)


# -------------------------------------------------------------------------------------------- receptive_field
def draw_layers(rng):
    yield Case({"layers": [("conv", 3, 1, 1), ("pool", 2, 2), ("conv", 3, 1, 1)]})
    yield Case({"layers": [("conv", 3, 1, 1), ("relu",), ("conv", 3, 1, 4), ("relu",)]}, note="dilation")
    yield Case({"layers": [("conv", 5, 2, 1), ("conv", 3, 2, 2), ("pool", 3, 2)]}, note="strides")
    yield Case({"layers": []}, note="no layers")
    yield Case({"layers": [("relu",), ("conv", 1, 1, 1)]}, note="1 × 1")
    for _ in range(3):
        layers = []
        for _ in range(int(rng.integers(3, 7))):
            f, s = int(rng.integers(2, 6)), int(rng.integers(1, 3))
            layers.append(("pool", f, s) if rng.random() < 0.3 else ("conv", f, s, int(rng.integers(1, 4))))
            layers += [("relu",)] * int(rng.integers(0, 2))
        yield Case({"layers": layers})


def receptive_field(layers):
    """By brute force: follow one output down to all inputs that it is computed from."""
    seen = {0}
    for kind, *numbers in reversed(layers):
        if kind != "relu":
            f, stride, dilation = (*numbers, 1)[:3]
            seen = {k * stride + i * dilation for k in seen for i in range(f)}
    return max(seen) - min(seen) + 1


def _extent(kind, f, dilation):
    return f + (f - 1) * (dilation - 1)


def _by_formula(
    layers, extent=_extent, gaps=1, apart=lambda delta, kind, s, dilation: delta * s, early=False, skip=()
):
    """Equation (6) with something wrong in it.

    Args:
        layers: as in the exercise.
        extent: (kind, f, dilation) to the span of a window.
        gaps: what is taken off the span.
        apart: (delta, kind, stride, dilation) to the new delta.
        early: whether a layer uses the new delta for its own window.
        skip: kinds of layers that are left out.
    """
    r, delta = 1, 1
    for kind, *numbers in layers:
        if kind == "relu" or kind in skip:
            continue
        f, stride, dilation = (*numbers, 1)[:3]
        after = apart(delta, kind, stride, dilation)
        r += (extent(kind, f, dilation) - gaps) * (after if early else delta)
        delta = after
    return r


FIELD = Exercise(
    name="receptive_field",
    chapter=CHAPTER,
    points=2,
    contract="receptive_field(layers) -> int, from the first to the last pixel that one value of the last "
    'layer sees, along one side; layers: a list of ("conv", f, stride, dilation), ("pool", f, stride) and '
    '("relu",)',
    draw=draw_layers,
    expected=receptive_field,
    mistakes=(
        Mistake(
            "You take a dilated window to span f + dilation pixels.",
            "What does that give for dilation 1? Equation (4) counts the gaps.",
            wrong=lambda layers: _by_formula(layers, extent=lambda kind, f, dilation: f + dilation),
        ),
        Mistake(
            "You take a dilated window to span f + dilation pixels.",
            "What does that give for dilation 1? Equation (4) counts the gaps.",
            wrong=lambda layers: _by_formula(
                layers, extent=lambda kind, f, dilation: f if kind == "pool" else f + dilation
            ),
        ),
        Mistake(
            "You ignore the dilation.",
            "Equation (4): how many pixels does a dilated window span?",
            wrong=lambda layers: _by_formula(layers, extent=lambda kind, f, dilation: f),
        ),
        Mistake(
            "Your dilation moves the values of the next layer apart.",
            "Dilation widens the window of its own layer; how far apart are two of its outputs?",
            wrong=lambda layers: _by_formula(
                layers, apart=lambda delta, kind, s, dilation: delta * s * dilation
            ),
        ),
        Mistake(
            "You ignore the strides.",
            "After a stride of 2, how far apart are two neighbouring values, in pixels of the picture?",
            wrong=lambda layers: _by_formula(layers, apart=lambda delta, kind, s, dilation: 1),
        ),
        Mistake(
            "You ignore the stride of the pooling layers.",
            "After a pool with stride 2, how far apart are two neighbouring values?",
            wrong=lambda layers: _by_formula(
                layers, apart=lambda delta, kind, s, dilation: delta if kind == "pool" else delta * s
            ),
        ),
        Mistake(
            "You take the stride of the last layer alone.",
            "After two strides of 2, how far apart are two neighbouring values, in pixels of the picture?",
            wrong=lambda layers: _by_formula(layers, apart=lambda delta, kind, s, dilation: s),
        ),
        Mistake(
            "You let the stride of a layer widen its own window.",
            "The stride of a layer moves its outputs apart, and only the next layer notices.",
            wrong=lambda layers: _by_formula(layers, early=True),
        ),
        Mistake(
            "You add the strides; one after the other, they multiply.",
            "After two strides of 2, how far apart are two neighbouring values, in pixels of the picture?",
            wrong=lambda layers: _by_formula(
                layers, apart=lambda delta, kind, s, dilation: delta + s - (s == 1)
            ),
        ),
        Mistake(
            "You take a dilated window to span f · dilation pixels.",
            "How many gaps are there between f taps? Equation (4).",
            wrong=lambda layers: _by_formula(layers, extent=lambda kind, f, dilation: f * dilation),
        ),
        Mistake(
            "You add a whole window for each layer; it adds one gap less.",
            "One layer of 3 × 3 sees 3 pixels, two see 5.",
            wrong=lambda layers: _by_formula(layers, gaps=0),
        ),
        Mistake(
            "You leave out the pooling layers.",
            "A value after pooling sees all values of its block.",
            wrong=lambda layers: _by_formula(layers, skip=("pool",)),
        ),
        Mistake(
            "Your pooling layers move the values apart, but see no more than one of them.",
            "A value after pooling sees all values of its block.",
            wrong=lambda layers: _by_formula(
                layers, extent=lambda kind, f, dilation: 1 if kind == "pool" else _extent(kind, f, dilation)
            ),
        ),
        Mistake(
            "You go through the layers in the wrong order for your recursion.",
            "Equation (6), with δ, starts at the picture; a recursion for r alone starts at the output.",
            wrong=lambda layers: _by_formula(layers[::-1]),
        ),
        Mistake(
            "Your r starts at 0.",
            "How many pixels does a value of the picture itself see?",
            wrong=lambda layers: _by_formula(layers) - 1,
        ),
        Mistake(
            "You return the number of pixels in a square.",
            "How many pixels does it see along one side?",
            wrong=lambda layers: _by_formula(layers) ** 2,
        ),
    ),
)


# ----------------------------------------------------------------------------------------------------- im2col
def draw_im2col(rng):
    yield Case({"x": torch.arange(1.0, 13.0).view(1, 1, 3, 4), "f": 2, "stride": 1, "padding": 0})
    sizes = {
        "": ((2, 3, 6, 5), 3, 1, 0),
        "with stride": ((2, 2, 7, 9), 3, 2, 0),
        "with padding": ((1, 3, 5, 4), 3, 1, 1),
        "a stride that does not divide": ((3, 2, 8, 7), 2, 3, 1),
        "C = f": ((2, 2, 4, 6), 2, 2, 0),
        "1 × 1": ((2, 4, 3, 5), 1, 1, 0),
    }
    for note, (shape, f, stride, padding) in sizes.items():
        yield Case({"x": normal(rng, *shape), "f": f, "stride": stride, "padding": padding}, note=note)


def im2col(x, f, stride, padding):
    return F.unfold(x, f, stride=stride, padding=padding)


def _blocks(x, f, stride, padding):
    """All windows, (B, C, H', W', f, f)."""
    return F.pad(x, (padding,) * 4).unfold(2, f, stride).unfold(3, f, stride)


def _columns(order, x, f, stride, padding):
    """The windows with their dimensions (B, C, H', W', i, j) in another order."""
    B, C = x.shape[:2]
    return _blocks(x, f, stride, padding).permute(order).reshape(B, C * f * f, -1)


IM2COL = Exercise(
    name="im2col",
    chapter=CHAPTER,
    points=3,
    contract="im2col(x, f, stride, padding) -> (B, C·f·f, L), float32; x (B, C, H, W); f, stride, "
    "padding (zeros): int; rows in the order channel, row of the window, column of the window; L "
    "windows, row by row",
    draw=draw_im2col,
    expected=im2col,
    mistakes=(
        Mistake(
            "Your channels run fastest: the order is (row, column, channel).",
            "Equation (7) flattens K of shape (T, C, f, f): which index runs fastest there?",
            wrong=lambda x, f, stride, padding: _columns((0, 4, 5, 1, 2, 3), x, f, stride, padding),
        ),
        Mistake(
            "Rows and columns within your windows are swapped.",
            "Down a column of X, first come the pixels of the window's first row.",
            wrong=lambda x, f, stride, padding: _columns((0, 1, 5, 4, 2, 3), x, f, stride, padding),
        ),
        Mistake(
            "Your windows move down the picture first.",
            "From column to column of X, the window moves along a row of the picture.",
            wrong=lambda x, f, stride, padding: _columns((0, 1, 4, 5, 3, 2), x, f, stride, padding),
        ),
        Mistake(
            "Your windows are the rows; they have to be the columns.",
            "In equation (7), what must the second dimension of X be to meet the rows of K?",
            wrong=lambda x, f, stride, padding: im2col(x, f, stride, padding).transpose(1, 2),
        ),
        Mistake(
            "Your numbers are right, but reshape has mixed up their order.",
            "reshape does not swap dimensions: bring them into order with permute first.",
            wrong=lambda x, f, stride, padding: _blocks(x, f, stride, padding).reshape(
                len(x), x.shape[1] * f * f, -1
            ),
        ),
        Mistake(
            "You ignore the stride.",
            "Where does the second window start?",
            wrong=lambda x, f, stride, padding: im2col(x, f, 1, padding),
        ),
        Mistake(
            "You ignore the padding.",
            "Pad first, then forget about it.",
            wrong=lambda x, f, stride, padding: im2col(x, f, stride, 0),
        ),
        Mistake(
            "You pad on one side only, above and left.",
            "Zeros belong above, below, left and right.",
            wrong=lambda x, f, stride, padding: im2col(F.pad(x, (padding, 0, padding, 0)), f, stride, 0),
        ),
        Mistake(
            "Your last row and your last column of windows are missing.",
            "In a row of n pixels, at which pixel does the last window start?",
            wrong=lambda x, f, stride, padding: im2col(
                F.pad(x, (padding, padding - 1) * 2), f, stride, padding=0
            ),
        ),
    ),
)


# ------------------------------------------------------------------------------------------ max_pool_backward
def draw_max_pool(rng):
    x = torch.tensor([[[[1.0, 4.0, 2.0], [0.0, 3.0, 5.0], [6.0, 2.0, 1.0]]]])
    yield Case({"x": x, "dz": torch.tensor([[[[10.0, 20.0], [30.0, 40.0]]]]), "f": 2, "stride": 1})
    settings = {
        "blocks": ((2, 3, 6, 8), 2, 2),
        "windows that overlap": ((2, 2, 9, 7), 3, 2),
        "stride 1": ((1, 2, 5, 6), 3, 1),
        "pixels left over": ((2, 1, 8, 10), 3, 3),
        "gaps between the windows": ((1, 3, 8, 7), 2, 3),
        "1 × 1": ((2, 2, 3, 4), 1, 1),
    }
    for note, ((B, C, H, W), f, stride) in settings.items():
        sizes = [(n - f) // stride + 1 for n in (H, W)]
        inputs = {"x": normal(rng, B, C, H, W), "dz": normal(rng, B, C, *sizes)}
        yield Case({**inputs, "f": f, "stride": stride}, note=note)
    x = -0.5 - normal(rng, 1, 2, 6, 6).abs()
    yield Case({"x": x, "dz": normal(rng, 1, 2, 3, 3), "f": 2, "stride": 2}, note="all pixels negative")


def max_pool_backward(x, dz, f, stride):
    x = x.detach().clone().requires_grad_()
    return torch.autograd.grad(F.max_pool2d(x, f, stride), x, dz)[0]


def _paid(x, dz, f, stride, share, step=None, add=True):
    """Walk over the windows and pay each its gradient out.

    Args:
        x, dz, f, stride: as in the exercise.
        share: maps the pixels of a window (B, C, f·f) to the share of the gradient that each gets.
        step: pixels from one window to the next; None takes the stride.
        add: whether what a pixel has got already is kept.
    """
    step, dx = step or stride, torch.zeros_like(x)
    for u in range(dz.shape[2]):
        for v in range(dz.shape[3]):
            rows, columns = slice(u * step, u * step + f), slice(v * step, v * step + f)
            window = x[:, :, rows, columns]
            if window.numel() == x.shape[0] * x.shape[1] * f * f:
                gets = share(window.flatten(2)).view_as(window)
                paid = gets * dz[:, :, u : u + 1, v : v + 1]
                old = dx[:, :, rows, columns]
                dx[:, :, rows, columns] = old + paid if add else torch.where(gets != 0, paid, old)
    return dx


def _to_one(pick):
    """All to one pixel of the window, whose number ``pick`` finds."""
    return lambda window: F.one_hot(pick(window), window.shape[-1]).to(window)


_winner = _to_one(lambda window: window.argmax(-1))

MAX_POOL = Exercise(
    name="max_pool_backward",
    chapter=CHAPTER,
    points=3,
    contract="max_pool_backward(x, dz, f, stride) -> dx (B, C, H, W), float32: the gradient of max-pooling "
    "by windows of f × f without padding; x (B, C, H, W), dz (B, C, H', W'), float32; f, stride: int; each "
    "window has one largest pixel",
    draw=draw_max_pool,
    expected=max_pool_backward,
    mistakes=(
        Mistake(
            "A pixel that wins several windows keeps only the gradient of the last one.",
            "Its value was used several times: = or +=?",
            wrong=lambda x, dz, f, stride: _paid(x, dz, f, stride, _winner, add=False),
        ),
        Mistake(
            "You share each gradient out among all pixels of its window, as for mean-pooling.",
            "Nudge a pixel that is not the largest: does the maximum change?",
            wrong=lambda x, dz, f, stride: _paid(
                x, dz, f, stride, lambda window: torch.full_like(window, 1 / f**2)
            ),
        ),
        Mistake(
            "You give the whole gradient to every pixel of its window.",
            "Nudge a pixel that is not the largest: does the maximum change?",
            wrong=lambda x, dz, f, stride: _paid(x, dz, f, stride, torch.ones_like),
        ),
        Mistake(
            "You pass on the gradient times the pixel.",
            "Nudge the largest pixel by h: by how much does the maximum change?",
            wrong=lambda x, dz, f, stride: _paid(x, dz, f, stride, lambda w: w * _winner(w)),
        ),
        Mistake(
            "You pass on the pixel, not the gradient.",
            "Where does dz come in?",
            wrong=lambda x, dz, f, stride: _paid(
                x, torch.ones_like(dz), f, stride, lambda w: w * _winner(w), add=False
            ),
        ),
        Mistake(
            "Your gradients go to the smallest pixel of each window.",
            "Which pixel does the maximum follow?",
            wrong=lambda x, dz, f, stride: _paid(x, dz, f, stride, _to_one(lambda w: w.argmin(-1))),
        ),
        Mistake(
            "Your gradients go to the pixel of the largest size, whatever its sign.",
            "Is the maximum of −3 and 1 the −3?",
            wrong=lambda x, dz, f, stride: _paid(x, dz, f, stride, _to_one(lambda w: w.abs().argmax(-1))),
        ),
        Mistake(
            "Your gradients go to the upper left pixel of each window.",
            "Which pixel of the window does the maximum follow?",
            wrong=lambda x, dz, f, stride: _paid(
                x, dz, f, stride, _to_one(lambda w: torch.zeros_like(w[..., 0], dtype=torch.long))
            ),
        ),
        Mistake(
            "Your windows lie side by side, whatever the stride.",
            "At which pixel does the second window start?",
            wrong=lambda x, dz, f, stride: _paid(x, dz, f, stride, _winner, step=f),
        ),
        Mistake(
            "Your windows start at neighbouring pixels, whatever the stride.",
            "At which pixel does the second window start?",
            wrong=lambda x, dz, f, stride: _paid(x, dz, f, stride, _winner, step=1),
        ),
    ),
)

EXERCISES = [CONV, FIELD, IM2COL, MAX_POOL]
