"""Reference answers of the chapter on neurons, and wrong ones with a word of the sentence they get."""

from itertools import pairwise

import torch

PAPER = """
Answers to "On paper, in discussion, as a project".

1. Weights 1, 1, 1 and bias -1.5. Two of the 16: "exactly one is up" and "both or none", by equation (5).
2. With m = yz, l'' = sigma(m) sigma(-m) > 0. z is linear in w and b, so each summand is convex in them, and
   so is the mean. The network's z holds products v_j r(w_j x + b_j) of weights; swapping the two hidden
   neurons gives another minimum, and half way between the two the net computes something else.
3. Divide its output weight by 5: r(5z) = 5 r(z). Infinitely many, for every hidden neuron has such a factor;
   and apart from the factors H!, for the neurons can change places.
4. 13/48 = 0.271. It is dead where b <= -(r(w1) + r(w2)), for at the worst corner the sum is
   b + r(w1) + r(w2). With m = r(w1) + r(w2) that has the probability max(0, 1 - m) / 2. The mean of
   max(0, 1 - m) is 1/4 (no weight positive) + 1/2 * 1/2 (one) + 1/4 * 1/6 (both) = 13/24.
5. Eight pieces. Three layers take two neurons each, six in all. One layer needs a joint for each of the seven
   bends inside, so seven neurons; for k tents 2k against 2^k - 1. Depth can fold folds.
6. The best of ten is the best at this test set, by luck too: they used it as a validation set. Keep fresh
   data for the winner alone; or draw ten scores with the spread that seeds have and look at the largest.
7. Too large a rate (halve it and repeat: the hill vanishes); examples in another order or an odd batch
   (evaluate on one fixed set after every step); an optimiser's memory that carries it past the valley (draw
   the length of the step beside the loss); or a hill that is in the loss (start at the top of it with a small
   rate: it leads down on one side only).
8. It does: 54 to 59 % of the starts, against 20 to 23 % with ReLU (rates 0.05 and 0.01, 300 and 1,500 steps).
   Half of the failures still have a neuron on one side of all four corners, though it can now come back; the
   others have both creases between the same corners, or would have to pass through a larger loss.
9. Holes tell 0, 6, 8, 9 (and some 4s) from the rest; a flood fill counts them.
"""


def mlp_parameters(sizes, bias=True):
    return sum(n * m + m * bias for n, m in pairwise(sizes))


def activation_and_slope(name, z):
    if name == "sigmoid":
        a = torch.sigmoid(z)
        return a, a * (1 - a)
    if name == "tanh":
        a = torch.tanh(z)
        return a, (1 - a) * (1 + a)
    if name == "elu":
        a = torch.where(z > 0, z, torch.exp(z.clamp(max=0)) - 1)
        return a, torch.where(z > 0, torch.ones_like(z), a + 1)
    leak = 0.1 if name == "leaky_relu" else 0.0
    slope = torch.where(z > 0, 1.0, leak)
    return slope * z, slope


def log_loss(z, y):
    m = y * z  # (B,)
    return (-m).clamp(min=0) + torch.log1p(torch.exp(-m.abs()))


def relu_interpolation(t, values):
    slopes = (values[1:] - values[:-1]) / (t[1:] - t[:-1])  # (n,)
    changes = torch.cat([slopes[:1], slopes[1:] - slopes[:-1]])
    return torch.ones_like(slopes), -t[:-1], changes, values[0]


# -------------------------------------------------------------------------------------------- wrong answers
def _but(name, change):
    """The reference, except for one activation, whose (a, slope) goes through ``change(z, a, slope)``."""

    def answer(asked, z):
        a, slope = activation_and_slope(asked, z)
        return change(z, a, slope) if asked == name else (a, slope)

    return answer


def _by_exp(name, z):
    if name != "tanh":
        return activation_and_slope(name, z)
    a = (z.exp() - (-z).exp()) / (z.exp() + (-z).exp())
    return a, 1 - a**2


def _steps(t, values):
    return torch.ones_like(t[1:]), -t[:-1], values[1:] - values[:-1], values[0]


def _slopes(t, values):
    return torch.ones_like(t[1:]), -t[:-1], (values[1:] - values[:-1]) / (t[1:] - t[:-1]), values[0]


def _with(i, change):
    """The reference net with the ``i``-th of (w, b, v, c) changed."""

    def answer(t, values):
        parts = list(relu_interpolation(t, values))
        parts[i] = change(parts[i])
        return tuple(parts)

    return answer


MISTAKES = {
    "mlp_parameters": [
        (lambda s, bias=True: mlp_parameters(s, False), "weights only"),
        (lambda s, bias=True: mlp_parameters(s, bias) + bias * s[0], "biases to the inputs"),
        (lambda s, bias=True: mlp_parameters(s, bias) - bias * s[-1], "last layer are missing"),
        (lambda s, bias=True: mlp_parameters(s, False) + bias * (len(s) - 1), "one bias a layer"),
        (lambda s, bias=True: mlp_parameters(s), "although bias=False"),
    ],
    "activation_and_slope": [
        (_but("sigmoid", lambda z, a, s: (a, z * (1 - z))), "z (1 − z)"),
        (_but("sigmoid", lambda z, a, s: (a, a.sigmoid() * (1 - a.sigmoid()))), "second time"),
        (_but("tanh", lambda z, a, s: (a, 1 - a)), "one factor is missing"),
        (_but("tanh", lambda z, a, s: (a, 1 - z**2)), "1 − z²"),
        (_by_exp, "overflows"),
        (_but("relu", lambda z, a, s: (a, (z >= 0).float())), "slope of ReLU be 1"),
        (_but("leaky_relu", lambda z, a, s: (a, torch.where(z >= 0, 1.0, 0.1))), "slope of Leaky ReLU be 1"),
        (
            _but("leaky_relu", lambda z, a, s: (torch.maximum(z, 0.01 * z), torch.where(z > 0, 1.0, 0.01))),
            "leaks 0.01",
        ),
        (_but("leaky_relu", lambda z, a, s: (a, (z > 0).float())), "that is ReLU's"),
        (_but("elu", lambda z, a, s: (a, torch.where(z > 0, 1.0, a))), "ELU itself"),
        (_but("elu", lambda z, a, s: (a, z.exp())), "e^z as the slope"),
        (lambda name, z: activation_and_slope(name, z)[::-1], "you return (slope, a)"),
    ],
    "log_loss": [
        (lambda z, y: torch.log(1 + torch.exp(-y * z)), "overflows"),
        (lambda z, y: -torch.log(torch.sigmoid(y * z)), "gets a 0"),
        (lambda z, y: log_loss(z, -y), "sign of the margin"),
        (lambda z, y: log_loss(z, y).mean(), "one number"),
        (lambda z, y: -y * z.sigmoid().log() - (1 - y) * (1 - z.sigmoid()).log(), "labels 0 and 1"),
        (lambda z, y: -torch.log(torch.sigmoid(y * z).clamp(min=1e-7)), "cut the loss off"),
        (lambda z, y: torch.log1p(torch.exp((-y * z).clamp(max=50))), "cut the loss off"),
        (lambda z, y: (-y * z).clamp(min=0) + torch.log(1 + torch.exp(-z.abs())), "rounded away"),
    ],
    "relu_interpolation": [
        (_slopes, "the whole slope"),
        (_with(3, lambda c: 0 * c), "height of the first point"),
        (_with(1, lambda b: -b), "kinks lie at"),
        (_steps, "differences of values"),
        (lambda t, values: relu_interpolation(t, values)[:3], "not a tuple of four"),
        (lambda t, values: (*[torch.zeros(50)] * 3, 0.0), "too many neurons"),
    ],
}
