"""Whatever is wrong with an argument of a widget, it ends in one sentence that names the widget."""

from __future__ import annotations

import matplotlib
import numpy as np
import pytest
import torch
from torch import nn
from widgets import writers

from course_utils import widgets
from course_utils.widgets import bars, panel

matplotlib.use("agg")
BAD = (None, 3, "x", [], {}, [None], object(), float("nan"), {"q": None})


def figure(rate):
    from matplotlib import pyplot as plt

    plt.plot([rate, 1])


def write(*writer, **words):
    return widgets.gpt({"a": writer}, question="What comes next?", alt="text", **words)


def valid():
    """{widget: (function, positional arguments, others)} that it accepts."""
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(72, 3))
    names, alt, gpt = [f"w{i}" for i in range(12)], {"alt": "a picture"}, writers.net(28)
    rows, maps = [("one", (8,), 10, 100, 3)], {"head": (list("abc"), list("def"), np.eye(3))}
    writer, nodes = (gpt, writers.LATIN, "and ", ""), {"a": (0, 0, "a"), "b": (1, 0, "b")}
    flat = nn.Sequential(nn.Flatten(), nn.Linear(64, 3))
    return {
        "convnet": (
            widgets.convnet,
            [net, torch.zeros(2, 1, 8, 8)],
            alt | {"question": "", "labels": None, "black": 0.0, "white": 1.0, "bits": 8},
        ),
        "gpt": (widgets.gpt, [{"a": writer}], alt | {"question": "", "start": None}),
        "gpt, a net": (write, list(writer), {}),
        "playground": (
            widgets.playground,
            [[(4, "ReLU")], [[0, 1]], [1]],
            alt | {"question": "", "show": ["data"], "start": None, "curve": "x", "name": "one"},
        ),
        "draw": (
            widgets.draw,
            [flat],
            alt | {"shape": (1, 8, 8), "labels": "abc", "mean": 0.0, "std": 1.0, "example": None, "bits": 8},
        ),
        "kernel": (widgets.kernel, [np.eye(20)], alt | {"presets": None, "start": None}),
        "layers": (widgets.layers, [{"small": rows}], alt | {"start": None}),
        "align": (widgets.align, [{"word": maps}], alt | {"start": None}),
        "words": (
            widgets.words,
            [{"en": (names, np.eye(12))}],
            alt | {"examples": {"en": ["w1 + w2"]}, "start": None},
        ),
        "scene": (widgets.scene, [panel(bars([1, 2, 3]))], alt | {"start": None, "play": None, "k": [1, 2]}),
        "graph": (
            widgets.graph,
            [nodes, [("a", "b", "w")]],
            alt | {"steps": None, "node_value": None, "edge_grad": None, "paths": [], "start": None},
        ),
        "explore": (widgets.explore, [figure], alt | {"start": None, "rate": [1, 2]}),
    }


@pytest.mark.parametrize("name", valid())
def test_a_bad_argument_is_one_sentence(name):
    make, given, words = valid()[name]
    make(*given, **words)
    fixed = name in ("scene", "explore")  # a panel and a function say themselves what is wrong
    for bad in BAD:
        trials = [] if fixed else [([*given[:i], bad, *given[i + 1 :]], words) for i in range(len(given))]
        trials += [(given, words | {key: bad}) for key in words]
        for some, others in trials:
            try:
                make(*some, **others)  # may be as good as what is documented
            except (TypeError, ValueError) as error:
                said = str(error)
                assert said.startswith(f"{name.split(',')[0]}: ") and "\n" not in said, said


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: widgets.convnet(None, torch.zeros(1, 1, 8, 8), alt="a"), "convnet: net is None, expected a"),
        (lambda: widgets.convnet(nn.ReLU(), None, alt="a"), "convnet: pictures is None, expected numbers"),
        (lambda: widgets.gpt(None, question="", alt="a"), "gpt: nets is None, expected {name: Writer("),
        (lambda: write(None, "ab", "a", ""), "gpt: the model of 'a' is None, expected a GPT"),
        (lambda: widgets.playground(None), "playground: net is None, expected an nn.Sequential or a list"),
        (lambda: widgets.playground(show="data"), "playground: show is a str, expected a list of names"),
        (lambda: widgets.playground(start=["rate"]), "playground: start is a list, expected {name of a"),
    ],
)
def test_it_says_what_it_got_and_what_it_wants(call, says):
    with pytest.raises(ValueError) as error:
        call()
    assert str(error.value).startswith(says)
