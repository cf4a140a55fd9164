"""Staging: figures become light and dark files with alt text; everything else stays."""

import base64
import io
import re
from pathlib import Path

import nbformat
import numpy as np
import pytest
import stage
from matplotlib.colors import to_rgb
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

import course_utils
from course_utils import plots
from course_utils.drawing.canvas import TINT

GROUNDS = {"light": "#ffffff", "dark": "#14181e"}  # of the book's pages
TINTS = (TINT, 1.5 * TINT)  # of a box, of a cell of a drawing
SVG = (
    '<?xml version="1.0"?><svg width="72pt" height="36pt" viewBox="0 0 72 36" xmlns="http://www.w3.org/2000/svg">'
    "<metadata>who made it</metadata>"
    '<path d="M0 0" style="stroke: #21262C"/><path d="M1 1" style="stroke: #0072b2"/>{more}</svg>'
)


def png(size=(8, 4), noise=False):
    from PIL import Image

    image = Image.effect_noise(size, 90) if noise else Image.new("RGB", size, "red")
    out = io.BytesIO()
    image.save(out, "PNG")
    return base64.b64encode(out.getvalue()).decode()


def figure(more="", **metadata):
    return new_code_cell("draw()", outputs=[svg(more)], metadata=metadata)


def svg(more=""):
    return picture({"image/svg+xml": SVG.format(more=more)})


def picture(data):
    return new_output("display_data", data={"text/plain": "<Figure>", **data}, metadata={"image/png": {}})


def alt(*texts):
    return {"mystnb": {"image": {"alt": texts[0] if len(texts) == 1 else list(texts)}}}


def run(cells, folder, name="07_name"):
    return stage.stage_notebook(new_notebook(cells=cells), folder, name)


def markup(cell, output=0):
    return cell.outputs[output].data["text/html"]


def test_the_ink_is_that_of_the_figures():
    assert plots.INK == stage.INK


def test_tones_become_light_in_the_dark(tmp_path):
    assert set(plots.TONES.values()) == set(stage.TONES)
    run([figure(f'<path style="fill: {plots.TONES[plots.BLUE]}"/>', **alt("a line"))], tmp_path)
    files = [path.read_text() for path in tmp_path.glob("figures/*.svg")]
    assert {plots.TONES[plots.BLUE] in text for text in files} == {True, False}
    assert sum(stage.TONES[plots.TONES[plots.BLUE]] in text for text in files) == 1


def test_frames_of_a_widget_go_dark_as_figures_do():
    source = (Path(course_utils.__file__).parent / "widgets" / "explore.js").read_text(encoding="utf-8")
    table = source.partition("const DARK = {")[2].partition("};")[0]
    assert dict(re.findall(r'"(#\w+)": "(#\w+)"', table)) == {stage.INK: stage.LIGHT_INK, **stage.TONES}


def luminance(colour):
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in colour]
    return np.dot((0.2126, 0.7152, 0.0722), linear)


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("colour", [*plots.PALETTE, plots.INK])
def test_letters_have_contrast_on_every_ground_and_tint(colour, ground):
    page, inks = to_rgb(GROUNDS[ground]), (plots.INK, plots.TONES.get(colour, colour))
    ink, tone = (to_rgb(stage.in_the_dark(c) if ground == "dark" else c) for c in inks)
    fill = to_rgb(stage.in_the_dark(colour) if ground == "dark" else colour)
    tinted = [np.array(page) * (1 - share) + share * np.array(fill) for share in TINTS]
    assert contrast(tone, page) > 4.5 and contrast(tone, tinted[0]) > 4.5
    assert all(contrast(ink, tint) > 4.5 for tint in tinted)


def test_a_figure_becomes_a_light_and_a_dark_file(tmp_path):
    cell = run([figure(**alt('a "line"'))], tmp_path).cells[0]
    assert markup(cell).count("<img") == 2
    assert 'alt="a &quot;line&quot;"' in markup(cell)
    assert 'width="96" height="48"' in markup(cell)
    files = list(tmp_path.glob("figures/*.svg"))
    light, dark = (next(f for f in files if ink in f.read_text()) for ink in ("#21262c", "#e4e7eb"))
    assert f'class="figure only-light" src="_static/figures/{light.name}"' in markup(cell)
    assert f'class="figure only-dark" src="_static/figures/{dark.name}"' in markup(cell)
    assert "#21262c" not in dark.read_text()
    assert "#0072b2" in dark.read_text()
    assert "who made it" not in light.read_text()


def test_what_matplotlib_writes_becomes_svg():
    """A space has no form, and a picture in two places has one name twice."""
    image = '<image xlink:href="data:," id="image5" width="9"/>'
    tidy = stage._tidy(
        f'<svg id="top"><path id="space" transform="scale(2)"/><path id="a" d="M0 0"/>{2 * image}</svg>'
    )
    assert tidy.count("<path") == tidy.count(' d="') == 2 and '<path d="" id="space"' in tidy
    assert "image5" not in tidy and tidy.count('<image xlink:href="data:," width="9"/>') == 2
    assert 'id="top"' in tidy


def test_pages_in_a_folder_point_upwards(tmp_path):
    cell = run([figure(**alt("a line"))], tmp_path, "appendix/results").cells[0]
    assert 'src="../_static/figures/results-' in markup(cell)


def test_other_outputs_stay(tmp_path):
    outputs = [new_output("stream", name="stdout", text="1\n"), picture({"text/html": "<b>bold</b>"})]
    cells = [new_code_cell("1", outputs=outputs), new_markdown_cell("text")]
    before = nbformat.from_dict(outputs)
    assert run(cells, tmp_path).cells[0].outputs == before


def test_what_was_printed_in_pieces_is_joined_as_printed(tmp_path):
    def printed(text, name="stdout"):
        return new_output("stream", name=name, text=text)

    pieces = [
        printed("off by "),
        printed("0.5\n\n"),
        printed("x  "),
        printed("careful", "stderr"),
        printed("\n"),
    ]
    cell = run(
        [new_code_cell("f()", outputs=[*pieces, picture({"text/html": "<b>"}), printed("1")])], tmp_path
    ).cells[0]
    texts = [(o.name, o.text) for o in cell.outputs if o.output_type == "stream"]
    assert texts == [
        ("stdout", "off by 0.5\n\nx  "),
        ("stderr", "careful"),
        ("stdout", "\n"),
        ("stdout", "1"),
    ]
    assert [o.output_type for o in cell.outputs][-2:] == ["display_data", "stream"]


def test_one_alt_for_each_figure(tmp_path):
    cell = new_code_cell("two()", outputs=[svg(), svg()], metadata=alt("one", "two"))
    cell = run([cell], tmp_path).cells[0]
    assert 'alt="one"' in markup(cell, 0)
    assert 'alt="two"' in markup(cell, 1)


@pytest.mark.parametrize("metadata", [{}, alt(""), alt("one", "two"), alt("one", " ")])
def test_a_missing_alt_text_is_refused(tmp_path, metadata):
    with pytest.raises(stage.StageError, match=r"07_name\.ipynb, cell 1 \(draw.*1 figure but .* alt text"):
        run([new_markdown_cell("text"), figure(**metadata)], tmp_path)


def test_photographs_inside_a_figure_get_smaller(tmp_path):
    raster = f'<image href="data:image/png;base64,{png((200, 200), noise=True)}"/>'
    run([figure(raster, **alt("noise"))], tmp_path)
    for path in tmp_path.glob("figures/*.svg"):
        assert "data:image/webp;base64," in path.read_text()
        assert path.stat().st_size < len(raster)


def test_a_plain_raster_is_shown_on_a_card(tmp_path):
    cell = new_code_cell("image", outputs=[picture({"image/png": png()})], metadata=alt("a red patch"))
    cell = run([cell], tmp_path).cells[0]
    assert 'class="figure on-card"' in markup(cell)
    assert 'width="8" height="4"' in markup(cell)


def test_a_figure_that_is_too_heavy_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(stage, "MAX_BYTES", 100)
    with pytest.raises(stage.StageError, match="rasterized=True"):
        run([figure(**alt("a line"))], tmp_path)


def test_a_folded_cell_is_called_by_its_title(tmp_path):
    folded = new_code_cell("# @title Solution A\nprint(1)", metadata={"tags": ["hide-cell"]})
    shown = new_code_cell("# @title Solution A\nprint(1)")
    folded, shown = run([folded, shown], tmp_path).cells
    assert folded.source == "print(1)"
    assert folded.metadata.mystnb.code_prompt_show == "Solution A"
    assert shown.source.startswith("# @title")


def test_a_text_chosen_for_the_slides_is_marked(tmp_path):
    text = "## Two\n\nText."
    nb = run([new_markdown_cell(text, metadata={"tags": ["slide"]}), new_markdown_cell(text)], tmp_path)
    assert [cell.source for cell in nb.cells] == [f"<!--slide-->\n\n{text}\n\n<!--/slide-->", text]
