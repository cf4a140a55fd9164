"""Plain values to bytes and back, as one safetensors frame: no pickle, no code, every size known
beforehand.
"""

from __future__ import annotations

import json
import struct

MARK = "tree"


def pack(value) -> bytes:
    """A plain value as the bytes of a safetensors file: its tensors, and its structure as JSON in a uint8
    tensor.
    """
    import torch
    from safetensors.torch import save

    tensors: dict = {}

    def walk(v):
        if v is None or type(v) in (bool, float, str):
            return v
        if v is ...:
            return ["..."]
        if type(v) is int:
            return v if abs(v) < 1 << 60 else ["int", str(v)]
        if type(v) in (list, tuple):
            return [type(v).__name__, [walk(item) for item in v]]
        if type(v) is dict:
            return ["dict", [[walk(k), walk(item)] for k, item in v.items()]]
        name = f"t{len(tensors)}"
        tensors[name] = v.contiguous().clone()  # tensors that share memory cannot be saved
        return ["tensor", name]

    tree = json.dumps(walk(value)).encode("ascii")
    tensors[MARK] = torch.frombuffer(bytearray(tree), dtype=torch.uint8)
    return save(tensors)


def unpack(blob: bytes, header: int, tree: int):
    """The plain value in the bytes of ``pack``.

    Args:
        blob: bytes, perhaps forged.
        header, tree: the largest header and structure accepted, in bytes.

    Raises:
        ValueError: too large, malformed, or no result of ``pack``; never runs anything from the bytes.
    """
    from safetensors.torch import load

    try:
        if len(blob) < 8 or struct.unpack_from("<Q", blob)[0] > header:
            raise ValueError("header too large")
        tensors = load(blob)
        text = tensors.pop(MARK)
        if text.numel() > tree or str(text.dtype) != "torch.uint8":
            raise ValueError("structure too large")
        return _build(
            json.loads(bytes(text.tolist()) if text.numel() < 4096 else text.numpy().tobytes()), tensors
        )
    except ValueError:
        raise
    except Exception as error:
        raise ValueError(f"malformed ({type(error).__name__})") from None


def structure(blob: bytes, header: int) -> int:
    """Bytes of the structure that the header of ``blob`` announces; ValueError if there is none."""
    try:
        (size,) = struct.unpack_from("<Q", blob)
        start, end = json.loads(blob[8 : 8 + min(size, header)])[MARK]["data_offsets"]
        return max(0, int(end) - int(start))
    except Exception as error:
        raise ValueError(f"malformed ({type(error).__name__})") from None


def _build(v, tensors):
    if type(v) is not list:
        if type(v) is dict:
            raise ValueError("malformed structure")
        return v
    kind, *rest = v
    if kind == "...":
        return ...
    (body,) = rest
    if kind == "int":
        return int(body)
    if kind == "list":
        return [_build(item, tensors) for item in body]
    if kind == "tuple":
        return tuple([_build(item, tensors) for item in body])
    if kind == "dict":
        return {_build(k, tensors): _build(item, tensors) for k, item in body}
    if kind == "tensor":
        return tensors[body]
    raise ValueError("malformed structure")


def frames(data: bytes, most: int):
    """Yield the frames of a stream of ``<length, 8 bytes little-endian> <bytes>``; stops at the first
    broken one.
    """
    i, view = 0, memoryview(data)
    for _ in range(most):
        if i + 8 > len(data):
            return
        (size,) = struct.unpack_from("<Q", data, i)
        i += 8
        if size > len(data) - i:
            return
        yield bytes(view[i : i + size])
        i += size
