"""Grade one submission: bytes in, a record's result out. Pure: the same bytes and seed give the same
scores.
"""

from __future__ import annotations

import functools
import hashlib
import inspect
import json
import textwrap
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from .. import exercises
from ..exercises import _judge
from . import limits, reading
from .inside import wire
from .sandbox import run


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
    return exercise, exercise.cases(draws(spec, name))


@functools.lru_cache(maxsize=32)
def released(book: str | None, chapter: str) -> frozenset:
    """The sources of the cells of a chapter as it was handed out."""
    path = Path(book or "", f"{chapter}.ipynb")
    if not book or not path.exists():
        return frozenset()
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return frozenset("".join(c["source"]).strip() for c in cells if c["cell_type"] == "code")


def grade(data: bytes, spec: Spec, backend, kit: Path) -> dict:
    """Grade the bytes of a file handed in.

    Returns:
        {"exercises": {name: {"chapter", "earned", "points", "parts", "status"}},
        "needs_person": reason or "", "nothing": why there was nothing to grade or "", "notes": [sentence],
        "detail": {name: text for the teacher}, "log": text, "backend": name,
        "cost": {"cpu", "seconds", "children"}}. Never raises for what is in the bytes.
    """
    started = time.monotonic()
    result = {
        "exercises": {},
        "needs_person": "",
        "nothing": "",
        "notes": [],
        "detail": {},
        "log": "",
        "backend": backend.name,
    }
    result["cost"] = {"cpu": 0.0, "seconds": 0.0, "children": 0}
    try:
        if spec.exercises:
            exercises.also(spec.exercises)
        tries = Counter()
        for cells in reading.notebooks(data):
            _grade_notebook(cells, spec, backend, kit, result, started, tries)
        if not result["exercises"]:
            result["nothing"] = "no exercise of the course was found in it"
    except reading.Unreadable as error:
        result["needs_person" if error.person else "nothing"] = str(error)
    except Exception as error:
        result["needs_person"] = (
            f"the grader failed: {reading.ascii_line(f'{type(error).__name__}: {error}')}"
        )
    result["log"] = result["log"][: limits.LOG]
    result["cost"]["seconds"] = round(time.monotonic() - started, 2)
    result["cost"]["cpu"] = round(result["cost"]["cpu"], 2)
    return result


def _grade_notebook(cells, spec, backend, kit, result, started, tries):
    """Grade one notebook into ``result``; an exercise found in several notebooks of a zip keeps its best
    score, of the first few: ``tries`` counts them, and a zip is no way to guess.
    """
    book = exercises.chapters()
    chapter_of = {e.name: chapter for chapter, found in book.items() for e in found}
    held = [reading.answers(cell, chapter_of) for cell in cells]
    chapters = {spec.chapter} if spec.chapter else {chapter_of[name] for names in held for name in names}
    wanted = {e.name: e for chapter in sorted(chapters) for e in book[chapter]}
    own = frozenset().union(*(released(spec.book, chapter) for chapter in chapters))
    sent = [
        {"source": c.source, "answers": [n for n in names if n in wanted], "own": c.source.strip() not in own}
        for c, names in zip(cells, held, strict=True)
        if c.code or names
    ]
    _note(cells, held, wanted, result["notes"])
    todo = [name for name in wanted if any(name in cell["answers"] for cell in sent)]
    for name in wanted.keys() - set(todo):
        _keep(result, wanted[name], _nothing(wanted[name], "no answer found"), "")
    tries.update(todo)
    for name in [name for name in todo if tries[name] > limits.TRIES]:
        todo.remove(name)
        note = f"{name}: only the first {limits.TRIES} notebooks that answer it count"
        result["notes"] += [] if note in result["notes"] else [note]
    if not todo:
        return
    box = _Box(spec, backend, kit, result)
    budget = started + 2 * limits.wall(wanted.values(), spec.patience)
    again = box.attempt(sent, [wanted[name] for name in todo], wide=False, budget=budget)
    if len(todo) == 1 and (box.stopped or not any(cell["own"] and not cell["answers"] for cell in sent)):
        return  # again would be the same again
    for exercise in again:  # alone, with all the student's own cells: no answer pays for another cell's crash
        if budget - time.monotonic() > spec.patience * limits.START / 2:
            box.attempt(sent, [exercise], wide=True, budget=budget)


def _note(cells, held, wanted, notes):
    """Sentences for the teacher about cells that are not as they were handed out."""
    for name in wanted:
        own = [cell for cell, names in zip(cells, held, strict=True) if name in names]
        if own and not any(cell.id == name for cell in own):
            notes.append(f"{name}: found by its name; the cell's metadata are gone")
        if sum(cell.id == name for cell in own) > 1:
            notes.append(f"{name}: several cells carry its id; the last answer that is no stub counts")
        if any(cell.id == name and not cell.code for cell in own):
            notes.append(f"{name}: its cell is no code cell any more; graded as code")


@dataclass
class _Box:
    """Runs answers of one submission in fresh sandboxes and keeps the best result of each exercise."""

    spec: Spec
    backend: object
    kit: Path
    result: dict
    stopped: str = ""  # why the last sandbox was stopped

    def attempt(self, cells, wanted, wide, budget):
        """Run some exercises in one sandbox. Returns those that were tried and did not get full points."""
        items = []
        for exercise in wanted:
            _, cases = hidden_cases(self.spec, exercise.name)
            call = textwrap.dedent(inspect.getsource(exercise.call)) if exercise.call else ""
            call = call.replace(f"def {exercise.call.__name__}(", "def call(", 1) if call else ""
            inputs = [dict(case.inputs) for case in cases]
            seconds = limits.item_cpu(exercise, self.spec.patience)
            items.append({"name": exercise.name, "call": call, "seconds": seconds, "cases": inputs})
        job = wire.pack(
            {
                "cells": cells,
                "items": items,
                "wide": wide,
                "helper_seconds": limits.HELPERS * self.spec.patience,
            }
        )
        for _ in range(2):
            wall = min(limits.wall(wanted, self.spec.patience), max(1.0, budget - time.monotonic()))
            done = run(self.backend, self.kit, "child.py", job, wall=wall)
            self.result["cost"]["cpu"] += done.cpu
            self.result["cost"]["children"] += 1
            answers, started, cpu = _answers(done.data, {e.name for e in wanted})
            self.result["cost"]["cpu"] += max(0.0, min(cpu, done.seconds * limits.PROCESSES) - done.cpu)
            if started or done.why:
                break
        else:
            raise RuntimeError(f"the sandbox did not start ({reading.ascii_line(done.log)})")
        self.stopped = done.why
        self.result["log"] += reading.printable(done.log)
        failed = []
        for exercise in wanted:
            verdict, detail, tried = self._judge(exercise, answers.get(exercise.name, {}), done.why)
            _keep(self.result, exercise, verdict, detail)
            if tried and verdict["earned"] < exercise.points:
                failed.append(exercise)
        return failed

    def _judge(self, exercise, answers, why):
        """(verdict, detail for the teacher, whether the answer was tried) of one exercise from its frames."""
        head = answers.get(-1)
        if head:
            stub = head.get("status") == "stub"
            error = reading.ascii_line(str(head.get("error", "")))
            status = (
                "not attempted"
                if stub and not error
                else "its cell does not run"
                if error
                else "no answer found"
            )
            return _nothing(exercise, status), error, bool(error)
        _, cases = hidden_cases(self.spec, exercise.name)
        nothing = {
            "status": "error",
            "kind": "NoResult",
            "error": why or "the process ended without a result",
        }
        runs = [_run(answers.get(i, nothing)) for i in range(len(cases))]
        try:
            outcome = _judge.judge(exercise, cases, runs, diagnose=False)
        except Exception as error:
            return _nothing(exercise, "wrong"), f"could not be compared ({type(error).__name__})", True
        if outcome.state == "right":
            return _verdict(exercise, outcome.earned, outcome.parts, "right"), "", True
        status, again = _status(outcome, runs, why)
        verdict = _verdict(exercise, outcome.earned, outcome.parts, status)
        return verdict, reading.ascii_line(outcome.problem.says), again


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


def _answers(data: bytes | bytearray, names) -> tuple[dict, bool, float]:
    """({exercise: {case: frame}}, whether the child started, the CPU seconds it says it took).

    The first frame of each case counts, the rest is noise.
    """
    found: dict = {}
    started, cpu, left = False, 0.0, limits.TREES
    for blob in wire.frames(data, limits.FRAMES):
        try:
            left -= wire.structure(blob, limits.HEADER)
            frame = wire.unpack(blob, limits.HEADER, min(left, limits.TREE))
        except (ValueError, RecursionError, MemoryError):
            continue
        if type(frame) is not dict:
            continue
        started = started or frame.get("status") == "started"
        if frame.get("status") == "cpu" and type(frame.get("seconds")) is float:
            cpu = frame["seconds"] if 0 < frame["seconds"] < 1e6 else 0.0
        name, case = frame.get("exercise"), frame.get("case")
        if type(name) is str and name in names and type(case) is int and -1 <= case < limits.FRAMES:
            found.setdefault(name, {}).setdefault(case, frame)
    for frames in found.values():
        if len(frames) > 1:
            frames.pop(-1, None)
    return found, started, cpu


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
