"""Two files to take along: all notebooks with what they need to run; the site, which works from a disk."""

from __future__ import annotations

import zipfile
from pathlib import Path

from docutils import nodes

NOTEBOOKS, SITE = "_downloads/notebooks.zip", "_downloads/site.zip"
BESIDE = ("course_utils", "data", "pyproject.toml", "README.md", "LICENSE")  # what a notebook needs
ASIDE = {"__pycache__", ".ipynb_checkpoints", ".doctrees", "_sources"}
ONLY_ONLINE = {"404.html", "sitemap.xml", "robots.txt", ".buildinfo", "objects.inv", NOTEBOOKS, SITE}
PACKED = {".png", ".webp", ".woff2", ".zip", ".gz", ".npz"}  # would not become smaller
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # so that equal contents make equal files


def pack(target: Path, files: dict[str, Path]):
    """Write a zip.

    Args:
        target: the file to write.
        files: {its name in the zip: a file}.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w") as archive:
        for name, path in sorted(files.items()):
            entry = zipfile.ZipInfo(name, LONG_AGO)
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_STORED if path.suffix in PACKED else zipfile.ZIP_DEFLATED
            archive.writestr(entry, path.read_bytes())


def below(top: Path) -> list[Path]:
    """Return a file itself, or all files below a folder; none if there is no such thing."""
    if top.is_file():
        return [top]
    return [path for path in top.rglob("*") if path.is_file() and not ASIDE & set(path.parts)]


def notebooks(book: Path, pages: set[str]) -> dict[str, Path]:
    """Return the files of the first zip: the notebooks of `pages` in `book`, and what lies beside `book`."""
    top = book.parent
    found = [path for path in below(book) if path.relative_to(book).with_suffix("").as_posix() in pages]
    found = [path for path in found if path.suffix == ".ipynb"]
    found += [path for name in BESIDE for path in below(top / name)]
    return {path.relative_to(top).as_posix(): path for path in found}


def site(out: Path) -> dict[str, Path]:
    """Return the files of the second zip: the site without what only a host or a developer needs."""
    found = {path.relative_to(out).as_posix(): path for path in below(out)}
    return {name: path for name, path in found.items() if name not in ONLY_ONLINE and path.suffix != ".map"}


def write(app, exception):
    """Write both, once the site is complete."""
    if exception or app.builder.format != "html":
        return
    out, folder = Path(app.outdir), nodes.make_id(app.config.html_title or app.config.project) or "book"
    for name, files in (
        (NOTEBOOKS, notebooks(Path(app.config.course_notebooks), set(app.env.found_docs))),
        (SITE, site(out)),
    ):
        pack(out / name, {f"{folder}/{inside}": path for inside, path in files.items()})


def setup(app):
    app.connect("build-finished", write, priority=950)  # after all that write into the site
