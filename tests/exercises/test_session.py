"""Checks hold whatever the reader has changed in the session, and leave it changed."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import types
import unittest.mock
import warnings
from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch
from answers import solutions

from course_utils import check

BOOK = Path(__file__).parents[2] / "book"


@contextlib.contextmanager
def default_dtype(dtype):
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
        assert torch.get_default_dtype() == dtype
    finally:
        torch.set_default_dtype(before)


@contextlib.contextmanager
def default_device(name):
    torch.set_default_device(name)
    try:
        yield
        assert torch.empty(0).device.type == name
    finally:
        torch.set_default_device(None)


@contextlib.contextmanager
def inference():
    with torch.inference_mode():
        yield
        assert torch.is_inference_mode_enabled()


@contextlib.contextmanager
def no_grad():
    torch.set_grad_enabled(False)
    try:
        yield
        assert not torch.is_grad_enabled()
    finally:
        torch.set_grad_enabled(True)


@contextlib.contextmanager
def deterministic():
    torch.use_deterministic_algorithms(True)
    try:
        yield
        assert torch.are_deterministic_algorithms_enabled()
    finally:
        torch.use_deterministic_algorithms(False)


@contextlib.contextmanager
def coarse_products():
    torch.set_float32_matmul_precision("medium")
    try:
        yield
        assert torch.get_float32_matmul_precision() == "medium"
    finally:
        torch.set_float32_matmul_precision("highest")


@contextlib.contextmanager
def numpy_raises():
    with np.errstate(all="raise"):
        yield
        assert set(np.geterr().values()) == {"raise"}


@contextlib.contextmanager
def warnings_raise():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield
        assert warnings.filters[0][0] == "error"


STATES = {
    "float64": lambda: default_dtype(torch.float64),
    "float16": lambda: default_dtype(torch.float16),
    "another device": lambda: default_device("meta"),
    "inference mode": inference,
    "gradients off": no_grad,
    "deterministic": deterministic,
    "anomalies": lambda: torch.autograd.set_detect_anomaly(True),
    "coarse products": coarse_products,
    "NumPy raises": numpy_raises,
    "warnings raise": warnings_raise,
}


@pytest.mark.filterwarnings("ignore:Anomaly Detection")
@pytest.mark.parametrize("state", STATES)
def test_reference_is_right_whatever_was_set(exercise, state):
    answer = solutions(exercise.chapter)[exercise.name]
    with STATES[state]():
        outcome, text = check.run(exercise.name, answer)
    assert outcome.state == "right", text


def test_an_answer_that_changes_the_session_does_not_change_the_readers():
    def relu_backward(x, dy):
        torch.set_default_dtype(torch.float64)
        torch.use_deterministic_algorithms(True)
        return dy * (x > 0)

    assert check.run("relu_backward", relu_backward)[0].state == "right"
    assert torch.get_default_dtype() == torch.float32
    assert not torch.are_deterministic_algorithms_enabled()


NO_ANSWERS = {
    "an array": (np.array([1.0, 2.0]), "a NumPy array"),
    "a tensor": (torch.zeros(2), "a tensor of shape (2,)"),
    "a list": ([1, 2], "a list of 2 items"),
    "a dict": ({"a": 1}, "a dict"),
    "a number": (3.5, "a float"),
    "a text": ("relu", "a string"),
    "a module": (np, "a module"),
    "an object": (object(), "of type object"),
    "a generator": ((i for i in ()), "of type generator"),
}


@pytest.mark.parametrize("thing", NO_ANSWERS)
def test_what_is_no_answer_is_named(exercise, thing, capsys):
    value, words = NO_ANSWERS[thing]
    getattr(check, exercise.name)(value)
    out = capsys.readouterr().out
    assert f"itself, check.{exercise.name}({exercise.name}); this was {words}" in out


ODD_ANSWERS = {
    "a class": type("Wrong", (), {}),
    "an exception": ValueError,
    "a builtin": len,
    "a tensor's method": torch.relu,
    "a network": torch.nn.Linear(2, 2),
    "a mock": unittest.mock.MagicMock(),
    "a property": property(lambda self: 1),
    "a namespace": types.SimpleNamespace(),
}


@pytest.mark.parametrize("thing", ODD_ANSWERS)
def test_no_object_breaks_a_check(exercise, thing, capsys):
    getattr(check, exercise.name)(ODD_ANSWERS[thing])
    out = capsys.readouterr().out
    assert out.startswith((f"✗ {exercise.name}: ", f"· {exercise.name}: not attempted"))
    assert "the check itself failed" not in out


def test_an_answer_by_name_is_taken(capsys):
    check.relu_backward(answer=lambda x, dy: dy * (x > 0))
    assert capsys.readouterr().out.startswith("✓")


def test_an_operator_that_a_device_lacks_is_not_an_empty_answer():
    def relu_backward(x, dy):
        return _missing(x)

    def _missing(x):
        raise NotImplementedError("The operator 'aten::heaviside' is not implemented for this device.")

    outcome, text = check.run("relu_backward", relu_backward)
    assert outcome.state == "wrong" and "with device=x.device" in text


def test_a_name_that_a_restart_has_lost_says_to_run_from_the_top():
    """The first cell that is run after a restart is often a graded one."""
    outcome, text = check.run("relu_backward", lambda x, dy: dy * mask(x))  # noqa: F821
    assert outcome.state == "wrong" and "stopped with NameError: name 'mask' is not defined" in text
    assert "After a restart of the kernel, run the notebook from the top." in text


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "cp1251", "utf-8"])
def test_consoles_without_a_check_mark(encoding):
    code = (
        "from course_utils import check\n"
        "check.relu_backward(lambda x, dy: dy * (x > 0))\n"
        "check.relu_backward(3)\n"
        "check.linear_backward(...)\n"
        "check.report()"
    )
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    run = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, check=True)
    lines = run.stdout.decode(encoding).splitlines()
    right, wrong = ("✓", "✗") if encoding == "utf-8" else ("+", "x")
    assert lines[0] == f"{right} relu_backward: right (1 point)"
    assert lines[1].startswith(f"{wrong} relu_backward: hand in the function itself")
    assert lines[-1].startswith("In sight: 0 of")


@pytest.mark.parametrize("chapter", sorted(BOOK.glob("[01]*.ipynb")), ids=lambda path: path.stem)
@pytest.mark.parametrize("call", [r"^check\.\w+\(", r"^check\.(?!by_hand)\w+\("], ids=["by hand", "graded"])
def test_the_first_checked_cell_says_to_run_from_the_top(chapter, call):
    """After a restart `check` itself is unknown, and nothing of the course can say so."""
    cells = nbformat.read(chapter, as_version=4).cells
    first = next(c.source for c in cells if c.cell_type == "code" and re.search(call, c.source, re.MULTILINE))
    assert first.startswith("# NameError after a restart? Run the notebook from the top first.\n")
