"""`make test` itself: it counts what its stages counted, and does not look at a book that was not built."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"
PASSES, FAILS, SKIPS = (
    "def test_a(): pass\n",
    "def test_b(): assert 0\n",
    "import pytest\ndef test_c(): pytest.skip()\n",
)


@pytest.fixture
def tree(tmp_path):
    """A repository in which each stage takes a moment."""
    (tmp_path / "scripts").mkdir()
    for name in ("test.py", "interrupts.py"):
        shutil.copy(SCRIPTS / name, tmp_path / "scripts")
    for name in ("chromium", "lint", "build"):
        (tmp_path / "scripts" / f"{name}.py").write_text(f"print('{name} ran')\n")
    for name, source in (("package", PASSES + FAILS), ("launch", PASSES + SKIPS), ("site", PASSES)):
        (tmp_path / "tests" / name).mkdir(parents=True)
        (tmp_path / "tests" / name / f"test_{name}.py").write_text(source)
    return tmp_path


def plugins(name):
    """The environment in which pytest loads this plugin only: the others take seconds."""
    return os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_PLUGINS": name}


def run(tree, *stages):
    """Return (status, what was printed)."""
    command = [sys.executable, tree / "scripts" / "test.py", *stages]
    done = subprocess.run(
        command, cwd=tree, env=plugins("xdist.plugin"), capture_output=True, text=True, check=False
    )
    return done.returncode, done.stderr + done.stdout


def test_the_numbers_of_all_stages_are_added(tree):
    status, said = run(tree, "chromium", "lint", "book", "package", "launch", "site")
    assert status == 1
    assert said.splitlines()[-1] == "3 passed, 1 failed, 1 skipped"
    times = dict(re.findall(r"^  (\w+) +[\d.]+ s(.*)$", said, re.MULTILINE))
    assert times.keys() == {"chromium", "book", "site", "lint", "package", "launch", "all"}
    assert times["package"] == "   1 failed" and not times["launch"]
    assert said.index("=== lint\nlint ran") < said.index("=== package")  # one lane
    assert said.count("=== launch") == 1  # another


def test_the_hub_is_tried_only_when_asked_for():
    """Neither a stage nor pytest alone starts servers or makes system users."""
    top = SCRIPTS.parent
    assert "tests/hub" not in (SCRIPTS / "test.py").read_text(encoding="utf-8")
    code = "import pytest; a = ['--collect-only', '-q', 'tests/hub']; "
    code += "pytest.main(a); print('---'); pytest.main([*a, '-m', 'hub'])"  # imports once
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=top, env=plugins("pytest_timeout"), capture_output=True, text=True
    )
    alone, _, asked = done.stdout.partition("---\n")
    assert "deselected" in alone.splitlines()[-1] and "::" not in alone, alone + done.stderr
    assert "tests collected" in asked.splitlines()[-1] and "::" in asked, asked + done.stderr


def test_without_a_book_its_pages_are_not_tested(tree):
    (tree / "scripts" / "build.py").write_text("raise SystemExit('a chapter failed')\n")
    status, said = run(tree, "book", "site", "chapters", "launch", "editions")
    assert status == 1 and "=== launch" in said
    assert not {"=== site", "=== chapters", "=== editions"} & set(said.splitlines())
    assert said.splitlines()[-1] == "1 passed, 1 failed, 1 skipped"


def test_the_pages_are_tested_when_the_book_is_there(tree):
    """Also those of a lane that had nothing else to do; without the stage `book`, as they are."""
    (tree / "tests" / "editions").mkdir()
    (tree / "tests" / "editions" / "test_editions.py").write_text(
        "import pathlib\ndef test_b(): assert pathlib.Path('built').exists()\n"
    )
    (tree / "scripts" / "build.py").write_text("import time; time.sleep(2); open('built', 'w')\n")
    assert run(tree, "editions")[1].splitlines()[-1] == "0 passed, 1 failed"
    assert run(tree, "book", "editions")[1].splitlines()[-1] == "1 passed, 0 failed"


def test_a_stage_that_breaks_off_is_a_failure(tree):
    (tree / "tests" / "site" / "test_site.py").write_text("import nothing_of_that_name\n")
    assert run(tree, "site")[1].splitlines()[-1] == "0 passed, 1 failed"


def test_an_unknown_stage_is_one_sentence(tree):
    status, said = run(tree, "sites")
    assert status == 2 and "there is no stage 'sites'; there are chromium, book, site, lint" in said
