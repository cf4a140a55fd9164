"""One page a student: what is right, part by part. No hidden input, no expected value, nothing to probe
with.
"""

from __future__ import annotations

import html

from .csvfile import clean

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>
:root {{ --ink: #21262c; --ground: #ffffff; --line: #d0d4d9; --soft: #555d66;
  --good: #00684a; --bad: #a1223f; }}
@media (prefers-color-scheme: dark) {{
  :root {{ --ink: #e4e7eb; --ground: #15181c; --line: #3a4048; --soft: #aab2bb;
    --good: #4fd1a5; --bad: #ff8fa6; }}
}}
body {{ color: var(--ink); background: var(--ground); font: 1rem/1.5 system-ui, sans-serif; margin: 0 auto;
  max-width: 46rem; padding: 1.5rem 1rem; overflow-wrap: anywhere; }}
table {{ border-collapse: collapse; width: 100%; margin: 1rem 0 2rem; }}
th, td {{ border-bottom: 1px solid var(--line); padding: .4rem .6rem; text-align: left;
  vertical-align: top; }}
td.points {{ text-align: right; white-space: nowrap; }}
.right {{ color: var(--good); }} .wrong {{ color: var(--bad); }}
p.note {{ color: var(--soft); }}
</style>
</head>
<body>
<main>
<h1>{title}</h1>
{body}
<p class="note">Your answers were run on inputs that nobody has seen before. To find out more about a wrong
one, run its check in the chapter.</p>
</main>
</body>
</html>
"""


def page(rows) -> str:
    """The page of one student.

    Args:
        rows: ``tables.Row`` of the student, one a chapter; every text in them is escaped here.
    """
    title = text(f"Feedback for {rows[0].name or rows[0].student}")
    return PAGE.format(title=title, body="\n".join(map(_chapter, rows)))


def _chapter(row) -> str:
    late = f" · {row.days_late} day{'s' * (row.days_late != 1)} late" if row.days_late else ""
    points = "not graded yet" if row.earned is None else f"{row.earned:g} of {row.points:g} points"
    if not row.chapter:
        points, late = "nothing to grade in it" if not row.needs_person else points, ""
    head = f"<h2>{text(row.chapter or row.file)}: {points}{late}</h2>"
    attempt = f"<p class='note'>File {text(row.file)}, attempt {row.attempt}.</p>"
    return "\n".join(filter(None, (head, _why(row), _table(row), attempt)))


def _why(row) -> str:
    """What is to be said where the exercises alone do not explain the points."""
    if row.needs_person:
        return f"<p>Your teacher will look at this file: {text(row.needs_person)}.</p>"
    return f"<p>{text(row.notes)}.</p>" if row.notes and not row.scores else ""


def _table(row) -> str:
    lines = []
    for name, one in row.record["result"]["exercises"].items():
        if one["chapter"] != row.chapter:
            continue
        state = "right" if one["status"] == "right" else "wrong"
        lines.append(_line(name, one["status"], state, one["earned"], one["points"]))
        if len(one["parts"]) > 1:
            for part in one["parts"]:
                state = "right" if part["right"] else "wrong"
                lines.append(
                    _line(f"· {part['part']}", state, state, part["points"] * part["right"], part["points"])
                )
    cells = "<tr><th scope='col'>Exercise</th><th scope='col'>Result</th><th scope='col'>Points</th></tr>"
    return f"<table>\n{cells}\n" + "\n".join(lines) + "\n</table>" if lines else ""


def _line(name, status, state, earned, points) -> str:
    mark = "✓" if state == "right" else "✗"
    return (
        f"<tr><td>{text(name)}</td><td class='{state}'>{mark} {text(status)}</td>"
        f"<td class='points'>{earned:g} of {points:g}</td></tr>"
    )


def text(value: str) -> str:
    """Text from outside, escaped and without control characters."""
    return html.escape(clean(value))
