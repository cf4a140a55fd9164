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


PAPER = """
Answers to "Paper, discussion, projects", for teachers.

1. (10) has complex roots where (1 − √β)² < ηλ < (1 + √β)². With √β = 1/2 that is 0.25 < ηλ < 2.25. Along x,
   ηλ = 0.04: real roots, no oscillation. Across, ηλ = 1: complex, it oscillates, r² − 0.25 r + 0.25 = 0, and
   |r| = 1/2. Steps: v = (10, 25), w = (9.6, 0); v = (12.1, 6.25), w = (9.116, −0.25); v = (12.141, −4.6875),
   w = (8.63036, −0.0625).
2. η = 2/101, ρ = 99/101; log(1000) / log(101/99) = 345.4, so 346 steps. Momentum: √κ = 10, ρ = 9/11, about
   34.4 steps by ρᵗ (more, since the error is like t ρᵗ): β = (9/11)², η = 4/121. The curvature 10 between the
   two ends plays no part.
3. The two equalities (the expanded square, the sum) and the replacement of g by its mean hold for any loss.
   Convexity enters twice: the tangent lies below the loss, and Q at the average weight is at most the average
   of Q. Without it the left side says nothing about Q(w) − Q(w*).
4. w_t = (1 − 1/(1+t)) w_{t−1} + x_t/(1+t), so (1+t) w_t = t w_{t−1} + x_t. Sum: (1+t) w_t = w_0 + x_1 + … +
   x_t. The start counts like one example: weights 1/(1+t) for all.
5. Half as many steps at the same rate: the run is shorter in steps, not worse at generalising. Compare at
   equal steps, and at equal examples with the rate tuned for each batch size, on training *and* tuning loss:
   if the training loss is worse, too, it is optimisation. Several seeds.
6. The same number of rates on the same grid for Adam (and its β's and ε, if the rival's were tuned), the
   budget, seeds and standard errors, data for tuning apart from the test data. What survives: "Adam at its
   default rate is worse than ours tuned".
7. Open. Momentum or Adam with warm-up and cosine is enough with care; the difference per seed and its
   standard error decide.
8. AdaGrad, RMSProp, Adam and AdamW divide by coordinate, so a turned basis takes their advantage away, while
   SGD, momentum and Nesterov see the same loss up to a rotation of the first layer's weights (initial weights
   from a normal distribution are rotated into ones of the same distribution).
"""


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
