"""The playground on a page of the book: audited like any page, and its settings stay in the address."""

import json

import audit
import nbformat
import pytest
from alone import barriers, book, check_without_scripts, on_a_phone, real
from nbformat.v4 import new_code_cell, new_notebook
from test_extension import TOP
from test_jupyterlab import answer, jupyterlab, run_all

from course_utils.widgets import playground

PRESETS = {
    "ring": {"net": [(2, "ReLU")], "show": ("data", "layers", "units", "seed"), "start": {"data": "circles"}},
    "rates": {"net": [(8, "tanh")] * 2, "show": ("optimiser", "rate"), "start": {"data": "a curve"}},
}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    made = {}
    for name, preset in PRESETS.items():
        words = {"question": f"What does the {name} need?", "alt": f"The {name}, a small network"}
        made[name] = playground(name=name, **words, **preset)
    return book(tmp_path_factory.mktemp("site"), made)


def test_nothing_is_found_on_a_phone(browser, site, alone):
    for tab, found in on_a_phone(browser, site, alone):
        dead, moved = audit.dead_controls(tab)
        tab.evaluate("bookAudit.buttons()")
        assert not real(found + dead) and moved > 25


@pytest.mark.parametrize("dark", [False, True])
def test_it_is_accessible(browser, alone, dark):
    assert not barriers(browser, alone, dark)


def test_its_weight_is_small(site):
    assert audit.widget_weight(site, "04_momentum.html") < 40_000


def test_settings_stay_in_the_address_and_a_link_leads_to_them(browser, alone):
    with audit.open_page(browser, alone, audit.DESK) as (tab, _):
        widget = tab.locator(".bw-playground").nth(1)
        widget.get_by_label("rate").focus()
        tab.keyboard.press("ArrowRight")
        tab.wait_for_function("location.search.includes('rates=')")
        kept, told = tab.url, widget.locator(".bw-note").last.text_content()
        assert "rate.0.1_" in kept and kept.endswith("#about-rates") and "ring=" not in kept
    with audit.open_page(browser, kept, audit.DESK) as (tab, _):
        widget = tab.locator(".bw-playground").nth(1)
        assert widget.locator(".bw-note").last.text_content() == told and "rate 0.1 " in told


def test_the_start_is_what_a_link_says(browser, alone):
    """And it still is after a reload, when the address holds what the reader has set."""
    with audit.open_page(browser, alone, audit.DESK) as (tab, _):
        tab.locator(".bw-playground").nth(1).get_by_label("rate").press("ArrowRight")
        tab.wait_for_function("location.search.includes('rates=')")
        link = tab.url
    with audit.open_page(browser, link, audit.DESK) as (tab, _):
        widget = tab.locator('.bw-playground[aria-label="The rates, a small network"]')
        rate, back = widget.get_by_label("rate"), tab.get_by_role("button", name="Back to the start")
        assert back.count() == 0
        for reload in (False, True):
            rate.press("ArrowRight")
            rate.press("ArrowRight")
            assert rate.get_attribute("aria-valuetext") == "1"
            if reload:
                tab.reload()
                assert rate.get_attribute("aria-valuetext") == "1"
            back.click()
            assert rate.get_attribute("aria-valuetext") == "0.1" and tab.url == link and back.count() == 0
        tab.reload()
        assert rate.get_attribute("aria-valuetext") == "0.1" and back.count() == 0
        tab.goto(alone)  # the tab remembers, but without the link the start is the book's
        tab.locator(".widget-subarea").nth(1).scroll_into_view_if_needed()
        assert rate.get_attribute("aria-valuetext") == "0.1"
        back.click()
        assert rate.get_attribute("aria-valuetext") == "0.03" and back.count() == 0
        rate.press("ArrowRight")
        tab.reload()
        assert rate.get_attribute("aria-valuetext") == "0.1"
        back.click()
        assert rate.get_attribute("aria-valuetext") == "0.03"


def test_without_scripts_a_still_picture_stands_there(browser, site):
    check_without_scripts(browser, site, "The ring, a small network")


OWN = """
import torch
from course_utils.widgets import playground
from torch import nn

torch.manual_seed(0)
x = torch.rand(80, 2) * 4 - 2
y = (x.prod(1) > 0).float()
net = nn.Sequential(nn.Linear(2, 6), nn.Tanh(), nn.Linear(6, 1))
w = playground(net, x, y)
w
"""
SEEN = """
from course_utils.widgets import convnet

pictures = torch.zeros(2, 1, 8, 8)
pictures[1, 0, 2:6, 3:5] = 1
layers = nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(72, 3)
c = convnet(nn.Sequential(*layers), pictures, alt="A stroke")
c
"""
WRITES = f"""
import sys
from course_utils.widgets import gpt

sys.path.insert(0, {str(TOP / "tests" / "package")!r})
from widgets import writers

g = gpt(writers.writers(), question="What comes next?", alt="A small language model that writes")
g
"""
SAID = """
import json

back = w.net()
loss = nn.functional.binary_cross_entropy_with_logits
held = torch.arange(80) % 4 == 3
print(json.dumps([loss(n(x[~held])[:, 0], y[~held]).item() for n in (net, back)]))
"""
DRAWN = """
print(json.dumps([c.picture.sum().item(), torch.equal(c.picture[0], pictures[1])]))
"""


def test_a_readers_net_picture_and_text_come_back_from_jupyterlab(browser, tmp_path):
    """A real kernel and a real page: the losses of the net that comes back are those that the page shows."""
    sources = (OWN.strip(), SEEN.strip(), WRITES.strip(), "0")
    notebook = new_notebook(cells=[new_code_cell(source) for source in sources])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, tmp_path / "own.ipynb")
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    with jupyterlab(tmp_path, tmp_path / "own.ipynb") as address:
        tab = run_all(context, address)
        shown, ask = tab.locator(".bw-train output"), tab.locator(".jp-CodeCell").nth(3)
        shown.wait_for()
        first = float(shown.text_content())
        mine, back = json.loads(answer(tab, ask, SAID.strip()))
        assert mine == back == pytest.approx(first, abs=0.006)
        tab.get_by_role("button", name="▶ Train").click()
        tab.wait_for_function("+document.querySelector('.bw-numbers output').textContent > 20")
        tab.get_by_role("button", name="❚❚ Pause").click()
        tab.wait_for_timeout(300)
        trained = float(shown.text_content())
        mine, back = json.loads(answer(tab, ask, SAID.strip()))
        assert mine == pytest.approx(first, abs=0.006) and back == pytest.approx(trained, abs=0.006)
        assert back < mine - 0.1
        tab.get_by_role("button", name="picture 2").click()
        tab.wait_for_timeout(300)
        assert json.loads(answer(tab, ask, DRAWN.strip())) == [8, True]
        tab.get_by_label("begin with").fill("море")
        for _ in range(3):
            tab.get_by_role("button", name="one character").click()
        tab.wait_for_function("document.querySelectorAll('.bw-written span').length === 7")
        tab.wait_for_timeout(300)
        assert json.loads(answer(tab, ask, "print(json.dumps(g.text))")) == "море"
    context.close()
