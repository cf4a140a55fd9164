"""The pages with widgets in Firefox and, where Debian's driver is installed, in WebKit: all widgets move."""

import os
import time

import engines
import pytest
import workloads

GUARDS = ({"privacy.resistFingerprinting": True}, {"network.cookie.cookieBehavior": 2})


def engine(kind, **options):
    """Start a browser; where there is none, skip with the sentence that says how to get it."""
    try:
        return kind(**options)
    except FileNotFoundError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def firefox():
    browser = engine(engines.Firefox)
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def webkit():
    browser = engine(engines.WebKit)
    yield browser
    browser.close()


def look(browser, url, record_property, page):
    """Open a page, wait for its widgets, and return what is wrong with it."""
    browser.open(url)
    if wrong := engines.complete(browser):
        return [wrong]
    moved, dead = browser.evaluate("bookAudit.controls()")
    record_property("measure", f"{page}: {moved} controls moved in {type(browser).__name__}")
    wrong = [f"image: {text}" for text in browser.evaluate("bookAudit.images()")]
    wrong += [f"formula: {text}" for text in browser.evaluate("bookAudit.formulas()")]
    wide = browser.evaluate("bookAudit.width()")
    return wrong + dead + browser.errors + ([f"wide: {wide}"] if wide else [])


def test_firefox(firefox, address, page, record_property):
    assert look(firefox, f"{address}/{page}", record_property, page) == []


def test_webkit(webkit, address, page, record_property):
    assert look(webkit, f"{address}/{page}", record_property, page) == []


@pytest.mark.parametrize("preference", GUARDS, ids=lambda p: next(iter(p)))
def test_firefox_for_readers_who_guard_themselves(site, preference):
    """The drawing pad reads what was drawn, and the theme's button works."""
    browser = engine(engines.Firefox, preferences=preference, width=1280)
    try:
        browser.open((site / "02_backpropagation.html").resolve().as_uri())
        assert engines.complete(browser) == ""
        end = time.monotonic() + engines.PATIENCE
        said = "document.querySelector('.bw-draw .bw-caption')?.textContent ?? ''"
        while "answers" not in browser.evaluate(said) and time.monotonic() < end:
            time.sleep(0.1)
        assert "answers 2 (99" in browser.evaluate(said)
        themes = []
        for _ in range(3):
            themes.append(browser.evaluate("document.documentElement.dataset.theme"))
            browser.evaluate("document.querySelector('.theme-switch-button').click()")
        assert set(themes) == {"light", "dark"}
        assert browser.errors == []
    finally:
        browser.close()


class Watched:
    """A browser that notes the title of each page that it opens."""

    def __init__(self, tab):
        self.tab, self.titles = tab, []

    def open(self, url):
        self.tab.open(url)
        self.titles.append(self.evaluate("document.title"))

    def evaluate(self, expression):
        return self.tab.evaluate(expression)


@pytest.mark.parametrize("kind", ["Chromium", "firefox", "webkit"])
def test_a_page_is_measured_with_its_scripts_and_without(kind, request, tmp_path):
    """`make bench` tells both for the heaviest page."""
    if kind == "Chromium":
        tab = engines.Chromium(request.getfixturevalue("browser"))
    else:
        tab = request.getfixturevalue(kind)
    work = "document.title = 'scripts ran'"
    (tmp_path / "work.html").write_text(f"<!doctype html><title>none ran</title><script>{work}</script>")
    watched = Watched(tab)
    assert all(seconds >= 0 for seconds in workloads.costs(watched, tmp_path, "work.html"))
    assert watched.titles == 3 * ["scripts ran"] + 3 * ["none ran"]
