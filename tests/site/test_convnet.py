"""The convnet on a page of the book: audited like any page, in Chromium and in Firefox."""

import re

import audit
import engines
import pytest
import torch
from alone import barriers, book, check_without_scripts, on_a_phone, real
from test_engines import firefox  # noqa: F401
from torch import nn

from course_utils.widgets import convnet

ALT = "A digit, and what a small network makes of it"


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
    words = {"alt": ALT, "question": "Which way does the stroke run?"}
    return book(tmp_path_factory.mktemp("site"), {"look": convnet(*small(), labels=["|", "—", "?"], **words)})


def test_nothing_is_found_on_a_phone(browser, site, alone):
    for tab, found in on_a_phone(browser, site, alone):
        assert not real(found) and tab.locator(".bw-convnet .bw-layer").count() == 3


@pytest.mark.parametrize("dark", [False, True])
def test_it_is_accessible(browser, alone, dark):
    assert not barriers(browser, alone, dark)


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


def test_firefox_says_what_chromium_says(browser, alone, firefox):  # noqa: F811
    """Picture, move, window and stroke: the same sentences, with the same numbers."""
    seen = []
    chromium = engines.Chromium(browser)
    for tab in (chromium, firefox):
        tab.open(alone)
        assert engines.complete(tab) == ""
        seen.append(tab.evaluate(PLAY))
    chromium.close()
    assert seen[0] == seen[1]
    told, moved = seen[0]["told"], seen[0]["moved"]
    assert all(moved) and len({told[0], told[2], told[6]}) == 3
    assert re.match(r"The network answers . \(\d+\.\d %\)", told[0])
    assert told[5].startswith("Layer 2, map 1, row 2, column 6: the largest of 4 values is")
    assert firefox.errors == []


def test_without_scripts_a_still_picture_stands_there(browser, site):
    check_without_scripts(browser, site, ALT)
