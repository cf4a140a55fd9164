"""Other graders and runners, the real ones where a package has them: nbgrader, otter-grader, okpy; a machine
like Gradescope's and a workflow like GitHub's by their documentation.
"""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import beside
import classroom
import pretend
import pytest
from corpus import FULL, GOOD, RIGHT, WRONG, answer, dump, notebook
from pretend import CHAPTER, put, work

from course_utils import exercises
from course_utils.grade import cli

ROOT = Path(__file__).parents[2]
NAMES = [exercise.name for exercise in exercises.chapters()[CHAPTER]]


@pytest.fixture(scope="session")
def bridge():
    """``bridge(name)``: the folder of the commands of a package, in an environment of its own under
    ``_build``, since their requirements contradict each other; it also sees this environment's packages.
    """

    def make(name: str) -> Path:
        wanted = Path(__file__).parent / "bridges" / f"{name}.txt"
        try:
            return beside.make(ROOT / "_build" / "bridges" / name, wanted)
        except RuntimeError:
            pytest.skip(f"{name} could not be installed; is there a network?")

    return make


def run(bin_: Path, *args, cwd: Path, **environment) -> subprocess.CompletedProcess:
    env = {
        **os.environ,
        "PATH": f"{bin_}{os.pathsep}{os.environ['PATH']}",
        "OMP_NUM_THREADS": "1",
        **environment,
    }
    done = subprocess.run([str(a) for a in args], cwd=cwd, env=env, capture_output=True, text=True)
    done.said = done.stdout + done.stderr
    return done


def small_book(folder: Path) -> Path:
    """The chapter with its imports and exercises only."""
    whole = json.loads((ROOT / "book" / f"{CHAPTER}.ipynb").read_text(encoding="utf-8"))
    first = {"cell_type": "code", "id": "first", "metadata": {}, "execution_count": None, "outputs": [],
             "source": "import torch\nfrom course_utils import check"}  # fmt: skip
    cells = [first, *(c for c in whole["cells"] if "nbgrader" in c["metadata"])]
    return put(folder / f"{CHAPTER}.ipynb", json.dumps({**whole, "cells": cells}).encode()).parent


def answered(release: Path, right: list[str], wrong: list[str]) -> bytes:
    """A released notebook with answers in it, as students write them: the check stays below."""
    book = json.loads(release.read_text(encoding="utf-8"))
    for cell in book["cells"]:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id")
        if name in right or name in wrong:
            cell["source"] = f"{(RIGHT if name in right else WRONG)[name]}\n\ncheck.{name}({name})"
    return json.dumps(book).encode()


def pretended(*args) -> list[str]:
    """A command that grades with the pretended grader, in another Python."""
    program = (
        f"import sys; sys.path[:0] = [{str(Path(__file__).parent)!r}]; import pretend, pytest; "
        "pretend.install(pytest.MonkeyPatch()); from course_utils.grade import cli; "
        "sys.exit(cli.main(sys.argv[1:]))"
    )
    return ["python", "-c", program, *map(str, args)]


MARKS = """
import json, sys
from nbgrader.api import Gradebook
with Gradebook("sqlite:///gradebook.db") as book:
    found = book.assignment_submissions(sys.argv[1])
    print(json.dumps({s.student.id: [s.score, s.max_score, s.needs_manual_grade] for s in found}))
"""
ADD = """
import sys
from nbgrader.api import Gradebook
with Gradebook("sqlite:///gradebook.db") as book:
    for student in sys.argv[1:]:
        book.update_or_create_student(student)
    book.db.commit()
"""


def marks(bin_: Path, course: Path) -> dict:
    done = run(bin_, "python", "-c", MARKS, CHAPTER, cwd=course)
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_nbgrader(bridge, tmp_path):
    """Release, validate, autograde, and the points of a class of thirty into its gradebook."""
    bin_, course = bridge("nbgrader"), tmp_path / "course"
    command = ["--nbgrader-source", course, "--book", small_book(tmp_path / "book"), "--chapter", CHAPTER]
    assert cli.main([*map(str, command)]) == cli.DONE
    done = run(bin_, "nbgrader", "generate_assignment", CHAPTER, cwd=course)
    release = course / "release" / CHAPTER / f"{CHAPTER}.ipynb"
    assert done.returncode == 0, done.said
    stubs = {c["metadata"]["nbgrader"]["grade_id"]: "".join(c["source"])
             for c in json.loads(release.read_text())["cells"] if "nbgrader" in c["metadata"]}  # fmt: skip
    for name in NAMES:
        text = stubs[name]
        assert f"def {name}(" in text and '"""' in text and "...  # your code" in text
        assert text.endswith(f"check.{name}({name})")
    done = run(bin_, "nbgrader", "validate", release, cwd=course)
    assert "Success" not in done.said and done.said.count("AssertionError") >= len(NAMES)

    half = answered(release, NAMES[:2], NAMES[2:])
    for student, data in (
        ("full", answered(release, NAMES, [])),
        ("half", half),
        ("none", release.read_bytes()),
    ):
        put(course / "submitted" / student / CHAPTER / f"{CHAPTER}.ipynb", data)
    done = run(
        bin_, "nbgrader", "validate", course / "submitted/full" / CHAPTER / f"{CHAPTER}.ipynb", cwd=course
    )
    assert "Success" in done.said, done.said
    done = run(bin_, "nbgrader", "autograde", CHAPTER, "--create", cwd=course)
    assert done.returncode == 0, done.said
    points = {e.name: e.points for e in exercises.chapters()[CHAPTER]}
    expected = {
        "full": [9, 9, False],
        "half": [sum(points[n] for n in NAMES[:2]), 9, False],
        "none": [0, 9, False],
    }
    assert marks(bin_, course) == expected

    shutil.rmtree(course / "submitted")
    people = classroom.students()
    classroom.nbgrader_export(people, course)
    known = [person.login for person in people if person.login != "u003"]
    done = run(bin_, "python", "-c", ADD, *known, cwd=course)
    assert done.returncode == 0, done.said
    command = [course / "submitted", "--out", tmp_path / "out", "--workers", "1", "--chapter", CHAPTER]
    done = run(bin_, *pretended(*command, "--nbgrader", course / "gradebook.db"), cwd=ROOT)
    assert "u003" in done.said and "was not entered" in done.said  # nobody the gradebook knows
    found = marks(bin_, course)
    handed_in = {p.login: [p.points[CHAPTER], 9, False] for p in people if p.points and p.login != "u003"}
    assert {student: mark for student, mark in found.items() if student in handed_in} == handed_in
    assert set(found) == {*handed_in, *expected}


def test_nbgrader_is_asked_for(tmp_path, capsys):
    put(tmp_path / "a.ipynb")
    put(tmp_path / "gradebook.db", b"")
    command = [
        str(tmp_path / "a.ipynb"),
        "--out",
        str(tmp_path / "o"),
        "--nbgrader",
        str(tmp_path / "gradebook.db"),
    ]
    assert cli.main([*command, "--workers", "1"]) == cli.USAGE
    assert "pip install nbgrader" in capsys.readouterr().err


OTTER_CLASS = """
import json, sys
import otter, torch
grader, scores = otter.Notebook(tests_dir=sys.argv[1]), {}
for student, answers in json.load(open("class.json")).items():
    space = {"torch": torch}
    for source in answers.values():
        exec(source, space)
    scores[student] = sum(grader.check(name, global_env=space).score for name in answers)
print(json.dumps(scores))
"""


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_otter(bridge, tmp_path):
    """Three notebooks through its command, and a class of thirty through the function behind it."""
    bin_ = bridge("otter")
    assert cli.main(["--otter", str(tmp_path / "tests"), "--chapter", CHAPTER]) == cli.DONE
    for right in (NAMES, NAMES[:2], []):
        cells = [answer(name, RIGHT[name] if name in right else WRONG[name]) for name in NAMES]
        put(tmp_path / "a.ipynb", dump(notebook(cells)))
        done = run(bin_, "otter", "check", "a.ipynb", "-t", tmp_path / "tests" / CHAPTER, cwd=tmp_path)
        assert done.returncode == 0, done.said
        assert ("All tests passed!" in done.said) == (right == NAMES)
        passed = {name for name in NAMES if re.search(rf"{name} results: All test cases passed!", done.said)}
        assert right == NAMES or passed == set(right), done.said

    people = classroom.students()
    sources = {p.login: [NAMES, NAMES[:1], NAMES[-1:], []][p.index % 4] for p in people[:-1]}
    put(tmp_path / "class.json", json.dumps({
        login: {name: (RIGHT if name in right else WRONG)[name] for name in NAMES}
        for login, right in sources.items()
    }).encode())  # fmt: skip
    done = run(bin_, "python", "-c", OTTER_CLASS, tmp_path / "tests" / CHAPTER, cwd=tmp_path)
    points = {e.name: e.points for e in exercises.chapters()[CHAPTER]}
    expected = {login: sum(points[name] for name in right) for login, right in sources.items()}
    assert json.loads(done.stdout.splitlines()[-1]) == expected, done.said


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_okpy(bridge, tmp_path):
    bin_ = bridge("okpy")
    assert cli.main(["--okpy", str(tmp_path), "--chapter", CHAPTER]) == cli.DONE
    folder = tmp_path / CHAPTER
    code = [RIGHT[name] if name != "relu_backward" else WRONG[name] for name in NAMES]
    put(folder / "answers.py", "\n\n".join(["import torch", *code]).encode())
    done = run(
        bin_, "python", bin_ / "ok", "--local", "--score", "--timeout", "300", cwd=folder, PYTHONPATH="."
    )
    assert done.returncode == 0, done.said
    for exercise in exercises.chapters()[CHAPTER]:
        points = 0 if exercise.name == "relu_backward" else exercise.points
        assert re.search(rf"{exercise.name}: {points}\.?0?/{exercise.points}", done.said), done.said


@pytest.fixture
def gradescope_machine(tmp_path):
    """``machine(files)``: run_autograder of our archive in a folder like Gradescope's, with this Python."""
    place, archive = tmp_path / "autograder", tmp_path / "autograder.zip"
    assert cli.main(["--gradescope-autograder", str(archive), "--chapter", CHAPTER]) == cli.DONE
    with zipfile.ZipFile(archive) as file:
        for entry in file.infolist():
            path = Path(file.extract(entry, place / "source"))
            path.chmod(entry.external_attr >> 16)
        names = file.namelist()
    assert not [n for n in names if "solutions" in n or "__pycache__" in n]
    assert subprocess.run(["bash", "-n", place / "source" / "setup.sh"]).returncode == 0
    python = put(place / "venv" / "bin" / "python", f'#!/bin/sh\nexec {sys.executable} "$@"\n'.encode())
    python.chmod(0o755)

    def machine(files: dict[str, bytes]):
        shutil.rmtree(place / "submission", ignore_errors=True)
        shutil.rmtree(place / "results", ignore_errors=True)
        for name, data in files.items():
            put(place / "submission" / name, data)
        environment = {**os.environ, "AUTOGRADER": str(place)}
        done = subprocess.run(
            place / "source" / "run_autograder", env=environment, capture_output=True, text=True
        )
        results = place / "results" / "results.json"
        return done, json.loads(results.read_text()) if results.exists() else None

    return machine


@pytest.mark.timeout(600)
def test_gradescope_autograder(gradescope_machine):
    half = dump(notebook([answer("linear_backward", WRONG["linear_backward"]), answer("relu_backward")]))
    done, result = gradescope_machine({"hw.ipynb": GOOD})
    assert done.returncode == 0, done.stderr
    assert result["score"] == sum(FULL.values())
    assert sum(test["max_score"] for test in result["tests"]) == 9
    assert {t["name"].split(":")[0] for t in result["tests"] if t["status"] == "passed"} == set(FULL)
    _, result = gradescope_machine(
        {"hw.ipynb": half, "again/hw.ipynb": half, "notes.txt": b"text"}
    )  # one student
    assert result["score"] == 1
    _, result = gradescope_machine({"hw.pdf": b"%PDF"})
    assert result["score"] == 0 and "hw.pdf" in result["output"]


def test_github_workflow(tmp_path, monkeypatch, capsys):
    pretend.install(monkeypatch)
    repository, out = tmp_path / "repository", tmp_path / "out"
    put(repository / "README.md", b"# Homework")
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "output"))
    command = [
        str(repository),
        "--out",
        str(out),
        "--workers",
        "1",
        "--github-results",
        str(tmp_path / "r.json"),
    ]
    for data, status, earned in (
        (work(4), cli.NEEDS_PERSON, 4),
        (b"text", cli.NEEDS_PERSON, 0),
        (work(9), cli.DONE, 9),
    ):
        put(repository / "hw.ipynb", data)
        assert cli.main([*command, "--chapter", CHAPTER]) == status
        found = json.loads((tmp_path / "r.json").read_text())
        assert sum(test["score"] for test in found["tests"]) == earned
        assert found["status"] == ("pass" if earned == 9 else "fail") and found["max_score"] == 9
    last = (tmp_path / "output").read_text().splitlines()[-1].removeprefix("result=")
    assert json.loads(base64.b64decode(last)) == found
