from __future__ import annotations

import zlib

import anywidget
import numpy as np
import traitlets as t

from .explore import _HERE, _param


def _np(a):
    if hasattr(a, "detach"):
        a = a.detach().cpu().numpy()
    return np.asarray(a, dtype=np.float32)


def heat(a, dims=(), *, ext=None, cmap="viridis", lo=None, hi=None, upto=None, smooth=False, bits=8):
    a = _np(a)
    h, w = a.shape[-2:]
    lo = float(a.min()) if lo is None else lo
    hi = float(a.max()) if hi is None else hi
    return {"type": "heat", "_a": a, "dims": list(dims), "ext": list(ext or (0, w, 0, h)), "cmap": cmap, "lo": lo, "hi": hi,
            "upto": upto, "smooth": smooth, "_bits": bits}


def path(a, dims=(), *, upto=None, color=None, width=2, dot=True, bits=16):
    return {"type": "path", "_a": _np(a), "dims": list(dims), "upto": upto, "color": color, "width": width, "dot": dot, "_bits": bits}


def points(a, dims=(), *, color=None, r=3, bits=16):
    return {"type": "points", "_a": _np(a), "dims": list(dims), "color": color, "r": r, "_bits": bits}


def rect(a, dims=(), *, color=None, width=3):
    return {"type": "rect", "_a": _np(a), "dims": list(dims), "color": color, "width": width, "_bits": 32}


def bars(a, dims=(), *, color=None):
    return {"type": "bars", "_a": _np(a), "dims": list(dims), "color": color, "_bits": 16}


def panel(*layers, x, y, title="", aspect=1.0, axes=False, weight=1.0, drag=None, xlabels=None, ylabels=None):
    return {"layers": list(layers), "x": list(x), "y": list(y), "title": title, "aspect": aspect, "axes": axes, "weight": weight,
            "drag": list(drag) if drag else None, "xlabels": xlabels, "ylabels": ylabels}


class Scene(anywidget.AnyWidget):
    _esm = _HERE / "scene.js"
    _css = _HERE / "style.css"
    spec = t.Dict().tag(sync=True)
    arrays = t.Dict().tag(sync=True)
    data = t.Bytes(b"").tag(sync=True)
    packing = t.Unicode("deflate").tag(sync=True)
    index = t.List().tag(sync=True)

    def __repr__(self):
        return f"<scene: {self.spec.get('alt', '')}>"


def scene(*panels, alt, start=None, packing="deflate", **params):
    start = start or {}
    blob, arrays, seen = bytearray(), {}, {}
    for p in panels:
        for layer in p["layers"]:
            a, bits = layer.pop("_a"), layer.pop("_bits")
            for d, n in zip(layer["dims"], a.shape):
                if n != len(params[d]):
                    raise ValueError(f"{layer['type']}: dimension {d!r} has {n} entries, the slider {len(params[d])}")
            if id(a) in seen:
                layer["a"] = seen[id(a)]
                continue
            name = f"a{len(arrays)}"
            if bits == 32:
                raw, meta = a.astype("<f4"), {"dtype": "f32"}
            else:
                lo, hi = float(np.nanmin(a)), float(np.nanmax(a))
                top = 2**bits - 1
                raw = np.round((np.clip(a, lo, hi) - lo) / ((hi - lo) or 1) * top).astype(np.uint8 if bits == 8 else "<u2")
                meta = {"dtype": f"u{bits}", "lo": lo, "hi": hi}
            b = raw.tobytes()
            arrays[name] = {**meta, "shape": list(a.shape), "offset": len(blob), "nbytes": len(b)}
            blob += b
            layer["a"] = seen[id(a)] = name
    ps = [_param(k, v) for k, v in params.items()]
    index = [list(v).index(start[k]) if k in start else 0 for k, v in params.items()]
    data = zlib.compress(bytes(blob), 9) if packing == "deflate" else bytes(blob)
    return Scene(spec={"params": ps, "panels": list(panels), "alt": alt}, arrays=arrays, data=data, packing=packing, index=index)
