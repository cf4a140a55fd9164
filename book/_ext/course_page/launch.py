"""The row under a chapter's title: its number, and the ways to open it: Colab, Binder, a hub, the file.

The frame of each graded exercise has two of these ways, too.
"""

from __future__ import annotations

import html
import json
import re
import shutil
from pathlib import Path
from urllib.parse import quote, urlencode

from docutils import nodes

from . import editions, repository


def links(address: str, branch: str, docname: str) -> list[tuple[str, str]]:
    """Return (text, URL) of the launch buttons of one chapter.

    Args:
        address: "https://github.com/OWNER/NAME".
        branch: the branch to open.
        docname: where the chapter lies in `book/`, without suffix.
    """
    owner_name, ref = address.removeprefix("https://github.com/"), quote(branch, safe="")
    path = f"book/{docname}.ipynb"
    return [
        ("Open in Colab", f"https://colab.research.google.com/github/{owner_name}/blob/{ref}/{path}"),
        (
            "Open in Binder",
            f"https://mybinder.org/v2/gh/{owner_name}/{ref}?urlpath={quote(f'lab/tree/{path}', safe='')}",
        ),
    ]


def hub_form(address: str, branch: str, docname: str) -> str:
    """Return the form that opens a chapter on the reader's own JupyterHub, through nbgitpuller.

    `page.js` joins the address of the hub, which it remembers, with `data-pull`.

    Source: the link that nbgitpuller's documentation describes (repo, branch, urlpath).
    """
    folder = address.rsplit("/", 1)[1]
    asked = {"repo": address, "branch": branch, "urlpath": f"lab/tree/{folder}/book/{docname}.ipynb"}
    pull = f"hub/user-redirect/git-pull?{urlencode(asked)}"
    return (
        '<details class="launch-hub"><summary>Open on a JupyterHub</summary>'
        f'<form data-pull="{html.escape(pull)}"><label>Address of your hub '
        '<input type="url" name="hub" required placeholder="https://hub.example.edu" autocomplete="url">'
        "</label> "
        '<button type="submit">Open</button></form></details>'
    )


def add_row(app, doctree, docname):
    """Put the row under the title of a page that is a notebook."""
    source = _source(app, docname)
    title = next(doctree.findall(nodes.title), None)
    if app.builder.format != "html" or source is None or title is None:
        return
    here = "../" * docname.count("/")
    outside = "".join(
        f'<a class="launch" href="{html.escape(url)}" target="_blank" rel="noopener">{text}</a>'
        for text, url in links(app.config.course_repository, app.config.course_branch, docname)
    )
    download = f'<a class="launch" href="{here}_downloads/{docname}.ipynb" download>Download notebook</a>'
    number = re.match(r"\d\d(?=_)", docname)
    label = f'<span class="chapter-number">Chapter {int(number[0])}</span>' if number else ""
    hub = hub_form(app.config.course_repository, app.config.course_branch, docname)
    buttons = f"{label}{outside}{download}{editions.ROW}{hub}"
    row = nodes.raw("", f'<div class="launch-row">{buttons}</div>', format="html")
    title.parent.insert(title.parent.index(title) + 1, row)


def cell_ids(notebook: Path) -> dict[str, str]:
    """Return {graded exercise: the id of its cell} of a notebook."""
    cells = json.loads(notebook.read_text("utf8"))["cells"]
    graded = [(cell["metadata"].get("nbgrader", {}).get("grade_id"), cell.get("id")) for cell in cells]
    return {name: found for name, found in graded if name and found}


def add_exercise_links(app, doctree, docname):
    """Put links into the label of each graded exercise: its cell in Colab, and the notebook as a file."""
    source = _source(app, docname)
    if app.builder.format != "html" or source is None:
        return
    colab = links(app.config.course_repository, app.config.course_branch, docname)[0][1]
    file = f"{'../' * docname.count('/')}_downloads/{docname}.ipynb"
    ids = cell_ids(source)
    for cell in doctree.findall(nodes.container):
        if "exercise" not in cell["classes"]:
            continue
        name = cell["cell_metadata"]["nbgrader"]["grade_id"]
        there = html.escape(f"{colab}#scrollTo={quote(ids[name])}" if name in ids else colab)
        markup = (
            f'<span class="exercise-open"><a href="{there}" target="_blank" rel="noopener">Do it in Colab</a>'
            f' or <a href="{file}" download>download the notebook</a></span>'
        )
        cell[0] += nodes.raw("", markup, format="html")


def copy_notebooks(app, exception):
    """Copy the source notebooks, which have no outputs, next to the pages."""
    if exception or app.builder.format != "html":
        return
    for docname in app.env.found_docs:
        source = _source(app, docname)
        if source is not None:
            target = Path(app.outdir, "_downloads", f"{docname}.ipynb")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)


def configure(app, config):
    """Fill in the repository's address, unless the configuration gives one."""
    top = repository.find_top(Path(__file__).resolve().parent)
    config.course_repository = config.course_repository or repository.address(top)
    config.course_branch = config.course_branch or repository.branch()
    config.html_context["course_repository"] = config.course_repository  # for the foot of every page
    config.course_notebooks = config.course_notebooks or str(top / "book")


def _source(app, docname):
    """Return the notebook in the repository that a page was made from, or None for other pages."""
    path = Path(app.config.course_notebooks, f"{docname}.ipynb")
    return path if path.is_file() else None


def setup(app):
    app.add_config_value("course_repository", "", "env", str)
    app.add_config_value("course_branch", "", "env", str)
    app.add_config_value("course_notebooks", "", "env", str)
    app.connect("config-inited", configure)
    app.connect("doctree-resolved", add_row, priority=910)
    app.connect("doctree-resolved", add_exercise_links, priority=911)
    app.connect("build-finished", copy_notebooks)
