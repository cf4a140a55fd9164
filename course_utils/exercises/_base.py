"""What an exercise is: its contract, the cases drawn for it, and the mistakes it knows by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Case:
    """One set of inputs that an answer is tried on.

    Args:
        inputs: {argument: value} in the order of the signature. Values are tensors, numbers, strings, None,
            and lists, tuples and dicts of these (they must survive a trip to the teacher's sandbox).
        part: the part of the exercise whose points hang on this case; "" for an exercise of one part.
        note: a few words for the reader, such as "a batch of one".
        hidden: anything ``verify`` needs and the answer must never see, such as a held-out set.
    """

    inputs: Mapping[str, object]
    part: str = ""
    note: str = ""
    hidden: object = None


@dataclass(frozen=True)
class Mistake:
    """A mistake that the check recognises, the sentence it says then, and one hint.

    Args:
        says: one sentence that names the mistake.
        hint: one hint, a question if possible, that does not give the answer away.
        wrong: the mistaken implementation, with the arguments of the answer. It returns what such an answer
            returns, or {output: value} for only those outputs that the mistake shows in.
        when: instead of ``wrong``, a predicate of (case, got); ``got`` is the plain result or the exception.
    """

    says: str
    hint: str
    wrong: Callable | None = None
    when: Callable | None = None


@dataclass(frozen=True)
class Problem:
    """What is wrong with one result: a sentence and, where they help, both values as short text."""

    says: str
    expected: str = ""
    got: str = ""
    hint: str = ""


@dataclass(frozen=True)
class Exercise:
    """One graded exercise; the check of the chapter and the teacher's grader use the same object.

    Args:
        name: name of the function (or class) the reader writes, and of the check; unique in the book.
        chapter: the chapter's file name without suffix, such as "02_backpropagation".
        points: points of the whole exercise.
        contract: the signature in words: inputs and outputs with shapes and dtypes.
        draw: maps a ``numpy.random.Generator`` to a list of cases; the first is shown first when it fails,
            so keep it small and readable. The grader draws with a secret seed: at least one case a part must
            be random.
        expected: an independent implementation with the arguments of the answer; or None when ``verify`` is
            given.
        verify: ``verify(case, got)`` returns None or a Problem, where several results are right, or a
            network is handed in. It only ever sees plain data (see ``_plain.py``).
        outputs: names of the returned values, ("dx", "dW", "db") for a tuple of three.
        rtol, atol: |got - expected| <= atol + rtol |expected| counts as equal.
        mistakes: the mistakes it recognises, the most special first.
        parts: {part: points} when points are given part by part; must add up to ``points``.
        call: ``call(answer, **inputs)`` for answers that are not simply called with the inputs (classes,
            iterators, functions that take functions). It must be self-contained, with its imports inside:
            the grader sends its source, and nothing else of the exercise, into the sandbox.
        seconds: what a good answer takes at most, for all cases together; above 5 the check shows a progress
            bar.
        in_place: inputs that the answer may change.
    """

    name: str
    chapter: str
    points: float
    contract: str
    draw: Callable[..., Sequence[Case]]
    expected: Callable | None = None
    verify: Callable[[Case, object], Problem | None] | None = None
    outputs: tuple[str, ...] = ("the result",)
    rtol: float = 1e-4
    atol: float = 1e-5
    mistakes: tuple[Mistake, ...] = ()
    parts: Mapping[str, float] = field(default_factory=dict)
    call: Callable | None = None
    seconds: float = 2
    in_place: tuple[str, ...] = ()

    def __post_init__(self):
        if (self.expected is None) == (self.verify is None):
            raise ValueError(f"exercise {self.name}: give either expected or verify")
        if self.parts and abs(sum(self.parts.values()) - self.points) > 1e-9:
            raise ValueError(
                f"exercise {self.name}: its parts add up to {sum(self.parts.values())}, not {self.points}"
            )
        if not self.name.isidentifier():
            raise ValueError(f"exercise {self.name!r}: the name must be that of a function")

    @property
    def shares(self) -> dict[str, float]:
        """{part: points}, also for an exercise of one part."""
        return dict(self.parts) or {"": self.points}

    def cases(self, seed) -> list[Case]:
        """Draw the cases of a seed (an int or a sequence of ints); the same seed draws the same cases."""
        import numpy as np

        cases = list(self.draw(np.random.default_rng(seed)))
        unknown = {case.part for case in cases} ^ set(self.shares)
        if unknown:
            raise ValueError(
                f"exercise {self.name}: parts without cases or cases without a part: {sorted(unknown)}"
            )
        return cases


def normal(rng, *shape, scale=1.0):
    """A float32 tensor of normally distributed numbers, drawn from a ``numpy.random.Generator``."""
    import torch

    return torch.from_numpy((scale * rng.normal(size=shape)).astype("float32"))


def integers(rng, high, *shape):
    """An int64 tensor of integers 0 <= i < high, drawn from a ``numpy.random.Generator``."""
    import torch

    return torch.from_numpy(rng.integers(0, high, size=shape).astype("int64"))
