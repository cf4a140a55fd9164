"""What others read of a page: title, description, picture, address; map; the page for wrong addresses."""

import re
from urllib.parse import quote
from xml.etree import ElementTree as ET

import audit
import pytest
from course_page import head, picture, repository
from PIL import Image
from test_extension import TOP, build, chapter

HEAD = re.compile(
    r'<(?:meta (?:name|property)="([^"]+)" content="([^"]*)"|link rel="(canonical)" href="([^"]*)")'
)
SITE = "https://someone.github.io/fork/"


def properties(site, page):
    """Return {name: value} of a page's head, with its title and canonical address."""
    text = (site / page).read_text("utf8").partition("</head>")[0]
    found = {a or c: b or d for a, b, c, d in HEAD.findall(text)}
    return found | {"title": re.search(r"<title>(.*?)</title>", text, re.S)[1].strip()}


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    site, warnings = build(tmp_path_factory.mktemp("head"), chapter())
    assert warnings == ""
    return site


def test_a_page_says_what_it_is(small):
    found = properties(small, "04_momentum.html")
    assert (small / "04_momentum.html").read_text("utf8").count('name="viewport"') == 1
    text = "In a long, narrow valley, small pushes add up."
    assert found["title"].startswith("Momentum — ")
    assert found["description"] == found["og:description"] == text
    assert found["canonical"] == found["og:url"] == f"{SITE}04_momentum.html"
    assert found["og:title"] == "Momentum"
    with Image.open(small / found["og:image"].removeprefix(SITE)) as image:
        assert image.size == picture.SIZE


def test_a_long_beginning_is_cut_at_a_sentence():
    from docutils import nodes
    from docutils.utils import new_document

    def page(text):
        document = new_document("a page")
        document += nodes.section("", nodes.title("", "Title"), nodes.paragraph("", text))
        return document

    assert head.description(page("One. Two.")) == "One. Two."
    assert head.description(page("A sentence of some words. " * 20)) == " ".join(
        ["A sentence of some words."] * 7
    )
    assert head.description(page("word " * 100)).endswith("word …")
    assert head.description(None) == ""


def test_the_map_lists_every_page(small):
    places = [loc.text for loc in ET.parse(small / "sitemap.xml").iter(f"{{{head.SITEMAP}}}loc")]
    assert places == [f"{SITE}04_momentum.html", f"{SITE}index.html"]
    assert f"Sitemap: {SITE}sitemap.xml" in (small / "robots.txt").read_text("utf8")
    assert properties(small, "search.html")["robots"] == "noindex"


def test_a_wrong_address_leads_back(small, browser):
    """Every address is a whole one, since the page may be shown at any depth; it needs nothing else."""
    page = small / "404.html"
    found = audit.outline(small, "404.html")
    assert not found.loads
    targets = [href.removeprefix(SITE) for href, _ in found.links]
    assert targets == ["index.html", "04_momentum.html"] and all((small / name).is_file() for name in targets)
    for dark in (False, True):
        with audit.open_page(browser, page.as_uri(), audit.PHONE, dark=dark) as (tab, seen):
            tab.route("**/search.html*", lambda route: route.fulfill(body="found", content_type="text/html"))
            seen += audit.width(tab) + audit.accessibility(tab)
            tab.get_by_role("searchbox").fill("свёртка")
            seen = [finding for finding in seen if finding.kind != "foreign"]
            assert not seen, seen
            assert tab.locator("form").get_attribute("action") == f"{SITE}search.html"


@pytest.mark.parametrize(
    ("address", "pages"),
    [
        ("https://github.com/Someone/fork", "https://someone.github.io/fork/"),
        ("https://github.com/Someone/someone.github.io", "https://someone.github.io/"),
    ],
)
def test_the_site_follows_the_fork(monkeypatch, address, pages):
    monkeypatch.delenv("COURSE_PAGES", raising=False)
    assert repository.pages(address) == pages
    monkeypatch.setenv("COURSE_PAGES", "https://dl.example.org")
    assert repository.pages(address) == "https://dl.example.org/"
    monkeypatch.setenv("COURSE_PAGES", "example")
    with pytest.raises(ValueError, match="COURSE_PAGES is 'example', expected an address like"):
        repository.pages(address)


def test_every_page_of_the_book(site, page):
    if page == "search.html":
        return
    found = properties(site, page)
    own = repository.pages(repository.address(TOP))
    assert found["canonical"] == found["og:url"] == own + quote(page)
    assert 20 <= len(found["description"]) <= 200
    assert "\\" not in found["description"] and found["og:image"].startswith(own)
    assert (site / found["og:image"].removeprefix(own)).is_file()
    assert found["title"].count("Deep Learning, Derived") == 1
