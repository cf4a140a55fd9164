"""Panels of arrays that move with sliders: Python hands over numbers, the page draws the selected slice.

A layer holds an array whose first axes, named in ``dims``, run over parameters of the scene. Colours are
names of the palette of ``course_utils.plots`` ("blue", "orange", "green", "purple", "sky", "gold", "red",
"ink") or hex codes.
"""

from __future__ import annotations

import re

import numpy as np
import traitlets as t

from .. import plots
from .base import Widget, array, caption, check_alt, check_kinds, deflate, module, parameters

NAMES = ("blue", "orange", "green", "purple", "sky", "gold", "red", "ink")
CMAPS = ("viridis", "coolwarm", "gray", "gray_r")
_TAIL = {
    "heat": "(H, W)",
    "image": "(H, W, 3)",
    "path": "(N, 2)",
    "points": "(N, 2)",
    "rect": "(M, 4)",
    "bars": "(N,)",
    "curves": "(S, N)",
    "label": "()",
    "rule": "()",
}


class Scene(Widget):
    """The widget behind :func:`scene`."""

    _esm = module("scene")
    spec = t.Dict().tag(sync=True)
    arrays = t.Dict().tag(sync=True)
    data = t.Bytes(b"").tag(sync=True)


def color(value):
    """Return a palette name or a hex code; the palette's own hex codes become names, which follow the theme.

    Raises:
        ValueError: neither.
    """
    if value is None or value in NAMES:
        return value
    for name in NAMES:
        if str(value).lower() == getattr(plots, name.upper()).lower():
            return name
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", str(value)):
        raise ValueError(
            f"scene: unknown colour {value!r}, use one of {', '.join(NAMES)} or a code such as #0072b2"
        )
    return value


def _layer(kind, a, dims, bits, **more):
    """Check the axes that belong to the layer itself; the ones before it are the parameters'."""
    dims, a = [dims] if isinstance(dims, str) else list(dims), array(kind, "the array", a)
    tail, own = _TAIL[kind], a.shape[len(dims) :]
    if kind in ("path", "points"):
        good = len(own) == 2 and own[1] == 2
    elif kind == "image":
        good = len(own) == 3 and own[2] == 3
    elif kind == "rect":
        good = len(own) == 2 and own[1] == 4
    else:
        good = len(own) == tail.count(",") + (tail not in ("()", "(N,)"))
    if not good:
        expected = "(" + ", ".join([*dims, *filter(None, [tail.strip("(),")])]) + ")"
        raise ValueError(f"{kind}: the array has shape {a.shape}, expected {expected}")
    return {"type": kind, "dims": dims, "_array": a, "_bits": bits, **more}


def heat(
    a,
    dims=(),
    *,
    ext=None,
    cmap="viridis",
    lo=None,
    hi=None,
    upto=None,
    smooth=False,
    origin="upper",
    bar=False,
):
    """A heat map of an array, shape (*dims, H, W), quantised to 256 colours.

    Args:
        a: the numbers.
        dims: the names of the parameters its first axes run over.
        ext: (x0, x1, y0, y1) of its outer edges; default one unit per entry.
        cmap: "viridis", "coolwarm", "gray" or "gray_r".
        lo, hi: the values of the first and last colour; default the extremes of ``a``.
        upto: the parameter that says how many entries, row by row, are shown.
        smooth: interpolate between entries.
        origin: "upper" puts row 0 on top, "lower" at the bottom.
        bar: draw a colour bar beside the panel.
    """
    if cmap not in CMAPS:
        raise ValueError(f"heat: unknown cmap {cmap!r}, use one of {', '.join(CMAPS)}")
    layer = _layer("heat", a, dims, 8, cmap=cmap, upto=upto, smooth=smooth, bar=bool(bar))
    a = layer["_array"]
    h, w = a.shape[-2:]
    if origin == "lower":
        layer["_array"] = a[..., ::-1, :]
    lo, hi = float(a.min()) if lo is None else float(lo), float(a.max()) if hi is None else float(hi)
    return {**layer, "_clip": (lo, hi), "lo": lo, "hi": hi, "ext": list(ext or (0, w, 0, h))}


def image(a, dims=(), *, ext=None, smooth=True):
    """A photograph, shape (*dims, H, W, 3), uint8 or floats from 0 to 1; row 0 on top."""
    whole = "int" in str(getattr(a, "dtype", np.asarray(a).dtype))
    layer = _layer("image", a, dims, 0, smooth=smooth)
    a = layer["_array"]
    if a.min() < 0 or a.max() > (255 if whole else 1):
        raise ValueError("image: values must be uint8, or floats from 0 to 1")
    layer["_array"] = np.round(a if whole else 255 * a).astype(np.uint8)
    h, w = a.shape[-3:-1]
    return {**layer, "ext": list(ext or (0, w, 0, h))}


def path(a, dims=(), *, upto=None, color=None, width=2, dot=True):
    """A polyline, shape (*dims, N, 2), up to the point that the parameter ``upto`` says, with a dot there."""
    return _layer("path", a, dims, 16, upto=upto, color=_color(color), width=width, dot=dot)


def points(a, dims=(), *, color=None, r=3):
    """Discs of radius ``r`` pixels at points, shape (*dims, N, 2)."""
    return _layer("points", a, dims, 16, color=_color(color), r=r)


def rect(a, dims=(), *, color=None, width=3):
    """Rectangles (x0, y0, x1, y1), shape (*dims, M, 4) or, for one, (*dims, 4)."""
    dims = [dims] if isinstance(dims, str) else list(dims)
    a = array("rect", "the array", a)
    if a.ndim == len(dims) + 1:
        a = a[..., None, :]
    return _layer("rect", a, dims, 32, color=_color(color), width=width)


def bars(a, dims=(), *, color=None):
    """Bars of the given heights, shape (*dims, N), over 0.5, 1.5, …; ``panel(xlabels=...)`` names them."""
    return _layer("bars", a, dims, 16, color=_color(color))


def curves(y, dims=(), *, x=None, labels=None, colors=None, upto=None, width=2):
    """Curves over a common x, with a legend.

    Args:
        y: shape (*dims, S, N) for S curves of N points, or (*dims, N) for one.
        x: shape (N,); default 0, 1, 2, …
        labels: S texts for the legend.
        colors: S colours; default the palette in order.
        upto: the parameter that says how many points are shown; a dot marks the last.
        width: of the lines, in pixels.
    """
    dims = [dims] if isinstance(dims, str) else list(dims)
    y = array("curves", "y", y)
    if y.ndim == len(dims) + 1:
        y = y[..., None, :]
    layer = _layer("curves", y, dims, 16, upto=upto, width=width)
    count, n = y.shape[-2:]
    x = array("curves", "x", np.arange(n) if x is None else x)
    if x.shape != (n,):
        raise ValueError(f"curves: x has shape {x.shape}, expected ({n},) as y has {n} points")
    for what, given in (("labels", labels), ("colors", colors)):
        if given is not None and len(given) != count:
            raise ValueError(f"curves: {len(given)} {what} for {count} curves")
    colors = [_color(c) for c in colors] if colors else [NAMES[i % 7] for i in range(count)]
    return {**layer, "x": [float(v) for v in x], "labels": list(labels or ()), "colors": colors}


def label(text, x, y, value=None, dims=(), *, color="ink", align="center"):
    """A text at (x, y); ``{}`` in it is replaced by ``value``, shape (*dims,)."""
    if align not in ("left", "center", "right"):
        raise ValueError(f"label: align must be left, center or right, got {align!r}")
    layer = _layer("label", 0.0 if value is None else value, () if value is None else dims, 32)
    return {**layer, "text": str(text), "x": float(x), "y": float(y), "color": _color(color), "align": align}


def rule(value, dims=(), *, axis="y", text="", color="ink"):
    """A dashed reference line at y (``axis="x"``: x) equal to ``value``, shape (*dims,), with a text."""
    if axis not in ("x", "y"):
        raise ValueError(f"rule: axis must be 'x' or 'y', got {axis!r}")
    return _layer("rule", value, dims, 32, axis=axis, text=str(text), color=_color(color))


_color = color  # the layers have an argument of that name


def panel(
    *layers, x=None, y=None, title="", aspect=None, axes=None, weight=1.0, drag=None, xlabel="", ylabel="",
    logx=False, logy=False, xlabels=None, ylabels=None,
):  # fmt: skip
    """One picture of a scene.

    Args:
        layers: drawn in this order.
        x, y: (left, right) and (bottom, top) of the axes; default what the layers need.
        title: above the panel; wraps if it must.
        aspect: height over width of the axes; default 1, or 0.62 with curves or bars.
        axes: draw a frame with ticks; default only if the axes have a label, curves or a log scale.
        weight: the panel's share of the width.
        drag: (name, name) of the numeric parameters that follow the pointer along x and y; one may be None.
        xlabel, ylabel: names of the axes, with units.
        logx, logy: logarithmic axes.
        xlabels, ylabels: names of the columns 0.5, 1.5, … and of the rows, instead of ticks.
    """
    if not layers:
        raise ValueError("panel: give at least one layer, such as heat(a)")
    kinds = {layer["type"] for layer in layers}
    if (logx or logy) and kinds & {"heat", "image", "bars"}:
        raise ValueError("panel: heat maps, images and bars need linear axes")
    limits = [
        _limits(layers, k, log) if given is None else given for k, given, log in ((0, x, logx), (1, y, logy))
    ]
    for name, lim, log in (("x", limits[0], logx), ("y", limits[1], logy)):
        if len(lim) != 2 or lim[0] == lim[1] or (log and min(lim) <= 0):
            raise ValueError(
                f"panel: {name}={tuple(lim)} must be two different numbers{', both positive' * log}"
            )
    plot = bool(kinds & {"curves", "bars"})
    return {
        "layers": list(layers),
        "x": [float(v) for v in limits[0]],
        "y": [float(v) for v in limits[1]],
        "title": title,
        "aspect": (0.62 if plot else 1.0) if aspect is None else aspect,
        "axes": bool(xlabel or ylabel or logx or logy or "curves" in kinds) if axes is None else axes,
        "weight": weight,
        "drag": list(drag) if drag else None,
        "xlabel": caption(xlabel),
        "ylabel": caption(ylabel),
        "log": [bool(logx), bool(logy)],
        "xlabels": [str(s) for s in xlabels] if xlabels is not None else None,
        "ylabels": [str(s) for s in ylabels] if ylabels is not None else None,
    }


def _limits(layers, k, log):
    """Return the smallest interval, with a margin, that holds every layer along axis k."""
    values, exact = [], False
    for layer in layers:
        a = layer["_array"]
        if layer["type"] in ("heat", "image"):
            values, exact = [*values, *layer["ext"][2 * k : 2 * k + 2]], True
        elif layer["type"] in ("path", "points"):
            values += [a[..., k].min(), a[..., k].max()]
        elif layer["type"] == "rect":
            values += [a[..., k::2].min(), a[..., k::2].max()]
        elif layer["type"] == "bars":
            values, exact = (
                [*values, *((0, a.shape[-1]) if k == 0 else (min(0, a.min()), 1.05 * a.max()))],
                True,
            )
        elif layer["type"] == "curves":
            values += [min(layer["x"]), max(layer["x"])] if k == 0 else [a.min(), a.max()]
        elif layer["type"] == "rule" and layer["axis"] == "xy"[k]:
            values += [a.min(), a.max()]
    if not values:
        raise ValueError(f"panel: give {'xy'[k]}=(low, high), the layers do not say it")
    low, high = float(min(values)), float(max(values))
    if log:
        if low <= 0:
            raise ValueError(f"panel: the {'xy'[k]} axis is logarithmic, but the smallest value is {low:g}")
        margin = (high / low) ** 0.05 if high > low else 2
        return low / margin, high * margin
    margin = 0 if exact else 0.05 * (high - low) or 0.5
    return (low - margin, high + margin) if high > low or margin else (low - 0.5, high + 0.5)


def scene(*panels, alt, start=None, play=None, **params):
    """Show panels side by side (stacked on a narrow screen) over one set of controls.

    Args:
        panels: made by :func:`panel`.
        alt: what the picture shows, for readers who do not see it.
        start: {name: value} to begin with; by default the first of each list.
        play: the name, or names, of parameters with a play button.
        **params: numbers become a slider, strings buttons or a select, [False, True] a checkbox.

    Returns:
        Scene, to be displayed.

    Raises:
        ValueError: an array that does not fit the parameters, an unknown parameter or start value.

    Source: the widget of the convolution chapter.
    """
    check_alt("scene", alt)
    check_kinds("scene", str | list | tuple | None, "the name of a parameter, or a list of names", play=play)
    if not panels:
        raise ValueError("scene: give at least one panel")
    described, index = parameters("scene", params, start)
    play = [play] if isinstance(play, str) else list(play or ())
    kinds = {p["name"]: p["kind"] for p in described}
    for name in play:
        if kinds.get(name) != "slider":
            raise ValueError(f"scene: play={name!r} is not a parameter with a slider")
    store, out = Store(), []
    for p in panels:
        for name in p["drag"] or ():
            if name is not None and kinds.get(name) != "slider":
                raise ValueError(f"scene: drag={name!r} is not a parameter with a slider")
        out.append({**p, "layers": [store.add(layer, params) for layer in p["layers"]]})
    return Scene(
        spec={"panels": out, "play": play},
        params=described,
        index=index,
        alt=alt,
        arrays=store.arrays,
        data=deflate("scene", store.blob),
    )


class Store:
    """Packs the layers' arrays, quantised to what a screen can show; equal arrays travel once."""

    def __init__(self):
        self.arrays, self.blob, self.seen = {}, bytearray(), {}

    def add(self, layer, params):
        """Check a layer against the parameters and return it with the name of its packed array."""
        a, kind, names = layer["_array"], layer["type"], ", ".join(params) or "none"
        for d, n in zip(layer["dims"], a.shape, strict=False):
            if d not in params:
                raise ValueError(f"{kind}: dimension {d!r} is not a parameter of the scene ({names})")
            if n != len(params[d]):
                raise ValueError(f"{kind}: dimension {d!r} has {n} entries, its parameter {len(params[d])}")
        if layer.get("upto") not in (None, *params):
            raise ValueError(f"{kind}: upto={layer['upto']!r} is not a parameter of the scene ({names})")
        raw, meta = quantise(a, layer["_bits"], layer.get("_clip"))
        key = (raw, str(meta))
        if key not in self.seen:
            self.seen[key] = f"a{len(self.arrays)}"
            self.blob += b"\0" * (-len(self.blob) % 4)
            self.arrays[self.seen[key]] = {**meta, "offset": len(self.blob), "nbytes": len(raw)}
            self.blob += raw
        return {**{k: v for k, v in layer.items() if k[0] != "_"}, "a": self.seen[key]}


def quantise(a, bits, clip=None):
    """Return an array as (bytes, description).

    Args:
        a: any shape; uint8 for ``bits=0``.
        bits: 8 or 16 for integers spread evenly over the range, 32 for floats, 0 for bytes as they are.
        clip: (low, high) of the range; default that of ``a``.
    """
    shape = list(a.shape)
    if bits == 0:
        return a.tobytes(), {"dtype": "byte", "shape": shape}
    if bits == 32:
        return a.astype("<f4").tobytes(), {"dtype": "f32", "shape": shape}
    lo, hi = clip or (float(a.min()), float(a.max()))
    scaled = (np.clip(a, lo, hi) - lo) / ((hi - lo) or 1) * (2**bits - 1)
    raw = np.round(scaled).astype(np.uint8 if bits == 8 else "<u2").tobytes()
    return raw, {"dtype": f"u{bits}", "lo": lo, "hi": hi, "shape": shape}
