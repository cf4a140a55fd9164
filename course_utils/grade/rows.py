"""Records to rows: what each student has for each chapter, and whose work could not be told."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from .. import exercises
from . import csvfile, owners
from .rosters import Person, Roster, Sheet


@dataclass(frozen=True)
class Rules:
    """How scores become grades.

    Args:
        due: the deadline, with its time zone, or None.
        late_percent: taken off for each day begun after the deadline.
        attempts: "best" or "last", where a student handed in several times.
        missing: "blank" or "zero", for those on the roster who handed in nothing.
        chapter: the only chapter that counts, or None for those that are found.
        titles: {chapter: title of its column in Canvas's gradebook}.
        out_of: the maximum of the assignment on the platform, where no roster says it; None for the points.
    """

    due: datetime.datetime | None = None
    late_percent: float = 0.0
    attempts: str = "best"
    missing: str = "blank"
    chapter: str | None = None
    titles: dict = field(default_factory=dict)
    out_of: float | None = None


@dataclass(frozen=True)
class Row:
    """One student's grade of one chapter.

    Args:
        person: the student; None where nobody knows whose the file is, so that no platform is told.
        earned: points, or None where there are none to tell: nothing was handed in, or a person must look.
        chapter: "" for a file that belongs to none.
    """

    student: str
    name: str
    person: Person | None
    chapter: str
    earned: float | None
    points: float
    scores: dict
    days_late: int
    attempt: int
    file: str
    needs_person: str
    notes: str
    backend: str
    record: dict

    @property
    def counts(self) -> bool:
        """Whether a platform may be told these points."""
        return bool(self.person and self.chapter and self.earned is not None and not self.needs_person)


NOTHING = {"exercises": {}, "needs_person": "", "nothing": "", "notes": [], "backend": ""}


def rows(found: list[dict], rules: Rules, roster: Roster | None = None) -> list[Row]:
    """One row a student and chapter, the best or last attempt, and one for everybody on the roster who handed
    in nothing; files that need a person, and those that hold nothing to grade, keep a row each.
    """
    roster = roster or Roster()
    whose = owners.of(found, roster)
    chapters = _chapters(found, rules)
    groups: dict = {}
    for record, (people, problem) in zip(found, whose, strict=True):
        for person in people or [None]:
            for row in _rows_of(record, rules, person, problem, chapters):
                groups.setdefault((row.person or row.student, row.chapter), []).append(row)
    chosen = []
    for (_, chapter), attempts in groups.items():
        chosen += _choose(attempts, rules) if chapter else attempts
    chosen = _settle(chosen, chapters)
    chosen += _missing(chosen, rules, roster, chapters)
    return sorted(chosen, key=lambda r: (r.student, r.chapter, r.file))


def _chapters(found: list[dict], rules: Rules) -> list[str]:
    if rules.chapter:
        return [rules.chapter]
    return sorted({one["chapter"] for record in found for one in record["result"]["exercises"].values()})


def _rows_of(record: dict, rules: Rules, person, problem: str, chapters: list[str]) -> list[Row]:
    result = record["result"]
    late = days_late(record, rules.due)
    factor = max(0.0, 1 - late * rules.late_percent / 100)
    by_chapter: dict = {}
    for name, one in result["exercises"].items():
        by_chapter.setdefault(one["chapter"], {})[name] = one
    needs = "; ".join(filter(None, (problem, result["needs_person"])))
    if not by_chapter:
        chapter = _chapter_of(record, chapters)
        by_chapter[chapter or ""] = {}
        needs = needs or ("it cannot be told which chapter this is for" if chapter is None else "")
    made = []
    for chapter, items in by_chapter.items():
        scores = {name: one["earned"] for name, one in items.items()}
        unknown = not scores and (needs or not chapter)
        notes = [*result["notes"], *filter(None, [result["nothing"]])]
        made.append(Row(
            student=person.key if person else unowned(record), person=person, chapter=chapter,
            name=(person["name"] if person else "") or record["name"],
            earned=None if unknown else round(sum(scores.values()) * factor, 4),
            points=sum(one["points"] for one in items.values()) or possible(chapter),
            scores=scores, days_late=late, attempt=record["attempt"], file=record["file"],
            needs_person=needs, notes="; ".join(notes), backend=result["backend"], record=record,
        ))  # fmt: skip
    return made


def unowned(record: dict) -> str:
    """What a file is called whose owner nobody knows: never the same as a student's own word."""
    kind = record.get("kind", "")
    word = {"moodle": "participant", "moodle, flat": "participant", "canvas": "user"}.get(kind, kind)
    return f"{record['student']} ({word}, not known)" if word else f"{record['student']} (not known)"


def possible(chapter: str) -> float:
    """The points of a chapter; 0 for one that is not known."""
    return sum(exercise.points for exercise in exercises.chapters().get(chapter, ()))


def _chapter_of(record: dict, chapters: list[str]) -> str | None:
    """The chapter of a file in which no exercise was found: the one it is named after, "" if that is none of
    ours, else the only one there is; None where it cannot be told.
    """
    named = [chapter for chapter in exercises.chapters() if chapter in record["file"].casefold()]
    if len(named) == 1:
        return named[0] if named[0] in chapters else ""
    return None if len(chapters) > 1 else "".join(chapters)


def _choose(attempts: list[Row], rules: Rules) -> list[Row]:
    """The attempt that counts, and all those that a person must look at."""
    attempts.sort(key=lambda r: (r.attempt, r.record["submitted"], r.file))
    sure = [row for row in attempts if not row.needs_person]
    graded = [row for row in sure if row.scores] or sure
    if rules.attempts == "last" or not graded:
        counted = graded[-1:]
    else:
        counted = [max(reversed(graded), key=lambda r: r.earned)]
    idle = [replace(row, chapter="", earned=None) for row in sure if not row.scores and row not in counted]
    return [*counted, *idle, *(row for row in attempts if row.needs_person)]


def _settle(chosen: list[Row], chapters: list[str]) -> list[Row]:
    """Rows; a file without an exercise asks for a person only where its student has a chapter ungraded."""
    graded: dict = {}
    for row in chosen:
        if row.scores:
            graded.setdefault(row.person, set()).add(row.chapter)

    def idle(row):
        waits = row.chapter or row.record["result"]["needs_person"]
        return not waits and graded.get(row.person) == {*chapters}

    return [replace(row, needs_person="") if row.person and idle(row) else row for row in chosen]


def _missing(chosen: list[Row], rules: Rules, roster: Roster, chapters: list[str]) -> list[Row]:
    """A row for everybody on the roster and each chapter of their assignment, where there is none."""
    have = {(row.person, row.chapter) for row in chosen}
    waiting = {row.person for row in chosen if not row.chapter and row.needs_person}
    made = []
    for sheet in roster.sheets:
        own = chapters if sheet.kind != "moodle" or rules.chapter else sheet_chapters(chosen, sheet)
        for person in filter(None, sheet.people):
            for chapter in sorted(own):
                if (person, chapter) not in have:
                    blank = rules.missing == "blank" or person in waiting
                    made.append(_nothing(person, chapter, None if blank else 0.0))
                    have.add((person, chapter))
    return made


def _nothing(person: Person, chapter: str, earned: float | None) -> Row:
    record = {"student": person.key, "name": person["name"], "file": "", "attempt": 0, "result": NOTHING}
    return Row(
        student=person.key, name=person["name"], person=person, chapter=chapter, earned=earned,
        points=possible(chapter), scores={}, days_late=0, attempt=0, file="", needs_person="",
        notes="nothing was handed in", backend="", record=record,
    )  # fmt: skip


def sheet_chapters(chosen: Iterable[Row], sheet: Sheet) -> set[str]:
    """The chapters of the assignment that a worksheet of Moodle belongs to: those that its participants
    handed in under the numbers of that sheet.
    """
    numbers = {own_number(sheet, row) for row in sheet.rows} - {""}
    groups = {csvfile.letters(group) for p in sheet.people if p for group in p.groups}
    return {
        row.chapter for row in chosen
        if row.scores and (row.record["student"] in numbers or csvfile.letters(row.record["name"]) in groups)
    }  # fmt: skip


def own_number(sheet: Sheet, row: list[str]) -> str:
    """The participant's number in a row of a worksheet."""
    digits = re.search(r"\d+$", sheet.cell(row, "participant"))
    return digits[0] if digits else ""


def days_late(record: dict, due) -> int:
    """Days begun after the deadline; at least one where the learning platform marked the file as late."""
    days = 0
    if due is not None:
        over = datetime.datetime.fromisoformat(record["submitted"]) - due
        days = max(0, math.ceil(over.total_seconds() / 86_400))
    return max(days, 1) if record["late"] else days
