"""The layers widget: what it packs, what it refuses, and what pointer and keys say on the page."""

from __future__ import annotations

import pytest
from widgets.harness import LOOK, settle

from course_utils.widgets import layers

ALT = "Four bars for each layer of a network"
NETS = {
    "small": [("convolution 5 × 5", (6, 28, 28), 156, 117_600, 5), ("pooling", (6, 14, 14), 0, 0, 6),
              ("linear", (10,), 11_770, 11_760, 28)],
    "wide": [(f"layer number {i}", (8, 64 - i, 64 - i), 1000 * (i + 1), 10**6 * (60 - i), 3 + 2 * i)
             for i in range(60)],
}  # fmt: skip
QUICK = """async root => { const canvas = root.querySelector('canvas'), t = [];
  for (let i = 0; i < 31; i++) { await new Promise(r => setTimeout(r, 30));
    const drawn = new Promise(r => root.addEventListener('bw:drawn', r, { once: true }));
    const a = performance.now();
    canvas.dispatchEvent(new KeyboardEvent('keydown', { key: i % 20 < 10 ? 'ArrowRight' : 'ArrowLeft' }));
    await drawn;
    t.push(performance.now() - a); }
  return t.sort((x, y) => x - y)[15]; }"""


# ---- Python


def test_it_packs_every_layer():
    w = layers(NETS, alt=ALT, start="wide")
    assert w.nets[0] == [[name, list(shape), p, m, r] for name, shape, p, m, r in NETS["small"]]
    assert len(w.nets[1]) == 60 and w.index == [1] and w.at == 0
    assert repr(w) == f"<layers: {ALT}>"


@pytest.mark.parametrize(
    ("nets", "options", "says"),
    [
        ({}, {}, "at least one network"),
        ({"empty": []}, {}, "'empty' has no layers"),
        ({"a": [("x", (1,), 2, 3)]}, {}, "layer 0 of 'a' has 4 entries, expected 5"),
        ({"a": [("x", (3, 4), 2, 3, 4)]}, {}, "has shape (3, 4), expected (C, H, W) or (D,)"),
        ({"a": [("x", (3,), -2, 3, 4)]}, {}, "parameters is -2"),
        (NETS, {"start": "deep"}, "start value network='deep'"),
        (NETS, {"alt": ""}, "alt must be"),
    ],
)
def test_it_says_what_is_wrong(nets, options, says):
    with pytest.raises(ValueError) as e:
        layers(nets, **{"alt": ALT, **options})
    assert says in str(e.value)


# ---- the page


def words(tab):
    """The lines below the bars."""
    settle(tab)
    return tab.locator(".bw-caption > *").all_text_contents()


def test_arrow_keys_walk_through_the_layers(site):
    tab = site.open(layers(NETS, alt=ALT))
    assert words(tab) == [
        "layer 1 of 3: convolution 5 × 5",
        "puts out 6 × 28 × 28 values; one of them sees 5 × 5 pixels",
        "156 parameters, 1.3 % of 11.9 k",
        "117,600 multiply-adds, 91 % of 129 k",
    ]
    tab.locator("canvas").focus()
    for key in ("ArrowLeft", "ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight"):
        tab.keyboard.press(key)
    assert words(tab)[:2] == ["layer 3 of 3: linear", "puts out 10 values; one of them sees 28 × 28 pixels"]
    tab.keyboard.press("Home")
    assert words(tab)[0].startswith("layer 1 of 3")


def test_the_pointer_chooses_and_a_new_network_begins_at_its_first_layer(site):
    tab = site.open(layers(NETS, alt=ALT, start="wide"))
    canvas = tab.locator("canvas")
    canvas.hover(position={"x": canvas.bounding_box()["width"] * 30.5 / 60, "y": 40})
    assert words(tab)[0] == "layer 31 of 60: layer number 30"
    tab.locator(".bw-segments label", has_text="small").click()
    assert words(tab)[0] == "layer 1 of 3: convolution 5 × 5"


def test_a_tap_chooses_and_a_phone_has_room(site):
    tab = site.open(layers(NETS, alt=ALT, start="wide"), width=390, has_touch=True, is_mobile=True)
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    root, before = tab.locator(".bw"), tab.locator(".bw").evaluate(LOOK)
    tab.locator("canvas").tap(position={"x": 200, "y": 100})
    assert words(tab)[0] != "layer 1 of 60: layer number 0" and root.evaluate(LOOK) != before


def test_two_views_of_one_widget_agree(site):
    tab = site.open(layers(NETS, alt=ALT), views=2)
    tab.locator("canvas").first.focus()
    tab.keyboard.press("End")
    lines = words(tab)
    assert lines[:4] == lines[4:] and lines[0].startswith("layer 3")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_is_accessible(site, theme):
    from axe_core_python.sync_playwright import Axe

    tab = site.open(layers(NETS, alt=ALT), width=390)
    tab.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
    settle(tab)
    found = Axe().run(tab)["violations"]
    assert [(v["id"], n["html"][:120]) for v in found for n in v["nodes"]] == []


def test_a_frame_is_quick(site):
    tab = site.open(layers(NETS, alt=ALT, start="wide"))
    assert tab.locator(".bw").evaluate(QUICK) < 60  # 25 ms on an idle computer
