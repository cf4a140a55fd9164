"""The chapters that have been re-cut keep their form; and each measure of the form can fail."""

import io

import form
import matplotlib as mpl
import matplotlib.pyplot as plt
import nbformat
import pytest
import traitlets.config
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from course_utils import plots
from course_utils.drawing import Drawing


def test_recut_chapters_keep_their_form():
    assert not [fault for number in form.RECUT for fault in form.faults(number)]


def notebook(*cells):
    """A notebook of these cells; a text is code, or prose where it begins with "#" and a blank."""
    return new_notebook(
        cells=[new_markdown_cell(c[2:]) if str(c).startswith("# ") else as_code(c) for c in cells]
    )


def as_code(cell):
    return new_code_cell(cell) if isinstance(cell, str) else cell


def folded(source):
    return new_code_cell(f"#@title\n{source}", metadata={"tags": ["hide-input"]})


def printing(text):
    return new_code_cell("f()", outputs=[new_output("stream", text=text)])


def showing(**data):
    mime = {"text": "text/plain", "html": "text/html", "svg": "image/svg+xml"}
    data = {mime[kind]: value for kind, value in data.items()}
    return new_code_cell("f()", outputs=[new_output("display_data", data=data)])


@pytest.fixture
def drawing():
    """A function that draws a text of some points in a figure of some inches."""

    def draw(inches, points, text="text"):
        with mpl.rc_context():
            plots.use_style()
            figure, file = plt.figure(figsize=(inches, 1)), io.StringIO()
            figure.text(0.1, 0.5, "larger", size=14)
            figure.text(0.4, 0.5, text, size=points, rotation=30)
            figure.savefig(file, format="svg")
            plt.close(figure)
        return file.getvalue()

    return draw


@pytest.mark.parametrize(
    "measure, good, bad, value, where",
    [
        (form.code_share, ["# " + 60 * "x", 40 * "y"], ["# " + 59 * "x", 41 * "y"], 41, ""),
        (form.code_share, ["# x", folded("long")], ["# x", "long"], 80, ""),
        (form.longest_run, ["a", "b", "c", "# x", "d"], ["# x", "a", "b", "c", "d"], 4, "cell 1"),
        (form.longest_run, ["a", "b", folded("c"), "d"], ["a", "b", folded("c"), "d", "e"], 4, "cell 0"),
        (form.longest_stretch, [25 * "a\n\n", "# x", "b"], ["# x", 20 * "a\n", 6 * "b\n"], 26, "cell 1"),
        (form.wide_lines, [84 * "a", folded(85 * "a")], [85 * "a" + "\nb\n" + 99 * "a"], 2, "cell 0"),
        (form.lecture_frames, ["# A common mistake"], ["# > **Slip in the lectures.** No"], 1, "cell 0"),
        (form.reprs, [printing("loss 0.5\n(seed 3)")], ["# x", printing("so\n{'a': 1}")], 1, "cell 1"),
        (form.reprs, [showing(text="[1, 2]", html="<table>")], [showing(text="[1, 2]")], 1, "cell 0"),
    ],
)
def test_measures_of_texts(measure, good, bad, value, where):
    assert measure(notebook(*good)).fits
    found = measure(notebook(*bad))
    assert not found.fits and (found.value, found.where if where else "") == (value, where)
    assert str(found).startswith("✗") and not str(measure(notebook(*good))).startswith("✗")


def test_an_empty_chapter_has_measures():
    for measure in (*form.SOURCE, *form.OUTPUTS):
        assert measure(notebook()).fits


@pytest.mark.parametrize(
    "line",
    [
        "{'a': 0.5}",
        "{1: 2}",
        "recall {'cat': '50%'}",
        "three seeds: ['95%', '94%']",
        "[1, 2, 3]",
        "[0.5 0.25]",
        "[[1, 0],",
        "[7]",
        "[]",
        "(1, 28, 28)",
        "('a', 2)",
        "tensor([1.])",
        "w = tensor(0.5)",
        "torch.Size([2, 3])",
        "array([1])",
        "[<matplotlib.lines.Line2D at 0x7f>]",
    ],
)
def test_reprs_are_seen(line):
    assert form.is_repr(line)


@pytest.mark.parametrize(
    "line",
    [
        "gradient [0.1, 0.2]",
        "convolution (6, 28, 28)",
        "(5 of 7)",
        "[Enter the king]",
        "(cricket)",
        "3 seeds: 0.5 ± 0.1",
        "0.5",
        "'text'",
        "sets {a, b}",
        "ValueError: expected a batch, got torch.Size([1, 64])",
        "",
    ],
)
def test_texts_are_no_reprs(line):
    assert not form.is_repr(line)


def test_first_picture(drawing):
    figure = showing(svg=drawing(5, 10))
    assert form.words_to_picture(notebook("# " + 490 * "x ", "a\n\nb", figure)).value == 490 + 20 + 10
    assert form.words_to_picture(notebook("# " + 490 * "x ", folded("a\nb"), figure)).fits
    assert not form.words_to_picture(notebook("# " + 501 * "x ", figure)).fits


def test_figures(drawing):
    fits, small, wide = drawing(5.5, 10), drawing(5.5, 9, "tiny"), drawing(7, 16)
    assert form.inches(wide) == pytest.approx(7)
    assert form.smallest_letters(fits)[0] == pytest.approx(10 * 96 / 72 * 358 / 528)
    assert form.widest_figure(notebook(showing(svg=fits))).fits
    assert form.least_letters(notebook(showing(svg=fits))).fits
    found = form.widest_figure(notebook("# x", showing(svg=fits), showing(svg=wide)))
    assert not found.fits and (found.value, found.where) == (7, "cell 2")
    found = form.least_letters(notebook(showing(svg=fits), showing(svg=small)))
    assert not found.fits and (found.value, found.where) == (8.1, "'tiny' in cell 1")
    assert str(found).endswith("8.1 (at least 9, 'tiny' in cell 1)")


def test_a_narrow_figure_is_not_shrunk_and_exponents_may_be_small(drawing):
    assert form.smallest_letters(drawing(3, 7))[0] == pytest.approx(7 * 96 / 72)
    assert form.smallest_letters(drawing(3, 10, "$10^{-3}$"))[0] == pytest.approx(10 * 96 / 72)


def test_a_drawing_of_the_greatest_width_keeps_its_letters_on_the_page():
    kernel = traitlets.config.Config()
    exec(form.execute.KERNEL_CONFIG, {"c": kernel})
    with mpl.rc_context():
        plots.use_style()
        sketch, file = Drawing(5.5, 1), io.StringIO()
        sketch.box((0.8, 0.5), "a")
        sketch.figure.canvas.print_figure(file, format="svg", **kernel.InlineBackend.print_figure_kwargs)
        plt.close(sketch.figure)
    figure = notebook(showing(svg=file.getvalue()))
    assert form.widest_figure(figure).fits and form.least_letters(figure).fits


def test_outputs_of_other_code_do_not_count(tmp_path, monkeypatch):
    monkeypatch.setattr(form.execute, "TOP", tmp_path)
    chapter, done = tmp_path / "book" / "01_x.ipynb", tmp_path / "_build" / "executed" / "01_x.ipynb"
    for file in (chapter, done):
        file.parent.mkdir(parents=True)
    nbformat.write(notebook("# " + 99 * "x", "f()"), chapter)
    assert form.faults("01") == ["01: ✗ not executed as it is: run scripts/execute.py on it, or make book"]
    nbformat.write(notebook("# old", printing("{'a': 1}")), done)
    assert form.faults("01") == ["01: ✗ outputs that are a dict, list, tuple or tensor 1 (at most 0, cell 1)"]
    nbformat.write(notebook("# " + 99 * "x", "g()"), done)
    assert "not executed" in form.faults("01")[0]
    with pytest.raises(SystemExit, match="'2' names 0 chapters"):
        form.faults("2")
