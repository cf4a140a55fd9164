// Draw: a small trained torch Sequential runs in the page, on what the reader draws.
const SIZE = 280;                               // the pad in its own pixels
const TWO = [[85, 95], [100, 65], [135, 52], [175, 62], [190, 98], [172, 135], [130, 178], [88, 222], [140, 220], [205, 222]];

const sizeAfter = (n, k, s, p) => Math.floor((n + 2 * p - k) / s) + 1;
const OPS = {
  conv(L, W, x, [c, h, w]) {
    const { out: o, k: [K, V], stride: [si, sj], pad: [pi, pj] } = L, k = W[L.w], b = W[L.b];
    const H = sizeAfter(h, K, si, pi), N = sizeAfter(w, V, sj, pj), y = new Float32Array(o * H * N);
    for (let q = 0; q < o; q++) {
      y.fill(b[q], q * H * N, (q + 1) * H * N);
      for (let d = 0; d < c; d++) for (let u = 0; u < K; u++) for (let v = 0; v < V; v++) {
        const g = k[((q * c + d) * K + u) * V + v];
        const from = Math.max(0, Math.ceil((pj - v) / sj)), to = Math.min(N, Math.floor((w - 1 + pj - v) / sj) + 1);
        for (let i = 0; i < H; i++) {
          const r = i * si + u - pi;
          if (r < 0 || r >= h) continue;
          const a = (d * h + r) * w + v - pj, e = (q * H + i) * N;
          for (let j = from; j < to; j++) y[e + j] += g * x[a + j * sj];
        }
      }
    }
    return [y, [o, H, N]];
  },
  linear(L, W, x) {
    const k = W[L.w], b = W[L.b], n = x.length, y = new Float32Array(b.length);
    for (let o = 0; o < b.length; o++) { let s = b[o]; for (let i = 0; i < n; i++) s += x[i] * k[o * n + i]; y[o] = s; }
    return [y, [b.length, 1, 1]];
  },
  affine(L, W, x, shape) {                      // batch norm with its running statistics
    const n = shape[1] * shape[2], a = W[L.w], b = W[L.b];
    return [x.map((v, i) => v * a[Math.floor(i / n)] + b[Math.floor(i / n)]), shape];
  },
  max: (L, W, x, s) => pool(L, x, s, (a, v) => Math.max(a, v), -Infinity, 1),
  avg: (L, W, x, s) => pool(L, x, s, (a, v) => a + v, 0, L.k[0] * L.k[1]),
  relu: (L, W, x, s) => [x.map((v) => (v > 0 ? v : 0)), s],
  sigmoid: (L, W, x, s) => [x.map((v) => 1 / (1 + Math.exp(-v))), s],
  tanh: (L, W, x, s) => [x.map(Math.tanh), s],
  flatten: (L, W, x) => [x, [x.length, 1, 1]],
};
function pool({ k: [K, V], stride: [si, sj] }, x, [c, h, w], join, zero, divide) {
  const H = sizeAfter(h, K, si, 0), N = sizeAfter(w, V, sj, 0), y = new Float32Array(c * H * N);
  for (let d = 0; d < c; d++) for (let i = 0; i < H; i++) for (let j = 0; j < N; j++) {
    let a = zero;
    for (let u = 0; u < K; u++) for (let v = 0; v < V; v++) a = join(a, x[(d * h + i * si + u) * w + j * sj + v]);
    y[(d * H + i) * N + j] = a / divide;
  }
  return [y, [c, H, N]];
}
export function forward(layers, W, x, shape) {  // x: Float32Array of shape [c, h, w]; returns the logits
  for (const L of layers) [x, shape] = OPS[L.type](L, W, x, shape);
  return x;
}
function softmax(z) {
  const m = Math.max(...z), e = Array.from(z, (v) => Math.exp(v - m)), s = e.reduce((a, b) => a + b);
  return e.map((v) => v / s);
}

// Fill the ink with a picture (h × w, from 0 to 255), smoothly between its pixels.
function enlarge(ink, picture, h, w) {
  const place = (i, n) => { const u = Math.max(0, Math.min(n - 1, ((i + 0.5) * n) / SIZE - 0.5)), a = Math.floor(u); return [a, Math.min(n - 1, a + 1), u - a]; };
  for (let i = 0; i < SIZE; i++) for (let j = 0; j < SIZE; j++) {
    const [a, b, s] = place(i, h), [c, d, t] = place(j, w), p = (r, k) => picture[r * w + k];
    ink[i * SIZE + j] = ((1 - s) * ((1 - t) * p(a, c) + t * p(a, d)) + s * ((1 - t) * p(b, c) + t * p(b, d))) / 255;
  }
}

// ink: SIZE × SIZE from 0 to 1; returns the h × w picture that the network sees
export function see(ink, h, w, center) {
  let k = h / SIZE, cx = SIZE / 2, cy = SIZE / 2;
  if (center) {
    let x0 = SIZE, x1 = -1, y0 = SIZE, y1 = -1, sum = 0, mx = 0, my = 0;
    for (let i = 0; i < SIZE; i++) for (let j = 0; j < SIZE; j++) {
      const v = ink[i * SIZE + j];
      if (v < 0.05) continue;
      x0 = Math.min(x0, j); x1 = Math.max(x1, j); y0 = Math.min(y0, i); y1 = Math.max(y1, i);
      sum += v; mx += v * (j + 0.5); my += v * (i + 0.5);
    }
    if (!sum) return new Float32Array(h * w);
    k = ((20 / 28) * h) / Math.max(x1 - x0 + 1, y1 - y0 + 1);
    cx = mx / sum;
    cy = my / sum;
  }
  const out = new Float32Array(h * w), S = 5;   // the mean of S × S samples in each pixel
  for (let i = 0; i < h * S; i++) for (let j = 0; j < w * S; j++) {
    const y = Math.floor(cy + ((i + 0.5) / S - h / 2) / k), x = Math.floor(cx + ((j + 0.5) / S - w / 2) / k);
    if (x >= 0 && x < SIZE && y >= 0 && y < SIZE) out[Math.floor(i / S) * w + Math.floor(j / S)] += ink[y * SIZE + x] / (S * S);
  }
  return out;
}

async function render({ model, el, signal }) {
  const W = await weights(model), layers = model.get("layers"), names = model.get("labels"), alt = model.get("alt");
  const { shape: [c, h, w], mean, std, center, example } = model.get("input"), quiet = { "data-lm-suppress-shortcuts": "true" };
  const ui = shell("draw", el, alt, predict);
  const pad = make("canvas", { width: SIZE, height: SIZE, class: "bw-pad", tabindex: 0, role: "application", ...quiet,
    "aria-label": "Drawing pad. Draw with the pointer. By keyboard: arrow keys move, space puts the pen down or lifts it, delete clears." });
  const seen = make("canvas", { width: w, height: h, class: "bw-seen", role: "img", "aria-label": `What the network sees, ${w} × ${h} pixels` });
  const pen = make("span", { class: "bw-pen", "aria-hidden": "true" });
  const button = (text, act) => {
    const b = make("button", { type: "button", text, ...quiet });
    b.addEventListener("click", () => { act(); ui.redraw(); }, { signal });
    return b;
  };
  const scores = make("div", { class: "bw-scores", "aria-hidden": "true" }), say = make("p", { class: "bw-caption", "aria-live": "polite" });
  const buttons = make("div", { class: "bw-keys" }, button("clear", clear), button("example", start));
  const sight = make("div", { class: "bw-sight" }, seen, make("span", { class: "bw-note", text: `the network sees ${w} × ${h}` }));
  ui.root.append(make("div", { class: "bw-bench" },
    make("div", {}, make("div", { class: "bw-stage" }, pad, pen), buttons), make("div", { class: "bw-result" }, sight, scores)), say);
  const g = pad.getContext("2d");
  const rows = names.slice(0, 10).map(() => {
    const name = make("span"), bar = make("i"), percent = make("span"), row = make("div", {}, name, make("span", { class: "bw-bar" }, bar), percent);
    scores.append(row);
    return { row, name, bar, percent };
  });

  // What is drawn is kept here: a browser that guards against fingerprints does not let a page read its canvas.
  const ink = new Float32Array(SIZE * SIZE), PEN = 12;
  let pointer = null, at = [SIZE / 2, SIZE / 2], down = false;
  function clear() { g.clearRect(0, 0, SIZE, SIZE); ink.fill(0); }
  function stroke(from, to) {
    wet(ink, SIZE, from, to, PEN);
    g.strokeStyle = "#fff";
    g.lineWidth = 2 * PEN;
    g.lineCap = g.lineJoin = "round";
    g.beginPath();
    g.moveTo(...from);
    g.lineTo(to[0], to[1] + 0.01);              // a dot, too, is a line
    g.stroke();
  }
  function start() {
    clear();
    if (!example) return TWO.slice(1).forEach((p, i) => stroke(TWO[i], p));
    enlarge(ink, example, h, w);
    const im = new ImageData(SIZE, SIZE);
    ink.forEach((v, i) => im.data.set([255, 255, 255, 255 * v], 4 * i));
    g.putImageData(im, 0, 0);
  }
  let spoken = 0;
  function predict() {
    const x = see(ink, h, w, center), im = new ImageData(w, h), input = new Float32Array(c * h * w);
    x.forEach((v, i) => {
      im.data.set([255 * v, 255 * v, 255 * v, 255], 4 * i);
      for (let d = 0; d < c; d++) input[d * h * w + i] = (v - mean[d]) / std[d];
    });
    seen.getContext("2d").putImageData(im, 0, 0);
    const p = softmax(forward(layers, W, input, [c, h, w])), order = p.map((_, i) => i).sort((a, b) => p[b] - p[a]);
    const blank = !x.some((v) => v > 0.1), list = names.length > 10 ? order.slice(0, 10) : p.map((_, i) => i);
    rows.forEach(({ row, name, bar, percent }, k) => {
      const i = list[k];
      name.textContent = names[i];
      bar.style.width = blank ? 0 : `${100 * p[i]}%`;
      percent.textContent = blank ? "" : `${(100 * p[i]).toFixed(1)} %`;
      row.classList.toggle("bw-best", !blank && i === order[0]);
    });
    const sentence = blank ? "Draw in the black square." : `The network answers ${order.filter((i, k) => k === 0 || (k === 1 && p[i] >= 0.01)).map((i) => `${names[i]} (${(100 * p[i]).toFixed(1)} %)`).join(", then ")}.`;
    clearTimeout(spoken);                       // one sentence when the pen rests, not one for each point
    spoken = setTimeout(() => (say.textContent = sentence), say.textContent ? 250 : 0);
    ui.drawn();
  }

  const where = (e) => { const r = pad.getBoundingClientRect(); return [((e.clientX - r.left) / r.width) * SIZE, ((e.clientY - r.top) / r.height) * SIZE]; };
  pad.addEventListener("pointerdown", (e) => {
    if (e.button) return;                       // the right one opens the menu
    pad.setPointerCapture(e.pointerId);
    pointer = where(e);
    stroke(pointer, pointer);
    ui.redraw();
  }, { signal });
  pad.addEventListener("pointermove", (e) => {
    if (!pointer) return;
    for (const q of e.getCoalescedEvents?.().length ? e.getCoalescedEvents() : [e]) { const to = where(q); stroke(pointer, to); pointer = to; }
    ui.redraw();
  }, { signal });
  for (const end of ["pointerup", "pointercancel"]) pad.addEventListener(end, () => (pointer = null), { signal });
  const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  pressing(pad, (e) => {
    if (ARROWS[e.key]) {
      const to = at.map((v, i) => Math.max(12, Math.min(SIZE - 12, v + 14 * ARROWS[e.key][i])));
      if (down) stroke(at, to);
      at = to;
    } else if (e.key === " ") {
      down = !down;
      if (down) stroke(at, at);
    } else if (e.key === "Delete" || e.key === "Backspace") clear();
    else return;
    e.preventDefault();                         // the page does not scroll while the pad has the focus
    pen.classList.toggle("bw-down", down);
    Object.assign(pen.style, { left: `${(100 * at[0]) / SIZE}%`, top: `${(100 * at[1]) / SIZE}%` });
    ui.redraw();
  }, signal);
  pad.addEventListener("blur", () => { down = false; pen.classList.remove("bw-down"); }, { signal });
  start();
  predict();
  return () => { clearTimeout(spoken); ui.close(); };
}
export default { render };
