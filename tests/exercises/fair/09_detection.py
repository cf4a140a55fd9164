"""More right and wrong answers to the exercises on detection."""

import bisect

import numpy as np
import torch
from answers import solutions

S = solutions("09_detection")


# ------------------------------------------------------------------------------------------ right: iou_matrix
def iou_by_loops(a, b):
    out = torch.zeros(len(a), len(b))
    for i, (l1, t1, r1, b1) in enumerate(a.tolist()):
        for j, (l2, t2, r2, b2) in enumerate(b.tolist()):
            both = max(0.0, min(r1, r2) - max(l1, l2)) * max(0.0, min(b1, b2) - max(t1, t2))
            out[i, j] = both / ((r1 - l1) * (b1 - t1) + (r2 - l2) * (b2 - t2) - both)
    return out


def iou_by_numpy(a, b):
    a, b = a.numpy().astype(float)[:, None], b.numpy().astype(float)[None]
    sides = np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2])
    both = np.where((sides > 0).all(2), sides.prod(2), 0.0)
    area_a, area_b = ((c[..., 2] - c[..., 0]) * (c[..., 3] - c[..., 1]) for c in (a, b))
    return torch.from_numpy(both / (area_a + area_b - both)).float()


def iou_the_other_way_round(a, b):
    return S["iou_matrix"](b.double(), a.double()).float().T  # not contiguous


# ------------------------------------------------------------------------------------------ right: greedy_nms
def nms_by_loops(boxes, scores, threshold):
    kept = []
    for i in sorted(range(len(boxes)), key=lambda i: float(scores[i]), reverse=True):
        overlaps = iou_by_loops(boxes[i : i + 1], boxes[kept])[0]
        if all(float(overlap) <= threshold for overlap in overlaps):
            kept.append(i)
    return torch.tensor(kept, dtype=torch.int64)


def nms_by_numpy(boxes, scores, threshold):
    overlap = S["iou_matrix"](boxes.double(), boxes.double()).numpy()
    order, kept = np.argsort(-scores.numpy()), []
    while order.size:
        kept.append(order[0])
        order = order[1:][~(overlap[order[0], order[1:]] > threshold)]
    return np.array(kept, dtype=np.int64)


def nms_by_mask(boxes, scores, threshold):
    alive, kept = torch.ones(len(boxes), dtype=torch.bool), torch.zeros(0, dtype=torch.int64)
    while alive.any():
        best = scores.masked_fill(~alive, -torch.inf).argmax()
        kept = torch.cat([kept, best[None]])
        alive &= ~(S["iou_matrix"](boxes[best][None], boxes)[0] > threshold)
        alive[best] = False
    return kept


# ------------------------------------------------------------------------------ right: coco_average_precision
def ap_by_loops(scores, hits, total):
    points, found = [], 0
    for n, (_, hit) in enumerate(sorted(zip(scores.tolist(), hits.tolist(), strict=True), reverse=True), 1):
        found += hit
        points.append((found / total, found / n))
    return sum(max((p for r, p in points if r >= k / 100), default=0) for k in range(101)) / 101


def ap_by_numpy(scores, hits, total):
    found = np.cumsum(hits.numpy()[np.argsort(-scores.numpy())])
    recall, precision = found / total, found / np.arange(1, len(found) + 1)
    envelope = np.append(np.maximum.accumulate(precision[::-1])[::-1], 0)
    return envelope[np.searchsorted(recall, np.linspace(0, 1, 101))].mean()


def ap_by_bisection(scores, hits, total):
    counts = hits[scores.sort(descending=True).indices].float().cumsum(0)
    recall, precision = (counts / total).tolist(), counts / torch.arange(1, len(counts) + 1)
    values = torch.zeros(101)
    for k in range(101):
        first = bisect.bisect_left(recall, k / 100)
        values[k] = precision[first:].max() if first < len(recall) else 0.0
    return values.mean()


# ---------------------------------------------------------------------------------------- right: decode_boxes
def decode_by_loops(t, anchors):
    rows = torch.empty(len(t), 4)
    for n, ((tx, ty, tw, th), (left, top, right, bottom)) in enumerate(zip(t, anchors, strict=True)):
        w, h = (right - left), (bottom - top)
        x, y = left + (0.5 + tx) * w, top + (0.5 + ty) * h
        w, h = w * tw.exp(), h * th.exp()
        rows[n] = torch.stack([x - w / 2, y - h / 2, x + w / 2, y + h / 2])
    return rows


def decode_by_numpy(t, anchors):
    t, a = t.numpy().astype(float), anchors.numpy().astype(float)
    sides = a[:, 2:] - a[:, :2]
    centre, half = a[:, :2] + sides / 2 + t[:, :2] * sides, sides * np.exp(t[:, 2:]) / 2
    return np.hstack([centre - half, centre + half]).astype(np.float32)


def decode_by_columns(t, anchors):
    left, top, right, bottom = anchors.double().unbind(1)
    tx, ty, tw, th = t.double().T
    x, y, w, h = (left + right) / 2, (top + bottom) / 2, right - left, bottom - top
    x, y, w, h = x + tx * w, y + ty * h, w * tw.exp(), h * th.exp()
    return torch.stack([x - w / 2, y - h / 2, x + w / 2, y + h / 2]).float().T  # not contiguous


RIGHT = {
    "iou_matrix": {
        "loops": iou_by_loops,
        "NumPy and float64 inside": iou_by_numpy,
        "transposed view": iou_the_other_way_round,
    },
    "greedy_nms": {"loops": nms_by_loops, "a NumPy array": nms_by_numpy, "a mask of the living": nms_by_mask},
    "coco_average_precision": {
        "loops": ap_by_loops,
        "a NumPy number": ap_by_numpy,
        "bisection in float32, a tensor": ap_by_bisection,
    },
    "decode_boxes": {
        "loops": decode_by_loops,
        "a NumPy array": decode_by_numpy,
        "columns in float64, a view": decode_by_columns,
    },
}


# ---------------------------------------------------------------------------------------------- wrong answers
def _clamped_late(a, b):
    size, area_a, area_b = S["_sizes"](a, b)
    both = size.prod(2).clamp(min=0)
    return both / (area_a + area_b - both)


def _absolute(a, b):
    size, area_a, area_b = S["_sizes"](a, b)
    return size.abs().prod(2) / (area_a + area_b - size.abs().prod(2))


def _hull(a, b):
    size = S["_sizes"](a, b)[0].clamp(min=0).prod(2)
    low, high = torch.minimum(a[:, None, :2], b[:, :2]), torch.maximum(a[:, None, 2:], b[:, 2:])
    return size / (high - low).prod(2)


def _sum_of_sides(a, b):
    size, area_a, area_b = S["_sizes"](a, b)
    both = size.clamp(min=0).sum(2)
    return both / (area_a + area_b - both)


def _below_only(boxes, scores, threshold):
    overlap, order, kept = S["iou_matrix"](boxes, boxes), scores.argsort(descending=True), []
    while len(order):
        kept.append(order[0])
        order = order[1:][overlap[order[0], order[1:]] < threshold]
    return torch.stack(kept) if kept else order


def _removes_while_it_goes(boxes, scores, threshold):
    overlap, order = S["iou_matrix"](boxes, boxes), scores.argsort(descending=True).tolist()
    kept = []
    while order:
        best = order.pop(0)
        kept.append(best)
        for i in order:  # removing shifts the list: the next one is skipped
            if overlap[best, i] > threshold:
                order.remove(i)
    return torch.tensor(kept, dtype=torch.long)


def _next_only(boxes, scores, threshold):
    order = scores.argsort(descending=True)
    overlap = S["iou_matrix"](boxes, boxes)
    kept = [i for n, i in enumerate(order) if n == 0 or overlap[order[n - 1], i] <= threshold]
    return torch.stack(kept) if kept else order


def _boxes_themselves(boxes, scores, threshold):
    return boxes[S["greedy_nms"](boxes, scores, threshold)]


def _best_so_far(scores, hits, total):
    recall, precision = S["_curve"](scores, hits, total)
    place = torch.searchsorted(recall, torch.arange(101).double() / 100)
    best = precision.cummax(0).values if len(precision) else precision
    return torch.cat([best, torch.zeros(1)])[place].mean().item()


def _recall_zero_left_out(scores, hits, total):
    recall, precision = S["_curve"](scores, hits, total)
    best = [precision[recall >= k / 100].max().item() for k in range(1, 101) if (recall >= k / 100).any()]
    return sum(best) / 100


def _recalls_below(scores, hits, total):
    recall, precision = S["_curve"](scores, hits, total)
    best = [precision[recall <= k / 100].max().item() for k in range(101) if (recall <= k / 100).any()]
    return sum(best) / 101


def _mean_precision(scores, hits, total):
    precision = S["_curve"](scores, hits, total)[1]
    return precision.mean().item() if len(precision) else 0.0


# Right loops that forget the case of no boxes.
def _iou_stacked(a, b):
    return torch.stack([torch.stack([S["iou_matrix"](p[None], q[None])[0, 0] for q in b]) for p in a])


def _iou_listed(a, b):
    rows = [[S["iou_matrix"](p[None], q[None])[0, 0].item() for q in b] for p in a]
    return torch.tensor(rows, dtype=torch.float32)  # (0,) where a is empty


def _kept_stacked(boxes, scores, threshold):
    return torch.stack(list(nms_by_loops(boxes, scores, threshold)))


def _kept_without_dtype(boxes, scores, threshold):
    return torch.tensor(nms_by_loops(boxes, scores, threshold).tolist())


def _mean_of_what_is_read(scores, hits, total):
    recall, precision = S["_curve"](scores, hits, total)
    best = [max(precision[n:].tolist()) for n in range(len(precision))]
    last = recall[-1]
    return sum(best[int((recall < k / 100).sum())] for k in range(101) if k / 100 <= last) / 101


def _decoded_stacked(t, anchors):
    return torch.stack([S["decode_boxes"](t[n : n + 1], anchors[n : n + 1])[0] for n in range(len(t))])


def _swapped(t, anchors):
    return S["decode_boxes"](t[:, [1, 0, 2, 3]], anchors)


def _other_order(t, anchors):
    return S["decode_boxes"](t, anchors)[:, [0, 2, 1, 3]]


WRONG = {
    "iou_matrix": {
        "clamped after the product": _clamped_late,
        "absolute sides": _absolute,
        "the hull as union": _hull,
        "sides added": _sum_of_sides,
        "transposed": lambda a, b: S["iou_matrix"](b, a),
        "no boxes forgotten, stacked": _iou_stacked,
        "no boxes in a forgotten, listed": _iou_listed,
        "1 in the denominator": lambda a, b: (
            S["_intersection"](a, b)
            / (1 + S["_sizes"](a, b)[1] + S["_sizes"](a, b)[2] - S["_intersection"](a, b))
        ),
    },
    "greedy_nms": {
        "equal goes, too": _below_only,
        "removes while it goes through the list": _removes_while_it_goes,
        "the next box only": _next_only,
        "boxes": _boxes_themselves,
        "no boxes forgotten, stacked": _kept_stacked,
        "no boxes forgotten, without dtype": _kept_without_dtype,
        "floats": lambda *case: S["greedy_nms"](*case).float(),
    },
    "coco_average_precision": {
        "best precision so far": _best_so_far,
        "recall 0 left out": _recall_zero_left_out,
        "recalls below": _recalls_below,
        "mean precision": _mean_precision,
        "no boxes forgotten, the last recall": _mean_of_what_is_read,
        "boxes for objects": lambda scores, hits, total: S["coco_average_precision"](
            scores, hits, max(len(scores), 1)
        ),
        "area without envelope": lambda scores, hits, total: (
            (S["_curve"](scores, hits, total)[1] * hits[scores.argsort(descending=True)]).sum().item() / total
        ),
    },
    "decode_boxes": {
        "exponential added": S["_moved"](sides=lambda s, t: s + t.exp()),
        "shifted the other way": S["_moved"](centre=lambda c, s, t: c - t * s),
        "centre and shift scaled": S["_moved"](centre=lambda c, s, t: (c + t) * s),
        "powers of two": S["_moved"](sides=lambda s, t: s * 2**t),
        "t_x and t_y swapped": _swapped,
        "no boxes forgotten, stacked": _decoded_stacked,
        "left, right, top, bottom": _other_order,
        "no corner below 0": lambda t, anchors: S["decode_boxes"](t, anchors).clamp(min=0),
    },
}
