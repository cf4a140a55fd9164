"""More right and wrong answers to the exercises on attention."""

import heapq
import math

import numpy as np
import torch
import torch.nn.functional as F
from answers import solutions

S = solutions("15_attention")


# -------------------------------------------------------------------------------------- right: masked_softmax
def softmax_by_loops(s, mask):
    out = torch.zeros(s.shape)
    for i in range(len(s)):
        allowed = [j for j in range(s.shape[1]) if mask[i, j]]
        top = max((float(s[i, j]) for j in allowed), default=0.0)
        total = sum(math.exp(float(s[i, j]) - top) for j in allowed)
        for j in allowed:
            out[i, j] = math.exp(float(s[i, j]) - top) / total
    return out


def softmax_by_numpy(s, mask):
    s, mask = s.numpy().astype(float), mask.numpy()
    low = np.where(mask, s, -np.inf).max(1, keepdims=True)
    e = np.where(mask, np.exp(np.where(mask, s - np.where(np.isfinite(low), low, 0), 0)), 0)
    return (e / np.maximum(e.sum(1, keepdims=True), 1e-300)).astype(np.float32)


def softmax_by_filling(s, mask):
    filled = torch.where(mask, s.double(), torch.finfo(torch.float64).min)
    return (F.softmax(filled.T, 0) * mask.T).float().T  # not contiguous


# ---------------------------------------------------------------------------------- right: additive_attention
def additive_by_loops(d, h, mask, W_d, W_e, b, v):
    alpha, context = torch.zeros(h.shape[:2]), torch.zeros(d.shape)
    for i in range(len(h)):
        here = mask[i].nonzero()[:, 0].tolist()
        scores = torch.stack([v @ torch.tanh(W_e @ h[i, j] + W_d @ d[i] + b) for j in here])
        for j, a in zip(here, scores.softmax(0), strict=True):
            alpha[i, j] = a
            context[i] += a * h[i, j]
    return [context, alpha]


def additive_by_numpy(d, h, mask, W_d, W_e, b, v):
    d, h, mask, W_d, W_e, b, v = (t.numpy() for t in (d, h, mask, W_d, W_e, b, v))
    s = np.tanh(h @ W_e.T + (d @ W_d.T)[:, None] + b) @ v
    e = np.exp(s - s.max(1, keepdims=True)) * mask
    alpha = e / e.sum(1, keepdims=True)
    return np.einsum("bt,bth->bh", alpha, h).astype(np.float32), alpha.astype(np.float32)


def additive_by_float64(d, h, mask, W_d, W_e, b, v):
    d, h, W_d, W_e, b, v = (t.double() for t in (d, h, W_d, W_e, b, v))
    inner = torch.einsum("bth,ah->bta", h, W_e) + torch.einsum("bh,ah->ba", d, W_d).unsqueeze(1) + b
    s = torch.where(mask, (inner.tanh() * v).sum(2), -1e9)
    alpha = (s - s.logsumexp(1, keepdim=True)).exp()
    return (alpha.unsqueeze(2) * h).sum(1).float(), alpha.float()


# ----------------------------------------------------------------------------------------- right: search_beam
def beam_by_heap(next_log_p, B, T, end):
    live, done = [([], 0.0)], []
    for _ in range(T):
        longer = []
        for y, score in live:
            row = next_log_p([tuple(y)])[0]
            longer += [([*y, k], score + float(row[k])) for k in range(len(row))]
        done += [h for h in longer if h[0][-1] == end]
        live = heapq.nlargest(B, (h for h in longer if h[0][-1] != end), key=lambda h: h[1])
    return [(score, y) for y, score in heapq.nlargest(B, done, key=lambda h: h[1])]


def beam_by_tensors(next_log_p, B, T, end):
    """Tensors of scores and of symbols; a finished candidate's score is set to minus infinity."""
    scores, rows, done = torch.zeros(1, dtype=torch.float64), torch.zeros(1, 0, dtype=torch.long), []
    for _ in range(T):
        all_scores = scores[:, None] + next_log_p([tuple(row.tolist()) for row in rows])
        done += [(s, [*row.tolist(), end]) for s, row in zip(all_scores[:, end].clone(), rows, strict=True)]
        K = all_scores.shape[1]
        all_scores[:, end] = -torch.inf
        best = all_scores.flatten().topk(min(B, len(rows) * (K - 1)))
        parents, symbols = best.indices // K, best.indices % K
        scores, rows = best.values, torch.cat([rows[parents], symbols[:, None]], 1)
    order = torch.stack([s for s, _ in done]).argsort(descending=True)[:B]
    return tuple((done[i][0], torch.tensor(done[i][1])) for i in order)


def beam_that_stops_early(next_log_p, B, T, end):
    """Ends when no live hypothesis can become better than the B-th finished one; sums are exact."""
    live, done = [((), ())], []
    for _ in range(T):
        rows = next_log_p([y for y, _ in live]).numpy()
        longer = [((*y, np.int64(k)), (*parts, q)) for (y, parts), row in zip(live, rows, strict=True)
                  for k, q in enumerate(row)]  # fmt: skip
        longer.sort(key=lambda h: math.fsum(h[1]), reverse=True)
        done = sorted(done + [h for h in longer if h[0][-1] == end], key=lambda h: -math.fsum(h[1]))[:B]
        live = [h for h in longer if h[0][-1] != end][:B]
        if len(done) == B and math.fsum(done[-1][1]) >= math.fsum(live[0][1]):
            break
    return [(np.float64(math.fsum(parts)), y) for y, parts in done]


# ----------------------------------------------------------------------------------------- right: causal_head
def head_by_loops(X, W_q, W_k, W_v, slope):
    q, k, v = X.double() @ W_q.double(), X.double() @ W_k.double(), X.double() @ W_v.double()
    rows = []
    for t in range(len(X)):
        scores = [q[t] @ k[j] / math.sqrt(q.shape[1]) - slope * (t - j) for j in range(t + 1)]
        rows.append(torch.stack(scores).softmax(0) @ v[: t + 1])
    return torch.stack(rows).float()


def head_of_torch(X, W_q, W_k, W_v, slope):
    place = torch.arange(len(X)).float()
    added = -slope * (place[:, None] - place) + torch.full((len(X), len(X)), -torch.inf).triu(1)
    return F.scaled_dot_product_attention(X @ W_q, X @ W_k, X @ W_v, attn_mask=added)


def head_by_numpy(X, W_q, W_k, W_v, slope):
    X, W_q, W_k, W_v = (t.numpy() for t in (X, W_q, W_k, W_v))
    back = np.subtract.outer(np.arange(len(X)), np.arange(len(X)))
    s = (X @ W_q) @ (X @ W_k).T / np.sqrt(W_q.shape[1]) - slope * back
    s = np.where(back >= 0, s, -1e9)
    e = np.exp(s - s.max(1, keepdims=True))
    return (e / e.sum(1, keepdims=True) @ (X @ W_v)).astype(np.float32)


RIGHT = {
    "masked_softmax": {
        "loops": softmax_by_loops,
        "a NumPy array": softmax_by_numpy,
        "the lowest number, float64 inside, a view": softmax_by_filling,
    },
    "additive_attention": {
        "loops, a list": additive_by_loops,
        "NumPy arrays": additive_by_numpy,
        "float64 inside, -1e9": additive_by_float64,
    },
    "search_beam": {
        "a heap, lists": beam_by_heap,
        "tensors": beam_by_tensors,
        "stops early, exact sums": beam_that_stops_early,
    },
    "causal_head": {
        "loops, float64 inside": head_by_loops,
        "PyTorch's own": head_of_torch,
        "a NumPy array, -1e9": head_by_numpy,
    },
}


# ---------------------------------------------------------------------------------------------- wrong answers
def _renormalised_nan(s, mask):
    alpha = s.softmax(1) * mask
    return torch.where(mask.any(1, keepdim=True), alpha / alpha.sum(1, keepdim=True), 0.0)


def _largest_of_all(s, mask):
    e = (s - s.max()).exp() * mask
    return torch.nan_to_num(e / e.sum(1, keepdim=True))


def _small_number(s, mask):
    e = (s - s.masked_fill(~mask, -1e30).amax(1, keepdim=True)).exp() * mask
    return torch.nan_to_num(e) / (torch.nan_to_num(e).sum(1, keepdim=True) + 0.1)


def _sum_of_all(s, mask):
    e = (s - s.amax(1, keepdim=True)).exp()
    return e * mask / e.sum(1, keepdim=True)


def _b_outside(d, h, mask, W_d, W_e, b, v):
    inner = torch.tanh(h @ W_e.T + (d @ W_d.T)[:, None]) + b
    alpha = S["masked_softmax"](inner @ v, mask)
    return (alpha[:, None] @ h)[:, 0], alpha


def _tanh_apart(d, h, W_d, W_e, b):
    return torch.tanh(h @ W_e.T) + torch.tanh((d @ W_d.T)[:, None] + b)


def _exhaustive(next_log_p, B, T, end):
    return S["search_beam"](next_log_p, 10**6, T, end)


def _one_place_more(next_log_p, B, T, end):
    return S["search_beam"](next_log_p, B + 1, T, end)


def _on_paper(X, W_q, W_k, W_v, slope):
    s = S["_steep"]((X @ W_q) @ (X @ W_k).T, slope, W_q.shape[1] ** 0.5)
    alpha = s.softmax(1).tril()
    return alpha / alpha.sum(1, keepdim=True) @ (X @ W_v)


WRONG = {
    "masked_softmax": {
        "masked later, divided again": _renormalised_nan,
        "the largest of all scores": _largest_of_all,
        "0.1 in the denominator": _small_number,
        "the sum of all": _sum_of_all,
        "uniform where nothing is allowed": lambda s, mask: torch.where(
            mask.any(1, keepdim=True), S["masked_softmax"](s, mask), torch.tensor(1 / s.shape[1])
        ),
        "float64": lambda s, mask: S["masked_softmax"](s.double(), mask).double(),
    },
    "additive_attention": {
        "b outside the tanh": _b_outside,
        "two tanhs": S["_from"](_tanh_apart),
        "ReLU": S["_from"](lambda *parts: S["_scores"](*parts).relu()),
        "sigmoid": S["_from"](lambda *parts: S["_scores"](*parts).sigmoid()),
        "order": lambda *case: S["additive_attention"](*case)[::-1],
        "scores for weights": S["_from"](S["_tanh"], weigh=lambda s, mask: s),
        "scaled by the root": S["_from"](
            lambda d, h, W_d, W_e, b: S["_tanh"](d, h, W_d, W_e, b) / len(b) ** 0.5
        ),
    },
    "search_beam": {
        "all sequences": _exhaustive,
        "one place more": _one_place_more,
        "symbols alone": lambda *case: [y for _, y in S["search_beam"](*case)],
        "order of the pairs": lambda *case: [(y, score) for score, y in S["search_beam"](*case)],
        "the best one": lambda *case: S["search_beam"](*case)[:1],
    },
    "causal_head": {
        "right on paper": _on_paper,
        "-100 in the future": S["_headed"](low=-100.0),
        "distance squared": S["_headed"](
            far=lambda s, slope, root: (
                s / root - slope * (torch.arange(len(s))[:, None] - torch.arange(len(s))) ** 2
            )
        ),
        "keys from W_q": lambda X, W_q, W_k, W_v, slope: S["causal_head"](X, W_q, W_q, W_v, slope),
        "ones for the values": lambda X, W_q, W_k, W_v, slope: S["causal_head"](
            X, W_q, W_k, W_v * 0 + 1, slope
        ),
        "equation (8) without the slope": lambda X, W_q, W_k, W_v, slope: F.scaled_dot_product_attention(
            X @ W_q, X @ W_k, X @ W_v, is_causal=True
        ),
    },
}
