"""PDF of the book and of its chapters: each page is printed by itself, numbered, and joined by `pypdf`.

A page that is printed again only when it changed lies in `editions/pdf/` of the build folder, with a list
of its headings. Links between pages become links inside the book's PDF, and lead to the site from a
chapter's.
"""

import html
import json
import os
from urllib.parse import quote, unquote

import execute
import offprint
from pypdf import PdfReader, PdfWriter
from pypdf.generic import (
    ArrayObject,
    DictionaryObject,
    Fit,
    FloatObject,
    NameObject,
    NullObject,
    StreamObject,
    TextStringObject,
)

PAPER = {"prefer_css_page_size": True, "print_background": True}
SHAPING = (*offprint.SHAPING, "scripts/pdf.py")
ROMAN, DECIMAL = "/r", "/D"  # styles of page numbers


class Printed:
    """One printed page of the book.

    Args:
        page: which.
        path: its PDF; a file of the same name with the suffix .json holds what offprint.js says about it.
    """

    def __init__(self, page, path):
        self.page, self.path, self.reader = page, path, PdfReader(path)
        about = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        self.title, self.headings, self.cut = about["title"], about["headings"], about["cut"]
        self.number = page.number
        self.places = {
            unquote(name.removeprefix("/")): (self.reader.get_destination_page_number(place), place)
            for name, place in self.reader.named_destinations.items()
        }

    def __len__(self):
        return len(self.reader.pages)

    @property
    def size(self):
        return f"{len(self)} pages"

    def place(self, anchor):
        """Return (page from 0, left, top in points above the paper's foot) of an anchor, "" for the title.

        Raises:
            LookupError: there is no such anchor.
        """
        if not anchor:
            return 0, 0.0, float(self.reader.pages[0].mediabox.top)
        if anchor not in self.places:
            raise LookupError(f"a link leads to {self.page.name}#{anchor}, which is not in its PDF")
        number, place = self.places[anchor]
        return number, float(place.left), float(place.top)


# --- printing -----------------------------------------------------------------------------------------------


def is_kept(press, page, folder):
    """Return whether a page has been printed as it is."""
    return press.keeps(page, folder, SHAPING)


def prepare(press, page, folder):
    """Print one page of the book unless it has been printed as it is.

    Returns:
        (Printed, whether it was there already).
    """
    path, kept = folder / f"{page.file}.pdf", is_kept(press, page, folder)
    if not kept:
        notes = path.with_suffix(".json")
        notes.unlink(missing_ok=True)
        folder.mkdir(parents=True, exist_ok=True)
        with press.open(page) as (tab, about):
            tab.evaluate("offprint.forPaper()")
            tab.pdf(path=path, **PAPER)
        about["key"] = press.key(page, SHAPING)
        execute.write_atomically(notes, json.dumps(about, ensure_ascii=False, indent=1))
    return Printed(page, path), kept


def print_html(press, folder, name, body):
    """Print HTML of our own with the book's style.

    Args:
        press: the browser.
        folder: where to write the HTML and its PDF.
        name: of the two files, without suffix.
        body: what stands in its body.

    Returns:
        The PdfReader.
    """
    path = folder / f"{name}.html"
    head = f'<!DOCTYPE html><html lang="en"><meta charset="utf-8"><style>{offprint.STYLE}</style>'
    execute.write_atomically(path, f"{head}<body>{body}")
    with press.tab() as tab:
        tab.goto(path.resolve().as_uri())
        tab.evaluate("document.fonts.ready.then(() => true)")
        tab.pdf(path=path.with_suffix(".pdf"), **PAPER)
    return PdfReader(path.with_suffix(".pdf"))


# --- joining ------------------------------------------------------------------------------------------------


class Joined:
    """A PDF that is being put together from printed ones.

    Attributes:
        writer: pypdf's, with the pages added so far.
        starts: {page of the book: number, from 0, of its first page in this PDF}.
    """

    def __init__(self, title, author):
        self.writer, self.starts, self.parts, self.pages = PdfWriter(), {}, {}, []
        self.writer.add_metadata({"/Title": title, "/Author": author})
        self.writer.root_object[NameObject("/Lang")] = TextStringObject("en")

    def add(self, reader, part=None):
        """Add all pages of a reader, those of `part`, a Printed, if given."""
        if part:
            self.starts[part.page.name], self.parts[part.page.name] = len(self.pages), part
        self.pages += [self.writer.add_page(page) for page in reader.pages]

    def lay_over(self, reader, start):
        """Lay pages with a transparent ground over those from number `start` on."""
        for page, over in zip(self.pages[start:], reader.pages, strict=True):
            _lay(self.writer, page, over)

    def add_outline(self):
        """Add the headings of all parts, nested."""
        for name, part in self.parts.items():
            above = {}
            for heading in part.headings:
                number, left, top = part.place(heading["id"])
                level, text = heading["level"], heading["text"]
                if level == 1:
                    text = f"{part.number} {text}".strip()
                above[level] = self.writer.add_outline_item(
                    text, self.starts[name] + number, above.get(level - 1), fit=Fit.xyz(left, top)
                )

    def resolve_links(self, address):
        """Make links lead to places in this PDF, or to the site when their page is not in it."""
        starts = sorted((start, name) for name, start in self.starts.items())
        for number, page in enumerate(self.pages):
            here = next((name for start, name in reversed(starts) if start <= number), None)
            for annotation in page.get("/Annots", ()):
                self._resolve(annotation.get_object(), here, address)

    def _resolve(self, annotation, here, address):
        action = annotation.get("/A")
        link = str(action.get_object().get("/URI", "")) if action else ""
        if "/Dest" in annotation:
            name, anchor = here, unquote(str(annotation["/Dest"]).removeprefix("/"))
        elif link.startswith(offprint.BOOK):
            name, _, anchor = unquote(link.removeprefix(offprint.BOOK)).partition("#")
        else:
            return
        if name in self.parts:
            number, left, top = self.parts[name].place(anchor)
            page = self.pages[self.starts[name] + number].indirect_reference
            place = [page, NameObject("/XYZ"), FloatObject(left), FloatObject(top), NullObject()]
            annotation.pop("/A", None)
            annotation[NameObject("/Dest")] = ArrayObject(place)
        else:
            there = f"{address}{name}.html" + (f"#{quote(anchor)}" if anchor else "")
            action.get_object()[NameObject("/URI")] = TextStringObject(there)

    def write(self, path):
        """Write the file so that nobody ever sees half of it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.part")
        self.writer.write(draft)
        os.replace(draft, path)


def _lay(writer, page, over):
    form, before, after = StreamObject(), StreamObject(), StreamObject()
    form.set_data(over.get_contents().get_data())
    form[NameObject("/Type")], form[NameObject("/Subtype")] = NameObject("/XObject"), NameObject("/Form")
    form[NameObject("/BBox")] = over.mediabox.clone(writer)
    form[NameObject("/Resources")] = over["/Resources"].clone(writer)
    before.set_data(b"q\n")
    after.set_data(b"\nQ\n/Running Do\n")
    objects = page["/Resources"].setdefault(NameObject("/XObject"), DictionaryObject()).get_object()
    objects[NameObject("/Running")] = writer._add_object(form.flate_encode())
    old = page["/Contents"] if isinstance(page["/Contents"], ArrayObject) else [page.raw_get("/Contents")]
    page[NameObject("/Contents")] = ArrayObject([writer._add_object(before), *old, writer._add_object(after)])


# --- the editions -------------------------------------------------------------------------------------------


def running(title, part, first, note=""):
    """Return the HTML of what stands at the head and the foot of each page of a part.

    Args:
        title: of the book.
        part: the Printed.
        first: the number of its first page.
        note: what stands at the foot of the first page.
    """
    chapter = html.escape(f"{part.page.kicker}: {part.title}" if part.number else part.title)
    rows = []
    for number in range(first, first + len(part)):
        head = f"<span>{title}</span><span>{chapter}</span>" if number > first else ""
        below = f"<small>{note}</small>" if note and number == first else ""
        foot = f"{below}{number}"
        rows.append(f'<div class="running"><p class="head">{head}</p><p class="foot">{foot}</p></div>')
    return "".join(rows)


def contents(parts, starts):
    """Return the HTML of the table of contents.

    Args:
        parts: the Printed ones, in order.
        starts: {page of the book: number of its first page}.
    """
    rows = []
    for part in parts:
        for heading in (h for h in part.headings if h["level"] < 3):
            page = starts[part.page.name] + part.place(heading["id"])[0]
            number = part.number if heading["level"] == 1 else ""
            there = f"{offprint.BOOK}{part.page.name}#{heading['id']}"
            rows.append(
                f'<p class="row level-{heading["level"]}"><a href="{there}">'
                f'<span class="number">{number}</span><span>{html.escape(heading["text"])}</span>'
                f'<span class="dots"></span><span>{page}</span></a></p>'
            )
    return f'<nav class="contents"><h1>Contents</h1>{"".join(rows)}</nav>'


def front(about, address):
    """Return the HTML of the title page and of what is said about this edition."""
    link = f'<a href="{address}">{address}</a>'
    return (
        f'<div class="title-page"><h1>{about.title}</h1><p>{about.lead}</p><p>{about.author}</p>'
        f'<p>{link}</p></div><div class="imprint"><p>This is the book as it can be printed. '
        f"{offprint.LEFT_OUT} All of it is at {link}.</p><p>{about.licence}</p></div>"
    )


def make_page(press, about, part, folder, target):
    """Write the PDF of one page of the book."""
    note = f"From {about.title}, {press.address}. {offprint.LEFT_OUT}"
    over = print_html(press, folder, "running", running(about.title, part, 1, note))
    joined = Joined(f"{part.title} ({about.title})", about.author)
    joined.add(part.reader, part)
    joined.lay_over(over, 0)
    joined.resolve_links(press.address)
    joined.add_outline()
    joined.write(target)


def make_book(press, about, parts, folder, target):
    """Write the PDF of the book and return its size in words."""
    starts, number = {}, 1
    for part in parts:
        starts[part.page.name] = number
        number += len(part)
    first = print_html(press, folder, "front", front(about, press.address) + contents(parts, starts))
    bodies = [running(about.title, part, starts[part.page.name]) for part in parts]
    over = print_html(press, folder, "running", "".join(bodies))
    joined = Joined(about.title, about.author)
    joined.add(first)
    for part in parts:
        joined.add(part.reader, part)
    joined.lay_over(over, len(first.pages))
    joined.resolve_links(press.address)
    joined.add_outline()
    joined.writer.set_page_label(0, len(first.pages) - 1, style=ROMAN)
    joined.writer.set_page_label(len(first.pages), len(joined.pages) - 1, style=DECIMAL, start=1)
    joined.write(target)
    return f"{len(joined.pages)} pages"
