"""Folders as they lie on a shared machine: homes, trash, and what the teacher must not read."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pretend
import pytest
from pretend import CHAPTER, put, work

from course_utils.grade import cli, collect, limits, reading

ROOT = Path(__file__).parents[2]


@pytest.fixture
def homes(tmp_path):
    """Three students of a hub: one with a clone and trash, one with two copies, one without the chapter."""
    folder = tmp_path / "homes"
    mine = put(folder / "anders" / "course" / "book" / f"{CHAPTER}.ipynb", work(7))
    os.utime(mine, (1e9, 1e9))
    put(folder / "anders" / ".local/share/Trash/files" / f"{CHAPTER}.ipynb")
    put(folder / "anders" / "course" / "book" / ".ipynb_checkpoints" / f"{CHAPTER}-checkpoint.ipynb")
    put(folder / "anders" / "course" / "book" / "03_convolutions.ipynb")
    put(folder / "bea" / f"{CHAPTER}.ipynb", work(2))
    put(folder / "bea" / "copy" / f"my {CHAPTER}.ipynb", work(4))
    put(folder / "carl" / "notes.txt")
    (folder / "carl" / f"{CHAPTER}.ipynb").symlink_to(mine)
    (folder / "dora").symlink_to(folder / "anders")
    return folder


def test_homes_are_collected_and_graded(homes, tmp_path, monkeypatch, capsys):
    pretend.install(monkeypatch)
    handed_in, out = tmp_path / "submissions", tmp_path / "out"
    command = ["--collect", str(homes), "--chapter", CHAPTER, "--out", str(handed_in)]
    assert cli.main(command) == cli.NEEDS_PERSON  # carl's link is for a person
    said = capsys.readouterr().out
    assert "3 files of 02_backpropagation copied" in said and "cannot be read: 'carl/" in said
    found = {str(path.relative_to(handed_in)) for path in handed_in.rglob("*.ipynb")}
    assert found == {f"anders/{CHAPTER}.ipynb", f"bea/{CHAPTER}.ipynb", f"bea/{CHAPTER}-1.ipynb"}
    assert (handed_in / "anders" / f"{CHAPTER}.ipynb").stat().st_mtime == 1e9
    assert cli.main([str(handed_in), "--out", str(out), "--workers", "1"]) == cli.DONE
    rows = [line.split(",")[:4] for line in (out / "grades.csv").read_text("utf-8-sig").splitlines()[1:]]
    assert [(row[0], row[3]) for row in rows] == [("anders", "7"), ("bea", "4")]
    assert cli.main(["--collect", str(homes), "--out", str(handed_in)]) == cli.USAGE


def test_trash_and_tools_are_nobodys_attempt(homes):
    def below():
        return {os.path.relpath(os.fsdecode(path), homes) for path in reading.find(homes)}

    found = below()
    assert not [path for path in found if "Trash" in path or "checkpoint" in path]
    put(homes / ".mia" / ".hw.ipynb")
    put(homes / "bea" / "._hw.ipynb")
    put(homes / "bea" / ".DS_Store")
    assert below() - found == {".mia/.hw.ipynb"}  # a student may be called so


@pytest.fixture
def everybody():
    """A folder that every user can enter."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        yield Path(folder)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="needs two users")
def test_what_must_not_be_read_needs_a_person(everybody):
    """As another user: a closed folder and a closed file have a row each, and the exit status says so."""
    folder, out = everybody / "in", everybody / "out"
    put(folder / "open" / "a.ipynb")
    put(folder / "file" / "a.ipynb").chmod(0o600)
    put(folder / "folder" / "a.ipynb")
    (folder / "folder").chmod(0o700)
    out.mkdir()
    out.chmod(0o777)
    program = (
        "import os, sys, pytest, tqdm\n"
        f"sys.path[:0] = [{str(ROOT)!r}, {str(ROOT / 'tests/grading')!r}]\n"
        "import pretend\nfrom course_utils import exercises\nfrom course_utils.grade import cli\n"
        "exercises.chapters()\n"
        "pretend.install(pytest.MonkeyPatch())\nos.setgid(65534)\nos.setuid(65534)\n"
        f"sys.exit(cli.main([{str(folder)!r}, '--out', {str(out)!r}, '--workers', '1']))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == cli.NEEDS_PERSON, done.stderr
    assert "1 graded, 0 hold nothing to grade, 2 need a person" in done.stdout
    text = (out / "grades.csv").read_text(encoding="utf-8-sig")
    assert "the folder cannot be opened (Permission denied)" in text
    assert "the file cannot be opened (Permission denied)" in text


def test_a_file_that_is_too_large_needs_a_person(tmp_path, monkeypatch):
    pretend.install(monkeypatch)
    with open(put(tmp_path / "in" / "anders" / "a.ipynb"), "wb") as file:
        file.truncate(16 * limits.NOTEBOOK + 1)
    command = [str(tmp_path / "in"), "--out", str(tmp_path / "out"), "--workers", "1", "--chapter", CHAPTER]
    assert cli.main(command) == cli.NEEDS_PERSON
    text = (tmp_path / "out" / "grades.csv").read_text(encoding="utf-8-sig")
    assert "the file is larger than" in text and f"{CHAPTER},,9," in text
    (page,) = (tmp_path / "out" / "feedback").iterdir()
    assert "the file is larger than" in page.read_text(encoding="utf-8")


def test_a_home_that_is_closed_is_said(tmp_path, monkeypatch):
    put(tmp_path / "homes" / "anders" / f"{CHAPTER}.ipynb")

    def closed(*args, **kwargs):
        kwargs["onerror"](PermissionError(13, "Permission denied", "/homes/anders"))
        return iter(())

    monkeypatch.setattr(collect.os, "fwalk", closed)
    copied, blocked, without = collect.collect(tmp_path / "homes", CHAPTER, tmp_path / "out")
    assert (copied, blocked, without) == (0, ["anders: /homes/anders"], [])
