"""Matrices as grids of cells, feature maps as piles of planes, pictures."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np

from .. import plots
from .canvas import OVER, SMALLEST, THICK, TINT, Canvas
from .nodes import Node, rectangle

STEP = 0.05  # inches, from one plane of a pile to the next, rightwards and upwards
FINE = 0.8  # points, the lines between cells and round planes


class Grid(Node):
    """A matrix: ``grid[row, column]`` is the node of a cell; ``window`` one of several cells."""

    def __init__(self, centre, rows, columns, cell):
        super().__init__(rectangle(centre, columns * cell, rows * cell), f"{rows} × {columns} cells")
        self.rows, self.columns, self.cell = rows, columns, cell

    def __getitem__(self, index):
        return self.window(*index)

    def window(self, row, column, rows=1, columns=1):
        """The node of `rows` × `columns` cells whose upper left cell is (row, column).

        Raises:
            IndexError: some of these cells are not in the grid.
        """
        row, column = row + self.rows * (row < 0), column + self.columns * (column < 0)
        if not (0 <= row <= self.rows - rows and 0 <= column <= self.columns - columns):
            raise IndexError(
                f"{rows} × {columns} cells from ({row}, {column}) are not in a grid of "
                f"{self.rows} × {self.columns}"
            )
        left, _, _, top = self.box
        x, y = left + (column + columns / 2) * self.cell, top - (row + rows / 2) * self.cell
        return Node(rectangle((x, y), columns * self.cell, rows * self.cell), f"cell {row}, {column}")


class Stack(Node):
    """A pile of planes; ``front`` is the node of the foremost, ``strips`` what is seen of the others."""

    def __init__(self, centre, planes, width, height, name):
        low = np.array(centre) - (planes - 1) * STEP / 2
        plane = [rectangle(low + k * STEP, width, height) for k in range(planes)]
        front, back = plane[0], plane[-1]
        super().__init__(np.array([front[0], front[1], back[1], back[2], back[3], front[3]]), name)
        self.front = Node(front, name)
        self.strips = [
            Node(np.array([near[1] + (0, STEP), *far[1:], near[3] + (STEP, 0), near[2]]), name)
            for near, far in pairwise(plane)
        ]


class Tensors(Canvas):
    """What a drawing knows of arrays."""

    def grid(
        self, centre, values, cell=0.32, colours=None, marks=(), rows=(), columns=(), size=SMALLEST
    ):  # fmt: skip
        """Draw a matrix of texts or numbers.

        Args:
            centre: (x, y) of the matrix.
            values: R rows of C texts, numbers or None (blank); a list of lists, an array or a tensor.
            cell: side of a cell, in inches.
            colours: R rows of C colours or None, one colour for all, or None.
            marks: windows to outline: (row, column) or (row, column, rows, columns); a colour may follow.
            rows, columns: names on the left of the rows and above the columns.
            size: of the letters, in points.

        Returns:
            The node; ``grid[r, c]`` is that of a cell, ``grid.window(r, c, rows, columns)`` of several.

        Raises:
            ValueError: rows of different lengths, a text wider than a cell, or as ``text``.
            IndexError: a mark outside.
        """
        try:
            values = [list(row) for row in values]
        except TypeError:
            raise ValueError(
                f"a grid needs rows of values, such as [[1, 2], [3, 4]], not {values!r}"
            ) from None
        lengths = {len(row) for row in values}
        if len(lengths) != 1:
            raise ValueError(f"a grid needs rows of one length, these have {sorted(lengths)}")
        grid = Grid(centre, len(values), lengths.pop(), cell)
        self._keep(grid, f"a grid of {grid.name}")
        for r, row in enumerate(values):
            for c, value in enumerate(row):
                text, node = lettering(value), grid[r, c]
                self._fits(text, *self.measure(text, size), cell, cell)
                colour = colours if colours is None or isinstance(colours, str) else colours[r][c]
                self._shape(node, plots.INK, colour, 1.5 * TINT, width=FINE)
                self._inside(node, text, size)
        left, _, _, top = grid.box
        for r, name in enumerate(rows):
            self.text((left - 0.07, grid[r, 0].centre[1]), name, align="right", size=size)
        for c, name in enumerate(columns):
            self.text((grid[0, c].centre[0], top + 0.13), name, size=size)
        for mark in marks:
            *place, colour = mark if isinstance(mark[-1], str) else (*mark, plots.ORANGE)
            self._shape(grid.window(*place), colour, width=THICK, layer=OVER)
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
            ValueError: a count under 1, or as ``text``.
        """
        name = f"{channels} × {rows} × {columns}"
        if min(channels, rows, columns) < 1:
            raise ValueError(f"a feature map of {name} has nothing to draw")
        pile = Stack(centre, planes(channels), *sides(rows, columns, size), name)
        self._keep(pile, f"the pile {name}")
        for strip in pile.strips:
            self._shape(strip, colour, colour, 2.5 * TINT, width=FINE)
        self._shape(pile.front, colour, colour, width=FINE)
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
            ValueError: the picture leaves the drawing, or its shape is neither.
        """
        pixels = pixels.detach().cpu().numpy() if hasattr(pixels, "detach") else np.asarray(pixels)
        if pixels.ndim != 2 and (pixels.ndim != 3 or pixels.shape[2] != 3):
            raise ValueError(f"a picture of shape {pixels.shape}, expected (H, W) or (H, W, 3)")
        node = Node(rectangle(centre, width, width * pixels.shape[0] / pixels.shape[1]), "picture")
        self._keep(node, "a picture")
        left, bottom, right, top = node.box
        self.axes.imshow(
            pixels, "gray", vmin=0, vmax=255 if pixels.dtype == np.uint8 else 1, interpolation="nearest",
            extent=(left, right, bottom, top), aspect="auto", zorder=0,
        )  # fmt: skip
        self.axes.set(xlim=(0, self.width), ylim=(0, self.height))
        return node


def sides(rows, columns, size):
    """(width, height) in inches of a plane: its longer side is `size`, or grows as the root of the pixels."""
    longer = max(rows, columns)
    size = 0.15 * math.sqrt(longer) if size is None else size
    return max(0.05, size * columns / longer), max(0.05, size * rows / longer)


def planes(channels):
    """How many planes stand for so many channels: all up to four, then one more for each doubling."""
    return min(channels, 2 + math.ceil(math.log2(channels)))


def lettering(value):
    """The text of a cell: numbers get a true minus, None is blank."""
    if value is None:
        return ""
    value = value.item() if hasattr(value, "item") else value
    return value if isinstance(value, str) else f"{value:g}".replace("-", "−")
