"""What search engines and messengers read of a page: its description, picture and address; a map of the site.

Also the page that a host shows for a wrong address. It may be asked for at any depth, so all its addresses
are whole ones.
"""

from __future__ import annotations

import re
from html import escape
from pathlib import Path
from xml.etree import ElementTree as ET

from docutils import nodes

from . import picture, repository
from .references import CHAPTER
from .search import plain

LONGEST = 200  # letters of a description
SENTENCE = re.compile(r"[^.?!]*[.?!]\S*\s*")
VIEWPORT = re.compile(r'<meta[^>]*name="viewport"[^>]*>\n?')  # docutils writes one more than the layout
NOT_FOUND = "404"
NOT_LISTED = (NOT_FOUND, "search", "genindex")
SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"


def description(doctree: nodes.document | None) -> str:
    """Return the sentences with which a page begins, 200 letters at most, or "" if it begins with none."""
    section = doctree.next_node(nodes.section) if doctree else None
    lead = next((c for c in section.children if isinstance(c, nodes.paragraph)), None) if section else None
    text = " ".join(plain(lead).split()) if lead else ""
    if len(text) <= LONGEST:
        return text
    kept = ""
    for sentence in SENTENCE.findall(text):
        if len(kept + sentence.rstrip()) > LONGEST:
            break
        kept += sentence
    return kept.rstrip() or text[:LONGEST].rpartition(" ")[0] + " …"


def tags(address: str, title: str, text: str, image: str) -> str:
    """Return the elements of a page's head; `image` is the whole address of its picture."""
    found = {"og:type": "article", "og:title": title, "og:url": address, "og:image": image}
    found |= {"og:image:width": str(picture.SIZE[0]), "og:image:height": str(picture.SIZE[1])}
    found |= {"og:image:alt": title, "og:description": text}
    lines = [f'<meta property="{name}" content="{escape(value)}"/>' for name, value in found.items() if value]
    lines.append('<meta name="twitter:card" content="summary_large_image"/>')
    if text:
        lines.append(f'<meta name="description" content="{escape(text)}"/>')
    return "\n".join(lines)


def on_page(app, pagename, templatename, context, doctree):
    """Add the elements to one page, and draw its picture."""
    if pagename in NOT_LISTED:
        context["metatags"] = '<meta name="robots" content="noindex"/>'
        return
    book = context["docstitle"]
    title = app.env.titles[pagename].astext()
    number = CHAPTER.match(pagename)
    label = f"Chapter {int(number[1])}" if number else "Appendix"
    text = description(doctree)
    name = picture.draw(Path(app.outdir), book, "" if title == book else label, title, text)
    site = app.config.html_baseurl
    found = tags(f"{site}{pagename}.html", title, text, f"{site}{name}")
    context["metatags"] = VIEWPORT.sub("", context.get("metatags", "")) + found


def extra_pages(app):
    """Give Sphinx the page for wrong addresses."""
    if app.builder.format != "html":
        return []
    listed = [name for name in app.env.toctree_includes.get(app.config.root_doc, []) if CHAPTER.match(name)]
    chapters = [(f"{name}.html", app.env.titles[name].astext()) for name in listed]
    context = {"title": "Page not found", "site": app.config.html_baseurl, "chapters": chapters}
    return [(NOT_FOUND, context, "404.html")]


def write_maps(app, exception):
    """Write sitemap.xml and robots.txt."""
    if exception or app.builder.format != "html":
        return
    site = app.config.html_baseurl
    top = ET.Element("urlset", xmlns=SITEMAP)
    for name in sorted(app.env.found_docs):
        ET.SubElement(ET.SubElement(top, "url"), "loc").text = f"{site}{name}.html"
    ET.indent(top)
    ET.ElementTree(top).write(Path(app.outdir, "sitemap.xml"), encoding="utf-8", xml_declaration=True)
    robots = f"User-agent: *\nAllow: /\nSitemap: {site}sitemap.xml\n"
    Path(app.outdir, "robots.txt").write_text(robots, "utf8")


def configure(app, config):
    """Fill in the site's address, which also makes the canonical one of each page."""
    config.html_baseurl = config.html_baseurl or repository.pages(config.course_repository)


def setup(app):
    app.connect("config-inited", configure, priority=600)  # after `launch`, which knows the repository
    app.connect("html-page-context", on_page)
    app.connect("html-collect-pages", extra_pages)
    app.connect("build-finished", write_maps)
