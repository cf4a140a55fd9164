"""Links to editions on the pages of the site: `make book` leaves places, `make editions` fills them.

A place is `<!--editions:KIND--><!--/editions-->` (see book/_ext/course_page/editions.py); so a page that is
built without editions has no dead links, and one that is built again loses the old ones.
"""

import re

import execute

PLACE = re.compile(r"(<!--editions:(\w+)-->).*?(<!--/editions-->)", re.DOTALL)
# kind of edition: what a button says, what a sentence says
WORDS = {"pdf": ("PDF", "PDF"), "epub": ("ePub", "ePub"), "slides": ("Slides", "slides")}


def without(text):
    """Return the HTML of a page as it is without links to editions."""
    return PLACE.sub(r"\1\3", text)


def fill(text, up, own, book):
    """Return the HTML of a page with links to editions.

    Args:
        text: the page.
        up: "../" as often as the page lies below the root of the site.
        own: {kind, "pdf", "epub" or "slides": address of the page's own edition, from the root}.
        book: the same of the whole book.
    """

    def row(words, files, name="edition"):
        return "".join(
            f'<a class="{name}" href="{up}{address}">{words}{WORDS[kind][bool(words)]}</a>'
            for kind, address in files.items()
        )

    def links(found):
        if found[2] == "row":
            inside = row("", own, "launch edition")
        else:
            inside = row("This page as ", own) + row("The book as ", book)
        return found[1] + inside + found[3]

    return PLACE.sub(links, text)


def put(site, name, own, book):
    """Fill the places of one page of a site, `name` without suffix."""
    path = site / f"{name}.html"
    text = fill(path.read_text(encoding="utf-8"), "../" * name.count("/"), own, book)
    execute.write_atomically(path, text)
