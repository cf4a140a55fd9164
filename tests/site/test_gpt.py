"""The gpt widget on a page of the book: audited like any page, with and without scripts."""

import sys
from pathlib import Path

import audit
import engines
import pytest
from alone import barriers, book, check_without_scripts, on_a_phone, real
from test_engines import firefox  # noqa: F401

from course_utils.widgets import gpt

sys.path.insert(0, str(Path(__file__).parents[1] / "package"))
from widgets import writers

ALT = "A small language model that writes"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    widget = gpt(writers.writers(), question="How far back do the heads look?", alt=ALT)
    return book(tmp_path_factory.mktemp("site"), {"one": widget})


def test_nothing_is_found_on_a_phone(browser, site, alone):
    for tab, found in on_a_phone(browser, site, alone):
        dead, moved = audit.dead_controls(tab)
        tab.evaluate("bookAudit.buttons()")
        assert not real(found + dead) and moved == 3


@pytest.mark.parametrize("dark", [False, True])
def test_it_is_accessible(browser, alone, dark):
    assert not barriers(browser, alone, dark)


def test_it_writes_what_the_reader_begins(browser, alone):
    with audit.open_page(browser, alone, audit.DESK) as (tab, _):
        tab.get_by_label("begin with").fill("море")
        for _ in range(3):
            tab.get_by_role("button", name="one character").click()
        tab.wait_for_function("document.querySelectorAll('.bw-written span').length === 7")
        assert tab.locator(".bw-written").text_content().startswith("море")


PLAY = """(async () => {
  const root = document.querySelector(".bw-gpt"), told = [], buttons = [...root.querySelectorAll("button")];
  const press = (text) => buttons.find((b) => b.textContent.includes(text)).click();
  const tell = async () => {
    await new Promise((done) => setTimeout(done, 500));
    told.push(root.querySelector(".bw-written").textContent, root.querySelector(".bw-chances").textContent);
  };
  const input = root.querySelector(".bw-begin input");
  input.value = "море";
  input.dispatchEvent(new Event("input", { bubbles: true }));
  input.dispatchEvent(new Event("change", { bubbles: true }));
  await tell();
  for (let i = 0; i < 30; i++) press("one character");
  await tell();
  const cache = root.querySelector("input[type=checkbox]");
  cache.click();
  for (let i = 0; i < 5; i++) press("one character");
  await tell();
  return told;
})()"""


def test_firefox_writes_what_chromium_writes(browser, alone, firefox):  # noqa: F811
    """A beginning, thirty characters with the cache and five without: the same text and probabilities."""
    seen = []
    chromium = engines.Chromium(browser)
    for tab in (chromium, firefox):
        tab.open(alone)
        assert engines.complete(tab) == ""
        seen.append(tab.evaluate(PLAY))
    chromium.close()
    assert seen[0] == seen[1]
    begun, written, more = seen[0][::2]
    assert begun.startswith("море") and written.startswith(begun) and more.startswith(written)
    assert len(more) >= len(begun) + 35 and "%" in seen[0][1]
    assert firefox.errors == []


def test_without_scripts_a_still_picture_stands_there(browser, site):
    check_without_scripts(browser, site, ALT)
