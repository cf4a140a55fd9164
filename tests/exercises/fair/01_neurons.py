"""More right and wrong answers to the exercises of the chapter on neurons."""

from itertools import pairwise

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


# ------------------------------------------------------------------------------------------- mlp_parameters
def _by_loops(sizes, bias=True):
    total = 0
    for i in range(1, len(sizes)):
        for _ in range(sizes[i]):
            total += sizes[i - 1]
            if bias:
                total += 1
    return total


def _by_numpy(sizes, bias=True):
    sizes = np.array(sizes)
    return (sizes[:-1] * sizes[1:]).sum() + bias * sizes[1:].sum()


def _by_modules(sizes, bias=True):
    layers = [nn.Linear(sizes[i], sizes[i + 1], bias) for i in range(len(sizes) - 1)]
    return sum(p.numel() for p in nn.Sequential(*layers).parameters())


def _by_tensors(sizes, bias=True):
    sizes = torch.tensor(sizes)
    return (sizes[:-1] + bool(bias)) @ sizes[1:]


def _first_and_last(sizes, bias=True):
    return sizes[0] * sizes[-1] + bias * sizes[-1]


def _pops(sizes, bias=True):
    total, inside = 0, sizes.pop(0)
    for n in sizes:
        total += inside * n + bias * n
        inside = n
    return total


# ------------------------------------------------------------------------------------- activation_and_slope
def _in_numpy(name, z):
    x = z.numpy().astype(np.float64)
    with np.errstate(over="ignore"):
        a, slope = {
            "sigmoid": lambda: (s := 1 / (1 + np.exp(-x)), s * (1 - s)),
            "tanh": lambda: (np.tanh(x), 1 - np.tanh(x) ** 2),
            "relu": lambda: (np.maximum(x, 0), np.where(x > 0, 1, 0)),
            "leaky_relu": lambda: (np.maximum(x, x / 10), np.where(x > 0, 1, 0.1)),
            "elu": lambda: (np.where(x > 0, x, np.expm1(np.minimum(x, 0))), np.exp(np.minimum(x, 0))),
        }[name]()
    return a.astype(np.float32), slope.astype(np.float32)


def _by_autograd(name, z):
    f = {"leaky_relu": nn.LeakyReLU(0.1), "elu": nn.ELU()}.get(name) or getattr(torch, name)
    z = z.clone().requires_grad_()
    a = f(z)
    a.sum().backward()
    return a, z.grad


def _one_by_one(name, z):
    import math

    def one(x):
        if name == "sigmoid":
            a = 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))
            return a, a * (1 - a)
        if name == "tanh":
            return math.tanh(x), 1 - math.tanh(x) ** 2
        if name == "elu":
            return (x, 1) if x > 0 else (math.exp(x) - 1, math.exp(x))
        leak = 0.1 if name == "leaky_relu" else 0
        return (x, 1) if x > 0 else (leak * x, leak)

    pairs = torch.tensor([one(x) for x in z.flatten().tolist()])
    return [column.reshape(z.shape) for column in pairs.unbind(1)]


def _right(name, z):
    return _by_autograd(name, z)


def _but(name, change):
    """The right answer, except for one activation, whose (a, slope) is ``change(z, a, slope)``."""

    def answer(asked, z):
        a, slope = _right(asked, z)
        return change(z, a, slope) if asked == name else (a, slope)

    return answer


def _clamped(name, z):
    return _right(name, z.clamp(-20, 20))


def _doubles(name, z):
    a, slope = _right(name, z)
    return a.double(), slope.double()


def _sigmoid_by_exp(z):
    return z.exp() / (1 + z.exp())


# ------------------------------------------------------------------------------------------------- log_loss
def _largest_first(z, y):
    big = torch.maximum(torch.zeros_like(z), -y * z)
    return big + torch.log1p(torch.exp(-(y * z).abs()))


def _loss_in_numpy(z, y):
    m = (y * z).numpy().astype(np.float64)
    return np.logaddexp(0, -m).astype(np.float32)


def _loss_in_a_loop(z, y):
    import math

    out = torch.empty(len(z), 2)[:, 0]  # a view with gaps
    for i, m in enumerate((z * y).tolist()):
        out[i] = math.log1p(math.exp(-m)) if m > 0 else -m + math.log1p(math.exp(m))
    return out


def _two_halves(z, y):
    m = y * z
    return torch.where(m > 0, torch.log1p(torch.exp(-m.clamp(min=0))), -m + torch.log1p(m.clamp(max=0).exp()))


# --------------------------------------------------------------------------------------- relu_interpolation
def _slopes(t, values):
    return (values[1:] - values[:-1]) / (t[1:] - t[:-1])


def _double_net(t, values):
    t, values = t.double(), values.double()
    s = _slopes(t, values)
    return torch.ones_like(s), -t[:-1], torch.diff(s, prepend=s.new_zeros(1)), values[0].item()


def _scaled_net(t, values):
    s, w = _slopes(t, values), torch.linspace(0.5, 2, len(t) - 1)
    v = torch.cat([s[:1], s.diff()])
    return [w, -w * t[:-1], v / w, values[:1]]


def _with_a_leftward_neuron(t, values):
    s = _slopes(t, values)
    w = torch.cat([torch.tensor([-1.0]), torch.ones(len(s))])
    return w, torch.cat([t[:1], -t[:-1]]), torch.cat([torch.ones(1), s[:1], s.diff()]), values[0]


def _by_least_squares(t, values):
    x = torch.cat([t, t[-1:] + 1])
    s = _slopes(t, values)
    y = torch.cat([values, values[-1:] + s[-1]]).double()
    kinks = torch.relu(x[:, None].double() - t[:-1].double())
    solved = torch.linalg.lstsq(torch.cat([kinks, torch.ones(len(x), 1).double()], 1), y[:, None]).solution
    v, c = solved[:-1, 0].float(), np.float64(solved[-1, 0])
    return torch.ones_like(v), -t[:-1], v, c


def _net_in_a_loop(t, values):
    w, b, v, slope = [], [], [], 0.0
    for i in range(len(t) - 1):
        new = float((values[i + 1] - values[i]) / (t[i + 1] - t[i]))
        w.append(1.0), b.append(-float(t[i])), v.append(new - slope)
        slope = new
    return np.array(w), np.array(b), np.array(v), values[0]


def _net(b=lambda t: -t[:-1], v=lambda t, u, s: torch.cat([s[:1], s.diff()]), c=lambda u: u[0], w=1.0):
    """A net with something wrong in it."""

    def answer(t, values):
        s = _slopes(t, values)
        return torch.full_like(s, w), b(t), v(t, values, s), c(values)

    return answer


def _flat_at_the_end(t, values):
    s = _slopes(t, values)
    changes = torch.cat([s[:1], s.diff(), -s[-1:]])
    return torch.ones_like(t), -t, changes, values[0]


def _second_differences(t, u, s):
    d = u.diff()
    return torch.cat([d[:1], d.diff()])


RIGHT = {
    "mlp_parameters": {
        "plain loops": _by_loops,
        "a NumPy integer": _by_numpy,
        "the modules themselves": _by_modules,
        "a tensor of no dimension": _by_tensors,
        "a float": lambda sizes, bias=True: float(_by_loops(sizes, bias)),
    },
    "activation_and_slope": {
        "NumPy, float64 inside": _in_numpy,
        "autograd inside, with its graph": _by_autograd,
        "number by number, a list of two": _one_by_one,
    },
    "log_loss": {
        "the larger summand first": _largest_first,
        "softplus": lambda z, y: F.softplus(-y * z),
        "logaddexp in NumPy": _loss_in_numpy,
        "loop into a view with gaps": _loss_in_a_loop,
        "both signs apart": _two_halves,
        "minus logsigmoid": lambda z, y: -F.logsigmoid(z * y),
    },
    "relu_interpolation": {
        "float64 tensors and a Python number": _double_net,
        "other weights, a list, c with one entry": _scaled_net,
        "a neuron more, to the left": _with_a_leftward_neuron,
        "least squares, a NumPy number": _by_least_squares,
        "loop, NumPy arrays": _net_in_a_loop,
    },
}

WRONG = {
    "mlp_parameters": {
        "a bias for each input": lambda s, bias=True: sum(n * (m + bias) for n, m in pairwise(s)),
        "product of all sizes": lambda s, bias=True: int(np.prod(s)),
        "first and last layer only": _first_and_last,
        "list changed": _pops,
        "a string": lambda s, bias=True: str(_by_loops(s, bias)),
        "one bias in all": lambda s, bias=True: _by_loops(s, False) + bias,
    },
    "activation_and_slope": {
        "clamps z": _clamped,
        "float64": _doubles,
        "tanh' = a (1 - a)": _but("tanh", lambda z, a, s: (a, a * (1 - a))),
        "slope 1/2 of relu at 0": _but("relu", lambda z, a, s: (a, torch.where(z == 0, 0.5, s))),
        "true and false for the slope": _but("relu", lambda z, a, s: (a, z > 0)),
        "elu' = -e^z": _but("elu", lambda z, a, s: (a, torch.where(z > 0, 1.0, -z.exp()))),
        "elu without the -1": _but("elu", lambda z, a, s: (torch.where(z > 0, z, z.exp()), s)),
        "leaky slope 0.1 z": _but("leaky_relu", lambda z, a, s: (a, torch.where(z > 0, 1.0, 0.1 * z))),
        "sigmoid by exp": _but("sigmoid", lambda z, a, s: (_sigmoid_by_exp(z), s)),
        "flattened": lambda name, z: tuple(v.flatten() for v in _right(name, z)),
        "only a": lambda name, z: _right(name, z)[0],
    },
    "log_loss": {
        "BCE with logits of the library": lambda z, y: F.binary_cross_entropy_with_logits(
            z, (y + 1) / 2, reduction="none"
        ),
        "epsilon in the logarithm": lambda z, y: -torch.log(torch.sigmoid(y * z) + 1e-7),
        "base 2": lambda z, y: F.softplus(-y * z) / np.log(2),
        "y forgotten": lambda z, y: F.softplus(-z),
        "hinge": lambda z, y: (1 - y * z).clamp(min=0),
        "nan_to_num": lambda z, y: torch.nan_to_num(torch.log(1 + torch.exp(-y * z)), posinf=1e4),
        "float64": lambda z, y: F.softplus(-y.double() * z),
        "mean": lambda z, y: F.softplus(-y * z).mean(),
        "absolute value forgotten": lambda z, y: (-y * z).clamp(min=0) + torch.log1p(torch.exp(-y * z)),
    },
    "relu_interpolation": {
        "flat beyond the last point": _flat_at_the_end,
        "kinks at the right ends": _net(b=lambda t: -t[1:]),
        "slopes upside down": _net(v=lambda t, u, s: torch.cat([1 / s[:1], (1 / s).diff()])),
        "second differences of the values": _net(v=_second_differences),
        "order (w, v, b, c)": lambda t, u: tuple(_net()(t, u)[i] for i in (0, 2, 1, 3)),
        "the last height for c": _net(c=lambda u: u[-1]),
        "weights -1": _net(w=-1.0),
        "first piece missing": _net(v=lambda t, u, s: torch.cat([torch.zeros(1), s.diff()])),
    },
}
