"""What the theme needs told: its options, our templates."""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).parent
OPTIONS = {
    "navbar_persistent": [],  # else a second search field shows above the sidebar's
    "use_download_button": False,  # `launch` adds one that gives the notebook without outputs
    "use_fullscreen_button": False,
    "launch_buttons": {},
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "github-dark",
    "show_toc_level": 2,
    "article_header_start": ["toggle-primary-sidebar.html", "neighbours.html"],
    "footer_content_items": ["take-along.html", "copyright.html", "extra-footer.html"],
    "back_to_top_button": False,
}


def configure(app, config):
    """Set the theme's options and the page's defaults."""
    config.html_theme_options.update(OPTIONS)
    config.html_context.setdefault("default_mode", "auto")  # else the first visit logs an error
    config.templates_path.insert(0, str(HERE / "templates"))
    config.html_copy_source = False
    config.html_show_sourcelink = False


def add_script(app):
    """Load page.js on every page; from here, since widgets.serve_assets puts it in place."""
    app.add_js_file("page.js", loading_method="defer")


def setup(app):
    app.connect("config-inited", configure, priority=900)
    app.connect("builder-inited", add_script)
