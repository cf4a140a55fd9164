"""The kernel editor: what it packs, what it refuses, and that the page computes PyTorch's convolution."""

from __future__ import annotations

import zlib

import numpy as np
import pytest
import torch
from widgets.harness import DRAWS, LOOK, settle

from course_utils.widgets import kernel

ALT = "A photograph and what a filter makes of it"
MODES = {"none": None, "zeros": "constant", "reflection": "reflect", "replication": "replicate"}
CORRELATE = """async ([x, h, w, k, s, d, p]) => {
  const esm = JSON.parse(document.getElementById('models').textContent)[0].esm;
  const m = await import(URL.createObjectURL(new Blob([esm], { type: 'text/javascript' })));
  const { y, H, W } = m.correlate(Float32Array.from(x), h, w, k, s, d, p);
  return { y: [...y], H, W }; }"""


def picture(h=40, w=31):
    """A grey picture without symmetry, exact in 8 bits."""
    return torch.from_numpy(np.random.default_rng(0).integers(0, 256, (h, w))).float() / 255


def reference(x, k, stride, dilation, padding):
    """The same by PyTorch; x (H, W), k (3, 3)."""
    x = x[None, None]
    if MODES[padding]:
        x = torch.nn.functional.pad(x, (dilation,) * 4, mode=MODES[padding])
    return torch.nn.functional.conv2d(x, k[None, None], stride=stride, dilation=dilation)[0, 0]


# ---- Python


def test_it_packs_the_picture_and_the_presets():
    x = picture()
    w = kernel(x, alt=ALT, start={"preset": "sharpen", "dilation": 2})
    assert np.array_equal(np.frombuffer(zlib.decompress(w.data), np.uint8).reshape(40, 31), (255 * x).round())
    assert w.weights == [[0, -1, 0], [-1, 5, -1], [0, -1, 0]]
    assert [p["text"][i] for p, i in zip(w.params, w.index, strict=True)] == ["sharpen", "1", "2", "none"]
    assert repr(w) == f"<kernel: {ALT}>"


def test_the_readers_own_weights_can_be_read_back():
    w = kernel(picture(), alt=ALT)
    w.own, w.index = [float(i) for i in range(9)], [6, 0, 0, 0]
    assert w.weights == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]


@pytest.mark.parametrize(
    ("image", "options", "says"),
    [
        (torch.zeros(3, 40, 40), {}, "image has shape (3, 40, 40)"),
        (torch.zeros(40, 500), {}, "12 to 160"),
        (picture() * 2, {}, "from 0 to 1"),
        (picture(), {"presets": {"flat": [1, 2, 3]}}, "preset 'flat' has shape (3,)"),
        (picture(), {"presets": {}}, "at least one filter"),
        (picture(), {"presets": {"your own": np.eye(3)}}, "none may be called"),
        (picture(), {"start": {"stride": 4}}, "start value stride=4"),
        (picture(), {"alt": " "}, "alt must be"),
    ],
)
def test_it_says_what_is_wrong(image, options, says):
    with pytest.raises(ValueError) as e:
        kernel(image, **{"alt": ALT, **options})
    assert says in str(e.value)


# ---- the page


def shown(tab):
    """The number beside the nine products, as the page shows it."""
    return float(tab.locator(".bw-sum output").text_content().replace("−", "-"))


def pick(tab, name, value):
    """Set one of the four controls, as a reader would."""
    if name == "filter":
        tab.get_by_label("filter", exact=True).select_option(label=value)
    elif name == "padding":
        tab.locator(".bw-segments label", has_text=value).click()
    else:
        s = tab.get_by_label(name, exact=True)
        s.focus()
        tab.keyboard.press("Home")
        for _ in range(value - 1):
            tab.keyboard.press("ArrowRight")
    settle(tab)


def test_the_page_computes_what_pytorch_computes(site):
    tab, x = site.open(kernel(picture(), alt=ALT)), picture()
    rng = np.random.default_rng(1)
    for padding in MODES:
        for stride in (1, 2, 3):
            for dilation in (1, 2, 3, 4):
                k = torch.from_numpy(rng.normal(size=(3, 3))).float()
                args = [x.flatten().tolist(), 40, 31, k.flatten().tolist(), stride, dilation, padding]
                got, expected = tab.evaluate(CORRELATE, args), reference(x, k, stride, dilation, padding)
                assert (got["H"], got["W"]) == tuple(expected.shape)
                torch.testing.assert_close(torch.tensor(got["y"]).view(got["H"], got["W"]), expected)


def test_the_number_on_the_page_is_that_of_the_pixel_under_the_window(site):
    x = picture()
    tab = site.open(kernel(x, alt=ALT, start={"preset": "Laplacian"}))
    pick(tab, "stride", 2)
    pick(tab, "dilation", 3)
    pick(tab, "padding", "reflection")
    k = torch.tensor([[0.0, 1, 0], [1, -4, 1], [0, 1, 0]])
    y = reference(x, k, 2, 3, "reflection")
    assert f"result, {y.shape[0]} × {y.shape[1]}" in tab.locator(".bw-text").nth(1).text_content()
    right = tab.locator("canvas").nth(1)
    right.focus()
    for key in ["ArrowUp"] * 30 + ["ArrowLeft"] * 30 + ["ArrowDown"] * 2 + ["ArrowRight"] * 5:
        tab.keyboard.press(key)
        tab.wait_for_timeout(20)
    settle(tab)
    assert shown(tab) == pytest.approx(y[2, 5].item(), abs=0.0051)
    b = right.bounding_box()  # the pointer, on pixel (30, 12) of the picture
    unit = b["width"] / (31 + 8)
    right.hover(position={"x": (12 + 4.5) * unit, "y": (30 + 4.5) * unit})
    settle(tab)
    assert shown(tab) == pytest.approx(y[15, 6].item(), abs=0.0051)


def test_an_edited_weight_becomes_the_readers_own(site):
    x = picture()
    tab = site.open(kernel(x, alt=ALT, start={"preset": "identity"}))
    before = shown(tab)
    tab.get_by_label("weight, row 2, column 2").fill("-2.5")
    settle(tab)
    assert shown(tab) == pytest.approx(-2.5 * before, abs=0.02)
    assert tab.get_by_label("filter", exact=True).evaluate("e => e.selectedOptions[0].text") == "your own"
    assert tab.evaluate("window.models[0].get('own')") == [0, 0, 0, 0, -2.5, 0, 0, 0, 0]
    tab.get_by_label("weight, row 1, column 3").fill("1")
    tab.get_by_role("button", name="flip").click()
    settle(tab)
    assert tab.evaluate("window.models[0].get('own')") == [0, 0, 0, 0, -2.5, 0, 1, 0, 0]
    assert tab.get_by_label("weight, row 3, column 1").input_value() == "1"
    pick(tab, "filter", "identity")
    assert shown(tab) == before


def test_half_a_number_changes_nothing(site):
    tab = site.open(kernel(picture(), alt=ALT))
    before = shown(tab)
    box = tab.get_by_label("weight, row 1, column 1")
    box.fill("")
    settle(tab)
    assert shown(tab) == before and box.input_value() == ""
    tab.keyboard.press("Tab")
    settle(tab)
    assert box.input_value() == "-1"


@pytest.mark.parametrize("name", ["filter", "stride", "dilation", "padding"])
def test_every_control_changes_the_picture_on_a_phone(site, name):
    tab = site.open(kernel(picture(), alt=ALT), width=390)
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    root = tab.locator(".bw")
    before = root.evaluate(LOOK)
    pick(tab, name, {"filter": "blur", "stride": 2, "dilation": 3, "padding": "replication"}[name])
    assert root.evaluate(LOOK) != before


def test_a_tap_moves_the_window(site):
    tab = site.open(kernel(picture(), alt=ALT), width=390, has_touch=True, is_mobile=True)
    before = tab.locator(".bw-sum [role=img]").text_content()
    tab.locator("canvas").first.tap(position={"x": 20, "y": 20})
    settle(tab)
    assert tab.locator(".bw-sum [role=img]").text_content() != before


def test_two_views_of_one_widget_agree(site):
    tab = site.open(kernel(picture(), alt=ALT), views=2)
    tab.get_by_label("weight, row 1, column 1").first.fill("7")
    settle(tab)
    assert tab.get_by_label("weight, row 1, column 1").nth(1).input_value() == "7"
    outs = tab.locator(".bw-sum output").all_text_contents()
    assert outs[0] == outs[1]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_is_accessible(site, theme):
    from axe_core_python.sync_playwright import Axe

    tab = site.open(kernel(picture(), alt=ALT), width=390)
    tab.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
    settle(tab)
    found = Axe().run(tab)["violations"]
    assert [(v["id"], n["html"][:120]) for v in found for n in v["nodes"]] == []


def test_many_moves_at_once_are_drawn_at_most_twice(site):
    photo = torch.rand(110, 160, generator=torch.Generator().manual_seed(0))
    tab = site.open(kernel(photo, alt=ALT))
    assert 1 <= tab.locator(".bw").evaluate(DRAWS) <= 2
