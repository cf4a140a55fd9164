"""Exercises of the chapter on identification."""

from __future__ import annotations

from operator import ge, gt, le, lt

import torch
import torch.nn.functional as F

from . import _loss
from ._base import Case, Exercise, Mistake, integers, normal

CHAPTER = "10_identification"


# --------------------------------------------------------------------------------------- pairwise_distances
def draw_distances(rng):
    yield Case({"x": torch.tensor([[1.0, 2.0], [4.0, -2.0]]), "y": torch.tensor([[1.0, 0.0], [7.0, 2.0]])})
    yield Case({"x": normal(rng, 7, 5), "y": normal(rng, 4, 5)})
    yield Case({"x": normal(rng, 3, 200), "y": normal(rng, 30, 200)}, note="many features")
    x = normal(rng, 40, 64)
    yield Case({"x": x, "y": x.clone()}, note="the same points twice: the diagonal is 0")
    yield Case({"x": normal(rng, 1, 3), "y": normal(rng, 1, 3)}, note="one point each")


def pairwise_distances(x, y):
    """All differences at once, then their norm."""
    return (x[:, None] - y).norm(dim=2)


def _expanded(x, y, factor=2.0, root=True):
    """The square multiplied out, with another factor before the products, or without the root."""
    d2 = (x.square().sum(1)[:, None] + y.square().sum(1) - factor * x @ y.T).clamp(min=0)
    return d2.sqrt() if root else d2


DISTANCES = Exercise(
    name="pairwise_distances",
    chapter=CHAPTER,
    points=2,
    contract="pairwise_distances(x, y) -> (N, M) float32, the Euclidean distance of each row of x, (N, D), "
    "to each row of y, (M, D)",
    draw=draw_distances,
    expected=pairwise_distances,
    atol=1e-2,
    rtol=1e-3,
    mistakes=(
        Mistake(
            "Some distances are not a number: the root of a number just below zero.",
            "Rounding can make a sum of squares negative where points coincide; what keeps it at zero?",
            when=lambda case, got: torch.is_tensor(got) and bool(got.isnan().any()),
        ),
        Mistake(
            "These are squared distances.",
            "Distance from (0, 0) to (3, 4): 5 or 25?",
            wrong=lambda x, y: _expanded(x, y, root=False),
        ),
        Mistake(
            "The mixed term has the factor 1 instead of 2.",
            "Multiply out (u - v)².",
            wrong=lambda x, y: _expanded(x, y, factor=1.0),
        ),
        Mistake(
            "The mixed term has the wrong sign.",
            "Multiply out (u - v)².",
            wrong=lambda x, y: _expanded(x, y, factor=-2.0),
        ),
        Mistake(
            "The squared lengths of the rows of y are missing.",
            "How many terms has (u - v)², multiplied out?",
            wrong=lambda x, y: (x.square().sum(1)[:, None] - 2 * x @ y.T).clamp(min=0).sqrt(),
        ),
        Mistake(
            "The squared lengths of the rows of x are missing.",
            "How many terms has (u - v)², multiplied out?",
            wrong=lambda x, y: (y.square().sum(1) - 2 * x @ y.T).clamp(min=0).sqrt(),
        ),
        Mistake(
            "That is one minus the cosine.",
            "It says how directions differ; what is the distance of two points on one ray?",
            wrong=lambda x, y: 1 - F.normalize(x, dim=1) @ F.normalize(y, dim=1).T,
        ),
        Mistake(
            "You add the absolute differences: that is the city-block distance.",
            "Which norm is the Euclidean one?",
            wrong=lambda x, y: (x[:, None] - y).abs().sum(2),
        ),
        Mistake(
            "You average over the features instead of adding.",
            "Does the distance of two points change when a coordinate equal in both is appended?",
            wrong=lambda x, y: (x[:, None] - y).square().mean(2).sqrt(),
        ),
    ),
)


# ----------------------------------------------------------------------------------------- contrastive_loss
def draw_contrastive(rng):
    u = torch.tensor([[0.0, 0.0], [0.0, 0.0], [1.0, 1.0]])
    v = torch.tensor([[0.9, 1.2], [0.6, 0.0], [1.0, 3.0]])
    yield Case({"u": u, "v": v, "same": torch.tensor([1.0, 0.0, 0.0]), "alpha": 1.0})
    for alpha in (1.0, 2.5):
        u = normal(rng, 40, 4)
        same = integers(rng, 2, 40).float()
        yield Case({"u": u, "v": u + normal(rng, 40, 4, scale=0.7), "same": same, "alpha": alpha})
    u = normal(rng, 6, 3)
    yield Case({"u": u, "v": normal(rng, 6, 3), "same": torch.ones(6), "alpha": 1.0}, note="no strangers")
    far = {"u": u, "v": u + 5, "same": torch.zeros(6), "alpha": 1.0}
    yield Case(far, note="strangers only, all far beyond the margin")


def _pair_by_pair(u, v, same, alpha):
    """Equation (3) as it stands."""
    total = torch.zeros((), dtype=torch.float64)
    for a, b, y in zip(u.double(), v.double(), same.tolist(), strict=True):
        d = torch.dist(a, b)
        total = total + (d**2 if y else (alpha - d).clamp(min=0) ** 2)
    return (total / (2 * len(same))).float()


def contrastive_loss(u, v, same, alpha):
    """The loss and its gradients with respect to the embeddings."""
    return _loss.with_gradient(_pair_by_pair, u=u, v=v, same=same, alpha=alpha)


def _contrastive(u, v, same, alpha, *, d=None, pull=None, push=None, half=0.5, mean=True):
    """The loss with one thing changed: the term of equal pairs, of strangers, the half, the mean."""
    d = (u - v).norm(dim=1) if d is None else d
    pull = pull or (lambda d: d.square())
    push = push or (lambda d: (alpha - d).relu().square())
    each = half * (same * pull(d) + (1 - same) * push(d))
    return {"the loss": each.mean() if mean else each.sum()}


def _kind_by_kind(u, v, same, alpha):
    d, count = (u - v).norm(dim=1), same.sum()
    pull, push = same @ d.square(), (1 - same) @ (alpha - d).relu().square()
    return {"the loss": 0.5 * (pull / count.clamp(min=1) + push / (len(same) - count).clamp(min=1))}


CONTRASTIVE = Exercise(
    name="contrastive_loss",
    chapter=CHAPTER,
    points=2,
    contract="contrastive_loss(u, v, same, alpha) -> scalar float32, equation (3) averaged over the pairs; "
    "u, v: (B, D), the embeddings of B pairs; same: (B,) floats, 1 for one identity, 0 for two; alpha: "
    "float; differentiable",
    draw=draw_contrastive,
    expected=contrastive_loss,
    call=_loss.with_gradient,
    outputs=_loss.OUTPUTS,
    mistakes=(
        Mistake(
            "Your square is inside the max: strangers beyond the margin are pulled back.",
            "What is the loss of two strangers at d = 3 when the margin is 1?",
            wrong=lambda u, v, same, alpha: _contrastive(
                u, v, same, alpha, push=lambda d: (alpha - d).square()
            ),
        ),
        Mistake(
            "Your term of the strangers is not squared.",
            "max(0, alpha - d) is a length; which power does equation (3) take?",
            wrong=lambda u, v, same, alpha: _contrastive(
                u, v, same, alpha, push=lambda d: (alpha - d).relu()
            ),
        ),
        Mistake(
            "Your d is the squared distance, and is squared once more.",
            "In equation (3), d is a length; what does a sum of squares lack?",
            wrong=lambda u, v, same, alpha: _contrastive(
                u, v, same, alpha, pull=lambda d: d**4, push=lambda d: (alpha - d**2).relu().square()
            ),
        ),
        Mistake(
            "You take the difference of two squares, not the square of the difference.",
            "What is squared in the second term of equation (3)?",
            wrong=lambda u, v, same, alpha: _contrastive(
                u, v, same, alpha, push=lambda d: (alpha**2 - d.square()).relu()
            ),
        ),
        Mistake(
            "You compare the margin with the squared distance.",
            "In which unit is alpha in equation (3)?",
            wrong=lambda u, v, same, alpha: _contrastive(
                u, v, same, alpha, push=lambda d: (alpha - d.square()).relu().square()
            ),
        ),
        Mistake(
            "Pairs of one identity pay d, not d².",
            "Look at the first term of equation (3).",
            wrong=lambda u, v, same, alpha: _contrastive(u, v, same, alpha, pull=lambda d: d),
        ),
        Mistake(
            "The two kinds of pairs have changed places: strangers attract each other.",
            "Which pairs should get closer?",
            wrong=lambda u, v, same, alpha: _contrastive(u, v, 1 - same, alpha),
        ),
        Mistake(
            "You turn the labels into ±1.",
            "Put y = -1 into equation (3): what becomes of the first term, what of 1 - y?",
            wrong=lambda u, v, same, alpha: _contrastive(u, v, 2 * same - 1, alpha),
        ),
        Mistake(
            "The factor ½ is missing in the term of the strangers.",
            "What do the brackets of equation (3) hold together?",
            wrong=lambda u, v, same, alpha: _contrastive(
                u, v, same, alpha, push=lambda d: 2 * (alpha - d).relu().square()
            ),
        ),
        Mistake(
            "The factor ½ is missing in the term of equal pairs.",
            "What do the brackets of equation (3) hold together?",
            wrong=lambda u, v, same, alpha: _contrastive(u, v, same, alpha, pull=lambda d: 2 * d.square()),
        ),
        Mistake(
            "Strangers beyond the margin pay, those within it do not.",
            "Which strangers should be pushed, the near or the far ones?",
            wrong=lambda u, v, same, alpha: _contrastive(
                u, v, same, alpha, push=lambda d: (d - alpha).relu().square()
            ),
        ),
        Mistake(
            "You compare every row of u with every row of v.",
            "Which v belongs to u[0], and how many pairs are there?",
            wrong=lambda u, v, same, alpha: _contrastive(u, v, same, alpha, d=torch.cdist(u, v)),
        ),
        Mistake(
            "You average each kind of pairs by itself.",
            "Equation (3) is the loss of one pair, of either kind; average it over all pairs.",
            wrong=_kind_by_kind,
        ),
        Mistake(
            "You scale the embeddings to length one first.",
            "Take u and v as they are given.",
            wrong=lambda u, v, same, alpha: _contrastive(
                F.normalize(u, dim=1), F.normalize(v, dim=1), same, alpha
            ),
        ),
        Mistake(
            "The factor ½ is missing.",
            "What does the derivative of d² bring down?",
            wrong=lambda u, v, same, alpha: _contrastive(u, v, same, alpha, half=1.0),
        ),
        Mistake(
            "You add up the pairs instead of averaging.",
            "Should the loss double when every pair is given twice?",
            wrong=lambda u, v, same, alpha: _contrastive(u, v, same, alpha, mean=False),
        ),
        Mistake(
            "You return a loss for each pair.",
            "What does backward need to start from?",
            when=lambda case, got: torch.is_tensor(got[0]) and got[0].shape == case.inputs["same"].shape,
        ),
        _loss.DETACHED,
        _loss.NUMPY,
    ),
)


# -------------------------------------------------------------------------------------- semi_hard_negatives
def _pairs(labels):
    """Indices (a, p) of all ordered pairs of one identity."""
    same = (labels[:, None] == labels) & ~torch.eye(len(labels), dtype=torch.bool)
    return same.nonzero(as_tuple=True)


def _told_apart(rng, alpha):
    """Inputs in which no two numbers to be compared are so close that rounding decides."""
    while True:
        labels = integers(rng, 6, 24)
        points = normal(rng, 24, 3) + 1.2 * normal(rng, 6, 3)[labels]
        (a, p), d = _pairs(labels), torch.cdist(points, points)
        numbers = torch.cat([d[a], d[a, p][:, None] + alpha], 1)
        if numbers.sort(1).values.diff(dim=1).min() > 1e-5:
            return {"d": d, "labels": labels, "a": a, "p": p, "alpha": alpha}


def draw_semi_hard(rng):
    d = torch.tensor(
        [
            [0.0, 0.5, 0.4, 0.65, 0.6, 0.68],
            [0.5, 0.0, 0.9, 1.1, 0.2, 0.8],
            [0.4, 0.9, 0.0, 0.3, 0.7, 0.9],
            [0.65, 1.1, 0.3, 0.0, 0.75, 0.85],
            [0.6, 0.2, 0.7, 0.75, 0.0, 0.1],
            [0.68, 0.8, 0.9, 0.85, 0.1, 0.0],
        ]
    )
    labels = torch.tensor([0, 0, 1, 1, 2, 2])
    a, p = _pairs(labels)
    yield Case({"d": d, "labels": labels, "a": a, "p": p, "alpha": 0.2})
    d = torch.tensor([[0, 0.5, 0.5, 0.75], [0.5, 0, 0.625, 0.75], [0.5, 0.625, 0, 1], [0.75, 0.75, 1, 0]])
    labels = torch.tensor([0, 0, 1, 1])
    a, p = _pairs(labels)
    inputs = {"d": d, "labels": labels, "a": a, "p": p, "alpha": 0.25}
    yield Case(inputs, note="distances equal to a bound")
    for alpha in (0.1, 0.5):
        yield Case(_told_apart(rng, alpha))
    points, labels = normal(rng, 12, 2), torch.arange(4).repeat_interleave(3)
    points = 0.1 * points + 20 * labels[:, None]
    a, p = _pairs(labels)
    inputs = {"d": torch.cdist(points, points), "labels": labels, "a": a, "p": p, "alpha": 0.3}
    yield Case(inputs, note="well separated: no semi-hard negative anywhere")


def _nearest(candidates, distance):
    return min(candidates, key=distance)


def _choose(d, labels, a, p, alpha, *, low=gt, high=lt, stranger=True, best=_nearest, none=-1):
    """One negative a pair, with a condition changed or left out (None), or another than the nearest."""
    chosen = []
    for i, j in zip(a.tolist(), p.tolist(), strict=True):
        candidates = [
            n
            for n in range(len(labels))
            if n != i
            and (labels[n] != labels[i] or not stranger)
            and (low is None or low(d[i, n], d[i, j]))
            and (high is None or high(d[i, n], d[i, j] + alpha))
        ]
        chosen.append(best(candidates, d[i].__getitem__) if candidates else none)
    return torch.tensor(chosen)


def _bounded(low, high):
    return lambda *args: _choose(*args, low=low, high=high)


def _never_none(case, got):
    """Whether the answer is right but for the pairs without a semi-hard negative, none of which has -1."""
    right = _choose(**case.inputs)
    return bool((right == -1).any() and torch.equal(got == right, right != -1))


def _from_positive(d, labels, a, p, alpha):
    """The nearest to the positive that lies in the ring around it."""
    chosen = []
    for i, j in zip(a.tolist(), p.tolist(), strict=True):
        ring = [n for n in range(len(labels)) if labels[n] != labels[i] and 0 < d[j, n] - d[i, j] < alpha]
        chosen.append(min(ring, key=d[j].__getitem__) if ring else -1)
    return torch.tensor(chosen)


def _among_strangers(d, labels, a, p, alpha):
    """The right images, numbered without those of the anchor's identity."""
    right = _choose(d, labels, a, p, alpha)
    rank = (labels[a][:, None] != labels).cumsum(1) - 1
    return torch.where(right < 0, right, rank.gather(1, right.clamp(min=0)[:, None])[:, 0])


def _nearer_than_positive(d, labels, a, p, alpha):
    """The nearest negative, where it is nearer than the positive."""
    n = _choose(d, labels, a, p, alpha, low=None, high=None)
    return torch.where(d[a, n] < d[a, p], n, -1)


def _fits(case, got):
    """Whether the answer is one index a pair."""
    return torch.is_tensor(got) and got.shape == case.inputs["a"].shape and got.dtype == torch.int64


def _kin(case, got):
    """Where a negative exists and the answer names an image of the anchor's own identity."""
    labels, a = case.inputs["labels"], case.inputs["a"]
    chosen = labels[got.clamp(0, len(labels) - 1)]
    return (_choose(**case.inputs) >= 0) & (got >= 0) & (chosen == labels[a])


SEMI_HARD = Exercise(
    name="semi_hard_negatives",
    chapter=CHAPTER,
    points=3,
    contract="semi_hard_negatives(d, labels, a, p, alpha) -> n (P,) int64: for each pair (a[k], p[k]) the "
    "index of the nearest image of another identity with d[a, p] < d[a, n] < d[a, p] + alpha, -1 if there is "
    "none; d: (B, B) distances, labels: (B,), a, p: (P,) indices",
    draw=draw_semi_hard,
    expected=_choose,
    mistakes=(
        Mistake(
            "You take hard negatives, too: nearer to the anchor than the positive.",
            "The inequality has a left side.",
            wrong=lambda *args: _choose(*args, low=None),
        ),
        Mistake(
            "You take the hardest negative of all.",
            "Semi-hard lies between two bounds; you use neither.",
            wrong=lambda *args: _choose(*args, low=None, high=None),
        ),
        Mistake(
            "Those are hard negatives: nearer to the anchor than the positive.",
            "On which side of d[a, p] do the semi-hard ones lie?",
            wrong=_nearer_than_positive,
        ),
        Mistake(
            "You measure from the positive.",
            "Where does each of the distances in inequality (7) start?",
            wrong=_from_positive,
        ),
        Mistake(
            "You forget the upper bound: negatives beyond the margin give no gradient.",
            "What is the loss of a triplet with d[a, n] > d[a, p] + alpha?",
            wrong=lambda *args: _choose(*args, high=None),
        ),
        Mistake(
            "Some of your negatives have the identity of the anchor.",
            "Where do the labels come in?",
            when=lambda case, got: _fits(case, got) and bool(_kin(case, got).any()),
        ),
        Mistake(
            "You take the farthest semi-hard negative.",
            "Which of them has the largest loss?",
            wrong=lambda *args: _choose(*args, best=lambda ns, distance: max(ns, key=distance)),
        ),
        Mistake(
            "You take the first semi-hard negative, not the nearest.",
            "Among those that fit, what does the smallest distance say about the loss?",
            wrong=lambda *args: _choose(*args, best=lambda ns, distance: ns[0]),
        ),
        *(
            Mistake("You take negatives at a bound, too.", "Is it < or ≤ in inequality (7)?", wrong=wrong)
            for wrong in (_bounded(ge, lt), _bounded(gt, le), _bounded(ge, le))
        ),
        Mistake(
            "You square the distances; d is to be compared as it is.",
            "Does d[a, n] < d[a, p] + alpha say the same as d[a, n]² < d[a, p]² + alpha?",
            wrong=lambda d, *args: _choose(d.square(), *args),
        ),
        Mistake(
            "Your indices count the images of other identities alone.",
            "Which number has the image in the batch?",
            wrong=_among_strangers,
        ),
        Mistake(
            "Where there is no semi-hard negative, your answer is not -1.",
            "What does argmin return when every entry is infinite?",
            when=lambda case, got: _fits(case, got) and _never_none(case, got),
        ),
    ),
)


# -------------------------------------------------------------------------------------------------- far_frr
def draw_far(rng):
    d = torch.tensor([0.2, 0.9, 0.4, 0.7, 0.3, 1.1, 0.8, 1.3])
    same = torch.tensor([True, True, True, False, False, False, False, False])
    yield Case({"d": d, "same": same, "threshold": 0.75})
    for share, threshold in ((0.3, 1.0), (0.05, 0.6)):
        same = torch.from_numpy(rng.random(300) < share)
        same[:2] = torch.tensor([True, False])
        d = (1.4 - 0.6 * same + normal(rng, 300, scale=0.4)).abs()
        d[(d - threshold).abs() < 1e-5] += 1e-3  # rounding may not decide
        yield Case({"d": d, "same": same, "threshold": threshold})
    yield Case({"d": d, "same": same, "threshold": 0.0}, note="nobody is accepted")
    half = torch.tensor([0.25, 0.5, 0.5, 0.75])
    inputs = {"d": half, "same": torch.tensor([True, True, False, False]), "threshold": 0.5}
    yield Case(inputs, note="distances equal to the threshold are rejected")


def far_frr(d, same, threshold):
    """Count the two kinds of mistakes."""
    pairs = list(zip(d.tolist(), same.tolist(), strict=True))
    strangers, equal = [x for x, y in pairs if not y], [x for x, y in pairs if y]
    far = sum(x < threshold for x in strangers) / len(strangers)
    return far, sum(not x < threshold for x in equal) / len(equal)


def _of_all(d, same, threshold):
    accept = d < threshold
    return (accept & ~same).float().mean().item(), (~accept & same).float().mean().item()


def _of_accepted(d, same, threshold):
    accept = d < threshold
    far = (accept & ~same).sum() / accept.sum().clamp(min=1)
    return far.item(), ((~accept & same).sum() / (~accept).sum().clamp(min=1)).item()


def _complement(d, same, threshold):
    far, frr = far_frr(d, same, threshold)
    return 1 - far, 1 - frr


FAR = Exercise(
    name="far_frr",
    chapter=CHAPTER,
    points=2,
    contract="far_frr(d, same, threshold) -> (far, frr), two floats; d: (N,) distances of pairs, same: (N,) "
    "bool; a pair is accepted when d < threshold",
    draw=draw_far,
    expected=far_frr,
    outputs=("far", "frr"),
    mistakes=(
        Mistake(
            "You divide by the number of all pairs.",
            "FAR is a share of the strangers, FRR a share of the pairs of one identity.",
            wrong=_of_all,
        ),
        Mistake(
            "You return numbers of pairs, not shares.",
            "A share of what, for FAR, and of what for FRR?",
            wrong=lambda d, same, threshold: (
                int((d[~same] < threshold).sum()),
                int((d[same] >= threshold).sum()),
            ),
        ),
        Mistake(
            "You return percentages; shares from 0 to 1 are wanted.",
            "Which number stands for all of them?",
            wrong=lambda d, same, threshold: tuple(100 * v for v in far_frr(d, same, threshold)),
        ),
        Mistake(
            "The two kinds of pairs have changed places.",
            "False accepts: pairs of which kind are accepted wrongly?",
            wrong=lambda d, same, threshold: far_frr(d, ~same, threshold),
        ),
        Mistake(
            "You divide by the number of accepted (or rejected) pairs.",
            "With ten times as many strangers, should FAR change?",
            wrong=_of_accepted,
        ),
        Mistake(
            "You accept pairs that are farther apart than the threshold.",
            "Small distance: same identity or not?",
            wrong=_complement,
        ),
        Mistake(
            "Your second number is the share of equal pairs that are accepted.",
            "The R of FRR stands for reject.",
            wrong=lambda d, same, threshold: (
                far_frr(d, same, threshold)[0],
                1 - far_frr(d, same, threshold)[1],
            ),
        ),
        Mistake(
            "You accept distances equal to the threshold.",
            "Is 0.5 < 0.5?",
            wrong=lambda d, same, threshold: (
                (d[~same] <= threshold).float().mean().item(),
                (d[same] > threshold).float().mean().item(),
            ),
        ),
    ),
)

EXERCISES = [DISTANCES, CONTRASTIVE, SEMI_HARD, FAR]
