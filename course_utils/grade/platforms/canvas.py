"""Canvas: one file a chapter for "Import" in its gradebook.

Its importer takes a blank cell for "delete this mark", finds students by ID and an assignment by "title
(id)", and never changes the points of an assignment that exists. So: with the gradebook as roster, every
student stands in the file once, marks that we have nothing to say about stay as they are, and points are
scaled to those of the assignment; without it, only students with points stand there, for a new assignment.
"""

from __future__ import annotations

import re

from .. import csvfile
from ..rosters import Roster, Sheet
from ..rosters import number as as_number
from ..rows import Row, Rules

FIXED = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
INFORMATION = {*FIXED, "LastName", "FirstName", "Integration ID", "Root Account"}


def tables(rows: list[Row], roster: Roster, rules: Rules) -> tuple[dict[str, str], list[str]]:
    """({name of a file: its text}, what to tell the teacher)."""
    files, said = {}, []
    book = next((sheet for sheet in roster.sheets if sheet.kind == "canvas"), None)
    for chapter in sorted({row.chapter for row in rows if row.counts}):
        own = {row.person: row for row in rows if row.counts and row.chapter == chapter}
        points = max(row.points for row in own.values())
        if book:
            text, sentence = _of_gradebook(book, own, chapter, points, rules)
        else:
            text, sentence = _for_new(own, chapter, points, rules), ""
        files |= {f"{chapter}.csv": text} if text else {}
        said += [sentence] if sentence else []
    return files, said


def column(book: Sheet, chapter: str, rules: Rules) -> int | None:
    """The chapter's column in a gradebook: "title (id)", by the title you gave or that of the chapter."""
    title = rules.titles.get(chapter, chapter)
    for index, heading in enumerate(book.header):
        if heading == title or re.fullmatch(re.escape(title) + r" \(\d+\)", heading):
            return index
    return None


def _of_gradebook(book: Sheet, own: dict, chapter: str, points: float, rules: Rules) -> tuple[str, str]:
    index = column(book, chapter, rules)
    if index is None and chapter in rules.titles:
        titles = ", ".join(h for h in book.header if re.search(r"\(\d+\)$", h))
        return "", f"canvas: the gradebook has no column {rules.titles[chapter]!r}; it has {titles}"
    fixed = [i for i, heading in enumerate(book.header) if heading in INFORMATION]
    title = book.header[index] if index is not None else chapter
    maximum = rules.out_of or points
    sentence = ""
    if index is None:
        sentence = (
            f"canvas: the gradebook has no column {chapter!r}; Canvas will offer a new assignment of "
            f"{maximum:g} points. For one that exists, give --column '{chapter}=its title'"
        )
    else:
        maximum = _maximum(book, index) or maximum
        if maximum != points:
            sentence = f"canvas: {title!r} counts {maximum:g}; {points:g} points were written as {maximum:g}"
    possible = ["" for _ in fixed]
    possible[0] = "    Points Possible"
    lines, done = [[*possible, float(maximum)]], set()
    for row, person in zip(book.rows, book.people, strict=True):
        if person is None or person in done:
            continue
        done.add(person)
        had = row[index] if index is not None and index < len(row) else ""
        ours = person in own and (own[person].file or not had)  # a zero for nothing replaces no mark
        mark = own[person].earned * maximum / own[person].points if ours else had
        if mark == "" and index is None:
            continue  # a new assignment: nothing to keep
        lines.append([*(_named(row, i) for i in fixed), mark])
    return csvfile.write([*(book.header[i] for i in fixed), title], lines), sentence


def _named(row: list[str], index: int) -> str:
    text = row[index] if index < len(row) else ""
    return "" if "points possible" in text.lower() else text  # Canvas would take the row for points


def _maximum(book: Sheet, index: int) -> float | None:
    """Points possible of a column, which stand in a row of the gradebook without a student."""
    return as_number(book.above[index]) if index < len(book.above) else None


def _for_new(own: dict, chapter: str, points: float, rules: Rules) -> str:
    """For students whose ID or login we know. The name stands only beside an ID: Canvas would fall back to
    it, and two students may have the same.
    """
    maximum = rules.out_of or points
    lines = []
    for person, row in own.items():
        number = person["canvas id"] or (row.record["student"] if row.record.get("kind") == "canvas" else "")
        login, sis = person["login"], person["sis id"]
        name = _named([row.name], 0) if number else ""
        if number or login or sis:
            fixed = [name or number or login or sis, number, sis, login, person["section"]]
            lines.append([*fixed, row.earned * maximum / row.points])
    possible = ["    Points Possible", "", "", "", "", float(maximum)]
    title = rules.titles.get(chapter, chapter)
    return csvfile.write([*FIXED, title], [possible, *lines]) if lines else ""
