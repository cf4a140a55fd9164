"""Every exercise of the book with its reference answer and its wrong answers."""

from __future__ import annotations

import runpy
from pathlib import Path

from course_utils import exercises

SOLUTIONS = Path(__file__).parents[1] / "solutions"
BOOK = Path(__file__).parents[2] / "book"


def solutions(chapter: str) -> dict:
    """The names defined in the solutions file of a chapter."""
    return runpy.run_path(str(SOLUTIONS / f"{chapter}.py"))


ALL = [exercise for found in exercises.chapters().values() for exercise in found]
