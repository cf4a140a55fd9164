"""Widgets that are alive in static HTML (precomputed) and with a kernel (computed)."""
from .explore import Explore, explore
from .net import Net, draw
from .scene import Scene, bars, heat, panel, path, points, rect, scene

__all__ = ["Net", "draw", "Explore", "explore", "Scene", "scene", "panel", "heat", "path", "points", "rect", "bars"]
