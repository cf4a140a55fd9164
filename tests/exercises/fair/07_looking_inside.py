"""More right and wrong answers to the exercises of the chapter on looking inside a network."""

import numpy as np
import torch
import torch.nn.functional as F


# ---------------------------------------------------------------------------------------------- ascent_step
def _step_by_backward(score, x, eta, lam):
    """backward() on the input itself; the result keeps no graph."""
    x.requires_grad_()
    (score(x) - lam * (x**2).sum()).backward()
    g = x.grad
    return x.detach() + eta * g / (g**2).mean() ** 0.5


def _step_by_func(score, x, eta, lam):
    g = torch.func.grad(score)(x) - 2 * lam * x
    return x + eta * g * g.numel() ** 0.5 / torch.linalg.vector_norm(g)


def _step_in_float64(score, x, eta, lam):
    p = torch.nn.Parameter(x.clone())
    score(p).backward()
    g = p.grad.double() - 2 * lam * x.double()
    return (x.double() + eta * g / g.pow(2).mean().sqrt()).float()


def _step_in_numpy(score, x, eta, lam):
    z = x.clone().requires_grad_()
    score(z).backward()
    g = z.grad.numpy() - 2 * lam * x.numpy()
    return (x.numpy() + eta * g / np.sqrt(np.mean(g * g))).astype(np.float32)


def _step_with_a_graph(score, x, eta, lam):
    x = x.detach().clone().requires_grad_()
    (g,) = torch.autograd.grad(score(x) - lam * (x * x).sum(), x)
    return x + eta * g / torch.sqrt(torch.mean(g * g))


def _step(scale=lambda g: g.square().mean().sqrt(), price=lambda x: x.square().sum(), result=torch.add):
    """A step with another length, another price or another result (x, step)."""

    def answer(score, x, eta, lam):
        z = x.clone().requires_grad_()
        (g,) = torch.autograd.grad(score(z) - lam * price(z), z)
        return result(x, eta * g / scale(g))

    return answer


def _rms_of_each_channel(g):
    return g.square().mean(tuple(range(1, g.ndim)), keepdim=True).sqrt()


def _price_after_the_norm(score, x, eta, lam):
    z = x.clone().requires_grad_()
    (g,) = torch.autograd.grad(score(z), z)
    return x + eta * (g / g.square().mean().sqrt() - 2 * lam * x)


def _in_place(score, x, eta, lam):
    new = _step()(score, x, eta, lam)
    return x.copy_(new)


# ----------------------------------------------------------------------------------------------- relu_rules
def _rules_in_a_loop(g, z, rule):
    out = torch.zeros(*g.shape, 2)[..., 0]  # a view with gaps
    for place in np.ndindex(*g.shape):
        up, down = bool(z[place] > 0), bool(g[place] > 0)
        if {"gradient": up, "deconvnet": down, "guided": up and down}[rule]:
            out[place] = g[place]
    return out


def _rules_in_numpy(g, z, rule):
    g, z = g.numpy(), z.numpy()
    up, down = z > 0, g > 0
    passes = up if rule == "gradient" else down if rule == "deconvnet" else np.logical_and(up, down)
    return np.where(passes, g, np.zeros_like(g))


def _rules_by_autograd(g, z, rule):
    if rule != "gradient":
        g = F.relu(g)
    if rule == "deconvnet":
        return g
    z = z.clone().requires_grad_()
    return torch.autograd.grad(z.relu(), z, g)[0]


def _rules(gradient=lambda g, z: z > 0, deconvnet=lambda g, z: g > 0, guided=lambda g, z: (g > 0) & (z > 0)):
    """The rules with another condition for one of them."""
    conditions = {"gradient": gradient, "deconvnet": deconvnet, "guided": guided}
    return lambda g, z, rule: g * conditions[rule](g, z)


def _rules_in_place(g, z, rule):
    g[~{"gradient": z > 0, "deconvnet": g > 0, "guided": (g > 0) & (z > 0)}[rule]] = 0
    return g


# --------------------------------------------------------------------------------------------- grad_cam_map
def _cam_in_loops(A, G):
    L = [[0.0] * A.shape[2] for _ in range(A.shape[1])]
    for a, g in zip(A.tolist(), G.tolist(), strict=True):
        w = sum(map(sum, g)) / (len(g) * len(g[0]))
        for i, row in enumerate(a):
            for k, value in enumerate(row):
                L[i][k] += w * value
    L = torch.tensor(L).clamp(min=0)
    return L / (L.max() if L.max() > 0 else 1)


def _cam_in_numpy(A, G):
    L = np.maximum(np.tensordot(G.numpy().astype(np.float64).mean((1, 2)), A.numpy(), 1), 0)
    return (L / max(L.max(), 1e-12)).astype(np.float32)


def _cam_with_epsilon(A, G):
    L = (A * G.mean(dim=(1, 2), keepdim=True)).sum(0).relu()
    return (L.T / (L.max() + 1e-9)).T


def _cam_by_matmul(A, G):
    L = F.relu(G.flatten(1).mean(1) @ A.flatten(1)).view(A.shape[1:])
    return torch.nan_to_num(L / L.max())


def _cam(total=lambda A, G: (A * G.mean((1, 2), keepdim=True)).sum(0).relu(), scale=None):
    """Grad-CAM with another map or another scale."""
    scale = scale or (lambda L: L / L.max() if L.max() > 0 else L)
    return lambda A, G: scale(total(A, G))


def _scaled_before(A, G):
    L = (A * G.mean((1, 2), keepdim=True)).sum(0)
    return (L / L.abs().max()).relu()


# -------------------------------------------------------------------------------------------- occlusion_map
def _cover_and_restore(score, x, size, stride, fill):
    before = score(x)
    falls = torch.zeros((x.shape[1] - size) // stride + 1, (x.shape[2] - size) // stride + 1)
    for i in range(falls.shape[0]):
        for k in range(falls.shape[1]):
            place = (..., slice(i * stride, i * stride + size), slice(k * stride, k * stride + size))
            kept = x[place].clone()
            x[place] = fill
            falls[i, k] = before - score(x)
            x[place] = kept
    return falls


def _occluded_in_numpy(score, x, size, stride, fill):
    H, W = x.shape[1:]
    falls = []
    for top in range(0, H - size + 1, stride):
        falls.append([])
        for left in range(0, W - size + 1, stride):
            covered = x.numpy().copy()
            covered[:, top : top + size, left : left + size] = fill
            falls[-1].append(score(x) - score(torch.from_numpy(covered)))
    return np.array(falls, dtype=np.float32)


def _occluded_by_masks(score, x, size, stride, fill):
    squares = F.unfold(torch.arange(x[0].numel()).double().view(1, 1, *x.shape[1:]), size, stride=stride)
    falls = []
    for square in squares[0].T.long():
        mask = torch.zeros(x[0].numel(), dtype=torch.bool)
        mask[square] = True
        falls.append(score(x) - score(torch.where(mask.view(x.shape[1:]), fill, x)))
    columns = (x.shape[2] - size) // stride + 1
    return torch.tensor(falls).view(-1, columns)


def _column_by_column(score, x, size, stride, fill):
    columns = []
    for left in range(0, x.shape[-1] - size + 1, stride):
        column = []
        for top in range(0, x.shape[-2] - size + 1, stride):
            y = x.clone()
            y[:, top : top + size, left : left + size].fill_(fill)
            column.append(score(x) - score(y))
        columns.append(torch.tensor(column))
    return torch.stack(columns, 1)


def _occlusion(corner=lambda i, k, stride: (i * stride, k * stride), value=lambda a, b: a - b, cover=None):
    """An occlusion map with squares at other places, other values, or other pixels covered."""

    def answer(score, x, size, stride, fill):
        falls = torch.zeros((x.shape[1] - size) // stride + 1, (x.shape[2] - size) // stride + 1)
        for i in range(falls.shape[0]):
            for k in range(falls.shape[1]):
                y, (top, left) = x.clone(), corner(i, k, stride)
                if cover:
                    cover(y, top, left, size, fill)
                else:
                    y[:, top : top + size, left : left + size] = fill
                falls[i, k] = value(score(x), score(y))
        return falls

    return answer


def _first_channel(y, top, left, size, fill):
    y[0, top : top + size, left : left + size] = fill


def _swapped(y, top, left, size, fill):
    y[:, left : left + size, top : top + size] = fill


def _adds(y, top, left, size, fill):
    y[:, top : top + size, left : left + size] += fill


def _around(y, top, left, size, fill):
    start = [max(0, n - size // 2) for n in (top, left)]
    y[:, start[0] : start[0] + size, start[1] : start[1] + size] = fill


def _collected_in_zeros(score, x, size, stride, fill):
    found = _occlusion()(score, x, size, stride, fill)
    falls = np.zeros(found.shape)  # float64
    falls[:] = found
    return falls


def _over_the_rim(score, x, size, stride, fill):
    rows, columns = (range(0, n, stride) for n in x.shape[1:])
    falls = torch.zeros(len(rows), len(columns))
    for i, top in enumerate(rows):
        for k, left in enumerate(columns):
            y = x.clone()
            y[:, top : top + size, left : left + size] = fill
            falls[i, k] = score(x) - score(y)
    return falls


RIGHT = {
    "ascent_step": {
        "backward on the input itself": _step_by_backward,
        "torch.func, the norm and the number of pixels": _step_by_func,
        "float64 after the gradient": _step_in_float64,
        "NumPy after the gradient": _step_in_numpy,
        "a result with its graph": _step_with_a_graph,
    },
    "relu_rules": {
        "a loop into a view with gaps": _rules_in_a_loop,
        "NumPy": _rules_in_numpy,
        "autograd": _rules_by_autograd,
    },
    "grad_cam_map": {
        "plain loops": _cam_in_loops,
        "NumPy, float64 inside": _cam_in_numpy,
        "a tiny number below, views": _cam_with_epsilon,
        "a matrix product, nan to zero": _cam_by_matmul,
    },
    "occlusion_map": {
        "cover and restore": _cover_and_restore,
        "NumPy": _occluded_in_numpy,
        "masks": _occluded_by_masks,
        "column by column": _column_by_column,
    },
}

WRONG = {
    "ascent_step": {
        "standard deviation for the root mean square": _step(scale=lambda g: g.std()),
        "mean of the sizes": _step(scale=lambda g: g.abs().mean()),
        "the largest": _step(scale=lambda g: g.abs().max()),
        "price of the norm": _step(price=lambda x: x.norm()),
        "price of the mean": _step(price=lambda x: x.square().mean()),
        "the step alone": _step(result=lambda x, step: step),
        "the price after the division": _price_after_the_norm,
        "the root mean square of each channel": _step(scale=_rms_of_each_channel),
        "in place": _in_place,
        "float64": _step(result=lambda x, step: x.double() + step),
    },
    "relu_rules": {
        "relu of g z": lambda g, z, rule: (g * z).relu(),
        "the same sign": _rules(guided=lambda g, z: g * z > 0),
        "absolute values": lambda g, z, rule: _rules()(g, z, rule).abs(),
        "deconvnet lets zero of z decide": _rules(deconvnet=lambda g, z: (g > 0) & (z >= 0)),
        "times relu of z": lambda g, z, rule: _rules()(g, z, rule) * z.relu(),
        "guided of the gradient's sign": _rules(guided=lambda g, z: (g < 0) & (z > 0)),
        "at zero in one rule": _rules(guided=lambda g, z: (g > 0) & (z >= 0)),
        "in place": _rules_in_place,
    },
    "grad_cam_map": {
        "smallest to 0, largest to 1": _cam(scale=lambda L: (L - L.min()) / (L.max() - L.min() + 1e-9)),
        "the same without ReLU": _cam(
            total=lambda A, G: (A * G.mean((1, 2), keepdim=True)).sum(0),
            scale=lambda L: (L - L.min()) / (L.max() - L.min() + 1e-9),
        ),
        "scaled before the ReLU": _scaled_before,
        "divided by the norm": _cam(scale=lambda L: L / (L.norm() + 1e-9)),
        "divided by the sum": _cam(scale=lambda L: L / (L.sum() + 1e-9)),
        "sigmoid": _cam(scale=torch.sigmoid),
        "a map for each channel": lambda A, G: (A * G.mean((1, 2), keepdim=True)).relu(),
        "float64": lambda A, G: _cam()(A.double(), G.double()),
    },
    "occlusion_map": {
        "squares at (i, k)": _occlusion(corner=lambda i, k, stride: (i, k)),
        "rows and columns of the square swapped": _occlusion(cover=_swapped),
        "first channel only": _occlusion(cover=_first_channel),
        "relative fall": _occlusion(value=lambda a, b: (a - b) / a),
        "over the rim": _over_the_rim,
        "collected in np.zeros": _collected_in_zeros,
        "square around (i, k)": _occlusion(cover=_around),
        "fill added": _occlusion(cover=_adds),
        "ratio": _occlusion(value=lambda a, b: b / a),
        "float64": lambda *given: _occlusion()(*given).double(),
    },
}
