"""A class on each platform: export, grade, import, read back. Every point reaches the right student."""

from __future__ import annotations

import copy
import csv
import functools
import json

import classroom
import pretend
import pytest
from classroom import ASSIGNMENTS, Canvas, Moodle, as_csv
from pretend import CHAPTER, OTHER, POINTS, put, work

from course_utils import exercises
from course_utils.grade import cli, csvfile, engine, rosters

HOMEWORK, SECOND, ESSAY = ASSIGNMENTS


@pytest.fixture(autouse=True)
def grader(monkeypatch):
    pretend.install(monkeypatch)


@pytest.fixture
def folders(tmp_path):
    """(submissions, grades, a roster to be written)."""
    return tmp_path / "in", tmp_path / "out", tmp_path / "roster.csv"


def grade(folder, out, *args) -> int:
    return cli.main([str(folder), "--out", str(out), "--workers", "1", *map(str, args)])


def grades(out) -> list[dict]:
    with open(out / "grades.csv", newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def text(path) -> str:
    return path.read_bytes().decode("utf-8")


@pytest.mark.parametrize("form", ["names", "first and last names", "semicolons"])
def test_canvas(form, folders, capsys):
    folder, out, roster = folders
    people = classroom.students()
    school = Canvas(people, marks={(people[-1].canvas, HOMEWORK): 3.0, (people[5].canvas, ESSAY): 15.0})
    school.marks[people[4].canvas, SECOND] = 7.5  # by hand, for one who did not hand in
    school.export(folder)
    rows = school.gradebook(split_names=form == "first and last names")
    roster.write_text(as_csv(rows, ";" if form == "semicolons" else ","), encoding="utf-8")
    titles = [f"{CHAPTER}={HOMEWORK}", f"{OTHER}={SECOND}"]
    command = [folder, out, "--roster", roster, "--late", 10, "--column", titles[0], "--column", titles[1]]
    assert grade(*command) == cli.DONE
    assert "'Homework 2 (9002)' counts 100; 10 points were written as 100" in capsys.readouterr().out
    for chapter in POINTS:
        table = text(out / "canvas" / f"{chapter}.csv")
        assert len(classroom.cells(table)) == 2 + len(people)  # everybody once
        assert school.take(table) == []
    for person in people:
        first, second = (person.expects(chapter, 10) for chapter in POINTS)
        kept = 3.0 if person is people[-1] else None
        assert school.marks.get((person.canvas, HOMEWORK)) == (
            kept if first is None else pytest.approx(first)
        )
        kept = 7.5 if person is people[4] else None
        assert school.marks.get((person.canvas, SECOND)) == (
            kept if second is None else pytest.approx(10 * second)
        )
    assert school.marks[people[5].canvas, ESSAY] == 15.0
    assert len({row["student"] for row in grades(out)}) == len(people)
    names = {row["student"]: row["name"] for row in grades(out)}
    assert names[people[4].canvas] in (people[4].full, people[4].sortable)


def test_canvas_without_a_gradebook_is_for_a_new_assignment(folders):
    folder, out, _ = folders
    people = classroom.students()
    school = Canvas(people)
    school.export(folder)
    assert grade(folder, out) == cli.NEEDS_PERSON  # "singhgurpreet_12_4296_..." can be read in two ways
    assert school.take(text(out / "canvas" / f"{CHAPTER}.csv")) == []
    assert school.possible[CHAPTER] == POINTS[CHAPTER]
    for person in people[:-2]:
        assert school.marks[person.canvas, CHAPTER] == person.points[CHAPTER]
    assert (people[-2].canvas, CHAPTER) not in school.marks


def test_a_name_in_canvas_cannot_take_the_grade_of_another(folders):
    """A student who is called like a file of somebody else."""
    folder, out, roster = folders
    people = classroom.students()
    people[0].points, people[1].points = {}, {CHAPTER: 9}
    people[1].last, people[1].first = f"x_{people[0].canvas}", ""
    school = Canvas(people)
    school.export(folder)
    roster.write_text(as_csv(school.gradebook()), encoding="utf-8")
    assert grade(folder, out, "--roster", roster, "--column", f"{CHAPTER}={HOMEWORK}") == cli.DONE
    school.take(text(out / "canvas" / f"{CHAPTER}.csv"))
    assert (people[0].canvas, HOMEWORK) not in school.marks and school.marks[people[1].canvas, HOMEWORK] == 9


def test_a_group_in_canvas_goes_to_its_members_or_to_a_person(folders):
    folder, out, roster = folders
    people = classroom.students()[:3]
    put(folder / f"teamone_{people[0].canvas}_7_{CHAPTER}.ipynb")
    put(folder / f"юлия_{people[1].canvas}_8_{CHAPTER}.ipynb", work(3))
    roster.write_text(as_csv(Canvas(people).gradebook()), encoding="utf-8")
    assert grade(folder, out, "--roster", roster) == cli.NEEDS_PERSON
    assert not (out / "canvas" / f"{CHAPTER}.csv").exists()
    groups = folder.parent / "groups.csv"
    teams = ["Team One", "Two", "Team One"]
    rows = [[p.canvas, p.sortable, team] for p, team in zip(people, teams, strict=True)]
    groups.write_text(as_csv([["student", "name", "group"], *rows]), encoding="utf-8")
    grade(folder, out, "--roster", groups)
    found = {row["student"]: row["points"] for row in grades(out) if row["points"]}
    assert found[people[0].canvas] == found[people[2].canvas] == "9" and people[1].canvas not in found


def test_lateness_is_not_read_from_an_archive_of_canvas(folders, capsys):
    folder, out, _ = folders
    Canvas(classroom.students()).export(folder)
    assert grade(folder, out, "--due", "2026-05-01T12:00+00:00") == cli.USAGE
    assert "time of the download" in capsys.readouterr().err and not out.exists()


def test_anonymous_work_is_for_a_person(folders):
    folder, out, _ = folders
    for who, number in (("aB3dE", 70001), ("Xy9Zk", 70002)):
        put(folder / f"anon_{who}_{number}_{CHAPTER}.ipynb")
    assert grade(folder, out) == cli.NEEDS_PERSON
    assert [row["needs a person"][:30] for row in grades(out)] == ["the submissions are anonymous:"] * 2
    assert not list((out / "canvas").iterdir()) and not list((out / "moodle").iterdir())


@pytest.mark.parametrize("language", ["en", "de", "ru"])
@pytest.mark.parametrize("flat", [False, True], ids=["folders", "flat"])
def test_moodle_worksheet(language, flat, folders):
    folder, out, roster = folders
    people = classroom.students()
    school = Moodle(people, language=language, marks={people[-1]: 55.0})
    school.export(folder, flat)
    roster.write_text("\ufeff" + as_csv(school.worksheet()), encoding="utf-8")
    assert grade(folder, out, "--roster", roster) == cli.DONE
    (sheet,) = (out / "moodle").glob("worksheet*.csv")
    school.take_worksheet(text(sheet))
    for person in people[:-1]:
        assert school.marks[person] == pytest.approx(person.points[CHAPTER] * 100 / 9, abs=0.01)
    assert school.marks[people[-1]] == 55.0  # handed in nothing: what was entered by hand stays
    assert grade(folder, out, "--roster", roster, "--missing", "zero") == cli.DONE
    (sheet,) = (out / "moodle").glob("worksheet*.csv")
    school.take_worksheet(text(sheet))
    assert school.marks.pop(people[-1]) == 55.0  # nor does a zero replace it
    roster.write_text(as_csv(school.worksheet()), encoding="utf-8")
    assert grade(folder, out, "--roster", roster, "--missing", "zero") == cli.DONE
    (sheet,) = (out / "moodle").glob("worksheet*.csv")
    school.take_worksheet(text(sheet))
    assert school.marks[people[-1]] == 0


def test_moodle_two_assignments_in_one_call(folders):
    folder, out, roster = folders
    people = classroom.students()
    schools = [Moodle(people, maximum=9), Moodle(people, OTHER, maximum=10, base=31)]
    tables = [roster, roster.with_name("second.csv")]
    for school, table in zip(schools, tables, strict=True):
        school.export(folder)
        table.write_text(as_csv(school.worksheet()), encoding="utf-8")
    assert grade(folder, out, "--roster", tables[0]) == cli.NEEDS_PERSON  # half of the numbers are unknown
    assert len({row["student"] for row in grades(out)}) == 30 + 26
    assert grade(folder, out, *(x for table in tables for x in ("--roster", table))) == cli.DONE
    assert len({row["student"] for row in grades(out)}) == 30
    for school, sheet in zip(schools, sorted((out / "moodle").glob("worksheet*.csv")), strict=True):
        school.take_worksheet(text(sheet))
        assert school.marks == {p: p.points[school.chapter] for p in people if school.chapter in p.points}
        by_mail = Moodle(people, school.chapter, school.maximum)
        by_mail.take_grades(text(out / "moodle" / f"{school.chapter}.csv"))
        assert by_mail.marks == school.marks


def test_moodle_without_its_worksheet_gets_no_table(folders, capsys):
    folder, out, roster = folders
    Moodle(classroom.students()).export(folder)
    assert grade(folder, out) == cli.NEEDS_PERSON
    assert "Download grading worksheet" in capsys.readouterr().out and not list((out / "moodle").iterdir())
    assert len(grades(out)) == 29 and all(row["points"] for row in grades(out))
    people = [["student", "email"], *[[p.email, p.email] for p in classroom.students()]]
    roster.write_text(as_csv(people))
    assert grade(folder, out, "--roster", roster) == cli.NEEDS_PERSON
    assert not list((out / "moodle").iterdir())


def test_moodle_groups_go_to_their_members(folders):
    folder, out, roster = folders
    people = classroom.students()[:6]
    school = Moodle(people, maximum=9)
    sheet = school.worksheet()
    sheet = [
        [*row[:3], "Group" if i == 0 else f"Team {'ABC'[(i - 1) // 2]}", *row[3:]]
        for i, row in enumerate(sheet)
    ]
    for number, (team, points) in enumerate({"Team A": 9, "Team B": 4.5, "Team Z": 1}.items()):
        put(folder / f"{team}_{number + 1}_assignsubmission_file" / "a.ipynb", work(points))
    roster.write_text(as_csv(sheet), encoding="utf-8")
    assert grade(folder, out, "--roster", roster) == cli.NEEDS_PERSON
    (filled,) = (out / "moodle").glob("worksheet*.csv")
    school.take_worksheet(text(filled))
    assert [school.marks.get(p) for p in people] == [9, 9, 4.5, 4.5, None, None]
    (lost,) = [row for row in grades(out) if row["needs a person"]]
    assert lost["name"] == "Team Z" and lost["points"] == "1"


def test_gradescope(folders):
    folder, out, roster = folders
    people = classroom.students()
    classroom.gradescope_export(people, folder)
    assert grade(folder, out, "--due", "2026-05-01T12:00+00:00", "--late", 10) == cli.DONE
    found = {row["student"]: float(row["points"]) for row in grades(out)}
    assert found == {p.number: pytest.approx(p.expects(CHAPTER, 20)) for p in people if p.points}
    assert len(list((out / "gradescope").iterdir())) == 29
    school = Canvas(people)
    roster.write_text(
        as_csv([["student", "canvas id", "email"], *[[p.login, p.canvas, p.email] for p in people]])
    )
    assert grade(folder, out, "--roster", roster) == cli.DONE
    assert school.take(text(out / "canvas" / f"{CHAPTER}.csv")) == []
    assert all(school.marks[p.canvas, CHAPTER] == p.points[CHAPTER] for p in people if p.points)
    (folder / "assignment_5511_export" / "submission_metadata.yml").unlink()
    assert grade(folder, out) == cli.NEEDS_PERSON
    assert len(grades(out)) == 29 and not list((out / "canvas").iterdir())


def test_gradescope_groups(folders):
    folder, out, _ = folders
    put(folder / "submission_7" / "a.ipynb")
    lines = "submission_7:\n  :submitters:\n  - :name: A\n    :sid: '1'\n  - :name: B\n    :sid: '2'\n"
    put(folder / "submission_metadata.yml", lines.encode())
    assert grade(folder, out) == cli.DONE
    assert [(row["student"], row["points"]) for row in grades(out)] == [("1", "9"), ("2", "9")]
    put(folder / "submission_metadata.yml", b"[")
    assert grade(folder, out) == cli.USAGE


@pytest.mark.parametrize("inner", [False, True])
def test_github_classroom(inner, folders):
    folder, out, roster = folders
    people = classroom.students()
    for p in people:
        put(folder / "hw1-submissions" / f"hw1-gh-{p.login}" / "a.ipynb", work(p.points.get(CHAPTER, 0)))
    header = ["identifier", "github_username", "github_id", "name"]
    roster.write_text(as_csv([header, *[[p.email, f"gh-{p.login}", "1", p.full] for p in people]]))
    where = folder / "hw1-submissions" if inner else folder
    assert grade(where, out, "--roster", roster) == cli.DONE
    assert {r["student"]: float(r["points"]) for r in grades(out)} == {
        p.email: p.points.get(CHAPTER, 0) for p in people
    }
    assert grade(where, out, "--due", "2026-05-01") == cli.USAGE
    roster.write_text(as_csv([["login", "name"], *[[f"gh-{p.login}", p.full] for p in people]]))
    assert grade(where, out, "--roster", roster) == cli.NEEDS_PERSON  # another platform's logins say nothing


def test_nbgrader_layout(folders):
    folder, out, _ = folders
    people = classroom.students()
    classroom.nbgrader_export(people, folder)
    assert grade(folder, out) == cli.DONE
    found = {(row["student"], row["chapter"]): float(row["points"]) for row in grades(out)}
    assert found == {(p.login, chapter): points for p in people for chapter, points in p.points.items()}
    for p in people:
        day = "02 11:00:00.25" if p.late else "01 11:00:00.25"
        put(folder / "submitted" / p.login / CHAPTER / "timestamp.txt", f"2026-05-{day} UTC".encode())
    put(folder / "submitted" / "u000" / CHAPTER / "mine" / "timestamp.txt", b"2026-04-01 11:00:00 UTC")
    assert (
        grade(folder, out, "--chapter", CHAPTER, "--due", "2026-05-01T12:00+00:00", "--late", 10) == cli.DONE
    )
    found = {row["student"]: row["days late"] for row in grades(out) if row["chapter"] == CHAPTER}
    assert [p.login for p in people if found.get(p.login) == "1"] == ["u000", "u009", "u020"]


@pytest.mark.parametrize(
    "paths",
    [
        ["export/anders/a.ipynb", "export/bea/a.ipynb"],
        ["export/anders.ipynb", "export/bea.ipynb"],
    ],
)
def test_one_folder_around_a_class_is_not_one_student(paths, folders, capsys):
    folder, out, _ = folders
    for path in paths:
        put(folder / path)
    assert grade(folder, out) == cli.USAGE
    assert "everything lies in one folder, 'export'" in capsys.readouterr().err
    assert grade(folder / "export", out) == cli.DONE and len(grades(out)) == 2


def test_two_folders_around_a_class_are_not_two_students(folders):
    folder, out, roster = folders
    for week in ("hw1", "hw2"):
        for student, points in (("anders", 9), ("bea", 3)):
            put(folder / week / student / "a.ipynb", work(points))
    assert grade(folder, out) == cli.NEEDS_PERSON
    assert len(grades(out)) == 4 and all(row["needs a person"] for row in grades(out))
    roster.write_text("student\nanders\nbea\n")
    assert grade(folder, out, "--roster", roster) == cli.NEEDS_PERSON  # "hw1" is nobody
    assert grade(folder, out, "--roster", roster, "--ids", "^hw./(?P<student>[^/]+)/") == cli.DONE
    assert [(row["student"], row["points"]) for row in grades(out)] == [("anders", "9"), ("bea", "3")]


def test_attempts_and_copies_of_one_student_stay_one(folders):
    folder, out, _ = folders
    names = ("a.ipynb", "a (1).ipynb", "a-2.ipynb", "attempt2/a.ipynb")
    for i, name in enumerate(names):
        put(folder / "anders" / name, work(i))
        put(folder / "bea" / name, work(i))
    assert grade(folder, out) == cli.DONE
    assert [(row["student"], row["points"]) for row in grades(out)] == [("anders", "3"), ("bea", "3")]


def test_every_kind_of_file_has_a_row_and_a_page(folders):
    folder, out, roster = folders
    people = classroom.students()[:6]
    school = Moodle(people, maximum=9)
    school.export(folder)
    first = {p: next(folder.glob(f"*_{school.participant(p)}_*")) for p in people}
    for person, name, data in (
        (people[0], "homework.pdf", b"%PDF"),
        (people[1], "homework.ipynb", b"{"),
        (people[2], "readme.txt", b"text"),
    ):
        if person is not people[2]:
            (first[person] / f"{CHAPTER}.ipynb").unlink()
        put(first[person] / name, data)
    roster.write_text(as_csv(school.worksheet()), encoding="utf-8")
    assert grade(folder, out, "--roster", roster) == cli.NEEDS_PERSON
    rows = {row["file"].rsplit("/", 1)[-1]: row for row in grades(out)}
    assert (rows["homework.pdf"]["points"], rows["homework.pdf"]["notes"]) == ("0", "no notebook")
    assert (rows["homework.ipynb"]["points"], rows["homework.ipynb"]["needs a person"]) == (
        "",
        "the file is damaged",
    )
    assert rows["readme.txt"]["points"] == "" and rows["readme.txt"]["needs a person"] == ""
    (filled,) = (out / "moodle").glob("worksheet*.csv")
    school.take_worksheet(text(filled))
    assert [school.marks.get(p) for p in people] == [0, None, 4.5, 0, 9, 6.5]
    assert len(list((out / "feedback").iterdir())) == 6
    assert "no notebook" in "".join(map(text, (out / "feedback").iterdir()))


def test_a_file_for_another_chapter_is_no_zero_in_this_one(folders):
    folder, out, roster = folders
    put(folder / "anders" / f"{CHAPTER}.ipynb")
    put(folder / "anders" / f"{OTHER}.pdf", b"%PDF")
    put(folder / "bea" / f"{OTHER}.ipynb", b"no exercise of this chapter")
    put(folder / "carl" / "homework.pdf", b"%PDF")
    roster.write_text("student\nanders\nbea\ncarl\n")
    assert grade(folder, out, "--roster", roster, "--chapter", CHAPTER) == cli.DONE
    found = {row["student"]: row["points"] for row in grades(out) if row["chapter"]}
    assert found == {"anders": "9", "bea": "", "carl": "0"}
    put(folder / "dora" / f"{OTHER}.ipynb", work(10, OTHER))
    assert grade(folder, out) == cli.NEEDS_PERSON  # of two chapters, which is carl's?
    (row,) = [row for row in grades(out) if row["needs a person"]]
    assert row["student"] == "carl" and "which chapter" in row["needs a person"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1251", "latin-1"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("sep", [False, True])
def test_rosters_in_any_encoding(encoding, delimiter, sep, tmp_path):
    names = ["Zoë Müller", "Søren Ås"] if encoding == "latin-1" else ["Иван Петров", "Юлия Щербакова"]
    rows = [["Student", "Name", "E-Mail"], *[[f"s{i}", n, f"{i}@x.org"] for i, n in enumerate(names)]]
    first = f"sep={delimiter}\r\n" if sep else ""
    (tmp_path / "r.csv").write_bytes((first + as_csv(rows, delimiter)).encode(encoding))
    people = rosters.read([tmp_path / "r.csv"]).people
    assert [(p.key, p["name"], p["email"]) for p in people] == [
        (f"s{i}", n, f"{i}@x.org") for i, n in enumerate(names)
    ]


def test_rosters_that_contradict_each_other(tmp_path):
    (tmp_path / "a.csv").write_text("student,email,id number\na,a@x,1\nb,b@x,2\n")
    (tmp_path / "b.csv").write_text("student,email,id number\nc,a@x,2\n")
    with pytest.raises(ValueError, match="one student and the ID number of another"):
        rosters.read([tmp_path / "a.csv", tmp_path / "b.csv"])
    (tmp_path / "d.csv").write_text("student,email\na,same@x\nb,same@x\n")
    with pytest.raises(ValueError, match="'a' and 'b' have the same e-mail"):
        rosters.read([tmp_path / "d.csv"])
    (tmp_path / "c.csv").write_text("surname\nLee\n")
    with pytest.raises(ValueError, match="its columns are 'surname'"):
        rosters.read([tmp_path / "c.csv"])


def test_equal_names_are_never_told_apart_by_name(folders):
    folder, out, roster = folders
    people = classroom.students()
    for name in ("John Smith", "Lee Brown"):
        put(folder / name / "a.ipynb")
    roster.write_text(as_csv([["login", "name"], *[[p.login, p.full] for p in people]]))
    assert grade(folder, out, "--roster", roster) == cli.NEEDS_PERSON
    found = [row for row in grades(out) if row["file"]]
    assert "fits 2 students" in next(r["needs a person"] for r in found if "John" in r["student"])
    assert {row["student"] for row in found if row["needs a person"] == ""} == {people[22].login}


def test_names_keep_their_spaces_and_joiners():
    for name in ("Jane\u00a0Marie", "می\u200cخواهم", "קובי\u200f"):
        assert csvfile.safe(name) == name
    assert csvfile.safe("a\u202eb\x1bc") == "a\ufffdb\ufffdc"
    assert csvfile.safe(12345678) == "12345678" and csvfile.safe(None) == ""


def test_no_file_is_said(folders, capsys):
    folder, out, _ = folders
    folder.mkdir()
    assert grade(folder, out) == cli.USAGE
    assert "there is no file to grade" in capsys.readouterr().err


def test_gradescope_says_each_part_and_why(folders):
    folder, out, _ = folders
    put(folder / "anders" / "a.ipynb", work(3))
    put(folder / "bea" / "a.pdf", b"%PDF")
    assert grade(folder, out) == cli.DONE
    one, two = (json.loads(text(path)) for path in sorted((out / "gradescope").iterdir()))
    assert one["score"] == 3 and sum(test["max_score"] for test in one["tests"]) == 9
    assert two["score"] == 0 and "no notebook" in two["output"]


@pytest.mark.parametrize(
    "pattern, path",
    [
        (r"_(?P<student>[^_]+)_attempt_", "HW1_u001_attempt_2026-05-01.ipynb"),
        (r"\((?P<student>[^)]+)\)/", "HW1/Lee, Anders(u001)/homework.ipynb"),
    ],
)
def test_patterns_of_the_page(pattern, path, folders):
    folder, out, _ = folders
    put(folder / path)
    put(folder / path.replace("u001", "u002"), work(3))
    assert grade(folder, out, "--ids", pattern) == cli.DONE
    assert [(row["student"], row["points"]) for row in grades(out)] == [("u001", "9"), ("u002", "3")]


@pytest.fixture
def real(monkeypatch):
    """The real grader, which looks at equal files once; and {points: a notebook that is worth them}."""
    from corpus import RIGHT, WRONG, answer, dump, notebook

    monkeypatch.undo()
    monkeypatch.setattr(engine, "work", functools.cache(engine.work))
    copied = engine.one_by_one
    monkeypatch.setattr(
        engine, "one_by_one", lambda *a: ((key, copy.deepcopy(result)) for key, result in copied(*a))
    )
    names = [exercise.name for exercise in exercises.chapters()[CHAPTER]]
    books = {}
    for right in (names, names[:1], names[-1:], []):
        cells = [answer(name, (RIGHT if name in right else WRONG)[name]) for name in names]
        points = sum(e.points for e in exercises.chapters()[CHAPTER] if e.name in right)
        books[points] = dump(notebook(cells))
    return books


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_the_class_with_the_real_grader(real, folders):
    folder, out, roster = folders
    people = classroom.students()
    for person in people[:-1]:
        person.points = {CHAPTER: sorted(real)[person.index % len(real)]}
    for school, place in (
        (Canvas(people), folder / "canvas"),
        (Moodle(people, maximum=9), folder / "moodle"),
    ):
        school.export(place)
        for path in place.rglob("*.ipynb"):
            path.write_bytes(real[json.loads(path.read_bytes())[CHAPTER]])
    canvas, moodle = Canvas(people), Moodle(people, maximum=9)
    seed = put(folder.parent / "seed.txt", b"a secret seed of the class")
    roster.write_text(as_csv(canvas.gradebook()), encoding="utf-8")
    command = ["--roster", roster, "--seed-file", seed, "--chapter", CHAPTER]
    assert grade(folder / "canvas", out, *command, "--column", f"{CHAPTER}={HOMEWORK}") == cli.DONE
    assert canvas.take(text(out / "canvas" / f"{CHAPTER}.csv")) == []
    roster.write_text(as_csv(moodle.worksheet()), encoding="utf-8")
    assert grade(folder / "moodle", out.with_name("out2"), *command) == cli.DONE
    (sheet,) = (out.with_name("out2") / "moodle").glob("worksheet*.csv")
    moodle.take_worksheet(text(sheet))
    expected = {p: p.points[CHAPTER] for p in people[:-1]}
    assert moodle.marks == expected
    assert canvas.marks == {(p.canvas, HOMEWORK): points for p, points in expected.items()}
