"""Exercises of the chapter on detection."""

from __future__ import annotations

import torch

from ._base import Case, Exercise, Mistake, normal

CHAPTER = "09_detection"


def boxes(rng, n, room=40.0):
    """Boxes (n, 4) float32 with corners between 0 and about 1.6 rooms, sides from 0.1 to 0.6 rooms."""
    corner, sides = rng.uniform(0, room, (n, 2)), rng.uniform(0.1 * room, 0.6 * room, (n, 2))
    return torch.tensor([[*c, *(c + s)] for c, s in zip(corner, sides, strict=True)]).float().reshape(n, 4)


# ------------------------------------------------------------------------------------------------- iou_matrix
def draw_iou(rng):
    a = torch.tensor([[0.0, 0.0, 4.0, 2.0], [6.0, 5.0, 9.0, 9.0]])
    b = torch.tensor([[1.0, 0.0, 5.0, 3.0], [0.0, 1.0, 2.0, 2.0], [7.0, 0.0, 9.0, 4.0]])
    yield Case({"a": a, "b": b})
    for n, m in ((5, 7), (12, 4), (1, 1)):
        yield Case({"a": boxes(rng, n), "b": boxes(rng, m)})
    b = boxes(rng, 3)
    inner = torch.cat([b[:, :2] + 1, b[:, 2:] - 1], 1)
    yield Case({"a": b, "b": torch.cat([inner, b.flip(0)])}, note="boxes inside others, equal boxes")
    yield Case({"a": b, "b": b + 60}, note="boxes far apart")
    yield Case({"a": b, "b": b[:0]}, note="no boxes in b")
    yield Case({"a": b[:0], "b": b}, note="no boxes in a")


def _parts(a, b):
    """Areas (N,), (M,) and intersections (N, M), pair by pair."""
    both = torch.zeros(len(a), len(b))
    for n, (left, top, right, bottom) in enumerate(a.tolist()):
        for m, (left_b, top_b, right_b, bottom_b) in enumerate(b.tolist()):
            width, height = min(right, right_b) - max(left, left_b), min(bottom, bottom_b) - max(top, top_b)
            both[n, m] = width * height if width > 0 and height > 0 else 0.0
    return _area(a), _area(b), both


def _area(a):
    return (a[:, 2] - a[:, 0]) * (a[:, 3] - a[:, 1])


def iou_matrix(a, b):
    area_a, area_b, both = _parts(a, b)
    return both / (area_a[:, None] + area_b - both)


def _unclamped(a, b, least=-torch.inf):
    """Sides of the intersection as they are; their product not below ``least``."""
    size = torch.minimum(a[:, None, 2:], b[:, 2:]) - torch.maximum(a[:, None, :2], b[:, :2])
    both = (size[..., 0] * size[..., 1]).clamp(min=least)
    return both / (_area(a)[:, None] + _area(b) - both)


def _twice(a, b):
    area_a, area_b, both = _parts(a, b)
    return both / (area_a[:, None] + area_b)


def _dice(a, b):
    area_a, area_b, both = _parts(a, b)
    return 2 * both / (area_a[:, None] + area_b)


def _over(choose):
    """The intersection over the smaller or larger area."""

    def wrong(a, b):
        area_a, area_b, both = _parts(a, b)
        return both / choose(area_a[:, None], area_b)

    return wrong


def _as_sides(a, b):
    corners = [torch.cat([c[:, :2], c[:, :2] + c[:, 2:]], 1) for c in (a, b)]
    return iou_matrix(*corners)


def _plus_one(a, b):
    grow = torch.tensor([0.0, 0.0, 1.0, 1.0])
    return iou_matrix(a + grow, b + grow)


IOU = Exercise(
    name="iou_matrix",
    chapter=CHAPTER,
    points=2,
    contract="iou_matrix(a, b) -> (N, M) float32, the IoU of each pair; a (N, 4), b (M, 4): left, top, "
    "right, bottom, float32, all sides positive; N or M may be 0",
    draw=draw_iou,
    expected=iou_matrix,
    mistakes=(
        Mistake(
            "Boxes that miss each other get an overlap: two negative sides have a positive product.",
            "What should the width of the intersection be when right < left?",
            wrong=_unclamped,
        ),
        Mistake(
            "You clamp the product of the sides; two negative sides have a positive one.",
            "What should the width of the intersection be when right < left?",
            wrong=lambda a, b: _unclamped(a, b, least=0.0),
        ),
        Mistake(
            "Your union counts the intersection twice.",
            "What does equation (2) subtract in the denominator?",
            wrong=_twice,
        ),
        Mistake(
            "That is the Dice coefficient: the intersection twice, over the sum of the areas.",
            "What stands in the denominator of equation (2), and what in the numerator?",
            wrong=_dice,
        ),
        Mistake(
            "You divide by the smaller area, not by the union.",
            "What should a small box inside a large one get?",
            wrong=_over(torch.minimum),
        ),
        Mistake(
            "You divide by the area of a alone.",
            "IoU is symmetric: what happens when a and b change places?",
            wrong=_over(lambda area_a, area_b: area_a + 0 * area_b),
        ),
        Mistake(
            "You return the area of the intersection.",
            "Equation (2) is a quotient: what do you divide by?",
            wrong=lambda a, b: _parts(a, b)[2],
        ),
        Mistake(
            "You read the last two numbers as width and height; they are right and bottom.",
            "What is the width of the box (6, 5, 9, 9)?",
            wrong=_as_sides,
        ),
        Mistake(
            "You add 1 to every side, as some old code does; the boxes here are not counted in whole pixels.",
            "What is the area of the box (0, 0, 4, 2)?",
            wrong=_plus_one,
        ),
        Mistake(
            "Your result has one number for each pair of rows, not for all pairs.",
            "What are the shapes of a[:, None] and b[None]?",
            when=lambda case, got: got.ndim == 1,
        ),
    ),
)


# ------------------------------------------------------------------------------------------------- greedy_nms
def draw_nms(rng):
    chain = torch.tensor([[12.0, 0, 22, 10], [0, 0, 10, 10], [40, 0, 50, 10], [4, 0, 14, 10], [8, 0, 18, 10]])
    yield Case({"boxes": chain, "scores": torch.tensor([0.6, 0.9, 0.3, 0.8, 0.7]), "threshold": 0.3})
    half = torch.tensor([[0.0, 0, 10, 10], [0, 0, 10, 5]])
    equal = {"boxes": half, "scores": torch.tensor([0.9, 0.8]), "threshold": 0.5}
    yield Case(equal, note="an IoU equal to the threshold")
    three = torch.tensor([[0.0, 0, 10, 10], [1, 0, 11, 10], [0, 1, 10, 11]])
    same = {"boxes": three, "scores": torch.tensor([0.9, 0.8, 0.7]), "threshold": 0.5}
    yield Case(same, note="three boxes for one object")
    for n, threshold in ((30, 0.5), (50, 0.2), (40, 0.7), (1, 0.5)):
        scores = torch.from_numpy(rng.permutation(n) + 1.0).float() / (n + 1)
        yield Case({"boxes": _clear(rng, n, threshold), "scores": scores, "threshold": threshold})
    yield Case({"boxes": torch.zeros(0, 4), "scores": torch.zeros(0), "threshold": 0.5}, note="no boxes")


def _clear(rng, n, threshold):
    """Boxes (n, 4), none of whose IoUs is so close to the threshold that rounding decides."""
    while True:
        found = boxes(rng, n, 20.0)
        if ((iou_matrix(found, found) - threshold).abs() > 1e-5).all():
            return found


def _greedy(boxes, scores, threshold, alive_only=True, order=None, far=False):
    """By brute force: a box is kept unless a better one (a better kept one) overlaps it too much."""
    overlap, kept = iou_matrix(boxes, boxes), []
    order = sorted(range(len(boxes)), key=lambda i: -scores[i]) if order is None else order
    for place, i in enumerate(order):
        rivals = kept if alive_only else order[:place]
        if not any((overlap[i, j] < threshold) if far else (overlap[i, j] > threshold) for j in rivals):
            kept.append(i)
    return torch.tensor(kept, dtype=torch.long)


def greedy_nms(boxes, scores, threshold):
    return _greedy(boxes, scores, threshold)


def _places(boxes, scores, threshold):
    order = scores.argsort(descending=True)
    return greedy_nms(boxes[order], scores[order], threshold)


def _previous(boxes, scores, threshold):
    overlap, kept = iou_matrix(boxes, boxes), []
    for i in scores.argsort(descending=True).tolist():
        if not kept or overlap[i, kept[-1]] <= threshold:
            kept.append(i)
    return torch.tensor(kept, dtype=torch.long)


def _above(boxes, scores, threshold):
    order = scores.argsort(descending=True)
    return order[scores[order] > threshold]


def _one_round(boxes, scores, threshold):
    order = scores.argsort(descending=True)
    if not len(order):
        return order
    overlap = iou_matrix(boxes, boxes)[order[0], order]
    return order[(overlap <= threshold) | (torch.arange(len(order)) == 0)]


NMS = Exercise(
    name="greedy_nms",
    chapter=CHAPTER,
    points=3,
    contract="greedy_nms(boxes, scores, threshold) -> int64 indices of the boxes kept, the highest score "
    "first; boxes (N, 4) corners; scores (N,), no two equal; a box goes if its IoU with a kept one is above "
    "threshold",
    draw=draw_nms,
    expected=greedy_nms,
    mistakes=(
        Mistake(
            "Boxes that were removed still remove others.",
            "In the chain of boxes, the second falls to the first. Who is left to remove the third?",
            wrong=lambda boxes, scores, threshold: _greedy(boxes, scores, threshold, alive_only=False),
        ),
        Mistake(
            "You return places in the sorted list, not indices into boxes.",
            "After sorting, which number of the original list stands at place n?",
            wrong=_places,
        ),
        Mistake(
            "You go through the boxes as they come, not by their scores.",
            "Which box does the first step take?",
            wrong=lambda boxes, scores, threshold: _greedy(
                boxes, scores, threshold, order=list(range(len(boxes)))
            ),
        ),
        Mistake(
            "You begin with the lowest score.",
            "Which way does argsort sort?",
            wrong=lambda boxes, scores, threshold: greedy_nms(boxes, -scores, threshold),
        ),
        Mistake(
            "You compare with the box kept last only.",
            "Could a box overlap one that was kept earlier?",
            wrong=_previous,
        ),
        Mistake(
            "A box goes although its IoU is only equal to the threshold.",
            "Is 0.5 above 0.5?",
            wrong=lambda boxes, scores, threshold: greedy_nms(boxes, scores, threshold - 1e-6),
        ),
        Mistake(
            "You stop after the best box has removed its neighbours.",
            "What does step 3 say?",
            wrong=_one_round,
        ),
        Mistake(
            "You remove the boxes that overlap little and keep the duplicates.",
            "Which boxes see the same object: those with a large IoU or with a small one?",
            wrong=lambda boxes, scores, threshold: _greedy(boxes, scores, threshold, far=True),
        ),
        Mistake(
            "You compare the scores with threshold; it is for the IoU.",
            "What does step 2 compare?",
            wrong=_above,
        ),
        Mistake(
            "You return a mask of the boxes kept, not their indices.",
            "In which order would a mask name them?",
            when=lambda case, got: got.dtype == torch.bool and got.shape == case.inputs["scores"].shape,
        ),
        Mistake(
            "The right boxes, but not the highest score first.",
            "Which order did the loop find them in?",
            wrong=lambda boxes, scores, threshold: greedy_nms(boxes, scores, threshold).sort().values,
        ),
    ),
)


# ------------------------------------------------------------------------------------- coco_average_precision
def draw_ap(rng):
    scores = torch.tensor([0.5, 0.9, 0.3, 0.8, 0.6])
    yield Case({"scores": scores, "hits": torch.tensor([True, True, True, False, False]), "total": 7})
    for n, total, rate in ((40, 23, 0.4), (200, 97, 0.3), (60, 67, 0.8), (9, 3, 0.2)):  # no recall of k / 100
        hits = torch.from_numpy(rng.random(n) < rate)
        hits &= hits.cumsum(0) <= total
        scores = torch.from_numpy(rng.permutation(n) + 1.0).float() / (n + 1)
        yield Case({"scores": scores, "hits": hits, "total": total})
    yield Case({"scores": scores, "hits": torch.zeros_like(hits), "total": 3}, note="no hit at all")
    yield Case({"scores": scores[:3], "hits": hits[:3] | True, "total": 3}, note="everything found")
    none = {"scores": torch.zeros(0), "hits": torch.zeros(0, dtype=torch.bool), "total": 11}
    yield Case(none, note="no boxes")


def _points(scores, hits, total, sort=True):
    """[(recall, precision), …] from the highest score down."""
    order = sorted(range(len(scores)), key=lambda i: -scores[i]) if sort else range(len(scores))
    points, count = [], 0
    for n, i in enumerate(order, 1):
        count += bool(hits[i])
        points.append((count / total, count / n))
    return points


def _read(points, places=100, envelope=True):
    """The mean of the best precision at recalls 0, 1 / places, …, 1."""
    total = 0.0
    for k in range(places + 1):
        reached = [p for r, p in points if r >= k / places]
        total += (max(reached) if envelope else reached[0]) if reached else 0.0
    return total / (places + 1)


def coco_average_precision(scores, hits, total):
    return _read(_points(scores, hits, total))


def _exact_area(scores, hits, total):
    points, before, area = _points(scores, hits, total), 0.0, 0.0
    for n, (recall, _) in enumerate(points):
        area += (recall - before) * max(p for _, p in points[n:])
        before = recall
    return area


def _best_so_far(scores, hits, total):
    points, best = [], 0.0
    for recall, precision in _points(scores, hits, total):
        best = max(best, precision)
        points.append((recall, best))
    return _read(points, envelope=False)


def _reached_only(scores, hits, total):
    points, values = _points(scores, hits, total), []
    for k in range(101):
        reached = [p for r, p in points if r >= k / 100]
        values += [max(reached)] if reached else []
    return sum(values) / len(values) if values else 0.0


AP = Exercise(
    name="coco_average_precision",
    chapter=CHAPTER,
    points=3,
    contract="coco_average_precision(scores, hits, total) -> number, the mean of the envelope of precision "
    "at the recalls 0, 0.01, …, 1; scores (N,), no two equal; hits (N,) bool; total: int, the true objects; "
    "N may be 0",
    draw=draw_ap,
    expected=coco_average_precision,
    mistakes=(
        Mistake(
            "You take precision as it is, without its envelope.",
            "Precision can rise again further down the list. What is the best to be had from here on?",
            wrong=lambda scores, hits, total: _read(_points(scores, hits, total), envelope=False),
        ),
        Mistake(
            "Your envelope is the best precision so far; it should be the best from here on.",
            "In the envelope, is the maximum over smaller recalls or over larger ones?",
            wrong=_best_so_far,
        ),
        Mistake(
            "You do not sort by score.",
            "Which box is the first one shown to a user?",
            wrong=lambda scores, hits, total: _read(_points(scores, hits, total, sort=False)),
        ),
        Mistake(
            "You begin with the lowest score.",
            "Which way does argsort sort?",
            wrong=lambda scores, hits, total: _read(_points(-scores, hits, total)),
        ),
        Mistake(
            "Your sum is right, but you divide it by 100.",
            "How many recalls are there from 0 to 1 in steps of 0.01, both ends included?",
            wrong=lambda scores, hits, total: _read(_points(scores, hits, total)) * 101 / 100,
        ),
        Mistake(
            "Your recall divides by the objects found, so it always reaches 1.",
            "How many objects are there to find?",
            wrong=lambda scores, hits, total: _read(_points(scores, hits, max(int(hits.sum()), 1))),
        ),
        Mistake(
            "That is the exact area of equation (4).",
            "COCO reads the envelope at 101 places instead: how many of them lie beyond the first hit?",
            wrong=_exact_area,
        ),
        Mistake(
            "You read the envelope at 11 recalls, as the older Pascal VOC benchmark did.",
            "How many recalls are there from 0 to 1 in steps of 0.01?",
            wrong=lambda scores, hits, total: _read(_points(scores, hits, total), places=10),
        ),
        Mistake(
            "You leave out the recalls that are never reached; they count as 0.",
            "By how much do you divide?",
            wrong=_reached_only,
        ),
    ),
)


# ----------------------------------------------------------------------------------------------- decode_boxes
def draw_decode(rng):
    anchors = torch.tensor([[10.0, 20.0, 30.0, 60.0], [0.0, 0.0, 8.0, 4.0]])
    yield Case({"t": torch.tensor([[0.5, -0.25, 0.3, -0.2], [0.1, 0.2, -0.4, 0.6]]), "anchors": anchors})
    for n in (1, 20):
        yield Case({"t": normal(rng, n, 4, scale=0.5), "anchors": boxes(rng, n)})
    yield Case({"t": torch.zeros(5, 4), "anchors": boxes(rng, 5)}, note="t = 0: nothing moves")
    yield Case({"t": torch.zeros(0, 4), "anchors": torch.zeros(0, 4)}, note="no boxes")


def _decode(t, anchors, scale=True, grow=torch.exp, reach=0.5, origin=0.5, swap=False, old=False):
    sides = torch.stack([anchors[:, 2] - anchors[:, 0], anchors[:, 3] - anchors[:, 1]], 1)
    centre = anchors[:, :2] + origin * sides
    new_sides = (sides.flip(1) if swap else sides) * grow(t[:, 2:])
    new_centre = centre + t[:, :2] * ((new_sides if old else sides) if scale else 1.0)
    return torch.cat([new_centre - reach * new_sides, new_centre + reach * new_sides], 1)


def decode_boxes(t, anchors):
    """With scalars, box by box."""
    rows = []
    for (tx, ty, tw, th), (left, top, right, bottom) in zip(t.double(), anchors.double(), strict=True):
        x = (left + right) / 2 + tx * (right - left)
        y = (top + bottom) / 2 + ty * (bottom - top)
        w, h = (right - left) * tw.exp(), (bottom - top) * th.exp()
        rows.append(torch.stack([x - w / 2, y - h / 2, x + w / 2, y + h / 2]))
    return torch.stack(rows).float() if rows else torch.zeros(0, 4)


def _grows_from_the_corner(t, anchors):
    sides = anchors[:, 2:] - anchors[:, :2]
    corner = anchors[:, :2] + t[:, :2] * sides
    return torch.cat([corner, corner + sides * t[:, 2:].exp()], 1)


def _centres(t, anchors):
    corners = _decode(t, anchors)
    return torch.cat([(corners[:, :2] + corners[:, 2:]) / 2, corners[:, 2:] - corners[:, :2]], 1)


DECODE = Exercise(
    name="decode_boxes",
    chapter=CHAPTER,
    points=2,
    contract="decode_boxes(t, anchors) -> (N, 4) float32 corners; t (N, 4): t_x, t_y, t_w, t_h of equation "
    "(6); anchors (N, 4): left, top, right, bottom; N may be 0",
    draw=draw_decode,
    expected=decode_boxes,
    mistakes=(
        Mistake(
            "You shift by t itself, not by t sides of the anchor.",
            "Solve the first part of equation (6) for x: what is t_x multiplied by?",
            wrong=lambda t, anchors: _decode(t, anchors, scale=False),
        ),
        Mistake(
            "You shift by sides of the new box, not of the anchor.",
            "Whose width stands under x - x_a in equation (6)?",
            wrong=lambda t, anchors: _decode(t, anchors, old=True),
        ),
        Mistake(
            "You multiply the sides by 1 + t, not by its exponential.",
            "What undoes a logarithm?",
            wrong=lambda t, anchors: _decode(t, anchors, grow=lambda s: 1 + s),
        ),
        Mistake(
            "You multiply the sides by t, not by its exponential.",
            "What undoes a logarithm?",
            wrong=lambda t, anchors: _decode(t, anchors, grow=lambda s: s),
        ),
        Mistake(
            "Your boxes are twice as large: a corner is half a side away from the centre.",
            "How far is it from the centre to the left edge?",
            wrong=lambda t, anchors: _decode(t, anchors, reach=1.0),
        ),
        Mistake(
            "You take the anchor's left top corner for its centre.",
            "In equation (6), x and y are centres. Where is the centre of the box (10, 20, 30, 60)?",
            wrong=lambda t, anchors: _decode(t, anchors, origin=0.0),
        ),
        Mistake(
            "You move the left top corner and let the box grow from there.",
            "In equation (6), x and y are centres. What happens to the centre if only the width changes?",
            wrong=_grows_from_the_corner,
        ),
        Mistake(
            "You return centres and sides; corners are asked for.",
            "How do you get from the centre to the left edge?",
            wrong=_centres,
        ),
        Mistake(
            "Width and height are swapped.",
            "Which of right - left and bottom - top is the width?",
            wrong=lambda t, anchors: _decode(t, anchors, swap=True),
        ),
    ),
)

EXERCISES = [IOU, NMS, AP, DECODE]
