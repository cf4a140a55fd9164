"""PDF and ePub of the book and of each of its pages, and slides, from the pages that `make book` has built.

    python scripts/editions.py                # all, in the site: _build/html/_downloads, _build/html/slides
    python scripts/editions.py pdf            # only the PDFs
    python scripts/editions.py slides         # only the slides of the chapters
    python scripts/editions.py pdf --pages 02 15 appendix/notation   # only of these pages, without the book's

A page that has not changed is not printed again. At the end every page of the site links to its editions.
"""

import argparse
import re
import time
from typing import NamedTuple

import build
import epub
import execute
import interrupts
import marks
import offprint
import pdf
import slides
import turns
import yaml

INTERRUPTED = "interrupted; pages that had been printed are kept"
FOLDER = "_downloads"  # of the site


class About(NamedTuple):
    """What stands on the title page: title, one paragraph about the book, its authors, its licence."""

    title: str
    lead: str
    author: str
    licence: str


def about(site):
    """Return the About of a site."""
    settings = yaml.safe_load((execute.TOP / "_config.yml").read_text(encoding="utf-8"))
    text = (site / "index.html").read_text(encoding="utf-8")
    lead = re.search(r"<p>(.*?)</p>", text[text.index("<article") :], re.DOTALL)[1]
    year, author = settings["copyright"].split(", ", 1)
    licence = f"Copyright {year}, {author}. {settings['html']['extra_footer']}"
    return About(settings["title"], lead, author[0].upper() + author[1:], licence)


def check(folder):
    """Leave with one sentence when there are no pages, or older ones than their sources."""
    stamp = folder / "pages.key"
    if not (folder / "html" / "index.html").exists() or not stamp.exists():
        raise SystemExit(f"editions: there are no pages in {folder / 'html'} yet; run `make book` first")
    if stamp.read_text(encoding="utf-8").split() != list(build.keys(folder)):
        raise SystemExit("editions: the book has changed since its pages were built; run `make book` first")


def chosen(names):
    """Return the pages of the book whose names begin with one of these; all for none.

    Raises:
        SystemExit: a name is that of no page.
    """
    found = offprint.pages()
    for name in names:
        if not any(page.name.startswith(name) for page in found):
            known = ", ".join(page.name for page in found)
            raise SystemExit(f"editions: the book has no page {name!r}; it has {known}")
    return [page for page in found if not names or page.name.startswith(tuple(names))]


def make(folder, kinds, names):
    """Make editions and the links to them.

    Args:
        folder: the build folder, with the site in `html/`.
        kinds: of "pdf", "epub", "slides".
        names: beginnings of names of pages; none for all of them and the book.
    """
    site, start = folder / "html", time.monotonic()
    if "slides" in kinds:
        make_slides(site, chosen(names))
    if printed := [kind for kind in kinds if kind != "slides"]:
        make_printed(folder, printed, names)
    link(site)
    print(f"The editions are ready after {time.monotonic() - start:.0f} s, in {site}")


def make_slides(site, pages):
    """Make the decks of those of the pages that are chapters, and the page that lists all decks."""
    slides.furnish(site)
    for page in (page for page in pages if page.number):
        print(f"slides: {page.name:<19} {slides.make(site, page)} slides", flush=True)
    slides.write_index(site)


def make_printed(folder, kinds, names):
    """Make PDFs or ePubs; the arguments are those of `make`."""
    site = folder / "html"
    out, words = site / FOLDER, about(site)
    with offprint.Press(site, offprint.address()) as press:
        for kind in kinds:
            maker = {"pdf": pdf, "epub": epub}[kind]
            parts = []
            for page in chosen(names):
                part, kept = maker.prepare(press, page, folder / "editions" / kind)
                target = out / f"{page.file}.{kind}"
                if not target.exists() or target.stat().st_mtime < part.path.stat().st_mtime:
                    maker.make_page(press, words, part, folder / "editions" / kind, target)
                parts.append(part)
                print(f"{kind}: {page.name:<22} {part.size}{' (unchanged)' * kept}", flush=True)
            if not names:
                target = out / f"{offprint.BOOK_FILE}.{kind}"
                size = maker.make_book(press, words, parts, folder / "editions" / kind, target)
                print(f"{kind}: the book {size}, {target.stat().st_size / 1e6:.0f} MB", flush=True)


def link(site):
    """Link every page of a site to the editions that are there."""

    def there(name, deck):
        files = {kind: f"{FOLDER}/{name}.{kind}" for kind in ("pdf", "epub")}
        files["slides"] = f"{slides.FOLDER}/{deck}.html"
        return {kind: file for kind, file in files.items() if (site / file).exists()}

    book = there(offprint.BOOK_FILE, "index")
    for page in offprint.pages():
        marks.put(site, page.name, there(page.file, page.file if page.number else ""), book)


def main():
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("kind", nargs="?", choices=list(marks.WORDS), help="default: all")
    arguments.add_argument("--pages", nargs="+", default=[], metavar="NAME", help="beginnings of their names")
    given = arguments.parse_args()
    folder = execute.build_folder("fast")
    check(folder)
    with interrupts.ends_with(INTERRUPTED), turns.turn(folder, "make editions"):
        try:
            make(folder, [given.kind] if given.kind else list(marks.WORDS), given.pages)
        except (FileNotFoundError, LookupError, RuntimeError) as error:  # no Chromium; what a page lacks
            raise SystemExit(f"editions: {error}") from None


if __name__ == "__main__":
    main()
