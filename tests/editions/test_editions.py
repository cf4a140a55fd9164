"""`scripts/editions.py` says what is missing, and links pages only to editions that are there."""

import build
import editions
import execute
import marks
import pytest

PAGE = "<div><!--editions:row--><!--/editions--></div><p><!--editions:foot--><!--/editions--></p>"


def test_missing_and_old_pages_are_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(build, "keys", lambda folder: ("a", "b"))
    with pytest.raises(SystemExit, match=r"^editions: there are no pages in .*; run `make book` first$"):
        editions.check(tmp_path)
    (tmp_path / "html").mkdir()
    (tmp_path / "html" / "index.html").touch()
    (tmp_path / "pages.key").write_text("a\nc\n")
    with pytest.raises(SystemExit, match=r"^editions: the book has changed since .*; run `make book` first$"):
        editions.check(tmp_path)
    (tmp_path / "pages.key").write_text("a\nb\n")
    editions.check(tmp_path)


def test_pages_are_chosen_by_the_beginning_of_their_names():
    assert [page.name for page in editions.chosen(["02", "appendix/n"])] == [
        "02_backpropagation",
        "appendix/notation",
    ]
    with pytest.raises(SystemExit, match=r"^editions: the book has no page '77'; it has index, 01_neurons,"):
        editions.chosen(["77"])


def test_links_come_and_go(tmp_path):
    """A page links to what is there; filled twice it is the same; without links it is as it was built."""
    own, book = {"pdf": "_downloads/a-b.pdf"}, {"pdf": "_downloads/all.pdf", "epub": "_downloads/all.epub"}
    filled = marks.fill(PAGE, "../", own, book)
    assert filled.count('<a class="launch edition" href="../_downloads/a-b.pdf">PDF</a>') == 1
    for words in ("This page as PDF", "The book as PDF", "The book as ePub"):
        assert filled.count(words) == 1
    assert "This page as ePub" not in filled
    assert marks.fill(filled, "../", own, book) == filled
    decks = marks.fill(PAGE, "", {"slides": "slides/a.html"}, {"slides": "slides/index.html"})
    assert '<a class="launch edition" href="slides/a.html">Slides</a>' in decks
    assert '<a class="edition" href="slides/index.html">The book as slides</a>' in decks
    assert marks.without(filled) == marks.fill(filled, "../", {}, {}) == PAGE


def test_every_page_has_places_for_links(site):
    for page in execute.TOP.joinpath("_toc.yml").read_text(encoding="utf-8").split("file: ")[1:]:
        text = (site / f"{page.split()[0]}.html").read_text(encoding="utf-8")
        assert text.count("<!--editions:foot-->") == 1
        assert text.count("<!--editions:row-->") == text.count('class="launch-row"')
