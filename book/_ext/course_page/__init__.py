"""The Sphinx extension of the book: a staged notebook becomes a page that needs no kernel and no network."""

from __future__ import annotations

from . import blocks, cards, editions, folds, formulas, launch, offline, records, references, theme, widgets


def setup(app):
    """Register all parts with Sphinx."""
    parts = (theme, formulas, widgets, blocks, folds, references, records, launch, cards, editions, offline)
    for part in parts:
        part.setup(app)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
