"""The derivations of chapter 08 are checked by asserts that fail when the formula is wrong."""

from mutate import mutations

CHAPTER = "08_segmentation"
# Cells that load data, train, draw or check an exercise; no derivation needs them.
SKIP = (
    "kind_of", "emoji", "photos", "known, new", "share", "COLOURS", "boxes", "nothing", "check.", "chroma",
    "counts", "trial(", "report(", "ceiling", "distances", "errors(", "GRIDS", "METHODS", "scene(", "uneven",
    "chequer", "enlarged", "plt.subplots", "costs", "face[", "objects_iou", "border", "recall", "p_test",
    "verdict", "sparse", "objects", "if FULL:", "gallery",
)  # fmt: skip
BROKEN = {
    "the loss without its minus": ("-(truth * a.log())", "(truth * a.log())", "equation (1)"),
    "the pixel gradient's sign": ("((a - truth) / y.numel())", "((truth - a) / y.numel())", "equation (1)"),
    "the pixel gradient added up": ("((a - truth) / y.numel())", "((a - truth) / len(y))", "equation (1)"),
    "Dice from Jaccard": ("2 * J / (1 + J)", "2 * J / (2 - J)", "equation (4)"),
    "Otsu's variance unweighted": (" / (w0 * (1 - w0)).clamp(min=1e-9)", "", "brute force"),
    "Otsu's means not centred": ("* w0 - m0) ** 2", "- m0) ** 2", "brute force"),
    "a head that mixes places": ("layer(features[:, :, 2, 4])", "layer(features[:, :, 3, 4])", "head = "),
    "zeros in the other corner": ("out[:, :, ::s, ::s] = x", "out[:, :, 1::s, 1::s] = x", "max_unpool2d"),
    "the lectures' filter": ("[0.5, 1, 0.5]", "[0.25, 1, 0.25]", "align_corners=True"),
    "nearest to the other side": ("(1, 0, 1, 0)", "(0, 1, 0, 1)", "nearest = F.conv2d"),
    "bilinear weights": ("[0.25, 0.75, 0.75, 0.25]", "[0.3, 0.7, 0.7, 0.3]", "def bilinear(x)"),
    "bilinear with zeros outside": ('(1,) * 4, mode="replicate"', "(1,) * 4", "def bilinear(x)"),
    "the transposed filter not turned": ("K.flip(2, 3)", "K", "by_hand"),
    "pixel shuffle with rows for columns": ("2 * i + j :: 4", "i + 2 * j :: 4", "twelve"),
    "the dilated field": ("1 + 2 * sum(DILATIONS)", "1 + sum(DILATIONS)", "equation (6)"),
    "weights that do not bend": ("w * q / (w * q).sum()", "q", "equation (7)"),
    "weights upside down": ("w * q / (w * q).sum()", "q / w / (q / w).sum()", "equation (7)"),
    "Dice's gradient without its size": ("((2 * t - D) / (p.sum()", "((2 * t) / (p.sum()", "# (9)"),
}  # fmt: skip

test_a_broken_formula_is_caught, test_unchanged_it_passes = mutations(CHAPTER, BROKEN, SKIP)
