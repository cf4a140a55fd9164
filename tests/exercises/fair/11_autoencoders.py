"""More right and wrong answers to the exercises on autoencoders."""

import math

import numpy as np
import torch
import torch.nn.functional as F
from answers import solutions

S = solutions("11_autoencoders")


# ------------------------------------------------------------------------------------- right: pca_reconstruct
def pca_by_eigh(x, k):
    mean = x.mean(0, keepdim=True)
    V = torch.linalg.eigh(torch.cov(x.T))[1][:, x.shape[1] - k :]
    return (x - mean) @ V @ V.T + mean


def pca_by_numpy(x, k):
    x = x.numpy().astype(float)
    U, s, Vt = np.linalg.svd(x - x.mean(0), full_matrices=False)
    return torch.from_numpy((U[:, :k] * s[:k]) @ Vt[:k] + x.mean(0)).float()


def pca_by_deflation(x, k):
    """Power iteration, one direction after the other."""
    mean = x.double().mean(0)
    rest = x.double() - mean
    out = torch.zeros_like(rest)
    for _ in range(k):
        v = rest[rest.norm(dim=1).argmax()] + 1e-3
        for _ in range(400):
            v = rest.T @ (rest @ v)
            if not v.any():
                break
            v = v / v.norm()
        part = torch.outer(rest @ v, v)
        out, rest = out + part, rest - part
    return (out + mean).float()


def pca_sorted_eig(x, k):
    centred = (x - x.mean(0)).double()
    values, vectors = torch.linalg.eig(centred.T @ centred)
    V = vectors.real[:, values.real.argsort(descending=True)[:k]]
    return (centred @ V @ V.T).float() + x.mean(0)


# ----------------------------------------------------------------------------------------- right: mask_pixels
def mask_by_loops(x, p):
    out = x.clone()
    for image in out:
        for row in range(x.shape[2]):
            for column in torch.nonzero(torch.rand(x.shape[3]) < p)[:, 0]:
                image[:, row, column] = 0
    return out


def mask_by_numpy(x, p):
    keep = np.random.rand(len(x), 1, *x.shape[2:]) > p
    return np.where(keep, x.numpy(), np.float32(0))


def mask_by_bernoulli(x, p):
    on = torch.bernoulli(torch.full((len(x), *x.shape[2:]), 1 - p)).double()
    return torch.einsum("bchw,bhw->chwb", x.double(), on).permute(3, 0, 1, 2)  # float64, not contiguous


# ----------------------------------------------------------------------------------------- right: gaussian_kl
def kl_by_loops(mu, logvar):
    rows = []
    for means, logs in zip(mu.tolist(), logvar.tolist(), strict=True):
        rows.append(sum((m * m + math.exp(v) - 1 - v) / 2 for m, v in zip(means, logs, strict=True)))
    return torch.tensor(rows)


def kl_by_numpy(mu, logvar):
    mu, v = mu.numpy(), logvar.numpy()
    return -0.5 * np.sum(1 + v - mu**2 - np.exp(v), axis=1)


def kl_by_library(mu, logvar):
    normal = torch.distributions.Normal
    ours = normal(mu.double(), (logvar.double() / 2).exp())
    return torch.distributions.kl_divergence(ours, normal(0.0, 1.0)).sum(-1).float()


# ----------------------------------------------------------------------------------------------- right: slerp
def slerp_by_numpy(a, b, t):
    a, b = a.numpy().astype(float), b.numpy().astype(float)
    omega = np.arccos(np.clip(a @ b / np.linalg.norm(a) / np.linalg.norm(b), -1, 1))
    if omega < 1e-4:
        return torch.from_numpy(a + t * (b - a)).float()
    return ((np.sin((1 - t) * omega) * a + np.sin(t * omega) * b) / np.sin(omega)).astype(np.float32)


def slerp_by_normalised(a, b, t):
    cosine = F.normalize(a, dim=0).dot(F.normalize(b, dim=0)).item()
    omega = math.acos(max(-1.0, min(1.0, cosine)))
    if omega < 1e-4:
        return torch.lerp(a, b, t)
    return a * (math.sin(omega - t * omega) / math.sin(omega)) + b * (math.sin(t * omega) / math.sin(omega))


def slerp_by_chord(a, b, t):
    """The angle from the chord of the unit vectors, which needs no arccos."""
    u, v = a.double() / a.double().norm(), b.double() / b.double().norm()
    omega = 2 * torch.atan2((u - v).norm(), (u + v).norm())
    if float(omega) < 1e-4:
        return ((1 - t) * a.double() + t * b.double()).float()
    return ((((1 - t) * omega).sin() * a + (t * omega).sin() * b) / omega.sin()).float()


RIGHT = {
    "pca_reconstruct": {
        "eigenvectors of the covariance": pca_by_eigh,
        "NumPy, float64 inside": pca_by_numpy,
        "power iteration": pca_by_deflation,
        "eig, sorted": pca_sorted_eig,
    },
    "mask_pixels": {
        "loops": mask_by_loops,
        "a NumPy array": mask_by_numpy,
        "bernoulli, float64, a view": mask_by_bernoulli,
    },
    "gaussian_kl": {
        "loops": kl_by_loops,
        "a NumPy array": kl_by_numpy,
        "the library, float64": kl_by_library,
    },
    "slerp": {
        "NumPy, float64 inside": slerp_by_numpy,
        "normalised, Python numbers": slerp_by_normalised,
        "the angle from the chord": slerp_by_chord,
    },
}


# ---------------------------------------------------------------------------------------------- wrong answers
def _keeping(choose):
    def wrong(x, k):
        mean = x.mean(0)
        V = choose(torch.linalg.svd(x - mean, full_matrices=False)[2], k)
        return (x - mean) @ V.T @ V + mean

    return wrong


def _unsorted(x, k):
    mean = x.mean(0)
    V = torch.linalg.eig((x - mean).T @ (x - mean))[1].real[:, :k]
    return (x - mean) @ V @ V.T + mean


def _rows_of_eigh(x, k):
    mean = x.mean(0)
    V = torch.linalg.eigh((x - mean).T @ (x - mean))[1][-k:]
    return (x - mean) @ V.T @ V + mean


def _not_scaled_back(x, k):
    return S["pca_reconstruct"](x / x.std(0), k)


def _exact_share(x, p):
    """As many pixels of the batch as p says, no more and no fewer."""
    keep = torch.ones(len(x) * x.shape[2] * x.shape[3])
    keep[torch.randperm(len(keep))[: round(p * len(keep))]] = 0
    return x * keep.reshape(len(x), 1, *x.shape[2:])


def _exact_share_of_each(x, p):
    keep = torch.ones(len(x), x.shape[2] * x.shape[3])
    for row in keep:
        row[torch.randperm(len(row))[: round(p * len(row))]] = 0
    return x * keep.reshape(len(x), 1, *x.shape[2:])


def _always_the_same(x, p):
    keep = torch.rand(len(x), 1, *x.shape[2:], generator=torch.Generator().manual_seed(0)) >= p
    return x * keep


def _in_place(x, p):
    x *= torch.rand(len(x), 1, *x.shape[2:]) >= p
    return x


def _sliding(x, p):
    return x * torch.randn(len(x), 1, *x.shape[2:]).gt(p)


def _with_branch(weights, clamp=True, far=lambda a, b, t: (1 - t) * a + t * b):
    """Equation (10) with other weights, or without the clamp, or another result for equal directions."""

    def wrong(a, b, t):
        cosine = a @ b / (a.norm() * b.norm())
        omega = torch.arccos(cosine.clamp(-1, 1) if clamp else cosine)
        if omega < 1e-4:
            return far(a, b, t)
        p, q = weights(omega, t)
        return p * a + q * b

    return wrong


def _sines(omega, t):
    return torch.sin((1 - t) * omega) / torch.sin(omega), torch.sin(t * omega) / torch.sin(omega)


def _normalised_unclamped(a, b, t):
    omega = torch.arccos(F.normalize(a, dim=0) @ F.normalize(b, dim=0))
    if omega < 1e-4:
        return (1 - t) * a + t * b
    p, q = _sines(omega, t)
    return p * a + q * b


def _no_branch(a, b, t):
    omega = torch.arccos((a @ b / (a.norm() * b.norm())).clamp(-1, 1))
    return (torch.sin((1 - t) * omega) * a + torch.sin(t * omega) * b) / (torch.sin(omega) + 1e-8)


def _cosine_as_angle(a, b, t):
    omega = a @ b / (a.norm() * b.norm())
    p, q = _sines(omega, t)
    return p * a + q * b


WRONG = {
    "pca_reconstruct": {
        "eig, not sorted": _unsorted,
        "k + 1 components": _keeping(lambda V, k: V[: k + 1]),
        "k - 1 components": _keeping(lambda V, k: V[: k - 1]),
        "component k alone": _keeping(lambda V, k: V[k - 1 : k]),
        "rows of eigh": _rows_of_eigh,
        "not scaled back": _not_scaled_back,
        "x itself": lambda x, k: x.clone(),
    },
    "mask_pixels": {
        "the exact share of the batch": _exact_share,
        "the exact share of each image": _exact_share_of_each,
        "the same in every call": _always_the_same,
        "in place": _in_place,
        "dropout": lambda x, p: F.dropout(x, p),
        "whole channels": lambda x, p: F.dropout2d(x, p) * (1 - p),
        "whole images": lambda x, p: x * (torch.rand(len(x), 1, 1, 1) >= p),
        "normal numbers": _sliding,
    },
    "gaussian_kl": {
        "minus logvar": lambda mu, v: 0.5 * (mu**2 + (-v).exp() - 1 + v).sum(1),
        "the 1 once a row": lambda mu, v: 0.5 * ((mu**2 + v.exp() - v).sum(1) - 1),
        "plus logvar": lambda mu, v: 0.5 * (mu**2 + v.exp() - 1 + v).sum(1),
        "exp(logvar) for σ": lambda mu, v: 0.5 * (mu**2 + (2 * v).exp() - 1 - v).sum(1),
    },
    "slerp": {
        "not clamped": _with_branch(_sines, clamp=False),
        "normalised, not clamped": _normalised_unclamped,
        "no branch but a small number": _no_branch,
        "the cosine as angle": _cosine_as_angle,
        "b where directions agree": _with_branch(_sines, far=lambda a, b, t: b),
        "sines alone": _with_branch(lambda omega, t: (torch.sin((1 - t) * omega), torch.sin(t * omega))),
        "cosines": _with_branch(lambda omega, t: (torch.cos(t * omega), torch.sin(t * omega))),
        "float64": lambda a, b, t: S["slerp"](a.double(), b.double(), t),
    },
}
