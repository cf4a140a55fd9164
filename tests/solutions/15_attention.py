"""Reference answers of the chapter on attention, and wrong ones with words of the verdict."""

import math

import torch
import torch.nn.functional as F


def masked_softmax(s, mask):
    alpha = s.masked_fill(~mask, -torch.inf).softmax(1)
    return torch.where(mask.any(1, keepdim=True), alpha, 0.0)


def additive_attention(d, h, mask, W_d, W_e, b, v):
    s = torch.tanh(h @ W_e.T + (d @ W_d.T)[:, None] + b) @ v
    alpha = s.masked_fill(~mask, -torch.inf).softmax(1)
    return (alpha[:, None] @ h)[:, 0], alpha


def search_beam(next_log_p, B, T, end):
    beam = [(0.0, ())]
    for _ in range(T):
        done = [h for h in beam if h[1] and h[1][-1] == end]
        live = [h for h in beam if not (h[1] and h[1][-1] == end)]
        if not live:
            break
        rows = next_log_p([y for _, y in live]).tolist()
        longer = [(s + q, (*y, k)) for (s, y), row in zip(live, rows, strict=True) for k, q in enumerate(row)]
        beam = sorted(done + longer, key=lambda h: -h[0])[:B]
    return beam


def causal_head(X, W_q, W_k, W_v):
    s = (X @ W_q) @ (X @ W_k).T / W_q.shape[1] ** 0.5
    future = torch.ones_like(s, dtype=torch.bool).triu(1)
    return s.masked_fill(future, -torch.inf).softmax(1) @ (X @ W_v)


# ----------------------------------------------------------------------------------- right, written otherwise
def _softmax_by_exponentials(s, mask):
    low = s.masked_fill(~mask, -1e30).max(1, keepdim=True).values
    e = (s - low).masked_fill(~mask, -torch.inf).exp()
    return e / e.sum(1, keepdim=True).clamp(min=1e-30)


def _additive_by_sum(d, h, mask, W_d, W_e, b, v):
    inner = torch.einsum("bth,ah->bta", h, W_e) + torch.einsum("bh,ah->ba", d, W_d).unsqueeze(1) + b
    alpha = _softmax_by_exponentials((inner.tanh() * v).sum(2), mask)
    return (alpha.unsqueeze(2) * h).sum(1), alpha


def _beam_of_tensors(next_log_p, B, T, end):
    scores, rows = torch.zeros(1, dtype=torch.float64), [[]]
    for _ in range(T):
        candidates = []
        for s, y in zip(scores, rows, strict=True):
            if y[-1:] == [end]:
                candidates.append((s, y))
            else:
                candidates += [(s + q, [*y, k]) for k, q in enumerate(next_log_p([tuple(y)])[0])]
        best = torch.stack([s for s, _ in candidates]).argsort(descending=True)[:B]
        scores, rows = torch.stack([candidates[i][0] for i in best]), [candidates[i][1] for i in best]
    return list(zip(scores, rows, strict=True))


def _head_of_torch(X, W_q, W_k, W_v):
    return F.scaled_dot_product_attention(X @ W_q, X @ W_k, X @ W_v, is_causal=True)


ALSO_RIGHT = {
    "masked_softmax": [_softmax_by_exponentials],
    "additive_attention": [_additive_by_sum],
    "search_beam": [_beam_of_tensors],
    "causal_head": [_head_of_torch],
}


# -------------------------------------------------------------------------------------------- wrong answers
def _nan_row(s, mask):
    return s.masked_fill(~mask, -torch.inf).softmax(1)


def _overflows(s, mask):
    e = s.exp() * mask
    return torch.where(mask.any(1, keepdim=True), e / e.sum(1, keepdim=True), 0.0)


def _after(s, mask):
    return s.softmax(1).masked_fill(~mask, 0.0)


def _zero_scores(s, mask):
    return (s * mask).softmax(1)


def _zero_scores_and_weights(s, mask):
    return (s * mask).softmax(1) * mask


def _unmasked(s, mask):
    return F.softmax(s, dim=-1)


def _inverted(s, mask):
    return torch.nan_to_num(s.masked_fill(mask, -torch.inf).softmax(1))


def _over_the_batch(s, mask):
    return torch.nan_to_num(s.masked_fill(~mask, -torch.inf).softmax(0))


def _very_low(s, mask):
    return s.masked_fill(~mask, -1e9).softmax(1)


def _hundred(s, mask):
    return s.masked_fill(~mask, -100).softmax(1) * mask


def _scores(d, h, W_d, W_e, b):
    return h @ W_e.T + (d @ W_d.T)[:, None] + b


def _from(score, weigh=masked_softmax, mix=lambda alpha, h, W_e: (alpha[:, None] @ h)[:, 0]):
    def wrong(d, h, mask, W_d, W_e, b, v):
        alpha = weigh(score(d, h, W_d, W_e, b) @ v, mask)
        return mix(alpha, h, W_e), alpha

    return wrong


def _tanh(*parts):
    return _scores(*parts).tanh()


def _without_v(d, h, mask, W_d, W_e, b, v):
    return additive_attention(d, h, mask, W_d, W_e, b, torch.ones_like(v))


def _late_tanh(d, h, mask, W_d, W_e, b, v):
    alpha = masked_softmax((_scores(d, h, W_d, W_e, b) @ v).tanh(), mask)
    return (alpha[:, None] @ h)[:, 0], alpha


def _early(next_log_p, B, T, end):
    for steps in range(1, T + 1):
        beam = search_beam(next_log_p, B, steps, end)
        if beam[0][1][-1] == end:
            break
    return beam


def _put_aside(next_log_p, B, T, end):
    live, done = [(0.0, ())], []
    for _ in range(T):
        rows = next_log_p([y for _, y in live])
        found = [(s + q, (*y, k)) for (s, y), row in zip(live, rows, strict=True) for k, q in enumerate(row)]
        found.sort(key=lambda h: -h[0])
        done += [h for h in found[:B] if h[1][-1] == end]
        live = [h for h in found if h[1][-1] != end][:B]
    return sorted(done + live, key=lambda h: -h[0])[:B]


def _one_child(next_log_p, B, T, end):
    beam = search_beam(next_log_p, B, 1, end)
    for _ in range(T - 1):
        for i, (s, y) in enumerate(beam):
            if y[-1] != end:
                q, k = next_log_p([y])[0].max(0)
                beam[i] = (s + q.item(), (*y, k.item()))
    return sorted(beam, key=lambda h: -h[0])


def _endless(next_log_p, B, T, end):
    return [(s, tuple(k for k in y if k != end)) for s, y in search_beam(next_log_p, B, T, end)]


def _searched(extend_done=False, drop_done=False, by_last=False, mean=False, worst=False):
    """Beam search with one rule broken."""

    def wrong(next_log_p, B, T, end):
        beam = [(0.0, ())]
        for _ in range(T):
            found = []
            for s, y in beam:
                if y[-1:] == (end,) and not extend_done:
                    found += [] if drop_done else [(s, y)]
                    continue
                row = next_log_p([y])[0]
                found += [(q.item() + (0 if by_last else s), (*y, k)) for k, q in enumerate(row)]
            if not found:
                break
            found.sort(key=lambda h: h[0] / (len(h[1]) if mean else 1), reverse=not worst)
            beam = found[:B]
        return beam

    return wrong


def _greedy(next_log_p, B, T, end):
    y, total = (), 0.0
    while len(y) < T and y[-1:] != (end,):
        q, k = next_log_p([y])[0].max(0)
        y, total = (*y, k.item()), total + q.item()
    return [(total, y)]


def _by_mean(next_log_p, B, T, end):
    return sorted(search_beam(next_log_p, B, T, end), key=lambda h: h[0] / len(h[1]), reverse=True)


def _exponentials(next_log_p, B, T, end):
    return [(math.exp(s), y) for s, y in search_beam(next_log_p, B, T, end)]


def _worst_first(next_log_p, B, T, end):
    return list(reversed(search_beam(next_log_p, B, T, end)))


def _headed(divide=lambda X, W_q: W_q.shape[1] ** 0.5, keep=lambda s: s.tril(), axis=1, low=-torch.inf):
    def wrong(X, W_q, W_k, W_v):
        s = (X @ W_q) @ (X @ W_k).T / divide(X, W_q)
        allowed = keep(torch.ones_like(s)).bool()
        return s.masked_fill(~allowed, low).softmax(axis) @ (X @ W_v)

    return wrong


def _late_mask(X, W_q, W_k, W_v):
    s = (X @ W_q) @ (X @ W_k).T / W_q.shape[1] ** 0.5
    return s.softmax(1).tril() @ (X @ W_v)


def _unsoftened(X, W_q, W_k, W_v):
    return ((X @ W_q) @ (X @ W_k).T / W_q.shape[1] ** 0.5).tril() @ (X @ W_v)


def _swapped(X, W_q, W_k, W_v):
    return causal_head(X, W_k, W_q, W_v)


MISTAKES = {
    "masked_softmax": [
        (_nan_row, "has become NaN"),
        (_overflows, "Large scores overflow"),
        (_after, "mask after the softmax"),
        (_zero_scores, "set the masked scores to 0, and e^0"),
        (_zero_scores_and_weights, "clear their weights afterwards"),
        (_unmasked, "do not use the mask"),
        (_inverted, "the wrong way round"),
        (_over_the_batch, "over the batch"),
        (_very_low, "spreads its weight evenly"),
        (_hundred, "not low enough"),
    ],
    "additive_attention": [
        (_from(_scores), "left out the tanh"),
        (_from(lambda d, h, W_d, W_e, b: _tanh(d, h, W_d, W_e, 0)), "left out b"),
        (_from(lambda d, h, W_d, W_e, b: (h @ W_e.T + b).tanh()), "do not depend on the decoder's state"),
        (_from(lambda d, h, W_d, W_e, b: _tanh(d, h, W_e, W_d, b)), "exchanged W_d and W_e"),
        (_without_v, "left out v"),
        (_late_tanh, "to the score, after v"),
        (_from(_tanh, weigh=_unmasked), "do not use the mask"),
        (_from(_tanh, weigh=_after), "mask after the softmax"),
        (_from(_tanh, weigh=_zero_scores), "set the masked scores to 0"),
        (_from(_tanh, weigh=_over_the_batch), "over the batch"),
        (_from(_tanh, weigh=lambda s, mask: s * mask), "without a softmax"),
        (_from(_tanh, mix=lambda alpha, h, W_e: (alpha[:, None] @ (h @ W_e.T))[:, 0]), "mixes W_e h"),
        (
            _from(_tanh, mix=lambda alpha, h, W_e: h[torch.arange(len(h)), alpha.argmax(1)]),
            "single state with the largest weight",
        ),
        (_from(_tanh, mix=lambda alpha, h, W_e: (alpha[..., None] * h).mean(1)), "by T once more"),
    ],
    "search_beam": [
        (_greedy, "greedy decoding"),
        (_searched(extend_done=True), "extended beyond their end"),
        (_searched(drop_done=True), "lost in the next step"),
        (_early, "as soon as the best sequence has ended"),
        (_put_aside, "put finished sequences aside"),
        (_one_child, "by its best symbol only"),
        (lambda next_log_p, B, T, end: search_beam(next_log_p, B, T - 1, end), "one step too few"),
        (lambda next_log_p, B, T, end: search_beam(next_log_p, B, T + 1, end), "one step too many"),
        (_endless, "cut the end off"),
        (_searched(by_last=True), "by the last symbol alone"),
        (_searched(mean=True), "divide by the length during the search"),
        (_by_mean, "by the mean log-probability"),
        (_searched(worst=True), "keep the worst"),
        (_exponentials, "probabilities, not their logarithms"),
        (_worst_first, "the worst first"),
    ],
    "causal_head": [
        (_headed(divide=lambda X, W_q: 1.0), "forgot to divide"),
        (_headed(divide=lambda X, W_q: X.shape[1] ** 0.5), "the width of X"),
        (_headed(divide=lambda X, W_q: W_q.shape[1]), "not by its root"),
        (_headed(divide=lambda X, W_q: len(X) ** 0.5), "root of the number of positions"),
        (_unsoftened, "without a softmax"),
        (_headed(keep=lambda s: s), "no causal mask"),
        (_headed(keep=torch.triu), "positions see the future and not the past"),
        (_headed(keep=lambda s: s.tril(-1)), "should see itself"),
        (_late_mask, "mask after the softmax"),
        (_headed(low=0.0), "set the future's scores to 0"),
        (_headed(axis=0), "over the queries"),
        (_swapped, "swapped"),
    ],
}
