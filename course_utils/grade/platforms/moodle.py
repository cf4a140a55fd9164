"""Moodle: its own offline grading worksheets filled in, and one table a chapter for the grade import.

The worksheet is the safe way: it names each participant of one assignment, knows the maximum, and a blank
cell in it changes nothing. The grade import knows people by e-mail or ID number only, refuses the whole file
for one unknown row, and takes a blank cell for "delete this mark"; so only people with points stand in ours.
"""

from __future__ import annotations

import re

from .. import csvfile
from ..rosters import Roster, Sheet, number
from ..rows import Row, Rules, sheet_chapters

NO = {"no", "nein", "нет", "non", "nie"}
NEW_ITEM = 100  # the maximum that Moodle gives a grade item unless told otherwise


def tables(rows: list[Row], roster: Roster, rules: Rules) -> tuple[dict[str, str], list[str]]:
    """({name of a file: its text}, what to tell the teacher)."""
    files, said = {}, []
    sheets = [sheet for sheet in roster.sheets if sheet.kind == "moodle"]
    of = [{rules.chapter} if rules.chapter else sheet_chapters(rows, sheet) for sheet in sheets]
    for sheet, chapters in zip(sheets, of, strict=True):
        if sum(bool(chapters & others) for others in of) > 1:
            said.append(
                f"moodle: {sheet.path.name} was not filled in: another worksheet is for the same chapter; "
                "grade one assignment at a time"
            )
            continue
        text, sentence = _worksheet(sheet, chapters, rows)
        files |= {f"worksheet {len(files) + 1} {sheet.path.stem}.csv": text} if text else {}
        said += [sentence] if sentence else []
    lost = [row for row in rows if row.record.get("kind", "").startswith("moodle") and not row.person]
    if lost and not roster.has("moodle"):
        return {}, [
            "moodle: no table was written, since a participant's number is no ID number; download the "
            'worksheet of this assignment ("Download grading worksheet") and give it with --roster'
        ]
    maxima = _maxima(roster, rows)
    marked = {p for s in sheets for r, p in zip(s.rows, s.people, strict=True) if s.cell(r, "grade")}
    for chapter in sorted({row.chapter for row in rows if row.counts}):
        own = [row for row in rows if row.counts and row.chapter == chapter and _known(row)]
        own = [
            row for row in own if row.file or row.person not in marked
        ]  # a zero for nothing replaces no mark
        maximum = rules.out_of or maxima.get(chapter) or NEW_ITEM
        if own:
            files[f"{chapter}.csv"] = _import(own, chapter, maximum)
    return files, said


def _known(row: Row) -> bool:
    return bool(row.person["email"] or row.person["id number"])


def _import(own: list[Row], chapter: str, maximum: float) -> str:
    header = ["ID number", "Full name", "Email address", f"{chapter} (of {maximum:g})"]
    lines = []
    for row in own:
        name = row.name.replace("\\", "/")  # Moodle's reader takes a backslash before a quote for an escape
        mark = round(row.earned * maximum / row.points, 4)
        lines.append([row.person["id number"], name, row.person["email"], mark])
    return csvfile.write(header, lines)


def _maxima(roster: Roster, rows: list[Row]) -> dict[str, float]:
    """{chapter: the maximum of its assignment}, as the worksheets say."""
    found: dict = {}
    for sheet in roster.sheets:
        if sheet.kind == "moodle":
            chapters = sheet_chapters(rows, sheet)
            value = next(filter(None, (number(sheet.cell(row, "maximum")) for row in sheet.rows)), None)
            found |= {chapters.pop(): value} if len(chapters) == 1 and value else {}
    return found


def _worksheet(sheet: Sheet, chapters: set[str], rows: list[Row]) -> tuple[str, str]:
    """Moodle's worksheet with the grades in it; every other cell stays as it is."""
    if "grade" not in sheet.columns or "maximum" not in sheet.columns:
        return (
            "",
            f"moodle: {sheet.path.name} was not filled in: it has no columns for the grade and its maximum",
        )
    if len(chapters) != 1:
        found = ", ".join(sorted(chapters)) or "no chapter"
        why = f"its files hold {found}; name one with --chapter"
        return "", f"moodle: {sheet.path.name} was not filled in: {why}"
    (chapter,) = chapters
    own = {row.person: row for row in rows if row.counts and row.chapter == chapter}
    lines = []
    for row, person in zip(sheet.rows, sheet.people, strict=True):
        line = [*row, *[""] * (len(sheet.header) - len(row))]
        maximum = number(sheet.cell(row, "maximum"))
        fixed = sheet.cell(row, "changeable").casefold() in NO
        ours = person in own and (own[person].file or not sheet.cell(row, "grade"))
        if ours and maximum and not fixed:
            mark = f"{own[person].earned * maximum / own[person].points:.2f}"
            comma = "," in sheet.cell(row, "maximum")
            line[sheet.columns["grade"]] = mark.replace(".", ",") if comma else mark
        lines.append([re.sub(r'\\(?=")', "/", cell) for cell in line])
    return "\ufeff" + csvfile.write(sheet.header, lines, guard=str), ""
