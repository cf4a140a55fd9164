"""Many files over many workers: what goes wrong with them is said, and tried again."""

from __future__ import annotations

import threading
import time

import pytest
from corpus import FULL, GOOD, answer, dump, notebook

from course_utils.grade import cli, engine, grading, records
from course_utils.grade.sandbox import NoSandbox

SPEC = grading.Spec(b"a secret seed")
LOOP = dump(notebook([answer("relu_backward", "def relu_backward(*a):\n    while True:\n        pass")]))


def earned(result):
    return {n: e["earned"] for n, e in result["exercises"].items() if e["earned"]}


@pytest.fixture
def graded_by(monkeypatch):
    """Grades files by a function in place of the grader."""

    def by(grade):
        monkeypatch.setattr(engine, "ready", lambda *args: (None, None))
        monkeypatch.setattr(grading, "grade", grade)

    return by


@pytest.fixture
def cluster():
    """Makes Dask clusters whose workers are threads of this process; none has a worker at first."""
    from dask.distributed import LocalCluster

    made = []

    def make(**more):
        made.append(LocalCluster(processes=False, dashboard_address=None, silence_logs=50, **more))
        return made[-1]

    yield make
    for one in made:
        one.close()


def over(cluster, files):
    return dict(engine.over_dask(enumerate(files), SPEC, "auto", False, 1, cluster.scheduler_address))


def test_workers_are_filled_by_their_threads(cluster, graded_by):
    running, most, lock = [0], [0], threading.Lock()

    def grade(*args):
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        time.sleep(0.1)
        with lock:
            running[0] -= 1
        return engine.failed("not tried")

    graded_by(grade)
    assert len(over(cluster(n_workers=1, threads_per_worker=6), [b""] * 24)) == 24
    assert most[0] == 6


def test_workers_that_come_later_are_used(cluster, graded_by):
    used, here = set(), cluster(n_workers=1, threads_per_worker=1)

    def grade(*args):
        from dask.distributed import get_worker

        used.add(get_worker().address)
        if len(used) == 1:
            here.scale(2)
        time.sleep(0.05)
        return engine.failed("not tried")

    graded_by(grade)
    files = iter([b""] * 2000)
    over(here, (next(files) for _ in iter(lambda: len(used) < 2, False)))
    assert len(used) == 2


def test_threads_of_one_worker_grade_side_by_side(cluster):
    results = over(cluster(n_workers=1, threads_per_worker=3), [GOOD] * 6)
    assert [earned(results[i]) for i in range(6)] == [FULL] * 6


def test_no_workers_is_said_and_waited_for(cluster, monkeypatch, capsys):
    monkeypatch.setattr(engine, "WAIT", 2)
    here = cluster(n_workers=0)
    with pytest.raises(ValueError, match=f"{here.scheduler_address} still has no workers; start some"):
        over(here, [GOOD])
    assert "has no workers; waiting 2 s for the first" in capsys.readouterr().err


def test_workers_of_another_version_are_refused_by_name(cluster):
    from dask.distributed import Client

    here = cluster(n_workers=1, threads_per_worker=1)
    (where,) = here.scheduler.workers
    with Client(here.scheduler_address) as client:
        engine._compare(client, records.version(), SPEC)
        with pytest.raises(
            ValueError, match=f"another version of the course, or none, is installed at {where}"
        ):
            engine._compare(client, "another version", SPEC)


def test_a_late_worker_of_another_version_grades_nothing():
    result = engine.work(GOOD, SPEC, "auto", False, version="another")
    assert result["again"] and "has another version of the course" in result["needs_person"]


def test_the_workers_own_words_and_its_name_reach_the_teacher(cluster, monkeypatch):
    def broken(*args):
        raise NoSandbox("no sandbox works on this machine, so nothing was graded (bwrap is not installed)")

    monkeypatch.setattr(engine, "choose", broken)
    monkeypatch.setattr(engine, "_here", {})
    monkeypatch.setattr(engine.platform, "node", lambda: "lab-7")
    result = over(cluster(n_workers=1), [GOOD])[0]
    assert result["again"] and result["needs_person"].startswith("lab-7: no sandbox works on this machine")


def test_what_the_machine_did_wrong_is_tried_again(tmp_path, monkeypatch):
    (tmp_path / "a.ipynb").write_bytes(GOOD)
    command = [str(tmp_path / "a.ipynb"), "--out", str(tmp_path / "out"), "--workers", "1"]
    true = grading.run
    monkeypatch.setattr(grading, "run", lambda *a, **k: 1 / 0)
    assert cli.main(command) == cli.NEEDS_PERSON
    monkeypatch.setattr(grading, "run", true)
    assert cli.main(command) == cli.DONE


def test_what_was_out_of_time_is_tried_once_more_when_all_else_is_done(monkeypatch):
    calls = []

    def work(data, spec, wanted, no_sandbox, version="", only=()):
        calls.append((data, only))
        result = engine.failed("") | {"exercises": {"f": {"earned": 0}}, "detail": {}}
        if data == b"slow":
            result["slow"] = [] if only else ["f"]
            result["exercises"]["f"]["earned"] = 3 if only else 0
        return result

    monkeypatch.setattr(engine, "work", work)
    found = list(engine.one_by_one([("a", b"slow"), ("b", b"quick")], SPEC, "auto", False))
    assert calls == [(b"slow", ()), (b"quick", ()), (b"slow", ("f",))]
    assert [key for key, _ in found] == ["b", "a"] and found[1][1]["exercises"]["f"]["earned"] == 3


def test_a_loop_without_end_is_tried_twice_and_no_more(box):
    import dataclasses

    spec = dataclasses.replace(SPEC, patience=0.15)
    ((_, result),) = engine.one_by_one([("a", LOOP)], spec, "auto", False)
    assert result["exercises"]["relu_backward"]["status"] == "out of time" and result["cost"]["children"] == 2
