"""Tables, pages and rules: what reaches a spreadsheet, a browser or a learning platform."""

from __future__ import annotations

import csv
import datetime
import html.parser
import io
import json
import re

import pytest

from course_utils.grade import csvfile, feedback, records, rosters, tables
from course_utils.grade.platforms import canvas, gradescope
from course_utils.grade.rows import Rules
from course_utils.grade.rows import rows as rows_of

UTC = datetime.timezone.utc


def record(student="anders", earned=2, chapter="02_backpropagation", **other):
    exercise = {"chapter": chapter, "earned": earned, "points": 3, "status": "partly right"}
    exercise["parts"] = [
        {"part": "order", "right": True, "points": 2},
        {"part": "chain", "right": False, "points": 1},
    ]
    result = {
        "exercises": {"topological_order": exercise},
        "needs_person": "",
        "nothing": "",
        "notes": [],
        "backend": "bubblewrap",
    }
    whole = {
        "student": student,
        "name": "",
        "attempt": 1,
        "late": False,
        "file": f"{student}.ipynb",
        "result": result,
    }
    return {**whole, "submitted": "2026-05-01T12:00:00+00:00", **other}


def table(text):
    return list(csv.DictReader(io.StringIO(text)))


NASTY = [
    "=1+1",
    "+1",
    "-1",
    "@x",
    "\t=1",
    " =1",
    "＝1",
    "<b>x</b>",
    "\x1b[2J",
    "a\r\nb,c",
    '"',
    "\ud800",
    "'; --",
    "a;=1+1",
    "a, =1+1",
    "Points Possible",
    "../../../etc/cron.d/x",
]


@pytest.mark.parametrize("student", NASTY, ids=ascii)
def test_nothing_nasty_reaches_a_table_or_a_page(student, tmp_path):
    found = [record(student, file=f"{student}.ipynb", name=student)]
    people = tmp_path / "people.csv"
    lines = [[student, student, "a@example.org", "al1"]]
    text = csvfile.write(["student", "name", "email", "login"], lines, guard=str)
    people.write_bytes(text.encode("utf-8", "replace"))
    sure = "\ud800" not in student and student.strip()
    roster = rosters.read([people] if sure else [])
    rows, _ = tables.write_all(tmp_path, found, Rules(), roster, ("canvas", "moodle", "gradescope"))
    chapter = "02_backpropagation"
    for name in ("grades", f"canvas/{chapter}", f"moodle/{chapter}") if sure else ("grades",):
        text = (tmp_path / f"{name}.csv").read_bytes().decode("utf-8-sig")
        assert "\x1b" not in text and "\t" not in text and "<" not in text
        lines = list(csv.reader(io.StringIO(text)))
        assert len(lines) == 2 + ("canvas" in name) and len(set(map(len, lines))) == 1
        assert not any(
            part.strip()[:1] in tuple("=+-@＝") and part.strip()
            for line in lines
            for cell in line
            for part in re.split("[,;|]", cell)
        )
    (page,) = (tmp_path / "feedback").iterdir()
    text = page.read_text(encoding="utf-8")
    assert "<b>" not in text and "\x1b" not in text
    assert page.name == tables.slug(rows[0].student) + ".html"
    assert json.loads((tmp_path / "gradescope" / (tables.slug(rows[0].student) + ".json")).read_text())
    assert len(rows) == 1


def test_neutral_table():
    (line,) = table(tables.neutral(rows_of([record()], Rules()))[1:])
    assert (line["student"], line["points"], line["out of"], line["topological_order"]) == (
        "anders",
        "2",
        "3",
        "2",
    )


def test_a_name_cannot_pose_as_the_points_of_canvas():
    found = rows_of([record("12", name="points possible", kind="canvas")], Rules())
    files, _ = canvas.tables(found, rosters.Roster(), Rules())
    lines = table(files["02_backpropagation.csv"])
    assert [line["Student"].strip() for line in lines] == ["Points Possible", "12"]


def test_gradescope_shows_parts_and_no_values():
    result = json.loads(gradescope.results(rows_of([record()], Rules())))
    assert result["score"] == 2
    assert [(t["name"], t["score"], t["max_score"], t["status"]) for t in result["tests"]] == [
        ("topological_order: order", 2, 2, "passed"),
        ("topological_order: chain", 0, 1, "failed"),
    ]


def test_best_or_last_attempt():
    attempts = [record(earned=3, attempt=1), record(earned=1, attempt=2)]
    assert [row.earned for row in rows_of(attempts, Rules())] == [3]
    assert [row.earned for row in rows_of(attempts, Rules(attempts="last"))] == [1]
    same = [record(attempt=1, submitted=f"2026-05-0{d}T00:00:00+00:00", earned=d) for d in (2, 1)]
    assert [row.earned for row in rows_of(same, Rules(attempts="last"))] == [2]


@pytest.mark.parametrize("hour, days, earned", [(11, 0, 2), (12, 0, 2), (13, 1, 1.8), (13 + 24, 2, 1.6)])
def test_late_work(hour, days, earned):
    due = datetime.datetime(2026, 5, 1, 12, tzinfo=UTC)
    moment = datetime.datetime(2026, 5, 1, tzinfo=UTC) + datetime.timedelta(hours=hour)
    (row,) = rows_of([record(submitted=moment.isoformat())], Rules(due, late_percent=10))
    assert (row.days_late, row.earned) == (days, earned)


def test_marked_late_by_the_platform():
    (row,) = rows_of([record(late=True)], Rules(late_percent=50))
    assert (row.days_late, row.earned) == (1, 1)


def test_a_file_that_needs_a_person_keeps_its_row():
    broken = record()
    broken["result"] = {**broken["result"], "exercises": {}, "needs_person": "the file is empty"}
    rows = rows_of([broken, record()], Rules())
    assert {row.needs_person: row.earned for row in rows} == {"the file is empty": None, "": 2}


def test_two_students_never_share_a_page():
    assert len({tables.slug(s) for s in ("a b", "a-b", "a_b", "A b")}) == 4


class Balanced(html.parser.HTMLParser):
    """Checks that every tag is closed, and notes what a page would load."""

    def __init__(self):
        super().__init__()
        self.open, self.loads = [], []

    def handle_starttag(self, tag, attributes):
        if tag not in ("meta", "br"):
            self.open.append(tag)
        self.loads += [v for k, v in attributes if k in ("src", "href")]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_page_is_whole_and_loads_nothing():
    page = feedback.page(rows_of([record()], Rules()))
    reader = Balanced()
    reader.feed(page)
    assert not reader.open and not reader.loads
    assert 'lang="en"' in page and "prefers-color-scheme: dark" in page and "2 of 3 points" in page


def test_records_are_whole_or_not_there(tmp_path, monkeypatch):
    path = tmp_path / "one.json"
    records.write(path, {"a": 1})

    def stop(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(records.os, "replace", stop)
    with pytest.raises(KeyboardInterrupt):
        records.write(path, {"a": 2})
    assert records.read(path) == {"a": 1}
    assert len(list(tmp_path.iterdir())) == 2
    records.sweep(tmp_path)
    assert list(tmp_path.iterdir()) == [path]


def test_secret_is_drawn_once_and_kept_private(tmp_path):
    path = tmp_path / "secret-seed.txt"
    first = records.secret(path)
    assert records.secret(path) == first and len(first) == 64
    assert path.stat().st_mode & 0o077 == 0
    path.write_text("short")
    with pytest.raises(ValueError, match="shorter than 8"):
        records.secret(path)
