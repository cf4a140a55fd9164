"""The search page finds a chapter by a word, over http and from the disk."""

import audit
import pytest

RESULTS = "#search-results li a"


@pytest.mark.parametrize("where", ["http", "disk"])
def test_a_word_is_found(browser, site, address, where):
    base = address if where == "http" else site.resolve().as_uri()
    with audit.open_page(browser, f"{base}/search.html?q=derivative") as (tab, found):
        tab.wait_for_selector(RESULTS, timeout=audit.PATIENCE)
        hits = tab.locator(RESULTS).evaluate_all("all => all.map(a => new URL(a.href).pathname)")
        tab.wait_for_timeout(300)
    assert any(hit.endswith("_backpropagation.html") for hit in hits)
    assert not found, "\n".join(f"{f.kind}: {f.text}" for f in found)


def test_the_search_field_leads_there(browser, address):
    with audit.open_page(browser, f"{address}/index.html", audit.DESK) as (tab, found):
        tab.keyboard.press("Control+k")
        tab.keyboard.type("gradient")
        tab.keyboard.press("Enter")
        tab.wait_for_selector(RESULTS, timeout=audit.PATIENCE)
        assert "search.html?q=gradient" in tab.url
    assert not found, "\n".join(f"{f.kind}: {f.text}" for f in found)
