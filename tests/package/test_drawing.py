"""Schematic drawings: where things end up, what a drawing refuses, and the page of examples."""

import io
import warnings
from itertools import combinations

import matplotlib
import numpy as np
import pytest
import torch
from drawings.examples import EXAMPLES

from course_utils import plots
from course_utils.drawing import Drawing

matplotlib.use("Agg")


@pytest.fixture
def d():
    plots.use_style()
    yield Drawing(5.5, 3.0)
    matplotlib.pyplot.close("all")


@pytest.fixture(scope="module", params=EXAMPLES, ids=lambda example: example.__name__)
def example(request):
    plots.use_style()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield request.param()
    matplotlib.pyplot.close("all")


def boxes(drawing, dpi):
    """The (left, bottom, right, top) of every text as drawn at another resolution, in inches."""
    drawing.figure.set_dpi(dpi)
    drawing.figure.canvas.draw()
    return [np.array(text.get_window_extent().extents) / dpi for text in drawing.axes.texts]


def test_letters_of_the_examples_are_large_inside_and_apart(example):
    texts, places = example.axes.texts, boxes(example, 200)
    assert texts and all(text.get_fontsize() >= 10 for text in texts)
    for text, (left, bottom, right, top) in zip(texts, places, strict=True):
        assert left > -0.02 and bottom > -0.02, text
        assert right < example.width + 0.02 and top < example.height + 0.02, text
    for (one, a), (other, b) in combinations(zip(texts, places, strict=True), 2):
        shared = np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])
        assert not (shared > 0.03).all(), (one, other)


def test_nothing_of_the_examples_goes_through_a_text(example):
    ways = [line.get_path() for line in example.axes.lines] + [p.get_path() for p in example.axes.patches]
    for text, (left, bottom, right, top) in zip(example.axes.texts, boxes(example, 200), strict=True):
        inner = matplotlib.transforms.Bbox([(left + 0.03, bottom + 0.03), (right - 0.03, top - 0.03)])
        assert not any(way.intersects_bbox(inner, filled=False) for way in ways), text


def test_everything_of_the_examples_is_on_the_canvas_and_clear_behind(example):
    for artist in [*example.axes.lines, *example.axes.patches]:
        points = artist.get_path().vertices
        assert points.min() > -0.01 and (points < np.array([example.width, example.height]) + 0.01).all()
    out = io.BytesIO()
    example.figure.savefig(out, format="svg", bbox_inches="tight")
    assert out.getvalue().count(b"<text") == 0 and b"#ffffff" not in out.getvalue()
    assert example.width <= 5.5 and example.axes.get_aspect() == "auto"
    assert example.figure.get_size_inches() == pytest.approx((example.width, example.height))


def test_a_box_grows_to_fit_its_text(d):
    one, two = d.box((1, 1), "a"), d.box((3, 1), "a much longer text")
    assert two.box[2] - two.box[0] > one.box[2] - one.box[0]
    assert one.centre == (1, 1) and one.left[1] == pytest.approx(1) and one.right[0] > 1 > one.left[0]
    assert one.top[1] == pytest.approx(one.box[3], abs=1e-6)


def test_an_arrow_goes_from_edge_to_edge(d):
    a, b = d.box((1, 1), "a", width=0.4), d.circle((3, 1), "b", radius=0.2)
    ends = d.arrow(a, b, "label").points[[0, -1]]
    assert ends == pytest.approx(np.array([(1.2, 1), (2.8, 1)]), abs=1e-3)
    bent = d.arrow(a, b, bend=0.25).points
    assert bent[:, 1].max() == pytest.approx(1.5) and not a.holds(bent[1]) and not b.holds(bent[-2])


def test_a_line_stops_under_the_heads_of_its_arrow(d):
    d.arrow((1, 1), (3, 1), both=True)
    x, heads = d.axes.lines[0].get_xdata(), [patch.get_xy()[:3] for patch in d.axes.patches]
    assert 1 < x.min() < 1.1 and 2.9 < x.max() < 3
    assert sorted(head[0][0] for head in heads) == pytest.approx([1, 3])


def test_a_chain_leads_from_each_to_the_next(d):
    d.chain([(1, 1), (2, 1), (2, 2)], dashed=True)
    starts = [line.get_xydata()[0].tolist() for line in d.axes.lines]
    assert starts == [[1, 1], [2, 1]]


def test_corners_go_level_or_upright_first(d):
    a, b = d.box((1, 1), "a"), d.box((3, 2), "b")
    level, upright = d.arrow(a, b, via="-|").points, d.arrow(a, b, via="|-").points
    assert level[0] == pytest.approx((a.box[2], 1)) and level[-1] == pytest.approx((3, b.box[1]))
    assert upright[0] == pytest.approx((1, a.box[3])) and upright[-1] == pytest.approx((b.box[0], 2))
    round_about = d.arrow(a, b, via=[(1, 2.5), (3, 2.5)]).points
    assert round_about[:, 1].max() == pytest.approx(2.5)


@pytest.mark.parametrize("side", ["above", "below", "left", "right"])
def test_a_loop_begins_and_ends_at_its_node(d, side):
    node = d.box((2.5, 1.5), "h")
    points = d.arrow(node, node, "W", side=side).points
    edge = {"above": (1, 3), "below": (1, 1), "left": (0, 0), "right": (0, 2)}[side]
    assert points[[0, -1], edge[0]] == pytest.approx(node.box[edge[1]], abs=1e-6)
    assert not any(node.holds(point) for point in points[1:-1])


@pytest.mark.parametrize("bend", [-0.4, 0, 0.4])
@pytest.mark.parametrize("end", [(4, 1.5), (2, 2.9), (1, 0.2)])
@pytest.mark.parametrize("side", ["above", "below", "left", "right"])
def test_a_label_is_clear_of_its_line_and_on_its_side(d, side, end, bend):
    line = d.arrow((2, 1.5), end, bend=bend if abs(end[0] - 2) > 0.9 else 0)
    text = line.label("label", side).drawing.texts[-1]
    apart = np.abs(line.points[:, None] - np.array(text.centre)) - np.array(text.box[2:]) + text.centre
    assert (apart.max(-1) > 0).all()
    if side in ("above", "below") and end != (2, 2.9):  # upright: left and right instead
        height = np.interp(text.centre[0], *line.points[line.points[:, 0].argsort()].T)
        assert (text.centre[1] > height) == (side == "above")


def test_a_grid_writes_numbers_and_knows_its_cells(d):
    grid = d.grid(
        (1, 1), torch.tensor([[1.0, -2.0], [0.5, 3.0]]), marks=[(0, 0, 1, 2)], rows="ab", columns="xy"
    )
    assert [text.name for text in d.texts] == ["1", "−2", "0.5", "3", "a", "b", "x", "y"]
    assert grid[0, 0].centre == pytest.approx((0.84, 1.16)) and grid[-1, -1].centre == pytest.approx(
        (1.16, 0.84)
    )
    assert grid.window(0, 0, 2, 2).box == pytest.approx(grid.box)
    with pytest.raises(IndexError, match="not in a grid of 2 × 2"):
        grid[2, 0]


def test_a_pile_has_more_planes_for_more_channels(d):
    counts = [len(d.stack((2.5, 1.5), c, 8, 8, size=0.3).strips) + 1 for c in (1, 3, 4, 8, 64, 512)]
    assert counts == [1, 3, 4, 5, 8, 11]
    wide = d.stack((1, 1), 1, 4, 8, size=0.4)
    assert wide.box == pytest.approx((0.8, 0.9, 1.2, 1.1))


def test_frames_and_braces_are_round_what_they_hold(d):
    a, b = d.box((1, 1), "a"), d.box((3, 1.5), "b")
    frame = d.frame([a, b], "both")
    assert frame.box[0] < a.box[0] and frame.box[1] < a.box[1]
    assert frame.box[2] > b.box[2] and frame.box[3] > b.box[3]
    assert d.texts[-1].box[1] > frame.box[3]
    brace = d.brace((1, 2.5), (3, 2.5), "all")
    assert brace.box[0] == pytest.approx(1) and brace.box[2] == pytest.approx(3) and brace.box[1] > 2.5


def test_parts_show_nothing_at_the_end_of_a_cell(d):
    from IPython.core.formatters import DisplayFormatter

    for part in (d.box((1, 1), "a"), d.arrow((2, 1), (3, 1)), d.text((4, 1), "b"), d.grid((1, 2), [[1]])):
        assert DisplayFormatter().format(part) == ({}, {})


REFUSED = {
    "wide": (lambda d: Drawing(5.6, 1), "5.6 × 1 inches: the width must be over 0 and at most 5.5"),
    "small letters": (lambda d: d.text((1, 1), "a", size=9), "letters of 9 points in 'a'"),
    "missing letters": (lambda d: d.text((1, 1), "中"), "'中'.*write it otherwise"),
    "align": (lambda d: d.text((1, 1), "a", align="top"), "align 'top' is not one of"),
    "text in box": (lambda d: d.box((1, 1), "much too long", width=0.5), "'much too long' needs"),
    "text in circle": (lambda d: d.circle((1, 1), "too long", radius=0.2), "'too long' needs"),
    "text in cell": (lambda d: d.grid((1, 1), [["too long"]]), "'too long' needs"),
    "box out": (lambda d: d.box((5.4, 1), "a box"), "'a box' leaves the drawing"),
    "line out": (lambda d: d.line((1, 1), (6, 1)), r"the line from \(1.00, 1.00\) to \(6.00, 1.00\) leaves"),
    "texts": (lambda d: (d.text((1, 1), "one"), d.text((1.05, 1), "two")), "'two' lies over the text 'one'"),
    "line, text": (lambda d: (d.line((0, 1), (2, 1)), d.text((1, 1), "a b")), "through the text 'a b'"),
    "text, line": (lambda d: (d.text((1, 1), "a b"), d.line((0, 1), (2, 1))), "through the text 'a b'"),
    "side": (lambda d: d.arrow((0, 1), (2, 1), "a", side="up"), "side 'up' is not one of above, below"),
    "via": (lambda d: d.arrow((0, 1), (2, 1), via="up"), "via 'up' is neither"),
    "bend and via": (lambda d: d.arrow((0, 1), (2, 1), bend=1, via=[(1, 2)]), "not both"),
    "no room": (lambda d: d.arrow(d.box((1, 1), "a"), d.box((1.1, 1.0), "")), "no room for a line"),
    "no room for a head": (lambda d: d.arrow((1, 1), (1.08, 1)), "no room for an arrow .* 0.08 inches apart"),
    "a point": (lambda d: d.line((1, 1), (1, 1)), "no room"),
    "a row": (lambda d: d.grid((1, 1), torch.ones(3)), "a grid needs rows of values"),
    "ragged": (lambda d: d.grid((1, 1), [[1, 2], [3]]), r"rows of one length, these have \[1, 2\]"),
    "empty map": (lambda d: d.stack((1, 1), 0, 8, 8), "0 × 8 × 8 has nothing to draw"),
    "picture": (lambda d: d.image((1, 1), np.zeros((2, 2, 4)), 1), r"shape \(2, 2, 4\), expected"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read_or_drawn_is_refused_by_name(d, name):
    draw, sentence = REFUSED[name]
    with pytest.raises(ValueError, match=sentence):
        draw(d)
