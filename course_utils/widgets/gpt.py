"""A small language model that writes on the page, character by character, and shows where its heads look."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import traitlets as t

from .base import (
    HERE,
    Widget,
    array,
    check_alt,
    check_kinds,
    check_start,
    deflate,
    kind_of,
    module,
    parameters,
)

MAX_TEXT = 600_000  # bytes of all nets as the page holds them, in base64
TEMPERATURES = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2, 1.5, 2.0]
SPEEDS = ["2 a second", "10 a second", "30 a second", "as fast as it can"]


class Writer(NamedTuple):
    """One net of the widget.

    Attributes:
        model: the chapter's GPT, a torch.nn.Module; only its weights and its number of heads are read.
        alphabet: symbol i of the net is character i of it, K in all.
        begin: what the text begins with.
        about: what it was trained on, how long and how well, in a sentence or two.
    """

    model: object
    alphabet: str | list
    begin: str
    about: str


class Gpt(Widget):
    """The widget behind :func:`gpt`."""

    _esm = module("gpt_engine", "gpt")
    _css = Widget._css + (HERE / "gpt.css").read_text("utf8")
    question = t.Unicode("").tag(sync=True)
    nets = t.List().tag(sync=True)
    data = t.Bytes(b"").tag(sync=True)
    text = t.Unicode("").tag(sync=True)


def gpt(nets, *, question, alt, start=None):
    """Let the reader write with small language models, in the page, without a kernel.

    Args:
        nets: {name: Writer}; each has the parts and names of the chapter's ``GPT``: ``embed`` and ``place``,
            ``blocks`` of ``norm1``, ``self_attn`` (``q``, ``k``, ``v``, ``mix``), ``norm2``, ``linear1``,
            ReLU and ``linear2``, then ``norm`` and ``out``. The page rounds every matrix to int8 by rows.
        question: what the reader should find out, one or two sentences above the text.
        alt: what is shown, for readers who do not see it.
        start: {"temperature" or another setting: value} to begin with.

    Returns:
        Gpt, to be displayed.

    Raises:
        ValueError: no net, one that is no Writer, parts that are not those of a GPT, an alphabet of another
            length, a beginning with other characters, or more than 600 kB of weights; says which.

    The page computes as the chapter's class does: norms before each part with eps 1e-5, ReLU. A class with
    the same names that computes otherwise is not recognised.

    Source: the section on the key-value cache in the chapter on attention.
    """
    check_alt("gpt", alt)
    check_start("gpt", start)
    check_kinds("gpt", str, "one or two sentences", question=question)
    check_kinds("gpt", Mapping, "{name: Writer(model, alphabet, begin, about)}", nets=nets)
    if not nets:
        raise ValueError("gpt: there is no net, give it at least one")
    heads, parts = zip(*(_pack(name, _writer(name, net)) for name, net in nets.items()), strict=True)
    data = deflate("gpt", b"".join(parts))
    if (size := 4 * len(data) / 3) > MAX_TEXT:
        raise ValueError(
            f"gpt: the nets take {size / 1e3:.0f} kB of the page, at most {MAX_TEXT / 1e3:.0f} are possible"
        )
    grid = {
        "net": list(nets),
        "temperature": TEMPERATURES,
        "top-k": ["1", "2", "3", "5", "10", "20", "all"],
        "speed": SPEEDS,
        "seed": list(range(10)),
        "cache": [False, True],
    }
    first = {"temperature": 0.5, "top-k": "all", "speed": SPEEDS[1], "cache": True}
    described, index = parameters("gpt", grid, {**first, **(start or {})})
    for p in described:
        p["kind"] = "select" if p["kind"] == "buttons" else p["kind"]
        p["label"] = "key–value cache" if p["name"] == "cache" else p["label"]
    return Gpt(
        alt=alt, question=question, nets=list(heads), data=data, text=heads[index[0]]["begin"],
        params=described, index=index,
    )  # fmt: skip


def to_int8(matrix):
    """Round a matrix (R, C) by rows: codes (R, C) int8 from -127 to 127, and scales (R,) float32.

    The largest entry of each row becomes ±127; code times scale is off by half a scale at most.
    """
    matrix = np.asarray(matrix, np.float32)
    scale = np.abs(matrix).max(1) / np.float32(127)
    scale[scale == 0] = 1
    return np.rint(matrix / scale[:, None]).astype(np.int8), scale


def rounded(model):
    """Return a copy of a model whose matrices are what the page computes with; vectors stay as they are."""
    import torch

    model = copy.deepcopy(model)
    with torch.no_grad():
        for p in model.parameters():
            if p.dim() == 2:
                codes, scale = to_int8(p.cpu())
                p.copy_(torch.tensor(codes * scale[:, None]))
    return model


def _writer(name, net):
    """Check the kinds of what describes one net, and return it as a Writer."""
    import torch

    if not isinstance(net, tuple | list) or len(net) != len(Writer._fields):
        count = f" of {len(net)} entries" if isinstance(net, tuple | list) else ""
        raise ValueError(
            f"gpt: {name!r} is {kind_of(net)}{count}, expected Writer({', '.join(Writer._fields)})"
        )
    net = Writer(*net)
    rows = [
        ("the name of a net", name, str, "text"),
        (f"the model of {name!r}", net.model, torch.nn.Module, "a GPT as chapter 15 builds it"),
        (f"the alphabet of {name!r}", net.alphabet, str | list | tuple, "the characters that the net knows"),
        (f"the beginning of {name!r}", net.begin, str, "text"),
        (f"what is said about {name!r}", net.about, str, "text"),
    ]
    for what, value, kind, expected in rows:
        check_kinds("gpt", kind, expected, **{what: value})
    return net


def _shapes(K, D, n, blocks):
    """The names and shapes of a GPT's weights: K symbols, width D, n positions."""
    shapes = {"embed.weight": (K, D), "place.weight": (n, D)}
    for b in (f"blocks.{i}" for i in range(blocks)):
        for name in ("q", "k", "v", "mix"):
            shapes |= {f"{b}.self_attn.{name}.weight": (D, D), f"{b}.self_attn.{name}.bias": (D,)}
        for name in ("norm1", "norm2"):
            shapes |= {f"{b}.{name}.weight": (D,), f"{b}.{name}.bias": (D,)}
        shapes |= {f"{b}.linear1.weight": (4 * D, D), f"{b}.linear1.bias": (4 * D,)}
        shapes |= {f"{b}.linear2.weight": (D, 4 * D), f"{b}.linear2.bias": (D,)}
    shapes |= {"norm.weight": (D,), "norm.bias": (D,), "out.weight": (K, D), "out.bias": (K,)}
    return shapes


def _pack(name, net):
    """Check one net; return what the page must know of it, and its weights as bytes.

    The bytes are all float32 (the scales of a matrix, or a vector) in the order of the layout, then all int8.
    """
    state = net.model.state_dict()
    try:
        (K, D), n = state["embed.weight"].shape, len(state["place.weight"])
        blocks, heads = len(net.model.blocks), net.model.blocks[0].self_attn.heads
    except (KeyError, AttributeError, IndexError) as error:
        raise ValueError(f"gpt: {name!r} is not a GPT as chapter 15 builds it ({error})") from None
    shapes, found = _shapes(K, D, n, blocks), {key: tuple(w.shape) for key, w in state.items()}
    if wrong := [key for key in {**shapes, **found} if shapes.get(key) != found.get(key)]:
        raise ValueError(f"gpt: {name!r} is not a GPT as chapter 15 builds it, see {', '.join(wrong[:3])}")
    if len(net.alphabet) != K or len(set(net.alphabet)) != K:
        raise ValueError(f"gpt: {name!r} has {K} symbols, its alphabet {len(net.alphabet)}")
    if any(not isinstance(symbol, str) or len(symbol) != 1 for symbol in net.alphabet):
        raise ValueError(f"gpt: the alphabet of {name!r} must be made of single characters")
    if not net.begin or not set(net.begin) <= set(net.alphabet):
        raise ValueError(f"gpt: the beginning {net.begin!r} of {name!r} must be made of its alphabet")
    layout, floats, codes = [], [], []
    for key, shape in shapes.items():
        layout.append([key, *shape])
        vector = array("gpt", f"{key} of {name!r}", state[key])
        if len(shape) == 2:
            code, vector = to_int8(vector)
            codes.append(code.tobytes())
        floats.append(vector)
    head = {
        "name": name, "alphabet": "".join(net.alphabet), "begin": net.begin, "about": net.about,
        "heads": heads, "width": D, "blocks": blocks, "longest": n, "layout": layout,
    }  # fmt: skip
    return head, np.concatenate(floats).tobytes() + b"".join(codes)
