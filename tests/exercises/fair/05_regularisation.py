"""More right and wrong answers to the exercises of the chapter on regularisation."""

import math
import random

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


# ----------------------------------------------------------------------------------------- inverted_dropout
def _dropout_in_numpy(x, p, training):
    """Returns float64, as NumPy's random numbers make it."""
    if not training:
        return x
    return x * torch.from_numpy((np.random.rand(*x.shape) >= p) / (1 - p))


def _dropout_by_bernoulli(x, p, training):
    return x * torch.bernoulli(torch.full_like(x, 1 - p)) / (1 - p) if training else x.clone()


def _dropout_row_by_row(x, p, training):
    out = torch.zeros(*x.shape, 2)[..., 0]  # a view with gaps
    for i, row in enumerate(x):
        keep = torch.tensor([random.random() >= p for _ in range(row.numel())]).view_as(row)
        out[i] = row * keep / (1 - p) if training else row
    return out


def _dropout_by_indices(x, p, training):
    y = x.clone()
    if training:
        y[torch.rand(x.shape) < p] = 0
        y /= 1 - p
    return y


def _own_generator(x, p, training):
    """Seeds, but with another number in each call."""
    generator = torch.Generator().manual_seed(random.getrandbits(40))
    keep = torch.rand(x.shape, generator=generator) >= p
    return torch.where(keep, x / (1 - p), 0.0) if training else x


def _dropout(x, p, training):
    return F.dropout(x, p, training)


def _seeds_inside(x, p, training):
    torch.manual_seed(0)
    return _dropout(x, p, training)


def _exact_number(x, p, training):
    if not training:
        return x
    flat = x.flatten().clone()
    flat[torch.randperm(len(flat))[: round(p * len(flat))]] = 0
    return (flat / (1 - p)).view_as(x)


def _in_place(x, p, training):
    if training:
        x[torch.rand(x.shape) < p] = 0
        x /= 1 - p
    return x


def _noise(x, p, training):
    return x * (1 + torch.randn_like(x) * (p / (1 - p)) ** 0.5) if training else x


def _square_root(x, p, training):
    return _dropout(x, p, training) * (1 - p) ** 0.5 if training else x


def _mask_of_the_last_axis(x, p, training):
    return x * (torch.rand(x.shape[-1]) >= p) / (1 - p) if training else x


def _drops_to_one(x, p, training):
    return torch.where(torch.rand_like(x) < p, 1.0, x / (1 - p)) if training else x


# ------------------------------------------------------------------------------------- batch_norm, backward
def _norm_in_numpy(x, gamma, beta, running_mean, running_var, share=0.1, eps=1e-5):
    x = x.numpy().astype(np.float64)
    gamma, beta, running_mean, running_var = (v.numpy() for v in (gamma, beta, running_mean, running_var))
    y = gamma * (x - x.mean(0)) / np.sqrt(x.var(0) + eps) + beta
    mean = running_mean + share * (x.mean(0) - running_mean)
    var = running_var + share * (x.var(0, ddof=1) - running_var)
    return tuple(v.astype(np.float32) for v in (y, mean, var))


def _norm_in_loops(x, gamma, beta, running_mean, running_var, share=0.1, eps=1e-5):
    y, mean, var = torch.empty_like(x.T).T, running_mean.clone(), running_var.clone()
    for d in range(x.shape[1]):
        column = x[:, d].double()
        mu = column.sum() / len(x)
        square = ((column - mu) ** 2).sum()
        y[:, d] = gamma[d] * (column - mu) / (square / len(x) + eps).sqrt() + beta[d]
        mean[d] = (1 - share) * mean[d] + share * mu
        var[d] = (1 - share) * var[d] + share * square / (len(x) - 1)
    return [y, mean, var]


def _norm_by_module(x, gamma, beta, running_mean, running_var, share=0.1, eps=1e-5):
    layer = nn.BatchNorm1d(x.shape[1], eps=eps, momentum=share)
    layer.load_state_dict(
        {"weight": gamma, "bias": beta, "running_mean": running_mean, "running_var": running_var},
        strict=False,
    )
    return layer(x), layer.running_mean, layer.running_var


def _norm_by_lerp(x, gamma, beta, running_mean, running_var, share=0.1, eps=1e-5):
    var, mean = torch.var_mean(x, 0, correction=0)
    y = torch.addcmul(beta, gamma, (x - mean) * torch.rsqrt(var + eps))
    return y, running_mean.lerp(mean, share), running_var.lerp(x.var(0), share)


def _norm(y=None, mean=None, var=None):
    """Batch norm with an output computed otherwise, from (x, gamma, beta, mean, var, share, eps)."""

    def wrong(x, gamma, beta, running_mean, running_var, share=0.1, eps=1e-5):
        given = (x, gamma, beta, running_mean, running_var, share, eps)
        right = _norm_by_lerp(*given)
        return tuple(f(*given) if f else v for f, v in zip((y, mean, var), right, strict=True))

    return wrong


def _norm_in_place(x, gamma, beta, running_mean, running_var, share=0.1, eps=1e-5):
    y = F.batch_norm(x, running_mean, running_var, gamma, beta, training=True, momentum=share, eps=eps)
    return y, running_mean, running_var


def _backward_by_roads(x, gamma, dy, eps=1e-5):
    """The three roads one by one, in float64."""
    x, gamma, dy = x.double(), gamma.double(), dy.double()
    away = x - x.mean(0)
    s = ((away**2).mean(0) + eps) ** 0.5
    d = gamma * dy
    dvar = (d * away).sum(0) * -0.5 * s**-3
    dx = d / s + dvar * 2 * away / len(x) - (d / s).mean(0)
    return dx.float(), (dy * away / s).sum(0).float(), dy.sum(0).float()


def _backward_in_numpy(x, gamma, dy, eps=1e-5):
    x, gamma, dy = (v.numpy() for v in (x, gamma, dy))
    s = np.sqrt(x.var(0) + eps)
    h = (x - x.mean(0)) / s
    B = len(x)
    dx = gamma / (B * s) * (B * dy - dy.sum(0) - h * (dy * h).sum(0))
    return [v.astype(np.float32) for v in (dx, (dy * h).sum(0), dy.sum(0))]


def _backward_by_autograd(x, gamma, dy, eps=1e-5):
    x, gamma, beta = x.requires_grad_(), gamma.requires_grad_(), torch.zeros_like(gamma).requires_grad_()
    y = gamma * (x - x.mean(0)) / (x.var(0, correction=0) + eps).sqrt() + beta
    y.backward(dy)
    return x.grad, gamma.grad, beta.grad


def _backward_by_jacobian(x, gamma, dy, eps=1e-5):
    B = len(x)
    dx, s = torch.empty_like(x), (x.var(0, unbiased=False) + eps).sqrt()
    h = (x - x.mean(0)) / s
    for d in range(x.shape[1]):
        J = (torch.eye(B) - 1 / B - torch.outer(h[:, d], h[:, d]) / B) / s[d]
        dx[:, d] = J @ (gamma[d] * dy[:, d])
    return dx, torch.einsum("bd,bd->d", dy, h), dy.sum(0)


def _back(dx=None, dgamma=None, dbeta=None):
    """Batch norm's backward pass with an output computed otherwise, from (x, gamma, dy, h, s)."""

    def wrong(x, gamma, dy, eps=1e-5):
        s = (x.var(0, unbiased=False) + eps).sqrt()
        given = (x, gamma, dy, (x - x.mean(0)) / s, s)
        right = _backward_by_roads(x, gamma, dy, eps)
        return tuple(f(*given) if f else v for f, v in zip((dx, dgamma, dbeta), right, strict=True))

    return wrong


def _three(x, g, dy, h, s, factor=1.0, power=1.0):
    """dx with another factor on the road through the variance, or another power of s there."""
    d = g * dy
    return (d - d.mean(0) - factor * h * s ** (1 - power) * (d * h).mean(0)) / s


# -------------------------------------------------------------------------------------------- average_views
def _views_in_numpy(z):
    z = z.numpy().astype(np.float64)
    e = np.exp(z - z.max(-1, keepdims=True))
    p = (e / e.sum(-1, keepdims=True)).mean(0)
    return p.astype(np.float32), p.argmax(1)


def _views_one_by_one(z):
    p = 0
    for view in z:
        p = p + F.softmax(view, dim=1) / len(z)
    return [p, p.max(1).indices]


def _views_in_logs(z):
    log_p = torch.logsumexp(z.log_softmax(-1), 0) - math.log(len(z))
    return log_p.exp(), log_p.argmax(-1)


def _p(z):
    return z.softmax(-1).mean(0)


# -------------------------------------------------------------------------------------------------- he_init
def _he_by_init(n_out, n_in):
    W = nn.init.kaiming_normal_(torch.empty(n_out, n_in), nonlinearity="relu")
    return W, torch.zeros(n_out)


def _he_in_numpy(n_out, n_in):
    W = np.random.default_rng().normal(0, np.sqrt(2 / n_in), (n_out, n_in))
    return [W.astype(np.float32), np.zeros(n_out, dtype=np.float32)]


def _he_by_distribution(n_out, n_in):
    normal = torch.distributions.Normal(0.0, (2 / n_in) ** 0.5)
    return normal.sample((n_in, n_out)).T, torch.zeros(n_out, 2)[:, 0]


def _he_by_layer(n_out, n_in):
    layer = nn.Linear(n_in, n_out)
    nn.init.normal_(layer.weight, std=math.sqrt(2 / n_in))
    nn.init.zeros_(layer.bias)
    return layer.weight, layer.bias


def _he(change=lambda W, n_out, n_in: W, b=torch.zeros):
    return lambda n_out, n_in: (change(_he_by_init(n_out, n_in)[0], n_out, n_in), b(n_out))


def _seeded_he(n_out, n_in):
    torch.manual_seed(0)
    return _he_by_init(n_out, n_in)


RIGHT = {
    "inverted_dropout": {
        "NumPy, float64 returned": _dropout_in_numpy,
        "bernoulli": _dropout_by_bernoulli,
        "row by row into a view with gaps": _dropout_row_by_row,
        "indices into a copy": _dropout_by_indices,
        "a generator of its own": _own_generator,
        "PyTorch's": _dropout,
    },
    "batch_norm": {
        "NumPy, float64 inside": _norm_in_numpy,
        "loops, a list, views": _norm_in_loops,
        "the module, with its graph": _norm_by_module,
        "lerp and var_mean": _norm_by_lerp,
    },
    "batch_norm_backward": {
        "three roads, float64 inside": _backward_by_roads,
        "NumPy, sums and B": _backward_in_numpy,
        "autograd": _backward_by_autograd,
        "the Jacobian of each feature": _backward_by_jacobian,
    },
    "average_views": {
        "NumPy, float64 inside": _views_in_numpy,
        "one view after the other": _views_one_by_one,
        "logarithms": _views_in_logs,
    },
    "he_init": {
        "PyTorch's": _he_by_init,
        "NumPy arrays": _he_in_numpy,
        "a transposed view": _he_by_distribution,
        "parameters of a layer": _he_by_layer,
    },
}

WRONG = {
    "inverted_dropout": {
        "a seed inside": _seeds_inside,
        "an exact number of drops": _exact_number,
        "in place": _in_place,
        "noise for zeros": _noise,
        "divided by the root": _square_root,
        "one mask for the last axis": _mask_of_the_last_axis,
        "ones for zeros": _drops_to_one,
        "true and false": lambda x, p, training: torch.rand_like(x) >= p if training else x,
        "flattened": lambda x, p, training: _dropout(x, p, training).flatten(),
    },
    "batch_norm": {
        "running std": _norm(var=lambda x, g, b, m, v, share, eps: (1 - share) * v + share * x.std(0)),
        "shares of the variance swapped": _norm(
            var=lambda x, g, b, m, v, share, eps: share * v + (1 - share) * x.var(0)
        ),
        "statistics of the batch returned": _norm(
            mean=lambda x, *rest: x.mean(0), var=lambda x, *rest: x.var(0)
        ),
        "running averages as they were": _norm(
            mean=lambda x, g, b, m, *rest: m, var=lambda x, g, b, m, v, *rest: v
        ),
        "layer norm": _norm(
            y=lambda x, g, b, m, v, share, eps: (
                g * (x - x.mean(1, keepdim=True)) / (x.var(1, correction=0, keepdim=True) + eps).sqrt() + b
            )
        ),
        "in place": _norm_in_place,
        "float64": lambda x, *rest: tuple(v.double() for v in _norm_by_lerp(x, *rest)),
        "beta inside the bracket": _norm(
            y=lambda x, g, b, m, v, share, eps: (
                g * ((x - x.mean(0)) / (x.var(0, correction=0) + eps).sqrt() + b)
            )
        ),
    },
    "batch_norm_backward": {
        "factor 2 forgotten": _back(dx=lambda *given: _three(*given, factor=0.5)),
        "s to the power 1.5 less": _back(dx=lambda *given: _three(*given, power=-0.5)),
        "dbeta contains gamma": _back(dbeta=lambda x, g, dy, h, s: (g * dy).sum(0)),
        "dgamma not summed": _back(dgamma=lambda x, g, dy, h, s: dy * h),
        "over the features": _back(
            dx=lambda x, g, dy, h, s: (
                (g * dy - (g * dy).mean(1, keepdim=True) - h * (g * dy * h).mean(1, keepdim=True)) / s
            )
        ),
        "gamma twice": _back(dx=lambda x, g, dy, h, s: g * _three(x, g, dy, h, s)),
        "dx averaged over the batch": _back(dx=lambda *given: _three(*given) / len(given[0])),
        "float64": lambda *given: tuple(v.double() for v in _backward_by_roads(*given)),
    },
    "average_views": {
        "sum for the mean": lambda z: (z.softmax(-1).sum(0), _p(z).argmax(-1)),
        "a class for each view": lambda z: (_p(z), z.argmax(-1)),
        "the classes as floats": lambda z: (_p(z), _p(z).argmax(-1).float()),
        "one-hot classes": lambda z: (_p(z), F.one_hot(_p(z).argmax(-1), z.shape[-1])),
        "p of the first view": lambda z: (z[0].softmax(-1), _p(z).argmax(-1)),
        "maximum over the images": lambda z: (_p(z), _p(z).argmax(0)),
        "the smallest": lambda z: (_p(z), _p(z).argmin(-1)),
        "sigmoid": lambda z: (z.sigmoid().mean(0), _p(z).argmax(-1)),
    },
    "he_init": {
        "a seed inside": _seeded_he,
        "float64": lambda n_out, n_in: tuple(v.double() for v in _he_by_init(n_out, n_in)),
        "twice the spread": _he(lambda W, n_out, n_in: 2 * W),
        "a mean of 1": _he(lambda W, n_out, n_in: W + 1),
        "absolute values": _he(lambda W, n_out, n_in: W.abs()),
        "biases of ones": _he(b=torch.ones),
        "one bias": _he(b=lambda n_out: torch.zeros(1)),
        "signs only": _he(lambda W, n_out, n_in: W.sign() * (2 / n_in) ** 0.5),
        "W alone": lambda n_out, n_in: _he_by_init(n_out, n_in)[0],
    },
}
