"""The ground of a drawing: texts, outlines and lines on it, and what it refuses."""

from __future__ import annotations

import warnings

import numpy as np

from .. import plots
from . import ways
from .nodes import Node, rectangle

WIDEST = 5.5  # inches: the width of the page's column
SMALLEST = 10  # points: legible on a telephone
THIN, THICK = 1.2, 2.2  # points, of lines
HEAD = 0.1  # inches, of an arrow
GAP = 0.045  # inches, between a line and its label
TINT = 0.16  # how much of a colour a fill has
SLACK = 0.015  # inches that the boxes of two texts may share: letters do not fill theirs
DASHES = (0, (3.5, 2.5))
BEHIND, LINES, SHAPES, OVER, TEXTS = range(5)  # what is drawn over what


def tone(colour):
    """The shade in which a colour is written and drawn: that of the palette in `plots.TONES`, else itself."""
    return plots.TONES.get(colour, colour)


class Canvas:
    """A matplotlib figure without axes, in inches, that keeps what it drew to refuse what covers it."""

    def __init__(self, width, height):
        import matplotlib.pyplot as plt

        if not (0 < width <= WIDEST and height > 0):
            raise ValueError(
                f"a drawing of {width:g} × {height:g} inches: the width must be over 0 and at most {WIDEST}, "
                "the height over 0"
            )
        self.width, self.height, self.texts, self.lines = width, height, [], []
        self.figure = plt.figure(figsize=(width, height), layout="none", facecolor="none")
        self.axes = self.figure.add_axes((0, 0, 1, 1), facecolor="none")
        self.axes.set(xlim=(0, width), ylim=(0, height), autoscale_on=False)
        self.axes.axis("off")

    def text(self, at, text, colour=plots.INK, size=SMALLEST, align="centre", bold=False):
        """Write a text.

        Args:
            at: (x, y), its middle; with another `align` the middle of its left or right edge.
            text: Unicode or mathtext between dollars, may have several lines.
            colour: of the letters; a colour of the palette is taken in a darker shade, legible on its tint.
            size: in points, at least 10.
            align: "left", "centre" or "right".
            bold: whether the letters are.

        Returns:
            The node of the text, with some air around it.

        Raises:
            ValueError: letters too small or missing in the font, an unknown `align`, a text that leaves the
                drawing, or that lies over another or over a line.
        """
        if size < SMALLEST:
            raise ValueError(f"letters of {size:g} points in {text!r}: a drawing's have at least {SMALLEST}")
        if align not in ("left", "centre", "right"):
            raise ValueError(f"align {align!r} is not one of left, centre, right")
        artist = self._letters(at, text, size, align, bold)
        artist.set_color(tone(colour))
        node = Node(self._extent(artist), text)
        self._keep(node, f"the text {text!r}")
        for other in self.texts:
            if (_shared(node.box, other.box) > SLACK).all():
                raise ValueError(f"the text {text!r} lies over the text {other.name!r}: move one")
        for points, name in self.lines:
            self._clear(points, name, node)
        self.texts.append(node)
        (x0, y0), _, (x1, y1), _ = node.outline  # lines that start here keep off the letters
        return Node(rectangle(node.centre, x1 - x0 + 2 * GAP, y1 - y0 + 2 * GAP), text)

    def measure(self, text, size=SMALLEST, bold=False):
        """(width, height) of a text in inches, for letters of `size` points."""
        if not text:
            return 0.0, 0.0
        artist = self._letters((0, 0), text, size, "centre", bold)
        corners = self._extent(artist)
        artist.remove()
        return tuple((corners[2] - corners[0]).tolist())

    def _letters(self, at, text, size, align, bold):
        side = "center" if align == "centre" else align
        return self.axes.text(
            at[0], at[1] - 0.05 * size / 72, text, size=size, ha=side, va="center", multialignment=side,
            weight="bold" if bold else "normal", linespacing=1.15, zorder=TEXTS,
        )  # fmt: skip

    def _extent(self, artist):
        """(4, 2) corners of a text in inches."""
        with warnings.catch_warnings():
            warnings.filterwarnings("error", "Glyph .* missing")
            try:
                box = artist.get_window_extent()
            except UserWarning as missing:
                raise ValueError(f"the text {artist.get_text()!r}: {missing}; write it otherwise") from None
        centre = (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2
        return rectangle(centre, box.width, box.height) / self.figure.dpi

    def _inside(self, node, text, size):
        """Write a text into the middle of a node; the node."""
        if text:
            self.text(node.centre, text, size=size)
        return node

    def _beside(self, box, text, side, colour=plots.INK):
        """Write a text on a side of a box, clear of it."""
        low, high = np.array(box).reshape(2, 2)
        half = (high - low + self.measure(text)) / 2 + GAP
        self.text(tuple((low + high) / 2 + ways.direction(side) * half), text, colour=colour)

    def _fits(self, text, wide, high, width, height):
        if wide > width or high > height:
            raise ValueError(
                f"the text {text!r} needs {wide:.2f} × {high:.2f} inches and its place has {width:.2f} × "
                f"{height:.2f}: give it more room, or a shorter text"
            )

    def _keep(self, node, name):
        """Refuse what leaves the drawing."""
        left, bottom, right, top = node.box
        out = max(-left, -bottom, right - self.width, top - self.height)
        if out > 0.001:
            raise ValueError(
                f"{name} leaves the drawing of {self.width:g} × {self.height:g} inches by {out:.2f}: it "
                f"reaches from ({left:.2f}, {bottom:.2f}) to ({right:.2f}, {top:.2f})"
            )

    def _passes(self, points, name):
        """Note a line; refuse it where it goes through a text."""
        self.lines.append((points, name))
        for text in self.texts:
            self._clear(points, name, text)

    def _clear(self, points, name, text):
        if ways.crosses(points, text.box, SLACK):
            raise ValueError(f"{name} goes through the text {text.name!r}: move one")

    def _shape(
        self, node, edge, fill=None, share=TINT, dashed=False, width=THIN, rounded=False, layer=SHAPES
    ):
        """Draw an outline, and in it `share` of the colour `fill`; keep lines and texts off each other."""
        from matplotlib.colors import to_rgba
        from matplotlib.patches import Polygon

        corners = node.outline
        self._keep(node, ways.tell(node))
        self._passes(np.vstack([corners, corners[:1]]), f"the edge of {ways.tell(node)}")
        if rounded:
            start = (corners[:1] + corners[1:2]) / 2
            corners = ways.rounded(np.vstack([start, corners[1:], corners[:1], start]))
        patch = Polygon(
            corners, closed=True, facecolor=to_rgba(fill, share) if fill else "none", edgecolor=tone(edge),
            linewidth=width, joinstyle="round", linestyle=DASHES if dashed else "-", zorder=layer,
        )  # fmt: skip
        self.axes.add_patch(patch)

    def _stroke(self, points, colour, dashed=False, width=THIN, shown=None):
        """Draw a line through points; `shown` is what is left of it before the heads."""
        name = f"the line from {ways.tell(points[0])} to {ways.tell(points[-1])}"
        self._keep(Node(points), name)
        self._passes(points, name)
        self.axes.plot(
            *(points if shown is None else shown).T, color=tone(colour), linewidth=width,
            linestyle=DASHES if dashed else "-", solid_capstyle="butt", dash_capstyle="butt",
            solid_joinstyle="round", zorder=LINES,
        )  # fmt: skip

    def _head(self, points, colour):
        """Draw the head at the end of a way; the way without it."""
        from matplotlib.patches import Polygon

        tip, back = points[-1], ways.shorten(points, HEAD)[-1]
        along = tip - back
        across = 0.42 * np.array([-along[1], along[0]])
        corners = [tip, back + across, back - across]
        self.axes.add_patch(
            Polygon(corners, closed=True, facecolor=tone(colour), edgecolor="none", zorder=OVER)
        )
        return ways.shorten(points, 0.8 * HEAD)


def _shared(one, other):
    """(width, height) that two boxes (left, bottom, right, top) have in common; negative where apart."""
    return np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2])
