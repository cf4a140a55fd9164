"""A drawing pad whose picture runs through a small trained network in the page."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import traitlets as t

from .base import MAX_BYTES, Widget, array, check_alt, check_kinds, deflate, module

SUPPORTED = (
    "Conv2d, Linear, BatchNorm1d, BatchNorm2d, MaxPool2d, AvgPool2d, Flatten, ReLU, Sigmoid, Tanh "
    "and, without effect here, Dropout, Identity and a final Softmax"
)


class Draw(Widget):
    """The widget behind :func:`draw`."""

    _esm = module("weights", "pen", "draw")
    layers = t.List().tag(sync=True)
    arrays = t.List().tag(sync=True)
    data = t.Bytes(b"").tag(sync=True)
    input = t.Dict().tag(sync=True)
    labels = t.List().tag(sync=True)


def draw(model, *, shape, labels, alt, mean=0.0, std=1.0, center=False, example=None, bits=8):
    """Show a drawing pad, what the network sees of it, and the network's probabilities.

    The page computes the same function as the model in evaluation mode: equal within 1e-3 with ``bits=32``;
    with ``bits=8`` (int8 weights with one scale for each output, a quarter of the bytes) probabilities
    differ by at most a few hundredths.

    Args:
        model: ``nn.Sequential`` (nested is fine) from (B, *shape) to logits (B, K).
        shape: (C, H, W) of its input; the drawing is copied to all C channels.
        labels: the K names of the classes.
        alt: what the widget does, for readers who do not see it.
        mean, std: input normalisation (x - mean) / std with x from 0 (black) to 1 (white); a number, or C of
            them.
        center: prepare the drawing as MNIST does: longer side 20/28 of the input, centre of mass in the
            middle.
        example: (H, W) picture from 0 to 1 to begin with; default a handwritten two.
        bits: 8 or 32 for each weight.

    Returns:
        Draw, to be displayed.

    Raises:
        TypeError: a layer that the page cannot compute; names it and those it can.
        ValueError: the model does not fit shape or labels, or is too large for a page.

    Source: the input of MNIST, LeCun et al. (1998).
    """
    import torch

    check_alt("draw", alt)
    check_kinds("draw", torch.nn.Module, "an nn.Sequential", model=model)
    check_kinds("draw", Iterable, "(channels, side, side)", shape=shape)
    check_kinds("draw", Iterable, "the names of the classes", labels=labels)
    labels, shape = [str(x) for x in labels], list(shape)
    if bits not in (8, 32):
        raise ValueError(f"draw: bits must be 8 or 32, got {bits!r}")
    if len(shape) != 3 or shape[1] != shape[2]:
        raise ValueError(f"draw: shape must be (channels, side, side), got {tuple(shape)}")
    store = Weights(bits)
    modules = [m for m in _flat(model) if type(m).__name__ not in ("Dropout", "Dropout2d", "Identity")]
    if modules and type(modules[-1]).__name__ in ("Softmax", "LogSoftmax"):
        modules.pop()  # the page takes the softmax itself
    layers = [_layer(m, store) for m in modules]
    was, device = model.training, next((p.device for p in model.parameters()), "cpu")
    try:
        with torch.no_grad():
            out = tuple(model.eval()(torch.zeros(1, *shape, device=device)).shape)
    except RuntimeError as e:
        raise ValueError(f"draw: the model does not accept an input of shape {(1, *shape)}: {e}") from None
    finally:
        model.train(was)
    if out != (1, len(labels)):
        raise ValueError(
            f"draw: the model returns shape {out}, expected {(1, len(labels))} for {len(labels)} labels"
        )
    if len(store.blob) > MAX_BYTES:
        raise ValueError(
            f"draw: {len(store.blob) / 1e6:.1f} MB of weights, the page holds {MAX_BYTES / 1e6:.0f}"
        )
    norm = []
    for what, v in (("mean", mean), ("std", std)):
        v = array("draw", what, v).reshape(-1)
        if v.size not in (1, shape[0]) or (what == "std" and (v <= 0).any()):
            raise ValueError(
                f"draw: {what} must be one number or {shape[0]}{', all positive' * (what == 'std')}"
            )
        norm.append([float(x) for x in np.broadcast_to(v, shape[0])])
    if example is not None:
        example = array("draw", "example", example).reshape(-1)
        if example.size != shape[1] * shape[2] or example.min() < 0 or example.max() > 1:
            raise ValueError(f"draw: example must be {shape[1]} × {shape[2]} numbers from 0 to 1")
        example = np.round(255 * example).astype(int).tolist()
    return Draw(
        layers=layers,
        arrays=store.arrays,
        data=deflate("draw", store.blob),
        labels=labels,
        alt=alt,
        input={"shape": shape, "mean": norm[0], "std": norm[1], "center": bool(center), "example": example},
    )


class Weights:
    """Packs tensors: matrices and kernels as int8 with a scale for each output, the rest as float32."""

    def __init__(self, bits):
        self.bits, self.arrays, self.blob = bits, [], bytearray()

    def add(self, tensor):
        """Append a tensor and return its number."""
        a = array("draw", "a weight", tensor)
        if self.bits == 8 and a.ndim > 1:
            scale = np.abs(a).reshape(len(a), -1).max(1) / 127
            scale[scale == 0] = 1
            self._put(
                np.round(a / scale.reshape(-1, *[1] * (a.ndim - 1))).astype(np.int8),
                scale=[float(s) for s in scale],
            )
        else:
            self._put(a.astype("<f4"))
        return len(self.arrays) - 1

    def _put(self, a, **more):
        self.blob += b"\0" * (-len(self.blob) % 4)
        self.arrays.append({"offset": len(self.blob), "size": a.size, **more})
        self.blob += a.tobytes()


def _flat(model):
    """Yield the layers of nested Sequentials in order."""
    for m in model if type(model).__name__ == "Sequential" else [model]:
        if type(m).__name__ == "Sequential":
            yield from _flat(m)
        else:
            yield m


def pair(v):
    return [int(x) for x in v] if isinstance(v, (tuple, list)) else [int(v), int(v)]


def _layer(m, store):
    """Return the spec of a torch layer, or raise TypeError."""
    import torch

    kind, refuse = type(m).__name__, None
    if kind in ("ReLU", "Sigmoid", "Tanh"):
        return {"type": kind.lower()}
    if kind == "Flatten" and m.start_dim == 1:
        return {"type": "flatten"}
    if kind == "Linear":
        bias = torch.zeros(m.out_features) if m.bias is None else m.bias
        return {"type": "linear", "w": store.add(m.weight), "b": store.add(bias)}
    if kind == "Conv2d":
        named = isinstance(m.padding, str) or m.padding_mode != "zeros"
        if named or m.groups != 1 or pair(m.dilation) != [1, 1]:
            refuse = "Conv2d with groups, dilation or a named padding"
        else:
            bias = torch.zeros(m.out_channels) if m.bias is None else m.bias
            spec = {"type": "conv", "out": m.out_channels, "w": store.add(m.weight), "b": store.add(bias)}
            return {**spec, "k": pair(m.kernel_size), "stride": pair(m.stride), "pad": pair(m.padding)}
    if kind in ("BatchNorm1d", "BatchNorm2d") and m.track_running_stats:
        scale = (m.running_var + m.eps).rsqrt() * (1.0 if m.weight is None else m.weight)
        shift = (0.0 if m.bias is None else m.bias) - m.running_mean * scale
        return {"type": "affine", "w": store.add(scale), "b": store.add(shift)}
    if kind in ("MaxPool2d", "AvgPool2d"):
        if pair(m.padding) != [0, 0] or m.ceil_mode or pair(getattr(m, "dilation", 1)) != [1, 1]:
            refuse = f"{kind} with padding, dilation or ceil_mode"
        else:
            stride = m.kernel_size if m.stride is None else m.stride
            return {"type": kind[:3].lower(), "k": pair(m.kernel_size), "stride": pair(stride)}
    raise TypeError(f"draw: the page cannot compute {refuse or kind}, only {SUPPORTED}")
