"""Who is in the class: the tables that teachers have, and whose file it is that a path names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from . import csvfile
from .ids import Identity

# Headings, in small letters, of Canvas, Moodle (English, German, Russian), GitHub Classroom and your own.
HEADINGS = {
    "student": ("student",),
    "participant": ("identifier", "id", "идентификатор"),
    "canvas id": ("canvas id",),
    "sis id": ("sis user id", "sis id"),
    "login": ("login", "sis login id", "username", "anmeldename", "логин"),
    "name": ("name", "full name", "vollständiger name", "полное имя", "фио"),
    "last": ("lastname", "last name", "surname", "nachname", "фамилия"),
    "first": ("firstname", "first name", "vorname", "имя"),
    "email": ("email", "e-mail", "email address", "e-mail-adresse", "адрес электронной почты", "почта"),
    "id number": ("id number", "id-nummer", "matrikelnummer", "индивидуальный номер", "student id"),
    "section": ("section",),
    "group": ("group", "gruppe", "группа", "team"),
    "github": ("github_username",),
    "grade": ("grade", "bewertung", "оценка"),
    "maximum": ("maximum grade", "höchste bewertung", "максимальная оценка"),
    "changeable": ("grade can be changed", "bewertung kann geändert werden", "оценка может быть изменена"),
}
NUMBERED = re.compile(r"^(?P<word>\D+)(?P<number>\d+)$")
UNIQUE = ("student", "canvas id", "sis id", "login", "email", "id number", "github")


@dataclass(eq=False)
class Person:
    """One student. ``facts`` has the fields of ``HEADINGS``; ``participants`` are Moodle's numbers, one an
    assignment.
    """

    key: str
    facts: dict[str, str] = field(default_factory=dict)
    participants: set[str] = field(default_factory=set)
    groups: set[str] = field(default_factory=set)

    def __getitem__(self, name: str) -> str:
        return self.facts.get(name, "")

    @property
    def names(self) -> set[str]:
        """Every spelling of the name, compared without blanks and commas."""
        first, last = self["first"], self["last"]
        spelt = {self["name"], f"{first} {last}", f"{last} {first}"}
        before, comma, after = self["name"].partition(",")
        spelt |= {f"{after} {before}"} if comma else set()
        words = self["name"].split()
        spelt |= {" ".join([words[-1], *words[:-1]])} if len(words) > 1 else set()
        return {csvfile.letters(name) for name in spelt} - {""}


@dataclass(eq=False)
class Sheet:
    """One table as it was read: ``kind`` is canvas, moodle, github or own; ``people`` has one entry a row;
    ``above`` is Canvas's row of the points possible.
    """

    path: Path
    kind: str
    header: list[str]
    rows: list[list[str]]
    columns: dict[str, int]
    people: list[Person | None]
    above: list[str] = field(default_factory=list)

    def cell(self, row: list[str], name: str) -> str:
        """The cell of a row under one of our names; "" where there is none."""
        index = self.columns.get(name, len(row))
        return row[index] if index < len(row) else ""


class Roster:
    """The class: ``people`` in the order of the tables, each once, and the ``sheets`` themselves."""

    def __init__(self, sheets: Iterable[Sheet] = ()):
        self.sheets = list(sheets)
        self.people = list(dict.fromkeys(p for sheet in self.sheets for p in sheet.people if p))
        self._index: dict = {}
        for person in self.people:
            for name in UNIQUE:
                self._index.setdefault((name, person[name].casefold()), []).append(person)
            for number in person.participants:
                self._index.setdefault(("participant", number), []).append(person)
            for spelt in person.names:
                self._index.setdefault(("name", spelt), []).append(person)
            for group in person.groups:
                self._index.setdefault(("group", csvfile.letters(group)), []).append(person)

    def __bool__(self) -> bool:
        return bool(self.people)

    def has(self, kind: str) -> bool:
        """Whether one of the tables is of that platform."""
        return any(sheet.kind == kind for sheet in self.sheets)

    def by(self, name: str, value: str) -> list[Person]:
        """The people with that value of a field; "name" and "group" are compared by their letters."""
        value = csvfile.letters(value) if name in ("name", "group") else value.casefold()
        return list(dict.fromkeys(self._index.get((name, value), []))) if value else []

    def owners(self, who: Identity) -> tuple[list[Person], str]:
        """(the people whose work it is, what is not sure); one of the two is empty."""
        if who.kind == "canvas":
            return self._numbered(who, ("canvas id",), "Canvas's gradebook")
        if who.kind.startswith("moodle"):
            return self._numbered(who, ("participant",), "Moodle's grading worksheet")
        if who.kind == "anonymous":
            return [], "the submissions are anonymous: no name, and no way back to one"
        # A login at GitHub may be another student's login elsewhere.
        return self._called(who.student, ("github", "student") if who.kind == "github" else UNIQUE)

    def _numbered(self, who: Identity, fields, table: str) -> tuple[list[Person], str]:
        """By the platform's number, which must agree with the name beside it; or the members of a group."""
        readings = who.readings or ((who.name, who.student),)
        numbered = {r: [p for f in (*fields, "student") for p in self.by(f, r[1])] for r in readings}
        agreeing = [
            (name, number, people[0])
            for (name, number), people in numbered.items()
            if people and (not people[0].names or csvfile.letters(name) in people[0].names)
        ]
        groups = {name: self.by("group", name) for name, _ in readings if self.by("group", name)}
        if len({id(person) for *_, person in agreeing}) == 1 and not groups:
            return [agreeing[0][2]], ""
        if len(groups) == 1 and not agreeing:
            return next(iter(groups.values())), ""
        if agreeing or groups:
            return [], "it can be read as the work of different students or groups"
        name, number = readings[0]
        if any(numbered.values()):
            return [], f"number {number} has another name in the roster than {name!r}; is it a group's work?"
        return [], f"number {number} is not in the roster; give {table} of this assignment with --roster"

    def _called(self, text: str, fields) -> tuple[list[Person], str]:
        """By a word that may be in any of the fields, a name or a group."""
        found = list(dict.fromkeys(p for name in fields for p in self.by(name, text)))
        if not found and fields is UNIQUE:
            found = self.by("name", text)
        if len(found) > 1:
            return [], f"{text!r} fits {len(found)} students of the roster"
        return (found, "") if found else self._group(text)

    def _group(self, text: str) -> tuple[list[Person], str]:
        members = self.by("group", text)
        return (members, "") if members else ([], f"{text!r} is not in the roster")


def read(paths: Iterable[Path]) -> Roster:
    """The class out of tables: a Canvas gradebook, Moodle's grading worksheets, GitHub Classroom's roster, or
    your own with a column "student", "login", "email" or "id number". A student who stands in several is
    known by e-mail or ID number.

    Raises:
        ValueError: a table names nobody, or two tables contradict each other.
    """
    known: dict = {}
    return Roster([_sheet(path, known) for path in paths])


def _sheet(path: Path, known: dict) -> Sheet:
    rows, encoding = csvfile.read(path)
    header, rows = (rows[0], rows[1:]) if rows else ([], [])
    columns, above = _columns(header, rows), []
    kind = _kind(columns, header, rows)
    if kind == "canvas":
        columns["canvas id"] = header.index("ID")
        columns.pop("participant", None)
        if "student" in columns:
            columns["name"] = columns.pop("student")
        above = next((row for row in rows if "points possible" in row[0].casefold()), [])
        rows = [row for row in rows if _cell(row, columns["canvas id"])]
    if kind in ("github", "own") and "participant" in columns:
        columns.setdefault("student", columns.pop("participant"))
    sheet = Sheet(path, kind, header, rows, columns, [], above)
    keys: dict = {}  # of this table
    for row in rows:
        sheet.people.append(_person(sheet, row, known, keys))
    if not any(sheet.people):
        seen = ", ".join(map(repr, header[:8])) or "none"
        raise ValueError(
            f'{path} ({encoding}) needs a first line with a column "student", "login" or "email", and '
            f"at least one student; its columns are {seen}"
        )
    return sheet


def _columns(header: list[str], rows: list[list[str]]) -> dict[str, int]:
    """{our name: index of the column}: by the heading; Moodle's numbers, addresses and maximum also by what
    stands below, since its headings are in the language of the site.
    """
    small = [cell.casefold() for cell in header]
    found = {}
    for name, words in HEADINGS.items():
        index = next((small.index(word) for word in words if word in small), None)
        if index is not None:
            found[name] = index
    whole = [[row[i] for row in rows if i < len(row) and row[i]] for i in range(len(header))]
    if "email" not in found:
        found |= _first("email", whole, lambda cells: all("@" in cell for cell in cells))
    constant = [i for i, cells in enumerate(whole) if len(cells) == len(rows) and _same_number(cells)]
    if "maximum" not in found and len(constant) == 1:
        found["maximum"] = constant[0]
    if "maximum" in found and 0 not in found.values():
        found |= _first("participant", whole[:1], _are_participants)
    if "maximum" in found and "grade" not in found:
        found["grade"] = found["maximum"] - 1  # Moodle writes them side by side
    return found


def _first(name: str, columns: list[list[str]], fits) -> dict[str, int]:
    return next(({name: i} for i, cells in enumerate(columns) if cells and fits(cells)), {})


def _are_participants(cells: list[str]) -> bool:
    """One word, and a number of its own: "Participant 7", "Teilnehmer/in7"."""
    parts = [NUMBERED.match(cell) for cell in cells]
    numbers = {p["number"] for p in parts if p}
    return all(parts) and len({p["word"] for p in parts}) == 1 and len(numbers) == len(cells)


def _same_number(cells: list[str]) -> bool:
    return len(set(cells)) == 1 and number(cells[0]) is not None and number(cells[0]) > 0


def number(text: str) -> float | None:
    """A number with a decimal point or comma, or None."""
    text = text.replace("\u00a0", "").replace(" ", "").replace(",", ".")
    return float(text) if re.fullmatch(r"\d+(\.\d+)?", text) else None


def _kind(columns: dict, header: list[str], rows: list[list[str]]) -> str:
    if "ID" in header and "Section" in header:
        return "canvas"
    if "github" in columns:
        return "github"
    if not {"participant", "maximum"} <= set(columns):
        return "own"
    numbers = [row[columns["participant"]] for row in rows if _cell(row, columns["participant"])]
    return "moodle" if numbers and _are_participants(numbers) else "own"


def _cell(row: list[str], index: int) -> str:
    return row[index] if 0 <= index < len(row) else ""


def _person(sheet: Sheet, row: list[str], known: dict, keys: dict) -> Person | None:
    """The person of a row: one we know by e-mail, ID number or their own key, or a new one."""
    facts = {name: sheet.cell(row, name) for name in HEADINGS if sheet.cell(row, name)}
    facts["name"] = facts.get("name") or " ".join(filter(None, (facts.get("first"), facts.get("last"))))
    participant = facts.pop("participant", "")
    numbered = NUMBERED.match(participant) if sheet.kind == "moodle" else None
    own = "canvas id" if sheet.kind == "canvas" else "student"
    key = (
        numbered["number"]
        if numbered
        else facts.get(own) or _any(facts, ("login", "email", "id number", "github"))
    )
    if not key:
        return None
    handles = [(name, facts[name].casefold()) for name in ("email", "id number") if facts.get(name)]
    handles += [] if numbered else [("key", key)]
    people = list(dict.fromkeys(known[handle] for handle in handles if handle in known))
    if len(people) > 1:
        raise ValueError(f"{sheet.path}: {key!a} has the e-mail of one student and the ID number of another")
    taken = ("key", key) in known
    person = people[0] if people else Person(f"participant {key}" if numbered and taken else key)
    if keys.setdefault(person, key) != key:
        raise ValueError(f"{sheet.path}: {keys[person]!a} and {key!a} have the same e-mail or ID number")
    person.facts = {**facts, **{k: v for k, v in person.facts.items() if v}}
    if numbered:
        other = known.get(("participant", key), person)
        if other is not person:
            raise ValueError(f"{sheet.path}: participant {key} is somebody else in another worksheet")
        handles.append(("participant", key))
        person.participants.add(key)
    if facts.get("group"):
        person.groups.add(facts["group"])
    known.update(dict.fromkeys([*handles, ("key", person.key)], person))
    return person


def _any(facts: dict, names) -> str:
    return next((facts[name] for name in names if facts.get(name)), "")
