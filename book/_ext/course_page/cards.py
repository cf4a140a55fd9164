"""`{chapter-cards}`: a card for each chapter in the table of contents, made from the chapter itself.

The title is the chapter's first heading, the text its first paragraph, the picture the figure of the cell
tagged `thumbnail` (see `stage.py`). A chapter that is not in the table of contents has no card.
"""

from __future__ import annotations

import html
import re

from docutils import nodes
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

LOG = logging.getLogger(__name__)
CHAPTER = re.compile(r"(\d\d)_\w+$")


class CardsNode(nodes.General, nodes.Element):
    """Stands for the cards until all pages have been read."""


class ChapterCards(SphinxDirective):
    """The directive; it takes no argument."""

    def run(self) -> list[nodes.Node]:
        self.env.note_reread()  # the cards change when any chapter does
        return [CardsNode("")]


def chapters(env) -> list[str]:
    """Return the chapters in the order of the table of contents: pages named `NN_name`."""
    listed = env.toctree_includes.get(env.config.root_doc, [])
    return [name for name in listed if CHAPTER.match(name)]


def card(env, docname: str, up: str) -> str:
    """Return the markup of one card.

    Args:
        env: Sphinx's environment, after all pages have been read.
        docname: the chapter.
        up: "../" as often as the page with the cards lies below the root.
    """
    lead = next(env.get_doctree(docname).findall(nodes.paragraph), None)
    if lead is None or next(lead.findall(nodes.math), None) is not None:
        LOG.warning(
            "%s: the first paragraph is shown on the chapter's card; write one without formulas", docname
        )
    picture = str(env.metadata[docname].get("thumbnail", "")).replace('src="', f'src="{up}')
    return (
        f'<a class="chapter-card" href="{up}{docname}.html">'
        f'<span class="chapter-card-picture">{picture}</span>'
        f'<span class="chapter-card-number">Chapter {int(CHAPTER.match(docname)[1])}</span>'
        f'<span class="chapter-card-title">{html.escape(env.titles[docname].astext())}</span>'
        f'<span class="chapter-card-text">{html.escape(lead.astext() if lead else "")}</span></a>'
    )


def fill(app, doctree, docname):
    """Replace the placeholder by the cards."""
    for place in list(doctree.findall(CardsNode)):
        up = "../" * docname.count("/")
        cards = "".join(card(app.env, name, up) for name in chapters(app.env))
        place.replace_self(nodes.raw("", f'<div class="chapter-cards">{cards}</div>', format="html"))


def add_style(app, pagename, templatename, context, doctree):
    """Load the style of the cards on the pages that have some."""
    if "chapter-cards" in (context.get("body") or ""):
        app.add_css_file("landing.css", priority=900)  # after book.css


def setup(app):
    app.add_node(CardsNode)
    app.add_directive("chapter-cards", ChapterCards)
    app.connect("doctree-resolved", fill)
    app.connect("html-page-context", add_style)
