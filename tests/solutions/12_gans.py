"""Reference answers of the chapter on GANs, and wrong ones with words of the verdict."""

import torch
import torch.nn.functional as F


def best_discriminator(log_pd, log_pg):
    return torch.exp(log_pd - torch.logaddexp(log_pd, log_pg))


def gan_losses(real, fake):
    bce = F.binary_cross_entropy_with_logits
    d_loss = bce(real, torch.ones_like(real)) + bce(fake, torch.zeros_like(fake))
    return d_loss, bce(fake, torch.ones_like(fake))


def modes_covered(samples, centres, radius, share):
    inside = torch.cdist(samples, centres) < radius
    nearest = torch.cdist(samples, centres).argmin(1)
    mine = inside & F.one_hot(nearest, len(centres)).bool()
    return int((mine.sum(0) >= share * len(samples)).sum()), inside.any(1).float().mean().item()


def frechet_distance(x, y):
    x, y = x.double(), y.double()
    A, B = torch.cov(x.T), torch.cov(y.T)
    roots = torch.linalg.eigvals(A @ B).real.clamp(min=0).sqrt().sum()
    return float((x.mean(0) - y.mean(0)).square().sum() + A.trace() + B.trace() - 2 * roots)


PAPER = """Answers to the questions for paper, discussion and projects.

1. In turn: θ' = θ + ψ/2, ψ' = ψ − θ'/2. From (0.25, −1.375): θ = −0.4375, ψ = −1.15625; then θ =
   −1.015625, ψ = −0.6484375. One round is the matrix ((1, 1/2), (−1/2, 3/4)): determinant 3/4 + 1/4
   = 1, trace 7/4, so its eigenvalues are a pair of size 1, (7 ± i √15)/8: it turns on an ellipse,
   and neither grows nor comes home.
2. The critic goes to −1 and stays there while θ > 0, so the forger moves by ½ a round and arrives.
   Then θ jumps past 0, the slope comes back only by θ/2 a round, and the pair turns round the
   solution: at the end a pull of size up to 1 is left however near the forger is. The limit bounds
   the way out, it does not draw in; the penalty does, because the slope itself is drawn to 0.
3. Sorted: 0–1, 0–2, 4–3, mean (1 + 2 + 1)/3 = 4/3. A critic must fall with slope 1 from 0 to 2 and
   rise with slope 1 from 3 to 4: a(x) = −x up to 3, then −3 + (x − 3). Gap: (0 + 0 − 2)/3 − (−1 − 2
   − 3)/3 = 4/3.
4. JS = log 2 for every θ ≠ 0, and 0 at θ = 0; W = |θ|. Only W has a slope.
5. D* = ½ at x means p_d(x) = p_g(x). A critic that has learnt nothing says ½ everywhere, too: its ½
   is no statement about densities unless it is the best one.
6. Gain sθ − λ(s − 1)²: derivative θ − 2λ(s − 1) = 0. It reports sθ = θ + θ²/2λ instead of θ. If
   slopes below 1 cost as well, a critic that leans the wrong way, s < 0, gains sθ − λ(|s| − 1)²,
   largest at |s| = 1 − θ/2λ: it stays wrong, since on a line the slope cannot turn without passing
   0, where it pays λ.
7. One more doubling: a block from 32 to 32 channels (or from 8 · 32 to 4 · 32 before the first)
   with window 4, stride 2, padding 1. After the 32 × 32 one: 32 · 32 · 16 weights and 64 of the
   norm, 16,448 more. Before: the first layer has 32 · 256 · 16 instead of 32 · 128 · 16, plus a
   block 256 · 128 · 16, plus its norm. Or the first layer makes 8 × 8 of the code: 32 · 128 · 64
   weights, no new layer, but every place of the 8 × 8 then has weights of its own.
8. The nearest training picture of each drawing, with unseen pictures as the yardstick (copies), and
   recall (rare findings that are missing). Neither shows that no patient can be recognised: a
   distance of pixels misses a copy that was moved, and features see only what they were trained on.
9. For unequal weights count the drawings of each mode and compare the shares with those of the
   data, over several seeds; coverage alone does not see wrong weights.
10. Take the label from `accessories`, several kinds together as "glasses"; measure obedience with
    the feature network's head over the steps. Skin is a matter of colour and is learnt first,
    glasses come later (Figure 16).
"""


# -------------------------------------------------------------------------------------------- wrong answers
def _second(change):
    """Another second result of modes_covered; ``change`` takes the right one and the number of samples."""

    def wrong(samples, centres, radius, share):
        covered, good = modes_covered(samples, centres, radius, share)
        return covered, change(good, len(samples))

    return wrong


def _plain(log_pd, log_pg):
    return log_pd.exp() / (log_pd.exp() + log_pg.exp())


def _padded(log_pd, log_pg):
    return log_pd.exp() / (log_pd.exp() + log_pg.exp() + 1e-12)


def _logs(real, fake):
    D, d = torch.sigmoid(real), torch.sigmoid(fake)
    return -D.log().mean() - (1 - d).log().mean(), -d.log().mean()


def _cut_off(real, fake):
    D, d = torch.sigmoid(real), torch.sigmoid(fake)
    bce = F.binary_cross_entropy
    d_loss = bce(D, torch.ones_like(D)) + bce(d, torch.zeros_like(d))
    return d_loss, bce(d, torch.ones_like(d))


def _with_g(formula):
    return lambda real, fake: (gan_losses(real, fake)[0], formula(fake))


def _with_d(formula):
    return lambda real, fake: (formula(real, fake), gan_losses(real, fake)[1])


def _nearest_only(samples, centres, radius, share):
    near, mode = torch.cdist(samples, centres).min(1)
    counts = mode.bincount(minlength=len(centres))
    return int((counts >= share * len(samples)).sum()), (near < radius).float().mean().item()


def _any_sample(samples, centres, radius, share):
    near, mode = torch.cdist(samples, centres).min(1)
    return len(mode[near < radius].unique()), (near < radius).float().mean().item()


def _of_good(samples, centres, radius, share):
    near, mode = torch.cdist(samples, centres).min(1)
    counts = mode[near < radius].bincount(minlength=len(centres))
    total = max(int((near < radius).sum()), 1)
    return int((counts >= share * total).sum()), (near < radius).float().mean().item()


def _squared(samples, centres, radius, share):
    return modes_covered(samples, centres, radius**0.5, share)


def _more_than(samples, centres, radius, share):
    near, mode = torch.cdist(samples, centres).min(1)
    counts = mode[near < radius].bincount(minlength=len(centres))
    return int((counts > share * len(samples)).sum()), (near < radius).float().mean().item()


def _several(samples, centres, radius, share):
    inside = torch.cdist(samples, centres) < radius
    return int((inside.sum(0) >= share * len(samples)).sum()), inside.any(1).float().mean().item()


def _good_of_covered(samples, centres, radius, share):
    near, mode = torch.cdist(samples, centres).min(1)
    counts = mode[near < radius].bincount(minlength=len(centres))
    covered = counts >= share * len(samples)
    return int(covered.sum()), counts[covered].sum().item() / len(samples)


def _parts(x, y, correction=1):
    x, y = x.double(), y.double()
    A, B = torch.cov(x.T, correction=correction), torch.cov(y.T, correction=correction)
    roots = torch.linalg.eigvals(A @ B).real.clamp(min=0).sqrt().sum()
    return (x.mean(0) - y.mean(0)).square().sum(), A, B, roots


def _combined(formula, correction=1):
    return lambda x, y: float(formula(*_parts(x, y, correction)))


def _right(d, A, B, roots):
    return d + A.trace() + B.trace() - 2 * roots


def _uncentred(x, y):
    x, y = x.double(), y.double()
    A, B = x.T @ x / (len(x) - 1), y.T @ y / (len(y) - 1)
    roots = torch.linalg.eigvals(A @ B).real.clamp(min=0).sqrt().sum()
    return float(_right((x.mean(0) - y.mean(0)).square().sum(), A, B, roots))


def _root(S):
    values, vectors = torch.linalg.eigh(S)
    return vectors @ torch.diag(values.clamp(min=0).sqrt()) @ vectors.T


def _last(term):
    """Another term in the place of tr (AB)^(1/2)."""
    return _combined(lambda d, A, B, roots: d + A.trace() + B.trace() - 2 * term(A, B))


MISTAKES = {
    "best_discriminator": [
        (_plain, "0 / 0"),
        (_padded, "you put in decides"),
        (lambda p, q: (p.exp() / (p.exp() + q.exp())).nan_to_num(0.5), "you put in decides"),
        (lambda p, q: (p - q).exp() / (1 + (p - q).exp()), "overflows"),
        (lambda p, q: p - torch.logaddexp(p, q), "logarithm of D*"),
        (lambda p, q: torch.sigmoid(q - p), "being drawn"),
        (lambda p, q: p / (p + q), "as if they were densities"),
        (lambda p, q: p - q, "logit of D*"),
        (lambda p, q: torch.exp(p - q), "ratio of the densities"),
    ],
    "gan_losses": [
        (_logs, "not finite"),
        (_with_g(lambda fake: -F.softplus(fake).mean()), "saturating loss"),
        (_with_g(lambda fake: F.softplus(fake).mean()), "found out"),
        (_with_g(lambda fake: F.logsigmoid(fake).mean()), "sign of your generator"),
        (lambda r, f: (gan_losses(r, f)[0], -gan_losses(r, f)[0]), "zero-sum"),
        (lambda r, f: (gan_losses(r, f)[0], F.softplus(-r).mean()), "about the data"),
        (_with_d(lambda r, f: F.softplus(r).mean() + F.softplus(-f).mean()), "swapped"),
        (_with_d(lambda r, f: -F.softplus(-r).mean() - F.softplus(f).mean()), "You return V"),
        (_with_d(lambda r, f: F.softplus(-r).sum() + F.softplus(f).sum()), "add up over the batch"),
        (_with_d(lambda r, f: torch.cat([F.softplus(-r), F.softplus(f)]).mean()), "two means"),
        (_with_d(lambda r, f: (F.softplus(-r).mean() + F.softplus(f).mean()) / 2), "halve"),
        (_with_d(lambda r, f: F.softplus(-r).mean()), "drawings are missing"),
        (_with_d(lambda r, f: F.softplus(f).mean()), "data are missing"),
        (_with_d(lambda r, f: F.softplus(-r).mean() + F.softplus(-f).mean()), "alike"),
        (_cut_off, "cut off"),
    ],
    "modes_covered": [
        (_nearest_only, "outside the radius"),
        (_any_sample, "single good sample"),
        (_of_good, "not of all samples"),
        (_squared, "squared distance"),
        (_more_than, "at least, not more"),
        (_several, "nearest one alone"),
        (_good_of_covered, "not covered"),
        (_second(lambda good, n: 1 - good), "bad samples"),
        (_second(lambda good, n: n * good), "number of good"),
    ],
    "frechet_distance": [
        (_combined(lambda d, A, B, roots: d + A.trace() + B.trace()), "root of AB is missing"),
        (_combined(lambda d, A, B, roots: d + A.trace() + B.trace() - roots), "factor 2"),
        (_last(lambda A, B: (A @ B).trace()), "square root is missing"),
        (_last(lambda A, B: (A * B).sqrt().trace()), "entry by entry"),
        (_last(lambda A, B: (A @ B).trace().sqrt()), "trace of the root"),
        (_last(lambda A, B: (_root(A) @ _root(B)).trace()), "commute"),
        (_last(lambda A, B: torch.linalg.eigvalsh(A @ B).clamp(min=0).sqrt().sum()), "symmetric"),
        (_combined(lambda d, A, B, roots: d + A.trace() + B.trace() + 2 * roots), "instead of subtracting"),
        (_last(lambda A, B: torch.linalg.eigvals(A @ B).real.sqrt().sum()), "not a number"),
        (_uncentred, "not centred"),
        (_combined(lambda d, A, B, roots: A.trace() + B.trace() - 2 * roots), "means are missing"),
        (_combined(lambda d, A, B, roots: d.sqrt() + A.trace() + B.trace() - 2 * roots), "do not square"),
        (lambda x, y: frechet_distance(x, y) ** 0.5, "not its square"),
        (_combined(_right, correction=0), "N instead of N - 1"),
    ],
}
