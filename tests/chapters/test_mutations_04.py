"""The derivations of chapter 04 are checked by asserts that fail when the formula is wrong."""

import pytest
from mutate import run

CHAPTER = "04_optimisers"
DROP, UNBIASED = "drop, promised", "equation (2): unbiased"
VARIANCE, CLOUD = "DRAWS, BATCHES =", "CHAINS, LENGTH ="
STEP, AVERAGE, ROOTS = "equation (7), the rate", "# equation (9)", "# (w, v) to the next"
AHEAD, DYING, FIRST = "theta = nesterov(", "for scale in (1e-3", "inside, outside ="
BIAS, DECAY, JUDGE, SADDLE = "STREAMS, T =", "shrink = [", "differences = {", "DELTAS, ETA ="
BROKEN = {
    "half of the promised drop": ("*everything), eta * sum(", "*everything), 0.5 * eta * sum(", DROP),
    "a mean over too few examples": ("assert_close(each.mean(", "assert_close(each[1:].mean(", UNBIASED),
    "a variance as 1 / B²": ("(with_ / (sigma2 / B) - 1)", "(with_ / (sigma2 / B**2) - 1)", VARIANCE),
    "draws without replacement": ("sigma2 / B * (N - B) / (N - 1)) - 1)", "sigma2 / B) - 1)", VARIANCE),
    "the width of the cloud": ("0.3 / 1.7, rtol=0.3, atol=0", "0.3, rtol=0.3, atol=0", CLOUD),
    "a running mean that starts late": ('"1 / t": lambda t: 1 / t', '"1 / t": lambda t: 1 / (t + 1)', CLOUD),
    "the best step from the steepest curvature alone": ("- 2 / (1 + 20)) < 5e-4", "- 2 / 20) < 5e-4", STEP),
    "the rate of the valley": ("(50,), 19 / 21", "(50,), 19 / 20", STEP),
    "the mean's weights are not normalised": ("(weights @ g) / weights.sum()", "(weights @ g)", AVERAGE),
    "the characteristic equation": ("b = 1 + beta - eta_lambda", "b = 1 + beta + eta_lambda", ROOTS),
    "Nesterov's look-ahead forgotten": ("eta * (g + beta * s[\"v\"])", "eta * s[\"v\"]", AHEAD),
    "AdaGrad without the root": ("(s[\"G\"].sqrt() + eps)\n\n\nfor", "(s[\"G\"] + eps)\n\n\nfor", DYING),
    "RMSProp's first step": ("torch.tensor([-0.2])", "torch.tensor([-0.02])", FIRST),
    "the bias of the average": ("(1 - 0.9**t) * 0.7", "(1 - 0.9 ** (t + 1)) * 0.7", BIAS),
    "decay inside the gradient": ("adam(w * (1 - eta * decay), g,", "adam(w, g + decay * w,", DECAY),
    "Adam without the second correction": ("s[\"u\"] / (1 - beta2**t)", "s[\"u\"]", JUDGE),
    "the escape from the saddle": ("/ math.log(1 + ETA) for", "/ math.log(1 + 2 * ETA) for", SADDLE),
}  # fmt: skip
HEAVY = (  # what no later derivation needs: experiments, widgets and figures
    "drop, promised", "DRAWS, BATCHES", "CHAINS, LENGTH", "scene(", "plt.", "by_size =", "accuracy[",
    "is_three", "steps_needed", "one_step(", "CONTEST", "DEFINITIONS", "lengths.items()", "base[name]",
    "differences =",
)  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_formula_is_caught(name):
    old, new, until = BROKEN[name]
    with pytest.raises(AssertionError):
        run(CHAPTER, until, (old, new), skip=HEAVY)


def test_unchanged_it_passes():
    run(CHAPTER, SADDLE, skip=HEAVY)
