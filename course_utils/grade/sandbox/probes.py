"""Eight things a student's code must not be able to do, tried before anything is graded."""

from __future__ import annotations

import os
import select
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

from .. import limits
from ..kit import prefix
from .run import run
from .warm import Broken

MEMORY = limits.GB // 2  # limit under which memory is tried, for speed

PROBES = {
    "network": "reached the network",
    "read_home": "read a file of the teacher",
    "write_outside": "wrote outside its folder",
    "more_processes": "started more processes than allowed",
    "more_memory": "used more memory than allowed",
    "signal_parent": "sent a signal to another process",
    "read_memory": "read another process's memory",
    "outlive": "left a process behind",
}


def failed(backend, kit: Path) -> list[str]:
    """What a sandbox let happen, in words; empty if it refused all eight probes."""
    try:
        found = [PROBES[name] for name in PROBES if not refused(backend, kit, name)]
        return found or _broken(backend, kit)
    except Broken as error:
        return [f"its first process does not start ({str(error).splitlines()[-1:]})"]


def _broken(backend, kit: Path) -> list[str]:
    """Why a harmless script does not run: a sandbox that cannot start refuses everything, too."""
    said = run(backend, kit, "hello.py", wall=20).data.decode(errors="replace")
    if said == "hello":
        return []
    return [f"Python finds no {said} in it" if said else "it does not start"]


def refused(backend, kit: Path, name: str) -> bool:
    """Whether the sandbox keeps a script from doing one thing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        folder = Path(tempfile.mkdtemp(prefix=prefix()))
        victim = subprocess.Popen(["sleep", "60"], env={"SECRET": "of the teacher"})
        try:
            folder.chmod(0o777)
            secret, outside = folder / "secret.txt", folder / "outside.txt"
            secret.write_text("of the teacher")
            secret.chmod(0o644)
            port = server.getsockname()[1]
            args = (
                name,
                port,
                victim.pid,
                secret,
                outside,
                MEMORY,
                limits.PROCESSES + 4_000 * _many(backend),
            )
            before = secret.stat()
            done = run(backend, kit, "probe.py", wall=20, args=tuple(map(str, args)), memory=MEMORY)
            touched = not secret.exists() or _marks(secret.stat()) != _marks(before)
            connected = bool(select.select([server], [], [], 0)[0])
            alive = victim.poll() is None
            silent = name != "outlive" or not _left_behind(kit)
            touched = touched or os.path.lexists(outside)
            return done.data != b"done" and not connected and not touched and alive and silent
        finally:
            victim.kill()
            victim.wait()
            shutil.rmtree(folder, ignore_errors=True)


def _marks(status: os.stat_result) -> tuple:
    """What a script that may not write must leave as it is."""
    return status.st_mode, status.st_size, status.st_mtime_ns, status.st_nlink, status.st_uid


def _many(backend) -> bool:
    """Whether the limit on processes has to leave room for the user's own."""
    return backend.needs_scratch and os.geteuid() != 0


def _left_behind(kit: Path) -> bool:
    """Whether a process still runs a script of this kit's probe."""
    for pid in filter(str.isdigit, os.listdir("/proc") if os.path.isdir("/proc") else []):
        try:
            line = Path(f"/proc/{pid}/cmdline").read_bytes()
            name = Path(f"/proc/{pid}/comm").read_text().strip()
        except OSError:
            continue
        if (b"probe.py" in line and b"outlive" in line) or (line and name == "left-behind"):
            return True
    return False
