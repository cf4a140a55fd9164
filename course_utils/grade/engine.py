"""Grade many files: one after the other, or over Dask, on this machine or on a cluster."""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator

from . import grading, kit
from .sandbox import choose

_here: dict = {}  # kit and backend of this process


def ready(wanted: str = "auto", no_sandbox: bool = False):
    """(backend, kit) of this process, made and probed on first use.

    Raises:
        NoSandbox: see ``sandbox.choose``.
    """
    asked = (wanted, no_sandbox)
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


def work(data: bytes, spec: grading.Spec, wanted: str, no_sandbox: bool) -> dict:
    """Grade one file in this process. Only bytes and built-in values go in and out, so any engine can map
    it.
    """
    backend, folder = ready(wanted, no_sandbox)
    return grading.grade(data, spec, backend, folder)


def failed(reason: str, person: bool = True) -> dict:
    """The result of a file that could not be graded at all; with ``person``, somebody has to look at it."""
    cost = {"cpu": 0.0, "seconds": 0.0, "children": 0}
    why = {"needs_person": reason if person else "", "nothing": "" if person else reason}
    return dict(exercises={}, **why, notes=[], detail={}, log="", backend="", cost=cost)


def one_by_one(jobs: Iterable, spec, wanted, no_sandbox) -> Iterator:
    """Yield (key, result) of (key, bytes) pairs, in this process."""
    for key, data in jobs:
        yield key, work(data, spec, wanted, no_sandbox)


def over_dask(jobs: Iterable, spec, wanted, no_sandbox, workers: int, scheduler: str | None) -> Iterator:
    """Yield (key, result) of (key, bytes) pairs as they come, over a cluster.

    Args:
        jobs: pairs; read lazily, so that only a few files are in memory at a time.
        workers: processes on this machine, without a scheduler.
        scheduler: address of a running Dask scheduler, whose workers have this package installed.
    """
    from dask.distributed import Client, LocalCluster, as_completed

    with contextlib.ExitStack() as stack:
        if scheduler:
            client = stack.enter_context(Client(scheduler, timeout=20))
            workers = max(1, len(client.scheduler_info()["workers"]))
        else:
            folder = tempfile.mkdtemp(prefix=f"{kit.PREFIX}{os.getpid()}-")
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
            cluster = LocalCluster(
                n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=None,
                memory_limit=0, local_directory=folder, silence_logs=50,
            )  # fmt: skip
            client = stack.enter_context(Client(stack.enter_context(cluster)))
        jobs, names = iter(jobs), {}

        def submit():
            for key, data in jobs:
                future = client.submit(work, data, spec, wanted, no_sandbox, pure=False, retries=1)
                names[future] = key
                return future
            return None

        waiting = as_completed([f for f in (submit() for _ in range(2 * workers)) if f])
        for future in waiting:
            key = names.pop(future)
            try:
                result = future.result()
            except Exception as error:
                result = failed(f"the process that graded it failed ({type(error).__name__})")
            more = submit()
            if more:
                waiting.add(more)
            yield key, result


def cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
