"""Widgets on a page without a kernel: their state leaves the page and is drawn by a small loader.

The parser puts the state of all widgets into the page's head. Here it moves into scripts of their own (which,
unlike data that is fetched, also load from file://), named by their content: equal ones are shared by pages.
Until the loader has drawn a widget, and on paper, its description stands in its place.
"""

from __future__ import annotations

import hashlib
import html
import json
import re
from pathlib import Path

from sphinx.errors import ExtensionError

from .stills import still

STATE = "application/vnd.jupyter.widget-state+json"
VIEW = re.compile(r'<script type="application/vnd\.jupyter\.widget-view\+json">(.*?)</script>', re.S)
LOADER = "widgets-lite.js"
BIG = 4096  # characters from which a buffer becomes a script of its own
ASSETS = Path(__file__).parent / "assets"


def configure(app, config):
    """Replace the parser's default front end, which comes from a CDN, by ours; see `on_page`."""
    config.nb_ipywidgets_js = {}


def serve_assets(app):
    """Serve the loader; late, because Jupyter Book adds every script it finds under _static to every page."""
    app.config.html_static_path.append(str(ASSETS))


def on_page(app, pagename, templatename, context, doctree):
    """Move the widget state of one page into scripts and add the loader."""
    scripts = context["script_files"]
    embedded = [s for s in scripts if getattr(s, "attributes", {}).get("type") == STATE]
    scripts[:] = [s for s in scripts if s not in embedded]  # in place: the builder adds to this very list
    state = json.loads(embedded[0].attributes["body"])["state"] if embedded else {}
    state |= app.env.metadata.get(pagename, {}).get("live", {})  # of a page that is no notebook, see live.py
    shown = [json.loads(text)["model_id"] for text in VIEW.findall(context.get("body") or "")]
    if not shown:
        return
    models = _only_anywidgets(state, shown, pagename)
    context["body"] = VIEW.sub(lambda view: _place(models, view) + view[0], context["body"])
    folder = Path(app.outdir, "_static", "widget-parts")
    folder.mkdir(parents=True, exist_ok=True)
    for model in models.values():
        _move_payload(model, folder)
    name = _write_part(folder, models)
    app.add_js_file(f"widget-parts/{name}.js", loading_method="defer", priority=800)
    app.add_js_file(LOADER, loading_method="defer", priority=801, **{"data-state": name})


def _only_anywidgets(state, shown, pagename):
    """Return the records of the anywidgets of a page; refuse a page that shows any other widget."""
    for model_id in shown:
        model = state.get(model_id)
        if model is None:
            raise ExtensionError(
                f"{pagename}: a widget is shown whose state is not in the notebook; execute it again"
            )
        if model["model_module"] != "anywidget":
            raise ExtensionError(
                f"{pagename}: {model['model_name']} ({model['model_module']}) cannot live on a page without "
                "a kernel; use course_utils.widgets, or give the cell the tag remove-output"
            )
    return {key: model for key, model in state.items() if model["model_module"] == "anywidget"}


def _place(models, view):
    """Return the markup that keeps the place of a widget: its words and, without scripts, its picture."""
    model = models[json.loads(view[1])["model_id"]]
    alt = html.escape(model["state"].get("alt", ""))
    picture = still(model)
    shown = f"<noscript>{picture}</noscript>" if picture else ""
    needs = "<noscript>This picture can be moved, which needs JavaScript. </noscript>"
    return f'<div class="widget-subarea waiting">{shown}<p>{needs}{alt}</p></div>'


def _move_payload(model, folder):
    """Replace code, style and large buffers of a model by the names of scripts that hold them."""
    for key in ("_esm", "_css"):
        if model["state"].get(key):
            model.setdefault("$parts", {})[key] = _write_part(folder, model["state"].pop(key))
    for buffer in model.get("buffers", []):
        if len(buffer["data"]) > BIG:
            buffer["$part"] = _write_part(folder, buffer.pop("data"))


def _write_part(folder, value):
    """Write one JSON value as a script, and return its name."""
    text = json.dumps(value, separators=(",", ":"), sort_keys=True)
    name = hashlib.sha256(text.encode()).hexdigest()[:20]
    path = folder / f"{name}.js"
    if not path.exists():
        path.write_text(f'(window.bookParts=window.bookParts||{{}})["{name}"]={text}', "utf8")
    return name


def setup(app):
    app.connect("config-inited", configure, priority=900)
    app.connect("builder-inited", serve_assets)
    app.connect("html-page-context", on_page, priority=950)
