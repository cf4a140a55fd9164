"""`{playground}`: the widget `course_utils.widgets.playground` on a page that is no notebook.

The directive holds its arguments in YAML. The widget is made while the page is read, and its state goes the
way of the chapters' widgets, see `widgets.py`.
"""

from __future__ import annotations

import hashlib
import json

import yaml
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

VIEW = "application/vnd.jupyter.widget-view+json"


class Playground(SphinxDirective):
    """The directive."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        from course_utils import widgets

        try:
            widget = widgets.playground(**yaml.safe_load("\n".join(self.content)))
        except (TypeError, ValueError, yaml.YAMLError) as error:
            raise self.error(f"playground: {error}") from error
        kept = {k: v for k, v in widget.get_state().items() if isinstance(v, str | list | dict)}
        state = {k: v for k, v in kept.items() if k != "layout"}  # it has another name each time
        name = hashlib.sha256(json.dumps(state, sort_keys=True).encode()).hexdigest()[:32]
        record = {"model_name": "AnyModel", "model_module": "anywidget", "state": state}
        self.env.metadata[self.env.docname].setdefault("live", {})[name] = record
        view = json.dumps({"model_id": name, "version_major": 2, "version_minor": 1})
        markup = f'<div class="live cell_output"><script type="{VIEW}">{view}</script></div>'
        return [nodes.raw("", markup, format="html")]


def setup(app):
    app.add_directive("playground", Playground)
