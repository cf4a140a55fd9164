"""The derivations of chapter 12 are checked by asserts that fail when the formula is wrong."""

from mutate import mutations

CHAPTER = "12_gans"
# Cells that load data, train, draw or check an exercise; no derivation needs them.
SKIP = (
    "plt.subplots", "plots.images", "check.", "scene(", "Drawing(", "rows, pulls", "described", "sort_faces",
    "loaded", "REAL", "of_games", "played", "one_game", "made", "judge", "attributes", "history", "ranked",
    "middle_fid", "duels", "range(2000)", "critic_gradient", "train(", "def trace(", "RuntimeError",
    "obeyed", "both[",
)  # fmt: skip
TRAINED = ("net = learn", "learnt", *SKIP)  # the one-dimensional discriminator is trained in a second
SIGMOID = 'force["saturating"], -a.sigmoid()'
ROOT = ".clamp(min=0).sqrt()\n    return ((m"
BROKEN = {
    "the best discriminator inverted": ("best.item(), p / (", "best.item(), q / (", "# equation (2)"),
    "V without log 4": ("2 * js(*pair) - math.log(4)", "2 * js(*pair) - math.log(2)", "# equation (3)"),
    "JS of the wrong middle": ("log_q) - math.log(2)", "log_q)", "# equation (3)"),
    "the gradient of the other loss": (SIGMOID, 'force["saturating"], a.sigmoid() - 1', "# equation (4)"),
    "the wrong side gets the weight": ("torch.exp(-a))", "torch.exp(a))", "# equation (4)"),
    "the zero-sum game with the other sign": (
        "by_weights(-loss_d, small_g), by_weights(sat",
        "by_weights(loss_d, small_g), by_weights(sat",
        "with L = 0",
    ),
    "eigenvalues without the penalty": ("(-gamma + root) / 2,", "root / 2,", "# equation (7)"),
    "the penalty twice as strong": ("gamma / 2 * psi**2", "gamma * psi**2", "# equation (7)"),
    "pairs as they come": (
        "notes[0].sort().values - notes[1].sort().values",
        "notes[0] - notes[1]",
        "# equation (8)",
    ),
    "a critic that leans the wrong way": (
        "(-notes[0]).mean() - (-notes[1])",
        "notes[0].mean() - notes[1]",
        "# equation (9)",
    ),
    "the best slope without the 2": ("1 + theta / (2 * lam)", "1 + theta / lam", "# (10) for"),
    "the Fréchet distance without the 2": ("B.trace() - 2 * roots", "B.trace() - roots", "# equation (12)"),
    "the Fréchet distance without the root": (ROOT, ROOT.replace(".sqrt()", ""), "# equation (12)"),
    "one dimension with a sum of variances": ("(1.5 - 0.4) ** 2", "(1.5**2 + 0.4**2)", "# equation (11)"),
    "another map between the clouds": (
        "root(root(A) @ B @ root(A))",
        "root(A @ B @ A)",
        "# carries A into B",
    ),
    "too small a largest covariance": ("2 * (T @ A).trace()", "(T @ A).trace()", "# equation (12)"),
    "least squares with the other label": ("least.item(), p /", "least.item(), q /", "Solution A"),
    "the non-saturating loss without JS": ("kl - 2 * js(log_p, log_q)", "kl", "Solution B"),
    "a middle as long as the ends": (
        "norm(dim=1).mean(), 0.5**0.5,",
        "norm(dim=1).mean(), 1.0,",
        '"middle of the line": ((u',
    ),
}

test_a_broken_formula_is_caught, test_unchanged_it_passes = mutations(CHAPTER, BROKEN, TRAINED)
