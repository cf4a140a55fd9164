"""The memory that the execution of the chapters took, as `make book` measured it."""

import json
from pathlib import Path

import execute
import pytest

TOP = Path(__file__).parents[2]
CHAPTERS = [path.stem for path in execute.all_chapters()]


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_within_budget(chapter):
    file = TOP / "_build" / "executed" / "times.json"
    assert file.exists(), "the chapters have not been executed: run `make book` first"
    row = json.loads(file.read_text(encoding="utf-8"))[chapter]
    if row["cuda"]:
        pytest.skip("the budget is for PyTorch's CPU build; by itself the CUDA build takes more")
    assert execute.over_budget(row) == ""


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"seconds": 59, "peak_mib": 890, "cuda": None}, ""),
        ({"seconds": 600, "peak_mib": 890, "cuda": None}, ""),  # a slow machine
        ({"seconds": 59, "peak_mib": 950, "cuda": None}, "over budget: 950 of 900 MiB"),
        ({"seconds": 59, "peak_mib": 950, "cuda": "13.0"}, "memory not judged: PyTorch's CUDA build"),
        ({"seconds": 59, "peak_mib": 890, "cuda": "13.0"}, ""),
    ],
)
def test_budget_in_words(row, words):
    line = execute.report("01_neurons", {**row, "profile": "fast"})
    assert line.partition("MiB")[2].strip() == words
    assert execute.over_budget(row) == words.partition("over budget: ")[2]


def test_build_of_torch_is_told_without_importing_it():
    import torch

    assert execute.torch_cuda() == torch.version.cuda
