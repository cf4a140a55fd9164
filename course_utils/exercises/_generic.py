"""Mistakes that can happen in any exercise: order, transposed, shape, sign, factor."""

from __future__ import annotations

import itertools

from ._base import Mistake
from ._numbers import is_tensor


def recognise(exercise, results, shown: int, compare) -> Mistake | None:
    """Name a general mistake that explains every result, or None.

    Args:
        exercise: the exercise, for its output names and tolerances.
        results: [(expected, got), ...] of several cases, plain.
        shown: which of them is shown, and is wrong.
        compare: ``compare(name, expected, got, rtol, atol)``, None where they agree.
    """

    def agree(e, g):
        return compare("", e, g, exercise.rtol, exercise.atol) is None

    output = _first_wrong(exercise.outputs, *results[shown], agree)
    found = [dict(_explain(exercise.outputs, output, e, g, agree)) for e, g in results]
    for kind, mistake in found[shown].items():
        if mistake and all(kind in kinds for kinds in found):
            return mistake
    return None


def _first_wrong(names, expected, got, agree) -> int:
    """The first output that is wrong, where there are as many as there should be."""
    if len(names) == 1 or type(got) not in (tuple, list) or len(got) != len(names):
        return 0
    return next((i for i in range(len(names)) if not agree(expected[i], got[i])), 0)


def _explain(names, output: int, expected, got, agree):
    """Yield (kind, Mistake) of each general mistake that leads from ``expected`` to ``got``; the Mistake is
    None where that may be chance.
    """
    if len(names) > 1:
        if type(got) not in (tuple, list) or len(got) != len(names):
            return
        if len(names) <= 4:
            yield from _orders(names, expected, got, agree)
        expected, got = expected[output], got[output]
    if is_tensor(expected) and is_tensor(got):
        yield from _one_tensor(names[output], expected, got, agree)


def _orders(names, expected, got, agree):
    for order in itertools.permutations(range(len(names))):
        if list(order) != sorted(order) and all(agree(expected[j], got[i]) for i, j in enumerate(order)):
            given = ", ".join(names[j] for j in order)
            says = f"The values are right, their order is not: you return ({given})."
            yield order, Mistake(says, f"The exercise asks for ({', '.join(names)}).")


def _one_tensor(name, e, g, agree):
    Name = name[:1].upper() + name[1:] if name.startswith("the ") else name
    if e.ndim == 2 and g.ndim == 2 and agree(e, g.T.contiguous()):
        hint = f"Which index should come first in {name}?"
        yield "transposed", Mistake(f"{Name} is transposed.", hint)
    if not (e.dtype.is_floating_point and g.dtype == e.dtype):
        return
    if e.numel() == g.numel() and agree(e, g.reshape(e.shape)):
        says = f"The numbers are right, the shape of {name} is not."
        yield "shape", Mistake(says, "Write down the shape after each step.") if e.shape != g.shape else None
    if e.shape != g.shape:
        return
    if agree(e, -g):
        hint = "Follow the minus signs through the derivation."
        yield "sign", Mistake(f"{Name} has the wrong sign.", hint)
    if agree(e, g) and not e.any():
        yield "factor", None
    elif (factor := _factor(e, g)) and agree(e, g / factor):
        subject = f"Every entry of {name}" if e.numel() > 1 else Name
        says = f"{subject} is {_written(factor)} times what it should be."
        # any number is a multiple of another one: two must tell the factor, or it must be a whole one
        told = e.count_nonzero() > 1 or (e.numel() == 1 and _round(factor))
        yield "factor", Mistake(says, "Where does a factor come in?") if told else None


def _factor(e, g) -> float:
    """By which number ``g`` is a multiple of ``e`` where ``e`` is largest; 0 where none can be told."""
    big = e.abs().argmax() if e.numel() else None
    if big is None or e.flatten()[big] == 0:
        return 0.0
    factor = float(g.flatten()[big] / e.flatten()[big])
    return factor if abs(factor) < float("inf") else 0.0


def _round(factor) -> bool:
    """Whether a factor, or one over it, is a whole number."""
    whole = factor if abs(factor) >= 1 else 1 / factor
    return abs(whole - round(whole)) < 1e-3


def _written(factor) -> str:
    return f"1/{1 / factor:.3g}" if abs(factor) < 1 and _round(factor) else f"{factor:.3g}"
