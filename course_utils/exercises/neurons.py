"""Exercises of the chapter on neurons."""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F

from ._base import Case, Exercise, Mistake, Problem, normal

CHAPTER = "01_neurons"


# ------------------------------------------------------------------------------------------- mlp_parameters
def draw_parameters(rng):
    yield Case({"sizes": [4, 3, 2], "bias": True})
    yield Case({"sizes": [4, 3, 2], "bias": False}, note="no biases")
    yield Case({"sizes": [784, 1000, 10], "bias": True})
    yield Case({"sizes": [7, 1], "bias": True}, note="one neuron")
    for bias in (True, False):
        sizes = [int(n) for n in rng.choice(range(2, 300), size=int(rng.integers(4, 7)), replace=False)]
        yield Case({"sizes": sizes, "bias": bias})


def mlp_parameters(sizes, bias):
    """Count the parameters of the linear layers that PyTorch builds."""
    layers = [torch.nn.Linear(n, m, bias=bias, device="meta") for n, m in pairwise(sizes)]
    return sum(p.numel() for layer in layers for p in layer.parameters())


def _weights(sizes):
    return sum(n * m for n, m in pairwise(sizes))


PARAMETERS = Exercise(
    name="mlp_parameters",
    chapter=CHAPTER,
    points=2,
    contract="mlp_parameters(sizes, bias=True) -> int, the number of weights and biases of fully connected "
    "layers between consecutive sizes; sizes: list of at least two ints, inputs first",
    draw=draw_parameters,
    expected=mlp_parameters,
    mistakes=(
        Mistake(
            "You count the weights only.",
            "Every neuron has one more number than it has inputs.",
            wrong=lambda sizes, bias: _weights(sizes),
        ),
        Mistake(
            "You give biases to the inputs, too.",
            "Which of the sizes belong to neurons, and which is only data?",
            wrong=lambda sizes, bias: _weights(sizes) + bias * sum(sizes),
        ),
        Mistake(
            "The biases of the last layer are missing.",
            "Outputs are neurons, too.",
            wrong=lambda sizes, bias: _weights(sizes) + bias * sum(sizes[1:-1]),
        ),
        Mistake(
            "You count one bias a layer.",
            "b_j in equation (8) has an index.",
            wrong=lambda sizes, bias: _weights(sizes) + bias * (len(sizes) - 1),
        ),
        Mistake(
            "You count biases although bias=False.",
            "What should the second argument change?",
            wrong=lambda sizes, bias: _weights(sizes) + sum(sizes[1:]),
        ),
    ),
)


# ------------------------------------------------------------------------------------- activation_and_slope
NAMES = {
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "leaky_relu": lambda z: F.leaky_relu(z, 0.1),
    "elu": F.elu,
}


def draw_activation(rng):
    for name in NAMES:
        yield Case({"name": name, "z": torch.tensor([2.0, -1.0, 0.5, -3.0])}, part=name)
        yield Case({"name": name, "z": torch.tensor([0.0, 1.0])}, part=name, note="z holds 0")
        yield Case({"name": name, "z": normal(rng, 3, 2, 4, scale=2)}, part=name, note="three dimensions")
        yield Case({"name": name, "z": torch.tensor([100.0, -100.0])}, part=name, note="large z")


def activation_and_slope(name, z):
    """PyTorch's activation and autograd's derivative."""
    z = z.requires_grad_()
    a = NAMES[name](z)
    return a.detach(), torch.autograd.grad(a.sum(), z)[0]


def _slope(name, slope):
    """A wrong slope for one activation only; the others as they should be."""

    def wrong(asked, z):
        return {"slope": slope(z)} if asked == name else activation_and_slope(asked, z)

    return wrong


def _swap(name, a, slope):
    return lambda asked, z: (a(z), slope(z)) if asked == name else activation_and_slope(asked, z)


ACTIVATION = Exercise(
    name="activation_and_slope",
    chapter=CHAPTER,
    points=5,
    parts=dict.fromkeys(NAMES, 1),
    contract='activation_and_slope(name, z) -> (a, slope); name: "sigmoid", "tanh", "relu", "leaky_relu" '
    '(slope 0.1 for z <= 0) or "elu" (alpha 1); z, a and slope: float32 of one shape; at z = 0 the slope of '
    "relu is 0",
    draw=draw_activation,
    expected=activation_and_slope,
    outputs=("a", "slope"),
    mistakes=(
        Mistake(
            "Infinity over infinity, or infinity times zero, is no number: exp overflows for large z.",
            "Can you express the slope by the answer a, and a by a function that PyTorch has already?",
            when=lambda case, got: bool(
                case.inputs["z"].abs().max() > 80 and not all(torch.isfinite(v).all() for v in got)
            ),
        ),
        Mistake(
            "You put z into a formula that is meant for the answer: z (1 − z).",
            "σ′ = σ (1 − σ), where σ stands for σ(z).",
            wrong=_slope("sigmoid", lambda z: z * (1 - z)),
        ),
        Mistake(
            "You put the answer through the sigmoid a second time.",
            "In σ (1 − σ), σ is the answer itself.",
            wrong=_slope("sigmoid", lambda z: z.sigmoid().sigmoid() * (1 - z.sigmoid().sigmoid())),
        ),
        Mistake(
            "That is 1 − tanh z; one factor is missing.",
            "Equation (11) has two brackets.",
            wrong=_slope("tanh", lambda z: 1 - z.tanh()),
        ),
        Mistake(
            "You put z into a formula that is meant for the answer: 1 − z².",
            "tanh′ = 1 − tanh², where tanh stands for tanh z.",
            wrong=_slope("tanh", lambda z: 1 - z * z),
        ),
        Mistake(
            "You let the slope of ReLU be 1 at z = 0.",
            "Taken from the left: compare with > or with >=?",
            wrong=_slope("relu", lambda z: (z >= 0).float()),
        ),
        Mistake(
            "You let the slope of Leaky ReLU be 1 at z = 0.",
            "Taken from the left: compare with > or with >=?",
            wrong=_slope("leaky_relu", lambda z: torch.where(z >= 0, 1.0, 0.1)),
        ),
        Mistake(
            "Your Leaky ReLU leaks 0.01, which is PyTorch's default; here it is 0.1.",
            "What does the table say for z < 0?",
            wrong=_swap(
                "leaky_relu", lambda z: F.leaky_relu(z, 0.01), lambda z: torch.where(z > 0, 1.0, 0.01)
            ),
        ),
        Mistake(
            "The slope of your Leaky ReLU is 0 for z < 0, that is ReLU's.",
            "What is the slope of 0.1 z?",
            wrong=_slope("leaky_relu", lambda z: (z > 0).float()),
        ),
        Mistake(
            "For z < 0 you return the ELU itself as its slope.",
            "The derivative of e^z − 1 is e^z. How do the two differ?",
            wrong=_slope("elu", lambda z: torch.where(z > 0, torch.ones(()), F.elu(z))),
        ),
        Mistake(
            "You take e^z as the slope for all z; for z > 0 the ELU is z.",
            "What is the slope of a(z) = z?",
            wrong=_slope("elu", torch.exp),
        ),
    ),
)


# ------------------------------------------------------------------------------------------------- log_loss
def draw_log_loss(rng):
    yield Case({"z": torch.tensor([2.0, -1.0, 0.5]), "y": torch.tensor([1.0, 1.0, -1.0])})
    yield Case({"z": normal(rng, 50, scale=3), "y": _signs(rng, 50)})
    yield Case({"z": torch.tensor([0.0]), "y": torch.tensor([-1.0])}, note="a batch of one")
    yield Case(_both_signs(-torch.tensor([100.0, 85.0, 1e4])), note="far on the wrong side")
    margins = torch.tensor([9.0, 20.0, 60.0]) + torch.from_numpy(rng.random(3).astype("float32"))
    yield Case(_both_signs(margins), note="far on the right side")


def _both_signs(margins):
    """Inputs with these margins yz, once for each label."""
    y = torch.ones_like(margins)
    return {"z": torch.cat([margins, -margins]), "y": torch.cat([y, -y])}


def _signs(rng, n):
    return torch.from_numpy(rng.choice([-1.0, 1.0], size=n).astype("float32"))


def _cross_entropy(z, y):
    p = torch.sigmoid(z)
    return -y * p.log() - (1 - y) * (1 - p).log()


LOG_LOSS = Exercise(
    name="log_loss",
    chapter=CHAPTER,
    points=3,
    contract="log_loss(z, y) -> ln(1 + exp(-y z)) of each example, (B,) float32, relative precision 1e-4 for "
    "every finite z whose loss float32 can hold; z (B,) float32, y (B,) float32 of -1.0 and 1.0",
    draw=draw_log_loss,
    expected=lambda z, y: F.softplus(-y * z),
    rtol=1e-4,
    atol=1e-37,
    mistakes=(
        Mistake(
            "Your exp overflows, or your logarithm gets a 0, far on the wrong side.",
            "There the loss is nearly −yz. Pull the larger of 1 and exp(−yz) out of the logarithm.",
            when=lambda case, got: bool(
                not torch.isfinite(got).all()
                and torch.isfinite(got[-case.inputs["y"] * case.inputs["z"] < 80]).all()
            ),
        ),
        Mistake(
            "The sign of the margin is wrong: the loss is large where the neuron is right.",
            "Look at the exponent in equation (2).",
            wrong=lambda z, y: F.softplus(y * z),
        ),
        Mistake(
            "You return one number for the whole batch.",
            "The loss of each example is asked for, without mean or sum.",
            when=lambda case, got: torch.is_tensor(got) and got.ndim == 0,
        ),
        Mistake(
            "That formula is meant for labels 0 and 1; here they are −1 and +1.",
            "Use the margin yz, as equation (2) does.",
            wrong=_cross_entropy,
        ),
        Mistake(
            "You cut the loss off: it must keep growing like −yz on the wrong side.",
            "Rewrite the formula instead of clamping z, p or exp.",
            when=lambda case, got: (
                bool((got < 0.95 * F.softplus(-case.inputs["y"] * case.inputs["z"])).any())
                and bool((-case.inputs["y"] * case.inputs["z"]).min() > 9)
            ),
        ),
        Mistake(
            "Far on the right side your small losses are rounded away: 1 + u forgets a tiny u.",
            "torch.log1p(u) is made for this.",
            wrong=lambda z, y: (-y * z).clamp(min=0) + torch.log(1 + torch.exp(-z.abs())),
        ),
        Mistake(
            "PyTorch's own loss is not exact enough here: for the label 0 it subtracts two numbers that are "
            "nearly equal, and the small losses are rounded away.",
            "Use the margin, and let every term be positive.",
            wrong=lambda z, y: F.binary_cross_entropy_with_logits(z, (y + 1) / 2, reduction="none"),
        ),
    ),
)


# --------------------------------------------------------------------------------------- relu_interpolation
def draw_interpolation(rng):
    yield Case({"t": torch.tensor([0.0, 1.0, 3.0]), "values": torch.tensor([1.0, 3.0, 2.0])})
    yield Case({"t": torch.tensor([-1.0, 2.0]), "values": torch.tensor([4.0, -2.0])}, note="one piece")
    for n in (5, 12):
        steps = torch.from_numpy((0.3 + rng.random(n + 1)).astype("float32"))
        yield Case({"t": steps.cumsum(0) - 2, "values": normal(rng, n + 1)})
    yield Case({"t": torch.arange(4.0) - 7, "values": normal(rng, 4) + 5}, note="far from 0")


def _probe(t):
    """The points t, three points inside each piece, and one beyond the last."""
    inside = [t[:-1] + q * (t[1:] - t[:-1]) for q in (0.25, 0.5, 0.75)]
    return torch.cat([t, *inside, t[-1:] + 0.5 * (t[-1:] - t[-2:-1])])


def _pieces(t, values, x):
    """The straight pieces themselves, by looking up the piece of each x."""
    k = (torch.searchsorted(t, x, right=True) - 1).clamp(0, len(t) - 2)
    return values[k] + (x - t[k]) * (values[k + 1] - values[k]) / (t[k + 1] - t[k])


def _net(got, x):
    w, b, v, c = got
    return torch.relu(x[:, None] * w + b) @ v + c


def _double(case):
    t, values = (case.inputs[k].double() for k in ("t", "values"))
    return t, values, _probe(t)


def verify_interpolation(case, got):
    t, values, x = _double(case)
    if type(got) not in (tuple, list) or len(got) != 4:
        return Problem("the answer is not a tuple of four: (w, b, v, c)")
    shapes = [tuple(a.shape) if torch.is_tensor(a) else type(a).__name__ for a in got[:3]]
    if not all(torch.is_tensor(a) and a.ndim == 1 for a in got[:3]) or len(set(shapes)) > 1:
        return Problem(
            "w, b and v must be three tensors of one shape (H,)", got=f"{', '.join(map(str, shapes))}"
        )
    c = got[3]
    if not (type(c) in (int, float) or (torch.is_tensor(c) and c.numel() == 1)):
        return Problem("c must be one number")
    if not len(got[0]) <= len(t):
        return Problem("there are too many neurons", expected=f"at most {len(t)}", got=str(len(got[0])))
    got = [torch.as_tensor(a).double() for a in got]
    f, want = _net((*got[:3], got[3].reshape(())), x), _pieces(t, values, x)
    wrong = ~((f - want).abs() <= 1e-3 * (1 + values.abs().max()))
    if not wrong.any():
        return None
    i = int(wrong.nonzero()[0])
    where = "at the given point" if i < len(t) else "between or beyond the points, at"
    return Problem(f"f is wrong {where} x = {x[i]:.6g}", expected=f"{want[i]:.3f}", got=f"{f[i]:.3f}")


def _looks_like(wrong):
    """Whether the net of an answer equals the net (w, b, v, c) that a mistake leads to, at every probe."""

    def when(case, got):
        t, values, x = _double(case)
        slopes = (values[1:] - values[:-1]) / (t[1:] - t[:-1])
        got = [torch.as_tensor(a).double() for a in got]
        return torch.allclose(_net(got, x), _net(wrong(t, values, slopes), x), rtol=1e-3, atol=1e-3)

    return when


def _changes(slopes):
    return torch.cat([slopes[:1], slopes[1:] - slopes[:-1]])


INTERPOLATION = Exercise(
    name="relu_interpolation",
    chapter=CHAPTER,
    points=4,
    contract="relu_interpolation(t, values) -> (w, b, v, c) such that sum_j v_j relu(w_j x + b_j) + c is, "
    "for every x >= t[0], the line through neighbouring points (t_i, values_i), the last piece going on; "
    "t, values: (n + 1,) float32, n >= 1, t ascending; w, b, v: (H,) float32 with H <= n + 1, c a number or "
    "a tensor with one entry",
    draw=draw_interpolation,
    verify=verify_interpolation,
    outputs=("w", "b", "v", "c"),
    mistakes=(
        Mistake(
            "Each of your neurons adds the whole slope of its piece, on top of those that rise already.",
            "The neurons to the left keep rising; what has to be added at a kink?",
            when=_looks_like(lambda t, v, s: (torch.ones_like(s), -t[:-1], s, v[0])),
        ),
        Mistake(
            "The height of the first point is missing.",
            "At x = t_0 every ReLU is 0. What gives the height there?",
            when=_looks_like(lambda t, v, s: (torch.ones_like(s), -t[:-1], _changes(s), 0 * v[0])),
        ),
        Mistake(
            "Your kinks lie at −t_j.",
            "r(w x + b) starts to rise where w x + b = 0.",
            when=_looks_like(lambda t, v, s: (torch.ones_like(s), t[:-1], _changes(s), v[0])),
        ),
        Mistake(
            "Your weights are differences of values; they should be differences of slopes.",
            "A ReLU rises by v for each unit of x, not once.",
            when=_looks_like(lambda t, v, s: (torch.ones_like(s), -t[:-1], v[1:] - v[:-1], v[0])),
        ),
    ),
)

EXERCISES = [PARAMETERS, ACTIVATION, LOG_LOSS, INTERPOLATION]
