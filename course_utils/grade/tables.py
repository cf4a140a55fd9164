"""Rows to files: one neutral CSV, what the platforms import, and a page a student."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from . import csvfile, feedback, records
from .platforms import canvas, gradescope, moodle
from .rosters import Roster
from .rows import Row, Rules, rows


def neutral(found: list[Row]) -> str:
    """grades.csv: one line a student and chapter, a column an exercise; with the mark that lets Excel read
    it.
    """
    names = list(dict.fromkeys(name for row in found for name in row.scores))
    header = ["student", "name", "chapter", "points", "out of", "days late", "attempt", "file"]
    header += ["needs a person", "notes", "isolation", *names]
    lines = [
        [r.student, r.name, r.chapter, r.earned, r.points, r.days_late, r.attempt, r.file, r.needs_person,
         r.notes, r.backend, *(r.scores.get(name, "") for name in names)]
        for r in found
    ]  # fmt: skip
    return "\ufeff" + csvfile.write(header, lines)


def by_student(found: list[Row]) -> dict[str, list[Row]]:
    """{student: rows} of all who handed in a file."""
    grouped: dict = {}
    for row in found:
        if row.file:
            grouped.setdefault(row.student, []).append(row)
    return grouped


def slug(student: str) -> str:
    """A file name for a student: readable where the name allows it, never twice the same."""
    readable = re.sub(r"[^A-Za-z0-9]+", "-", student).strip("-")[:40] or "student"
    return f"{readable}-{hashlib.sha256(student.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def write_all(out: Path, found: list[dict], rules: Rules, roster: Roster, formats):
    """Write every table and page into ``out``; returns (rows, what the teacher must know of them)."""
    chosen = rows(found, rules, roster)
    records.write_text(out / "grades.csv", neutral(chosen))
    said: list[str] = []
    for name, make in (("canvas", canvas.tables), ("moodle", moodle.tables)):
        if name in formats:
            files, sentences = make(chosen, roster, rules)
            _replace(out / name, files, ".csv")
            said += sentences
    students = by_student(chosen)
    pages_of = (("gradescope", "json", gradescope.results), ("feedback", "html", feedback.page))
    for name, suffix, make in pages_of:
        if name == "feedback" or name in formats:
            pages = {f"{slug(student)}.{suffix}": make(own) for student, own in students.items()}
            _replace(out / name, pages, f".{suffix}")
    return chosen, said


def _replace(folder: Path, files: dict[str, str], suffix: str) -> None:
    """Write files into a folder, and remove those of an earlier run that are no longer wanted."""
    folder.mkdir(exist_ok=True)
    for old in folder.glob(f"*{suffix}"):
        if old.name not in files:
            old.unlink()
    for name, text in files.items():
        records.write_text(folder / name, text)
