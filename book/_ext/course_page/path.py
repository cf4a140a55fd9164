"""The chapters as a path: what each needs, as its own line "**Needs** … (chapter 2) …" says, and a map.

The map is drawn from left to right: a chapter stands one column after the last one that it needs. An arrow
that is implied by others is left out; one that skips columns passes them at places of its own.
"""

from __future__ import annotations

import html
import itertools
import re
import textwrap

from docutils import nodes

MENTION = re.compile(r"\bchapters?\s+(\d+(?:(?:,\s*|,?\s+and\s+)\d+)*)")
LINK = re.compile(r"(\d\d)_\w+")
ACROSS, DOWN, RADIUS = 54, 44, 12.5  # between columns, between rows; of a chapter's circle
LETTERS = 20  # of a title in one line
SWEEPS = 12  # over the columns, there and back


def needs(document: nodes.document) -> set[int] | None:
    """Return the numbers of the chapters that a chapter names between "Needs" and the next bold words.

    None if it has no such line.
    """
    start = next((node for node in document.findall(nodes.strong) if node.astext() == "Needs"), None)
    if start is None:
        return None
    found = set()
    for node in start.parent.children[start.parent.index(start) + 1 :]:
        if isinstance(node, nodes.strong):
            break
        for group in MENTION.findall(node.astext()):
            found |= {int(number) for number in re.findall(r"\d+", group)}
        for part in node.findall(nodes.Element):
            link = LINK.match(part.get("reftarget", "") or part.get("refuri", ""))
            found |= {int(link[1])} if link else set()
    return found


def thinned(needed: dict[int, set[int]]) -> dict[int, set[int]]:
    """Return what each needs without what its other needs need already."""
    below = {}
    for chapter in sorted(needed):
        below[chapter] = needed[chapter].union(*(below[k] for k in needed[chapter]))
    return {c: {k for k in ks if not any(k in below[j] for j in ks)} for c, ks in needed.items()}


def columns(needed: dict[int, set[int]]) -> dict[int, int]:
    """Return the column of each chapter, from 0."""
    found = {}
    for chapter in sorted(needed):
        found[chapter] = max((found[k] + 1 for k in needed[chapter]), default=0)
    return found


def layout(needed: dict[int, set[int]]):
    """Place the chapters, so that few arrows cross.

    Args:
        needed: {chapter: those that it needs, all with smaller numbers}, as from `thinned`.

    Returns:
        ({(chapter, column): (x, y)}, list of arrows, each a pair of such keys). A key whose column is not the
        chapter's own is a place where arrows from that chapter pass.
    """
    column = columns(needed)
    arrows = [((k, column[c] - 1), (c, column[c])) for c in needed for k in sorted(needed[c])]
    passing = {(k, c) for (k, last), _ in arrows for c in range(column[k] + 1, last + 1)}
    arrows += [((k, c - 1), (k, c)) for k, c in sorted(passing)]
    rows = {k: [] for k in range(max(column.values()) + 1)}
    for place in sorted(passing | set(column.items())):
        rows[place[1]].append(place)
    best = _heights(rows)
    for sweep in range(SWEEPS):
        order = sorted(rows, reverse=sweep % 2 == 1)
        for k in order[1:]:
            y = _heights(rows)
            rows[k].sort(key=lambda place, y=y, back=sweep % 2: _middle(place, arrows, y, back))
        best = min(best, _heights(rows), key=lambda y: _crossings(arrows, y))
    return {place: (ACROSS * (place[1] + 0.5), DOWN * y + RADIUS + 2) for place, y in best.items()}, arrows


def _heights(rows):
    """Return {place: its height in rows, from 0 at the top}; the columns stand on one middle line."""
    tallest = max(map(len, rows.values()))
    return {place: (tallest - len(row)) / 2 + i for row in rows.values() for i, place in enumerate(row)}


def _middle(place, arrows, y, back):
    """Return the mean height of those before a place, or after it if `back`; its own if there are none."""
    near = [y[arrow[back]] for arrow in arrows if arrow[1 - back] == place]
    return sum(near) / len(near) if near else y[place]


def _crossings(arrows, y):
    """Return how many pairs of arrows between the same columns cross."""
    return sum(
        a[0][1] == b[0][1] and (y[a[0]] - y[b[0]]) * (y[a[1]] - y[b[1]]) < 0
        for a, b in itertools.combinations(arrows, 2)
    )


def svg(needed: dict[int, set[int]], titles: dict[int, str], addresses: dict[int, str]) -> str:
    """Return the map as SVG.

    Args:
        needed: {chapter: the chapters that it needs}.
        titles: {chapter: its title}; shown where the map is wide.
        addresses: {chapter: of its page}.
    """
    spots, arrows = layout(thinned(needed))
    own = {chapter: (chapter, column) for chapter, column in columns(thinned(needed)).items()}
    width = ACROSS * (max(column for _, column in spots) + 1)
    height = max(y for _, y in spots.values()) + RADIUS + 16
    parts = []
    for start, end in arrows:
        (x0, y0), (x1, y1) = spots[start], spots[end]
        x0, x1 = x0 + RADIUS * (start == own[start[0]]), x1 - RADIUS * (end == own[end[0]])
        bend = (x0 + x1) / 2
        tip = ' marker-end="url(#path-tip)"' if end == own[end[0]] else ""
        parts.append(f'<path d="M{x0:g} {y0:g}C{bend:g} {y0:g} {bend:g} {y1:g} {x1:g} {y1:g}"{tip}/>')
    for chapter, place in own.items():
        x, y = spots[place]
        lines = textwrap.wrap(titles[chapter], LETTERS, break_long_words=False)
        title = "".join(
            f'<tspan x="{x:g}" dy="{0 if i == 0 else 6}">{html.escape(line)}</tspan>'
            for i, line in enumerate(lines)
        )
        parts.append(
            f'<a href="{addresses[chapter]}" tabindex="-1" data-chapter="{chapter}"'
            f' aria-label="Chapter {chapter}: {html.escape(titles[chapter])}">'
            f'<circle cx="{x:g}" cy="{y:g}" r="{RADIUS}"/><text x="{x:g}" y="{y + 4.5:g}">{chapter}</text>'
            f'<text class="path-title" y="{y + RADIUS + 7:g}">{title}</text></a>'
        )
    return (
        f'<svg class="chapter-path" viewBox="0 0 {width:g} {height:g}" role="group" '
        'aria-label="Map of the chapters: arrows lead from each to those that need it; the cards say the '
        'same in words"><defs><marker id="path-tip" viewBox="0 0 6 6" refX="5.5" refY="3" markerWidth="5" '
        f'markerHeight="5" orient="auto"><path d="M0 0L6 3L0 6Z"/></marker></defs>{"".join(parts)}</svg>'
    )
