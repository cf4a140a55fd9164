"""What a reader has set in a widget is kept over a reload and on the way back, until the tab is closed."""

import audit
import pytest
from nbformat.v4 import new_code_cell
from test_extension import NOTHING_KEPT, TOP, anywidget, build, chapter

CODE = """export default { render({ model, el }) {
    const slider = document.createElement("input");
    slider.type = "range";
    slider.setAttribute("aria-label", model.get("name"));
    const show = () => { slider.value = model.get("at"); };
    slider.addEventListener("input", () => { model.set("at", Number(slider.value)); model.save_changes(); });
    model.on("change:at", show);
    show();
    const root = Object.assign(document.createElement("div"), { className: "bw" });
    root.append(slider);
    const back = Object.assign(document.createElement("button"), { title: "back to the start" });
    back.textContent = "reset";
    if (model.get("name") === "two") root.append(back);
    el.append(root);
} };"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    cells, states = [], {}
    for name in ("one", "two"):
        view, state = anywidget(name)
        state["state"] |= {"_esm": CODE, "at": 7, "name": name}
        state["buffers"] = []
        states[name] = state
        cells.append(new_code_cell("w", outputs=[view]))
    folder, warnings = build(tmp_path_factory.mktemp("kept"), chapter(*cells, state=states))
    assert warnings == ""
    return folder


@pytest.fixture(scope="module")
def url(site):
    with audit.serve(site) as address:
        yield f"{address}/04_momentum.html"


@pytest.fixture
def tab(browser):
    context = browser.new_context(viewport=audit.DESK)
    tab, tab.errors = context.new_page(), []
    tab.on("pageerror", lambda e: tab.errors.append(str(e)))
    yield tab
    context.close()


def values(tab):
    tab.wait_for_function("document.documentElement.dataset.widgets === 'ready'")
    return [int(slider.input_value()) for slider in tab.get_by_role("slider").all()]


def move(tab, keys, name="one"):
    tab.get_by_role("slider", name=name).focus()
    for _ in range(keys):
        tab.keyboard.press("ArrowRight")


def test_a_reload_and_the_way_back_find_it(url, tab):
    tab.goto(url)
    assert values(tab) == [7, 7]
    move(tab, 3)
    tab.reload()
    assert values(tab) == [10, 7]
    tab.goto(url.replace("04_momentum", "index"))
    tab.go_back()
    assert values(tab) == [10, 7] and not tab.errors


def test_a_button_leads_back_to_the_start(url, tab):
    tab.goto(url)
    values(tab)
    tab.add_style_tag(path=TOP / "book" / "_static" / "book.css")
    button = tab.get_by_role("button", name="Back to the start")
    assert button.count() == 0  # nothing has been changed
    move(tab, 2)
    assert button.count() == 1
    button.focus()
    tab.keyboard.press("Enter")
    assert values(tab) == [7, 7] and button.count() == 0
    tab.reload()
    assert values(tab) == [7, 7] and not tab.errors


def test_a_widget_with_such_a_button_gets_no_other(url, tab):
    tab.goto(url)
    values(tab)
    move(tab, 2, "two")
    assert values(tab) == [7, 9]
    assert tab.get_by_role("button", name="Back to the start").count() == 0


def test_settings_in_the_address_come_first(url, tab):
    tab.goto(url)
    values(tab)
    move(tab, 3)
    tab.goto(f"{url}?one=else")
    assert values(tab) == [7, 7]


@pytest.mark.parametrize("kept", ["{", "3", "null"])
def test_what_cannot_be_read_is_no_harm(url, tab, kept):
    tab.goto(url)
    name = tab.evaluate("'widgets ' + document.querySelector('script[data-state]').dataset.state")
    put = "([name, kept]) => addEventListener('pagehide', () => sessionStorage.setItem(name, kept))"
    tab.evaluate(put, [name, kept])
    tab.reload()
    assert values(tab) == [7, 7] and not tab.errors


def test_a_browser_that_keeps_nothing_begins_anew(url, tab):
    tab.context.add_init_script(NOTHING_KEPT)
    tab.goto(url)
    values(tab)
    move(tab, 1)
    tab.reload()
    assert values(tab) == [7, 7] and not tab.errors
