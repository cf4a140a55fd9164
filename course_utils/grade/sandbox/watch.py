"""Look at the memory and the files of a running sandbox from outside (Linux); control groups are not
needed.
"""

from __future__ import annotations

import os
import time

from .. import limits

PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


class Clock:
    """The time of one run, which stands still while other programs have the processor.

    Args:
        pid: the process below which all of the run are.
        end: when it ends, by the monotonic clock, if nothing else runs.
        wall: the seconds until then.
        budget: CPU seconds beyond which the run itself is what keeps the machine busy.
    """

    def __init__(self, pid: int, end: float, wall: float, budget: float):
        self.end, self.wall, self.budget = end, wall, budget
        self.waited = 0.0
        self.before = {p: _schedule(p) for p in descendants(pid)}

    def over(self, family: list[int]) -> bool:
        """Whether the time is up."""
        cpu = 0.0
        for pid in family:
            earlier, now = self.before.get(pid, (0.0, 0.0)), _schedule(pid)
            cpu += now[0] - earlier[0]
            self.waited = max(self.waited, now[1] - earlier[1])
        more = self.waited if cpu <= self.budget else 0.0
        return time.monotonic() >= self.end + min(more, (limits.BUSY - 1) * self.wall)


def _schedule(pid: int) -> tuple[float, float]:
    """(seconds on a processor, seconds ready but waiting for one) of a process."""
    try:
        with open(f"/proc/{pid}/schedstat", "rb") as file:
            cpu, waited, _ = file.read().split()
        return int(cpu) / 1e9, int(waited) / 1e9
    except (OSError, ValueError):
        return 0.0, 0.0


def too_much(family: list[int], scratch: str | None, memory: int) -> str:
    """Why the sandbox with these processes must be stopped now, or ""."""
    if sum(map(_private, family)) > memory and sum(map(_share, family)) > memory:
        return "it used too much memory"
    if scratch and _size(scratch) > limits.SCRATCH:
        return "it wrote too many files"
    return ""


def descendants(pid: int) -> list[int]:
    """``pid`` and its children, grandchildren ..., and every process of a group that one of them leads."""
    below: dict[int, list[int]] = {}
    for name in filter(str.isdigit, os.listdir("/proc") if os.path.isdir("/proc/self") else []):
        try:
            with open(f"/proc/{name}/stat", "rb") as file:
                fields = file.read().rpartition(b")")[2].split()
        except OSError:
            continue
        for above in {int(fields[1]), int(fields[2])}:  # its parent, the leader of its group
            below.setdefault(above, []).append(int(name))
    found, todo = set(), [pid]
    while todo:
        one = todo.pop()
        if one not in found:
            found.add(one)
            todo += below.get(one, [])
    return sorted(found)


def _private(pid: int) -> int:
    """Resident bytes of a process without pages of files; pages shared by a fork count in each process."""
    try:
        with open(f"/proc/{pid}/statm", "rb") as file:
            fields = file.read().split()
        return (int(fields[1]) - int(fields[2])) * PAGE
    except (OSError, IndexError):
        return 0


def _share(pid: int) -> int:
    """Resident bytes of a process, shared pages counted by their share; as ``_private`` where that is not
    to be had.
    """
    try:
        with open(f"/proc/{pid}/smaps_rollup", "rb") as file:
            for line in file:
                if line.startswith(b"Pss_Anon:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return _private(pid)


def _size(folder: str) -> int:
    """Bytes of the files below a folder; more than allowed where they are too many or too deep to count."""
    total, todo, seen = 0, [folder], 0
    while todo and seen < 20_000:
        if len(todo[-1]) > 2_000:
            return limits.SCRATCH + 1
        try:
            with os.scandir(todo.pop()) as entries:
                for entry in entries:
                    seen += 1
                    if entry.is_dir(follow_symlinks=False):
                        todo.append(entry.path)
                    else:
                        total += 4096 + entry.stat(follow_symlinks=False).st_blocks * 512
        except OSError:
            continue
    return total if seen < 20_000 else limits.SCRATCH + 1
