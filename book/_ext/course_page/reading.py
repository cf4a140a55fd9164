"""What was read, remembered by the reader's own browser: reading.js on every page; see there."""

from __future__ import annotations

SCRIPT = "reading.js"


def add_script(app):
    """Load the script; from here, since widgets.serve_assets puts it in place."""
    app.add_js_file(SCRIPT, loading_method="defer")


def setup(app):
    app.connect("builder-inited", add_script)
