"""The playground on the page: it trains, shows what it says, and hands out what it shows."""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import re

import numpy as np
import pytest
import torch
from widgets.harness import LOOK, changes, press, settle

from course_utils.widgets import base, playground

ALT = "A small network that trains"
ASK = "How many hidden units does the lamp need?"
NAMES = ("data", "points", "noise", "held", "layers", "start", "seed", "loss", "optimiser", "rate")


def make(**more):
    return playground(**{"question": ASK, "alt": ALT, "show": ("data", "layers", "units", "seed"), **more})


# ---- Python


def test_it_packs_what_the_page_needs():
    w = make(net=[(3, "tanh"), (2, "ReLU")], start={"data": "circles", "rate": 0.1})
    assert w.hidden[:2] == [[3, "tanh"], [2, "ReLU"]] and len(w.hidden) == 6
    chosen = {p["name"]: p["text"][i] for p, i in zip(w.params, w.index, strict=True)}
    assert [p["name"] for p in w.params][:10] == list(NAMES)
    assert (chosen["data"], chosen["layers"], chosen["rate"]) == ("circles", "2", "0.1")
    assert repr(w) == f"<playground: {ALT}>"


def test_it_is_light():
    """The scripts of the playground, as the page loads them."""
    own = make()._esm.removeprefix(base.module())
    assert len(own.encode()) <= 56_000


def test_the_page_gets_scripts_without_comments():
    lean = base._lean("  // a\n  f(`x\n  // y\n`);\n\n// b\n  g(1, // c\n'; // d');   // e\nh(); // f's\n")
    assert lean == "f(`x\n  // y\n`);\ng(1,\n'; // d');\nh(); // f's\n"


def test_the_notebooks_points_are_a_data_set_of_their_own():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(50, 2)), rng.choice([-1.0, 1.0], 50)
    w = make(x=torch.tensor(x), y=torch.tensor(y), start={"data": "circles"})
    assert len(w.given) == 50 and w.given[0] == pytest.approx([*x[0], y[0]], rel=1e-5)
    assert w.params[0]["text"][-1] == "the notebook's points" and w.params[0]["text"][w.index[0]] == "circles"
    assert "the notebook's points" not in make().params[0]["text"]
    assert [row[2] for row in make(x=x, y=(y > 0)).given] == y.tolist()  # 0 and 1


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"alt": " "}, "alt must be"),
        ({"net": [(17, "ReLU")]}, "layer 0 of net has 17 units, 1 to 16 are possible"),
        ({"net": [(4, "ReLU"), (4, "swish")]}, "layer 1 of net has the activation 'swish'"),
        ({"net": [(4, "ReLU")] * 7}, "net has 7 hidden layers, at most 6"),
        ({"show": ("data", "speed")}, "show names 'speed'"),
        ({"start": {"rate": 0.02}}, "start value rate=0.02 is not in its grid"),
        ({"start": {"pace": 1}}, "start names pace"),
        ({"net": "What does it need?"}, "net is a str, expected an nn.Sequential or a list"),
        ({"x": [[0, 1]]}, "points need both, x and y"),
        ({"x": [[0, 1]], "y": [2]}, "y must hold the classes -1 and +1, or 0 and 1, but it holds 2"),
        (
            {"x": [[0, 1]], "y": [1, 1]},
            "x has the shape (1, 2) and y (2,), expected (N, 1) or (N, 2) and (N,)",
        ),
        ({"x": [[0, 1, 2]], "y": [1]}, "x has the shape (1, 3)"),
        ({"x": [0.0] * 1001, "y": [0.0] * 1001}, "x has 1001 points, the page trains on 1000 at most"),
        ({"x": [float("nan")], "y": [0.0]}, "x is not finite at (0,)"),
    ],
)
def test_it_says_what_is_wrong(options, says):
    with pytest.raises(ValueError) as e:
        make(**options)
    assert says in str(e.value)


# ---- the page


def told(tab):
    settle(tab)
    return tab.locator(".bw-note").last.text_content()


def numbers(tab):
    """Epoch and losses that the page shows."""
    return tab.locator(".bw-numbers output").all_text_contents()


def unfold(tab):
    tab.evaluate("document.querySelectorAll('.bw details').forEach(d => d.open = true)")


def test_it_trains_until_the_lamp_is_solved_and_starts_over(site):
    tab = site.open(make(net=[(8, "ReLU")], start={"stop": True, "noise": 0.0}))
    first, before = numbers(tab), tab.locator(".bw").evaluate(LOOK)
    assert first[0] == "0"
    press(tab, "▶ Train")
    tab.get_by_role("button", name="▶ Train").wait_for(timeout=60_000)  # it has stopped by itself
    assert told(tab).startswith("Converged.")
    assert int(numbers(tab)[0]) > 5 and int(numbers(tab)[3].removesuffix(" %")) > 90
    assert tab.locator(".bw").evaluate(LOOK) != before
    solved = told(tab)
    press(tab, "reset")
    assert numbers(tab) == first
    press(tab, "▶ Train")
    tab.get_by_role("button", name="▶ Train").wait_for(timeout=60_000)
    assert told(tab) == solved  # the same seed gives the same run


def test_one_step_and_one_epoch_go_as_far_as_they_say(site):
    tab = site.open(make())
    press(tab, "step")
    assert "Epoch 0, step 1:" in told(tab)
    press(tab, "epoch")
    assert "Epoch 1, step 10:" in told(tab)
    press(tab, "epoch")
    assert "Epoch 2, step 20:" in told(tab)


def test_a_rate_that_is_too_high_is_said(site):
    tab = site.open(make(start={"data": "a curve", "optimiser": "SGD", "rate": 10.0}, net=[(8, "ReLU")]))
    press(tab, "▶ Train")
    tab.get_by_role("button", name="▶ Train").wait_for(timeout=60_000)
    assert told(tab).startswith("The loss explodes")
    press(tab, "reset")
    assert "Epoch 0" in told(tab)


def test_every_setting_changes_what_is_shown_by_keyboard_on_a_phone(site):
    tab = site.open(make(), width=390)
    unfold(tab)
    root = tab.locator(".bw")
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    text = "root => [...root.querySelectorAll('p')].map(p => p.textContent).join()"
    name_of = "e => e.getAttribute('aria-label') || e.labels?.[0]?.textContent || e.textContent"
    wanted = ".bw-controls :is(input, select), .bw-layers select"
    for c in root.locator(wanted).element_handles():
        if not c.is_visible():
            continue
        before, kind, what = root.evaluate(text), c.evaluate("e => e.type"), c.evaluate(name_of)
        shown = root.evaluate(LOOK)
        assert c.get_attribute("data-lm-suppress-shortcuts") == "true", what
        c.focus()
        if kind == "range":
            tab.keyboard.press("ArrowRight" if c.evaluate("e => +e.value < +e.max") else "ArrowLeft")
        elif kind == "select-one":
            last = c.evaluate("e => e.selectedIndex === e.options.length - 1")
            tab.keyboard.press("ArrowUp" if last else "ArrowDown")
        else:
            tab.keyboard.press("Space")
        settle(tab)
        assert root.evaluate(text) != before or changes(tab, root, shown), f"{what} changes nothing"


def test_units_and_weights_tell_their_numbers(site):
    tab = site.open(make(net=[(3, "tanh")], start={"seed": 2}))
    canvas, caption = tab.locator("canvas.bw-units"), tab.locator(".bw-caption")
    assert "Point at a square" in caption.text_content()
    canvas.focus()
    tab.keyboard.press("ArrowLeft")
    settle(tab)
    assert caption.text_content().startswith("Unit 1 of layer 1, tanh: bias 0 (gradient")
    tab.keyboard.press("ArrowDown")
    settle(tab)
    assert caption.text_content().startswith("Unit 2 of layer 1")
    # the numbers are those of the JSON
    unfold(tab)
    press(tab, "weights as JSON")
    layers = json.loads(tab.get_by_label("what was copied").input_value())["layers"]
    assert [layer["activation"] for layer in layers] == ["tanh", "linear"]
    assert [np.array(layer["weight"]).shape for layer in layers] == [(3, 2), (1, 3)]
    shown = re.search(r"weights from x₁ (\S+)", caption.text_content())[1].replace("−", "-")
    assert float(shown) == pytest.approx(layers[0]["weight"][1][0], abs=0.006)
    box = canvas.bounding_box()
    canvas.hover(position={"x": box["width"] * 5 / 6 - 45, "y": 22 + (290 - 22) / 2})
    settle(tab)
    assert caption.text_content().startswith("Weight from unit 2 of layer 1 to the output:")


def copied(tab):
    """What the copied code prints: epochs, training and test loss."""
    unfold(tab)
    press(tab, "Copy as PyTorch")
    code, before, said = (
        tab.get_by_label("what was copied").input_value(),
        torch.get_default_dtype(),
        io.StringIO(),
    )
    try:
        with contextlib.redirect_stdout(said):
            exec(compile(code, "copied.py", "exec"), {"__name__": "copied"})
    finally:
        torch.set_default_dtype(before)
    return [float(v) for v in re.findall(r"(?:after|loss) ([\d.]+)", said.getvalue())]


OWN_NET = torch.nn.Sequential(torch.nn.Linear(1, 5), torch.nn.ELU(), torch.nn.Linear(5, 1))
TABLE = "\n".join(f"{i * 7 % 20},{i * i % 31},{'yes' if i % 3 else 'no'}" for i in range(60))


@pytest.mark.parametrize("what", ["moons", "a table", "a reader's net"])
def test_the_copied_code_reaches_the_losses_that_the_page_shows(site, what):
    wave = np.linspace(-2.5, 2.5, 60)
    more = {"net": OWN_NET, "x": wave, "y": np.sin(2 * wave)} if what == "a reader's net" else {}
    start = {"data": "moons", "dropout": 0.1, "L2": 0.001} if what == "moons" else {}
    tab = site.open(make(**{"net": [(4, "tanh")], "start": start, **more}))
    if what == "a table":
        unfold(tab)
        tab.get_by_label("a table of x, y, class").fill(TABLE)
        press(tab, "use this table")
    for _ in range(20):
        press(tab, "epoch")
    shown = [float(v) for v in numbers(tab)[:3]]
    assert shown[0] == 20 and copied(tab) == pytest.approx(shown, abs=0.006)
    if what == "a table":  # which a link carries, too
        press(tab, "link to these settings")
        linked = site.open(make(net=[(4, "tanh")]))
        linked.goto(linked.url + "?" + tab.get_by_label("what was copied").input_value().partition("?")[2])
        linked.wait_for_selector("html[data-ready]")
        for _ in range(20):
            press(linked, "epoch")
        assert [float(v) for v in numbers(linked)[:3]] == shown


def test_the_address_carries_every_setting(site):
    start = {"data": "above or below a curve", "noise": 0.3, "schedule": "falls as 1/√epoch", "L1": 0.003}
    tab = site.open(make(net=[(2, "ELU"), (5, "sigmoid")], name="lamp", curve="x^2", start=start))
    unfold(tab)
    press(tab, "link to these settings")
    address, expected = tab.get_by_label("what was copied").input_value(), told(tab)
    assert "?lamp=data.above" in address
    plain = site.open(make(name="lamp"))
    assert told(plain) != expected
    plain.goto(plain.url + "?" + address.partition("?")[2])
    plain.wait_for_selector("html[data-ready]")
    assert told(plain) == expected
    assert plain.get_by_label("curve, in x").input_value() == "x^2"
    plain.goto(
        plain.url.partition("?")[0] + "?lamp=data.nothing_net.99-swish_own.1,2,1_rate_._"
    )  # bent: left out
    plain.wait_for_selector("html[data-ready]")
    assert "XOR, 100 training" in told(plain)
    plain.goto(plain.url.partition("?")[0] + "?lamp=data.a+curve_curve.1/x")
    plain.wait_for_selector("html[data-ready]")
    assert "it has no value at x = 0" in plain.locator(".bw-wrong").text_content()


@pytest.mark.parametrize("name", ["show test points", "stop when converged"])
def test_a_link_carries_what_does_not_change_the_training(site, name):
    tab = site.open(make(name="lamp"))
    unfold(tab)
    press(tab, "link to these settings")
    before = tab.get_by_label("what was copied").input_value()
    tab.get_by_label(name).check()
    settle(tab)
    press(tab, "link to these settings")
    address = tab.get_by_label("what was copied").input_value()
    assert address != before
    plain = site.open(make(name="lamp"))
    plain.goto(plain.url + "?" + address.partition("?")[2])
    plain.wait_for_selector("html[data-ready]")
    unfold(plain)
    assert plain.get_by_label(name).is_checked()


def drag(tab, path):
    """Draw with the mouse along (x, y), in parts of the plane's sides."""
    box = tab.locator("canvas.bw-plane").bounding_box()
    at = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in path]
    tab.mouse.move(*at[0])
    tab.mouse.down()
    for x, y in at[1:]:
        tab.mouse.move(x, y, steps=4)
    tab.mouse.up()
    settle(tab)


HEIGHTS = """async () => { const esm = JSON.parse(document.getElementById('models').textContent)[0].esm;
  const m = await import(URL.createObjectURL(new Blob([esm], { type: 'text/javascript' })));
  return m.knots.map(m.formula(models[0].get('curve'))); }"""


@pytest.mark.parametrize("data", ["above or below a curve", "a curve"])
def test_a_curve_is_drawn_by_pointer_and_is_part_of_the_address(site, data):
    tab = site.open(make(start={"data": data}, curve="0*x", name="lamp"))
    tab.locator("canvas.bw-plane").scroll_into_view_if_needed()
    drag(tab, [(0.25, 0.75), (0.75, 0.25)])  # from -1.5 to 1.5, rising
    assert f"{data} (drawn), 100 training" in told(tab) and "Epoch 0" in told(tab)
    heights = tab.evaluate(HEIGHTS)
    rise = heights[15 + 7] - heights[15 - 7]
    assert heights[0] == heights[-1] == pytest.approx(0, abs=0.01) and rise > 0.2
    assert heights[15 - 7 : 15 + 8] == pytest.approx(np.linspace(heights[8], heights[22], 15), abs=0.06)
    if data != "a curve":
        assert rise == pytest.approx(2.8, abs=0.1)  # here the picture's scale is that of the plane
    field = tab.get_by_label("curve, in x")
    assert field.input_value() == ""
    unfold(tab)
    press(tab, "link to these settings")
    address, expected = tab.get_by_label("what was copied").input_value(), told(tab)
    assert len(address.partition("curve.")[2]) < 80
    plain = site.open(make(name="lamp"))
    plain.goto(plain.url + "?" + address.partition("?")[2])
    plain.wait_for_selector("html[data-ready]")
    assert told(plain) == expected
    field.fill("x^2")  # without a pointer
    field.press("Enter")
    assert f"{data} (x^2), 100" in told(tab)
    before = tab.evaluate("models[0].get('curve')")
    drag(tab, [(0.5, 0.5), (0.505, 0.505)])  # hardly a drag
    assert tab.evaluate("models[0].get('curve')") == before


def swipe(tab, path):
    """Move a finger along (x, y), in CSS pixels of the window."""
    browser = tab.context.new_cdp_session(tab)
    for kind, points in [("touchStart", path[:1]), *(("touchMove", [p]) for p in path[1:]), ("touchEnd", [])]:
        touches = [{"x": x, "y": y} for x, y in points]
        browser.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})
        tab.wait_for_timeout(20)
    settle(tab, 300)


@pytest.mark.parametrize("data", ["a curve", "your own points"])
def test_a_finger_that_scrolls_does_not_draw(site, data):
    tab = site.open(make(start={"data": data}), width=390, has_touch=True, is_mobile=True)
    tab.locator("canvas.bw-plane").scroll_into_view_if_needed()
    kept = "[models[0].get('curve'), models[0].get('own').length]"
    before, above = tab.evaluate(kept), tab.evaluate("scrollY")
    box = tab.locator("canvas.bw-plane").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    swipe(tab, [(x + k, y - 15 * k) for k in range(12)])
    assert tab.evaluate(kept) == before and tab.evaluate("scrollY") > above + 50
    box = tab.locator("canvas.bw-plane").bounding_box()
    if data == "a curve":
        swipe(tab, [(box["x"] + 60 + 12 * k, box["y"] + 150 - 3 * k) for k in range(12)])
        assert tab.evaluate(kept)[0].startswith("~")
    else:
        tab.touchscreen.tap(box["x"] + 40, box["y"] + 40)
        settle(tab)
        assert tab.evaluate(kept)[1] == before[1] + 1


def test_points_are_set_by_pointer_and_by_keyboard(site):
    tab = site.open(make(start={"data": "your own points"}))
    plane = tab.locator("canvas.bw-plane")
    assert "4 training and 0 test points" in told(tab)
    box = plane.bounding_box()
    plane.click(position={"x": box["width"] / 2, "y": box["height"] / 4})
    assert "5 training" in told(tab)
    tab.locator(".bw-brush label", has_text="blue").click()
    plane.focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "Enter"):
        tab.keyboard.press(key)
    assert "6 training" in told(tab)
    own = tab.evaluate("models[0].get('own')")
    assert own[4] == pytest.approx([0, 1.5, 1], abs=0.05) and own[5] == pytest.approx(
        [0.3, 1.35, -1], abs=0.05
    )
    tab.locator(".bw-brush label", has_text="remove").click()
    plane.click(position={"x": box["width"] / 2, "y": box["height"] / 4})
    assert "5 training" in told(tab)
    press(tab, "epoch")
    assert "Epoch 1" in told(tab)


def test_without_points_it_asks_for_some(site):
    w = make(start={"data": "your own points"})
    w.own = []
    tab = site.open(w)
    for name in ("step", "▶ Train"):
        press(tab, name)
        assert told(tab).startswith("Set a few points in the plane first.")


def test_a_pasted_or_dropped_table_is_trained_on(site):
    tab = site.open(make())
    unfold(tab)
    rows = "\n".join(f"{10 * i},{i * i},{'yes' if i > 5 else 'no'}" for i in range(12))
    tab.get_by_label("a table of x, y, class").fill("time,size,late\n" + rows)
    press(tab, "use this table")
    assert told(tab).startswith("12 points: blue is no, orange is yes; x from 0 to 110")
    assert tab.get_by_label("data", exact=True).locator("option:checked").text_content() == "your own points"
    tab.get_by_label("a table of x, y, class").fill("1,2")
    press(tab, "use this table")
    assert "The table has 0 lines" in tab.locator(".bw-wrong").text_content()
    assert tab.evaluate(
        """text => { const data = new DataTransfer(); data.items.add(new File([text], 'mine.csv'));
        const drop = new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true });
        document.querySelector('.bw').dispatchEvent(drop);
        return drop.defaultPrevented; }""",  # else the browser would leave the page for the file
        rows.replace("yes", "late"),
    )
    settle(tab, 300)
    assert "blue is late, orange is no" in told(tab)
    assert tab.locator(".bw-wrong").text_content() == ""


def test_a_curve_that_cannot_be_read_is_said_and_the_last_one_stays(site):
    tab = site.open(make(start={"data": "a curve"}))
    curve = tab.get_by_label("curve, in x")
    curve.fill("2*y")
    curve.press("Enter")
    settle(tab)
    assert "“y” is not known" in tab.locator(".bw-wrong").text_content()
    press(tab, "epoch")
    curve.fill("x^2")
    curve.press("Enter")
    settle(tab)
    assert tab.locator(".bw-wrong").text_content() == ""


def test_less_motion_still_trains(site):
    tab = site.open(make(), reduced_motion="reduce")
    press(tab, "▶ Train")
    tab.wait_for_function("+document.querySelector('.bw-numbers output').textContent > 3", timeout=60_000)
    press(tab, "❚❚ Pause")


def test_a_tap_chooses_a_unit(site):
    tab = site.open(make(), width=390, has_touch=True, is_mobile=True)
    canvas = tab.locator("canvas.bw-units")
    box = canvas.bounding_box()
    canvas.tap(position={"x": box["width"] / 6, "y": 22 + (290 - 22) * 3 / 8})
    settle(tab)
    assert tab.locator(".bw-caption").text_content() == "x₁, an input."


def test_the_gradients_of_many_layers_stand_apart_on_a_phone(site):
    """Their numbers are drawn side by side below the columns of units: 6.4e−11 would touch its neighbour."""
    start = {"start": "one scale 0.01", "data": "circles"}
    tab = site.open(make(net=[(8, "ReLU")] * 6, start=start), width=390)
    tab.evaluate(
        """() => { window.drawn = []; const draw = CanvasRenderingContext2D.prototype.fillText;
        CanvasRenderingContext2D.prototype.fillText = function (text, x, y) {
          const w = this.measureText(text).width, left = this.textAlign === "center" ? x - w / 2 : x;
          window.drawn.push([this.canvas.className, text, y, left, left + w]);
          return draw.apply(this, arguments); }; }"""
    )
    press(tab, "step")
    settle(tab)
    texts = [row for row in tab.evaluate("window.drawn") if "bw-units" in row[0]]
    level = next(row[2] for row in texts if row[1] == "grad.")
    row = sorted({tuple(one[3:]) for one in texts if one[2] == level})
    assert len(row) == 8 and any("e−" in one[1] for one in texts if one[2] == level)
    assert all(end + 2 < begin for (_, end), (begin, _) in itertools.pairwise(row))


def test_two_views_agree_on_the_settings_and_close_cleanly(site):
    tab = site.open(make(), views=2)
    tab.get_by_label("seed").first.focus()
    tab.keyboard.press("ArrowRight")
    settle(tab)
    texts = tab.evaluate("[...document.querySelectorAll('.bw')].map(e => e.lastChild.textContent)")
    assert texts[0] == texts[1] and "seed 1" in texts[0]
    tab.get_by_role("button", name="▶ Train").first.click()
    tab.evaluate("models.forEach(m => m.closers.forEach(f => f()))")
    assert tab.evaluate("models.map(m => m.subs.length)") == [0]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 800])
def test_it_is_accessible(site, theme, width):
    from axe_core_python.sync_playwright import Axe

    tab = site.open(make(start={"data": "your own points"}), make(start={"data": "a curve"}), width=width)
    unfold(tab)
    tab.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
    settle(tab, 400)
    found = Axe().run(tab)["violations"]
    assert [(v["id"], n["html"][:120]) for v in found for n in v["nodes"]] == []


def test_the_largest_net_trains_in_slices(site):
    """A frame holds a slice of training and one drawing, so that the page stays usable."""
    tab = site.open(make(net=[(16, "tanh")] * 6, start={"data": "spirals", "points": 500, "batch": "all"}))
    press(tab, "▶ Train")
    longest = tab.evaluate(
        """() => new Promise(done => { const times = []; let last = performance.now();
        const frame = (now) => { times.push(now - last); last = now;
          if (times.length < 40) requestAnimationFrame(frame); else done(times.sort((a, b) => a - b)[20]); };
        requestAnimationFrame(frame); })"""
    )
    press(tab, "❚❚ Pause")
    assert longest < 250  # 17 ms on an idle computer
