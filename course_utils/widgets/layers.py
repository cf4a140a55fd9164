"""Networks as rows of bars, one bar a layer: size of the map, receptive field, parameters, multiply-adds."""

from __future__ import annotations

from collections.abc import Mapping

import traitlets as t

from .base import HERE, Widget, check_alt, check_kinds, module, parameters

FIELDS = ("name", "shape", "parameters", "multiply-adds", "receptive field")


class Layers(Widget):
    """The widget behind :func:`layers`."""

    _esm = module("layers")
    _css = Widget._css + (HERE / "layers.css").read_text("utf8")
    nets = t.List().tag(sync=True)
    at = t.Int(0).tag(sync=True)


def layers(nets, *, alt, start=None):
    """Show the layers of networks as four rows of bars; pointer and arrow keys choose the one in words.

    Args:
        nets: {name: [layer, ...]}, each layer a tuple (name, shape, parameters, multiply-adds, receptive
            field): a text, (C, H, W) or (D,) of what it puts out, two counts, and pixels of the picture.
        alt: what the picture shows, for readers who do not see it.
        start: the name of the first network shown; default the first of ``nets``.

    Returns:
        Layers, to be displayed.

    Raises:
        ValueError: no networks, a network without layers, or a layer that is none of the above; says which.

    Source: the architectures chapter.
    """
    check_alt("layers", alt)
    check_kinds("layers", Mapping, "{name: [layer, ...]}", nets=nets)
    for name, rows in nets.items():
        check_kinds("layers", list | tuple, "a list of layers", **{repr(name): rows})
    if not nets:
        raise ValueError("layers: give at least one network")
    first = {} if start is None else {"network": start}
    described, index = parameters("layers", {"network": list(nets)}, first)
    packed = [[_layer(name, i, row) for i, row in enumerate(rows)] for name, rows in nets.items()]
    for name, rows in zip(nets, packed, strict=True):
        if not rows:
            raise ValueError(f"layers: {name!r} has no layers")
    return Layers(nets=packed, params=described, index=index, alt=alt)


def _layer(net, i, row):
    """Check one layer and return it as a plain list for the page."""
    where = f"layers: layer {i} of {net!r}"
    if len(row) != len(FIELDS):
        raise ValueError(f"{where} has {len(row)} entries, expected {len(FIELDS)}: {', '.join(FIELDS)}")
    name, shape, *numbers = row
    if len(shape) not in (1, 3) or min(shape) < 1:
        raise ValueError(f"{where} has shape {tuple(shape)}, expected (C, H, W) or (D,)")
    for what, value in zip(FIELDS[2:], numbers, strict=True):
        if value < 0:
            raise ValueError(f"{where}: {what} is {value}, at least 0 is needed")
    return [str(name), [int(n) for n in shape], *[int(n) for n in numbers]]
