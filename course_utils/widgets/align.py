"""Attention weights as lines between two lists of symbols, and as a heat map; pointer or keys choose one."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import traitlets as t

from .base import HERE, Widget, array, check_alt, check_kinds, deflate, module, parameters

MOST = 40  # symbols on one side: more would not fit on a phone


class Align(Widget):
    """The widget behind :func:`align`."""

    _esm = module("align")
    _css = Widget._css + (HERE / "align.css").read_text("utf8")
    maps = t.List().tag(sync=True)
    data = t.Bytes(b"").tag(sync=True)
    at = t.Int(0).tag(sync=True)


def align(words, *, alt, start=None, names=("example", "weights")):
    """Show which symbols attended to which; pointer, taps and arrow keys choose a symbol on either side.

    Args:
        words: {example: {name of a map: (outputs, sources, weights)}}, every example with the same names of
            maps. ``outputs`` (T symbols) stand on the left, ``sources`` (S symbols) on the right, ``weights``
            (T, S) between 0 and 1 say how much each output took from each source.
        alt: what the picture shows, for readers who do not see it.
        start: {name of a control: value} of what is shown first; default the first of everything.
        names: of the two controls, for the example and for its maps (layers, heads).

    Returns:
        Align, to be displayed.

    Raises:
        ValueError: no examples, other maps than in the first example, too many symbols, or weights of another
            shape or outside 0 to 1; says which.

    Source: the attention chapter.
    """
    check_alt("align", alt)
    check_kinds("align", Mapping, "{word: {name of a map: (outputs, sources, weights)}}", words=words)
    for word, maps in words.items():
        check_kinds("align", Mapping, "{name of a map: (outputs, sources, weights)}", **{repr(word): maps})
    if not words or not all(words.values()):
        raise ValueError("align: give at least one example with one map")
    kinds = list(next(iter(words.values())))
    described, index = parameters("align", {names[0]: list(words), names[1]: kinds}, start)
    packed, raw = [], b""
    for word, maps in words.items():
        if list(maps) != kinds:
            raise ValueError(f"align: {word!r} has the maps {list(maps)}, expected {kinds}")
        for kind, (outputs, sources, weights) in maps.items():
            values = _weights(f"{word!r}, {kind!r}", outputs, sources, weights)
            packed.append([list(map(str, outputs)), list(map(str, sources)), len(raw)])
            raw += np.round(255 * values).astype(np.uint8).tobytes()
    return Align(maps=packed, params=described, index=index, alt=alt, data=deflate("align", raw))


def _weights(where, outputs, sources, weights):
    """Check one map and return its weights (T, S) as float32."""
    values = array("align", where, weights)
    if values.shape != (len(outputs), len(sources)):
        raise ValueError(
            f"align: {where} has weights of shape {values.shape} for {len(outputs)} outputs and "
            f"{len(sources)} sources"
        )
    if max(values.shape) > MOST:
        raise ValueError(f"align: {where} has more than {MOST} symbols on one side")
    if values.min() < -1e-6 or values.max() > 1 + 1e-6:
        raise ValueError(f"align: {where} has weights outside 0 to 1, apply the softmax first")
    return values.clip(0, 1)
