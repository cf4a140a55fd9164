"""Records: none is older than its code; what counts as its code; how they are made and read."""

import json
import subprocess
import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest
import records as script

from course_utils import records

CHAPTERS = sorted((script.TOP / "book").glob("[0-9]*.ipynb"))
CELLS = [
    "import math\nfrom course_utils import records",
    "RATE = 0.1  # a comment",
    "def step(w):\n    x = 2\n    return w - RATE * math.sin(w * x)",
    "x = 5",
    "@records.record('99_walk', seeds=3)\n"
    "def walk(seed):\n    '''The walk of three seeds.'''\n    return {'end': step(seed), 'way': [seed, 1]}",
    "ends = walk.column('end')",
]


def notebook(*changes):
    """The made-up chapter with some of its text replaced."""
    cells = CELLS
    for old, new in changes:
        assert any(old in cell for cell in cells)
        cells = [cell.replace(old, new) for cell in cells]
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])


def code(nb):
    return script.digest(nb, script.records_of(nb)["99_walk"])


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)
def test_no_record_is_older_than_its_code(chapter):
    assert script.stale(chapter) == []


def test_every_record_has_a_chapter_that_reads_it():
    read = {name for path in CHAPTERS for name in script.records_of(nbformat.read(path, as_version=4))}
    assert {file.stem for file in script.FOLDER.glob("*.json")} == read


@pytest.mark.parametrize(
    "change", [("0.1", "0.2"), ("x = 2", "x = 3"), ("math.sin", "math.cos"), ("'end': step", "'end': -step")]
)
def test_the_digest_changes_with_all_code_that_the_run_reaches(change):
    assert code(notebook(change)) != code(notebook())


OTHERS = ["x = 6", "x = [step for step in range(6)]", "x = {RATE for RATE in [5]}", "x = [w for w in 'RATE']"]


@pytest.mark.parametrize(
    "change",
    [("# a comment", "# another"), ("column('end')", "column('way')"), *(("x = 5", new) for new in OTHERS)],
)
def test_the_digest_stays_with_comments_other_names_and_later_cells(change):
    assert code(notebook(change)) == code(notebook())


def test_a_record_is_made_in_parts_and_read(tmp_path, monkeypatch):
    chapter = tmp_path / "99_walk.ipynb"
    nbformat.write(notebook(), chapter)
    monkeypatch.setattr(script, "FOLDER", tmp_path)
    monkeypatch.setattr(records, "FOLDER", tmp_path)
    assert "there is no such record" in script.stale(chapter)[0]
    script.make(chapter, ["99_walk"], 2)
    assert script.stale(chapter) == []
    content = json.loads((tmp_path / "99_walk.json").read_text(encoding="utf-8"))
    assert content["title"] == "The walk of three seeds" and content["seeds"] == [0, 1, 2]
    assert {"date", "seconds", "processes", "processor", "python", "torch"} == set(content["made"])

    read = records.record("99_walk", seeds=3)(lambda seed: {})
    assert read.column("way").tolist() == [[0, 1], [1, 1], [2, 1]]
    assert np.allclose(read.column("end"), [s - 0.1 * np.sin(2 * s) for s in range(3)], rtol=1e-5)
    assert read.note.startswith("3 seeds, ") and "PyTorch" in read.note
    with pytest.raises(KeyError, match="it has end, way"):
        read.column("middle")
    with pytest.raises(ValueError, match="holds 3 seeds, the chapter asks for 4"):
        records.record("99_walk", seeds=4)(lambda seed: {})
    nbformat.write(notebook(("0.1", "0.3")), chapter)
    assert "the code has changed" in script.stale(chapter)[0]


def test_a_record_that_is_not_there_is_one_sentence():
    with pytest.raises(FileNotFoundError, match="make records CHAPTER=98 writes it"):
        records.record("98_nothing", seeds=1)(lambda seed: {})


def test_a_run_that_fails_leaves_the_old_record(tmp_path, monkeypatch):
    chapter = tmp_path / "99_walk.ipynb"
    nbformat.write(notebook(("return {'end'", "return {'end': 1 / 0, 'other'")), chapter)
    monkeypatch.setattr(script, "FOLDER", tmp_path)
    (tmp_path / "99_walk.json").write_text("old")
    with pytest.raises(SystemExit, match="no record was written"):
        script.make(chapter, ["99_walk"], 1)
    assert (tmp_path / "99_walk.json").read_text() == "old"


def test_an_unknown_chapter_is_one_sentence():
    run = [sys.executable, Path(script.__file__)]
    wrong = subprocess.run([*run, "77"], capture_output=True, text=True)
    assert wrong.returncode == 1 and "'77' names 0 chapters" in wrong.stderr
