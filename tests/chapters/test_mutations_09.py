"""The derivations of chapter 09 are checked by asserts that fail when the formula is wrong."""

import pytest
import torch
from mutate import first_cells, mutations

CHAPTER = "09_detection"
# Cells that load data, train, draw or check an exercise; no derivation needs them.
SKIP = (
    "plt.subplots", "\ncheck.", "train = compose(", "blind = (", "torch.stack(train.boxes", "def pipeline(",
    "backbone = data.load", "marks = [torch", "kinds = {", "rpn = train_rpn(0)", "proposals = {name",
    "roi_head = train_roi(", "map_products =", "on_crops.load_state", "yolo, fresh =", "RIVALS = [",
    "Draw Figure 18", "by_overlap =", "dims = (", "errors, with_loose", "rounded =", "nearest = iou(corner",
)  # fmt: skip
BROKEN = {
    "rectangles from pixels, not from grid lines": ("math.comb(4 + 1, 2)", "math.comb(4, 2)", "rectangles ="),
    "IoU with a union that counts twice": (
        "return both / (area_a + area_b - both)",
        "return both / (area_a + area_b)",
        "counted =",
    ),
    "IoU of boxes that miss each other": (
        "(high - low).clamp(min=0).prod(-1)",
        "(high - low).prod(-1)",
        "brute = ",
    ),
    "NMS keeps what overlaps": (
        "overlap[order[0], order[1:]] <= threshold",
        "overlap[order[0], order[1:]] >= threshold",
        "kornia_nms(",
    ),
    "AP without the envelope": (
        "precision.flip(0).cummax(0).values.flip(0)",
        "precision",
        "sum(best) / total",
    ),
    "recall of the objects found": (
        "return count / total,",
        "return count / count[-1],",
        "sum(best) / total",
    ),
    "a duplicate counts as a hit": (
        "hits[n], overlap[:, which] = True, -1.0",
        "hits[n] = True",
        "STRICT = ",
    ),
    "regions join where they differ": ("else d <= min(inside", "else d >= min(inside", "halves ="),
    "boxes a pixel short": ('(x + 1, "amax")', '(x, "amax")', "halves ="),
    "hats twice as wide": ("(1 - away.abs())", "(1 - 0.5 * away.abs())", "F.grid_sample"),
    "RoI align half a cell off": ("(at / cell - 0.5)", "(at / cell)", "sloped ="),
    "rows and columns swapped": ("brph,bchw,brqw->brcpq", "brph,bchw,brqw->brcqp", "F.grid_sample"),
    "corrections in pixels": ("(centre - centre_a) / sides_a", "(centre - centre_a)", "encode(2 * b"),
    "decoding without the exponential": (
        "t[..., 2:].clamp(max=3).exp()",
        "(1 + t[..., 2:])",
        "encode(2 * b",
    ),
    "no anchor for an object that none overlaps by half": (
        "kind[favourite] = 1.0",
        "pass",
        "assert kind.tolist()",
    ),
    "smooth L1 without its half": ("d**2 / 0.2", "d**2 / 0.1", "smooth ="),
    "the class term without its logarithm": ("z[5:].log_softmax(0)", "z[5:].softmax(0)", "slow / 4"),
    "the size term with w twice": (
        "torch.cat([z[1:3].sigmoid(), z[3:5]])",
        "torch.cat([z[1:3].sigmoid(), z[3:4], z[3:4]])",
        "slow / 4",
    ),
    "rows and columns of the cells": ("torch.stack([j, i], -1)", "torch.stack([i, j], -1)", "back ="),
    "the focal loss weighs what is right": (
        "wrong = (z[0].sigmoid() - o).abs()",
        "wrong = 1 - (z[0].sigmoid() - o).abs()",
        "easy, missed =",
    ),
    "a matching by the highest cost": ("min(itertools.perm", "max(itertools.perm", "owners ="),
    "soft-NMS in the order of the old scores": (
        "torch.where(left, scores, -1.0).argmax()",
        "left.int().argmax()",
        "above = iou(",
    ),
    "soft-NMS without the square": (
        "(-(overlap[i, left] ** 2) / sigma)",
        "(-overlap[i, left] / sigma)",
        "above = iou(",
    ),
}

test_a_broken_formula_is_caught, test_unchanged_it_passes = mutations(CHAPTER, BROKEN, SKIP)


# ----------------------------------------------------------------------- against the reference implementation
def random_scenes(count, g):
    """True boxes and guesses near them: [(truth (M, 4), labels, boxes (N, 4), scores, labels), ...]"""
    result = []
    for _ in range(count):
        m, extra = (int(torch.randint(1, 6, (), generator=g)) for _ in range(2))
        corner = 60 * torch.rand(m, 2, generator=g)
        truth = torch.cat([corner, corner + 10 + 25 * torch.rand(m, 2, generator=g)], 1)
        names = torch.randint(0, 3, (m,), generator=g)
        which = torch.randint(0, m, (m + extra,), generator=g)
        boxes = truth[which] + 2.5 * torch.randn(m + extra, 4, generator=g)
        labels = torch.where(torch.rand(m + extra, generator=g) < 0.8, names[which], 0)
        result.append((truth, names, boxes, torch.rand(m + extra, generator=g), labels))
    return result


def coco_scores(scenes):
    """AP at IoU 0.5 and mean AP over 0.5 to 0.95 by pycocotools, each the mean over three classes."""
    coco, evaluator = (pytest.importorskip(f"pycocotools.{name}") for name in ("coco", "cocoeval"))

    def sized(b):
        return [b[0], b[1], b[2] - b[0], b[3] - b[1]]

    truth, guesses, annotations = coco.COCO(), [], []
    for i, (boxes, names, found, scores, labels) in enumerate(scenes, 1):
        for box, k in zip(boxes.tolist(), names.tolist(), strict=True):
            box = sized(box)
            annotations.append(
                {"id": len(annotations) + 1, "image_id": i, "category_id": k + 1, "bbox": box, "iscrowd": 0}
                | {"area": box[2] * box[3]}
            )
        for box, s, k in zip(found.tolist(), scores.tolist(), labels.tolist(), strict=True):
            guesses.append({"image_id": i, "category_id": k + 1, "bbox": sized(box), "score": s})
    truth.dataset = {
        "info": {},
        "images": [{"id": i} for i in range(1, len(scenes) + 1)],
        "annotations": annotations,
        "categories": [{"id": k} for k in (1, 2, 3)],
    }
    truth.createIndex()
    evaluation = evaluator.COCOeval(truth, truth.loadRes(guesses), "bbox")
    evaluation.evaluate()
    evaluation.accumulate()
    precision = evaluation.eval["precision"][:, :, :, 0, -1]  # (T, 101, K), all sizes, 100 boxes
    return precision[0].mean(), precision.mean()


@pytest.fixture(scope="module")
def book():
    """The names of the chapter after the cell that averages over several thresholds."""
    names = {}
    for source in first_cells(CHAPTER, "STRICT = ", skip=SKIP):
        exec(source, names)
    return names


@pytest.mark.parametrize("seed", range(3))
def test_map_agrees_with_coco(book, seed, monkeypatch):
    from types import SimpleNamespace

    from course_utils.exercises.detection import coco_average_precision

    scenes = random_scenes(40, torch.Generator().manual_seed(seed))
    truth = SimpleNamespace(boxes=[s[0] for s in scenes], labels=[s[1] for s in scenes])
    found = [s[2:] for s in scenes]
    expected = coco_scores(scenes)
    area = (book["mean_ap"](found, truth).mean(), book["mean_ap"](found, truth, book["STRICT"]).mean())
    assert area == pytest.approx(expected, abs=0.015)  # the exact area against 101 points of it
    monkeypatch.setitem(book, "average_precision", coco_average_precision)  # where mean_ap looks for it
    points = (book["mean_ap"](found, truth).mean(), book["mean_ap"](found, truth, book["STRICT"]).mean())
    assert points == pytest.approx(expected, abs=0.003)
    assert 0.2 < expected[1] < expected[0] < 0.95
