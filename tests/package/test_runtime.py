"""Device, seeds and progress bars; importing the package loads nothing heavy."""

import os
import re
import subprocess
import sys
import types

import nbformat
import pytest
import torch
from nbclient import NotebookClient

from course_utils import runtime


def test_start_seeds_and_prints_the_device(capsys):
    device = runtime.start(seed=3)
    first = torch.rand(4)
    runtime.start(seed=3)
    assert torch.equal(first, torch.rand(4))
    assert device.type in ("cpu", "cuda", "mps") and device.type in capsys.readouterr().out


def threads(granted, **environment):
    """Threads of PyTorch after ``start`` in a process that is granted so many cores, told to use 3 first."""
    code = (
        f"import torch; from course_utils import cores, runtime; cores.cores = lambda: {granted};"
        "torch.set_num_threads(3); runtime.start(); print(torch.get_num_threads())"
    )
    own = {k: v for k, v in os.environ.items() if k != "OMP_NUM_THREADS"} | environment
    return subprocess.run(
        [sys.executable, "-c", code], env=own, capture_output=True, check=True, text=True
    ).stdout


def test_threads_are_no_more_than_the_cores_granted():
    out = threads(1)
    assert "on cpu (1 thread)" in out and out.split()[-1] == "1"
    assert threads(8).split()[-1] == "3"
    assert threads(1, OMP_NUM_THREADS="3").split()[-1] == "3"


def test_a_gpu_is_named_with_its_memory(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "Tesla T4")
    monkeypatch.setattr(
        torch.cuda, "get_device_properties", lambda i: types.SimpleNamespace(total_memory=15 << 30)
    )
    assert runtime.found() == (torch.device("cuda"), "Tesla T4, 15 GiB")


def test_an_apple_gpu_says_what_it_lacks(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert runtime.found() == (torch.device("mps"), "Apple GPU: float64 stays on the CPU")


@pytest.mark.parametrize(
    "text, whose",
    [
        ("CUDA out of memory. Tried to allocate 20.00 MiB. GPU 0 has a total capacity of", "the GPU"),
        ("MPS backend out of memory (MPS allocated: 8.9 GB, other allocations", "the GPU"),
        ("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate", "this machine"),
    ],
)
def test_out_of_memory_is_one_sentence(text, whose):
    says = runtime.out_of_memory(RuntimeError(text))
    assert says.startswith(f"Out of memory: {whose} has no room left") and "a smaller batch" in says


def test_other_errors_keep_their_traceback():
    assert runtime.out_of_memory(RuntimeError("size mismatch")) == ""


def test_a_notebook_shows_one_sentence_for_a_full_gpu_and_all_of_other_errors():
    cells = [
        "from course_utils import runtime\nimport torch\nruntime.start();",
        "def train():\n    raise torch.cuda.OutOfMemoryError('CUDA out of memory.' + '\\n?' * 40)\ntrain()",
        "def train():\n    raise RuntimeError('size mismatch')\ntrain()",
    ]
    nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    NotebookClient(nb, timeout=120, kernel_name="python3", allow_errors=True).execute()
    (full,), (other,) = nb.cells[1].outputs, nb.cells[2].outputs
    assert full.output_type == "error" and len(full.traceback) == 1
    assert full.traceback[0].startswith("Out of memory: the GPU has no room left for this cell")
    plain = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in other.traceback]
    assert any("train()" in line for line in plain) and "size mismatch" in plain[-1]


def test_share_counts_the_hits():
    assert runtime.share(torch.tensor([[True, False], [True, True]])) == 0.75
    assert runtime.share(torch.arange(30_000_001) > 0) == 30_000_000 / 30_000_001


@pytest.mark.parametrize("hits", [torch.zeros(0, dtype=torch.bool), torch.ones(3)])
def test_share_names_what_are_no_hits(hits):
    with pytest.raises(ValueError, match="expected some bools"):
        runtime.share(hits)


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
