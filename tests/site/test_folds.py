"""Folded cells on the page: one line with a title, opened by mouse and keyboard; solutions are printed."""

import audit
import pytest
import stage
from nbformat.v4 import new_code_cell
from test_extension import TOP, build, chapter

STYLE = TOP / "book" / "_static" / "book.css"
DRAW = "# @title Draw <Figure> 4\ndraw_the_figure()"


@pytest.fixture(scope="module")
def folded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("folds")
    cells = [
        new_code_cell(DRAW, metadata={"tags": ["hide-input"]}),
        new_code_cell("# @title Solution A\nanswer()", metadata={"tags": ["hide-cell"]}),
        new_code_cell("untitled()", metadata={"tags": ["hide-input"]}),
        new_code_cell("gone()", metadata={"tags": ["remove-cell"]}),
    ]
    site, warnings = build(folder, stage.stage_notebook(chapter(*cells), folder / "static", "04_momentum"))
    assert warnings == ""
    return site / "04_momentum.html"


def test_the_line_is_the_title(folded):
    page = folded.read_text("utf8")
    assert "<summary><span>Draw &lt;Figure&gt; 4</span></summary>" in page
    assert "<summary><span>Solution A</span></summary>" in page
    assert '<span class="when-closed">Show code cell source</span>' in page
    assert "@title" not in page and "Toggle hidden content" not in page and "gone()" not in page


@pytest.mark.parametrize("size", [audit.PHONE, audit.DESK], ids=["phone", "desk"])
def test_mouse_and_keyboard_open_it(folded, browser, size):
    with audit.open_page(browser, folded.as_uri(), size) as (tab, found):
        tab.add_style_tag(path=STYLE)
        for name, code in [("Draw <Figure> 4", "draw_the_figure()"), ("Solution A", "answer()")]:
            line, inside = tab.locator("summary", has_text=name), tab.get_by_text(code)
            assert line.inner_text() == name and not inside.is_visible()
            line.click()
            assert inside.is_visible()
            line.press("Enter")
            assert not inside.is_visible()
        untitled = tab.locator("details.hide summary", has_text="cell source")
        seen = [untitled.inner_text()]
        untitled.press("Space")
        assert [*seen, untitled.inner_text()] == ["Show code cell source", "Hide code cell source"]
        assert audit.accessibility(tab) == [] and audit.width(tab) == []
    assert not found


def test_paper_is_light_and_shows_the_solutions(folded, browser):
    """Folded code is left out; afterwards all is as it was."""
    with audit.open_page(browser, folded.as_uri(), dark=True) as (tab, _):
        tab.add_style_tag(path=STYLE)
        tab.emulate_media(media="print")
        state = "[document.documentElement.dataset.theme, document.querySelectorAll('details[open]').length]"
        for event, theme, printed, opened in [
            ("beforeprint", "light", True, 2),
            ("afterprint", "dark", False, 0),
        ]:
            tab.evaluate("name => dispatchEvent(new Event(name))", event)
            assert tab.get_by_text("answer()").is_visible() is printed
            assert tab.get_by_text("Look at this").is_visible() is printed
            assert not tab.locator("summary", has_text="Draw").is_visible()
            assert tab.evaluate(state) == [theme, opened]
