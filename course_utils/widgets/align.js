// Align: two lists of symbols, lines between them as wide as the weights, and the same weights as a heat map.
const ROW = 30, CELL = 26, FADE = 0.03;          // CSS pixels of a row and a cell; the least weight that is drawn

async function render({ model, el, signal }) {
  const maps = model.get("maps"), params = model.get("params"), alt = model.get("alt");
  const raw = await inflate(bytesOf(model.get("data"))), quiet = { "data-lm-suppress-shortcuts": "true" };
  const ui = shell("align", el, alt, draw);
  const c = controls({ model, params, changed: () => choose(0), signal });
  const lines = makeSVG("svg", { class: "bw-lines", tabindex: 0, role: "application", "aria-label": "Outputs on the left, sources on the right. Up and down choose a symbol, left and right the side.", ...quiet });
  const heat = makeSVG("svg", { class: "bw-heat", role: "img", "aria-label": "The weights as a heat map, outputs down, sources across." });
  const caption = make("p", { class: "bw-caption", "aria-live": "polite" });
  ui.root.append(c.box, make("div", { class: "bw-pair" }, lines, heat), caption);

  // the map on show; `at` counts the outputs, then the sources
  const map = () => {
    const [outs, sources, from] = maps[c.pos[params[0].name] * params[1].text.length + c.pos[params[1].name]];
    return { outs, sources, weight: (i, j) => raw[from + i * sources.length + j] / 255 };
  };
  const within = (i) => { const m = map(); return Math.max(0, Math.min(m.outs.length + m.sources.length - 1, i)); };
  let at = within(model.get("at"));
  function choose(i) {
    at = within(i);
    model.set("at", at);
    model.save_changes();
    ui.redraw();
  }
  const pull = () => { at = within(model.get("at")); ui.redraw(); };
  model.on("change:at", pull);

  const percent = (w) => `${Math.round(100 * w)} %`;
  function words(m, out, k) {
    const all = (out ? m.sources : m.outs).map((s, i) => [s, out ? m.weight(k, i) : m.weight(i, k), i]);
    const best = all.filter(([, w]) => w >= 0.05).sort((a, b) => b[1] - a[1]).slice(0, 4);
    const list = best.map(([s, w, i]) => `${s} (${i + 1}): ${percent(w)}`).join(", ");
    caption.replaceChildren(
      make("strong", { text: `${out ? "output" : "source"} ${k + 1}: ${(out ? m.outs : m.sources)[k]}` }),
      make("span", { text: out ? `took from ${list || "nothing above 5 %"}` : `was used by ${list || "no output above 5 %"}` }));
  }

  const word = (s, x, y, anchor, on) => {
    const e = makeSVG("text", { x, y, "text-anchor": anchor, class: on ? "bw-on" : null });
    e.textContent = s;
    return e;
  };
  function draw() {
    const m = map(), n = m.outs.length, out = at < n, k = out ? at : at - n;
    const W = Math.min(ui.root.clientWidth, 380), H = ROW * Math.max(n, m.sources.length) + 26;
    if (!W) return;
    const longest = (a) => Math.max(...a.map((s) => s.length)) * 8.2 + 12;
    const left = Math.min(W * 0.5, Math.max(46, longest(m.outs))), right = W - Math.max(52, longest(m.sources));
    const y = (i, count) => 26 + ((i + 0.5) * (H - 26)) / count;
    const back = [], front = [], texts = [word("output", left - 6, 12, "end"), word("source", right + 6, 12, "start")];
    for (const e of texts) e.setAttribute("class", "bw-head");
    for (let i = 0; i < n; i++) for (let j = 0; j < m.sources.length; j++) {
      const w = m.weight(i, j), on = (out ? i : j) === k;
      if (w < FADE) continue;
      const line = makeSVG("line", { x1: left, x2: right, y1: y(i, n), y2: y(j, m.sources.length), "stroke-width": (1 + 13 * w).toFixed(1), class: on ? "bw-on" : null });
      (on ? front : back).push(line);
    }
    m.outs.forEach((s, i) => texts.push(word(s, left - 6, y(i, n), "end", out && i === k)));
    m.sources.forEach((s, j) => texts.push(word(s, right + 6, y(j, m.sources.length), "start", !out && j === k)));
    lines.setAttribute("viewBox", `0 0 ${W} ${H}`);
    lines.setAttribute("width", W);
    lines.setAttribute("height", H);
    lines.replaceChildren(...back, ...front, ...texts);
    paint(m, out, k);
    words(m, out, k);
    ui.drawn();
  }
  function paint(m, out, k) {
    const n = m.outs.length, S = m.sources.length, room = Math.min(ui.root.clientWidth, 320), side = Math.min(CELL, room / S), parts = [];
    for (let i = 0; i < n; i++) for (let j = 0; j < S; j++) {
      parts.push(makeSVG("rect", { x: j * side + 1, y: i * side + 1, width: side - 1, height: side - 1, "fill-opacity": (0.06 + 0.94 * m.weight(i, j)).toFixed(3) }));
    }
    parts.push(out ? makeSVG("path", { class: "bw-frame", d: `M1 ${k * side + 1}h${S * side - 1}v${side - 1}h${1 - S * side}z` })
      : makeSVG("path", { class: "bw-frame", d: `M${k * side + 1} 1h${side - 1}v${n * side - 1}h${1 - side}z` }));
    heat.setAttribute("viewBox", `-1 -1 ${S * side + 3} ${n * side + 3}`);
    heat.setAttribute("width", S * side + 3);
    heat.setAttribute("height", n * side + 3);
    heat.replaceChildren(...parts);
  }

  // pointer: the nearest symbol of the nearer side; on the heat map, the row
  const inside = (e, svg) => {
    const b = svg.getBoundingClientRect(), limit = (v) => Math.max(0, Math.min(0.9999, v));
    return [limit((e.clientX - b.left) / b.width), (e.clientY - b.top) / b.height, limit, b.height];
  };
  const point = (i, kept) => {                  // what is pointed at only is not kept
    if (kept) return choose(i);
    if (within(i) === at) return;
    at = within(i);
    ui.redraw();
  };
  const onLines = (e) => {
    const [x, y, limit, high] = inside(e, lines), m = map(), f = limit((y - 26 / high) / (1 - 26 / high));
    point(x < 0.5 ? Math.floor(f * m.outs.length) : m.outs.length + Math.floor(f * m.sources.length), e.type === "click");
  };
  const onHeat = (e) => { const [, y, limit] = inside(e, heat); point(Math.floor(limit(y) * map().outs.length), e.type === "click"); };
  for (const [svg, act] of [[lines, onLines], [heat, onHeat]]) {
    pointing(svg, act, signal);
  }
  pressing(lines, (e) => {
    const m = map(), n = m.outs.length, S = m.sources.length, out = at < n, k = out ? at : at - n;
    const go = {
      ArrowDown: () => Math.min(k + 1, (out ? n : S) - 1) + (out ? 0 : n),
      ArrowUp: () => Math.max(k - 1, 0) + (out ? 0 : n),
      ArrowLeft: () => Math.min(k, n - 1),
      ArrowRight: () => n + Math.min(k, S - 1),
      Home: () => (out ? 0 : n),
      End: () => (out ? n - 1 : n + S - 1),
    }[e.key];
    if (!go) return;
    e.preventDefault();
    choose(go());
  }, signal);
  draw();
  return () => { model.off("change:at", pull); c.close(); ui.close(); };
}
export default { render };
