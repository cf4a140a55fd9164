// Draws the anywidgets of a page that has no kernel, each when it comes near the window. State, code and payloads come as
// scripts that put values into window.bookParts: a script also loads from file://, where fetch may not.
(() => {
  const me = document.currentScript;
  const folder = new URL("widget-parts/", me.src).href;
  const PLACE = ".widget-subarea.waiting"; // before each view, see widgets.py
  const parts = (window.bookParts = window.bookParts || {});
  const KEPT = "widgets " + me.dataset.state; // named by what the widgets hold: other widgets never find it
  const LINKS = "links " + me.dataset.state;
  const kept = recall(KEPT); // {widget: {trait: value}}, what the reader has set, as long as the tab is open
  // {widget: {start: {trait: value}, left}}: what a link has set, and what the address said of the widget when the page was left
  const links = recall(LINKS);
  const named = []; // models for which the address may hold settings
  const asked = (name) => new URLSearchParams(location.search).get(name);

  function recall(place) {
    try {
      return Object(JSON.parse(sessionStorage.getItem(place)) ?? {});
    } catch {
      return {};
    }
  }

  addEventListener("pagehide", () => {
    for (const { id, first } of named) links[id] = { ...links[id], left: asked(first.name) };
    try {
      sessionStorage.setItem(KEPT, JSON.stringify(kept));
      sessionStorage.setItem(LINKS, JSON.stringify(links));
    } catch { /* full, or not allowed: then a reload begins anew */ }
  });

  const load = (name) =>
    new Promise((done, failed) => {
      if (name in parts) return done();
      const script = document.createElement("script");
      script.src = folder + name + ".js";
      script.onload = done;
      script.onerror = () => failed(new Error("cannot load " + script.src));
      document.head.append(script);
    });

  const bytes = (base64) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));

  // Put the payloads of one record back in their places.
  async function complete(record) {
    const named = Object.entries(record.$parts || {});
    const buffers = record.buffers || [];
    await Promise.all([...named.map(([, n]) => load(n)), ...buffers.filter((b) => b.$part).map((b) => load(b.$part))]);
    const state = { ...record.state };
    for (const [key, name] of named) state[key] = parts[name];
    for (const b of buffers) {
      let at = state;
      for (const key of b.path.slice(0, -1)) at = at[key] = Array.isArray(at[key]) ? [...at[key]] : { ...at[key] };
      at[b.path.at(-1)] = new DataView(bytes(b.$part ? parts[b.$part] : b.data).buffer);
    }
    return state;
  }

  // The part of anywidget's model interface that works without a kernel.
  class Model {
    constructor(id, state, models) {
      const text = asked(state.name); // settings in the address come first
      this.linked = text !== null && text !== links[id]?.left; // and not written there by the widget itself
      if (this.linked) delete kept[id];
      else if (text === null && links[id]) kept[id] = { ...links[id].start, ...kept[id] }; // now the start is the book's again
      if (this.linked || text === null) delete links[id];
      if (state.name) named.push(this);
      this.id = id;
      this.first = { ...state, ...links[id]?.start };
      this.state = { ...this.first, ...kept[id] };
      this.listeners = [];
      this.widget_manager = { get_model: async (id) => (await models.get(id.replace("IPY_MODEL_", "")))?.model };
    }
    get(key) {
      return this.state[key];
    }
    set(key, value) {
      const changed = Object.entries(typeof key === "string" ? { [key]: value } : key).filter(([k, v]) => this.state[k] !== v);
      for (const [k, v] of changed) this.state[k] = v;
      const plain = changed.filter(([, v]) => !ArrayBuffer.isView(v)); // JSON does not know the others
      if (plain.length) kept[this.id] = { ...kept[this.id], ...Object.fromEntries(plain) };
      for (const [k, v] of changed) this.trigger("change:" + k, this, v);
      if (changed.length) this.trigger("change", this);
    }
    on(events, callback) {
      for (const event of events.split(" ")) this.listeners.push({ event, callback });
    }
    off(event, callback) {
      this.listeners = this.listeners.filter((l) => (event && l.event !== event) || (callback && l.callback !== callback));
    }
    trigger(event, ...args) {
      for (const l of [...this.listeners]) if (l.event === event) l.callback(...args);
    }
    // A link that has led here says what the start is: what the widget has set when it is first shown.
    begin() {
      if (!this.linked) return;
      this.linked = false;
      this.first = { ...this.state };
      links[this.id] = { start: kept[this.id] };
      delete kept[this.id];
    }
    moved() {
      return Object.entries(kept[this.id] ?? {}).some(([k, v]) => JSON.stringify(v) !== JSON.stringify(this.first[k]));
    }
    // Set everything as it was before the reader came.
    restart() {
      this.set(Object.fromEntries(Object.keys(kept[this.id] ?? {}).map((k) => [k, this.first[k]])));
      delete kept[this.id];
      this.trigger("change", this);
    }
    save_changes() {}
    send() {}
  }

  const modules = new Map();
  function moduleOf(code) {
    if (!modules.has(code)) {
      const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
      modules.set(code, import(url).then((m) => m.default ?? m).then((d) => (typeof d === "function" ? d() : d)));
    }
    return modules.get(code);
  }

  const styles = new Set();
  function addStyle(text) {
    if (!text || styles.has(text)) return;
    styles.add(text);
    const style = document.createElement("style");
    style.textContent = text;
    document.head.append(style);
  }

  async function start(id, records, models) {
    const model = new Model(id, await complete(records[id]), models);
    addStyle(model.get("_css"));
    const widget = await moduleOf(model.get("_esm"));
    const never = new AbortController().signal;
    await widget.initialize?.({ model, signal: never, experimental: {} });
    return { model, widget, never };
  }

  // The place of a widget, with its description, stands in the page; the widget itself comes into it.
  async function show(place, records, models) {
    const id = JSON.parse(place.nextElementSibling.textContent).model_id;
    const drawn = new Promise((done) => (place.addEventListener("bw:drawn", done, { once: true }), setTimeout(done, 1000)));
    keepReadersPlace(place);
    try {
      if (!models.has(id)) models.set(id, start(id, records, models));
      const { model, widget, never } = await models.get(id);
      place.replaceChildren();
      await widget.render?.({ model, el: place, signal: never, experimental: {} });
      model.begin();
      offerStart(place, model);
      await drawn;
    } catch (error) {
      delete kept[id];
      console.error(error);
      place.textContent = "This widget could not be shown: " + error.message;
    }
    place.classList.remove("waiting");
  }

  // A button that leads back, for as long as the reader has changed something; where the widget has none itself.
  function offerStart(place, model) {
    if (place.querySelector('button[title="back to the start"]')) return;
    const button = Object.assign(document.createElement("button"), { type: "button", className: "widget-start", textContent: "Back to the start" });
    const look = () => (button.hidden = !model.moved());
    button.addEventListener("click", () => {
      model.restart();
      place.querySelector("input, select, button, [tabindex]")?.focus(); // a hidden button loses the focus
    });
    model.on("change", look);
    look();
    place.append(button);
  }

  // What changes its height above the window must not move what is read; WebKit does not see to that by itself.
  function keepReadersPlace(place) {
    if (CSS.supports("overflow-anchor", "auto")) return;
    let before = place.offsetHeight;
    new ResizeObserver(() => {
      const grown = place.offsetHeight - before;
      before += grown;
      if (place.getBoundingClientRect().bottom - grown < 0) scrollBy({ top: grown, behavior: "instant" });
    }).observe(place);
  }

  async function main() {
    const records = parts[me.dataset.state];
    const models = new Map(); // id -> promise: a model shown twice is one model
    const places = [...document.querySelectorAll(PLACE)];
    const shown = new Map(); // place -> promise
    const near = new IntersectionObserver((seen) => seen.filter((s) => s.isIntersecting).forEach((s) => begin(s.target)), {
      rootMargin: "200% 0px", // two screens above and below
    });
    function begin(place) {
      near.unobserve(place);
      if (shown.has(place)) return;
      shown.set(place, show(place, records, models));
      if (shown.size === places.length) Promise.all(shown.values()).then(() => (document.documentElement.dataset.widgets = "ready"));
    }
    places.forEach((place) => near.observe(place));
    addEventListener("beforeprint", () => places.forEach(begin));
  }
  main();
})();
