"""Gradescope's autograder archive: what sets its machine up, what grades a submission there, the course."""

from __future__ import annotations

import io
import shlex
import zipfile
from pathlib import Path

SETUP = """#!/usr/bin/env bash
# Runs once, when Gradescope builds the machine.
set -e
ROOT="${AUTOGRADER:-/autograder}"
apt-get update
apt-get install -y python3 python3-venv bubblewrap
python3 -m venv "$ROOT/venv"
"$ROOT/venv/bin/pip" install --extra-index-url https://download.pytorch.org/whl/cpu \\
  -e "$ROOT/source/course[grade]"
"""
RUN = """#!/usr/bin/env bash
# Runs for each submission. Without results.json Gradescope tells the teacher that the autograder failed.
ROOT="${{AUTOGRADER:-/autograder}}"
mkdir -p "$ROOT/results"
cd "$ROOT/source/course"
"$ROOT/venv/bin/python" -m course_utils.grade.cli "$ROOT/submission" --out "$ROOT/grades" \\
  --chapter {chapter} --workers 1 --formats "" --seed-file "$ROOT/source/secret-seed.txt" \\
  --book "$ROOT/source/course/book" --gradescope-results "$ROOT/results/results.json" {more}
test -s "$ROOT/results/results.json"
"""
LEFT_OUT = {"__pycache__"}


def archive(chapter: str, seed: bytes, root: Path, own: Path | None, no_sandbox: bool) -> bytes:
    """The archive to upload as "Autograder" of a programming assignment.

    Args:
        chapter: the one that students hand in.
        seed: the secret seed of the hidden inputs; it travels in the archive, where students cannot look.
        root: the course as it is checked out.
        own: a folder with exercises of the teacher's own, or None.
        no_sandbox: grade without isolation, where the machine lets none of the means work.
    """
    more = ["--exercises", "$ROOT/source/exercises"] if own else []
    words = [*(f'"{word}"' for word in more), *(["--no-sandbox"] if no_sandbox else [])]
    run = RUN.format(chapter=shlex.quote(chapter), more=" ".join(words))
    files = {"setup.sh": SETUP.encode(), "run_autograder": run.encode(), "secret-seed.txt": seed + b"\n"}
    for name in ("pyproject.toml", "README.md", "LICENSE", f"book/{chapter}.ipynb"):
        files[f"course/{name}"] = (root / name).read_bytes()
    files |= _below(root / "course_utils", "course/course_utils")
    files |= _below(own, "exercises") if own else {}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name, data in sorted(files.items()):
            entry = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))
            entry.external_attr = (0o755 if name in ("setup.sh", "run_autograder") else 0o644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(entry, data)
    return out.getvalue()


def _below(folder: Path, name: str) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file() and not LEFT_OUT & set(path.parts))
    return {f"{name}/{path.relative_to(folder).as_posix()}": path.read_bytes() for path in files}
