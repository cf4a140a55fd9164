"""Sandboxes that are forked from one process with torch imported, ``inside/forks.py``: one such process for
each thread of the grader.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import signal
import socket
import subprocess
import tempfile
import threading
from pathlib import Path

from .. import limits
from ..kit import prefix, remove

START = 120  # seconds that the first process may take to import torch
END = 10  # seconds for a run to end once it is stopped
_own = threading.local()


class Broken(RuntimeError):
    """The first process does not start, or has ended; what it printed."""


class Server:
    """The first process, and all runs below it.

    Args:
        backend, kit: where and with which files.
    """

    def __init__(self, backend, kit: Path):
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.home = tempfile.mkdtemp(prefix=prefix()) if backend.needs_scratch else None
        with theirs, tempfile.TemporaryFile() as printed:
            theirs.set_inheritable(True)
            self.process = subprocess.Popen(
                backend.forking(kit, self.home, theirs.fileno()),
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=printed,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
                env={"PATH": "/usr/bin:/bin"},
                cwd="/",
            )
            theirs.close()
            self.pid = self.process.pid
            atexit.register(self.close)
            self.control.settimeout(START)
            if self._receive() != b"ready":
                self.close()
                printed.seek(0)
                raise Broken(printed.read()[-limits.LOG :].decode(errors="replace").strip())

    def _receive(self) -> bytes:
        try:
            return self.control.recv(1 << 16)
        except OSError:
            return b""

    def send(self, message: list, handles: list[int]) -> None:
        """Start a run."""
        try:
            socket.send_fds(self.control, [json.dumps(message).encode()], handles)
        except OSError as error:
            self.close()
            raise Broken(str(error)) from None

    def ended(self, seconds: float) -> float | None:
        """The CPU seconds of the run, once it has ended; None if it has not within some seconds."""
        if self.closed:
            return 0.0
        self.control.settimeout(seconds)
        try:
            data = self.control.recv(1 << 16)
        except (TimeoutError, BlockingIOError):
            return None
        except OSError:
            data = b""
        if not data:
            self.close()
        return float(data or 0)

    def close(self) -> None:
        """End it, and with it all runs."""
        if self.closed:
            return
        atexit.unregister(self.close)
        self.control.close()
        if self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
        self.process.wait()
        if self.home:
            remove(self.home)

    @property
    def closed(self) -> bool:
        return self.control.fileno() < 0


def server(backend, kit: Path) -> Server:
    """The server of this thread for a means of isolation, started on first use and after it has ended."""
    servers = _own.__dict__.setdefault("servers", {})
    found = servers.get((backend.name, kit))
    if found is None or found.closed or found.process.poll() is not None:
        if found:
            found.close()
        found = servers[backend.name, kit] = Server(backend, kit)
    return found


class Run:
    """One run below the server.

    Attributes:
        pid: the process below which all others are.
    """

    def __init__(self, backend, kit: Path, script: str, start, scratch: str | None, handles, args):
        limited = start.limits(backend.processes())
        message = [script, start.user, limited, scratch, [str(a) for a in args]]
        self.cpu = None
        alive, self.alive = os.pipe()
        try:
            try:
                self.server = server(backend, kit)
                self.server.send(message, [*handles, alive])
            except Broken:  # it may have been ended by somebody; a new one is started
                self.server = server(backend, kit)
                self.server.send(message, [*handles, alive])
        except Broken:
            os.close(self.alive)
            raise
        finally:
            os.close(alive)
        self.pid = self.server.pid

    def gone(self) -> bool:
        """Whether it has ended."""
        if self.cpu is None:
            self.cpu = self.server.ended(0)
        return self.cpu is not None

    def stop(self) -> float:
        """End it and all that it left. Returns CPU seconds."""
        if self.alive >= 0:
            if self.cpu is None:
                self.cpu = self.server.ended(1)  # a script that closed its pipes may still be on its way out
            os.close(self.alive)
            self.alive = -1
        if self.cpu is None:
            self.cpu = self.server.ended(END)
        if self.cpu is None:
            self.server.close()
            self.cpu = 0.0
        return self.cpu
