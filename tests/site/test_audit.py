"""A test of the test: each fault on a deliberately broken page is found, and a sound page has none."""

import audit
import pytest

PAGE = """<!doctype html><html lang="en" data-widgets="ready"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>Page</title>
<link rel="icon" href="data:,"><style>body {{ color: #222; background: #fff }}</style></head>
<body><main><article><h1>Page</h1>{body}</article></main></body></html>"""
DOT = "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>"
WIDGET = """<div class="widget-subarea"><div class="bw" role="group" aria-label="a square">
<canvas width="50" height="50" role="img" aria-label="a square"></canvas>
<div class="bw-controls"><label>size <input type="range" min="0" max="5" value="1"></label></div></div></div>
<script>{{
  const root = document.currentScript.previousElementSibling.querySelector(".bw");
  const s = root.querySelector("input"), g = root.querySelector("canvas").getContext("2d");
  s.oninput = () => {{ g.clearRect(0, 0, 50, 50); g.fillRect(0, 0, {size}, 9);
    root.dispatchEvent(new CustomEvent("bw:drawn", {{ bubbles: true }})); }};
  s.oninput();
}}</script>"""
VIEW = '<script type="application/vnd.jupyter.widget-view+json">{"model_id": "x"}</script>'
SOUND = f'<p>All is well.</p><img src="{DOT}" alt="a dot">' + WIDGET.format(size="s.value")
FAULTS = {
    "foreign": '<img src="https://example.org/a.png" alt="a picture from elsewhere" width="9" height="9">',
    "console": "<script>console.error('oh')</script>",
    "error": "<script>throw new Error('oh')</script>",
    "alt": f'<img src="{DOT}" alt="">',
    "missing": '<img src="gone.png" alt="a picture that is gone">',
    "dead": WIDGET.format(size="7"),
    "wide": '<div style="width: 500px">too wide for a phone</div>',
    "cut": '<pre style="width: 200px; overflow: auto" tabindex="0">a line that is wider than its place</pre>',
    "tall": '<div class="bw-scene" aria-label="too tall" style="height: 800px"></div>',
    "stop": '<p tabindex="0">nothing to do here</p>',
    "axe": '<p style="color: #bbb">hardly readable</p>',
    "formula": "<p>Here $x^2$ was not typeset.</p>",
    "widget": VIEW * 2,
}


@pytest.fixture
def show(browser, tmp_path, monkeypatch):
    """Give a function that audits a page with the given body."""
    monkeypatch.setattr(audit, "PATIENCE", 500)

    def visit(body):
        (tmp_path / "page.html").write_text(PAGE.format(body=body), "utf8")
        with audit.serve(tmp_path) as address:
            return audit.visit(browser, f"{address}/page.html")

    return visit


def test_a_sound_page_has_no_findings(show):
    assert show(SOUND) == ([], 1)


def test_times_are_measured(browser, tmp_path):
    (tmp_path / "page.html").write_text(PAGE.format(body=SOUND), "utf8")
    with audit.serve(tmp_path) as address:
        assert audit.first_text(browser, f"{address}/page.html") > 0
        with audit.open_page(browser, f"{address}/page.html") as (tab, _):
            assert [wall > 0 and cpu > 0 for wall, cpu in audit.frame_times(tab)] == [True]


@pytest.mark.parametrize("kind", FAULTS)
def test_each_fault_is_found(show, kind):
    found, _ = show(SOUND + FAULTS[kind])
    assert kind in {f.kind for f in found}, found


TOKENS = '<span class="k">if</span> <span class="n">x</span> <span class="n">rate</span> '


@pytest.mark.parametrize("kind", ["k", "n", "c"])
def test_each_kind_of_token_is_looked_at(show, kind):
    code = f'<div class="highlight"><pre>{2 * TOKENS}\n<span class="c"># why</span></pre></div>'
    assert show(SOUND + code) == ([], 1)
    found, _ = show(SOUND + f"<style>.{kind} {{ color: #bbb }}</style>" + code)
    assert [f.kind for f in found] == ["axe"]


IMAGE = f'<img class="figure" src="{DOT}" alt="a dot">'


def box(kind, height, inside=""):
    return f'<div class="{kind}" style="height: {height}px">{inside}</div>'


@pytest.mark.parametrize(
    "body, kinds",
    [
        (box("prose", 700) + box("cell_input", 240) + box("cell_output", 60, IMAGE), []),
        (box("prose", 700) + box("cell_input", 300) + box("cell_output", 60, IMAGE), ["code"]),
        (f"<svg></svg>{box('prose', 1900)}{IMAGE}", ["late"]),
        (box("prose", 1900) + box("cell_output", 60, '<div class="widget-subarea">w</div>'), ["late"]),
        (f"<details><summary>x</summary>{box('cell_input', 900)}</details><p>{IMAGE}</p>", []),
        (box("cell_output", 9, f"<div hidden>{IMAGE}</div>") + box("prose", 9), ["late"]),
    ],
)
def test_the_form_of_a_page(browser, tmp_path, body, kinds):
    (tmp_path / "page.html").write_text(PAGE.format(body=body), "utf8")
    url = (tmp_path / "page.html").as_uri()
    with audit.open_page(browser, url, audit.DESK) as (tab, _):
        assert [fault.kind for fault in audit.form(tab)] == kinds


def test_broken_links_are_found(tmp_path):
    links = ("b.html#here", "b.html#gone", "c.html", "https://example.org", "http://example.org")
    (tmp_path / "a.html").write_text("".join(f'<a href="{href}">x</a>' for href in links))
    (tmp_path / "b.html").write_text('<p id="here">here</p>')
    found = [f.text for f in audit.broken_links(tmp_path, "a.html")]
    assert found == ["b.html#gone: no such anchor", "c.html", "http://example.org: not encrypted"]


def test_weights_count_the_head_and_the_widgets(tmp_path):
    parts = tmp_path / "_static" / "widget-parts"
    parts.mkdir(parents=True)
    (tmp_path / "style.css").write_text("a" * 10)
    (parts / "own.js").write_text('(window.bookParts={})["own"]={"m":{"buffers":[{"$part":"big"}]}}')
    (parts / "big.js").write_text("".join(map(str, range(30_000))))
    (parts / "other.js").write_text("".join(map(str, range(90_000))))
    head = '<link rel="stylesheet" href="style.css"><script defer src="_static/widget-parts/own.js"></script>'
    (tmp_path / "a.html").write_text(f"<html><head>{head}</head><body></body></html>")
    assert 0 < audit.head_weight(tmp_path, "a.html") < 500
    big, other = (len(audit._packed(str(parts / f"{n}.js"), 0)) for n in ("big", "other"))
    assert big < audit.widget_weight(tmp_path, "a.html") < other
