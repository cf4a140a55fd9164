"""Tables, pages and rules: what reaches a spreadsheet, a browser or a learning platform."""

from __future__ import annotations

import csv
import datetime
import html.parser
import io
import json
import re

import pytest

from course_utils.grade import feedback, records, tables
from course_utils.grade.tables import Rules

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
    rows = tables.write_all(tmp_path, found, Rules(), {}, ("canvas", "moodle", "gradescope"))
    for name in ("grades", "canvas", "moodle"):
        text = (tmp_path / f"{name}.csv").read_bytes().decode("utf-8")
        assert "\x1b" not in text and "\t" not in text and "<" not in text
        lines = list(csv.reader(io.StringIO(text)))
        assert len(lines) == 2 + (name == "canvas") and len(set(map(len, lines))) == 1
        assert not any(
            part.strip()[:1] in tuple("=+-@＝") and part.strip()
            for line in lines
            for cell in line
            for part in re.split("[,;|]", cell)
        )
    (page,) = (tmp_path / "feedback").iterdir()
    text = page.read_text(encoding="utf-8")
    assert "<b>" not in text and "\x1b" not in text
    assert page.name == tables.slug(student) + ".html"
    assert json.loads((tmp_path / "gradescope" / (tables.slug(student) + ".json")).read_text())
    assert len(rows) == 1


def test_neutral_table():
    (line,) = table(tables.neutral(tables.rows([record()], Rules())))
    assert (line["student"], line["points"], line["out of"], line["topological_order"]) == (
        "anders",
        "2",
        "3",
        "2",
    )


def test_canvas_and_moodle_identify_students():
    people = {
        "anders": {
            "student": "anders",
            "name": "Lee",
            "email": "lee@example.org",
            "login": "al1",
            "section": "A",
        }
    }
    rows = tables.rows([record(), record("1234", name="bo")], Rules())
    possible, by_id, by_login = table(tables.canvas(rows, people))
    assert (possible["Student"].strip(), possible["02_backpropagation"]) == ("Points Possible", "3")
    assert (by_login["Student"], by_login["SIS Login ID"], by_login["02_backpropagation"]) == (
        "Lee",
        "al1",
        "2",
    )
    assert (by_id["Student"], by_id["ID"]) == ("bo", "1234")
    lines = table(tables.moodle(rows, people))
    assert [(x["ID number"], x["Email address"]) for x in lines] == [
        ("1234", ""),
        ("anders", "lee@example.org"),
    ]


def test_rosters_are_read_as_the_platforms_export_them(tmp_path):
    canvas, moodle = tmp_path / "canvas.csv", tmp_path / "moodle.csv"
    canvas.write_text(
        "\ufeffStudent,ID,SIS User ID,SIS Login ID,Section,HW (7)\n"
        '"    Points Possible",,,,,10\n"Lee, Anders",1234,s1,al1,A,\n',
        encoding="utf-8",
    )
    moodle.write_text(
        "Identifier,Full name,ID number,Email address,Status,Grade\n"
        "Participant 1234,Anders Lee,s77,lee@example.org,Submitted,\n,,,,,\n"
    )
    rows = tables.rows([record("1234")], Rules())
    _, line = table(tables.canvas(rows, tables.roster(canvas)))
    assert (line["Student"], line["ID"], line["SIS Login ID"], line["Section"]) == (
        "Lee, Anders",
        "1234",
        "al1",
        "A",
    )
    (line,) = table(tables.moodle(rows, tables.roster(moodle)))
    assert list(line.values())[:3] == ["s77", "Anders Lee", "lee@example.org"]
    (tmp_path / "other.csv").write_text("name\nLee\n")
    with pytest.raises(ValueError, match='a column "student"'):
        tables.roster(tmp_path / "other.csv")


def test_a_name_cannot_pose_as_the_points_of_canvas():
    lines = table(tables.canvas(tables.rows([record("12", name="points possible")], Rules()), {}))
    assert [line["Student"].strip() for line in lines] == ["Points Possible", "12"]


def test_gradescope_shows_parts_and_no_values():
    result = json.loads(tables.gradescope(tables.rows([record()], Rules())))
    assert result["score"] == 2
    assert [(t["name"], t["score"], t["max_score"], t["status"]) for t in result["tests"]] == [
        ("topological_order: order", 2, 2, "passed"),
        ("topological_order: chain", 0, 1, "failed"),
    ]


def test_best_or_last_attempt():
    attempts = [record(earned=3, attempt=1), record(earned=1, attempt=2)]
    assert [row.earned for row in tables.rows(attempts, Rules())] == [3]
    assert [row.earned for row in tables.rows(attempts, Rules(attempts="last"))] == [1]
    same = [record(attempt=1, submitted=f"2026-05-0{d}T00:00:00+00:00", earned=d) for d in (2, 1)]
    assert [row.earned for row in tables.rows(same, Rules(attempts="last"))] == [2]


@pytest.mark.parametrize("hour, days, earned", [(11, 0, 2), (12, 0, 2), (13, 1, 1.8), (13 + 24, 2, 1.6)])
def test_late_work(hour, days, earned):
    due = datetime.datetime(2026, 5, 1, 12, tzinfo=UTC)
    moment = datetime.datetime(2026, 5, 1, tzinfo=UTC) + datetime.timedelta(hours=hour)
    (row,) = tables.rows([record(submitted=moment.isoformat())], Rules(due, late_percent=10))
    assert (row.days_late, row.earned) == (days, earned)


def test_marked_late_by_the_platform():
    (row,) = tables.rows([record(late=True)], Rules(late_percent=50))
    assert (row.days_late, row.earned) == (1, 1)


def test_a_file_that_needs_a_person_keeps_its_row():
    broken = record()
    broken["result"] = {**broken["result"], "exercises": {}, "needs_person": "the file is empty"}
    rows = tables.rows([broken, record()], Rules())
    assert [row.needs_person for row in rows] == ["the file is empty", ""]


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
    page = feedback.page(tables.rows([record()], Rules()))
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
