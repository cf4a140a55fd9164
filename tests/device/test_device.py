"""Chapters and checks on a pretended GPU, as with CUDA and as with Apple's, which has no float64."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pretended
import pytest

HERE = Path(__file__).parent
BOOK = HERE.parents[1] / "book"
MODES = {"as CUDA": {}, "as Apple's": {"PRETENDED_NO_FLOAT64": "1"}}


@pytest.fixture(scope="session", autouse=True)
def device():
    if sentence := pretended.missing():
        pytest.skip(sentence)
    pretended.build()


def failed(what, mode) -> dict:
    """What fails on the device, as ``run.py`` prints it, in a process of its own."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", **MODES[mode]}
    command = [sys.executable, HERE / "run.py", what]
    run = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr[-2000:]
    return json.loads(run.stdout.splitlines()[-1])


@pytest.mark.timeout(1800)  # only against hanging
@pytest.mark.parametrize("mode", MODES)
def test_every_check_credits_the_reference(mode):
    assert failed("checks", mode) == {}


@pytest.mark.timeout(1800)  # only against hanging
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", ["02_backpropagation", "03_convolutions"])
def test_a_chapter_runs_to_its_end(name, mode):
    assert failed(BOOK / f"{name}.ipynb", mode) == {}
