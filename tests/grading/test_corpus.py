"""Every class of attack, and honest submissions that are awkward: nobody gets more or less than deserved."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from corpus import CASES, FULL, GOOD

from course_utils.grade import engine, grading, reading, sandbox

ROOT = Path(__file__).parents[2]
DAMAGED = {  # breakers that a person has to look at: they may have been work that was hurt on its way
    "cut_off_in_the_middle",
    "zip_cut_off",
    "zip_with_a_wrong_sum",
    "zip_that_asks_for_four_gigabytes",
    "zip_of_wide_letters",
    "too_many_cells",
    "too_much_source",
    "four_gigabytes_of_nothing",
    "missing_package",
}
FAST = [case for case in CASES if case.fast]


def earned(result) -> dict:
    """{exercise: points} of a result, without zeros."""
    return {name: one["earned"] for name, one in result["exercises"].items() if one["earned"]}


@pytest.mark.parametrize("case", FAST, ids=[f"{c.group}-{c.name}" for c in FAST])
def test_gets_what_it_deserves(case, box, spec, tmp_path):
    if case.group == "breaker" and not case.deserved:
        spec = dataclasses.replace(spec, patience=0.15)
    try:
        result = grading.grade(reading.read(os.fsencode(case.write(tmp_path))), spec, *box)
    except reading.Unreadable as error:
        result = engine.failed(str(error), error.person)
    assert earned(result) == case.deserved, (result["detail"], result["needs_person"], result["log"])
    if case.group in ("honest", "cheat", "person"):
        assert bool(result["needs_person"]) == (case.group == "person"), result["needs_person"]
    for word in ("LEAK", "NETWORK", "OPEN", "REACHED", "WROTE"):
        assert word not in result["log"]


@pytest.mark.slow
@pytest.mark.parametrize("case", FAST, ids=[f"{c.group}-{c.name}" for c in FAST])
def test_gets_what_it_deserves_without_namespaces(case, spec, tmp_path):
    """The same in the second means of isolation."""
    if sandbox.BACKENDS["landlock"].missing():
        pytest.skip(sandbox.BACKENDS["landlock"].missing())
    test_gets_what_it_deserves(case, engine.ready("landlock"), spec, tmp_path)


def test_there_are_enough_of_each_class():
    groups = [case.group for case in CASES]
    assert len(CASES) >= 60
    assert groups.count("honest") >= 23 and groups.count("cheat") >= 40 and groups.count("breaker") >= 45
    assert len({case.name for case in CASES}) == len(CASES)


def fingerprint(folder: Path) -> str:
    """A hash of all names, sizes, modes and bytes below a folder, without caches."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if "__pycache__" in path.parts or path.is_dir():
            continue
        name = f"{path.relative_to(folder)} {path.lstat().st_mode}"
        digest.update(name.encode("utf-8", "surrogateescape"))
        digest.update(path.read_bytes())
    return digest.hexdigest()


def peak(pid: int) -> int:
    """Largest resident memory of a process so far, in bytes."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")), 0)


@pytest.mark.slow
@pytest.mark.timeout(5400)
def test_all_in_one_unattended_run(tmp_path, box):
    """Every case, an honest canary after each tenth: nothing stops it, nothing is lost or touched."""
    handed_in, out, home = tmp_path / "in", tmp_path / "out", tmp_path / "home"
    handed_in.mkdir()
    home.mkdir()
    (home / "diary.txt").write_text("private")
    deserved = {}
    for i, case in enumerate(CASES):
        folder = handed_in / f"{i:03d}"
        folder.mkdir()
        case.write(folder)
        deserved[f"{i:03d}"] = case
        if i % 10 == 9:
            canary = handed_in / f"{i:03d}-canary"
            canary.mkdir()
            (canary / "hw.ipynb").write_bytes(GOOD)
    watched = [ROOT / "course_utils", ROOT / "book", ROOT / "tests" / "grading", home]
    before = [fingerprint(folder) for folder in watched]
    temporary = set(os.listdir("/tmp"))
    command = [
        sys.executable,
        "-m",
        "course_utils.grade.cli",
        str(handed_in),
        "--out",
        str(out),
        "--workers",
        "1",
    ]
    command += [
        "--exercises",
        str(ROOT / "tests" / "grading" / "own"),
        "--patience",
        "0.4",
        "--sandbox",
        box[0].name,
    ]
    with socket.create_server(("127.0.0.1", 0)) as server, open(tmp_path / "log", "wb") as log:
        server.settimeout(0)
        environment = {
            **os.environ,
            "HOME": str(home),
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment, cwd=tmp_path)
        memory = 0
        while process.poll() is None:
            memory = max(memory, peak(process.pid))
            time.sleep(0.2)
        with pytest.raises(BlockingIOError):
            server.accept()
    printed = (tmp_path / "log").read_text()
    assert process.returncode == 1, printed  # some need a person: exit by count
    assert "Traceback" not in printed and "\x1b[2J" not in printed
    assert memory < 400 << 20, f"the grader took {memory >> 20} MB"
    assert [fingerprint(folder) for folder in watched] == before
    assert not {
        n for n in set(os.listdir("/tmp")) - temporary if "owned" in n or n.startswith("course-grade")
    }

    records = [json.loads(p.read_text()) for p in (out / "records").glob("*.json")]
    assert len(records) == len(CASES) + len(CASES) // 10
    flagged, wrong = [], []
    for record in records:
        number, result = record["student"], record["result"]
        case = deserved.get(number)
        due = case.deserved if case else FULL
        if earned(result) != due:
            wrong.append((case.name if case else "canary", earned(result), due, result["detail"]))
        # Other programs on the machine may make an attack run out of time sooner: a person is asked then.
        if result["needs_person"] and not result["needs_person"].endswith(grading.BUSY):
            flagged.append(case.name)
    assert not wrong
    assert set(flagged) == {case.name for case in CASES if case.group == "person"} | DAMAGED
    for file in out.rglob("*"):
        if file.suffix in (".csv", ".html", ".json") and file.parent.name != "records":
            text = file.read_text(encoding="utf-8")
            assert "<img" not in text and "<script" not in text and "\x1b" not in text
            formulas = [line for line in text.splitlines() if line.startswith(("=", "+", "-", "@"))]
            assert file.suffix != ".csv" or not formulas, formulas
