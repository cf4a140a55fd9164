"""A small network that trains on the page: data, layers, optimiser and penalties are the reader's choice."""

from __future__ import annotations

import traitlets as t

from .base import HERE, Widget, array, check_alt, module, parameters

ACTIVATIONS = ("linear", "ReLU", "leaky ReLU", "ELU", "tanh", "sigmoid")
MAX_LAYERS, MAX_UNITS = 6, 16
STRENGTHS = [0.0, 0.0001, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3]
ORIGINAL = "the chapter's points"
DATA = ["XOR", "circles", "moons", "spirals", "above or below a curve", "your own points", "a curve"]
GRID = {
    "data": DATA,
    "points": [10, 20, 50, 100, 200, 500],
    "noise": [0.0, 0.1, 0.2, 0.3, 0.5, 0.8],
    "held": [False, True],
    "layers": list(range(MAX_LAYERS + 1)),
    "start": ["zeros", "one scale 0.01", "one scale 0.1", "one scale 1", "Xavier", "He"],
    "seed": list(range(10)),
    "loss": ["cross-entropy", "squares"],
    "optimiser": ["SGD", "momentum", "Nesterov", "AdaGrad", "RMSProp", "Adam", "AdamW"],
    "rate": [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0],
    "schedule": ["constant", "halves every 50 epochs", "falls as 1/√epoch", "cosine over 200 epochs"],
    "batch": ["1", "5", "10", "20", "50", "all"],
    "L1": STRENGTHS,
    "L2": STRENGTHS,
    "dropout": [0.0, 0.1, 0.2, 0.3, 0.5],
    "stop": [False, True],
}
LABELS = {"held": "show test points", "layers": "hidden layers", "stop": "stop when converged"}
START = {"points": 100, "noise": 0.1, "start": "He", "optimiser": "Adam", "rate": 0.03, "batch": "10"}
OWN = [
    [-1.5, 1.5, 1],
    [1.5, -1.5, 1],
    [-1.5, -1.5, -1],
    [1.5, 1.5, -1],
]  # to begin with: a lamp with two switches


class Playground(Widget):
    """The widget behind :func:`playground`."""

    _esm = module("playground_engine", "playground_data", "playground")
    _css = Widget._css + (HERE / "playground.css").read_text("utf8")
    question = t.Unicode("").tag(sync=True)
    name = t.Unicode("").tag(sync=True)
    show = t.List().tag(sync=True)
    net = t.List().tag(sync=True)
    curve = t.Unicode("").tag(sync=True)
    own = t.List().tag(sync=True)
    given = t.List().tag(sync=True)


def playground(question, *, alt, net=((4, "ReLU"),), show=("data", "layers", "seed"), start=None,
               curve="1.5*sin(2*x)", points=None, name="playground"):  # fmt: skip
    """Train a small network in the page, without a kernel, with the numbers of PyTorch in float64.

    Args:
        question: what the reader should find out, one or two sentences above the picture.
        alt: what the picture shows, for readers who do not see it.
        net: (units, activation) of each hidden layer, at most six of 16 units; an activation is "linear",
            "ReLU", "leaky ReLU", "ELU", "tanh" or "sigmoid".
        show: the settings that stand open, others are folded; names from ``GRID``, or "units" for the size
            and activation of each layer.
        start: {setting: value} to begin with, values from ``GRID``.
        curve: a formula in x, for the data "a curve" and "above or below a curve".
        points: (x, y) of the chapter, x of shape (N, 2) within -3 to 3, y of -1 and +1, (N,); they become
            the data set "the chapter's points", every fourth of them for the test.
        name: under which the address of the page keeps the settings; differs between widgets of a page.

    Returns:
        Playground, to be displayed.

    Raises:
        ValueError: a layer, a setting or a value is none of the above; says which.

    Source: the chapters on neurons, optimisers and regularisation.
    """
    check_alt("playground", alt)
    layers = [_layer(i, row) for i, row in enumerate(net)]
    if len(layers) > MAX_LAYERS:
        raise ValueError(
            f"playground: net has {len(layers)} hidden layers, at most {MAX_LAYERS} are possible"
        )
    if unknown := [s for s in show if s not in GRID and s != "units"]:
        raise ValueError(f"playground: show names {unknown[0]!r}; there are {', '.join(GRID)} and units")
    given = [] if points is None else _points(*points)
    grid = {**GRID, "data": [*DATA, ORIGINAL] if given else DATA}
    described, index = parameters("playground", grid, {**START, "layers": len(layers), **(start or {})})
    for p in described:
        p["label"] = LABELS.get(p["name"], p["label"])
        if p["kind"] == "buttons":
            p["kind"] = "select"
    spare = layers[-1] if layers else [4, "ReLU"]
    return Playground(
        alt=alt, question=question, name=name, show=list(show), curve=curve, own=OWN, given=given,
        net=layers + [spare] * (MAX_LAYERS - len(layers)), params=described, index=index,
    )  # fmt: skip


def _layer(i, row):
    """Check one hidden layer and return it as [units, activation]."""
    units, activation = row
    if not 1 <= units <= MAX_UNITS:
        raise ValueError(f"playground: layer {i} of net has {units} units, 1 to {MAX_UNITS} are possible")
    if activation not in ACTIVATIONS:
        raise ValueError(
            f"playground: layer {i} of net has the activation {activation!r}, "
            f"not one of {', '.join(ACTIVATIONS)}"
        )
    return [int(units), activation]


def _points(x, y):
    """Check the chapter's points and return them as [x1, x2, label] with three decimals."""
    x, y = array("playground", "x of points", x), array("playground", "y of points", y)
    if x.ndim != 2 or x.shape[1] != 2 or y.shape != x.shape[:1] or not set(y.tolist()) <= {-1, 1}:
        raise ValueError(
            f"playground: points have the shapes {x.shape} and {y.shape}, "
            "expected (N, 2) and (N,) of -1 and +1"
        )
    return [[round(float(a), 3), round(float(b), 3), int(c)] for (a, b), c in zip(x, y, strict=True)]
