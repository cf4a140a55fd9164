"""Every page of the built site, in Chromium with the network cut off, over http and from the disk."""

import os

import audit

SLOW = float(os.environ.get("COURSE_SLOW_FACTOR", "2"))  # how much slower than a reader's this machine may be


def test_over_http(browser, address, page, record_property):
    found, measures = audit.visit(browser, f"{address}/{page}")
    text = "{controls} controls, slowest widget {wall:.0f} ms a frame, of them {cpu:.0f} ms computing"
    record_property("measure", f"{page}: {text.format(**measures)}")
    assert not found, "\n".join(f"{f.kind}: {f.text}" for f in found)
    assert measures["cpu"] <= audit.FRAME * SLOW


def test_from_disk(browser, site, page):
    with audit.open_page(browser, (site / page).resolve().as_uri()) as (tab, found):
        found += audit.images(tab) + audit.formulas(tab) + audit.dead_controls(tab)[0]
    assert not found, "\n".join(f"{f.kind}: {f.text}" for f in found)


def test_dark(browser, address, page):
    with audit.open_page(browser, f"{address}/{page}", audit.DESK, dark=True) as (tab, found):
        assert tab.evaluate("document.documentElement.dataset.theme") == "dark"
        shown = tab.locator("img.only-light:visible").count()
        found += audit.accessibility(tab) + audit.width(tab)
    assert not shown, f"{shown} figures show their light variant in dark mode"
    assert not found, "\n".join(f"{f.kind}: {f.text}" for f in found)


def test_weight_and_first_text(browser, site, address, page, record_property):
    head, widgets = audit.head_weight(site, page), audit.widget_weight(site, page)
    first = audit.first_text(browser, f"{address}/{page}")
    if first >= audit.FIRST_TEXT:  # something else may have kept this machine busy
        first = audit.first_text(browser, f"{address}/{page}")
    text = (
        f"{page}: {head / 1000:.0f} kB to first reading in {first:.0f} ms, {widgets / 1000:.0f} kB of widgets"
    )
    record_property("measure", text)
    assert head <= audit.HEAD_BUDGET
    assert widgets <= audit.WIDGET_BUDGET
    assert first < audit.FIRST_TEXT


def test_links(site, page):
    found = audit.broken_links(site, page)
    assert not found, "\n".join(f"{f.kind}: {f.text}" for f in found)
