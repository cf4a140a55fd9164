"""The derivations of chapter 14 are checked by asserts that fail when the formula is wrong."""

from mutate import mutations

CHAPTER = "14_recurrent"
# Cells that draw, train, load or check an exercise; no derivation needs them.
SKIP = (
    "subplots", "Drawing(5", "draw_gru", "draw_lstm", "check.", "peak[", "lost[0.5]", "scene(", "grid",
    "costs", "plays =", "small =", "tables, V", "judged", "known", "names_of", "train_characters(", "greedy",
    "network", "explore(", "values = [inside", "found[", "poet", "stanza", "plain", "guesses", "scored",
    "f_one", "tag(",
    "treebank", "gloss", "place", "FULL:", "check_truth", "by_pairs", "records.record", "by_distance",
    "outcome", "tried", "baseline", "spoken", "word_model", "summaries", "net(x, torch.zeros(2, 5))",
)  # fmt: skip
TEXT = tuple(piece for piece in SKIP if piece != "plays =")
BROKEN = {
    "the echo does not fade": ("h = w * h + x", "h = h + x", 'assert abs(rates["w"]'),
    "the step without the old state": (
        "f(x @ w_x.mT + h @ w_h.mT + b)",
        "f(x @ w_x.mT + b)",
        "assert_close(second",
    ),
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
    "z and 1 - z swapped": ("return (1 - z) * n + z * h, r", "return z * n + (1 - z) * h, r", "stale - mine"),
    "no reset gate": ("xn + r * hn", "xn + hn", "stale - mine"),
    "the mistake is no mistake": ("*weights, r=r)", "*weights)", "stale - mine"),
    "LSTM without a forget gate": ("c = f * c + i * g", "c = c + i * g", "last_h[0], last_c[0]"),
    "LSTM with gates in another order": ("i, f, g, o = (x @", "f, i, g, o = (x @", "last_h[0], last_c[0]"),
    "LSTM shows the cell without tanh": ("return o * c.tanh()", "return o * c", "last_h[0], last_c[0]"),
    "a counter that forgets": ("[20.0, 20.0, 0.0, 20.0]", "[20.0, 2.0, 0.0, 20.0]", "last_h[0], last_c[0]"),
    "the highway is the input gate": ("(direct, f.diag())", "(direct, i.diag())", "f, o ="),
    "residual without its identity": ("torch.eye(5) + (1 - block", "(1 - block", "slope = "),
    "n-grams that do not sum to one": (
        "/ (seen[s] + kinds[s])",
        "/ seen[s]",
        "small = ",
        TEXT,
    ),
    "a nucleus that stops too early": (
        "p.cumsum(0) - p < q",
        "p.cumsum(0) < q",
        "assert_close(nucleus(",
    ),
    "top-k without the scale": ("return p / p.sum()", "return p", "assert_close(nucleus("),
    "F1 without its factor": ("(2 * hit / both", "(hit / both", "check_guess = "),
    "the last column for the last state": (
        "n - 1]",
        "n * 0 + states.shape[1] - 1]",
        "pack_padded_sequence",
    ),
}  # fmt: skip

test_a_broken_formula_is_caught, test_unchanged_it_passes = mutations(CHAPTER, BROKEN, SKIP)
