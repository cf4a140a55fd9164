"""A test of the test: nbval finds in the record of `make book` what it would find by running the cells."""

import os
import subprocess
import sys
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook, new_output

HERE = Path(__file__).parent
COMPARED = {"tags": ["nbval-check-output"]}


def cell(source, *outputs, tags=None):
    """A code cell that has been run."""
    return new_code_cell(source, outputs=list(outputs), metadata=tags or {}, execution_count=1)


def said(text):
    return new_output("stream", name="stdout", text=text)


def compare(folder, committed, executed=None):
    """Let nbval compare a notebook with its record and return what pytest prints."""
    for name, cells in (("book", committed), ("executed", executed)):
        (folder / name).mkdir()
        if cells:
            nbformat.write(new_notebook(cells=cells), folder / name / "01.ipynb")
    options = ["-p", "conftest", "--nbval-lax", f"--executed={folder / 'executed'}"]
    command = [sys.executable, "-m", "pytest", "-q", *options, folder / "book"]
    variables = os.environ | {"PYTHONPATH": str(HERE)}
    return subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True).stdout


def test_cells_that_are_as_they_were(tmp_path):
    committed = [cell("1 + 1"), cell("print(2)", said("2\n"), tags=COMPARED)]
    executed = [cell("1 + 1", said("not compared")), cell("print(2)", said("2\n"))]
    assert "2 passed" in compare(tmp_path, committed, executed)


def test_each_fault_is_found(tmp_path):
    error = new_output("error", ename="ValueError", evalue="oh", traceback=["ValueError: oh"])
    committed = [cell("print(2)", said("2\n"), tags=COMPARED), cell("f()"), cell("g(2)"), cell("h()")]
    executed = [cell("print(2)", said("3\n")), cell("f()", error), cell("g(1)"), cell("h()")]
    text = compare(tmp_path, committed, executed)
    assert "3 failed, 1 passed" in text
    for words in ("Cell outputs differ", "ValueError: oh", "the cell has changed since it was executed"):
        assert words in text


def test_a_chapter_that_was_not_executed(tmp_path):
    assert "01.ipynb has not been executed: run `make book` first" in compare(tmp_path, [cell("1")])
