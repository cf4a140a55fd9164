"""Runs in the sandbox, in one process with the student's code: nothing it says is trusted.

Usage: through ``start.py``, with the number of the result pipe; the job, one frame of ``wire.pack``, comes on
standard input.
"""

from __future__ import annotations

import os
import signal
import struct
import sys
import types

RESULT = int(sys.argv[1])


class OutOfTime(BaseException):
    """The time of a cell or an item is up."""


def main():
    import plain
    import torch
    import wire

    job = wire.unpack(sys.stdin.buffer.read(), 1 << 24, 1 << 28)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    _give_font_list()
    torch.set_num_threads(1)
    sys.argv = ["notebook"]
    sys.setrecursionlimit(3000)  # what Jupyter allows
    signal.signal(signal.SIGALRM, _stop)
    signal.signal(signal.SIGPROF, _stop)

    def send(value):
        blob = wire.pack(value)
        data = struct.pack("<Q", len(blob)) + blob
        while data:
            data = data[os.write(RESULT, data) :]

    send({"status": "started"})
    found, errors = _run_cells(job)
    for item in job["items"]:
        _run_item(item, found.get(item["name"], []), errors.get(item["name"], ""), plain, send)
    send({"status": "cpu", "seconds": sum(os.times()[:4])})


def _give_font_list():
    """Spare matplotlib the search for fonts."""
    import shutil

    os.makedirs(os.environ["MPLCONFIGDIR"], exist_ok=True)
    for file in os.scandir(os.path.join(os.environ["COURSE_KIT"], "fonts")):
        shutil.copyfile(file.path, os.path.join(os.environ["MPLCONFIGDIR"], file.name))


def _stop(*_):
    raise OutOfTime


def _allow(cpu):
    """Give the following code so many CPU seconds, and twice as many by the clock; 0 takes the limit away."""
    signal.setitimer(signal.ITIMER_PROF, cpu)
    signal.setitimer(signal.ITIMER_REAL, 2 * cpu)


def _run_cells(job):
    """Run the cells. Returns ({exercise: objects bound to its name, oldest first}, {exercise: last
    error}).
    """
    import cells as notebook

    module = types.ModuleType("__main__")
    module.__dict__.update(display=lambda *args, **kwargs: None, get_ipython=lambda: None)
    sys.modules["__main__"] = module
    space, wanted = module.__dict__, {item["name"] for item in job["items"]}
    chosen = notebook.needed(job["cells"], wanted)
    if job["wide"]:
        chosen |= {i for i, cell in enumerate(job["cells"]) if cell["own"]}
    found, errors = {}, {}
    import time

    left = job["helper_seconds"]
    for i in sorted(chosen):
        cell, start, error = job["cells"][i], time.process_time(), ""
        try:
            _allow(max(left, 0.5))
            notebook.run(cell["source"], space, f"<cell {i + 1}>")
        except BaseException as e:
            error = _describe(e)
            print(f"[cell {i + 1}] {error}")
        finally:
            _allow(0)
        left -= time.process_time() - start
        for name in cell["answers"]:
            if error:
                errors[name] = error
            bound = space.get(name)
            if bound is not None and not any(bound is old for old in found.get(name, [])):
                found.setdefault(name, []).append(bound)
    return found, errors


def _run_item(item, objects, error, plain, send):
    """Call the answer on each case and send what it returns. The last object that is no stub is the
    answer.
    """
    import stub

    name = item["name"]
    answers = [o for o in objects if not stub.is_stub(o)]
    if not answers:
        send({"exercise": name, "case": -1, "status": "stub" if objects else "missing", "error": error})
        return
    answer, call = answers[-1], None
    if item["call"]:
        space: dict = {}
        exec(item["call"], space)
        call = space["call"]
    _allow(item["seconds"])
    try:
        for i, inputs in enumerate(item["cases"]):
            given = plain.copy(inputs)
            try:
                result = plain.plain(call(answer, **given) if call else answer(*given.values()))
                changed = [k for k in given if not _same(plain, given[k], inputs[k])]
                send({"exercise": name, "case": i, "status": "ok", "value": result, "changed": changed})
            except OutOfTime:
                send({"exercise": name, "case": i, "status": "error", "error": "", "kind": "OutOfTime"})
                return
            except BaseException as e:
                print(f"[{name}] {_describe(e)}")
                kind = type(e).__name__
                text = _describe(e).removeprefix(f"{kind}: ")
                send({"exercise": name, "case": i, "status": "error", "error": text, "kind": kind})
    finally:
        _allow(0)


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


if __name__ == "__main__":
    try:
        main()
    except BaseException as error:
        print(f"[grader] {_describe(error)}")
    finally:
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(0)
