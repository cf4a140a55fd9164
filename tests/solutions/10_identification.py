"""Reference answers of the chapter on identification, and wrong ones with words of the verdict."""

import torch


def pairwise_distances(x, y):
    d2 = x.square().sum(1)[:, None] + y.square().sum(1) - 2 * x @ y.T
    return d2.clamp(min=0).sqrt()


def contrastive_loss(u, v, same, alpha):
    d = (u - v).norm(dim=1)
    return 0.5 * (same * d**2 + (1 - same) * (alpha - d).clamp(min=0) ** 2).mean()


def semi_hard_negatives(d, labels, a, p, alpha):
    near = d[a, p][:, None]
    fits = (labels[a][:, None] != labels) & (d[a] > near) & (d[a] < near + alpha)
    best, n = d[a].masked_fill(~fits, torch.inf).min(1)
    return torch.where(best < torch.inf, n, -1)


def far_frr(d, same, threshold):
    accept = d < threshold
    return accept[~same].float().mean().item(), (~accept[same]).float().mean().item()


PAPER = """Answers to the questions for paper, discussion and projects.

1. Zero where |n − a|² ≥ 3, outside the circle of radius √3 around a. Hard: inside the unit circle and
   on it; semi-hard: between the two circles; easy: the rest.
2. The three gradients sum to zero. A bias of the last layer is added to all three points, so its
   gradient is their sum: it never moves. (Scaled to length one, the sum is no longer zero.)
3. D at right angles. Of unit vectors with all cosines −1/2 there are at most three, in any dimension:
   0 ≤ |Σ v|² = n − n(n − 1)/2. For n vectors the mean cosine is at least −1/(n − 1), so many strangers
   are at most √2 apart on average, and α = 1.4 asks all of them for that, which 64 dimensions grant to
   64 at a time.
4. ∂L/∂s_ij = (π_ij − [i = j])/B and ∂s_ij/∂q_i = p_j/τ. For τ → 0 all of π goes to the nearest
   document: nothing happens where that is the own one, else only the hardest negative pushes: hard
   mining without a margin.
5. 50,000 · 1,000 comparisons a day: FAR = 2 · 10⁻⁸. To see ten false accepts, half a billion pairs of
   strangers; and they must not all come from the same few people.
6. EER, recall@1, one-shot accuracy and the ROC curve compare distances only. Closeness and the mean
   distance of strangers do not, and neither does the number that is the threshold.
7. Who the people of the benchmark were; how many pupils there are (equation 12); the FRR at that FAR;
   both for groups of pupils separately; light, masks, twins, photographs held up to the camera; who
   agreed, and what happens to those who are turned away.
8. Pages that answer the query but were not clicked, and pairs of the batch that share a page or a
   query. They are near, so π is large, and they are pushed hardest. Mask equal ones; do not believe in
   the last per cent.
9. More steps help most, then a wider net. What is chosen on one half is a little worse on the other;
   an artist nobody trained on costs more than that.
"""


# -------------------------------------------------------------------------------------------- wrong answers
def _no_clamp(x, y):
    return (x.square().sum(1)[:, None] + y.square().sum(1) - 2 * x @ y.T - 1e-6).sqrt()


def _loss_with(pull=None, push=None, half=0.5, labels=None):
    """The contrastive loss with one of its pieces replaced."""
    pull = pull or (lambda d, alpha: d**2)
    push = push or (lambda d, alpha: (alpha - d).clamp(min=0) ** 2)

    def wrong(u, v, same, alpha):
        d, y = (u - v).norm(dim=1), labels(same) if labels else same
        return half * (y * pull(d, alpha) + (1 - y) * push(d, alpha)).mean()

    return wrong


def _mine_with(fits, pick=torch.argmin, fill=torch.inf, none=True):
    """Mining with another condition fits(d_an, d_ap, other, alpha), another choice, or without the -1."""

    def wrong(d, labels, a, p, alpha):
        good = fits(d[a], d[a, p][:, None], labels[a][:, None] != labels, alpha)
        n = pick(d[a].masked_fill(~good, fill), 1)
        return torch.where(good.any(1), n, -1) if none else n

    return wrong


def _first_that_fits(d, labels, a, p, alpha):
    near = d[a, p][:, None]
    fits = (labels[a][:, None] != labels) & (d[a] > near) & (d[a] < near + alpha)
    return torch.where(fits.any(1), fits.float().argmax(1), -1)


def _same_identity(d, labels, a, p, alpha):
    near = d[a, p][:, None]
    fits = (d[a] > near) & (d[a] < near + alpha)
    best, n = d[a].masked_fill(~fits, torch.inf).min(1)
    return torch.where(best < torch.inf, n, -1)


def _from_the_positive(d, labels, a, p, alpha):
    near = d[a, p][:, None]
    fits = (labels[a][:, None] != labels) & (d[p] > near) & (d[p] < near + alpha)
    best, n = d[p].masked_fill(~fits, torch.inf).min(1)
    return torch.where(best < torch.inf, n, -1)


def _of_all(d, same, threshold):
    accept = d < threshold
    return (accept & ~same).float().mean().item(), (~accept & same).float().mean().item()


def _of_accepted(d, same, threshold):
    accept = d < threshold
    far = (accept & ~same).sum() / accept.sum().clamp(min=1)
    return far.item(), ((~accept & same).sum() / (~accept).sum().clamp(min=1)).item()


def _upside_down(d, same, threshold):
    accept = d >= threshold
    return accept[~same].float().mean().item(), (~accept[same]).float().mean().item()


def _equal_accepted(d, same, threshold):
    accept = d <= threshold
    return accept[~same].float().mean().item(), (~accept[same]).float().mean().item()


MISTAKES = {
    "pairwise_distances": [
        (_no_clamp, "not a number"),
        (lambda x, y: torch.cdist(x, y) ** 2, "squared distances"),
        (
            lambda x, y: (x.square().sum(1)[:, None] + y.square().sum(1) - x @ y.T).clamp(min=0).sqrt(),
            "factor 1 instead of 2",
        ),
        (
            lambda x, y: (x.square().sum(1)[:, None] + y.square().sum(1) + 2 * x @ y.T).clamp(min=0).sqrt(),
            "wrong sign",
        ),
        (
            lambda x, y: (x.square().sum(1)[:, None] - 2 * x @ y.T).clamp(min=0).sqrt(),
            "rows of y are missing",
        ),
        (lambda x, y: (y.square().sum(1) - 2 * x @ y.T).clamp(min=0).sqrt(), "rows of x are missing"),
        (lambda x, y: 1 - torch.cosine_similarity(x[:, None], y, dim=2), "minus the cosine"),
        (lambda x, y: torch.cdist(x, y, p=1), "city-block"),
        (lambda x, y: torch.cdist(x, y) / x.shape[1] ** 0.5, "average over the features"),
    ],
    "contrastive_loss": [
        (_loss_with(push=lambda d, alpha: ((alpha - d) ** 2).clamp(min=0)), "inside the max"),
        (_loss_with(push=lambda d, alpha: (alpha - d).clamp(min=0)), "not squared"),
        (_loss_with(push=lambda d, alpha: (alpha - d**2).clamp(min=0) ** 2), "squared distance"),
        (
            _loss_with(lambda d, alpha: d**4, lambda d, alpha: (alpha - d**2).clamp(min=0) ** 2),
            "squared once more",
        ),
        (_loss_with(push=lambda d, alpha: (alpha**2 - d**2).clamp(min=0)), "difference of two squares"),
        (lambda u, v, same, alpha: same * contrastive_loss(u, v, same, alpha), "loss for each pair"),
        (_loss_with(pull=lambda d, alpha: d), "pay d"),
        (_loss_with(labels=lambda same: 1 - same), "attract"),
        (_loss_with(labels=lambda same: 2 * same - 1), "±1"),
        (_loss_with(half=1.0), "½ is missing."),
        (_loss_with(pull=lambda d, alpha: 2 * d**2), "in the term of equal pairs"),
        (_loss_with(push=lambda d, alpha: 2 * (alpha - d).clamp(min=0) ** 2), "in the term of the strangers"),
        (_loss_with(push=lambda d, alpha: (d - alpha).clamp(min=0) ** 2), "beyond the margin pay"),
        (
            lambda u, v, same, alpha: contrastive_loss(
                u / u.norm(dim=1, keepdim=True).clamp(min=1e-9),
                v / v.norm(dim=1, keepdim=True).clamp(min=1e-9),
                same,
                alpha,
            ),
            "length one",
        ),
        (lambda u, v, same, alpha: len(same) * contrastive_loss(u, v, same, alpha), "add up the pairs"),
    ],
    "semi_hard_negatives": [
        (_mine_with(lambda d, near, other, alpha: other & (d < near + alpha)), "hard negatives, too"),
        (_mine_with(lambda d, near, other, alpha: other), "hardest negative of all"),
        (_mine_with(lambda d, near, other, alpha: other & (d < near)), "Those are hard negatives"),
        (_from_the_positive, "measure from the positive"),
        (_mine_with(lambda d, near, other, alpha: other & (d > near)), "upper bound"),
        (_same_identity, "identity of the anchor"),
        (
            _mine_with(
                lambda d, near, other, alpha: other & (d > near) & (d < near + alpha), torch.argmax, -1.0
            ),
            "farthest",
        ),
        (_first_that_fits, "the first"),
        (
            _mine_with(lambda d, near, other, alpha: other & (d > near) & (d < near + alpha), none=False),
            "not -1",
        ),
    ],
    "far_frr": [
        (_of_all, "all pairs"),
        (lambda d, same, th: (int((d[~same] < th).sum()), int((d[same] >= th).sum())), "not shares"),
        (lambda d, same, th: tuple(100 * v for v in far_frr(d, same, th)), "percentages"),
        (lambda d, same, th: far_frr(d, ~same, th), "changed places"),
        (_of_accepted, "accepted (or rejected)"),
        (_upside_down, "farther apart"),
        (
            lambda d, same, threshold: (far_frr(d, same, threshold)[0], 1 - far_frr(d, same, threshold)[1]),
            "reject",
        ),
        (_equal_accepted, "equal to the threshold"),
    ],
}
