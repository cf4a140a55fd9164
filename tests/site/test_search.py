"""The search page finds sections by words in any spelling, and by the Russian words of the glossary."""

import re

import audit
import pytest
from test_extension import build, chapter

RESULTS = "#search-results li a"
BEST = "document.querySelector('#search-results ol.search > li > a').getAttribute('href')"


@pytest.fixture(scope="module")
def tab(site, browser):
    """The search page of the book, opened from the disk."""
    with audit.open_page(browser, site.resolve().as_uri() + "/search.html", audit.DESK) as (opened, found):
        yield opened
    assert not found, "\n".join(f"{f.kind}: {f.text}" for f in found)


def best(tab, query):
    """Return the addresses of the pages found, the best first."""
    return tab.evaluate("q => bookSearch.find(q).pages.map((hits) => hits[0].entry.address)", query)


@pytest.mark.parametrize("where", ["http", "disk"])
def test_a_word_is_found(browser, site, address, where):
    base = address if where == "http" else site.resolve().as_uri()
    with audit.open_page(browser, f"{base}/search.html?q=derivatives") as (tab, found):
        tab.wait_for_selector(RESULTS, timeout=audit.PATIENCE)
        hits = tab.locator(RESULTS).evaluate_all("all => all.map(a => new URL(a.href).pathname)")
        assert tab.locator("#search-results mark").first.inner_text().lower().startswith("deriv")
        assert tab.locator("input[name=q]").last.input_value() == "derivatives"
        found += audit.accessibility(tab) + audit.width(tab)
    assert any(hit.endswith("_backpropagation.html") for hit in hits)
    assert not found, "\n".join(f"{f.kind}: {f.text}" for f in found)


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("vanishing gradient", "14_recurrent"),
        ("semi-hard", "10_identification"),
        ("semihard", "10_identification"),
        ("U-Net", "08_segmentation"),
        ("unet", "08_segmentation"),
        ("optimizer", "04_optimisers"),
        ("optimisers", "04_optimisers"),
        ("optmizer", "04_optimisers"),
        ("regularization", "05_regularisation"),
        ("batch normalization", "05_regularisation"),
        ("dropuot", "05_regularisation"),
        ("neighbors", "13_word_vectors"),
        ("backprop", "02_backpropagation"),
        ("LSTMs", "14_recurrent"),
        ("beam search", "15_attention"),
        ("свёртка", "03_convolutions"),
        ("свертка", "03_convolutions"),
        ("сверточная", "03_convolutions"),
        ("свёртки", "03_convolutions"),
        ("обратное распространение", "02_backpropagation"),
        ("рекуррентные сети", "14_recurrent"),
        ("переобучения", "05_regularisation"),
    ],
)
def test_the_right_chapter_comes_first(tab, query, first):
    assert best(tab, query)[0] == f"{first}.html"


def test_every_russian_term_leads_to_its_english_one(tab):
    ask = "bookSearch.terms.map((row) => [row[1], row[2], bookSearch.find(row[2]).translated])"
    terms = [row for row in tab.evaluate(ask) if re.search("[а-я]", row[1])]
    assert len(terms) > 150
    lost = [
        (russian, found) for english, russian, found in terms if english not in (", ".join(found), *found)
    ]
    assert not lost


def test_what_is_not_there_is_said(browser, site):
    base = site.resolve().as_uri()
    for query, said in [
        ("dropuot", "The book does not have “dropuot”; this is for “dropout”."),
        ("свёртка", "In English: convolution."),
        ("zzqqxx", "No page has anything on “zzqqxx”."),
    ]:
        with audit.open_page(browser, f"{base}/search.html?q={query}") as (tab, found):
            assert said in tab.locator("#search-results [role=status]").inner_text()
        assert not found


def test_the_search_field_leads_there(browser, address):
    with audit.open_page(browser, f"{address}/index.html", audit.DESK) as (tab, found):
        tab.keyboard.press("Control+k")
        tab.keyboard.type("gradient")
        tab.keyboard.press("Enter")
        tab.wait_for_selector(RESULTS, timeout=audit.PATIENCE)
        assert "search.html?q=gradient" in tab.url
    assert not found, "\n".join(f"{f.kind}: {f.text}" for f in found)


FOLDED = """# Momentum

Plain words.

## Valleys

Nothing here.

<details>
<summary>Hint</summary>

The bobsleigh runs.

</details>
"""


def test_a_hit_in_a_fold_is_unfolded(tmp_path, browser):
    site, warnings = build(tmp_path, chapter(text=FOLDED))
    assert warnings == ""
    with audit.open_page(browser, f"{site.as_uri()}/search.html?q=bobsleighs") as (tab, found):
        link = tab.locator("#search-results ul a").first
        assert link.get_attribute("href") == "04_momentum.html?highlight=bobsleigh#valleys"
        link.click()
        tab.locator("mark, .highlighted").first.wait_for()
        assert tab.get_by_text("bobsleigh").first.is_visible()
    with audit.open_page(browser, f"{site.as_uri()}/04_momentum.html") as (tab, _):
        assert not tab.get_by_text("bobsleigh").first.is_visible()
    assert not found
