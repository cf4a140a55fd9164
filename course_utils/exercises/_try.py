"""Try an answer in the reader's own kernel: nothing is protected here but the reader's variables, random
numbers and settings.
"""

from __future__ import annotations

import contextlib
import linecache
import os
from collections.abc import Sequence

from ._base import Case, Exercise
from ._judge import Failure, Outcome, Run, judge, names_device
from ._plain import NotPlain, copy, plain, same
from ._session import SEED, devices, fresh
from ._stub import is_stub, unfinished


def answer(exercise: Exercise, given, blank: dict):
    """Try an answer on the visible cases.

    Args:
        exercise: the exercise.
        given: the reader's function or class.
        blank: fields for an Outcome of this exercise.

    Returns:
        (Outcome, the plain result or Failure of the case that is shown).
    """
    if is_stub(given):
        return Outcome(state="todo", **blank), None
    cpu, *others = devices()
    with fresh(cpu), _ticking(exercise):
        cases = exercise.cases(SEED)
        runs = [attempt(exercise, given, cases[:1])[0]]
        if unfinished(runs[0].got) and not names_device(runs[0].got):  # an operator may not be there, either
            return Outcome(state="todo", **blank), None
        runs += attempt(exercise, given, cases[1:])
    if any(names_device(run.got) for run in runs):
        runs = next(filter(None, (_at_home(exercise, given, cases, device) for device in others)), runs)
    with fresh(cpu):
        outcome = judge(exercise, cases, runs)
    shown = next((run.got for case, run in zip(cases, runs, strict=True) if case is outcome.case), None)
    return outcome, shown


def _at_home(exercise: Exercise, given, cases: Sequence[Case], device) -> list[Run] | None:
    """Try an answer that makes tensors on another device where those are; None if it does not work there."""
    with fresh(device):
        runs = attempt(exercise, given, cases, device)
    return None if any(names_device(run.got) for run in runs) else runs


def attempt(exercise: Exercise, given, cases: Sequence[Case], device=None) -> list[Run]:
    """Call the answer on each case; exceptions become Failures.

    Each call gets its own copy of the inputs; which of them the answer changed is noted in the Run.

    Args:
        exercise: the exercise.
        given: the reader's function or class.
        cases: the cases, whose tensors lie on the CPU.
        device: where the copies go; None leaves them on the CPU.
    """
    runs = []
    for case in cases:
        inputs = {name: copy(value, device) for name, value in case.inputs.items()}
        try:
            result = exercise.call(given, **inputs) if exercise.call else given(*inputs.values())
            got = plain(result)
        except NotPlain as error:
            got = Failure("TypeError", str(error))
        except BaseException as error:  # also KeyboardInterrupt and SystemExit: a check never raises
            got = failure(error, given)
        runs.append(
            Run(got, tuple(name for name in inputs if not _unchanged(inputs[name], case.inputs[name])))
        )
        if isinstance(got, Failure) and got.kind == "KeyboardInterrupt":
            return runs + [Run(got)] * (len(cases) - len(runs))
    return runs


def _unchanged(now, before) -> bool:
    try:
        return same(plain(now), plain(before))
    except Exception:
        return False


def failure(error: BaseException, given) -> Failure:
    """Describe an exception: type, first line of the message, and the deepest line inside the answer's own
    file.
    """
    code = _code(given)
    line, trace = "", error.__traceback__
    while code and trace:
        if trace.tb_frame.f_code.co_filename == code.co_filename:
            line = linecache.getline(code.co_filename, trace.tb_lineno).strip()[:200]
        trace = trace.tb_next
    try:
        message = (str(error).strip().splitlines() or [""])[0][:200]
    except Exception:
        message = ""
    return Failure(type(error).__name__, message, line)


def _code(given):
    """The code object of a function, or of the first method of a class; None for other callables."""
    own = vars(given).values() if isinstance(given, type) else [given]
    return next((f.__code__ for f in own if hasattr(f, "__code__")), None)


@contextlib.contextmanager
def _ticking(exercise: Exercise):
    """A bar that counts the seconds while an exercise trains; nothing for quick ones and while the book is
    built.
    """
    if exercise.seconds <= 5 or os.environ.get("BOOK_STATIC") == "1":
        yield
        return
    import threading
    import time

    from tqdm.auto import tqdm

    done, start = threading.Event(), time.monotonic()
    form = "{desc}: {n:.0f} s of about {total:.0f} s |{bar}|"
    bar = tqdm(desc=f"checking {exercise.name}", total=exercise.seconds, bar_format=form, leave=False)

    def tick():
        while not done.wait(0.5):
            bar.n = min(time.monotonic() - start, exercise.seconds)
            bar.refresh()

    thread = threading.Thread(target=tick, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join(timeout=2)
        bar.close()
