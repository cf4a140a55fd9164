"""The derivations of chapter 03 are checked by asserts that fail when the formula is wrong."""

from mutate import mutations

CHAPTER = "03_convolutions"
# figures, widgets, records and training are not needed
SLOW = (
    *(
        "fig, ax = plt.subplots",
        "plots.images",
        "= Drawing(",
        "explore(",
        "kernel(",
        "convnet(",
        "= fit(",
        "fit(net, digits",
    ),
    *("records.record(", "column("),
)
DRAWN = tuple(piece for piece in SLOW if piece != "= Drawing(")  # six pieces and their answers
BROKEN = {
    "one tap of the diagonal filter": (
        "diagonal = torch.tensor([[1, 0], [0, 1]])",
        "diagonal = torch.tensor([[1, 0], [1, 1]])",
        "assert found ==",
        DRAWN,
    ),
    "the filter turned": ("out += k[i, j]", "out += k[f - 1 - i, g - 1 - j]", "def full("),
    "convolution without the flip": ("k.flip(0, 1))\n", "k)\n", "def full("),
    "a chain of correlations": ("chain = full(convolve", "chain = full(correlate", "def full("),
    "a matrix of another filter": (
        "return correlate(v.view(6, 6)",
        "return correlate(v.view(6, 6) ** 2",
        "len(A.unique",
    ),
    "equivariance without the circle": ('mode="circular")', 'mode="constant")', "def mixed"),
    "the filters of every channel turned": (
        '"tc,bchw->bthw", K[:, :, i, j]',
        '"tc,bchw->bthw", K[:, :, f - 1 - i, g - 1 - j]',
        "colours = nn.Conv2d(3, 16",
    ),
    "a group counted as a whole layer": ("128 * 32 * 9", "128 * 64 * 9", "layers_64 ="),
    "the extent f + dilation": ("f + (f - 1) * (dilation - 1)", "f + dilation", "choices ="),
    "the output size with padding on one side": ("n + 2 * padding", "n + padding", "choices ="),
    "a receptive field that forgets strides": (
        "delta * stride\n    return r",
        "delta\n    return r",
        "for layers, pool in",
    ),
    "im2col with the filters turned": ("K.flatten(1) @ X", "K.flip(2, 3).flatten(1) @ X", "K.flatten(1) @ X"),
    "the filter not turned in the backward pass": (
        "turned = K.flip(2, 3).transpose(0, 1)",
        "turned = K.transpose(0, 1)",
        "def with_autograd",
    ),
    "channels and examples not swapped back": (
        "conv(x_by_channel, dz_by_map).transpose(0, 1)",
        "conv(x_by_channel, dz_by_map).transpose(2, 3).transpose(0, 1)",
        "def with_autograd",
    ),
    "zeros spread at the wrong places": (
        "[:, :, ::s, ::s] = dz",
        "[:, :, ::s, ::s] = dz.flip(3)",
        "def strided_backward",
    ),
    "pixels left over at the wrong end": (
        "(0, x.shape[3] - W, 0, x.shape[2] - H)",
        "(x.shape[3] - W, 0, x.shape[2] - H, 0)",
        "def strided_backward",
    ),
    "the matrix not transposed": ("A.T @ dz.flatten()", "A.T @ dz.T.flatten()", "A.T @"),
    "the size of a transposed convolution": (
        "(4 - 1) * 2 - 2 + 3)",
        "(4 - 1) * 2 + 3)",
        "# equation (10)",
    ),
    "a first pool that does not halve": (
        "nn.Conv2d(1, 8, 5), nn.ReLU(), nn.MaxPool2d(2),   #",
        "nn.Conv2d(1, 8, 5), nn.ReLU(), nn.MaxPool2d(2, 1),   #",
        "assert along ==",
        (*SLOW, "rows = trace(lenet()", "price = {"),
    ),
}

test_a_broken_formula_is_caught, test_unchanged_it_passes = mutations(CHAPTER, BROKEN, SLOW)
