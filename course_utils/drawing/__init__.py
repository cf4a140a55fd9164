"""Schematic drawings in one look: boxes, operators, arrows, matrices, feature maps.

    d = Drawing(3.0, 1.0)
    x, f = d.circle((0.4, 0.5), "x"), d.box((1.5, 0.5), "layer", colour=plots.BLUE)
    d.arrow(x, f, "3 numbers")

Everything is in inches from the lower left corner, x to the right, y upwards; letters are in points. A
drawing refuses what a reader could not read: a part that leaves it, a text wider than its box, two texts one
over the other, letters under ten points.
"""

from __future__ import annotations

import numpy as np

from .. import plots
from . import tensors, ways
from .nodes import Node, disc, rectangle, union

__all__ = ["Drawing"]

WIDEST = 5.5  # inches: the width of the page's column
SMALLEST = 10  # points: legible on a telephone
THIN, THICK = 1.2, 2.2  # points, of lines
HEAD = 0.1  # inches, of an arrow
GAP = 0.045  # inches, between a line and its label
MARGIN = 0.06  # inches, between a text and the edge of its box
TINT = 0.16  # how much of a colour a fill has


class Line(Node):
    """A line that was drawn; `label` writes another text beside it."""

    def __init__(self, drawing, points, colour):
        super().__init__(points)
        self.drawing, self.points, self.colour = drawing, points, colour

    def label(self, text, side="above", at=0.5, colour=None, size=SMALLEST):
        """Write a text beside the line, clear of it.

        Args:
            text: what to write.
            side: "above", "below", "left" or "right" of the line; of an upright line, "above" is left.
            at: where along the line, 0 its start, 1 its end.
            colour: of the letters; None takes that of the line.
            size: of the letters, in points.

        Returns:
            The line, for a further label.

        Raises:
            ValueError: as ``Drawing.text``, or the side is none of these.
        """
        drawing, colour = self.drawing, self.colour if colour is None else colour
        width, height = drawing._measure(text, size)
        centre = ways.beside(self.points, at, side, width, height, GAP)
        drawing.text(centre, text, colour=colour, size=size)
        return self


class Drawing:
    """A drawing of width × height inches, a matplotlib figure without axes on a transparent ground.

    Args:
        width: at most 5.5 inches, the width of the page's column.
        height: in inches.

    Attributes:
        figure: the matplotlib Figure, shown at the end of the cell.
        texts: the matplotlib Text objects, in the order drawn.

    Raises:
        ValueError: a side that is not positive, or too wide.
    """

    def __init__(self, width, height):
        import matplotlib.pyplot as plt

        if not (0 < width <= WIDEST and height > 0):
            raise ValueError(
                f"a drawing of {width:g} × {height:g} inches: the width must be over 0 and at most {WIDEST}, "
                "the height over 0"
            )
        self.width, self.height, self.texts = width, height, []
        self.figure = plt.figure(figsize=(width, height), layout="none", facecolor="none")
        self.axes = self.figure.add_axes((0, 0, 1, 1), facecolor="none")
        self.axes.set(xlim=(0, width), ylim=(0, height))
        self.axes.axis("off")

    def box(
        self, centre, text="", width=None, height=None, colour=plots.INK, fill=True, dashed=False, size=10
    ):
        """Draw a box with rounded corners.

        Args:
            centre: (x, y).
            text: inside, may have several lines.
            width, height: in inches; None fits the text.
            colour: of the edge; the fill is a tint of it.
            fill: False leaves the box clear.
            dashed: whether the edge is dashed.
            size: of the letters, in points.

        Returns:
            The node.

        Raises:
            ValueError: the text is wider or higher than the box, or as ``text``.
        """
        wide, high = self._measure(text, size)
        width = max(wide + 2 * MARGIN, 0.36) if width is None else width
        height = max(high + 2 * MARGIN, 0.3) if height is None else height
        node = Node(rectangle(centre, width, height), text)
        self._fits(text, wide, high, width, height)
        self._shape(node, colour, fill, dashed, rounded=True)
        return self._inside(node, text, size)

    def circle(self, centre, text="", radius=None, colour=plots.INK, fill=True, dashed=False, size=10):
        """Draw a circle: a neuron, a variable.

        Args:
            centre: (x, y).
            text: inside.
            radius: in inches; None fits the text.
            colour, fill, dashed, size: as for ``box``.

        Returns:
            The node.

        Raises:
            ValueError: the text is wider than the circle, or as ``text``.
        """
        wide, high = self._measure(text, size)
        need = np.hypot(wide, 0.7 * high) / 2 + 0.02
        radius = max(need, 0.19) if radius is None else radius
        self._fits(text, wide, 0, 2 * radius, 2 * radius)
        node = Node(disc(centre, radius), text)
        self._shape(node, colour, fill, dashed)
        return self._inside(node, text, size)

    def op(self, centre, text, colour=plots.INK):
        """Draw a small circle with an operator, such as "+", "×", "σ"; returns the node."""
        return self.circle(centre, text, max(0.14, self._measure(text, 12)[0] / 2 + 0.02), colour, size=12)

    def text(self, at, text, colour=plots.INK, size=10, align="centre", bold=False):
        """Write a text.

        Args:
            at: (x, y), its middle; with another `align` the middle of its left or right edge.
            text: Unicode or mathtext between dollars, may have several lines.
            colour: of the letters; a colour of the palette is taken in a darker shade, legible on its tint.
            size: in points, at least 10.
            align: "left", "centre" or "right".
            bold: whether the letters are.

        Returns:
            The node of the text.

        Raises:
            ValueError: letters too small, a text that leaves the drawing, or that lies over another.
        """
        if size < SMALLEST:
            raise ValueError(f"letters of {size:g} points in {text!r}: a drawing's have at least {SMALLEST}")
        side = {"centre": "center"}.get(align, align)
        x, y = at
        artist = self.axes.text(
            x, y - 0.05 * size / 72, text, size=size, color=tone(colour), ha=side, va="center",
            multialignment=side, weight="bold" if bold else "normal", linespacing=1.15, zorder=4,
        )  # fmt: skip
        node = Node(self._extent(artist), text)
        self._keep(node, f"the text {text!r}")
        for other in self.texts:
            if _overlap(node.outline, self._extent(other)):
                raise ValueError(f"the text {text!r} lies over the text {other.get_text()!r}: move one")
        self.texts.append(artist)
        return node

    def arrow(
        self, a, b, text="", side="above", colour=plots.INK, dashed=False, bend=0.0, via=(), both=False,
        at=0.5, thick=False, head=True,
    ):  # fmt: skip
        """Draw an arrow from a to b, from edge to edge.

        Args:
            a, b: nodes or (x, y); the same node twice gives a loop on its `side`.
            text: a label, clear of the line.
            side: "above", "below", "left" or "right": where the label is.
            colour: of line and label.
            dashed: whether the line is.
            bend: height of the arc as a share of its chord; positive bends to the left of the way.
            via: corners on the way: a list of (x, y), or "-|" (level, then upright) or "|-".
            both: whether it has a head at both ends.
            at: where the label is, 0 at the start, 1 at the end.
            thick: whether the line is.
            head: False draws a line only.

        Returns:
            The line, whose ``label(text, side)`` writes further labels.

        Raises:
            ValueError: no room between a and b, a bend and corners at once, an unknown side, or as ``text``.
        """
        points = ways.loop(a, side, 0.26) if a is b else ways.way(a, b, bend, via)
        self._keep(Node(points), "a line")
        shown, stroke = points, tone(colour)
        for end in (-1, 0)[: head * (1 + both)]:
            tipped = points if end else points[::-1]
            self._head(tipped, stroke)
            shown = ways.shorten(shown if end else shown[::-1], 0.8 * HEAD)
            shown = shown if end else shown[::-1]
        self._stroke(shown, stroke, dashed, THICK if thick else THIN)
        line = Line(self, points, colour)
        return line.label(text, side, at) if text else line

    def line(self, a, b, text="", **options):
        """Draw a line without a head; everything else as ``arrow``."""
        return self.arrow(a, b, text, head=False, **options)

    def grid(self, centre, values, cell=0.32, colours=None, marks=(), rows=(), columns=(), size=10):
        """Draw a matrix of texts or numbers.

        Args:
            centre: (x, y) of the matrix.
            values: R rows of C texts, numbers or None (blank); a list of lists, an array or a tensor.
            cell: side of a cell, in inches.
            colours: R rows of C colours or None, one colour for all, or None.
            marks: windows to outline: (row, column), (row, column, rows, columns), a colour may follow.
            rows, columns: names on the left of the rows and above the columns.
            size: of the letters, in points.

        Returns:
            The node; ``grid[r, c]`` is that of a cell, ``grid.window(r, c, rows, columns)`` of several.

        Raises:
            ValueError: rows of different lengths, a text wider than a cell, or as ``text``.
            IndexError: a mark outside.
        """
        values = [list(row) for row in values]
        count = {len(row) for row in values}
        if len(count) != 1:
            raise ValueError(f"a grid needs rows of one length, these have {sorted(count)}")
        grid = tensors.Grid(centre, len(values), count.pop(), cell, "grid")
        self._keep(grid, f"a grid of {grid.rows} × {grid.columns}")
        for r, row in enumerate(values):
            for c, value in enumerate(row):
                text, node = tensors.lettering(value), grid[r, c]
                self._fits(text, *self._measure(text, size), cell, cell)
                colour = colours if colours is None or isinstance(colours, str) else colours[r][c]
                self._shape(node, plots.INK, colour or False, line=0.7)
                self._inside(node, text, size)
        left, _, _, top = grid.box
        for r, name in enumerate(rows):
            self.text((left - 0.06, grid[r, 0].centre[1]), name, align="right", size=size)
        for c, name in enumerate(columns):
            self.text((grid[0, c].centre[0], top + 0.13), name, size=size)
        for mark in marks:
            *place, colour = mark if isinstance(mark[-1], str) else (*mark, plots.ORANGE)
            self._shape(grid.window(*place), colour, False, line=THICK, over=True)
        return grid

    def stack(self, centre, channels, rows, columns, text="", colour=plots.BLUE, size=None, side="below"):
        """Draw a feature map as a pile of planes.

        Args:
            centre: (x, y) of the pile.
            channels: up to four planes are drawn as they are, then one more for each doubling.
            rows, columns: pixels of a plane; they give its sides.
            text: a label, such as "32 × 14 × 14".
            colour: of the planes.
            size: longer side of a plane, in inches; None takes 0.15 √pixels.
            side: "above" or "below": where the label is.

        Returns:
            The node; ``front`` is that of the foremost plane.

        Raises:
            ValueError: a size under 1, or as ``text``.
        """
        if min(channels, rows, columns) < 1:
            raise ValueError(f"a feature map of {channels} × {rows} × {columns} has nothing to draw")
        pile = tensors.Stack(centre, tensors.planes(channels), *tensors.sides(rows, columns, size), text)
        self._keep(pile, f"the pile {text!r}")
        for strip in pile.strips:
            self._shape(strip, colour, line=THIN / 1.5, solid=True)
        self._shape(pile.front, colour, line=THIN / 1.5)
        if text:
            self._beside(pile.box, text, side)
        return pile

    def image(self, centre, pixels, width):
        """Draw a picture.

        Args:
            centre: (x, y).
            pixels: (H, W) grey or (H, W, 3) colour, in [0, 1] or uint8; tensor or array.
            width: in inches; the height follows.

        Returns:
            The node.

        Raises:
            ValueError: the picture leaves the drawing.
        """
        pixels = pixels.detach().cpu().numpy() if hasattr(pixels, "detach") else np.asarray(pixels)
        node = Node(rectangle(centre, width, width * pixels.shape[0] / pixels.shape[1]), "picture")
        self._keep(node, "a picture")
        left, bottom, right, top = node.box
        self.axes.imshow(
            pixels, extent=(left, right, bottom, top), interpolation="nearest", zorder=1, aspect="auto"
        )
        self.axes.set(xlim=(0, self.width), ylim=(0, self.height))
        return node

    def frame(self, parts, title="", colour=plots.INK, side="above", pad=0.12):
        """Draw a dashed frame round nodes and points, with a title over its left corner.

        Args:
            parts: nodes or (x, y).
            title: text, or "".
            colour: of frame and title.
            side: "above" or "below": where the title is.
            pad: clear inches between the parts and the frame.

        Returns:
            The node.

        Raises:
            ValueError: the frame leaves the drawing, or as ``text``.
        """
        left, bottom, right, top = union(parts)
        box = (left - pad, bottom - pad, right + pad, top + pad)
        node = Node(
            rectangle(((left + right) / 2, (bottom + top) / 2), box[2] - box[0], box[3] - box[1]), title
        )
        self._shape(node, colour, False, True, rounded=True, behind=True)
        if title:
            high = self._measure(title, SMALLEST)[1]
            y = box[3] + GAP + high / 2 if side == "above" else box[1] - GAP - high / 2
            self.text((box[0], y), title, colour=colour, align="left")
        return node

    def brace(self, a, b, text="", side="above", colour=plots.INK):
        """Draw a curly brace over what lies between a and b, with a text at its tip.

        Args:
            a, b: nodes or (x, y).
            text: at the tip, or "".
            side: "above", "below", "left" or "right" of a and b.
            colour: of brace and text.

        Returns:
            The node of the brace.

        Raises:
            ValueError: the brace leaves the drawing, or as ``text``.
        """
        left, bottom, right, top = union([a, b])
        out = ways.direction(side)
        corner = {
            "above": (left, top),
            "below": (right, bottom),
            "left": (left, bottom),
            "right": (right, top),
        }
        end = {"above": (right, top), "below": (left, bottom), "left": (left, top), "right": (right, bottom)}
        points = ways.brace(np.array(corner[side]) + GAP * out, np.array(end[side]) + GAP * out, 0.14)
        node = Node(points, text)
        self._keep(node, f"the brace {text!r}")
        self._stroke(points, tone(colour), False, THIN)
        if text:
            self._beside(node.box, text, side, colour)
        return node

    def _beside(self, box, text, side, colour=plots.INK):
        """Write a text on a side of a box, clear of it."""
        left, bottom, right, top = box
        size, out = np.array(self._measure(text, SMALLEST)), ways.direction(side)
        middle, half = np.array([left + right, bottom + top]) / 2, np.array([right - left, top - bottom]) / 2
        self.text(tuple(middle + out * (half + size / 2 + GAP)), text, colour=colour)

    def _inside(self, node, text, size):
        if text:
            self.text(node.centre, text, size=size)
        return node

    def _fits(self, text, wide, high, width, height):
        if wide > width or high > height:
            raise ValueError(
                f"the text {text!r} needs {wide:.2f} × {high:.2f} inches and its place has {width:.2f} × "
                f"{height:.2f}: give it more room, or a shorter text"
            )

    def _measure(self, text, size):
        """(width, height) of a text in inches."""
        if not text:
            return 0.0, 0.0
        artist = self.axes.text(0, 0, text, size=size, linespacing=1.15)
        corners = self._extent(artist)
        artist.remove()
        return tuple((corners[2] - corners[0]).tolist())

    def _extent(self, artist):
        """(4, 2) corners of a text in inches."""
        box = artist.get_window_extent()
        centre = (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2
        return rectangle(centre, box.width, box.height) / self.figure.dpi

    def _keep(self, node, name):
        """Refuse what leaves the drawing."""
        left, bottom, right, top = node.box
        out = max(-left, -bottom, right - self.width, top - self.height)
        if out > 0.001:
            raise ValueError(
                f"{name} leaves the drawing of {self.width:g} × {self.height:g} inches by {out:.2f}: it "
                f"reaches from ({left:.2f}, {bottom:.2f}) to ({right:.2f}, {top:.2f})"
            )

    def _shape(
        self,
        node,
        colour,
        fill=True,
        dashed=False,
        line=THIN,
        rounded=False,
        solid=False,
        behind=False,
        over=False,
    ):
        """Draw an outline and its tint."""
        from matplotlib.colors import to_rgba
        from matplotlib.patches import Polygon

        self._keep(node, f"the box {node.name!r}")
        outline = node.outline
        if rounded:
            start = (outline[:1] + outline[1:2]) / 2
            outline = ways.rounded(np.vstack([start, outline[1:], outline[:1], start]))
        patch = Polygon(
            outline, closed=True, facecolor="none", edgecolor=tone(colour), linewidth=line, joinstyle="round",
            linestyle=(0, (3.5, 2.5)) if dashed else "-", zorder=0 if behind else 3 if over else 2,
        )  # fmt: skip
        if fill:
            patch.set_facecolor(
                to_rgba(fill if isinstance(fill, str) else colour, 2.5 * TINT if solid else TINT)
            )
        self.axes.add_patch(patch)

    def _stroke(self, points, colour, dashed, width):
        self.axes.plot(
            *points.T, color=colour, linewidth=width, linestyle=(0, (3.5, 2.5)) if dashed else "-",
            solid_capstyle="butt", dash_capstyle="butt", solid_joinstyle="round", zorder=1,
        )  # fmt: skip

    def _head(self, points, colour):
        """Draw the head at the end of a way."""
        from matplotlib.patches import Polygon

        tip = points[-1]
        back = ways.shorten(points, HEAD)[-1]
        unit = (tip - back) / max(np.linalg.norm(tip - back), 1e-9)
        across = 0.42 * HEAD * np.array([-unit[1], unit[0]])
        corners = [tip, tip - HEAD * unit + across, tip - HEAD * unit - across]
        self.axes.add_patch(Polygon(corners, closed=True, facecolor=colour, edgecolor="none", zorder=3))


def _overlap(one, other, slack=0.01):
    """Whether two upright rectangles, (4, 2) corners, share more than `slack` inches each way."""
    shared = np.minimum(one.max(0), other.max(0)) - np.maximum(one.min(0), other.min(0))
    return bool((shared > slack).all())


def tone(colour):
    """The shade in which a colour is written and drawn: that of the palette in `plots.TONES`, else itself."""
    return plots.TONES.get(colour, colour)
