"""Figure style and the shared pictures."""

import matplotlib
import numpy as np
import pytest
import torch

from course_utils import plots
from course_utils.drawing.canvas import WIDEST

matplotlib.use("Agg")


def test_style_draws_in_ink_on_a_transparent_ground():
    plots.use_style()
    assert matplotlib.rcParams["text.color"] == plots.INK
    assert matplotlib.rcParams["figure.facecolor"] == "none"
    assert matplotlib.rcParams["figure.figsize"][0] == WIDEST and matplotlib.rcParams["font.size"] == 10
    assert [c["color"] for c in matplotlib.rcParams["axes.prop_cycle"]] == list(plots.PALETTE)


def test_images_draws_one_sheet_with_a_title_above_each_picture():
    fig = plots.images(torch.rand(7, 5, 6), columns=4, titles=list("abcdefg"))
    (ax,) = fig.axes
    assert len(ax.images) == 1 and [text.get_text() for text in ax.texts] == list("abcdefg")
    places = [text.get_position() for text in ax.texts]
    assert len({round(y, 6) for _, y in places[:4]}) == 1 and places[4][1] > places[0][1]
    assert places[4][0] == places[0][0] < places[1][0]


def test_titles_of_two_lines_get_their_room():
    heights = [
        plots.images(np.zeros((2, 4, 4)), 2, titles).get_figheight() for titles in (["a"] * 2, ["a\nb"] * 2)
    ]
    assert heights[1] > heights[0]


@pytest.mark.parametrize("kind", [np.uint8, np.float32])
def test_a_sheet_holds_every_pixel_and_clear_gaps(kind):
    pictures = np.arange(1, 3 * 2 * 3 * 3 + 1).reshape(3, 2, 3, 3).astype(kind)
    whole = plots.sheet(pictures, columns=2, gap=2, band=1)
    assert whole.shape == (2 * (2 + 2 + 1) - 2, 2 * (3 + 2) - 2, 4) and whole.dtype == kind
    assert (whole[1:3, 5:8, :3] == pictures[1]).all() and (whole[6:8, :3, :3] == pictures[2]).all()
    opaque = whole[..., 3] > 0
    assert opaque.sum() == 3 * 2 * 3 and set(whole[opaque][:, 3]) == {255 if kind is np.uint8 else 1}
    grey = plots.sheet(pictures[..., 0], columns=2, gap=2, band=1)
    assert (grey.mask == ~opaque).all() and (grey[1:3, 5:8] == pictures[1, ..., 0]).all()


def test_images_keeps_one_scale_for_all_pictures():
    fig = plots.images(torch.tensor([[[0.0, 0.5]], [[0.5, 1.0]]]))
    assert fig.axes[0].images[0].get_clim() == (0.0, 1.0)


@pytest.mark.parametrize("shape", [(5,), (2, 3, 4, 1), (2, 4, 4, 4)])
def test_images_names_a_wrong_shape(shape):
    with pytest.raises(ValueError, match=r"expected \(N, H, W\)"):
        plots.images(np.zeros(shape))


def test_images_counts_titles():
    with pytest.raises(ValueError, match="1 titles for 2 pictures"):
        plots.images(np.zeros((2, 3, 3)), titles=["one"])


def test_boundary_draws_both_classes_and_the_line_between():
    x, y = torch.tensor([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), torch.tensor([1.0, -1.0, -1.0])
    ax = plots.boundary(lambda p: 0.5 - p[:, 0], x, y, lim=(-1, 2, -1, 2))
    assert [len(c.get_offsets()) for c in ax.collections[-2:]] == [2, 1]  # after the areas and the line
    line = ax.collections[-3].get_paths()[0].vertices
    assert np.allclose(line[:, 0], 0.5, atol=1e-3)


def test_boundary_needs_no_change_of_mind():
    x, y = torch.zeros(2, 2), torch.tensor([1.0, -1.0])
    ax = plots.boundary(lambda p: torch.ones(len(p), 1), x, y, lim=(-1, 1, -1, 1), names=None)
    assert ax.get_legend() is None


@pytest.mark.parametrize("shape, label", [((3, 3), 1.0), ((3,), 1.0), ((3, 2), 0.0)])
def test_boundary_names_wrong_points_or_labels(shape, label):
    with pytest.raises(ValueError, match="labels −1 and \\+1"):
        plots.boundary(lambda p: p[:, 0], torch.zeros(shape), torch.full((3,), label))
