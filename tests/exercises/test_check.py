"""How the check speaks: three states, never an exception, the line of the answer, notebooks and terminals."""

from __future__ import annotations

import math
import random
import subprocess
import sys

import nbformat
import numpy as np
import pytest
import torch
from nbclient import NotebookClient

from course_utils import check
from course_utils.exercises._numbers import exact


def text_of(name, answer):
    return check.run(name, answer)[1]


def test_unknown_name_says_the_closest(capsys):
    check.relu_bakward(lambda x, dy: x)
    assert capsys.readouterr().out.startswith(
        "✗ relu_bakward: there is no exercise of that name; the closest are relu_b"
    )


@pytest.mark.parametrize(
    "mine, says",
    [
        ([None, 2, 3], "· not filled in yet\n"),
        ([1, ..., 3], "· not filled in yet\n"),
        ([1, 2, 3.25], "✓ ✓ ✓\n"),
        (torch.tensor([1, 2, 3.256]), "✓ ✓ ✓\n"),
        ([1, 2.1, 3.26], "✓ ✗ ✗\nlook at number 2 again: what is added?\n"),
        (["one", 2, math.nan], "✗ ✓ ✗\nlook at number 1 again: what is added?\n"),
        ([1, 2], "✗ 3 numbers are asked for, these are 2\n"),
    ],
)
def test_numbers_found_by_hand_are_marked(capsys, mine, says):
    check.by_hand(mine, torch.tensor([1, 2, 3.25]), "what is added?", within=0.0061)
    assert capsys.readouterr().out == says


@pytest.mark.parametrize("answer", [(), (3,), ("relu_backward",), (torch.zeros(2),), (1, 2)])
def test_what_is_no_function_is_said_so(capsys, answer):
    check.relu_backward(*answer)
    assert "hand in the function itself, check.relu_backward(relu_backward)" in capsys.readouterr().out


def test_exception_shows_the_line_of_the_answer():
    def relu_backward(x, dy):
        mask = x > 0
        return dy.mulitply(mask)

    text = text_of("relu_backward", relu_backward)
    assert text.startswith(
        "✗ relu_backward: stopped with AttributeError: 'Tensor' object has no attribute 'mulitply'"
    )
    assert "in line   return dy.mulitply(mask)" in text


class Silent(Exception):
    def __str__(self):
        raise RuntimeError("no text")


@pytest.mark.parametrize(
    "error", [KeyboardInterrupt(), SystemExit(0), GeneratorExit(), Silent(), MemoryError()]
)
def test_no_exception_escapes(error):
    def answer(x, dy):
        raise error

    assert f"stopped with {type(error).__name__}" in text_of("relu_backward", answer)


def test_missing_return_is_not_a_stub():
    def relu_backward(x, dy):
        dx = dy * (x > 0)  # noqa: F841

    assert "returned None" in text_of("relu_backward", relu_backward)


def test_one_placeholder_left_is_named():
    def linear_backward(x, W, dz):
        db = ...
        return dz @ W, dz.T @ x, db

    assert "db is still `...`" in text_of("linear_backward", linear_backward)


def test_general_mistakes_are_named_without_being_listed():
    third = text_of("relu_backward", lambda x, dy: 3 * dy * (x > 0))
    assert "Every entry of dx is 3 times what it should be." in third
    assert "Dx has the wrong sign" not in third and "wrong sign" in text_of(
        "relu_backward", lambda x, dy: -dy * (x > 0)
    )
    assert "float64, expected float32" in text_of("relu_backward", lambda x, dy: (dy * (x > 0)).double())


def test_a_factor_is_named_only_where_two_numbers_tell_it():
    def clamped(name, z):
        from torch.nn import functional as F

        z = z.clamp(-20, 20).requires_grad_()
        functions = {"leaky_relu": lambda z: F.leaky_relu(z, 0.1), "elu": F.elu}
        a = functions.get(name, getattr(torch, name, None))(z)
        return a.detach(), torch.autograd.grad(a.sum(), z)[0]

    text = text_of("activation_and_slope", clamped)  # 20 and 0 where 100 and 0 should be
    assert "got       (20, 0)" in text and "times what it should be" not in text


def test_a_general_mistake_must_explain_every_case():
    def relu_backward(x, dy):
        return (-1 if len(x) == 4 else 1) * dy * (x > 0)

    text = text_of("relu_backward", relu_backward)
    assert text.startswith("✗") and "wrong sign" not in text


@pytest.mark.parametrize(
    "value, text",
    [
        (0.999, "0.999"),
        (torch.tensor([0.1, 2.0, 1e-8]), "(0.1, 2, 1e-08)"),
        (torch.tensor([[1, 2]]), "[[1, 2]]"),
        ({"a": (1.5, torch.tensor(1 / 3))}, "{'a': (1.5, 0.33333334)}"),
        (torch.zeros(3, 5), "shape (3, 5)"),
    ],
)
def test_inputs_are_shown_so_that_they_can_be_typed_again(value, text):
    assert exact(value) == text


def test_plain_data_in_other_clothes_are_accepted():
    def inception_shapes(shape, one, reduce3, three, reduce5, five, pooled):
        B, _, H, W = shape
        widths = (one, three, five, pooled, one + three + five + pooled)
        return [torch.empty(B, np.int64(w), H, W, device="meta").shape for w in widths]

    assert text_of("inception_shapes", inception_shapes).startswith("✓")


def test_parts_already_right_are_said():
    def topological_order(root, parents):
        return [*topological_order(parents[root][0], parents), root] if parents[root] else [root]

    assert "Already right" not in text_of("topological_order", topological_order)


def test_variables_and_random_numbers_are_left_alone():
    torch.manual_seed(3)
    np.random.seed(3)
    random.seed(3)
    before = torch.get_rng_state(), np.random.get_state()[1].copy(), random.getstate()

    def relu_backward(x, dy):
        torch.rand(3), np.random.rand(3), random.random()
        torch.set_grad_enabled(False)
        return dy * (x > 0)

    assert text_of("relu_backward", relu_backward).startswith("✓")
    assert torch.equal(torch.get_rng_state(), before[0])
    assert (np.random.get_state()[1] == before[1]).all()
    assert random.getstate() == before[2]
    assert torch.is_grad_enabled()


def test_hostile_text_cannot_redraw_the_terminal():
    def relu_backward(x, dy):
        raise ValueError("\x1b[2J\x1b]0;pwned\x07 boo")

    assert "\x1b" not in text_of("relu_backward", relu_backward)


def test_report_lists_the_points_in_sight(capsys):
    check._done.clear()
    check.report()
    assert "No exercise checked yet" in capsys.readouterr().out
    check.relu_backward(lambda x, dy: dy * (x > 0))
    check.topological_order(lambda root, parents: ...)
    capsys.readouterr()
    check.report()
    out = capsys.readouterr().out
    assert "✓ relu_backward                   1 of 1 point" in out
    assert "· topological_order               0 of 3 points" in out
    assert "In sight: 1 of 9 points" in out
    check.report("03_nowhere")
    assert "there is no chapter '03_nowhere'" in capsys.readouterr().out


def test_import_is_light():
    code = "import sys, course_utils.check as c; c.linear_backward; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_notebook_shows_html_and_text_the_same_every_time():
    cells = [
        "from course_utils import check",
        "def relu_backward(x, dy):\n    ...  # your code\n\ncheck.relu_backward(relu_backward)",
        "def relu_backward(x, dy):\n    raise OSError('<b>bold</b>')\n\ncheck.relu_backward(relu_backward)",
    ]

    def outputs():
        nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
        NotebookClient(nb, timeout=120, kernel_name="python3").execute()
        return [cell.outputs for cell in nb.cells]

    _, stub, wrong = outputs()
    assert [o.output_type for o in stub] == ["display_data"]
    assert stub[0].data["text/plain"] == "· relu_backward: not attempted yet"
    assert "· relu_backward: not attempted yet</pre>" in stub[0].data["text/html"]
    assert "in line   raise OSError('<b>bold</b>')" in wrong[0].data["text/plain"]
    assert "<b>" not in wrong[0].data["text/html"] and "&lt;b&gt;bold" in wrong[0].data["text/html"]
    assert outputs()[1:] == [stub, wrong]
