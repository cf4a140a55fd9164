"""A printed page: nothing is wider than the paper, where nothing scrolls, and no frame is cut in two."""

PAPER = 680  # CSS pixels between margins of 15 mm on A4
WIDER = """() => {
  const paper = document.documentElement.clientWidth;
  const all = [...document.querySelectorAll("article.bd-article :is(table, pre, .katex, img, svg, p)")];
  return all.filter((e) => !e.closest(".bw") && e.getBoundingClientRect().right > paper + 1)
    .map((e) => `${e.tagName} ${e.textContent.slice(0, 60)}`);
}"""

# Code stands in a frame: were the frame divided, its code would move on and leave an empty grey box behind.
FRAMES = """[...document.querySelectorAll("article.bd-article .cell_input")]
  .map((e) => getComputedStyle(e).breakInside)"""


# Printing opens the solutions; had they to fade in, the paper would get them pale.
ANIMATED = """() => {
  document.querySelectorAll("article.bd-article details").forEach((e) => { e.open = true; });
  const inside = [...document.querySelectorAll("article.bd-article details *")];
  return inside.map((e) => getComputedStyle(e).animationName);
}"""


def test_nothing_is_cut_on_paper(browser, address, page):
    context = browser.new_context(viewport={"width": PAPER, "height": 1000})
    try:
        tab = context.new_page()
        tab.route("**/*.js", lambda route: route.abort())  # a widget prints as it stands on the page
        tab.emulate_media(media="print")
        tab.goto(f"{address}/{page}")
        assert not tab.evaluate(WIDER)
        assert set(tab.evaluate(FRAMES)) <= {"avoid"}
        assert set(tab.evaluate(ANIMATED)) <= {"none"}
        tab.evaluate("document.querySelectorAll('td').forEach((cell) => { cell.style.minWidth = '50rem' })")
        assert bool(tab.evaluate(WIDER)) == bool(tab.locator("article.bd-article table").count())
    finally:
        context.close()
