"""More right and wrong answers to the exercises of the chapter on optimisers."""

import math
import runpy
from pathlib import Path

import numpy as np
import torch


# ------------------------------------------------------------------------------------------------ minibatches
def _batches_by_slices(n, batch_size, generator):
    order = torch.randperm(n, generator=generator)
    for start in range(0, n, batch_size):
        yield order[start : start + batch_size]


def _batches_by_sorting(n, batch_size, generator):
    return iter(torch.rand(n, generator=generator).argsort().split(batch_size))


def _batches_by_swaps(n, batch_size, generator):
    """Fisher and Yates."""
    order = list(range(n))
    for i in range(n - 1, 0, -1):
        j = int(torch.randint(i + 1, (1,), generator=generator))
        order[i], order[j] = order[j], order[i]
    return [torch.tensor(order[i : i + batch_size]) for i in range(0, n, batch_size)]


def _batches_in_numpy(n, batch_size, generator):
    seed = int(torch.randint(2**31, (1,), generator=generator))
    order = np.random.default_rng(seed).permutation(n)
    for start in range(0, n, batch_size):
        yield torch.from_numpy(order[start : start + batch_size])


def _batches_strided(n, batch_size, generator):
    """Views with gaps."""
    order = torch.stack([torch.randperm(n, generator=generator)] * 2, 1)[:, 0]
    return order.split(batch_size)


def _one_at_a_time(n, batch_size, generator):
    order = torch.randperm(n, generator=generator)
    for start in range(0, n, batch_size):
        return order[start : start + batch_size]


def _counts_from_one(n, batch_size, generator):
    return (torch.randperm(n, generator=generator) + 1).split(batch_size)


def _twice_the_size(n, batch_size, generator):
    return torch.randperm(n, generator=generator).chunk(batch_size)


def _int32(n, batch_size, generator):
    return torch.randperm(n, generator=generator).int().split(batch_size)


def _shuffles_the_batches(n, batch_size, generator):
    batches = torch.arange(n).split(batch_size)
    whole = [b for b in batches if len(b) == batch_size]
    order = torch.randperm(len(whole), generator=generator)
    return [whole[i] for i in order] + list(batches[len(whole) :])


def _first_short(n, batch_size, generator):
    order = torch.randperm(n, generator=generator)
    return [b for b in (order[: n % batch_size], *order[n % batch_size :].split(batch_size)) if len(b)]


# --------------------------------------------------------------------------------------------------- Momentum
class _ByNames:
    """A dict of velocities, made when they are first needed; .data instead of no_grad."""

    def __init__(self, params, eta, beta=0.9):
        self.params, self.eta, self.beta, self.v = list(params), eta, beta, {}

    def step(self):
        for p in self.params:
            if p.grad is None:
                continue
            v = self.v.get(p)
            self.v[p] = p.grad.clone() if v is None else self.beta * v + p.grad
            p.data -= self.eta * self.v[p]


class _InFloat64:
    def __init__(self, params, eta, beta=0.9):
        self.params, self.eta, self.beta = list(params), eta, beta
        self.v = [torch.zeros(p.shape, dtype=torch.float64) for p in self.params]

    def step(self):
        with torch.no_grad():
            for i, p in enumerate(self.params):
                if p.grad is not None:
                    self.v[i] = self.beta * self.v[i] + p.grad.double()
                    p.copy_(p.double() - self.eta * self.v[i])


class _ByLibrary:
    """torch.optim inside."""

    def __init__(self, params, eta, beta=0.9):
        self.eta, self.inner = eta, torch.optim.SGD(params, lr=eta, momentum=beta)

    def step(self):
        self.inner.param_groups[0]["lr"] = self.eta
        self.inner.step()


class _InNumpy:
    def __init__(self, params, eta, beta=0.9):
        self.params, self.eta, self.beta = list(params), eta, beta
        self.v = [np.zeros(tuple(p.shape)) for p in self.params]

    @torch.no_grad()
    def step(self):
        for p, v in zip(self.params, self.v, strict=True):
            if p.grad is not None:
                v *= self.beta
                v += p.grad.numpy()
                p += torch.from_numpy(-self.eta * v)


# the optimiser that the wrong answers vary
_Base = runpy.run_path(str(Path(__file__).parents[2] / "solutions" / "04_optimisers.py"))["_Base"]


class _Scaled(_Base):
    def update(self, i, p, g):
        self.v[i] = self.beta * (self.v.get(i, 0) + g)
        p -= self.eta * self.v[i]


class _Decays(_Base):
    def update(self, i, p, g):
        self.v[i] = self.beta * self.v.get(i, 0) + g
        p -= self.eta * self.v[i] + 0.01 * p


class _FilledAtStart(_Base):
    """Looks for gradients when there are none yet."""

    def __init__(self, params, eta, beta=0.9):
        super().__init__([p for p in params if p.grad is not None], eta, beta)

    def update(self, i, p, g):
        self.v[i] = self.beta * self.v.get(i, 0) + g
        p -= self.eta * self.v[i]


class _MovesAll(_Base):
    @torch.no_grad()
    def step(self):
        for i, p in enumerate(self.params):
            g = torch.ones_like(p) if p.grad is None else p.grad
            self.v[i] = self.beta * self.v.get(i, 0) + g
            p -= self.eta * self.v[i]


class _FixedBeta(_Base):
    def update(self, i, p, g):
        self.v[i] = 0.9 * self.v.get(i, 0) + g
        p -= self.eta * self.v[i]


class _WritesGrad(_Base):
    """Ends with the velocity in .grad, and reads it again where .grad is kept."""

    def update(self, i, p, g):
        g += self.beta * self.v.get(i, 0)
        self.v[i] = g
        p -= self.eta * g


# -------------------------------------------------------------------------------------------------- adam_step
def _adam_in_float64(w, g, m, u, t, eta, beta1=0.9, beta2=0.999, eps=1e-8):
    w, g, m, u = (v.double() for v in (w, g, m, u))
    m, u = torch.lerp(g, m, beta1), torch.lerp(g * g, u, beta2)
    w = w - eta * (m / (1 - beta1**t)) / ((u / (1 - beta2**t)).sqrt() + eps)
    return w.float(), m.float(), u.float()


def _adam_in_numpy(w, g, m, u, t, eta, beta1=0.9, beta2=0.999, eps=1e-8):
    w, g, m, u = (v.numpy() for v in (w, g, m, u))
    m = (beta1 * m + (1 - beta1) * g).astype(np.float32)
    u = (beta2 * u + (1 - beta2) * g * g).astype(np.float32)
    step = eta * (m / (1 - beta1**t)) / (np.sqrt(u / (1 - beta2**t)) + eps)
    return (w - step).astype(np.float32), m, u


def _adam_by_addcdiv(w, g, m, u, t, eta, beta1=0.9, beta2=0.999, eps=1e-8):
    m = m.clone().mul_(beta1).add_(g, alpha=1 - beta1)
    u = u.clone().mul_(beta2).addcmul_(g, g, value=1 - beta2)
    down = u.sqrt() / math.sqrt(1 - beta2**t) + eps
    return [w.addcdiv(m, down, value=-eta / (1 - beta1**t)), m, u]


def _adam_in_a_loop(w, g, m, u, t, eta, beta1=0.9, beta2=0.999, eps=1e-8):
    out = torch.empty(*w.shape, 3)  # three views with gaps
    rows = zip(*(v.flatten().tolist() for v in (w, g, m, u)), strict=True)
    for row, (a, d, b, c) in zip(out.view(-1, 3), rows, strict=True):
        b, c = beta1 * b + (1 - beta1) * d, beta2 * c + (1 - beta2) * d**2
        row[0] = a - eta * b / (1 - beta1**t) / (math.sqrt(c / (1 - beta2**t)) + eps)
        row[1], row[2] = b, c
    return out.unbind(-1)


def _adam(step, keep=lambda m, u: (m, u)):
    def wrong(w, g, m, u, t, eta, beta1=0.9, beta2=0.999, eps=1e-8):
        m, u = beta1 * m + (1 - beta1) * g, beta2 * u + (1 - beta2) * g**2
        return (w - eta * step(m, u, t, beta1, beta2, eps), *keep(m, u))

    return wrong


def _epsilon_as_in_section_2(m, u, t, b1, b2, eps):
    return math.sqrt(1 - b2**t) / (1 - b1**t) * m / (u.sqrt() + eps)


def _adam_step(m, u, t, b1, b2, eps):
    return m / (1 - b1**t) / ((u / (1 - b2**t)).sqrt() + eps)


def _adam_in_place(w, g, m, u, t, eta, beta1=0.9, beta2=0.999, eps=1e-8):
    m.mul_(beta1).add_(g, alpha=1 - beta1)
    u.mul_(beta2).addcmul_(g, g, value=1 - beta2)
    return w - eta * _adam_step(m, u, t, beta1, beta2, eps), m, u


# ---------------------------------------------------------------------------------------------- warmup_cosine
def _schedule_by_tensors(t, eta, warmup, total):
    ramp = torch.arange(1, warmup + 1, dtype=torch.float64) / max(warmup, 1)
    share = torch.arange(total - warmup, dtype=torch.float64) / (total - warmup)
    return eta * torch.cat([ramp, 0.5 + 0.5 * torch.cos(math.pi * share)])[t]


def _schedule_in_numpy(t, eta, warmup, total):
    if t < warmup:
        return np.float64(eta) * (t + 1) / warmup
    return np.float32(eta * np.cos(np.pi / 2 * (t - warmup) / (total - warmup)) ** 2)


def _schedule_by_library(t, eta, warmup, total):
    w = torch.nn.Parameter(torch.zeros(1))
    optimiser = torch.optim.SGD([w], lr=eta)

    def factor(k):
        if k < warmup:
            return (k + 1) / warmup
        return (1 + math.cos(math.pi * (k - warmup) / (total - warmup))) / 2

    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, factor)
    optimiser.step()
    for _ in range(t):
        schedule.step()
    return schedule.get_last_lr()[0]


def _ramp(t, warmup):
    return (t + 1) / warmup


def _cosine(t, warmup, total):
    return 0.5 * (1 + math.cos(math.pi * (t - warmup) / (total - warmup)))


def _linear_decay(t, eta, warmup, total):
    return eta * (_ramp(t, warmup) if t < warmup else (total - t) / (total - warmup))


def _degrees(t, eta, warmup, total):
    if t < warmup:
        return eta * _ramp(t, warmup)
    return eta * 0.5 * (1 + math.cos(180 * (t - warmup) / (total - warmup)))


def _both(t, eta, warmup, total):
    return eta * (min(1.0, _ramp(t, warmup)) if warmup else 1.0) * _cosine(t, 0, total)


def _sine(t, eta, warmup, total):
    if t < warmup:
        return eta * _ramp(t, warmup)
    return eta * 0.5 * (1 + math.sin(math.pi * (t - warmup) / (total - warmup)))


RIGHT = {
    "minibatches": {
        "slices": _batches_by_slices,
        "random numbers sorted": _batches_by_sorting,
        "swaps, a list": _batches_by_swaps,
        "NumPy, seeded by the generator": _batches_in_numpy,
        "views with gaps, a tuple": _batches_strided,
    },
    "Momentum": {
        "velocities in a dict, .data": _ByNames,
        "float64 inside": _InFloat64,
        "torch.optim inside": _ByLibrary,
        "NumPy inside": _InNumpy,
    },
    "adam_step": {
        "float64 inside": _adam_in_float64,
        "NumPy": _adam_in_numpy,
        "as in PyTorch, on copies, a list": _adam_by_addcdiv,
        "a loop, views with gaps": _adam_in_a_loop,
    },
    "warmup_cosine": {
        "a tensor of no dimension": _schedule_by_tensors,
        "NumPy numbers, the square of a cosine": _schedule_in_numpy,
        "torch.optim's schedules": _schedule_by_library,
    },
}

WRONG = {
    "minibatches": {
        "return for yield": _one_at_a_time,
        "counts from 1": _counts_from_one,
        "as many batches as batch_size": _twice_the_size,
        "int32": _int32,
        "whole batches shuffled": _shuffles_the_batches,
        "the first batch is short": _first_short,
    },
    "Momentum": {
        "beta times the gradient": _Scaled,
        "decays the weights": _Decays,
        "looks for gradients at the start": _FilledAtStart,
        "moves what has no gradient": _MovesAll,
        "beta fixed": _FixedBeta,
        "a tuple for a class": lambda params, eta, beta=0.9: (params, eta, beta),
    },
    "adam_step": {
        "the corrected root outside": _adam(
            lambda m, u, t, b1, b2, eps: m / (1 - b1**t) / (u.sqrt() / (1 - b2**t) + eps)
        ),
        "beta times t": _adam(
            lambda m, u, t, b1, b2, eps: m / (1 - b1 * t) / ((u / (1 - b2**t)).sqrt() + eps)
        ),
        "t + 1": _adam(lambda m, u, t, b1, b2, eps: _adam_step(m, u, t + 1, b1, b2, eps)),
        "epsilon of the paper's section 2": _adam(_epsilon_as_in_section_2),
        "m and u exchanged": _adam(_adam_step, keep=lambda m, u: (u, m)),
        "in place": _adam_in_place,
        "the step alone": _adam(lambda *args: _adam_step(*args), keep=lambda m, u: ()),
        "float64": lambda w, *rest: _adam(_adam_step)(w.double(), *rest),
    },
    "warmup_cosine": {
        "falls along a line": _linear_decay,
        "degrees": _degrees,
        "both at once": _both,
        "sine": _sine,
        "a string": lambda t, eta, warmup, total: f"{_linear_decay(t, eta, warmup, total):.3f}",
        "None after the end of the warm-up": lambda t, eta, warmup, total: (
            eta * _ramp(t, warmup) if t < warmup else None
        ),
        "eta twice": lambda t, eta, warmup, total: (
            eta * eta * (_ramp(t, warmup) if t < warmup else _cosine(t, warmup, total))
        ),
    },
}
