"""Letters in figures have contrast with the page, in light and in dark."""

import re

from matplotlib.colors import to_rgb
from test_stage import GROUNDS, contrast

FIGURE = re.compile(r'class="figure only-(light|dark)" src="([^"]+\.svg)"')
WRITTEN = re.compile(r'<g id="text_\d+">\s*(?:<!--(.*?)-->)?\s*<g style="[^"]*?fill: ?(#\w{6})', re.S)
ON_COLOUR = ("#ffffff", "#21262d")  # letters of these colours stand on a box of another: no page swaps them


def faint(svg, ground):
    """Return the texts of a figure that have less than 4.5 : 1 on the ground of the page."""
    written = [(" ".join(text.split()), colour.lower()) for text, colour in WRITTEN.findall(svg)]
    page = to_rgb(GROUNDS[ground])
    return [
        (text, colour)
        for text, colour in written
        if colour not in ON_COLOUR and contrast(to_rgb(colour), page) < 4.5
    ]


def test_faint_letters_are_found():
    svg = '<g id="text_1"><!-- {} --><g style="fill: {}" transform="x">'
    assert faint(svg.format("gold", "#e69f00"), "light") == [("gold", "#e69f00")]
    assert faint(svg.format("gold", "#8f6300"), "light") == []
    assert faint(svg.format("ink", "#21262c"), "dark") == [("ink", "#21262c")]


def test_letters_in_figures(site, page):
    text = (site / page).read_text("utf8")
    found = {}
    for ground, src in FIGURE.findall(text):
        path = (site / page).parent / src
        if bad := faint(path.read_text("utf8"), ground):
            found[path.name] = bad
    assert found == {}
