"""Where readers start: Colab's first cell and versions, Binder's build, the links of the documents."""

import re
import subprocess
import sys
from pathlib import Path

import links
import nbformat
import normalise
import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

TOP = Path(__file__).parents[2]
CHAPTERS = sorted((TOP / "book").glob("[0-9]*.ipynb"))

# What Colab has before a chapter's first cell, which installs what is missing (anywidget, pooch).
COLAB = {
    "ipywidgets": "7.7.1",
    "matplotlib": "3.10.0",
    "numpy": "2.0.2",
    "pillow": "11.3.0",
    "python": "3.12.11",
    "safetensors": "0.6.2",
    "torch": "2.8.0+cu126",
    "tqdm": "4.67.1",
}


def test_colab_keeps_its_versions():
    tomllib = pytest.importorskip("tomllib")
    project = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert COLAB["python"] in SpecifierSet(project["requires-python"])
    core = {r.name: r.specifier for r in map(Requirement, project["dependencies"])}
    for name in COLAB.keys() - {"python"}:
        assert COLAB[name] in core[name], f"Colab has {name} {COLAB[name]}, the course asks for {core[name]}"
    for name, bounds in core.items():
        assert all(bound.operator == ">=" for bound in bounds), (
            f"{name}{bounds}: only lower bounds in the core"
        )


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)
def test_first_code_cell_installs_the_course_on_colab(chapter):
    code = [cell for cell in nbformat.read(chapter, as_version=4).cells if cell.cell_type == "code"]
    assert code[0].source == normalise.COLAB_CELL.format(address=normalise.repository())
    assert code[1].metadata.tags == ["parameters"]
    assert code[1].source.startswith('PROFILE = "fast"')


def test_colab_cell_does_nothing_elsewhere_and_installs_there(monkeypatch):
    from IPython.core.inputtransformer2 import TransformerManager

    cell = TransformerManager().transform_cell(normalise.COLAB_CELL.format(address="https://example.org/a/b"))
    asked = []

    class Shell:
        def run_line_magic(self, *arguments):
            asked.append(arguments)

    exec(cell, {"get_ipython": Shell})
    assert asked == []
    monkeypatch.setitem(sys.modules, "google.colab", object())
    exec(cell, {"get_ipython": Shell})
    assert asked == [("pip", 'install -q "git+https://example.org/a/b"')]


def test_documents_name_the_repository_of_pyproject():
    owner_and_name = normalise.repository().removeprefix("https://github.com/")
    for file in ("README.md", "CITATION.cff", "CONTRIBUTING.md"):
        text = (TOP / file).read_text(encoding="utf-8")
        named = re.findall(r"(?:github\.com|/github|/gh)/([\w.-]+/[\w.-]+?)(?=[/)\s\"?]|\.git\b|$)", text)
        assert set(named) <= {owner_and_name}, file
    assert owner_and_name in (TOP / "README.md").read_text(encoding="utf-8")


def test_binder_accepts_the_repository():
    command = [sys.executable, "-m", "repo2docker", "--no-build", "--debug", str(TOP)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    dockerfile = done.stdout + done.stderr
    assert "Building conda environment for python=3.11" in dockerfile
    assert re.search(r"^FROM ", dockerfile, re.MULTILINE)
    assert 'environment.yml"' in dockerfile


def test_links_inside_the_repository():
    documents = links.documents()
    assert TOP / "README.md" in documents and set(CHAPTERS) <= set(documents)
    assert links.broken_internal(documents) == []


def test_a_broken_link_is_found(tmp_path):
    (tmp_path / "there.md").touch()
    page = tmp_path / "page.md"
    page.write_text('[a](there.md#x) [b](gone.md) `[c](code.md)` [d](https://example.org) <img src="no.png">')
    assert links.broken_internal([page]) == [f"{page}: gone.md", f"{page}: no.png"]
