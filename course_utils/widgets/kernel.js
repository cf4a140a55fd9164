// Kernel: the reader edits nine weights; the page correlates a small grey picture with them.
const MARGIN = 4;                               // pixels kept free around the picture, the widest padding

// where pixel i of a row of n lies after padding; -1 is a zero from outside
export function source(i, n, padding) {
  if (i >= 0 && i < n) return i;
  if (padding === "reflection") return i < 0 ? -i : 2 * (n - 1) - i;
  if (padding === "replication") return i < 0 ? 0 : n - 1;
  return -1;
}
// x: Float32Array of h × w, k: nine weights. Returns { y, H, W, pad } with y of H × W.
export function correlate(x, h, w, k, stride, dilation, padding) {
  const pad = padding === "none" ? 0 : dilation;
  const count = (n) => Math.floor((n + 2 * pad - (2 * dilation + 1)) / stride) + 1;
  const H = count(h), W = count(w), y = new Float32Array(H * W);
  for (let a = 0; a < 3; a++) for (let b = 0; b < 3; b++) {
    const g = k[3 * a + b];
    if (!g) continue;
    const cols = Array.from({ length: W }, (_, j) => source(j * stride + b * dilation - pad, w, padding));
    for (let i = 0; i < H; i++) {
      const r = source(i * stride + a * dilation - pad, h, padding);
      if (r < 0) continue;
      for (let j = 0; j < W; j++) if (cols[j] >= 0) y[i * W + j] += g * x[r * w + cols[j]];
    }
  }
  return { y, H, W, pad };
}

async function render({ model, el, signal }) {
  const raw = await inflate(bytesOf(model.get("data"))), [h, w] = model.get("size"), x = Float32Array.from(raw, (v) => v / 255);
  const presets = model.get("presets"), params = model.get("params"), quiet = { "data-lm-suppress-shortcuts": "true" };
  const ui = shell("kernel", el, model.get("alt"), draw);
  const c = controls({ model, params, changed, signal });
  const at = [Math.floor(h / 2), Math.floor(w / 2)];              // the pixel of the result that is explained, in pixels of the picture
  let weights = current(), result = null, speak = "";

  const canvas = (label) => make("canvas", { tabindex: 0, role: "application", "aria-label": label, ...quiet });
  const left = canvas("The picture. Arrow keys move the window."), right = canvas("The result. Arrow keys move the window.");
  const leftText = make("div", { class: "bw-text" }), rightText = make("div", { class: "bw-text" });
  const pixels = make("div", { class: "bw-nine", role: "img" });
  const cells = Array.from({ length: 9 }, () => pixels.appendChild(make("span")));
  const nine = make("fieldset", { class: "bw-nine", "aria-label": "the nine weights" });
  const inputs = Array.from({ length: 9 }, (_, i) => nine.appendChild(make("input", { type: "number", step: "any",
    "aria-label": `weight, row ${Math.floor(i / 3) + 1}, column ${(i % 3) + 1}`, ...quiet })));
  const total = make("output", { "aria-live": "off" });
  const flip = make("button", { type: "button", text: "flip", title: "turn the filter by half a turn", ...quiet });
  const caption = make("p", { class: "bw-caption", "aria-live": "polite" });
  ui.root.append(
    make("div", { class: "bw-pair" }, make("div", {}, left, leftText), make("div", {}, right, rightText)),
    make("div", { class: "bw-sum" }, pixels, make("span", { text: "·" }), nine, make("div", {}, "= ", total, flip)),
    caption, c.box);

  function value(name) { return params.find((p) => p.name === name).text[c.pos[name]]; }
  function current() { return [...(c.pos.preset < presets.length ? presets[c.pos.preset] : model.get("own"))]; }
  function changed(name) {
    if (name === "preset") weights = current();
    ui.redraw();
  }
  function edit(next) {                          // from here on the filter is the reader's own
    weights = next;
    model.set("own", next);
    model.save_changes();
    c.set("preset", presets.length);
    ui.redraw();
  }
  inputs.forEach((e, i) => e.addEventListener("input", () => {
    const v = e.valueAsNumber;
    if (Number.isFinite(v)) edit(weights.map((g, j) => (j === i ? Math.max(-99, Math.min(99, v)) : g)));
  }, { signal }));
  inputs.forEach((e) => e.addEventListener("blur", () => ui.redraw(), { signal }));
  flip.addEventListener("click", () => edit([...weights].reverse()), { signal });
  const pull = () => { weights = current(); ui.redraw(); };
  model.on("change:own", pull);

  // row and column of the result whose window is centred nearest to pixel `at`
  function place() {
    const { H, W, pad } = result, stride = Number(value("stride")), d = Number(value("dilation"));
    const near = (v, n) => Math.max(0, Math.min(n - 1, Math.round((v - d + pad) / stride)));
    return { i: near(at[0], H), j: near(at[1], W), stride, d, pad };
  }
  // grey levels on a canvas with `unit` CSS pixels a pixel; r and q: where the first row and column go
  function paint(sheet, unit, y, H, W, lo, hi, r, q, side) {
    const dpr = window.devicePixelRatio || 1, g = sheet.getContext("2d");
    sheet.width = Math.round((w + 2 * MARGIN) * unit * dpr);
    sheet.height = Math.round((h + 2 * MARGIN) * unit * dpr);
    g.scale(dpr * unit, dpr * unit);
    g.imageSmoothingEnabled = false;
    const small = make("canvas", { width: W, height: H }), im = new ImageData(W, H);
    y.forEach((v, i) => {
      const s = hi > lo ? (255 * (v - lo)) / (hi - lo) : 128;
      im.data.set([s, s, s, 255], 4 * i);
    });
    small.getContext("2d").putImageData(im, 0, 0);
    g.drawImage(small, MARGIN + q, MARGIN + r, W * side, H * side);
    return g;
  }
  function box(g, unit, j, i, wide, tall) {      // a frame that shows on light and dark pixels
    for (const [colour, width] of [["#000", 4], ["#ffd24a", 2]]) {
      g.strokeStyle = colour;
      g.lineWidth = width / unit;
      g.strokeRect(MARGIN + j, MARGIN + i, wide, tall);
    }
  }
  function draw() {
    const wide = left.parentNode.clientWidth;
    if (!wide) return;
    const unit = wide / (w + 2 * MARGIN), padding = value("padding");
    result = correlate(x, h, w, weights, Number(value("stride")), Number(value("dilation")), padding);
    const { y, H, W, pad } = result, p = place(), extent = 2 * p.d + 1;
    const top = p.i * p.stride - pad, start = p.j * p.stride - pad;

    // left: the picture with its padding, and the nine pixels of the window
    const ph = h + 2 * pad, pw = w + 2 * pad, padded = new Float32Array(ph * pw);
    for (let i = 0; i < ph; i++) for (let j = 0; j < pw; j++) {
      const r = source(i - pad, h, padding), q = source(j - pad, w, padding);
      padded[i * pw + j] = r < 0 || q < 0 ? 0 : x[r * w + q];
    }
    let g = paint(left, unit, padded, ph, pw, 0, 1, -pad, -pad, 1);
    if (pad) {
      g.strokeStyle = ui.color("blue");
      g.lineWidth = 1.5 / unit;
      g.setLineDash([4 / unit, 3 / unit]);
      g.strokeRect(MARGIN, MARGIN, w, h);
      g.setLineDash([]);
    }
    weights.forEach((v, n) => {
      g.fillStyle = v > 0 ? "#2b9be8" : v < 0 ? "#ff8b3d" : "#808890";
      g.globalAlpha = v ? 0.85 : 0.6;
      g.fillRect(MARGIN + start + (n % 3) * p.d, MARGIN + top + Math.floor(n / 3) * p.d, 1, 1);
    });
    g.globalAlpha = 1;
    box(g, unit, start, top, extent, extent);

    // right: every pixel of the result sits over the middle of its window
    let lo = Infinity, hi = -Infinity;
    for (const v of y) { lo = Math.min(lo, v); hi = Math.max(hi, v); }
    const shift = p.d - pad + 0.5 - p.stride / 2;
    g = paint(right, unit, y, H, W, lo, hi, shift, shift, p.stride);
    box(g, unit, shift + p.j * p.stride, shift + p.i * p.stride, p.stride, p.stride);

    const seen = cells.map((cell, n) => {
      const r = source(top + Math.floor(n / 3) * p.d, h, padding), q = source(start + (n % 3) * p.d, w, padding);
      const v = r < 0 || q < 0 ? 0 : x[r * w + q];
      cell.textContent = v.toFixed(2);
      cell.style.background = `rgb(${[0, 0, 0].fill(Math.round(255 * v))})`;
      cell.style.color = v > 0.46 ? "#000" : "#fff";
      return v;
    });
    pixels.setAttribute("aria-label", `the pixels in the window: ${seen.map((v) => v.toFixed(2)).join(", ")}`);
    inputs.forEach((e, n) => {
      if (e !== document.activeElement || e.valueAsNumber !== weights[n] && !Number.isNaN(e.valueAsNumber)) e.value = +weights[n].toFixed(3);
      e.classList.toggle("bw-plus", weights[n] > 0);
      e.classList.toggle("bw-minus", weights[n] < 0);
    });
    total.textContent = two(y[p.i * W + p.j]);
    leftText.textContent = `picture, ${h} × ${w}${pad ? `, padded by ${pad}` : ""}; the window spans ${extent} × ${extent}`;
    rightText.textContent = `result, ${H} × ${W}; black is ${two(lo)}, white is ${two(hi)}`;
    const now = `Height ⌊(${h} + 2·${pad} − ${extent}) / ${p.stride}⌋ + 1 = ${H}, width ⌊(${w} + 2·${pad} − ${extent}) / ${p.stride}⌋ + 1 = ${W}.`;
    if (now !== speak) caption.textContent = speak = now;
    ui.drawn();
  }
  const two = (v) => (Math.abs(v) < 0.005 ? 0 : v).toFixed(2).replace("-", "−");

  // the pointer explains the pixel under it, the arrow keys the next one
  for (const e of [left, right]) {
    const point = (ev) => {
      const b = e.getBoundingClientRect(), unit = b.width / (w + 2 * MARGIN);
      at[0] = Math.floor((ev.clientY - b.top) / unit) - MARGIN;
      at[1] = Math.floor((ev.clientX - b.left) / unit) - MARGIN;
      ui.redraw();
    };
    pointing(e, point, signal);
    pressing(e, (ev) => {
      const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[ev.key];
      if (!step || !result) return;
      ev.preventDefault();
      const p = place(), { H, W, pad } = result, keep = (v, n) => Math.max(0, Math.min(n - 1, v));
      at[0] = keep(p.i + step[0], H) * p.stride + p.d - pad;
      at[1] = keep(p.j + step[1], W) * p.stride + p.d - pad;
      ui.redraw();
    }, signal);
  }
  draw();
  return () => { model.off("change:own", pull); c.close(); ui.close(); };
}
export default { render };
