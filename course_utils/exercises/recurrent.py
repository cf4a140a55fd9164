"""Exercises of the chapter on recurrent networks."""

from __future__ import annotations

import torch

from ._base import Case, Exercise, Mistake, Problem, normal
from ._judge import Failure

CHAPTER = "14_recurrent"


# ------------------------------------------------------------------------------------------ rnn_step_backward
def draw_rnn(rng):
    yield Case(
        {
            "x": torch.tensor([[1.0, -2.0, 0.5], [0.5, 1.0, -1.0]]),  # (B, D) = (2, 3)
            "h": torch.tensor([[0.5, -0.25], [1.0, 0.75]]),  # (B, H) = (2, 2)
            "w_x": torch.tensor([[0.5, 0.25, -1.0], [1.0, 0.5, 0.5]]),
            "w_h": torch.tensor([[0.5, -1.0], [1.5, 0.25]]),
            "b": torch.tensor([0.1, -0.2]),
            "dnew": torch.tensor([[1.0, 2.0], [-0.5, 1.5]]),
        }
    )
    for note, (B, D, H) in {
        "": (6, 3, 5),
        "D = H": (5, 4, 4),
        "B = D = H": (3, 3, 3),
        "B = 1": (1, 3, 2),
    }.items():
        shapes = {"x": (B, D), "h": (B, H), "w_x": (H, D), "w_h": (H, H), "b": (H,), "dnew": (B, H)}
        yield Case({key: normal(rng, *shape, scale=0.8) for key, shape in shapes.items()}, note=note)


def rnn_step_backward(x, h, w_x, w_h, b, dnew):
    """The step by PyTorch's cell, its gradients by autograd."""
    inputs = [v.clone().requires_grad_() for v in (x, h, w_x, w_h, b)]
    x, h, w_x, w_h, b = inputs
    new = torch._VF.rnn_tanh_cell(x, h, w_x, w_h, b, torch.zeros_like(b))
    return new.detach(), *torch.autograd.grad(new, inputs, dnew)


def _rnn(step=torch.tanh, slope=lambda a, new: 1 - new**2, back=lambda da, w: da @ w, **more):
    """The step and its gradients with one thing changed; ``more`` replaces outputs."""

    def wrong(x, h, w_x, w_h, b, dnew):
        a = x @ w_x.T + h @ w_h.T + b
        new = step(a)
        da = dnew * slope(a, new)
        out = {
            "new": new,
            "dx": da @ w_x,
            "dh": back(da, w_h),
            "dw_x": da.T @ x,
            "dw_h": da.T @ h,
            "db": da.sum(0),
        }
        scope = {"x": x, "h": h, "w_h": w_h, "da": da, "new": new, "dnew": dnew, "a": a}
        out.update({key: f(scope) for key, f in more.items()})
        return tuple(out.values())

    return wrong


RNN = Exercise(
    name="rnn_step_backward",
    chapter=CHAPTER,
    points=3,
    contract="rnn_step_backward(x, h, w_x, w_h, b, dnew) -> (new, dx, dh, dw_x, dw_h, db) for new = tanh(x "
    "w_xᵀ + h w_hᵀ + b); x (B, D), h, new and dnew = ∂L/∂new (B, H), w_x (H, D), w_h (H, H), b (H,); "
    "each gradient in the shape of its tensor; float32",
    draw=draw_rnn,
    expected=rnn_step_backward,
    outputs=("new", "dx", "dh", "dw_x", "dw_h", "db"),
    mistakes=(
        Mistake(
            "The derivative of tanh is missing in the backward pass.",
            "dnew arrives behind tanh: what turns it into da?",
            wrong=_rnn(slope=lambda a, new: 1.0),
        ),
        Mistake(
            "You take 1 - a² with what goes into tanh; the slope is 1 - tanh(a)².",
            "Write the derivative of tanh with its value.",
            wrong=_rnn(slope=lambda a, new: 1 - a**2),
        ),
        Mistake(
            "You take 1 - new as the slope of tanh.",
            "What is the derivative of tanh at 0.5? Which power is missing?",
            wrong=_rnn(slope=lambda a, new: 1 - new),
        ),
        Mistake(
            "You take the slope of the sigmoid, new (1 - new).",
            "f is tanh here.",
            wrong=_rnn(slope=lambda a, new: new * (1 - new)),
        ),
        Mistake(
            "You take the slope from the old state, 1 - h²; tanh made the new one.",
            "Of which number is the derivative of tanh written in equation (2)?",
            wrong=lambda x, h, *rest: _rnn(slope=lambda a, new: 1 - h**2)(x, h, *rest),
        ),
        Mistake(
            "You averaged the gradients of the weights over the batch.",
            "Is there a 1/B in equation (3)?",
            wrong=_rnn(
                dw_x=lambda s: s["da"].T @ s["x"] / len(s["x"]),
                dw_h=lambda s: s["da"].T @ s["h"] / len(s["x"]),
            ),
        ),
        Mistake(
            "Your dh uses w_h transposed.",
            "w_h is square, so the shape cannot tell: write the sum for one entry of dh.",
            wrong=_rnn(back=lambda da, w: da @ w.T),
        ),
        Mistake(
            "Your dw_h uses the new state; the weight met the old one.",
            "Which h does w_h multiply in the forward pass?",
            wrong=_rnn(dw_h=lambda s: s["da"].T @ s["new"]),
        ),
        Mistake(
            "Your dw_h is transposed.",
            "Its rows belong to the new units, its columns to the old ones.",
            wrong=_rnn(dw_h=lambda s: s["h"].T @ s["da"]),
        ),
        Mistake(
            "You did not sum db over the batch.",
            "b is added to every row; how many paths lead from b to the loss?",
            wrong=_rnn(db=lambda s: s["da"]),
        ),
        Mistake(
            "You averaged db over the batch.",
            "Is there a 1/B in equation (3)?",
            wrong=_rnn(db=lambda s: s["da"].mean(0)),
        ),
        Mistake(
            "Your db is the sum of dnew; tanh lies between.",
            "b is added before tanh.",
            wrong=_rnn(db=lambda s: s["dnew"].sum(0)),
        ),
        Mistake(
            "Your new state lacks tanh.",
            "What is f in equation (1)?",
            wrong=lambda x, h, w_x, w_h, b, dnew: {"new": x @ w_x.T + h @ w_h.T + b},
        ),
    ),
)


# ------------------------------------------------------------------------------------------- clip_global_norm
def draw_clip(rng):
    yield Case({"grads": [torch.tensor([2.0, -4.0]), torch.tensor([[4.0], [8.0]])], "limit": 4.0})
    shapes = ((4, 3), (7,), (2, 2, 2))
    yield Case({"grads": [normal(rng, *s, scale=3.0) for s in shapes], "limit": 1.5})
    yield Case(
        {"grads": [normal(rng, *s, scale=0.01) for s in shapes], "limit": 5.0},
        note="the norm is below the limit",
    )
    yield Case(
        {"grads": [normal(rng, 5, scale=0.1), normal(rng, 6, scale=9.0)], "limit": 1.0},
        note="one tensor is small, one is large",
    )
    yield Case(
        {"grads": [0.1 + normal(rng, *s, scale=0.03) for s in shapes], "limit": 0.01}, note="a low limit"
    )
    yield Case({"grads": [torch.zeros(3), torch.zeros(2, 2)], "limit": 1.0}, note="all gradients are zero")


def clip_global_norm(grads, limit):
    norm = float(torch.cat([g.double().flatten() for g in grads]).norm())
    return [g * (limit / norm) if norm > limit else g.clone() for g in grads]


def _norm(grads):
    return torch.cat([g.flatten() for g in grads]).norm()


def _scaled(norm_of):
    """Clip by another norm of the list."""

    def wrong(grads, limit):
        norm = float(norm_of(grads))
        return [g * (limit / norm if norm > limit else 1.0) for g in grads]

    return wrong


CLIP = Exercise(
    name="clip_global_norm",
    chapter=CHAPTER,
    points=2,
    contract="clip_global_norm(grads, limit) -> list of tensors like grads, all multiplied by one factor "
    "min(1, limit / norm) with the norm of all numbers together; float32; limit > 0; grads stay as they are",
    draw=draw_clip,
    expected=clip_global_norm,
    outputs=("the list",),
    atol=1e-7,
    mistakes=(
        Mistake(
            "You clip each tensor by its own norm, which turns the direction of the step.",
            "Equation (5) has one norm for all gradients together.",
            wrong=lambda grads, limit: [g * min(1.0, limit / max(float(g.norm()), 1e-12)) for g in grads],
        ),
        Mistake(
            "You scale small gradients up to the limit.",
            "What does min(1, …) do when the norm is below the limit?",
            when=lambda case, got: (
                "below" in case.note and abs(float(_norm(got)) / case.inputs["limit"] - 1) < 1e-3
            ),
        ),
        Mistake(
            "You add the norms of the tensors; the squares add, not the norms.",
            "Lay all numbers end to end: what is the norm of that vector?",
            wrong=_scaled(lambda grads: sum(g.norm() for g in grads)),
        ),
        Mistake(
            "You use the squared norm.",
            "Which root is missing?",
            wrong=_scaled(lambda grads: _norm(grads) ** 2),
        ),
        Mistake(
            "You take the root of the mean square; the norm takes the root of the sum.",
            "Should the limit depend on how many numbers there are?",
            wrong=_scaled(lambda grads: torch.cat([g.flatten() for g in grads]).square().mean().sqrt()),
        ),
        Mistake(
            "You average the norms of the tensors.",
            "Lay all numbers end to end: what is the norm of that vector?",
            wrong=_scaled(lambda grads: sum(g.norm() for g in grads) / len(grads)),
        ),
        Mistake(
            "Your factor is upside down: norm over limit.",
            "What should the norm be after the multiplication?",
            wrong=lambda grads, limit: [g * min(1.0, float(_norm(grads)) / limit) for g in grads],
        ),
        Mistake(
            "You use the largest norm of a single tensor.",
            "Equation (5) has one norm for all gradients together.",
            wrong=_scaled(lambda grads: max(g.norm() for g in grads)),
        ),
        Mistake(
            "You use the sum of absolute values as the norm.",
            "The norm of equation (5) is the Euclidean one.",
            wrong=_scaled(lambda grads: sum(g.abs().sum() for g in grads)),
        ),
        Mistake(
            "You clip every number by itself, which turns the direction of the step.",
            "Equation (5) multiplies all gradients by the same factor.",
            wrong=lambda grads, limit: [g.clamp(-limit, limit) for g in grads],
        ),
        Mistake(
            "You bring the norm to 1, whatever the limit.",
            "Where does the limit enter equation (5)?",
            wrong=lambda grads, limit: [g / _norm(grads) if _norm(grads) > limit else g for g in grads],
        ),
        Mistake(
            "You return the gradients as they came.",
            "What is their norm, and what is the limit?",
            wrong=lambda grads, limit: grads,
        ),
        Mistake(
            "You divide zero by zero when all gradients are zero.",
            "Compare the norm with the limit before you divide.",
            when=lambda case, got: "zero" in case.note and any(bool(g.isnan().any()) for g in got),
        ),
    ),
)


# --------------------------------------------------------------------------------------------------- gru_step
def draw_gru(rng):
    yield Case(
        {
            "x": torch.tensor([[1.0, -0.5]]),  # (B, D) = (1, 2)
            "h": torch.tensor([[0.5, -1.0]]),  # (B, H) = (1, 2)
            "w_x": torch.tensor([[0.5, 1.0], [-1.0, 0.5], [1.0, 0.0], [0.5, -0.5], [1.0, 2.0], [-0.5, 1.0]]),
            "w_h": torch.tensor([[1.0, 0.5], [0.0, -1.0], [0.5, 0.5], [-0.5, 1.0], [2.0, 0.5], [1.0, -1.0]]),
            "b_x": torch.tensor([0.1, 0.0, -0.2, 0.3, 0.2, -0.1]),
            "b_h": torch.tensor([0.0, 0.2, 0.1, -0.1, 0.4, 0.5]),
        }
    )
    for note, (B, D, H) in {"": (5, 3, 4), "D = H": (2, 4, 4), "one unit": (3, 2, 1)}.items():
        shapes = {
            "x": (B, D),
            "h": (B, H),
            "w_x": (3 * H, D),
            "w_h": (3 * H, H),
            "b_x": (3 * H,),
            "b_h": (3 * H,),
        }
        yield Case({key: normal(rng, *shape) for key, shape in shapes.items()}, note=note)


def _gru(
    mix=lambda z, n, h: (1 - z) * n + z * h,
    candidate=lambda xn, hn, r, h, w, b: torch.tanh(xn + (r * h) @ w.T + b),
    order=(0, 1, 2),
):
    """A step with the reset gate before the matrix, or with one part exchanged."""

    def step(x, h, w_x, w_h, b_x, b_h):
        from_x, from_h = (x @ w_x.T + b_x).chunk(3, 1), (h @ w_h.T + b_h).chunk(3, 1)
        (xr, xz, xn), (hr, hz, hn) = ([part[k] for k in order] for part in (from_x, from_h))
        r, z = torch.sigmoid(xr + hr), torch.sigmoid(xz + hz)
        w, b = w_h.chunk(3)[order[2]], b_h.chunk(3)[order[2]]
        return mix(z, candidate(xn, hn, r, h, w, b), h)

    return step


gru_step = _gru()


def _z_resets(x, h, w_x, w_h, b_x, b_h):
    from_x, from_h = (x @ w_x.T + b_x).chunk(3, 1), (h @ w_h.T + b_h).chunk(3, 1)
    z = torch.sigmoid(from_x[1] + from_h[1])
    return (1 - z) * torch.tanh(from_x[2] + (z * h) @ w_h.chunk(3)[2].T + b_h.chunk(3)[2]) + z * h


GRU = Exercise(
    name="gru_step",
    chapter=CHAPTER,
    points=3,
    contract="gru_step(x, h, w_x, w_h, b_x, b_h) -> new h (B, H) float32; x (B, D), h (B, H), w_x (3H, D), "
    "w_h (3H, H), b_x and b_h (3H,), rows stacked in the order r, z, n; r multiplies h before the matrix",
    draw=draw_gru,
    expected=gru_step,
    outputs=("the new h",),
    mistakes=(
        Mistake(
            "z and 1 - z are swapped: z = 1 should keep the old state.",
            "Look at the last line of equation (6).",
            wrong=_gru(mix=lambda z, n, h: z * n + (1 - z) * h),
        ),
        Mistake(
            "Your reset gate multiplies after the matrix, as in equation (6); here it comes before.",
            "What does W_hn meet in Cho's paper: h, or r ⊙ h?",
            wrong=_gru(candidate=lambda xn, hn, r, h, w, b: torch.tanh(xn + r * hn)),
        ),
        Mistake(
            "Your reset gate multiplies after the matrix, the bias b_h left out; here it comes before.",
            "What does W_hn meet in Cho's paper: h, or r ⊙ h?",
            wrong=_gru(candidate=lambda xn, hn, r, h, w, b: torch.tanh(xn + r * (hn - b) + b)),
        ),
        Mistake(
            "The candidate lacks its bias b_h.",
            "Which constants stand in the bracket behind tanh?",
            wrong=_gru(candidate=lambda xn, hn, r, h, w, b: torch.tanh(xn + (r * h) @ w.T)),
        ),
        Mistake(
            "Your reset gate multiplies the bias b_h of the candidate, too.",
            "Does b_h belong to what is reset?",
            wrong=_gru(candidate=lambda xn, hn, r, h, w, b: torch.tanh(xn + (r * h) @ w.T + r * b)),
        ),
        Mistake(
            "The update gate stands in the place of the reset gate.",
            "Which gate says how much of the old state the candidate may see?",
            wrong=_z_resets,
        ),
        Mistake(
            "Your reset gate multiplies the input's part of the candidate, too.",
            "Should a reset make the unit blind for x?",
            wrong=_gru(candidate=lambda xn, hn, r, h, w, b: torch.tanh(r * (xn + hn))),
        ),
        Mistake(
            "Your reset gate multiplies only the input's part of the candidate.",
            "What should be reset: what comes from x, or what comes from h?",
            wrong=_gru(candidate=lambda xn, hn, r, h, w, b: torch.tanh(r * xn + hn)),
        ),
        Mistake(
            "The reset gate is missing in the candidate.",
            "Which part of the candidate may forget?",
            wrong=_gru(candidate=lambda xn, hn, r, h, w, b: torch.tanh(xn + hn)),
        ),
        Mistake(
            "The candidate lacks its tanh.",
            "Look at the third line of equation (6).",
            wrong=_gru(candidate=lambda xn, hn, r, h, w, b: xn + (r * h) @ w.T + b),
        ),
        Mistake(
            "The candidate goes through a sigmoid; it needs tanh.",
            "Can your state become negative?",
            wrong=_gru(candidate=lambda xn, hn, r, h, w, b: torch.sigmoid(xn + (r * h) @ w.T + b)),
        ),
        Mistake(
            "The blocks of r and z are swapped.",
            "In which order are the rows stacked?",
            wrong=_gru(order=(1, 0, 2)),
        ),
        Mistake(
            "You return the candidate without mixing it with the old state.",
            "What does the update gate do?",
            wrong=_gru(mix=lambda z, n, h: n),
        ),
        Mistake(
            "You add the whole candidate: n lacks its factor 1 - z.",
            "The two factors in the last line of equation (6) add up to one.",
            wrong=_gru(mix=lambda z, n, h: n + z * h),
        ),
    ),
)


# ------------------------------------------------------------------------------------------ sample_characters
COUNT = 20_000


def draw_sample(rng):
    def seed():
        return int(rng.integers(1, 10_000))

    z = torch.tensor([1.0, 0.0, -1.0, 2.0])
    yield Case({"z": z, "tau": 0.5, "count": COUNT, "seed": seed()})
    yield Case({"z": z.flip(0), "tau": 1.0, "count": COUNT, "seed": seed()}, note="temperature 1")
    yield Case({"z": normal(rng, 9), "tau": 2.5, "count": COUNT, "seed": seed()})
    big = torch.tensor([1000.0, 999.5, -1000.0, 998.0])
    yield Case({"z": big, "tau": 0.7, "count": COUNT, "seed": seed()}, note="logits near 1000")
    hot = torch.tensor([0.0, 200.0])
    yield Case({"z": hot, "tau": 100.0, "count": COUNT, "seed": seed()}, note="large logits, and a large tau")
    small = torch.tensor([2.0, 1.9, -3.0])
    yield Case({"z": small, "tau": 0.02, "count": COUNT, "seed": seed()}, note="a temperature of 0.02")


def call_sample(answer, z, tau, count, seed):
    """Draw twice from one generator, and again from a fresh one with the same seed."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    first = answer(z, tau, count, generator)
    if first is None or first is ...:
        return first
    second = answer(z.clone(), tau, count, generator)
    torch.manual_seed(seed + 1)
    return first, second, answer(z.clone(), tau, count, torch.Generator().manual_seed(seed))


def verify_sample(case, got):
    z, tau, count = (case.inputs[key] for key in ("z", "tau", "count"))
    if type(got) is not tuple or len(got) != 3:
        return Problem("the draws have the wrong kind", f"torch.int64, ({count},)", type(got).__name__)
    first, second, again = got
    for draws in got:
        if not isinstance(draws, torch.Tensor) or draws.shape != (count,) or draws.dtype != torch.int64:
            kind = type(draws).__name__
            if isinstance(draws, torch.Tensor):
                kind = f"{draws.dtype}, {tuple(draws.shape)}"
            return Problem("the draws have the wrong kind", f"torch.int64, ({count},)", kind)
    if first.min() < 0 or first.max() >= len(z):
        return Problem(
            "a draw names no character", f"0 … {len(z) - 1}", f"{int(first.min())} … {int(first.max())}"
        )
    p = (z.double() / tau).softmax(0)
    if not _fits(first, p):
        shares = (first.bincount(minlength=len(z)) / count).tolist()
        text = [", ".join(f"{v:.3f}" for v in row) for row in (p.tolist(), shares)]
        return Problem("the characters are not drawn as often as they should be", *text)
    if not torch.equal(first, again):
        return Problem(
            "the same generator state gives other draws", "the same draws", "others: chance from elsewhere"
        )
    if torch.equal(first, second) and count * (1 - (p**2).sum()) > 50:
        return Problem("two calls with one generator give the same draws", "other draws", "the same")
    return None


def _fits(draws, p):
    """Whether the draws (N,) have the frequencies p (V,), within five standard deviations."""
    seen = draws.bincount(minlength=len(p)).double()
    if len(seen) != len(p):
        return False
    mean, spread = len(draws) * p, (len(draws) * p * (1 - p)).sqrt()
    return bool(((seen - mean).abs() <= 5 * spread + 3).all())


def _drawn_from(chances):
    """Whether the draws follow ``chances(z, tau)`` and not equation (11)."""

    def when(case, got):
        if not isinstance(got, tuple | list) or not isinstance(got[0], torch.Tensor):
            return False
        first, z, tau = got[0], case.inputs["z"].double(), case.inputs["tau"]
        if first.dtype != torch.int64 or first.shape != (case.inputs["count"],) or first.min() < 0:
            return False
        p = chances(z, tau)
        return bool(p.isfinite().all()) and _fits(first, p) and not _fits(first, (z / tau).softmax(0))

    return when


SAMPLE = Exercise(
    name="sample_characters",
    chapter=CHAPTER,
    points=3,
    contract="sample_characters(z, tau, count, generator) -> (count,) int64, independent draws from "
    "softmax(z / tau) that use the torch.Generator; z (V,) float32 logits, perhaps near ±1000, tau > 0",
    draw=draw_sample,
    call=call_sample,
    verify=verify_sample,
    mistakes=(
        Mistake(
            "You take the softmax before tau: what has underflowed there cannot come back.",
            "Which numbers does tau divide in equation (11)?",
            when=lambda case, got: "large tau" in case.note and bool((got[0] == 1).all()),
        ),
        Mistake(
            "Every draw is the most probable character: that is arg-max, or one draw repeated.",
            "Even at temperature 1 the second best has its chance; who draws, and how often?",
            when=_drawn_from(lambda z, tau: (z == z.max()).double() / (z == z.max()).sum()),
        ),
        Mistake(
            "You multiply by tau; equation (11) divides.",
            "Should a small temperature make the distribution sharper or flatter?",
            when=_drawn_from(lambda z, tau: (z * tau).softmax(0)),
        ),
        Mistake(
            "The temperature has no effect.",
            "It divides the logits, before the softmax; a factor on the probabilities cancels.",
            when=_drawn_from(lambda z, tau: z.softmax(0)),
        ),
        Mistake(
            "You apply the temperature to the probabilities, and the softmax twice.",
            "Which numbers does tau divide in equation (11)?",
            when=_drawn_from(lambda z, tau: (z.softmax(0) / tau).softmax(0)),
        ),
        Mistake(
            "You draw all characters with the same chance.",
            "Where do the logits enter?",
            when=_drawn_from(lambda z, tau: torch.full_like(z, 1 / len(z))),
        ),
        Mistake(
            "The exponential of large logits overflows.",
            "What may be subtracted from all logits without changing the softmax?",
            when=lambda case, got: (
                isinstance(got, Failure)
                and ("inf" in got.message or "multinomial" in got.message)
                and bool((case.inputs["z"] / case.inputs["tau"]).max() > 80)
            ),
        ),
        Mistake(
            "You draw without replacement.",
            "Independent draws may repeat: which argument of torch.multinomial says so?",
            when=lambda case, got: isinstance(got, Failure) and "without replacement" in got.message,
        ),
        Mistake(
            "You do not use the generator.",
            "Which argument of torch.multinomial or torch.rand takes it?",
            when=lambda case, got: (
                isinstance(got, tuple | list)
                and all(isinstance(g, torch.Tensor) and g.dtype == torch.int64 for g in got)
                and verify_sample(case, (got[0], got[1], got[0])) is None
                and not torch.equal(got[0], got[2])
            ),
        ),
    ),
)

EXERCISES = [RNN, CLIP, GRU, SAMPLE]
