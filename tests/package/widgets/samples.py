"""One small example of every widget, used by the tests and worth reading as documentation."""

from __future__ import annotations

import numpy as np


def lecture_graph(**start):
    """The network of the backpropagation lecture: two inputs, two sums, two hidden units, one output."""
    from course_utils.widgets import graph

    grid = [-1.0, -0.5, 0.0, 0.5, 1.0]
    x1, x2 = np.meshgrid(grid, grid, indexing="ij")
    w11, w21, w12, w22, v11, v21, v12, v22, p11, p21 = 0.5, -0.3, 0.8, 0.2, 1.1, -0.6, 0.4, 0.9, 0.7, -1.2
    z1, z2 = w11 * x1 + w21 * x2, w12 * x1 + w22 * x2
    h1, h2 = np.tanh(v11 * z1 + v21 * z2), np.tanh(v12 * z1 + v22 * z2)
    s1, s2 = p11 * (1 - h1**2), p21 * (1 - h2**2)
    g1, g2 = s1 * v11 + s2 * v12, s1 * v21 + s2 * v22
    weights = {
        ("x1", "z1"): ("w₁₁", w11, g1 * x1),
        ("x2", "z1"): ("w₂₁", w21, g1 * x2),
        ("x1", "z2"): ("w₁₂", w12, g2 * x1),
        ("x2", "z2"): ("w₂₂", w22, g2 * x2),
        ("z1", "h1"): ("v₁₁", v11, s1 * z1),
        ("z2", "h1"): ("v₂₁", v21, s1 * z2),
        ("z1", "h2"): ("v₁₂", v12, s2 * z1),
        ("z2", "h2"): ("v₂₂", v22, s2 * z2),
        ("h1", "a"): ("p₁₁", p11, h1),
        ("h2", "a"): ("p₂₁", p21, h2),
    }
    return graph(
        nodes={
            "x1": (0, 1, "x₁"),
            "x2": (0, 0, "x₂"),
            "z1": (1, 1, "z₁"),
            "z2": (1, 0, "z₂"),
            "h1": (2, 1, "h₁"),
            "h2": (2, 0, "h₂"),
            "a": (3, 0.5, "a"),
        },
        edges=[(*e, symbol) for e, (symbol, _, _) in weights.items()],
        node_value={"x1": x1, "x2": x2, "z1": z1, "z2": z2, "h1": h1, "h2": h2, "a": p11 * h1 + p21 * h2},
        node_grad={"a": 1, "h1": p11, "h2": p21, "z1": g1, "z2": g2},
        edge_value={e: value for e, (_, value, _) in weights.items()},
        edge_grad={e: grad for e, (_, _, grad) in weights.items()},
        paths=[
            {
                "label": "w₁₁ → z₁ → h₁ → a",
                "nodes": ["x1", "z1", "h1", "a"],
                "factors": [("x₁", x1), ("v₁₁", v11), ("f′", 1 - h1**2), ("p₁₁", p11)],
            },
            {
                "label": "w₁₁ → z₁ → h₂ → a",
                "nodes": ["x1", "z1", "h2", "a"],
                "factors": [("x₁", x1), ("v₁₂", v12), ("f′", 1 - h2**2), ("p₂₁", p21)],
            },
        ],
        alt="The lecture's network: values run forward from x to a, gradients run back from a to the weights",
        start={"x1": 0.5, "x2": -0.5, **start},
        x1=grid,
        x2=grid,
    )


def lines_explore(precompute=True):
    """A line drawing over a number, a choice and a switch."""
    import matplotlib.pyplot as plt

    from course_utils import plots
    from course_utils.widgets import explore

    plots.use_style()
    x = np.linspace(-3, 3, 200)
    shapes = {"tanh": np.tanh, "relu": lambda z: np.maximum(z, 0), "sine": np.sin}

    def show(slope, f, mirror):
        _, ax = plt.subplots(figsize=(4.6, 2.8))
        ax.plot(x, shapes[f](slope * (-x if mirror else x)), label=rf"$f({slope}\,x)$")
        ax.set(ylim=(-1.5, 3), xlabel="x", ylabel="activation", title=f"{f}, slope {slope}")
        ax.legend()
        return ax

    return explore(
        show,
        alt="An activation function and its slope",
        precompute=precompute,
        slope=[0.25, 0.5, 1.0, 2.0, 4.0],
        f=list(shapes),
        mirror=[False, True],
    )


def dense_explore():
    """A dense picture, which travels as WebP, drawn on the current figure."""
    import matplotlib.pyplot as plt

    from course_utils.widgets import explore

    y, x = np.mgrid[-2:2:300j, -2:2:300j]

    def show(frequency):
        plt.imshow(np.sin(frequency * x * y) + 0.3 * np.random.default_rng(0).normal(size=x.shape))
        plt.title(f"frequency {frequency}")

    return explore(show, alt="A noisy ripple", precompute=True, frequency=[1, 2, 3, 4])


def descent_scene():
    """Gradient descent in a valley: a heat map with paths beside the loss, a handle, a play button."""
    from course_utils.widgets import curves, heat, label, panel, path, rect, rule, scene

    grid, rates, steps = np.linspace(-2, 2, 9), [0.02, 0.1, 0.2], 30
    y, x = np.meshgrid(np.linspace(-2.5, 2.5, 60), np.linspace(-2.5, 2.5, 60), indexing="ij")
    paths = np.empty((2, 3, 9, 9, steps + 1, 2))
    for m, beta in enumerate([0.0, 0.8]):
        for r, rate in enumerate(rates):
            w = np.stack(np.meshgrid(grid, grid, indexing="ij"), -1)
            v = np.zeros_like(w)
            for k in range(steps + 1):
                paths[m, r, :, :, k] = w
                v = beta * v + w * [1, 8]
                w = np.clip(w - rate * v, -9, 9)
    loss = 0.5 * paths[..., 0] ** 2 + 4 * paths[..., 1] ** 2 + 1e-4
    dims = ("method", "rate", "w1", "w2")
    return scene(
        panel(
            heat(0.5 * x**2 + 4 * y**2, ext=(-2.5, 2.5, -2.5, 2.5), origin="lower", smooth=True, bar=True),
            path(paths, dims, upto="step", color="orange"),
            rect([-0.25, -0.25, 0.25, 0.25], color="red"),
            x=(-2.5, 2.5),
            y=(-2.5, 2.5),
            title="The path of the weights over the loss, a title that is too long for one line",
            xlabel="w₁",
            ylabel="w₂",
            drag=("w1", "w2"),
        ),
        panel(
            curves(np.stack([loss, loss / 2], -2), dims, labels=["loss", "half of it"], upto="step"),
            rule(0.01, text="goal", color="green"),
            label("last {}", 29, 200, loss[..., -1], dims, align="right"),
            title="Loss",
            xlabel="step",
            ylabel="loss",
            logy=True,
            y=(1e-4, 1e3),
            aspect=1,
        ),
        alt="Gradient descent in a narrow valley, and its loss",
        start={"w1": -2.0, "w2": 1.0, "step": 12},
        play="step",
        method=["plain", "momentum"],
        rate=rates,
        w1=grid,
        w2=grid,
        step=range(steps + 1),
    )


def picture_scene():
    """A colour photograph with boxes, bars of scores under it, a select."""
    from course_utils.widgets import bars, image, label, panel, points, rect, scene

    y, x = np.mgrid[0:60, 0:80]
    photos = [np.stack([(3 * x + k * 40) % 256, (4 * y) % 256, (x + y + 60 * k) % 256], -1) for k in range(5)]
    boxes = np.array([[[5 + 8 * k, 10, 30 + 8 * k, 45]] for k in range(5)])
    scores = np.random.default_rng(0).dirichlet(np.ones(4), 5)
    return scene(
        panel(
            image(np.array(photos, dtype=np.uint8), ["photo"]),
            rect(boxes, ["photo"], color="gold"),
            points(np.random.default_rng(1).uniform(10, 50, (5, 9, 2)), ["photo"]),
            label("box", 18, 7),
            title="Photograph",
            aspect=0.75,
        ),
        panel(
            bars(scores, ["photo"]),
            xlabels=["cat", "dog", "horse", "ship"],
            y=(0, 1),
            ylabel="score",
            axes=True,
        ),
        alt="A photograph with a box, and the scores of four classes",
        photo=["first", "second", "third", "fourth", "fifth"],
    )


def small_net(kind="conv", seed=0):
    """A network with every kind of layer that the page can compute, untrained."""
    import torch
    from torch import nn

    torch.manual_seed(seed)
    if kind == "mlp":
        net = nn.Sequential(
            nn.Flatten(), nn.Linear(784, 40), nn.Tanh(), nn.Linear(40, 30), nn.Sigmoid(), nn.Linear(30, 10)
        )
    else:
        net = nn.Sequential(
            nn.Sequential(nn.Conv2d(1, 6, 5, stride=2, padding=1), nn.BatchNorm2d(6), nn.ReLU()),
            nn.MaxPool2d(3, stride=2),
            nn.Conv2d(6, 12, (3, 2), padding=(1, 0), bias=False),
            nn.Tanh(),
            nn.AvgPool2d((2, 1)),
            nn.Flatten(),
            nn.Dropout(0.5),
            nn.Linear(180, 10),
        )
        net.train()
        net(torch.randn(64, 1, 28, 28))
    return net.eval()


def draw_net(kind="conv", **options):
    """A drawing pad over a small network."""
    from course_utils.widgets import draw

    net = small_net(kind)
    labels = [str(i) for i in range(10)]
    return draw(
        net, shape=(1, 28, 28), labels=labels, alt="A pad for digits and the answer of a network", **options
    )
