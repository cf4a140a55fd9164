"""The derivations of chapter 01 are checked by asserts that fail when the formula is wrong."""

from mutate import mutations

CHAPTER = "01_neurons"
GRADIENT, NEWTON = "assert_close(dz @ xs, w.grad)", "learned = torch.cat"
CROSS_ENTROPY, CORNERS = "assert_close(torch.sigmoid(z.detach()) - t", "a thousand random neurons"
FOLD, COLLAPSE = "xor_net(CORNERS)[:, 0].sign()", "equation (9), layer by layer"
SLOPES, BUMPS = "math.isclose(difference(sigma", "by_bumps[H] <= 0.6"
BROKEN = {
    "the log-loss gradient without the label": ("dz = -ys * torch", "dz = -torch", GRADIENT),
    "the gradient at the right answer": ("(-ys * z.detach())", "(ys * z.detach())", GRADIENT),
    "predicted minus true, labels of ±1": ("t = (ys + 1) / 2", "t = ys", CROSS_ENTROPY),
    "Newton with wrong labels": ("(p - (y.cpu() + 1) / 2)", "(p - (y.cpu() + 1) / 2.1)", NEWTON),
    "the sums of corners": ("assert_close(z[:, XOR > 0].sum(1)", "assert_close(z[:, :1].sum(1)", CORNERS),
    "the fold of XOR": ("[[1.0, 1.0], [-1.0, -1.0]]", "[[1.0, 1.0], [1.0, 1.0]]", FOLD),
    "the collapse forgets a bias": ("linear.weight @ c + linear.bias", "linear.weight @ c", COLLAPSE),
    "the slope of the sigmoid": ("sigma(z) * (1 - sigma(z))", "sigma(z) * (1 + sigma(z))", SLOPES),
    "the slope of tanh": ("(1 - math.tanh(z)) * (1 + math.tanh(z))", "(1 - math.tanh(z))", SLOPES),
    "the slope of the ELU": ("elu(z) + 1.5,", "elu(z) + 1.0,", SLOPES),
    "heights instead of their changes": ("(g_true(c[1:]) - g_true(c[:-1]))", "g_true(c[1:])", BUMPS),
}  # fmt: skip
HEAVY = (  # what no derivation needs: long training, widgets and figures
    "scene(", "graph(", "plt.", "plots.", "folded", "trained(", "results", "boost", "runs", "related",
    "even_test", "stack.parameters",
)  # fmt: skip

test_a_broken_formula_is_caught, test_unchanged_it_passes = mutations(CHAPTER, BROKEN, HEAVY)
