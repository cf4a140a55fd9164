"""Reference answers of the chapter on detection, and wrong ones with words of the verdict."""

import torch


def iou_matrix(a, b):
    low = torch.maximum(a[:, None, :2], b[None, :, :2])
    high = torch.minimum(a[:, None, 2:], b[None, :, 2:])
    both = (high - low).clamp(min=0).prod(2)
    area = [(c[:, 2:] - c[:, :2]).prod(1) for c in (a, b)]
    return both / (area[0][:, None] + area[1][None] - both)


def greedy_nms(boxes, scores, threshold):
    overlap, order, kept = iou_matrix(boxes, boxes), scores.argsort(descending=True), []
    while len(order):
        kept.append(order[0])
        order = order[1:][overlap[order[0], order[1:]] <= threshold]
    return torch.stack(kept) if kept else order


def coco_average_precision(scores, hits, total):
    count = hits[scores.argsort(descending=True)].double().cumsum(0)
    recall, precision = count / total, count / torch.arange(1, len(count) + 1)
    envelope = precision.flip(0).cummax(0).values.flip(0)
    place = torch.searchsorted(recall, torch.arange(101).double() / 100)
    return torch.cat([envelope, torch.zeros(1)])[place].mean().item()


def decode_boxes(t, anchors):
    centre, sides = (anchors[:, :2] + anchors[:, 2:]) / 2, anchors[:, 2:] - anchors[:, :2]
    centre, sides = centre + t[:, :2] * sides, sides * t[:, 2:].exp()
    return torch.cat([centre - sides / 2, centre + sides / 2], 1)


PAPER = """Answers to the questions for paper, discussion and projects.

1. (1 − s)/(1 + s) = 1/2 gives s = 1/3, against 0.184 in both directions.
2. The distance of B and D lies between 0.77 − 0.4 = 0.37 and 0.77 + 0.4, that is at most 1; so the IoU is
   at most 0.63. It is 9/23 = 0.39, the distance 0.61.
3. Precision at the hits 1/2, 2/3, 3/5; envelope 2/3, 2/3, 3/5: AP 0.644, without it 0.589. Most is gained
   for miss, miss, hit, hit, hit: 0.6 against (1/3 + 1/2 + 3/5)/3 = 0.478.
4. For a shift d to the side (w − d)/(w + d) = t, d = w (1 − t)/(1 + t): 6.7 and 2.9 pixels for 20, 66.7
   and 28.6 for 200.
5. (4096 + 1024 + 256 + 64) · 3 = 16,320; three quarters, 75.3 %, on the finest.
6. With p = σ(z) and p' = p (1 − p): (1 − p)^γ (γ p log p − (1 − p)). For γ → 0 it is −(1 − p) = σ(z) − 1.
7. Tolls: precision, since every false car is a complaint; tumours: recall, since a doctor looks at each box.
   Report the recall at the precision that is needed, or AP at a low IoU (finding matters more than the
   outline); mAP@[.5:.95] rewards outlines, which neither needs.
8. Wherever some confusions cost more than others. Give each pair of classes a cost, or report AP without the
   class beside AP with it, or a confusion matrix of the boxes that lie right.
9. Open. The mean over three seeds with its standard error, against the chapter's network with the same
   number of steps; choose on other new objects than those that judge.
10. Open. One owner for each object among 72 boxes, by cost; duplicates should fall, and with them what NMS
    gains. Without a part that lets boxes see each other (attention), two neighbours still cannot agree.
"""


# -------------------------------------------------------------------------------------------- wrong answers
def _sizes(a, b):
    """Sides of the intersections (N, M, 2), negative where boxes miss each other, and both areas."""
    size = torch.minimum(a[:, None, 2:], b[None, :, 2:]) - torch.maximum(a[:, None, :2], b[None, :, :2])
    return size, (a[:, 2:] - a[:, :2]).prod(1)[:, None], (b[:, 2:] - b[:, :2]).prod(1)[None]


def _negative(a, b):
    size, area_a, area_b = _sizes(a, b)
    both = size.prod(2)
    return both / (area_a + area_b - both)


def _iou_over(under):
    def wrong(a, b):
        size, area_a, area_b = _sizes(a, b)
        return size.clamp(min=0).prod(2) / under(area_a, area_b)

    return wrong


def _dice(a, b):
    size, area_a, area_b = _sizes(a, b)
    return 2 * size.clamp(min=0).prod(2) / (area_a + area_b)


def _intersection(a, b):
    return _sizes(a, b)[0].clamp(min=0).prod(2)


def _sides(a, b):
    return iou_matrix(*(torch.cat([c[:, :2], c[:, :2] + c[:, 2:]], 1) for c in (a, b)))


def _pixels(a, b):
    grow = torch.tensor([0.0, 0.0, 1.0, 1.0])
    return iou_matrix(a + grow, b + grow)


def _diagonal(a, b):
    n = min(len(a), len(b))
    return iou_matrix(a[:n], b[:n]).diagonal()


def _dead_still_kill(boxes, scores, threshold):
    order = scores.argsort(descending=True)
    overlap = iou_matrix(boxes[order], boxes[order])
    return order[~(overlap.tril(-1) > threshold).any(1)]


def _sorted_places(boxes, scores, threshold):
    order = scores.argsort(descending=True)
    return greedy_nms(boxes[order], scores[order], threshold)


def _as_they_come(boxes, scores, threshold):
    return greedy_nms(boxes, -torch.arange(len(boxes)).float(), threshold)


def _lowest_first(boxes, scores, threshold):
    return greedy_nms(boxes, -scores, threshold)


def _last_only(boxes, scores, threshold):
    overlap, kept = iou_matrix(boxes, boxes), []
    for i in scores.argsort(descending=True).tolist():
        if not kept or overlap[i, kept[-1]] <= threshold:
            kept.append(i)
    return torch.tensor(kept, dtype=torch.long)


def _once(boxes, scores, threshold):
    order = scores.argsort(descending=True)
    if len(order) == 0:
        return order
    rest = order[1:][iou_matrix(boxes, boxes)[order[0], order[1:]] <= threshold]
    return torch.cat([order[:1], rest])


def _inverted(boxes, scores, threshold):
    overlap, order, kept = iou_matrix(boxes, boxes), scores.argsort(descending=True), []
    while len(order):
        kept.append(order[0])
        order = order[1:][overlap[order[0], order[1:]] >= threshold]
    return torch.stack(kept) if kept else order


def _confident(boxes, scores, threshold):
    order = scores.argsort(descending=True)
    return order[scores[order] > threshold]


def _mask(boxes, scores, threshold):
    mask = torch.zeros(len(boxes), dtype=torch.bool)
    mask[greedy_nms(boxes, scores, threshold)] = True
    return mask


def _by_index(boxes, scores, threshold):
    return greedy_nms(boxes, scores, threshold).sort().values


def _curve(scores, hits, total):
    count = hits[scores.argsort(descending=True)].double().cumsum(0)
    return count / total, count / torch.arange(1, len(count) + 1)


def _raw(scores, hits, total):
    recall, precision = _curve(scores, hits, total)
    place = torch.searchsorted(recall, torch.arange(101).double() / 100)
    return torch.cat([precision, torch.zeros(1)])[place].mean().item()


def _unsorted(scores, hits, total):
    return coco_average_precision(-torch.arange(len(scores)).double(), hits, total)


def _of_those_found(scores, hits, total):
    return coco_average_precision(scores, hits, max(int(hits.sum()), 1))


def _from_the_lowest(scores, hits, total):
    return coco_average_precision(-scores, hits, total)


def _by_a_hundred(scores, hits, total):
    recall, precision = _curve(scores, hits, total)
    return (
        sum(precision[recall >= k / 100].max().item() for k in range(101) if (recall >= k / 100).any()) / 100
    )


def _area(scores, hits, total):
    recall, precision = _curve(scores, hits, total)
    envelope = precision.flip(0).cummax(0).values.flip(0)
    return (recall.diff(prepend=torch.zeros(1)) * envelope).sum().item()


def _eleven(scores, hits, total):
    recall, precision = _curve(scores, hits, total)
    best = [precision[recall >= k / 10].max() if (recall >= k / 10).any() else 0.0 for k in range(11)]
    return float(sum(best)) / 11


def _where_reached(scores, hits, total):
    recall, precision = _curve(scores, hits, total)
    best = [precision[recall >= k / 100].max().item() for k in range(101) if (recall >= k / 100).any()]
    return sum(best) / len(best) if best else 0.0


def _moved(centre=lambda c, s, t: c + t * s, sides=lambda s, t: s * t.exp(), half=2.0, start=0.5):
    def wrong(t, anchors):
        side = anchors[:, 2:] - anchors[:, :2]
        new = sides(side, t[:, 2:])
        middle = centre(anchors[:, :2] + start * side, side, t[:, :2])
        return torch.cat([middle - new / half, middle + new / half], 1)

    return wrong


def _new_sides(t, anchors):
    centre, sides = (anchors[:, :2] + anchors[:, 2:]) / 2, (anchors[:, 2:] - anchors[:, :2]) * t[:, 2:].exp()
    return torch.cat([centre + (t[:, :2] - 0.5) * sides, centre + (t[:, :2] + 0.5) * sides], 1)


def _corner(t, anchors):
    sides = anchors[:, 2:] - anchors[:, :2]
    corner = anchors[:, :2] + t[:, :2] * sides
    return torch.cat([corner, corner + sides * t[:, 2:].exp()], 1)


def _middles(t, anchors):
    corners = decode_boxes(t, anchors)
    return torch.cat([(corners[:, :2] + corners[:, 2:]) / 2, corners[:, 2:] - corners[:, :2]], 1)


MISTAKES = {
    "iou_matrix": [
        (_negative, "two negative sides"),
        (_iou_over(lambda area_a, area_b: area_a + area_b), "counts the intersection twice"),
        (_iou_over(torch.minimum), "the smaller area"),
        (_iou_over(lambda area_a, area_b: area_a.expand(-1, area_b.shape[1])), "the area of a alone"),
        (_dice, "Dice"),
        (_intersection, "the area of the intersection"),
        (_sides, "width and height"),
        (_pixels, "add 1 to every side"),
        (_diagonal, "for each pair of rows"),
    ],
    "greedy_nms": [
        (_dead_still_kill, "still remove others"),
        (_sorted_places, "places in the sorted list"),
        (_as_they_come, "as they come"),
        (_lowest_first, "lowest score"),
        (_last_only, "kept last only"),
        (_once, "You stop after"),
        (_inverted, "overlap little"),
        (_confident, "compare the scores with threshold"),
        (_mask, "a mask of the boxes kept"),
        (_by_index, "not the highest score first"),
    ],
    "coco_average_precision": [
        (_raw, "without its envelope"),
        (_unsorted, "do not sort"),
        (_from_the_lowest, "lowest score"),
        (_by_a_hundred, "divide it by 100"),
        (_of_those_found, "objects found"),
        (_area, "exact area"),
        (_eleven, "11 recalls"),
        (_where_reached, "never reached"),
    ],
    "decode_boxes": [
        (_moved(centre=lambda c, s, t: c + t), "shift by t itself"),
        (_new_sides, "sides of the new box"),
        (_moved(sides=lambda s, t: s * (1 + t)), "by 1 + t"),
        (_moved(sides=lambda s, t: s * t), "by t, not by its exponential"),
        (_moved(half=1.0), "twice as large"),
        (_moved(start=0.0), "left top corner"),
        (_corner, "grow from there"),
        (_middles, "centres and sides"),
        (_moved(sides=lambda s, t: s.flip(1) * t.exp()), "Width and height are swapped"),
    ],
}
