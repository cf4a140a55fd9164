"""The PDFs: every page numbered, every link alive, every letter, figure and equation there."""

import re

import offprint
import pages
import pdf
import pytest
from pypdf import PdfReader
from pypdf.generic import ArrayObject

SHOWN = re.compile(rb"/(\w+) [\d.]+ Tf|<([0-9A-Fa-f]+)> Tj")


def missing_glyphs(reader):
    """Return the pages (from 1) on which a letter is shown that its font does not have: glyph 0."""
    found = []
    for number, page in enumerate(reader.pages, 1):
        fonts = page["/Resources"].get("/Font", {})
        fonts = {name[1:]: font.get_object()["/Subtype"] for name, font in fonts.items()}
        font = None
        for name, shown in SHOWN.findall(page.get_contents().get_data()):
            font = name.decode() or font
            codes = [shown[i : i + 4] for i in range(0, len(shown), 4)]
            if fonts.get(font) == "/Type0" and b"0000" in codes:
                found.append(number)
    return sorted(set(found))


def dead_links(reader):
    """Return the links that lead to no page of the PDF and to no address."""
    known = {page.indirect_reference.idnum for page in reader.pages}
    dead = []
    for page in reader.pages:
        for annotation in (a.get_object() for a in page.get("/Annots", ())):
            there, action = annotation.get("/Dest"), annotation.get("/A", {})
            address = str(action.get_object().get("/URI", "")) if action else ""
            if isinstance(there, ArrayObject):
                if there[0].idnum not in known:
                    dead.append(str(there))
            elif not re.match(r"(https?://(?!book\.invalid)|mailto:)", address):
                dead.append(address or str(there))
    return dead


def titles(outline):
    """Return the titles of an outline, depth first."""
    return [t for item in outline for t in (titles(item) if isinstance(item, list) else [item.title])]


@pytest.fixture(scope="module")
def readers(pdfs):
    return {name: PdfReader(path) for name, path in pdfs.files.items()}


def test_every_letter_is_there(pdfs, readers):
    assert {name: found for name, r in readers.items() if (found := missing_glyphs(r))} == {}


def test_a_missing_letter_is_noticed(press, tmp_path):
    assert missing_glyphs(pdf.print_html(press, tmp_path, "good", "<p>абв</p>")) == []
    assert missing_glyphs(pdf.print_html(press, tmp_path, "bad", "<p>a</p><p>\ue0ff\U0010fffd</p>")) == [1]


def test_every_link_is_alive(readers):
    assert {name: dead for name, r in readers.items() if (dead := dead_links(r))} == {}


def test_links_between_chapters_stay_in_the_book(pdfs, readers):
    """From a chapter's own PDF they lead to the site."""
    inside = {part.page.name for part in pdfs.parts}
    of_the_book = f"{offprint.address()}({'|'.join(map(re.escape, inside))})\\.html"
    for name, reader in readers.items():
        for page in reader.pages:
            for annotation in (a.get_object() for a in page.get("/Annots", ())):
                address = str(annotation.get("/A", {}).get("/URI", ""))
                if name == offprint.BOOK_FILE and re.match(of_the_book, address):
                    left, low, right, top = map(float, annotation["/Rect"])
                    text = page.extract_text()
                    assert "move it at" in text, f"{address} at {left, low, right, top}"


def test_a_link_that_leads_nowhere_is_an_error(pdfs):
    with pytest.raises(LookupError, match="which is not in its PDF"):
        pdfs.parts[-1].place("no-such-anchor")


def test_outline_has_every_heading(pdfs, readers):
    headings = [h["text"] for part in pdfs.parts for h in part.headings]
    found = [re.sub(r"^\d+ ", "", title) for title in titles(readers[offprint.BOOK_FILE].outline)]
    assert found == [re.sub(r"^\d+ ", "", heading) for heading in headings]


def test_pages_carry_the_numbers_of_the_contents(pdfs, readers):
    reader = readers[offprint.BOOK_FILE]
    labels = reader.page_labels
    first = labels.index("1")
    assert labels[:first] and all(re.fullmatch("[ivxl]+", label) for label in labels[:first])
    assert labels[first:] == [str(n + 1) for n in range(len(labels) - first)]
    printed = " ".join(page.extract_text() for page in reader.pages[:first])
    start = 1
    for part in pdfs.parts:
        shown = reader.pages[first + start - 1].extract_text()
        assert part.title in " ".join(shown.split())
        assert re.search(rf"(^|\n){start}$", shown.strip()), f"{part.title}: no {start} at the foot"
        assert re.search(rf"{re.escape(part.title)}\s*{start}\b", " ".join(printed.split())), part.title
        start += len(part)


def test_nothing_is_cut(pdfs):
    assert {part.page.name: part.cut for part in pdfs.parts if part.cut} == {}


def test_figures_equations_solutions_and_russian_are_there(pdfs, readers, site):
    for part in pdfs.parts:
        page, reader = pages.article(site, part.page.name), readers[part.page.file]
        text = " ".join(" ".join(p.extract_text() for p in reader.pages).split())
        squeezed = text.replace(" ", "")
        lost = [f"{kind} {n}" for kind in ("figure", "table") for n in pages.numbers(page, kind)
                if f"{kind.title()}{n}." not in squeezed]  # fmt: skip
        lost += [f"equation {n}" for n in pages.numbers(page, "equation") if f"({n})" not in squeezed]
        lost += [word for word in pages.cyrillic(page) if word not in squeezed]
        assert not lost, f"{part.page.name} lacks {', '.join(lost)}"
        assert text.count("back to “") == pages.solutions(page), part.page.name


def test_a_page_that_has_not_changed_is_not_printed_again(pdfs, press):
    part = pdfs.parts[0]
    folder = part.path.parent
    written = part.path.stat().st_mtime_ns
    assert pdf.prepare(press, part.page, folder)[1]
    assert part.path.stat().st_mtime_ns == written
    assert pdf.is_kept(press, part.page, folder)
    assert not pdf.is_kept(press, part.page._replace(title="Other"), folder)


def test_lay_keeps_what_was_there(press, tmp_path):
    under = pdf.print_html(press, tmp_path, "under", "<p>below</p>")
    over = pdf.print_html(press, tmp_path, "over", '<div class="running"><p class="head">above</p></div>')
    joined = pdf.Joined("T", "A")
    joined.add(under)
    joined.lay_over(over, 0)
    joined.write(tmp_path / "both.pdf")
    text = PdfReader(tmp_path / "both.pdf").pages[0].extract_text()
    assert "below" in text and "above" in text
