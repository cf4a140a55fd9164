"""The memory that the execution of the chapters took, as `make book` measured it."""

import json
from pathlib import Path

import execute
import pytest

TOP = Path(__file__).parents[2]
CHAPTERS = [path.stem for path in execute.all_chapters()]


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_within_budget(chapter):
    file = TOP / "_build" / "executed" / "times.json"
    assert file.exists(), "the chapters have not been executed: run `make book` first"
    row = json.loads(file.read_text(encoding="utf-8"))[chapter]
    assert execute.over_budget(row) == ""


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"seconds": 59, "cpu_seconds": 100, "peak_mib": 1200}, ""),
        ({"seconds": 600, "cpu_seconds": 600, "peak_mib": 1200}, ""),  # a slow machine
        ({"seconds": 59, "cpu_seconds": 100, "peak_mib": 1300}, "1300 of 1229 MiB"),
    ],
)
def test_budget_in_words(row, words):
    assert execute.over_budget(row) == words
