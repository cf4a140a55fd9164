"""Measure what a reader sees of the chapters: how much code, which outputs, how large figures are.

Code is visible where no tag folds it (see normalise.py). Outputs are those of the last `make book` or
`scripts/execute.py`, as long as the chapter's code is the same. The tests hold the limits for the chapters in
`RECUT`; what only a browser can measure, heights on the page, is in tests/site/test_form.py.

    python scripts/form.py           # every chapter, a line each; what is over its limit is marked with ✗
    python scripts/form.py 02 14     # these

Exit status 1 when a chapter is over a limit, or its outputs are missing.
"""

import argparse
import ast
import re
import sys
from typing import NamedTuple

import execute
import nbformat
import normalise

# numbers of the chapters that the tests hold to the limits
RECUT = ("01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12", "13", "14", "15")

CODE_SHARE = 40  # % of the characters of prose and visible code
CELLS_IN_A_ROW = 3  # visible code cells without prose between them
LINES_IN_A_ROW = 25  # lines of these cells, without blank ones
COLUMNS = 84
WORDS_TO_PICTURE = 500  # about two screens of 1280 × 900
WORDS_A_LINE = 10  # a line of code takes the height of ten words
INCHES = 5.6
PHONE = 358  # CSS pixels for a figure on a screen of 390
LETTERS = 9  # CSS pixels there: 10 pt in a figure of 5.5 inches

PICTURES = {"image/svg+xml", "image/png", "application/vnd.jupyter.widget-view+json"}
RICH = {*PICTURES, "text/html"}  # shown in place of text/plain
REPRS = re.compile(
    r"""\{('[^']*'|"[^"]*"|-?[\d.]+):[ ]       # a dict, anywhere in a line
    | \[('[^']*'|"[^"]*")[],]               # a list of strings
    | \b(tensor|array|torch\.Size)\(
    | ^\s*(\[\[?\s*[-+]?\d[\d.e+-]*(,|\s+[-+\d]|\]$) | \[\]$ | \{\}$ | \[< )   # other lists begin the line
    """,
    re.VERBOSE,
)
SIZE = re.compile(
    r"<!-- (?P<text>(?:(?!-->).)*) -->\s*<g [^>]*scale\((?P<size>[\d.]+) -(?P=size)\)", re.DOTALL
)
ERROR = re.compile(r"^\w*(Error|Exception): ")
WIDTH = re.compile(r'<svg[^>]*? width="([\d.]+)pt"')


class Measure(NamedTuple):
    """One number about a chapter.

    Attributes:
        name: what is measured, with its unit.
        value: the number.
        limit: what it may be at most, or at least.
        where: what lies beyond the limit, or the cell with the largest value; "" for the whole chapter.
        least: whether the limit is a lower one.
    """

    name: str
    value: float
    limit: float
    where: str = ""
    least: bool = False

    @property
    def fits(self):
        return self.value >= self.limit if self.least else self.value <= self.limit

    def __str__(self):
        if self.fits:
            return f"{self.name} {self.value:g}"
        where = f", {self.where}" if self.where else ""
        return f"✗ {self.name} {self.value:g} (at {'least' if self.least else 'most'} {self.limit}{where})"


# --- the source


def visible(cell):
    """Return whether a cell is code that stands open on the page."""
    return cell.cell_type == "code" and not normalise.folded(cell)


def code_lines(cell):
    """Return the lines of a cell that are not blank."""
    return [line for line in cell.source.splitlines() if line.strip()]


def code_share(nb):
    """Measure which part of the characters of prose and visible code is code."""
    code = sum(len(cell.source) for cell in nb.cells if visible(cell))
    prose = sum(len(cell.source) for cell in nb.cells if cell.cell_type == "markdown")
    return Measure("code % of characters", round(100 * code / max(1, code + prose), 1), CODE_SHARE)


def runs(nb):
    """Return the runs of visible code cells without prose between them, each a list of cell numbers."""
    found = [[]]
    for number, cell in enumerate(nb.cells):
        if cell.cell_type == "markdown":
            found.append([])
        elif visible(cell):
            found[-1].append(number)
    return [run for run in found if run]


def longest_run(nb):
    """Measure the longest run of visible code cells."""
    longest = max(runs(nb), key=len, default=[])
    return Measure("cells in a row", len(longest), CELLS_IN_A_ROW, _cells(longest[:1]))


def longest_stretch(nb):
    """Measure the run of visible code cells with the most lines."""
    lines = {run[0]: sum(len(code_lines(nb.cells[i])) for i in run) for run in runs(nb)}
    first = max(lines, key=lines.get, default=None)
    return Measure("lines in a row", lines.get(first, 0), LINES_IN_A_ROW, _cells([first]))


def wide_lines(nb):
    """Count the visible lines of code that are wider than the page."""
    wide = [
        i
        for i, cell in enumerate(nb.cells)
        if visible(cell)
        for line in code_lines(cell)
        if len(line) > COLUMNS
    ]
    return Measure(f"lines over {COLUMNS} columns", len(wide), 0, _cells(wide))


def lecture_frames(nb):
    """Count the frames that answer lectures which the reader has not seen."""
    cells = [i for i, cell in enumerate(nb.cells) if "Slip in the lectures" in cell.source]
    return Measure("slips in the lectures", len(cells), 0, _cells(cells))


# --- the outputs


def data_of(cell):
    """Return the dict of data, by MIME type, of each output of a cell that has any."""
    return [output.data for output in cell.get("outputs", []) if "data" in output]


def words_to_picture(executed):
    """Measure how much stands before the first figure, drawing or widget."""
    words = 0
    for cell in executed.cells:
        if cell.cell_type == "markdown":
            words += len(cell.source.split())
            continue
        words += WORDS_A_LINE * len(code_lines(cell)) * visible(cell)
        if any(PICTURES & set(data) for data in data_of(cell)):
            break
    return Measure("words to the first picture, a line of code for 10", words, WORDS_TO_PICTURE)


def is_repr(line):
    """Return whether a line shows Python's own form of a dict, list, tuple or tensor.

    Dicts, lists of strings and tensors count anywhere in the line, so also behind a label; lists of numbers
    and tuples only at its start: "gradient [0.1, 0.2]" and "convolution (6, 28, 28)" can be read. What an
    error says is quoted as it is.
    """
    if ERROR.match(line):
        return False
    if REPRS.search(line):
        return True
    try:
        return isinstance(ast.literal_eval(line.strip()), (dict, list, set, tuple))
    except (SyntaxError, ValueError):
        return False


def reprs(executed):
    """Count the outputs in which Python's own form of a dict, list, tuple or tensor is shown."""
    cells = []
    for number, cell in enumerate(executed.cells):
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            shown = output.get("text", "") or ("" if RICH & set(data) else data.get("text/plain", ""))
            if any(map(is_repr, shown.splitlines())):
                cells.append(number)
    return Measure("outputs that are a dict, list, tuple or tensor", len(cells), 0, _cells(cells))


def figures(executed):
    """Return (cell number, SVG) of each figure."""
    shown = ((n, data.get("image/svg+xml")) for n, c in enumerate(executed.cells) for data in data_of(c))
    return [(number, svg) for number, svg in shown if svg]


def inches(svg):
    """Return the width of a figure."""
    return float(WIDTH.search(svg)[1]) / 72


def smallest_letters(svg):
    """Return (CSS pixels, text) of the smallest text of a figure on a phone; exponents may be smaller.

    Matplotlib draws each text as outlines of 100 points, under a comment that holds it, scaled to its size.
    """
    shrunk = min(1, PHONE / (96 * inches(svg)))
    texts = ((float(m["size"]) * 100 * 96 / 72 * shrunk, m["text"]) for m in SIZE.finditer(svg))
    return min(texts, default=(float("inf"), ""))


def widest_figure(executed):
    """Measure the widest figure."""
    widest, number = max(((inches(svg), n) for n, svg in figures(executed)), default=(0, None))
    return Measure("widest figure in inches", round(widest, 2), INCHES, _cells([number]))


def least_letters(executed):
    """Measure the smallest letters of all figures on a phone."""
    letters = ((*smallest_letters(svg), number) for number, svg in figures(executed))
    size, text, number = min(letters, default=(float("inf"), "", None))
    where = f"{text.strip()!r} in {_cells([number])}"
    return Measure("smallest letters in pixels on a phone", round(size, 1), LETTERS, where, least=True)


SOURCE = (code_share, longest_run, longest_stretch, wide_lines, lecture_frames)
OUTPUTS = (words_to_picture, reprs, widest_figure, least_letters)


# --- chapters


def _cells(numbers):
    """Return "cell 3" or "cells 3, 5, 8 …", each number once."""
    numbers = list(dict.fromkeys(numbers))
    named = ", ".join(map(str, numbers[:6])) + (" …" if len(numbers) > 6 else "")
    return f"cell{'s' * (len(numbers) > 1)} {named}"


def executed_as_it_is(path):
    """Return the executed notebook of a chapter, or None when its code has changed since, or never ran."""
    file = execute.build_folder("fast") / "executed" / path.name
    if not file.exists():
        return None
    chapter, executed = (nbformat.read(p, as_version=4) for p in (path, file))
    codes = [[cell.source for cell in execute.code_cells(nb)] for nb in (chapter, executed)]
    return execute.with_outputs(chapter, executed) if codes[0] == codes[1] else None


def measures(path):
    """Return every Measure of a chapter, those of the outputs last, and whether its outputs are there."""
    nb, executed = nbformat.read(path, as_version=4), executed_as_it_is(path)
    found = [measure(nb) for measure in SOURCE]
    return found + [measure(executed) for measure in OUTPUTS if executed], executed is not None


def faults(number):
    """Return what is wrong with the form of a chapter, as a list of sentences."""
    found, complete = measures(execute.find(number))
    missing = [] if complete else ["✗ not executed as it is: run scripts/execute.py on it, or make book"]
    return [f"{number}: {fault}" for fault in [m for m in found if not m.fits] + missing]


def main():
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("chapters", nargs="*", help="two digits each; default: all")
    short = []
    for number in arguments.parse_args().chapters or [path.stem[:2] for path in execute.all_chapters()]:
        found, complete = measures(execute.find(number))
        print(f"{number}: " + " · ".join(map(str, found)) + (" · ✗ not executed as it is" * (not complete)))
        if faults(number):
            short.append(number)
    print(f"out of form: {', '.join(short)}" if short else "all pages in form")
    sys.exit(bool(short))


if __name__ == "__main__":
    main()
