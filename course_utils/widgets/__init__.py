"""Widgets that are alive in static HTML, without a kernel, and compute more with one.

Python computes, JavaScript draws: ``explore`` moves any matplotlib figure over a grid, ``scene`` draws
arrays, ``graph`` steps through a computation graph, ``draw`` runs a small trained network on what the reader
draws, ``kernel`` lets the reader edit a 3 × 3 filter on a photograph, ``layers`` walks through the layers of
networks, ``align`` shows which symbols attended to which, ``words``
adds and subtracts word vectors, ``playground`` trains a small network in the page, ``convnet`` looks through
a trained convolutional one, ``gpt`` writes with a small language model.
"""

from .align import Align, align
from .convnet import ConvNet, convnet
from .draw import Draw, draw
from .explore import Explore, explore
from .gpt import Gpt, Writer, gpt, rounded
from .graph import Graph, graph
from .kernel import Kernel, kernel
from .layers import Layers, layers
from .playground import Playground, playground
from .scene import Scene, bars, curves, heat, image, label, panel, path, points, rect, rule, scene
from .words import Words, words

__all__ = [
    "Align",
    "ConvNet",
    "Draw",
    "Explore",
    "Gpt",
    "Graph",
    "Kernel",
    "Layers",
    "Playground",
    "Scene",
    "Words",
    "Writer",
    "align",
    "bars",
    "convnet",
    "curves",
    "draw",
    "explore",
    "gpt",
    "graph",
    "heat",
    "image",
    "kernel",
    "label",
    "layers",
    "panel",
    "path",
    "playground",
    "points",
    "rect",
    "rounded",
    "rule",
    "scene",
    "words",
]
