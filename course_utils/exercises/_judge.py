"""Judge results: compare with expected values, and name the mistake.

Used by the check in the reader's kernel and by the teacher's grader; it sees plain data only (see
``_plain.py``).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from . import _generic, _numbers
from ._base import Case, Exercise, Mistake, Problem
from ._plain import copy, plain

NAMES = (
    "Is that name spelt as where it is defined? After a restart of the kernel, run the notebook from the top."
)


@dataclass(frozen=True)
class Failure:
    """An exception in the answer: its type, its message and the line of the answer it came from."""

    kind: str
    message: str
    line: str = ""
    number: int = 0


@dataclass(frozen=True)
class Run:
    """What an answer did with one case: a plain result or a Failure, and the inputs it changed in place."""

    got: object
    changed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """The verdict on an answer.

    Args:
        name: the exercise.
        state: "todo" (not attempted), "wrong" or "right".
        earned, points: points earned and points to be had.
        parts: {part: right or not}.
        case, problem, mistake: the case to show, what is wrong with it, and the recognised mistake, if any.
        exercise: the exercise, for the names of its outputs.
    """

    name: str
    state: str
    earned: float = 0
    points: float = 0
    parts: dict | None = None
    case: Case | None = None
    problem: Problem | None = None
    mistake: Mistake | None = None
    exercise: Exercise | None = None


def judge(exercise: Exercise, cases: Sequence[Case], runs: Sequence[Run], diagnose: bool = True) -> Outcome:
    """Compare the runs of an answer with what the exercise expects.

    Args:
        exercise: the exercise.
        cases: the cases, as drawn by ``exercise.cases``.
        runs: what the answer did, one for each case.
        diagnose: whether to look for a known mistake (the reader wants to know, the grader need not).

    Returns:
        An Outcome in state "wrong" or "right". Each part earns its points only if all its cases are right.
    """
    problems = [_problem(exercise, case, run) for case, run in zip(cases, runs, strict=True)]
    parts = dict.fromkeys(exercise.shares, True)
    for case, problem in zip(cases, problems, strict=True):
        parts[case.part] &= problem is None
    earned = sum(share for part, share in exercise.shares.items() if parts[part])
    common = dict(name=exercise.name, earned=earned, points=exercise.points, parts=parts, exercise=exercise)
    if not any(problems):
        return Outcome(state="right", **common)
    shown = next(i for i, problem in enumerate(problems) if problem)
    mistake = recognise(exercise, cases, runs, problems, shown) if diagnose else None
    return Outcome(state="wrong", case=cases[shown], problem=problems[shown], mistake=mistake, **common)


def expect(exercise: Exercise, case: Case):
    """The expected result of a case, as plain data."""
    import torch

    with torch.enable_grad():
        return plain(exercise.expected(*copy(list(case.inputs.values()))), "the expected value")


def _problem(exercise: Exercise, case: Case, run: Run) -> Problem | None:
    """What is wrong with one run, or None."""
    got = run.got
    if isinstance(got, Failure):
        says = f"stopped with {got.kind}" + (f": {got.message}" if got.message else "")
        if got.kind == "NameError":
            return Problem(says, hint=NAMES)
        return Problem(says, hint=_where_inputs_are(case) if names_device(got) else "")
    if got is None:
        return Problem("returned None", hint="Does every path through your function end in a return?")
    if exercise.verify:
        problem = exercise.verify(case, got)
    else:
        expected = expect(exercise, case)
        problem = next(_compare_outputs(exercise, expected, got), None)
    if problem is None:
        changed = [name for name in run.changed if name not in exercise.in_place]
        if changed:
            return Problem(
                f"the result is right, but your code changed its input {' and '.join(changed)} in place",
                hint="Work on a copy, or use an operation that makes a new tensor.",
            )
    return problem


def names_device(got) -> bool:
    """Whether an answer stopped with words about devices, as when tensors of two of them meet."""
    return isinstance(got, Failure) and re.search("device|cuda|mps", got.message, re.IGNORECASE) is not None


def _where_inputs_are(case: Case) -> str:
    """What to write so that an answer's own tensors lie where those it is given do."""
    name = next((name for name, value in case.inputs.items() if _numbers.is_tensor(value)), None)
    where = f"with device={name}.device" if name else "on the CPU"
    return f"Make your own tensors where the inputs are, {where}."


def _compare_outputs(exercise: Exercise, expected, got):
    """Yield the problems of one result, output by output."""
    names = exercise.outputs
    if len(names) == 1:
        problem = compare(names[0], expected, got, exercise.rtol, exercise.atol)
        if problem:
            yield problem
        return
    wanted = f"{len(names)} ({', '.join(names)})"
    if type(got) not in (tuple, list):
        yield Problem(f"returned {_numbers.kind(got)}, expected {len(names)} values ({', '.join(names)})")
        return
    if len(got) != len(names):
        yield Problem(f"returned {len(got)} value{'s' * (len(got) != 1)}, expected {wanted}")
        return
    for name, e, g in zip(names, expected, got, strict=True):
        problem = compare(name, e, g, exercise.rtol, exercise.atol)
        if problem:
            yield problem


def compare(name: str, expected, got, rtol: float = 1e-4, atol: float = 1e-5) -> Problem | None:
    """Compare two plain values; tensors by shape, dtype, finiteness and value.

    Args:
        name: how the value is called in the sentence.
        expected, got: plain data.
        rtol, atol: |got - expected| <= atol + rtol |expected| counts as equal.

    Returns:
        None if they agree, else the Problem.
    """
    if got is ...:
        return Problem(f"{name} is still `...`")
    if _numbers.is_tensor(expected):
        return _compare_tensors(name, expected, got, rtol, atol)
    if (type(expected) in (int, float) and type(got) in (int, float)) or _numbers.is_scalar(got):
        return _compare_numbers(name, expected, got, rtol, atol)
    if type(expected) in (list, tuple) and type(got) in (list, tuple):
        if len(expected) != len(got):
            return Problem(
                f"{name} has {len(got)} items, expected {len(expected)}",
                _numbers.show(expected),
                _numbers.show(got),
            )
        items = enumerate(zip(expected, got, strict=True))
        return next(filter(None, (compare(f"{name}[{i}]", e, g, rtol, atol) for i, (e, g) in items)), None)
    if type(expected) is dict and type(got) is dict:
        if expected.keys() != got.keys():
            return Problem(
                f"{name} has other keys than expected",
                _numbers.show(list(expected)),
                _numbers.show(list(got)),
            )
        return next(
            filter(None, (compare(f"{name}[{k!r}]", e, got[k], rtol, atol) for k, e in expected.items())),
            None,
        )
    if type(expected) is not type(got):
        says = f"{name} is {_numbers.kind(got)}, expected {_numbers.kind(expected)}"
        return Problem(says, _numbers.show(expected), _numbers.show(got))
    if expected != got:
        return Problem(f"{name} is wrong", _numbers.show(expected), _numbers.show(got))
    return None


def _compare_numbers(name, expected, got, rtol, atol):
    if _numbers.is_scalar(got):
        got = got.item()
    numbers = {type(expected), type(got)}
    if not numbers <= {bool, int, float} or (bool in numbers and len(numbers) > 1):
        return Problem(f"{name} is {_numbers.kind(got)}, expected {_numbers.kind(expected)}")
    count = isinstance(expected, int)  # exact, also where it comes as 3.0
    agree = got == expected if count else _numbers.close(expected, got, rtol, atol)
    return None if agree else Problem(f"{name} is wrong", *_numbers.pair(expected, got))


def _compare_tensors(name, expected, got, rtol, atol):
    import torch

    if not _numbers.is_tensor(got):
        if expected.ndim == 0 and type(got) in (bool, int, float):
            got = torch.tensor(got, dtype=expected.dtype)
        else:
            return Problem(
                f"{name} is {_numbers.kind(got)}, expected a tensor of shape {tuple(expected.shape)}"
            )
    if expected.shape != got.shape:
        return Problem(f"{name} has the wrong shape", *_numbers.pair(expected, got))
    if expected.dtype != got.dtype:
        want, have = (str(t.dtype).removeprefix("torch.") for t in (expected, got))
        return Problem(f"{name} has dtype {have}, expected {want}")
    if got.dtype.is_floating_point:
        bad = ~torch.isfinite(got) & torch.isfinite(expected)
        if bad.any():
            return Problem(
                f"{name} contains {_numbers.show(got[bad][:1].squeeze(0))}", *_numbers.pair(expected, got)
            )
    ok = _numbers.close_entries(expected, got, rtol, atol)
    if ok.all():
        return None
    wrong = int((~ok).sum())
    says = f"{name} is wrong"
    if got.numel() > _numbers.FEW and wrong < got.numel():
        says += f" in {wrong} of {got.numel()} entries"
    return Problem(says, *_numbers.pair(expected, got, ok))


# ------------------------------------------------------------------------------------------- recognising a
# mistake
def recognise(exercise, cases, runs, problems, shown) -> Mistake | None:
    """The mistake that explains every run, else every run of the part that is shown, else None.

    The exercise's own mistakes come before the general ones (order, transposed, shape, sign, factor). To be
    named, a mistake must give what the answer gave wherever the answer gave anything.
    """
    if problems[shown].says.startswith("the result is right"):  # but an input was changed
        return None
    tried = list(zip(cases, runs, problems, strict=True))
    part = [row for row in tried if row[0].part == cases[shown].part]
    for rows in [tried] if len(part) == len(tried) else [tried, part]:
        for mistake in exercise.mistakes:
            if _explains(exercise, mistake, rows):
                return mistake
    got = runs[shown].got
    if exercise.verify or isinstance(got, Failure) or got is None:
        return None
    seen = [(case, run) for case, run, _ in part if not isinstance(run.got, Failure) and run.got is not None]
    results = [(expect(exercise, case), run.got) for case, run in seen]
    return _generic.recognise(
        exercise, results, next(i for i, (_, run) in enumerate(seen) if run is runs[shown]), compare
    )


def _explains(exercise, mistake, rows) -> bool:
    """Whether the mistake does what the answer did in all of these cases, and differs from the right result.

    Args:
        exercise, mistake: the exercise and one of its mistakes.
        rows: [(case, run, problem or None), ...]; the first problem is the one that is shown.
    """
    shown, wrong, _ = next(row for row in rows if row[2])
    if mistake.when:
        return _quietly(lambda: mistake.when(shown, wrong.got), False) is True
    for case, run, _ in rows:
        if not _reproduces(exercise, mistake, case, run.got, must_differ=case is shown):
            return False
    # stopping with the same kind of error is no evidence: some value must agree, too
    return not all(isinstance(run.got, Failure) for _, run, _ in rows)


def _reproduces(exercise, mistake, case, got, must_differ) -> bool:
    try:
        wrong = plain(mistake.wrong(*copy(list(case.inputs.values()))))
    except Exception as error:  # the mistaken implementation may stop, just like the answer
        return isinstance(got, Failure) and got.kind == type(error).__name__
    if isinstance(got, Failure) or got is None:
        return False
    names = exercise.outputs
    if len(names) == 1 and not (isinstance(wrong, dict) and set(wrong) == set(names)):
        pairs = {names[0]: (wrong, got)}
    else:
        if type(got) not in (tuple, list) or len(got) != len(names):
            return False
        if not isinstance(wrong, dict):
            wrong = dict(zip(names, wrong, strict=True))
        have = dict(zip(names, got, strict=True))
        pairs = {name: (w, have[name]) for name, w in wrong.items()}
    if any(compare(name, w, g, exercise.rtol, exercise.atol) for name, (w, g) in pairs.items()):
        return False
    if not must_differ or exercise.verify:
        return True
    right = expect(exercise, case)
    right, have = (
        {names[0]: v} if len(names) == 1 else dict(zip(names, v, strict=True)) for v in (right, got)
    )
    differing = [
        name for name in names if compare(name, right[name], have[name], exercise.rtol, exercise.atol)
    ]
    return bool(differing) and differing[0] in pairs  # the output that the reader is shown


def _quietly(f, default):
    try:
        return f()
    except Exception:
        return default
