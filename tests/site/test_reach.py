"""Without a mouse, with large letters, without motion: what every page owes to readers who need it."""

import audit
import pytest
from test_extension import TOP, build, chapter

STYLE = TOP / "book" / "_static" / "book.css"
ORDER = """() => {
    const rank = (e) => e.closest("#pst-skip-link") ? 0 : e.closest(".bd-sidebar-primary") ? 1
        : e.closest(".bd-header-article") ? 2 : e.closest("article") ? 3 : e.closest(".prev-next-footer") ? 4
        : e.closest(".bd-sidebar-secondary") ? 5 : 6;
    const all = [...document.querySelectorAll("a[href], button, input, select, summary, [tabindex]")];
    const seen = all.filter((e) => e.tabIndex >= 0 && e.checkVisibility());
    return [seen.filter((e) => e.tabIndex > 0).length, seen.map(rank)];
}"""
MOVING = """() => [...document.querySelectorAll("*")].flatMap((e) => {
    const style = getComputedStyle(e), seconds = (list) => Math.max(...list.split(",").map(parseFloat));
    const fades = seconds(style.transitionDuration) && style.transitionProperty !== "none";
    const moves = fades || style.animationName !== "none" || style.scrollBehavior === "smooth";
    return moves ? [e.tagName + "." + e.className] : [];
})"""


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    other = "# Other\n\nPlain.\n\n## Go further\n\n[A paper](https://example.org/paper).\n"
    site, warnings = build(tmp_path_factory.mktemp("reach"), chapter(), {"05_other": other})
    assert warnings == ""
    return site


def test_the_skip_link_skips(small, browser):
    with audit.open_page(browser, (small / "04_momentum.html").as_uri(), audit.DESK) as (tab, found):
        tab.keyboard.press("Tab")
        assert tab.evaluate("document.activeElement.closest('#pst-skip-link') !== null")
        assert tab.locator("#pst-skip-link a").bounding_box()["height"] > 10
        tab.keyboard.press("Enter")
        tab.keyboard.press("Tab")
        assert tab.evaluate("document.activeElement.closest('#main-content') !== null")
    assert not found


def test_the_focus_goes_from_top_to_bottom(small, browser):
    with audit.open_page(browser, (small / "04_momentum.html").as_uri(), audit.DESK) as (tab, _):
        jumps, ranks = tab.evaluate(ORDER)
    assert not jumps and ranks == sorted(ranks) and set(ranks) >= {0, 1, 2, 3, 4}


def test_code_has_one_stop_and_copies_itself(small, browser):
    """What scrolls is reached itself and copied by Ctrl+C; other code by its button, which a theme adds."""
    lines = ["one = 1", "two = " + " + ".join(["1"] * 90)]
    boxes = "".join(
        f'<div class="highlight"><pre>{x}</pre><button class="copybtn">c</button></div>' for x in lines
    )
    with audit.open_page(browser, (small / "04_momentum.html").as_uri(), audit.DESK) as (tab, found):
        tab.add_style_tag(path=STYLE)
        tab.evaluate("html => document.querySelector('article').insertAdjacentHTML('beforeend', html)", boxes)
        assert audit.stops(tab) == []
        stops = "all => all.map(e => e.tabIndex)"
        assert tab.locator("article .highlight pre").evaluate_all(stops)[-2:] == [-1, 0]
        assert tab.locator("article .copybtn").evaluate_all(stops)[-2:] == [0, -1]
        tab.locator("article .highlight pre").last.focus()
        copied = """() => {
            const clip = new DataTransfer();
            const event = new ClipboardEvent("copy", { clipboardData: clip, bubbles: true });
            document.activeElement.dispatchEvent(event);
            return clip.getData("text/plain"); }"""
        assert tab.evaluate(copied) == lines[1]
    assert not found


def test_previous_and_next_stand_at_both_ends(small, browser):
    for page, ways in [("index", [1]), ("04_momentum", [-1, 1]), ("05_other", [-1])]:
        with audit.open_page(browser, (small / f"{page}.html").as_uri(), audit.PHONE) as (tab, _):
            tab.add_style_tag(path=STYLE)
            top, end = tab.locator(".neighbours a"), tab.locator(".prev-next-footer a")
            addresses = [links.evaluate_all("all => all.map(a => a.href)") for links in (top, end)]
            assert addresses[0] == addresses[1] and len(addresses[0]) == len(ways)
            names = top.evaluate_all("all => all.map(a => a.ariaLabel.split(':')[0])")
            assert names == [{-1: "Previous", 1: "Next"}[way] for way in ways]
            assert all(link.bounding_box()["width"] >= 24 for link in top.all())
            assert audit.width(tab) == []


def test_nothing_moves_for_readers_who_asked_for_that(small, browser):
    context = browser.new_context(reduced_motion="reduce")
    try:
        tab = context.new_page()
        tab.goto((small / "04_momentum.html").as_uri())
        assert tab.evaluate(MOVING)
        tab.add_style_tag(path=STYLE)
        assert tab.evaluate(MOVING) == []
    finally:
        context.close()


def test_paper_has_the_number_and_the_sources(small, browser):
    """And nothing that one would have to press."""
    with audit.open_page(browser, (small / "04_momentum.html").as_uri()) as (tab, _):
        tab.add_style_tag(path=STYLE)
        tab.emulate_media(media="print")
        assert tab.locator(".chapter-number").is_visible()
        for pressed in ("a.launch", ".take-along", ".neighbours", ".prev-next-footer", ".launch-hub"):
            assert tab.locator(pressed).count() and not tab.locator(pressed).first.is_visible(), pressed
    with audit.open_page(browser, (small / "05_other.html").as_uri()) as (tab, _):
        tab.add_style_tag(path=STYLE)
        tab.emulate_media(media="print")
        link = tab.locator("#go-further a.external")
        shown = link.evaluate("a => getComputedStyle(a, '::after').content")
        assert "(" in shown and "https://example.org/paper" in shown


def test_nothing_is_cut_when_letters_are_enlarged(site, browser, page):
    """A window of 640 px at 200 %, which is 320 px wide."""
    size = {"width": 320, "height": 400}
    with audit.open_page(browser, (site / page).resolve().as_uri(), size) as (tab, found):
        audit.unfold(tab)
        found += audit.width(tab) + audit.cut(tab)
    assert not found, "\n".join(f"{f.kind}: {f.text}" for f in found)
