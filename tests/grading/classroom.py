"""A class of thirty with the names that people have, and the learning platforms it may be on.

Each platform is a double with the rules of its own export and import, as its sources or documentation say:
what it calls a file, whom a row is for, what a blank cell does, when it refuses.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, field
from pathlib import Path

from pretend import CHAPTER, OTHER, put, work

NAMES = [  # first name, last name
    ("Иван", "Лавров"), ("Юлия", "Щербакова"), ("Алёна", "Ёлкина"), ("Jürgen", "Müller"),
    ("José María", "Núñez"), ("Seán", "O'Brien"), ("Żaneta", "Łukasiewicz"), ("Thị Hồng", "Nguyễn"),
    ("John", "Smith"), ("John", "Smith"), ("Martin", "Smith, Jr."), ("Kim", '"Ace" Johnson'),
    ("Ana", "de la Cruz"), ("Işıl", "Çelik"), ("小明", "王"), ("محمد", "عبد الله"),
    ("Ada", "Anna_Lee"), ("Søren", "Østergård"), ("Mx", "X Æ A-12"), ("Dora", "-Dash"),
    ("Мария", "Иванова"), ("Мария", "Иванова"), ("Lee", "Brown"), ("Lee", "Green"), ("Ян", "Kowalski"),
    ("Jane\u00a0Marie", "Doe"), ("Ω", "Ohm"), ("D'Artagnan", "Ferrari"), ("Gurpreet\u200d_12", "Singh"),
    ("No", "Submission"),
]  # fmt: skip


@dataclass(eq=False)
class Student:
    """One of the class. ``points`` are those of each chapter handed in; ``late`` means by a day."""

    index: int
    first: str
    last: str
    points: dict[str, float]
    late: bool

    login = property(lambda self: f"u{self.index:03d}")
    email = property(lambda self: f"u{self.index:03d}@example.org")
    number = property(lambda self: f"ID-{2000 + self.index}")
    canvas = property(lambda self: str(4100 + 7 * self.index))
    full = property(lambda self: f"{self.first} {self.last}")
    sortable = property(lambda self: f"{self.last}, {self.first}")

    def expects(self, chapter: str, percent_off: float = 0) -> float | None:
        """The points that must arrive, or None."""
        points = self.points.get(chapter)
        return points and round(points * (1 - percent_off / 100), 4) if self.late else points


def students() -> list[Student]:
    """All thirty: full, partial, half, nothing right; three late; three without the second chapter, the
    last one without any.
    """
    made = []
    for i, (first, last) in enumerate(NAMES):
        points = {CHAPTER: (9, 6.5, 4.5, 0)[i % 4], OTHER: (10, 0, 7, 5)[i % 4]}
        if i in (4, 11, 22):
            del points[OTHER]
        made.append(Student(i, first, last, {} if i == len(NAMES) - 1 else points, i in (0, 9, 20)))
    return made


def cells(text: str) -> list[list[str]]:
    """The rows of a CSV."""
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))


def as_csv(rows: list[list[str]], delimiter: str = ",") -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(rows)
    return out.getvalue()


@dataclass
class Canvas:
    """Two assignments, one of 9 points and one of 100, and an essay that we know nothing of."""

    people: list[Student]
    possible: dict[str, float] = field(default_factory=lambda: dict(ASSIGNMENTS))
    marks: dict = field(default_factory=dict)  # {(canvas id, title): mark}

    def export(self, folder: Path) -> None:
        """The files of both archives; times are those of the download."""
        for person in self.people:
            for chapter in person.points:
                name = re.sub(r"_(\d+)_", r"\1", person.sortable).lower()
                words = [name, "LATE" if person.late else None, person.canvas]
                stem = re.sub(r"[^\w]", "", "_".join(filter(None, words)))
                attachment = 70_000 + 10 * person.index + len(chapter) % 7
                put(folder / f"{stem}_{attachment}_{chapter}.ipynb", work(person.points[chapter], chapter))

    def gradebook(self, split_names: bool = False) -> list[list[str]]:
        names = ["LastName", "FirstName"] if split_names else ["Student"]
        titles = list(self.possible)
        rows = [[*names, "ID", "SIS User ID", "SIS Login ID", "Section", *titles, "Final Score"]]
        rows.append(["", *[""] * (len(names) + 3), *["Manual Posting"] * len(titles), ""])
        possible = [f"{points:.2f}" for points in self.possible.values()]
        rows.append(["    Points Possible", *[""] * (len(names) + 3), *possible, "(read only)"])
        for p in self.people:
            name = [p.last, p.first] if split_names else [p.sortable]
            marks = [str(self.marks.get((p.canvas, title), "")) for title in titles]
            rows.append([*name, p.canvas, f"S{p.index}", p.login, "01", *marks, "75.00"])
        return rows

    def take(self, text: str) -> list[str]:
        """Import a gradebook; returns the rows whose student it had to ask for."""
        rows = cells(text)
        header, asked = rows[0], []
        split = header[:2] == ["LastName", "FirstName"]
        at = 2 if split else 1
        assert (split or "Student" in header[0]) and "ID" in header[at]
        first = next(i for i, heading in enumerate(header) if heading == "Section") + 1
        for row in rows[1:]:
            assert len(row) == len(header)
            if "Points Possible" in row[0]:
                for title, points in zip(header[first:], row[first:], strict=True):
                    self.possible.setdefault(title, float(points))  # never those of one that exists
                continue
            person = self._student(row, header, at)
            if person is None:
                asked.append(row[0])
                continue
            for title, mark in zip(header[first:], row[first:], strict=True):
                if mark == "":
                    self.marks.pop((person.canvas, title), None)
                else:
                    self.marks[person.canvas, title] = float(mark)
        return asked

    def _student(self, row, header, at):
        """By ID, else by login, else the first one of that name."""
        by_login = row[header.index("SIS Login ID")]
        for fits in (
            lambda p: p.canvas == row[at],
            lambda p: by_login and p.login == by_login,
            lambda p: row[0] in (p.full, p.sortable),
        ):
            found = next(filter(fits, self.people), None)
            if found:
                return found
        return None


ASSIGNMENTS = {"Homework 1: backpropagation (9001)": 9.0, "Homework 2 (9002)": 100.0, "Essay (9003)": 20.0}
WORDS = {
    "en": ("Identifier", "Full name", "Email address", "Grade", "Maximum Grade", "Participant ", "Yes"),
    "de": (
        "ID",
        "Vollständiger Name",
        "E-Mail-Adresse",
        "Bewertung",
        "Höchste Bewertung",
        "Teilnehmer/in",
        "Ja",
    ),
    "ru": (
        "Идентификатор",
        "Полное имя",
        "Адрес электронной почты",
        "Оценка",
        "Максимальная оценка",
        "Участник ",
        "Да",
    ),
}


@dataclass
class Moodle:
    """One assignment. Participants have numbers of their own; gradebook marks are kept by student."""

    people: list[Student]
    chapter: str = CHAPTER
    maximum: float = 100.0
    base: int = 1  # the first participant's number
    language: str = "en"
    id_numbers: bool = False
    marks: dict = field(default_factory=dict)  # {student: mark}

    def participant(self, person: Student) -> int:
        return self.base + (person.index * 11 + 6) % len(self.people)

    def export(self, folder: Path, flat: bool = False) -> None:
        for person in self.people:
            if self.chapter in person.points:
                name = re.sub(r'[&<>"`|:\\/]', "", person.full)
                stem = f"{name}_{self.participant(person)}_assignsubmission_file"
                path = f"{stem}{'_' if flat else '/'}{self.chapter}.ipynb"
                put(folder / path, work(person.points[self.chapter], self.chapter))

    def worksheet(self) -> list[list[str]]:
        """What "Download grading worksheet" gives."""
        identifier, name, email, grade, maximum, word, yes = WORDS[self.language]
        extra = ["ID number"] if self.id_numbers else []
        rows = [
            [
                identifier,
                name,
                email,
                *extra,
                "Status",
                grade,
                maximum,
                "Grade can be changed",
                "Last modified (submission)",
                "Last modified (grade)",
                "Feedback comments",
            ]
        ]
        comma = "," if self.language != "en" else "."
        for p in self.people:
            mark = f"{self.marks[p]:.2f}".replace(".", comma) if p in self.marks else ""
            extra = [p.number] if self.id_numbers else []
            rows.append(
                [
                    f"{word}{self.participant(p)}",
                    p.full,
                    p.email,
                    *extra,
                    "Submitted for grading",
                    mark,
                    f"{self.maximum:.2f}".replace(".", comma),
                    yes,
                    "-",
                    "-",
                    "said by hand",
                ]
            )
        return rows

    def take_worksheet(self, text: str) -> None:
        """Upload of the worksheet: a mark that is missing or too high changes nothing."""
        rows = cells(text)
        identifier, _, _, grade, _, word, _ = WORDS[self.language]
        assert identifier in rows[0] and grade in rows[0] and "Last modified (grade)" in rows[0]
        people = {f"{word}{self.participant(p)}": p for p in self.people}
        for row in rows[1:]:
            mark = row[rows[0].index(grade)].replace(",", ".")
            person = people.get(row[rows[0].index(identifier)])
            assert row[-1] == "said by hand"
            if person and mark and 0 <= float(mark) <= self.maximum:
                self.marks[person] = float(mark)

    def take_grades(self, text: str) -> None:
        """Grade import, e-mail to e-mail, one column; an unknown row refuses all, a blank cell deletes."""
        rows = cells(text)
        people = {p.email: p for p in self.people}
        at = rows[0].index("Email address")
        assert all(row[at] in people for row in rows[1:]), "the whole import is refused"
        for row in rows[1:]:
            assert row[-1] != "" and float(row[-1]) <= self.maximum
            self.marks[people[row[at]]] = float(row[-1])


def gradescope_export(people: list[Student], folder: Path, chapter: str = CHAPTER) -> None:
    """A folder a submission, and who is who in one file."""
    export = folder / "assignment_5511_export"
    lines = ["---"]
    for p in people:
        if chapter in p.points:
            number = 300_005_511 + 13 * p.index
            put(export / f"submission_{number}" / f"{chapter}.ipynb", work(p.points[chapter], chapter))
            name = p.full.replace("\\", "\\\\").replace('"', '\\"')
            day = "2026-05-02" if p.late else "2026-04-30"
            lines += [
                f"submission_{number}:",
                "  :submitters:",
                f'  - :name: "{name}"',
                f"    :sid: '{p.number}'",
                f"    :email: {p.email}",
                f"  :created_at: {day} 20:11:05.1 Z",
                "  :score: 0.0",
            ]
    put(export / "submission_metadata.yml", "\n".join(lines).encode())


def nbgrader_export(people: list[Student], folder: Path) -> None:
    """Collected work, a folder a student and assignment."""
    for p in people:
        for chapter, points in p.points.items():
            put(folder / "submitted" / p.login / chapter / f"{chapter}.ipynb", work(points, chapter))
