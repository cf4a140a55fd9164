"""Exercises of the chapter on regularisation and initialisation."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F

from ._base import Case, Exercise, Mistake, Problem, normal
from ._judge import Failure
from ._numbers import kind

CHAPTER = "05_regularisation"
SEED_HINT = "Do you seed the random numbers inside your function?"


# ----------------------------------------------------------------------------------------- inverted_dropout
def draw_dropout(rng):
    yield Case({"x": 1 + normal(rng, 200, 50).abs(), "p": 0.25, "training": True})
    yield Case({"x": normal(rng, 3, 4), "p": 0.25, "training": False}, note="evaluation")
    yield Case({"x": 1 + normal(rng, 40, 10, 5, 5).abs(), "p": 0.8, "training": True}, note="four dimensions")
    yield Case({"x": normal(rng, 6, 5), "p": 0.0, "training": True}, note="nothing is dropped")


def call_dropout(answer, x, p, training):
    """Four calls in a row; only the first may touch x itself."""
    copies = [x.clone() for _ in range(3)]
    first = answer(x, p, training)
    return first if first is None else (first, *(answer(other, p, training) for other in copies))


def verify_dropout(case, got):
    x, p, training = case.inputs.values()
    problem = next(filter(None, (_not_like(x, result) for result in got)), None)
    if problem:
        return problem
    got = [result.double() for result in got]
    if not training or p == 0:
        if all(torch.allclose(result, x.double(), rtol=1e-5, atol=1e-6) for result in got):
            return None
        return Problem("x has changed, although nothing is to be dropped", "x itself", "another tensor")
    if problem := _together(case, got):
        return problem
    masks = [result != 0 for result in got]
    if all(torch.equal(mask, masks[0]) for mask in masks[1:]):
        return Problem(
            "every call drops the same numbers", "a new mask for each call", "one mask", hint=SEED_HINT
        )
    share, factor = _kept(case, got)
    spread = 5 * (p * (1 - p) / (len(got) * x.numel())) ** 0.5
    if abs(share - (1 - p)) > spread:
        return Problem(f"kept {share:.1%} of the numbers", f"about {1 - p:.0%}", f"{share:.1%}")
    counts = {int(mask.sum()) for mask in masks}
    if len(counts) == 1:
        says = "every call keeps just as many numbers: they are not dropped one by one"
        return Problem(
            says, f"sometimes more, sometimes less than {min(counts):,}", f"always {min(counts):,}"
        )
    if not all(torch.allclose(r, torch.where(r != 0, x.double() / (1 - p), r), rtol=1e-4) for r in got):
        return Problem(
            "the numbers that stay have the wrong size", f"x times {1 / (1 - p):.4g}", f"x times {factor:.4g}"
        )
    return None


def _not_like(x, result):
    """The Problem of a result that is no tensor of floats of the shape of x, or None."""
    if torch.is_tensor(result) and result.shape == x.shape and result.is_floating_point():
        return None
    return Problem(f"returned {kind(result)}, expected floats of the shape of x, {tuple(x.shape)}")


def _together(case, got):
    """The Problem of numbers that are dropped several at once, or None."""
    x, p, _ = case.inputs.values()
    for dim in range(x.ndim):
        on = (got[0] != 0).movedim(dim, 0)
        if (alike := (on[1:] == on[:-1]).double().mean().item()) > p**2 + (1 - p) ** 2 + 0.06:
            says = "the numbers are not dropped one by one: neighbours share their fate"
            if alike == 1 and dim == 0:
                says = "every example has the same mask"
            elif alike == 1 and x.ndim == 2:
                says = "whole examples are dropped"
            return Problem(says, "a mask drawn for each number", "a mask drawn for several at once")
    return None


def _kept(case, got):
    """Share of numbers that are not zero, and the factor they were multiplied by (their median)."""
    got, x = torch.stack(list(got)).double(), case.inputs["x"].double()
    on = got != 0
    factor = (got / x)[on].median().item() if on.any() else 0.0
    return on.double().mean().item(), factor


def _says(test):
    """A predicate on (p, share kept, factor) of numbers that are dropped one by one."""

    def when(case, got):
        p, training = case.inputs["p"], case.inputs["training"]
        if not training or p == 0 or any(_not_like(case.inputs["x"], result) for result in got):
            return False
        return _together(case, got) is None and test(p, *_kept(case, got))

    return when


DROPOUT = Exercise(
    name="inverted_dropout",
    chapter=CHAPTER,
    points=2,
    contract="inverted_dropout(x, p, training) -> floats of the shape of x; in training each number is zero "
    "with probability p, 0 <= p < 1, for itself, anew in each call, and divided by 1 - p otherwise; in "
    "evaluation x is unchanged",
    draw=draw_dropout,
    call=call_dropout,
    verify=verify_dropout,
    mistakes=(
        Mistake(
            "Your p is the probability to keep, not to drop.",
            "PyTorch's convention: p = 0.25 leaves three quarters.",
            when=_says(lambda p, share, factor: abs(share - p) < 0.02),
        ),
        Mistake(
            "That is standard dropout: what stays is not made larger.",
            "Which factor makes the expected value of the result equal to x?",
            when=_says(lambda p, share, factor: abs(factor - 1) < 1e-3 and abs(share + p - 1) < 0.02),
        ),
        Mistake(
            "You compare normal numbers with p: randn instead of rand.",
            "Which distribution is below p with probability p?",
            when=_says(
                lambda p, share, factor: (
                    abs(share - 0.5 * math.erfc(p / 2**0.5)) < 0.01 and abs(share + p - 1) > 0.02
                )
            ),
        ),
        Mistake(
            "You multiply by 1 - p instead of dividing.",
            "What stays has to make up for what is gone: does it grow or shrink?",
            when=_says(lambda p, share, factor: abs(factor + p - 1) < 1e-3),
        ),
        Mistake(
            "You divide by p instead of by 1 - p.",
            "What is the probability that a number stays?",
            when=_says(lambda p, share, factor: abs(factor * p - 1) < 1e-3),
        ),
        Mistake(
            "You drop or rescale in evaluation, too.",
            "With inverted dropout, what is left to do at test time?",
            when=lambda case, got: (
                not case.inputs["training"] and not any(_not_like(case.inputs["x"], r) for r in got)
            ),
        ),
    ),
)


# ------------------------------------------------------------------------------------- batch_norm, backward
def draw_norm(rng):
    x = torch.tensor([[1.0, 10.0], [2.0, 14.0], [6.0, 6.0]])  # (B, D) = (3, 2)
    extra = {"gamma": torch.tensor([2.0, 0.5]), "beta": torch.tensor([1.0, -1.0])}
    running = {"running_mean": torch.tensor([0.5, 3.0]), "running_var": torch.tensor([1.0, 2.0])}
    yield Case({"x": x, **extra, **running})
    for note, (B, D) in {"": (16, 5), "B = D": (4, 4), "a batch of two": (2, 3)}.items():
        inputs = {"x": normal(rng, B, D, scale=3) + 2, "gamma": normal(rng, D), "beta": normal(rng, D)}
        yield Case(
            {**inputs, "running_mean": normal(rng, D), "running_var": 1 + normal(rng, D).abs()}, note=note
        )
    flat = torch.cat([torch.full((6, 1), 3.0), normal(rng, 6, 1)], 1)
    inputs = {"x": flat, "gamma": normal(rng, 2), "beta": normal(rng, 2)}
    yield Case(
        {**inputs, "running_mean": torch.zeros(2), "running_var": torch.ones(2)}, note="a constant feature"
    )
    inputs = {"x": normal(rng, 8, 3), "gamma": normal(rng, 3), "beta": normal(rng, 3)}
    more = {"running_mean": normal(rng, 3), "running_var": 1 + normal(rng, 3).abs(), "share": 0.3, "eps": 0.5}
    yield Case({**inputs, **more}, note="another share and a large eps")


def batch_norm(x, gamma, beta, running_mean, running_var, share=0.1, eps=1e-5):
    """PyTorch's own batch norm in training mode."""
    mean, var = running_mean.clone(), running_var.clone()
    y = F.batch_norm(x, mean, var, gamma, beta, training=True, momentum=share, eps=eps)
    return y, mean, var


def _norm(x, gamma, beta, mean, var, share=0.1, eps=1e-5, *, unbiased=False, dim=0, root=True):
    """Batch norm with one thing changed: the variance, what the mean runs over, the root."""
    mean, var = x.mean(dim, keepdim=True), x.var(dim, unbiased=unbiased, keepdim=True)
    return {"y": gamma * (x - mean) / ((var + eps).sqrt() if root else var + eps) + beta}


def _named(case):
    """The inputs under the names that the formulas above give them."""
    names = {"running_mean": "mean", "running_var": "var"}
    return {names.get(name, name): value for name, value in case.inputs.items()}


def _eps_outside(x, gamma, beta, mean, var, share=0.1, eps=1e-5):
    return {"y": gamma * (x - x.mean(0)) / (x.var(0, unbiased=False).sqrt() + eps) + beta}


def _evaluation(x, gamma, beta, mean, var, share=0.1, eps=1e-5):
    return {"y": gamma * (x - mean) / (var + eps).sqrt() + beta}


def _with_new_averages(x, gamma, beta, mean, var, share=0.1, eps=1e-5):
    _, mean, var = batch_norm(x, gamma, beta, mean, var, share, eps)
    return _evaluation(x, gamma, beta, mean, var, share, eps)


def _biased(x, gamma, beta, mean, var, share=0.1, eps=1e-5):
    return {"new_running_var": (1 - share) * var + share * x.var(0, unbiased=False)}


def _swapped(x, gamma, beta, mean, var, share=0.1, eps=1e-5):
    return {"new_running_mean": share * mean + (1 - share) * x.mean(0)}


def _not_shrunk(x, gamma, beta, mean, var, share=0.1, eps=1e-5):
    return {"new_running_mean": mean + share * x.mean(0)}


def _fixed_share(x, gamma, beta, mean, var, share=0.1, eps=1e-5):
    _, mean, var = batch_norm(x, gamma, beta, mean, var)
    return {"new_running_mean": mean, "new_running_var": var}


NORM = Exercise(
    name="batch_norm",
    chapter=CHAPTER,
    points=2,
    contract="batch_norm(x, gamma, beta, running_mean, running_var, share=0.1, eps=1e-5) -> (y, "
    "new_running_mean, new_running_var), training mode; x and y (B, D), the others (D,); float32",
    draw=draw_norm,
    expected=batch_norm,
    outputs=("y", "new_running_mean", "new_running_var"),
    rtol=1e-3,
    atol=1e-4,
    mistakes=(
        Mistake(
            "You normalise with the unbiased variance.",
            "Equation (5) divides by B; only the running average uses B - 1.",
            wrong=lambda *args: _norm(*args, unbiased=True),
        ),
        Mistake(
            "Your running variance is the biased one.",
            "PyTorch stores B / (B - 1) times the variance of the batch.",
            wrong=_biased,
        ),
        Mistake(
            "You normalise over the features: that is layer norm.",
            "Which dimension is the batch?",
            wrong=lambda *args: _norm(*args, dim=1),
        ),
        Mistake(
            "You take one mean and one variance for all numbers together.",
            "Each feature has its own; which dimension has to go?",
            wrong=lambda *args: _norm(*args, dim=(0, 1)),
        ),
        Mistake(
            "You divide by the variance, not by its root.",
            "If x is measured in metres, in which unit should x̂ be?",
            wrong=lambda *args: _norm(*args, root=False),
        ),
        Mistake(
            "You stop at x̂: gamma and beta are missing.",
            "Which is the last formula of equation (5)?",
            wrong=lambda x, gamma, beta, *rest: _norm(
                x, torch.ones_like(gamma), torch.zeros_like(beta), *rest
            ),
        ),
        Mistake(
            "Your shares are swapped: the new batch got the large one.",
            "The running averages should move slowly.",
            wrong=_swapped,
        ),
        Mistake(
            "You add the new batch without taking anything off the old average.",
            "The two shares of an average add up to one.",
            wrong=_not_shrunk,
        ),
        Mistake(
            "You normalise with the running averages: that is evaluation mode.",
            "Whose mean and variance does training use?",
            wrong=_evaluation,
        ),
        Mistake(
            "You normalise with the new running averages.",
            "Whose mean and variance does training use?",
            wrong=_with_new_averages,
        ),
        Mistake(
            "Your eps stands outside the root, or is not used at all.",
            "Look at s in equation (5); here eps is large enough to see.",
            when=lambda case, got: (
                case.inputs.get("eps", 0) > 0.1
                and isinstance(got, (tuple, list))
                and any(
                    torch.allclose(got[0], wrong, 1e-3, 1e-4)
                    for wrong in (
                        _eps_outside(**_named(case))["y"],
                        _eps_outside(**{**_named(case), "eps": 0.0})["y"],
                        _norm(**{**_named(case), "eps": 1e-5})["y"],
                    )
                )
            ),
        ),
        Mistake(
            "Your share is always 0.1; it is an argument.",
            "What if a caller wants another one?",
            wrong=_fixed_share,
        ),
    ),
)


def draw_norm_backward(rng):
    x = torch.tensor([[1.0, 10.0], [2.0, 14.0], [6.0, 6.0]])  # (B, D) = (3, 2)
    dy = torch.tensor([[1.0, -2.0], [0.5, 1.0], [-1.0, 3.0]])
    yield Case({"x": x, "gamma": torch.tensor([2.0, 0.5]), "dy": dy})
    for note, (B, D) in {"": (16, 5), "B = D": (4, 4), "large offset": (8, 3)}.items():
        offset = 50 if note == "large offset" else 0
        yield Case(
            {"x": normal(rng, B, D) + offset, "gamma": normal(rng, D), "dy": normal(rng, B, D)}, note=note
        )
    inputs = {"x": normal(rng, 8, 3), "gamma": normal(rng, 3), "dy": normal(rng, 8, 3), "eps": 0.5}
    yield Case(inputs, note="a large eps")


def batch_norm_backward(x, gamma, dy, eps=1e-5):
    """Autograd's gradients of PyTorch's batch norm."""
    x, gamma = x.double().requires_grad_(), gamma.double().requires_grad_()
    beta = torch.zeros_like(gamma, requires_grad=True)
    y = F.batch_norm(x, None, None, gamma, beta, training=True, eps=eps)
    return tuple(g.float() for g in torch.autograd.grad(y, (x, gamma, beta), dy.double()))


def _parts(x, gamma, dy, eps=1e-5):
    s = (x.var(0, unbiased=False) + eps).sqrt()
    return (x - x.mean(0)) / s, gamma * dy, s


def _dx(change):
    """A wrong dx, from (d, x̂, s, x - μ)."""

    def wrong(x, gamma, dy, eps=1e-5):
        x_hat, d, s = _parts(x, gamma, dy, eps)
        return {"dx": change(d, x_hat, s, x - x.mean(0))}

    return wrong


def _without_gamma(x, gamma, dy, eps=1e-5):
    x_hat, _, s = _parts(x, gamma, dy, eps)
    return {"dx": (dy - dy.mean(0) - x_hat * (dy * x_hat).mean(0)) / s}


def _unbiased_backward(x, gamma, dy, eps=1e-5):
    s = (x.var(0) + eps).sqrt()
    x_hat, d = (x - x.mean(0)) / s, gamma * dy
    return {"dx": (d - d.mean(0) - x_hat * (d * x_hat).mean(0)) / s}


def _dgamma(change):
    """A wrong dgamma, from (x, x̂, γ, dy)."""
    return lambda x, gamma, dy, eps=1e-5: {"dgamma": change(x, _parts(x, gamma, dy, eps)[0], gamma, dy)}


BACKWARD = Exercise(
    name="batch_norm_backward",
    chapter=CHAPTER,
    points=3,
    contract="batch_norm_backward(x, gamma, dy, eps=1e-5) -> (dx, dgamma, dbeta), training mode; x, dy = "
    "∂L/∂y and dx (B, D), gamma, dgamma and dbeta (D,); float32",
    draw=draw_norm_backward,
    expected=batch_norm_backward,
    outputs=("dx", "dgamma", "dbeta"),
    rtol=2e-3,
    atol=2e-3,
    mistakes=(
        Mistake(
            "You treat mean and variance as constants: two of the three roads are missing.",
            "Does the mean change when one x changes?",
            wrong=_dx(lambda d, x_hat, s, away: d / s),
        ),
        Mistake(
            "The road through the variance is missing.",
            "Which term of equation (6) holds the mean of a product?",
            wrong=_dx(lambda d, x_hat, s, away: (d - d.mean(0)) / s),
        ),
        Mistake(
            "The road through the mean is missing.",
            "If every x of the batch grows by the same amount, what happens to y?",
            wrong=_dx(lambda d, x_hat, s, away: (d - x_hat * (d * x_hat).mean(0)) / s),
        ),
        Mistake(
            "The 1/s in front of the bracket is missing.",
            "x̂ changes by how much when x changes by one?",
            wrong=_dx(lambda d, x_hat, s, away: d - d.mean(0) - x_hat * (d * x_hat).mean(0)),
        ),
        Mistake(
            "You took sums where equation (6) has means.",
            "What does the bar stand for?",
            wrong=_dx(lambda d, x_hat, s, away: (d - d.sum(0) - x_hat * (d * x_hat).sum(0)) / s),
        ),
        Mistake(
            "The road through the variance has the wrong sign.",
            "A larger variance makes every x̂ smaller.",
            wrong=_dx(lambda d, x_hat, s, away: (d - d.mean(0) + x_hat * (d * x_hat).mean(0)) / s),
        ),
        Mistake(
            "You put x - μ where x̂ belongs.",
            "Which of the two has been divided by s?",
            wrong=_dx(lambda d, x_hat, s, away: (d - d.mean(0) - away * (d * x_hat).mean(0)) / s),
        ),
        Mistake(
            "Your s comes from the unbiased variance.",
            "Equation (5) divides by B.",
            wrong=_unbiased_backward,
        ),
        Mistake(
            "Your dx forgets gamma.",
            "What reaches x̂ is not dy but γ dy.",
            wrong=_without_gamma,
        ),
        Mistake(
            "You averaged dgamma and dbeta over the batch.",
            "Equation (6) has sums there.",
            wrong=lambda x, gamma, dy, eps=1e-5: {
                "dgamma": (dy * _parts(x, gamma, dy, eps)[0]).mean(0),
                "dbeta": dy.mean(0),
            },
        ),
        Mistake(
            "You averaged dgamma over the batch.",
            "Equation (6) has a sum there.",
            wrong=_dgamma(lambda x, x_hat, gamma, dy: (dy * x_hat).mean(0)),
        ),
        Mistake(
            "Your dgamma uses x instead of x̂.",
            "What is gamma multiplied by in equation (5)?",
            wrong=_dgamma(lambda x, x_hat, gamma, dy: (dy * x).sum(0)),
        ),
        Mistake(
            "Your dgamma contains gamma.",
            "Differentiate γ x̂ + β with respect to γ; what multiplies dy?",
            wrong=_dgamma(lambda x, x_hat, gamma, dy: (gamma * dy * x_hat).sum(0)),
        ),
        Mistake(
            "You averaged dbeta over the batch.",
            "Equation (6) has a sum there.",
            wrong=lambda x, gamma, dy, eps=1e-5: {"dbeta": dy.mean(0)},
        ),
        Mistake(
            "You do not use the eps you are given.",
            "Where is it in equation (5)? Here it is large enough to see.",
            wrong=lambda x, gamma, dy, eps=1e-5: batch_norm_backward(x, gamma, dy),
        ),
    ),
)


# -------------------------------------------------------------------------------------------- average_views
def draw_views(rng):
    yield Case({"z": torch.tensor([[[2.0, 0.0, 1.0]], [[0.0, 3.0, 1.0]]])})  # (V, B, K) = (2, 1, 3)
    yield Case({"z": _clear(rng, 5, 6, 4)})
    yield Case({"z": _clear(rng, 4, 4, 4)}, note="V = B = K")
    yield Case({"z": _clear(rng, 1, 3, 5)}, note="one view")
    sure = torch.tensor([[[100.0, 0.0, 0.0]], [[0.0, 1.0, 0.0]], [[0.0, 1.5, 0.0]], [[0.0, 1.5, 0.0]]])
    yield Case({"z": sure}, note="one view is very sure")


def _clear(rng, *shape):
    """Logits whose averaged probabilities have a clear largest one."""
    while True:
        z = normal(rng, *shape, scale=3)
        first, second = average_views(z)[0].topk(2).values.unbind(-1)
        if (first - second > 1e-3).all():
            return z


def average_views(z):
    p = torch.exp(torch.log_softmax(z.double(), -1)).mean(0)
    return p.float(), p.argmax(-1)


VIEWS = Exercise(
    name="average_views",
    chapter=CHAPTER,
    points=2,
    contract="average_views(z) -> (p, k); z (V, B, K) logits of V views, float32; p (B, K) mean "
    "probabilities, float32; k (B,) classes, int64",
    draw=draw_views,
    expected=average_views,
    outputs=("p", "k"),
    mistakes=(
        Mistake(
            "You averaged the logits: one view that is very sure then outvotes all others.",
            "Softmax first, or the mean first?",
            wrong=lambda z: {"p": z.mean(0).softmax(-1)},
        ),
        Mistake(
            "You averaged over the batch instead of over the views.",
            "Which dimension of (V, B, K) has to go?",
            wrong=lambda z: {"p": z.softmax(-1).mean(1)},
        ),
        Mistake(
            "Your softmax runs over the wrong dimension.",
            "The probabilities of one view of one image sum to 1.",
            wrong=lambda z: {"p": z.softmax(1).mean(0)},
        ),
        Mistake(
            "Your softmax runs over the views.",
            "The probabilities of one view of one image sum to 1.",
            wrong=lambda z: {"p": z.softmax(0).mean(0)},
        ),
        Mistake(
            "You averaged the logits and forgot softmax.",
            "Probabilities sum to 1; do yours?",
            wrong=lambda z: {"p": z.mean(0)},
        ),
        Mistake(
            "You averaged the logarithms: that is the geometric mean, and it does not sum to 1.",
            "Average the probabilities themselves.",
            wrong=lambda z: {"p": z.log_softmax(-1).mean(0).exp()},
        ),
        Mistake(
            "You let the views vote: each counts the same, however sure it is.",
            "k is the class with the largest p.",
            wrong=lambda z: {"k": z.argmax(-1).mode(0).values},
        ),
        Mistake(
            "Your k comes from the mean of the logits, not from p.",
            "k is the class with the largest p.",
            wrong=lambda z: {"k": z.mean(0).argmax(-1)},
        ),
        Mistake(
            "Your k is the largest probability, not the class that has it.",
            "Which function returns the index of the maximum?",
            wrong=lambda z: {"k": z.softmax(-1).mean(0).max(-1).values},
        ),
        Mistake(
            "max returns two things at once, the largest values and their indices.",
            "Which of the two is the class? argmax returns only that one.",
            when=lambda case, got: isinstance(got, Failure) and "of type max" in got.message,
        ),
        Mistake(
            "Your exp overflows for large logits.",
            "torch.softmax subtracts the largest logit first.",
            when=lambda case, got: bool(case.inputs["z"].max() > 80 and got[0].isnan().any()),
        ),
    ),
)


# -------------------------------------------------------------------------------------------------- he_init
def draw_init(rng):
    yield Case({"n_out": 300, "n_in": 400})
    yield Case({"n_out": int(rng.integers(500, 700)), "n_in": int(rng.integers(100, 200))}, note="wide")
    yield Case({"n_out": int(rng.integers(100, 200)), "n_in": int(rng.integers(500, 700))}, note="narrow")


def call_init(answer, n_out, n_in):
    """Two calls in a row."""
    first = answer(n_out, n_in)
    return first if first is None else (first, answer(n_out, n_in))


def verify_init(case, got):
    problem = next(filter(None, (_wrong_weights(case, weights) for weights in got)), None)
    if problem is None and torch.equal(got[0][0], got[1][0]):
        return Problem("two calls give the same W", "new weights", "the same", hint=SEED_HINT)
    return problem


def _wrong_weights(case, got):
    """The Problem of one (W, b), or None."""
    n_out, n_in = case.inputs.values()
    if not (isinstance(got, (tuple, list)) and len(got) == 2 and all(map(torch.is_tensor, got))):
        return Problem("expected the two tensors (W, b)", "(W, b)", type(got).__name__)
    W, b = got
    if W.shape != (n_out, n_in) or b.shape != (n_out,):
        return Problem(
            "wrong shapes", f"W ({n_out}, {n_in}), b ({n_out},)", f"W {tuple(W.shape)}, b {tuple(b.shape)}"
        )
    dtypes = [str(v.dtype).removeprefix("torch.") for v in got]
    if dtypes != ["float32"] * 2:
        return Problem("W and b must be float32", "float32 both", f"W {dtypes[0]}, b {dtypes[1]}")
    if not torch.isfinite(W).all() or b.any():
        return Problem(
            "W must be finite, b must be zero", "b = 0", f"b between {b.min():.3g} and {b.max():.3g}"
        )
    std, target = W.std().item(), (2 / n_in) ** 0.5
    if abs(std / target - 1) > 0.02 or abs(W.mean().item()) > 0.05 * target:
        return Problem(
            "W has the wrong spread", f"mean 0, std {target:.4f}", f"mean {W.mean():.4f}, std {std:.4f}"
        )
    tail = (W.abs() > 2 * target).double().mean().item()
    if abs(tail - 0.0455) > 0.01:
        says = "W is not normal: the share beyond two standard deviations is wrong"
        return Problem(says, "4.6%", f"{tail:.1%}")
    return None


def _std(case, got, target):
    """Whether W has this standard deviation and a mean of nearly 0."""
    W = got[0][0]
    return abs(W.std().item() / target - 1) < 0.02 and abs(W.mean().item()) < 0.05 * target


def _looks_uniform(W):
    """Whether the numbers lie between 0 and twice their mean, near both ends."""
    return bool(0 <= W.min() < 0.01 * W.max() < 0.021 * W.mean())


HE = Exercise(
    name="he_init",
    chapter=CHAPTER,
    points=1,
    contract="he_init(n_out, n_in) -> (W, b); W (n_out, n_in) normal with mean 0 and variance 2 / n_in, b "
    "(n_out,) zero; float32",
    draw=draw_init,
    call=call_init,
    verify=verify_init,
    mistakes=(
        Mistake(
            "That is 2/√n: the variance is 4/n.",
            "A normal variable times c has the variance c².",
            when=lambda case, got: _std(case, got, 2 / case.inputs["n_in"] ** 0.5),
        ),
        Mistake(
            "You took the variance 2/n for the standard deviation.",
            "A normal variable times c has the variance c².",
            when=lambda case, got: _std(case, got, 2 / case.inputs["n_in"]),
        ),
        Mistake(
            "You counted the outputs instead of the inputs.",
            "Over how many products does one z sum?",
            when=lambda case, got: _std(case, got, (2 / case.inputs["n_out"]) ** 0.5),
        ),
        Mistake(
            "That is the variance 1/n: right for a linear layer, but ReLU loses half.",
            "Where does the factor 2 come from?",
            when=lambda case, got: _std(case, got, (1 / case.inputs["n_in"]) ** 0.5),
        ),
        Mistake(
            "That is Xavier's variance, 2 / (n_in + n_out).",
            "Equation (2) looks at the forward pass only.",
            when=lambda case, got: _std(case, got, (2 / (case.inputs["n_in"] + case.inputs["n_out"])) ** 0.5),
        ),
        Mistake(
            "Your numbers are uniform: rand draws from [0, 1), randn is normal.",
            "Look at the histogram.",
            when=lambda case, got: _looks_uniform(got[0][0]),
        ),
        Mistake(
            "The variance is right, but equation (2) is normal and yours ends abruptly.",
            "Look at the histogram.",
            when=lambda case, got: (
                _std(case, got, (2 / case.inputs["n_in"]) ** 0.5)
                and bool(got[0][0].abs().max() < 3 * (2 / case.inputs["n_in"]) ** 0.5)
            ),
        ),
        Mistake(
            "Your W is transposed.",
            "PyTorch stores weights as (outputs, inputs).",
            when=lambda case, got: got[0][0].shape == (case.inputs["n_in"], case.inputs["n_out"]),
        ),
        Mistake(
            "Biases start at zero; only the weights have to differ.",
            "Do two neurons with the same bias and other weights stay equal?",
            when=lambda case, got: (
                _std(case, got, (2 / case.inputs["n_in"]) ** 0.5) and bool(got[0][1].any())
            ),
        ),
    ),
)

EXERCISES = [DROPOUT, NORM, BACKWARD, VIEWS, HE]
