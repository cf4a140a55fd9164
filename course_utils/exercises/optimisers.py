"""Exercises of the chapter on optimisers."""

from __future__ import annotations

import math
from itertools import pairwise

import torch

from ._base import Case, Exercise, Mistake, Problem, normal
from ._judge import Failure

CHAPTER = "04_optimisers"


# ------------------------------------------------------------------------------------------------ minibatches
def draw_minibatches(rng):
    yield Case({"n": 10, "batch_size": 4, "seed": 1})
    n = int(rng.integers(40, 80))
    yield Case({"n": n, "batch_size": 7, "seed": int(rng.integers(1000))})
    yield Case({"n": 24, "batch_size": 8, "seed": 5}, note="no rest")
    yield Case({"n": 30, "batch_size": 64, "seed": 6}, note="one batch is larger than the data")
    yield Case({"n": 20, "batch_size": 1, "seed": 7}, note="batches of one")


def call_minibatches(answer, n, batch_size, seed):
    """Two epochs of one generator, and the first one again from a fresh generator."""
    from itertools import islice

    import torch

    def epoch(generator):
        return list(islice(answer(n, batch_size, generator), 2 * n + 2))  # an endless answer ends, too

    generator = torch.Generator().manual_seed(seed)
    first, second = epoch(generator), epoch(generator)
    torch.manual_seed(seed + 1)
    return first, second, epoch(torch.Generator().manual_seed(seed))


def verify_minibatches(case, got):
    n, size = case.inputs["n"], case.inputs["batch_size"]
    for batch in (batch for epoch in got for batch in epoch):
        kind = _kind(batch)
        if not kind.startswith("int64, (") or batch.ndim != 1:
            return Problem("a batch is no int64 tensor of shape (B,)", "int64, (B,)", kind)
    for epoch in got:
        sizes = [len(batch) for batch in epoch]
        right = [size] * (n // size) + [n % size] * (n % size > 0)
        if sizes != right:
            return Problem("the batches have the wrong sizes", _short(right), _short(sizes))
        seen = torch.cat(epoch)
        if not torch.equal(seen.sort()[0], torch.arange(n)):
            missing = n - len(set(seen.tolist()) & set(range(n)))
            return Problem(
                "one epoch does not hold every index exactly once", "none missing", f"{missing} missing"
            )
        if torch.equal(seen, torch.arange(n)):
            return Problem("the order is not shuffled", "a random order", "0, 1, 2, …")
    if n > 5 * size > 5 and all(_sorted_blocks(torch.cat(epoch), size) for epoch in got):
        return Problem("every batch holds neighbours", "any indices", f"0 … {size - 1} in the first batch")
    first, second, again = (torch.cat(epoch) for epoch in got)
    if torch.equal(first, second):
        return Problem("two epochs have the same order", "another order", "the same")
    if not torch.equal(first, again):
        return Problem(
            "the same generator state gives another order", "the same order", "another: chance from elsewhere"
        )
    return None


def _short(sizes):
    return str(sizes) if len(sizes) <= 8 else f"{len(sizes)} batches, the last of {sizes[-1]}"


def _kind(batch):
    if not isinstance(batch, torch.Tensor):
        return type(batch).__name__
    return f"{str(batch.dtype).removeprefix('torch.')}, {tuple(batch.shape)}"


def _sorted_blocks(epoch, size):
    """Whether the batches cut 0 … n-1 in its own order, whatever the order within each."""
    return all(torch.equal(b.sort()[0], b.min() + torch.arange(len(b))) for b in epoch.split(size)) and (
        torch.equal(epoch.split(size)[0].sort()[0], torch.arange(size))
    )


def _epochs(got):
    return [torch.cat(epoch) if epoch else torch.zeros(0) for epoch in got]


MINIBATCHES = Exercise(
    name="minibatches",
    chapter=CHAPTER,
    points=2,
    contract="minibatches(n, batch_size, generator) -> iterator over int64 tensors (B,): all indices 0 … n-1 "
    "once, in an order drawn from the torch.Generator; every batch full but perhaps the last",
    draw=draw_minibatches,
    call=call_minibatches,
    verify=verify_minibatches,
    mistakes=(
        Mistake(
            "You leave out the last batch when it is not full.",
            "How many indices does your epoch hold when n is no multiple of batch_size?",
            when=lambda case, got: (
                all(
                    len(e) == case.inputs["n"] // case.inputs["batch_size"] * case.inputs["batch_size"]
                    for e in _epochs(got)
                )
                and case.inputs["n"] % case.inputs["batch_size"] > 0
            ),
        ),
        Mistake(
            "You yield Python numbers or lists.",
            "torch.randperm gives a tensor, and a piece of a tensor is a tensor.",
            when=lambda case, got: any(not isinstance(b, torch.Tensor) for epoch in got for b in epoch),
        ),
        Mistake(
            "You hand out single indices, not batches.",
            "Which method of a tensor splits it into pieces of one length?",
            when=lambda case, got: all(
                len(epoch) == case.inputs["n"] and all(b.ndim == 0 for b in epoch) for epoch in got
            ),
        ),
        Mistake(
            "Your epoch ends with its first batch, handed out index by index.",
            "return ends the function; which word hands out a batch and goes on?",
            when=lambda case, got: all(
                len(epoch) == case.inputs["batch_size"] and all(b.ndim == 0 for b in epoch) for epoch in got
            ),
        ),
        Mistake(
            "Your iterator does not stop after one epoch.",
            "How often may an index come before the iterator ends?",
            when=lambda case, got: all(len(epoch) == 2 * case.inputs["n"] + 2 for epoch in got),
        ),
        Mistake(
            "Your batches overlap.",
            "By how many places must the next batch start later?",
            when=lambda case, got: (
                case.inputs["batch_size"] > 1
                and all(torch.equal(a[1:], b[:-1]) for e in got for a, b in pairwise(e) if len(a) == len(b))
                and any(len(a) == len(b) > 1 for a, b in pairwise(got[0]))
            ),
        ),
        Mistake(
            "You draw with replacement: some indices come twice, others never.",
            "Shuffle all indices once, then cut the row into pieces.",
            when=lambda case, got: any(
                len(e) == case.inputs["n"] and len(e.unique()) < len(e) for e in _epochs(got)
            ),
        ),
        Mistake(
            "You shuffle only inside the batches, so the same examples always stay together.",
            "What has to be shuffled before the row is cut into pieces?",
            when=lambda case, got: (
                case.inputs["n"] > 5 * case.inputs["batch_size"] > 5
                and all(_sorted_blocks(e, case.inputs["batch_size"]) for e in _epochs(got))
                and not torch.equal(_epochs(got)[0], torch.arange(case.inputs["n"]))
            ),
        ),
        Mistake(
            "Your last batch is empty.",
            "How many batches are there when batch_size divides n?",
            when=lambda case, got: any(len(b) == 0 for epoch in got for b in epoch),
        ),
        Mistake(
            "You do not shuffle.",
            "torch.randperm draws a random order; it takes a generator.",
            when=lambda case, got: all(torch.equal(e, torch.arange(case.inputs["n"])) for e in _epochs(got)),
        ),
        Mistake(
            "Every epoch has the same order: you seed a generator inside.",
            "The generator you are given remembers where it is; use it as it is.",
            when=lambda case, got: (
                torch.equal(*_epochs(got)[:2])
                and not _sorted_blocks(_epochs(got)[0], case.inputs["batch_size"])
            ),
        ),
        Mistake(
            "Your chance does not come from the generator.",
            "torch.randperm has an argument for it.",
            when=lambda case, got: (
                len(_epochs(got)[0]) == case.inputs["n"] and not torch.equal(_epochs(got)[0], _epochs(got)[2])
            ),
        ),
    ),
)


# --------------------------------------------------------------------------------------------------- Momentum
def draw_momentum(rng):
    yield Case(
        {
            "w1": torch.tensor([1.0, -2.0]),
            "w2": torch.tensor([0.5, 3.0]),
            "g1": torch.tensor([[1.0, 2.0], [-1.0, 0.5]]),
            "g2": torch.tensor([[-3.0, 1.0], [2.0, 4.0]]),
            "etas": [0.1, 0.1],
            "beta": 0.8,
        },
        note="g1[t], g2[t]: the gradients of step t; a parameter between the two has none",
    )
    for note, etas in {"": [0.1] * 5, "eta changes during training": [0.2, 0.1, 0.05, 0.01]}.items():
        T = len(etas)
        yield Case(
            {
                "w1": normal(rng, 3, 2),
                "w2": normal(rng, 3, 2),
                "g1": normal(rng, T, 3, 2),
                "g2": normal(rng, T, 3, 2),
                "etas": etas,
                "beta": 0.9,
            },
            note=note,
        )


def call_momentum(answer, w1, w2, g1, g2, etas, beta):
    """The paths of two parameters, whose .grad is reused and zeroed in place; one between has no gradient."""
    import torch

    params = [torch.nn.Parameter(w.clone()) for w in (w1, torch.ones(2), w2)]
    moving = params[::2]
    optimiser = answer(params, etas[0], beta)
    if not hasattr(optimiser, "step"):
        return optimiser  # no object of a class: let the check say what it is
    path1, path2 = [], []
    for eta, *grads in zip(etas, g1, g2):  # noqa: B905 (one length)
        optimiser.eta = eta
        for p, g in zip(moving, grads):  # noqa: B905 (one length)
            if p.grad is None:
                p.grad = torch.zeros_like(p)
            p.grad.copy_(g)
        optimiser.step()
        for p in moving:
            p.grad.zero_()
        path1.append(moving[0].detach().clone())
        path2.append(moving[1].detach().clone())
    return torch.stack(path1), torch.stack(path2), params[1].detach()


def momentum_paths(w1, w2, g1, g2, etas, beta):
    """The same, by torch.optim.SGD."""
    params = [torch.nn.Parameter(w.clone()) for w in (w1, w2)]
    optimiser = torch.optim.SGD(params, lr=etas[0], momentum=beta)
    paths = [], []
    for eta, *grads in zip(etas, g1, g2, strict=True):
        optimiser.param_groups[0]["lr"] = eta
        for p, g in zip(params, grads, strict=True):
            p.grad = g.clone()
        optimiser.step()
        for p, path in zip(params, paths, strict=True):
            path.append(p.detach().clone())
    return torch.stack(paths[0]), torch.stack(paths[1]), torch.ones(2)


def _walk(step, shared=False):
    """A wrong momentum: ``step(w, g, v, eta, beta)`` returns the new (w, v); v is None at first."""

    def wrong(w1, w2, g1, g2, etas, beta):
        ws, vs, paths = [w1, w2], [None, None], ([], [])
        for eta, *grads in zip(etas, g1, g2, strict=True):
            for i, g in enumerate(grads):
                j = 0 if shared else i
                ws[i], vs[j] = step(ws[i], g, vs[j], eta, beta)
                paths[i].append(ws[i])
        return torch.stack(paths[0]), torch.stack(paths[1]), torch.ones(2)

    return wrong


def _right_step(w, g, v, eta, beta):
    v = g if v is None else beta * v + g
    return w - eta * v, v


def _mean_step(w, g, v, eta, beta):
    v = (1 - beta) * g if v is None else beta * v + (1 - beta) * g
    return w - eta * v, v


def _rate_inside_step(w, g, h, eta, beta):
    h = eta * g if h is None else beta * h + eta * g
    return w - h, h


def _nesterov_step(w, g, v, eta, beta):
    v = g if v is None else beta * v + g
    return w - eta * (g + beta * v), v


def _alias(in_place):
    """The velocity shares the memory of .grad, for ever (in place) or until the second step."""

    def step(w, g, v, eta, beta):
        if v is None:
            return w - eta * g, "grad"
        v = (2 * beta * g if in_place else (1 + beta) * g) if isinstance(v, str) else beta * v + g
        return w - eta * v, "grad" if in_place else v

    return step


def _stop_at_first(w1, w2, g1, g2, etas, beta):
    """A step that returns at the parameter without gradient: the second path stands still."""
    path1, _, rest = momentum_paths(w1, w2, g1, g2, etas, beta)
    return path1, w2.expand_as(g2), rest


def _late_step(w, g, v, eta, beta):
    v = torch.zeros_like(w) if v is None else v
    return w - eta * v, beta * v + g


def _stopped(kind, words):
    return lambda case, got: isinstance(got, Failure) and got.kind == kind and words in got.message


MOMENTUM = Exercise(
    name="Momentum",
    chapter=CHAPTER,
    points=3,
    contract="class Momentum(params, eta, beta): step() reads every .grad, changes the parameters in place "
    "by v ← βv + g, w ← w − ηv with v = 0 at first; self.eta may be changed between steps",
    draw=draw_momentum,
    call=call_momentum,
    expected=momentum_paths,
    outputs=("the path of w1", "the path of w2", "the parameter without gradient"),
    mistakes=(
        Mistake(
            "A parameter without gradient stops your step.",
            "What is p.grad of a parameter that took no part in the loss?",
            when=lambda case, got: isinstance(got, Failure) and "NoneType" in got.message,
        ),
        Mistake(
            "You change a parameter while autograd is watching.",
            "Which context manager makes PyTorch look away?",
            when=_stopped("RuntimeError", "leaf Variable"),
        ),
        Mistake(
            "Your parameters do not move.",
            "Does p = … change the network's tensor? Are there any gradients yet when __init__ runs?",
            wrong=lambda w1, w2, g1, g2, etas, beta: (w1.expand_as(g1), w2.expand_as(g2), torch.ones(2)),
        ),
        Mistake(
            "You stop at the first parameter without gradient, and those after it do not move.",
            "What is the difference between return and continue?",
            wrong=_stop_at_first,
        ),
        Mistake(
            "You add the step: the loss grows.",
            "Which sign stands before η in equation (8)?",
            wrong=_walk(
                lambda w, g, v, eta, beta: (
                    w + eta * (g + (0 if v is None else beta * v)),
                    g + (0 if v is None else beta * v),
                )
            ),
        ),
        Mistake(
            "You step with the old velocity.",
            "First the velocity, then the step.",
            wrong=_walk(_late_step),
        ),
        Mistake(
            "Your velocity forgets nothing: β is missing.",
            "By which factor does equation (8) shrink the old velocity?",
            wrong=_walk(lambda w, g, v, eta, beta: _right_step(w, g, v, eta, 1.0)),
        ),
        Mistake(
            "All parameters share one velocity.",
            "How many velocities does a network need?",
            wrong=_walk(_right_step, shared=True),
        ),
        Mistake(
            "Your velocity is the gradient's own memory, so it changes when the next gradient arrives.",
            "After v = p.grad there is one tensor with two names. Make a copy.",
            wrong=_walk(_alias(in_place=False)),
        ),
        Mistake(
            "Your velocity is the gradient's own memory, and you change it in place.",
            "After v = p.grad there is one tensor with two names. Make a copy.",
            wrong=_walk(_alias(in_place=True)),
        ),
        Mistake(
            "You multiply the gradient by 1 − β: that is the average, not the sum of equation (8).",
            "Compare the factor before g with equation (8).",
            wrong=_walk(_mean_step),
        ),
        Mistake(
            "That is Nesterov's step, equation (13).",
            "What does equation (8) subtract, once v is new?",
            wrong=_walk(_nesterov_step),
        ),
        Mistake(
            "That is plain SGD: the velocity does not survive the step.",
            "Where can an object keep something from one call to the next?",
            wrong=_walk(lambda w, g, v, eta, beta: (w - eta * g, None)),
        ),
        Mistake(
            "The rate stands inside your velocity, as in some texts: old gradients keep their old rate.",
            "When eta changes, which gradients should feel it? See the note above.",
            wrong=_walk(_rate_inside_step),
        ),
        Mistake(
            "You move a parameter that has no gradient.",
            "What should step() do where p.grad is None?",
            when=lambda case, got: (
                torch.allclose(got[0], momentum_paths(**case.inputs)[0], rtol=1e-4, atol=1e-5)
                and not torch.equal(got[2], torch.ones(2))
            ),
        ),
        Mistake(
            "You keep the rate of the start.",
            "self.eta may change during training; where do you read it?",
            wrong=lambda w1, w2, g1, g2, etas, beta: momentum_paths(
                w1, w2, g1, g2, [etas[0]] * len(etas), beta
            ),
        ),
    ),
)


# -------------------------------------------------------------------------------------------------- adam_step
def draw_adam(rng):
    yield Case(
        {
            "w": torch.tensor([1.0, -2.0, 0.5]),
            "g": torch.tensor([0.2, -1.0, 3.0]),
            "m": torch.tensor([0.1, 0.3, -0.2]),
            "u": torch.tensor([0.01, 0.2, 0.4]),
            "t": 3,
            "eta": 0.1,
            "beta1": 0.8,
            "beta2": 0.9,
            "eps": 1e-8,
        }
    )
    cases = {"": (7, 1.0), "the first step": (1, 1.0), "late": (5000, 1.0), "gradients near 1e-6": (1, 1e-6)}
    for note, (t, scale) in cases.items():
        g, first = normal(rng, 4, 5, scale=scale), t == 1
        m = torch.zeros(4, 5) if first else normal(rng, 4, 5)
        u = torch.zeros(4, 5) if first else normal(rng, 4, 5) ** 2 + 0.1
        inputs = {"w": normal(rng, 4, 5), "g": g, "m": m, "u": u, "t": t, "eta": 0.1}
        yield Case(inputs | {"beta1": 0.9, "beta2": 0.999, "eps": 1e-8}, note=note)


def adam_step(w, g, m, u, t, eta, beta1, beta2, eps):
    """One step of torch.optim.Adam, whose memory is set to (t - 1, m, u)."""
    p = torch.nn.Parameter(w.clone())
    optimiser = torch.optim.Adam([p], lr=eta, betas=(beta1, beta2), eps=eps)
    optimiser.state[p] = {"step": torch.tensor(float(t - 1)), "exp_avg": m.clone(), "exp_avg_sq": u.clone()}
    p.grad = g.clone()
    optimiser.step()
    return p.detach(), optimiser.state[p]["exp_avg"], optimiser.state[p]["exp_avg_sq"]


def _other(change):
    """A mistaken Adam: ``change(w, g, m, u, t, eta, beta1, beta2, eps, c1, c2)`` with the right m and u."""

    def wrong(w, g, m, u, t, eta, beta1, beta2, eps):
        m, u = beta1 * m + (1 - beta1) * g, beta2 * u + (1 - beta2) * g**2
        return change(w, g, m, u, t, eta, beta1, beta2, eps), m, u

    return wrong


def _averages(change):
    """A mistaken Adam whose new averages are ``change(m, u, g, beta1, beta2)``."""

    def wrong(w, g, m, u, t, eta, beta1, beta2, eps):
        m, u = change(m, u, g, beta1, beta2)
        return w - eta * m / (1 - beta1**t) / ((u / (1 - beta2**t)).sqrt() + eps), m, u

    return wrong


def _adam(correct_m=True, correct_u=True, shift=0, inside=False, root=True, keep=False, late=False):
    """A mistaken Adam; every argument is one mistake."""

    def wrong(w, g, m, u, t, eta, beta1, beta2, eps):
        old_m = m
        m, u = beta1 * m + (1 - beta1) * g, beta2 * u + (1 - beta2) * g**2
        c1, c2 = (
            1 - beta ** (t - shift) if correct else 1.0
            for beta, correct in ((beta1, correct_m), (beta2, correct_u))
        )
        m_hat, u_hat = (old_m if late else m) / (c1 or float("nan")), u / (c2 or float("nan"))
        scale = ((u_hat + eps).sqrt() if inside else u_hat.sqrt() + eps) if root else u_hat + eps
        return w - eta * m_hat / scale, *((m_hat, u_hat) if keep else (m, u))

    return wrong


ADAM = Exercise(
    name="adam_step",
    chapter=CHAPTER,
    points=3,
    contract="adam_step(w, g, m, u, t, eta, beta1, beta2, eps) -> (w, m, u) after step number t = 1, 2, …; "
    "tensors of one shape, float32; m and u are returned without bias correction",
    draw=draw_adam,
    expected=adam_step,
    outputs=("w", "m", "u"),
    rtol=1e-4,
    atol=1e-6,
    mistakes=(
        Mistake(
            "You did not correct the bias.",
            "m and u start at zero; by which factors are they too small after t steps?",
            wrong=_adam(correct_m=False, correct_u=False),
        ),
        Mistake(
            "You corrected the bias of m, but not that of u.",
            "Both averages start at zero.",
            wrong=_adam(correct_u=False),
        ),
        Mistake(
            "You corrected the bias of u, but not that of m.",
            "Both averages start at zero.",
            wrong=_adam(correct_m=False),
        ),
        Mistake(
            "You hand the corrected averages on to the next step, where they are corrected again.",
            "Which m stands on the right of equation (16): m or m̂?",
            wrong=_adam(keep=True),
        ),
        Mistake(
            "Your correction is one step behind: it uses t − 1.",
            "After the first step m is 1 − β₁ times g; so what is the exponent for t = 1?",
            wrong=_adam(shift=1),
        ),
        Mistake(
            "Your ε stands inside the root.",
            "For gradients near 1e-6 that matters; look at equation (18) again.",
            wrong=_adam(inside=True),
        ),
        Mistake(
            "You add ε to the root of u before the correction, as the paper's section 2 allows.",
            "To which root does equation (18) add it?",
            wrong=_other(
                lambda w, g, m, u, t, eta, b1, b2, eps: (
                    w - eta * (1 - b2**t) ** 0.5 / (1 - b1**t) * m / (u.sqrt() + eps)
                )
            ),
        ),
        Mistake(
            "You divide by û, not by its root.",
            "Which unit must the divisor have, if m̂ has that of a gradient?",
            wrong=_adam(root=False),
        ),
        Mistake(
            "You step with the old m.",
            "First the averages, then the step.",
            wrong=_adam(late=True),
        ),
        Mistake(
            "Your correction has no exponent: it is the same at every t.",
            "By which factor is m too small after t steps, equation (17)?",
            wrong=_other(
                lambda w, g, m, u, t, eta, b1, b2, eps: w - eta * m / (1 - b1) / ((u / (1 - b2)).sqrt() + eps)
            ),
        ),
        Mistake(
            "You multiply by 1 − βᵗ, but m and u are too small already.",
            "Does equation (18) make m larger or smaller?",
            wrong=_other(
                lambda w, g, m, u, t, eta, b1, b2, eps: (
                    w - eta * m * (1 - b1**t) / ((u * (1 - b2**t)).sqrt() + eps)
                )
            ),
        ),
        Mistake(
            "You step along g, not along its average m̂.",
            "What stands above the fraction line of equation (18)?",
            wrong=_other(
                lambda w, g, m, u, t, eta, b1, b2, eps: w - eta * g / ((u / (1 - b2**t)).sqrt() + eps)
            ),
        ),
        Mistake(
            "You add the step: the loss grows.",
            "Which sign stands before η in equation (18)?",
            wrong=_other(
                lambda w, g, m, u, t, eta, b1, b2, eps: (
                    w + eta * m / (1 - b1**t) / ((u / (1 - b2**t)).sqrt() + eps)
                )
            ),
        ),
        Mistake(
            "You left out ε.",
            "What would be the step of a weight that never had a gradient?",
            wrong=lambda w, g, m, u, t, eta, beta1, beta2, eps: adam_step(
                w, g, m, u, t, eta, beta1, beta2, 0.0
            ),
        ),
        Mistake(
            "You have exchanged β₁ and β₂.",
            "Which of the two averages has the longer memory?",
            wrong=lambda w, g, m, u, t, eta, beta1, beta2, eps: adam_step(
                w, g, m, u, t, eta, beta2, beta1, eps
            ),
        ),
        Mistake(
            "Your averages take the whole of the new gradient: the factor 1 − β is missing.",
            "What do the weights of an average add up to?",
            wrong=_averages(lambda m, u, g, b1, b2: (b1 * m + g, b2 * u + g**2)),
        ),
        Mistake(
            "You average the gradient in u, not its square.",
            "What is the second moment of g?",
            wrong=_averages(lambda m, u, g, b1, b2: (b1 * m + (1 - b1) * g, b2 * u + (1 - b2) * g)),
        ),
        Mistake(
            "Your averages keep 1 − β of the old value and take β of the new one.",
            "β = 0.9 is to remember: which factor belongs to the past?",
            wrong=_averages(lambda m, u, g, b1, b2: ((1 - b1) * m + b1 * g, (1 - b2) * u + b2 * g**2)),
        ),
    ),
)


# ---------------------------------------------------------------------------------------------- warmup_cosine
def draw_schedule(rng):
    for t, note in {
        0: "the first step",
        3: "during warm-up",
        4: "the last of the warm-up",
        5: "just after",
    }.items():
        yield Case({"t": t, "eta": 0.3, "warmup": 5, "total": 25}, note=note)
    yield Case({"t": 15, "eta": 0.3, "warmup": 5, "total": 25}, note="half of the cosine")
    yield Case({"t": 24, "eta": 0.3, "warmup": 5, "total": 25}, note="the last step")
    yield Case({"t": 0, "eta": 0.5, "warmup": 0, "total": 10}, note="no warm-up")
    yield Case({"t": 4, "eta": 0.5, "warmup": 0, "total": 10}, note="no warm-up")
    for _ in range(6):
        warmup, total = int(rng.integers(2, 20)), int(rng.integers(40, 100))
        yield Case(
            {"t": int(rng.integers(total)), "eta": float(rng.random()), "warmup": warmup, "total": total}
        )


def _schedule(ramp=lambda t, W: (t + 1) / W, share=lambda t, W, T: (t - W) / (T - W), height=1.0, floor=1.0):
    """Equation (21), with replaceable parts."""

    def rate(t, eta, warmup, total):
        if t < warmup:
            return float(eta * ramp(t, warmup))
        return float(eta * height * 0.5 * (floor + math.cos(math.pi * share(t, warmup, total))))

    return rate


SCHEDULE = Exercise(
    name="warmup_cosine",
    chapter=CHAPTER,
    points=2,
    contract="warmup_cosine(t, eta, warmup, total) -> float, the rate of step t = 0 … total-1: equation (21)",
    draw=draw_schedule,
    expected=_schedule(),
    outputs=("the rate",),
    mistakes=(
        Mistake(
            "Your first step has rate 0 and changes nothing.",
            "Steps are counted from 0. Which rate should the last step of the warm-up have?",
            wrong=_schedule(ramp=lambda t, W: t / W),
        ),
        Mistake(
            "Your cosine starts at step 0, not at the end of the warm-up, so the rate jumps there.",
            "Which fraction of the cosine has passed when t = warmup?",
            wrong=_schedule(share=lambda t, W, T: t / T),
        ),
        Mistake(
            "Your cosine starts after the warm-up, but is spread over all steps: it does not reach 0.",
            "How many steps are left after the warm-up?",
            wrong=_schedule(share=lambda t, W, T: (t - W) / T),
        ),
        Mistake(
            "Your last step has rate 0 and changes nothing.",
            "In equation (21) the rate would be 0 at t = T, one step after the last.",
            wrong=_schedule(share=lambda t, W, T: (t - W) / (T - 1 - W)),
        ),
        Mistake(
            "Your rate starts the cosine at twice eta: the ½ is missing.",
            "What is 1 + cos 0?",
            wrong=_schedule(height=2.0),
        ),
        Mistake(
            "Your rate becomes negative: the 1 + is missing.",
            "Between which values does a cosine move, and between which should the rate?",
            wrong=_schedule(height=2.0, floor=0.0),
        ),
        Mistake(
            "Your rate forgets eta: that is the factor alone.",
            "What stands before the brace of equation (21)?",
            wrong=lambda t, eta, warmup, total: _schedule()(t, 1.0, warmup, total),
        ),
        Mistake(
            "Your warm-up lasts one step too long.",
            "Which line of equation (21) holds for t = W?",
            wrong=lambda t, eta, warmup, total: (
                eta * (t + 1) / warmup if t == warmup > 0 else _schedule()(t, eta, warmup, total)
            ),
        ),
        Mistake(
            "Your warm-up ends below eta.",
            "Which rate should the last step of the warm-up have, t = W − 1?",
            wrong=_schedule(ramp=lambda t, W: (t + 1) / (W + 1)),
        ),
        Mistake(
            "Your cosine part rises: there is a minus where the plus should be.",
            "Which rate should step t = W have?",
            wrong=_schedule(height=-1.0, floor=-1.0),
        ),
        Mistake(
            "Your warm-up forgets eta: it rises to 1.",
            "To which rate should it rise?",
            wrong=lambda t, eta, warmup, total: (
                (t + 1) / warmup if t < warmup else _schedule()(t, eta, warmup, total)
            ),
        ),
        Mistake(
            "Your code divides by zero when there is no warm-up.",
            "Ask whether t < warmup before you divide.",
            when=lambda case, got: isinstance(got, Failure) and got.kind == "ZeroDivisionError",
        ),
    ),
)

EXERCISES = [MINIBATCHES, MOMENTUM, ADAM, SCHEDULE]
