"""The derivations of chapter 07 are checked by asserts that fail when the formula is wrong."""

from mutate import mutations

CHAPTER = "07_looking_inside"
# Cells that measure, paint, draw, build or check an exercise; no derivation needs them.
HEAVY = (
    "# @title Draw", "# @title Build", "# @title Paint", "# @title Find", "# @title Measure",
    "# @title Compare", "# @title How the record", "# @title Check what", "# @title Solution",
    "# @title The table of likeness", "# @title The table of themes", "# @title The table of what",
    "# @title The table, from", "check.", "levels",
)  # fmt: skip
# Cells that need the network or the photographs.
ALONE = (*HEAVY, '(("fire3", 13')  # without the test of the receptive fields
NETWORK = (*ALONE, "data.load", "maps(", "score(", "copy.deepcopy", "exact.", "net=net", "FIELD")
BROKEN = {
    "a cup that never runs over": ("1 - F.relu(1 - x)", "1 - (1 - x)", "h, rows = 0.01", NETWORK),
    "a receptive field that counts windows instead of gaps": (
        "r + (window - 1) * j",
        "r + window * j",
        'for name, i, k in (("fire3"',
        HEAVY,
    ),
    "centres without the shift": (
        "i * FIELD[name][1] + FIELD[name][1] - 1",
        "i * FIELD[name][1]",
        'for name, i, k in (("fire3"',
        HEAVY,
    ),
    "a walk that does not end at the filter": (
        "x + 0.5 * w, dim=0",
        "x + 0.5 * w.sign(), dim=0",
        "rivals",
        NETWORK,
    ),
    "the price without its 2": (
        "slope - 2 * lam * (x - m)",
        "slope - lam * (x - m)",
        "slope, lam, m",
        NETWORK,
    ),
    "the maximum without its 2": ("m + slope / (2 * lam)", "m + slope / lam", "slope, lam, m", NETWORK),
    "the deconvnet's rule for the gradient's": (
        'ctx.rule != "deconvnet"',
        'ctx.rule != "gradient"',
        "by_rule, =",
        NETWORK,
    ),
    "the deconvnet does not rectify": ("F.relu(down), K1", "down, K1", "by_rule, =", NETWORK),
    "un-pooling without switches": (
        "F.max_unpool2d(down, switches, 2, output_size=a.shape)",
        "F.interpolate(down, scale_factor=2)",
        "by_rule, =",
        NETWORK,
    ),
    "the gradient's rule rectifies": (
        'ctx.rule != "gradient"',
        "True",
        "plain = F.conv2d",
        NETWORK,
    ),
    "differences over half the distance": ("(up - down) / 2e-6", "(up - down) / 1e-6", "exact =", ALONE),
    "homogeneous in spite of biases": (
        'p.mul_(0 if name.endswith("bias") else 1)',
        "p.mul_(1)",
        "unbiased =",
        ALONE,
    ),
    "Grad-CAM with sums for means": ("G.mean((2, 3))", "G.sum((2, 3))", "grad_cam =", ALONE),
    "CAM without the bias": ("cam.mean((1, 2)) + b", "cam.mean((1, 2))", "grad_cam =", ALONE),
    "shares by the picture instead of the difference": (
        "(x - start) * total / steps",
        "x * total / steps",
        "ends = [",
        ALONE,
    ),
    "gradients at the ends of the steps": ("(k + 0.5) / steps", "(k + 1) / steps", "ends = [", ALONE),
    "ranks that do not share": ("(count - 1) / 2", "count / 2", "a = torch.tensor([0.1", NETWORK),
}

test_a_broken_formula_is_caught, test_unchanged_it_passes = mutations(CHAPTER, BROKEN)
