"""Formulas: set by KaTeX while the book is built, so that a page shows them at once, without a script.

`katex/` holds KaTeX 0.16.47 as published on npm (script, style, fonts, licence); the script runs inside
`mini-racer`, which pip brings. Each formula becomes HTML for the eye and MathML for a screen reader.
"""

from __future__ import annotations

import functools
import os
import re
import shutil
from html import unescape
from pathlib import Path

from docutils import nodes
from sphinx.util import logging

LOG = logging.getLogger(__name__)
KATEX = Path(__file__).parent / "katex"
TAG = re.compile(r"\\tag\{([\w.]+)\}")
OTHER_FONTS = re.compile(r',url\([^)]*\.(?:woff|ttf)\) format\("(?:woff|truetype)"\)')
OPERATOR = re.compile("<mi>[^<]*</mi><mo>\u2061</mo>")  # "max" and its invisible "applied to"
MARKUP = re.compile("<[^>]+>")
SETTINGS = {"output": "htmlAndMathml", "strict": False, "throwOnError": True}


@functools.lru_cache(maxsize=1)
def _engine(process: int):
    """Return a JavaScript engine with KaTeX in it; one a process, for an engine does not survive a fork."""
    from py_mini_racer import MiniRacer

    engine = MiniRacer()
    engine.eval((KATEX / "katex.min.js").read_text("utf8"))
    return engine


@functools.cache
def render(tex: str, display: bool) -> str:
    r"""Return the HTML of one formula.

    Args:
        tex: the formula as between the dollar signs; `\tag{1}` numbers it.
        display: whether it stands on lines of its own.

    Raises:
        ValueError: KaTeX does not understand it; the message is KaTeX's, with the place.
    """
    from py_mini_racer import JSEvalException

    try:
        html = _engine(os.getpid()).call("katex.renderToString", tex, SETTINGS | {"displayMode": display})
    except JSEvalException as error:
        said = re.search(r"KaTeX parse error: .*", str(error))
        raise ValueError(said[0] if said else str(error)) from None
    return OPERATOR.sub(r"<mrow>\g<0></mrow>", html)  # as an index these two would count as two


def plain(tex: str) -> str:
    """Return the signs of a formula on one line, a fraction without its bar; TeX that is wrong as it is."""
    try:
        mathml = render(tex, False).partition("<semantics>")[2].partition("<annotation")[0]
    except ValueError:
        return tex  # where it is written, it is a warning
    return unescape(MARKUP.sub("", mathml)).replace("\u2061", "")


def anchor(tex: str) -> str:
    r"""Return the anchor of a numbered formula ("equation-7" for `\tag{7}`), or ""."""
    found = TAG.search(tex)
    return f"equation-{found[1]}" if found else ""


def _html(node, display):
    """Return the HTML of a formula; what KaTeX does not understand is a warning, which fails the build."""
    try:
        return render(node.astext(), display)
    except ValueError as error:
        LOG.warning("%s", error, location=node, type="formula")
        return f"<code>{node.astext()}</code>"


def visit_inline(writer, node):
    """Write a formula within a line."""
    tag = writer.starttag(node, "span", "", CLASS="math notranslate nohighlight")
    writer.body.append(f"{tag}{_html(node, display=False)}</span>")
    raise nodes.SkipNode


def visit_block(writer, node):
    """Write a formula on lines of its own, with an anchor when it is numbered."""
    name = anchor(node.astext())
    if name and name not in node["ids"]:
        node["ids"].append(name)
    tag = writer.starttag(node, "div", "", CLASS="math notranslate nohighlight")
    writer.body.append(f"{tag}{_html(node, display=True)}</div>\n")
    raise nodes.SkipNode


def configure(app, config):
    """Choose this renderer."""
    config.html_math_renderer = "katex"


def add_style(app):
    """Load KaTeX's style on every page."""
    app.add_css_file("katex/katex.min.css")


def close(app=None, exception=None):
    """End the JavaScript engine: its thread would keep the process alive."""
    if _engine.cache_info().currsize:
        _engine(os.getpid()).close()
        _engine.cache_clear()


def copy(app, exception):
    """Put style, fonts and licence next to the pages, once a build has succeeded."""
    if exception or app.builder.format != "html":
        return
    target = Path(app.outdir, "_static", "katex")
    shutil.copytree(KATEX / "fonts", target / "fonts", dirs_exist_ok=True)
    shutil.copy2(KATEX / "LICENSE", target / "LICENSE")
    style = OTHER_FONTS.sub("", (KATEX / "katex.min.css").read_text("utf8"))
    (target / "katex.min.css").write_text(style, "utf8")


def setup(app):
    app.add_html_math_renderer("katex", (visit_inline, None), (visit_block, None))
    app.connect("config-inited", configure, priority=900)
    app.connect("builder-inited", add_style)
    app.connect("build-finished", copy)
    app.connect("build-finished", close, priority=990)
