"""Figure style and the shared pictures."""

import matplotlib
import numpy as np
import pytest
import torch

from course_utils import plots

matplotlib.use("Agg")


def test_style_draws_in_ink_on_a_transparent_ground():
    plots.use_style()
    assert matplotlib.rcParams["text.color"] == plots.INK
    assert matplotlib.rcParams["figure.facecolor"] == "none"
    assert [c["color"] for c in matplotlib.rcParams["axes.prop_cycle"]] == list(plots.PALETTE)


def test_images_draws_each_picture_once():
    fig = plots.images(torch.rand(7, 5, 6), columns=4, titles=list("abcdefg"))
    shown = [ax for ax in fig.axes if ax.images]
    assert len(shown) == 7 and [ax.get_title() for ax in shown] == list("abcdefg")
    assert len(plots.images(np.zeros((3, 4, 4, 3))).axes[0].images) == 1


def test_images_keeps_one_scale_for_all_pictures():
    fig = plots.images(torch.tensor([[[0.0, 0.5]], [[0.5, 1.0]]]))
    assert {ax.images[0].get_clim() for ax in fig.axes if ax.images} == {(0.0, 1.0)}


@pytest.mark.parametrize("shape", [(5,), (2, 3, 4, 1), (2, 4, 4, 4)])
def test_images_names_a_wrong_shape(shape):
    with pytest.raises(ValueError, match=r"expected \(N, H, W\)"):
        plots.images(np.zeros(shape))


def test_images_counts_titles():
    with pytest.raises(ValueError, match="1 titles for 2 pictures"):
        plots.images(np.zeros((2, 3, 3)), titles=["one"])
