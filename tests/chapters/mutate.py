"""Run the first cells of a chapter, with one piece of their source changed.

A derivation is only worth its assert if the assert fails when the formula is wrong. `mutations` makes the
tests of a chapter: they break a formula and expect an AssertionError.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

HERE = Path(__file__).resolve().parent
BOOK = HERE.parents[1] / "book"
# One thread and no GPU, or a process that has computed could not be forked; no window for a figure.
ENVIRONMENT = {
    "BOOK_STATIC": "1",
    "CUDA_VISIBLE_DEVICES": "",
    "MPLBACKEND": "Agg",
    "OMP_NUM_THREADS": "1",
}


@functools.cache
def code(chapter: str) -> tuple[str, ...]:
    """Return the sources of a chapter's code cells, without the one that installs the course on Colab."""
    cells = nbformat.read(BOOK / f"{chapter}.ipynb", as_version=4).cells
    return tuple(c.source for c in cells if c.cell_type == "code" and "google.colab" not in c.source)


def first_cells(chapter: str, until: str, change: tuple[str, str] | None = None, skip=()) -> list[str]:
    """Return the sources of ``book/<chapter>.ipynb`` up to the first code cell that contains ``until``.

    Args:
        chapter: the notebook's name without suffix.
        until: a piece of source that stands in the last cell.
        change: (old, new), replaced once; ``old`` must occur exactly once in the cells.
        skip: pieces of source; cells before the last one that contain any of them are left out, to save time.

    Raises:
        ValueError: ``until`` or ``old`` is not found, or ``old`` is found more than once.
    """
    cells = code(chapter)
    last = next((i for i, source in enumerate(cells) if until in source), None)
    if last is None:
        raise ValueError(f"{chapter}: no code cell contains {until!r}")
    cells = [source for source in cells[:last] if not any(piece in source for piece in skip)] + [cells[last]]
    if change:
        old, new = change
        if (found := sum(source.count(old) for source in cells)) != 1:
            raise ValueError(f"{chapter}: {old!r} occurs {found} times before {until!r}, expected once")
        cells = [source.replace(old, new) for source in cells]
    return cells


def run_all(lists: dict[str, list[str]]) -> dict[str, str]:
    """Run lists of cells in a process of their own, see forked.py; return {name: what stopped it, or ""}."""
    done = subprocess.run(
        [sys.executable, HERE / "forked.py"],
        input=json.dumps(lists),
        capture_output=True,
        text=True,
        env=os.environ | ENVIRONMENT,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def mutations(chapter: str, broken: dict, skip=()):
    """Make the two tests of a chapter: a broken formula is caught, and unbroken the same cells pass.

    Args:
        chapter: the notebook's name without suffix.
        broken: {what is wrong: (old, new, until)} as in ``first_cells``; a fourth entry stands for ``skip``.
        skip: as in ``first_cells``.

    Returns:
        Two test functions, for the names test_a_broken_formula_is_caught and test_unchanged_it_passes.
    """
    cases = {name: (until, (old, new), *own, skip)[:3] for name, (old, new, until, *own) in broken.items()}
    unchanged = sorted({(until, left_out) for until, _, left_out in cases.values()})

    @functools.cache
    def results():
        lists = {}
        for name, case in [*cases.items(), *((str(case), (case[0], None, case[1])) for case in unchanged)]:
            with contextlib.suppress(ValueError):  # the case's own test will say it
                lists[name] = first_cells(chapter, *case)
        return run_all(lists)

    @pytest.mark.parametrize("name", cases)
    def caught(name):
        first_cells(chapter, *cases[name])
        stopped = results()[name]
        assert stopped.startswith("AssertionError"), stopped or "no assert fails"

    @pytest.mark.parametrize(("until", "left_out"), unchanged)
    def passes(until, left_out):
        first_cells(chapter, until, None, left_out)
        stopped = results()[str((until, left_out))]
        assert not stopped, stopped

    return caught, passes
