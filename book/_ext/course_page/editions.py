"""Places for links to the PDF and the ePub; `make editions` fills them, see scripts/marks.py."""

from __future__ import annotations

ROW = "<!--editions:row--><!--/editions-->"  # among the launch buttons
FOOT = '<p class="editions"><!--editions:foot--><!--/editions--></p>'


def add_foot(app, pagename, templatename, context, doctree):
    """Put the place at the end of each page of the book."""
    if doctree is not None:
        context["body"] += FOOT


def setup(app):
    app.connect("html-page-context", add_foot, priority=960)
