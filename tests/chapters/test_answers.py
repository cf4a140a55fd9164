"""Every chapter ran with the stubs as shipped, and its graded cells take the reference answers.

The chapters run with the answers by nbval, see scripts/solve.py.
"""

from contextlib import nullcontext
from pathlib import Path

import nbformat
import pytest
from solve import answer, graded_cells, solve

from course_utils import check

TOP = Path(__file__).parents[2]
CHAPTERS = sorted((TOP / "book").glob("[0-9]*.ipynb"))
each_chapter = pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)


def printed(cell):
    """Return all text that a cell put out."""
    texts = [o.get("text", "") + o.get("data", {}).get("text/plain", "") for o in cell.outputs]
    return "\n".join(texts)


def test_the_part_of_an_answer():
    source = "import os\nA = 2\ndef g(): return A\ndef f(x):\n    return g() * x\ndef wrong(x): return x\n"
    assert answer(source, "f") == "import os\nA = 2\ndef g(): return A\ndef f(x):\n    return g() * x"
    with pytest.raises(KeyError):
        answer(source, "h")


def test_names_of_exercises_are_unique():
    names = [name for path in CHAPTERS for name in graded_cells(nbformat.read(path, as_version=4))]
    assert len(names) == len(set(names)) > 0


@each_chapter
def test_stubs_are_not_attempted_yet(chapter):
    executed = TOP / "_build" / "executed" / chapter.name
    assert executed.exists(), f"{chapter.name} has not been executed: run `make book` first"
    cells = graded_cells(nbformat.read(executed, as_version=4))
    assert cells, f"{chapter.name} has no graded exercise"
    for name, cell in cells.items():
        assert printed(cell).strip() == f"· {name}: not attempted yet"


@pytest.mark.parametrize(("body", "state"), [("return dy * (x > 0)", "right"), ("return dy", "wrong")])
def test_a_solved_cell_says_whether_the_answer_is_right(body, state):
    cell = nbformat.v4.new_code_cell(
        "...", metadata={"nbgrader": {"grade": True, "grade_id": "relu_backward"}}
    )
    solve(nbformat.v4.new_notebook(cells=[cell]), f"def relu_backward(x, dy):\n    {body}\n")
    with nullcontext() if state == "right" else pytest.raises(AssertionError, match="relu_backward"):
        exec(cell.source, {"check": check})
