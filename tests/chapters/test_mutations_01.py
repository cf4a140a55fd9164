"""The derivations of chapter 01 are checked by asserts that fail when the formula is wrong."""

import math

import pytest
from mutate import code, mutations

CHAPTER = "01_neurons"
LADDER, GRADIENT = "Check: loops, matrices", "assert_close(dz @ CORNERS, w.grad)"
NEWTON, SUMS = "learned = torch.cat", "a thousand random neurons"
FOLD, COLLAPSE = "Check equation (6)", "Check equation (9)"
SLOPES, PIECES = "math.isclose(difference(sigma", "Check equation (12)"
BUMPS, VOTES = "by_bumps[H] <= 0.6", "Check equation (15)"
BROKEN = {
    "the lamp with another weight": ("[[1.0, 1], [1, 1]]", "[[1.0, 1], [1, 2]]", LADDER),
    "the lamp with another bias": ("b = torch.tensor([0.0, -1]) ", "b = torch.tensor([0.0, 0]) ", LADDER),
    "einsum over the wrong axis": ('"bd,hd->bh"', '"bd,dh->bd"', LADDER),
    "the log-loss gradient without the label": ("dz = -LAMP * torch", "dz = -torch", GRADIENT),
    "the gradient at the right answer": ("(-LAMP * z.detach())", "(LAMP * z.detach())", GRADIENT),
    "predicted minus true, labels of ±1": ("t = (LAMP + 1) / 2", "t = LAMP", GRADIENT),
    "Newton with wrong labels": ("(p - (y.cpu() + 1) / 2)", "(p - (y.cpu() + 1) / 2.1)", NEWTON),
    "the sums of corners": ("assert_close(z[:, LAMP > 0].sum(1)", "assert_close(z[:, :1].sum(1)", SUMS),
    "the absolute value with one neuron": ("s.relu() + (-s).relu()", "s.relu() - (-s).relu()", FOLD),
    "the tent with a weight of 1": ("s.relu() - 2 * (s - 1)", "s.relu() - 1 * (s - 1)", FOLD),
    "the collapse forgets a bias": ("linear.weight @ b_all + linear.bias", "linear.weight @ b_all", COLLAPSE),
    "the slope of the sigmoid": ("sigma(z) * (1 - sigma(z))", "sigma(z) * (1 + sigma(z))", SLOPES),
    "the slope of tanh": ("(1 - math.tanh(z)) * (1 + math.tanh(z))", "(1 - math.tanh(z))", SLOPES),
    "the slope of the ELU": ("elu(z) + 1.5,", "elu(z) + 1.0,", SLOPES),
    "creases that cross twice": ("1 + n + n * (n - 1) // 2", "1 + n + n * (n - 1)", PIECES),
    "heights instead of their changes": ("(g_true(c[1:]) - g_true(c[:-1]))", "g_true(c[1:])", BUMPS),
    "votes without the half": ("alpha_at = 0.5 * math.log", "alpha_at = math.log", VOTES),
}  # fmt: skip
HEAVY = (  # what no derivation needs: long training, widgets, figures, and the cell that fails on purpose
    "scene(", "playground(", "graph(", "plt.", "plots.", "folded", "trained(", "results", "nets[", "related",
    "even_test", "W_three", "correct == 4", "by_width", "followed", "by_long_training", "sixteen",
    "naive_bayes",
)  # fmt: skip

test_a_broken_formula_is_caught, test_unchanged_it_passes = mutations(CHAPTER, BROKEN, HEAVY)


@pytest.mark.parametrize(
    ("mine", "said"),
    [
        ((1.5, 0.5, 0.5), "✓"),
        ((3 / 2, 1 / 2, 1 / 2), "✓"),
        ((..., ..., ...), "· h1"),
        ((1.5, ..., ...), "· h2"),
        ((1, 0.5, 0.5), "✗ h1"),
        ((1.5, -0.5, 2.5), "✗ h2"),
        ((1.5, 0.5, 2.5), "✗ f"),
        (("x", 0.5, 0.5), "✗ h1"),
    ],
)
def test_the_judge_names_the_first_wrong_number(mine, said, capsys):
    names = {"math": math}
    exec(next(source for source in code(CHAPTER) if "def judge(" in source), names)
    names["judge"](*mine)
    assert capsys.readouterr().out.startswith(said)
