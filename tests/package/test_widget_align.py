"""The align widget: what it packs, what it refuses, and what pointer and keys say on the page."""

from __future__ import annotations

import zlib

import numpy as np
import pytest
from widgets.harness import LOOK, settle

from course_utils.widgets import align

ALT = "What each written symbol took from the source"
ONE = {
    "dog": {
        "head 1": (["D", "AO", "G"], ["d", "o", "g", "∎"],
                   [[0.9, 0.1, 0, 0], [0, 1, 0, 0], [0, 0.04, 0.3, 0.66]]),
        "head 2": (["D", "AO"], ["d", "o", "g"], [[0.2, 0.2, 0.6], [0.5, 0.25, 0.25]]),
    },
    "538": {
        "head 1": (["пятьсот", "тридцать", "восемь"], ["5", "3", "8"], np.eye(3)),
        "head 2": (["пятьсот"], ["5", "3", "8"], [[0, 0, 1.0]]),
    },
}  # fmt: skip


# ---- Python


def test_it_packs_every_map():
    w = align(ONE, alt=ALT, names=("word", "head"), start={"head": "head 2"})
    assert [m[2] for m in w.maps] == [0, 12, 18, 27] and w.index == [0, 1] and w.at == 0
    raw = np.frombuffer(zlib.decompress(w.data), np.uint8)
    assert raw[:4].tolist() == [230, 26, 0, 0] and len(raw) == 30  # quantised: 0.9 · 255 = 229.5
    assert repr(w) == f"<align: {ALT}>"


@pytest.mark.parametrize(
    ("words", "options", "says"),
    [
        ({}, {}, "at least one example"),
        ({"a": {}}, {}, "at least one example"),
        ({"a": {"m": (["x"], ["y"], [[1.0]])}, "b": {"n": (["x"], ["y"], [[1.0]])}}, {}, "expected ['m']"),
        ({"a": {"m": (["x"], ["y", "z"], [[1.0]])}}, {}, "shape (1, 1) for 1 outputs and 2 sources"),
        ({"a": {"m": (["x"], ["y"], [[1.2]])}}, {}, "outside 0 to 1"),
        ({"a": {"m": (["x"], ["y"], [[float("nan")]])}}, {}, "not finite"),
        ({"a": {"m": (["x"], ["y"] * 41, np.zeros((1, 41)))}}, {}, "more than 40 symbols"),
        (ONE, {"start": {"weights": "head 3"}}, "weights='head 3'"),
        (ONE, {"alt": ""}, "alt must be"),
    ],
)
def test_it_says_what_is_wrong(words, options, says):
    with pytest.raises(ValueError) as e:
        align(words, **{"alt": ALT, **options})
    assert says in str(e.value)


# ---- the page


def words(tab):
    """The lines below the picture."""
    settle(tab)
    return tab.locator(".bw-caption > *").all_text_contents()


def test_arrow_keys_choose_a_symbol_on_either_side(site):
    tab = site.open(align(ONE, alt=ALT))
    assert words(tab) == ["output 1: D", "took from d (1): 90 %, o (2): 10 %"]
    tab.locator(".bw-lines").focus()
    tab.keyboard.press("ArrowDown")
    assert words(tab) == ["output 2: AO", "took from o (2): 100 %"]
    tab.keyboard.press("ArrowRight")
    assert words(tab) == ["source 2: o", "was used by AO (2): 100 %, D (1): 10 %"]
    for key in ("ArrowDown", "ArrowDown", "ArrowDown", "ArrowDown", "ArrowLeft"):
        tab.keyboard.press(key)
    assert words(tab) == ["output 3: G", "took from ∎ (4): 66 %, g (3): 30 %"]
    tab.keyboard.press("Home")
    assert words(tab)[0] == "output 1: D"


def test_lines_are_as_wide_as_the_weights(site):
    tab = site.open(align(ONE, alt=ALT))
    widths = tab.locator(".bw-lines line.bw-on").evaluate_all(
        "ls => ls.map(l => +l.getAttribute('stroke-width'))"
    )
    assert widths == pytest.approx([12.7, 2.3], abs=0.15)
    assert tab.locator(".bw-heat rect").count() == 12


def test_the_pointer_chooses_and_the_controls_change_the_map(site):
    tab = site.open(align(ONE, alt=ALT, names=("word", "head")))
    box = tab.locator(".bw-lines").bounding_box()
    tab.locator(".bw-lines").hover(position={"x": box["width"] - 8, "y": box["height"] - 8})
    assert words(tab) == ["source 4: ∎", "was used by G (3): 66 %"]
    heat = tab.locator(".bw-heat").bounding_box()
    tab.locator(".bw-heat").hover(position={"x": 8, "y": heat["height"] / 2})
    assert words(tab)[0] == "output 2: AO"
    tab.locator(".bw-segments label", has_text="head 2").click()
    assert words(tab) == ["output 1: D", "took from g (3): 60 %, d (1): 20 %, o (2): 20 %"]
    tab.locator(".bw-segments label", has_text="538").click()
    assert words(tab) == ["output 1: пятьсот", "took from 8 (3): 100 %"]


def test_a_tap_chooses_and_a_phone_has_room(site):
    long = {
        "long": {"m": ([f"двенадцать{i}" for i in range(9)], list("characters∎"), np.full((9, 11), 1 / 11))}
    }
    tab = site.open(align(long, alt=ALT), width=390, has_touch=True, is_mobile=True)
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    root, before = tab.locator(".bw"), tab.locator(".bw").evaluate(LOOK)
    box = tab.locator(".bw-lines").bounding_box()
    tab.locator(".bw-lines").tap(position={"x": 20, "y": box["height"] - 20})
    assert words(tab)[0] == "output 9: двенадцать8" and root.evaluate(LOOK) != before


def test_two_views_of_one_widget_agree(site):
    tab = site.open(align(ONE, alt=ALT), views=2)
    tab.locator(".bw-lines").first.focus()
    tab.keyboard.press("End")
    lines = words(tab)
    assert lines[:2] == lines[2:] and lines[0] == "output 3: G"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_is_accessible(site, theme):
    from axe_core_python.sync_playwright import Axe

    tab = site.open(align(ONE, alt=ALT), width=390)
    tab.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
    settle(tab)
    found = Axe().run(tab)["violations"]
    assert [(v["id"], n["html"][:120]) for v in found for n in v["nodes"]] == []
