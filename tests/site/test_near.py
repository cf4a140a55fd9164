"""A widget is fetched and drawn when it comes near; until then its description keeps its place."""

import audit
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell
from test_extension import TOP, anywidget, build, chapter

FILLER = "A line of text.\n\n" * 150  # several screens
DRAWN = "<div class=bw style='height: 900px'>drawn</div>"
TALL = f'export default {{ render({{ el }}) {{ el.innerHTML = "{DRAWN}"; }} }}'
NEAR = "document.querySelectorAll('.widget-subarea .bw').length"


@pytest.fixture(scope="module")
def far(tmp_path_factory):
    view, state = anywidget("one")
    state["state"] |= {"_esm": TALL, "alt": "A valley, and a ball in it."}
    cells = [
        new_markdown_cell(FILLER),
        new_code_cell("w", outputs=[view]),
        new_markdown_cell("## Below\n\n" + FILLER),
    ]
    site, warnings = build(tmp_path_factory.mktemp("near"), chapter(*cells, state={"one": state}))
    assert warnings == ""
    return site / "04_momentum.html"


@pytest.fixture
def tab(browser):
    context = browser.new_context(viewport=audit.DESK)
    yield context.new_page()
    context.close()


def test_it_is_fetched_when_it_comes_near(far, tab):
    asked = []
    tab.on("request", lambda r: asked.append(r.url))
    tab.goto(far.as_uri())
    tab.wait_for_timeout(500)
    parts = [url for url in asked if "widget-parts/" in url]
    assert len(parts) == 1  # the list of the page's widgets
    assert tab.locator(".widget-subarea").inner_text() == "A valley, and a ball in it."
    assert tab.evaluate(NEAR) == 0
    tab.add_style_tag(path=TOP / "book" / "_static" / "book.css")
    assert tab.locator(".widget-subarea").bounding_box()["height"] > 300
    tab.evaluate("scrollTo(0, document.querySelector('.widget-subarea').offsetTop - 2.5 * innerHeight)")
    tab.wait_for_selector(".widget-subarea .bw", state="attached")
    assert tab.locator(".widget-subarea").inner_text() == "drawn"
    assert len([url for url in asked if "widget-parts/" in url]) > 1
    tab.wait_for_function("document.documentElement.dataset.widgets === 'ready'")


def test_a_link_to_below_it_leads_there_and_stays(far, tab):
    tab.goto(far.as_uri() + "#below")
    tab.wait_for_selector(".widget-subarea .bw")
    tab.wait_for_timeout(1500)  # its reserved height is given back
    assert 0 <= tab.locator("#below").bounding_box()["y"] < 200


def test_paper_and_a_browser_without_scripts_get_the_description(far, browser, tab):
    tab.goto(far.as_uri())
    tab.emulate_media(media="print")
    assert tab.locator(".widget-subarea p").is_visible()
    context = browser.new_context(java_script_enabled=False)
    try:
        plain = context.new_page()
        plain.goto(far.as_uri())
        said = plain.locator(".widget-subarea p").inner_text()
        assert said == "This picture can be moved, which needs JavaScript. A valley, and a ball in it."
    finally:
        context.close()


def test_printing_begins_all(far, tab):
    tab.goto(far.as_uri())
    tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    tab.wait_for_selector(".widget-subarea .bw", state="attached")
