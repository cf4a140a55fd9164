"""Chapters and checks on a pretended GPU, as with CUDA and as with Apple's, which has no float64."""

import json
import os
import subprocess
import sys
from pathlib import Path

import execute
import pretended
import pytest
import variants

CHECKS = Path(__file__).with_name("checks.py")


@pytest.fixture(scope="session", autouse=True)
def device():
    if sentence := pretended.missing():
        pytest.skip(sentence)
    pretended.build()


def test_what_is_written_into_a_view_stays_there():
    code = """if True:
        import pretended
        import torch
        here, there = torch.zeros(4, 3, 3), torch.zeros(4, 3, 3, device=pretended.install())
        for matrices in (here, there):
            matrices[:, 0, 2].add_(torch.arange(4.0, device=matrices.device))
            matrices[..., 1] += 2
            matrices.mT[0].clamp_(min=1)
        assert torch.equal(here, there.cpu()), there.cpu() - here
    """
    subprocess.run([sys.executable, "-c", code], cwd=CHECKS.parent, check=True)


@pytest.mark.timeout(1800)  # only against hanging
@pytest.mark.parametrize("name", variants.DEVICES)
def test_every_check_credits_the_reference(name):
    environment = {**os.environ, "OMP_NUM_THREADS": "1", **variants.DEVICES[name].environment}
    run = subprocess.run([sys.executable, CHECKS], env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr[-2000:]
    assert json.loads(run.stdout.splitlines()[-1]) == {}


@pytest.mark.timeout(1800)  # only against hanging
def test_two_chapters_run_to_their_ends():
    """Those with the least to compute among the ones that take shares of hits and measure in float64."""
    chapters, names = [execute.find(number) for number in ("02", "03")], list(variants.DEVICES)
    results = variants.run_all(chapters, names, jobs=1)
    assert {path.stem: [results[path.stem][name]["failed"] for name in names] for path in chapters} == {
        path.stem: [[] for name in names] for path in chapters
    }
