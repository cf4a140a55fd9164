"""Pages of the built site as they are read without it, in Chromium; offprint.js says what is changed."""

import contextlib
import importlib.util
import json
import os
import re
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

import chromium
import execute
import marks
import matplotlib
import yaml

TOP = execute.TOP
HERE = Path(__file__).parent
SCRIPT = (HERE / "offprint.js").read_text(encoding="utf-8")
FONTS = Path(matplotlib.get_data_path(), "fonts", "ttf")
STYLE = (HERE / "offprint.css").read_text(encoding="utf-8").replace("FONTS", FONTS.as_uri())
BOOK = "https://book.invalid/"  # prefix of links to other pages, until it is known where they are
SHAPING = tuple(f"scripts/offprint.{suffix}" for suffix in ("py", "js", "css"))
LEFT_OUT = (
    "Left out is the code that the site folds away (set-up, drawing, timing). A picture that moves is shown "
    "in its first state. Solutions, hints and answers stand at the end of each chapter."
)
HREF = re.compile(r'<a [^>]*\bhref="([^"#:]*)\.html#([^"]+)"')
BOOK_FILE = "deep-learning-derived"  # the name of its editions, without suffix
COLUMN = 605  # CSS pixels between the margins of the paper, as in offprint.css
READY = "document.documentElement.dataset.widgets === 'ready'"
PATIENCE = 120_000  # milliseconds until all widgets are drawn; against hanging only


class Page(NamedTuple):
    """One page of the book.

    Attributes:
        name: where it lies, without suffix ("02_backpropagation", "appendix/notation").
        kicker: what stands above its title ("Chapter 2", "Appendix"), or "".
        title: what it is called instead of its own title, or "".
    """

    name: str
    kicker: str
    title: str = ""

    @property
    def number(self):
        """The number of a chapter, or ""."""
        return self.kicker.removeprefix("Chapter ") if self.kicker.startswith("Chapter ") else ""

    @property
    def file(self):
        """The name of its editions, without suffix."""
        return self.name.replace("/", "-")


def address():
    """Return where the site is published, with a slash at the end: on the pages of the book's repository."""
    spec = importlib.util.spec_from_file_location("repository", TOP / "book/_ext/course_page/repository.py")
    repository = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(repository)
    return repository.pages(repository.address(TOP))


def pages():
    """Return the pages of the book in the order of the table of contents."""
    contents = yaml.safe_load((TOP / "_toc.yml").read_text(encoding="utf-8"))
    names = [row["file"] for part in contents["parts"] for row in part["chapters"]]
    found = [Page(contents["root"], "", "Before you begin")]
    for name in names:
        number = re.match(r"\d\d(?=_)", name)
        found.append(Page(name, f"Chapter {int(number[0])}" if number else "Appendix"))
    return found


def anchors(site):
    """Return {page: set of the anchors to which other pages link}."""
    found = {page.name: set() for page in pages()}
    for page in pages():
        path = site / f"{page.name}.html"
        for href, anchor in HREF.findall(path.read_text(encoding="utf-8")):
            name = os.path.relpath(path.parent / unquote(href), site).replace(os.sep, "/")
            if name in found:
                found[name].add(unquote(anchor))
    return found


class Press:
    """Chromium with the pages of a site; a context manager.

    Args:
        site: the folder of the built site.
        address: where the site is published, with a slash at the end.
    """

    def __init__(self, site, address):
        self.site, self.address = Path(site), address
        self.anchors = anchors(self.site)

    def __enter__(self):
        from playwright.sync_api import sync_playwright

        self.playwright = sync_playwright().start()
        browser = self.playwright.chromium.launch(
            executable_path=str(chromium.find()),
            args=[*chromium.QUIET, "--host-resolver-rules=MAP * ~NOTFOUND"],  # no network
        )
        self.browser = chromium.patient(browser)
        return self

    def __exit__(self, *error):
        self.browser.close()
        self.playwright.stop()

    def key(self, page, shaping):
        """Return a hash of what an edition of a page is made from; `shaping`: the scripts that make it."""
        digest = execute.hash_files(TOP, shaping)
        text = marks.without(Path(self.site, f"{page.name}.html").read_text(encoding="utf-8"))
        sheets = ["katex/katex.min.css", "pygments.css"]
        styles = execute.hash_files(self.site / "_static", sheets).hexdigest()
        for part in (text, styles, self.address, *page, *sorted(self.anchors[page.name])):
            digest.update(part.encode() + b"\0")
        return digest.hexdigest()

    def keeps(self, page, folder, shaping):
        """Return whether the notes of a page in `folder` are of the page as it is; see `key`."""
        notes = folder / f"{page.file}.json"
        if not notes.exists():
            return False
        return json.loads(notes.read_text(encoding="utf-8"))["key"] == self.key(page, shaping)

    @contextlib.contextmanager
    def tab(self, width=COLUMN):
        """Open an empty tab as wide as the column of text, with the rules for paper."""
        context = self.browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme="light", device_scale_factor=2
        )
        try:
            tab = context.new_page()
            tab.emulate_media(media="print", color_scheme="light", reduced_motion="reduce")
            yield tab
        finally:
            context.close()

    @contextlib.contextmanager
    def open(self, page, style=STYLE):
        """Open a page of the book and rearrange it.

        Returns:
            (the tab, what is known of the page: {"title": …, "headings": [{"level", "text", "id"}],
            "cut": [what is wider than the paper]}).

        Raises:
            RuntimeError: a picture or a widget of the page cannot be shown; says which.
        """
        with self.tab() as tab:
            tab.goto(Path(self.site, f"{page.name}.html").resolve().as_uri())
            tab.evaluate(SCRIPT)
            about = tab.evaluate(
                "given => offprint.prepare(given)",
                {
                    "page": page.name,
                    "title": page.title,
                    "kicker": page.kicker,
                    "pages": [p.name for p in pages()],
                    "anchors": sorted(self.anchors[page.name]),
                    "book": BOOK,
                    "site": self.address,
                },
            )
            tab.add_style_tag(content=style)
            if tab.locator(".widget-subarea").count():
                tab.wait_for_function(READY, timeout=PATIENCE)
            broken = tab.evaluate("offprint.ready()")
            broken += tab.locator(".widget-subarea:not(:has(.bw))").all_inner_texts()
            if broken:
                raise RuntimeError(f"{page.name}: this cannot be shown: {', '.join(broken)}")
            about["cut"] = tab.evaluate("offprint.fit()")
            yield tab, about
