"""A small network that trains on the page: data, net, optimiser and penalties are the reader's choice."""

from __future__ import annotations

import operator

import traitlets as t

from . import playground_net
from .base import HERE, Widget, array, check_alt, check_kinds, check_start, kind_of, module, parameters
from .playground_net import ACTIVATIONS, MAX_LAYERS, MAX_UNITS

MAX_POINTS = 1000
STRENGTHS = [0.0, 0.0001, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3]
ORIGINAL = "the notebook's points"
YOURS = "your net"
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

    _esm = module("playground_engine", "playground_data", "playground_frames", "playground")
    _css = Widget._css + (HERE / "playground.css").read_text("utf8")
    question = t.Unicode("").tag(sync=True)
    name = t.Unicode("").tag(sync=True)
    show = t.List().tag(sync=True)
    hidden = t.List().tag(sync=True)
    curve = t.Unicode("").tag(sync=True)
    own = t.List().tag(sync=True)
    given = t.List().tag(sync=True)
    origin = t.Dict().tag(sync=True)
    trained = t.Dict().tag(sync=True)
    like = t.Any()

    def net(self):
        """Return the page's net as it last stood still: after a pause, a step, an epoch or a new setting.

        Returns:
            nn.Sequential, new, with the dtype and device of the net that was opened.

        Raises:
            RuntimeError: no page has shown the widget yet.
        """
        if not self.trained:
            raise RuntimeError("playground: there is no net yet, display the widget first, then train it")
        return playground_net.build(self.trained, self.like)


def playground(net=((4, "ReLU"),), x=None, y=None, *, question="", alt="A small network that trains.",
               show=("data", "optimiser", "rate", "seed"), start=None, curve="1.5*sin(2*x)",
               name="playground"):  # fmt: skip
    """Train a small network in the page, without a kernel, with the numbers of PyTorch in float64.

    ``playground(net, x, y)`` opens your own net on your own points; when it has trained, ``.net()`` of what
    is returned gives it back.

    Args:
        net: an ``nn.Sequential`` to go on from, of Linear layers and the six activations, with one or two
            inputs and one output; or (units, activation) of each hidden layer of a net that the page draws,
            with "linear", "ReLU", "leaky ReLU", "ELU", "tanh" or "sigmoid". Six hidden layers of 16 units at
            most.
        x, y: points, 1000 at most, for the data set "the notebook's points": x of shape (N, 2), and y, (N,),
            of classes -1 and +1, or 0 and 1; or x of shape (N,) or (N, 1), and y, (N,), of any numbers. Of
            forty or more every fourth is kept for the test.
        question: what the reader should find out, one or two sentences above the picture.
        alt: what the picture shows, for readers who do not see it.
        show: the settings that stand open, others are folded; names from ``GRID``, or "units" for the size
            and activation of each layer.
        start: {setting: value} to begin with, values from ``GRID``.
        curve: a formula in x, for the data "a curve" and "above or below a curve".
        name: under which the address of the page keeps the settings; differs between widgets of a page.

    Returns:
        Playground, to be displayed.

    Raises:
        ValueError: a layer, a setting, a value or the points are none of the above; says which.

    Source: the chapters on neurons, optimisers and regularisation.
    """
    check_alt("playground", alt)
    check_start("playground", start)
    check_kinds("playground", str, "text", question=question, curve=curve, name=name)
    check_kinds("playground", list | tuple | set, "a list of names of settings", show=show)
    if unknown := [s for s in show if s not in GRID and s != "units"]:
        raise ValueError(f"playground: show names {unknown[0]!r}; there are {', '.join(GRID)} and units")
    origin, layers, like = _opened(net)
    inputs = origin["sizes"][0] if origin else None
    given = [] if x is None and y is None else _points(x, y, inputs)
    data = ORIGINAL if given else "a curve" if inputs == 1 else DATA[0]
    grid = {
        **GRID,
        "data": [*DATA, ORIGINAL] if given else DATA,
        "start": [YOURS, *GRID["start"]] if origin else GRID["start"],
    }
    first = {**START, "data": data, "layers": len(layers), **({"start": YOURS} if origin else {})}
    described, index = parameters("playground", grid, {**first, **(start or {})})
    for p in described:
        p["label"] = LABELS.get(p["name"], p["label"])
        if p["kind"] == "buttons":
            p["kind"] = "select"
    spare = layers[-1] if layers else [4, "ReLU"]
    return Playground(
        alt=alt, question=question, name=name, show=list(show), curve=curve, own=OWN, given=given,
        origin=origin, trained=origin, like=like, hidden=layers + [spare] * (MAX_LAYERS - len(layers)),
        params=described, index=index,
    )  # fmt: skip


def _opened(net):
    """Return a reader's net in numbers (else {}), hidden layers as [units, activation], a tensor like it."""
    import torch

    if isinstance(net, torch.nn.Sequential):
        origin = playground_net.read(net)
        hidden = zip(origin["sizes"][1:], origin["names"], strict=False)
        return origin, [list(row) for row in hidden], next(net.parameters()).detach()
    if isinstance(net, str | torch.nn.Module) or not hasattr(net, "__iter__"):
        raise ValueError(
            f"playground: net is {kind_of(net)}, expected an nn.Sequential or a list of (units, activation)"
        )
    layers = [_layer(i, row) for i, row in enumerate(net)]
    if len(layers) > MAX_LAYERS:
        raise ValueError(
            f"playground: net has {len(layers)} hidden layers, at most {MAX_LAYERS} are possible"
        )
    return {}, layers, torch.empty(0)


def _layer(i, row):
    """Check one hidden layer and return it as [units, activation]."""
    try:
        units, activation = row
        units = operator.index(units)
    except (TypeError, ValueError):
        raise ValueError(
            f"playground: layer {i} of net is {row!r}, expected (units, activation), such as (4, 'ReLU')"
        ) from None
    if not 1 <= units <= MAX_UNITS:
        raise ValueError(f"playground: layer {i} of net has {units} units, 1 to {MAX_UNITS} are possible")
    if activation not in ACTIVATIONS:
        raise ValueError(
            f"playground: layer {i} of net has the activation {activation!r}, "
            f"not one of {', '.join(ACTIVATIONS)}"
        )
    return [units, activation]


def _points(x, y, inputs):
    """Check points for a net of so many inputs (None: one or two); rows of x and y with six digits."""
    if x is None or y is None:
        raise ValueError("playground: points need both, x and y")
    x, y = array("playground", "x", x), array("playground", "y", y)
    shapes = f"x has the shape {x.shape} and y {y.shape}"
    x = x[:, None] if x.ndim == 1 else x
    y = y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y
    widths = (1, 2) if inputs is None else (inputs,)
    if x.ndim != 2 or x.shape[1] not in widths or y.shape != x.shape[:1]:
        wanted = " or ".join(f"(N, {n})" for n in widths)
        raise ValueError(f"playground: {shapes}, expected {wanted} and (N,)")
    if len(x) > MAX_POINTS:
        raise ValueError(
            f"playground: x has {len(x)} points, the page trains on {MAX_POINTS} at most: pass a part"
        )
    if x.shape[1] == 2:
        classes = set(y.tolist())
        if not (classes <= {-1, 1} or classes <= {0, 1}):
            raise ValueError(
                "playground: with two inputs, y must hold the classes -1 and +1, or 0 and 1, but it holds "
                f"{', '.join(f'{v:g}' for v in sorted(classes)[:4])}"
            )
        y = (y > 0) * 2 - 1
    return [
        [float(f"{v:.6g}") for v in row] + [float(f"{b:.6g}")]
        for row, b in zip(x.tolist(), y.tolist(), strict=True)
    ]
