"""Look at the memory and the files of a running sandbox from outside (Linux); control groups are not
needed.
"""

from __future__ import annotations

import os

from .. import limits

PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


def too_much(pid: int, scratch: str | None, memory: int) -> str:
    """Why the sandbox below process ``pid`` must be stopped now, or ""."""
    if os.path.isdir("/proc/self"):
        family = descendants(pid)
        if sum(map(_private, family)) > memory and sum(map(_share, family)) > memory:
            return "it used too much memory"
    if scratch and _size(scratch) > limits.SCRATCH:
        return "it wrote too many files"
    return ""


def descendants(pid: int) -> list[int]:
    """``pid`` and its children, grandchildren ..., and every process of its group."""
    children: dict[int, list[int]] = {}
    family = [pid]
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat", "rb") as file:
                fields = file.read().rpartition(b")")[2].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(name))
        if int(fields[2]) == pid and int(name) != pid:
            family.append(int(name))
    found, todo = set(), family
    while todo:
        one = todo.pop()
        if one not in found:
            found.add(one)
            todo += children.get(one, [])
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
