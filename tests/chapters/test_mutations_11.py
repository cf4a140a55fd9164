"""The derivations of chapter 11 are checked by asserts that fail when the formula is wrong."""

from mutate import mutations

CHAPTER = "11_autoencoders"
# Cells that load data, train, draw or check an exercise; no derivation needs them.
LOADS = "# @title Load the faces"
COMPONENTS = "X = (x - mean)"
SKIP = (
    "# @title Draw", "# @title Train", "# @title The t", "# @title Load Ann", "# @title How the record",
    "# @title Decode", "# @title Measure", "# @title Blend", "# @title Build", "# @title Add", "check.",
    "# @title Check what", "# @title Other cures", "# @title Directions", "denoiser =",
    "conv_net(64, numbers",
)  # fmt: skip
FACES = (LOADS, COMPONENTS, "# @title Check equation (2)")
PCA = "# equation (2)"
BROKEN = {
    "the shares of the eigenvalues not squared": (
        "(Q.T @ V).square().sum(0)",
        "(Q.T @ V).abs().sum(0)",
        PCA,
        SKIP,
    ),
    "the smallest components": ("lam.flip(0), V.flip(1)", "lam.flip(0), V", PCA, SKIP),
    "the adjoint with another stride": (
        "F.conv_transpose2d(v, kernel, stride=2, padding=1) ",
        "F.conv_transpose2d(v.flip(3), kernel, stride=2, padding=1) ",
        "# equation (3)",
    ),
    "stamps side by side": ("a, b = i * stride, j * stride", "a, b = i * stride, i * stride", "def stamp("),
    "the pull with the variances exchanged": ("1.5**2 / (1.5**2 +", "0.8**2 / (1.5**2 +", "# equation (4)"),
    "contraction without the square": ("(s * (1 - s)) ** 2 *", "(s * (1 - s)) *", "# equation (5)"),
    "KL without the 1": ("(mu**2 + sigma**2 - 1 -", "(mu**2 + sigma**2 -", "# equation (7)"),
    "KL with log sigma": ("torch.log(sigma**2)) ", "torch.log(sigma)) ", "# equation (7)"),
    "the bound without the noise of the code": (
        ".log_prob(seen) - (w * s_q) ** 2 / (2 * t**2)",
        ".log_prob(seen)",
        "# equation (6)",
    ),
    "the gradient of sigma without the dice": (
        "(3 * z**2 * eps).mean()",
        "(3 * z**2).mean()",
        "# equation (8)",
    ),
    "slerp without the sine below": (") / torch.sin(omega)\n", ")\n", "constant speed"),
    "slerp at another speed": ("torch.sin(t * omega) * b)", "torch.sin(t**2 * omega) * b)", "constant speed"),
    "the middle of two codes as long as the ends": ("lengths[0], 0.5**0.5", "lengths[0], 1", "lengths ="),
}

test_a_broken_formula_is_caught, test_unchanged_it_passes = mutations(CHAPTER, BROKEN, (*SKIP, *FACES))
