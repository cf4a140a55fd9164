"""The gpt widget on a page of the book: audited like any page, with and without scripts."""

import base64
import sys
from pathlib import Path

import audit
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell
from test_extension import anywidget, build, chapter

from course_utils.widgets import gpt

sys.path.insert(0, str(Path(__file__).parents[1] / "package"))
from widgets import writers

ALT = "A small language model that writes"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    widget = gpt(writers.writers(), question="How far back do the heads look?", alt=ALT)
    view, state = anywidget("one")
    data = base64.b64encode(widget.data).decode()
    state["buffers"] = [{"encoding": "base64", "path": ["data"], "data": data}]
    state["state"] = {k: v for k, v in widget.get_state().items() if isinstance(v, str | list)}
    cells = [new_markdown_cell("## A GPT"), new_code_cell("w", outputs=[view])]
    folder, warnings = build(tmp_path_factory.mktemp("site"), chapter(*cells, state={"one": state}))
    assert warnings == ""
    return folder


@pytest.fixture(scope="module")
def address(site):
    with audit.serve(site) as url:
        yield f"{url}/04_momentum.html"


def test_nothing_is_found_on_a_phone(browser, site, address):
    for url in (address, (site / "04_momentum.html").as_uri()):
        with audit.open_page(browser, url) as (tab, found):
            found += audit.images(tab) + audit.width(tab)
            dead, moved = audit.dead_controls(tab)
            tab.evaluate("bookAudit.buttons()")
            found += dead
        found = [f for f in found if f.kind != "missing" and "404" not in f.text]  # it has no icon
        assert not found and moved == 3


@pytest.mark.parametrize("dark", [False, True])
def test_it_is_accessible(browser, address, dark):
    with audit.open_page(browser, address, audit.DESK, dark=dark) as (tab, _):
        found = [f for f in audit.accessibility(tab) if "bw" in f.text or "canvas" in f.text]
    assert not found


def test_it_writes_what_the_reader_begins(browser, address):
    with audit.open_page(browser, address, audit.DESK) as (tab, _):
        tab.get_by_label("begin with").fill("море")
        for _ in range(3):
            tab.get_by_role("button", name="one character").click()
        tab.wait_for_function("document.querySelectorAll('.bw-written span').length === 7")
        assert tab.locator(".bw-written").text_content().startswith("море")


def test_without_scripts_its_description_stands_there(browser, site):
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto((site / "04_momentum.html").as_uri())
    assert ALT in tab.locator(".widget-subarea").first.inner_text()
    context.close()
