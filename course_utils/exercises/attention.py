"""Exercises of the chapter on attention."""

from __future__ import annotations

import itertools
import math

import torch

from ._base import Case, Exercise, Mistake, normal

CHAPTER = "15_attention"


def lengths_mask(rng, b, t):
    """A mask (b, t) of sequences of random lengths from 1 to t, at least one of them short."""
    lengths = torch.from_numpy(rng.integers(1, t + 1, b))
    lengths[0] = max(1, t - 2)
    return torch.arange(t) < lengths[:, None]


# --------------------------------------------------------------------------------------------- masked_softmax
def draw_softmax(rng):
    s = torch.tensor([[0.5, -1.0, 2.0, 0.3], [1.0, 0.2, -0.7, 0.0]])
    yield Case({"s": s, "mask": torch.tensor([[True, True, False, False], [True, False, True, True]])})
    for b, t in ((5, 9), (7, 3)):
        yield Case({"s": normal(rng, b, t, scale=2.0), "mask": lengths_mask(rng, b, t)})
    mask = torch.from_numpy(rng.random((6, 5)) < 0.6)
    mask[:, 1] = True
    mask[2] = False
    yield Case({"s": normal(rng, 6, 5), "mask": mask}, note="one row allows nothing")
    s = torch.tensor([[1000.0, 0.0, -1000.0, 500.0]])
    yield Case({"s": s, "mask": torch.tensor([[False, True, True, False]])}, note="the largest is forbidden")
    yield Case({"s": normal(rng, 3, 4, scale=500.0), "mask": lengths_mask(rng, 3, 4)}, note="large scores")
    yield Case({"s": normal(rng, 3, 5) - 1000.0, "mask": lengths_mask(rng, 3, 5)}, note="very low scores")
    yield Case({"s": normal(rng, 2, 4), "mask": torch.ones(2, 4, dtype=torch.bool)}, note="all allowed")


def masked_softmax(s, mask):
    out = torch.zeros_like(s)
    for i, allowed in enumerate(mask):
        if allowed.any():
            out[i, allowed] = s[i, allowed].softmax(0)
    return out


def _spread_evenly(s, mask):
    return s.masked_fill(~mask, -1e9).softmax(1)


def _exponentials(s, mask):
    """Without subtracting the largest score first."""
    e = s.exp() * mask
    return torch.where(mask.any(1, keepdim=True), e / e.sum(1, keepdim=True), 0.0)


def _mask_later(s, mask):
    """Right on paper: the softmax of all scores, then what is allowed, divided by its sum."""
    alpha = s.softmax(1) * mask
    return alpha / alpha.sum(1, keepdim=True)


def _not_low_enough(low):
    return lambda s, mask: s.masked_fill(~mask, low).softmax(1) * mask


SOFTMAX = Exercise(
    name="masked_softmax",
    chapter=CHAPTER,
    points=2,
    contract="masked_softmax(s, mask) -> weights (B, T) float32; s (B, T) float32; mask (B, T) bool, True "
    "where allowed; rows sum to 1 over what is allowed, rows in which nothing is allowed are all 0",
    draw=draw_softmax,
    expected=masked_softmax,
    atol=1e-6,
    mistakes=(
        Mistake(
            "A row in which nothing is allowed has become NaN.",
            "What is e^(−∞) / 0, and what should stand there?",
            when=lambda case, got: (
                bool(got.isnan().any()) and not bool((got.isnan().any(1) & case.inputs["mask"].any(1)).any())
            ),
        ),
        Mistake(
            "Large scores overflow: their exponentials are infinite.",
            "What may be subtracted from all scores of a row without changing its softmax?",
            wrong=_exponentials,
        ),
        *(
            Mistake(
                "Right on paper: but beside a large forbidden score, what is allowed underflows to 0.",
                "Can the forbidden scores be left out before the exponential?",
                wrong=wrong,
            )
            for wrong in (
                lambda s, mask: _mask_later(s, mask).nan_to_num(0.0),
                lambda s, mask: _mask_later(s, mask).where(mask.any(1, keepdim=True), torch.zeros(())),
            )
        ),
        Mistake(
            "You mask after the softmax: the rows no longer sum to 1.",
            "Which scores does the denominator still contain?",
            wrong=lambda s, mask: s.softmax(1) * mask,
        ),
        Mistake(
            "You set the masked scores to 0, and e^0 = 1 is a weight like any other.",
            "Which score has the exponential 0?",
            wrong=lambda s, mask: s.masked_fill(~mask, 0.0).softmax(1),
        ),
        Mistake(
            "You set the masked scores to 0 and clear their weights afterwards: the rows do not sum to 1.",
            "Which score takes no part in the denominator either?",
            wrong=lambda s, mask: s.masked_fill(~mask, 0.0).softmax(1) * mask,
        ),
        Mistake(
            "You do not use the mask.",
            "What should the weight of a masked place be?",
            wrong=lambda s, mask: s.softmax(1),
        ),
        Mistake(
            "Your mask is the wrong way round: you keep what it forbids.",
            "What does True mean in this mask?",
            wrong=lambda s, mask: masked_softmax(s, ~mask),
        ),
        Mistake(
            "Your softmax runs over the batch, not over the sequence.",
            "Which axis should the weights sum to 1 along?",
            wrong=lambda s, mask: masked_softmax(s.T, mask.T).T.contiguous(),
        ),
        *(
            Mistake(
                "Your score for what is masked is not low enough: here the allowed ones are lower still.",
                "Which score is below every number?",
                wrong=_not_low_enough(low),
            )
            for low in (-100.0, -999.0)
        ),
        Mistake(
            "A row in which nothing is allowed spreads its weight evenly over what is forbidden.",
            "All its scores are equally low. What should its weights be?",
            wrong=_spread_evenly,
        ),
    ),
)


# ----------------------------------------------------------------------------------------- additive_attention
def draw_additive(rng):
    for b, t, size, hidden in ((2, 3, 2, 2), (4, 6, 5, 3), (1, 7, 4, 6), (3, 1, 3, 4)):
        yield Case(
            {
                "d": normal(rng, b, size),
                "h": normal(rng, b, t, size),
                "mask": lengths_mask(rng, b, t),
                "W_d": normal(rng, hidden, size),
                "W_e": normal(rng, hidden, size),
                "b": normal(rng, hidden),
                "v": normal(rng, hidden, scale=2.0),
            },
            note="one symbol" if t == 1 else "",
        )


def scores(d, h, W_d, W_e, b, v, inner=torch.tanh):
    """Equation (4), pair by pair: (B, T)."""
    rows = [
        [v @ inner(W_e @ state + W_d @ query + b) for state in states]
        for query, states in zip(d, h, strict=True)
    ]
    return torch.stack([torch.stack(row) for row in rows])


def mixture(alpha, h):
    return torch.stack(
        [
            sum(a * state for a, state in zip(row, states, strict=True))
            for row, states in zip(alpha, h, strict=True)
        ]
    )


def additive_attention(d, h, mask, W_d, W_e, b, v):
    alpha = masked_softmax(scores(d, h, W_d, W_e, b, v), mask)
    return mixture(alpha, h), alpha


def _additive(weigh=masked_softmax, score=scores, mix=lambda alpha, h, W_e: mixture(alpha, h)):
    """Additive attention with one of its parts exchanged."""

    def wrong(d, h, mask, W_d, W_e, b, v):
        alpha = weigh(score(d, h, W_d, W_e, b, v), mask)
        return mix(alpha, h, W_e), alpha

    return wrong


def _hardest(alpha, h, W_e):
    return torch.stack([states[row.argmax()] for row, states in zip(alpha, h, strict=True)])


ADDITIVE = Exercise(
    name="additive_attention",
    chapter=CHAPTER,
    points=3,
    contract="additive_attention(d, h, mask, W_d, W_e, b, v) -> context (B, H) and weights (B, T), float32; "
    "d (B, H); h (B, T, H); mask (B, T) bool, at least one True a row; W_d, W_e (A, H); b, v (A,)",
    draw=draw_additive,
    expected=additive_attention,
    outputs=("the context", "the weights"),
    mistakes=(
        Mistake(
            "You left out the tanh: the scores are linear in both states.",
            "What does equation (4) apply to the sum before v?",
            wrong=_additive(score=lambda *parts: scores(*parts, inner=lambda z: z)),
        ),
        Mistake(
            "Your b has no effect: it is left out, or stands outside the tanh, where the softmax cancels it.",
            "Which three terms does the tanh take in equation (4)?",
            wrong=_additive(score=lambda d, h, W_d, W_e, b, v: scores(d, h, W_d, W_e, 0 * b, v)),
        ),
        Mistake(
            "Your scores do not depend on the decoder's state, so it looks at the same place in every step.",
            "What asks for a place in equation (4)?",
            wrong=_additive(score=lambda d, h, W_d, W_e, b, v: scores(0 * d, h, W_d, W_e, b, v)),
        ),
        Mistake(
            "You have exchanged W_d and W_e.",
            "Which of the two is multiplied by the encoder's states in equation (4)?",
            wrong=_additive(score=lambda d, h, W_d, W_e, b, v: scores(d, h, W_e, W_d, b, v)),
        ),
        Mistake(
            "You left out v: the hidden units are only summed.",
            "How does equation (4) make one score of the hidden layer?",
            wrong=_additive(score=lambda d, h, W_d, W_e, b, v: scores(d, h, W_d, W_e, b, torch.ones_like(v))),
        ),
        Mistake(
            "You apply the tanh to the score, after v.",
            "What stands inside the tanh of equation (4), and what outside?",
            wrong=_additive(score=lambda *parts: scores(*parts, inner=lambda z: z).tanh()),
        ),
        Mistake(
            "You do not use the mask: padding gets weight.",
            "Which scores should be −∞ before the softmax?",
            wrong=_additive(weigh=lambda s, mask: s.softmax(1)),
        ),
        Mistake(
            "You mask after the softmax: the weights no longer sum to 1.",
            "Which scores does the denominator still contain?",
            wrong=_additive(weigh=lambda s, mask: s.softmax(1) * mask),
        ),
        Mistake(
            "You set the masked scores to 0, and e^0 = 1 is a weight like any other.",
            "Which score has the exponential 0?",
            wrong=_additive(weigh=lambda s, mask: s.masked_fill(~mask, 0.0).softmax(1)),
        ),
        Mistake(
            "Your softmax runs over the batch, not over the source.",
            "Which axis should the weights sum to 1 along?",
            wrong=_additive(weigh=lambda s, mask: masked_softmax(s.T, mask.T).T.contiguous()),
        ),
        Mistake(
            "You use the scores themselves as weights, without a softmax.",
            "What should the weights of one row sum to?",
            wrong=_additive(weigh=lambda s, mask: s * mask),
        ),
        Mistake(
            "Your context mixes W_e h, not the states h.",
            "What does the last part of equation (4) sum?",
            wrong=_additive(mix=lambda alpha, h, W_e: mixture(alpha, h @ W_e.T)),
        ),
        Mistake(
            "Your context is the single state with the largest weight.",
            "Through which states should a gradient flow?",
            wrong=_additive(mix=_hardest),
        ),
        Mistake(
            "Your context divides the mixture by T once more.",
            "What do the weights sum to already?",
            wrong=_additive(mix=lambda alpha, h, W_e: mixture(alpha, h) / h.shape[1]),
        ),
    ),
)


# ------------------------------------------------------------------------------------------------ search_beam
def draw_beam(rng):
    for p in (
        [[0.35, 0.55, 0.1], [0.05, 0.75, 0.2], [0.3, 0.3, 0.4], [0.55, 0.05, 0.4]],
        [[0.55, 0.35, 0.1], [0.2, 0.3, 0.5], [0.3, 0.3, 0.4], [0.8, 0.15, 0.05]],
    ):
        inputs = {"table": torch.tensor([p]).double(), "B": 2, "T": 4, "end": 2}
        yield Case(inputs, note="the last row is for the empty prefix")
    for _ in range(4):
        yield _apart(rng, 5, 1.0, 3, 5)
        yield _apart(rng, 4, 1.5, 2, 6)
    yield _apart(rng, 6, 1.0, 1, 6, "a beam of one")
    yield _apart(rng, 3, 1.0, 30, 3, "a beam that holds everything")
    yield _apart(rng, 3, 1.0, 4, 1, "a single step")


def _apart(rng, K, scale, B, T, note=""):
    """A language of K symbols in which no two sequences are so close that rounding decides."""
    while True:
        table = normal(rng, T, K + 1, K, scale=scale).double().softmax(2)
        compared = []
        _beam(table, B, T, K - 1, seen=compared.append)
        if all(a - b > 1e-6 for a, b in itertools.chain(*map(itertools.pairwise, compared))):
            return Case({"table": table, "B": B, "T": T, "end": K - 1}, note=note)


def call_beam(answer, table, B, T, end):
    """Give the answer a function that reads the table, and its result as numbers and tuples."""
    import torch

    def next_log_p(prefixes):
        rows = torch.empty(len(prefixes), table.shape[2], dtype=torch.float64)
        for i, prefix in enumerate(prefixes):
            plane = table[min(len(prefix), len(table) - 1)]
            rows[i] = plane[int(prefix[-1]) if len(prefix) else -1].log()
        return rows

    found = answer(next_log_p, B, T, end)
    try:
        return [(float(score), tuple(int(k) for k in symbols)) for score, symbols in found]
    except (TypeError, ValueError):
        return found  # something else altogether: the check says what


def _longer(table, live, total=True, only=None):
    """All hypotheses that are one symbol longer than the live ones; ``only`` the best so many of each."""
    found = []
    for score, y in live:
        plane = table[min(len(y), len(table) - 1)]
        rows = plane[y[-1] if y else -1].log().tolist()
        children = [(score + q if total else q, (*y, k)) for k, q in enumerate(rows)]
        found += sorted(children, reverse=True)[:only]
    return found


def _log_p(h):
    """By log p; by the symbols where that is the same."""
    return h


def _mean(h):
    return h[0] / len(h[1])


def _all_aside(ranked, done, B, closed):
    """What is put aside, and what lives on, of the candidates of one step, the best first."""
    return [h for h in ranked if closed(h)], [h for h in ranked if not closed(h)][:B]


def _beam(
    table,
    B,
    T,
    end,
    *,
    rank=_log_p,
    sort=_all_aside,
    stop=lambda done, live, B: False,
    last=lambda done, live: done,
    order=_log_p,
    seen=lambda scores: None,
    **changes,
):
    """Beam search by the book, or with one rule exchanged; ``seen`` is told the sorted scores."""
    live, done = [(0.0, ())], []
    for step in range(T):
        found = _longer(table, live, **(changes if step else {**changes, "only": None}))
        ranked = sorted(found, key=rank, reverse=True)
        seen([score for score, _ in ranked])
        finished, live = sort(ranked, done, B, lambda h: h[1][-1] == end)
        done += finished
        if stop(done, live, B):
            break
    result = sorted(last(done, live), key=order, reverse=True)
    seen([score for score, _ in result])
    return result[:B]


def search_beam(table, B, T, end):
    return _beam(table, B, T, end)


def _in_the_beam(table, B, T, end):
    """The search of the chapter: a finished sequence keeps its place."""
    beam = [(0.0, ())]
    for _ in range(T):
        done = [h for h in beam if h[1][-1:] == (end,)]
        found = done + _longer(table, [h for h in beam if h not in done])
        beam = sorted(found, reverse=True)[:B]
    return beam


def _wrong_beam(**changes):
    return lambda *case: _beam(*case, **changes)


def _of_the_best(ranked, done, B, closed):
    return [h for h in ranked[:B] if closed(h)], [h for h in ranked if not closed(h)][:B]


def _places_taken(ranked, done, B, closed):
    return [h for h in ranked[:B] if closed(h)], [h for h in ranked[:B] if not closed(h)]


def _shrinking(ranked, done, B, closed):
    finished = [h for h in ranked[: max(0, B - len(done))] if closed(h)]
    left = max(0, B - len(done) - len(finished))
    return finished, [h for h in ranked if not closed(h)][:left]


def _reopened(ranked, done, B, closed):
    return [h for h in ranked if closed(h)], ranked[:B]


BEAM = Exercise(
    name="search_beam",
    chapter=CHAPTER,
    points=4,
    contract="search_beam(next_log_p, B, T, end) -> the B best finished sequences, or all if they are fewer, "
    "[(log p: float, symbols: tuple of ints), ...], the best first; next_log_p maps a list of n tuples to "
    "(n, K) float64; at most T symbols. In each step every candidate that ends in `end` is put aside, and "
    "the B best others live on. table[t] holds the probabilities of the next symbol after each symbol in "
    "step t (its last plane for all later steps, too); its last row is for the empty prefix",
    draw=draw_beam,
    expected=search_beam,
    call=call_beam,
    outputs=("the list",),
    mistakes=(
        Mistake(
            "That is the chapter's search: finished sequences keep a place in the beam.",
            "Who may live on beside a finished sequence here, and how many?",
            wrong=_in_the_beam,
        ),
        Mistake(
            "That is greedy decoding: only one sequence lives on.",
            "How many hypotheses live on after each step?",
            wrong=lambda table, B, T, end: _beam(table, 1, T, end),
        ),
        Mistake(
            "Your beam shrinks: each finished sequence leaves one place fewer for the live ones.",
            "How many hypotheses live on after a step, however many are finished?",
            wrong=_wrong_beam(sort=_shrinking),
        ),
        Mistake(
            "Finished sequences take places from the live ones in their step.",
            "How many hypotheses live on after a step, however many are finished?",
            wrong=_wrong_beam(sort=_places_taken),
        ),
        Mistake(
            "You put a finished sequence aside only if it is one of the B best candidates.",
            "Which of the candidates that end in `end` are put aside?",
            wrong=_wrong_beam(sort=_of_the_best),
        ),
        Mistake(
            "You also return sequences that are not finished.",
            "What does the last symbol of a result have to be?",
            wrong=_wrong_beam(last=lambda done, live: done + live),
        ),
        Mistake(
            "Finished sequences are extended beyond their end.",
            "What should happen to a hypothesis whose last symbol is `end`?",
            wrong=_wrong_beam(sort=_reopened),
        ),
        Mistake(
            "You stop as soon as B sequences are finished; a live one may still become better.",
            "When is it sure that no live hypothesis can win any more?",
            wrong=_wrong_beam(stop=lambda done, live, B: len(done) >= B),
        ),
        Mistake(
            "You stop as soon as the first sequence is finished.",
            "When is it sure that no live hypothesis can win any more?",
            wrong=_wrong_beam(stop=lambda done, live, B: bool(done)),
        ),
        Mistake(
            "You extend each hypothesis by its best symbol only: after the first step they never meet.",
            "How many candidates compete for B places?",
            wrong=_wrong_beam(only=1),
        ),
        Mistake(
            "You make one step too few.",
            "How many symbols may the longest sequence have?",
            wrong=lambda table, B, T, end: _beam(table, B, T - 1, end),
        ),
        Mistake(
            "You make one step too many.",
            "How many symbols may the longest sequence have?",
            wrong=lambda table, B, T, end: _beam(table, B, T + 1, end),
        ),
        Mistake(
            "You cut the end off the finished sequences.",
            "Which symbol shows that a sequence is finished?",
            wrong=lambda *case: [(score, y[:-1]) for score, y in _beam(*case)],
        ),
        Mistake(
            "You rank by the last symbol alone, not by the whole sequence.",
            "What does equation (2) sum?",
            wrong=_wrong_beam(total=False),
        ),
        Mistake(
            "You order the result by the mean log-probability of a symbol, not by log p.",
            "The best first: by which number?",
            wrong=_wrong_beam(order=_mean),
        ),
        Mistake(
            "You keep the worst candidates, not the best.",
            "Which way do you sort?",
            wrong=_wrong_beam(rank=lambda h: -h[0]),
        ),
        Mistake(
            "You return probabilities, not their logarithms.",
            "What happens to a product of many probabilities in floating point?",
            wrong=lambda *case: [(math.exp(score), y) for score, y in _beam(*case)],
        ),
        Mistake(
            "The right sequences, the worst first.",
            "Where does the exercise want the best one?",
            wrong=lambda *case: _beam(*case)[::-1],
        ),
    ),
)


# ------------------------------------------------------------------------------------------------ causal_head
def draw_head(rng):
    for t, D, d, e in ((3, 2, 2, 2), (6, 8, 4, 3), (9, 5, 16, 5), (1, 4, 2, 3)):
        W = {"W_q": normal(rng, D, d), "W_k": normal(rng, D, d), "W_v": normal(rng, D, e)}
        inputs = {"X": normal(rng, t, D), **W, "slope": float(rng.uniform(0.2, 1.0))}
        yield Case(inputs, note="a single position" if t == 1 else "")
    yield Case({"X": normal(rng, 5, 4), **{k: normal(rng, 4, 4) for k in W}, "slope": 0.0}, note="slope 0")
    X = torch.tensor([[30.0, 1.0], [-30.0, 2.0], [20.0, -3.0]])
    large = {"X": X, "W_q": torch.eye(2), "W_k": -torch.eye(2), "W_v": torch.eye(2), "slope": 0.5}
    yield Case(large, note="large scores")


def _head(
    scale=None,
    mask=None,
    axis=1,
    fill=-math.inf,
    after=False,
    swap=False,
    soft=True,
    far=lambda s, i, j, slope, root: s / root - slope * (i - j),
):
    """Causal attention, position by position, or with one part exchanged."""

    def head(X, W_q, W_k, W_v, slope):
        q, k = X @ W_q, X @ W_k
        if swap:
            q, k = k, q
        divide = math.sqrt(W_q.shape[1]) if scale is None else scale(X, W_q)
        s = torch.stack([torch.stack([row @ key for key in k]) for row in q])
        at = torch.arange(len(X))
        s = far(s, at[:, None], at[None], slope, divide)
        allowed = (mask or (lambda i, j: j <= i))(at[:, None], at[None])
        if not soft:
            return (s * allowed) @ (X @ W_v)
        alpha = s.softmax(1) * allowed if after else s.masked_fill(~allowed, fill).softmax(axis)
        return alpha @ (X @ W_v)

    return head


causal_head = _head()

HEAD = Exercise(
    name="causal_head",
    chapter=CHAPTER,
    points=3,
    contract="causal_head(X, W_q, W_k, W_v, slope) -> Z (T, e) float32; X (T, D); W_q, W_k (D, d); "
    "W_v (D, e); position t sees positions j up to and including t, with slope (t - j) subtracted from the "
    "scaled score",
    draw=draw_head,
    expected=causal_head,
    mistakes=(
        Mistake(
            "The slope is missing: far positions are seen like near ones.",
            "What is subtracted from a score at distance t - j?",
            wrong=_head(far=lambda s, i, j, slope, root: s / root),
        ),
        Mistake(
            "Your slope has the wrong sign: it prefers what is far away.",
            "Should the score of position 0, seen from position 9, rise or fall?",
            wrong=_head(far=lambda s, i, j, slope, root: s / root + slope * (i - j)),
        ),
        Mistake(
            "You divide the slope by √d, too.",
            "Is it subtracted before the division, or after it?",
            wrong=_head(far=lambda s, i, j, slope, root: (s - slope * (i - j)) / root),
        ),
        *(
            Mistake(
                "Your score for the future is not low enough: here the allowed ones are lower still.",
                "Which score is below every number?",
                wrong=_head(fill=low),
            )
            for low in (-100.0, -300.0)
        ),
        Mistake(
            "You forgot to divide the scores by √d.",
            "What is the variance of a dot product of d terms?",
            wrong=_head(scale=lambda X, W_q: 1.0),
        ),
        Mistake(
            "You divide by √D, the width of X; d is the width of the queries.",
            "How many products does q·k add up?",
            wrong=_head(scale=lambda X, W_q: math.sqrt(X.shape[1])),
        ),
        Mistake(
            "You divide by d, not by its root.",
            "The variance of the scores is d. What is their standard deviation?",
            wrong=_head(scale=lambda X, W_q: W_q.shape[1]),
        ),
        Mistake(
            "You divide by the root of the number of positions; d is the width of the queries.",
            "How many products does q·k add up?",
            wrong=_head(scale=lambda X, W_q: math.sqrt(len(X))),
        ),
        Mistake(
            "You use the scores themselves as weights, without a softmax.",
            "What should the weights of one row sum to?",
            wrong=_head(soft=False),
        ),
        Mistake(
            "There is no causal mask: every position sees the future.",
            "Which keys may position 0 see?",
            wrong=_head(mask=lambda i, j: i == i + 0 * j),
        ),
        Mistake(
            "Your mask is the wrong way round: positions see the future and not the past.",
            "Rows of the scores are queries, columns are keys. Which triangle stays?",
            wrong=_head(mask=lambda i, j: j >= i),
        ),
        Mistake(
            "Position 0 has nothing to look at and becomes NaN: a position should see itself, too.",
            "Does the diagonal belong to the past in this exercise?",
            wrong=_head(mask=lambda i, j: j < i),
        ),
        Mistake(
            "You mask after the softmax: the weights of most rows no longer sum to 1.",
            "Which scores does the denominator still contain?",
            wrong=_head(after=True),
        ),
        Mistake(
            "You set the future's scores to 0, and e^0 = 1 is a weight like any other.",
            "Which score has the exponential 0?",
            wrong=_head(fill=0.0),
        ),
        Mistake(
            "Your softmax runs over the queries, not over the keys.",
            "For one query, what should sum to 1?",
            wrong=_head(axis=0),
        ),
        Mistake(
            "Queries and keys are swapped.",
            "In row t of the scores, whose query is it?",
            wrong=_head(swap=True),
        ),
    ),
)

EXERCISES = [SOFTMAX, ADDITIVE, BEAM, HEAD]
