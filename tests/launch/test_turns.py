"""Two `make book` in one tree take turns; Ctrl-C, pressed again and again, is one sentence."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import normalise
import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"
KEPT = "interrupted; chapters that had finished are kept\n"
WAITS = "make book: another `make` is at it in this folder; waiting for it\n"
SLEEPS = "import pathlib, time; pathlib.Path('begun').touch(); time.sleep(60)"
BUILDS = """
def build(folder, profile, jobs):
    print("begun", flush=True)
    while not (folder / "go").exists():
        time.sleep(0.05)
    print("built")
script.build = build
"""
PAGES = """
import jupyter_book.sphinx
def build_sphinx(*args, **kwargs):  # as the real one: it returns what was raised
    try:
        print("begun", flush=True)
        time.sleep(60)
    except KeyboardInterrupt as error:
        return error
jupyter_book.sphinx.build_sphinx = build_sphinx
execute.execute = lambda *args: []
script.load_stager = lambda: None
"""


def start(name, top, changes=""):
    """Start main() of a script on a tree of its own, in a process group of its own.

    Args:
        name: of the script, without ".py".
        top: the tree.
        changes: code that runs before, with the module as `script`.
    """
    code = f"import pathlib, signal, sys, time, execute, {name} as script\n"
    code += "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # background jobs ignore it
    code += f"sys.argv[1:] = []; script.TOP = execute.TOP = pathlib.Path({str(top)!r})\n"
    if name == "build":
        code += "script.BOOK = script.TOP / 'book'\n"
    return subprocess.Popen(
        [sys.executable, "-u", "-c", code + changes + "script.main()"],
        cwd=top,
        env={**os.environ, "PYTHONPATH": str(SCRIPTS)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def press(run):
    """Press Ctrl-C every tenth of a second until a program has ended; return what it said as an error."""
    deadline = time.monotonic() + 60
    while run.poll() is None and time.monotonic() < deadline:
        os.killpg(run.pid, signal.SIGINT)
        time.sleep(0.1)
    return run.communicate(timeout=60)[1]


def test_two_builds_take_turns(tmp_path):
    first = start("build", tmp_path, BUILDS)
    assert first.stdout.readline() == "begun\n"
    second = start("build", tmp_path, BUILDS)
    assert second.stdout.readline() == WAITS
    (tmp_path / "_build" / "go").touch()
    assert first.communicate(timeout=60) == ("built\n", "")
    assert second.communicate(timeout=60) == ("begun\nbuilt\n", "")
    assert (first.returncode, second.returncode) == (0, 0)


def test_ctrl_c_while_waiting(tmp_path):
    first = start("build", tmp_path, BUILDS)
    assert first.stdout.readline() == "begun\n"
    second = start("build", tmp_path, BUILDS)
    assert second.stdout.readline() == WAITS
    assert press(second) == KEPT
    (tmp_path / "_build" / "go").touch()
    assert first.communicate(timeout=60) == ("built\n", "")


def test_a_single_chapter_waits_for_the_book(tmp_path):
    first = start("build", tmp_path, BUILDS)
    assert first.stdout.readline() == "begun\n"
    second = start("execute", tmp_path)
    assert second.stdout.readline() == WAITS.replace("make book", "execute")
    (tmp_path / "_build" / "go").touch()
    assert second.wait(60) == 0 and first.wait(60) == 0


@pytest.mark.parametrize("name", ["build", "execute", "variants"])
def test_ctrl_c_again_and_again(tmp_path, name):
    (tmp_path / "book").mkdir()
    cells, metadata = [nbformat.v4.new_code_cell(SLEEPS)], {"kernelspec": normalise.KERNEL}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=metadata), tmp_path / "book" / "01_a.ipynb")
    run = start(name, tmp_path)
    begun, deadline = tmp_path / "book" / "begun", time.monotonic() + 120
    while not begun.exists():
        assert time.monotonic() < deadline and run.poll() is None
        time.sleep(0.1)
    assert press(run) == (KEPT.replace("chapters", "runs") if name == "variants" else KEPT)
    assert run.returncode == 130


def test_ctrl_c_while_the_pages_are_built(tmp_path):
    (tmp_path / "book").mkdir()
    (tmp_path / "_config.yml").touch()
    run = start("build", tmp_path, PAGES)
    assert [run.stdout.readline() for _ in range(2)] == ["pages: building\n", "begun\n"]
    assert press(run) == KEPT
    assert not (tmp_path / "_build" / "pages.key").exists()
