"""More right and wrong answers to the exercises on recurrent networks."""

import math

import numpy as np
import torch
from answers import solutions

S = solutions("14_recurrent")


# ----------------------------------------------------------------------------------- right: rnn_step_backward
def rnn_by_autograd(x, h, w_x, w_h, b, dnew):
    leaves = [t.double().requires_grad_() for t in (x, h, w_x, w_h, b)]
    x, h, w_x, w_h, b = leaves
    new = torch.tanh(torch.nn.functional.linear(x, w_x, b) + torch.nn.functional.linear(h, w_h))
    found = torch.autograd.grad(new, leaves, dnew.double())
    return [new.detach().float(), *(g.float() for g in found)]


def rnn_by_loops(x, h, w_x, w_h, b, dnew):
    new = torch.empty_like(h)
    grads = [torch.zeros_like(t) for t in (x, h, w_x, w_h, b)]
    dx, dh, dw_x, dw_h, db = grads
    for i in range(len(x)):
        for j in range(len(b)):
            new[i, j] = math.tanh(float(w_x[j] @ x[i] + w_h[j] @ h[i] + b[j]))
            da = dnew[i, j] * (1 + new[i, j]) * (1 - new[i, j])
            dx[i] += da * w_x[j]
            dh[i] += da * w_h[j]
            dw_x[j] += da * x[i]
            dw_h[j] += da * h[i]
            db[j] += da
    return new, dx, dh, dw_x, dw_h, db


def rnn_by_numpy(x, h, w_x, w_h, b, dnew):
    x, h, w_x, w_h, b, dnew = (t.numpy() for t in (x, h, w_x, w_h, b, dnew))
    new = np.tanh(x @ w_x.T + h @ w_h.T + b)
    da = dnew / np.cosh(np.arctanh(np.clip(new.astype(float), -1 + 1e-12, 1 - 1e-12))) ** 2
    out = (new, da @ w_x, da @ w_h, (x.T @ da).T, (h.T @ da).T, da.sum(0))
    return tuple(v.astype(np.float32) for v in out)


# ------------------------------------------------------------------------------------ right: clip_global_norm
def clip_by_loops(grads, limit):
    norm = math.sqrt(sum(v * v for g in grads for v in g.flatten().tolist()))
    if norm <= limit:
        return list(grads)  # the tensors themselves
    return [g / norm * limit for g in grads]


def clip_by_numpy(grads, limit):
    norm = np.linalg.norm(np.concatenate([g.numpy().ravel() for g in grads]).astype(float))
    factor = np.float32(min(1.0, limit / norm if norm > 0 else 1.0))
    return tuple(g.numpy() * factor for g in grads)


def clip_by_library(grads, limit):
    """With PyTorch's own, which adds 1e-6 to the norm."""
    copies = [torch.nn.Parameter(g.clone()) for g in grads]
    for parameter, g in zip(copies, grads, strict=True):
        parameter.grad = g.clone()
    torch.nn.utils.clip_grad_norm_(copies, limit)
    return [parameter.grad for parameter in copies]


def clip_by_one_vector(grads, limit):
    flat = torch.cat([g.flatten() for g in grads]).double()
    flat = (flat * (limit / flat.norm().clamp(min=limit))).float()
    parts = flat.split([g.numel() for g in grads])
    return [part.view(g.shape) for part, g in zip(parts, grads, strict=True)]  # views of one tensor


# -------------------------------------------------------------------------------------------- right: gru_step
def gru_by_loops(x, h, w_x, w_h, b_x, b_h):
    B, H = h.shape
    new = torch.empty(B, H)
    for i in range(B):
        from_x, gates = w_x @ x[i] + b_x, w_h[: 2 * H] @ h[i] + b_h[: 2 * H]
        for j in range(H):
            r = [1 / (1 + math.exp(-float(from_x[k] + gates[k]))) for k in range(H)]
            z = 1 / (1 + math.exp(-float(from_x[H + j] + gates[H + j])))
            seen = sum(float(w_h[2 * H + j, k] * h[i, k]) * r[k] for k in range(H))
            n = math.tanh(float(from_x[2 * H + j]) + seen + float(b_h[2 * H + j]))
            new[i, j] = (1 - z) * n + z * h[i, j]
    return new


def gru_by_numpy(x, h, w_x, w_h, b_x, b_h):
    x, h, w_x, w_h, b_x, b_h = (t.numpy().astype(float) for t in (x, h, w_x, w_h, b_x, b_h))
    (xr, xz, xn), (wr, wz, wn), (br, bz, bn) = (
        np.split(v, 3, axis) for v, axis in ((x @ w_x.T + b_x, 1), (w_h, 0), (b_h, 0))
    )
    r, z = (1 / (1 + np.exp(-v)) for v in (xr + h @ wr.T + br, xz + h @ wz.T + bz))
    return ((1 - z) * np.tanh(xn + (r * h) @ wn.T + bn) + z * h).astype(np.float32)


def gru_by_joined_weights(x, h, w_x, w_h, b_x, b_h):
    (ar, az, an), b = torch.cat([w_x, w_h], 1).double().chunk(3), (b_x + b_h).double().chunk(3)
    u, h = torch.cat([x, h], 1).double(), h.double()
    r, z = torch.sigmoid(u @ ar.T + b[0]), torch.sigmoid(u @ az.T + b[1])
    n = torch.tanh(torch.cat([x.double(), r * h], 1) @ an.T + b[2])
    return torch.lerp(n, h, z).float()


# ----------------------------------------------------------------------------------- right: sample_characters
def sample_by_loops(z, tau, count, generator):
    edges = (z.double() / tau).softmax(0).cumsum(0).tolist()
    draws = []
    for u in torch.rand(count, generator=generator, dtype=torch.float64).tolist():
        k = 0
        while k < len(edges) - 1 and u >= edges[k]:
            k += 1
        draws.append(k)
    return torch.tensor(draws)


def sample_by_gumbel(z, tau, count, generator):
    u = torch.rand(count, len(z), generator=generator, dtype=torch.float64)
    return (z.double() / tau - (-u.log()).log()).argmax(1)


def sample_by_numpy(z, tau, count, generator):
    logits = z.numpy().astype(float) / tau
    p = np.exp(logits - logits.max())
    rng = np.random.default_rng(int(torch.randint(2**31, (), generator=generator)))
    return rng.choice(len(p), size=count, p=p / p.sum())


RIGHT = {
    "rnn_step_backward": {
        "autograd, float64 inside, a list": rnn_by_autograd,
        "loops": rnn_by_loops,
        "NumPy arrays": rnn_by_numpy,
    },
    "clip_global_norm": {
        "loops, the tensors themselves": clip_by_loops,
        "NumPy arrays in a tuple": clip_by_numpy,
        "PyTorch's own on copies": clip_by_library,
        "views of one vector": clip_by_one_vector,
    },
    "gru_step": {
        "loops": gru_by_loops,
        "NumPy, float64 inside": gru_by_numpy,
        "joined weights, float64 inside": gru_by_joined_weights,
    },
    "sample_characters": {
        "loops": sample_by_loops,
        "Gumbel numbers": sample_by_gumbel,
        "NumPy, seeded by the generator": sample_by_numpy,
    },
}


# ---------------------------------------------------------------------------------------------- wrong answers
def _kept_dimension(*case):
    *rest, db = S["rnn_step_backward"](*case)
    return (*rest, db[None])


def _without_a_slope(x, h, w_x, w_h, b, dnew):
    new, dx, _, *rest = S["rnn_step_backward"](x, h, w_x, w_h, b, dnew)
    return new, dx, dnew @ w_h, *rest


def _from_above_too(x, h, w_x, w_h, b, dnew):
    new, dx, dh, *rest = S["rnn_step_backward"](x, h, w_x, w_h, b, dnew)
    return new, dx, dh + dnew, *rest


def _in_place(grads, limit):
    factor = min(1.0, limit / (float(S["_all"](grads)) + 1e-9))
    for g in grads:
        g *= factor
    return grads


def _root_mean_square(grads):
    return torch.cat([g.flatten() for g in grads]).square().mean().sqrt()


def _upside_down(grads, limit):
    return [g * min(1.0, float(S["_all"](grads)) / limit) for g in grads]


def _with_a_constant(constant):
    return lambda grads, limit: [g * min(1.0, limit / (float(S["_all"](grads)) + constant)) for g in grads]


def _powers(z, tau, count, generator):
    return torch.multinomial(z.softmax(0) ** (1 / tau), count, replacement=True, generator=generator)


def _normal_noise(z, tau, count, generator):
    return (z / tau + torch.randn(count, len(z), generator=generator)).argmax(1)


def _own_generator(z, tau, count, generator):
    own = torch.Generator().manual_seed(0)
    return torch.multinomial((z / tau).softmax(0), count, replacement=True, generator=own)


def _two_best(z, tau, count, generator):
    best = z.topk(2).indices
    return best[torch.multinomial((z[best] / tau).softmax(0), count, replacement=True, generator=generator)]


WRONG = {
    "rnn_step_backward": {
        "db (1, H)": _kept_dimension,
        "dh without the slope": _without_a_slope,
        "dnew added to dh": _from_above_too,
        "tanh twice": S["_rnn"](slope=lambda a, new: 1 - torch.tanh(new) ** 2),
        "1 + h²": S["_rnn"](slope=lambda a, new: 1 + new**2),
        "db along the other axis": S["_rnn"](db=lambda da: da.sum(1)),
    },
    "clip_global_norm": {
        "in place": _in_place,
        "root of the mean square": S["_by"](_root_mean_square),
        "norm over limit": _upside_down,
        "1 added to the norm": _with_a_constant(1.0),
        "0.001 added to the norm": _with_a_constant(0.001),
        "largest number": S["_by"](lambda grads: max(g.abs().max() for g in grads)),
        "mean of the norms": S["_by"](lambda grads: sum(g.norm() for g in grads) / len(grads)),
        "one tensor": lambda grads, limit: torch.cat(
            [g.flatten() for g in S["clip_global_norm"](grads, limit)]
        ),
    },
    "gru_step": {
        "bias of the candidate left out": S["_gru"](
            None, lambda xn, hn, r, h, w, b: torch.tanh(xn + (r * h) @ w.T)
        ),
        "bias of the candidate reset": S["_gru"](
            None, lambda xn, hn, r, h, w, b: torch.tanh(xn + (r * h) @ w.T + r * b)
        ),
        "not transposed": S["_gru"](None, lambda xn, hn, r, h, w, b: torch.tanh(xn + (r * h) @ w + b)),
        "reset by 1 - r": S["_gru"](
            None, lambda xn, hn, r, h, w, b: torch.tanh(xn + ((1 - r) * h) @ w.T + b)
        ),
        "PyTorch's cell": lambda *case: torch._VF.gru_cell(*case),
        "order r, n, z": S["_gru"](order=(0, 2, 1)),
    },
    "sample_characters": {
        "powers of the probabilities": _powers,
        "divided by tau squared": S["_by_chances"](lambda z, tau: (z / tau**2).softmax(0)),
        "divided by the root of tau": S["_by_chances"](lambda z, tau: (z / tau**0.5).softmax(0)),
        "minus the logits": S["_by_chances"](lambda z, tau: (-z / tau).softmax(0)),
        "normal noise": _normal_noise,
        "a generator of its own": _own_generator,
        "the two best": _two_best,
        "a list": lambda *case: S["sample_characters"](*case).tolist(),
    },
}
