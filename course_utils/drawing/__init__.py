"""Schematic drawings in one look: boxes, operators, arrows, matrices, feature maps.

    d = Drawing(3.0, 1.0)
    x, f = d.circle((0.4, 0.5), "x"), d.box((1.5, 0.5), "layer", colour=plots.BLUE)
    d.arrow(x, f, "3 numbers")

Everything is in inches from the lower left corner, x to the right, y upwards; letters are in points. A
drawing refuses what a reader could not read: a part that leaves it, a text wider than its box, two texts one
over the other, a line through a text, letters under ten points.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from .. import plots
from . import ways
from .canvas import BEHIND, GAP, HEAD, SMALLEST, THICK, THIN, tone
from .nodes import Node, disc, rectangle, union
from .tensors import Tensors

__all__ = ["Drawing"]

MARGIN = 0.06  # inches, between a text and the edge of its box
LOOP = 0.26  # inches, height of a loop
BRACE = 0.14  # inches, height of a brace


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
        width, height = drawing.measure(text, size)
        centre = ways.beside(self.points, at, side, width, height, GAP)
        drawing.text(centre, text, colour=colour, size=size)
        return self


class Drawing(Tensors):
    """A drawing of width × height inches, a matplotlib figure without axes on a transparent ground.

    Args:
        width: at most 5.5 inches, the width of the page's column.
        height: in inches.

    Attributes:
        figure: the matplotlib Figure, shown at the end of the cell.
        texts: the nodes of all texts, in the order drawn; their `name` is what is written.

    Raises:
        ValueError: a side that is not positive, or too wide.
    """

    def box(
        self, centre, text="", width=None, height=None, colour=plots.INK, fill=True, dashed=False,
        size=SMALLEST, rounded=True,
    ):  # fmt: skip
        """Draw a box.

        Args:
            centre: (x, y).
            text: inside, may have several lines.
            width, height: in inches; None fits the text.
            colour: of the edge; the fill is a tint of it.
            fill: False leaves the box clear.
            dashed: whether the edge is dashed.
            size: of the letters, in points.
            rounded: whether the corners are.

        Returns:
            The node.

        Raises:
            ValueError: the text is wider or higher than the box, or as ``text``.
        """
        wide, high = self.measure(text, size)
        width = max(wide + 2 * MARGIN, 0.36) if width is None else width
        height = max(high + 2 * MARGIN, 0.3) if height is None else height
        node = Node(rectangle(centre, width, height), text)
        self._fits(text, wide, high, width, height)
        self._shape(node, colour, colour if fill else None, dashed=dashed, rounded=rounded)
        return self._inside(node, text, size)

    def circle(self, centre, text="", radius=None, colour=plots.INK, fill=True, dashed=False, size=SMALLEST):
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
        wide, high = self.measure(text, size)
        need = np.hypot(wide, 0.7 * high) / 2 + 0.02
        radius = max(need, 0.19) if radius is None else radius
        self._fits(text, wide, 0, 2 * radius, 2 * radius)
        node = Node(disc(centre, radius), text)
        self._shape(node, colour, colour if fill else None, dashed=dashed)
        return self._inside(node, text, size)

    def op(self, centre, text, colour=plots.INK):
        """Draw a small circle with an operator, such as "+", "×", "σ"; returns the node."""
        return self.circle(centre, text, max(0.14, self.measure(text, 12)[0] / 2 + 0.02), colour, size=12)

    def dot(self, at, colour=plots.INK):
        """Draw a small dot, where a line forks; returns the node."""
        node = Node(disc(at, 0.035), "dot")
        self._shape(node, colour, tone(colour), share=1)
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
        looped = a is b and isinstance(a, Node)
        points = shown = ways.loop(a, side, LOOP) if looped else ways.way(a, b, bend, via)
        if ways.length(points) <= HEAD * (head + both):
            raise ValueError(
                f"no room for an arrow from {ways.tell(a)} to {ways.tell(b)}: they are "
                f"{ways.length(points):.2f} inches apart, a head takes {HEAD}"
            )
        if head:
            shown = self._head(shown, colour)
        if both:
            shown = self._head(shown[::-1], colour)
        self._stroke(points, colour, dashed, THICK if thick else THIN, shown)
        line = Line(self, points, colour)
        return line.label(text, side, at) if text else line

    def chain(self, parts, **options):
        """Draw arrows from each of the nodes or points to the next; everything else as ``arrow``."""
        for a, b in pairwise(parts):
            self.arrow(a, b, **options)

    def line(self, a, b, text="", **options):
        """Draw a line without a head; everything else as ``arrow``."""
        return self.arrow(a, b, text, head=False, **options)

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
        centre = (left + right) / 2, (bottom + top) / 2
        node = Node(rectangle(centre, right - left + 2 * pad, top - bottom + 2 * pad), title)
        self._shape(node, colour, dashed=True, rounded=True, layer=BEHIND)
        if title:
            x, y = node.box[0] + self.measure(title)[0] / 2, node.box[1]
            self._beside((x, y, x, node.box[3]), title, side, colour)
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
        out, box = ways.direction(side), np.array(union([a, b]))
        middle, half = (box[:2] + box[2:]) / 2, (box[2:] - box[:2]) / 2
        across = np.array([out[1], -out[0]])  # with the brace's tip on its left
        start, end = (middle + half * (out + sign * across) + GAP * out for sign in (-1, 1))
        points = ways.brace(start, end, BRACE)
        self._stroke(points, colour)
        node = Node(points, text)
        if text:
            self._beside(node.box, text, side, colour)
        return node
