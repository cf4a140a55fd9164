"""Records to tables: one neutral CSV, and those of Canvas, Moodle and Gradescope."""

from __future__ import annotations

import csv
import datetime
import hashlib
import io
import json
import math
import re
from dataclasses import dataclass
from pathlib import Path

from . import records


@dataclass(frozen=True)
class Rules:
    """How scores become grades.

    Args:
        due: the deadline, with its time zone, or None.
        late_percent: taken off for each day begun after the deadline.
        attempts: "best" or "last", where a student handed in several times.
    """

    due: datetime.datetime | None = None
    late_percent: float = 0.0
    attempts: str = "best"


@dataclass(frozen=True)
class Row:
    """One student's grade of one chapter."""

    student: str
    name: str
    chapter: str
    earned: float
    points: float
    scores: dict
    days_late: int
    attempt: int
    file: str
    needs_person: str
    notes: str
    backend: str
    record: dict


def rows(found: list[dict], rules: Rules) -> list[Row]:
    """One row a student and chapter, the best or last attempt; files that need a person keep a row each."""
    groups: dict = {}
    for record in found:
        for row in _rows_of(record, rules):
            groups.setdefault((row.student, row.chapter), []).append(row)
    chosen = []
    for (_, chapter), attempts in groups.items():
        attempts.sort(key=lambda r: (r.attempt, r.record["submitted"], r.file))
        if not chapter:
            chosen += attempts
        elif rules.attempts == "last":
            chosen.append(attempts[-1])
        else:
            chosen.append(max(reversed(attempts), key=lambda r: r.earned))
    return sorted(chosen, key=lambda r: (r.student, r.chapter, r.file))


def _rows_of(record: dict, rules: Rules) -> list[Row]:
    result = record["result"]
    late = days_late(record, rules.due)
    factor = max(0.0, 1 - late * rules.late_percent / 100)
    by_chapter: dict = {}
    for name, one in result["exercises"].items():
        by_chapter.setdefault(one["chapter"], {})[name] = one
    if not by_chapter or result["needs_person"]:
        by_chapter.setdefault("", {})
    made = []
    for chapter, items in by_chapter.items():
        scores = {name: one["earned"] for name, one in items.items()}
        notes = [*result["notes"], *filter(None, [result["nothing"]])]
        made.append(Row(
            student=record["student"], name=record["name"], chapter=chapter,
            earned=round(sum(scores.values()) * factor, 4),
            points=sum(one["points"] for one in items.values()),
            scores=scores, days_late=late, attempt=record["attempt"], file=record["file"],
            needs_person="" if chapter else result["needs_person"],
            notes="; ".join(notes), backend=result["backend"], record=record,
        ))  # fmt: skip
    return made


def days_late(record: dict, due) -> int:
    """Days begun after the deadline; at least one where the learning platform marked the file as late."""
    days = 0
    if due is not None:
        over = datetime.datetime.fromisoformat(record["submitted"]) - due
        days = max(0, math.ceil(over.total_seconds() / 86_400))
    return max(days, 1) if record["late"] else days


def safe(value) -> str:
    """A cell that no spreadsheet takes for a formula, no page for HTML and no terminal for a command."""
    text = value if isinstance(value, str) else f"{value:g}" if isinstance(value, float) else str(value)
    text = "".join(c if c.isprintable() else "\ufffd" for c in text)
    text = text.encode("utf-8", "backslashreplace").decode().replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"(^|[,;|])(?= *[=+\-@＝＋－＠])", r"\1'", text)  # some spreadsheets split at ; and |


def table(header: list, lines: list[list]) -> str:
    """A CSV as text (RFC 4180, comma, UTF-8)."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([safe(cell) for cell in header])
    writer.writerows([safe(cell) for cell in line] for line in lines)
    return out.getvalue()


def neutral(found: list[Row]) -> str:
    """grades.csv: one line a student and chapter, a column an exercise."""
    names = list(dict.fromkeys(name for row in found for name in row.scores))
    header = [
        "student",
        "name",
        "chapter",
        "points",
        "out of",
        "days late",
        "attempt",
        "file",
        "needs a person",
    ]
    header += ["notes", "isolation", *names]
    lines = [
        [r.student, r.name, r.chapter, r.earned, r.points, r.days_late, r.attempt, r.file, r.needs_person,
         r.notes, r.backend, *(r.scores.get(name, "") for name in names)]
        for r in found
    ]  # fmt: skip
    return table(header, lines)


def roster(path: Path | None) -> dict[str, dict]:
    """{student: row} of a CSV with a column "student" and any of name, email, login, section, canvas id, id
    number; or of the table that Canvas (gradebook) or Moodle (grading worksheet) exports.

    Raises:
        ValueError: there is no column "student", and it is no such table.
    """
    if path is None:
        return {}
    with open(path, encoding="utf-8-sig", newline="") as file:
        found = list(csv.DictReader(file))
    for known, columns in (("SIS Login ID", CANVAS), ("Identifier", MOODLE)):
        if found and known in found[0]:
            found = [_row(row, columns) for row in found]
    if not found or "student" not in found[0]:
        raise ValueError(f'{path} needs a first line with a column "student" and at least one student')
    return {row["student"]: row for row in found if row["student"]}


# Our names of the columns, and those of the platforms' exports.
CANVAS = {"student": "ID", "name": "Student", "login": "SIS Login ID", "section": "Section"}
MOODLE = {"student": "Identifier", "name": "Full name", "email": "Email address", "id number": "ID number"}


def _row(row: dict, columns: dict) -> dict:
    """A row with our names; Moodle writes "Participant 1234" for 1234."""
    found = {ours: (row.get(theirs) or "").strip() for ours, theirs in columns.items()}
    return {**found, "student": found["student"].removeprefix("Participant ")}


def by_student(found: list[Row]) -> dict[str, list[Row]]:
    """{student: rows}, without rows that need a person."""
    grouped: dict = {}
    for row in found:
        if row.chapter:
            grouped.setdefault(row.student, []).append(row)
    return grouped


def canvas(found: list[Row], people: dict) -> str:
    """Canvas gradebook import: Student, ID, SIS User ID, SIS Login ID, Section, one column a chapter; first a
    row of the points possible, as in its exports.
    """
    chapters = sorted({row.chapter for row in found if row.chapter})
    lines = []
    for student, own in by_student(found).items():
        person, scores = people.get(student, {}), {row.chapter: row.earned for row in own}
        name = person.get("name") or own[0].name
        number = person.get("canvas id") or (student if student.isdigit() else "")
        login = person.get("login") or ("" if student.isdigit() else student)
        name = student if "points possible" in name.lower() else name  # Canvas would take the row for points
        fixed = [name, number, "", login, person.get("section", "")]
        lines.append([*fixed, *(scores.get(chapter, "") for chapter in chapters)])
    header = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", *chapters]
    points = {row.chapter: row.points for row in found}
    possible = ["    Points Possible", *[""] * 4, *(points[chapter] for chapter in chapters)]
    return table(header, [possible, *lines])


def moodle(found: list[Row], people: dict) -> str:
    """Moodle grade import: an identifying column (choose "ID number" or "Email" on import), one column a
    chapter.
    """
    chapters = sorted({row.chapter for row in found if row.chapter})
    lines = []
    for student, own in by_student(found).items():
        person, scores = people.get(student, {}), {row.chapter: row.earned for row in own}
        fixed = [person.get("id number") or student, person.get("name") or own[0].name]
        fixed += [person.get("email", "")]
        lines.append([*fixed, *(scores.get(chapter, "") for chapter in chapters)])
    return table(["ID number", "Full name", "Email address", *chapters], lines)


def gradescope(rows_of_student: list[Row]) -> str:
    """results.json of Gradescope: right or not, part by part; nothing about the hidden inputs."""
    tests = []
    for row in rows_of_student:
        for name, one in row.record["result"]["exercises"].items():
            if one["chapter"] != row.chapter:
                continue
            for part in one["parts"]:
                label = f"{name}: {part['part']}" if part["part"] else name
                points = part["points"]
                status = "passed" if part["right"] else "failed"
                tests.append({
                    "name": label, "score": points if part["right"] else 0, "max_score": points,
                    "status": status, "output": one["status"], "visibility": "visible",
                })  # fmt: skip
    notes = "; ".join(f"{row.chapter}: {row.days_late} days late" for row in rows_of_student if row.days_late)
    score = sum(row.earned for row in rows_of_student)
    return json.dumps({"score": score, "output": notes, "tests": tests}, indent=1) + "\n"


def slug(student: str) -> str:
    """A file name for a student: readable where the name allows it, never twice the same."""
    readable = re.sub(r"[^A-Za-z0-9]+", "-", student).strip("-")[:40] or "student"
    return f"{readable}-{hashlib.sha256(student.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def write_all(out: Path, found: list[dict], rules: Rules, people: dict, formats) -> list[Row]:
    """Write every table and page into ``out``; returns the rows."""
    from . import feedback

    chosen = rows(found, rules)
    records.write_text(out / "grades.csv", neutral(chosen))
    if "canvas" in formats:
        records.write_text(out / "canvas.csv", canvas(chosen, people))
    if "moodle" in formats:
        records.write_text(out / "moodle.csv", moodle(chosen, people))
    students = by_student(chosen)
    for name, suffix, make in (("gradescope", "json", gradescope), ("feedback", "html", feedback.page)):
        if name == "gradescope" and name not in formats:
            continue
        folder = out / name
        folder.mkdir(exist_ok=True)
        wanted = {f"{slug(student)}.{suffix}": own for student, own in students.items()}
        for old in folder.glob(f"*.{suffix}"):
            if old.name not in wanted:
                old.unlink()
        for file, own in wanted.items():
            records.write_text(folder / file, make(own))
    return chosen
