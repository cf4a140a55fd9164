// Shared by every widget: Python puts this text in front of each widget's own module.

function bytesOf(v) {
  if (!v) return new Uint8Array(0);
  return v instanceof DataView ? new Uint8Array(v.buffer, v.byteOffset, v.byteLength) : new Uint8Array(v);
}
async function inflate(u8) {
  const s = new Blob([u8]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(s).arrayBuffer());
}

// DOM: make("button", { class: "x", text: "ok" }, child, …)
function fill(e, attrs, children) {
  for (const [k, v] of Object.entries(attrs || {})) {
    if (k === "text") e.textContent = v;
    else if (v !== undefined && v !== null && v !== false) e.setAttribute(k, v === true ? "" : v);
  }
  e.append(...children);
  return e;
}
const make = (tag, attrs, ...children) => fill(document.createElement(tag), attrs, children);
const makeSVG = (tag, attrs, ...children) => fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attrs, children);
let made = 0;
const uid = () => `bw-${Math.random().toString(36).slice(2, 8)}-${made++}`;

// numbers as the reader sees them: about three digits, a true minus sign
function num(v) {
  const a = Math.abs(v);
  const s = a === 0 ? "0" : a >= 1000 || a < 0.001 ? v.toExponential(1) : v.toFixed(a < 0.1 ? 3 : a < 10 ? 2 : 1);
  return s.replace(/-/g, "−");
}

// Sphinx, JupyterLab, Colab and VS Code each say it in their own way; elsewhere light text means a dark page
function isDark(el) {
  const html = document.documentElement, body = document.body;
  if (html.dataset.theme && html.dataset.theme !== "auto") return html.dataset.theme === "dark";
  if (html.hasAttribute("theme")) return html.getAttribute("theme") === "dark";
  if (body.dataset.jpThemeLight) return body.dataset.jpThemeLight === "false";
  if (body.dataset.vscodeThemeKind) return /dark|high-contrast$/.test(body.dataset.vscodeThemeKind);
  const [r, g, b] = getComputedStyle(el).color.match(/[\d.]+/g).map(Number);
  return 0.3 * r + 0.6 * g + 0.1 * b > 140;
}
const reducedMotion = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

// The frame of every widget: root element, theme, size, and a redraw that comes at once, then at most once per
// animation frame.
function shell(kind, el, alt, draw) {
  const root = make("div", { class: `bw bw-${kind}`, role: "group", "aria-label": alt });
  let resting = 0, again = false, width = 0;
  const redraw = () => {
    again = resting > 0;
    if (again) return;
    resting = requestAnimationFrame(() => { resting = 0; if (again) redraw(); });
    draw();
  };
  const theme = () => { root.classList.toggle("bw-dark", isDark(el)); redraw(); };
  const themes = new MutationObserver(theme);
  themes.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme", "theme"] });
  themes.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light", "data-vscode-theme-kind"] });
  const sizes = new ResizeObserver(() => { if (root.clientWidth !== width) { width = root.clientWidth; redraw(); } });
  el.append(root);
  root.classList.toggle("bw-dark", isDark(el));
  sizes.observe(root);
  return {
    root, redraw,
    color: (name) => getComputedStyle(root).getPropertyValue(`--bw-${name}`).trim() || name,
    drawn: () => root.dispatchEvent(new CustomEvent("bw:drawn", { bubbles: true })),
    close: () => { themes.disconnect(); sizes.disconnect(); cancelAnimationFrame(resting); },
  };
}

// What lies under the pointer: a mouse shows it wherever it is, a finger only where it taps, since a swipe scrolls the page.
function pointing(e, act, signal) {
  e.addEventListener("pointermove", (p) => p.pointerType === "touch" || act(p), { signal });
  e.addEventListener("click", act, { signal });
}

// Keys with Alt, Ctrl or Meta belong to the browser: Alt and an arrow go back to the page before.
function pressing(e, act, signal) {
  e.addEventListener("keydown", (k) => k.altKey || k.ctrlKey || k.metaKey || act(k), { signal });
}

// Tells in words what a picture shows: all of it in the picture's name, and aloud, when it rests, what has changed.
function voice(root, picture, alt) {
  const heard = make("p", { class: "bw-hidden", "aria-live": "polite" }), name = picture.tagName === "IMG" ? "alt" : "aria-label";
  let before = null, timer = 0;
  root.append(heard);
  const say = (words) => {
    if (String(words) === String(before)) return;
    picture.setAttribute(name, words.length ? `${alt} Now: ${words.join(", ")}` : alt);
    if (before) heard.textContent = words.filter((w) => !before.includes(w)).join(", ");
    before = words;
  };
  return {
    tell(words) { clearTimeout(timer); timer = setTimeout(() => say(words), before ? 300 : 0); },
    close: () => clearTimeout(timer),
  };
}

// Builds one control per parameter. pos maps each name to its place in the grid; `changed(name)` runs after every
// change, whoever made it: this reader, another view of the same model, or the kernel. `reset` adds a button back to the start.
function controls({ model, params, changed, signal, play = [], step = [], every = 0, reset = false }) {
  const box = make("div", { class: "bw-controls" }), pos = {}, show = {}, pauses = [];
  const quiet = { "data-lm-suppress-shortcuts": "true" };  // else JupyterLab takes the arrow keys
  params.forEach((p, i) => (pos[p.name] = Number(model.get("index")[i])));

  function set(name, value) {
    if (pos[name] === value) return;
    pos[name] = value;
    show[name]?.();
    model.set("index", params.map((p) => pos[p.name]));
    model.save_changes();
    moved();
    changed(name);
  }
  function pull() {
    params.forEach((p, i) => {
      const v = Number(model.get("index")[i]);
      if (v === pos[p.name]) return;
      pos[p.name] = v;
      show[p.name]?.();
      moved();
      changed(p.name);
    });
  }
  const back = make("button", { type: "button", class: "bw-icon", text: "↺", "aria-label": "reset", title: "back to the start", ...quiet });
  const moved = () => (back.disabled = params.every((p) => pos[p.name] === p.start));
  back.addEventListener("click", () => {
    pauses.forEach((f) => f());
    params.forEach((p) => set(p.name, p.start));
    box.querySelector("input, select").focus();  // a button that can no longer be pressed loses the focus
  }, { signal });
  model.on("change:index", pull);

  const BUILD = {
    slider(p) {
      const id = uid(), last = p.text.length - 1;
      const s = make("input", { id, type: "range", min: 0, max: last, step: 1, ...quiet });
      const out = make("output", { for: id, "aria-live": "off" });
      const row = make("div", { class: "bw-row" }, make("label", { for: id, text: p.label }), s, out);
      const move = (d) => set(p.name, Math.max(0, Math.min(last, Math.round(pos[p.name]) + d)));
      const button = (text, label, act) => {
        const b = make("button", { type: "button", class: "bw-icon", text, "aria-label": label, title: label, ...quiet });
        b.addEventListener("click", act, { signal });
        return b;
      };
      s.addEventListener("input", () => { pause(); set(p.name, Number(s.value)); }, { signal });
      let timer = 0, toggle = null, prev, next;
      const pause = () => { clearInterval(timer); timer = 0; face(); };
      const face = () => {
        if (!toggle) return;
        toggle.textContent = timer ? "❚❚" : "▶";
        toggle.setAttribute("aria-label", `${timer ? "pause" : "play"} ${p.label}`);
        toggle.title = timer ? "pause" : "play";
      };
      if (play.includes(p.name) && !reducedMotion()) {
        toggle = button("▶", "", () => {
          if (timer) return pause();
          if (pos[p.name] >= last) set(p.name, 0);
          timer = setInterval(() => {
            if (pos[p.name] >= last || reducedMotion() || !row.isConnected) pause();
            else move(1);
          }, every || Math.max(60, Math.min(700, 5000 / last)));
          face();
        });
        face();
        pauses.push(pause);
      }
      if (step.includes(p.name)) {
        prev = button("◀︎", `${p.label} back`, () => { pause(); move(-1); });
        next = button("▶︎", `${p.label} forward`, () => { pause(); move(1); });
        prev.textContent = "◂";
        next.textContent = "▸";
      }
      const keys = [prev, toggle, next].filter(Boolean);
      if (keys.length) {
        s.before(make("span", { class: "bw-keys" }, ...keys));
        row.classList.add("bw-wide");
        if (prev) row.classList.add("bw-step");
      }
      show[p.name] = () => {
        const t = valueText(p, pos[p.name]);
        s.value = pos[p.name];
        out.textContent = t;
        s.setAttribute("aria-valuetext", t);
        prev?.toggleAttribute("disabled", pos[p.name] <= 0);
        next?.toggleAttribute("disabled", pos[p.name] >= last);
        if (timer && pos[p.name] >= last) pause();
      };
      p.input = s;
      return row;
    },
    select(p) {
      const id = uid(), s = make("select", { id, ...quiet }, ...p.text.map((t, i) => make("option", { value: i, text: t })));
      s.addEventListener("change", () => set(p.name, Number(s.value)), { signal });
      show[p.name] = () => (s.value = pos[p.name]);
      return make("div", { class: "bw-row bw-pick" }, make("label", { for: id, text: p.label }), s);
    },
    buttons(p) {
      const name = uid(), title = uid(); // no fieldset: WebKit takes its legend out of the line
      const group = make("div", { class: "bw-row bw-pick bw-group", role: "group", "aria-labelledby": title }, make("span", { id: title, text: p.label }));
      const seg = make("div", { class: "bw-segments" });
      const all = p.text.map((t, i) => {
        const r = make("input", { type: "radio", name, value: i, ...quiet });
        r.addEventListener("change", () => set(p.name, i), { signal });
        seg.append(make("label", {}, r, make("span", { text: t })));
        return r;
      });
      show[p.name] = () => all.forEach((r, i) => (r.checked = i === pos[p.name]));
      group.append(seg);
      return group;
    },
    check(p) {
      const c = make("input", { type: "checkbox", ...quiet }), yes = p.text.indexOf("True");
      c.addEventListener("change", () => set(p.name, c.checked ? yes : 1 - yes), { signal });
      show[p.name] = () => (c.checked = pos[p.name] === yes);
      return make("label", { class: "bw-row bw-check" }, c, make("span", { text: p.label }));
    },
  };
  for (const p of params) {
    if (p.text.length < 2) continue;         // nothing to choose
    box.append(BUILD[p.kind](p));
    show[p.name]();
  }
  if (reset && box.hasChildNodes()) box.append(make("div", { class: "bw-last" }, box.lastChild, back));
  moved();
  return { box, pos, set, close: () => { model.off("change:index", pull); pauses.forEach((f) => f()); } };
}

// text of a position; off the grid it is interpolated as the kernel does it
function valueText(p, at) {
  const a = Math.floor(at), f = at - a;
  if (f < 1e-9 || !p.values) return p.text[Math.round(at)];
  const u = p.values[a], v = p.values[a + 1];
  return (p.log ? u * (v / u) ** f : u + (v - u) * f).toPrecision(3).replace(/-/g, "−");
}

