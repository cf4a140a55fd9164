"""The decks in Chromium, at the sizes of two projectors: nothing is cut or too small, and the keys work."""

import http.server
import io
import threading
from functools import partial
from pathlib import Path

import chromium
import form
import pytest
import slides
from pypdf import PdfReader

HERE = Path(__file__).parent
LOOK = (HERE / "slide.js").read_text(encoding="utf-8")
WIDE, NARROW = {"width": 1280, "height": 720}, {"width": 1024, "height": 768}
TEXT, FIGURE = 18, 12  # CSS pixels on the screen: the smallest letters of text, and within figures
CHAPTERS = [page.name for page in slides.chapters()]
READY = "window.Reveal?.isReady() && document.querySelector('section.present')"
DRAWN = "() => [...document.querySelectorAll('section.present .widget-subarea')].every(e => e.dataset.fits)"


@pytest.fixture
def deck(press, decks):
    """Open a deck; in the end nothing was said on the console, and nothing asked for from elsewhere."""
    contexts, said = [], []

    def start(name, more="", **settings):
        path = decks(name)
        context = press.browser.new_context(viewport=WIDE, **settings)
        contexts.append(context)
        tab = context.new_page()
        own = (path.parents[1].as_uri(), "data:", "blob:", "about:")
        tab.on("console", lambda message: said.append(message.text))
        tab.on("pageerror", lambda error: said.append(str(error)))
        tab.on("request", lambda request: request.url.startswith(own) or said.append(request.url))
        tab.goto(path.as_uri() + more)
        tab.wait_for_function(READY)
        return tab

    yield start
    for context in contexts:
        context.close()
    assert said == []


def smallest(svg):
    """Return the size of the smallest letters of a figure in CSS pixels, infinite without letters."""
    sizes = (float(found["size"]) * 100 * 96 / 72 for found in form.SIZE.finditer(svg))
    return min(sizes, default=float("inf"))


def faults(seen, place, folder):
    """Return what is wrong with a slide, in words."""
    found = [f"{place} is cut: {what}" for what in seen["cut"]]
    most = 4 if seen["narrow"] else 1
    found += [f"{place} has a title of {seen['lines']} lines"] * (not 1 <= seen["lines"] <= most)
    found += [f"{place} is empty"] * seen["empty"]
    for within, size, text in seen["letters"]:
        if size < (FIGURE if within else TEXT):
            found.append(f"{place} has letters of {size:.1f} px: {text!r}")
    for source, enlarged, alt in seen["pictures"]:
        if source.endswith(".svg"):
            size = smallest((folder / source).read_text(encoding="utf-8")) * enlarged
            found += [f"{place} has a picture with letters of {size:.1f} px"] * (size < FIGURE)
        found += [f"{place} has a picture without a description"] * (not alt.strip())
    found += [f"{place} has a widget without a description" for label in seen["widgets"] if not label.strip()]
    return found


@pytest.mark.parametrize("name", CHAPTERS)
def test_every_slide_is_whole_and_legible(deck, decks, name):
    tab = deck(name)
    wrong = []
    for size in (WIDE, NARROW):
        tab.set_viewport_size(size)
        for number in range(tab.evaluate("Reveal.getTotalSlides()")):
            tab.evaluate("number => Reveal.slide(number)", number)
            tab.wait_for_function(DRAWN)
            place = f"slide {number + 1} at {size['width']} px"
            wrong += faults(tab.evaluate(LOOK), place, decks(name).parent)
    assert wrong == []


@pytest.mark.parametrize("name", [CHAPTERS[2]])
def test_keys(deck, name):
    tab = deck(name, color_scheme="dark")
    theme = "document.documentElement.dataset.theme"
    assert tab.evaluate(theme) == "dark"
    tab.keyboard.press("d")
    assert tab.evaluate(theme) == "light"
    tab.keyboard.press("ArrowRight")
    tab.keyboard.press("ArrowRight")
    tab.keyboard.press("ArrowLeft")
    assert tab.evaluate("Reveal.getIndices().h") == 1
    tab.keyboard.press("Escape")
    assert tab.evaluate("Reveal.isOverview()")
    tab.keyboard.press("Escape")
    tab.keyboard.press("Shift+?")
    assert "Light or dark" in tab.locator(".r-overlay-help").inner_text()
    tab.keyboard.press("Escape")


@pytest.mark.parametrize("name", [CHAPTERS[2]])
def test_speaker_view(deck, name):
    tab = deck(name)
    tab.keyboard.press("ArrowRight")
    wanted = tab.evaluate("document.querySelector('section.present aside').textContent").split()[:5]
    with tab.expect_popup() as opened:
        tab.keyboard.press("s")
    view = opened.value
    view.wait_for_function("document.querySelector('.speaker-controls-notes .value')?.textContent.trim()")
    assert view.locator(".speaker-controls-notes .value").text_content().split()[:5] == wanted


def test_arrows_within_a_widget_are_its_own(deck):
    tab = deck(CHAPTERS[2])
    place = tab.evaluate("Reveal.getSlides().findIndex(slide => slide.matches('.alive'))")
    tab.evaluate("number => Reveal.slide(number)", place)
    tab.wait_for_function(DRAWN)
    tab.locator("section.present .bw :is(input, canvas, [tabindex])").first.focus()
    tab.keyboard.press("ArrowRight")
    assert tab.evaluate("Reveal.getIndices().h") == place


def test_printed_deck(deck):
    """One slide a page, light, its widgets drawn."""
    tab = deck(CHAPTERS[2], more="?print-pdf", color_scheme="dark")
    tab.wait_for_function("document.querySelectorAll('.pdf-page').length")
    tab.wait_for_function("[...document.querySelectorAll('.widget-subarea')].every(e => e.dataset.fits)")
    assert tab.evaluate("document.documentElement.dataset.theme") == "light"
    printed = PdfReader(io.BytesIO(tab.pdf(prefer_css_page_size=True, print_background=True)))
    assert len(printed.pages) == tab.locator(".pdf-page").count() >= 25


def test_a_deck_on_a_server(press, decks):
    name = CHAPTERS[2]
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=decks(name).parents[1])
    browser = press.playwright.chromium.launch(
        executable_path=str(chromium.find()),
        args=[*chromium.QUIET, "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"],
    )
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        said, tab = [], chromium.patient(browser).new_page()
        tab.on("console", lambda message: said.append(message.text))
        tab.goto(f"http://127.0.0.1:{server.server_port}/slides/{name}.html")
        tab.wait_for_function(READY)
        assert tab.locator("section.present.opening").count() == 1
        assert said == []
        browser.close()
        server.shutdown()
