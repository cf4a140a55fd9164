"""Compare numbers, and write values as short text."""

from __future__ import annotations

import math

FEW = 12  # a tensor of at most so many entries is written out


def is_tensor(value) -> bool:
    return hasattr(value, "untyped_storage")


def is_scalar(value) -> bool:
    """Whether the value is a tensor with one entry and no dimension."""
    return is_tensor(value) and value.ndim == 0


def close(expected: float, got: float, rtol: float, atol: float) -> bool:
    """|got - expected| <= atol + rtol |expected|; equal infinities and NaN count as equal."""
    if expected == got or (expected != expected and got != got):
        return True
    return abs(got - expected) <= atol + rtol * abs(expected) and math.isfinite(expected)


def close_entries(expected, got, rtol: float, atol: float):
    """A bool tensor: where two tensors of one shape and dtype agree, computed in float64."""
    import torch

    if expected.dtype.is_complex:
        return torch.isclose(got, expected, rtol=rtol, atol=atol, equal_nan=True)
    if not expected.dtype.is_floating_point:
        return expected == got
    return torch.isclose(got.double(), expected.double(), rtol=rtol, atol=atol, equal_nan=True)


def kind(value) -> str:
    """What a value is, in words."""
    if is_tensor(value):
        return f"a tensor of shape {tuple(value.shape)}"
    if type(value) in (tuple, list):
        return f"a {type(value).__name__} of {len(value)} items"
    if value is None or value is ...:
        return "None" if value is None else "`...`"
    words = {bool: "a bool", int: "an int", float: "a float", str: "a string", dict: "a dict"}
    return words.get(type(value), f"of type {type(value).__name__}")


def show(value, digits: int | None = 2, limit: int = 70) -> str:
    """A value as one short line of text; tensors with many entries by their shape.

    Args:
        value: plain data.
        digits: decimals; None for as many as the number has.
        limit: longest text; a longer one is cut.
    """
    if is_tensor(value):
        if value.numel() > FEW:
            return f"shape {tuple(value.shape)}"
        text = _entries(value, digits)
    elif type(value) is str:
        text = repr(value)
    elif type(value) in (list, tuple):
        inner = ", ".join(show(v, digits, limit) for v in value[:FEW]) + (", …" if len(value) > FEW else "")
        inner += "," if type(value) is tuple and len(value) == 1 else ""
        text = f"({inner})" if type(value) is tuple else f"[{inner}]"
    elif type(value) is dict:
        items = [f"{show(k, digits)}: {show(v, digits, limit)}" for k, v in list(value.items())[:FEW]]
        text = "{" + ", ".join(items) + (", …" if len(value) > FEW else "") + "}"
    else:
        text = number(value, digits) if type(value) is float else str(value)
    return text if len(text) <= limit else text[: limit - 2] + " …"


def exact(value) -> str:
    """A value as text from which it can be typed again, however long; large tensors by their shape."""
    return show(value, digits=None, limit=400)


def _entries(tensor, digits: int | None) -> str:
    """The entries of a small tensor, all written alike: (1.70, 0.11), or [[1, 2], [3, 4]]."""
    flat = tensor.flatten().tolist()
    if digits is None:
        texts = [str(v) for v in tensor.flatten().numpy()] if tensor.is_floating_point() else map(str, flat)
        texts = [text.removesuffix(".0") for text in texts]
    elif all(type(v) is not float or (math.isfinite(v) and v == round(v) and abs(v) < 1e6) for v in flat):
        texts = [str(int(v) if type(v) is float else v) for v in flat]
    else:
        largest = max((abs(v) for v in flat if type(v) is float and math.isfinite(v)), default=0.0)
        powers = largest and not 10**-digits <= largest < 1e6
        texts = [
            f"{v:.{digits}e}" if powers and math.isfinite(v) else number(v, digits, powers=False)
            for v in flat
        ]
    if tensor.ndim == 0:
        return texts[0]

    def nest(shape, items):
        if len(shape) == 1:
            return f"[{', '.join(items)}]"
        step = len(items) // shape[0] if shape[0] else 0
        return f"[{', '.join(nest(shape[1:], items[i * step : (i + 1) * step]) for i in range(shape[0]))}]"

    return f"({', '.join(texts)})" if tensor.ndim == 1 else nest(tuple(tensor.shape), texts)


def number(v, digits: int | None = 2, powers: bool = True) -> str:
    """A number with ``digits`` decimals; in powers of ten where that would hide it and ``powers`` allows."""
    if type(v) is not float or digits is None:
        return str(v)
    if v != v:
        return "nan"
    if not math.isfinite(v):
        return "inf" if v > 0 else "-inf"
    if powers and v and not 10**-digits <= abs(v) < 1e6:
        return f"{v:.{digits}e}"
    return f"{v:.{digits}f}"


def pair(expected, got, ok=None) -> tuple[str, str]:
    """Both values as text in which their difference shows; of large tensors, the first entry that differs.

    Args:
        expected, got: tensors or numbers.
        ok: for tensors of one shape, the bool tensor of entries that agree.

    Returns:
        (text of expected, text of got), tensors with their shape.
    """
    tails = [f"   shape {tuple(v.shape)}" if is_tensor(v) and v.ndim else "" for v in (expected, got)]
    heads = ["", ""]
    values = [v.item() if is_scalar(v) else v for v in (expected, got)]
    if any(is_tensor(v) and v.numel() > FEW for v in values):
        if ok is None or bool(ok.all()):
            return tails[0].strip() or show(values[0]), tails[1].strip() or show(values[1])
        where = tuple((~ok).nonzero()[0].tolist())
        heads = [f" at [{', '.join(map(str, where))}]"] * 2
        values = [v[where].item() for v in values]
    for digits in (2, 3, 4, 6):
        texts = [show(v, digits, 200) for v in values]
        if texts[0] != texts[1]:
            break
    return texts[0] + heads[0] + tails[0], texts[1] + heads[1] + tails[1]
