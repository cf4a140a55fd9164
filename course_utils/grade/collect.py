"""Collect one chapter out of many homes: a folder a student, as ``course-grade`` reads them."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

from . import reading


def collect(homes: Path, chapter: str, out: Path) -> tuple[int, list[str], list[str]]:
    """Copy every ``*CHAPTER*.ipynb`` of each home into ``OUT/NAME/``, with its time; links are not followed.

    Run it as somebody who may read the homes. Hidden folders, checkpoints and trash are left out.

    Returns:
        (number of files, what could not be read, homes without such a file).
    """
    copied, closed, without = 0, [], []
    for name in sorted(os.listdir(homes)):
        home = homes / name
        if home.is_symlink() or not home.is_dir():
            continue
        before = copied
        blocked: list[str] = []
        for number, (folder, file) in enumerate(_notebooks(home, chapter, blocked)):
            target = out / name / f"{chapter}{f'-{number}' if number else ''}.ipynb"
            try:
                _copy(folder, file, target)
                copied += 1
            except OSError:
                blocked.append(f"{name}/{file}")
        closed += blocked
        without += [name] if copied == before and not blocked else []
    return copied, closed, without


def _notebooks(home: Path, chapter: str, blocked: list[str]):
    """Yield (descriptor of the folder, name) of the chapter's notebooks below a home, never through a link:
    the descriptor stays the same folder, whatever its owner does meanwhile.
    """

    def closed(error: OSError):
        blocked.append(f"{home.name}: {error.filename}")

    for _, folders, files, folder in os.fwalk(home, onerror=closed, follow_symlinks=False):
        folders[:] = sorted(d for d in folders if d not in reading.TOOLS and not d.startswith("."))
        for file in sorted(files):
            if chapter in file and file.endswith(".ipynb") and not file.startswith("."):
                yield folder, file


def _copy(folder: int, file: str, target: Path) -> None:
    handle = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    with os.fdopen(handle, "rb") as source:
        status = os.fstat(source.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise OSError("this is not a regular file")
        target.parent.mkdir(parents=True, exist_ok=True)
        with open(target, "wb") as copy:
            shutil.copyfileobj(source, copy)
    os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))
