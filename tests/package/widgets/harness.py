"""A static page for widgets: the state of each model and the part of anywidget's front end that they use."""

from __future__ import annotations

import base64
import json
from contextlib import contextmanager

from playwright.sync_api import TimeoutError as TooLate

MODEL = """
const raw = JSON.parse(document.getElementById("models").textContent);
const bytes = (b) => new DataView(Uint8Array.from(atob(b), (c) => c.charCodeAt(0)).buffer);
function model(rec) {
  const state = { ...rec.state }, subs = [], sent = [];
  for (const [k, b] of Object.entries(rec.buffers)) state[k] = bytes(b);
  return {
    sent, subs,
    get: (k) => state[k],
    set(k, v) { if (state[k] !== v) { state[k] = v; this.fire("change:" + k); } },
    save_changes() {},
    send(m) { sent.push(m); },
    on(e, f) { subs.push([e, f]); },
    off(e, f) { const i = subs.findIndex((s) => s[0] === e && s[1] === f); if (i >= 0) subs.splice(i, 1); },
    fire(e, ...a) { for (const [n, f] of [...subs]) if (n === e) f(...a); },
  };
}
async function main() {
  window.models = [];
  for (const rec of raw) {
    const src = URL.createObjectURL(new Blob([rec.esm], { type: "text/javascript" }));
    const mod = (await import(src)).default, m = model(rec);
    document.head.append(Object.assign(document.createElement("style"), { textContent: rec.css }));
    window.models.push(m);
    m.closers = [];
    for (let i = 0; i < rec.views; i++) {
      const el = document.createElement("div");
      el.className = "widget-subarea";
      document.querySelector("main").append(el);
      const signal = new AbortController().signal;
      m.closers.push(await mod.render({ model: m, el, signal, experimental: {} }));
    }
  }
  document.documentElement.dataset.ready = "1";
}
main().catch((e) => console.error(e));
"""
PAGE = """<!doctype html><html lang="en" data-theme="light"><head><meta charset="utf-8"><title>widgets</title>
<link rel="icon" href="data:,"><meta name="viewport" content="width=device-width,initial-scale=1"><style>
body {{ margin: 0; font: 16px/1.6 system-ui, sans-serif; background: #fff; color: #21262c; }}
html[data-theme=dark] {{ --pst-color-background: #14181e; }}
html[data-theme=dark] body {{ background: #14181e; color: #e4e7eb; }}
main {{ max-width: 720px; margin: 0 auto; padding: 16px; }}
</style></head><body><main><h1>Widgets</h1></main>
<script type="application/json" id="models">{models}</script>
<script type="module">{script}</script></body></html>"""


def page(*widgets, views=1):
    """Return the HTML of a page with the given widgets, each shown ``views`` times."""
    models = []
    for w in widgets:
        state = w.get_state()
        buffers = {
            k: base64.b64encode(v).decode() for k, v in state.items() if isinstance(v, (bytes, memoryview))
        }
        plain = {
            k: v
            for k, v in state.items()
            if k not in buffers
            and not k.startswith("_")
            and isinstance(v, (str, int, float, list, dict, bool))
        }
        models.append(
            {"esm": state["_esm"], "css": state["_css"], "state": plain, "buffers": buffers, "views": views}
        )
    return PAGE.format(models=json.dumps(models).replace("</", "<\\/"), script=MODEL)


LOOK = """root => [...root.querySelectorAll('img, canvas, svg, .bw-product')].map(e =>
  e.tagName === 'IMG' ? e.src : e.tagName === 'CANVAS' ? e.toDataURL() : e.outerHTML).join()"""
# moves the first slider 31 times before the browser can show a frame; how often the widget has drawn then
DRAWS = """async root => { const s = root.querySelector('input[type=range]'); let draws = 0;
  root.addEventListener('bw:drawn', () => draws++);
  for (let i = 0; i < 31; i++) {
    s.value = (+s.value + 1) % (+s.max + 1);
    s.dispatchEvent(new Event('input')); }
  const frame = () => new Promise(requestAnimationFrame);
  for (let i = 0; i < 3 || !draws; i++) await frame();
  return draws; }"""


def settle(tab, milliseconds=120):
    """Give a page time, and two frames more, which a slow machine shows later."""
    tab.wait_for_timeout(milliseconds)
    tab.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def press(tab, name):
    """Press the button with this name."""
    tab.get_by_role("button", name=name, exact=True).click()
    settle(tab)


def changes(tab, root, before):
    """Return whether what a widget shows becomes something other than `before`; a slow machine gets 30 s."""
    try:
        tab.wait_for_function(
            f"([root, before]) => ({LOOK})(root) !== before", arg=[root.element_handle(), before]
        )
    except TooLate:
        return False
    return True


@contextmanager
def imported(browser, text):
    """Give a tab that has imported a module with this text as `engine`."""
    context = browser.new_context()
    tab = context.new_page()
    tab.evaluate(
        """async text => { const file = new Blob([text], { type: 'text/javascript' });
          globalThis.engine = await import(URL.createObjectURL(file)); }""",
        text,
    )
    yield tab
    context.close()


class Site:
    """Opens pages of widgets from file:// in Chromium and collects what goes wrong in them."""

    def __init__(self, browser, folder):
        self.browser, self.folder, self.wrong, self.count = browser, folder, [], 0

    def open(self, *widgets, width=800, views=1, **context):
        """Return a Playwright page that shows the widgets, ready to use."""
        self.count += 1
        file = self.folder / f"{self.count}.html"
        file.write_text(page(*widgets, views=views), "utf8")
        tab = self.browser.new_context(viewport={"width": width, "height": 844}, **context).new_page()
        tab.on("console", lambda m: m.type == "error" and self.wrong.append(m.text))
        tab.on("pageerror", lambda e: self.wrong.append(str(e)))
        tab.on("request", lambda r: r.url.startswith(("file:", "blob:", "data:")) or self.wrong.append(r.url))
        tab.goto(file.as_uri())
        tab.wait_for_selector("html[data-ready]", timeout=60_000)
        settle(tab)
        return tab
