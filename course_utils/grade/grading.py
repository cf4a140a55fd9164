"""Grade one submission: bytes in, a record's result out. Pure: the same bytes and seed give the same
scores.
"""

from __future__ import annotations

import functools
import hashlib
import inspect
import json
import platform
import re
import sys
import textwrap
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from .. import exercises
from ..exercises import _judge
from . import limits, reading
from .inside import wire
from .sandbox import run

USUALLY_ABSENT = {"google", "course_utils"}  # what cells of Colab import, and parts that are kept back
BUSY = "out of time while the machine was busy"
_one_at_a_time = threading.RLock()  # exercises may seed torch, and a worker may have several threads


@dataclass(frozen=True)
class Spec:
    """What all submissions of a run have in common.

    Args:
        seed: the teacher's secret; the hidden inputs are drawn from it.
        book: folder with the chapters' notebooks, or None: their cells then count as the student's own.
        chapter: grade only this chapter, also where a submission shows none of its exercises.
        patience: factor on all times allowed.
        exercises: folder with more exercises than the course's own.
    """

    seed: bytes
    book: str | None = None
    chapter: str | None = None
    patience: float = 1.0
    exercises: str | None = None


def draws(spec: Spec, name: str) -> list[int]:
    """The seed of an exercise's hidden inputs: the same for every submission, unknown without the secret."""
    digest = hashlib.sha256(spec.seed + b"/" + name.encode()).digest()
    return [int.from_bytes(digest[i : i + 4], "big") for i in range(0, 32, 4)]


@functools.lru_cache(maxsize=64)
def hidden_cases(spec: Spec, name: str):
    """The exercise of that name and its hidden cases."""
    exercise = exercises.find(name)
    with _one_at_a_time:
        return exercise, exercise.cases(draws(spec, name))


@functools.lru_cache(maxsize=32)
def released(book: str | None, chapter: str) -> frozenset:
    """The sources of the cells of a chapter as it was handed out."""
    path = Path(book or "", f"{chapter}.ipynb")
    if not book or not path.exists():
        return frozenset()
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return frozenset("".join(c["source"]).strip() for c in cells if c["cell_type"] == "code")


def grade(data: bytes, spec: Spec, backend, kit: Path, only: tuple[str, ...] = ()) -> dict:
    """Grade the bytes of a file handed in.

    Args:
        data: the bytes.
        spec, backend, kit: with what, where.
        only: names of exercises, to try no others: those that were out of time when the machine was busy.

    Returns:
        {"exercises": {name: {"chapter", "earned", "points", "parts", "status"}},
        "needs_person": reason or "", "nothing": why there was nothing to grade or "", "notes": [sentence],
        "detail": {name: text for the teacher}, "log": text, "backend": name, "slow": [names of exercises that
        were out of time], "again": whether the grader failed, and the next run should try once more,
        "cost": {"cpu", "seconds", "children"}}. Never raises for what is in the bytes.
    """
    started = time.monotonic()
    result = {"exercises": {}, "needs_person": "", "nothing": "", "notes": [], "detail": {}, "log": ""}
    result |= {"backend": backend.name, "slow": [], "again": False}
    result["cost"] = {"cpu": 0.0, "seconds": 0.0, "children": 0}
    try:
        if spec.exercises:
            exercises.also(spec.exercises)
        tries = Counter()
        for cells in reading.notebooks(data):
            _grade_notebook(cells, spec, backend, kit, result, started, tries, only)
        if not result["exercises"]:
            result["nothing"] = "no exercise of the course was found in it"
    except reading.Unreadable as error:
        result["needs_person" if error.person else "nothing"] = str(error)
    except Exception as error:
        why = reading.ascii_line(f"{type(error).__name__}: {error}")
        result |= {"needs_person": f"the grader failed on {platform.node()}: {why}", "again": True}
    result["log"] = result["log"][: limits.LOG]
    result["cost"]["seconds"] = round(time.monotonic() - started, 2)
    result["cost"]["cpu"] = round(result["cost"]["cpu"], 2)
    return result


def merge(old: dict, new: dict) -> dict:
    """The result of a file whose slow exercises were tried once more, on a quiet machine."""
    for name in old["slow"]:
        again = new["exercises"].get(name)
        if again and again["earned"] >= old["exercises"][name]["earned"]:
            old["exercises"][name] = again
            old["detail"][name] = new["detail"].get(name, "")
    old["notes"] = [n for n in old["notes"] if not n.endswith(BUSY)]
    old["notes"] += [note for note in new["notes"] if note not in old["notes"]]
    old["needs_person"] = (
        "; ".join([why for why in old["needs_person"].split("; ") if why and not why.endswith(BUSY)])
        or new["needs_person"]
    )
    old["log"] = (old["log"] + new["log"])[: limits.LOG]
    old["slow"] = new["slow"]
    for key, value in new["cost"].items():
        old["cost"][key] = round(old["cost"][key] + value, 2)
    return old


def _grade_notebook(cells, spec, backend, kit, result, started, tries, only):
    """Grade one notebook into ``result``; an exercise found in several notebooks of a zip keeps its best
    score, of the first few: ``tries`` counts them, and a zip is no way to guess.
    """
    book = exercises.chapters()
    chapter_of = {e.name: chapter for chapter, found in book.items() for e in found}
    held = [reading.answers(cell, chapter_of) for cell in cells]
    chapters = {spec.chapter} if spec.chapter else {chapter_of[name] for names in held for name in names}
    wanted = {e.name: e for chapter in sorted(chapters) for e in book[chapter] if not only or e.name in only}
    own = frozenset().union(*(released(spec.book, chapter) for chapter in chapters))
    sent = [
        {
            "source": c.source,
            "answers": [n for n in names if n in wanted],
            "own_id": [n for n in names if n == c.id],
            "own": c.source.strip() not in own,
            "number": number,
        }
        for number, (c, names) in enumerate(zip(cells, held, strict=True), 1)
        if c.code or names
    ]
    notes = result["notes"]
    _note(cells, held, wanted, notes)
    todo = [name for name in wanted if any(name in cell["answers"] for cell in sent)]
    for name in wanted.keys() - set(todo):
        _keep(result, wanted[name], _nothing(wanted[name], "no answer found"), "")
    tries.update(todo)
    for name in [name for name in todo if tries[name] > limits.TRIES]:
        todo.remove(name)
        note = f"{name}: only the first {limits.TRIES} notebooks that answer it count"
        notes += [] if note in notes else [note]
    if not todo:
        return
    box = _Box(spec, backend, kit, result, sent)
    budget = started + 2 * limits.wall(wanted.values(), spec.patience)
    again = box.attempt([wanted[name] for name in todo], wide=False, budget=budget)
    if not (box.stopped and len(todo) == 1):  # else the same would come of it
        for exercise in again:  # alone, with all the student's own cells: no answer pays for another's crash
            if budget + box.waited - time.monotonic() > spec.patience * limits.START / 2:
                box.attempt([exercise], wide=True, budget=budget)
    box.conclude([wanted[name] for name in todo])


def _note(cells, held, wanted, notes):
    """Sentences for the teacher about cells that are not as they were handed out."""
    for name in wanted:
        own = [cell for cell, names in zip(cells, held, strict=True) if name in names]
        if own and not any(cell.id == name for cell in own):
            notes.append(f"{name}: found by its name; the cell's metadata are gone")
        if sum(cell.id == name for cell in own) > 1:
            notes.append(
                f"{name}: several cells carry its id; what was checked last counts, else the last answer"
            )
        if any(cell.id == name and not cell.code for cell in own):
            notes.append(f"{name}: its cell is no code cell any more; graded as code")
        if not own and any(
            re.search(rf"^[ \t]+(?:def|class) {name}\b", c.source, re.M) for c in cells if c.code
        ):
            notes.append(
                f"{name}: defined only inside another statement, where nothing shows that it is the answer"
            )


@dataclass
class _Said:
    """What a sandbox sent, frame by frame: forged perhaps, but of the right types.

    Args:
        started: whether it began.
        cpu: the CPU seconds it says it took.
        heads: {exercise: frame} where no answer was tried.
        takes: {exercise: {take: {case: frame}}}.
        lacks: names of packages that its cells could not import.
        newer: numbers of cells written for a newer Python.
        left_out: [(number of a cell, the magic that makes it no Python)].
    """

    started: bool = False
    cpu: float = 0.0
    heads: dict = field(default_factory=dict)
    takes: dict = field(default_factory=dict)
    lacks: list = field(default_factory=list)
    newer: list = field(default_factory=list)
    left_out: list = field(default_factory=list)


@dataclass
class _Box:
    """Runs answers of one submission in sandboxes and keeps the best result of each exercise.

    Args:
        cells: the notebook, as the sandbox gets it.
        stopped: why the last sandbox was stopped.
        waited: seconds in which others had the processor.
        said: what the last sandbox that tried an exercise said.
        graded: {exercise: the answers that were tried, and the index of the cell of the one that counts}.
        late: exercises that were out of time when last tried.
        busy: those of them that were while the machine was busy.
    """

    spec: Spec
    backend: object
    kit: Path
    result: dict
    cells: list = field(default_factory=list)
    stopped: str = ""
    waited: float = 0.0
    said: dict = field(default_factory=dict)
    graded: dict = field(default_factory=dict)
    late: set = field(default_factory=set)
    busy: set = field(default_factory=set)

    def attempt(self, wanted, wide, budget):
        """Run some exercises in one sandbox. Returns those that were tried and did not get full points."""
        items = []
        for exercise in wanted:
            _, cases = hidden_cases(self.spec, exercise.name)
            call = textwrap.dedent(inspect.getsource(exercise.call)) if exercise.call else ""
            call = call.replace(f"def {exercise.call.__name__}(", "def call(", 1) if call else ""
            inputs = [dict(case.inputs) for case in cases]
            seconds = limits.item_cpu(exercise, self.spec.patience)
            items.append({"name": exercise.name, "call": call, "seconds": seconds, "cases": inputs})
        helpers = limits.HELPERS * self.spec.patience
        job = wire.pack({"cells": self.cells, "items": items, "wide": wide, "helper_seconds": helpers})
        cpu = helpers + sum(item["seconds"] for item in items)
        for _ in range(2):
            left = budget + self.waited - time.monotonic()
            wall = min(limits.wall(wanted, self.spec.patience), max(1.0, left))
            done = run(self.backend, self.kit, "child.py", job, wall=wall, budget=cpu + limits.START)
            self.waited += done.waited
            self.result["cost"]["cpu"] += done.cpu
            self.result["cost"]["children"] += 1
            said = _said(done.data, {e.name for e in wanted}, len(self.cells))
            self.result["cost"]["cpu"] += max(0.0, min(said.cpu, done.seconds * limits.PROCESSES) - done.cpu)
            if said.started or done.why:
                break
        else:
            raise RuntimeError(f"the sandbox did not start ({reading.ascii_line(done.log)})")
        self.stopped = done.why
        self.result["log"] += reading.printable(done.log)
        failed = []
        for exercise in wanted:
            self.said.setdefault(exercise.name, said)
            self.late.discard(exercise.name)
            self.busy.discard(exercise.name)
            verdict, detail, tried = self._judge(exercise, said, done.why)
            if done.waited > limits.START / 10:
                self.busy |= self.late & {exercise.name}
            _keep(self.result, exercise, verdict, detail)
            if tried and verdict["earned"] < exercise.points:
                failed.append(exercise)
        return failed

    def _judge(self, exercise, said, why):
        """(verdict, detail for the teacher, whether it should be tried alone) of the best answer to one
        exercise.
        """
        best = None
        takes = said.takes.get(exercise.name) or ({} if exercise.name in said.heads else {0: {}})
        for number in sorted(takes):
            got = self._judge_take(exercise, takes[number], why)
            if best is None or got[0]["earned"] > best[0]["earned"]:
                best = got
                cells = {frame["cell"] for frame in takes[number].values()}
                others = {frame["cell"] for take in takes.values() for frame in take.values()}
                self.graded[exercise.name] = max(cells, default=None), len(others) > 1
            if got[0]["earned"] == exercise.points:
                break
        if best:
            return best
        head = said.heads[exercise.name]
        error = reading.ascii_line(str(head.get("error", "")))
        stub = head.get("status") == "stub" and not error
        status = "not attempted" if stub else "its cell does not run" if error else "no answer found"
        return _nothing(exercise, status), error, bool(error)

    def _judge_take(self, exercise, frames, why):
        _, cases = hidden_cases(self.spec, exercise.name)
        nothing = {
            "status": "error",
            "kind": "NoResult",
            "error": why or "the process ended without a result",
        }
        runs = [_run(frames.get(i, nothing)) for i in range(len(cases))]
        try:
            with _one_at_a_time:
                outcome = _judge.judge(exercise, cases, runs, diagnose=False)
        except Exception as error:
            return _nothing(exercise, "wrong"), f"could not be compared ({type(error).__name__})", True
        if outcome.state == "right":
            return _verdict(exercise, outcome.earned, outcome.parts, "right"), "", True
        kinds = {run.got.kind for run in runs if isinstance(run.got, _judge.Failure)}
        if "OutOfTime" in kinds or ("NoResult" in kinds and why == "out of time"):
            self.late.add(exercise.name)
        status, again = _status(outcome, runs, why)
        verdict = _verdict(exercise, outcome.earned, outcome.parts, status)
        return verdict, reading.ascii_line(outcome.problem.says), again

    def conclude(self, wanted):
        """Say what explains lost points, and whether a person should look; list what was too slow."""
        notes, result = self.result["notes"], self.result
        for exercise in wanted:
            name, verdict = exercise.name, result["exercises"][exercise.name]
            cell, several = self.graded.get(name, (None, False))
            if several and cell is not None:
                number = self.cells[cell]["number"]
                _add(notes, f"{name}: answered in several cells; that of cell {number} counts")
            if verdict["earned"] == exercise.points or verdict["status"] == "not attempted":
                continue
            if name in self.late:
                result["slow"].append(name)
            reasons = [f"{name}: {reason}" for reason in self._reasons(name, verdict["status"])]
            for reason in reasons:
                _add(notes, reason)
            result["needs_person"] = result["needs_person"] or "; ".join(reasons)

    def _reasons(self, name: str, status: str) -> list[str]:
        """Why an answer could not be judged fairly here, if so; notes about cells that were left out."""
        said, detail = self.said[name], self.result["detail"][name]
        failed = "Error" in detail or status in ("no answer found", "its cell does not run")
        lacks = set(re.findall(r"No module named '([A-Za-z_]\w*)", detail)) - USUALLY_ABSENT
        lacks |= set(said.lacks if failed else [])
        reasons = [f"needs {package}, which is not installed here" for package in sorted(lacks)]
        if said.newer and failed:
            cells = ", ".join(map(str, sorted(set(said.newer))))
            here = "{}.{}".format(*sys.version_info)
            reasons.append(f"cell {cells} is written for a newer Python than this grader's {here}")
        if name in self.busy:
            reasons.append(BUSY)
        for number, magic in said.left_out:
            own = any(cell["number"] == number and name in cell["answers"] for cell in self.cells)
            if own or failed:
                note = f"{name}: cell {number} begins with %%{magic}, which is not run here"
                _add(self.result["notes"], note)
        return reasons


def _add(notes, note):
    notes += [] if note in notes else [note]


def _status(outcome, runs, why: str) -> tuple[str, bool]:
    """A wrong outcome in words, and whether trying it alone could change it."""
    kinds = [run.got.kind for run in runs if isinstance(run.got, _judge.Failure)]
    if "OutOfTime" in kinds:
        return "partly right" if outcome.earned else "out of time", False
    if outcome.earned:
        return "partly right", True
    if "NoResult" in kinds:
        return "out of time" if why == "out of time" else "stopped without a result", True
    return "stops with an error" if len(kinds) == len(runs) else "wrong", True


def _said(data: bytes | bytearray, names, cells: int) -> _Said:
    """What the frames of a sandbox say; the first frame of each case counts, the rest is noise."""
    said, left = _Said(), limits.TREES
    for blob in wire.frames(data, limits.FRAMES):
        try:
            left -= wire.structure(blob, limits.HEADER)
            frame = wire.unpack(blob, limits.HEADER, min(left, limits.TREE))
        except (ValueError, RecursionError, MemoryError):
            continue
        if type(frame) is not dict:
            continue
        status = frame.get("status")
        said.started = said.started or status == "started"
        if status == "cpu" and type(frame.get("seconds")) is float:
            said.cpu = frame["seconds"] if 0 < frame["seconds"] < 1e6 else 0.0
        if status == "cells":
            said.lacks = [n for n in _words(frame.get("lacks")) if n not in USUALLY_ABSENT]
            said.newer = [n for n in _list(frame.get("newer")) if type(n) is int and 0 < n <= limits.CELLS]
            pairs = [pair for pair in _list(frame.get("left_out")) if type(pair) is list and len(pair) == 2]
            said.left_out = [(n, _words([m])[0]) for n, m in pairs if type(n) is int and _words([m])]
        name, case, take = frame.get("exercise"), frame.get("case"), frame.get("take")
        if type(name) is not str or name not in names or type(case) is not int:
            continue
        if case == -1:
            said.heads.setdefault(name, frame)
        elif 0 <= case < limits.FRAMES and type(take) is int and 0 <= take < limits.TAKES:
            cell = frame.get("cell")
            frame["cell"] = cell if type(cell) is int and 0 <= cell < cells else 0
            said.takes.setdefault(name, {}).setdefault(take, {}).setdefault(case, frame)
    return said


def _list(value) -> list:
    return value[:20] if type(value) is list else []


def _words(value) -> list[str]:
    """The names in what should be a list of names."""
    return [
        v.split(".")[0]
        for v in _list(value)
        if type(v) is str and re.fullmatch(r"[A-Za-z_][\w.]{0,40}", v, re.A)
    ]


def _run(frame: dict):
    """A frame as a Run of the judge."""
    if frame.get("status") == "ok":
        changed = frame.get("changed")
        changed = tuple(c for c in changed if type(c) is str) if type(changed) is list else ()
        return _judge.Run(frame.get("value"), changed)
    kind, error = frame.get("kind"), frame.get("error")
    return _judge.Run(_judge.Failure(str(kind)[:80], reading.ascii_line(str(error))))


def _nothing(exercise, status) -> dict:
    return _verdict(exercise, 0, dict.fromkeys(exercise.shares, False), status)


def _verdict(exercise, earned, parts, status) -> dict:
    points = {part: share for part, share in exercise.shares.items()}
    shown = [{"part": part, "right": bool(parts[part]), "points": points[part]} for part in points]
    return {
        "chapter": exercise.chapter,
        "earned": earned,
        "points": exercise.points,
        "status": status,
        "parts": shown,
    }


def _keep(result, exercise, verdict, detail):
    """Keep the better of two verdicts on an exercise."""
    old = result["exercises"].get(exercise.name)
    if old is None or verdict["earned"] > old["earned"] or old["status"] == "no answer found":
        result["exercises"][exercise.name] = verdict
        result["detail"][exercise.name] = detail
