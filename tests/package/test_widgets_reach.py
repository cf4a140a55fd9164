"""What every widget owes to a finger, to a reader who does not see, and to one who wants to begin again."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from widgets import samples, writers
from widgets.harness import LOOK, changes, settle

from course_utils.widgets import align, bars, convnet, gpt, kernel, layers, panel, playground, scene

PHONE = {"width": 390, "has_touch": True, "is_mobile": True}
MAPS = {"word": {"head": (list("abc"), list("def"), np.eye(3))}}


def finger(tab, x, y, moves):
    """Touch a page at (x, y), move the finger to (x + dx, y + dy) for each (dx, dy), and lift it."""
    line = tab.context.new_cdp_session(tab)
    for kind, at in [("touchStart", (0, 0)), *(("touchMove", move) for move in moves), ("touchEnd", None)]:
        points = [{"x": x + at[0], "y": y + at[1]}] if at else []
        line.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        tab.wait_for_timeout(20)


def middle(element):
    """Return (x, y) of the middle of an element, or of what of it lies on the first screen."""
    box = element.bounding_box()
    return box["x"] + box["width"] / 2, (box["y"] + min(box["y"] + box["height"], 800)) / 2


def pictures():
    """{name: (a widget on which a tap does something, the element that is tapped)}."""
    nets = {"small": [(f"layer {i}", (8,), 10 * i, 100, 3) for i in range(1, 9)]}
    return {
        "scene": (samples.descent_scene(), "canvas"),
        "layers": (layers(nets, alt="bars"), "canvas"),
        "kernel": (kernel(np.linspace(0, 1, 1200).reshape(40, 30), alt="a picture"), "canvas >> nth=0"),
        "align": (align(MAPS, alt="lines"), ".bw-lines"),
    }


@pytest.mark.parametrize("name", pictures())
def test_a_thumb_that_scrolls_moves_nothing_and_a_tap_does(site, name):
    widget, picture = pictures()[name]
    tab = site.open(widget, samples.draw_net(), samples.picture_scene(), **PHONE)
    root = tab.locator(".bw").first
    place = root.locator(picture)
    before = root.evaluate(LOOK)
    finger(tab, *middle(place), [(k / 2, -10 * k) for k in range(1, 13)])
    settle(tab)
    assert tab.evaluate("scrollY") > 40
    assert root.evaluate(LOOK) == before
    box = place.bounding_box()
    place.tap(position={"x": 0.62 * box["width"], "y": 0.3 * box["height"]})
    assert changes(tab, root, before)


def test_a_finger_on_the_handle_drags_it(site):
    tab = site.open(samples.descent_scene(), samples.draw_net(), **PHONE)
    finger(tab, *middle(tab.locator(".bw-handle")), [(d, 0) for d in (20, 40, 60, 80)])
    assert int(tab.get_by_label("w₁").input_value()) > 0
    assert tab.evaluate("scrollY") == 0


# ---- what belongs to the browser


def live():
    """{name: a widget that listens to keys}."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(72, 3))
    held = torch.zeros(1, 1, 8, 8)
    held[0, 0, 2:6, 3:5] = 1
    return {name: widget for name, (widget, _) in pictures().items() if name != "scene"} | {
        "draw": samples.draw_net(),
        "convnet": convnet(net, held, alt="a stroke"),
        "playground": playground(start={"data": "your own points"}),
        "gpt": gpt(writers.writers(), question="What comes next?", alt="text"),
    }


# what has the focus may be told: gives it to all that KEYS presses on, to the last one last
FOCUS = "document.querySelectorAll('.bw [role=application], .bw input[type=text]').forEach(e => e.focus())"
# presses keys wherever a widget listens to some; returns how often it has taken one from the browser
KEYS = """more => {
  const arrows = ['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown'];
  let taken = 0;
  for (const e of document.querySelectorAll('.bw [role=application], .bw input[type=text]'))
    for (const key of [...arrows, 'Home', 'End', 'Delete', 'Enter', ' ']) {
      const press = { key, bubbles: true, cancelable: true, ...more };
      e.focus();
      taken += !e.dispatchEvent(new KeyboardEvent('keydown', press));
    }
  return taken; }"""


@pytest.mark.parametrize("name", live())
def test_keys_with_alt_ctrl_or_meta_belong_to_the_browser(site, name):
    """Alt and the left arrow lead back to the page before."""
    tab = site.open(live()[name])
    root = tab.locator(".bw")
    tab.evaluate(FOCUS)
    settle(tab, 400)
    before = root.inner_text()
    for key in ("altKey", "ctrlKey", "metaKey"):
        assert tab.evaluate(KEYS, {key: True}) == 0
    settle(tab, 400)
    assert root.inner_text() == before
    assert tab.evaluate(KEYS, {}) > 0


@pytest.mark.parametrize("name", ["draw", "convnet", "scene"])
def test_the_right_button_draws_and_drags_nothing(site, name):
    tab = site.open((live() | {"scene": samples.descent_scene()})[name])
    root, place = tab.locator(".bw"), tab.locator(".bw-handle" if name == "scene" else ".bw-pad")
    settle(tab, 400)
    x, y = middle(place)
    for button in ("right", "middle", "left"):
        before = root.evaluate(LOOK)
        tab.mouse.move(x + 1, y + 1)
        tab.mouse.down(button=button)
        tab.mouse.move(x + 40, y + 30, steps=4)
        tab.mouse.up(button=button)
        settle(tab)
        assert (root.evaluate(LOOK) == before) == (button != "left"), button
        tab.keyboard.press("Escape")


# ---- back to the start


@pytest.mark.parametrize("make", [samples.descent_scene, samples.lines_explore])
def test_reset_leads_back_to_the_start(site, make):
    tab = site.open(make())
    root, back = tab.locator(".bw"), tab.get_by_role("button", name="reset")
    first = root.evaluate(LOOK)
    assert back.is_disabled()  # and so no stop on the way by keyboard
    for control in root.locator("input[type=range]").all():
        control.focus()
        tab.keyboard.press("ArrowRight")
    assert changes(tab, root, first)
    back.focus()
    tab.keyboard.press("Enter")
    settle(tab, 300)
    assert root.evaluate(LOOK) == first and back.is_disabled()
    assert tab.evaluate("document.activeElement.closest('.bw-controls') !== null")


def test_reset_knows_the_start_when_the_page_begins_elsewhere(site):
    """A kernel, another view or the page itself may have moved the widget before it is drawn."""
    w = samples.descent_scene()
    start = list(w.index)
    w.index = [1, 2, 3, 4, 5]
    tab = site.open(w)
    tab.get_by_role("button", name="reset").click()
    assert tab.evaluate("models[0].get('index')") == start


def test_a_picture_without_controls_has_no_reset(site):
    tab = site.open(scene(panel(bars([1, 2, 3])), alt="three bars"))
    assert tab.get_by_role("button", name="reset", include_hidden=True).count() == 0


# ---- what is read aloud

HEARD = "e => e.querySelector('[aria-live=polite].bw-hidden').textContent"


def test_a_scene_tells_what_is_written_on_it(site):
    tab = site.open(samples.descent_scene())
    root, picture = tab.locator(".bw"), tab.get_by_role("img")
    settle(tab)
    before = picture.get_attribute("aria-label")
    assert before.startswith("Gradient descent in a narrow valley, and its loss Now: loss ")
    assert "goal: 0.010" in before and "last " in before and root.evaluate(HEARD) == ""
    tab.get_by_label("step", exact=True).focus()
    for _ in range(3):
        tab.keyboard.press("ArrowRight")
    settle(tab, 500)
    heard = root.evaluate(HEARD)
    assert heard.startswith("loss ") and "half of it " in heard and "goal" not in heard
    assert all(word in picture.get_attribute("aria-label") for word in heard.split(", "))


def test_bars_are_told_by_their_names(site):
    heights = np.array([[0.2, 0.8], [0.6, 0.4]])
    tab = site.open(scene(panel(bars(heights, ["k"]), xlabels=["cat", "dog"]), alt="two bars", k=[1, 2]))
    settle(tab)
    assert tab.get_by_role("img").get_attribute("aria-label") == "two bars Now: cat 0.20, dog 0.80"
    tab.get_by_label("k").focus()
    tab.keyboard.press("ArrowRight")
    settle(tab, 500)
    assert tab.locator(".bw").evaluate(HEARD) == "cat 0.60, dog 0.40"


@pytest.mark.parametrize("make", [samples.lines_explore, samples.dense_explore])
def test_a_figure_tells_its_texts(site, make):
    w = make()
    assert len(w.words) == len(w.offsets) - 1
    tab = site.open(w)
    root, picture = tab.locator(".bw"), tab.locator(".bw img")
    settle(tab)
    assert picture.get_attribute("alt") == f"{w.alt} Now: {', '.join(w.words[0])}"
    slider = root.locator("input[type=range]").first
    slider.focus()
    tab.keyboard.press("ArrowRight")
    settle(tab, 500)
    heard = root.evaluate(HEARD)
    assert heard and heard in picture.get_attribute("alt") and heard not in ", ".join(w.words[0])


# ---- one screen of a phone


@pytest.mark.parametrize("make", [samples.descent_scene, samples.lecture_graph])
def test_controls_and_picture_share_a_phones_screen(site, make):
    """844 px less the page's bar."""
    tab = site.open(make(), width=390)
    assert tab.locator(".bw").bounding_box()["height"] <= 788


def test_in_the_dark_a_card_is_as_wide_as_its_picture(site):
    tab = site.open(samples.dense_explore(), width=800)
    tab.evaluate("document.documentElement.dataset.theme = 'dark'")
    settle(tab)
    card, picture = tab.locator(".bw-webp").bounding_box(), tab.locator(".bw-webp img").bounding_box()
    assert 0 < card["width"] - picture["width"] <= 17
    assert abs(2 * card["x"] + card["width"] - 800) <= 2  # in the middle of the page
