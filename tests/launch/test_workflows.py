"""The workflows and the citation are valid; a broken workflow would be noticed."""

import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
import yaml

TOP = Path(__file__).parents[2]
WORKFLOWS = sorted((TOP / ".github" / "workflows").glob("*.yml"))


def complaints(path):
    """Return what actionlint and the schema of workflows have against a file, "" for nothing."""
    linter = Path(sysconfig.get_path("scripts"), "actionlint")
    schema = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows"]
    runs = [
        subprocess.run([*c, path], capture_output=True, text=True, check=False) for c in ([linter], schema)
    ]
    return "\n".join(run.stdout + run.stderr for run in runs if run.returncode)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflow_is_valid(path):
    assert complaints(path) == ""


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("runs-on:", "run-on:", "runs-on"),
        ("matrix.os", "matrix.system", "system"),
        ("actions/checkout@v5", "actions/checkout", "checkout"),
    ],
)
def test_broken_workflow_is_noticed(tmp_path, old, new, words):
    text = (TOP / ".github" / "workflows" / "test.yml").read_text(encoding="utf-8")
    assert old in text
    broken = tmp_path / "test.yml"
    broken.write_text(text.replace(old, new), encoding="utf-8")
    assert words in complaints(broken)


def test_ubuntu_runs_what_everybody_runs():
    jobs = yaml.safe_load((TOP / ".github" / "workflows" / "test.yml").read_text(encoding="utf-8"))["jobs"]
    assert jobs["everything"]["steps"][-1] == {"run": "bash .ci/run"}
    last = (TOP / ".ci" / "run").read_text(encoding="utf-8").splitlines()[-1]
    assert last == "exec make test"


def test_citation_is_valid():
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.citation-file-format"]
    done = subprocess.run([*command, TOP / "CITATION.cff"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
