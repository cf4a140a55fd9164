"""One look for every figure: palette, style, and the few pictures that many chapters draw.

Colours are those of Okabe and Ito (2008), told apart with every common form of colour blindness. Text and
axes are drawn in ``INK`` on a transparent ground; the published book swaps ``INK`` for a light tone in dark
mode, so draw black things in ``INK``, never in "black" or "k". Coloured letters are written in the darker
``TONES[colour]``, which the book swaps as well. Schematic drawings are ``course_utils.drawing``.
"""

from __future__ import annotations

INK = "#21262c"
BLUE, ORANGE, GREEN, RED, PURPLE, SKY, GOLD = (
    "#0072b2", "#d55e00", "#009e73", "#c8385a", "#aa66aa", "#56b4e9", "#e69f00"
)  # fmt: skip
PALETTE = (BLUE, ORANGE, GREEN, PURPLE, SKY, GOLD, RED)
TONES = {  # the same, dark enough for letters on a light ground or a tint of the colour
    BLUE: "#006aa6", ORANGE: "#aa4b00", GREEN: "#007656", RED: "#b63352",
    PURPLE: "#8b548b", SKY: "#367193", GOLD: "#8f6300",
}  # fmt: skip


def use_style():
    """Set matplotlib's defaults for the course. Changes ``matplotlib.rcParams``."""
    import matplotlib as mpl
    from cycler import cycler

    mpl.rcParams.update(
        {
            "axes.edgecolor": INK,
            "axes.facecolor": "none",
            "axes.grid": True,
            "axes.labelcolor": INK,
            "axes.prop_cycle": cycler(color=PALETTE),
            "axes.spines.right": False,
            "axes.spines.top": False,
            "axes.titlecolor": INK,
            "axes.titlesize": 11,
            "figure.constrained_layout.use": True,
            "figure.dpi": 110,
            "figure.facecolor": "none",
            "figure.figsize": (5.5, 3.2),
            "font.size": 10,
            "grid.alpha": 0.25,
            "grid.color": "#808890",
            "grid.linewidth": 0.6,
            "image.cmap": "gray",
            "legend.frameon": False,
            "legend.labelcolor": INK,
            "lines.linewidth": 1.8,
            "patch.edgecolor": INK,
            "savefig.facecolor": "none",
            "svg.hashsalt": "course",
            "text.color": INK,
            "xtick.color": INK,
            "ytick.color": INK,
        }
    )


def images(pictures, columns=10, titles=None, size=0.72):
    """Draw pictures side by side, row after row.

    Args:
        pictures: (N, H, W) grey or (N, H, W, 3) colour, in [0, 1] or uint8; tensors or arrays.
        columns: pictures in a row.
        titles: N short texts above the pictures, or None.
        size: width of one picture, in inches.

    Returns:
        The Figure. Grey pictures share one scale, from the darkest to the lightest value of all.

    Raises:
        ValueError: the shape is none of the above, or the titles are not N.
    """
    import matplotlib.pyplot as plt

    if titles is not None and len(titles) != len(pictures):
        raise ValueError(f"images: {len(titles)} titles for {len(pictures)} pictures")
    height, width = pictures.shape[1:3] if len(pictures.shape) > 2 else (1, 1)
    lines = max((str(title).count("\n") + 1 for title in titles), default=0) if titles is not None else 0
    gap, band = max(1, round(0.06 * width)), round((0.05 + 0.165 * lines) * width / size) if lines else 0
    whole = sheet(pictures, columns, gap, band)
    fig = plt.figure(figsize=(size * columns, size * whole.shape[0] / (width + gap)), layout="none")
    ax = fig.add_axes((0, 0, 1, 1))
    ax.axis("off")
    ax.imshow(whole, interpolation="nearest")
    for i, title in enumerate(titles if titles is not None else ()):
        row, column = divmod(i, columns)
        x, y = (
            column * (width + gap) + (width - 1) / 2,
            row * (height + gap + band) + band - 0.03 * width / size,
        )
        ax.text(x, y, title, ha="center", va="bottom", fontsize=10)
    return fig


def sheet(pictures, columns, gap=1, band=0):
    """Lay pictures out in one array: one picture is drawn much faster than many.

    Args:
        pictures: (N, H, W) grey or (N, H, W, 3) colour, in [0, 1] or uint8; tensors or arrays.
        columns: pictures in a row.
        gap: pixels between two pictures, clear.
        band: clear pixels above each row, for titles.

    Returns:
        An array for ``imshow``: (rows, columns) of pixels, masked where it is clear, or (rows, columns, 4).

    Raises:
        ValueError: the shape is none of the above.
    """
    import numpy as np

    pictures = pictures.detach().cpu().numpy() if hasattr(pictures, "detach") else np.asarray(pictures)
    if pictures.ndim not in (3, 4) or (pictures.ndim == 4 and pictures.shape[-1] != 3):
        raise ValueError(f"images: shape {tuple(pictures.shape)}, expected (N, H, W) or (N, H, W, 3)")
    count, height, width = pictures.shape[:3]
    rows, wide, high = -(-count // columns), width + gap, height + gap + band
    size, grey = (rows * high - gap, columns * wide - gap), pictures.ndim == 3
    whole = np.zeros(size if grey else (*size, 4), pictures.dtype)
    if grey:
        whole = np.ma.array(whole, mask=True)
    else:  # opaque
        one = 255 if pictures.dtype == np.uint8 else 1
        pictures = np.concatenate([pictures, np.full((*pictures.shape[:3], 1), one, pictures.dtype)], -1)
    for i, picture in enumerate(pictures):
        top, left = i // columns * high + band, i % columns * wide
        whole[top : top + height, left : left + width] = picture
    return whole


def boundary(predict, x, y, ax=None, lim=None, names=("class −1", "class +1"), size=9):
    """Draw two classes in the plane, what a model says everywhere, and the line where it changes its mind.

    Args:
        predict: maps points (N, 2) to scores (N,) or (N, 1), positive for class +1; called without gradients.
        x: (B, 2) points, in the units of the axes, on the device of the model.
        y: (B,) labels −1 and +1.
        ax: Axes to draw on; None makes a figure.
        lim: (left, right, bottom, top) of the axes; None takes the points with a margin.
        names: legend texts of the two classes; None draws no legend.
        size: area of a point, in square points.

    Returns:
        The Axes.

    Raises:
        ValueError: x is not (B, 2), or y is not B labels −1 and +1.

    Source: the neurons chapter.
    """
    import matplotlib.pyplot as plt
    import torch

    if x.ndim != 2 or x.shape[1] != 2 or y.shape != x.shape[:1] or not bool((y.abs() == 1).all()):
        raise ValueError(
            f"boundary: x {tuple(x.shape)} and y {tuple(y.shape)}, expected (B, 2) and (B,) labels −1 and +1"
        )
    ax = plt.subplots(figsize=(4, 3.6))[1] if ax is None else ax
    if lim is None:
        low, high = x.min(0).values, x.max(0).values
        low, high = low - 0.08 * (high - low), high + 0.08 * (high - low)
        lim = (low[0].item(), high[0].item(), low[1].item(), high[1].item())
    u, v = torch.linspace(*lim[:2], 160), torch.linspace(*lim[2:], 160)
    grid = torch.stack(torch.meshgrid(u, v, indexing="xy"), -1).reshape(-1, 2).to(x)
    with torch.no_grad():
        score = predict(grid).reshape(160, 160).cpu().numpy()
    ax.contourf(u, v, score, levels=[-1e30, 0, 1e30], colors=[BLUE, ORANGE], alpha=0.16)
    if score.min() < 0 < score.max():
        ax.contour(u, v, score, levels=[0], colors=[INK], linewidths=1.4)
    for k, colour, marker in ((0, BLUE, "o"), (1, ORANGE, "^")):
        p = x[y == 2 * k - 1].cpu()
        ax.scatter(*p.T, s=size, c=colour, marker=marker, linewidths=0, label=names and names[k])
    ax.set(xlim=lim[:2], ylim=lim[2:])
    ax.grid(False)
    if names:
        ax.legend(markerscale=6 / size**0.5)
    return ax
