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
    live, done = [(0.0, ())], []
    for _ in range(T):
        rows = next_log_p([y for _, y in live]).tolist()
        longer = [(s + q, (*y, k)) for (s, y), row in zip(live, rows, strict=True) for k, q in enumerate(row)]
        done += [h for h in longer if h[1][-1] == end]
        live = sorted((h for h in longer if h[1][-1] != end), reverse=True)[:B]
    return sorted(done, reverse=True)[:B]


def causal_head(X, W_q, W_k, W_v, slope):
    s = (X @ W_q) @ (X @ W_k).T / W_q.shape[1] ** 0.5
    place = torch.arange(len(X))
    back = place[:, None] - place
    return (s - slope * back).masked_fill(back < 0, -torch.inf).softmax(1) @ (X @ W_v)


PAPER = """Answers to the questions for paper, discussion and projects.

1. All weights are 1/4 for (0, 0): 22.5 degrees. For (-3, -3) the scores are -6, -3, -3, 0, the stone has
   weight 0.907 and the answer is 11.1. Every answer lies between 10 and 38, the smallest and the largest
   value, and comes as close to both as you like, but never there: no weight is 0.
2. e^(s + c) = e^s e^c, and e^c cancels. A bias behind v is such a c, the same for all j. The b inside
   stands before the tanh and moves each score differently.
3. Products .20 .20, .21 .14, .25 0. One: .20 (the first start); two: .21; three: .25, the best.
4. n w scores of d products, as many for the mixture, and 4 n d^2 for the matrices; (n - 1) / w layers,
   rounded up.
5. In a decoder no position sees later ones, so what it computed stays true when the text grows. In an
   encoder a new symbol changes the outputs of all others, and with them the keys and values of the next
   layer.
6. Weights say which states were mixed, not what was taken from them; later layers can undo it; other
   weights can give the same answer. Ask what happens to the decision when that word is changed, and for
   the same maps on cases that were decided otherwise.
7. Open. Mean and standard error over the seeds; a difference counts if it is over two standard errors of
   the difference. Expected: a little less damage at some cost in right answers, since early guesses are
   wrong.
8. Open. Look at the weights of the first wrong step: a gaze that stops moving or jumps shows that the place
   was lost, not the digit.
9. Open. What counts is that both models saw the same text and were judged on another.
"""


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


def _renormalised(s, mask):
    alpha = s.softmax(1) * mask
    return torch.nan_to_num(alpha / alpha.sum(1, keepdim=True))


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


def _stays(next_log_p, B, T, end):
    """The chapter's search."""
    beam = [(0.0, ())]
    for _ in range(T):
        live = [h for h in beam if h[1][-1:] != (end,)]
        found = [h for h in beam if h not in live]
        for s, y in live:
            found += [(s + q, (*y, k)) for k, q in enumerate(next_log_p([y])[0].tolist())]
        beam = sorted(found, reverse=True)[:B]
    return beam


def _searched(stop=lambda done, B: False, also=False, by_last=False, worst=False, only=None):
    """Beam search with one rule broken: when to stop, what comes back, how candidates are ranked."""

    def wrong(next_log_p, B, T, end):
        live, done = [(0.0, ())], []
        for _ in range(T):
            found = []
            for s, y in live:
                row = sorted(enumerate(next_log_p([y])[0].tolist()), key=lambda kq: -kq[1])
                found += [((0.0 if by_last else s) + q, (*y, k)) for k, q in row[: only if y else None]]
            found.sort(reverse=not worst)
            done += [h for h in found if h[1][-1] == end]
            live = [h for h in found if h[1][-1] != end][:B]
            if stop(done, B):
                break
        return sorted(done + (live if also else []), reverse=True)[:B]

    return wrong


def _greedy(next_log_p, B, T, end):
    return search_beam(next_log_p, 1, T, end)


def _best_of(places):
    """Which of the candidates end and go on, of the best ``places(B, finished before)`` of them."""

    def wrong(next_log_p, B, T, end):
        live, done = [(0.0, ())], []
        for _ in range(T):
            rows = next_log_p([y for _, y in live]).tolist()
            found = [
                (s + q, (*y, k)) for (s, y), row in zip(live, rows, strict=True) for k, q in enumerate(row)
            ]
            found = sorted(found, reverse=True)
            done, live = places(found, done, B, end)
        return sorted(done, reverse=True)[:B]

    return wrong


def _taken(found, done, B, end):
    best = found[:B]
    return done + [h for h in best if h[1][-1] == end], [h for h in best if h[1][-1] != end]


def _of_the_best(found, done, B, end):
    return done + [h for h in found[:B] if h[1][-1] == end], [h for h in found if h[1][-1] != end][:B]


def _shrinking(found, done, B, end):
    return _taken(found, done, max(0, B - len(done)), end)


def _reopened(found, done, B, end):
    return done + [h for h in found if h[1][-1] == end], found[:B]


def _endless(next_log_p, B, T, end):
    return [(s, y[:-1]) for s, y in search_beam(next_log_p, B, T, end)]


def _by_mean(next_log_p, B, T, end):
    live, done = [(0.0, ())], []
    for _ in range(T):
        rows = next_log_p([y for _, y in live]).tolist()
        found = [(s + q, (*y, k)) for (s, y), row in zip(live, rows, strict=True) for k, q in enumerate(row)]
        done += [h for h in found if h[1][-1] == end]
        live = sorted((h for h in found if h[1][-1] != end), reverse=True)[:B]
    return sorted(done, key=lambda h: h[0] / len(h[1]), reverse=True)[:B]


def _exponentials(next_log_p, B, T, end):
    return [(math.exp(s), y) for s, y in search_beam(next_log_p, B, T, end)]


def _worst_first(next_log_p, B, T, end):
    return list(reversed(search_beam(next_log_p, B, T, end)))


def _steep(s, slope, root):
    """Scaled scores with the slope subtracted."""
    place = torch.arange(len(s))
    return s / root - slope * (place[:, None] - place)


def _headed(
    divide=lambda X, W_q: W_q.shape[1] ** 0.5,
    keep=lambda s: s.tril(),
    axis=1,
    low=-torch.inf,
    far=_steep,
):
    def wrong(X, W_q, W_k, W_v, slope):
        s = far((X @ W_q) @ (X @ W_k).T, slope, divide(X, W_q))
        allowed = keep(torch.ones_like(s)).bool()
        return s.masked_fill(~allowed, low).softmax(axis) @ (X @ W_v)

    return wrong


def _late_mask(X, W_q, W_k, W_v, slope):
    s = _steep((X @ W_q) @ (X @ W_k).T, slope, W_q.shape[1] ** 0.5)
    return s.softmax(1).tril() @ (X @ W_v)


def _unsoftened(X, W_q, W_k, W_v, slope):
    return _steep((X @ W_q) @ (X @ W_k).T, slope, W_q.shape[1] ** 0.5).tril() @ (X @ W_v)


def _swapped(X, W_q, W_k, W_v, slope):
    return causal_head(X, W_k, W_q, W_v, slope)


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
        (_renormalised, "Right on paper"),
    ],
    "additive_attention": [
        (_from(_scores), "left out the tanh"),
        (_from(lambda d, h, W_d, W_e, b: _tanh(d, h, W_d, W_e, 0)), "b has no effect"),
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
        (_stays, "the chapter's search"),
        (_greedy, "greedy decoding"),
        (_best_of(_shrinking), "Your beam shrinks"),
        (_best_of(_taken), "take places from the live ones"),
        (_best_of(_of_the_best), "one of the B best candidates"),
        (_searched(also=True), "that are not finished"),
        (_best_of(_reopened), "extended beyond their end"),
        (_searched(stop=lambda done, B: len(done) >= B), "as soon as B sequences are finished"),
        (_searched(stop=lambda done, B: len(done) >= 1), "the first sequence is finished"),
        (_searched(only=1), "by its best symbol only"),
        (lambda next_log_p, B, T, end: search_beam(next_log_p, B, T - 1, end), "one step too few"),
        (lambda next_log_p, B, T, end: search_beam(next_log_p, B, T + 1, end), "one step too many"),
        (_endless, "cut the end off"),
        (_searched(by_last=True), "by the last symbol alone"),
        (_by_mean, "by the mean log-probability"),
        (_searched(worst=True), "keep the worst"),
        (_exponentials, "probabilities, not their logarithms"),
        (_worst_first, "the worst first"),
    ],
    "causal_head": [
        (_headed(far=lambda s, slope, root: s / root), "slope is missing"),
        (_headed(far=lambda s, slope, root: _steep(s, -slope, root)), "the wrong sign"),
        (_headed(far=lambda s, slope, root: _steep(s, slope / root, root)), "divide the slope by"),
        (_headed(low=-100.0), "not low enough"),
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
