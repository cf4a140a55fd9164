"""Fill the reference answers of tests/solutions/ into the graded cells of the chapters.

python scripts/solve.py                    # every chapter, into _build/solved/
python scripts/solve.py book/02_*.ipynb    # one chapter

Each graded cell of a solved chapter asserts that its check says "right". The weekly workflow runs these
chapters as a whole; `make book` runs the chapters as shipped and tries each answer in place, see `trials`.
"""

import argparse
import ast
import contextlib
import sys
from pathlib import Path

import nbformat

TOP = Path(__file__).resolve().parents[1]
SOLVED = TOP / "_build" / "solved"


def graded_cells(nb):
    """Return {name of the exercise: cell}."""
    cells = [cell for cell in nb.cells if cell.metadata.get("nbgrader", {}).get("grade")]
    return {cell.metadata.nbgrader.grade_id: cell for cell in cells}


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


def solved(solutions, name):
    """Return the code of a graded cell: the answer, then an assert that its check says "right".

    Its variables have names that no chapter uses: a reader's answer leaves no variable behind, either.
    """
    verdict = f'_outcome, _problem = check.run("{name}", {name})\nassert _outcome.state == "right", _problem'
    return f"{answer(solutions, name)}\n\n{verdict}"


def trials(nb, solutions):
    """Return code that tries the reference answers in the chapter's state and leaves its names as they are.

    Args:
        nb: the chapter, an nbformat notebook.
        solutions: text of its file in tests/solutions/.

    Returns:
        dict {name of the exercise: code to run before its cell}, without those that have no answer.
    """
    code = {}
    for name in graded_cells(nb):
        with contextlib.suppress(KeyError):
            code[name] = f"exec({solved(solutions, name)!r}, dict(globals()))"
    return code


def solve(nb, solutions):
    """Put the answers into the graded cells of a notebook, in place.

    Args:
        nb: the chapter, an nbformat notebook.
        solutions: text of its file in tests/solutions/.

    Returns:
        The notebook.

    Raises:
        KeyError: an exercise has no answer.
    """
    for name, cell in graded_cells(nb).items():
        cell.source = solved(solutions, name)
    return nb


def main():
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("chapters", nargs="*", type=Path, help="notebooks (default: all chapters)")
    SOLVED.mkdir(parents=True, exist_ok=True)
    chosen = arguments.parse_args().chapters
    for old in SOLVED.glob("*.ipynb") if not chosen else ():
        old.unlink()
    for chapter in chosen or sorted((TOP / "book").glob("[0-9]*.ipynb")):
        solutions = (TOP / "tests" / "solutions" / f"{chapter.stem}.py").read_text(encoding="utf-8")
        try:
            nb = solve(nbformat.read(chapter, as_version=4), solutions)
        except KeyError as error:
            sys.exit(f"{chapter.name}: tests/solutions/{chapter.stem}.py has no answer for {error}")
        nbformat.write(nb, SOLVED / chapter.name)


if __name__ == "__main__":
    main()
