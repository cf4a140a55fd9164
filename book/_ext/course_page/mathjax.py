"""Formulas: MathJax from a Python package, served by the book itself, without its menu and speech engine."""

from __future__ import annotations

import shutil
from pathlib import Path

from docutils import nodes

PARTS = (  # what CONFIG asks for, and what a formula may ask for later
    "a11y/assistive-mml.js",
    "core.js",
    "input/tex.js",
    "input/tex/extensions",
    "output/chtml.js",
    "output/chtml/fonts",
    "startup.js",
)
CONFIG = {
    "loader": {"load": ["core", "input/tex", "output/chtml", "a11y/assistive-mml"]},
    "options": {"processHtmlClass": "tex2jax_process|mathjax_process|math|output_area"},
}


def package_folder() -> Path:
    """Return the folder of MathJax's browser files inside `django-static-mathjax`.

    Raises:
        FileNotFoundError: the package is not installed.
    """
    try:
        import mathjax
    except ImportError as error:
        raise FileNotFoundError("MathJax is missing: pip install django-static-mathjax") from error
    return Path(mathjax.__file__).parent / "static" / "mathjax" / "es5"


def configure(app, config):
    """Point Sphinx at the local copy."""
    config.mathjax_path = "mathjax/startup.js"
    config.mathjax3_config = CONFIG


def display_math(writer, node):
    r"""Hand a `$$` block to MathJax as it stands.

    Sphinx would put `\begin{split}` around blocks with several lines, in which `\tag` is an error; Jupyter
    and Colab do not.
    """
    writer.body.append(writer.starttag(node, "div", CLASS="math notranslate nohighlight"))
    writer.body.append(rf"\[{writer.encode(node.astext())}\]" + "</div>\n")
    raise nodes.SkipNode


def use_renderer(app):
    """Register `display_math`, after the parser has registered its own."""
    app.registry.html_block_math_renderers["mathjax"] = (display_math, None)


def copy(app, exception):
    """Copy MathJax next to the pages, once a build has succeeded."""
    if exception or app.builder.format != "html":
        return
    source, target = package_folder(), Path(app.outdir, "_static", "mathjax")
    for part in PARTS:
        (target / part).parent.mkdir(parents=True, exist_ok=True)
        if (source / part).is_dir():
            shutil.copytree(source / part, target / part, dirs_exist_ok=True)
        else:
            shutil.copy2(source / part, target / part)


def setup(app):
    app.connect("config-inited", configure, priority=900)
    app.connect("builder-inited", use_renderer, priority=900)
    app.connect("build-finished", copy)
