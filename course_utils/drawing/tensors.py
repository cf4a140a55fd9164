"""Matrices as grids of cells, feature maps as piles of planes."""

from __future__ import annotations

import math

import numpy as np

from .nodes import Node, rectangle

STEP = 0.05  # inches, from one plane of a pile to the next, rightwards and upwards


class Grid(Node):
    """A matrix: ``grid[row, column]`` is the node of a cell; ``window`` one of several cells."""

    def __init__(self, centre, rows, columns, cell, name):
        super().__init__(rectangle(centre, columns * cell, rows * cell), name)
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
                f"cells {row}–{row + rows - 1}, {column}–{column + columns - 1} are not in a grid of "
                f"{self.rows} × {self.columns}"
            )
        left, _, _, top = self.box
        x, y = left + (column + columns / 2) * self.cell, top - (row + rows / 2) * self.cell
        return Node(rectangle((x, y), columns * self.cell, rows * self.cell), f"cell {row}, {column}")


class Stack(Node):
    """A pile of planes; ``front`` is the node of the foremost."""

    def __init__(self, centre, planes, width, height, name):
        low = np.array(centre) - (planes - 1) * STEP / 2
        self.strips = []  # what is seen of the planes behind
        for k in range(1, planes):
            near = rectangle(low + (k - 1) * STEP, width, height)
            far = near + STEP
            self.strips.append(
                Node(np.array([near[1] + (0, STEP), far[1], far[2], far[3], near[3] + (STEP, 0), near[2]]))
            )
        front, back = (rectangle(low + k * STEP, width, height) for k in (0, planes - 1))
        super().__init__(np.array([front[0], front[1], back[1], back[2], back[3], front[3]]), name)
        self.front = Node(front, name)


def sides(rows, columns, size):
    """(width, height) in inches of a plane: its longer side is `size`, or grows as the root of the pixels."""
    longer = max(rows, columns)
    size = max(0.12, 0.15 * math.sqrt(longer)) if size is None else size
    return max(0.05, size * columns / longer), max(0.05, size * rows / longer)


def planes(channels):
    """How many planes stand for so many channels: all up to four, then one more for each doubling."""
    return min(channels, 2 + math.ceil(math.log2(channels)))


def lettering(value):
    """The text of a cell: numbers get a true minus, None is blank."""
    if value is None:
        return ""
    if hasattr(value, "item"):
        value = value.item()
    return value if isinstance(value, str) else f"{value:g}".replace("-", "−")
