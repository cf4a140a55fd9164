"""How long a chapter takes, in round numbers: to read, from its words and formulas; to run, as measured."""

from __future__ import annotations

import json
from pathlib import Path

from docutils import nodes

WORDS, FORMULAS = 200, 2  # read in a minute; formulas are those on lines of their own


def collect(app, document):
    """Keep the number of formulas of a page that has just been read; its words are kept for the search."""
    app.env.metadata[app.env.docname]["formulas"] = len(list(document.findall(nodes.math_block)))


def reading(words: int, formulas: int) -> str:
    """Return the time to read a page, to five minutes, at least five."""
    minutes = words / WORDS + formulas / FORMULAS
    return f"{max(5, 5 * round(minutes / 5))} minutes to read"


def reading_of(env, docname: str) -> str:
    """Return the time to read one page of the book: headings and prose, no code, no outputs."""
    kept = env.metadata[docname]
    words = sum(len(f"{heading} {text}".split()) for _, heading, text, _ in kept["sections"])
    return reading(words, kept["formulas"])


def running(seconds: float | None) -> str:
    """Return the time to run a chapter, or "" where it has not been measured."""
    if seconds is None:
        return ""
    minutes = round(seconds / 60)
    return f"about {minutes} minutes to run" if minutes > 1 else "about a minute to run"


def measured(file: Path) -> dict[str, float]:
    """Return {chapter: seconds}, from what scripts/execute.py has written; {} without the file.

    Seconds of the processor: those of the clock also count what else the machine did meanwhile.
    """
    if not file.is_file():
        return {}
    return {name: row["cpu_seconds"] for name, row in json.loads(file.read_text("utf8")).items()}


def setup(app):
    app.connect("doctree-read", collect)
