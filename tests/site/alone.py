"""A page with single widgets on it, and what is asked of every such page."""

import base64

import audit
from nbformat.v4 import new_code_cell, new_markdown_cell
from test_extension import anywidget, build, chapter

PAGE = "04_momentum.html"
FILLER = "\n\nA line of text.\n" * 60


def record(widget):
    """Return a widget as an executed notebook keeps it: {"state": ..., "buffers": ...}."""
    held = widget.get_state()
    return {
        "state": {key: v for key, v in held.items() if isinstance(v, str | list | dict)},
        "buffers": [
            {"encoding": "base64", "path": [key], "data": base64.b64encode(v).decode()}
            for key, v in held.items()
            if isinstance(v, bytes)
        ],
    }


def book(folder, widgets):
    """Build a site whose chapter shows widgets {key: widget}, each below a screen of text; return it."""
    cells, states = [], {}
    for key, widget in widgets.items():
        view, state = anywidget(key)
        states[key] = state | record(widget)
        cells += [new_markdown_cell(f"## About {key}{FILLER}"), new_code_cell("w", outputs=[view])]
    site, warnings = build(folder, chapter(*cells, state=states))
    assert warnings == ""
    return site


def on_a_phone(browser, site, address):
    """Open the page over http and from its file; give (tab, list that findings are added to) of each."""
    for url in (address, (site / PAGE).as_uri()):
        with audit.open_page(browser, url) as (tab, found):
            found += audit.images(tab) + audit.width(tab)
            yield tab, found


def real(found):
    """Return findings without the icon that the small site lacks."""
    return [f for f in found if f.kind != "missing" and "404" not in f.text]


def barriers(browser, address, dark):
    """Return what axe finds in the widgets of the page, everything unfolded."""
    with audit.open_page(browser, address, audit.DESK, dark=dark) as (tab, _):
        tab.evaluate("document.querySelectorAll('.bw details').forEach(d => d.open = true)")
        return [f for f in audit.accessibility(tab) if "bw" in f.text or "canvas" in f.text]


def check_without_scripts(browser, site, alt):
    """Without scripts a still picture and the description stand there, with scripts neither does."""
    context = browser.new_context(java_script_enabled=False, viewport=audit.PHONE)
    tab = context.new_page()
    tab.goto((site / PAGE).as_uri())
    place = tab.locator(".widget-subarea").first
    assert alt in place.inner_text()
    pictures = place.locator(".still svg").all()
    boxes = [picture.bounding_box() for picture in pictures]
    context.close()
    assert boxes and all(b["width"] >= 60 and b["height"] >= 30 for b in boxes)
    assert all(b["x"] >= 0 and b["x"] + b["width"] <= audit.PHONE["width"] for b in boxes)
    with audit.open_page(browser, (site / PAGE).as_uri()) as (tab, _):
        assert tab.locator(".still").count() == 0 and tab.locator(".bw").count() > 0
