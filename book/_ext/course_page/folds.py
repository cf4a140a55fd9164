"""Folded cells: one quiet line that says what the cell does, a triangle, and the cell when it is opened.

`stage.py` has taken the title from the cell's first line (`# @title Draw Figure 4`); without one the line
says "Show source" and "Hide source". A solution is printed, the rest only where it is open.
"""

from __future__ import annotations

from html import escape

from myst_nb.sphinx_ import HideCodeCellNode


def visit(writer, node):
    """Open the fold. What is read aloud is what is seen: the title, or the prompt that fits."""
    show, hide = escape(node["prompt_show"]), escape(node["prompt_hide"])
    classes = ["hide", *node["classes"], *(["solution"] if show.startswith("Solution") else [])]
    line = f"<span>{show}</span>"
    if show != hide:
        line = f'<span class="when-closed">{show}</span><span class="when-open">{hide}</span>'
    writer.body.append(f'<details class="{" ".join(classes)}">\n<summary>{line}</summary>\n')


def depart(writer, node):
    """Close the fold."""
    writer.body.append("</details>\n")


def setup(app):
    app.add_node(HideCodeCellNode, override=True, html=(visit, depart))
