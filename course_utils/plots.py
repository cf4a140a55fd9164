"""One look for every figure: palette, style, and the few pictures that many chapters draw.

Colours are those of Okabe and Ito (2008), told apart with every common form of colour blindness. Text and axes are
drawn in ``INK`` on a transparent ground; the published book swaps ``INK`` for a light tone in dark mode, so draw
black things in ``INK``, never in "black" or "k".
"""

from __future__ import annotations

INK = "#21262c"
BLUE, ORANGE, GREEN, RED, PURPLE, SKY, GOLD = (
    "#0072b2", "#d55e00", "#009e73", "#c8385a", "#aa66aa", "#56b4e9", "#e69f00"
)  # fmt: skip
PALETTE = (BLUE, ORANGE, GREEN, PURPLE, SKY, GOLD, RED)


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
            "figure.figsize": (6.4, 3.6),
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
