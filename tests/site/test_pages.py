"""Every page of the built site, in Chromium with the network cut off, over http and from the disk."""

import audit


def test_over_http(browser, address, page, record_property):
    found, moved = audit.visit(browser, f"{address}/{page}")
    record_property("measure", f"{page}: {moved} controls")
    assert not found, "\n".join(f"{f.kind}: {f.text}" for f in found)


def test_from_disk(browser, site, page):
    with audit.open_page(browser, (site / page).resolve().as_uri()) as (tab, found):
        found += audit.images(tab) + audit.formulas(tab) + audit.dead_controls(tab)[0]
    assert not found, "\n".join(f"{f.kind}: {f.text}" for f in found)


def test_dark(browser, address, page):
    with audit.open_page(browser, f"{address}/{page}", audit.DESK, dark=True) as (tab, found):
        assert tab.evaluate("document.documentElement.dataset.theme") == "dark"
        shown = tab.locator("img.only-light:visible").count()
        audit.unfold(tab)
        found += audit.width(tab) + audit.cut(tab) + audit.accessibility(tab)
    assert not shown, f"{shown} figures show their light variant in dark mode"
    assert not found, "\n".join(f"{f.kind}: {f.text}" for f in found)


def test_weight(site, page, record_property):
    head, widgets = audit.head_weight(site, page), audit.widget_weight(site, page)
    text = f"{page}: {head / 1000:.0f} kB to first reading, {widgets / 1000:.0f} kB of widgets"
    record_property("measure", text)
    assert head <= audit.HEAD_BUDGET
    assert widgets <= audit.WIDGET_BUDGET


def test_links(site, page):
    found = audit.broken_links(site, page)
    assert not found, "\n".join(f"{f.kind}: {f.text}" for f in found)
