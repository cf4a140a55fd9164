"""Schematic drawings: where things end up, and what a drawing refuses."""

import matplotlib
import pytest

from course_utils import plots
from course_utils.drawing import Drawing

matplotlib.use("Agg")


@pytest.fixture
def d():
    plots.use_style()
    return Drawing(5.5, 3.0)


def test_a_box_grows_to_fit_its_text(d):
    one, two = d.box((1, 1), "a"), d.box((3, 1), "a much longer text")
    assert two.box[2] - two.box[0] > one.box[2] - one.box[0]
    assert one.centre == (1, 1) and one.left[1] == pytest.approx(1) and one.right[0] > 1 > one.left[0]


def test_an_arrow_goes_from_edge_to_edge(d):
    a, b = d.box((1, 1), "a", width=0.4), d.circle((3, 1), "b", radius=0.2)
    line = d.arrow(a, b, "label")
    assert line.points[0] == pytest.approx((1.2, 1)) and line.points[-1] == pytest.approx((2.8, 1), abs=1e-3)


REFUSED = {
    "wide": (lambda d: Drawing(5.6, 1), "at most 5.5"),
    "small letters": (lambda d: d.text((1, 1), "a", size=9), "at least 10"),
    "text in box": (lambda d: d.box((1, 1), "much too long", width=0.5), "'much too long' needs"),
    "out": (lambda d: d.box((5.4, 1), "a box"), "leaves the drawing"),
    "over": (lambda d: (d.text((1, 1), "one"), d.text((1.05, 1), "two")), "'two' lies over the text 'one'"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read_is_refused_by_name(d, name):
    draw, sentence = REFUSED[name]
    with pytest.raises(ValueError, match=sentence):
        draw(d)
