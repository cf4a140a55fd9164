"""Grade many files: one after the other, or over Dask, on this machine or on a cluster."""

from __future__ import annotations

import atexit
import contextlib
import itertools
import platform
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator

from ..cores import cores  # noqa: F401 (the default number of workers)
from . import grading, kit, records
from .sandbox import NoSandbox, choose

SMALL = 4 << 20  # files whose slow answers wait for a quiet machine; larger ones are tried again at once
WAIT = 300  # seconds to wait for the first worker of a scheduler
_here: dict = {}  # kit and backend of this process
_lock = threading.Lock()


def ready(wanted: str = "auto", no_sandbox: bool = False):
    """(backend, kit) of this process, made and probed on first use.

    Raises:
        NoSandbox: see ``sandbox.choose``.
    """
    asked = (wanted, no_sandbox)
    with _lock:
        if asked not in _here:
            stack = contextlib.ExitStack()
            folder = stack.enter_context(kit.kit())
            try:
                _here[asked] = choose(folder, wanted, no_sandbox), folder
            except BaseException:
                stack.close()
                raise
            atexit.register(stack.close)
    return _here[asked]


def work(data: bytes, spec: grading.Spec, wanted: str, no_sandbox: bool, version: str = "", only=()) -> dict:
    """Grade one file in this process. Only bytes and built-in values go in and out, so any engine can map
    it.

    Args:
        data, spec, only: see ``grading.grade``.
        wanted, no_sandbox: see ``ready``.
        version: of the course, where another process asks.
    """
    if version and version != records.version(spec.exercises):
        return failed(
            f"{platform.node()} has another version of the course; install the same there", again=True
        )
    try:
        backend, folder = ready(wanted, no_sandbox)
    except NoSandbox as error:
        if not version:
            raise
        return failed(f"{platform.node()}: {error}", again=True)
    return grading.grade(data, spec, backend, folder, only)


def failed(reason: str, person: bool = True, again: bool = False) -> dict:
    """The result of a file that could not be graded at all.

    Args:
        reason: why.
        person: whether somebody has to look at it.
        again: whether the grader is at fault, and the next run should try once more.
    """
    cost = {"cpu": 0.0, "seconds": 0.0, "children": 0}
    why = {"needs_person": reason if person else "", "nothing": "" if person else reason}
    return dict(exercises={}, **why, notes=[], detail={}, log="", backend="", slow=[], again=again, cost=cost)


def one_by_one(jobs: Iterable, spec, wanted, no_sandbox) -> Iterator:
    """Yield (key, result) of (key, bytes) pairs, in this process; those with slow answers come last."""
    slow = []
    for key, data in jobs:
        result = work(data, spec, wanted, no_sandbox)
        if result["slow"] and len(data) <= SMALL:
            slow.append((key, data, result))
        else:
            yield key, result
    for key, data, result in slow:
        yield key, _once_more(result, work(data, spec, wanted, no_sandbox, "", tuple(result["slow"])))


def _once_more(result: dict, new: dict) -> dict:
    return result if new["again"] else grading.merge(result, new)


def over_dask(jobs: Iterable, spec, wanted, no_sandbox, workers: int, scheduler: str | None) -> Iterator:
    """Yield (key, result) of (key, bytes) pairs as they come, over a cluster; those with slow answers come
    last, one at a time.

    Args:
        jobs: pairs; read lazily, so that only a few files are in memory at a time.
        workers: processes on this machine, without a scheduler.
        scheduler: address of a running Dask scheduler, whose workers have this package installed.

    Raises:
        ValueError: a scheduler has no workers, or workers with another version of the course.
    """
    from dask.distributed import Client, LocalCluster, as_completed

    with contextlib.ExitStack() as stack:
        version = records.version(spec.exercises)
        if scheduler:
            client = stack.enter_context(Client(scheduler, timeout=20))
            _wait(client, scheduler)
            _compare(client, version, spec)
        else:
            folder = tempfile.mkdtemp(prefix=kit.prefix())
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
            cluster = LocalCluster(
                n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=None,
                memory_limit=0, local_directory=folder, silence_logs=50,
            )  # fmt: skip
            client = stack.enter_context(Client(stack.enter_context(cluster)))
        jobs, names, slow = iter(jobs), {}, []

        def submit(key, data, only=()):
            future = client.submit(work, data, spec, wanted, no_sandbox, version, only, pure=False, retries=1)
            names[future] = key, data if len(data) <= SMALL and not only else None
            return future

        def more():
            """As many jobs as keep all threads busy, of workers that came later too."""
            room = 2 * sum(client.nthreads().values()) or 1
            for key, data in itertools.islice(jobs, max(0, room - len(names))):
                yield submit(key, data)

        waiting = as_completed(more())
        for future in waiting:
            key, data = names.pop(future)
            result = _outcome(future)
            for new in more():
                waiting.add(new)
            if result["slow"] and data is not None:
                slow.append((key, data, result))
            else:
                yield key, result
        for key, data, result in slow:
            yield key, _once_more(result, _outcome(submit(key, data, tuple(result["slow"]))))


def _outcome(future) -> dict:
    """The result of a job, or why there is none."""
    from dask.distributed import KilledWorker

    try:
        return future.result()
    except KilledWorker as error:
        where = getattr(error.last_worker, "address", "a worker")
        return failed(f"the process that graded it at {where} died", again=True)
    except Exception as error:
        return failed(f"the process that graded it failed ({type(error).__name__}: {error})", again=True)


def _wait(client, scheduler: str) -> None:
    """Wait for the first worker, and say so."""
    until = time.monotonic() + WAIT
    while not client.nthreads():
        left = until - time.monotonic()
        if left <= 0:
            raise ValueError(f"{scheduler} still has no workers; start some: dask worker {scheduler}")
        print(f"{scheduler} has no workers; waiting {left:.0f} s for the first", file=sys.stderr, flush=True)
        with contextlib.suppress(TimeoutError):
            client.wait_for_workers(1, timeout=min(15, left))


def _compare(client, version: str, spec) -> None:
    """Refuse workers with another version of the course."""
    found = client.run(records.version, spec.exercises, on_error="return")
    other = sorted(where for where, theirs in found.items() if theirs != version)
    if other:
        raise ValueError(
            f"another version of the course, or none, is installed at {', '.join(other)}; "
            f"install the same there, or stop these workers"
        )
