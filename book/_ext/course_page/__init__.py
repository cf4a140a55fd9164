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
    live,
    offline,
    reading,
    records,
    references,
    search,
    theme,
    times,
    widgets,
)


def setup(app):
    """Register all parts with Sphinx."""
    inside = (theme, formulas, widgets, live, blocks, folds, references, records, launch, times, cards)
    for part in (*inside, reading, search, head, downloads, editions, offline):
        part.setup(app)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
