"""Look at a built page as a reader's browser does and say what is wrong with it.

`visit` opens one page with the network cut off and returns what it found; the tests only ask that this is
nothing. `test_audit.py` shows the same functions broken pages and asks that each fault is found.
"""

from __future__ import annotations

import functools
import gzip
import html.parser
import http.server
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

import axe_core_python
import chromium

CHROMIUM = [*chromium.QUIET, "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"]  # no network
LOCAL = ("http://127.0.0.1", "file:", "data:", "blob:", "about:")
HERE = Path(__file__).parent
AXE = (Path(axe_core_python.__file__).parent / "axe.min.js").read_text("utf8")
PATIENCE = 60_000  # milliseconds until widgets and formulas must be there; a quick machine needs one second
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
ONE_SCREEN = ("scene", "explore", "graph", "draw", "kernel", "layers", "align", "words")  # small widgets
HEAD_BUDGET, WIDGET_BUDGET = 300_000, 1_000_000  # bytes, gzipped


class Finding(NamedTuple):
    """One fault: its kind, one word, and what a person needs to find it."""

    kind: str
    text: str


# --- serving ------------------------------------------------------------------------------------------------


@functools.lru_cache(maxsize=512)
def _packed(path: str, changed: float) -> bytes:
    return gzip.compress(Path(path).read_bytes(), 6)


class _Handler(http.server.SimpleHTTPRequestHandler):
    """Serves files quietly and gzips text, as the usual hosts of static pages do."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_GET(self):
        path = Path(self.translate_path(self.path))
        if path.suffix not in {".html", ".css", ".js", ".svg"} or not path.is_file():
            return super().do_GET()
        body = _packed(str(path), path.stat().st_mtime)
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(str(path)))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class _Still(_Handler):
    """Serves pages whose own scripts may not run; a test's may, and may use ``eval``."""

    def end_headers(self):
        self.send_header("Content-Security-Policy", "script-src 'unsafe-eval'")
        super().end_headers()


@contextmanager
def serve(folder: Path, scripts=True):
    """Serve a folder on a free port of this machine; gives the address without a slash at its end.

    Args:
        folder: its top.
        scripts: whether the pages' scripts run.
    """
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(_Handler if scripts else _Still, directory=str(folder))
    )
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def pages(site: Path) -> list[str]:
    """Return the pages of a built site, relative to it; not the one for wrong addresses, see test_head.py."""
    found = (p.relative_to(site).as_posix() for p in sorted(site.rglob("*.html")))
    return [name for name in found if not name.startswith("_") and name != "404.html"]


# --- one page in the browser --------------------------------------------------------------------------------


@contextmanager
def open_page(browser, url, size=PHONE, dark=False):
    """Open a page, wait until it is complete, and give (tab, list that findings are added to)."""
    context = browser.new_context(viewport=size, color_scheme="dark" if dark else "light")
    context.add_init_script(path=HERE / "audit.js")
    tab, found = context.new_page(), []

    def note(kind, text):
        found.append(Finding(kind, text[:300]))

    tab.on("request", lambda r: r.url.startswith(LOCAL) or note("foreign", f"asked for {r.url}"))
    tab.on("requestfailed", lambda r: r.url.startswith(LOCAL) and note("missing", r.url))
    tab.on("response", lambda r: r.status >= 400 and note("missing", f"{r.url}: {r.status}"))
    tab.on("console", lambda m: m.type == "error" and note("console", m.text))
    tab.on("pageerror", lambda e: note("error", str(e)))
    try:
        tab.goto(url)
        found += _complete(tab)
        yield tab, found
    finally:
        context.close()


def _complete(tab):
    """Wait for formulas and widgets; a widget that does not appear is a finding."""
    from playwright.sync_api import TimeoutError as TooLate

    tab.evaluate("bookAudit.fonts_ready", PATIENCE)
    views = tab.locator('script[type="application/vnd.jupyter.widget-view+json"]').count()
    try:
        if views:
            tab.wait_for_function("bookAudit.widgets_ready", arg=views, timeout=PATIENCE)
    except TooLate:
        shown = tab.locator(".widget-subarea .bw").count()
        return [Finding("widget", f"{shown} of {views} widgets are shown")]
    return []


def images(tab) -> list[Finding]:
    """Return images without alt text, and images that cannot be shown."""
    return [Finding(kind, f"image {name}") for kind, name in tab.evaluate("bookAudit.images()")]


def formulas(tab) -> list[Finding]:
    """Return formulas that were left as they are written, or marked as wrong."""
    return [Finding("formula", text) for text in tab.evaluate("bookAudit.formulas()")]


def form(tab, code=0.25, screens=2) -> list[Finding]:
    """Return findings where open code takes too much of a page's height, or the first figure comes too late.

    Args:
        tab: a page, its folds closed.
        code: the largest share of the height of the article.
        screens: how far down the middle of the first figure, drawing or widget may lie.
    """
    heights, found = tab.evaluate("bookAudit.form()"), []
    share, seen = heights["code"] / heights["article"], heights["picture"] / tab.viewport_size["height"]
    if share > code:
        found.append(Finding("code", f"{share:.0%} of the height is code, more than {code:.0%}"))
    if seen > screens:
        found.append(Finding("late", f"the first figure comes after {seen:.1f} screens, not {screens}"))
    return found


def width(tab) -> list[Finding]:
    """Return a finding for a page that scrolls sideways."""
    widest = tab.evaluate("bookAudit.width()")
    return [Finding("wide", f"the page is wider than its window: {widest}")] if widest else []


def cut(tab) -> list[Finding]:
    """Return code, formulas and tables that are wider than their place and do not show that there is more."""
    return [Finding("cut", text) for text in tab.evaluate("bookAudit.cut()")]


def stops(tab) -> list[Finding]:
    """Return stops on the way by keyboard where there is nothing to press, to scroll, or that is new."""
    return [Finding("stop", text) for text in tab.evaluate("bookAudit.stops()")]


def tall(tab, room=788) -> list[Finding]:
    """Return widgets whose picture and controls do not fit a screen of 844 px below the page's bar."""
    kinds = ", ".join(f".bw-{kind}" for kind in ONE_SCREEN)
    heights = tab.eval_on_selector_all(kinds, "all => all.map(e => [e.offsetHeight, e.ariaLabel])")
    return [Finding("tall", f"{height} px: {name}") for height, name in heights if height > room]


def unfold(tab):
    """Open everything that is folded, and let nothing move."""
    tab.evaluate("bookAudit.calm_and_unfold()")


def accessibility(tab) -> list[Finding]:
    """Return what axe finds, with everything that is folded opened first. It spoils the page."""
    unfold(tab)
    tab.evaluate("bookAudit.thin_out()")
    if not tab.evaluate("!!window.axe"):
        tab.evaluate(AXE)
    report = tab.evaluate("axe.run(document, { resultTypes: ['violations'], iframes: false })")
    found = []
    for violation in report["violations"]:
        node = violation["nodes"][0]
        reason = next((c["message"] for c in node["any"] + node["all"] + node["none"]), "")
        markup = " ".join(node["html"].split())[:160]
        found.append(Finding("axe", f"{violation['id']} ({len(violation['nodes'])}×): {markup} … {reason}"))
    return found


def dead_controls(tab) -> tuple[list[Finding], int]:
    """Move every slider, list and choice of every widget.

    Returns:
        (a finding for each that never changes its picture, number of controls moved).
    """
    moved, dead = tab.evaluate("bookAudit.controls()")
    return [Finding("dead", text) for text in dead], moved


def frame_times(tab, moves=25) -> list[tuple[float, float]]:
    """Move the first slider of each widget.

    Returns:
        (median ms from a move to the new picture, mean ms of the page's own processor time) for each widget.
        The first is what a reader feels; the second hardly depends on what else this machine does.
    """
    line = tab.context.new_cdp_session(tab)
    line.send("Performance.enable", {"timeDomain": "threadTicks"})

    def busy():
        metrics = line.send("Performance.getMetrics")["metrics"]
        return next(m["value"] for m in metrics if m["name"] == "TaskDuration")

    times = []
    for which in range(tab.evaluate("bookAudit.sliders().length")):
        before = busy()
        wall = tab.evaluate("bookAudit.latency", [which, moves])
        times.append((wall, 1000 * (busy() - before) / moves))
    return times


def first_text(browser, url) -> float:
    """Return the milliseconds to the first text at 9 Mbit/s and 40 ms of delay, nothing cached."""
    context = browser.new_context(viewport=DESK)
    context.add_init_script(path=HERE / "audit.js")
    try:
        tab = context.new_page()
        line = context.new_cdp_session(tab)
        line.send("Network.enable")
        speed = {"downloadThroughput": 9e6 / 8, "uploadThroughput": 9e6 / 8}
        line.send("Network.emulateNetworkConditions", {"offline": False, "latency": 40, **speed})
        tab.goto(url, wait_until="commit")
        return tab.evaluate("bookAudit.first_text()")
    finally:
        context.close()


def visit(browser, url: str) -> tuple[list[Finding], int]:
    """Look at one page on a phone in every way that a browser is needed for.

    Args:
        browser: playwright's Chromium, launched with `CHROMIUM`.
        url: the page, over http:// or file://.

    Returns:
        (findings, number of controls moved).
    """
    with open_page(browser, url, PHONE) as (tab, found):
        found += images(tab) + formulas(tab) + width(tab) + stops(tab) + tall(tab)
        dead, moved = dead_controls(tab)
        tab.evaluate("bookAudit.buttons()")
        unfold(tab)
        found += dead + width(tab) + cut(tab) + accessibility(tab)
    return found, moved


# --- files, without a browser -------------------------------------------------------------------------------


class Outline(html.parser.HTMLParser):
    """The parts of a page that tests ask about.

    `ids` holds all anchors; `links` (href, attributes); `loads` (address, does first reading wait for it).
    """

    def __init__(self, path: Path):
        super().__init__()
        self.ids, self.links, self.loads = set(), [], []
        self._in_head = False
        self.feed(path.read_text("utf8"))

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.ids |= {attrs[k] for k in ("id", "name") if attrs.get(k)}
        if tag in ("head", "body"):
            self._in_head = tag == "head"
        if tag == "a" and attrs.get("href"):
            self.links.append((attrs["href"], attrs))
        if tag == "script" and attrs.get("src"):
            of_widgets = "data-state" in attrs or "widget-parts/" in attrs["src"]
            self.loads.append((attrs["src"], self._in_head and not of_widgets))
        if tag == "link" and attrs.get("rel") == "stylesheet":
            self.loads.append((attrs["href"], True))


def outline(site: Path, page: str) -> Outline:
    """Parse one page of a site."""
    return _outline(site / page, (site / page).stat().st_mtime)


@functools.lru_cache(maxsize=256)
def _outline(path, changed):
    return Outline(path)


def broken_links(site: Path, page: str) -> list[Finding]:
    """Links inside the site whose page or anchor does not exist, and links out of it by plain http."""
    found = []
    for href, _ in outline(site, page).links:
        parts = urlsplit(href)
        if parts.scheme == "http" and parts.hostname not in ("localhost", "127.0.0.1"):
            found.append(Finding("link", f"{href}: not encrypted"))
        if parts.scheme or parts.netloc:
            continue
        target = (site / page).parent / unquote(parts.path) if parts.path else site / page
        if not target.is_file():
            found.append(Finding("link", href))
        elif parts.fragment and target.suffix == ".html":
            name = target.resolve().relative_to(site.resolve()).as_posix()
            if unquote(parts.fragment) not in outline(site, name).ids:
                found.append(Finding("link", f"{href}: no such anchor"))
    return found


def head_weight(site: Path, page: str) -> int:
    """Bytes, gzipped, of a page and of the styles and scripts in its head."""
    files = [site / page]
    files += [(site / page).parent / urlsplit(src).path for src, first in outline(site, page).loads if first]
    return sum(len(_packed(str(f), f.stat().st_mtime)) for f in files)


def widget_weight(site: Path, page: str) -> int:
    """Bytes, gzipped, of all scripts that hold the widgets of a page."""
    folder, todo, seen = site / "_static" / "widget-parts", [], set()
    for src, _ in outline(site, page).loads:
        if "widget-parts/" in src:
            todo.append(Path(urlsplit(src).path).stem)
    known = {p.stem for p in folder.glob("*.js")} if todo else set()
    while todo:
        name = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        text = (folder / f"{name}.js").read_text("utf8")
        if len(seen) == 1 or '"$part' in text:  # only the page's own state names others
            todo += [other for other in known - seen if f'"{other}"' in text]
    return sum(len(_packed(str(folder / f"{n}.js"), 0)) for n in seen)
