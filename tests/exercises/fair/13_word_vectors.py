"""More right and wrong answers to the exercises on word vectors."""

import bisect
import itertools
import math

import numpy as np
import torch
import torch.nn.functional as F
from answers import solutions

S = solutions("13_word_vectors")


# ----------------------------------------------------------------------------------- right: negative_sampling
def sampling_by_autograd(v, u, noise):
    v, u, noise = (t.clone().requires_grad_() for t in (v, u, noise))
    loss = F.softplus(-(u @ v)) + F.softplus(noise @ v).sum()
    return (loss.detach(), *torch.autograd.grad(loss, (v, u, noise)))


def sampling_by_loops(v, u, noise):
    z = float(u @ v)
    loss, error = math.log1p(math.exp(-abs(z))) + max(-z, 0), 1 / (1 + math.exp(-z)) - 1
    dv, rows = error * u, []
    for word in noise:
        z = float(word @ v)
        loss += math.log1p(math.exp(-abs(z))) + max(z, 0)
        rows.append(v / (1 + math.exp(-z)))
        dv = dv + word / (1 + math.exp(-z))
    return [loss, dv, error * v, torch.stack(rows)]


def sampling_by_numpy(v, u, noise):
    v, words = v.numpy().astype(float), np.vstack([u.numpy(), noise.numpy()])
    signs = np.array([1.0] + [-1.0] * len(noise))
    z = signs * (words @ v)
    slopes = -signs / (1 + np.exp(z))
    rows = np.outer(slopes, v).astype(np.float32)
    return np.logaddexp(0, -z).sum(), (slopes @ words).astype(np.float32), rows[0], rows[1:]


# ----------------------------------------------------------------------------------------- right: noise_words
def noise_by_counting(counts, r):
    q = counts.double() ** 0.75 / (counts.double() ** 0.75).sum()
    return (q.cumsum(0)[:-1][None] <= r.double()[:, None]).sum(1)


def noise_by_loops(counts, r):
    weights = [count**0.75 for count in counts.tolist()]
    edges = [edge / sum(weights) for edge in itertools.accumulate(weights)]
    return torch.tensor([min(bisect.bisect_right(edges, x), len(edges) - 1) for x in r.tolist()])


def noise_by_numpy(counts, r):
    edges = np.cumsum(counts.numpy() ** 0.75)
    return np.searchsorted(edges / edges[-1], r.numpy(), side="right").astype(np.int64)


def noise_by_scaled_numbers(counts, r):
    """Float32, and r stretched instead of the probabilities shrunk."""
    edges = counts.sqrt().mul(counts.sqrt().sqrt()).cumsum(0)
    return torch.bucketize(r * edges[-1], edges, right=True)


# ----------------------------------------------------------------------------------------- right: char_ngrams
def ngrams_by_zip(word, low, high):
    marked = "<" + word + ">"
    found = []
    for n in range(low, high + 1):
        found += ["".join(run) for run in zip(*(marked[i:] for i in range(n)), strict=False)]
    return found


def ngrams_by_loops(word, low, high):
    marked, found = ["<", *word, ">"], []
    n = low
    while n <= high:
        start = 0
        while start + n <= len(marked):
            found.append("".join(marked[start : start + n]))
            start += 1
        n += 1
    return tuple(found)


def ngrams_by_sorting(word, low, high):
    marked = f"<{word}>"
    places = itertools.combinations(range(len(marked) + 1), 2)
    runs = [(b - a, a) for a, b in places if low <= b - a <= high]
    return [marked[a : a + n] for n, a in sorted(runs)]


# ------------------------------------------------------------------------------------------ right: lsh_bucket
def bucket_by_loops(x, planes):
    key = torch.zeros(len(x), dtype=torch.long)
    for i, s in enumerate(planes):
        key += (x @ s >= 0).long() * 2**i
    return key


def bucket_by_numpy(x, planes):
    bits = x.numpy() @ planes.numpy().T >= 0
    return (bits * (1 << np.arange(len(planes)))).sum(1)


def bucket_by_float64(x, planes):
    bits = 1 - torch.einsum("nd,bd->nb", x.double(), planes.double()).lt(0).double()
    return (bits @ 2.0 ** torch.arange(len(planes)).double()).long()


RIGHT = {
    "negative_sampling": {
        "autograd": sampling_by_autograd,
        "loops, a list": sampling_by_loops,
        "NumPy, float64 inside": sampling_by_numpy,
    },
    "noise_words": {
        "counting": noise_by_counting,
        "loops": noise_by_loops,
        "a NumPy array, float32": noise_by_numpy,
        "r stretched": noise_by_scaled_numbers,
    },
    "char_ngrams": {"zip": ngrams_by_zip, "loops, a tuple": ngrams_by_loops, "sorted": ngrams_by_sorting},
    "lsh_bucket": {
        "loops": bucket_by_loops,
        "a NumPy array": bucket_by_numpy,
        "float64 inside": bucket_by_float64,
    },
}


# ---------------------------------------------------------------------------------------------- wrong answers
def _unstable(v, u, noise):
    return -torch.sigmoid(u @ v).log() - (1 - torch.sigmoid(noise @ v)).log().sum()


def _one_more_derivative(v, u, noise):
    loss, dv, du, dnoise = S["negative_sampling"](v, u, noise)
    s = torch.sigmoid(noise @ v)
    return loss, dv, du, dnoise * (1 - s)[:, None]


def _of_numbers(number):
    """Word numbers by another rule: number(r (N,), counts (V,))."""
    return lambda counts, r: number(r.double(), counts.double()).long().clamp(0, len(counts) - 1)


def _nearest_edge(r, counts):
    edges = (counts**0.75).cumsum(0) / (counts**0.75).sum()
    return (edges - r[:, None]).abs().argmin(1)


WRONG = {
    "negative_sampling": {
        "the logarithm of a rounded 0": S["_with"](loss=_unstable),
        "minus in the noise's gradient": S["_with"](
            dnoise=lambda v, u, n: torch.outer(torch.sigmoid(-(n @ v)), v)
        ),
        "log σ of the sum": S["_with"](
            loss=lambda v, u, n: -F.logsigmoid(u @ v) - F.logsigmoid(-(n @ v).sum())
        ),
        "dv and du swapped": lambda v, u, n: (
            *(S["negative_sampling"](v, u, n)[i] for i in (0, 2, 1)),
            S["negative_sampling"](v, u, n)[3],
        ),
        "σ' once more": _one_more_derivative,
        "float64": lambda *case: tuple(t.double() for t in S["negative_sampling"](*case)),
    },
    "noise_words": {
        "whole part of r V": _of_numbers(lambda r, counts: r * len(counts)),
        "the nearest edge": _of_numbers(_nearest_edge),
        "power 1/4": S["_power"](0.25),
        "sorted counts": lambda counts, r: S["noise_words"](counts.sort(descending=True).values, r),
        "floats": lambda counts, r: S["noise_words"](counts, r).float(),
        "arg-max": _of_numbers(lambda r, counts: counts.argmax().expand(len(r))),
    },
    "char_ngrams": {
        "small letters": lambda word, low, high: S["char_ngrams"](word.lower(), low, high),
        "longest first": lambda word, low, high: [
            run for n in range(high, low - 1, -1) for run in S["char_ngrams"](word, n, n)
        ],
        "the whole word, too": lambda word, low, high: [*S["char_ngrams"](word, low, high), f"<{word}>"],
        "without the whole word": lambda word, low, high: [
            run for run in S["char_ngrams"](word, low, high) if run != f"<{word}>"
        ],
        "from one letter": lambda word, low, high: S["char_ngrams"](word, 1 if low > 1 else 2, high),
        "many marks": lambda word, low, high: S["_runs"]("<" * low + word + ">" * low, low, high),
        "a set": lambda *case: set(S["char_ngrams"](*case)),
        "one text": lambda *case: " ".join(S["char_ngrams"](*case)),
    },
    "lsh_bucket": {
        "signs of the products": lambda x, planes: (
            (torch.sign(x @ planes.T) * 2 ** torch.arange(len(planes))).sum(1).long()
        ),
        "bytes": lambda x, planes: (
            (x @ planes.T >= 0).to(torch.uint8) << torch.arange(len(planes)).to(torch.uint8)
        ).sum(1),
        "powers of ten": lambda x, planes: ((x @ planes.T >= 0) * 10 ** torch.arange(len(planes))).sum(1),
        "added over the vectors": lambda x, planes: (
            (x @ planes.T >= 0) * 2 ** torch.arange(len(planes))
        ).sum(0),
        "float32": lambda x, planes: ((x @ planes.T >= 0) * 2.0 ** torch.arange(len(planes))).sum(1),
        "float32 inside": lambda x, planes: (
            ((x @ planes.T >= 0) * 2.0 ** torch.arange(len(planes))).sum(1).long()
        ),
    },
}
