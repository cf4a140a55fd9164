"""Run the first cells of a chapter in this process, with one piece of its source changed.

A derivation is only worth its assert if the assert fails when the formula is wrong. `mutations` makes the
tests of a chapter: they break a formula and expect an AssertionError.
"""

from __future__ import annotations

import os
from pathlib import Path

import matplotlib
import nbformat
import pytest

BOOK = Path(__file__).resolve().parents[2] / "book"


def run(chapter: str, until: str, change: tuple[str, str] | None = None, skip=()) -> dict:
    """Execute the code cells of ``book/<chapter>.ipynb`` up to the first one that contains ``until``.

    Args:
        chapter: the notebook's name without suffix.
        until: a piece of source that stands in the last cell to run.
        change: (old, new), replaced once; ``old`` must occur exactly once in the cells that run.
        skip: pieces of source; cells before the last one that contain any of them are left out, to save time.

    Returns:
        The namespace after the last cell.

    Raises:
        ValueError: ``until`` or ``old`` is not found, or ``old`` is found more than once.
    """
    os.environ["BOOK_STATIC"] = "1"
    matplotlib.use("Agg")
    book = nbformat.read(BOOK / f"{chapter}.ipynb", as_version=4)
    cells = [c.source for c in book.cells if c.cell_type == "code" and "google.colab" not in c.source]
    last = next((i for i, source in enumerate(cells) if until in source), None)
    if last is None:
        raise ValueError(f"{chapter}: no code cell contains {until!r}")
    cells = [source for source in cells[:last] if not any(piece in source for piece in skip)] + [cells[last]]
    if change:
        old, new = change
        if (found := sum(source.count(old) for source in cells)) != 1:
            raise ValueError(f"{chapter}: {old!r} occurs {found} times before {until!r}, expected once")
        cells = [source.replace(old, new) for source in cells]
    namespace = {"__name__": "__main__"}
    for i, source in enumerate(cells):
        exec(compile(source, f"{chapter}, code cell {i}", "exec"), namespace)
    return namespace


def mutations(chapter: str, broken: dict, skip=()):
    """Make the two tests of a chapter: a broken formula is caught, and unbroken the same cells pass.

    Args:
        chapter: the notebook's name without suffix.
        broken: {what is wrong: (old, new, until)} as in ``run``; a fourth entry stands for ``skip``.
        skip: as in ``run``.

    Returns:
        Two test functions, for the names test_a_broken_formula_is_caught and test_unchanged_it_passes.
    """
    cases = {name: (old, new, until, *own, skip)[:4] for name, (old, new, until, *own) in broken.items()}

    @pytest.mark.parametrize("name", cases)
    def caught(name):
        old, new, until, left_out = cases[name]
        with pytest.raises(AssertionError):
            run(chapter, until, (old, new), left_out)

    @pytest.mark.parametrize(("until", "left_out"), sorted({case[2:] for case in cases.values()}))
    def passes(until, left_out):
        run(chapter, until, skip=left_out)

    return caught, passes
