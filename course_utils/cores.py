"""How many cores this process may use: fewer than the machine has, where affinity or a control group says so.

A hub or a container grants shares of a core through Linux control groups. A program that starts a thread for
each core of the host then spends its share on threads that wait for one another. This module imports neither
PyTorch nor NumPy.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

PROC = Path("/proc/self")


def cores() -> int:
    """Cores this process may use, at least 1: the affinity's, or the smallest quota's, rounded down."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, int(min(count, quota())))


def quota() -> float:
    """The smallest share of cores of the control groups this process is in; infinity where there is none."""
    shares = [float("inf")]
    for folder in groups("cpu"):
        limit, period = (*_words(folder / "cpu.max"), "", "")[:2]  # version 2: "50000 100000" or "max 100000"
        if not limit:  # version 1
            limit, period = (" ".join(_words(folder / f"cpu.cfs_{what}_us")) for what in ("quota", "period"))
        with contextlib.suppress(ValueError, ZeroDivisionError):
            if int(limit) > 0:  # -1: no limit
                shares.append(int(limit) / int(period))
    return min(shares)


def groups(controller: str) -> Iterator[Path]:
    """The folders of the control groups this process is in, from its own up to the root that is seen here.

    Args:
        controller: "cpu" or "memory", which the first version of control groups keeps apart.
    """
    paths = {}  # {controllers of a hierarchy: path of the group}; "" is the second version's
    for line in _lines(PROC / "cgroup"):
        _, names, path = line.split(":", 2)
        paths[names] = path
    for line in _lines(PROC / "mountinfo"):
        head, tail = (part.split() for part in line.split(" - ", 1))
        kind, options = tail[0], tail[-1].split(",")
        if kind == "cgroup2":
            path = paths.get("")
        elif kind == "cgroup" and controller in options:
            path = next((p for names, p in paths.items() if controller in names.split(",")), None)
        else:
            continue
        if path is None:
            continue
        root, mount = head[3], Path(head[4].replace("\\040", " "))
        inside = os.path.relpath(path, root)
        folder = mount if inside.startswith("..") else mount / inside
        yield from (f for f in (folder, *folder.parents) if f.is_relative_to(mount) and f.is_dir())


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:  # not Linux, or not to be seen from here
        return []


def _words(file: Path) -> list[str]:
    return " ".join(_lines(file)).split()
