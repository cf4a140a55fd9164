"""What lines connect: things with an outline, in inches."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.path import Path


class Node:
    """A thing in a drawing that lines start from or lead to.

    Attributes:
        centre: (x, y) in inches.
        outline: (N, 2) corners of its convex outline, in inches; an arrow ends where it meets them.
        name: what an error message calls it.
        left, right, top, bottom: (x, y) where a ray from the centre leaves the outline.
        box: (left, bottom, right, top) in inches.
    """

    def __init__(self, outline, name="", centre=None):
        self.outline, self.name = np.asarray(outline, float), name
        low, high = self.outline.min(0), self.outline.max(0)
        self.box = (*low.tolist(), *high.tolist())
        self.centre = tuple(((low + high) / 2).tolist()) if centre is None else centre

    def _ipython_display_(self):
        """Show nothing at the end of a cell: the figure is what is shown."""

    @property
    def left(self):
        return self.port(-1, 0)

    @property
    def right(self):
        return self.port(1, 0)

    @property
    def top(self):
        return self.port(0, 1)

    @property
    def bottom(self):
        return self.port(0, -1)

    def port(self, dx, dy):
        """(x, y) where the ray from the centre in direction (dx, dy) leaves the outline."""
        far = np.array(self.centre) + 100 * np.array([dx, dy]) / math.hypot(dx, dy)
        return tuple(self.leave(np.array([self.centre, far]))[0].tolist())

    def holds(self, point):
        """Whether (x, y) lies inside the outline."""
        return Path(self.outline).contains_point(point)

    def leave(self, way):
        """The part of a way, (N, 2) points from inside to outside, that is after the last exit."""
        inside = Path(self.outline).contains_points(way)
        if not inside.any():
            return way
        last = int(np.flatnonzero(inside)[-1])
        if last == len(way) - 1:
            return way[-1:]
        near, far = way[last], way[last + 1]
        for _ in range(40):  # halve the piece that crosses the outline
            middle = (near + far) / 2
            near, far = (middle, far) if self.holds(middle) else (near, middle)
        return np.vstack([far, way[last + 1 :]])


def rectangle(centre, width, height):
    """(4, 2) corners of an upright rectangle, anticlockwise from the lower left."""
    (x, y), w, h = centre, width / 2, height / 2
    return np.array([(x - w, y - h), (x + w, y - h), (x + w, y + h), (x - w, y + h)])


def disc(centre, radius):
    """(72, 2) points of a circle."""
    angle = np.linspace(0, 2 * math.pi, 72, endpoint=False)
    return np.array(centre) + radius * np.stack([np.cos(angle), np.sin(angle)], 1)


def union(parts):
    """(left, bottom, right, top) around nodes and points."""
    boxes = np.array([part.box if isinstance(part, Node) else (*part, *part) for part in parts], float)
    return (*boxes[:, :2].min(0).tolist(), *boxes[:, 2:].max(0).tolist())
