"""Device, seeds and progress bars; importing the package loads nothing heavy."""

import subprocess
import sys

import torch

from course_utils import runtime


def test_start_seeds_and_prints_the_device(capsys):
    device = runtime.start(seed=3)
    first = torch.rand(4)
    runtime.start(seed=3)
    assert torch.equal(first, torch.rand(4))
    assert device.type in ("cpu", "cuda", "mps") and device.type in capsys.readouterr().out


def test_progress_is_silent_in_a_build_and_changes_nothing(monkeypatch, capfd):
    monkeypatch.setenv("BOOK_STATIC", "1")
    assert list(runtime.progress(range(3), "steps")) == [0, 1, 2]
    assert capfd.readouterr().err == ""


def test_progress_shows_its_label_elsewhere(monkeypatch, capfd):
    monkeypatch.delenv("BOOK_STATIC", raising=False)
    assert list(runtime.progress(iter("ab"), "letters", total=2)) == ["a", "b"]
    assert "letters" in capfd.readouterr().err


def test_the_package_imports_nothing_heavy():
    code = "import sys, course_utils, course_utils.check, course_utils.data; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    heavy = {"torch", "numpy", "matplotlib", "PIL", "ipywidgets", "pooch", "requests"}
    assert heavy & set(loaded.split()) == set()
