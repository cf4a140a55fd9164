"""The derivations of chapter 04 are checked by asserts that fail when the formula is wrong."""

from mutate import mutations

CHAPTER = "04_optimisers"
DROP, UNBIASED = "drop, promised", "whole, rtol=1e-4"
VARIANCE, CLOUD = "measured = {r:", "followed = {"
STEP, RATE, AVERAGE, ROOTS = "left_over", "lengths[1:]", "weights @ g", "# (w, v) to the next"
PLAN, AHEAD, DYING, FIRST = "KAPPAS, METHODS", "theta = nesterov(", "for scale in (1e-3", "inside, outside ="
BIAS, DECAY, JUDGE, SADDLE = "STREAMS, T =", "shrink = [", "differences = {}", "DELTAS, ETA"
BOUND, UNITS, SEARCH = "square_sum = 0.0", "def kappa_after", "def line_search"
BROKEN = {
    "half of the promised drop": ("*everything), eta * sum(", "*everything), 0.5 * eta * sum(", DROP),
    "a mean over too few examples": ("assert_close(each.mean(", "assert_close(each[1:].mean(", UNBIASED),
    "a variance as 1 / B²": ("(with_ / (sigma2 / B) - 1)", "(with_ / (sigma2 / B**2) - 1)", VARIANCE),
    "draws without replacement": ("sigma2 / B * (N - B) / (N - 1)) - 1)", "sigma2 / B) - 1)", VARIANCE),
    "the width of the cloud": ("0.3 / 1.7, rtol=0.05", "0.3, rtol=0.05", CLOUD),
    "a running mean that starts late": ('"1 / t": lambda t: 1 / t', '"1 / t": lambda t: 1 / (t + 1)', CLOUD),
    "the best step from the steepest curvature alone": ("- 2 / (1 + 25)) < 3e-4", "- 2 / 25) < 3e-4", STEP),
    "the rate of the valley": ("(50,), 24 / 26", "(50,), 24 / 25", RATE),
    "the mean's weights are not normalised": ("(weights @ g) / weights.sum()", "(weights @ g)", AVERAGE),
    "the characteristic equation": ("b = 1 + beta - eta_lambda", "b = 1 + beta + eta_lambda", ROOTS),
    "the best momentum without its square": ("((k - 1) / (k + 1)) ** 2, (k", "(k - 1) / (k + 1), (k", PLAN),
    "Nesterov's look-ahead forgotten": ('eta * (g + beta * s["v"])', 'eta * s["v"]', AHEAD),
    "AdaGrad without the root": ('(s["G"].sqrt() + eps)', '(s["G"] + eps)', DYING),
    "RMSProp's first step": ("torch.tensor([-0.2])", "torch.tensor([-0.02])", FIRST),
    "the bias of the average": ("(1 - 0.9**t) * 0.7", "(1 - 0.9 ** (t + 1)) * 0.7", BIAS),
    "decay inside the gradient": ("adam(w * (1 - eta * decay), g,", "adam(w, g + decay * w,", DECAY),
    "Adam without the second correction": ('s["u"] / (1 - beta2**t)', 's["u"]', JUDGE),
    "the escape from the saddle": ("/ math.log(1 + ETA) for", "/ math.log(1 + 2 * ETA) for", SADDLE),
    "the bound without its half": ("eta / 2 * square_sum / T", "eta * square_sum / T", BOUND),
    "a preconditioner the wrong way round": ("0.05 * S @ S.T @ A", "0.05 * S.T @ S @ A", UNITS),
    "half of the best step on a line": ("(g @ g) / (g @", "0.5 * (g @ g) / (g @", SEARCH),
}  # fmt: skip
HEAVY = (  # what no derivation needs: a cell that fails on purpose, timings, experiments, widgets
    "# without torch.no_grad()", "seen_at", "def ratios", "W_wide", "by_size =", "is_three", "scene(",
    "playground(", "DEFINITIONS", "by_rule", "on_words", "rank of the word", "by_batch", "differences =",
    "valley_steps", "RACE_RATES", "tracks", "ridge", "find_rate", "on_the_way", "by_schedule",
    "factor of the rate", "bold", "clip_rows", "by_rate", "by_method",
)  # fmt: skip

test_a_broken_formula_is_caught, test_unchanged_it_passes = mutations(CHAPTER, BROKEN, HEAVY)
