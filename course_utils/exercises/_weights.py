"""Exercises that train: the answer hands in weights of a declared architecture; the judge runs them
itself.
"""

from __future__ import annotations

from collections.abc import Callable

from ._base import Problem
from ._numbers import is_tensor, kind

MAX_ABS = 1e6  # weights beyond this are no result of training


def accuracy(build: Callable, at_least: float) -> Callable:
    """A ``verify`` that runs handed-in weights on the hidden set of the case.

    The answer (through ``call``) returns ``{name: tensor}``, the ``state_dict()`` of ``build()``. Only these
    numbers ever leave it: hidden inputs never reach the answer, and no object of it reaches the judge.
    Choose ``at_least`` 0.03 below what the reference reaches on every seed, and far above an untrained
    network.

    Args:
        build: makes the declared network, an ``nn.Module`` mapping inputs (N, ...) to logits (N, K).
        at_least: the share of hidden examples that must be classified right.

    Returns:
        ``verify(case, got)`` for an Exercise; ``case.hidden`` is (inputs (N, ...), classes (N,) int64).
    """

    def verify(case, got):
        model = build()
        problem = load(model, got)
        if problem:
            return problem
        reached = share(model, case)
        if reached >= at_least:
            return None
        return Problem(
            "the trained network is not good enough", f"at least {at_least:.1%} right", f"{reached:.1%} right"
        )

    verify.build, verify.at_least = build, at_least  # for the grader's tests: how far an answer is from it
    return verify


def share(model, case) -> float:
    """The share of the hidden examples of a case that a network classifies right."""
    import torch

    x, y = case.hidden
    with torch.no_grad():
        return (model.eval()(x).argmax(1) == y).double().mean().item()


def load(model, state) -> Problem | None:
    """Copy a plain ``{name: tensor}`` into a network, or say why it does not fit.

    Args:
        model: the network to fill; changed in place.
        state: what was handed in, as plain data.
    """
    import torch

    if type(state) is not dict:
        return Problem(f"the weights are {kind(state)}, expected the state_dict() of the declared network")
    own = model.state_dict()
    if state.keys() != own.keys():
        missing, extra = sorted(own.keys() - state.keys()), sorted(map(str, state.keys() - own.keys()))
        what = [
            f"{word} {', '.join(names[:4])}"
            for word, names in (("without", missing), ("with", extra))
            if names
        ]
        return Problem(f"the weights do not fit the declared network: {' and '.join(what)}")
    for name, tensor in own.items():
        given = state[name]
        if not is_tensor(given) or given.shape != tensor.shape or given.dtype != tensor.dtype:
            have = f"{kind(given)}" + (f", {given.dtype}" if is_tensor(given) else "")
            return Problem(
                f"weight {name} does not fit",
                f"a tensor of shape {tuple(tensor.shape)}, {tensor.dtype}",
                have,
            )
        if given.dtype.is_floating_point and not (given.abs() <= MAX_ABS).all():
            return Problem(f"weight {name} is not finite, or beyond {MAX_ABS:g}")
    with torch.no_grad():
        model.load_state_dict(state)
    return None
