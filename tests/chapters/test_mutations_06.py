"""The derivations of chapter 06 are checked by asserts that fail when the formula is wrong."""

from mutate import mutations

CHAPTER = "06_architectures"
# Cells that load data, train, draw or check an exercise; no derivation needs them.
SKIP = (
    "check.", "PROFILES", "PAPERS", "COUNTED", "SAID", "GoogLeNet", "plt.subplots", "scene(", "depth.",
    "records.record", "squeezenet", "trunk", "densenet", "KINDS", "x_pool", "optimiser", "emoji", "tuning.",
    "transfer.", "COUNTS", "CUTS", "by_depth", "recall[", "halving", "floor", "LATER", "DEPTH, EACH",
    "found >", "convnet(", "two_blocks", "longer.",
)  # fmt: skip
BROKEN = {
    "the relay with a plain block": (
        "- 1.2 * 0.8 * 1.2) < 1e-12",
        "- 0.2 * 0.2 * 0.2) < 1e-12",
        "1.2 * 0.8 * 1.2",
    ),
    "multiply-adds without the channels": (
        "(f**2 * C + 1) * T, f**2 * C * T * H * W",
        "(f**2 * C + 1) * T, f**2 * T * H * W",
        "def counted_conv",
    ),
    "parameters without the biases": (
        "(f**2 * C + 1) * T, f**2",
        "f**2 * C * T, f**2",
        "def counted_conv",
    ),
    "the counter forgets the places": (
        "m.weight[0].numel() * z[0].numel()",
        "m.weight.numel()",
        "flops.get_total_flops()",
    ),
    "LeNet's difference without the averaging layers": (
        "61_706 - 900 + 2 * (6 + 16) - 850",
        "61_706 - 900 - 850",
        "flops.get_total_flops()",
    ),
    "two 3 × 3 see 6": ("r + (f - 1) * j", "r + f * j", "stack_of(3, 2)"),
    "three 3 × 3 cost 9 each and a 7 × 7 as much": ("== (7, 49)", "== (7, 27)", "stack_of(3, 2)"),
    "inception's projection for free": (
        "(C * R + f**2 * R * T) * 28**2",
        "(f**2 * R * T) * 28**2",
        "# equation (2)",
    ),
    "a bottleneck with a wide middle": (
        "narrow == 17 * 64**2",
        "narrow == 18 * 64**2",
        "assert wide_pair == 16",
    ),
    "a sum over paths without the free one": (
        "assert_close(sum(paths), dx0)",
        "assert_close(sum(paths[1:]), dx0)",
        "# equation (4)",
    ),
    "the Jacobians in the wrong order": ("for i in (2, 1, 0):", "for i in (0, 1, 2):", "# equation (4)"),
    "the variance without the share of the mean": (
        "c = 1 - 1 / math.pi",
        "c = 1.0",
        "# equation (5), as a power",
    ),
    "a ReLU layer without batch norm": (
        "u = F.batch_norm(x, None, None, training=True).relu_() if norm else x.relu()",
        "u = x.relu()",
        "# equation (5), as a power",
    ),
    "a factor on the skip that leaves the gradient's path alone": (
        "math.log10(a**2 + 1 / v)",
        "math.log10(1 + 1 / v)",
        "# equation (5), as a power",
    ),
    "a factor on the skip that leaves the variance alone": (
        "v = a**2 * v + c",
        "v = v + c",
        "# equation (5), as a power",
    ),
    "equal classes without dividing by their size": (
        "weight=1 / n.double()",
        "weight=n.double()",
        "# equation (6)",
    ),
    "rates from the bottom": ("enumerate(reversed(parts))", "enumerate(parts)", "example = rates"),
    "less than one percent after 43 blocks": ("assert L == 44", "assert L == 43", "assert L == 44"),
}

test_a_broken_formula_is_caught, test_unchanged_it_passes = mutations(CHAPTER, BROKEN, SKIP)
