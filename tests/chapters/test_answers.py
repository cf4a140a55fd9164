"""Every chapter ran with the stubs as shipped, and its graded cells take the reference answers.

`make book` tries each answer in the chapter's state, see scripts/execute.py. No other cell of a chapter can
see an answer, so the chapter runs with the answers as it ran without them.
"""

import ast
import json
import re
from contextlib import nullcontext
from pathlib import Path

import execute
import nbformat
import pytest
from IPython.core.inputtransformer2 import TransformerManager
from solve import answer, graded_cells, solve

from course_utils import check

TOP = Path(__file__).parents[2]
CHAPTERS = sorted((TOP / "book").glob("[0-9]*.ipynb"))
each_chapter = pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)


def read(chapter):
    """Return (notebook, text of its solutions)."""
    solutions = TOP / "tests" / "solutions" / f"{chapter.stem}.py"
    return nbformat.read(chapter, as_version=4), solutions.read_text(encoding="utf-8")


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


@each_chapter
def test_the_reference_answers_are_right_in_their_places(chapter):
    times = json.loads((TOP / "_build" / "executed" / "times.json").read_text(encoding="utf-8"))
    names = graded_cells(read(chapter)[0])
    assert times[chapter.stem]["answers"] == dict.fromkeys(names, "")


@pytest.mark.parametrize(("body", "verdict"), [("return dy * (x > 0)", ""), ("return dy", "AssertionError")])
def test_an_answer_is_tried_in_the_state_of_the_chapter(body, verdict, tmp_path, monkeypatch):
    monkeypatch.setattr(execute, "TOP", tmp_path)
    graded = {"nbgrader": {"grade": True, "grade_id": "relu_backward"}}
    stub = "def relu_backward(x, dy):\n    ...\n\ncheck.relu_backward(relu_backward)"
    cells = [
        nbformat.v4.new_code_cell("import torch\nfrom course_utils import check\nfactor = 1"),
        nbformat.v4.new_code_cell(stub, metadata=graded),
        nbformat.v4.new_code_cell("assert relu_backward(0, 0) is None and '_outcome' not in globals()"),
    ]
    chapter, solutions = tmp_path / "01_one.ipynb", tmp_path / "tests" / "solutions"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), chapter)
    solutions.mkdir(parents=True)
    (solutions / "01_one.py").write_text(f"def relu_backward(x, dy):\n    {body}\n")
    row = execute.run_one(chapter, tmp_path / "out.ipynb", "fast")
    assert row["answers"].keys() == {"relu_backward"}
    assert row["answers"]["relu_backward"].partition(":")[0] == verdict
    done = nbformat.read(tmp_path / "out.ipynb", as_version=4)
    assert [cell.source for cell in done.cells] == [cell.source for cell in cells]
    assert printed(done.cells[1]).strip() == "· relu_backward: not attempted yet"


def imports(node):
    """Return {name: where it comes from} of an import statement, {} for any other node."""
    if isinstance(node, ast.Import):
        names = [(a.asname, a.name) if a.asname else (a.name.partition(".")[0],) * 2 for a in node.names]
        return dict(names)
    if isinstance(node, ast.ImportFrom):
        return {a.asname or a.name: f"{node.module}.{a.name}" for a in node.names}
    return {}


def bound(source):
    """Return {name: where an import has it from, else None} of what code binds at its top level."""
    names = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names[node.name] = None
        for part in ast.walk(node) if isinstance(node, ast.Assign) else ():
            if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
                names[part.id] = None
        names |= imports(node)
    return names


def used(source):
    """Return {name: where an import has it from, else None} of all names in the code of a cell."""
    names = {}
    for node in ast.walk(ast.parse(TransformerManager().transform_cell(source))):
        if isinstance(node, ast.Name):
            names.setdefault(node.id)
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.setdefault(node.name)
        names |= imports(node)
    return names


def seen(nb, solutions):
    """Return the names that an answer binds and another cell uses, unless both import the same."""
    graded = graded_cells(nb)
    chapter = {}
    for cell in nb.cells:
        if cell.cell_type == "code" and cell not in graded.values():
            for name, origin in used(cell.source).items():
                chapter[name] = origin or chapter.get(name)
    mine = {}
    for name in graded:
        mine |= bound(answer(solutions, name))
    return {name for name in mine.keys() & chapter if mine[name] is None or mine[name] != chapter[name]}


@each_chapter
def test_no_other_cell_sees_an_answer(chapter):
    assert seen(*read(chapter)) == set()


@pytest.mark.parametrize(
    ("other", "names"),
    [
        ("import math\nmath.pi", set()),
        ("from numpy import pi as math", {"math"}),
        ("%matplotlib inline\nprint(f(2))", {"f"}),
        ("def g(x):\n    return helper * x", {"helper"}),
    ],
)
def test_what_another_cell_sees(other, names):
    graded = {"nbgrader": {"grade": True, "grade_id": "f"}}
    cells = [nbformat.v4.new_code_cell(other), nbformat.v4.new_code_cell("...", metadata=graded)]
    solutions = "import math\nhelper = 2\ndef f(x):\n    return helper * math.pi * x\n"
    assert seen(nbformat.v4.new_notebook(cells=cells), solutions) == names


@pytest.mark.parametrize(("body", "state"), [("return dy * (x > 0)", "right"), ("return dy", "wrong")])
def test_a_solved_cell_says_whether_the_answer_is_right(body, state):
    cell = nbformat.v4.new_code_cell(
        "...", metadata={"nbgrader": {"grade": True, "grade_id": "relu_backward"}}
    )
    solve(nbformat.v4.new_notebook(cells=[cell]), f"def relu_backward(x, dy):\n    {body}\n")
    with nullcontext() if state == "right" else pytest.raises(AssertionError, match="relu_backward"):
        exec(cell.source, {"check": check})


NUMBER = re.compile(r"^(\d+)\. ", re.MULTILINE)
PAPER = re.compile(r"^#+ (?:(?:On|For) p|P)aper(?:,| and|:).*$", re.MULTILINE)


@each_chapter
def test_the_teacher_has_an_answer_to_each_question_without_one_on_the_page(chapter):
    """By number: a question that goes must take its answer along."""
    nb, solutions = read(chapter)
    (questions,) = (PAPER.split(c.source)[1] for c in nb.cells if PAPER.search(c.source))
    numbers = NUMBER.findall(re.split(r"^#", questions, flags=re.MULTILINE)[0])
    assert numbers == [str(k + 1) for k in range(len(numbers))] and len(numbers) >= 6
    assert NUMBER.findall(solutions) == numbers
