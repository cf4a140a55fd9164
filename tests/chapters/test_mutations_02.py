"""The derivations of chapter 02 are checked by asserts that fail when the formula is wrong."""

from mutate import mutations

CHAPTER = "02_backpropagation"
BROKEN = {
    "one path forgotten": (
        "for b in LAYERS[layer + 1] for rest in paths(b)]",
        "for b in LAYERS[layer + 1][:1] for rest in paths(b)]",
        "for edge in W:",
    ),
    "a slope forgotten on the way down": (
        "sum(neuron[b] * slope[b] * w[a, b] for b in after)",
        "sum(neuron[b] * w[a, b] for b in after)",
        "neuron, weight = backward(",
    ),
    "a count of multiplications off by one layer": (
        "depth * WIDTH**depth and",
        "depth * WIDTH ** (depth - 1) and",
        "all_inputs, level_count = by_levels",
    ),
    "the linear layer's input gradient transposed": (
        '"bh,hd->bd", dz, w',
        '"bh,hd->bd", dz.flip(1), w',
        "equation (5), index by index",
    ),
    "ReLU's mask from the gradient": (
        "(d if s > 0 else 0)",
        "(d if d > 0 else 0)",
        "torch.relu(z).backward(dr)",
    ),
    "cross-entropy without the mean": (
        "(p[b, k] - float(k == y[b])) / B",
        "(p[b, k] - float(k == y[b]))",
        "F.cross_entropy(z, y).backward()",
    ),
    "the engine overwrites instead of adding": (
        "parent.grad += slope",
        "parent.grad = slope",
        "backpropagate(tangled(a, b))",
    ),
    "the engine's tanh": ("1 - t * t),))", "1 - t),))", "backpropagate(tangled(a, b))"),
}

test_a_broken_formula_is_caught, test_unchanged_it_passes = mutations(CHAPTER, BROKEN)
