"""Known right answers pass, known wrong ones do not: on the page and in the grader, whatever it draws.

Few draws here; `make test-grading` takes two hundred. `scripts/fairness.py` lists what these tests find.
"""

from __future__ import annotations

import pytest
from answers import ALL, FAIR, right, wrong
from fairness import answers, examine

WRITTEN = [pytest.param(e, id=e.name) for e in ALL if (FAIR / f"{e.chapter}.py").exists()]
ROWS = [pytest.param((e, *row), id=f"{e.name}: {row[0]}") for e in ALL for row in answers(e)]
FEW, MANY = range(8), range(200)


def assert_fair(row, seeds):
    finding = examine(*row, seeds)
    assert finding.fair, f"{finding}\n{finding.says}"


@pytest.mark.parametrize("written", WRITTEN)
def test_enough_answers(written):
    assert len(right(written)) >= 3
    assert len(wrong(written)) >= 8


@pytest.mark.parametrize("row", ROWS)
def test_page_and_grader_agree(row):
    assert_fair(row, FEW)


@pytest.mark.slow
@pytest.mark.parametrize("row", ROWS)
def test_page_and_grader_agree_on_many_draws(row):
    assert_fair(row, MANY)
