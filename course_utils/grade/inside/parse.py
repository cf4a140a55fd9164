"""Runs in a capped process of its own: bytes of a file handed in -> its notebooks as JSON.

Usage: ``python -I parse.py FILE SOURCE CELLS NOTEBOOKS MEMBERS MEMORY SECONDS``; bytes on standard
input. It prints ``[{"name": ..., "cells": [{"id": grade_id or null, "type": ..., "source": ...}]}]``; or one
sentence on standard error, with exit status 1 (no notebook) or 2 (a notebook, but damaged or too large).
Nothing is written to disk: links and paths of an archive mean nothing.
"""

from __future__ import annotations

import contextlib
import io
import json
import stat
import sys
import warnings
import zipfile
import zlib

try:
    from lzma import LZMAError
except ImportError:  # some builds of Python lack it; a zip that needs it is then refused
    LZMAError = NotImplementedError

NO_NOTEBOOK, DAMAGED = 1, 2
BROKEN_ZIP = (zipfile.BadZipFile, zlib.error, LZMAError, EOFError, OSError, NotImplementedError, RuntimeError)

FILE, SOURCE, CELLS, NOTEBOOKS, MEMBERS, MEMORY, SECONDS = map(int, sys.argv[1:])


def cap():
    """Limit this process, where the system can."""
    try:
        import resource
    except ImportError:  # Windows
        return
    for name, value in (("AS", MEMORY), ("CPU", SECONDS), ("FSIZE", 0), ("CORE", 0)):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (value, value))


class Refused(Exception):
    """A sentence that says why there is nothing to grade, and the exit status."""

    def __init__(self, sentence, status=NO_NOTEBOOK):
        super().__init__(sentence)
        self.status = status


def main():
    cap()
    try:
        found = notebooks(sys.stdin.buffer.read())
    except Refused as refused:
        print(refused, file=sys.stderr)
        sys.exit(refused.status)
    except MemoryError:
        print("reading it takes too much memory", file=sys.stderr)
        sys.exit(DAMAGED)
    json.dump([{"name": name, "cells": cells} for name, cells in found], sys.stdout)


def notebooks(data):
    """[(name, cells)] of the bytes handed in; of a zip, those of its notebooks that can be read."""
    if not data.strip():
        raise Refused("the file is empty")
    code = [SOURCE]
    if data[:4] != b"PK\x03\x04":
        return [("", notebook(data, code))]
    found, refused = [], []
    try:
        for name, blob in members(data):
            try:
                found.append((name, notebook(blob, code)))
            except Refused as reason:
                refused.append(reason)
    except BROKEN_ZIP:
        raise Refused("the zip is damaged", DAMAGED) from None
    if not found or code[0] < 0:
        raise max(refused, key=lambda reason: reason.status)
    return found


def members(data):
    """(name, bytes) of the notebooks in a zip; checkpoints, resource forks and links are left out."""
    if data.count(b"PK\x01\x02") > MEMBERS:
        raise Refused("the zip has too many files in it")
    archive = zipfile.ZipFile(io.BytesIO(data))
    chosen = []
    for info in archive.infolist():
        parts = info.filename.replace("\\", "/").split("/")
        hidden = any(p in ("__MACOSX", ".ipynb_checkpoints") or p.startswith("._") for p in parts)
        link = stat.S_ISLNK(info.external_attr >> 16)
        if info.filename.lower().endswith(".ipynb") and not hidden and not link and not info.flag_bits & 1:
            chosen.append(info)
    if not chosen:
        raise Refused("the zip holds no notebook")
    if len(chosen) > NOTEBOOKS:
        raise Refused(
            f"the zip holds {len(chosen)} notebooks; unpack the export of a learning platform first"
        )
    total = 0
    for info in chosen:
        blob = archive.open(info).read(FILE + 1 - total)
        total += len(blob)
        if total > FILE:
            raise Refused("the notebooks in the zip are too large", DAMAGED)
        yield info.filename, blob


def notebook(blob, code):
    """The cells of one notebook of any format, in any common encoding; ``code[0]`` characters are left for
    them.
    """
    try:
        data = json.loads(text(blob))
    except RecursionError:
        raise Refused("the file is nested too deeply to be a notebook") from None
    except ValueError:
        if blob.lstrip()[:1] == b"{" and b'"cells"' in blob:
            raise Refused("the notebook is damaged, perhaps cut off", DAMAGED) from None
        raise Refused("the file is not a notebook") from None
    if not isinstance(data, dict):
        raise Refused("the file is not a notebook")
    cells = data.get("cells")
    if not isinstance(cells, list):
        cells = [c for sheet in listed(data.get("worksheets")) for c in listed(mapping(sheet).get("cells"))]
    if not cells:
        raise Refused("the notebook has no cells")
    if len(cells) > CELLS:
        raise Refused(f"the notebook has {len(cells)} cells; at most {CELLS} are read", DAMAGED)
    found = []
    for cell in cells:
        cell = mapping(cell)
        source = cell.get("source", cell.get("input", ""))
        if isinstance(source, list) and all(isinstance(line, str) for line in source):
            source = "".join(source)
        if not isinstance(source, str):
            continue
        code[0] -= len(source)
        if code[0] < 0:
            raise Refused("there is more code in it than anybody writes by hand", DAMAGED)
        marks = mapping(mapping(cell.get("metadata")).get("nbgrader"))
        name = marks.get("grade_id")
        found.append({
            "id": name if isinstance(name, str) and len(name) < 200 else None,
            "type": "code" if cell.get("cell_type") == "code" else "other",
            "source": source,
        })  # fmt: skip
    return found


def text(blob):
    try:
        return blob.decode(json.detect_encoding(blob))
    except UnicodeDecodeError:
        return blob.decode("cp1252", errors="replace")


def mapping(value):
    return value if isinstance(value, dict) else {}


def listed(value):
    return value if isinstance(value, list) else []


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()
