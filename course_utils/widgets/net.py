from __future__ import annotations

import anywidget
import numpy as np
import traitlets as t

from .explore import _HERE


class Net(anywidget.AnyWidget):
    _esm = _HERE / "net.js"
    _css = _HERE / "style.css"
    layers = t.List().tag(sync=True)
    arrays = t.List().tag(sync=True)
    data = t.Bytes(b"").tag(sync=True)
    shape = t.List().tag(sync=True)
    labels = t.List().tag(sync=True)
    alt = t.Unicode("").tag(sync=True)

    def __repr__(self):
        return f"<draw: {self.alt}>"


def draw(model, *, shape, labels, alt):
    """A drawing pad whose picture goes through a small torch ``nn.Sequential`` in the page."""
    layers, arrays, blob = [], [], bytearray()

    def put(name, p):
        a = p.detach().cpu().numpy()
        if a.ndim > 1:
            s = float(np.abs(a).max() / 127) or 1.0
            raw, meta = np.round(a / s).astype(np.int8).tobytes(), {"dtype": "i8", "scale": s}
        else:
            blob.extend(b"\0" * (-len(blob) % 4))
            raw, meta = a.astype("<f4").tobytes(), {"dtype": "f32"}
        arrays.append({"name": name, "shape": list(a.shape), "offset": len(blob), **meta})
        blob.extend(raw)
        return name

    for i, m in enumerate(model):
        kind = type(m).__name__
        if kind == "Conv2d":
            layers.append({"type": "conv", "out": m.out_channels, "k": m.kernel_size[0], "pad": m.padding[0], "w": put(f"{i}w", m.weight), "b": put(f"{i}b", m.bias)})
        elif kind == "Linear":
            layers.append({"type": "linear", "w": put(f"{i}w", m.weight), "b": put(f"{i}b", m.bias)})
        elif kind in ("ReLU", "MaxPool2d", "Flatten"):
            layers.append({"type": {"ReLU": "relu", "MaxPool2d": "pool", "Flatten": "flatten"}[kind]})
        else:
            raise TypeError(f"no JavaScript for {kind}")
    return Net(layers=layers, arrays=arrays, data=bytes(blob), shape=list(shape), labels=[str(x) for x in labels], alt=alt)
