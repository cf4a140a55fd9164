"""The command: its words, its exit status, resuming; the same scores whatever stops it or shares its work."""

from __future__ import annotations

import csv
import dataclasses
import json
import os
import random
import re
import runpy
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
import torch
from corpus import FULL, GOOD, POINTS, WRONG, answer, dump, notebook

from course_utils import exercises
from course_utils.exercises import _try, _weights
from course_utils.grade import cli, engine, grading, options, records, selfcheck

ROOT = Path(__file__).parents[2]
OWN = ROOT / "tests" / "grading" / "own"
LOOP = dump(notebook([answer("relu_backward", "def relu_backward(*a):\n    while True:\n        pass")]))
HALF = dump(notebook([answer("linear_backward", WRONG["linear_backward"]), answer("relu_backward")]))


def course_grade(*args, temporary: Path | None = None):
    """Start the command in a session of its own, its output in a file, its temporary files where wanted."""
    command = [sys.executable, "-m", "course_utils.grade.cli", *map(str, args)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONFAULTHANDLER": "1"}
    if temporary:
        environment["TMPDIR"] = str(temporary)
    output = tempfile.TemporaryFile("w+")  # noqa: SIM115 (closed with the process)
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        env=environment,
        start_new_session=True,
    )
    process.output = output
    return process


def finish(process, seconds: float = 240) -> str:
    """What a command printed; where it hangs, it is stopped and the test says in which line."""
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGABRT)
        process.wait()
        process.output.seek(0)
        pytest.fail(f"still running after {seconds} s:\n{process.output.read()}")
    process.output.seek(0)
    return process.output.read()


@pytest.fixture
def class_of_three(tmp_path):
    folder = tmp_path / "in"
    for student, data in (("anders", GOOD), ("bea", HALF), ("carl", GOOD[:-30])):
        (folder / student).mkdir(parents=True)
        (folder / student / "hw.ipynb").write_bytes(data)
    return folder


def scores(out: Path) -> dict:
    """{file: result} of the records, without what depends on the machine."""
    found = {}
    for path in (out / "records").glob("*.json"):
        one = json.loads(path.read_text())
        person = one["result"]["needs_person"]  # whether an endless loop ran on a busy machine is chance
        found[one["file"]] = (
            json.dumps(one["result"]["exercises"], sort_keys=True)
            + ("" if grading.BUSY in person else person)
            + one["result"]["nothing"]
        )
    return found


def test_grades_a_class(class_of_three, tmp_path, capsys):
    out = tmp_path / "out"
    assert cli.main([str(class_of_three), "--out", str(out), "--workers", "1"]) == cli.NEEDS_PERSON
    assert "3 files: 2 graded, 0 hold nothing to grade, 1 need a person" in capsys.readouterr().out
    with open(out / "grades.csv", newline="", encoding="utf-8-sig") as file:
        rows = {(row["student"], row["points"]) for row in csv.DictReader(file)}
    assert rows == {("anders", f"{sum(FULL.values())}"), ("bea", "1"), ("carl", "")}
    assert len(list((out / "feedback").glob("*.html"))) == len(list((out / "gradescope").glob("*.json"))) == 3
    assert (out / "canvas" / "02_backpropagation.csv").exists() and not list((out / "moodle").iterdir())
    records = {p: p.stat().st_mtime_ns for p in (out / "records").iterdir()}
    assert cli.main([str(class_of_three), "--out", str(out), "--workers", "1"]) == cli.NEEDS_PERSON
    assert {p: p.stat().st_mtime_ns for p in (out / "records").iterdir()} == records  # kept, not made again
    (class_of_three / "carl" / "hw.ipynb").write_bytes(GOOD)
    assert cli.main([str(class_of_three), "--out", str(out), "--workers", "1"]) == cli.DONE
    changed = [p for p, t in records.items() if p.stat().st_mtime_ns != t]
    assert len(changed) == 1 and json.loads(changed[0].read_text())["student"] == "carl"


def test_a_second_run_reads_anew_who_handed_in_and_keeps_the_scores(tmp_path):
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    file = folder / "77-anders-2.txt"
    file.write_text("no notebook")
    os.utime(file, (1e9, 1e9))
    command = [str(folder), "--out", str(out), "--workers", "1"]
    assert cli.main(command) == cli.DONE
    (path,) = (out / "records").iterdir()
    before = json.loads(path.read_text())
    os.utime(file, (1 << 62, 1 << 62))  # such a time can come out of an archive; the earlier one counts
    assert cli.main([*command, "--ids", r"(?P<student>\d+)-(?P<name>\w+)-(?P<attempt>\d)"]) == cli.DONE
    after = json.loads(path.read_text())
    assert (before["student"], before["attempt"]) == ("77-anders-2", 1)
    assert (after["student"], after["name"], after["attempt"]) == ("77", "anders", 2)
    assert after["result"] == before["result"] and after["submitted"] == before["submitted"]


def test_a_record_is_made_again_where_it_would_be_another(tmp_path):
    own = tmp_path / "own"
    own.mkdir()
    (own / "a.py").write_text("x = 1")
    spec = grading.Spec(b"a secret seed", exercises=str(own))
    stamps = {records.stamp(b"data", spec, "bubblewrap")}
    for change in ({"seed": b"another seed"}, {"patience": 2.0}, {"chapter": "x"}, {"exercises": None}):
        stamps.add(records.stamp(b"data", dataclasses.replace(spec, **change), "bubblewrap"))
    stamps |= {records.stamp(b"dato", spec, "bubblewrap"), records.stamp(b"data", spec, "landlock")}
    (own / "a.py").write_text("x = 2")
    records.version.cache_clear()
    stamps.add(records.stamp(b"data", spec, "bubblewrap"))
    assert len(stamps) == 8


def test_sweeping_removes_only_what_the_grader_left(tmp_path):
    kept = [tmp_path / ".notes.part", tmp_path / "deep" / ".x.json.12.part", tmp_path / "records" / "x.json"]
    gone = [tmp_path / ".grades.csv.12.part", tmp_path / "records" / ".ab12.json.7.part"]
    for path in (*kept, *gone):
        path.parent.mkdir(exist_ok=True)
        path.write_text("x")
    records.sweep(tmp_path)
    assert all(path.exists() for path in kept) and not any(path.exists() for path in gone)


def test_feedback_tells_nothing_about_hidden_inputs(tmp_path):
    spy = "def relu_backward(x, dy):\n    raise type(f'E{x.tolist()}', (Exception,), {})(str(dy.tolist()))"
    (tmp_path / "spy.ipynb").write_bytes(dump(notebook([answer("relu_backward", spy)])))
    assert (
        cli.main([str(tmp_path / "spy.ipynb"), "--out", str(tmp_path / "out"), "--workers", "1"]) == cli.DONE
    )
    for folder in ("feedback", "gradescope"):
        (page,) = (tmp_path / "out" / folder).iterdir()
        assert "0.5" not in page.read_text() and "stops with an error" in page.read_text()


@pytest.mark.parametrize(
    "args, words",
    [
        ([], "say which SUBMISSIONS"),
        (["/nowhere/at/all", "--out", "x"], "there is no /nowhere/at/all"),
        (["."], "say where the grades go"),
        ([".", "--out", "./inside"], "must not lie inside"),
        ([".", "--out", "/tmp/x", "--chapter", "99"], "there is no chapter '99'"),
        ([".", "--out", "/tmp/x", "--ids", "("], "no regular expression"),
        ([".", "--out", "/tmp/x", "--ids", "x"], "named group"),
        ([".", "--out", "/tmp/x", "--formats", "blackboard"], "not blackboard"),
        ([".", "--out", "/tmp/x", "--workers", "0"], "--workers must be"),
        ([".", "--out", "/tmp/x", "--patience", "0"], "--patience must be"),
        ([".", "--out", "/tmp/x", "--patience", "nan"], "--patience must be"),
        ([".", "--out", "/tmp/x", "--late", "-10"], "--late must be"),
        ([".", "--out", "/tmp/x", "--exercises", "/nowhere"], "there is no folder /nowhere"),
        ([".", "--out", "/usr/share/grades"], "which every sandbox can read"),
        ([".", "--out", "/tmp/x", "--seed-file", f"{sys.prefix}/seed"], "which every sandbox can read"),
    ],
)
def test_errors_in_one_sentence(args, words, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert cli.main(args) == cli.USAGE
    error = capsys.readouterr().err
    assert words in error and error.count("\n") == 1 and "Traceback" not in error


def test_stopped_by_hand(tmp_path, capsys, monkeypatch):
    def stop(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "grade_all", stop)
    assert cli.main([str(OWN), "--out", str(tmp_path / "out"), "--workers", "1"]) == cli.STOPPED
    assert "start the same command again" in capsys.readouterr().err


def test_without_dask_it_says_so(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(options.importlib.util, "find_spec", lambda name: None)
    assert cli.main([".", "--out", str(tmp_path / "x"), "--workers", "2"]) == cli.USAGE
    assert "--workers 1" in capsys.readouterr().err


def test_help_explains_the_exit_status(capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(["--help"])
    assert stop.value.code == 0
    text = capsys.readouterr().out
    assert "exit status:" in text and "--no-sandbox" in text and max(map(len, text.splitlines())) <= 120


def test_records_say_when_nothing_was_isolated(box, monkeypatch, tmp_path):
    from course_utils.grade.sandbox import backends

    result = grading.grade(GOOD, grading.Spec(b"a secret seed"), backends.Nothing(), box[1])
    assert result["backend"] == "none (--no-sandbox)"
    assert {n: e["earned"] for n, e in result["exercises"].items() if e["earned"]} == FULL


def test_all_references_score_full_and_all_stubs_zero(box):
    """In every chapter of the book, and in a teacher's own exercises."""
    exercises.also(OWN)
    spec = grading.Spec(b"a secret seed", str(ROOT / "book"), exercises=str(OWN))
    assert selfcheck.complaints(spec, *box, [ROOT / "tests" / "solutions", OWN / "solutions"]) == []


def test_check_refuses_a_course_that_is_not_in_order(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(
        selfcheck, "complaints", lambda *args: ["relu_backward: the stub scores 1 instead of 0"]
    )
    (tmp_path / "a.ipynb").write_bytes(GOOD)
    assert (
        cli.main([str(tmp_path / "a.ipynb"), "--out", str(tmp_path / "out"), "--check"]) == cli.COURSE_WRONG
    )
    assert "the stub scores 1" in capsys.readouterr().err
    assert not (tmp_path / "out" / "records").exists()


@pytest.mark.slow
def test_selfcheck_sees_a_wrong_reference(box, tmp_path):
    (tmp_path / "02_backpropagation.py").write_text(
        "\n".join(WRONG[n] for n in POINTS if n != "train_spirals")
    )
    spec = grading.Spec(b"a secret seed", None, "02_backpropagation")
    wrong = selfcheck.complaints(spec, *box, [tmp_path])
    assert len(wrong) == 4 and all("the reference scores 0" in w for w in wrong)


def test_other_seed_other_inputs():
    one, two = (
        [c.inputs for c in grading.hidden_cases(grading.Spec(s), "relu_backward")[1]] for s in (b"a", b"b")
    )
    assert str(one) != str(two)


@pytest.mark.slow
def test_two_workers_give_the_same_scores_as_one(class_of_three, tmp_path):
    (class_of_three / "dora.ipynb").write_bytes(LOOP)
    outs = []
    for workers in (1, 2, 4):
        out = tmp_path / f"out{workers}"
        out.mkdir()
        (out / "secret-seed.txt").write_text("the same secret")
        process = course_grade(class_of_three, "--out", out, "--workers", workers, "--patience", 0.5)
        printed = finish(process)
        assert process.returncode == cli.NEEDS_PERSON, printed
        outs.append(scores(out))
    assert outs[0] == outs[1] == outs[2] and len(outs[0]) == 4


@pytest.mark.slow
def test_over_a_running_scheduler(class_of_three, tmp_path):
    from dask.distributed import LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, memory_limit=0) as cluster:
        process = course_grade(
            class_of_three, "--out", tmp_path / "out", "--scheduler", cluster.scheduler_address
        )
        output = finish(process)
    assert process.returncode == cli.NEEDS_PERSON, output
    assert "2 graded, 0 hold nothing to grade, 1 need a person" in output


def family(temporary: Path) -> list[int]:
    """Processes of a run: their command line or environment names its temporary folder, where the kit of each
    sandbox lies.
    """
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            line = Path("/proc", pid, "cmdline").read_bytes() + Path("/proc", pid, "environ").read_bytes()
        except OSError:
            continue
        if os.fsencode(temporary) in line:
            found.append(int(pid))
    return found


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("workers", [1, 2])
def test_killed_at_any_moment_nothing_is_lost(workers, tmp_path):
    """SIGKILL at 10 random moments each; then all records, as in an undisturbed run."""
    folder = tmp_path / "in"
    folder.mkdir()
    for i in range(30):
        (folder / f"s{i:02d}.ipynb").write_bytes((GOOD, HALF, GOOD[:-30])[i % 3])
    calm, out, temporary = tmp_path / "calm", tmp_path / "out", tmp_path / "temporary"
    temporary.mkdir()
    for path in (calm, out):
        path.mkdir()
        (path / "secret-seed.txt").write_text("the same secret")
    process = course_grade(folder, "--out", calm, "--workers", 2)
    finish(process, 800)
    dice, seen = random.Random(workers), 0
    for _ in range(10):
        process = course_grade(folder, "--out", out, "--workers", workers, temporary=temporary)
        try:
            process.wait(timeout=dice.uniform(1.5, 12))
        except subprocess.TimeoutExpired:
            seen += bool(set(family(temporary)) - {process.pid})
            os.kill(process.pid, signal.SIGKILL)
        process.wait()
        end = time.monotonic() + 60
        while family(temporary) and time.monotonic() < end:
            time.sleep(0.1)
        assert not family(temporary)
        for path in (out / "records").glob("*.json"):
            json.loads(path.read_text())
    process = course_grade(folder, "--out", out, "--workers", workers, temporary=temporary)
    finish(process, 800)
    assert process.returncode == cli.NEEDS_PERSON
    assert seen, "no kill met a worker or a sandbox at work"
    assert not list(temporary.glob("course-grade-*")), "folders of killed graders are swept"
    assert scores(out) == scores(calm) and len(scores(out)) == 30
    assert not list(out.glob("**/.*.part"))


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_training_exercises_pass_on_every_seed_with_room_to_spare():
    """Those graded by weights, of the book and of the tests: 50 seeds, and 50 untrained networks."""
    exercises.also(OWN)
    torch.set_num_threads(1)
    trained = [e for found in exercises.chapters().values() for e in found if hasattr(e.verify, "at_least")]
    assert "train_spirals" in [e.name for e in trained]
    for exercise in trained:
        folder = OWN / "solutions" if exercise.name == "train_spirals" else ROOT / "tests" / "solutions"
        answer_ = runpy.run_path(str(folder / f"{exercise.chapter}.py"))[exercise.name]
        verify = exercise.verify
        for seed in range(50):
            torch.manual_seed(seed)
            cases = exercise.cases([seed])
            for case, run in zip(cases, _try.attempt(exercise, answer_, cases), strict=True):
                model = verify.build()
                assert verify(case, dict(model.state_dict())) is not None, (exercise.name, seed, "untrained")
                assert _weights.load(model, run.got) is None
                assert _weights.share(model, case) >= verify.at_least + 0.03, (exercise.name, seed)


@pytest.mark.slow
def test_an_honest_submission_costs_one_sandbox(box):
    assert grading.grade(GOOD, grading.Spec(b"a secret seed"), *box)["cost"]["children"] == 1
    assert engine.cores() >= 1


def test_the_pages_name_only_options_that_exist():
    known = {word for action in options.parser("")._actions for word in action.option_strings}
    for page in ("teachers.md", "hub.md"):
        text = (ROOT / "book" / "appendix" / page).read_text(encoding="utf-8")
        commands = [*re.findall(r"course-grade [^`]*", text), *re.findall(r"`--[a-z-]+", text)]
        words = {
            word for command in commands for word in re.findall(r"(?<![\w-])--[a-z]+(?:-[a-z]+)*", command)
        }
        assert words and not words - known - {"--extra-index-url"}, page
