"""Where readers start: Colab's first cell and versions, Binder's build, the links of the documents."""

import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import links
import nbformat
import normalise
import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

TOP = Path(__file__).parents[2]
CHAPTERS = sorted((TOP / "book").glob("[0-9]*.ipynb"))


def colab():
    """Return {name: version} of what Colab has before a chapter's first cell installs what is missing."""
    lines = (Path(__file__).parent / "colab.txt").read_text(encoding="utf-8").splitlines()
    pairs = [line.split("==") for line in lines if not line.startswith("#")]
    return {canonicalize_name(name): version for name, version in pairs}


def core():
    """Return the course's core dependencies."""
    tomllib = pytest.importorskip("tomllib")
    project = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert colab()["python"] in SpecifierSet(project["requires-python"])
    return [Requirement(line) for line in project["dependencies"]]


def test_colab_keeps_its_versions():
    """Colab's own versions are what the course needs, directly or through a package that Colab lacks."""
    has, todo, missing = colab(), core(), set()
    variables = {"extra": "", "python_full_version": has["python"], "python_version": has["python"][:4]}
    while todo:
        needed = todo.pop()
        name = canonicalize_name(needed.name)
        if needed.marker and not needed.marker.evaluate(variables):
            continue
        if name in has:
            assert has[name] in needed.specifier, f"Colab has {name} {has[name]}, {needed} is asked for"
        elif name not in missing:
            missing.add(name)
            todo += map(Requirement, metadata.requires(name) or [])
    assert missing == {"kornia", "kornia-rs"}


def test_core_has_only_lower_bounds():
    for needed in core():
        assert all(bound.operator == ">=" for bound in needed.specifier), f"{needed}: only lower bounds"


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)
def test_first_code_cell_installs_the_course_on_colab(chapter):
    code = [cell for cell in nbformat.read(chapter, as_version=4).cells if cell.cell_type == "code"]
    assert code[0].source == normalise.COLAB_CELL.format(address=normalise.repository())
    assert code[1].metadata.tags == ["parameters", "remove-cell"]
    assert code[1].source.startswith('# @title Choose the profile\nPROFILE = "fast"')


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


def commands(document):
    """Return the lines of the first block of commands in a document that installs the course."""
    text = (TOP / document).read_text(encoding="utf-8")
    blocks = re.findall(r"^ *```bash\n(.*?)^ *```", text, re.DOTALL | re.MULTILINE)
    return next(block.strip().splitlines() for block in blocks if "pip install" in block)


def test_readers_start_in_a_virtual_environment():
    """The system's own Python often refuses to install packages, or mixes them with the system's."""
    lines = commands("README.md")
    assert lines == commands("book/index.md")
    made, activated, installed, started = (line.split("  ")[0] for line in lines)
    assert (made, activated) == ("python3 -m venv .venv", "source .venv/bin/activate")
    assert (installed, started) == ('pip install -e ".[book]"', "jupyter lab book/")
    assert [line.partition("# Windows: ")[2] for line in lines[:2]] == [
        "py -m venv .venv",
        r".venv\Scripts\activate",
    ]
    assert any("-m venv .venv &&" in line for line in commands("book/appendix/teachers.md"))


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
