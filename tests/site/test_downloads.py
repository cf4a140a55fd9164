"""The book as files: the zips hold what they promise, and what they hold works."""

import json
import zipfile

import audit
import pytest
from course_page import downloads
from test_extension import build, chapter


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    folder = tmp_path_factory.mktemp("downloads")
    (folder / "data").mkdir()
    (folder / "data" / "digits.npz").write_bytes(b"digits")
    (folder / "pyproject.toml").write_text("[project]\n")
    site, warnings = build(folder, chapter())
    assert warnings == ""
    return site


def test_the_notebooks_come_with_what_they_need(small):
    with zipfile.ZipFile(small / downloads.NOTEBOOKS) as archive:
        names = [name.partition("/")[2] for name in archive.namelist()]
        assert names == ["book/04_momentum.ipynb", "data/digits.npz", "pyproject.toml"]
        assert json.loads(archive.read(archive.namelist()[0]))["cells"]


def test_the_site_works_from_the_zip(small, tmp_path, browser):
    with zipfile.ZipFile(small / downloads.SITE) as archive:
        archive.extractall(tmp_path)
    (top,) = tmp_path.iterdir()
    assert not [p for p in top.rglob("*") if p.suffix in (".map", ".zip")] and not (top / "404.html").exists()
    with audit.open_page(browser, (top / "04_momentum.html").as_uri(), audit.DESK) as (tab, found):
        found += audit.images(tab) + audit.formulas(tab)
        tab.goto((top / "search.html").as_uri() + "?q=valleys")
        tab.locator("#search-results ol a").first.click()
        assert "04_momentum.html" in tab.url
    assert not found, found


def test_the_repository_is_linked(small):
    for page in ("index", "04_momentum", "search"):
        assert '<a href="https://github.com/someone/fork">' in (small / f"{page}.html").read_text("utf8")


def test_equal_contents_make_equal_files(tmp_path):
    (tmp_path / "a.txt").write_text("a")
    for name in ("one.zip", "two.zip"):
        downloads.pack(tmp_path / name, {"top/a.txt": tmp_path / "a.txt"})
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_every_page_offers_them(site, page):
    """`test_pages.test_links` sees to it that they are there."""
    ends = [href.rpartition("/")[2] for href, _ in audit.outline(site, page).links]
    assert {"notebooks.zip", "site.zip"} <= set(ends)
