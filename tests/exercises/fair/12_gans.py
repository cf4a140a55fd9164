"""More right and wrong answers to the exercises on generative adversarial networks."""

import math

import numpy as np
import torch
import torch.nn.functional as F
from answers import solutions

S = solutions("12_gans")


# ---------------------------------------------------------------------------------- right: best_discriminator
def best_by_loops(log_pd, log_pg):
    values = []
    for p, q in zip(log_pd.tolist(), log_pg.tolist(), strict=True):
        top = max(p, q)
        values.append(math.exp(p - top) / (math.exp(p - top) + math.exp(q - top)))
    return torch.tensor(values)


def best_by_numpy(log_pd, log_pg):
    p, q = log_pd.numpy().astype(float), log_pg.numpy().astype(float)
    with np.errstate(over="ignore"):
        return (1 / (1 + np.exp(q - p))).astype(np.float32)


def best_by_softmax(log_pd, log_pg):
    return torch.stack([log_pd.double(), log_pg.double()], 1).softmax(1).float()[:, 0]  # a view


# ------------------------------------------------------------------------------------------ right: gan_losses
def losses_by_loops(real, fake):
    d_loss = sum(F.softplus(-a) for a in real) / len(real) + sum(F.softplus(a) for a in fake) / len(fake)
    return [d_loss, sum(F.softplus(-a) for a in fake) / len(fake)]


def losses_by_logsigmoid(real, fake):
    real, fake = real.double(), fake.double()
    d_loss = -F.logsigmoid(real).mean() - F.logsigmoid(-fake).mean()
    return d_loss.float(), -F.logsigmoid(fake).mean().float()


def losses_by_logaddexp(real, fake):
    zero = torch.zeros(())
    of_data, of_drawings = torch.logaddexp(zero, -real), torch.logaddexp(zero, fake)
    return of_data.mean() + of_drawings.mean(), (of_drawings - fake).mean()


# --------------------------------------------------------------------------------------- right: modes_covered
def modes_by_loops(samples, centres, radius, share):
    counts, good = [0] * len(centres), 0
    for sample in samples.tolist():
        distances = [math.dist(sample, centre) for centre in centres.tolist()]
        if min(distances) < radius:
            good += 1
            counts[distances.index(min(distances))] += 1
    return sum(count / len(samples) >= share for count in counts), good / len(samples)


def modes_by_numpy(samples, centres, radius, share):
    distances = np.linalg.norm(samples.numpy()[:, None] - centres.numpy(), axis=2)
    near = distances.min(1) <= radius
    counts = np.bincount(distances.argmin(1)[near], minlength=len(centres))
    return np.sum(counts >= np.ceil(share * len(samples) - 1e-6)), near.mean()


def modes_by_one_hot(samples, centres, radius, share):
    d = (samples[:, None].double() - centres).norm(dim=2)
    mine = F.one_hot(d.argmin(1), len(centres)) * (d < radius)
    return [(mine.double().mean(0) >= share).sum(), mine.sum() / len(samples)]


# ------------------------------------------------------------------------------------ right: frechet_distance
def frechet_by_nuclear_norm(x, y):
    """tr (AB)^(1/2) is the sum of the singular values of the centred data's product."""
    x, y = x.double(), y.double()
    a, b = (x - x.mean(0)) / (len(x) - 1) ** 0.5, (y - y.mean(0)) / (len(y) - 1) ** 0.5
    roots = torch.linalg.matrix_norm(a @ b.T, ord="nuc")
    return (x.mean(0) - y.mean(0)) @ (x.mean(0) - y.mean(0)) + a.square().sum() + b.square().sum() - 2 * roots


def frechet_by_numpy(x, y):
    x, y = x.numpy().astype(float), y.numpy().astype(float)
    A, B = np.cov(x, rowvar=False), np.cov(y, rowvar=False)
    roots = np.sqrt(np.linalg.eigvals(A @ B).astype(complex)).real.sum()
    return ((x.mean(0) - y.mean(0)) ** 2).sum() + np.trace(A) + np.trace(B) - 2 * roots


def frechet_by_symmetric_root(x, y):
    """Float32 throughout."""
    A, B = torch.cov(x.T), torch.cov(y.T)
    values, V = torch.linalg.eigh(A)
    root = V * values.clamp(min=0).sqrt() @ V.T
    last = torch.linalg.eigvalsh(root @ B @ root).clamp(min=0).sqrt().sum()
    return (x.mean(0) - y.mean(0)).pow(2).sum() + A.trace() + B.trace() - 2 * last


RIGHT = {
    "best_discriminator": {
        "loops": best_by_loops,
        "a NumPy array": best_by_numpy,
        "softmax of two, float64 inside": best_by_softmax,
        "sigmoid": lambda log_pd, log_pg: torch.sigmoid(log_pd - log_pg),
    },
    "gan_losses": {
        "loops, a list": losses_by_loops,
        "logsigmoid, float64 inside": losses_by_logsigmoid,
        "logaddexp": losses_by_logaddexp,
    },
    "modes_covered": {
        "loops": modes_by_loops,
        "NumPy numbers": modes_by_numpy,
        "one-hot, a list of tensors": modes_by_one_hot,
    },
    "frechet_distance": {
        "nuclear norm, a tensor": frechet_by_nuclear_norm,
        "NumPy, complex root": frechet_by_numpy,
        "the symmetric root, float32": frechet_by_symmetric_root,
    },
}


# ---------------------------------------------------------------------------------------------- wrong answers
def _largest_of_all(log_pd, log_pg):
    top = max(log_pd.max(), log_pg.max())
    p, q = (log_pd - top).exp(), (log_pg - top).exp()
    return p / (p + q)


def _float64_quotient(log_pd, log_pg):
    p, q = log_pd.double().exp(), log_pg.double().exp()
    return (p / (p + q)).float()


def _clamped_probabilities(real, fake):
    D, d = torch.sigmoid(real).clamp(1e-7, 1 - 1e-7), torch.sigmoid(fake).clamp(1e-7, 1 - 1e-7)
    return -D.log().mean() - (1 - d).log().mean(), -d.log().mean()


def _smoothed(real, fake):
    ones = torch.full_like(real, 0.9)
    d_loss = F.binary_cross_entropy_with_logits(real, ones) + F.softplus(fake).mean()
    return d_loss, F.softplus(-fake).mean()


def _good(samples, centres, radius):
    near, mode = torch.cdist(samples, centres).min(1)
    return near < radius, mode[near < radius].bincount(minlength=len(centres))


def _of_good_alone(samples, centres, radius, share):
    good, counts = _good(samples, centres, radius)
    return int((counts / good.sum() >= share).sum()), good.float().mean().item()


def _share_of_centres(samples, centres, radius, share):
    good, counts = _good(samples, centres, radius)
    return (counts >= share * len(samples)).float().mean().item(), good.float().mean().item()


def _rounded_down(samples, centres, radius, share):
    good, counts = _good(samples, centres, radius)
    return int((counts >= int(share * len(samples))).sum()), good.float().mean().item()


def _per_centre(samples, centres, radius, share):
    good, counts = _good(samples, centres, radius)
    return int((counts >= share * len(samples) / len(centres)).sum()), good.float().mean().item()


def _traces_multiplied(x, y):
    return S["_last"](lambda A, B: (A.trace() * B.trace()).sqrt())(x, y)


WRONG = {
    "best_discriminator": {
        "shifted by the largest of all": _largest_of_all,
        "quotient in float64": _float64_quotient,
        "a half": lambda log_pd, log_pg: torch.full_like(log_pd, 0.5),
        "logarithms clamped": lambda log_pd, log_pg: S["_plain"](
            log_pd.clamp(min=-80), log_pg.clamp(min=-80)
        ),
    },
    "gan_losses": {
        "clamped probabilities": _clamped_probabilities,
        "smoothed labels": _smoothed,
        "detached": lambda real, fake: tuple(loss.detach() for loss in S["gan_losses"](real, fake)),
        "L_G is a Python number": S["_with_g"](lambda fake: F.softplus(-fake).mean().item()),
        "fakes detached in L_D": S["_with_d"](
            lambda real, fake: F.softplus(-real).mean() + F.softplus(fake.detach()).mean()
        ),
        "order": lambda real, fake: S["gan_losses"](real, fake)[::-1],
        "least squares": lambda real, fake: (
            (real - 1).square().mean() + fake.square().mean(),
            (fake - 1).square().mean(),
        ),
        "infinite, a list": lambda real, fake: list(S["_logs"](real, fake)),
    },
    "modes_covered": {
        "a share of the good ones, without a floor": _of_good_alone,
        "share of the centres": _share_of_centres,
        "rounded down": _rounded_down,
        "share divided by the centres": _per_centre,
        "the wrong axis": lambda samples, centres, radius, share: (
            int((torch.cdist(centres, samples).min(1).values < radius).sum()),
            S["modes_covered"](samples, centres, radius, share)[1],
        ),
        "one number": lambda *case: S["modes_covered"](*case)[0],
    },
    "frechet_distance": {
        "root entry by entry": S["_last"](lambda A, B: torch.sqrt(A @ B).trace()),
        "singular values of AB": S["_last"](lambda A, B: torch.linalg.svdvals(A @ B).sqrt().sum()),
        "product of the traces": _traces_multiplied,
        "upper triangle": S["_last"](
            lambda A, B: torch.linalg.eigvalsh(A @ B, UPLO="U").clamp(min=0).sqrt().sum()
        ),
    },
}
