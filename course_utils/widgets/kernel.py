"""A 3 × 3 filter that the reader edits, with stride, dilation and padding, on a small grey photograph."""

from __future__ import annotations

from collections.abc import Mapping

import traitlets as t

from .base import HERE, Widget, array, check_alt, check_kinds, deflate, module, parameters

MAX_SIDE = 160  # pixels; more would leave less than two CSS pixels for each on a phone
PADDINGS = ["none", "zeros", "reflection", "replication"]
DILATIONS = [1, 2, 3, 4]
OWN = "your own"
PRESETS = {
    "Sobel, x": [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],
    "Sobel, y": [[-1, -2, -1], [0, 0, 0], [1, 2, 1]],
    "Laplacian": [[0, 1, 0], [1, -4, 1], [0, 1, 0]],
    "blur": [[1 / 9] * 3] * 3,
    "sharpen": [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
    "identity": [[0, 0, 0], [0, 1, 0], [0, 0, 0]],
}


class Kernel(Widget):
    """The widget behind :func:`kernel`."""

    _esm = module("kernel")
    _css = Widget._css + (HERE / "kernel.css").read_text("utf8")
    data = t.Bytes(b"").tag(sync=True)
    size = t.List().tag(sync=True)
    presets = t.List().tag(sync=True)
    own = t.List().tag(sync=True)

    @property
    def weights(self):
        """The nine weights that the reader sees now, as three rows of three numbers."""
        choice = int(self.index[0])
        flat = self.own if choice == len(self.presets) else self.presets[choice]
        return [flat[0:3], flat[3:6], flat[6:9]]


def kernel(image, *, alt, presets=None, start=None):
    """Show a photograph, what a 3 × 3 filter makes of it, and the window behind one pixel of the result.

    The page itself computes the cross-correlation, equal to ``torch.nn.functional.conv2d``. With a padding,
    the picture grows by ``dilation`` pixels on each side, so that stride 1 keeps its size. With a kernel,
    ``.weights`` holds the nine numbers that the reader sees.

    Args:
        image: (H, W) grey picture, 0 black to 1 white, both sides 12 to 160 pixels; kept with 8 bits a pixel.
        alt: what the picture shows, for readers who do not see it.
        presets: {name: 3 × 3 weights} to choose from; default Sobel, Laplacian, blur, sharpen and identity.
        start: {"preset": name, "stride": 1 to 3, "dilation": 1 to 4, "padding": name} to begin with; the
            paddings are "none", "zeros", "reflection" and "replication".

    Returns:
        Kernel, to be displayed.

    Raises:
        ValueError: the picture, a preset or a start value is none of the above.

    Source: the convolutions chapter.
    """
    check_alt("kernel", alt)
    check_kinds("kernel", Mapping | None, "{name: 3 × 3 weights}", presets=presets)
    picture = array("kernel", "image", image)
    if picture.ndim != 2 or not all(12 <= n <= MAX_SIDE for n in picture.shape):
        raise ValueError(
            f"kernel: image has shape {picture.shape}, expected (H, W) with 12 to {MAX_SIDE} pixels a side"
        )
    if picture.min() < 0 or picture.max() > 1:
        raise ValueError(
            f"kernel: image runs from {picture.min():.3g} to {picture.max():.3g}, expected values from 0 to 1"
        )
    presets = PRESETS if presets is None else dict(presets)
    if not presets or OWN in presets:
        raise ValueError(f"kernel: presets must hold at least one filter, and none may be called {OWN!r}")
    flat = []
    for name, weights in presets.items():
        w = array("kernel", f"preset {name!r}", weights)
        if w.shape != (3, 3):
            raise ValueError(f"kernel: preset {name!r} has shape {w.shape}, expected (3, 3)")
        flat.append([float(f"{v:.6g}") for v in w.reshape(-1)])
    grid = {"preset": [*presets, OWN], "stride": [1, 2, 3], "dilation": DILATIONS, "padding": PADDINGS}
    described, index = parameters("kernel", grid, start)
    described[0].update(kind="select", label="filter")
    return Kernel(
        alt=alt,
        params=described,
        index=index,
        size=list(picture.shape),
        data=deflate("kernel", (255 * picture).round().astype("uint8").tobytes()),
        presets=flat,
        own=flat[min(index[0], len(flat) - 1)],
    )
