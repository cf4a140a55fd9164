"""A trained convolutional network that runs in the page: all its maps, and how each value comes about."""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Real

import traitlets as t

from .base import HERE, Widget, array, check_alt, check_kinds, deflate, module
from .draw import Weights
from .layout import layers_of, run

MAX_PICTURES = 12
MIN_SIDE, MAX_SIDE = 6, 64  # pixels of a picture


class ConvNet(Widget):
    """The widget behind :func:`convnet`."""

    _esm = module("weights", "pen", "convnet_engine", "convnet")
    _css = Widget._css + (HERE / "convnet.css").read_text("utf8")
    question = t.Unicode("").tag(sync=True)
    layers = t.List().tag(sync=True)
    arrays = t.List().tag(sync=True)
    data = t.Bytes(b"").tag(sync=True)
    pictures = t.Bytes(b"").tag(sync=True)
    labels = t.List().tag(sync=True)
    range = t.List().tag(sync=True)
    cost = t.Unicode("").tag(sync=True)
    drawn = t.List().tag(sync=True)

    @property
    def picture(self):
        """What the network sees now, as a tensor (1, 1, H, W) for the net."""
        import torch

        black, white = self.range
        seen = torch.tensor(self.drawn, dtype=torch.float32).view(1, *self.layers[0]["shape"])
        return black + seen / 255 * (white - black)


def convnet(net, pictures, *, alt, question="", labels=None, black=0.0, white=1.0, bits=8):
    """Show every map of a trained network on a picture that the reader picks, draws and moves.

    A pixel of a map shows its window in the layer before, the products over all channels, sum, bias and
    activation. The page computes in float64 with the weights that it holds, batch norm being multiplied into
    the convolution before it: what it shows is what PyTorch gives with these weights, to 1e-9. With
    ``bits=8`` they are rounded to int8 with one scale for each map, by at most 1/254 of the map's largest
    weight; biases stay float32. A quarter of the bytes; what that changes in the probabilities on
    ``pictures`` is computed here and stands under the maps. ``bits=32`` keeps float32.

    Args:
        net: from (B, 1, H, W) to logits (B, K); an ``nn.Sequential`` or any module whose forward is made of
            the layers below. It is shown in evaluation mode.
        pictures: (N, 1, H, W) as the net gets them, at most 12, both sides 6 to 64; kept with 8 bits a pixel.
        alt: what the picture shows, for readers who do not see it.
        question: what the reader should find out, one or two sentences above the picture.
        labels: the K names of the classes; default 0 to K - 1.
        black, white: what the net gets for an empty and for a fully inked pixel.
        bits: 8 or 32 for each weight.

    Returns:
        ConvNet, to be displayed. With a kernel, ``.picture`` is what the reader has drawn.

    Raises:
        TypeError: a layer that the page cannot show; names it and those it can.
        ValueError: no net, pictures or labels that do not fit it, or a net that is too heavy for a page.

    Source: the chapters on convolutions and architectures.
    """
    import torch

    check_alt("convnet", alt)
    check_kinds("convnet", torch.nn.Module, "a trained network, such as an nn.Sequential", net=net)
    check_kinds("convnet", str, "one or two sentences", question=question)
    check_kinds("convnet", Iterable | None, "the names of the classes", labels=labels)
    check_kinds("convnet", Real, "what the net gets for a pixel", black=black, white=white)
    if bits not in (8, 32):
        raise ValueError(f"convnet: bits must be 8 or 32, got {bits!r}")
    grey = _grey(pictures, black, white)
    x = (black + grey.double() / 255 * (white - black))[:, None]  # (N, 1, H, W), what the page feeds
    layers, weights = layers_of(net, x)
    K = layers[-1]["shape"][0]
    labels = [str(name) for name in (range(K) if labels is None else labels)]
    if layers[-1]["shape"][1:] != [1, 1] or len(labels) != K:
        raise ValueError(
            f"convnet: the net returns {' × '.join(map(str, layers[-1]['shape']))} values a picture, "
            f"expected one for each of {len(labels)} labels"
        )
    store = Weights(bits)
    places = [store.add(w.flatten(1) if w.ndim > 1 else w) for w in weights]
    assert places == list(range(len(weights)))
    exact, kept = (run(layers, held, x)[-1].flatten(1) for held in (weights, unpacked(store)))
    apart = (exact.softmax(1) - kept.softmax(1)).abs().max().item()
    swapped = int((exact.argmax(1) != kept.argmax(1)).sum())
    return ConvNet(
        alt=alt,
        question=question,
        layers=layers,
        arrays=store.arrays,
        data=deflate("convnet", store.blob),
        pictures=deflate("convnet", grey.to(torch.uint8).numpy().tobytes()),
        labels=labels,
        range=[float(black), float(white)],
        cost=_cost(bits, apart, swapped, len(grey)),
        drawn=grey[0].flatten().int().tolist(),
    )


def _cost(bits, apart, swapped, count):
    """Say what rounding changes."""
    if bits == 32:
        return ""
    answers = f"{swapped} of the {count} answers change" if swapped else "no answer changes"
    percent = "less than 0.01" if apart < 1e-4 else f"at most {100 * apart:.2f}"
    return (
        "The page keeps each weight in 8 bits. On the pictures above this moves a probability by "
        f"{percent} percentage points, and {answers}."
    )


def _grey(pictures, black, white):
    """Check the pictures and return them as whole numbers from 0 to 255: float tensor (N, H, W)."""
    import torch

    x = torch.from_numpy(array("convnet", "pictures", pictures))
    if x.ndim != 4 or x.shape[1] != 1 or not 1 <= len(x) <= MAX_PICTURES:
        raise ValueError(
            f"convnet: pictures have shape {tuple(x.shape)}, expected (N, 1, H, W), N up to {MAX_PICTURES}"
        )
    if not all(MIN_SIDE <= n <= MAX_SIDE for n in x.shape[2:]):
        raise ValueError(
            f"convnet: pictures are {x.shape[2]} × {x.shape[3]} pixels, "
            f"the page shows {MIN_SIDE} to {MAX_SIDE} a side"
        )
    inked = (x[:, 0] - black) / (white - black) if white != black else x[:, 0] * float("nan")
    if not (inked.min() >= -1e-4 and inked.max() <= 1 + 1e-4):
        raise ValueError(
            f"convnet: pictures run from {x.min():.3g} to {x.max():.3g}, "
            f"not from black = {black:g} to white = {white:g}"
        )
    return (255 * inked).round().clamp(0, 255)


def unpacked(store):
    """The weights as the page unpacks them, float64; ``store`` has ``blob`` and ``arrays``."""
    import torch

    found = []
    for a in store.arrays:
        if "scale" in a:
            q = torch.frombuffer(store.blob, dtype=torch.int8, count=a["size"], offset=a["offset"])
            scale = torch.tensor(a["scale"], dtype=torch.float64)
            found.append(q.double().view(len(scale), -1) * scale[:, None])
        else:
            plain = torch.frombuffer(store.blob, dtype=torch.float32, count=a["size"], offset=a["offset"])
            found.append(plain.double())
    return found
