"""Runs in the sandbox, in one process with the student's code: nothing it says is trusted.

Usage: through ``start.py`` or ``forks.py``, with the number of the result pipe; the job, one frame of
``wire.pack``, comes on standard input.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import struct
import sys
import time
import types
from dataclasses import dataclass

TAKES = 4  # answers to one exercise that are tried
HEARD = 20  # answers to one exercise that are remembered


class OutOfTime(BaseException):
    """The time of a cell or an item is up."""


@dataclass
class Candidate:
    """An object that may be the answer to an exercise.

    Args:
        answer: the object.
        cell: index of the cell that it comes from.
        checked: whether it was handed to the check.
        own: whether that cell carries the exercise's id.
        space: the names of the notebook at that moment.
    """

    answer: object
    cell: int
    checked: bool
    own: bool
    space: dict


def main(result: int):
    """Do the job on standard input; frames go to the pipe ``result``."""
    import plain
    import torch
    import wire

    job = wire.unpack(sys.stdin.buffer.read(), 1 << 24, 1 << 28)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    _give_font_list()
    torch.set_num_threads(1)
    sys.argv = ["notebook"]
    sys.setrecursionlimit(3000)  # what Jupyter allows
    signal.signal(signal.SIGALRM, _alarm)
    signal.signal(signal.SIGPROF, _stop)

    def send(value):
        blob = wire.pack(value)
        data = struct.pack("<Q", len(blob)) + blob
        while data:
            data = data[os.write(result, data) :]

    send({"status": "started"})
    found, errors = _run_cells(job, send)
    for item in job["items"]:
        _run_item(item, found, errors.get(item["name"], ""), plain, send)
    send({"status": "cpu", "seconds": sum(os.times()[:4])})


def _give_font_list():
    """Spare matplotlib the search for fonts."""
    import shutil

    os.makedirs(os.environ["MPLCONFIGDIR"], exist_ok=True)
    for file in os.scandir(os.path.join(os.environ["COURSE_KIT"], "fonts")):
        shutil.copyfile(file.path, os.path.join(os.environ["MPLCONFIGDIR"], file.name))


def _stop(*_):
    raise OutOfTime


_clock = [0.0, 0.0, 0.0]  # the seconds allowed; the clock and the time spent waiting, when they began


def _allow(cpu):
    """Give the following code so many CPU seconds, and twice as many by a clock that stands still while
    other programs have the processor; 0 takes the limit away.
    """
    _clock[:] = cpu, time.monotonic(), _waited()
    signal.setitimer(signal.ITIMER_PROF, cpu)
    signal.setitimer(signal.ITIMER_REAL, 2 * cpu)


def _alarm(*_):
    cpu, start, waited = _clock
    left = 2 * cpu - (time.monotonic() - start) + _waited() - waited
    if left < 0.05:
        raise OutOfTime
    signal.setitimer(signal.ITIMER_REAL, left)


def _waited() -> float:
    """Seconds that this process was ready and another had the processor."""
    try:
        with open("/proc/self/schedstat") as file:
            return int(file.read().split()[1]) / 1e9
    except (OSError, ValueError, IndexError):
        return 0.0


class Session:
    """The notebook as it runs.

    Attributes:
        space: its names.
        found: {exercise: candidates, oldest first}.
        errors: {exercise: the first error in the cells that may hold its answer}.
        left: CPU seconds left for cells.
        lacks, newer, left_out: packages that are missing; numbers of cells for a newer Python; [number,
            magic] of cells that are no Python.
    """

    def __init__(self, job):
        import cells

        from course_utils import check

        module = types.ModuleType("__main__")
        sys.modules["__main__"] = module
        self.notebook, self.cells, self.space = cells, job["cells"], module.__dict__
        self.space.update(display=lambda *args, **kwargs: None, get_ipython=cells.Shell, check=check)
        self.found, self.errors, self.left, self.here = {}, {}, job["helper_seconds"], 0
        self.lacks, self.newer, self.left_out = [], [], []
        check.hear = lambda name, answer: self.note(name, answer, True)

    def note(self, name, answer, checked):
        """Remember what may be the answer to an exercise."""
        cell = self.cells[self.here]
        if name in cell["answers"]:
            heard = self.found.setdefault(name, [])
            heard[:] = [c for c in heard if c.answer is not answer or c.checked is not checked][1 - HEARD :]
            own = name in cell["own_id"]
            heard.append(Candidate(answer, self.here, checked, own, dict(self.space)))

    @contextlib.contextmanager
    def timed(self, cell):
        """Code of a cell: within the time left, its errors kept."""
        start = time.process_time()
        try:
            _allow(max(self.left, 0.5))
            yield
        except BaseException as error:
            if isinstance(error, ModuleNotFoundError):
                self.lacks.append(str(error.name))
            for name in cell["answers"]:
                self.errors.setdefault(name, _describe(error))
            print(f"[cell {cell['number']}] {_describe(error)}")
        finally:
            _allow(0)
            self.left -= time.process_time() - start

    def read(self):
        """All statements of the notebook, as far as they can be read."""
        book, flags = [], 0
        for i, cell in enumerate(self.cells):
            with self.timed(cell):
                try:
                    found = self.notebook.pieces(cell["source"], i, f"<cell {cell['number']}>", flags)
                except self.notebook.NewerPython:
                    self.newer.append(cell["number"])
                    raise
                book += found
                flags = found[-1].flags if found else flags
                magic = self.notebook.body(cell["source"])[1]
                self.left_out += [[cell["number"], magic]] if magic else []
        return book

    def execute(self, pieces):
        """Run statements; returns those that missed a name."""
        missed = []
        for piece in pieces:
            cell, self.here = self.cells[piece.cell], piece.cell
            with self.timed(cell):
                try:
                    self.notebook.run(piece, self.space, f"<cell {cell['number']}>")
                except NameError:
                    missed.append(piece)
                    raise
            for name in cell["answers"]:
                if name in piece.binds and self.space.get(name) is not None:
                    self.note(name, self.space[name], False)
        return missed


def _run_cells(job, send):
    """Run what the answers need. Returns ({exercise: candidates, oldest first}, {exercise: first error})."""
    session, wanted = Session(job), {item["name"] for item in job["items"]}
    book, chosen = session.read(), set()
    with session.timed({"answers": [], "number": 0}):
        chosen = session.notebook.needed(book, session.cells, wanted)
    if job["wide"]:
        held = {i for i, c in enumerate(session.cells) if c["own"] or wanted & set(c["answers"])}
        chosen |= {k for k, piece in enumerate(book) if piece.cell in held}
    missed = session.execute([book[k] for k in sorted(chosen)])
    session.execute(missed)  # the cells may be out of order
    facts = {"lacks": session.lacks, "newer": session.newer, "left_out": session.left_out}
    send({"status": "cells", **{key: value[:20] for key, value in facts.items()}})
    return session.found, session.errors


def _ready(heard) -> list:
    """The candidates that can be tried, the likeliest first: what the check was given, else what bore the
    name; those of the cell with the exercise's id before others, later before earlier.
    """
    import stub

    ready = [c for c in heard if callable(c.answer) and not stub.is_stub(c.answer)][::-1]
    ready = [c for c in ready if c.checked] or ready
    ready.sort(key=lambda c: not c.own)
    if ready and not ready[0].checked:  # without a check, the last of each kind
        ready = [ready[0], *[c for c in ready if c.own != ready[0].own][:1]]
    return ready


def _takes(ready, space, answers) -> list:
    """The [(candidate, names)] to try: with the names of the notebook as they were when it was checked, as
    they are at the end, and with the other exercises' names for the answers to them; each where it is
    another try.

    Args:
        ready: the candidates.
        space: the names at the end.
        answers: {exercise: answer}.
    """
    takes, seen = [], set()
    for candidate in ready:
        for names in (candidate.space, {}, {**candidate.space, **answers}):
            facts = _uses(candidate.answer, {**space, **names})
            if facts not in seen:
                seen.add(facts)
                takes.append((candidate, names))
    return takes[:TAKES]


def _uses(answer, space) -> tuple:
    """The global names that an answer reaches, with what they mean."""
    todo, seen, used = [answer], set(), {}
    while todo and len(seen) < 1000:
        one = todo.pop()
        if isinstance(one, type):
            todo += vars(one).values()
        code = getattr(one, "__code__", one if isinstance(one, types.CodeType) else None)
        if not isinstance(code, types.CodeType) or code in seen:
            continue
        seen.add(code)
        todo += [c for c in code.co_consts if isinstance(c, types.CodeType)]
        for name in code.co_names:
            if name in space:
                used[name] = id(space[name])
                todo.append(space[name])
    return id(answer), frozenset(used.items())


def _run_item(item, found, error, plain, send):
    """Call the candidates for an answer on each case and send what they return."""
    name, space = item["name"], sys.modules["__main__"].__dict__
    heard = found.get(name, [])
    ready = {other: _ready(candidates) for other, candidates in found.items()}
    answers = {other: first[0].answer for other, first in ready.items() if first and other != name}
    takes = _takes(ready.get(name, []), space, answers)
    if not takes:
        send({"exercise": name, "case": -1, "status": "stub" if heard else "missing", "error": error})
        return
    call = None
    if item["call"]:
        made: dict = {}
        exec(item["call"], made)
        call = made["call"]
    now = dict(space)
    for number, (candidate, names) in enumerate(takes):
        space.update(names)
        head = {"exercise": name, "take": number, "cell": candidate.cell}
        try:
            if not _run_take(item, head, candidate.answer, call, plain, send):
                return
        finally:
            space.clear()
            space.update(now)


def _run_take(item, head, answer, call, plain, send) -> bool:
    """Call one candidate on each case; False once the time is up."""
    _fresh()
    _allow(item["seconds"])
    try:
        for i, inputs in enumerate(item["cases"]):
            given = plain.copy(inputs)
            head["case"] = i
            try:
                result = plain.plain(call(answer, **given) if call else answer(*given.values()))
                changed = [k for k in given if not _same(plain, given[k], inputs[k])]
                send({**head, "status": "ok", "value": result, "changed": changed})
            except OutOfTime:
                send({**head, "status": "error", "error": "", "kind": "OutOfTime"})
                return False
            except BaseException as e:
                print(f"[{item['name']}] {_describe(e)}")
                kind = type(e).__name__
                text = _describe(e).removeprefix(f"{kind}: ")
                send({**head, "status": "error", "error": text, "kind": kind})
    finally:
        _allow(0)
    return True


def _fresh():
    """What the check in the chapter sets before it calls an answer."""
    import numpy as np
    import torch

    random.seed(0)
    np.random.seed(0)
    with contextlib.suppress(Exception):
        torch.random.default_generator.manual_seed(0)
        torch.set_grad_enabled(True)
        torch.set_default_dtype(torch.float32)
        torch.set_default_device(None)


def _same(plain, now, before) -> bool:
    try:
        return plain.same(plain.plain(now), plain.plain(before))
    except Exception:
        return False


def _describe(error) -> str:
    try:
        return f"{type(error).__name__}: {str(error)[:300]}"
    except BaseException:
        return "an exception without text"


def finish(work):
    """Call ``work``, say what went wrong, and end the process at once."""
    try:
        work()
    except BaseException as error:
        print(f"[grader] {_describe(error)}")
    finally:
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(0)


if __name__ == "__main__":
    finish(lambda: main(int(sys.argv[1])))
