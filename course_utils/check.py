"""Check an answer: ``check.NAME(answer)`` says in one block whether it is right, and if not, why.

    from course_utils import check

    check.linear_backward(linear_backward)  # ✓; ✗ with the input, both values and a hint; or · not attempted
    check.report()                          # what is done, and the points in sight

A check never raises and never changes your variables. The exercises live in ``course_utils/exercises``, one
module a chapter. Nothing here is secret: the teacher's grader (``course-grade``) draws other inputs and runs
elsewhere.
"""

from __future__ import annotations

_done: dict[str, object] = {}  # the last outcome of each exercise in this session


def __getattr__(name: str):
    if name.startswith("_"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def check(*answer, **named) -> None:
        from .exercises import _show

        try:
            outcome, shown = _run(name, (*answer, *named.values()))
        except Exception as error:  # a slip in the exercise, not in the answer
            _show.put(
                f"✗ {name}: the check itself failed ({type(error).__name__}: {error}). Please report it.",
                "wrong",
            )
            return
        _show.put(shown, outcome.state)

    check.__name__ = check.__qualname__ = name
    check.__doc__ = f"Check your answer to the exercise {name!r}."
    return check


def __dir__():
    from . import exercises

    return ["by_hand", "report", "run", *exercises.names()]


def by_hand(mine, right, hint: str, within: float = 1e-6) -> None:
    """Mark numbers that the reader found with paper and pencil, and say where to look again.

    Args:
        mine: the reader's numbers; None or ... where nothing is filled in yet.
        right: as many right ones, a list or a tensor.
        hint: a question that helps with the first wrong one.
        within: how far a number may be off, for instance 0.006 where two decimals are asked for.
    """
    from .console import say

    mine, right = list(mine), [float(value) for value in right]
    if len(mine) != len(right):
        return say(f"✗ {len(right)} numbers are asked for, these are {len(mine)}")
    if any(value is None or value is ... for value in mine):
        return say("· not filled in yet")
    marks = [_is_near(value, wanted, within) for value, wanted in zip(mine, right, strict=True)]
    say(" ".join("✓" if mark else "✗" for mark in marks))
    if not all(marks):
        say(f"look at number {marks.index(False) + 1} again: {hint}")


def _is_near(value, wanted: float, within: float) -> bool:
    try:
        return abs(float(value) - wanted) <= within
    except (TypeError, ValueError):  # a text, a list
        return False


def run(name: str, answer):
    """Check an answer without showing anything.

    Args:
        name: the name of the exercise.
        answer: what you wrote: a function or a class.

    Returns:
        (outcome, text): an Outcome with ``state`` "todo", "wrong" or "right", and the text a reader sees.
    """
    return _run(name, (answer,))


def report(chapter: str | None = None) -> None:
    """List the exercises of the chapters you have checked in this session, and the points in sight.

    Args:
        chapter: the file name of a chapter without suffix, to list that one; default: those you have worked
            on.
    """
    from . import exercises
    from .exercises import _show

    book = exercises.chapters()
    if chapter is not None and chapter not in book:
        _show.put(
            f"report: there is no chapter {chapter!r} with exercises; there are {', '.join(book)}.", "wrong"
        )
        return
    seen = [c for c in book if c == chapter or (chapter is None and any(e.name in _done for e in book[c]))]
    if not seen:
        _show.put(
            "No exercise checked yet: run a cell that ends in check.…, then check.report() again.", "todo"
        )
        return
    lines, earned, total = [], 0.0, 0.0
    width = max(len(e.name) for c in seen for e in book[c])
    for c in seen:
        lines.append(c)
        for e in book[c]:
            outcome = _done.get(e.name)
            got = outcome.earned if outcome else 0
            mark = _show.MARKS[outcome.state if outcome else "todo"]
            lines.append(f"  {mark} {e.name:<{width}}  {got:g} of {_show.points(e.points)}")
            earned, total = earned + got, total + e.points
    lines.append(f"In sight: {earned:g} of {_show.points(total)}")
    _show.put("\n".join(lines), "right" if earned == total else "todo")


def _run(name: str, answer: tuple):
    """Find the exercise, try the answer, judge it, remember the outcome. Returns (outcome, text)."""
    from . import exercises
    from .exercises import _base, _judge, _show, _try

    exercise = exercises.find(name)
    if exercise is None:
        near = exercises.closest(name)
        says = f"there is no exercise of that name; the closest are {', '.join(near)}"
        outcome = _judge.Outcome(name=name, state="wrong", problem=_base.Problem(says))
        return outcome, _show.text(outcome)
    blank = dict(name=name, points=exercise.points, exercise=exercise)
    if refused := _refused(name, answer):
        outcome, got = _judge.Outcome(state="wrong", problem=_base.Problem(refused), **blank), None
    else:
        outcome, got = _try.answer(exercise, answer[0], blank)
    _done[name] = outcome
    return outcome, _show.text(outcome, got)


def _refused(name: str, answer: tuple) -> str:
    """Why what was handed in cannot be tried, as one sentence; "" if it can."""
    if len(answer) == 1 and (answer[0] is None or answer[0] is ...):
        return ""  # nothing yet
    wants_class = name[0].isupper()
    if len(answer) == 1 and callable(answer[0]) and (wants_class or not isinstance(answer[0], type)):
        return ""
    what = "class" if wants_class else "function"
    given = _kind(answer[0]) if len(answer) == 1 else f"{len(answer)} arguments"
    return f"hand in the {what} itself, check.{name}({name}); this was {given}"


def _kind(value) -> str:
    """What a value that is no answer is, in words."""
    from .exercises import _numbers

    if isinstance(value, type):
        return f"the class {value.__name__}"
    if type(value).__name__ in ("ndarray", "module"):
        return {"ndarray": "a NumPy array", "module": "a module"}[type(value).__name__]
    return _numbers.kind(value)
