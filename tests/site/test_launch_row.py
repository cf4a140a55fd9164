"""The buttons of every chapter open the right notebook; the download is the notebook of the repository."""

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import audit
import nbformat
import pytest
from course_page import repository

TOP = Path(__file__).resolve().parents[2]
CHAPTERS = re.findall(r"file: (\d\d_\w+)$", (TOP / "_toc.yml").read_text("utf8"), re.M)


def launch_links(site, page):
    return [href for href, attrs in audit.outline(site, page).links if attrs.get("class") == "launch"]


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_addresses(site, chapter):
    colab, binder, download = launch_links(site, f"{chapter}.html")
    owner_name = repository.address(TOP).removeprefix("https://github.com/")
    path, branch = f"book/{chapter}.ipynb", repository.branch()
    assert colab == f"https://colab.research.google.com/github/{owner_name}/blob/{branch}/{path}"
    parts = urlsplit(binder)
    assert (parts.netloc, parts.path) == ("mybinder.org", f"/v2/gh/{owner_name}/{branch}")
    assert parse_qs(parts.query) == {"urlpath": [f"lab/tree/{path}"]}
    assert download == f"_downloads/{chapter}.ipynb"


def test_a_chapter_opens_on_the_readers_hub(site, browser):
    """As nbgitpuller wants it; the address is remembered for the next chapter."""
    repo = repository.address(TOP)
    with audit.open_page(browser, (site / f"{CHAPTERS[1]}.html").resolve().as_uri()) as (tab, found):
        tab.evaluate("() => { window.open = (...given) => { window.opened = given; }; }")
        tab.get_by_text("Open on a JupyterHub").click()
        tab.get_by_label("Address of your hub").fill("https://hub.example.edu/hub/home")
        tab.get_by_role("button", name="Open", exact=True).click()
        address, place, features = tab.evaluate("window.opened")
        tab.goto((site / f"{CHAPTERS[2]}.html").resolve().as_uri())
        assert tab.locator(".launch-hub input").input_value() == "https://hub.example.edu"
    parts = urlsplit(address)
    assert (parts.netloc, parts.path) == ("hub.example.edu", "/hub/user-redirect/git-pull")
    assert parse_qs(parts.query) == {
        "repo": [repo],
        "branch": [repository.branch()],
        "urlpath": [f"lab/tree/{repo.rsplit('/', 1)[1]}/book/{CHAPTERS[1]}.ipynb"],
    }
    assert (place, features) == ("_blank", "noopener")
    assert not found


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_download_is_the_source(site, chapter):
    copy = site / "_downloads" / f"{chapter}.ipynb"
    assert copy.read_bytes() == (TOP / "book" / copy.name).read_bytes()
    for cell in nbformat.read(str(copy), 4).cells:
        assert not cell.get("outputs") or "nbval-check-output" in cell.metadata.tags


def test_only_notebooks_have_the_row(site, page):
    is_chapter = page.removesuffix(".html") in CHAPTERS
    assert len(launch_links(site, page)) == (3 if is_chapter else 0)


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_the_number_of_the_chapter(site, chapter):
    assert f'class="chapter-number">Chapter {int(chapter[:2])}</span>' in (
        site / f"{chapter}.html"
    ).read_text("utf8")


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_each_exercise_opens_in_colab(site, chapter):
    """At its own cell; Colab goes by the cell's id."""
    cells = nbformat.read(str(TOP / "book" / f"{chapter}.ipynb"), 4).cells
    graded = [cell.id for cell in cells if cell.metadata.get("nbgrader", {}).get("solution")]
    colab = launch_links(site, f"{chapter}.html")[0]
    asked = [href for href, _ in audit.outline(site, f"{chapter}.html").links if "#scrollTo=" in href]
    assert asked == [f"{colab}#scrollTo={name}" for name in graded] and graded


def test_what_cannot_be_attempted_on_a_page_is_not_called_unattempted(site, browser):
    with audit.open_page(browser, (site / f"{CHAPTERS[0]}.html").resolve().as_uri()) as (tab, _):
        lines = tab.locator(".course-check-todo")
        assert lines.count() and lines.locator("visible=true").count() == 0
        assert tab.locator(".exercise-open:visible").count() == lines.count()
