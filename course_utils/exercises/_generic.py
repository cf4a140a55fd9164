"""Mistakes that can happen in any exercise: order, transposed, sign, factor."""

from __future__ import annotations

import itertools
import math

from ._base import Mistake
from ._numbers import is_tensor


def recognise(exercise, expected, got, compare) -> Mistake | None:
    """Name a general mistake in a plain result, or None.

    Args:
        exercise: the exercise, for its output names and tolerances.
        expected, got: plain results of one case.
        compare: ``compare(name, expected, got, rtol, atol)``, None where they agree.
    """

    def agree(e, g):
        return compare("", e, g, exercise.rtol, exercise.atol) is None

    names = exercise.outputs
    if len(names) > 1:
        if type(got) not in (tuple, list) or len(got) != len(names):
            return None
        if len(names) <= 4:
            for order in itertools.permutations(range(len(names))):
                if list(order) != sorted(order) and all(
                    agree(expected[j], got[i]) for i, j in enumerate(order)
                ):
                    given = ", ".join(names[j] for j in order)
                    return Mistake(
                        f"The values are right, their order is not: you return ({given}).",
                        f"The exercise asks for ({', '.join(names)}).",
                    )
        triples = list(zip(names, expected, got, strict=True))
    else:
        triples = [(names[0], expected, got)]
    for name, e, g in triples:
        if agree(e, g):
            continue
        return _one_tensor(name, e, g, agree) if is_tensor(e) and is_tensor(g) else None
    return None


def _one_tensor(name, e, g, agree):
    Name = name[:1].upper() + name[1:] if name.startswith("the ") else name
    if e.ndim == 2 and g.ndim == 2 and agree(e, g.T.contiguous()):
        return Mistake(f"{Name} is transposed.", f"Which index should come first in {name}?")
    if not (e.dtype.is_floating_point and g.dtype == e.dtype):
        return None
    if e.numel() == g.numel() and e.shape != g.shape and agree(e, g.reshape(e.shape)):
        return Mistake(
            f"The numbers are right, the shape of {name} is not.", "Write down the shape after each step."
        )
    if e.shape != g.shape:
        return None
    if agree(e, -g):
        return Mistake(f"{Name} has the wrong sign.", "Follow the minus signs through the derivation.")
    big = e.abs().argmax() if e.numel() else None
    if big is not None and e.flatten()[big] != 0 and g.flatten()[big] != 0:
        factor = float(g.flatten()[big] / e.flatten()[big])
        whole = factor if abs(factor) >= 1 else 1 / factor
        # of a single number, any other one is a multiple: there, only a whole factor tells something
        told = e.numel() > 1 or (math.isfinite(whole) and abs(whole - round(whole)) < 1e-3)
        if told and agree(e, g / factor):
            text = f"{factor:.3g}" if abs(factor) >= 1 else f"1/{1 / factor:.3g}"
            subject = f"Every entry of {name}" if e.numel() > 1 else Name
            return Mistake(f"{subject} is {text} times what it should be.", "Where does a factor come in?")
    return None
