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
from ..kit import remove
from . import watch

TICK = 0.25  # seconds between two looks at memory and files


@dataclass(frozen=True)
class Start:
    """What ``start.py`` does in the sandbox before the script: becomes a user (0: stays), limits bytes and
    CPU seconds.
    """

    user: int
    memory: int
    cpu: int

    def args(self, mode: str, processes: int) -> list[str]:
        """The first arguments of ``start.py``."""
        return [mode, str(self.user), f"{processes},{self.memory},{limits.SCRATCH},{self.cpu}"]


@dataclass(frozen=True)
class Finished:
    """What a sandboxed script did.

    Args:
        data: bytes it sent on its result pipe.
        log: what it printed, the first 32 kB.
        why: why it was stopped, or "".
        cpu: CPU seconds of all its processes that ended by themselves.
        seconds: wall-clock seconds.
    """

    data: bytes | bytearray
    log: str
    why: str
    cpu: float
    seconds: float


def run(backend, kit: Path, script: str, job=b"", wall=30.0, args=(), memory=limits.MEMORY) -> Finished:
    """Run ``script`` of the kit in a sandbox.

    Args:
        backend, kit: where and with which files.
        script: a file of the kit; its arguments are the number of the result pipe, then ``args``.
        job: bytes on its standard input.
        wall: seconds after which it is stopped.
        memory: bytes that each of its processes, and all together, may use.
    """
    result, result_in = os.pipe()
    printed, printed_in = os.pipe()
    scratch = tempfile.mkdtemp(prefix=f"course-grade-{os.getpid()}-") if backend.needs_scratch else None
    user = 200_000 + secrets.randbelow(1 << 30) if os.geteuid() == 0 else 0
    start = Start(user, memory, int(wall) + 5)
    started = time.monotonic()
    process = None
    try:
        if scratch and user:
            os.chown(scratch, user, user)
        with tempfile.TemporaryFile() as stdin:
            stdin.write(job)
            stdin.seek(0)
            process = subprocess.Popen(
                backend.command(kit, scratch, start, script, [str(result_in), *map(str, args)]),
                stdin=stdin,
                stdout=printed_in,
                stderr=printed_in,
                pass_fds=[result_in],
                start_new_session=True,
                env={"PATH": "/usr/bin:/bin"},
                cwd="/",
            )
        os.close(result_in)
        os.close(printed_in)
        result_in = printed_in = -1
        data, log, why = _listen(process, result, printed, started + wall, scratch, memory)
        cpu = _stop(process)
        return Finished(data, log.decode(errors="replace"), why, cpu, time.monotonic() - started)
    finally:
        if process is not None and process.returncode is None:
            _stop(process)
        for handle in (result, printed, result_in, printed_in):
            if handle >= 0:
                os.close(handle)
        if scratch:
            remove(scratch)


def _listen(process, result, printed, end, scratch, memory):
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
            if now >= end:
                why = "out of time"
                break
            if now >= look:
                look = now + TICK
                why = watch.too_much(process.pid, scratch, memory)
                if _gone(process):
                    ended = ended or now
                    if now - ended > 1:
                        break  # a process it left behind still holds a pipe; it is stopped below
            for key, _ in selector.select(min(TICK, max(0.0, end - now))):
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


def _gone(process) -> bool:
    """Whether the process has ended, without collecting it (its resource use is read later)."""
    info = os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    return info is not None


def _stop(process) -> float:
    """Stop the process and its group; with namespaces, all its descendants end with it. Returns CPU
    seconds.
    """
    for _ in range(100):  # a script that closed its pipes may still be on its way out
        if _gone(process):
            break
        time.sleep(0.01)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_utime + usage.ru_stime
