"""Every exercise of the book with its reference answer, its other right answers and its wrong ones."""

from __future__ import annotations

import functools
import runpy
from pathlib import Path

from course_utils import exercises

SOLUTIONS = Path(__file__).parents[1] / "solutions"
FAIR = Path(__file__).parent / "fair"
BOOK = Path(__file__).parents[2] / "book"


@functools.cache
def solutions(chapter: str) -> dict:
    """The names defined in the solutions file of a chapter."""
    return runpy.run_path(str(SOLUTIONS / f"{chapter}.py"))


@functools.cache
def fair(chapter: str) -> dict:
    """RIGHT and WRONG of a chapter, {exercise: {description: answer}} each; empty before they are written."""
    path = FAIR / f"{chapter}.py"
    return runpy.run_path(str(path)) if path.exists() else {"RIGHT": {}, "WRONG": {}}


def right(exercise) -> dict:
    """{description: right answer}, without the reference."""
    return fair(exercise.chapter)["RIGHT"].get(exercise.name, {})


def wrong(exercise) -> dict:
    """{description: wrong answer}: the MISTAKES of the solutions, and WRONG."""
    named = solutions(exercise.chapter)["MISTAKES"][exercise.name]
    found = {f"named {i}: {words}": answer for i, (answer, words) in enumerate(named, 1)}
    return found | fair(exercise.chapter)["WRONG"].get(exercise.name, {})


ALL = [exercise for found in exercises.chapters().values() for exercise in found]
