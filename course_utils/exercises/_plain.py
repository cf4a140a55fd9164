"""Reduce any value to plain data: built-in numbers, strings and containers, and dense CPU tensors.

Only exact types pass, so an object that claims to equal everything, or a tensor subclass that overrides a
comparison, never reaches one. This file stands alone: the grader copies it into the sandbox.
"""

from __future__ import annotations

import math

MAX_ITEMS, MAX_DEPTH = 200_000, 40


class NotPlain(TypeError):
    """The value is, or contains, something that is no plain data; says what and where."""


def plain(value, where: str = "the result"):
    """Return a plain copy of ``value``.

    Args:
        value: anything.
        where: how the value is called in messages.

    Returns:
        None, ..., bool, int, float, str, list, tuple, dict (with plain keys) or a detached, contiguous CPU
        tensor.

    Raises:
        NotPlain: a value of another type, a self-reference, or more than 200,000 items.
    """
    import numpy as np
    import torch

    budget = [MAX_ITEMS]

    def walk(v, path, depth):
        budget[0] -= 1
        if budget[0] < 0 or depth > MAX_DEPTH:
            raise NotPlain(f"{where} is too large or too deep")
        kind = type(v)
        if v is None or v is ... or kind in (bool, int, str):
            return v
        if kind is float:
            return v
        if kind in (torch.Tensor, torch.nn.Parameter):
            if v.layout is not torch.strided or v.is_quantized or v.device.type == "meta":
                raise NotPlain(f"{path} is not a dense tensor")
            return v.detach().to("cpu").resolve_conj().resolve_neg().contiguous().clone()
        if kind is np.ndarray:
            if v.dtype.kind not in "biuf":
                raise NotPlain(f"{path} is a NumPy array of dtype {v.dtype}, not of numbers")
            return torch.from_numpy(np.array(v, order="C", dtype=v.dtype.newbyteorder("=")))
        if isinstance(v, np.generic) and kind.__module__ == "numpy" and v.dtype.kind in "biuf":
            return v.item()
        if kind in (list, tuple, torch.Size):
            kind = list if kind is list else tuple
            return kind([walk(item, f"{path}[{i}]", depth + 1) for i, item in enumerate(v)])
        if kind is dict or (isinstance(v, dict) and kind.__module__ == "collections"):
            return {key(k, path): walk(item, f"{path}[{k!r}]", depth + 1) for k, item in v.items()}
        raise NotPlain(f"{path} is of type {kind.__name__}")

    def key(k, path):
        if type(k) in (str, int, bool) or k is None:
            return k
        if type(k) is float and math.isfinite(k):
            return k
        if type(k) is tuple:
            return tuple(key(part, path) for part in k)
        raise NotPlain(f"{path} has a key of type {type(k).__name__}")

    return walk(value, where, 0)


def copy(value, device=None):
    """A deep copy of plain data, tensors included, which go to ``device`` if one is given."""
    kind = type(value)
    if kind in (list, tuple):
        return kind([copy(v, device) for v in value])
    if kind is dict:
        return {k: copy(v, device) for k, v in value.items()}
    return value.clone().to(device) if hasattr(value, "clone") else value


def same(a, b) -> bool:
    """Whether two plain values are equal bit for bit, counting NaN as equal to NaN."""
    if type(a) is not type(b):
        return False
    if type(a) in (list, tuple):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b))  # noqa: B905 (lengths just compared)
    if type(a) is dict:
        return list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    if hasattr(a, "untyped_storage"):
        if a.shape != b.shape or a.dtype != b.dtype:
            return False
        return bool(((a == b) | ((a != a) & (b != b))).all())
    return a == b or (a != a and b != b)
