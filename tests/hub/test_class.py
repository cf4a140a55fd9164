"""A class of three on a JupyterHub: pull, answer, a correction, collect, grade, feedback, a culled server."""

from __future__ import annotations

import csv
import html
import json
import re
import subprocess
import sys
from pathlib import Path

import people
import pytest
import remote
import solve

from course_utils import exercises

TOP = Path(__file__).parents[2]
sys.path.insert(0, str(TOP / "book" / "_ext"))
from course_page import launch  # noqa: E402

pytestmark = [pytest.mark.hub, pytest.mark.timeout(3600)]

CHAPTER = "02_backpropagation"
FILE = f"course/book/{CHAPTER}.ipynb"
NAMES = [exercise.name for exercise in exercises.chapters()[CHAPTER]]
POINTS = {exercise.name: exercise.points for exercise in exercises.chapters()[CHAPTER]}
RIGHT = dict(zip(people.STUDENTS, (NAMES, NAMES[:2], []), strict=True))  # the last one hands in the stubs
EARNED = {student: sum(POINTS[name] for name in right) for student, right in RIGHT.items()}
SOLUTIONS = (TOP / "tests" / "solutions" / f"{CHAPTER}.py").read_text(encoding="utf-8")
CORRECTED = "This sentence was corrected after the lecture."


def answered(name: str, right: bool) -> str:
    """A graded cell as a student writes it: the answer, and the check below it."""
    text = solve.answer(SOLUTIONS, name) if right else f"def {name}(*args):\n    return args[0]"
    return f"{text}\n\ncheck.{name}({name})"


def answer_and_run(student, right: list[str]):
    """Write answers into a chapter, run it up to the last one, save it with its outputs; returns (the
    notebook, {exercise: what the student's kernel thinks of it}, what it says of itself).
    """
    book = student.read(FILE)
    graded = solve.graded_cells(book)
    if right:
        for name, cell in graded.items():
            cell.source = answered(name, name in right)
    kernel = student.kernel(FILE)
    last = max(book.cells.index(cell) for cell in graded.values())
    for cell in book.cells[: last + 1]:
        if cell.cell_type == "code":
            cell.outputs = kernel.run(cell.source)
    (verdicts,) = kernel.run(f"print(*[check.run(n, globals()[n])[0].state for n in {NAMES}])")
    (about,) = kernel.run(
        "import json, os; print(json.dumps([os.getuid(), os.getcwd(), torch.get_num_threads(), "
        "data.__file__, os.environ['COURSE_DATA']]))"
    )
    kernel.close()
    student.save(FILE, book)
    return book, dict(zip(NAMES, verdicts.text.split(), strict=True)), json.loads(about.text)


@pytest.fixture(scope="module")
def pull(github) -> str:
    """The chapter's link as its page has it; `page.js` puts the address of the hub before it."""
    form = launch.hub_form(github.address, remote.BRANCH, CHAPTER)
    return html.unescape(re.search(r'data-pull="([^"]+)"', form)[1])


@pytest.fixture(scope="module")
def pulled(students, pull) -> dict[str, str]:
    """{student: where the link leads}."""
    return {name: student.follow(pull) for name, student in students.items()}


@pytest.fixture(scope="module")
def worked(students, pulled):
    """{student: what `answer_and_run` returned}."""
    return {name: answer_and_run(student, RIGHT[name]) for name, student in students.items()}


@pytest.fixture(scope="module")
def corrected(worked, github, students, pull) -> str:
    """The id of the cell that the teacher has corrected after everybody had answered; all have pulled it."""
    book = next(iter(worked.values()))[0]
    cell = next(cell for cell in book.cells[1:] if cell.cell_type == "markdown")
    github.correct(CHAPTER, cell.id, f"{cell.source}\n\n{CORRECTED}")
    for student in students.values():
        student.follow(pull)
    return cell.id


@pytest.fixture(scope="module")
def collected(corrected, commands, folder, users):
    """(what the command said, the folder, which now belongs to the teacher)."""
    handed_in, homes, teacher = folder / "handed-in", folder / "home", users[people.TEACHER]
    command = [commands / "course-grade", "--collect", homes, "--chapter", CHAPTER, "--out", handed_in]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    subprocess.run(["chown", "-R", f"{teacher.name}:", handed_in], check=True)
    return said, handed_in


@pytest.fixture(scope="module")
def grades(collected, commands, users) -> Path:
    """The folder of grades, made by the teacher, who is not root."""
    teacher = users[people.TEACHER]
    roster = "student,name\n" + "".join(f"{name},Student {name[7:]}\n" for name in people.STUDENTS)
    teacher.run("tee", "people.csv", input=roster)
    command = ["course-grade", collected[1], "--out", "grades", "--roster", "people.csv", "--workers", "1"]
    done = teacher.run(commands / command[0], *command[1:])
    assert done.returncode == 0, done.stdout + done.stderr
    return teacher.home / "grades"


@pytest.fixture(scope="module")
def returned(grades, users) -> dict[str, Path]:
    """{student: the feedback in the home}; the student writes it, so that root follows no link there."""
    for name in people.STUDENTS:
        (page,) = grades.glob(f"feedback/{name}-*.html")
        with open(page, "rb") as file:
            done = users[name].run("sh", "-c", "cat > ~/feedback-02.html", stdin=file)
        assert done.returncode == 0, done.stderr
    return {name: users[name].home / "feedback-02.html" for name in people.STUDENTS}


@pytest.mark.parametrize("name", people.STUDENTS)
def test_the_link_brings_the_chapter_and_opens_it(name, pulled, users, folder):
    assert pulled[name] == f"lab/tree/{FILE}"
    copy = users[name].home / FILE
    assert copy.read_bytes() == (TOP / "book" / f"{CHAPTER}.ipynb").read_bytes()
    assert copy.stat().st_uid == users[name].uid and users[name].home.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("name", people.STUDENTS)
def test_the_chapter_runs_in_the_students_own_kernel(name, worked, users):
    book, verdicts, (uid, place, threads, data, wanted) = worked[name]
    outputs = [output for cell in book.cells for output in cell.get("outputs", ())]
    assert outputs and not [output.evalue for output in outputs if output.output_type == "error"]
    assert (uid, Path(place)) == (users[name].uid, (users[name].home / FILE).parent)
    assert (threads, wanted) == (1, str(TOP / "data")) and Path(data).is_relative_to(TOP)
    assert {exercise for exercise, state in verdicts.items() if state == "right"} == set(RIGHT[name])


@pytest.mark.parametrize("name", people.STUDENTS)
def test_a_correction_arrives_and_answers_and_outputs_stay(name, worked, corrected, students):
    before, now = worked[name][0], students[name].read(FILE)
    assert [cell.id for cell in now.cells] == [cell.id for cell in before.cells]
    for old, new in zip(before.cells, now.cells, strict=True):
        assert new.get("outputs") == old.get("outputs"), old.id
        assert new.source == (f"{old.source}\n\n{CORRECTED}" if old.id == corrected else old.source)


def test_root_collects_every_home(collected, users):
    said, handed_in = collected
    assert f"3 files of {CHAPTER} copied" in said and f"no such file in: '{people.TEACHER}'" in said
    found = {path.parent.name: path for path in handed_in.rglob("*.ipynb")}
    assert found.keys() == set(people.STUDENTS)
    for name, path in found.items():
        assert path.read_bytes() == (users[name].home / FILE).read_bytes()


def test_every_point_is_at_the_right_student(grades):
    with open(grades / "grades.csv", encoding="utf-8-sig", newline="") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    assert {name: float(row["points"]) for name, row in rows.items()} == EARNED
    for name, row in rows.items():
        assert not row["needs a person"] and row["name"] == f"Student {name[7:]}"
        assert {e: float(row[e]) for e in NAMES} == {e: POINTS[e] * (e in RIGHT[name]) for e in NAMES}


@pytest.mark.parametrize("name", people.STUDENTS)
def test_feedback_reaches_its_student_and_nobody_else(name, returned, students, users):
    assert returned[name].stat().st_uid == users[name].uid
    address = f"user/{name}/files/feedback-02.html"
    page = students[name].ask(address)
    assert f"Feedback for Student {name[7:]}" in page.text
    assert f"{EARNED[name]:g} of {sum(POINTS.values()):g} points" in page.text
    for other in set(people.STUDENTS) - {name}:
        assert students[other].ask(address).status_code in (403, 404)
        assert not (found := users[other].run("cat", returned[name])).stdout and found.returncode


def test_a_culled_server_leaves_the_file_as_it_was_saved(corrected, hub, students, users, pull):
    name = people.STUDENTS[0]
    saved = (users[name].home / FILE).read_bytes()
    assert students[name].api("GET", "kernels")
    hub.cull(name)
    assert (users[name].home / FILE).read_bytes() == saved
    assert students[name].follow(pull) == f"lab/tree/{FILE}"
    assert not students[name].api("GET", "kernels")
    assert (users[name].home / FILE).read_bytes() == saved
