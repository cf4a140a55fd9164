"""The derivations of chapter 03 are checked by asserts that fail when the formula is wrong."""

from mutate import mutations

CHAPTER = "03_convolutions"
# figures, widgets and training are not needed
SLOW = ("plt.subplots", "plots.images", "explore(", "kernel(", "fit(")
BROKEN = {
    "the filter's indices swapped": ("out += k[i, j]", "out += k[j, i]", "def convolve"),
    "convolution without the flip": ("k.flip(0, 1))\n\nspike", "k)\n\nspike", "def convolve"),
    "a chain of correlations": ("chain = full(convolve", "chain = full(correlate", "chain = full"),
    "equivariance without the circle": ('mode="circular")', 'mode="constant")', "def mixed"),
    "rows and columns of every channel swapped": (
        '"tc,bchw->bthw", K[:, :, i, j]',
        '"tc,bchw->bthw", K[:, :, j, i]',
        "layer = nn.Conv2d(3, 16",
    ),
    "the extent of the lecture": ("f + (f - 1) * (dilation - 1)", "f + dilation", "choices ="),
    "the output size with padding on one side": ("n + 2 * padding", "n + padding", "choices ="),
    "a receptive field that forgets strides": (
        "delta * stride\n    return r",
        "delta\n    return r",
        "for layers, pool in",
    ),
    "the filter not turned in the backward pass": (
        "K.flip(2, 3).transpose(0, 1))          #",
        "K.transpose(0, 1))  #",
        "for ours, theirs in",
    ),
    "zeros spread at the wrong places": (
        "[:, :, ::s, ::s] = dz",
        "[:, :, ::s, ::s] = dz.flip(3)",
        "ours_dx, ours_dK",
    ),
    "the matrix not transposed": ("A.T @ dz.flatten()", "A.T @ dz.T.flatten()", "A.T @"),
    "the size of a transposed convolution": ("(4 - 1) * 2 - 2 + 3)", "(4 - 1) * 2 + 3)", "# equation (10)"),
}

test_a_broken_formula_is_caught, test_unchanged_it_passes = mutations(CHAPTER, BROKEN, SLOW)
