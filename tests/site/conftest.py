"""The built site, a browser without network, and a summary of what was measured."""

import os
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
TOP = HERE.parents[1]
sys.path[:0] = [str(HERE), str(TOP / "scripts"), str(TOP / "book" / "_ext")]

import audit  # noqa: E402


def site_folder():
    """Return the folder of the built site: COURSE_SITE, else _build/html."""
    return Path(os.environ.get("COURSE_SITE", TOP / "_build" / "html"))


def pytest_generate_tests(metafunc):
    """One test for each page; with pytest-xdist they share the cores."""
    if "page" in metafunc.fixturenames:
        pages = audit.pages(site_folder()) if site_folder().is_dir() else []
        metafunc.parametrize("page", pages or ["index.html"])


@pytest.fixture(scope="session")
def site():
    folder = site_folder()
    if not (folder / "index.html").is_file():
        pytest.fail(f"no site in {folder}: build it with `make book`", pytrace=False)
    return folder


@pytest.fixture(scope="session")
def browser():
    import chromium
    from playwright.sync_api import sync_playwright

    try:
        program = chromium.find()
    except FileNotFoundError as error:
        pytest.exit(str(error), returncode=2)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=str(program), args=audit.CHROMIUM)
        yield chromium.patient(running)
        running.close()


@pytest.fixture(scope="session")
def address(site):
    with audit.serve(site) as url:
        yield url


@pytest.fixture(scope="module")
def alone(site):
    """The address of a module's own page, see alone.py."""
    from alone import PAGE

    with audit.serve(site) as url:
        yield f"{url}/{PAGE}"


def pytest_terminal_summary(terminalreporter):
    """Print the measures that tests recorded, also when several processes ran them."""
    rows = [
        f"{dict(report.user_properties)['measure']}"
        for report in terminalreporter.getreports("passed") + terminalreporter.getreports("failed")
        if "measure" in dict(report.user_properties)
    ]
    if rows:
        terminalreporter.section("pages")
        for row in sorted(rows):
            terminalreporter.line(row)
