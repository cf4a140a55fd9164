"""A site that asks no other host for anything: drop what would, and warn about what still does."""

from __future__ import annotations

import re
from pathlib import Path

from docutils import nodes
from sphinx.util import logging

LOG = logging.getLogger(__name__)
UNUSED = (
    "sphinx-thebe",
    "THEBE_JS_URL",
    "togglebutton",
    "toggleHint",
    "toggleOpenOnPrint",
    "sphinx-design",
    "design-tabs",
)
HOST = r"(?:https?:)?//"
TAGS = re.compile(
    rf"""<(?:script|img|iframe|source|video|audio|embed|object)\b[^>]*\b(?:src|data|srcset)=["']({HOST}[^"']+)"""
    rf"""|<link\b(?=[^>]*\brel=["']?(?:stylesheet|preload|icon|modulepreload|preconnect|dns-prefetch))[^>]*\bhref=["']"""
    rf"""({HOST}[^"']+)|@import\s+(?:url\()?["']?({HOST}[^"')]+)|url\(["']?({HOST}[^"')]+)""",
    re.I,
)


def drop_thebe(app, doctree, docname):
    """Remove the nodes of sphinx-thebe, which Jupyter Book always loads: they fetch a kernel's front end."""
    for node in list(doctree.findall(nodes.raw)):
        if "x-thebe-config" in node.astext() or node.astext().startswith("<script>kernelName"):
            node.parent.remove(node)


def drop_unused(app, pagename, templatename, context, doctree):
    """Remove from one page the scripts and styles of extensions that Jupyter Book always loads."""
    for key in ("script_files", "css_files"):
        context[key][:] = [asset for asset in context[key] if not _is_unused(asset)]


def foreign_addresses(text: str) -> list[str]:
    """Return the addresses on other hosts that a browser would fetch for this HTML or CSS."""
    return [next(filter(None, found)) for found in TAGS.findall(text)]


def check(app, exception):
    """Warn, which fails the build, about each page and style sheet that loads from another host."""
    if exception or app.builder.format != "html":
        return
    out = Path(app.outdir)
    for path in sorted([*out.rglob("*.html"), *out.rglob("*.css")]):
        for address in foreign_addresses(path.read_text("utf8")):
            LOG.warning("%s loads %s from another host", path.relative_to(out), address[:120], type="offline")


def _is_unused(asset):
    text = f"{getattr(asset, 'filename', asset)} {getattr(asset, 'attributes', {}).get('body')}"
    return any(mark in text for mark in UNUSED)


def setup(app):
    app.connect("doctree-resolved", drop_thebe, priority=900)
    app.connect("html-page-context", drop_unused, priority=940)
    app.connect("build-finished", check, priority=900)
