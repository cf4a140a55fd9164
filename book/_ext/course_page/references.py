"""References in prose become links: "chapter 2", "equations (7) and (8)", "Figure 5", "section *Momentum*".

A reference belongs to the page it stands on, unless it names another: "chapter 2, equation (3)",
"equation (3) of chapter 2", "chapter 2's Figure 1". A number alone, "by (7)", is a reference after one of a
few words, and only where the page has that equation. Headings, code, formulas, links and the labels of
captions stay as they are. A reference that leads nowhere is a warning, which fails the build.
"""

from __future__ import annotations

import re

from docutils import nodes
from sphinx.util import logging

from .blocks import CAPTION, bold_start
from .cards import CHAPTER
from .formulas import anchor

LOG = logging.getLogger(__name__)
EXERCISE = re.compile(r"Exercise (\d+)\b")

PLAIN = r"\d+(?![\w%])(?!\.\d)"
PLAIN_LIST = rf"{PLAIN}(?:(?:,\s+{PLAIN})*,?\s+(?:and|or|to)\s+{PLAIN}|[–-]{PLAIN})?"
ROUND = r"\(\d+[a-z]?\)"
ROUND_LIST = rf"{ROUND}(?:(?:,\s+|,?\s+(?:and|or|to)\s+|[–-]){ROUND})*"
MENTION = re.compile(
    rf"\b(?:(?P<one>chapter|figure|table|exercise)\s+(?P<n1>{PLAIN})"
    rf"|(?P<many>chapter|figure|table|exercise)s\s+(?P<n2>{PLAIN_LIST})"
    rf"|(?P<equation>equation)s?\s+(?P<n3>{ROUND_LIST}))",
    re.IGNORECASE,
)
LEADS = (
    "from by in of with on into to use uses using as than like see under inequality loss formula rule bound "
    "identity gradient softmax differentiate minimise minimises minimising violate violates write"
)
ALONE = re.compile(rf"\b(?:{'|'.join(LEADS.split())})\s+({ROUND_LIST})(?!\w)")
NUMBER = re.compile(r"\(?(\d+[a-z]?)\)?")
CHAPTER_BEFORE = re.compile(r"chapter\s+(\d+)(?:,\s+|['\u2019]s\s+|\s+\()$", re.IGNORECASE)
CHAPTER_AFTER = re.compile(r"\s+(?:of|in|from)\s+chapter\s+(\d+)\b")
ELSEWHERE = re.compile(
    r"\s+(?:of|in|from)\s+(?:(?:the|their|its|that)\s+(?:\w+\s+)?(?:paper|article|lectures?)\b|$)"
)
PAPER_BEFORE = re.compile(r"\bet al\.(?:\s+\(\d{4}\))?,\s+$")
SECTION = re.compile(r"\bsection\s+$", re.IGNORECASE)
QUOTED_SECTION = re.compile(r"\bsection\s+[\"\u201c](?P<title>[^\"\u201d]+)[\"\u201d]", re.IGNORECASE)
UNTOUCHED = (nodes.title, nodes.reference, nodes.literal, nodes.literal_block, nodes.math, nodes.math_block)


def numbered_chapters(env) -> dict[int, str]:
    """Return the chapters' pages by their numbers."""
    return {int(found[1]): name for name in sorted(env.found_docs) if (found := CHAPTER.match(name))}


def targets(document) -> dict[str, str]:
    """Return what can be referred to on a page: {"equation 7": anchor, "section momentum": anchor, …}."""
    found = {}
    for block in document.findall(nodes.math_block):
        name = anchor(block.astext())
        if name:
            found.setdefault(f"equation {name.removeprefix('equation-')}", name)
    for paragraph in document.findall(nodes.paragraph):
        start = bold_start(paragraph)
        caption = start is not None and CAPTION.match(start.astext())
        if caption and paragraph["ids"]:
            found.setdefault(f"{caption[1].lower()} {caption[2]}", paragraph["ids"][0])
    for section in document.findall(nodes.section):
        title = section.next_node(nodes.title)
        if title is None or not section["ids"]:
            continue
        found.setdefault(f"section {_plain(title.astext())}", section["ids"][0])
        exercise = EXERCISE.match(title.astext())
        if exercise:
            found.setdefault(f"exercise {exercise[1]}", section["ids"][0])
    return found


def collect(app, document):
    """Keep the targets of a page that has just been read."""
    app.env.metadata[app.env.docname]["targets"] = targets(document)


class Page:
    """The page that links are put on.

    Args:
        env: Sphinx's environment, after all pages have been read.
        builder: Sphinx's builder, which knows the way from page to page.
        docname: the page.
    """

    def __init__(self, env, builder, docname):
        self.env, self.builder, self.docname = env, builder, docname
        self.chapters = numbered_chapters(env)

    def address(self, kind, number, chapter=None):
        """Return the address of a target ("#equation-7"), "" for this page itself, or None for nowhere."""
        named = number if kind == "chapter" else chapter
        page = self.chapters.get(int(named)) if named else self.docname
        if page is None:
            return None
        there = "" if page == self.docname else self.builder.get_relative_uri(self.docname, page)
        if kind == "chapter":
            return there
        name = self.env.metadata[page].get("targets", {}).get(f"{kind} {number}")
        return f"{there}#{name}" if name else None


def _plain(text):
    """Return a title as it is compared: one space between words, lower case."""
    return " ".join(text.split()).lower()


def mentions(text):
    """Find the references in a piece of text.

    Returns:
        a list of (start, end, kind, number, chapter or None, must exist), in order; between start and end are
        the words that become the link: "chapter 2" whole, each further number by itself.
    """
    found = []
    for match in MENTION.finditer(text):
        kind = (match["one"] or match["many"] or match["equation"]).lower()
        group = next(g for g in ("n1", "n2", "n3") if match[g])
        before, after = CHAPTER_BEFORE.search(text, 0, match.start()), CHAPTER_AFTER.match(text, match.end())
        chapter = None if kind == "chapter" else (before or after or [None, None])[1]
        of_a_paper = ELSEWHERE.match(text, match.end()) or PAPER_BEFORE.search(text, 0, match.start())
        if of_a_paper and not chapter:
            continue
        found += _numbers(match, group, match.start(), kind, chapter, True)
    for match in ALONE.finditer(text):
        found += _numbers(match, 1, None, "equation", None, False)
    for match in QUOTED_SECTION.finditer(text):
        found.append((*match.span("title"), "section", _plain(match["title"]), None, False))
    return sorted(found)


def _numbers(match, group, start, kind, chapter, must):
    """Return one reference for each number of a list; the first one's link begins at `start`, if given."""
    offset = match.start(group)
    rows = []
    for number in NUMBER.finditer(match[group]):
        begin = offset + number.start() if start is None else start
        rows.append((begin, offset + number.end(), kind, number[1], chapter, must))
        start = None
    return rows


def link(text: str, address: str, *inside) -> nodes.reference:
    """Return a link to a place in the book; its words are a text, or nodes."""
    return nodes.reference("", text, *inside, internal=True, refuri=address, classes=["cross-reference"])


def linked(page: Page, node: nodes.Text) -> list[nodes.Node]:
    """Return the nodes that take the place of a text: its words, with a link for each reference."""
    text, done, new = str(node), 0, []
    for start, end, kind, number, chapter, must in mentions(text):
        address = page.address(kind, number, chapter)
        if address is None and must:
            where = f"chapter {chapter}" if chapter else "this page" if kind != "chapter" else "the book"
            LOG.warning("%s has no %s %s", where, kind, number, location=node.parent, type="reference")
        own = address in [
            f"#{name}" for name in node.parent.get("ids", [])
        ]  # a caption names its figure again
        if not address or own or start < done:
            continue
        new += [nodes.Text(text[done:start]), link(text[start:end], address)]
        done = end
    return [part for part in [*new, nodes.Text(text[done:])] if part.astext()]


def _untouched(node):
    """Return whether a text stays as it is: part of a heading, of code, of a link, or a caption's label."""
    while node.parent is not None:
        if isinstance(node, UNTOUCHED):
            return True
        if isinstance(node, nodes.strong) and "figure-caption" in node.parent.get("classes", []):
            return node is bold_start(node.parent)
        node = node.parent
    return False


def add_links(app, document, docname):
    """Put the links on a page that is about to be written."""
    page = Page(app.env, app.builder, docname)
    for node in list(document.findall(nodes.Text)):
        if _untouched(node.parent):
            continue
        after = node.next_node(descend=False, siblings=True)
        if SECTION.search(str(node)) and isinstance(after, nodes.emphasis):
            address = page.address("section", _plain(after.astext()))
            if address:
                after.replace_self(link("", address, after.deepcopy()))
        new = linked(page, node)
        if any(isinstance(part, nodes.reference) for part in new):
            node.parent.replace(node, new)


def setup(app):
    app.connect("doctree-read", collect)
    app.connect("doctree-resolved", add_links)
