"""Exercises of the chapter on segmentation."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from . import _loss
from ._base import Case, Exercise, Mistake, integers, normal

CHAPTER = "08_segmentation"


# ------------------------------------------------------------------------------------------------ class_ious
def draw_confusion(rng):
    yield Case({"M": torch.tensor([[6, 2, 1], [0, 3, 1], [2, 0, 5]])})
    yield Case({"M": torch.tensor([[7, 1, 0], [2, 4, 0], [0, 0, 0]])}, note="a class that is nowhere")
    yield Case({"M": torch.tensor([[5, 3], [0, 0]])}, note="a class answered, but never true")
    for K in (2, 4, 7):
        yield Case({"M": integers(rng, 5000, K, K) + 1})


def class_ious(M):
    """By brute force: write out every pixel, then count intersections and unions of masks."""
    K = len(M)
    truth, answer = torch.cartesian_prod(torch.arange(K), torch.arange(K)).T
    result = []
    for k in range(K):
        both, either = (truth == k) & (answer == k), (truth == k) | (answer == k)
        result.append(M.flatten()[both].sum() / M.flatten()[either].sum())
    return torch.stack(result).float()


def _parts(M):
    """Intersections, pixels of each true class, pixels of each answer: float32 (K,)."""
    M = M.float()
    return M.diag(), M.sum(1), M.sum(0)


def _iou_with(f):
    return lambda M: f(*_parts(M))


IOU = Exercise(
    name="class_ious",
    chapter=CHAPTER,
    points=2,
    contract="class_ious(M) -> (K,) float32, the Jaccard index of each class; M (K, K) int64, M[i, j] pixels "
    "of class i that were answered j; nan for a class with an empty union",
    draw=draw_confusion,
    expected=class_ious,
    mistakes=(
        Mistake(
            "Your denominator counts the intersection twice.",
            "Which pixels are in the row and in the column of a class?",
            wrong=_iou_with(lambda i, row, column: i / (row + column)),
        ),
        Mistake(
            "That is the Dice coefficient.",
            "Jaccard divides by the union of both sets, not by their mean size.",
            wrong=_iou_with(lambda i, row, column: 2 * i / (row + column)),
        ),
        Mistake(
            "You divide by the true pixels alone: that is the recall.",
            "What happens to an answer that calls every pixel class k?",
            wrong=_iou_with(lambda i, row, column: i / row),
        ),
        Mistake(
            "You divide by the answered pixels alone: that is the precision.",
            "What happens to an answer with one single, right pixel?",
            wrong=_iou_with(lambda i, row, column: i / column),
        ),
        Mistake(
            "A class that is nowhere got 0, as if it had been missed.",
            "What is 0 / 0? Leave it nan, so that a mean can skip it.",
            wrong=_iou_with(lambda i, row, column: i / (row + column - i).clamp(min=1)),
        ),
        Mistake(
            "A class that is nowhere got 1.",
            "The exercise asks for nan where the union is empty.",
            wrong=_iou_with(lambda i, row, column: (i / (row + column - i)).nan_to_num(1.0)),
        ),
        Mistake(
            "You took the larger of the two sets for their union.",
            "Two sets of 5 pixels that share 2: how large is the union?",
            wrong=_iou_with(lambda i, row, column: i / torch.maximum(row, column)),
        ),
        Mistake(
            "You divide by all pixels.",
            "Pixels that belong to class k neither in truth nor in the answer must not count.",
            wrong=_iou_with(lambda i, row, column: i / row.sum()),
        ),
        Mistake(
            "You return one number; the exercise asks for one for each class.",
            "Leave out the mean.",
            when=lambda case, got: isinstance(got, float) or (torch.is_tensor(got) and got.ndim == 0),
        ),
    ),
)


# --------------------------------------------------------------------------------------------- pixel_shuffle
def draw_shuffle(rng):
    yield Case({"x": torch.arange(1.0, 17.0).reshape(1, 4, 2, 2), "r": 2}, note="x = 1, 2, …, 16")
    yield Case({"x": normal(rng, 1, 12, 3, 5), "r": 2}, note="from 12 channels to 3")
    yield Case({"x": normal(rng, 2, 18, 4, 3), "r": 3}, note="a batch of two")
    yield Case({"x": normal(rng, 1, 32, 2, 2), "r": 4})
    yield Case({"x": normal(rng, 2, 3, 4, 5), "r": 1}, note="r = 1")


def pixel_shuffle(x, r):
    return F.pixel_shuffle(x, r)


def _shuffled(sizes, order):
    """Split the channels as `sizes`(C, r), permute (B, a, b, c, H, W), and join."""

    def wrong(x, r):
        B, C, H, W = x.shape
        C //= r * r
        return x.reshape(B, *sizes(C, r), H, W).permute(order).reshape(B, C, H * r, W * r)

    return wrong


SHUFFLE = Exercise(
    name="pixel_shuffle",
    chapter=CHAPTER,
    points=2,
    contract="pixel_shuffle(x, r) -> (B, C, r H, r W); x (B, C r r, H, W) float32; channel c r r + r i + j "
    "goes to the pixels in row i and column j of the r x r blocks of channel c",
    draw=draw_shuffle,
    expected=pixel_shuffle,
    mistakes=(
        Mistake(
            "Rows and columns are swapped within the blocks.",
            "Does channel 1 belong to the right of channel 0, or below it?",
            wrong=_shuffled(lambda C, r: (C, r, r), (0, 1, 4, 3, 5, 2)),
        ),
        Mistake(
            "You cut the channels in the other order: the colours are mixed up.",
            "The first r·r channels all belong to the first output channel.",
            wrong=_shuffled(lambda C, r: (r, r, C), (0, 3, 4, 1, 5, 2)),
        ),
        Mistake(
            "You put the small pictures side by side instead of weaving them together.",
            "Neighbours in a block come from different channels of the same place.",
            wrong=_shuffled(lambda C, r: (C, r, r), (0, 1, 2, 4, 3, 5)),
        ),
        Mistake(
            "Reshape alone keeps the numbers in their old order.",
            "Split the channels into (C, r, r), permute, then reshape.",
            wrong=lambda x, r: x.reshape(len(x), -1, x.shape[2] * r, x.shape[3] * r),
        ),
        Mistake(
            "You work for r = 2 only.",
            "Where does your code say 2 or 4?",
            wrong=lambda x, r: F.pixel_shuffle(x, 2),
        ),
    ),
)


# ----------------------------------------------------------------------------------------------- unet_shapes
def draw_unets(rng):
    yield Case({"size": 20, "depth": 1, "padding": 0})
    yield Case({"size": 572, "depth": 4, "padding": 0}, note="the net of the paper")
    yield Case({"size": 48, "depth": 3, "padding": 1}, note="with padding")
    yield Case({"size": 17, "depth": 0, "padding": 0}, note="no pooling at all")
    for depth in (2, 3, 4):
        size = int(rng.integers(9, 16))  # of the map that enters the bottom
        for _ in range(depth):
            size = 2 * size + 4
        yield Case({"size": size, "depth": depth, "padding": 0})


def unet_shapes(size, depth, padding):
    """By running the layers on empty maps of one channel."""
    two = nn.Sequential(nn.Conv2d(1, 1, 3, padding=padding), nn.Conv2d(1, 1, 3, padding=padding)).to("meta")
    x, copies = torch.empty(1, 1, size, size, device="meta"), []
    for _ in range(depth):
        x = two(x)
        copies.append(x.shape[-1])
        x = F.max_pool2d(x, 2)
    x, crops = two(x), []
    for copy in reversed(copies):
        x = torch.empty(1, 1, 2 * x.shape[-1], 2 * x.shape[-1], device="meta")
        crops.insert(0, (copy - x.shape[-1]) // 2)
        x = two(x)
    return copies, crops, x.shape[-1]


def _unet_with(convs=2, bottom=2, lost=None, per_side=2, up_first=True):
    """The reference in plain arithmetic, with something wrong in it."""

    def wrong(size, depth, padding):
        loss = (2 - 2 * padding) if lost is None else lost
        copies, crops = [], []
        for _ in range(depth):
            copies.append(size - convs * loss)
            size = copies[-1] // 2
        size -= bottom * loss
        for copy in reversed(copies):
            size *= 2
            crops.insert(0, (copy - size) // per_side)
            size -= convs * loss
        return copies, crops, size

    return wrong


_right = _unet_with()

UNET = Exercise(
    name="unet_shapes",
    chapter=CHAPTER,
    points=3,
    contract="unet_shapes(size, depth, padding) -> (copies, crops, out): sides of the maps to be copied, "
    "pixels cut off on each side of each, both lists of int from the finest level down, and the side of the "
    "output, int",
    draw=draw_unets,
    expected=unet_shapes,
    outputs=("copies", "crops", "out"),
    mistakes=(
        Mistake(
            "You ignore the padding.",
            "How much does a 3 × 3 convolution with padding 1 shrink a map?",
            wrong=_unet_with(lost=2),
        ),
        Mistake(
            "You pad always.",
            "How much does a 3 × 3 convolution without padding shrink a map?",
            wrong=_unet_with(lost=0),
        ),
        Mistake(
            "You forget the two convolutions at the bottom.",
            "What happens between the last pooling and the first up-sampling?",
            wrong=_unet_with(bottom=0),
        ),
        Mistake(
            "You count one convolution a level.",
            "Each level has two, on the way down and on the way up.",
            wrong=_unet_with(convs=1, bottom=1),
        ),
        Mistake(
            "Your crops are the pixels of both sides together.",
            "A margin is cut off left and right: how wide is one?",
            wrong=_unet_with(per_side=1),
        ),
        Mistake(
            "Your lists start at the coarsest level.",
            "The exercise asks for the finest level first.",
            wrong=lambda *a: (_right(*a)[0][::-1], _right(*a)[1][::-1], _right(*a)[2]),
        ),
        Mistake(
            "Only your crops start at the coarsest level.",
            "On the way up the coarsest level comes first: turn that list round.",
            wrong=lambda *a: (_right(*a)[0], _right(*a)[1][::-1], _right(*a)[2]),
        ),
        Mistake(
            "You list the maps after pooling.",
            "What is copied: the map that goes into the pooling, or the one that comes out?",
            wrong=lambda *a: {"copies": [n // 2 for n in _right(*a)[0]]},
        ),
    ),
)


# ---------------------------------------------------------------------------------------------- jaccard_loss
def draw_maps(rng):
    z, y = torch.tensor([[[[2.0, 0.0, -1.0]], [[0.0, 1.0, 1.0]]]]), torch.tensor([[[0, 1, 0]]])
    yield Case({"z": z, "y": y})
    z, y = torch.tensor([[[[3.0, 0.0]], [[0.0, 2.0]]], [[[-1.0, 2.0]], [[2.0, 0.0]]]]), y[:, :, :2]
    yield Case({"z": z, "y": torch.cat([y, y])}, note="one picture better than the other")
    for B, K, H, W in ((2, 3, 4, 5), (3, 2, 6, 6), (1, 5, 3, 4)):
        yield Case({"z": normal(rng, B, K, H, W, scale=2.0), "y": integers(rng, K, B, H, W)})
    missing = {"z": normal(rng, 2, 3, 4, 4), "y": integers(rng, 2, 2, 4, 4)}
    yield Case(missing, note="a class with no true pixel")
    yield Case({"z": 200 * normal(rng, 2, 3, 4, 4), "y": integers(rng, 3, 2, 4, 4)}, note="very sure")


def _overlaps(p, y, over):
    """Soft intersections and the two sizes, summed over the given dimensions."""
    t = F.one_hot(y, p.shape[1]).movedim(-1, 1).to(p.dtype)
    return (p * t).sum(over), p.sum(over), t.sum(over)


def _loss_with(f=lambda i, p, t: i / (p + t - i), over=(0, 2, 3), prob=lambda z: z.softmax(1)):
    return lambda z, y: 1 - f(*_overlaps(prob(z.double()), y, over)).mean().float()


def _jaccard_with(**changes):
    return _loss.value(_loss_with(**changes))


def jaccard_loss(z, y):
    """The loss and its gradient with respect to the logits."""
    return _loss.with_gradient(_loss_with(), z=z, y=y)


def _hard(z):
    return F.one_hot(z.argmax(1), z.shape[1]).movedim(-1, 1).to(z.dtype)


JACCARD = Exercise(
    name="jaccard_loss",
    chapter=CHAPTER,
    points=2,
    contract="jaccard_loss(z, y) -> () float32: one minus the mean over the classes of the soft Jaccard "
    "index, with sums over all images and pixels, differentiable; z (B, K, H, W) float32 logits, y (B, H, W) "
    "int64",
    draw=draw_maps,
    expected=jaccard_loss,
    call=_loss.with_gradient,
    outputs=_loss.OUTPUTS,
    atol=1e-4,
    mistakes=(
        Mistake(
            "That is the Dice loss.",
            "The soft union is the sum of both sizes minus the soft intersection.",
            wrong=_jaccard_with(f=lambda i, p, t: 2 * i / (p + t)),
        ),
        Mistake(
            "You add 1 above and below, as `dice_loss` does; here the index is taken as it is.",
            "What is the index of an answer that misses everything?",
            wrong=_jaccard_with(f=lambda i, p, t: (i + 1) / (p + t - i + 1)),
        ),
        Mistake(
            "Your union counts the intersection twice.",
            "Sum of both sizes, minus what?",
            wrong=_jaccard_with(f=lambda i, p, t: i / (p + t)),
        ),
        Mistake(
            "You put logits where probabilities belong.",
            "Which function turns logits into probabilities?",
            wrong=_jaccard_with(prob=lambda z: z),
        ),
        Mistake(
            "Your softmax runs over the wrong dimension.",
            "The probabilities of one pixel must add up to one: over which dimension?",
            wrong=_jaccard_with(prob=lambda z: z.softmax(-1)),
        ),
        Mistake(
            "You took a sigmoid for each class.",
            "A pixel has exactly one class: its probabilities add up to one.",
            wrong=_jaccard_with(prob=lambda z: z.sigmoid()),
        ),
        Mistake(
            "You decide first and count then: such a loss has no gradient.",
            "Use the probabilities themselves instead of argmax.",
            wrong=_jaccard_with(prob=_hard),
        ),
        Mistake(
            "You average the index of each image.",
            "Add up intersections and unions over the whole batch before you divide.",
            wrong=_jaccard_with(over=(2, 3)),
        ),
        Mistake(
            "You add up all classes before you divide, so a rare class hardly counts.",
            "One index for each class first, then their mean.",
            wrong=_jaccard_with(over=(0, 1, 2, 3)),
        ),
        Mistake(
            "That is the index itself; a loss must fall as it rises.",
            "One minus what you have.",
            wrong=_loss.value(lambda z, y: 1 - _loss_with()(z, y)),
        ),
        Mistake(
            "Your exponentials overflow.",
            "torch.softmax subtracts the largest logit first.",
            wrong=_jaccard_with(prob=lambda z: z.float().exp() / z.float().exp().sum(1, keepdim=True)),
        ),
        _loss.DETACHED,
        _loss.NUMPY,
    ),
)

EXERCISES = [IOU, SHUFFLE, UNET, JACCARD]
