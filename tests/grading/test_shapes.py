"""Finished chapters in the shapes that editors and students give them keep all their points."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest
from shapes import SHAPES

from course_utils import exercises
from course_utils.grade import grading, selfcheck

ROOT = Path(__file__).parents[2]
CHAPTERS = ["02_backpropagation", "04_optimisers", "09_detection"]


def finished(spec, chapter: str) -> list[dict]:
    """All cells of a chapter as a student who wrote the reference answers hands it in."""
    solved = selfcheck.reference(spec, chapter, ROOT / "tests" / "solutions" / f"{chapter}.py")
    answers = {
        c["metadata"]["nbgrader"]["grade_id"]: c["source"]
        for c in solved["cells"]
        if c["metadata"].get("nbgrader")
    }
    cells = [{"cell_type": "code", "metadata": {}, "outputs": [], **copy.deepcopy(solved["cells"][0])}]
    for one in json.loads(Path(spec.book, f"{chapter}.ipynb").read_text(encoding="utf-8"))["cells"]:
        name = one["metadata"].get("nbgrader", {}).get("grade_id")
        cells.append({**one, "source": answers.get(name) or "".join(one["source"])})
    return cells


def keeps_all_points(shape: str, chapter: str, box):
    spec = grading.Spec(b"a secret seed of the tests", str(ROOT / "book"))
    result = grading.grade(SHAPES[shape](finished(spec, chapter)), spec, *box)
    due = {e.name: e.points for e in exercises.chapters()[chapter]}
    assert {n: e["earned"] for n, e in result["exercises"].items()} == due, (
        result["detail"],
        result["notes"],
    )
    assert not result["needs_person"] and not result["nothing"]


@pytest.mark.parametrize("shape", SHAPES)
def test_keeps_all_points(shape, box):
    keeps_all_points(shape, CHAPTERS[0], box)


@pytest.mark.slow
@pytest.mark.parametrize("chapter", CHAPTERS[1:])
@pytest.mark.parametrize("shape", SHAPES)
def test_keeps_all_points_in_other_chapters(shape, chapter, box):
    keeps_all_points(shape, chapter, box)
