"""Editions to look at: a small one of the front matter and three pages, and what `make editions` left."""

import functools
import os
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

HERE = Path(__file__).resolve().parent
TOP = HERE.parents[1]
sys.path[:0] = [str(HERE), str(TOP / "scripts")]

import editions  # noqa: E402
import offprint  # noqa: E402

SITE = Path(os.environ.get("COURSE_SITE", TOP / "_build" / "html"))
SMALL = ("index", "12_gans", "appendix/glossary")  # the shortest chapter, and Cyrillic


class Edition(NamedTuple):
    """One kind of edition: the parts that it is made of, and {file name without suffix: path}."""

    parts: list
    files: dict

    @property
    def book(self):
        return self.files[offprint.BOOK_FILE]


@pytest.fixture(scope="session")
def site():
    if not (SITE / "index.html").is_file():
        pytest.fail(f"no site in {SITE}: build it with `make book`", pytrace=False)
    return SITE


@pytest.fixture(scope="session")
def press(site):
    with offprint.Press(site, offprint.address()) as running:
        yield running


@pytest.fixture(scope="session")
def decks(site, tmp_path_factory):
    """Return a function: the path of a chapter's deck, made anew, in a site with the files that it needs."""
    import slides

    folder = tmp_path_factory.mktemp("decks")
    for name in ("_static", "index.html"):
        (folder / name).symlink_to(site / name)
    for page in slides.chapters():
        (folder / f"{page.name}.html").symlink_to(site / f"{page.name}.html")
    slides.furnish(folder)

    @functools.cache
    def made(name):
        slides.make(folder, next(page for page in slides.chapters() if page.name == name))
        return folder / "slides" / f"{name}.html"

    return made


def small(press, maker, kind, folder):
    """Make the small edition of one kind."""
    about, parts, files = editions.about(press.site), [], {}
    for page in offprint.pages():
        if page.name in SMALL:
            parts.append(maker.prepare(press, page, folder / "parts")[0])
            files[page.file] = folder / f"{page.file}.{kind}"
            maker.make_page(press, about, parts[-1], folder / "parts", files[page.file])
    files[offprint.BOOK_FILE] = folder / f"book.{kind}"
    maker.make_book(press, about, parts, folder / "parts", files[offprint.BOOK_FILE])
    return Edition(parts, files)


def whole(press, maker, kind):
    """Return what `make editions` has made of the pages as they are, or skip."""
    folder = TOP / "_build" / "editions" / kind
    files = {page.file: SITE / editions.FOLDER / f"{page.file}.{kind}" for page in offprint.pages()}
    files[offprint.BOOK_FILE] = SITE / editions.FOLDER / f"{offprint.BOOK_FILE}.{kind}"
    if not all(path.exists() for path in files.values()):
        pytest.skip("no editions here; `make editions` makes them")
    for page in offprint.pages():
        if not maker.is_kept(press, page, folder):
            pytest.skip(f"the editions are older than {page.name}; `make editions` makes them anew")
    return Edition([maker.prepare(press, page, folder)[0] for page in offprint.pages()], files)


def edition(request, press, maker, kind, factory):
    """Return the edition that a fixture's parameter names."""
    if request.param == "whole":
        return whole(press, maker, kind)
    return small(press, maker, kind, factory.mktemp(kind))


@pytest.fixture(scope="session", params=["small", "whole"])
def pdfs(request, press, tmp_path_factory):
    import pdf

    return edition(request, press, pdf, "pdf", tmp_path_factory)


@pytest.fixture(scope="session", params=["small", "whole"])
def epubs(request, press, tmp_path_factory):
    import epub

    return edition(request, press, epub, "epub", tmp_path_factory)
