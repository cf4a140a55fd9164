"""The appendix: every erratum is shown by code that runs, the lecture map names sections that exist."""

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
    cells = nbformat.read(chapter, as_version=4).cells
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    headings = set(re.findall(r"^#+ (.+)$", text, re.M))
    rows = [row for row in page.splitlines() if f"](../{chapter.stem}.ipynb)" in row]
    named = {name for row in rows for name in re.findall(r'"([^"]+)"', row)}
    assert named
    assert named <= headings
