"""What the tests of all widgets need: Chromium, and pages that nothing goes wrong on."""

import chromium
import pytest
from widgets.harness import Site


@pytest.fixture(scope="session")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        b = play.chromium.launch(executable_path=chromium.find(), args=chromium.QUIET)
        yield chromium.patient(b)
        b.close()


@pytest.fixture
def site(browser, tmp_path):
    """Opens pages; after the test, nothing may have been logged or asked for from elsewhere."""
    s = Site(browser, tmp_path)
    yield s
    for context in browser.contexts:
        context.close()
    assert s.wrong == []
