"""Reference answers of the chapter on optimisers, and wrong answers with a word of their sentence."""

import math

import torch


def minibatches(n, batch_size, generator):
    yield from torch.randperm(n, generator=generator).split(batch_size)


class Momentum:
    def __init__(self, params, eta, beta=0.9):
        self.params, self.eta, self.beta = list(params), eta, beta
        self.v = [torch.zeros_like(p) for p in self.params]

    @torch.no_grad()
    def step(self):
        for p, v in zip(self.params, self.v, strict=True):
            if p.grad is not None:
                v.mul_(self.beta).add_(p.grad)
                p.sub_(self.eta * v)


def adam_step(w, g, m, u, t, eta, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * g
    u = beta2 * u + (1 - beta2) * g**2
    m_hat, u_hat = m / (1 - beta1**t), u / (1 - beta2**t)
    return w - eta * m_hat / (u_hat.sqrt() + eps), m, u


def warmup_cosine(t, eta, warmup, total):
    if t < warmup:
        return eta * (t + 1) / warmup
    return eta * 0.5 * (1 + math.cos(math.pi * (t - warmup) / (total - warmup)))


# ---------------------------------------------------------------------------------------- wrong answers
def _drops_the_rest(n, batch_size, generator):
    order = torch.randperm(n, generator=generator)
    for i in range(n // batch_size):
        yield order[i * batch_size : (i + 1) * batch_size]


def _replaces(n, batch_size, generator):
    for i in range(0, n, batch_size):
        yield torch.randint(n, (min(batch_size, n - i),), generator=generator)


def _same_every_epoch(n, batch_size, generator):
    yield from torch.randperm(n, generator=torch.Generator().manual_seed(0)).split(batch_size)


def _overlaps(n, batch_size, generator):
    order = torch.randperm(n, generator=generator)
    for i in range(n - batch_size + 1):
        yield order[i : i + batch_size]


def _endless(n, batch_size, generator):
    while True:
        yield from torch.randperm(n, generator=generator).split(batch_size)


def _inside_only(n, batch_size, generator):
    for batch in torch.arange(n).split(batch_size):
        yield batch[torch.randperm(len(batch), generator=generator)]


def _empty_last(n, batch_size, generator):
    order = torch.randperm(n, generator=generator)
    for i in range(n // batch_size + 1):
        yield order[i * batch_size : (i + 1) * batch_size]


class _Base:
    def __init__(self, params, eta, beta=0.9):
        self.params, self.eta, self.beta, self.v = list(params), eta, beta, {}

    @torch.no_grad()
    def step(self):
        for i, p in enumerate(self.params):
            if p.grad is not None:
                self.update(i, p, p.grad)


class _StopsAtNone(_Base):
    @torch.no_grad()
    def step(self):
        for i, p in enumerate(self.params):
            self.v[i] = self.beta * self.v.get(i, 0) + p.grad
            p -= self.eta * self.v[i]


class _Returns(_Base):
    @torch.no_grad()
    def step(self):
        for i, p in enumerate(self.params):
            if p.grad is None:
                return
            self.v[i] = self.beta * self.v.get(i, 0) + p.grad
            p -= self.eta * self.v[i]


class _Climbs(_Base):
    def update(self, i, p, g):
        self.v[i] = self.beta * self.v.get(i, 0) + g
        p += self.eta * self.v[i]


class _Late(_Base):
    def update(self, i, p, g):
        p -= self.eta * self.v.get(i, torch.zeros_like(p))
        self.v[i] = self.beta * self.v.get(i, 0) + g


class _NeverForgets(_Base):
    def update(self, i, p, g):
        self.v[i] = self.v.get(i, 0) + g
        p -= self.eta * self.v[i]


class _FirstRate(_Base):
    def update(self, i, p, g):
        self.first = getattr(self, "first", self.eta)
        self.v[i] = self.beta * self.v.get(i, 0) + g
        p -= self.first * self.v[i]


class _Watched(_Base):
    def step(self):
        for p in self.params:
            if p.grad is not None:
                p -= self.eta * p.grad


class _Rebinds(_Base):
    def update(self, i, p, g):
        self.v[i] = self.beta * self.v.get(i, 0) + g
        p = p - self.eta * self.v[i]


class _Shared(_Base):
    def update(self, i, p, g):
        self.v[0] = self.beta * self.v.get(0, 0) + g
        p -= self.eta * self.v[0]


class _Alias(_Base):
    def update(self, i, p, g):
        self.v[i] = self.beta * self.v[i] + g if i in self.v else g
        p -= self.eta * self.v[i]


class _AliasInPlace(_Base):
    def update(self, i, p, g):
        if i in self.v:
            self.v[i].mul_(self.beta).add_(g)
        else:
            self.v[i] = g
        p -= self.eta * self.v[i]


class _Average(_Base):
    def update(self, i, p, g):
        self.v[i] = self.beta * self.v.get(i, 0) + (1 - self.beta) * g
        p -= self.eta * self.v[i]


class _Nesterov(_Base):
    def update(self, i, p, g):
        self.v[i] = self.beta * self.v.get(i, 0) + g
        p -= self.eta * (g + self.beta * self.v[i])


class _Plain(_Base):
    def update(self, i, p, g):
        v = self.beta * torch.zeros_like(p) + g
        p -= self.eta * v


class _RateInside(_Base):
    def update(self, i, p, g):
        self.v[i] = self.beta * self.v.get(i, 0) + self.eta * g
        p -= self.v[i]


def _adam(change):
    """The reference answer with one piece of its arithmetic changed."""

    def wrong(w, g, m, u, t, eta, beta1=0.9, beta2=0.999, eps=1e-8):
        old = m
        m, u = beta1 * m + (1 - beta1) * g, beta2 * u + (1 - beta2) * g**2
        c1, c2 = 1 - beta1**t, 1 - beta2**t
        parts = dict(w=w, m=m, u=u, c1=c1, c2=c2, eta=eta, eps=eps, old=old, t=t, beta1=beta1, beta2=beta2)
        return change(**parts)

    return wrong


def _no_square(w, g, m, u, t, eta, beta1=0.9, beta2=0.999, eps=1e-8):
    m, u = beta1 * m + (1 - beta1) * g, beta2 * u + (1 - beta2) * g
    return w - eta * (m / (1 - beta1**t)) / ((u / (1 - beta2**t)).sqrt() + eps), m, u


def _whole_gradient(w, g, m, u, t, eta, beta1=0.9, beta2=0.999, eps=1e-8):
    m, u = beta1 * m + g, beta2 * u + g**2
    return w - eta * (m / (1 - beta1**t)) / ((u / (1 - beta2**t)).sqrt() + eps), m, u


def _swapped(w, g, m, u, t, eta, beta1=0.9, beta2=0.999, eps=1e-8):
    m, u = (1 - beta1) * m + beta1 * g, (1 - beta2) * u + beta2 * g**2
    return w - eta * (m / (1 - beta1**t)) / ((u / (1 - beta2**t)).sqrt() + eps), m, u


def _cosine(t, warmup, total):
    return 0.5 * (1 + math.cos(math.pi * (t - warmup) / (total - warmup)))


MISTAKES = {
    "minibatches": [
        (_drops_the_rest, "last batch"),
        (_replaces, "with replacement"),
        (lambda n, batch_size, generator: iter(torch.arange(n).split(batch_size)), "do not shuffle"),
        (_same_every_epoch, "same order"),
        (_overlaps, "overlap"),
        (_endless, "does not stop"),
        (_inside_only, "only inside the batches"),
        (_empty_last, "empty"),
        (lambda n, batch_size, generator: torch.randperm(n, generator=generator), "single indices"),
        (
            lambda n, batch_size, generator: [
                batch.tolist() for batch in torch.randperm(n, generator=generator).split(batch_size)
            ],
            "numbers or lists",
        ),
        (
            lambda n, batch_size, generator: torch.randperm(n).split(batch_size),
            "does not come from the generator",
        ),
        (lambda n, batch_size, generator: [torch.randperm(n, generator=generator)], "wrong sizes"),
        (
            lambda n, batch_size, generator: torch.randperm(n, generator=generator).float().split(batch_size),
            "int64",
        ),
    ],
    "Momentum": [
        (_StopsAtNone, "without gradient"),
        (_Returns, "stop at the first parameter"),
        (_Climbs, "add the step"),
        (_Late, "old velocity"),
        (_NeverForgets, "forgets nothing"),
        (_FirstRate, "rate of the start"),
        (_Watched, "autograd is watching"),
        (_Rebinds, "do not move"),
        (_Shared, "share one velocity"),
        (_Alias, "own memory"),
        (_AliasInPlace, "in place"),
        (_Average, "1 − β"),
        (_Nesterov, "Nesterov"),
        (_Plain, "plain SGD"),
        (_RateInside, "inside your velocity"),
    ],
    "adam_step": [
        (
            _adam(lambda w, m, u, eta, eps, **_: (w - eta * m / (u.sqrt() + eps), m, u)),
            "did not correct the bias",
        ),
        (
            _adam(lambda w, m, u, c1, eta, eps, **_: (w - eta * (m / c1) / (u.sqrt() + eps), m, u)),
            "not that of u",
        ),
        (
            _adam(lambda w, m, u, c2, eta, eps, **_: (w - eta * m / ((u / c2).sqrt() + eps), m, u)),
            "not that of m",
        ),
        (
            _adam(
                lambda w, m, u, c1, c2, eta, eps, **_: (
                    w - eta * (m / c1) / ((u / c2).sqrt() + eps),
                    m / c1,
                    u / c2,
                )
            ),
            "on to the next step",
        ),
        (
            _adam(lambda w, m, u, c1, c2, eta, eps, **_: (w - eta * (m / c1) / (u / c2 + eps).sqrt(), m, u)),
            "inside the root",
        ),
        (
            _adam(lambda w, m, u, c1, c2, eta, eps, **_: (w - eta * (m / c1) / (u / c2 + eps), m, u)),
            "not by its root",
        ),
        (
            _adam(
                lambda w, m, u, c1, c2, eta, eps, old, **_: (
                    w - eta * (old / c1) / ((u / c2).sqrt() + eps),
                    m,
                    u,
                )
            ),
            "the old m",
        ),
        (
            _adam(
                lambda w, m, u, t, beta1, beta2, eta, eps, **_: (
                    w - eta * (m / (1 - beta1 ** (t - 1))) / ((u / (1 - beta2 ** (t - 1))).sqrt() + eps),
                    m,
                    u,
                )
            ),
            "one step behind",
        ),
        (
            _adam(
                lambda w, m, u, beta1, beta2, eta, eps, **_: (
                    w - eta * m / (1 - beta1) / ((u / (1 - beta2)).sqrt() + eps),
                    m,
                    u,
                )
            ),
            "no exponent",
        ),
        (
            _adam(lambda w, m, u, c1, c2, eta, eps, **_: (w - eta * m * c1 / ((u * c2).sqrt() + eps), m, u)),
            "multiply by 1 − βᵗ",
        ),
        (
            _adam(
                lambda w, m, u, c2, eta, eps, old, beta1, **_: (
                    w - eta * (m - beta1 * old) / (1 - beta1) / ((u / c2).sqrt() + eps),
                    m,
                    u,
                )
            ),
            "along g",
        ),
        (
            _adam(
                lambda w, m, u, c1, c2, eta, eps, **_: (w + eta * (m / c1) / ((u / c2).sqrt() + eps), m, u)
            ),
            "add the step",
        ),
        (
            _adam(lambda w, m, u, c1, c2, eta, **_: (w - eta * (m / c1) / (u / c2).sqrt(), m, u)),
            "left out ε",
        ),
        (
            lambda w, g, m, u, t, eta, beta1=0.9, beta2=0.999, eps=1e-8: adam_step(
                w, g, m, u, t, eta, beta2, beta1, eps
            ),
            "exchanged",
        ),
        (_whole_gradient, "factor 1 − β is missing"),
        (_no_square, "not its square"),
        (_swapped, "1 − β of the old"),
    ],
    "warmup_cosine": [
        (
            lambda t, eta, warmup, total: eta * (t / warmup if t < warmup else _cosine(t, warmup, total)),
            "first step",
        ),
        (
            lambda t, eta, warmup, total: eta * ((t + 1) / warmup if t < warmup else _cosine(t, 0, total)),
            "jumps",
        ),
        (
            lambda t, eta, warmup, total: (
                eta * ((t + 1) / warmup if t < warmup else _cosine(t - warmup, 0, total))
            ),
            "over all steps",
        ),
        (
            lambda t, eta, warmup, total: (
                eta * ((t + 1) / warmup if t < warmup else _cosine(t, warmup, total - 1))
            ),
            "last step",
        ),
        (
            lambda t, eta, warmup, total: (
                eta * ((t + 1) / warmup if t < warmup else 2 * _cosine(t, warmup, total))
            ),
            "½",
        ),
        (
            lambda t, eta, warmup, total: (
                eta * ((t + 1) / warmup if t < warmup else 2 * _cosine(t, warmup, total) - 1)
            ),
            "negative",
        ),
        (
            lambda t, eta, warmup, total: (t + 1) / warmup if t < warmup else eta * _cosine(t, warmup, total),
            "warm-up forgets eta",
        ),
        (
            lambda t, eta, warmup, total: (t + 1) / warmup if t < warmup else _cosine(t, warmup, total),
            "factor alone",
        ),
        (
            lambda t, eta, warmup, total: (
                eta * ((t + 1) / warmup if t <= warmup and warmup else _cosine(t, warmup, total))
            ),
            "one step too long",
        ),
        (
            lambda t, eta, warmup, total: (
                eta * ((t + 1) / (warmup + 1) if t < warmup else _cosine(t, warmup, total))
            ),
            "ends below eta",
        ),
        (
            lambda t, eta, warmup, total: (
                eta * ((t + 1) / warmup if t < warmup else 1 - _cosine(t, warmup, total))
            ),
            "rises",
        ),
        (
            lambda t, eta, warmup, total: eta * min((t + 1) / warmup, _cosine(max(t, warmup), warmup, total)),
            "divides by zero",
        ),
    ],
}
