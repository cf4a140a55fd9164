"""One record a file handed in, written atomically, so that a run can be stopped at any moment and started
again.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import re
import secrets
from pathlib import Path

FOLDERS = ("records", "feedback", "gradescope", "canvas", "moodle")
PACKAGE = Path(__file__).resolve().parents[1]


@functools.lru_cache(maxsize=4)
def version(own: str | None = None) -> str:
    """Twelve hex digits of the code that grades, with a teacher's own exercises: records of other code are
    made again.
    """
    digest = hashlib.sha256()
    files = [*(PACKAGE / "exercises").rglob("*.py"), *(PACKAGE / "grade").rglob("*.py")]
    for path in sorted(files) + sorted(Path(own).glob("*.py") if own else []):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def key(relative: bytes) -> str:
    """The name of a file's record: a hash, since names of files are written by students."""
    return hashlib.sha256(relative).hexdigest()[:20]


def stamp(data: bytes | None, spec, backend: str) -> str:
    """What a record depends on: the bytes, the seed, the chapter, the patience, the code, the means of
    isolation.
    """
    words = (spec.chapter or "", f"{spec.patience:g}", version(spec.exercises), backend)
    parts = [data if data is not None else b"unreadable", spec.seed, *map(str.encode, words)]
    digest = hashlib.sha256()
    for part in parts:
        digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()[:20]


def write(path: Path, value: dict) -> None:
    """Write JSON so that the file is there whole or not at all, even if the machine stops."""
    write_text(path, json.dumps(value, indent=1, sort_keys=True) + "\n")


def write_text(path: Path, text: str) -> None:
    """Write text (UTF-8; what is no text becomes an escape) whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    with open(temporary, "w", encoding="utf-8", errors="backslashreplace", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)


def read(path: Path) -> dict | None:
    """A record, or None if there is none that can be read."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def sweep(folder: Path) -> None:
    """Remove half-written files of runs that were killed, where ``write_text`` leaves them, and no others."""
    for place in (folder, *(folder / name for name in FOLDERS)):
        for path in place.glob(".*.*.part"):
            if re.fullmatch(r"\..+\.(json|csv|html)\.\d+\.part", path.name):
                path.unlink(missing_ok=True)


def secret(path: Path) -> bytes:
    """The secret seed in a file; drawn and written, readable by its owner only, if there is none."""
    if not path.exists():
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(32) + "\n")
    text = path.read_text(encoding="utf-8").strip()
    if len(text) < 8:
        raise ValueError(
            f"the secret seed in {path} is shorter than 8 characters; write a longer one, or remove the file"
        )
    return text.encode()
