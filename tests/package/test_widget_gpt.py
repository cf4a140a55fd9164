"""The gpt widget on the page: it writes, shows what it says, and counts what it costs."""

from __future__ import annotations

import re

import pytest
import torch
from widgets import writers
from widgets.harness import LOOK, changes, press, settle

from course_utils.widgets import base, gpt

ALT = "A small language model that writes"
ASK = "How far back do the heads look?"
PLAY, PAUSE, FAST = "▶ Write", "❚❚ Pause", "as fast as it can"
SHOWN = {" ": "␣", "\n": "⏎"}


def make(nets=None, **more):
    return gpt(nets or writers.writers(), **{"question": ASK, "alt": ALT, **more})


# ---- Python


def test_it_packs_what_the_page_needs():
    w = make(start={"net": "Russian", "temperature": 1.0})
    assert [head["name"] for head in w.nets] == ["English", "Russian"] and w.text == "и вот "
    chosen = {p["name"]: p["text"][i] for p, i in zip(w.params, w.index, strict=True)}
    assert (chosen["temperature"], chosen["top-k"], chosen["cache"]) == ("1", "all", "True")
    assert repr(w) == f"<gpt: {ALT}>"


def test_it_is_light():
    """The two scripts of the widget, as the page loads them."""
    own = base.module("gpt_engine", "gpt").removeprefix(base.module())
    assert len(own.encode()) <= 30_000


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda n: {}, "there is no net"),
        (lambda n: {"a": (n, "ab", "a", "")}, "'a' has 28 symbols, its alphabet 2"),
        (
            lambda n: {"a": (n, writers.LATIN, "A", "")},
            "the beginning 'A' of 'a' must be made of its alphabet",
        ),
        (lambda n: {"a": (n, writers.LATIN, "", "")}, "the beginning '' of 'a'"),
        (lambda n: {"a": (torch.nn.Linear(2, 2), "ab", "a", "")}, "'a' is not a GPT as chapter 15 builds it"),
    ],
)
def test_it_says_what_is_wrong(change, says):
    nets = change(writers.net(28))
    with pytest.raises(ValueError) as e:
        gpt(nets, question=ASK, alt=ALT)
    assert says in str(e.value)


def test_it_says_what_is_wrong_with_weights_settings_and_sizes():
    bad, spare, large = (writers.net(28) for _ in range(2)), writers.net(28), writers.net(28, D=256, blocks=1)
    bad, extra = bad
    bad.out.bias.data[3] = torch.nan
    extra.more = torch.nn.Linear(2, 2)
    for nets, more, says in (
        ({"a": (bad, writers.LATIN, "a", "")}, {}, "out.bias of 'a' is not finite at (3,)"),
        ({"a": (extra, writers.LATIN, "a", "")}, {}, "see more.weight, more.bias"),
        ({"a": (large, writers.LATIN, "a", "")}, {}, "at most 600 are possible"),
        ({"a": (spare, writers.LATIN, "a", "")}, {"start": {"top-k": "7"}}, "start value top-k='7'"),
        ({"a": (spare, writers.LATIN, "a", "")}, {"alt": ""}, "alt must be"),
    ):
        with pytest.raises(ValueError) as e:
            make(nets, **more)
        assert says in str(e.value)


# ---- the page


def written(tab):
    settle(tab)
    return tab.locator(".bw-written").text_content().replace("⏎", "")


def caption(tab):
    settle(tab)
    return tab.locator(".bw-caption").text_content()


def write(tab, count):
    for _ in range(count):
        press(tab, "one character")


def costs(tab):
    """{way: [this character, all, a second]} of the table."""
    settle(tab)
    return [row.locator("td").all_text_contents() for row in tab.locator("tbody tr").all()]


@torch.no_grad()
def expected(net, text, alphabet):
    """Logits and weights (blocks, heads, n) of the last position, by PyTorch with the rounded matrices."""
    from course_utils.widgets import rounded

    net = rounded(net)
    z = net(torch.tensor([[alphabet.index(c) for c in text]]))[0, -1]
    return z, torch.stack([b.self_attn.alpha[0, :, -1] for b in net.blocks])


def test_bars_and_weights_are_those_of_pytorch(site):
    nets = writers.writers()
    net, alphabet, *_ = nets["English"]
    tab = site.open(make(nets, start={"temperature": 1.0}))
    z, alpha = expected(net, "and the ", alphabet)
    p, best = z.softmax(0), z.argsort(descending=True)[:10].tolist()
    bars = tab.locator(".bw-chances button")
    assert bars.count() == 10
    for k, s in enumerate(best):
        name, _, share = bars.nth(k).locator("> span").all_text_contents()
        assert name == SHOWN.get(alphabet[s], alphabet[s])
        assert float(share.removesuffix(" %")) == pytest.approx(100 * p[s].item(), abs=0.51)
    tab.locator(".bw-written").focus()
    for head in range(4):
        looked = "and the "[alpha[head // 2, head % 2].argmax()]
        said = f"head {head % 2 + 1} of block {head // 2 + 1} looks at “{SHOWN.get(looked, looked)}”"
        assert said in caption(tab)
        tab.keyboard.press("ArrowDown")


def test_the_same_seed_writes_the_same_text_with_and_without_the_cache(site):
    texts = []
    for cached in (True, False):
        tab = site.open(make(start={"speed": FAST, "temperature": 1.0}))
        if not cached:
            tab.get_by_label("key–value cache").uncheck()
        press(tab, PLAY)
        tab.wait_for_function("document.querySelector('.bw-written').textContent.length >= 600")
        tab.get_by_role("button", name=PLAY).wait_for()
        texts.append(written(tab))
        assert "600 characters are enough" in tab.locator(".bw-note").first.text_content()
        speeds = [row[2].replace(",", "") for row in costs(tab)]
        assert speeds[cached] == "after 20 characters" and int(speeds[1 - cached]) > 0
    assert texts[0] == texts[1]
    press(tab, "restart")
    assert written(tab) == "and the "
    tab.get_by_label("seed").focus()
    tab.keyboard.press("ArrowRight")
    write(tab, 12)
    assert not texts[0].startswith(written(tab))


def test_the_cost_is_counted_by_the_formula_of_the_chapter(site):
    tab = site.open(make())
    write(tab, 3)
    L, D, K = 2, 16, 28
    with_cache = [L * (12 * D**2 + 2 * n * D) + D * K for n in (9, 10, 11)]
    without = [L * (12 * D**2 * n + 2 * n * n * D) + D * K * n for n in (9, 10, 11)]
    for row, counts in zip(costs(tab), (with_cache, without), strict=True):
        assert [float(v) for v in row[:2]] == pytest.approx([counts[-1] / 1e6, sum(counts) / 1e6], abs=0.006)
    kept = tab.locator(".bw-text").last
    assert kept.text_content() == "kept: 2 × 2 blocks × 16 × 11 positions = 704 numbers"
    tab.get_by_label("key–value cache").uncheck()
    settle(tab)
    assert kept.text_content().startswith("nothing is kept: all 11 positions")


def test_when_no_position_is_left_the_older_half_goes(site):
    tab = site.open(make())
    write(tab, 8)
    assert "position 16 of 16" in caption(tab)
    write(tab, 1)
    assert "character 17, position 8 of 16" in caption(tab)
    assert tab.locator(".bw-written .bw-gone").count() == 9
    assert "the 9 characters in grey have left the window" in tab.locator(".bw-text").last.text_content()


def test_typing_begins_anew_and_finds_the_net_of_its_letters(site):
    tab = site.open(make())
    field, net = tab.get_by_label("begin with"), tab.get_by_label("net", exact=True)
    field.fill("the sea")
    assert written(tab) == "the sea"
    field.fill("море")
    assert written(tab) == "море" and net.locator("option:checked").text_content() == "Russian"
    field.fill("море 7")
    assert written(tab) == "море "
    assert "has never met “7”: left out" in tab.locator(".bw-note").first.text_content()
    field.fill("")
    assert written(tab) == "и вот " and "Type a beginning" in tab.locator(".bw-note").first.text_content()
    field.fill("море")
    net.select_option("English")
    settle(tab)
    assert written(tab) == "and the " == field.input_value()
    field.fill("a b")
    field.press("Enter")
    tab.get_by_role("button", name=PAUSE).wait_for()


def test_a_beginning_longer_than_the_window_is_read_from_its_end(site):
    tab = site.open(make())
    tab.get_by_label("begin with").fill("abcdefghijklmnopqrstuvwxyz")
    assert "“z”, character 26, position 8 of 16" in caption(tab)


def test_what_of_a_long_text_is_not_read_is_said(site):
    tab = site.open(make())
    note = tab.locator(".bw-note").first
    tab.get_by_label("begin with").fill(300 * "a")
    assert len(written(tab)) == 300 and note.text_content() == ""
    tab.get_by_label("begin with").fill("7" + 100 * "abc ")
    assert written(tab) == 75 * "abc "
    said = "The beginning is long, 400 characters: only the last 300 are read."
    assert note.text_content() == f"This net has never met “7”: left out. {said}"


def test_a_full_text_gets_no_more_from_a_bar_than_from_the_button(site):
    tab = site.open(make(start={"speed": FAST}))
    note = tab.locator(".bw-note").first
    press(tab, PLAY)
    tab.get_by_role("button", name=PLAY).wait_for()
    full = written(tab)
    assert len(full) == 600
    tab.get_by_role("button", name="restart").click()
    tab.get_by_label("begin with").fill(300 * "a")
    press(tab, PLAY)
    tab.get_by_role("button", name=PLAY).wait_for()
    for step in (tab.locator(".bw-chances button").first, tab.get_by_role("button", name="one character")):
        tab.evaluate("document.querySelector('.bw-note').textContent = ''")
        step.click()
        assert len(written(tab)) == 600 and note.text_content().startswith("600 characters are enough;")
    tab.locator(".bw-written").press("ArrowLeft")  # behind the last but one there is room for another
    tab.locator(".bw-chances button").nth(3).click()
    assert len(written(tab)) == 600 and note.text_content() == ""


def test_another_character_can_be_written_in_any_place(site):
    tab = site.open(make())
    write(tab, 4)
    text = tab.locator(".bw-written")
    text.focus()
    for _ in range(3):
        tab.keyboard.press("ArrowLeft")
    settle(tab)
    before = written(tab)
    assert f"then came “{SHOWN.get(before[9], before[9])}”" in caption(tab)
    assert tab.locator(".bw-came").count() <= 1
    bar = tab.locator(".bw-chances button").nth(5)
    name = bar.locator("> span").first.text_content()
    bar.click()
    assert written(tab) == before[:9] + {"␣": " ", "⏎": "\n"}.get(name, name)


def test_top_k_cuts_the_rest_off(site):
    tab = site.open(make(start={"top-k": "3"}))
    shares = [b.locator("> span").last.text_content() for b in tab.locator(".bw-chances button").all()]
    assert shares[3:] == ["cut off"] * 7
    assert sum(float(s.removesuffix(" %")) for s in shares[:3]) == pytest.approx(100, abs=1.5)


def test_every_setting_changes_what_is_shown_by_keyboard_on_a_phone(site):
    tab = site.open(make(), width=390)
    root = tab.locator(".bw")
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    text = (
        "root => [...root.querySelectorAll('p, table, .bw-chances, output')].map(p => p.textContent).join()"
    )
    name_of = "e => e.getAttribute('aria-label') || e.labels?.[0]?.textContent || e.textContent"
    for c in root.locator("input, select").element_handles():
        before, kind, what = root.evaluate(text), c.evaluate("e => e.type"), c.evaluate(name_of)
        shown = root.evaluate(LOOK)
        assert c.get_attribute("data-lm-suppress-shortcuts") == "true", what
        c.focus()
        if kind == "range":
            tab.keyboard.press("ArrowRight" if c.evaluate("e => +e.value < +e.max") else "ArrowLeft")
        elif kind == "select-one":
            last = c.evaluate("e => e.selectedIndex === e.options.length - 1")
            tab.keyboard.press("ArrowUp" if last else "ArrowDown")
        elif kind == "text":
            tab.keyboard.type("a")
        else:
            tab.keyboard.press("Space")
        settle(tab)
        if what != "speed":  # shows while it writes
            assert root.evaluate(text) != before or changes(tab, root, shown), f"{what} changes nothing"


def test_pointer_and_taps_choose_characters_and_heads(site):
    tab = site.open(make())
    tab.locator(".bw-written span").nth(2).hover()
    assert caption(tab).startswith("“d”, character 3, position 3 of 16: head 1 of block 1 looks at")
    tab.mouse.move(0, 0)
    assert caption(tab).startswith("“␣”, character 8")
    tab.locator(".bw-written span").nth(4).click()
    tab.mouse.move(0, 0)
    assert caption(tab).startswith("“t”, character 5")
    tab.locator(".bw-written").press("Escape")
    assert caption(tab).startswith("“␣”, character 8")
    phone = site.open(make(), width=390, has_touch=True, is_mobile=True)
    canvas = phone.locator("canvas")
    box = canvas.bounding_box()
    canvas.tap(position={"x": 66 + (box["width"] - 66) * 1.5 / 16, "y": 18 + 11 * 1.5})
    assert caption(phone).startswith("“n”, character 2, position 2 of 16: head 2 of block 1 looks at")
    phone.locator(".bw-written span").nth(5).tap()
    assert caption(phone).startswith("“h”, character 6, position 6 of 16: head 2 of block 1 looks at")


def test_less_motion_still_writes(site):
    tab = site.open(make(), reduced_motion="reduce")
    press(tab, PLAY)
    tab.wait_for_function("document.querySelector('.bw-written').textContent.length > 12", timeout=60_000)
    press(tab, PAUSE)
    heard = tab.locator(".bw-hidden").text_content()
    assert re.match(r"\d+ characters written: ", heard)
    assert tab.locator(".bw-hidden").get_attribute("aria-live") == "polite"


def test_two_views_agree_on_the_settings_and_close_cleanly(site):
    tab = site.open(make(), views=2)
    tab.get_by_label("begin with").first.fill("sea")
    settle(tab)
    assert tab.locator(".bw-written").all_text_contents() == ["sea", "sea"]
    tab.get_by_role("button", name=PLAY).first.click()
    tab.evaluate("models.forEach(m => m.closers.forEach(f => f()))")
    assert tab.evaluate("models.map(m => m.subs.length)") == [0]


def test_a_head_that_the_next_net_has_not_is_let_go(site):
    tab = site.open(make(start={"net": "Russian"}))
    tab.locator(".bw-written").press("ArrowUp")
    assert "head 2 of block 3 looks at" in caption(tab)
    tab.get_by_label("net", exact=True).select_option("English")
    assert "head 2 of block 1 looks at" in caption(tab)
    assert len(tab.locator(".bw-chances button").all()) == 10


def test_one_net_needs_no_choice(site):
    tab = site.open(make({"only": (writers.net(28), writers.LATIN, "and ", "")}))
    assert tab.get_by_label("net", exact=True).count() == 0
    write(tab, 2)
    assert written(tab).startswith("and ")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 800])
def test_it_is_accessible(site, theme, width):
    from axe_core_python.sync_playwright import Axe

    tab = site.open(make(), width=width)
    write(tab, 12)
    tab.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
    settle(tab, 400)
    found = Axe().run(tab)["violations"]
    assert [(v["id"], n["html"][:120]) for v in found for n in v["nodes"]] == []
