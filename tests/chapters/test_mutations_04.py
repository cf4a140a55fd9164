"""The derivations of chapter 04 are checked by asserts that fail when the formula is wrong."""

from mutate import mutations

CHAPTER = "04_optimisers"
DROP, UNBIASED = "drop, promised", "whole, rtol=1e-4"
VARIANCE, CLOUD = "measured = {r:", "followed = {"
STEP, RATE, AVERAGE, ROOTS = "left_over", "lengths[1:]", "weights @ g", "# (w, v) to the next"
PLAN, AHEAD, DYING, FIRST = "KAPPAS, METHODS", "theta = nesterov(", "for scale in (1e-3", "inside, outside ="
BIAS, DECAY, JUDGE, SADDLE = "STREAMS, T =", "shrink = [", "differences = {}", "DELTAS, ETA"
BROKEN = {
    "half of the promised drop": ("*everything), eta * sum(", "*everything), 0.5 * eta * sum(", DROP),
    "a mean over too few examples": ("assert_close(each.mean(", "assert_close(each[1:].mean(", UNBIASED),
    "a variance as 1 / B²": ("(with_ / (sigma2 / B) - 1)", "(with_ / (sigma2 / B**2) - 1)", VARIANCE),
    "draws without replacement": ("sigma2 / B * (N - B) / (N - 1)) - 1)", "sigma2 / B) - 1)", VARIANCE),
    "the width of the cloud": ("0.3 / 1.7, rtol=0.3, atol=0", "0.3, rtol=0.3, atol=0", CLOUD),
    "a running mean that starts late": ('"1 / t": lambda t: 1 / t', '"1 / t": lambda t: 1 / (t + 1)', CLOUD),
    "the best step from the steepest curvature alone": ("- 2 / (1 + 20)) < 5e-4", "- 2 / 20) < 5e-4", STEP),
    "the rate of the valley": ("(50,), 19 / 21", "(50,), 19 / 20", RATE),
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
}  # fmt: skip
HEAVY = (  # what no later derivation needs: experiments, widgets and figures
    "drop, promised", "measured = {r:", "followed = {", "plt.", "scene(", "by_size =", "accuracy[",
    "best_rate", "is_three", "steepest", "KAPPAS", "ETAS", "DEFINITIONS", "bags", "CONTEST", "loss_new",
    "gain =", "shrink = [", "differences =", "base", "ridge",
)  # fmt: skip

test_a_broken_formula_is_caught, test_unchanged_it_passes = mutations(CHAPTER, BROKEN, HEAVY)
