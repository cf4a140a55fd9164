"""The first page: it begins with a widget that trains, shows the path, and remembers in this browser."""

import json
import re
import shutil
import time
from xml.etree import ElementTree as ET

import audit
import nbformat
import pytest
import yaml
from course_page import path, times
from nbformat.v4 import new_markdown_cell, new_notebook
from test_engines import engine
from test_extension import NOTHING_KEPT, TOP

CARDS = TOP / "book" / "cards"
CHAPTERS = re.findall(r"file: (\d\d_\w+)$", (TOP / "_toc.yml").read_text("utf8"), re.M)
SMALLEST = 11  # CSS pixels of a letter
SECTIONS = "".join(f"\n\n## Part {k}\n" + "\n\nA line of text." * 60 for k in range(1, 4))
KEPT = "JSON.parse(localStorage.getItem('reading /'))"  # of the book at this path
SECONDS = {"01_neurons": 28.8, "02_backpropagation": 100.0}
CONF = f"""
import sys
sys.path.insert(0, {str(TOP / "book" / "_ext")!r})
project = html_title = "Deep Learning, Derived"
extensions = ["myst_nb", "sphinx_book_theme", "course_page"]
html_theme, nb_execution_mode, course_notebooks = "sphinx_book_theme", "off", {str(TOP / "book")!r}
course_repository, course_times = "https://github.com/someone/fork", "times.json"
myst_enable_extensions, html_static_path = ["dollarmath", "colon_fence"], ["_static"]
html_css_files = ["book.css"]
"""
LETTERS = """[...document.querySelectorAll(".chapter-path text, .chapter-card svg text")]
    .filter((text) => getComputedStyle(text).display !== "none")
    .map((text) => [text.textContent, parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().a])"""


def said(chapter):
    """Return the text of a chapter's line "Needs", up to "You will", as its notebook has it."""
    cells = nbformat.read(str(TOP / "book" / f"{chapter}.ipynb"), 4).cells
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    return re.search(r"\*\*Needs\*\*(.*?)\*\*You will\*\*", text, re.S)[1]


def prerequisites(chapter):
    """Return the numbers of the chapters in that text."""
    groups = re.findall(r"chapters? (\d+(?:(?:, | and )\d+)*)|\((\d\d)_\w+\.ipynb\)", said(chapter))
    return {int(number) for group in groups for part in group for number in re.findall(r"\d+", part)}


@pytest.fixture(scope="module")
def front(tmp_path_factory):
    """The first page of the book, over chapters that are only a title, the line "Needs" and filler."""
    from sphinx.cmd.build import main

    folder = tmp_path_factory.mktemp("front")
    book = folder / "book"
    shutil.copytree(CARDS, book / "cards")
    shutil.copytree(TOP / "book" / "_static", book / "_static")
    for name in CHAPTERS:
        title = nbformat.read(str(TOP / "book" / f"{name}.ipynb"), 4).cells[0].source.split("\n")[0]
        text = f"{title}\n\n**Needs**{said(name)}**You will** read.{SECTIONS}"
        nbformat.write(new_notebook(cells=[new_markdown_cell(text)]), book / f"{name}.ipynb")
    index = (TOP / "book" / "index.md").read_text("utf8")
    contents = "\n".join(["", "```{toctree}", ":hidden:", *CHAPTERS, "```", ""])
    (book / "index.md").write_text(index + contents, "utf8")
    (book / "conf.py").write_text(CONF, "utf8")
    rows = {name: {"cpu_seconds": seconds} for name, seconds in SECONDS.items()}
    (book / "times.json").write_text(json.dumps(rows), "utf8")
    log = folder / "warnings.txt"
    main(["-q", "-E", "-w", str(log), str(book), str(folder / "html")])
    assert log.read_text("utf8") == ""
    return folder / "html"


@pytest.fixture(scope="module")
def url(front):
    with audit.serve(front) as address:
        yield address


# --- what stands there --------------------------------------------------------------------------------------


def test_each_chapter_has_a_question_and_a_drawing():
    questions = yaml.safe_load((CARDS / "chapters.yml").read_text("utf8"))
    assert list(questions) == CHAPTERS and {p.stem for p in CARDS.glob("*.svg")} == set(CHAPTERS)
    for name, question in questions.items():
        assert re.fullmatch(r"[^.?!…]{20,160}\?", question), f"{name}: one whole question: {question}"
        drawing = ET.parse(CARDS / f"{name}.svg").getroot()
        assert drawing.get("role") == "img" and len(drawing.get("aria-label")) > 20
        assert (CARDS / f"{name}.svg").stat().st_size < 4000
        colours = set(re.findall(r"#[0-9a-fA-F]{3,6}", ET.tostring(drawing, "unicode")))
        loose = re.sub(r"var\(--card-\w+,\s*#\w+\)", "", ET.tostring(drawing, "unicode"))
        assert not re.search(r"#[0-9a-fA-F]{3,6}", loose), f"{name}: {colours} are the same when it is dark"


def test_cards_say_what_the_chapters_say(front):
    page = (front / "index.html").read_text("utf8")
    cards = re.findall(r'<li class="chapter-card" data-chapter="(\d+)">(.*?)</li>', page, re.S)
    assert [int(number) for number, _ in cards] == list(range(1, 16))
    for name, (_, text) in zip(CHAPTERS, cards, strict=True):
        below = text.partition('chapter-card-needs">')[2]
        assert {int(k) for k in re.findall(r">(\d+)</a>", below)} == prerequisites(name), name
        assert f'<a href="{name}.html">' in text and "…" not in text
    takes = re.findall(r'class="chapter-card-takes">(.*?)</p>', page)
    assert takes[0] == "5 minutes to read, about a minute to run"
    assert takes[1].endswith("about 2 minutes to run") and takes[2] == "5 minutes to read"


def test_every_chapter_of_the_book_says_how_long_it_takes(site):
    """Within five minutes of what its text tells; running time only where the build has measured it."""
    page = (site / "index.html").read_text("utf8")
    takes = re.findall(r'class="chapter-card-takes">(\d+) minutes to read(.*?)</p>', page)
    assert len(takes) == len(CHAPTERS)
    for name, (minutes, run) in zip(CHAPTERS, takes, strict=True):
        cells = nbformat.read(str(TOP / "book" / f"{name}.ipynb"), 4).cells
        text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
        words = len(re.sub(r"\$\$.*?\$\$", "", text, flags=re.S).split())
        told = words / times.WORDS + text.count("$$") / 2 / times.FORMULAS
        assert abs(told - int(minutes)) < 8, f"{name}: {told:.0f}"
        assert re.fullmatch(r"(, about (a minute|\d+ minutes) to run)?", run)


def test_times_are_round():
    assert [times.reading(w, f) for w, f in [(2000, 4), (4600, 20), (10, 0)]] == [
        "10 minutes to read",
        "35 minutes to read",
        "5 minutes to read",
    ]
    assert [times.running(s) for s in (None, 20, 89, 150)] == [
        "",
        "about a minute to run",
        "about a minute to run",
        "about 2 minutes to run",
    ]


def test_the_map_says_no_more_and_no_less_than_the_chapters():
    needed = {int(name[:2]): prerequisites(name) for name in CHAPTERS}
    spots, arrows = path.layout(path.thinned(needed))
    column = path.columns(needed)
    drawn = {chapter: set() for chapter in needed}
    for (start, _), (end, where) in arrows:
        if column[end] == where:
            drawn[end].add(start)

    def whole(rows, chapter):
        return rows[chapter].union(*(whole(rows, k) for k in rows[chapter]))

    for chapter in needed:
        assert whole(drawn, chapter) == whole(needed, chapter)
        assert all(column[k] < column[chapter] for k in needed[chapter])
    assert len(set(spots.values())) == len(spots) and all(start in spots for start, _ in arrows)


def test_arrows_that_others_imply_are_left_out():
    assert path.thinned({1: set(), 2: {1}, 3: {1, 2}}) == {1: set(), 2: {1}, 3: {2}}


@pytest.mark.parametrize("width", [390, 900, 1280])
def test_letters_can_be_read(url, browser, width):
    with audit.open_page(browser, f"{url}/index.html", {"width": width, "height": 900}) as (tab, _):
        small = [(text, size) for text, size in tab.evaluate(LETTERS) if size < SMALLEST]
        titles = tab.locator(".path-title:visible").count()
    assert not small and titles == (len(CHAPTERS) if width >= 900 else 0)


# --- the first screen ---------------------------------------------------------------------------------------


def test_a_student_can_begin_at_once(url, browser):
    """Above the fold: the way to chapter 1, the button that trains, the network's answer and its loss."""
    for size in (audit.DESK, audit.PHONE):
        with audit.open_page(browser, f"{url}/index.html", size) as (tab, found):
            begin = tab.get_by_role("link", name="Begin with chapter 1")
            train = tab.get_by_role("button", name="Train")
            first, loss, plane = (
                tab.locator(name).first for name in ("article p", ".bw-train output", ".bw-plane")
            )
            for place in (begin, train, first, loss, plane):
                box = place.bounding_box()
                assert box["y"] + box["height"] < size["height"]
            begin.press("Enter")
            assert tab.url == f"{url}/01_neurons.html"
            assert not [f for f in found if "favicon" not in f.text], found


def test_the_network_succeeds(url, browser):
    with audit.open_page(browser, f"{url}/index.html", audit.DESK) as (tab, _):
        tab.get_by_role("button", name="Train").click()
        right = "parseInt([...document.querySelectorAll('.bw-numbers output')].at(-1).textContent)"
        tab.wait_for_function(f"{right} >= 95", timeout=audit.PATIENCE)


def test_nothing_is_found_on_it(url, front, browser):
    for address in (f"{url}/index.html", (front / "index.html").as_uri()):
        found, _ = audit.visit(browser, address)
        assert not [f for f in found if "favicon" not in f.text and "404" not in f.text]
    with audit.open_page(browser, f"{url}/index.html", audit.DESK, dark=True) as (tab, found):
        found += audit.width(tab) + audit.accessibility(tab)
        assert not [f for f in found if "favicon" not in f.text and "404" not in f.text]
    with audit.open_page(browser, f"{url}/index.html", {"width": 320, "height": 400}) as (tab, _):
        assert audit.width(tab) == []


def test_no_picture_of_a_chapter_is_fetched(url, browser):
    """The drawings stand in the page; in light and dark they are the same."""
    context = browser.new_context(viewport=audit.DESK)
    try:
        tab, asked = context.new_page(), []
        tab.on("request", lambda r: asked.append(r.url))
        tab.goto(f"{url}/index.html")
        tab.wait_for_selector(".bw-plane")
        assert not [a for a in asked if re.search(r"\.(svg|png|webp)$", a)]
        assert len(asked) == len(set(asked))
    finally:
        context.close()


def test_without_scripts_it_still_leads_on(front, browser):
    context = browser.new_context(java_script_enabled=False)
    try:
        tab = context.new_page()
        tab.goto((front / "index.html").as_uri())
        assert "A network of four neurons" in tab.locator(".widget-subarea").inner_text()
        assert tab.locator(".chapter-card svg:visible").count() == len(CHAPTERS)
        assert not tab.locator(".reading-kept").is_visible()
    finally:
        context.close()


def test_paper_gets_the_widget_as_a_still_picture(front, browser):
    """And neither map nor cards: the contents of a printed book say the same."""
    import offprint

    tab = browser.new_page()
    try:
        tab.goto((front / "index.html").as_uri())
        tab.wait_for_selector(".widget-subarea .bw-plane")  # drawn before the page is rearranged
        tab.evaluate(offprint.SCRIPT)
        given = {"page": "index", "title": "Before you begin", "kicker": "", "pages": CHAPTERS, "anchors": []}
        about = tab.evaluate(
            "(given) => offprint.prepare(given)", given | {"book": offprint.BOOK, "site": "https://a.org/"}
        )
        assert [h["text"] for h in about["headings"]] == [
            "Before you begin",
            "How to run it",
            "How to read it",
        ]
        assert tab.locator(".chapter-path, .chapter-cards, .begin, .reading-kept").count() == 0
        assert (
            tab.locator(".widget-subarea").get_attribute("data-alt").startswith("A network of four neurons")
        )
        assert not tab.get_by_role("button", name="Back to the start").is_visible()
        assert "move it at https://a.org/index.html" in tab.locator(".widget-note").inner_text()
    finally:
        tab.close()


# --- what was read ------------------------------------------------------------------------------------------


@pytest.fixture
def tab(browser):
    """A tab with nothing in its storage; `tab.errors` lists what went wrong."""
    context = browser.new_context(viewport=audit.DESK)
    tab = context.new_page()
    tab.errors = []
    tab.on("pageerror", lambda e: tab.errors.append(str(e)))
    yield tab
    context.close()


def read_to_the_end(tab, address):
    tab.goto(address)
    tab.evaluate("scrollTo(0, document.body.scrollHeight)")
    tab.wait_for_timeout(600)


def test_a_chapter_read_to_its_end_is_ticked_and_forgotten_on_demand(url, tab):
    tab.goto(f"{url}/index.html")
    assert tab.locator(".read-tick").count() == 0 and not tab.locator(".reading-kept").is_visible()
    read_to_the_end(tab, f"{url}/02_backpropagation.html")
    assert tab.locator(".bd-sidebar-primary .read-tick").count() == 1
    tab.goto(f"{url}/index.html")
    ticked = tab.locator(".chapter-card:has(.read-tick) h3 a").all_inner_texts()
    assert ticked == ["Backpropagation"]
    assert tab.locator(".bd-docs-nav a:has(.read-tick)").all_inner_texts()[0].startswith("Backpropagation")
    assert tab.locator(".chapter-path a.read circle").count() == 1
    assert tab.locator(".go-on a").inner_text() == "Go on with chapter 3, Convolutions"
    told = tab.locator(".reading-kept")
    assert told.inner_text().startswith("You have come to the end of 1 of 15 chapters;")
    assert "Only this browser keeps that" in told.inner_text()
    button = told.get_by_role("button", name="Forget it")
    button.focus()
    tab.keyboard.press("Enter")
    assert tab.evaluate("localStorage.getItem('reading /')") is None
    assert tab.locator(".read-tick, .chapter-path a.read, .go-on").count() == 0
    assert told.inner_text().startswith("Forgotten") and not button.is_visible()
    tab.reload()
    assert not told.is_visible() and not tab.errors


def test_one_goes_on_where_one_stopped(url, tab):
    tab.goto(f"{url}/04_optimisers.html")
    tab.evaluate("document.getElementById('part-2').scrollIntoView()")
    tab.wait_for_function(f"{KEPT}?.place?.anchor === 'part-2'")
    tab.goto(f"{url}/index.html")
    link = tab.locator(".go-on a")
    assert link.inner_text() == "Go on with chapter 4, Optimisers: Part 2"
    assert tab.locator(".read-tick").count() == 0
    link.press("Enter")
    assert tab.url == f"{url}/04_optimisers.html#part-2"
    tab.go_back()
    assert tab.locator(".go-on a").count() == 1 and not tab.errors


def test_another_book_of_the_same_origin_has_its_own_memory(front, tmp_path, tab):
    """What was kept when all books shared it is taken over, once."""
    for name in ("one", "two"):
        (tmp_path / name).symlink_to(front)
    with audit.serve(tmp_path) as address:
        tab.goto(f"{address}/one/404.html")
        tab.evaluate("""localStorage.setItem("reading", '{"read": [2], "place": null}')""")
        tab.goto(f"{address}/one/index.html")
        assert tab.locator(".chapter-card .read-tick").count() == 1
        read_to_the_end(tab, f"{address}/one/03_convolutions.html")
        tab.goto(f"{address}/two/index.html")
        assert tab.locator(".read-tick").count() == 0 and not tab.locator(".reading-kept").is_visible()
        tab.goto(f"{address}/one/index.html")
        tab.get_by_role("button", name="Forget it").click()
        tab.reload()
        assert tab.locator(".read-tick").count() == 0 and not tab.errors


def test_pages_taken_along_remember_from_their_folder(front, tmp_path, tab):
    for name in ("a book", "another"):
        shutil.copytree(front, tmp_path / name)
    read_to_the_end(tab, (tmp_path / "a book" / "02_backpropagation.html").as_uri())
    for name, count in (("a book", 1), ("another", 0)):
        tab.goto((tmp_path / name / "index.html").as_uri())
        assert tab.locator(".chapter-card .read-tick").count() == count
    assert not tab.errors


@pytest.mark.parametrize("kept", ["{", "[]", '{"read": 3}', '{"read": ["x"], "place": {"page": "data:"}}'])
def test_what_it_does_not_know_is_no_harm(url, tab, kept):
    tab.goto(f"{url}/index.html")
    tab.evaluate("(kept) => localStorage.setItem('reading /', kept)", kept)
    tab.reload()
    assert tab.locator(".read-tick, .go-on").count() == 0
    read_to_the_end(tab, f"{url}/15_attention.html")
    assert tab.evaluate(KEPT) == {"read": [15], "place": None} and not tab.errors


def test_a_browser_that_keeps_nothing_shows_nothing(url, tab):
    tab.context.add_init_script(NOTHING_KEPT)
    read_to_the_end(tab, f"{url}/02_backpropagation.html")
    assert tab.locator(".read-tick").count() == 0
    tab.goto(f"{url}/index.html")
    assert tab.locator(".read-tick, .go-on").count() == 0 and not tab.errors
    assert not tab.locator(".reading-kept").is_visible()


def test_firefox_remembers_and_trains(url):
    from engines import PATIENCE, Firefox

    browser = engine(Firefox, width=1280)

    def wait(expression):
        end = time.monotonic() + PATIENCE
        while not browser.evaluate(expression):
            assert time.monotonic() < end, expression
            time.sleep(0.1)

    try:
        browser.open(f"{url}/02_backpropagation.html")
        browser.evaluate("void scrollTo(0, document.body.scrollHeight)")
        wait("!!document.querySelector('.read-tick')")
        browser.open(f"{url}/index.html")
        assert browser.evaluate("document.querySelectorAll('.chapter-card .read-tick').length") == 1
        said = browser.evaluate("document.querySelector('.go-on').textContent")
        assert said == "Go on with chapter 3, Convolutions"
        wait("!!document.querySelector('.bw-go')")
        browser.evaluate("document.querySelector('.bw-go').click()")
        wait("parseInt([...document.querySelectorAll('.bw-numbers output')].at(-1).textContent) >= 95")
        browser.evaluate("document.querySelector('.reading-kept button').click()")
        assert browser.evaluate("localStorage.getItem('reading /')") is None
        assert not browser.evaluate("bookAudit.width()") and browser.errors == []
    finally:
        browser.close()
