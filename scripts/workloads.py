"""What `scripts/bench.py` measures inside a process of its own; prints {figure: CPU seconds} as JSON.

python scripts/workloads.py reference
"""

import contextlib
import json
import runpy
import sys
import time
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
CALM = 0.05  # CPU seconds in a second: a browser that takes less has done what a page asked of it


def timed(work):
    """Return the CPU seconds of a call, all threads together."""
    start = time.process_time()
    work()
    return time.process_time() - start


def reference():
    """The unit: convolutions with their gradients, matrix products, and plain Python, about 1.7 s each."""
    import torch
    from torch.nn import functional as F

    torch.manual_seed(0)
    images = torch.rand(16, 16, 48, 48)
    filters = torch.rand(32, 16, 3, 3, requires_grad=True)
    matrix = torch.rand(512, 512)

    def convolutions():
        for _ in range(120):
            F.conv2d(images, filters, padding=1).relu().sum().backward()

    def products():
        for _ in range(580):
            matrix @ matrix

    def python():
        count = {}
        for i in range(10_000_000):
            key = f"{i % 997}"
            count[key] = count.get(key, 0) + i * i % 7

    return {"reference": sum(timed(work) for work in (convolutions, products, python))}


def checks():
    """Each check of the book against the reference answer; the quickest of three, after a first one."""
    from course_utils import check, exercises

    figures = {}
    for chapter, found in exercises.chapters().items():
        answers = runpy.run_path(str(TOP / "tests" / "solutions" / f"{chapter}.py"))
        for exercise in found:
            run = lambda e=exercise, a=answers: check.run(e.name, a[e.name])  # noqa: E731
            run()
            figures[f"check {exercise.name}"] = min(timed(run) for _ in range(3))
    return figures


def data():
    """Every embedded set once, and 500 composed scenes."""
    from course_utils.data import card, compose, load

    figures = {"data all sets": timed(card.bench)}
    stamps = load("stamps", size=64)
    places = load("photos", split="places", size=128).images
    figures["data 500 scenes"] = timed(
        lambda: compose.scenes(stamps.images, stamps.labels, places, count=500)
    )
    return figures


def pages():
    """Each page in Chromium: first text at 9 Mbit/s (on the clock), a frame of its slowest widget (CPU)."""
    sys.path.insert(0, str(TOP / "tests" / "site"))
    import audit
    import chromium
    from playwright.sync_api import sync_playwright

    site, figures = TOP / "_build" / "html", {}
    with sync_playwright() as playwright, audit.serve(site) as address:
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=audit.CHROMIUM)
        for page in audit.pages(site):
            first = audit.first_text(browser, f"{address}/{page}")
            figures[f"first text of {page}"] = first / 1000
            with audit.open_page(browser, f"{address}/{page}") as (tab, _):
                if frames := audit.frame_times(tab):
                    figures[f"a frame of {page}"] = max(cpu for _, cpu in frames) / 1000
        browser.close()
    return figures


def scripts():
    """The heaviest page in each browser here, and its scripts: the difference when they may not run."""
    sys.path.insert(0, str(TOP / "tests" / "site"))
    import audit
    import chromium
    import engines
    from playwright.sync_api import sync_playwright

    site, figures = TOP / "_build" / "html", {}
    page = max(site.glob("[0-9]*.html"), key=lambda path: path.stat().st_size).name

    def measure(browser):
        whole, still = costs(browser, site, page)
        name = f"{page} in {type(browser).__name__}"
        figures.update({name: whole, f"scripts of {name}": whole - still})
        browser.close()

    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium.find(), args=audit.CHROMIUM)
        measure(engines.Chromium(launched))
        launched.close()
    for kind in (engines.Firefox, engines.WebKit):
        with contextlib.suppress(FileNotFoundError):  # it is not installed
            measure(kind())
    return figures


def costs(browser, site, page):
    """Return the CPU seconds that a page takes in a browser: with its own scripts, and without.

    Args:
        browser: one of engines.py; nothing else that this process started may be at work.
        site: the folder of the page.
        page: its name.
    """
    import audit
    import engines
    import execute

    meter = execute.Meter()

    def used():
        meter.look()
        return sum(meter.cpu.values())

    def opening(url, scripts):
        start = before = used()
        browser.open(url)
        if scripts and (wrong := engines.complete(browser)):
            raise RuntimeError(f"{url}: {wrong}")
        while (now := used()) - before > CALM:
            before = now
            time.sleep(1)
        return now - start

    least = {}
    for scripts in (True, False):
        with audit.serve(site, scripts) as address:
            least[scripts] = min(opening(f"{address}/{page}", scripts) for _ in range(3))
    return least[True], least[False]


def main():
    work = {f.__name__: f for f in (reference, checks, data, pages, scripts)}[sys.argv[1]]
    with contextlib.redirect_stdout(sys.stderr):
        figures = work()
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
