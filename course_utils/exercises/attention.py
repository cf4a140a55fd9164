"""Exercises of the chapter on attention."""

from __future__ import annotations

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
            when=lambda case, got: bool(got.isnan().any()) and float(case.inputs["s"].abs().max()) > 80,
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
            "You left out b.",
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
    def case(k, scale, B, T, note=""):
        table = normal(rng, k + 1, k, scale=scale).double().log_softmax(1)
        return Case({"table": table, "B": B, "T": T, "end": k - 1}, note=note)

    first = torch.tensor([[0.1, 0.5, 0.4], [0.4, 0.05, 0.55], [0.3, 0.3, 0.4], [0.45, 0.3, 0.25]]).double()
    yield Case({"table": first.log(), "B": 2, "T": 3, "end": 2}, note="the last row of table comes first")
    for _ in range(4):
        yield case(5, 1.0, 3, 5)
        yield case(4, 1.5, 2, 6)
    yield case(6, 1.0, 1, 6, "a beam of one")
    yield case(3, 1.0, 30, 3, "a beam that holds everything")


def call_beam(answer, table, B, T, end):
    """Give the answer a function that reads the table: its last row for the empty prefix."""
    import torch

    def next_log_p(prefixes):
        last = [int(prefix[-1]) if len(prefix) else len(table) - 1 for prefix in prefixes]
        return table[torch.tensor(last, dtype=torch.long)]

    found = answer(next_log_p, B, T, end)
    try:
        return [(float(score), tuple(int(k) for k in symbols)) for score, symbols in found]
    except (TypeError, ValueError):
        return found  # something else altogether: the check says what


def _beam(table, B, T, end, stay=True, closed=True, total=True, pick=None, sign=-1, early=False, only=None):
    """Beam search by the book, or with one rule exchanged."""
    beam = [(0.0, ())]
    for step in range(T):
        if early and beam[0][1][-1:] == (end,):
            break
        found = []
        for score, y in beam:
            if closed and y and y[-1] == end:
                found += [(score, y)] if stay else []
                continue
            rows = table[y[-1] if y else len(table) - 1].tolist()
            longer = [(score + q if total else q, (*y, k)) for k, q in enumerate(rows)]
            found += sorted(longer, reverse=True)[: only if step else None]
        if not found:
            break
        beam = sorted(found, key=pick or (lambda h: sign * h[0]))[:B]
    return beam


def search_beam(table, B, T, end):
    return _beam(table, B, T, end)


def _aside(table, B, T, end):
    """Finished sequences are put aside, and B unfinished ones go on."""
    beam, done = [(0.0, ())], []
    for _ in range(T):
        found = []
        for score, y in beam:
            rows = table[y[-1] if y else len(table) - 1].tolist()
            found += [(score + q, (*y, k)) for k, q in enumerate(rows)]
        found.sort(reverse=True)
        done += [h for h in found[:B] if h[1][-1] == end]
        beam = [h for h in found if h[1][-1] != end][:B]
    return sorted(done + beam, reverse=True)[:B]


def _final_order(table, B, T, end):
    return sorted(_beam(table, B, T, end), key=lambda h: -h[0] / len(h[1]))


def _probabilities(table, B, T, end):
    return [(math.exp(score), y) for score, y in _beam(table, B, T, end)]


BEAM = Exercise(
    name="search_beam",
    chapter=CHAPTER,
    points=4,
    contract="search_beam(next_log_p, B, T, end) -> the B best sequences, [(log p: float, symbols: tuple of "
    "ints), ...], the best first; next_log_p maps a list of n tuples to (n, K) float64; at most T symbols; a "
    "sequence that ends in `end` is finished: it keeps its place if it is good enough and is not extended. "
    "The table below holds log p of the next symbol after each symbol; its last row is for the empty prefix",
    draw=draw_beam,
    expected=search_beam,
    call=call_beam,
    mistakes=(
        Mistake(
            "That is greedy decoding: only one sequence comes back.",
            "How many hypotheses does the beam hold after each step?",
            wrong=lambda table, B, T, end: _beam(table, 1, T, end),
        ),
        Mistake(
            "Finished sequences are extended beyond their end.",
            "What should happen to a hypothesis whose last symbol is `end`?",
            wrong=lambda *case: _beam(*case, closed=False),
        ),
        Mistake(
            "Finished sequences are lost in the next step.",
            "Who competes with the extended hypotheses for a place in the beam?",
            wrong=lambda *case: _beam(*case, stay=False),
        ),
        Mistake(
            "You stop as soon as the best sequence has ended; the others in the beam are still open.",
            "Who else is asked for, besides the best?",
            wrong=lambda *case: _beam(*case, early=True),
        ),
        Mistake(
            "You put finished sequences aside and go on with B others; here they keep one of the B places.",
            "How many hypotheses are there in all after a step, the finished ones included?",
            wrong=_aside,
        ),
        Mistake(
            "You extend each hypothesis by its best symbol only: after the first step they never meet.",
            "How many candidates compete for B places?",
            wrong=lambda *case: _beam(*case, only=1),
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
            wrong=lambda *case: [(s, y[:-1] if y[-1] == case[3] else y) for s, y in _beam(*case)],
        ),
        Mistake(
            "You rank by the last symbol alone, not by the whole sequence.",
            "What does equation (2) sum?",
            wrong=lambda *case: _beam(*case, total=False),
        ),
        Mistake(
            "You divide by the length during the search; here log p itself decides.",
            "Which of two hypotheses is kept: the one with the larger sum or the larger mean?",
            wrong=lambda *case: _beam(*case, pick=lambda h: -h[0] / len(h[1])),
        ),
        Mistake(
            "You order the result by the mean log-probability of a symbol, not by log p.",
            "The best first: by which number?",
            wrong=_final_order,
        ),
        Mistake(
            "You keep the worst candidates, not the best.",
            "Which way do you sort?",
            wrong=lambda *case: _beam(*case, sign=1),
        ),
        Mistake(
            "You return probabilities, not their logarithms.",
            "What happens to a product of many probabilities in floating point?",
            wrong=_probabilities,
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
        yield Case({"X": normal(rng, t, D), **W}, note="a single position" if t == 1 else "")


def _head(scale=None, mask=None, axis=1, fill=-math.inf, after=False, swap=False, soft=True):
    """Causal attention, position by position, or with one part exchanged."""

    def head(X, W_q, W_k, W_v):
        q, k = X @ W_q, X @ W_k
        if swap:
            q, k = k, q
        divide = math.sqrt(W_q.shape[1]) if scale is None else scale(X, W_q)
        s = torch.stack([torch.stack([row @ key for key in k]) for row in q]) / divide
        at = torch.arange(len(X))
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
    contract="causal_head(X, W_q, W_k, W_v) -> Z (T, e) float32; X (T, D); W_q, W_k (D, d); W_v (D, e); "
    "position t sees positions up to and including t",
    draw=draw_head,
    expected=causal_head,
    mistakes=(
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
