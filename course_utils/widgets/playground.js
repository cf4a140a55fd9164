// Playground, the view: trains, draws every unit, the plane and the losses, and tells them in words.
const CELLS = 40, FINE = 121;                   // of the picture of a unit: cells a side in the plane, or values along the line
const HIGH = 290, FOOT = 40;                    // CSS pixels of the units, and of the two lines of numbers below
const RECORDS = 600;                            // points of the loss curve that are kept
const STILL = [50, 0.001];                      // converged: no better by a thousandth in fifty epochs, or
const EXPLODED = 1e9;
const SMALL = 0.001;                            // a training loss below this
const YOURS = "your net", INSTEAD = "He";       // the start from a net that the notebook has opened; what other layers get
const BEGUN = 6;                                // CSS pixels of a drag from which it draws
const FONT = '12px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';
const seven = (v) => (Number.isFinite(v) ? num(v) : "–");
const brief = (v) => (v && Math.abs(v) < 0.001 ? v.toExponential(0).replace("-", "−") : seven(v)); // beside six others
const below = (n) => [...String(n)].map((d) => "₀₁₂₃₄₅₆₇₈₉"[d]).join("");

// settings ↔ the part of the address that a name stands for: "data.XOR_rate.0.03_net.4-ReLU.2-tanh_…"
export function pack(model, params, value) {
  const pairs = params.map((p) => `${p.name}.${value(p.name)}`);
  pairs.push(`net.${model.get("hidden").map(([n, kind]) => `${n}-${kind}`).join("*")}`, `curve.${model.get("curve")}`);
  if (value("data") === OWN) pairs.push(`own.${writePoints(model.get("own"))}`);
  return pairs.join("_");
}
export function unpack(model, text) {           // what cannot be read is left as it is
  const params = model.get("params"), index = [...model.get("index")];
  for (const pair of text.split("_")) {
    const dot = pair.indexOf("."), key = pair.slice(0, dot), v = pair.slice(dot + 1), k = params.findIndex((p) => p.name === key);
    if (k >= 0 && params[k].text.includes(v)) index[k] = params[k].text.indexOf(v);
    if (key === "curve") model.set("curve", v.slice(0, 80));
    if (key === "net") {
      const net = v.split("*").map((s) => [Number(s.split("-")[0]), s.slice(s.indexOf("-") + 1)]);
      if (net.length === model.get("hidden").length && net.every(([n, kind]) => n >= 1 && n <= 16 && n % 1 === 0 && ACTIVATIONS.includes(kind))) model.set("hidden", net);
    }
    if (key === "own") {
      const own = readPoints(v);
      if (own) model.set("own", own);
    }
  }
  model.set("index", index);
}

// where the values v of an n × n grid pass zero: short lines as [x, y, x, y] in cells
export function zeroLine(v, n) {
  const lines = [];
  for (let i = 0; i + 1 < n; i++) for (let j = 0; j + 1 < n; j++) {
    const corners = [[j, i, v[i * n + j]], [j + 1, i, v[i * n + j + 1]], [j + 1, i + 1, v[(i + 1) * n + j + 1]], [j, i + 1, v[(i + 1) * n + j]]];
    const cuts = [];
    corners.forEach(([x, y, a], k) => {
      const [X, Y, b] = corners[(k + 1) % 4];
      if (a > 0 !== b > 0) { const f = a / (a - b); cuts.push(x + f * (X - x), y + f * (Y - y)); }
    });
    for (let k = 0; k + 3 < cuts.length; k += 4) lines.push(cuts.slice(k, k + 4));
  }
  return lines;
}

async function render({ model, el, signal }) {
  const params = model.get("params"), quiet = { "data-lm-suppress-shortcuts": "true" };
  const saved = new URLSearchParams(location.search).get(model.get("name"));
  if (saved) unpack(model, saved);
  const ui = shell("playground", el, model.get("alt"), draw);
  const c = controls({ model, params, changed, signal });
  const value = (name) => params.find((p) => p.name === name).text[c.pos[name]];
  const number = (name) => params.find((p) => p.name === name).values[c.pos[name]];
  const flag = (name) => value(name) === "True";

  // ---- the page
  const button = (text, act, more = {}) => {
    const b = make("button", { type: "button", text, ...quiet, ...more });
    b.addEventListener("click", act, { signal });
    return b;
  };
  const stat = (label, kind) => {
    const out = make("output", { "aria-live": "off", text: "–" });
    return [make("span", { class: kind }, make("span", { text: label }), out), out];
  };
  const [epochBox, epochOut] = stat("epoch"), [trainBox, trainOut] = stat("training loss", "bw-train");
  const [testBox, testOut] = stat("test loss", "bw-test"), [rightBox, rightOut] = stat("test right");
  const go = button("▶ Train", () => (playing ? pause() : play()), { class: "bw-go" });
  const units = make("canvas", { class: "bw-units", tabindex: 0, role: "application", "aria-label": "The network. Arrow keys choose a unit, Escape the output.", ...quiet });
  const plane = make("canvas", { class: "bw-plane", tabindex: 0, role: "application", "aria-label": "The points and the answer of the chosen unit. With your own points, arrow keys move a cursor and Enter acts there; a curve is drawn by dragging, or typed as a formula.", ...quiet });
  const chart = make("canvas", { role: "img" }), legend = make("p", { class: "bw-text" }), chartText = make("p", { class: "bw-text" });
  const caption = make("p", { class: "bw-caption", "aria-live": "polite" }), told = make("p", { class: "bw-note", "aria-live": "polite" });
  const wrong = make("p", { class: "bw-wrong", role: "alert" });
  const brushName = uid(), brushes = make("div", { class: "bw-segments bw-brush", role: "radiogroup", "aria-label": "what a click in the plane does" });
  for (const [text, v] of [["● blue", -1], ["▲ orange", 1], ["remove", 0]]) {
    const r = make("input", { type: "radio", name: brushName, value: v, checked: v === 1, ...quiet });
    r.addEventListener("change", () => { brush = v; }, { signal });
    brushes.append(make("label", {}, r, make("span", { text })));
  }
  const side = make("div", {}, plane, legend, brushes, chart, chartText);
  const both = make("div", { class: "bw-both" }, make("div", {}, units, caption), side);
  const open = make("div", { class: "bw-controls" }), folded = make("div", { class: "bw-controls" });
  const rows = new Map(params.filter((p) => p.text.length > 1).map((p, i) => [p.name, c.box.children[i]]));

  // one row for each hidden layer: units and activation
  const layerRows = model.get("hidden").map((_, l) => {
    const pick = (what, options, k) => {
      const s = make("select", { "aria-label": `${what} of layer ${l + 1}`, ...quiet }, ...options.map((o) => make("option", { value: o, text: k ? o : `${o} unit${o > 1 ? "s" : ""}` })));
      s.addEventListener("change", () => {
        model.set("hidden", model.get("hidden").map((row, i) => (i !== l ? row : k ? [row[0], s.value] : [Number(s.value), row[1]])));
        model.save_changes();
      }, { signal });
      return s;
    };
    const picks = [pick("units", Array.from({ length: 16 }, (_, i) => i + 1), 0), pick("activation", ACTIVATIONS, 1)];
    return { row: make("div", { class: "bw-layer" }, make("span", { text: `layer ${l + 1}` }), ...picks), picks };
  });
  const unitsBox = make("div", { class: "bw-layers" }, ...layerRows.map((r) => r.row));
  const curveId = uid(), curveInput = make("input", { id: curveId, type: "text", placeholder: "drawn; or a formula", spellcheck: "false", autocomplete: "off", ...quiet });
  const curveRow = make("div", { class: "bw-row bw-pick" }, make("label", { for: curveId, text: "curve, in x" }), curveInput);
  curveInput.addEventListener("change", () => { model.set("curve", curveInput.value); model.save_changes(); }, { signal });
  const show = model.get("show"), openMore = make("div"), foldedMore = make("div"); // more: what only sometimes matters
  for (const [name, row] of rows) (show.includes(name) ? open : folded).append(row);
  (show.includes("data") ? openMore : foldedMore).append(curveRow);
  (show.includes("units") ? openMore : foldedMore).append(unitsBox);
  const table = make("textarea", { "aria-label": "a table of x, y, class", placeholder: "x, y, class\n0.5, 1.2, cat\n…", ...quiet });
  const code = make("textarea", { "aria-label": "what was copied", readonly: true, ...quiet }), copied = make("p", { class: "bw-note", role: "status" });
  code.hidden = true;
  ui.root.append(
    make("p", { class: "bw-ask", text: model.get("question") }),
    make("div", { class: "bw-run" }, go, button("step", () => advance(1), { title: "one step, on the next batch" }), button("epoch", () => advance(0), { title: "to the end of the epoch" }), button("reset", () => { pause(); anew(); }),
      make("span", { class: "bw-numbers" }, epochBox, trainBox, testBox, rightBox)),
    wrong, both, open, openMore,
    make("details", {}, make("summary", { text: "All settings" }), folded, foldedMore),
    make("details", {}, make("summary", { text: "Your own table" }),
      make("p", { class: "bw-note", text: "Paste lines of x, y, class, or drop a CSV file on the widget. It stays on this page." }), table,
      make("div", { class: "bw-take" }, button("use this table", () => useTable(table.value)))),
    make("details", {}, make("summary", { text: "Take it along" }),
      make("div", { class: "bw-take" }, button("Copy as PyTorch", () => hand("PyTorch code", asCode())), button("weights as JSON", () => hand("weights", asJSON())), button("link to these settings", () => hand("link", link()))),
      copied, code),
    told);

  // ---- what is trained
  let data = null, net = null, trainer = null, start = null, firstState = 0, squares = false, measured = null, losses = null;
  let playing = false, goal = 0, history = [], last = [], best = [], pictures = [], brush = 1, cursor = [0, 0], stamp = 0;
  let chosen = null, pointed = null;            // units [layer, unit], 0 for the inputs; null is the output
  let sketch = null, height = null;             // the curve that is being drawn; the number at a place of the plane, 0 is its top
  const curved = () => [CURVE, ABOVE].includes(value("data"));
  const hiddenLayers = () => model.get("hidden").slice(0, Number(value("layers")));

  function options() {
    const batch = value("batch") === "all" ? data.y.length : Number(value("batch"));
    return { squares, batch, rate: number("rate"), schedule: value("schedule"), optimiser: value("optimiser"),
      l1: number("L1"), l2: number("L2"), dropout: number("dropout"), seed: 3 * number("seed") + 2 };
  }
  function restart() {                          // data, start and order of batches follow from the settings alone
    const seed = 3 * number("seed"), layers = hiddenLayers();
    wrong.textContent = "";
    layerRows.forEach(({ row, picks }, l) => {
      row.hidden = l >= layers.length;
      model.get("hidden")[l].forEach((v, k) => { picks[k].value = v; });
    });
    const kind = value("data"), what = { data: kind, points: number("points"), noise: number("noise"), curve: model.get("curve"), own: model.get("own"), given: model.get("given") };
    curveRow.hidden = !curved();
    curveInput.value = what.curve.startsWith(DRAWN) ? "" : what.curve;
    both.classList.toggle("bw-own", kind === OWN);
    both.classList.toggle("bw-curved", curved());
    for (const name of ["points", "noise"]) rows.get(name).hidden = kind === OWN || kind === ORIGINAL;
    try {
      data = makeData(what, new Random(seed));
      data.f = curved() ? formula(what.curve) : null;
    } catch (problem) {
      wrong.textContent = problem.message;
      data ??= { ...makeData({ ...what, data: CURVE, curve: "x" }, new Random(seed)), f: (x) => x };
    }
    squares = data.D === 1 || value("loss") === "squares";
    net = new Net([data.D, ...layers.map((r) => r[0]), 1], layers.map((r) => r[1]));
    rows.get("loss").hidden = data.D === 1;
    const begin = value("start").replace("one scale ", ""), origin = model.get("origin");
    const fits = String([net.sizes, net.names]) === String([origin.sizes, origin.names]);
    if (begin !== YOURS) net.draw(begin, new Random(seed + 1));
    else if (fits) net.w.set(origin.weights);
    else {
      net.draw(INSTEAD, new Random(seed + 1));
      wrong.textContent ||= `Your net has the layers ${origin.sizes.join("–")}${origin.names.length ? ` (${origin.names.join(", ")})` : ""}; the layers chosen now start by ${INSTEAD}.`;
    }
    start = net.w.slice();
    trainer = new Trainer(net, data.x, data.y, options());
    firstState = trainer.random.state;
    if (history.length > 1) last = history;
    history = [];
    best = [Infinity, 0];
    goal = 1;
    if (chosen && (chosen[0] > layers.length || chosen[1] >= net.sizes[chosen[0]])) chosen = null;
    pointed = sketch = null;
    frames.turn = 0;
    look();
    say();
    ui.redraw();
  }
  function look() {                             // losses, gradients and dead units of now
    measured = data.y.length ? net.gradient(data.x, data.y, squares) : { loss: NaN, norms: [], dead: [] };
    losses = net.evaluate(data.testX, data.testY, squares);
    const record = [trainer.epoch + trainer.place / Math.max(1, data.y.length), measured.loss, losses.loss];
    if (history.length && history[history.length - 1][0] === record[0]) history.pop();
    history.push(record);
    if (history.length > RECORDS) history = history.filter((_, i) => i % 2 === 0 || i === history.length - 1);
  }
  function finished() {
    if (!data.y.length) return "Set a few points in the plane first.";
    if (!(measured.loss < EXPLODED)) return "The loss explodes: the steps are too long. Lower the rate.";
    if (measured.loss < best[0] * (1 - STILL[1])) best = [measured.loss, trainer.epoch];
    if (!flag("stop")) return "";
    return measured.loss < SMALL || trainer.epoch - best[1] > STILL[0] ? "Converged." : "";
  }
  // Whether training has come to an end is asked at the end of certain epochs, so that a run does not depend on the speed.
  function learn() {
    if (trainer.epoch >= goal) return false;
    trainer.step();
  }
  function judge() {
    look();
    const due = trainer.epoch >= goal || !(measured.loss < EXPLODED), end = due && finished();
    if (due) goal = trainer.epoch + 1 + Math.floor(trainer.epoch / 100); // slowly at first, so that there is something to see
    if (end) pause(end);
    if (!(measured.loss < EXPLODED)) wrong.textContent = end; // where the eye is
  }
  const frames = new Frames([judge, drawRun, drawAnswers, drawUnits]), unseen = new Frames([judge]);
  function tick(now) {
    if (!playing) return;
    if (!ui.root.isConnected) return pause();
    const box = ui.root.getBoundingClientRect();
    if (box.bottom > 0 && box.top < innerHeight && ui.root.clientWidth) {
      if (!reducedMotion()) frames.run(learn);
      else {
        unseen.run(learn);
        if (now - stamp > 500) { stamp = now; ui.redraw(); }
      }
    }
    requestAnimationFrame(tick);
  }
  function play() {
    playing = true;
    best = [Infinity, trainer.epoch];
    go.textContent = "❚❚ Pause";
    for (const e of [caption, told]) e.setAttribute("aria-live", "off");
    requestAnimationFrame(tick);
  }
  function pause(why = "") {
    playing = false;
    go.textContent = "▶ Train";
    for (const e of [caption, told]) e.setAttribute("aria-live", "polite");
    look();
    publish();
    say(why);
    ui.redraw();
  }
  const inBook = Boolean(document.querySelector("script[data-state]")); // a page without a kernel, whose address is ours
  function publish() {                          // to the kernel, for .net() of Python
    if (inBook) return;
    model.set("trained", { sizes: net.sizes, names: net.names, weights: [...net.w] });
    model.save_changes();
  }
  const rest = () => { if (!playing) ui.redraw(); }; // while it trains, a frame comes anyway
  function advance(steps) {                     // 0: to the end of the epoch
    if (data.y.length) do trainer.step(); while (!steps && trainer.place);
    pause(data.y.length ? "" : finished());
  }
  function changed(name) {
    if (name === "held" || name === "stop") { say(); ui.redraw(); }
    else anew();
    keepAddress();
  }
  function anew() {
    restart();
    publish();
  }
  const pull = () => { anew(); keepAddress(); };
  for (const key of ["hidden", "curve", "own"]) model.on(`change:${key}`, pull);

  // ---- in words
  function say(why = "") {
    const o = options(), kind = value("data"), off = (name, v) => (v ? `, ${name} ${v}` : "");
    const about = [
      `${kind}${curved() ? ` (${model.get("curve").startsWith(DRAWN) ? "drawn" : model.get("curve")})` : ""}, ${data.y.length} training and ${data.testY.length} test points${kind === OWN || kind === ORIGINAL ? "" : `, noise ${value("noise")}`}, seed ${value("seed")}.`,
      `Network ${net.sizes.join("–")}${net.names.length ? ` (${net.names.join(", ")})` : ""}, start ${value("start")}.`,
      `${squares ? "Squares" : "Cross-entropy"}, ${o.optimiser}, rate ${value("rate")} ${value("schedule")}, batches of ${value("batch")}${off("L1", o.l1)}${off("L2", o.l2)}${off("dropout", o.dropout)}${flag("stop") ? ", stops when converged" : ""}.`,
      `Epoch ${trainer.epoch}, step ${trainer.steps}: training loss ${seven(measured.loss)}, test loss ${seven(losses.loss)}; gradient by layer ${measured.norms.map(seven).join(", ")}` +
        `${measured.dead.length ? `; dead units ${measured.dead.map((d, l) => `${d} of ${net.sizes[l + 1]}`).join(", ")}` : ""}.`,
    ];
    told.textContent = [why, ...about].filter(Boolean).join(" ");
  }
  const unitName = (l, u) => (l === 0 ? (data.D === 1 ? "x" : `x${below(u + 1)}`) : l === net.sizes.length - 1 ? "the output" : `unit ${u + 1} of layer ${l}`);
  const weightAt = (l, u, i) => net.at[l - 1] + u * net.sizes[l - 1] + i;
  const withSlope = (k) => `${seven(net.w[k])} (gradient ${seven(net.g[k])})`;
  function describe() {
    if (!pointed && !chosen) return "Point at a square or a line, or use the arrow keys, to see its numbers. A square shows where a unit says a lot: orange above zero, blue below. A line is a weight: the thicker the larger, blue (in small nets dashed) below zero.";
    const [l, u, i] = pointed || chosen;
    if (i !== undefined) return `Weight from ${unitName(l - 1, i)} to ${unitName(l, u)}: ${withSlope(weightAt(l, u, i))}.`;
    if (l === 0) return `${unitName(0, u)}, an input.`;
    const n = net.sizes[l - 1], bias = net.at[l - 1] + n * net.sizes[l] + u, kind = l < net.sizes.length - 1 ? net.names[l - 1] : squares ? "a number" : "orange where it is above zero";
    const from = Array.from({ length: Math.min(n, 4) }, (_, k) => `${unitName(l - 1, k)} ${withSlope(weightAt(l, u, k))}`).join(", ");
    return `${unitName(l, u).replace(/^./, (c) => c.toUpperCase())}, ${kind}: bias ${withSlope(bias)}; weights from ${from}${n > 4 ? ` and ${n - 4} more` : ""}.`;
  }

  // ---- pictures
  function compute() {                          // answers of all units over the plane, or along the line
    const n = data.D === 1 ? FINE : CELLS * CELLS, order = range(n), x = new Float64Array(n * data.D);
    for (let k = 0; k < n; k++) {
      if (data.D === 1) x[k] = data.side * ((2 * k) / (FINE - 1) - 1);
      else {
        x[2 * k] = data.side * ((2 * (k % CELLS) + 1) / CELLS - 1);
        x[2 * k + 1] = data.side * (1 - (2 * Math.floor(k / CELLS) + 1) / CELLS);
      }
    }
    const count = net.h.length / LANES;
    if (pictures.length !== count || pictures[0].length !== n) pictures = Array.from({ length: count }, () => new Float32Array(n));
    for (let e = 0; e < n; e += LANES) {
      net.load(x, order, e, n);
      net.forward(null);
      for (let u = 0; u < count; u++) for (let b = 0; b < LANES && e + b < n; b++) pictures[u][e + b] = net.h[LANES * u + b];
    }
  }
  const rgb = (code) => [1, 3, 5].map((i) => parseInt(code.slice(i, i + 2), 16));
  const theme = {};                             // colours of now: asked for once a drawing
  const paint = (name) => (theme[name] ??= ui.color(name));
  function ramp(most) {                         // 257 colours from blue over the ground of the page to orange
    const ground = ui.root.classList.contains("bw-dark") ? [32, 38, 45] : [250, 250, 250], [low, high] = ["blue", "orange"].map((name) => rgb(paint(name)));
    return (theme[most] ??= Uint32Array.from({ length: 257 }, (_, k) => {
      const f = (most * Math.abs(k - 128)) / 128, [r, g, b] = (k < 128 ? low : high).map((v, i) => Math.round(ground[i] + f * (v - ground[i])));
      return (255 << 24) | (b << 16) | (g << 8) | r;
    }));
  }
  function largest(v) {
    let most = 1e-9;
    for (let k = 0; k < v.length; k++) most = Math.max(most, Math.abs(v[k]));
    return most;
  }
  // Colours of the answers v of layer l into a part of an ImageData: probabilities of the output, others against their largest.
  function colour(v, l, im, column, row, each, colours) {
    const pixels = new Uint32Array(im.data.buffer), out = l === net.sizes.length - 1, factor = out ? 1 : 1 / largest(v), soft = out && !squares;
    const n = CELLS / each;
    for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) {
      const a = v[i * each * CELLS + j * each] * factor, f = soft ? Math.tanh(a / 2) : a;
      pixels[(row * n + i) * im.width + column * n + j] = colours[f >= 1 ? 256 : f > -1 ? 128 + Math.round(128 * f) : f <= -1 ? 0 : 128];
    }
  }
  const tiles = make("canvas"), large = make("canvas", { width: CELLS, height: CELLS });
  // all squares of the net on one canvas, layer by layer and unit by unit; each: cells from one pixel to the next
  function drawTiles(each) {
    const n = CELLS / each, w = n * net.sizes.length, h = n * Math.max(...net.sizes), im = new ImageData(w, h), colours = ramp(0.9);
    if (tiles.width !== w || tiles.height !== h) Object.assign(tiles, { width: w, height: h });
    net.sizes.forEach((m, l) => { for (let u = 0; u < m; u++) colour(pictures[net.from[l] + u], l, im, l, u, each, colours); });
    tiles.getContext("2d").putImageData(im, 0, 0);
  }
  function sheet(canvas, high) {
    const wide = canvas.parentNode.clientWidth, W = canvas === plane ? Math.min(wide, 320) : wide, H = high || W, dpr = window.devicePixelRatio || 1, g = canvas.getContext("2d");
    const width = Math.round(W * dpr), height = Math.round(H * dpr);
    if (canvas.width !== width || canvas.height !== height) {
      Object.assign(canvas, { width, height });
      canvas.style.height = `${H}px`;
    }
    g.setTransform(dpr, 0, 0, dpr, 0, 0);
    g.clearRect(0, 0, W, H);
    g.lineWidth = 1;
    g.font = FONT;
    g.textBaseline = "middle";
    return [g, W, H];
  }
  // middle and side of the tile of unit u in layer l
  function tile(l, u, W) {
    const L = net.sizes.length, wide = W / L, row = (HIGH - 22) / Math.max(...net.sizes, 4), s = Math.min(38, wide * 0.62, row - 4);
    return [wide * (l + 0.5), 22 + (HIGH - 22) / 2 + (u - (net.sizes[l] - 1) / 2) * Math.max(row, Math.min(s + 12, (HIGH - 22) / net.sizes[l])), s];
  }
  function bend(l, u, i, W) {                   // the line of a weight: start, two handles, end
    const [x0, y0, s] = tile(l - 1, i, W), [x1, y1] = tile(l, u, W), a = x0 + s / 2, b = x1 - s / 2, m = (a + b) / 2;
    return [a, y0, m, y0, m, y1, b, y1];
  }
  function drawUnits() {
    const [g, W] = sheet(units, HIGH + FOOT), L = net.sizes.length, at = pointed || chosen || [L - 1, 0];
    const small = W / L < 62, crowd = Math.max(...net.sizes), thick = crowd > 8 ? 1 : 1.5;
    const strokes = new Map();                  // weights of like width, sign and emphasis are one path
    for (let l = 1; l < L; l++) for (let u = 0; u < net.sizes[l]; u++) for (let i = 0; i < net.sizes[l - 1]; i++) {
      const w = net.w[weightAt(l, u, i)], p = bend(l, u, i, W), on = at[0] === l && at[1] === u && (at[2] === undefined || at[2] === i);
      const width = Math.min(12, Math.round(2 * thick * Math.abs(w))) || 0, key = 4 * width + 2 * (w < 0) + on;
      if (!strokes.has(key)) strokes.set(key, new Path2D());
      const path = strokes.get(key);
      path.moveTo(p[0], p[1]);
      path.bezierCurveTo(p[2], p[3], p[4], p[5], p[6], p[7]);
    }
    for (const [key, path] of strokes) {
      g.strokeStyle = paint(key & 2 ? "blue" : "orange");
      g.lineWidth = 0.4 + (key >> 2) / 2;
      g.globalAlpha = key & 1 ? 1 : crowd > 8 ? 0.3 : 0.5;
      g.setLineDash(key & 2 && crowd <= 8 ? [5, 3] : []);
      g.stroke(path);
    }
    g.globalAlpha = 1;
    g.setLineDash([]);
    const each = crowd > 8 ? 2 : 1, n = CELLS / each;
    if (data.D === 2) drawTiles(each);
    g.textAlign = "center";
    for (let l = 0; l < L; l++) {
      g.fillStyle = paint("muted");
      g.fillText(l === 0 ? "input" : l === L - 1 ? "output" : small ? String(l) : `layer ${l}`, (W / L) * (l + 0.5), 9);
      for (let u = 0; u < net.sizes[l]; u++) {
        const [x, y, s] = tile(l, u, W), v = pictures[net.from[l] + u];
        if (data.D === 1) {
          const top = largest(v);
          g.fillStyle = paint("soft");
          g.fillRect(x - s / 2, y - s / 2, s, s);
          g.strokeStyle = paint("blue");
          g.lineWidth = 1.5;
          g.beginPath();
          v.forEach((a, k) => g.lineTo(x - s / 2 + (s * k) / (FINE - 1), y - (0.45 * s * a) / top));
          g.stroke();
        } else g.drawImage(tiles, l * n, u * n, n, n, x - s / 2, y - s / 2, s, s);
        const on = at[0] === l && at[1] === u && at[2] === undefined;
        g.strokeStyle = paint(on ? "ink" : "edge");
        g.lineWidth = on ? 2.5 : 1;
        g.strokeRect(x - s / 2, y - s / 2, s, s);
      }
      g.fillStyle = paint("ink");
      const x = (W / L) * (l + 0.5), dead = measured.dead[l - 1] ?? 0, inside = l < L - 1 ? `${dead}${small ? "/" : " of "}${net.sizes[l]}` : "";
      const tight = W / L < 60, lines = l ? [(tight ? brief : seven)(measured.norms[l - 1] ?? NaN), inside] : [tight ? "grad." : "gradient", "dead"];
      if (!l) { g.fillStyle = paint("muted"); g.textAlign = "left"; }
      g.fillText(lines[0], l ? x : 0, HIGH + 11);
      if (dead) g.fillStyle = paint("red-text");
      g.fillText(lines[1], l ? x : 0, HIGH + 29);
      g.textAlign = "center";
    }
    g.fillStyle = paint("line");
    g.fillRect(0, HIGH, W, 1);
  }
  function mark(g, x, y, label, r) {
    g.beginPath();
    if (label > 0) {
      g.moveTo(x, y - 1.25 * r);
      g.lineTo(x + 1.1 * r, y + 0.75 * r);
      g.lineTo(x - 1.1 * r, y + 0.75 * r);
      g.closePath();
    } else g.arc(x, y, r, 0, 7);
  }
  function drawPlane() {
    const [g, W] = sheet(plane), at = pointed || chosen, output = !at || at[0] === net.sizes.length - 1, { D, side } = data;
    const [l, u] = output ? [net.sizes.length - 1, 0] : at[2] === undefined ? at : [at[0], at[1]], v = pictures[net.from[l] + u];
    const sets = [[data.x, data.y, false], ...(flag("held") ? [[data.testX, data.testY, true]] : [])];
    const values = D === 2 ? [side] : output ? [...data.y] : [...v], low = D === 2 ? -side : Math.min(...values, -0.1), high = Math.max(...values, 0.1);
    const pad = D === 2 ? 0 : 0.15 * (high - low), xs = Array.from({ length: FINE }, (_, k) => side * ((2 * k) / (FINE - 1) - 1));
    const px = (x) => (W * (x / side + 1)) / 2, py = (y) => W - (W * (y - low + pad)) / (high - low + 2 * pad);
    height = (y) => low - pad + (1 - y) * (high - low + 2 * pad);
    const line = (ys, colour, dash, width) => {
      g.strokeStyle = paint(colour);
      g.lineWidth = width;
      g.setLineDash(dash);
      g.beginPath();
      xs.forEach((x, k) => g.lineTo(px(x), py(ys[k])));
      g.stroke();
      g.setLineDash([]);
    };
    if (D === 1) {
      g.strokeStyle = paint("line");
      g.strokeRect(0.5, 0.5, W - 1, W - 1);
    } else {
      const im = new ImageData(CELLS, CELLS);
      colour(v, l, im, 0, 0, 1, ramp(0.55));
      large.getContext("2d").putImageData(im, 0, 0);
      g.drawImage(large, 0, 0, W, W);
      g.strokeStyle = paint("ink");
      g.lineWidth = 2;
      g.beginPath();
      const cell = W / CELLS;
      for (const [a, b, p, q] of zeroLine(v, CELLS)) { g.moveTo((a + 0.5) * cell, (b + 0.5) * cell); g.lineTo((p + 0.5) * cell, (q + 0.5) * cell); }
      if (output) g.stroke();
    }
    if (output && sketch) line(xs.map(sketch.f), "ink", [], 1.5);
    else if (output && data.f) line(xs.map(data.f), "muted", [4, 4], 1.5);
    if (output || D === 2)
      for (const [x, y, hollow] of sets) for (let e = 0; e < y.length; e++) dot(px(x[D * e]), py(D === 1 ? y[e] : x[2 * e + 1]), D === 1 ? 0 : y[e], hollow);
    if (D === 1) line(v, "orange", [], 2.5);
    if (value("data") === OWN && document.activeElement === plane) {
      g.strokeStyle = paint("ink");
      g.lineWidth = 1.5;
      g.strokeRect(px(cursor[0]) - 8, py(cursor[1]) - 8, 16, 16);
    }
    legend.textContent = `${output ? "the output" : unitName(l, u)}${flag("held") ? "; hollow: test points" : ""}${output && data.f ? "; dashed: the curve, drag to draw another" : ""}`;
    function dot(x, y, label, hollow) {
      mark(g, x, y, label, data.y.length > 120 ? 3 : 4);
      g.lineWidth = 1.2;
      g.fillStyle = paint(label > 0 ? "orange" : "blue");
      g.strokeStyle = hollow ? g.fillStyle : ui.root.classList.contains("bw-dark") ? "#14181e" : "#fff";
      if (!hollow) g.fill();
      g.stroke();
    }
  }
  function drawChart() {
    const [g, W, H] = sheet(chart, 96), runs = [last, history], points = runs.flat().filter((r) => Number.isFinite(r[1]));
    const far = Math.max(10, ...points.map((r) => r[0])), top = 1.05 * Math.max(0.01, ...points.map((r) => Math.max(r[1], r[2] || 0)));
    const high = Math.min(top, 4 * Math.max(0.05, history[0][1] || 1));
    const line = (run, k, colour, width, dash) => {
      g.strokeStyle = paint(colour);
      g.lineWidth = width;
      g.setLineDash(dash);
      g.beginPath();
      for (const r of run) if (Number.isFinite(r[k])) g.lineTo(2 + ((W - 4) * r[0]) / far, H - 2 - (H - 20) * Math.min(1, r[k] / high));
      g.stroke();
      g.setLineDash([]);
    };
    line(last, 1, "edge", 1, []);
    line(history, 2, "orange", 1.8, [6, 3]);
    line(history, 1, "blue", 1.8, []);
    g.fillStyle = paint("line");
    g.fillRect(0, H - 1, W, 1);
    g.fillStyle = paint("muted");
    g.textAlign = "right";
    g.fillText(`${Math.round(far)} epochs`, W - 2, 8);
    g.textAlign = "left";
    g.fillText(num(high), 2, 8);
    chartText.textContent = `loss: solid training, dashed test${last.length ? ", grey the run before" : ""}`;
    chart.setAttribute("aria-label", `Loss over ${Math.round(far)} epochs; now ${seven(measured.loss)} in training, ${seven(losses.loss)} in the test.`);
  }
  function drawRun() {
    drawChart();
    epochOut.textContent = trainer.epoch.toLocaleString("en");
    trainOut.textContent = seven(measured.loss);
    testOut.textContent = seven(losses.loss);
    rightBox.hidden = data.D === 1;
    rightOut.textContent = data.testY.length ? `${Math.round(100 * losses.right)} %` : "–";
    caption.textContent = describe();
  }
  function drawAnswers() {
    compute();
    drawPlane();
    ui.drawn();
  }
  function draw() {
    if (!ui.root.clientWidth || !net) return;
    for (const name of Object.keys(theme)) delete theme[name];
    drawRun();
    drawAnswers();
    drawUnits();
  }

  // ---- pointer and keys
  function find(e) {                            // the unit or weight under the pointer
    const b = units.getBoundingClientRect(), W = units.clientWidth, unit = b.width / W; // a slide enlarges it
    const x = (e.clientX - b.left) / unit, y = (e.clientY - b.top) / unit;
    for (let l = 0; l < net.sizes.length; l++) for (let u = 0; u < net.sizes[l]; u++) {
      const [X, Y, s] = tile(l, u, W);
      if (Math.abs(x - X) <= s / 2 + 2 && Math.abs(y - Y) <= s / 2 + 2) return [l, u];
    }
    let near = 8, found = null;
    for (let l = 1; l < net.sizes.length; l++) for (let u = 0; u < net.sizes[l]; u++) for (let i = 0; i < net.sizes[l - 1]; i++) {
      const p = bend(l, u, i, W);
      if (x < p[0] || x > p[6]) continue;
      for (let k = 0; k <= 16; k++) {
        const t = k / 16, s = 1 - t, at = (j) => s ** 3 * p[j] + 3 * s * s * t * p[j + 2] + 3 * s * t * t * p[j + 4] + t ** 3 * p[j + 6];
        const d = Math.hypot(x - at(0), y - at(1));
        if (d < near) { near = d; found = [l, u, i]; }
      }
    }
    return found;
  }
  units.addEventListener("pointermove", (e) => { if (e.pointerType !== "touch") { pointed = find(e); rest(); } }, { signal });
  units.addEventListener("pointerleave", () => { pointed = null; rest(); }, { signal });
  units.addEventListener("pointerdown", (e) => { if (!e.button) [chosen, pointed] = [find(e), null]; rest(); }, { signal });
  pressing(units, (e) => {
    const L = net.sizes.length, [l, u] = chosen || [L - 1, 0];
    const to = { ArrowLeft: [l - 1, u], ArrowRight: [l + 1, u], ArrowUp: [l, u - 1], ArrowDown: [l, u + 1], Escape: [L - 1, 0] }[e.key];
    if (!to) return;
    e.preventDefault();
    const layer = Math.max(0, Math.min(L - 1, to[0]));
    chosen = [layer, Math.max(0, Math.min(net.sizes[layer] - 1, to[1]))];
    pointed = null;
    rest();
  }, signal);

  function touch(x, y) {                        // what the brush does at a point of the plane
    const own = model.get("own").filter((p) => brush || Math.hypot(p[0] - x, p[1] - y) > 0.25);
    if (brush && own.length < MOST) own.push([three(x), three(y), brush]);
    model.set("own", own);
    model.save_changes();
  }
  // where a pointer is, in parts of the plane's width and height
  const spot = (e) => {
    const b = plane.getBoundingClientRect();
    return [(e.clientX - b.left) / b.width, (e.clientY - b.top) / b.height].map((v) => Math.max(0, Math.min(1, v)));
  };
  plane.addEventListener("click", (e) => {      // not pointerdown, with which a finger may begin to scroll
    if (value("data") !== OWN) return;
    const [x, y] = spot(e);
    cursor = [SIDE * (2 * x - 1), SIDE * (1 - 2 * y)];
    touch(...cursor);
  }, { signal });
  // Drawing a curve begins from the one that is there. A finger that moves up or down scrolls the page: the browser then
  // cancels the pointer, and nothing was drawn.
  plane.addEventListener("pointerdown", (e) => {
    const at = chosen || [net.sizes.length - 1];
    if (!data.f || e.button || at[0] !== net.sizes.length - 1) return;
    const heights = knots.map(data.f), [x, y] = spot(e);
    sketch = { heights, from: [SIDE * (2 * x - 1), height(y)], start: [e.clientX, e.clientY], begun: false, f: data.f };
    plane.setPointerCapture(e.pointerId);
  }, { signal });
  plane.addEventListener("pointermove", (e) => {
    if (!sketch) return;
    sketch.begun ||= Math.hypot(e.clientX - sketch.start[0], e.clientY - sketch.start[1]) > BEGUN;
    if (!sketch.begun) return;
    const [u, v] = spot(e), { heights, from } = sketch, to = [SIDE * (2 * u - 1), height(v)], near = SIDE / (KNOTS - 1);
    const [[a, ya], [b, yb]] = from[0] < to[0] ? [from, to] : [to, from];
    knots.forEach((x, k) => {                   // those that the pointer has passed, and the one beside it
      if (x > a - near && x < b + near) heights[k] = b > a ? ya + Math.max(0, Math.min(1, (x - a) / (b - a))) * (yb - ya) : yb;
    });
    Object.assign(sketch, { from: to, f: formula(writeCurve(heights)) });
    rest();
  }, { signal });
  plane.addEventListener("pointerup", () => {
    const drawn = sketch?.begun && writeCurve(sketch.heights);
    sketch = null;
    if (!drawn) return;
    model.set("curve", drawn);
    model.save_changes();
  }, { signal });
  plane.addEventListener("pointercancel", () => { sketch = null; rest(); }, { signal });
  pressing(plane, (e) => {
    if (value("data") !== OWN) return;
    const move = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[e.key], act = e.key === "Enter" || e.key === " ";
    if (!move && !act) return;
    e.preventDefault();
    if (act) return touch(...cursor);
    cursor = cursor.map((v, k) => Math.max(-SIDE, Math.min(SIDE, v + 0.15 * move[k])));
    rest();
  }, signal);
  for (const kind of ["focus", "blur"]) plane.addEventListener(kind, rest, { signal });
  function useTable(text) {
    try {
      const { points, told: how } = readTable(text);
      model.set("own", points);
      model.save_changes();
      c.set("data", params[0].text.indexOf(OWN));
      say(how);
    } catch (problem) {
      wrong.textContent = problem.message;
      wrong.scrollIntoView({ block: "nearest" });
    }
  }
  ui.root.addEventListener("dragover", (e) => e.preventDefault(), { signal });
  ui.root.addEventListener("drop", async (e) => {
    e.preventDefault();                         // before any wait, or the browser leaves the page for the file
    const file = e.dataTransfer.files[0];
    useTable(file ? await file.text() : e.dataTransfer.getData("text"));
  }, { signal });

  // ---- to take along
  function asCode() {
    if (!data.y.length) return "";
    return torchCode(net, start, data, options(), firstState, trainer.steps ? trainer.epoch + (trainer.place > 0) : 100);
  }
  const asJSON = () => JSON.stringify({ inputs: data.D, layers: layersOf(net, net.w) });
  function link() {
    const address = new URL(location.href), heading = el.closest("section[id]");
    address.searchParams.set(model.get("name"), pack(model, params, value));
    if (heading) address.hash = heading.id;
    return address.href;
  }
  function keepAddress() {                      // elsewhere the address belongs to the notebook
    if (!inBook) return;
    try { window.history.replaceState(null, "", link()); } catch { /* some browsers keep the address of a file */ }
  }
  async function hand(what, text) {
    code.hidden = false;
    code.value = text;
    try {
      await navigator.clipboard.writeText(text);
      copied.textContent = `The ${what} is in the clipboard.`;
    } catch { copied.textContent = `The ${what}, to be copied from here:`; }
  }
  restart();
  if (!model.get("trained").weights) publish();
  return () => { playing = false; for (const key of ["hidden", "curve", "own"]) model.off(`change:${key}`, pull); c.close(); ui.close(); };
}
export default { render };
