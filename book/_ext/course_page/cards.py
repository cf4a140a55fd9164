"""`{chapter-cards}`: the chapters as a path, a map of what each needs and a card for each, in order.

A card has the chapter's title, its question and drawing (`cards/chapters.yml` and `cards/NN_name.svg` beside
the chapters), how long it takes (`times.py`) and which chapters it needs (`path.py`). A chapter that is not
in the table of contents has no card.
"""

from __future__ import annotations

import html
import re
from pathlib import Path

import yaml
from docutils import nodes
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from . import path, times

LOG = logging.getLogger(__name__)
CHAPTER = re.compile(r"(\d\d)_\w+$")
KEPT = (  # filled and shown by reading.js
    '<p class="reading-kept" role="status" hidden><span></span> <span>Only this browser keeps that, and '
    'sends it nowhere. <button type="button">Forget it</button></span></p>'
)


class CardsNode(nodes.General, nodes.Element):
    """Stands for the cards until all pages have been read."""


class ChapterCards(SphinxDirective):
    """The directive; it takes no argument."""

    def run(self) -> list[nodes.Node]:
        self.env.note_reread()  # the cards change when any chapter does
        return [CardsNode("")]


def chapters(env) -> dict[int, str]:
    """Return {number: page} of the chapters in the table of contents: pages named `NN_name`."""
    listed = env.toctree_includes.get(env.config.root_doc, [])
    return {int(found[1]): name for name in listed if (found := CHAPTER.match(name))}


def needed(env, listed: dict[int, str]) -> dict[int, set[int]]:
    """Return {chapter: the chapters that it needs}; one that comes later is a warning, and left out."""
    found = {}
    for number, name in listed.items():
        said = path.needs(env.get_doctree(name)) or set()
        found[number] = {k for k in said if k in listed and k < number}
        if said - found[number]:
            late = max(said - found[number])
            LOG.warning("%s: it needs chapter %d, which does not come before it", name, late, location=name)
    return found


def described(env, folder: Path, listed: dict[int, str]) -> dict[int, tuple[str, str]]:
    """Return {chapter: (its question, its drawing as SVG)}.

    What a card lacks is a warning, which fails the build; a book without `chapters.yml` has bare cards.
    """
    file = folder / "chapters.yml"
    if not file.is_file():
        return dict.fromkeys(listed, ("", ""))
    questions, found = yaml.safe_load(file.read_text("utf8")), {}
    for number, name in listed.items():
        drawing = folder / f"{name}.svg"
        there = {
            "a question in cards/chapters.yml": name in questions,
            f"a drawing, cards/{drawing.name}": drawing.is_file(),
            'a line "**Needs** … **You will** …"': path.needs(env.get_doctree(name)) is not None,
        }
        if lacks := [what for what, is_there in there.items() if not is_there]:
            LOG.warning("%s: its card on the first page lacks %s", name, ", ".join(lacks), location=name)
        svg = drawing.read_text("utf8") if drawing.is_file() else ""
        found[number] = questions.get(name, ""), svg.replace(' xmlns="http://www.w3.org/2000/svg"', "")
    return found


def card(number, title, address, question, drawing, takes, need) -> str:
    """Return the markup of one card.

    Args:
        number: of the chapter.
        title, address: of its page.
        question: one sentence.
        drawing: SVG.
        takes: how long it takes, in words.
        need: links to the chapters that it needs, or "".
    """
    return (
        f'<li class="chapter-card" data-chapter="{number}">{drawing}'
        f'<h3><span>{number}</span> <a href="{address}">{html.escape(title)}</a></h3>'
        f'<p>{html.escape(question)}</p><p class="chapter-card-takes">{takes}</p>'
        f'<p class="chapter-card-needs">{f"Needs {need}" if need else "Needs no other chapter"}</p></li>'
    )


def landing(app, up: str) -> str:
    """Return the markup of map and cards; `up` is "../" as often as their page lies below the root."""
    env, listed = app.env, chapters(app.env)
    needs, about = needed(env, listed), described(env, Path(app.srcdir, "cards"), listed)
    seconds = times.measured(Path(app.srcdir, app.config.course_times))
    titles = {number: env.titles[name].astext() for number, name in listed.items()}
    addresses = {number: f"{up}{name}.html" for number, name in listed.items()}
    cards = []
    for number, name in listed.items():
        takes = filter(None, [times.reading_of(env, name), times.running(seconds.get(name))])
        need = " ".join(
            f'<a href="{addresses[k]}" title="{html.escape(titles[k])}">{k}</a>'
            for k in sorted(needs[number])
        )
        cards.append(card(number, titles[number], addresses[number], *about[number], ", ".join(takes), need))
    return f'{path.svg(needs, titles, addresses)}<ol class="chapter-cards">{"".join(cards)}</ol>{KEPT}'


def fill(app, doctree, docname):
    """Replace the placeholder by the cards."""
    for place in list(doctree.findall(CardsNode)):
        place.replace_self(nodes.raw("", landing(app, "../" * docname.count("/")), format="html"))


def add_style(app, pagename, templatename, context, doctree):
    """Load the style of the cards on the pages that have some."""
    if "chapter-cards" in (context.get("body") or ""):
        app.add_css_file("landing.css", priority=900)  # after book.css


def setup(app):
    app.add_config_value("course_times", "../executed/times.json", "env", str)  # from the staged book
    app.add_node(CardsNode)
    app.add_directive("chapter-cards", ChapterCards)
    app.connect("doctree-resolved", fill)
    app.connect("html-page-context", add_style)
