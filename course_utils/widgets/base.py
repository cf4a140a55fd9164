"""What every widget shares: the grid of its parameters, the packing of arrays, the common JavaScript."""

from __future__ import annotations

import itertools
import math
import re
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path

import anywidget
import numpy as np
import traitlets as t

HERE = Path(__file__).parent
MAX_BYTES = 8_000_000  # of one widget's arrays before deflating: more would make a page slow to open


class Widget(anywidget.AnyWidget):
    """An anywidget whose text form has no memory address, so that two runs of a notebook compare equal."""

    _css = (HERE / "style.css").read_text("utf8")
    alt = t.Unicode("").tag(sync=True)
    params = t.List().tag(sync=True)
    index = t.List().tag(sync=True)

    def __repr__(self):
        return f"<{type(self).__name__.lower()}: {self.alt}>"


def module(*names):
    """Return the JavaScript of one widget: the shared functions, then its own files, without comments.

    Args:
        names: the files' names without ``.js``, in order.
    """
    return "".join(_lean((HERE / f"{name}.js").read_text("utf8")) for name in ("common", *names))


def _lean(script):
    """Return a script without indentation and comments; text between backticks stays as it is.

    A comment goes if it fills a line, or follows ``;``, ``{``, ``(`` or ``,`` and holds no quotation mark.
    """
    kept, quoted = [], False
    for line in script.splitlines():
        plain = line.strip()
        if quoted or (plain and not plain.startswith("//")):
            kept.append(line if quoted else re.sub(r"(?<=[;{(,])\s+// [^`'\"]*$", "", line.lstrip()))
        quoted ^= line.count("`") % 2
    return "\n".join(kept) + "\n"


def check_alt(who, alt):
    """Raise ValueError unless ``alt`` is a text that can stand in for the picture."""
    if not isinstance(alt, str) or not alt.strip():
        raise ValueError(f"{who}: alt must be a sentence that says what the picture shows")


def check_kinds(who, kind, expected, **values):
    """Raise ValueError unless all values, by their names, are of a kind; ``expected`` says it in words."""
    for name, value in values.items():
        if not isinstance(value, kind):
            raise ValueError(f"{who}: {name} is {kind_of(value)}, expected {expected}")


def check_start(who, start):
    """Raise ValueError unless ``start`` is None or has names of parameters for its keys."""
    check_kinds(who, Mapping | None, "{name of a setting: value}", start=start)


def kind_of(value):
    """Return what a value is, for a message: "None", "an int", "a Tensor"."""
    name = type(value).__name__
    return "None" if value is None else f"{'an' if name[0] in 'aeiouAEIO' else 'a'} {name}"


def text(value):
    """Return a grid value as the reader sees it: four significant digits, a true minus sign."""
    if isinstance(value, str):
        return value
    return (f"{value:.4g}" if isinstance(value, float) else str(value)).replace("-", "−")


GREEK = {
    **{"alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "eta": "η", "theta": "θ"},
    **{
        "kappa": "κ",
        "lambda": "λ",
        "mu": "μ",
        "rho": "ρ",
        "sigma": "σ",
        "tau": "τ",
        "phi": "φ",
        "omega": "ω",
    },
}


def caption(name):
    """Return a parameter's label: ``eta`` gives η, ``w1`` gives w₁, ``batch_size`` gives batch size."""
    name = name.strip("_")
    if re.fullmatch(r"[A-Za-z]\d+", name):
        return name[0] + "".join(chr(0x2080 + int(d)) for d in name[1:])
    return GREEK.get(name, name.replace("_", " "))


def parameters(who, grid, start=None):
    """Describe the controls of a widget.

    Numbers become a slider, ``[False, True]`` a checkbox, strings a row of buttons or, if they are many or
    long, a select.

    Args:
        who: the widget's name, for messages.
        grid: {name: values}; the values of one parameter, all different, all numbers or all strings.
        start: {name: value} for the parameters that should not begin at their first value.

    Returns:
        (params, index): one dict per parameter for the JavaScript, and the position of each start value.

    Raises:
        ValueError: an empty grid, a value twice, not a number, mixed types, or a start value outside the
            grid.
    """
    check_start(who, start)
    params, index, start = [], [], dict(start or {})
    for name, values in grid.items():
        if isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
            raise ValueError(f"{who}: {name} must be a list of values, got {values!r}")
        values = [v.item() if hasattr(v, "item") else v for v in values]
        if not values:
            raise ValueError(f"{who}: {name} has no values, give it at least one")
        if len(set(values)) < len(values):
            raise ValueError(f"{who}: {name} has a value twice: {values}")
        flag = all(isinstance(v, bool) for v in values)
        number = not flag and all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in values)
        if not (flag or number or all(isinstance(v, str) for v in values)):
            raise ValueError(
                f"{who}: the values of {name} must be all numbers, all strings or all booleans: {values}"
            )
        if number and not all(math.isfinite(v) for v in values):
            raise ValueError(f"{who}: {name} holds a value that is not finite: {values}")
        first = start.pop(name, values[0])
        if first not in values:
            raise ValueError(f"{who}: start value {name}={first!r} is not in its grid {values}")
        index.append(values.index(first))
        kind = "slider" if number else "check" if flag else "buttons"
        if kind == "buttons" and (len(values) > 4 or sum(map(len, values)) > 40):
            kind = "select"
        steps = [b / a for a, b in itertools.pairwise(values)] if number and min(values) > 0 else []
        params.append(
            {
                "name": name,
                "label": caption(name),
                "kind": kind,
                "text": [text(v) for v in values],
                "start": index[-1],
                "values": [float(v) for v in values] if number else None,
                "log": len(steps) > 1 and max(steps) <= 1.5 * min(steps) and values[-1] / values[0] >= 8,
                "whole": all(isinstance(v, int) for v in values),
            }
        )
    if start:
        raise ValueError(
            f"{who}: start names {', '.join(start)}, which is not a parameter ({', '.join(grid) or 'none'})"
        )
    return params, index


def array(who, what, value):
    """Return ``value`` (number, list, NumPy array or tensor of any shape) as a finite float32 array.

    Raises:
        ValueError: it is not made of numbers, is empty, or holds NaN or infinity; says where.
    """
    if hasattr(value, "detach"):
        value = value.detach().cpu().float().numpy()
    wrong = ValueError(f"{who}: {what} is {kind_of(value)}, expected numbers, in rows of the same length")
    if value is None:
        raise wrong
    try:
        a = np.asarray(value, dtype=np.float32)
    except (TypeError, ValueError):
        raise wrong from None
    if a.size == 0:
        raise ValueError(f"{who}: {what} is empty, shape {a.shape}")
    if not np.isfinite(a).all():
        at = tuple(int(i) for i in np.argwhere(~np.isfinite(a))[0])
        raise ValueError(f"{who}: {what} is not finite at {at}, mask or clip it before drawing")
    return a


def deflate(who, raw):
    """Compress bytes for the page.

    Raises:
        ValueError: more than ``MAX_BYTES`` before compression.
    """
    if len(raw) > MAX_BYTES:
        raise ValueError(
            f"{who}: {len(raw) / 1e6:.1f} MB of arrays, the page holds {MAX_BYTES / 1e6:.0f}: thin out a grid"
        )
    return zlib.compress(bytes(raw), 9)
