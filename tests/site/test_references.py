"""References in prose become links to chapters, equations, figures, exercises and sections; none is dead."""

import re

import audit
import pytest
from course_page import references
from test_extension import build, chapter

OTHER = """# Other

$$ e = m \\tag{3} $$

**Figure 1.** A line.

**Figure 2.** A curve.
"""
PAGES = {"05_other": OTHER}
TEXT = """# Links

Plain.

## Section of chapter 5

See chapter 5, equation (3); equation (3) of chapter 5; chapter 5's Figure 2; chapter 5 (equation (3)).
Chapters 4 and 5. Equations (1), (2) and (1) are here, by (2) too, as (9) is not, and (2) is not sure.
By `equation (1)` or [equation (2)](https://a.org) nothing. Figures 1 and 2 of chapter 5. In section *By hand*
and "section", Exercise 1.
See section "Section of chapter 5", and equation (8) of the paper. In 2015 (1) 3 of 4 in chapter 5, 20 seeds.

$$ a = b \\tag{1} $$

$$ c = d \\tag{2} $$

**Figure 1.** Equation (1) drawn; Figure 1 itself.

### Exercise 1: more

## By hand

Text.
"""


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("chapter 2", ["chapter 2"]),
        ("chapters 8, 11 and 12) use it", ["chapter 8", "chapter 11", "chapter 12"]),
        ("chapter 10, 20 seeds", ["chapter 10"]),
        ("chapters 2–3", ["chapter 2", "chapter 3"]),
        ("equations (8), (5), (6), (5), read", ["equation 8", "equation 5", "equation 6", "equation 5"]),
        ("by (7), and from (8) and (9)", ["equation 7", "equation 8", "equation 9"]),
        ("with f(7), in 2013 (7)", []),
        ("Figure 5.2, chapter 3.1, figure 20% and chapter 12th", []),
        ("Figures 5 and 6", ["figure 5", "figure 6"]),
        ("chapter 2, equation (3)", ["chapter 2", "equation 3 in 2"]),
        ("equation (3) of chapter 2", ["equation 3 in 2", "chapter 2"]),
        ("Exercise\n4", ["exercise 4"]),
        ("Figure 1 of the paper, after Vaswani et al. (2017), table 1", []),
        ("three chapters, all figures, the equation", []),
    ],
)
def test_what_is_a_reference(text, found):
    seen = [
        f"{kind} {n}" + f" in {there}" * bool(there) for _, _, kind, n, there, _ in references.mentions(text)
    ]
    assert seen == found


def test_a_link_covers_the_word_of_the_first_number_only():
    text = "equations (7) and (8)"
    assert [text[a:b] for a, b, *_ in references.mentions(text)] == ["equations (7)", "(8)"]


@pytest.fixture(scope="module")
def links(tmp_path_factory):
    """[(words, address)] of the references on a page of a small book."""
    site, warnings = build(tmp_path_factory.mktemp("links"), chapter(text=TEXT), PAGES)
    assert warnings == ""
    assert audit.broken_links(site, "04_momentum.html") == []
    page = (site / "04_momentum.html").read_text("utf8")
    found = re.findall(r'<a class="cross-reference[^"]*" href="([^"]*)">(.*?)</a>', page, re.S)
    return [(re.sub(r"<[^>]+>", "", words), address) for address, words in found]


def test_references_become_links(links):
    there = "05_other.html"
    assert links == [
        ("chapter 5", there),
        ("equation (3)", f"{there}#equation-3"),
        ("equation (3)", f"{there}#equation-3"),
        ("chapter 5", there),
        ("chapter 5", there),
        ("Figure 2", f"{there}#figure-2"),
        ("chapter 5", there),
        ("equation (3)", f"{there}#equation-3"),
        ("5", there),
        ("Equations (1)", "#equation-1"),
        ("(2)", "#equation-2"),
        ("(1)", "#equation-1"),
        ("(2)", "#equation-2"),
        ("Figures 1", f"{there}#figure-1"),
        ("2", f"{there}#figure-2"),
        ("chapter 5", there),
        ("By hand", "#by-hand"),
        ("Exercise 1", "#exercise-1-more"),
        ("Section of chapter 5", "#section-of-chapter-5"),
        ("chapter 5", there),
        ("Equation (1)", "#equation-1"),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("See equation (7).", "this page has no equation 7"),
        ("See chapter 5, equation (7).", "chapter 5 has no equation 7"),
        ("See chapter 19.", "the book has no chapter 19"),
        ("See Figure 7.", "this page has no figure 7"),
    ],
)
def test_a_reference_that_leads_nowhere_is_a_warning(tmp_path, capsys, text, said):
    _, warnings = build(tmp_path, chapter(text=f"# Title\n\nPlain.\n\n{text}\n"), PAGES)
    assert said in warnings


def test_every_chapter_has_references(site, page):
    """`test_pages.test_links` sees to it that each of them leads somewhere."""
    if re.match(r"\d\d_", page):
        classes = [dict(attributes).get("class") or "" for _, attributes in audit.outline(site, page).links]
        assert sum("cross-reference" in c for c in classes) > 0
