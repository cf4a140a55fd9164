"""The Sphinx extension, on a small book of its own that needs no execution."""

import re
import subprocess
from pathlib import Path

import audit
import nbformat
import pytest
from course_page import launch, offline, repository
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

TOP = Path(__file__).resolve().parents[2]
TEXT = """# Momentum

In a long, narrow valley, small pushes add up.

> **Note.** Plain, with $x_{\\max}^2$.

> **A common mistake.**
> It grows.

> **A common mistake.** It shrinks.

> **Unknown.** stays a quote.

> A quote.

$$
\\begin{aligned} a &= b \\\\ c &= d \\end{aligned} \\tag{1}
$$

**Figure 1.** What it shows.

<details>
<summary>Hint</summary>

Look at **this** $y$.

</details>
"""
GRADED = {"schema_version": 3, "grade": True, "solution": True, "grade_id": "f", "points": 2}
CODE = "export default { render({ el }) { el.innerHTML = '<div class=bw>drawn</div>'; } }"
INDEX = "# Home\n\nHello.\n\n```{chapter-cards}\n```\n\n```{toctree}\n04_momentum\n```\n"
VIEW = "application/vnd.jupyter.widget-view+json"


def anywidget(key):
    """A widget's view and its state, as an executed notebook holds them."""
    view = {VIEW: {"model_id": key, "version_major": 2, "version_minor": 0}}
    state = {
        "model_name": "AnyModel",
        "model_module": "anywidget",
        "model_module_version": "*",
        "state": {"_esm": CODE, "_css": ""},
        "buffers": [{"encoding": "base64", "path": ["data"], "data": "A" * 8000}],
    }
    return new_output("display_data", data=view), state


def build(folder, notebook, pages=()):
    """Build a book of one chapter, and of `pages` {name: text}; return (site, what was warned about)."""
    from sphinx.cmd.build import main

    book = folder / "book"
    book.mkdir(exist_ok=True)
    nbformat.write(notebook, book / "04_momentum.ipynb")
    for name, text in dict(pages).items():
        (book / f"{name}.md").write_text(text, "utf8")
    (book / "index.md").write_text(INDEX.replace("04_momentum", "\n".join(["04_momentum", *pages])), "utf8")
    (book / "conf.py").write_text(
        f"import sys; sys.path.insert(0, {str(TOP / 'book' / '_ext')!r})\n"
        "extensions = ['myst_nb', 'sphinx_book_theme', 'course_page']\n"
        f"html_theme, nb_execution_mode, course_notebooks = 'sphinx_book_theme', 'off', {str(book)!r}\n"
        "course_repository = 'https://github.com/someone/fork'\n"
        "myst_enable_extensions, html_static_path = ['dollarmath'], []\n",
        "utf8",
    )
    log = folder / "warnings.txt"
    main(["-q", "-E", "-w", str(log), str(book), str(folder / "html")])
    return folder / "html", log.read_text("utf8")


def chapter(*cells, state=None, text=TEXT):
    notebook = new_notebook(cells=[new_markdown_cell(text), *cells])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook.metadata["language_info"] = {"name": "python"}
    if state:
        mime = "application/vnd.jupyter.widget-state+json"
        notebook.metadata["widgets"] = {mime: {"version_major": 2, "version_minor": 0, "state": state}}
    return notebook


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    view, state = anywidget("one")
    cells = [new_code_cell("f()", metadata={"nbgrader": GRADED}), new_code_cell("w", outputs=[view])]
    site, warnings = build(tmp_path_factory.mktemp("small"), chapter(*cells, state={"one": state}))
    assert warnings == ""
    return site


@pytest.fixture(scope="module")
def momentum(small):
    return (small / "04_momentum.html").read_text("utf8")


def test_quotes_become_admonitions(momentum):
    assert 'class="note admonition"' in momentum
    assert '<p class="admonition-title">A common mistake</p>\n<p>It grows.</p>' in momentum
    assert '<p class="admonition-title">A common mistake</p>\n<p>It shrinks.</p>' in momentum
    assert momentum.count('class="mistake admonition"') == 2
    assert "<strong>Note.</strong>" not in momentum
    assert momentum.count("<blockquote>") == 2
    assert "<strong>Unknown.</strong>" in momentum


def test_captions_exercises_and_details(momentum):
    assert '<p class="figure-caption" id="figure-1"><strong>Figure 1.</strong>' in momentum
    assert '<p class="exercise-label"><strong>Exercise</strong> 2 points<' in momentum
    assert "<p>Look at <strong>this</strong>" in momentum


def test_an_exercise_may_hang_under_its_section(tmp_path):
    """Its heading is in the page's contents, under the section, and its anchor is the same at any depth."""
    graded = new_code_cell("f()", metadata={"nbgrader": GRADED})
    text = "# Title\n\nPlain.\n\n## Gates\n\nSee Exercise 1.\n\n### Exercise 1: a gate\n"
    cells = [graded, new_markdown_cell("### The highway\n\nText.\n\n## Summary\n\nText.")]
    site, warnings = build(tmp_path, chapter(*cells, text=text))
    assert warnings == "" and audit.broken_links(site, "04_momentum.html") == []
    page = (site / "04_momentum.html").read_text("utf8")
    contents = re.findall(
        r'<li class="toc-(h\d)[^>]*>\s*<a class="reference internal[^>]*href="([^"]+)"', page
    )
    below = [("h3", "#exercise-1-a-gate"), ("h3", "#the-highway")]
    assert contents[:4] == [("h2", "#gates"), *below, ("h2", "#summary")]  # the same again for paper
    assert '<a class="cross-reference reference internal" href="#exercise-1-a-gate">Exercise 1</a>' in page
    places = [
        page.index(part) for part in ("<h3>Exercise 1: a gate", 'class="exercise-label"', "<h3>The highway")
    ]
    assert places == sorted(places)


def test_formulas_are_set_when_the_book_is_built(small, momentum, browser):
    """For the eye and for a screen reader, with anchor, number and TeX; no script has a part in it."""
    assert momentum.count("<math ") == momentum.count('class="katex-html"') == 3
    assert 'encoding="application/x-tex">x_{\\max}^2<' in momentum
    assert '<div class="math notranslate nohighlight" id="equation-1">' in momentum
    assert "MathJax" not in momentum and "_static/mathjax" not in momentum
    context = browser.new_context(java_script_enabled=False)
    try:
        tab = context.new_page()
        tab.goto((small / "04_momentum.html").as_uri())
        assert tab.locator("#equation-1 .tag").inner_text() == "(1)"
        assert tab.locator("#equation-1 .katex-html").bounding_box()["width"] > 30
    finally:
        context.close()
    fonts = small / "_static" / "katex"
    style = (fonts / "katex.min.css").read_text("utf8")
    named = set(re.findall(r"url\(([^)]+)\)", style))
    assert len(named) == 20 and all((fonts / name).is_file() for name in named)
    assert "MIT" in (fonts / "LICENSE").read_text("utf8")


def test_a_copied_formula_is_tex(small, browser):
    with audit.open_page(browser, (small / "04_momentum.html").as_uri()) as (tab, found):
        copied = tab.evaluate("""() => {
            getSelection().selectAllChildren(document.querySelector(".admonition.note"));
            const data = new DataTransfer();
            document.dispatchEvent(new ClipboardEvent("copy", { clipboardData: data, bubbles: true }));
            return data.getData("text/plain");
        }""")
    assert copied.split("\n")[-1] == "Plain, with $x_{\\max}^2$."
    assert not found


NOTHING_KEPT = """for (const name of ["localStorage", "sessionStorage"])
    Object.defineProperty(window, name, {
        get() { throw new DOMException("no", "SecurityError"); }, configurable: true });"""


def test_the_theme_works_where_the_browser_keeps_nothing(small, browser):
    """As with all cookies blocked, where asking for localStorage throws."""
    context = browser.new_context(color_scheme="dark")
    try:
        context.add_init_script(NOTHING_KEPT)
        tab, errors = context.new_page(), []
        tab.on("pageerror", lambda e: errors.append(str(e)))
        tab.goto((small / "04_momentum.html").as_uri())
        theme = "document.documentElement.dataset.theme"
        seen = [tab.evaluate(theme)]
        for _ in range(2):
            tab.locator(".theme-switch-button").first.click()
            seen.append(tab.evaluate(theme))
        assert set(seen) == {"light", "dark"}, seen
        assert not errors
    finally:
        context.close()


def test_a_formula_that_cannot_be_set_fails_the_build(tmp_path, capsys):
    broken = chapter()
    broken.cells.append(new_markdown_cell("Half a fraction: $\\frac{1}$."))
    _, warnings = build(tmp_path, broken)
    assert "KaTeX parse error: Unexpected end of input" in warnings
    assert "04_momentum.ipynb:" in warnings


def test_the_widget_is_drawn_from_scripts(small, momentum, browser):
    assert "A" * 8000 not in momentum
    assert "export default" not in momentum
    with audit.open_page(browser, (small / "04_momentum.html").as_uri()) as (tab, found):
        assert tab.locator(".widget-subarea .bw").inner_text() == "drawn"
    assert not found


def test_another_widget_is_refused(tmp_path, capsys):
    view, state = anywidget("one")
    state |= {"model_name": "IntSliderModel", "model_module": "@jupyter-widgets/controls"}
    site, _ = build(tmp_path, chapter(new_code_cell("w", outputs=[view]), state={"one": state}))
    said = capsys.readouterr().err
    assert "04_momentum: IntSliderModel (@jupyter-widgets/controls) cannot live on a page" in said
    assert not (site / "_static" / "katex").exists()  # the build has stopped


def test_the_card_comes_from_the_chapter(small):
    index = (small / "index.html").read_text("utf8")
    assert '<li class="chapter-card" data-chapter="4"><h3><span>4</span> <a href="04_momentum.html">' in index
    assert '<p class="chapter-card-takes">5 minutes to read</p>' in index
    assert '<p class="chapter-card-needs">Needs no other chapter</p>' in index


def test_what_a_card_lacks_fails_the_build(tmp_path):
    """Where a book has questions and drawings, each chapter has both and says what it needs."""
    cards = tmp_path / "book" / "cards"
    cards.mkdir(parents=True)
    (cards / "chapters.yml").write_text("03_other: Why?\n", "utf8")
    _, warnings = build(tmp_path, chapter(text="# Momentum\n\n**Needs** chapter 9. **You will** go.\n"))
    assert "a question in cards/chapters.yml, a drawing, cards/04_momentum.svg" in warnings
    assert "04_momentum: it needs chapter 9, which does not come before it" in warnings


def test_an_exercise_can_be_opened(small, momentum, browser):
    """Its cell in Colab, or the notebook as a file."""
    cells = nbformat.read(str(small.parent / "book" / "04_momentum.ipynb"), 4).cells
    there = next(cell.id for cell in cells if "nbgrader" in cell.metadata)
    label = re.search(r'<p class="exercise-label">(.*?)</p>', momentum)[1]
    colab = "https://colab.research.google.com/github/someone/fork/blob/main/book/04_momentum.ipynb"
    assert f'<a href="{colab}#scrollTo={there}" target="_blank" rel="noopener">Do it in Colab</a>' in label
    assert '<a href="_downloads/04_momentum.ipynb" download>download the notebook</a>' in label


def test_the_launch_row_and_the_download(small, momentum):
    assert "https://colab.research.google.com/github/someone/fork/blob/main/book/04_mom" in momentum
    assert (small / "_downloads" / "04_momentum.ipynb").exists()


def test_links_quote_the_branch():
    (_, colab), (_, binder) = launch.links("https://github.com/a/b", "my/branch", "02_x")
    assert colab.endswith("/github/a/b/blob/my%2Fbranch/book/02_x.ipynb")
    assert binder == "https://mybinder.org/v2/gh/a/b/my%2Fbranch?urlpath=lab%2Ftree%2Fbook%2F02_x.ipynb"


@pytest.mark.parametrize(
    "html",
    [
        '<img alt="x" src="https://a.org/x.png">',
        "<script src='//a.org/x.js'></script>",
        '<link rel="stylesheet" href="http://a.org/x.css">',
        '<iframe src="https://a.org"></iframe>',
        "@import url('https://a.org/x.css')",
        "body { background: url(https://a.org/x.png) }",
    ],
)
def test_foreign_addresses_are_seen(html):
    assert offline.foreign_addresses(html)


@pytest.mark.parametrize(
    "html", ['<a href="https://a.org">a</a>', '<img src="data:image/png;base64,aa">', '<img src="a/b.png">']
)
def test_links_and_local_files_are_not_foreign(html):
    assert not offline.foreign_addresses(html)


@pytest.fixture
def clone(tmp_path, monkeypatch):
    """A repository without a remote; its pyproject.toml names one."""
    monkeypatch.delenv("COURSE_REPOSITORY", raising=False)
    monkeypatch.delenv("COURSE_BRANCH", raising=False)
    (tmp_path / "pyproject.toml").write_text('[project.urls]\nRepository = "https://github.com/we/course"\n')
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    return tmp_path


def test_the_address_follows_variable_remote_project(clone, monkeypatch):
    assert repository.address(clone) == "https://github.com/we/course"
    remote = ["git", "-C", str(clone), "remote"]
    subprocess.run([*remote, "add", "origin", "git@github.com:fork/my.course.git"], check=True)
    assert repository.address(clone) == "https://github.com/fork/my.course"
    subprocess.run([*remote, "set-url", "origin", "/somewhere/else"], check=True)
    assert repository.address(clone) == "https://github.com/we/course"
    monkeypatch.setenv("COURSE_REPOSITORY", "https://github.com/x/y/")
    assert repository.address(clone) == "https://github.com/x/y"
    monkeypatch.setenv("COURSE_REPOSITORY", "x/y")
    with pytest.raises(ValueError, match="COURSE_REPOSITORY is 'x/y', expected an address like"):
        repository.address(clone)


def test_the_branch_follows_the_variable(clone, monkeypatch):
    assert repository.branch() == "main"
    monkeypatch.setenv("COURSE_BRANCH", "draft")
    assert repository.branch() == "draft"
