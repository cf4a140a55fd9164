"""The words widget: what it packs, what it refuses, and what typing and choosing give on the page."""

from __future__ import annotations

import pytest
import torch
from widgets.harness import LOOK, settle

from course_utils.widgets import words

ALT = "Words nearest to a sum of word vectors"
ANIMALS = ["cat", "cats", "dog", "dogs", "horse", "horses", "king", "queen", "man", "woman", "fox", "u.s."]
STEP, OTHER = torch.eye(8)[6], torch.eye(8)[7]
ROOTS = torch.eye(8)
VECTORS = torch.stack(
    [
        *[ROOTS[k // 2] + (k % 2) * STEP for k in range(6)],
        ROOTS[3],
        ROOTS[3] + OTHER,
        ROOTS[4],
        ROOTS[4] + OTHER,
        ROOTS[5],
        ROOTS[5] - ROOTS[0],
    ]
)
RUSSIAN = (
    ["кот", "коты", "дом", "дома", "стол", "столы", "лес", "леса", "сад", "сады", "год", "годы"],
    torch.stack([torch.eye(8)[k // 2] + (k % 2) * torch.eye(8)[7] for k in range(12)]),
)
TABLES = {"English": (ANIMALS, VECTORS), "русский": RUSSIAN}
EXAMPLES = {"English": ["cats - cat + dog", "queen - woman + man"], "русский": ["коты - кот + дом"]}


def widget(**more):
    return words(TABLES, alt=ALT, examples=EXAMPLES, **more)


# ---- Python


def test_it_packs_both_languages():
    w = widget()
    assert w.sizes == [[12, 8], [12, 8]] and w.query == "cats - cat + dog" and w.index == [0, 0]
    assert len(w.data) < 400 and repr(w) == f"<words: {ALT}>"
    assert widget(start="русский").query == "коты - кот + дом"


@pytest.mark.parametrize(
    ("tables", "examples", "options", "says"),
    [
        ({}, {}, {}, "at least one language"),
        ({"English": (ANIMALS[:5], VECTORS[:5])}, EXAMPLES, {}, "at least 12"),
        ({"English": (ANIMALS, VECTORS[:11])}, EXAMPLES, {}, "as many vectors as words"),
        ({"English": (["cat", *ANIMALS[:11]], VECTORS)}, EXAMPLES, {}, "has a word twice"),
        ({"English": (ANIMALS, 0 * VECTORS)}, EXAMPLES, {}, "a vector of zeros"),
        (TABLES, {"English": ["cat"]}, {}, "'русский' has no examples"),
        ({"English": (ANIMALS, VECTORS)}, {"English": ["cat + mouse"]}, {}, "'mouse' in the example"),
        ({"English": (ANIMALS, VECTORS)}, {"English": [" + "]}, {}, "has no words"),
        (TABLES, EXAMPLES, {"start": "French"}, "start value language='French'"),
        (TABLES, EXAMPLES, {"alt": ""}, "alt must be"),
    ],
)
def test_it_says_what_is_wrong(tables, examples, options, says):
    with pytest.raises(ValueError) as e:
        words(tables, **{"alt": ALT, "examples": examples, **options})
    assert says in str(e.value)


# ---- the page


def found(tab):
    """The nearest words, from the best down."""
    settle(tab)
    return tab.locator(".bw-scores > div > span:first-child").all_text_contents()


def test_typing_gives_neighbours_of_the_sum(site):
    tab = site.open(widget())
    assert found(tab)[0] == "dogs"
    ask = tab.get_by_label("words, + and −")
    ask.fill("queen - woman + man")
    assert found(tab)[0] == "king"
    ask.fill("Horses −cats +cat")
    assert found(tab)[0] == "horse" and "horses" not in found(tab)


def test_words_of_the_sum_may_be_answers(site):
    tab = site.open(widget())
    assert not {"cats", "cat", "dog"} & set(found(tab))
    tab.get_by_text("words of the sum as answers").click()
    assert "dog" in found(tab)


def test_unknown_words_are_named_with_close_spellings(site):
    tab = site.open(widget())
    ask, note = tab.get_by_label("words, + and −"), tab.locator(".bw-note")
    ask.fill("hosre + dog")
    settle(tab)
    assert "“hosre” is not among the 12 words" in note.text_content() and "horse" in note.text_content()
    assert found(tab) == []
    ask.fill("kign + dog")
    settle(tab)
    assert "Did you mean king" in note.text_content()
    ask.fill("cat - cat")
    settle(tab)
    assert "zero" in note.text_content()
    ask.fill("")
    settle(tab)
    assert "Type words" in note.text_content()
    ask.fill("dog")
    assert found(tab)[0] == "dogs" and note.text_content() == ""


def test_it_suggests_words_that_begin_alike(site):
    tab = site.open(widget())
    tab.get_by_label("words, + and −").fill("queen - ho")
    options = tab.locator("datalist option").evaluate_all("all => all.map(o => o.value)")
    assert options == ["queen - horse", "queen - horses"]


def test_examples_and_languages_can_be_chosen(site):
    tab = site.open(widget())
    before = tab.locator(".bw").evaluate(LOOK)
    tab.get_by_label("examples").select_option("queen - woman + man")
    assert found(tab)[0] == "king" and tab.locator(".bw").evaluate(LOOK) != before
    tab.locator(".bw-segments label", has_text="русский").click()
    assert found(tab)[0] == "дома"
    assert tab.get_by_label("words, + and −").input_value() == "коты - кот + дом"
    assert "Map: the sum" in tab.locator("canvas").get_attribute("aria-label")


def test_two_views_of_one_widget_agree(site):
    tab = site.open(widget(), views=2)
    tab.locator("input[type=text]").first.fill("queen - woman + man")
    lists = found(tab)
    assert lists[:8] == lists[8:] and lists[0] == "king"


def test_a_phone_has_room(site):
    tab = site.open(widget(), width=390, has_touch=True, is_mobile=True)
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_is_accessible(site, theme):
    from axe_core_python.sync_playwright import Axe

    tab = site.open(widget(), width=390)
    tab.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
    settle(tab)
    found_ = Axe().run(tab)["violations"]
    assert [(v["id"], n["html"][:120]) for v in found_ for n in v["nodes"]] == []
