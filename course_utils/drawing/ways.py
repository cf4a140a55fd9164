"""Ways of lines: (N, 2) points in inches, from node to node, straight, bent or round corners."""

from __future__ import annotations

import math

import numpy as np

from .nodes import Node

SIDES = {"above": (0, 1), "below": (0, -1), "left": (-1, 0), "right": (1, 0)}
CORNER = 0.09  # inches, radius of a corner


def direction(side):
    """The unit vector of "above", "below", "left" or "right"."""
    if side not in SIDES:
        raise ValueError(f"side {side!r} is not one of above, below, left, right")
    return np.array(SIDES[side], float)


def way(a, b, bend=0.0, via=()):
    """(N, 2) points of a line from a to b, without what lies inside them.

    Args:
        a, b: nodes or (x, y).
        bend: height of the arc over the chord, as a share of it; positive bends to the left of the way.
        via: corners on the way, a list of (x, y), or "-|" (level first, then upright) or "|-".

    Raises:
        ValueError: both a bend and corners, an unknown word for `via`, or nothing is left to draw.
    """
    start, end = (np.array(p.centre if isinstance(p, Node) else p, float) for p in (a, b))
    if isinstance(via, str):
        if via not in ("-|", "|-"):
            raise ValueError(f'via {via!r} is neither "-|" nor "|-" nor a list of points')
        via = [(end[0], start[1])] if via == "-|" else [(start[0], end[1])]
    if len(via) and bend:
        raise ValueError("a line has either a bend or corners (via), not both")
    points = arc(start, end, bend) if bend else rounded(np.array([start, *via, end], float))
    for node in (a, b):
        if isinstance(node, Node):
            points = node.leave(points)
        points = points[::-1]
    if len(points) < 2:
        raise ValueError(f"no room for a line between {tell(a)} and {tell(b)}: they touch or overlap")
    return points


def tell(part):
    """A node or a point in words."""
    if isinstance(part, Node):
        return repr(part.name) if part.name else f"the node at ({part.centre[0]:.2f}, {part.centre[1]:.2f})"
    return f"({part[0]:.2f}, {part[1]:.2f})"


def arc(start, end, bend):
    """(41, 2) points of a parabola whose top is `bend` of the chord away from it, on the left of the way."""
    t, chord = np.linspace(0, 1, 41)[:, None], end - start
    normal = np.array([-chord[1], chord[0]])
    return start + t * chord + 4 * t * (1 - t) * bend * normal


def loop(node, side, size):
    """Points of a way from a node round to itself, `size` inches high, on one of its sides."""
    out = direction(side)
    across = np.array([out[1], -out[0]])
    base, wide = np.array(node.port(*out)), np.ptp(node.outline @ across)
    foot = base - 0.25 * np.ptp(node.outline @ out) * out  # inside the node: what lies there is cut off
    near, far = min(0.14, 0.28 * wide), 0.24
    corners = [foot - near * across, base - far * across + 1.3 * size * out]
    corners += [base + far * across + 1.3 * size * out, foot + near * across]
    t = np.linspace(0, 1, 61)[:, None]
    weights = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3
    curve = sum(weight * corner for weight, corner in zip(weights, corners, strict=True))
    return np.vstack([node.leave(curve[:31]), node.leave(curve[:29:-1])[::-1]])


def rounded(points):
    """The way through points with its corners rounded."""
    done = [points[0]]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        into, out = before - corner, after - corner
        radius = min(CORNER, np.linalg.norm(into) / 2, np.linalg.norm(out) / 2)
        if radius > 0:
            p, q = corner + radius * into / np.linalg.norm(into), corner + radius * out / np.linalg.norm(out)
            t = np.linspace(0, 1, 9)[:, None]
            done.extend((1 - t) ** 2 * p + 2 * t * (1 - t) * corner + t**2 * q)
    return np.array([*done, points[-1]])


def length(points):
    """Inches of a way."""
    return float(np.linalg.norm(np.diff(points, axis=0), axis=1).sum())


def along(points, share):
    """The point at a share of a way's length, and the unit vector of the way there."""
    steps = np.diff(points, axis=0)
    lengths = np.linalg.norm(steps, axis=1)
    ends = np.cumsum(lengths)
    k = min(int(np.searchsorted(ends, share * ends[-1])), len(steps) - 1)
    unit = steps[k] / lengths[k]
    return points[k] + (share * ends[-1] - ends[k] + lengths[k]) * unit, unit


def shorten(points, inches):
    """The way without the last `inches` of its length, of which it has more."""
    ends = np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))
    end, _ = along(points, 1 - inches / ends[-1])
    return np.vstack([points[: np.searchsorted(ends, ends[-1] - inches) + 1], end])


def beside(points, share, side, width, height, gap):
    """Centre of a text of (width, height) beside a way, clear of it by `gap`.

    On an upright line "above" is left and "below" right. Where the way bends towards the text, the text moves
    a little outwards, or else along the way.
    """
    want = direction(side)
    for shift in (0, 0.05, -0.05, 0.1, -0.1, 0.2, -0.2, 0.3, -0.3):
        at, unit = along(points, min(max(share + shift, 0), 1))
        normal = np.array([-unit[1], unit[0]])
        toward = want if abs(normal @ want) >= 0.3 else np.array([-want[1], want[0]])
        normal = normal if normal @ toward > 0 else -normal
        reach = abs(normal[0]) * width / 2 + abs(normal[1]) * height / 2 + gap
        for more in np.arange(0, 0.2, 0.01):
            centre = at + (reach + more) * normal
            if near(points, centre, width, height) > gap - 0.002:
                return tuple(centre.tolist())
    raise ValueError(f"no clear place {side} the line for a text of {width:.2f} × {height:.2f} inches")


def near(points, centre, width, height):
    """Inches between a way and an upright rectangle; 0 where they meet."""
    steps = np.linspace(0, 1, 40)[:, None, None]
    dense = (points[:-1] * (1 - steps) + points[1:] * steps).reshape(-1, 2)
    away = np.maximum(np.abs(dense - np.array(centre)) - np.array([width, height]) / 2, 0)
    return float(np.hypot(*away.T).min())


def brace(start, end, height):
    """(N, 2) points of a curly brace from start to end; its tip is `height` inches to the left of the way."""
    chord = end - start
    length = np.linalg.norm(chord)
    unit = chord / length
    normal = np.array([-unit[1], unit[0]])
    r = min(height / 2, length / 4)
    height = 2 * r
    angle = np.linspace(0, math.pi / 2, 12)
    first = np.stack([r - r * np.cos(angle), r * np.sin(angle)], 1)  # away from the start, then along
    second = np.stack([length / 2 - r + r * np.sin(angle), height - r * np.cos(angle)], 1)  # out to the tip
    half = np.vstack([first, second])
    whole = np.vstack([half, (length, 0) + half[::-1] * (-1, 1)])
    return start + whole[:, :1] * unit + whole[:, 1:] * normal


def crosses(points, box, slack):
    """Whether a way goes through a box (left, bottom, right, top) that is smaller by `slack` all round."""
    from matplotlib.path import Path
    from matplotlib.transforms import Bbox

    left, bottom, right, top = box
    inner = Bbox([(left + slack, bottom + slack), (right - slack, top - slack)])
    return Path(points).intersects_bbox(inner, filled=False)
