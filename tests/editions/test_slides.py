"""The decks: what is chosen from a page, and what every deck holds. test_slides_shown.py looks at them."""

import re
from collections import Counter

import pytest
import slides
from bs4 import BeautifulSoup
from pages import article

CHAPTERS = [page.name for page in slides.chapters()]

PAGE = """<article><section id="a"><h1>Cells<a class="headerlink" href="#a">#</a></h1>
<p><strong>Which cells?</strong> Some.</p>
<div class="cell tag_slide"><div class="cell_output"><div class="output text_html">
<img class="only-light" src="_static/figures/a.svg" alt="One" width="500" height="200"></div></div></div>
<!--slide-->
<p class="figure-caption"><strong>Figure 1.</strong> One cell, seen by <em>A. B.</em> in it. It is round.</p>
<p>It has a wall. The wall of it is</p>
<div class="math" id="equation-1"><span class="katex-display">w = 1</span></div>
<p>in all. So be it.</p>
<!--/slide-->
<section id="b"><h2>Two<a class="headerlink" href="#b">#</a></h2>
<p>Not chosen.</p>
<div class="math" id="equation-2"><span class="katex-display">x</span></div>
<!--slide-->
<p>Before.</p>
<div class="admonition prediction"><p class="admonition-title">Prediction</p>
<p>How <a href="#c">many</a>?</p></div>
<p>After.</p>
<div class="math" id="equation-3"><span class="katex-display">y</span></div>
<p>and</p>
<div class="math" id="equation-4"><span class="katex-display">z</span></div>
<!--/slide-->
<div class="cell tag_hide-input"><div class="cell_output">no</div></div>
<!--slide-->
<ol><li><p>Compute it.</p></li><li><p><em>Discuss.</em> and why?</p></li></ol>
<ol><li>Another list</li></ol>
<!--/slide-->
</section></section></article>"""


@pytest.fixture(scope="module")
def chosen():
    return slides.Reader(BeautifulSoup(PAGE, "html.parser").article)


def test_the_tag_chooses_and_nothing_else(chosen):
    kinds = ["opening", "formula", "prediction", "formula", "question"]
    assert [slide.kind for slide in chosen.slides] == kinds
    assert [slide.title for slide in chosen.slides] == ["Cells", "Cells", "Two", "Two", "To discuss"]


def test_prose_becomes_notes_but_for_the_sentence_around_a_formula(chosen):
    opening, wall, prediction, joined, _ = chosen.slides
    assert "Which cells?" in opening.body[0] and "a.svg" in opening.body[1]
    assert wall.body[0] == "<p>The wall of it is</p>"
    assert len(wall.body) == 2  # "in all." is too short to stand alone
    assert "It has a wall." in str(wall.notes) and "So be it." in str(wall.notes)
    assert "Before." in str(prediction.notes)
    assert [piece for piece in joined.body if "<p>" in piece] == ["<p>and</p>"]
    assert "Not chosen" not in str([slide.notes for slide in chosen.slides])


def test_of_a_list_the_item_to_be_discussed_is_the_question(chosen):
    assert chosen.slides[-1].body == ['<div class="asked"><p>And why?</p></div>']


def test_a_caption_keeps_whole_sentences():
    caption = BeautifulSoup(PAGE, "html.parser").find("p", "figure-caption")
    long = " ".join(["It is very long indeed, longer than what a slide has room for."] * 3)
    caption.append(f" {long}")
    shown, rest = slides.divide(caption)
    assert "".join(shown).startswith("<strong>Figure 1.</strong> One cell, seen by <em>A. B.</em> in it.")
    assert len(slides.words(slides.parsed(" ".join(shown)))) <= slides.CAPTION
    assert shown[-1].endswith(".") and "very long" in str(rest)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (
            "One. Two? Three! (Four.) Five (six.) Seven",
            ["One.", "Two?", "Three!", "(Four.)", "Five (six.)", "Seven"],
        ),
        ("As LeCun et al. Show (as LeCun et al.) Too, i.e. A, e.g. B.", None),
        ("It falls (see below.). Then it rises", ["It falls (see below.).", "Then it rises"]),
        ("No (really?) and on. Yes", ["No (really?) and on.", "Yes"]),
    ],
)
def test_where_a_sentence_ends(text, parts):
    assert slides.sentences(slides.parsed(text)) == (parts or [text])


def test_a_deck_has_no_links_and_finds_its_files():
    still = '<noscript><img src="data:image/png;base64,AA=="></noscript>'  # a deck needs scripts anyway
    text = slides.cleaned(
        f'<p id="a"><a href="#b">see</a> {still}<img loading="lazy" src="_static/a.svg"></p>'
    )
    assert text == '<p>see <img src="../_static/a.svg"/></p>'


def test_a_chapter_without_the_tag_is_one_sentence():
    page = next(page for page in slides.chapters() if page.number == "2")
    with pytest.raises(LookupError, match=r"^02_backpropagation: no cell has the tag `slide`, so there are"):
        slides.deck(page, PAGE.replace("tag_slide", "").replace("<!--slide-->", ""))


# --- the chapters -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CHAPTERS)
def test_deck(decks, site, name):
    """From the question to a question in 25 to 45 slides, with the numbers of the page, all from the site."""
    path = decks(name)
    text = path.read_text(encoding="utf-8")
    soup = BeautifulSoup(text, "html.parser")
    found = soup.select(".slides > section")
    assert 25 <= len(found) <= 45
    assert "opening" in found[0]["class"] and "?" in found[0].select_one(".asked").get_text()
    assert found[0].select_one("img, .widget-subarea")
    assert [slide for slide in found if "question" in slide["class"]] == found[-1:]
    assert "?" in found[-1].select_one(".asked").get_text()
    assert not [slide["id"] for slide in found if not slides.words(slide.select_one("h1, h2"))]
    page = BeautifulSoup(article(site, name), "html.parser")
    numbers = Counter(slides.words(tag) for tag in page.select("div.math .tag"))
    shown = Counter(slides.words(tag) for tag in soup.select("section .body div.math .tag"))
    assert shown and not shown - numbers
    captions = {slides.words(caption.strong) for caption in page.select("p.figure-caption")}
    assert {slides.words(strong) for strong in soup.select(".caption > strong:first-child")} <= captions
    assert all(image["alt"].strip() for image in soup.find_all("img"))
    addresses = re.findall(r'(?:src|href)="([^"]*)"', text)
    assert addresses and not [a for a in addresses if not (path.parent / a).exists()]
    assert len(soup.select("aside.notes")) > len(found) / 2


def test_the_list_of_decks(decks):
    """It leads to the decks that are there."""
    there = {decks(name) for name in CHAPTERS[:2]}
    folder = there.pop().parent
    slides.write_index(folder.parent)
    text = (folder / "index.html").read_text(encoding="utf-8")
    linked = re.findall(r'<li><a href="([^"]+)">(\d+) [^<]+</a> <span>\d+ slides</span>', text)
    assert set(linked) >= {(f"{CHAPTERS[0]}.html", "1"), (f"{CHAPTERS[1]}.html", "2")}
    assert [name for name, _ in linked] == sorted(path.name for path in folder.glob("[0-9]*.html"))
