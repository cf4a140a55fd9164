"""Runs in a capped process of its own: bytes of a file handed in -> its notebooks as JSON.

Usage: ``python -I parse.py NOTEBOOK SOURCE CELLS NOTEBOOKS MEMBERS MEMORY SECONDS``; bytes on standard
input. It prints ``[{"name": ..., "cells": [{"id": grade_id or null, "type": ..., "source": ...}]}]``; or one
sentence on standard error, with exit status 1 (no notebook) or 2 (once a notebook, but damaged). Nothing is
written to disk: links and paths of an archive mean nothing.
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

NOTEBOOK, SOURCE, CELLS, NOTEBOOKS, MEMBERS, MEMORY, SECONDS = map(int, sys.argv[1:])


def cap():
    """Limit this process, where the system can."""
    try:
        import resource
    except ImportError:  # Windows
        return
    for name, value in (("AS", MEMORY), ("CPU", SECONDS), ("FSIZE", 0), ("CORE", 0)):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (value, value))


def main():
    cap()
    data = sys.stdin.buffer.read()
    if not data.strip():
        sys.exit("the file is empty")
    if data[:4] == b"PK\x03\x04":
        try:
            found = [(name, notebook(blob)) for name, blob in members(data)]
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError):
            stop("the zip is damaged", 2)
    else:
        found = [("", notebook(data))]
    json.dump([{"name": name, "cells": cells} for name, cells in found], sys.stdout)


def members(data):
    """(name, bytes) of the notebooks in a zip; checkpoints, resource forks and links are left out."""
    if data.count(b"PK\x01\x02") > MEMBERS:
        sys.exit("the zip has too many files in it")
    archive = zipfile.ZipFile(io.BytesIO(data))
    chosen = []
    for info in archive.infolist():
        parts = info.filename.replace("\\", "/").split("/")
        hidden = any(p in ("__MACOSX", ".ipynb_checkpoints") or p.startswith("._") for p in parts)
        link = stat.S_ISLNK(info.external_attr >> 16)
        if info.filename.lower().endswith(".ipynb") and not hidden and not link and not info.flag_bits & 1:
            chosen.append(info)
    if not chosen:
        sys.exit("the zip holds no notebook")
    if len(chosen) > NOTEBOOKS:
        sys.exit(f"the zip holds {len(chosen)} notebooks; unpack the export of a learning platform first")
    total = 0
    for info in chosen:
        blob = archive.open(info).read(NOTEBOOK + 1 - total)
        total += len(blob)
        if total > NOTEBOOK:
            sys.exit("the notebooks in the zip are too large")
        yield info.filename, blob


def notebook(blob):
    """The cells of one notebook of any format, in any common encoding."""
    try:
        data = json.loads(text(blob))
    except RecursionError:
        sys.exit("the file is nested too deeply to be a notebook")
    except ValueError:
        damaged = blob.lstrip()[:1] == b"{" and b'"cells"' in blob
        stop(
            "the notebook is damaged, perhaps cut off" if damaged else "the file is not a notebook",
            1 + damaged,
        )
    if not isinstance(data, dict):
        sys.exit("the file is not a notebook")
    cells = data.get("cells")
    if not isinstance(cells, list):
        cells = [c for sheet in listed(data.get("worksheets")) for c in listed(mapping(sheet).get("cells"))]
    if not cells:
        sys.exit("the notebook has no cells")
    if len(cells) > CELLS:
        sys.exit(f"the notebook has {len(cells)} cells; at most {CELLS} are read")
    found, total = [], 0
    for cell in cells:
        cell = mapping(cell)
        source = cell.get("source", cell.get("input", ""))
        if isinstance(source, list) and all(isinstance(line, str) for line in source):
            source = "".join(source)
        if not isinstance(source, str):
            continue
        total += len(source)
        if total > SOURCE:
            sys.exit("there is more code in the notebook than anybody writes by hand")
        marks = mapping(mapping(cell.get("metadata")).get("nbgrader"))
        name = marks.get("grade_id")
        found.append({
            "id": name if isinstance(name, str) and len(name) < 200 else None,
            "type": "code" if cell.get("cell_type") == "code" else "other",
            "source": source,
        })  # fmt: skip
    return found


def stop(sentence, status):
    """End with a sentence and an exit status."""
    print(sentence, file=sys.stderr)
    sys.exit(status)


def text(blob):
    for start, encoding in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig")):
        if blob.startswith(start):
            return blob.decode(encoding)
    try:
        return blob.decode("utf-8")
    except UnicodeDecodeError:
        return blob.decode("cp1252", errors="replace")


def mapping(value):
    return value if isinstance(value, dict) else {}


def listed(value):
    return value if isinstance(value, list) else []


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()
