"""More right and wrong answers to the exercises on identification."""

import math

import numpy as np
import torch
import torch.nn.functional as F
from answers import solutions

S = solutions("10_identification")


# ---------------------------------------------------------------------------------- right: pairwise_distances
def distances_by_loops(x, y):
    return torch.tensor([[math.dist(a, b) for b in y.tolist()] for a in x.tolist()])


def distances_by_numpy(x, y):
    return np.sqrt(((x.numpy()[:, None] - y.numpy()) ** 2).sum(2))


def distances_by_float64(x, y):
    x, y = x.double(), y.double()
    d2 = x.square().sum(1, keepdim=True) + y.square().sum(1) - 2 * x @ y.T
    return d2.abs().sqrt().float()


def distances_by_one_product(x, y):
    ones = torch.ones(len(x), 1), torch.ones(len(y), 1)
    left = torch.cat([y.square().sum(1, keepdim=True), ones[1], -2 * y], 1)
    right = torch.cat([ones[0], x.square().sum(1, keepdim=True), x], 1)
    return (left @ right.T).clamp(min=0).sqrt().T  # not contiguous


# ------------------------------------------------------------------------------------ right: contrastive_loss
def contrastive_by_loops(u, v, same, alpha):
    total = 0.0
    for a, b, y in zip(u, v, same, strict=True):
        d = torch.sqrt(((a - b) ** 2).sum())
        total = total + (d**2 / 2 if y == 1 else torch.clamp(alpha - d, min=0) ** 2 / 2)
    return total / len(u)


def contrastive_by_where(u, v, same, alpha):
    d = F.pairwise_distance(u.double(), v.double(), eps=0)
    return torch.where(same.bool(), d.square(), F.relu(alpha - d).square()).mean().float() / 2


def contrastive_by_parts(u, v, same, alpha):
    d = torch.linalg.vector_norm(v - u, dim=1)
    own, other = d[same == 1], d[same == 0]
    return (own.square().sum() + (alpha - other[other < alpha]).square().sum()) / (2 * same.numel())


# --------------------------------------------------------------------------------- right: semi_hard_negatives
def mine_by_loops(d, labels, a, p, alpha):
    chosen = []
    for i, j in zip(a.tolist(), p.tolist(), strict=True):
        best = -1
        for n in range(len(d)):
            fits = labels[n] != labels[i] and d[i, j] < d[i, n] < d[i, j] + alpha
            if fits and (best < 0 or d[i, n] < d[i, best]):
                best = n
        chosen.append(best)
    return torch.tensor(chosen, dtype=torch.int64)


def mine_by_numpy(d, labels, a, p, alpha):
    d, labels, a, p = (t.numpy() for t in (d, labels, a, p))
    rows, near = d[a].copy(), d[a, p][:, None]
    rows[(labels[a][:, None] == labels) | (rows <= near) | (rows >= near + alpha)] = np.inf
    return np.where(np.isfinite(rows.min(1)), rows.argmin(1), -1)


def mine_by_sorting(d, labels, a, p, alpha):
    order = d.double()[a].argsort(1)
    far, near = d.double()[a].gather(1, order), d.double()[a, p][:, None]
    fits = (labels[order] != labels[a][:, None]) & (far > near) & (far < near + alpha)
    first = fits.int().argmax(1, keepdim=True)
    return order.gather(1, first)[:, 0].where(fits.any(1), torch.tensor(-1))


# --------------------------------------------------------------------------------------------- right: far_frr
def far_by_loops(d, same, threshold):
    wrong, count = [0, 0], [0, 0]
    for distance, own in zip(d.tolist(), same.tolist(), strict=True):
        count[own] += 1
        wrong[own] += (distance < threshold) != own
    return wrong[0] / count[0], wrong[1] / count[1]


def far_by_numpy(d, same, threshold):
    d, same = d.numpy(), same.numpy()
    return np.mean(d[~same] < threshold), np.mean(d[same] >= threshold)


def far_by_tensors(d, same, threshold):
    rejected = (d >= threshold).double()
    return [1 - rejected[~same].mean(), (rejected * same).sum() / same.sum()]


RIGHT = {
    "pairwise_distances": {
        "loops": distances_by_loops,
        "a NumPy array": distances_by_numpy,
        "float64 inside, absolute value": distances_by_float64,
        "one product, a view": distances_by_one_product,
        "cdist": lambda x, y: torch.cdist(x, y),
    },
    "contrastive_loss": {
        "loops": contrastive_by_loops,
        "where, float64 inside": contrastive_by_where,
        "each kind by itself": contrastive_by_parts,
    },
    "semi_hard_negatives": {
        "loops": mine_by_loops,
        "a NumPy array": mine_by_numpy,
        "sorting, float64 inside": mine_by_sorting,
    },
    "far_frr": {
        "loops": far_by_loops,
        "NumPy numbers": far_by_numpy,
        "a list of tensors": far_by_tensors,
    },
}


# ---------------------------------------------------------------------------------------------- wrong answers
def _nothing_clamped(x, y):
    return (x.square().sum(1)[:, None] + y.square().sum(1) - 2 * x @ y.T).sqrt()


def _lengths_not_squared(x, y):
    return (x.norm(dim=1)[:, None] + y.norm(dim=1) - 2 * x @ y.T).clamp(min=0).sqrt()


def _all_pairs(u, v, same, alpha):
    d = torch.cdist(u, v)
    return 0.5 * (same * d**2 + (1 - same) * (alpha - d).clamp(min=0) ** 2).mean()


def _kind_by_kind(u, v, same, alpha):
    d, own = (u - v).norm(dim=1), same.bool()
    pull, push = d[own].square().sum(), (alpha - d[~own]).relu().square().sum()
    return (pull / max(1, own.sum()) + push / max(1, (~own).sum())) / 2


def _pulls_all(u, v, same, alpha):
    d = (u - v).norm(dim=1)
    return 0.5 * (d**2 + (1 - same) * (alpha - d).clamp(min=0) ** 2).mean()


def _among_strangers(d, labels, a, p, alpha):
    chosen = []
    for i, j in zip(a.tolist(), p.tolist(), strict=True):
        others = d[i][labels != labels[i]]
        fits = (others > d[i, j]) & (others < d[i, j] + alpha)
        chosen.append(int(others.masked_fill(~fits, torch.inf).argmin()) if fits.any() else -1)
    return torch.tensor(chosen)


def _mined(fits):
    return S["_mine_with"](fits)


WRONG = {
    "pairwise_distances": {
        "nothing clamped": _nothing_clamped,
        "scaled to length one first": lambda x, y: S["pairwise_distances"](
            F.normalize(x, dim=1), F.normalize(y, dim=1)
        ),
        "lengths not squared": _lengths_not_squared,
        "transposed": lambda x, y: S["pairwise_distances"](y, x),
        "rows of one number": lambda x, y: torch.stack([(x - y[:1]).norm(dim=1)] * len(y), 1),
    },
    "contrastive_loss": {
        "all pairs of u and v": _all_pairs,
        "the mean of each kind": _kind_by_kind,
        "pulls strangers, too": _pulls_all,
        "margin on the pull": S["_loss_with"](pull=lambda d, alpha: (d - alpha).clamp(min=0) ** 2),
        "detached": lambda *case: S["contrastive_loss"](*case).detach(),
        "a Python number": lambda *case: S["contrastive_loss"](*case).item(),
        "one side detached": lambda u, v, same, alpha: S["contrastive_loss"](u, v.detach(), same, alpha),
    },
    "semi_hard_negatives": {
        "squared distances": lambda d, *case: S["semi_hard_negatives"](d**2, *case),
        "numbered among the strangers": _among_strangers,
        "at the lower bound, too": _mined(
            lambda d, near, other, alpha: other & (d >= near) & (d < near + alpha)
        ),
        "at the upper bound, too": _mined(
            lambda d, near, other, alpha: other & (d > near) & (d <= near + alpha)
        ),
        "a band on both sides": _mined(lambda d, near, other, alpha: other & ((d - near).abs() < alpha)),
        "below alpha": _mined(lambda d, near, other, alpha: other & (d > near) & (d < alpha)),
        "floats": lambda *case: S["semi_hard_negatives"](*case).float(),
    },
    "far_frr": {
        "hits for false accepts": lambda *case: (1 - S["far_frr"](*case)[0], S["far_frr"](*case)[1]),
        "order": lambda *case: S["far_frr"](*case)[::-1],
        "divisors swapped": lambda d, same, threshold: (
            ((d < threshold) & ~same).sum().item() / same.sum().item(),
            ((d >= threshold) & same).sum().item() / (~same).sum().item(),
        ),
        "equal is accepted for strangers": lambda d, same, threshold: (
            (d[~same] <= threshold).float().mean().item(),
            (d[same] >= threshold).float().mean().item(),
        ),
    },
}
