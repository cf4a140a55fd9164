"""Blocks that a notebook writes in plain Markdown and the page shows with a frame of their own.

`> **Note.** …` becomes an admonition, `**Figure 3.** …` a caption, a graded cell an exercise. Jupyter and
Colab keep showing plain quotes, bold words and cells.
"""

from __future__ import annotations

import re

from docutils import nodes
from sphinx.transforms import SphinxTransform

KINDS = {
    "A common mistake.": "mistake",
    "Note.": "note",
    "Prediction.": "prediction",
    "Tip.": "tip",
    "Warning.": "warning",
}
CAPTION = re.compile(r"(Figure|Table) (\d+)\.$")


class Admonitions(SphinxTransform):
    """Turn a quote that starts with one of the bold words of `KINDS` into an admonition."""

    default_priority = 220

    def apply(self, **kwargs):
        for quote in list(self.document.findall(nodes.block_quote)):
            start = bold_start(quote.children[0] if quote.children else None)
            if start is None or start.astext() not in KINDS:
                continue
            _drop_start(start)
            title = nodes.title("", "", nodes.Text(start.astext().rstrip(".")))
            body = quote.children if quote[0].astext() else quote[1:]
            quote.replace_self(nodes.admonition("", title, *body, classes=[KINDS[start.astext()]]))


class Captions(SphinxTransform):
    """Give a paragraph that starts with `**Figure n.**` the look of a caption and an anchor `figure-n`."""

    default_priority = 221

    def apply(self, **kwargs):
        for paragraph in list(self.document.findall(nodes.paragraph)):
            start = bold_start(paragraph)
            found = start is not None and CAPTION.match(start.astext())
            if found:
                name = f"{found[1].lower()}-{found[2]}"
                paragraph["classes"].append("figure-caption")
                if name not in self.document.ids:
                    paragraph["ids"].append(name)
                    self.document.ids[name] = paragraph


class Exercises(SphinxTransform):
    """Put the word "Exercise" and its points above each graded cell."""

    default_priority = 222

    def apply(self, **kwargs):
        for cell in list(self.document.findall(nodes.container)):
            graded = cell.get("cell_metadata", {}).get("nbgrader") or {}
            if cell.get("nb_element") != "cell_code" or not graded.get("solution"):
                continue
            points = graded.get("points") or 0
            label = nodes.paragraph("", "", nodes.strong("", "Exercise"), classes=["exercise-label"])
            if points:
                label += nodes.Text(f" {points} point{'s' * (points != 1)}")
            cell["classes"].append("exercise")
            cell.insert(0, label)


def bold_start(paragraph):
    """Return the `strong` node that a paragraph starts with, or None."""
    if not isinstance(paragraph, nodes.paragraph):
        return None
    first = next((child for child in paragraph.children if child.astext().strip()), None)
    return first if isinstance(first, nodes.strong) else None


def _drop_start(start):
    """Remove the bold start of a paragraph and the space after it."""
    paragraph, place = start.parent, start.parent.index(start)
    del paragraph[: place + 1]
    while paragraph.children and not paragraph[0].astext().strip():
        del paragraph[0]
    if paragraph.children and isinstance(paragraph[0], nodes.Text):
        paragraph[0] = nodes.Text(paragraph[0].astext().lstrip())


def setup(app):
    for transform in (Admonitions, Captions, Exercises):
        app.add_transform(transform)
