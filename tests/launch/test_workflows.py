"""The workflows and the citation are valid; a broken workflow would be noticed."""

import json
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
import yaml

TOP = Path(__file__).parents[2]
WORKFLOWS = sorted((TOP / ".github" / "workflows").glob("*.yml"))
TEST = TOP / ".github" / "workflows" / "test.yml"


SCHEMA = [sys.executable, "-m", "check_jsonschema", "--builtin-schema"]
BROKEN = [
    ("runs-on:", "run-on:", "runs-on"),
    ("matrix.os", "matrix.system", "system"),
    ("actions/checkout@v5", "actions/checkout", "checkout"),
]


def said(*command):
    """The JSON that a program prints."""
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=False).stdout)


@pytest.fixture(scope="module")
def complaints(tmp_path_factory):
    """{file name: what actionlint and the schema of workflows have against it}; that of BROKEN[0] is 0.yml.

    Both programs take a second to start, so each is asked once about all files.
    """
    folder, text = tmp_path_factory.mktemp("workflows"), TEST.read_text(encoding="utf-8")
    for number, (old, new, _) in enumerate(BROKEN):
        assert old in text
        (folder / f"{number}.yml").write_text(text.replace(old, new), encoding="utf-8")
    files = [*WORKFLOWS, *folder.iterdir()]
    found = {file.name: "" for file in files}
    for fault in said(Path(sysconfig.get_path("scripts"), "actionlint"), "-format", "{{json .}}", *files):
        found[Path(fault["filepath"]).name] += fault["message"] + "\n"
    checked = said(*SCHEMA, "vendor.github-workflows", "--output-format", "json", "--verbose", *files)
    seen = {Path(name).name for name in checked["successes"]}
    for fault in checked["errors"] + checked["parse_errors"]:
        found[Path(fault["filename"]).name] += json.dumps(fault) + "\n"
        seen.add(Path(fault["filename"]).name)
    assert seen == found.keys()
    return found


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflow_is_valid(path, complaints):
    assert complaints[path.name] == ""


@pytest.mark.parametrize(("number", "words"), [(i, words) for i, (*_, words) in enumerate(BROKEN)])
def test_broken_workflow_is_noticed(complaints, number, words):
    assert words in complaints[f"{number}.yml"]


def test_ubuntu_runs_what_everybody_runs():
    jobs = yaml.safe_load(TEST.read_text(encoding="utf-8"))["jobs"]
    assert jobs["everything"]["steps"][-1] == {"run": "bash .ci/run"}
    last = (TOP / ".ci" / "run").read_text(encoding="utf-8").splitlines()[-1]
    assert last == "exec make test"


def test_citation_is_valid():
    command = [*SCHEMA, "vendor.citation-file-format", TOP / "CITATION.cff"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
