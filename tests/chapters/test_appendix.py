"""The appendix: every erratum is shown by code that runs; what it repeats of the chapters stands in them."""

import re
from pathlib import Path

import nbformat
import pytest
import torch

BOOK = Path(__file__).parents[2] / "book"
PAGE = (BOOK / "appendix" / "errata.md").read_text(encoding="utf-8")
IMPORTS, *BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE, re.M | re.S)
HEADS = re.findall(r"^\*\*(.+?)\*\*", PAGE, re.M)
CHAPTERS = sorted(BOOK.glob("[0-9]*.ipynb"))


def texts(chapter):
    """The texts of a chapter, as one."""
    cells = nbformat.read(chapter, as_version=4).cells
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


TEXTS = {chapter.stem: texts(chapter) for chapter in CHAPTERS}


def test_each_erratum_has_its_code():
    assert len(HEADS) == len(BLOCKS) > 10


@pytest.mark.parametrize(("head", "block"), list(zip(HEADS, BLOCKS, strict=False)), ids=HEADS)
def test_the_code_shows_it(head, block):
    assert "assert" in block
    torch.manual_seed(0)
    exec(compile(IMPORTS + block, head, "exec"), {})


def test_each_erratum_names_its_chapter():
    paragraphs = re.findall(r"^\*\*.+$", PAGE, re.M)
    assert len(paragraphs) == len(HEADS)
    for paragraph in paragraphs:
        named = re.findall(r"\]\(\.\./(\w+)\.ipynb\)", paragraph)
        assert named and set(named) <= {chapter.stem for chapter in CHAPTERS}, paragraph[:80]


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)
def test_the_lecture_map_names_sections_that_exist(chapter):
    page = (BOOK / "appendix" / "lecture_map.md").read_text(encoding="utf-8")
    headings = set(re.findall(r"^#+ (.+)$", TEXTS[chapter.stem], re.M))
    rows = [row for row in page.splitlines() if f"](../{chapter.stem}.ipynb)" in row]
    named = {name for row in rows for name in re.findall(r'"([^"]+)"', row)}
    assert named
    assert named <= headings


def numbers(text):
    """The numbers of a text that have three characters or more; no addresses, no years of papers."""
    text = re.sub(r"\[[^\]]*\d{4}\)?\]", "", re.sub(r"\]\([^)]*\)", "]", text)).replace("{,}", ",")
    return {n for n in re.findall(r"(?<![\w.])\d(?:[\d,]*\d)?(?:\.\d+)?", text) if len(n) > 2}


def test_numbers_of_the_errata_stand_in_their_chapters():
    only_here = {"227"}  # pixels, from which AlexNet's maps do follow
    seen = set()
    for paragraph in re.findall(r"^\*\*.+$", PAGE, re.M):
        named = re.findall(r"\]\(\.\./(\w+)\.ipynb\)", paragraph)
        told = numbers(paragraph) - only_here
        assert told <= set().union(*(numbers(TEXTS[name]) for name in named)), paragraph[:80]
        seen |= told
    assert {"99.65", "82.7", "1,202", "7.93"} <= seen


def rows(page):
    """The rows of the tables of a page of the appendix, as lists of cells."""
    lines = (BOOK / "appendix" / page).read_text(encoding="utf-8").splitlines()
    return [line.strip("| ").split(" | ") for line in lines if line.startswith("| ") and "---" not in line]


def plain(formula):
    """A formula without what only lays it out."""
    return re.sub(r"\\(?:bigl|bigr|left|right|mathrm|operatorname|[,;! ])|[\s{}]", "", formula)


FORMULAS = {
    name: plain(" ".join(re.findall(r"\$\$.+?\$\$|\$.+?\$", text, re.S))) for name, text in TEXTS.items()
}


def test_letters_of_single_chapters_stand_in_their_formulas():
    listed = [(*link.groups(), cells[1]) for cells in rows("notation.md")
              if (link := re.match(r"\[(\d+)\]\(\.\./(\w+)\.ipynb\)", cells[0]))]  # fmt: skip
    assert len(listed) > 40
    for number, name, symbols in listed:
        assert name.startswith(f"{int(number):02}_")
        for symbol in re.findall(r"\$(.+?)\$", symbols):
            assert plain(symbol) in FORMULAS[name], f"chapter {number} has no {symbol}"


def words(text):
    """The words of a text in small letters, each behind a blank, without marks."""
    return " " + re.sub(r"[\W_]+", " ", text.lower())


SENTENCES = [words(s) for text in TEXTS.values() for s in re.split(r"[.!?]\s|\n\n", text)]


def is_said(term):
    """Whether some sentence of the chapters has all words of a term, in whatever form."""
    stems = [f" {word[: max(4, len(word) - 3)]}" for word in words(re.sub(r"\(.*?\)", "", term)).split()]
    return any(all(stem in sentence for stem in stems) for sentence in SENTENCES)


def test_terms_of_the_glossary_are_those_of_the_chapters():
    listed = rows("glossary.md")[1:]
    assert len(listed) > 150
    for english, _, sentence in listed:
        links = re.findall(r"\[chapter (\d+)\]\(\.\./(\w+)\.ipynb\), \"([^\"]+)\"", sentence)
        for number, name, heading in links:  # the usual name of what the chapter calls by another
            assert name.startswith(f"{int(number):02}_"), english
            assert re.search(rf"^#+ {re.escape(heading)}$", TEXTS[name], re.M), english
        assert links or any(map(is_said, english.split(", "))), f"no chapter says {english!r}"
