"""Start a sandboxed script, feed it, read what it sends, stop it in time, and leave nothing running."""

from __future__ import annotations

import contextlib
import os
import secrets
import selectors
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from .. import limits
from ..kit import prefix, remove
from . import warm, watch

TICK = 0.25  # seconds between two looks at memory and files


@dataclass(frozen=True)
class Start:
    """What happens before the script: becoming a user (0: staying), limits on bytes and CPU seconds."""

    user: int
    memory: int
    cpu: int

    def limits(self, processes: int) -> str:
        """The limits as ``start.cap`` takes them."""
        return f"{processes},{self.memory},{limits.SCRATCH},{self.cpu}"

    def args(self, mode: str, processes: int) -> list[str]:
        """The first arguments of ``start.py``."""
        return [mode, str(self.user), self.limits(processes)]


@dataclass(frozen=True)
class Finished:
    """What a sandboxed script did.

    Args:
        data: bytes it sent on its result pipe.
        log: what it printed, the first 32 kB.
        why: why it was stopped, or "".
        cpu: CPU seconds of all its processes that ended by themselves.
        seconds: wall-clock seconds.
        waited: of them, those in which it was ready and other programs had the processor.
    """

    data: bytes | bytearray
    log: str
    why: str
    cpu: float
    seconds: float
    waited: float = 0.0


def run(
    backend, kit: Path, script: str, job=b"", wall=30.0, args=(), memory=limits.MEMORY, budget=1e9
) -> Finished:
    """Run ``script`` of the kit in a sandbox.

    Args:
        backend, kit: where and with which files.
        script: a file of the kit; its arguments are the number of the result pipe, then ``args``.
        job: bytes on its standard input.
        wall: seconds after which it is stopped; time in which other programs have the processor does not
            count, up to ``limits.BUSY`` times as long.
        memory: bytes that each of its processes, and all together, may use.
        budget: CPU seconds beyond which it is given no more than ``wall``.
    """
    with contextlib.ExitStack() as stack:
        pipes = [*os.pipe(), *os.pipe()]
        result, result_in, printed, printed_in = pipes
        stack.callback(_close, pipes)
        scratch = stack.enter_context(_scratch()) if backend.needs_scratch else None
        user = 200_000 + secrets.randbelow(1 << 30) if os.geteuid() == 0 else 0
        if scratch and user:
            os.chown(scratch, user, user)
        start = Start(user, memory, int(limits.BUSY * wall) + 5)
        stdin = stack.enter_context(tempfile.TemporaryFile())
        stdin.write(job)
        stdin.seek(0)
        started = time.monotonic()
        if backend.forks:
            process = warm.Run(
                backend, kit, script, start, scratch, (stdin.fileno(), result_in, printed_in), args
            )
        else:
            process = _Process(backend, kit, script, start, scratch, (stdin, result_in, printed_in), args)
        stack.callback(process.stop)
        _close(pipes, result_in, printed_in)
        clock = watch.Clock(process.pid, started + wall, wall, budget)
        data, log, why = _listen(process, result, printed, clock, scratch, memory)
        cpu = process.stop()
        return Finished(
            data, log.decode(errors="replace"), why, cpu, time.monotonic() - started, clock.waited
        )


def _close(pipes: list[int], *some: int) -> None:
    """Close some handles, by default all that are still open, and strike them off the list."""
    for handle in some or pipes[:]:
        os.close(handle)
        pipes.remove(handle)


@contextlib.contextmanager
def _scratch():
    folder = tempfile.mkdtemp(prefix=prefix())
    try:
        yield folder
    finally:
        remove(folder)


class _Process:
    """A script in a sandbox of its own.

    Attributes:
        pid: the process below which all others are.
    """

    def __init__(self, backend, kit, script, start, scratch, handles, args):
        stdin, result, printed = handles
        self.process = subprocess.Popen(
            backend.command(kit, scratch, start, script, [str(result), *map(str, args)]),
            stdin=stdin,
            stdout=printed,
            stderr=printed,
            pass_fds=[result],
            start_new_session=True,
            env={"PATH": "/usr/bin:/bin"},
            cwd="/",
        )
        self.pid = self.process.pid
        self.cpu = 0.0

    def gone(self) -> bool:
        """Whether it has ended, without collecting it (its resource use is read later)."""
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def stop(self) -> float:
        """Stop it and its group; with namespaces, all its descendants end with it. Returns CPU seconds."""
        if self.process.returncode is not None:
            return self.cpu
        for _ in range(100):  # a script that closed its pipes may still be on its way out
            if self.gone():
                break
            time.sleep(0.01)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        _, status, usage = os.wait4(self.pid, 0)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        self.cpu = usage.ru_utime + usage.ru_stime
        return self.cpu


def _listen(process, result, printed, clock, scratch, memory):
    """Read both pipes until they close or a limit is passed. Returns (result bytes, printed bytes,
    reason).
    """
    data, log, why, look = bytearray(), bytearray(), "", 0.0
    with selectors.DefaultSelector() as selector:
        for handle in (result, printed):
            os.set_blocking(handle, False)
            selector.register(handle, selectors.EVENT_READ)
        ended = 0.0
        while selector.get_map() and not why:
            now = time.monotonic()
            if now >= look:
                look = now + TICK
                family = watch.descendants(process.pid)
                if clock.over(family):
                    why = "out of time"
                    break
                why = watch.too_much(family, scratch, memory)
                if process.gone():
                    ended = ended or now
                    if now - ended > 1:
                        break  # a process it left behind still holds a pipe; it is stopped below
            for key, _ in selector.select(TICK):
                chunk = os.read(key.fd, 1 << 16)
                if not chunk:
                    selector.unregister(key.fd)
                elif key.fd == printed:
                    log += chunk[: max(0, limits.LOG - len(log))]
                elif len(data) + len(chunk) > limits.OUTPUT:
                    why = "it sent back too much"
                else:
                    data += chunk
    return data, log, why
