"""The derivations of chapter 08 are checked by asserts that fail when the formula is wrong."""

from mutate import mutations

CHAPTER = "08_segmentation"
# Cells that load data, train, draw, fill a table or check an exercise; no derivation needs them.
SKIP = (
    "photograph(", "Draw Figure", "Show Figure", "Prepare Figure", "The table", "How the record", "check.",
    "mine = [None", "Compose the scenes", "squeezenet", "Train a net", "Train both", "Choose a threshold",
    "RuntimeError", "Solution",
)  # fmt: skip
BROKEN = {
    "the loss without its minus": ("-(one_hot * a.log())", "(one_hot * a.log())", "equation (1)"),
    "its gradient's sign": ("((a - one_hot) / y.numel())", "((one_hot - a) / y.numel())", "equation (1)"),
    "its gradient added up": ("((a - one_hot) / y.numel())", "((a - one_hot) / len(y))", "equation (1)"),
    "Dice from Jaccard": ("2 * J / (1 + J)", "2 * J / (2 - J)", "# equation (4)"),
    "the union without its misses": ("(a | t).sum()", "a.sum()", "# equation (4)"),
    "a head that mixes places": ("layer(features[:, :, 2, 4])", "layer(features[:, :, 3, 4])", "head = "),
    "stamps side by side": ("z[s * k : s * k + len(K)]", "z[k : k + len(K)]", "# equation (5)"),
    "stamps turned": ("+= x[k] * K", "+= x[k] * K.flip(0)", "# equation (5)"),
    "zeros in the other corner": ("out[:, :, ::s, ::s] = x", "out[:, :, 1::s, 1::s] = x", "max_unpool2d"),
    "the lectures' filter": ("[0.5, 1, 0.5]", "[0.25, 1, 0.25]", "align_corners=True"),
    "nearest to the other side": ("(1, 0, 1, 0)", "(0, 1, 0, 1)", "nearest = F.conv2d"),
    "bilinear weights": ("[0.25, 0.75, 0.75, 0.25]", "[0.3, 0.7, 0.7, 0.3]", "align_corners=True"),
    "bilinear with zeros outside": ('(1,) * 4, mode="replicate"', "(1,) * 4", "align_corners=True"),
    "the transposed filter not turned": ("four_by_four.flip(2, 3)", "four_by_four", "by_hand = "),
    "pixel shuffle with rows for columns": ("2 * i + j :: 4", "i + 2 * j :: 4", "twelve"),
    "a crop at the corner": ("[-1] - side) // 2", "[-1] - side)", "range(4, 20)"),
    "the dilated field": ("1 + 2 * sum(DILATIONS)", "1 + sum(DILATIONS)", "# equation (6)"),
    "weights that do not bend": ("w * q / (w * q).sum()", "q", "# equation (7)"),
    "weights upside down": ("w * q / (w * q).sum()", "q / w / (q / w).sum()", "# equation (7)"),
    "Dice's gradient without its size": ("((2 * t - D) / (p.sum()", "((2 * t) / (p.sum()", "# (9)"),
    "the easy favoured": ("(1 - (-loss).exp()) ** gamma", "(-loss).exp() ** gamma", "# equation (10)"),
    "Otsu's variance unweighted": (" / (w0 * (1 - w0)).clamp(min=1e-9)", "", "brute force"),
    "Otsu's means not centred": ("* w0 - m0\n", "- m0\n", "brute force"),
}  # fmt: skip

test_a_broken_formula_is_caught, test_unchanged_it_passes = mutations(CHAPTER, BROKEN, SKIP)
