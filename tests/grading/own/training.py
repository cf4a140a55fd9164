"""A training exercise graded by its weights; it stands for those of the book, and for a teacher's own
exercises.
"""

from __future__ import annotations

import math

import torch

from ._base import Case, Exercise, Mistake
from ._weights import accuracy


def build():
    """The declared network: two inputs, 24 hidden units, three classes."""
    return torch.nn.Sequential(torch.nn.Linear(2, 24), torch.nn.ReLU(), torch.nn.Linear(24, 3))


def spirals(rng, n):
    """n points on three arms (n, 2), float32, and their arms (n,), int64."""
    arm = torch.from_numpy(rng.integers(0, 3, n))
    t = torch.from_numpy(rng.uniform(0.2, 1, n))
    angle = 2 * math.pi * (arm / 3 + t / 2)
    noise = torch.from_numpy(rng.normal(scale=0.02, size=(n, 2)))
    return (torch.stack([t * angle.cos(), t * angle.sin()], 1) + noise).float(), arm


def draw(rng):
    x, y = spirals(rng, 600)
    yield Case({"x": x, "y": y}, hidden=spirals(rng, 1000))


def call(answer, x, y):
    return {name: tensor for name, tensor in answer(x, y).state_dict().items()}


EXERCISES = [
    Exercise(
        name="train_spirals",
        chapter="90_training",
        points=4,
        contract="train_spirals(x, y) -> nn.Sequential(Linear(2, 24), ReLU(), Linear(24, 3)), trained; "
        "x (N, 2), y (N,)",
        draw=draw,
        verify=accuracy(build, at_least=0.9),
        call=call,
        seconds=6,
        mistakes=(
            Mistake(
                "The network is not trained.", "Does the loss fall?", when=lambda case, got: len(got) == 4
            ),
            Mistake("That is another network.", "Count its layers.", when=lambda case, got: len(got) != 4),
        ),
    )
]
