"""Write an Outcome as text and as HTML, and put it in front of the reader."""

from __future__ import annotations

import html

from ..console import in_notebook, say
from ._judge import Failure, Outcome
from ._numbers import exact

MARKS = {"todo": "·", "wrong": "✗", "right": "✓"}
COLOURS = {"todo": "#808890", "wrong": "#c8385a", "right": "#009e73"}


def points(p: float) -> str:
    """3.0 → "3 points", 1 → "1 point"."""
    return f"{p:g} point{'' if p == 1 else 's'}"


def text(outcome: Outcome, got=None) -> str:
    """The outcome as plain text of a few lines; the first begins with ``·``, ``✗`` or ``✓``.

    Args:
        outcome: the outcome.
        got: the plain result or Failure of the case shown, for the line an exception came from.
    """
    head = f"{MARKS[outcome.state]} {outcome.name}"
    if outcome.state == "todo":
        return f"{head}: not attempted yet"
    if outcome.state == "right":
        return f"{head}: right ({points(outcome.points)})"
    case, problem, mistake = outcome.case, outcome.problem, outcome.mistake
    note = f" ({case.note})" if case is not None and case.note else ""
    lines = [f"{head}: {problem.says}{note}"]
    if case is not None:
        shown = [f"{name} = {exact(value)}".replace("= shape ", "") for name, value in case.inputs.items()]
        joined = ", ".join(shown)
        for i, line in enumerate([joined] if len(joined) <= 72 else shown):
            lines.append(f"    {'from' if i == 0 else '':<10}{line}")
    if isinstance(got, Failure) and got.line:
        lines.append(f"    {'in line':<10}{got.line}")
    for word, value in (("expected", problem.expected), ("got", problem.got)):
        if value:
            lines.append(f"    {word:<10}{value}")
    if mistake:
        lines.append(f"  {mistake.says}")
    hint = mistake.hint if mistake else problem.hint
    if hint:
        lines.append(f"  Hint: {hint}")
    if outcome.parts and len(outcome.parts) > 1 and outcome.earned:
        right = ", ".join(part for part, ok in outcome.parts.items() if ok)
        lines.append(f"  Already right: {right} ({outcome.earned:g} of {points(outcome.points)})")
    return printable("\n".join(lines))


def printable(s: str) -> str:
    """The text without control characters, which could redraw a terminal."""
    return "".join(c if c == "\n" or c.isprintable() else "�" for c in s)


def page(s: str, state: str) -> str:
    """Text in a box with a coloured edge; readable on light and dark ground, escaped."""
    style = (
        "white-space:pre-wrap;overflow-wrap:anywhere;margin:0.3em 0;padding:0.5em 0.8em;line-height:1.45;"
        f"border:1px solid {COLOURS[state]}55;border-left:4px solid {COLOURS[state]};border-radius:4px;"
        "background:transparent;color:inherit;font-size:0.95em"
    )
    return f'<pre class="course-check course-check-{state}" style="{style}">{html.escape(s)}</pre>'


def put(s: str, state: str = "todo") -> None:
    """Show text: as HTML with the text beside it in a notebook, else printed."""
    if not in_notebook():
        say(s)
        return
    from IPython.display import display

    display({"text/plain": s, "text/html": page(s, state)}, raw=True)
