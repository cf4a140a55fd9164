"""Search without a server: what the pages say, section by section, as a script beside the search page.

`assets/search.js` makes an index of it in the reader's browser, with MiniSearch 7.2.0 as published on npm
(`assets/minisearch/`) and the stemmers that Sphinx brings. It takes the place of Sphinx's own search, which
knows whole pages, one spelling and one language.
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import sphinx.search
from docutils import nodes

from . import formulas
from .references import CHAPTER

STEMMERS = Path(sphinx.search.__file__).parent / "minified-js"
SCRIPTS = ("base-stemmer.js", "porter-stemmer.js", "russian-stemmer.js")
DATA = "search-data.js"
GLOSSARY = "appendix/glossary"
IDENTIFIER = re.compile(r"[A-Za-z_]\w{2,}")
WEIGHTS = {"index": 0.3, "appendix/lecture_map": 0.1, "appendix/errata": 0.1}  # they repeat what chapters say
CHAPTER_WEIGHT, OTHER_WEIGHT = 1.0, 0.4


def plain(node: nodes.Node) -> str:
    """Return what a reader sees of a node: its text, formulas within a line as KaTeX writes them."""
    if isinstance(node, nodes.math):
        return formulas.plain(node.astext())
    if isinstance(node, (nodes.Text, nodes.literal)):
        return node.astext()
    if isinstance(node, (nodes.Invisible, nodes.raw, nodes.math_block, nodes.literal_block, nodes.section)):
        return ""
    between = "" if isinstance(node, nodes.TextElement) else " "
    return between.join(plain(child) for child in node.children)


def _own(section):
    """Return what stands in a section itself, not in one below it."""
    return [child for child in section.children if not isinstance(child, nodes.section)]


def identifiers(section: nodes.section) -> str:
    """Return the names in a section's code cells, each once."""
    blocks = (b for child in _own(section) for b in child.findall(nodes.literal_block))
    sources = (b.astext() for b in blocks if b.get("language", "").startswith(("ipython", "python")))
    return " ".join(dict.fromkeys(name for text in sources for name in IDENTIFIER.findall(text)))


def sections(document: nodes.document) -> list[list[str]]:
    """Return [anchor, heading, text, names in the code] of each section of a page, first of its top."""
    found = []
    for section in document.findall(nodes.section):
        title = section.next_node(nodes.title)
        heading = plain(title) if title else ""
        text = " ".join(plain(child) for child in _own(section) if not isinstance(child, nodes.title))
        anchor = section["ids"][0] if found and section["ids"] else ""
        found.append([anchor, heading, " ".join(text.split()), identifiers(section)])
    return found


def terms(document: nodes.document) -> list[list[str]]:
    """Return [anchor, English, Russian, sentence] of each row of the glossary; give the rows anchors."""
    found = []
    for body in document.findall(nodes.tbody):
        for row in body.findall(nodes.row):
            words = [plain(entry).strip() for entry in row.children]
            if len(words) == 3:
                row["ids"] = [nodes.make_id(f"term-{words[0]}")]
                found.append([row["ids"][0], *words])
    return found


def collect(app, document):
    """Keep what can be searched for on a page that has just been read."""
    kept = app.env.metadata[app.env.docname]
    if app.env.docname == GLOSSARY:
        kept["terms"] = terms(document)
    kept["sections"] = sections(document) if app.env.docname != GLOSSARY else []


def weight(docname: str) -> float:
    """Return how much a hit on a page counts."""
    return WEIGHTS.get(docname, CHAPTER_WEIGHT if CHAPTER.match(docname) else OTHER_WEIGHT)


def data(env) -> dict:
    """Return what the script needs: pages [address, title, weight], sections [page, anchor, …], terms."""
    names = [name for name in sorted(env.found_docs) if env.metadata[name].get("sections") is not None]
    return {
        "pages": [[f"{name}.html", env.titles[name].astext(), weight(name)] for name in names],
        "sections": [[k, *row] for k, name in enumerate(names) for row in env.metadata[name]["sections"]],
        "terms": env.metadata.get(GLOSSARY, {}).get("terms", []),
        "glossary": f"{GLOSSARY}.html",
    }


def replace(app):
    """Switch Sphinx's own search off."""
    app.builder.search = False


def page(app):
    """Give Sphinx the search page."""
    return [("search", {"title": "Search"}, "search.html")] if app.builder.format == "html" else []


def write(app, exception):
    """Write the data, and put the stemmers beside it."""
    if exception or app.builder.format != "html":
        return
    static = Path(app.outdir, "_static")
    text = json.dumps(data(app.env), ensure_ascii=False, separators=(",", ":"))
    (static / DATA).write_text(f"window.bookSearch={text}", "utf8")
    for name in SCRIPTS:
        shutil.copyfile(STEMMERS / name, static / name)


def setup(app):
    app.connect("builder-inited", replace)
    app.connect("doctree-read", collect)
    app.connect("html-collect-pages", page)
    app.connect("build-finished", write)
