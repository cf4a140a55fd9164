"""Reference answers of the chapter on autoencoders, and wrong ones with words of the verdict."""

import torch


def pca_reconstruct(x, k):
    mean = x.mean(0)
    V = torch.linalg.svd(x - mean, full_matrices=False)[2][:k]
    return (x - mean) @ V.T @ V + mean


def mask_pixels(x, p):
    keep = torch.rand(len(x), 1, *x.shape[2:]) >= p
    return x * keep


def gaussian_kl(mu, logvar):
    return 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(1)


def slerp(a, b, t):
    cosine = (a @ b / (a.norm() * b.norm())).clamp(-1, 1)
    omega = torch.arccos(cosine)
    if omega < 1e-3:
        return (1 - t) * a + t * b
    return (torch.sin((1 - t) * omega) * a + torch.sin(t * omega) * b) / torch.sin(omega)


PAPER = """Answers to the questions for paper, discussion and projects.

1. The mean of x xᵀ is ((3.75, 3.75), (3.75, 6.25)). Its eigenvalues are 5 ± √15.625, that is 8.95
   and 1.05; the loss is the smaller one, 1.05, and the line has the slope (8.95 − 3.75) / 3.75 =
   1.39. On the line through (1, 2) the loss is 5/4 = 1.25.
2. x̃ = P x with P² = P = Pᵀ, so x̃ᵀ(x − x̃) = xᵀP x − xᵀP x = 0, and Pythagoras holds. "The first
   number" draws (3, 1) as (3, 6): 45 and 25 do not add up to 10. It projects, but not at a right
   angle.
3. Three. All the way round the poses form a circle, and no continuous code of one number gives
   different poses different numbers: somewhere it must jump, or come back over the same numbers.
   Two do, (cos, sin).
4. Without noise the slope is 1: return what you see. With very much it is 0: return the mean, since
   the measurement says nothing.
5. 0.5 again, by symmetry. ½(¼ − 1 + log 4) = 0.32; the other way round ½(4 − 1 − log 4) = 0.81. A
   narrow q under a wide p is cheap, a wide q over a narrow p is not.
6. Principal components, each scaled by √(λ − τ²) (probabilistic PCA). A direction with λ < τ² is
   not coded: its price would exceed what the error gains.
7. 64 entries of 9 bits: 576 bits, 72 bytes.
8. Whoever differs from most customers, rightly or not: a large error means "rare here", not
   "wrong". Small groups are stopped more often; measure the rate of false alarms by group.
9. Open. The size of the code and the number of steps come first. Without truth: how well can the codes
   of both films be told apart (by a classifier)? Bob drawn by himself is no guide: see the trainings
   without mixed colours.
"""


# -------------------------------------------------------------------------------------------- wrong answers
def _uncentred(x, k):
    V = torch.linalg.svd(x, full_matrices=False)[2][:k]
    return x @ V.T @ V


def _no_mean(x, k):
    return pca_reconstruct(x, k) - x.mean(0)


def _raw(x, k):
    V = torch.linalg.svd(x - x.mean(0), full_matrices=False)[2][:k]
    return x @ V.T @ V


def _last(x, k):
    mean = x.mean(0)
    V = torch.linalg.eigh((x - mean).T @ (x - mean))[1][:, :k]
    return (x - mean) @ V @ V.T + mean


def _rows(x, k):
    mean = x.mean(1, keepdim=True)
    V = torch.linalg.svd(x - mean, full_matrices=False)[2][:k]
    return (x - mean) @ V.T @ V + mean


def _columns(x, k):
    mean = x.mean(0)
    V = torch.linalg.svd(x - mean, full_matrices=False)[2][:, :k]
    return (x - mean) @ V @ V.T + mean


def _one_mean(x, k):
    V = torch.linalg.svd(x - x.mean(), full_matrices=False)[2][:k]
    return (x - x.mean()) @ V.T @ V + x.mean()


def _codes(x, k):
    return (x - x.mean(0)) @ torch.linalg.svd(x - x.mean(0), full_matrices=False)[2][:k].T


def _mask_with(shape):
    return lambda x, p: x * (torch.rand(shape(x)) >= p)


def _never_nan(a, b, t):
    omega = torch.arccos((a @ b / (a.norm() * b.norm())).clamp(-1, 1))
    return (torch.sin((1 - t) * omega) * a + torch.sin(t * omega) * b) / torch.sin(omega)


def _raw_cosine(a, b, t):
    omega = torch.arccos((a @ b).clamp(-1, 1))
    return (torch.sin((1 - t) * omega) * a + torch.sin(t * omega) * b) / torch.sin(omega)


def _with_length(a, b, t):
    return slerp(a / a.norm(), b / b.norm(), t) * torch.lerp(a.norm(), b.norm(), t)


def _undivided(a, b, t):
    omega = torch.arccos((a @ b / (a.norm() * b.norm())).clamp(-1, 1))
    return torch.sin((1 - t) * omega) * a + torch.sin(t * omega) * b


MISTAKES = {
    "pca_reconstruct": [
        (_uncentred, "did not subtract the mean"),
        (_no_mean, "add the mean again"),
        (_raw, "projected the raw rows"),
        (_last, "smallest variance"),
        (_rows, "mean of each row"),
        (_columns, "took columns of what svd"),
        (_one_mean, "mean of all entries"),
        (lambda x, k: pca_reconstruct(x / x.std(0), k) * x.std(0), "divided the columns"),
        (_codes, "returned the codes"),
    ],
    "mask_pixels": [
        (_mask_with(lambda x: (len(x), *x.shape[2:])), "no dimension for the channels"),
        (_mask_with(lambda x: x.shape), "a mask of its own"),
        (lambda x, p: x * (torch.rand(len(x), 1, *x.shape[2:]) < p), "probability to stay"),
        (lambda x, p: mask_pixels(x, p) / (1 - p), "rescale what stays"),
        (_mask_with(lambda x: (1, 1, *x.shape[2:])), "the same mask"),
        (_mask_with(lambda x: (len(x), 1, 1, 1)), "share their fate"),
        (_mask_with(lambda x: (len(x), 1, x.shape[2], 1)), "share their fate"),
        (lambda x, p: x, "of the pixels are off"),
    ],
    "gaussian_kl": [
        (lambda mu, v: 0.5 * (mu**2 + (2 * v).exp() - 1 - 2 * v).sum(1), "for log σ"),
        (lambda mu, v: 0.5 * (mu**2 + v.exp() - v).sum(1), "The 1 is missing"),
        (lambda mu, v: (mu**2 + v.exp() - 1 - v).sum(1), "½ is missing"),
        (lambda mu, v: 0.5 * (1 + v - mu**2 - v.exp()).sum(1), "sign is wrong"),
        (lambda mu, v: 0.5 * (mu**2 + (v / 2).exp() - 1 - v).sum(1), "σ where σ² belongs"),
        (lambda mu, v: 0.5 * ((1 + mu**2) / v.exp() - 1 + v).sum(1), "the other way round"),
        (lambda mu, v: 0.5 * (mu**2 + v.exp() - 1 - v).sum(0), "over the examples, not over"),
        (lambda mu, v: 0.5 * (mu**2 + v.exp() - 1 - v).sum(), "one number of all"),
        (lambda mu, v: 0.5 * (mu**2 + v.exp() - 1 - v), "number for each dimension"),
        (lambda mu, v: 0.5 * (mu + v.exp() - 1 - v).sum(1), "square the mean"),
        (lambda mu, v: gaussian_kl(mu, v) / mu.shape[1], "average over the dimensions"),
        (lambda mu, v: 0.5 * (mu**2 + v - 1 - v.abs().log()).sum(1), "for the variance"),
    ],
    "slerp": [
        (_never_nan, "not a number"),
        (lambda a, b, t: (1 - t) * a + t * b, "straight line"),
        (_raw_cosine, "not from their directions"),
        (lambda a, b, t: a if a @ b > 0.999999 * a.norm() * b.norm() else slerp(a, b, t), "whatever t is"),
        (lambda a, b, t: slerp(a, b, 1 - t), "wrong way"),
        (lambda a, b, t: slerp(a / a.norm(), b / b.norm(), t), "lengths of the codes"),
        (_with_length, "lengths on their own"),
        (_undivided, "sin Ω is missing"),
    ],
}
