"""The convnet on a page of the book: audited like any page, in Chromium and in Firefox."""

import base64
import re

import audit
import engines
import pytest
import torch
from nbformat.v4 import new_code_cell, new_markdown_cell
from test_engines import firefox  # noqa: F401
from test_extension import anywidget, build, chapter
from torch import nn

from course_utils.widgets import convnet

ALT = "A digit, and what a small network makes of it"
FILLER = "\n\nA line of text.\n" * 60


def small():
    """A network with a convolution, a pool and a linear layer, and two pictures for it."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(4 * 9 * 9, 3))
    pictures = torch.zeros(2, 1, 20, 20)
    pictures[0, 0, 4:16, 9:11] = 1
    pictures[1, 0, 9:11, 4:16] = 1
    return net, pictures


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    view, state = anywidget("look")
    w = convnet(*small(), alt=ALT, question="Which way does the stroke run?", labels=["|", "—", "?"])
    state["state"] = {k: v for k, v in w.get_state().items() if isinstance(v, str | list)}
    state["buffers"] = [
        {"encoding": "base64", "path": [name], "data": base64.b64encode(getattr(w, name)).decode()}
        for name in ("data", "pictures")
    ]
    cells = [new_markdown_cell(f"## About it{FILLER}"), new_code_cell("w", outputs=[view])]
    folder, warnings = build(tmp_path_factory.mktemp("site"), chapter(*cells, state={"look": state}))
    assert warnings == ""
    return folder


@pytest.fixture(scope="module")
def address(site):
    with audit.serve(site) as url:
        yield f"{url}/04_momentum.html"


def test_nothing_is_found_on_a_phone(browser, site, address):
    for url in (address, (site / "04_momentum.html").as_uri()):
        with audit.open_page(browser, url) as (tab, found):
            found += audit.images(tab) + audit.width(tab)
            found = [f for f in found if f.kind != "missing" and "404" not in f.text]  # it has no icon
            assert not found and tab.locator(".bw-convnet .bw-layer").count() == 3


@pytest.mark.parametrize("dark", [False, True])
def test_it_is_accessible(browser, address, dark):
    with audit.open_page(browser, address, audit.DESK, dark=dark) as (tab, _):
        found = [f for f in audit.accessibility(tab) if "bw" in f.text or "canvas" in f.text]
    assert not found


def test_its_weight_is_small(site):
    assert audit.widget_weight(site, "04_momentum.html") < 40_000


PLAY = """(async () => {
  const root = document.querySelector(".bw-convnet"), told = [];
  const canvases = () => [...root.querySelectorAll(".bw-layer canvas")].map((c) => c.toDataURL());
  const tell = async () => {
    await new Promise((done) => setTimeout(done, 700));
    told.push(root.querySelector(".bw-answer").textContent, root.querySelector(".bw-caption").textContent);
  };
  await tell();
  const before = canvases();
  root.querySelector("button[aria-label='move the picture right by a pixel']").click();
  await tell();
  const layer = root.querySelectorAll(".bw-layer canvas")[1];
  layer.focus();
  layer.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
  await tell();
  const pad = root.querySelector(".bw-pad"), box = pad.getBoundingClientRect();
  pad.setPointerCapture = () => {};
  for (const [kind, y] of [["down", 0.2], ["move", 0.5], ["move", 0.8], ["up", 0.8]]) {
    const place = { clientX: box.x + 0.2 * box.width, clientY: box.y + y * box.height };
    const event = { ...place, pointerType: "mouse", pointerId: 1, bubbles: true };
    pad.dispatchEvent(new PointerEvent(`pointer${kind}`, event));
  }
  await tell();
  const after = canvases();
  return { told, moved: before.map((v, i) => v !== after[i]) };
})()"""


def test_firefox_says_what_chromium_says(browser, address, firefox):  # noqa: F811
    """Picture, move, window and stroke: the same sentences, with the same numbers."""
    seen = []
    chromium = engines.Chromium(browser)
    for tab in (chromium, firefox):
        tab.open(address)
        assert engines.complete(tab) == ""
        seen.append(tab.evaluate(PLAY))
    chromium.close()
    assert seen[0] == seen[1]
    told, moved = seen[0]["told"], seen[0]["moved"]
    assert all(moved) and len({told[0], told[2], told[6]}) == 3
    assert re.match(r"The network answers . \(\d+\.\d %\)", told[0])
    assert told[5].startswith("Layer 2, map 1, row 2, column 6: the largest of 4 values is")
    assert firefox.errors == []


def test_without_scripts_its_description_stands_there(browser, site):
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto((site / "04_momentum.html").as_uri())
    assert ALT in tab.locator(".widget-subarea").first.inner_text()
    context.close()
