"""Every chapter runs with the stubs as shipped, and again with the reference answers in the graded cells."""

import ast
import os
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

TOP = Path(__file__).parents[2]
CHAPTERS = sorted((TOP / "book").glob("[0-9]*.ipynb"))
each_chapter = pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)


def graded_cells(nb):
    """Return {name of the exercise: cell}."""
    cells = [cell for cell in nb.cells if cell.metadata.get("nbgrader", {}).get("grade")]
    return {cell.metadata.nbgrader.grade_id: cell for cell in cells}


def printed(cell):
    """Return all text that a cell put out."""
    texts = [o.get("text", "") + o.get("data", {}).get("text/plain", "") for o in cell.outputs]
    return "\n".join(texts)


def answer(source, name):
    """Return the part of a file of solutions that answers one exercise: imports, the answer, what it uses.

    Args:
        source: text of tests/solutions/NN_*.py.
        name: of the exercise.

    Raises:
        KeyError: the file does not define the name.
    """
    tree = ast.parse(source)
    defined = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            defined[node.name] = node
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            defined[node.targets[0].id] = node
    wanted, queue = set(), [name]
    while queue:
        node = defined[queue.pop()]
        if node not in wanted:
            wanted.add(node)
            queue += [n.id for n in ast.walk(node) if isinstance(n, ast.Name) and n.id in defined]
    parts = [n for n in tree.body if isinstance(n, ast.Import | ast.ImportFrom) or n in wanted]
    return "\n".join(ast.get_source_segment(source, node) for node in parts)


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
def test_reference_answers_are_right(chapter):
    nb = nbformat.read(chapter, as_version=4)
    source = (TOP / "tests" / "solutions" / f"{chapter.stem}.py").read_text(encoding="utf-8")
    cells = graded_cells(nb)
    for name, cell in cells.items():
        cell.source = f"{answer(source, name)}\n\ncheck.{name}({name})"
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    client = NotebookClient(nb, timeout=280, resources={"metadata": {"path": str(chapter.parent)}})
    client.execute(env=environment)
    for name, cell in cells.items():
        assert printed(cell).startswith(f"✓ {name}: "), printed(cell)
