"""The playground on a page of the book: audited like any page, and its settings stay in the address."""

import json

import audit
import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from test_extension import anywidget, build, chapter
from test_jupyterlab import answer, jupyterlab, run_all

from course_utils.widgets import playground

PRESETS = {
    "ring": {"net": [(2, "ReLU")], "show": ("data", "layers", "units", "seed"), "start": {"data": "circles"}},
    "rates": {"net": [(8, "tanh")] * 2, "show": ("optimiser", "rate"), "start": {"data": "a curve"}},
}
FILLER = "\n\nA line of text.\n" * 60


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    cells, states = [], {}
    for name, preset in PRESETS.items():
        view, state = anywidget(name)
        state["buffers"] = []
        widget = playground(
            question=f"What does the {name} need?", alt=f"The {name}, a small network", name=name, **preset
        )
        state["state"] = {k: v for k, v in widget.get_state().items() if isinstance(v, str | list | dict)}
        states[name] = state
        cells += [new_markdown_cell(f"## About {name}{FILLER}"), new_code_cell("w", outputs=[view])]
    folder, warnings = build(tmp_path_factory.mktemp("site"), chapter(*cells, state=states))
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
            dead, moved = audit.dead_controls(tab)
            tab.evaluate("bookAudit.buttons()")
            found += dead
        found = [f for f in found if f.kind != "missing" and "404" not in f.text]  # it has no icon
        assert not found and moved > 25


@pytest.mark.parametrize("dark", [False, True])
def test_it_is_accessible(browser, address, dark):
    with audit.open_page(browser, address, audit.DESK, dark=dark) as (tab, _):
        tab.evaluate("document.querySelectorAll('.bw details').forEach(d => d.open = true)")
        found = [f for f in audit.accessibility(tab) if "bw" in f.text or "canvas" in f.text]
    assert not found


def test_its_weight_is_small(site):
    assert audit.widget_weight(site, "04_momentum.html") < 40_000


def test_settings_stay_in_the_address_and_a_link_leads_to_them(browser, address):
    with audit.open_page(browser, address, audit.DESK) as (tab, _):
        widget = tab.locator(".bw-playground").nth(1)
        widget.get_by_label("rate").focus()
        tab.keyboard.press("ArrowRight")
        tab.wait_for_function("location.search.includes('rates=')")
        kept, told = tab.url, widget.locator(".bw-note").last.text_content()
        assert "rate.0.1_" in kept and kept.endswith("#about-rates") and "ring=" not in kept
    with audit.open_page(browser, kept, audit.DESK) as (tab, _):
        widget = tab.locator(".bw-playground").nth(1)
        assert widget.locator(".bw-note").last.text_content() == told and "rate 0.1 " in told


def test_without_scripts_its_description_stands_there(browser, site):
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto((site / "04_momentum.html").as_uri())
    assert "The ring, a small network" in tab.locator(".widget-subarea").first.inner_text()
    context.close()


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
SAID = """
import json

back = w.net()
loss = nn.functional.binary_cross_entropy_with_logits
held = torch.arange(80) % 4 == 3
print(json.dumps([loss(n(x[~held])[:, 0], y[~held]).item() for n in (net, back)]))
"""


def test_a_readers_net_trains_in_jupyterlab_and_comes_back(browser, tmp_path):
    """A real kernel and a real page: the losses of the net that comes back are those that the page shows."""
    notebook = new_notebook(cells=[new_code_cell(OWN.strip()), new_code_cell("0")])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, tmp_path / "own.ipynb")
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    with jupyterlab(tmp_path, tmp_path / "own.ipynb") as address:
        tab = run_all(context, address)
        shown, ask = tab.locator(".bw-train output"), tab.locator(".jp-CodeCell").nth(1)
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
    context.close()
