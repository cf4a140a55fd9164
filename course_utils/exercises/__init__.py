"""The graded exercises of the book, one small module a chapter.

How to add exercises
--------------------
1. Make ``course_utils/exercises/<chapter>.py`` (any name without a leading underscore) with ``EXERCISES =
   [...]``. Modules are found by themselves; the name of an exercise must stand in its module as
   ``name="..."``.
2. Describe each exercise with ``Exercise`` (all fields are explained there)::

       from ._base import Case, Exercise, Mistake, normal

       def draw(rng):
           yield Case({"x": torch.tensor([1.0, -2.0])})  # first a small, readable one, without symmetry
           yield Case({"x": normal(rng, 50)})  # then random ones; the grader draws them with a secret seed
           yield Case({"x": torch.zeros(0)}, note="no numbers at all")  # then edges

       EXERCISES = [
           Exercise(
               name="leaky_relu", chapter="01_neurons", points=2,
               contract="leaky_relu(x) -> tensor of the shape of x, float32; slope 0.1 for x < 0",
               draw=draw,
               expected=lambda x: F.leaky_relu(x, 0.1),  # PyTorch's own where it exists
               mistakes=(
                   Mistake("That is plain ReLU: negative inputs give 0.", "What is the slope left of 0?",
                           wrong=lambda x: F.relu(x)),
               ),
           ),
       ]

   * Several returned values: ``outputs=("dx", "dW")``; ``wrong`` may return ``{"dW": ...}`` for just one of
     them.
   * Several right results: ``verify(case, got)`` instead of ``expected``; return a ``Problem`` or None.
   * Points part by part: ``parts={"order": 1, "long chain": 1}`` and ``Case(..., part="long chain")``.
   * The answer is a class, an iterator, or takes a function: ``call(answer, **inputs)``, self-contained.
   * The answer trains a network: ``call`` returns its ``state_dict()`` (only weights ever leave the answer)
     and ``verify=_weights.accuracy(build, at_least=0.9)`` runs them on ``Case.hidden``. See ``_weights.py``.
   General mistakes (order of the outputs, transposed, sign, constant factor, shape) are recognised without
   being listed.
3. In the chapter, the exercise cell holds the stub and, last, ``check.leaky_relu(leaky_relu)``; its metadata
   are ``{"nbgrader": {"schema_version": 3, "grade": true, "solution": true, "locked": false, "task": false,
   "grade_id": "leaky_relu", "points": 2}}``.
4. Put the reference answer into ``tests/solutions/<chapter>.py``, one function a name, and, beside it, wrong
   answers into ``MISTAKES = {"leaky_relu": [(wrong_function, "plain ReLU"), ...]}``. ``tests/exercises``
   then tries stubs, the solution, each mistake by its sentence, and the time, without another line.
5. Put three more right answers, each unlike the others, and the wrong ones that get no sentence of their own
   into ``RIGHT`` and ``WRONG`` of ``tests/exercises/fair/<chapter>.py``; with ``MISTAKES``, at least eight
   wrong ones. ``scripts/fairness.py NAME`` lists what the page and the grader make of them on two hundred
   draws: a right answer must pass on all, a wrong one on none. Add a fixed case for what a random draw may
   miss, and draw again where a draw has no clear result.
"""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

__all__ = ["also", "chapters", "closest", "find", "names"]


def also(folder) -> None:
    """Look for exercises in one more folder, such as a teacher's own that are not published.

    Its modules are written like those here (``from ._base import ...`` works in them).
    """
    if str(folder) not in __path__:
        __path__.append(str(folder))


def _modules() -> dict[str, Path]:
    """{name of a module: its file} of all folders, in the order of the names."""
    found = {m.name: Path(m.module_finder.path, f"{m.name}.py") for m in pkgutil.iter_modules(__path__)}
    return {name: found[name] for name in sorted(found) if not name.startswith("_")}


def _load(module: str) -> list:
    return importlib.import_module(f"{__name__}.{module}").EXERCISES


def find(name: str):
    """The exercise of that name, or None. Imports only the module whose text holds the name."""
    for module, file in _modules().items():
        if f'name="{name}"' in file.read_text(encoding="utf-8"):
            for exercise in _load(module):
                if exercise.name == name:
                    return exercise
    return None


def chapters() -> dict[str, list]:
    """{chapter: [Exercise, ...]} of the whole book, in the order of the chapters."""
    found: dict[str, list] = {}
    for module in _modules():
        for exercise in _load(module):
            found.setdefault(exercise.chapter, []).append(exercise)
    return dict(sorted(found.items()))


def names() -> list[str]:
    """The names of all exercises of the book."""
    return [exercise.name for exercises in chapters().values() for exercise in exercises]


def closest(name: str) -> list[str]:
    """The names of the exercises that look most like ``name``, at most three, at least one."""
    import difflib

    known = names()
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.6)
    return near or difflib.get_close_matches(name, known, n=1, cutoff=0)
