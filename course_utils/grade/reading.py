"""Read what was handed in: regular files only, parsed in a capped process, never following links."""

from __future__ import annotations

import io
import json
import os
import re
import stat
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

from . import limits

PARSE = Path(__file__).parent / "inside" / "parse.py"
TOOLS = {"__MACOSX", "__pycache__", "$RECYCLE.BIN", "lost+found"}  # folders that hold nobody's work
TOP_TOOLS = re.compile(r"\.(ipynb_checkpoints|git|local|cache|config|venv|ipython|jupyter|Trash.*)$")
WORK = (b".ipynb", b".zip")  # what a hidden file may be called and still be handed in


class Unreadable(ValueError):
    """A file cannot be graded; the message is one sentence for the teacher.

    Args:
        person: whether a person should look, since it may have been a notebook that was damaged on its way.
    """

    def __init__(self, sentence: str, person: bool = False):
        super().__init__(sentence)
        self.person = person


@dataclass(frozen=True)
class Cell:
    """One cell handed in: its nbgrader id or None, whether it is a code cell, its source."""

    id: str | None
    code: bool
    source: str


def find(root) -> list[bytes]:
    """The files to grade below a folder, or the file itself; names as bytes, since they need not be text.

    Links are not followed. Trash, checkpoints, hidden folders and folders of tools are left out; a folder
    that must not be read stands for the files in it. Sorted.
    """
    root = os.fsencode(root)
    if not os.path.isdir(root):
        return [root]
    found: list[bytes] = []

    def closed(error: OSError):
        found.append(os.fsencode(error.filename))

    for folder, folders, files in os.walk(root, onerror=closed, followlinks=False):
        folders[:] = sorted(d for d in folders if not _left_out(os.fsdecode(d), folder == root))
        found += [os.path.join(folder, f) for f in files if not _hidden(f)]
        found += [os.path.join(folder, d) for d in folders if os.path.islink(os.path.join(folder, d))]
    return sorted(found)


def _left_out(folder: str, top: bool) -> bool:
    """Whether a folder holds nobody's work; at the top, a name with a dot may be a student's."""
    return folder in TOOLS or bool(TOP_TOOLS.match(folder)) or (folder.startswith(".") and not top)


def _hidden(file: bytes) -> bool:
    return file.startswith((b"._", b".~")) or (file.startswith(b".") and not file.endswith(WORK))


def read(path: bytes) -> bytes:
    """The bytes of a regular file; of one larger than 64 MB, those of its cells without their outputs.

    Raises:
        Unreadable: a link, a device, a pipe; too large, or no permission, which a person can mend.
    """
    flags = (
        os.O_RDONLY
        | getattr(os, "O_NOFOLLOW", 0)
        | getattr(os, "O_NONBLOCK", 0)
        | getattr(os, "O_CLOEXEC", 0)
    )
    try:
        handle = os.open(path, flags)
    except OSError as error:
        if os.path.islink(path):
            raise Unreadable("the file is a link") from None
        what = "folder" if os.path.isdir(path) else "file"
        why = f"the {what} cannot be opened ({error.strerror}); let the grader read it and start again"
        raise Unreadable(why, person=True) from None
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise Unreadable("this is not a regular file")
        if status.st_size > limits.FILE:
            raise Unreadable(f"the file is larger than {limits.FILE // limits.MB} MB", person=True)
        if status.st_size > limits.NOTEBOOK:
            return _slim(handle)
        with os.fdopen(os.dup(handle), "rb") as file:
            return file.read(limits.NOTEBOOK)
    finally:
        os.close(handle)


def notebooks(data: bytes) -> list[list[Cell]]:
    """The notebooks in a file handed in (one, or those of a zip).

    Raises:
        Unreadable: with the reason, in one sentence.
    """
    found = _parse(input=data)
    return [[Cell(c["id"], c["type"] == "code", c["source"]) for c in book["cells"]] for book in found]


def _slim(handle: int) -> bytes:
    """A zip of the notebooks in a large file, each with its cells only."""
    found, out = _parse(stdin=handle), io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for number, book in enumerate(found):
            cells = [
                {
                    "cell_type": c["type"],
                    "source": c["source"],
                    "metadata": {"nbgrader": {"grade_id": c["id"]}},
                }
                for c in book["cells"]
            ]
            archive.writestr(zipfile.ZipInfo(f"{number}.ipynb"), json.dumps({"cells": cells}))
    return out.getvalue()


def _parse(**source) -> list[dict]:
    """What ``inside/parse.py`` finds in its standard input, given as to ``subprocess.run``."""
    sizes = [limits.FILE, limits.SOURCE, limits.CELLS, limits.NOTEBOOKS, limits.MEMBERS]
    sizes += [limits.PARSE_MEMORY, limits.PARSE_SECONDS]
    command = [sys.executable, "-I", "-S", str(PARSE), *map(str, sizes)]
    try:
        wall = limits.BUSY * limits.PARSE_SECONDS
        done = subprocess.run(command, **source, capture_output=True, timeout=wall, env={})
    except subprocess.TimeoutExpired:
        raise Unreadable(f"reading it took more than {wall} s", person=True) from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines() or ["reading it takes too long"]
        raise Unreadable(ascii_line(said[-1]), person=done.returncode != 1)
    return json.loads(done.stdout)


def ascii_line(text: str, most: int = 200) -> str:
    """Text from outside as one short printable line."""
    return text.encode("ascii", "backslashreplace").decode().replace("\n", " ")[:most].translate(_NO_CONTROL)


def printable(text: str) -> str:
    """Text of several lines from outside without control characters."""
    return "".join(c if c == "\n" or c.isprintable() else "\ufffd" for c in text)


_NO_CONTROL = {i: "." for i in [*range(32), 127]}


def answers(cell: Cell, names) -> list[str]:
    """The exercises that a cell may hold the answer of: by its id, or because it defines the name or hands
    something to its check.
    """
    found = [cell.id] if cell.id in names else []
    if cell.code or found:
        for line in cell.source.splitlines():
            match = re.match(r"(?:async )?(?:def|class) (\w+)|(\w+) ?=(?!=)", line)
            held = [match[1] or match[2]] if match else []
            held += re.findall(r"\bcheck\.(\w+)\(", line)
            found += [name for name in held if name in names and name not in found]
    return found
