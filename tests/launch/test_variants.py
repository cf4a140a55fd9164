"""`make variants`: a tiny chapter under other conditions; what fell is told, what is known is kept."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import execute
import nbformat
import pytest
import variants

TOP = Path(__file__).parents[2]
CELLS = (
    "import os\nimport random\nimport numpy as np\nimport torch",
    "torch.manual_seed(0)\nlucky = torch.rand(1).item()\nassert lucky > 0.4, 'this hangs on the seed'",
    "g = torch.Generator().manual_seed(0)\nassert torch.rand(1, generator=g).item() == lucky",
    "# no such name\nassert lucky == luckier",
    "assert torch.get_num_threads() == int(os.environ['OMP_NUM_THREADS']) == 1",
)


@pytest.fixture
def chapter(tmp_path, monkeypatch):
    """A chapter whose cells 2 and 4 fall with moved seeds, 4 always and 5 with other threads."""
    monkeypatch.setattr(variants, "TOP", tmp_path)
    cells = [nbformat.v4.new_markdown_cell("# Tiny"), *map(nbformat.v4.new_code_cell, CELLS)]
    path = tmp_path / "01_tiny.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


def test_what_falls_is_told_and_kept(chapter, capsys):
    names = ["seeds-1000", "threads-2"]
    results = variants.run_all([chapter], names, jobs=2)
    assert variants.summary(results["01_tiny"]["seeds-1000"]) == "2 4"
    assert variants.summary(results["01_tiny"]["threads-2"]) == "4 5"
    said = capsys.readouterr().out
    assert said.startswith("2 of 2 runs to do\n")
    assert json.loads((chapter.parent / "_build" / "variants.json").read_text(encoding="utf-8")) == results

    lines = variants.table(results, ["01_tiny"], names)
    assert lines[:2] == ["         seeds-1000  threads-2", "01_tiny  2 4         4 5"]
    first = lines.index("01_tiny cell 2, seeds-1000:")
    assert lines[first + 1] == "    AssertionError: this hangs on the seed"
    assert lines[first + 2].startswith("    assert 0.3189346194")  # torch.rand's first with seed 1000
    assert "01_tiny cell 4, seeds-1000, threads-2:" in lines

    assert variants.run_all([chapter], names) == results
    assert capsys.readouterr().out == "0 of 2 runs to do\n"
    nb = nbformat.read(chapter, as_version=4)
    nb.cells[0].source = "# New prose"
    nbformat.write(nb, chapter)
    variants.run_all([chapter], names)
    assert capsys.readouterr().out == "0 of 2 runs to do\n"
    nb.cells[4].source = "assert lucky == lucky"
    nbformat.write(nb, chapter)
    results = variants.run_all([chapter], ["threads-1"])
    assert variants.summary(results["01_tiny"]["threads-1"]) == "ok"
    assert capsys.readouterr().out.startswith("1 of 1 runs to do\n")


def test_a_cell_may_fail_on_purpose_and_then_must(chapter):
    nb = nbformat.read(chapter, as_version=4)
    nb.cells = nb.cells[:2] + [nbformat.v4.new_code_cell(code) for code in ("1 / 0", "1 / 1")]
    for cell in nb.cells[2:]:
        cell.metadata["tags"] = ["raises-exception"]
    nbformat.write(nb, chapter)
    failed = variants.run_all([chapter], ["threads-1"])["01_tiny"]["threads-1"]["failed"]
    assert failed == [{"cell": 3, "message": "did not stop, as its tag says it must"}]


def test_every_kind_of_seed_moves():
    code = """if True:
        import random, numpy as np, torch, variants
        def draws(seed):
            random.seed(seed), np.random.seed(seed), torch.manual_seed(seed)
            generators = np.random.default_rng(seed), random.Random(seed), torch.Generator().manual_seed(seed)
            return [
                random.random(), np.random.rand(), torch.rand(1).item(), generators[0].random(),
                generators[1].random(), torch.rand(1, generator=generators[2]).item(),
            ]
        plain = draws(7)
        variants.move_seeds(5)
        assert draws(2) == plain
        assert all(a != b for a, b in zip(draws(7), plain))
    """
    subprocess.run([sys.executable, "-c", code], cwd=TOP / "scripts", check=True)


def test_what_runs_before_a_chapter(chapter):
    code = f"""if True:
        import pathlib, variants
        variant = variants.Variant(before="luckier = 0.49625658988952637")  # torch.rand's first with seed 0
        print(variants.run_here(pathlib.Path({str(chapter)!r}), variant)["failed"])
    """
    environment = execute.kernel_environment(chapter.parent / "_build", 1) | {"OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", code]
    done = subprocess.run(
        command, cwd=TOP / "scripts", env=environment, stdout=subprocess.PIPE, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_gpu_is_left_out_where_it_cannot_be_built(monkeypatch, capsys):
    monkeypatch.setattr(shutil, "which", lambda program: None)
    assert variants.possible(["threads-1", "apple"]) == ["threads-1"]
    needs = "the pretended device needs g++ and ninja"
    assert capsys.readouterr().out.startswith(f"left out: cuda and apple, because {needs}")


def test_a_chapter_is_named_by_its_number():
    assert execute.find("14").stem == "14_recurrent"
    assert execute.find("book/14_recurrent.ipynb") == Path("book/14_recurrent.ipynb").resolve()
    with pytest.raises(SystemExit, match="'1' names 6 chapters"):
        execute.find("1")
    with pytest.raises(SystemExit, match="'99' names 0 chapters"):
        execute.find("99")


def test_exit_status_tells_whether_a_cell_fell(chapter, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["variants.py", str(chapter), "--variant", "threads-1"])
    with pytest.raises(SystemExit, match="cells fell in 1 of 1 chapters: 01_tiny"):
        variants.main()
    assert "NameError: name 'luckier' is not defined" in capsys.readouterr().out
