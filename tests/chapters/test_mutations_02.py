"""The derivations of chapter 02 are checked by asserts that fail when the formula is wrong."""

from mutate import mutations

CHAPTER = "02_backpropagation"
BROKEN = {
    "one path forgotten": (
        "leaving = [weight for weight in WEIGHTS if ends(weight)[0] == neuron]",
        "leaving = [weight for weight in WEIGHTS if ends(weight)[0] == neuron][:1]",
        "for name in WEIGHTS:",
    ),
    "a slope forgotten on the way down": (
        "dz1 = dh1 * f1 * v11 +",
        "dz1 = dh1 * v11 +",
        "for name in WEIGHTS:",
    ),
    "a count of multiplications off by one layer": (
        "depth * WIDTH**depth and",
        "depth * WIDTH ** (depth - 1) and",
        "all_inputs, level_count = by_levels",
    ),
    "a gate of the neuron with the wrong input": (
        "dw, dx = dz * x, dz * w",
        "dw, dx = dz * w, dz * x",
        "gates[name] == GRADIENTS[name]",
    ),
    "the engine overwrites instead of adding": (
        "arrived[parent] += slope",
        "arrived[parent] = slope",
        "backpropagate(tangled(a, b))",
    ),
    "the engine's tanh": ("1 - t * t),)", "1 - t),)", "backpropagate(tangled(a, b))"),
    "the engine's power": (
        "n * self.data ** (n - 1)",
        "self.data ** (n - 1)",
        "backpropagate(tangled(a, b))",
    ),
    "the linear layer's input gradient transposed": (
        "weights[h][d] for",
        "weights[d % 3][h] for",
        "equation (5), index by index",
    ),
    "ReLU's mask from the gradient": (
        "(d if s > 0 else 0)",
        "(d if d > 0 else 0)",
        "torch.relu(z).backward(dr)",
    ),
    "cross-entropy without the mean": (
        "(math.exp(s) / total - float(k == y[b])) / B",
        "(math.exp(s) / total - float(k == y[b]))",
        "F.cross_entropy(z, y).backward()",
    ),
    "two layers: ReLU's mask forgotten": (
        "dz1 = dr1 * (z1 > 0)",
        "dz1 = dr1",
        "theirs = differences(",
    ),
}
FAILS_ON_PURPOSE = ("z = x @ W + beta",)

test_a_broken_formula_is_caught, test_unchanged_it_passes = mutations(CHAPTER, BROKEN, FAILS_ON_PURPOSE)
