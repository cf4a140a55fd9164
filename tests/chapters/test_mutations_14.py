"""The derivations of chapter 14 are checked by asserts that fail when the formula is wrong."""

from mutate import mutations

CHAPTER = "14_recurrent"
# Cells that draw, train, load or check an exercise; no derivation needs them.
SKIP = (
    "subplots", "check.", "peak[", "lost[0.5]", "scene(", "grid", "at[", "runs[", "ends[", "plays =",
    "small =", "tables, V", "judged", "known", "followers",
    "train_characters(", "greedy", "network", "explore(", "values[", "found[", "poet", "stanza", "plain",
    "guesses", "scored", "best[", "tag(", "treebank", "gloss", "place", "FULL:", "check_truth", "by_pairs",
)  # fmt: skip
TEXT = tuple(piece for piece in SKIP if piece != "plays =")
BROKEN = {
    "the step without the old state": ("x @ w_x.T + h @ w_h.T + b)", "x @ w_x.T + b)", "assert_close(second"),
    "both biases counted once": (
        "return w_x, w_h, b_x + b_h",
        "return w_x, w_h, b_x",
        "assert_close(second",
    ),
    "BPTT without the slope of tanh": (
        "da = dh * (1 - states[:, t] ** 2)",
        "da = dh",
        "net.weight_ih_l0.grad, net.weight_hh_l0.grad",
    ),
    "BPTT cut at every step": (
        "dh = grads[:, t] + da @ w_h ",
        "dh = grads[:, t] ",
        "net.weight_ih_l0.grad, net.weight_hh_l0.grad",
    ),
    "BPTT with the transposed matrix": (
        "dh = grads[:, t] + da @ w_h ",
        "dh = grads[:, t] + da @ w_h.T ",
        "net.weight_ih_l0.grad, net.weight_hh_l0.grad",
    ),
    "weights meet the new state": (
        "dw_h + da.T @ before[:, t]",
        "dw_h + da.T @ states[:, t]",
        "net.weight_ih_l0.grad, net.weight_hh_l0.grad",
    ),
    "Jacobians in the wrong order": ("for h in states.flip(0):", "for h in states:", "torch.func.jacrev"),
    "the baseline of adding": (
        "(values * marks).sum(1)",
        "values.sum(1)",
        "(sums - 1)",
    ),
    "z and 1 - z swapped": ("h, old = (1 - z) * n + z * h, r", "h, old = z * n + (1 - z) * h, r", "the slip"),
    "no reset gate": ("(old if late_reset and t else r) * hn", "hn", "the slip"),
    "the slip is no slip": ("old if late_reset and t else r", "r", "the slip"),
    "LSTM without a forget gate": ("c = f * c + i * g", "c = c + i * g", "last_h[0], last_c[0]"),
    "LSTM with gates in another order": ("i, f, g, o = (x @", "f, i, g, o = (x @", "last_h[0], last_c[0]"),
    "LSTM shows the cell without tanh": ("return o * c.tanh()", "return o * c", "last_h[0], last_c[0]"),
    "the highway is the input gate": ("(direct, f.diag())", "(direct, i.diag())", "f, o ="),
    "residual without its identity": ("torch.eye(5) + (1 - block", "(1 - block", "slope = "),
    "n-grams that do not sum to one": (
        "/ (seen[s] + kinds[s])",
        "/ seen[s]",
        "small = ",
        TEXT,
    ),
    "F1 without its factor": ("(2 * hit / both", "(hit / both", "check_guess = "),
    "the last column for the last state": (
        "n - 1]",
        "n * 0 + states.shape[1] - 1]",
        "pack_padded_sequence",
    ),
}  # fmt: skip

test_a_broken_formula_is_caught, test_unchanged_it_passes = mutations(CHAPTER, BROKEN, SKIP)
