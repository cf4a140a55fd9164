"""A page of drawings, one of each kind that the chapters need; `sheet.py` writes them to look at.

Every function draws one and returns it; its docstring is its title.
"""

from itertools import pairwise

import numpy as np

from course_utils.drawing import Drawing
from course_utils.plots import BLUE, GOLD, GREEN, INK, ORANGE, PURPLE, RED, SKY


def graph():
    """Computation graph of L = (wx + b − y)²: values above the edges, gradients below"""
    d = Drawing(5.5, 2.0)
    places = {"w": (0.25, 1.75), "x": (0.25, 0.65), "b": (2.5, 0.25), "y": (3.6, 0.25)}
    w, x, b, y = (d.circle(at, name, colour=BLUE) for name, at in places.items())
    steps = [(1.4, "×"), (2.5, "+"), (3.6, "−"), (4.55, "u²")]
    times, plus, minus, square = (d.op((at, 1.2), name) for at, name in steps)
    for a, c, value, slope in [(w, times, "2", "18"), (x, times, "3", "12"), (b, plus, "1", "6"),
                               (y, minus, "4", "−6"), (times, plus, "6", "6"), (plus, minus, "7", "6"),
                               (minus, square, "3", "6"), (square, (5.4, 1.2), "9", "1")]:  # fmt: skip
        d.arrow(a, c, value).label(slope, "below", colour=RED)
    return d


def window():
    """A window slides over a grid of 5 × 5 and leaves one of 3 × 3"""
    d = Drawing(5.5, 1.9)
    image = np.array([[0, 0, 1, 1, 1]] * 3 + [[0, 0, 0, 0, 0]] * 2)
    seen = [[SKY if r < 3 and 1 <= c <= 3 else None for c in range(5)] for r in range(5)]
    wide = d.grid((0.95, 0.95), image, colours=seen, marks=[(0, 1, 3, 3)])
    kernel = d.grid((2.9, 0.95), [[1, 0, -1]] * 3, colours=GOLD)
    out = d.grid((4.75, 0.95), [[-3, -3, 0], [-2, -2, 0], [-1, -1, 0]], marks=[(0, 1)])
    d.text((2.9, 1.58), "kernel")
    d.text((4.75, 1.58), "output")
    d.arrow(wide, kernel, "∗")
    d.arrow(kernel, out, "=")
    return d


def lenet():
    """LeNet: feature maps as piles of planes, vectors as bars"""
    d = Drawing(5.5, 1.6)
    maps = [(1, 32, 0.42), (6, 28, 1.43), (6, 14, 2.42), (16, 10, 3.3), (16, 5, 4.1)]
    parts = []
    for c, n, x in maps:
        parts.append(d.stack((x, 1.0), c, n, n, size=0.13 * n**0.5))
        d.text((x, 0.25), f"{c}\n{n} × {n}")
    for x, n in [(4.62, 120), (4.95, 84), (5.27, 10)]:
        parts.append(d.box((x, 1.0), "", 0.12, 0.09 * n**0.5, GREEN))
        d.text((x, 0.25), f"\n{n}")
    d.chain(parts)
    return d


def residual():
    """A residual block: the input goes round two convolutions and is added"""
    d = Drawing(5.5, 1.3)
    x, fork, plus = d.text((0.1, 0.5), "x"), d.dot((0.3, 0.5)), d.op((4.3, 0.5), "+")
    names = "3 × 3\nconv", "batch\nnorm", "ReLU", "3 × 3\nconv", "batch\nnorm"
    colours = BLUE, GREEN, ORANGE, BLUE, GREEN
    parts = [
        d.box((0.77 + 0.75 * k, 0.5), name, 0.54, 0.5, colour)
        for k, (name, colour) in enumerate(zip(names, colours, strict=True))
    ]
    relu = d.box((4.95, 0.5), "ReLU", 0.5, 0.5, ORANGE)
    d.line(x, fork)
    d.chain([fork, *parts, plus, relu, (5.48, 0.5)])
    d.arrow(fork, plus, "x", via=[(0.3, 1.05), (4.3, 1.05)], colour=PURPLE)
    return d


def unet():
    """U-Net: down, up, and copies across"""
    d = Drawing(5.5, 3.5)
    levels = [(0.8, 2.75, 16, 64, 0.7), (1.5, 1.85, 32, 32, 0.5), (2.05, 1.05, 64, 16, 0.35)]
    left, right = (
        [d.stack((abs(edge - x), y), c, n, n, str(c), colour, size, "above") for x, y, c, n, size in levels]
        for edge, colour in ((0, BLUE), (5.5, GREEN))
    )
    low = d.stack((2.75, 0.38), 128, 8, 8, "128", PURPLE, 0.25, "above")
    for a, b in zip(left, right, strict=True):
        d.arrow(a, b, "copy", dashed=True)
    d.chain([*left, low], via="|-", colour=BLUE)
    d.chain([low, *right[::-1]], via="-|", colour=GREEN)
    return d


def unrolled():
    """A recurrent net, and the same net unrolled over time"""
    d = Drawing(5.5, 2.2)

    def step(x, t):
        h = d.box((x, 1.1), f"h{t}", 0.5, 0.42, BLUE)
        d.arrow(d.circle((x, 0.25), f"x{t}", colour=GREEN), h, "U")
        d.arrow(h, d.circle((x, 1.95), f"y{t}", colour=ORANGE), "V")
        return h

    h = step(0.45, "ₜ")
    d.arrow(h, h, "W", side="right", colour=PURPLE)
    d.text((1.5, 1.1), "=", size=16)
    steps = [step(2.5 + 1.05 * k, t) for k, t in enumerate("₁₂₃")]
    d.chain([(1.8, 1.1), *steps, (5.3, 1.1)], text="W", colour=PURPLE)
    return d


def lstm():
    """An LSTM cell, gate by gate"""
    d = Drawing(5.5, 2.9)
    f, i, o = (d.box((x, 0.95), "σ", 0.48, 0.3, ORANGE) for x in (1.3, 2.1, 3.6))
    g, squash = (d.box(at, "tanh", 0.48, 0.3, GREEN) for at in ((2.8, 0.95), (4.3, 1.8)))
    forget, write, read = (d.op(at, "×") for at in ((1.3, 2.4), (2.8, 1.75), (4.3, 1.2)))
    add, fork = d.op((2.8, 2.4), "+"), d.dot((4.3, 2.4))
    d.chain([d.text((0.4, 2.4), "cₜ₋₁"), forget, add], thick=True)
    d.line(add, fork, thick=True)
    d.arrow(fork, d.text((5.15, 2.4), "cₜ"), thick=True)
    for gate, to, name in ((f, forget, "f"), (i, write, "i"), (g, write, "g"), (o, read, "o")):
        d.arrow(gate, to, name, via="|-" if name in "io" else ())
    d.chain([fork, squash, read])
    d.arrow(write, add)
    d.arrow(read, d.text((5.15, 0.45), "hₜ"), via="|-")
    d.arrow(d.text((0.4, 0.45), "hₜ₋₁, xₜ"), o, via="-|")
    for gate in (f, i, g):
        d.arrow(d.dot((gate.centre[0], 0.45)), gate)
    d.frame([(1.0, 0.3), (4.7, 2.65)])
    return d


def translation():
    """Encoder and decoder: one vector carries the sentence"""
    d = Drawing(5.5, 2.4)
    cells = []
    for k, (word, said) in enumerate(
        zip(["ich", "bin", "da", "<s>", "I", "am"], ["", "", "", "I", "am", "here"], strict=True)
    ):
        x, name = 0.35 + 0.78 * k + 0.8 * (k > 2), f"{'hs'[k > 2]}{'₁₂₃'[k % 3]}"
        cells.append(d.box((x, 1.45), name, 0.42, 0.4, (BLUE, GREEN)[k > 2]))
        d.arrow(d.text((x, 0.8), word), cells[-1])
        if said:
            d.arrow(cells[-1], d.text((x, 2.15), said))
    for k, (a, b) in enumerate(pairwise(cells)):
        d.arrow(a, b, "context" if k == 2 else "", colour=RED if k == 2 else INK)
    for first, last, name in ((0, 2, "encoder"), (3, 5, "decoder")):
        d.brace((cells[first].box[0], 0.65), (cells[last].box[2], 0.65), name, side="below")
    return d


def attention():
    """Attention: a query meets three keys; the weights mix three values"""
    d = Drawing(5.5, 3.1)
    query, total = d.box((0.4, 1.7), "q", colour=BLUE), d.op((4.75, 1.7), "+")
    softmax = d.box((2.55, 1.7), "softmax", 0.75, 2.4, PURPLE)
    for k, (score, weight) in enumerate([("0.0", "0.11"), ("1.8", "0.67"), ("0.7", "0.22")]):
        y, t = 2.7 - k, "₁₂₃"[k]
        key, times = d.box((1.3, y), f"k{t}", colour=ORANGE), d.op((3.8, y), "×")
        d.arrow(query, key)
        d.arrow(key, (softmax.box[0], y), score)
        d.arrow((softmax.box[2], y), times, weight)
        d.arrow(d.box((3.8, y - 0.5), f"v{t}", colour=GREEN), times)
        d.arrow(times, total)
    d.arrow(total, d.text((5.3, 1.7), "out"))
    return d


def heads():
    """Multi-head attention: split, attend side by side, join, mix"""
    d = Drawing(5.5, 2.3)
    x = d.box((0.45, 1.15), "X\nT × 12", 0.75, 0.5)
    join, mix = d.box((3.6, 1.15), "join", 0.5, 2.0, GOLD), d.box((4.45, 1.15), "Wₒ", 0.5, 0.5, BLUE)
    for k, y in enumerate((1.9, 1.15, 0.4)):
        head = d.box((1.95, y), f"attention\nhead {k + 1}", 1.0, 0.5, ORANGE)
        d.arrow(x, head.left)
        d.arrow(head, (join.box[0], y), "T × 4")
    d.arrow(join, mix)
    d.arrow(mix, (5.4, 1.15), "T × 12")
    return d


def transformer():
    """A transformer block"""
    d = Drawing(3.2, 4.2)
    names = "layer norm", "attention", "+", "layer norm", "MLP", "+"
    colours = {"layer norm": GREEN, "attention": ORANGE, "MLP": BLUE}
    heights = 0.85, 1.35, 1.85, 2.6, 3.1, 3.6
    low, attend, add, high, mlp, out = (
        d.box((1.4, y), name, 1.2, 0.3, colours[name]) if name in colours else d.op((1.4, y), name)
        for name, y in zip(names, heights, strict=True)
    )
    for start, parts, end in (((1.4, 0.05), (low, attend), add), (add, (high, mlp), out)):
        fork = d.dot((1.4, parts[0].box[1] - 0.2))
        d.line(start, fork)
        d.chain([fork, *parts, end])
        x, y = 2.3, fork.centre[1]
        d.arrow(fork, end, "skip", "right", PURPLE, via=[(x, y), (x, end.centre[1])])
    d.arrow(out, (1.4, 4.15))
    d.frame([(0.7, 0.45), (2.75, 3.75)])
    return d


def gan():
    """Two players: a generator forges, a discriminator tells"""
    d = Drawing(5.5, 2.1)
    z, generator = d.circle((0.25, 0.75), "z"), d.box((1.2, 0.75), "generator\nG", 0.95, 0.55, ORANGE)
    fake = d.stack((2.35, 0.75), 3, 16, 16, "fake", ORANGE, 0.4, "above")
    real = d.stack((2.35, 1.65), 3, 16, 16, "real", GREEN, 0.4, "above")
    tells = d.box((3.75, 1.2), "discriminator\nD", 1.2, 0.55, BLUE)
    for a, b in ((z, generator), (generator, fake), (fake, tells), (real, tells)):
        d.arrow(a, b)
    d.arrow(tells, (5.4, 1.2), "p(real)")
    d.arrow(tells, generator, "gradient", "above", RED, dashed=True, via=[(3.75, 0.15), (1.2, 0.15)])
    return d


def huffman():
    """A Huffman tree: frequent words have short paths"""
    d = Drawing(4.6, 2.5)
    places = (1.75, 2.2), (2.75, 1.6), (3.5, 1.0)
    inner = [d.circle(at, str(16 >> k), colour=BLUE) for k, at in enumerate(places)]
    leaves = [
        d.box(at, word, 0.6, colour=GREEN)
        for at, word in [
            ((0.75, 1.6), "the 8"),
            ((1.95, 1.0), "cat 4"),
            ((2.85, 0.35), "sat 3"),
            ((4.15, 0.35), "mat 1"),
        ]
    ]
    for node, leaf in zip(inner, leaves, strict=False):
        d.arrow(node, leaf, "0", side="left", colour=PURPLE)
    for node, below in zip(inner, [*inner[1:], leaves[-1]], strict=True):
        d.arrow(node, below, "1", side="right", colour=ORANGE)
    return d


def anchors():
    """Anchors on a picture: three shapes about the middle of one cell"""
    d = Drawing(2.8, 3.1)
    d.text((1.4, 2.93), "2 : 1, 1 : 1 and 1 : 2")
    v, u = np.mgrid[0:48, 0:48] / 48
    d.image((1.4, 1.4), 0.8 + 0.15 * np.sin(6 * u) * np.cos(5 * v), 2.6)
    for k in range(1, 4):
        at = 0.1 + 0.65 * k
        d.line((at, 0.1), (at, 2.7), colour=PURPLE)
        d.line((0.1, at), (2.7, at), colour=PURPLE)
    for width, height, colour in ((1.3, 0.65, BLUE), (0.92, 0.92, ORANGE), (0.65, 1.3, RED)):
        d.box((1.725, 1.075), "", width, height, colour, fill=False, rounded=False)
    return d


EXAMPLES = (
    graph, window, lenet, residual, unet, unrolled, lstm, translation, attention, heads, transformer, gan,
    huffman, anchors,
)  # fmt: skip
