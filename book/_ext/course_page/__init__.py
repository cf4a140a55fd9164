"""The Sphinx extension of the book: a staged notebook becomes a page that needs no kernel and no network."""

from __future__ import annotations

from . import (
    blocks,
    cards,
    downloads,
    editions,
    folds,
    formulas,
    head,
    launch,
    offline,
    records,
    references,
    search,
    theme,
    widgets,
)


def setup(app):
    """Register all parts with Sphinx."""
    inside = (theme, formulas, widgets, blocks, folds, references, records, launch, cards)
    for part in (*inside, search, head, downloads, editions, offline):
        part.setup(app)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
