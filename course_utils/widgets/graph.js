// Graph: a computation graph that steps forward (values) and backward (gradients).
const R = 27, LABEL = 13;                       // node radius and label size, CSS pixels: nothing is scaled

async function render({ model, el, signal }) {
  const spec = model.get("spec"), params = model.get("params"), alt = model.get("alt");
  const raw = await inflate(bytesOf(model.get("data")));
  const data = new Float32Array(raw.buffer, raw.byteOffset, raw.byteLength >> 2);
  const grid = params.filter((p) => p.name !== "step" && p.name !== "path");
  const size = grid.reduce((n, p) => n * p.text.length, 1);
  const node = Object.fromEntries(spec.nodes.map((n) => [n.name, n]));
  const edge = Object.fromEntries(spec.edges.map((e) => [`${e.a}>${e.b}`, e]));

  const ui = shell("graph", el, alt, draw);
  const svg = makeSVG("svg", { role: "img", "aria-label": alt });
  const title = make("strong"), text = make("span"), product = make("p", { class: "bw-product" });
  const caption = make("p", { class: "bw-caption", "aria-live": "polite" }, title, text);
  const c = controls({ model, params, changed, signal, play: ["step"], step: ["step"], every: 1400, reset: true });
  const key = make("p", { class: "bw-key" }, make("span", { class: "bw-value", text: "value" }));
  if ([...spec.nodes, ...spec.edges].some((x) => x.grad !== null)) {
    key.append(make("span", { class: "bw-grad", text: `∂ gradient of ${spec.target}` }));
  }
  ui.root.append(svg, key, caption, c.box, product);

  // what a step has reached
  const first = (back, has) => spec.steps.findIndex((s) => s.backward === back && has(s));
  const last = spec.steps.length - 1;
  for (const n of spec.nodes) {
    n.from = Math.max(0, first(false, (s) => s.nodes.includes(n.name)));
    const g = first(true, (s) => s.nodes.includes(n.name));
    n.back = g < 0 ? last : g;
  }
  spec.edges.forEach((e, i) => {
    const g = first(true, (s) => s.edges.includes(i));
    e.back = g < 0 ? last : g;
  });

  const at = (row) => (row === null ? null : data[row * size + grid.reduce((a, p) => a * p.text.length + c.pos[p.name], 0)]);
  const say = (row) => (row === null || row === undefined ? "?" : num(at(row)));
  const filled = (s) => s.replace(/\{(∂?)([^}]+)\}/g, (_, d, id) => {
    const x = id.includes(">") ? edge[id] : node[id];
    return say(d ? x?.grad : x?.value);
  });

  // elements once; place() moves them, draw() changes what they say
  const lines = makeSVG("g"), labels = makeSVG("g"), circles = makeSVG("g");
  svg.append(lines, labels, circles);
  for (const e of spec.edges) {
    e.line = makeSVG("line");
    e.head = makeSVG("path");
    e.group = makeSVG("g", { class: "bw-edge" }, e.line, e.head);
    e.box = makeSVG("rect", { rx: 5 });
    e.l1 = makeSVG("text");
    e.l2 = makeSVG("text", { class: "bw-grad" });
    e.label = makeSVG("g", { class: "bw-label" }, e.box, e.l1, e.l2);
    lines.append(e.group);
    labels.append(e.label);
  }
  for (const n of spec.nodes) {
    n.l1 = makeSVG("text", { class: "bw-symbol" });
    n.l1.textContent = n.symbol;
    n.l2 = makeSVG("text", { class: "bw-value" });
    n.badge = makeSVG("rect", { rx: 9, height: 19 });
    n.l3 = makeSVG("text", { class: "bw-grad" });
    n.pill = makeSVG("g", { class: "bw-badge" }, n.badge, n.l3);
    n.group = makeSVG("g", { class: "bw-node" }, makeSVG("circle", { r: R }), n.l1, n.l2, n.pill);
    circles.append(n.group);
  }

  let placed = 0;
  function place(W) {
    placed = W;
    const spread = (k) => [...new Set(spec.nodes.map((n) => n[k]))].sort((a, b) => a - b);
    const xs = spread("x"), ys = spread("y");
    const turn = W < 130 * xs.length && ys.length < xs.length;      // narrow: x runs downwards
    const [across, down] = turn ? [ys, xs] : [xs, ys];
    const gap = Math.min(...down.slice(1).map((v, i) => v - down[i]), Infinity);
    const tall = (down.at(-1) - down[0]) / (gap || 1);
    const unit = turn ? 124 : 112;
    const most = turn || W > 480 ? 620 : 440;       // on a phone the controls below it are on the same screen
    const H = 2 * (R + 16) + Math.min(tall === tall ? tall * unit : 0, most);
    // a lone column or row sits in the middle; a turned picture has few columns: keep them off the border
    const side = R + (turn ? Math.max(8, W / (2 * across.length + 1) - R) : 10), wide = Math.min(W, 900);
    const scale = (v, all, from, to) => (all.length < 2 ? (from + to) / 2 : from + ((v - all[0]) / (all.at(-1) - all[0])) * (to - from));
    for (const n of spec.nodes) {
      const u = scale(turn ? n.y : n.x, across, (W - wide) / 2 + side, (W + wide) / 2 - side);
      const v = scale(turn ? n.x : n.y, down, R + 10, H - R - 22);
      // y points upwards in the graph, and its top becomes the left in a turned picture
      n.X = turn ? W - u : u;
      n.Y = turn ? v : H - 12 - v;
      n.group.setAttribute("transform", `translate(${n.X} ${n.Y})`);
    }
    svg.setAttribute("width", W);
    svg.setAttribute("height", H);
    svg.setAttribute("viewBox", `0 0 ${W} ${H}`);
    for (const e of spec.edges) {
      const a = node[e.a], b = node[e.b], d = Math.hypot(b.X - a.X, b.Y - a.Y) || 1;
      e.ux = (b.X - a.X) / d;
      e.uy = (b.Y - a.Y) / d;
      e.d = d;
      Object.entries({ x1: a.X + R * e.ux, y1: a.Y + R * e.uy, x2: b.X - R * e.ux, y2: b.Y - R * e.uy })
        .forEach(([k, v]) => e.line.setAttribute(k, v));
    }
    seat(W, H);
  }

  // Each edge label takes the place along its edge where it covers least: other labels, nodes, other edges.
  function seat(W, H) {
    const boxes = [];
    for (const e of spec.edges) {
      const chars = e.value === null ? e.symbol.length : e.symbol.length + 6;
      const w = 8 + Math.max(chars, e.grad === null ? 0 : 7) * LABEL * 0.53, h = e.grad === null ? 20 : 36;
      let best = null;
      for (const t of [0.5, 0.42, 0.58, 0.34, 0.66, 0.28, 0.72, 0.23, 0.77]) {
        const s = R + t * (e.d - 2 * R), x = node[e.a].X + s * e.ux, y = node[e.a].Y + s * e.uy;
        const box = { x: Math.max(1, Math.min(W - w - 1, x - w / 2)), y: y - h / 2, w, h };
        let cost = Math.abs(t - 0.5) * 8;
        for (const o of boxes) cost += overlap(box, o, 4) / 4;
        for (const n of spec.nodes) cost += overlap(box, { x: n.X - R, y: n.Y - R, w: 2 * R, h: 2 * R + 14 }, 2) / 3;
        for (const o of spec.edges) if (o !== e) cost += inside(o, box) * 0.6;
        if (!best || cost < best.cost) best = { ...box, cost };
      }
      boxes.push(best);
      e.label.setAttribute("transform", `translate(${best.x + best.w / 2} ${best.y + best.h / 2})`);
    }
  }
  const overlap = (a, b, pad) => Math.max(0, Math.min(a.x + a.w, b.x + b.w) - Math.max(a.x, b.x) + pad)
    * Math.max(0, Math.min(a.y + a.h, b.y + b.h) - Math.max(a.y, b.y) + pad);
  function inside(e, box) {                       // how many pixels of an edge lie in a box
    let n = 0;
    for (let s = R; s < e.d - R; s += 4) {
      const x = node[e.a].X + s * e.ux, y = node[e.a].Y + s * e.uy;
      if (x > box.x && x < box.x + box.w && y > box.y && y < box.y + box.h) n += 4;
    }
    return n;
  }

  function draw() {
    const W = ui.root.clientWidth;
    if (!W) return;                               // not on the page yet, or in a closed tab
    if (W !== placed) place(W);
    const k = c.pos.step, step = spec.steps[k], pick = c.pos.path || 0;
    const all = pick > spec.paths.length, some = all ? spec.paths : pick ? [spec.paths[pick - 1]] : [];
    const onPath = new Set(some.flatMap((p) => p.edges)), through = new Set(some.flatMap((p) => p.nodes));

    spec.edges.forEach((e, i) => {
      const active = step.edges.includes(i), back = active && step.backward;
      e.group.setAttribute("class", `bw-edge${active ? (back ? " bw-back" : " bw-fore") : ""}${onPath.has(i) ? " bw-path" : ""}`);
      // the arrow points the way the numbers run
      const end = back ? node[e.a] : node[e.b], s = back ? -1 : 1;
      const x = end.X - s * R * e.ux, y = end.Y - s * R * e.uy, L = (onPath.has(i) ? 16 : 10) * s, B = onPath.has(i) ? 8 : 5;
      e.head.setAttribute("d", `M${x} ${y}L${x - L * e.ux - B * e.uy} ${y - L * e.uy + B * e.ux}L${x - L * e.ux + B * e.uy} ${y - L * e.uy - B * e.ux}Z`);
      const grad = e.grad !== null && k >= e.back && k > 0 ? "∂ " + num(at(e.grad)) : "";
      parts(e.l1, e.symbol, e.value === null ? "" : num(at(e.value)));
      e.l2.textContent = grad;
      e.l1.setAttribute("y", grad ? -8 : 0);
      e.l2.setAttribute("y", 9);
      e.label.setAttribute("class", `bw-label${back ? " bw-now" : ""}`);
      const w = Math.max(width(e.l1), width(e.l2)) + 8, h = grad ? 36 : 20, none = !e.l1.textContent && !grad;
      Object.entries({ x: -w / 2, y: -h / 2, width: none ? 0 : w, height: none ? 0 : h }).forEach(([a, v]) => e.box.setAttribute(a, v));
    });
    for (const n of spec.nodes) {
      const active = step.nodes.includes(n.name), known = k >= n.from;
      n.group.setAttribute("class", `bw-node${known ? "" : " bw-dim"}${active ? (step.backward ? " bw-back" : " bw-fore") : ""}${through.has(n.name) ? " bw-path" : ""}`);
      n.l2.textContent = known && n.value !== null ? num(at(n.value)) : "";
      n.l1.setAttribute("y", n.l2.textContent ? -9 : 0);
      n.l2.setAttribute("y", 9);
      n.l3.textContent = n.grad !== null && k >= n.back && k > 0 ? "∂ " + num(at(n.grad)) : "";
      const w = width(n.l3) + 12;
      n.pill.setAttribute("visibility", n.l3.textContent ? "visible" : "hidden");
      const shift = Math.max(w / 2 + 1, Math.min(W - w / 2 - 1, n.X)) - n.X;  // wider than its node: stay in the picture
      n.badge.setAttribute("x", shift - w / 2);
      n.badge.setAttribute("width", w);
      n.l3.setAttribute("x", shift);
      n.badge.setAttribute("y", R - 6);
      n.l3.setAttribute("y", R + 4);
    }
    title.textContent = step.title;
    text.textContent = together(filled(step.text));
    product.replaceChildren(...(some.length ? sum(some) : []));
    ui.drawn();
  }
  // "∂a/∂z = 0.5" breaks across lines only at the commas
  const together = (s) => s.replace(/\//g, "\u2060/\u2060").replace(/ ([=·]) /g, "\u00a0$1\u00a0");
  // symbol in ink, value in blue, on one line
  function parts(e, symbol, value) {
    const s = makeSVG("tspan"), v = makeSVG("tspan", { class: "bw-value" });
    s.textContent = symbol + (symbol && value ? " " : "");
    v.textContent = value;
    e.replaceChildren(s, v);
  }
  const width = (e) => (e.textContent ? e.getComputedTextLength() : 0);
  // "x₁ · v₁₁ · p₁₁ = 0.50 · 0.30 · 0.80 = 0.12", one line per path, then the sum
  function sum(some) {
    let total = 0;
    const rows = some.map((p) => {
      const values = p.factors.map(([, row]) => at(row)), v = values.reduce((a, b) => a * b, 1);
      total += v;
      const wrap = (x) => (x < 0 ? `(${num(x)})` : num(x));
      const shown = values.length > 1 ? ` = ${values.map(wrap).join(" · ")}` : "";
      return make("span", {}, make("i", { text: p.label }), `: ${p.factors.map(([s]) => s).join(" · ")}${shown} = `, make("b", { text: num(v) }));
    });
    if (some.length > 1) rows.push(make("span", {}, make("i", { text: "sum of the paths" }), ": ", make("b", { text: num(total) })));
    return rows;
  }
  // the step is spoken when it changes, not the numbers at every move of a slider
  function changed(name) {
    caption.setAttribute("aria-live", name === "step" ? "polite" : "off");
    ui.redraw();
  }
  draw();
  return () => { c.close(); ui.close(); };
}
export default { render };
