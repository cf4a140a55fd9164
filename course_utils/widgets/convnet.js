// Convnet: the reader draws or picks a picture; every layer of a trained network shows its maps, every pixel where it comes from.
const PEN = 1.1, GAP = 6, LABEL = 64;           // radius in pixels of the picture; CSS pixels between maps; of a title in front
const PLACES = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';
const two = (v) => (Math.abs(v) < 0.005 ? 0 : v).toFixed(2).replace("-", "−");

// Where the maps of a layer lie on W pixels: { cols, tile, wide, high, at(map) → [x, y], height }
export function arrange([c, h, w], W) {
  const single = h * w === 1, least = single ? 14 : 32, most = single ? 22 : 84, gap = single ? 2 : GAP;
  let rows = 0, cols, tile;
  do { rows++; cols = Math.ceil(c / rows); tile = (W - gap * (cols - 1)) / cols; } while (tile < least && cols > 1);
  tile = Math.min(tile, most);
  const wide = h > w ? (tile * w) / h : tile, high = h > w ? tile : (tile * h) / w, used = Math.ceil(c / cols);
  return { cols, wide, high, unit: wide / w, height: used * (high + gap) - gap,
    at: (m) => [(m % cols) * (tile + gap), Math.floor(m / cols) * (high + gap)], step: [tile + gap, high + gap] };
}

async function render({ model, el, signal }) {
  const W = await weights(model, Float64Array), layers = model.get("layers"), names = model.get("labels");
  const [, h, w] = layers[0].shape, [black, white] = model.get("range"), stock = await inflate(bytesOf(model.get("pictures")));
  const count = stock.length / (h * w), ui = shell("convnet", el, model.get("alt"), draw);
  const reach = Math.floor(Math.min(h, w) / 2), wide = w + 2 * reach, quiet = { "data-lm-suppress-shortcuts": "true" };
  const ink = new Float32Array((h + 2 * reach) * wide);   // larger than the picture: what is moved out can come back
  let moved = [0, 0], pen = [w / 2, h / 2], down = false, stroke = null, maps = null, stale = true, spoken = 0;
  let at = null;                                 // the chosen value: { layer, map, i, j }
  const picture = (n) => stock.subarray(n * h * w, (n + 1) * h * w);

  // ---- the page
  const button = (text, label, act, more) => {
    const b = make("button", { type: "button", text, "aria-label": label, title: label, ...quiet, ...more });
    b.addEventListener("click", act, { signal });
    return b;
  };
  const pad = make("canvas", { class: "bw-pad", tabindex: 0, role: "application", ...quiet,
    "aria-label": `The picture, ${h} × ${w}. Draw with the pointer. By keyboard: arrow keys move, space puts the pen down or lifts it, shift and arrow keys move the picture, delete clears.` });
  const mark = make("span", { class: "bw-pen", "aria-hidden": "true" });
  const touch = button("draw", "draw with a finger; off: a finger on the picture scrolls the page", () => touching(!drawing()), { class: "bw-touch", "aria-pressed": "false", hidden: !navigator.maxTouchPoints });
  const thumbs = Array.from({ length: count }, (_, n) => {
    const c = make("canvas", { width: w, height: h, "aria-hidden": "true" });
    paint(c.getContext("2d"), (i) => picture(n)[i], h, w);
    const b = button("", `picture ${n + 1}`, () => take(picture(n)), { "aria-pressed": "false" });
    b.append(c);
    return b;
  });
  const arrows = [["←", "left", 0, -1], ["→", "right", 0, 1], ["↑", "up", -1, 0], ["↓", "down", 1, 0]].map(([text, way, i, j]) =>
    button(text, `move the picture ${way} by a pixel`, () => shift(i, j), { class: "bw-icon" }));
  const keys = make("div", { class: "bw-keys" }, ...arrows, button("back", "move the picture back to its place", () => shift(-moved[0], -moved[1])),
    button("clear", "clear the picture", clear), touch);
  const offset = make("div", { class: "bw-text" }), scores = make("div", { class: "bw-scores", "aria-hidden": "true" });
  const rows = names.slice(0, 10).map(() => {
    const name = make("span"), bar = make("i"), percent = make("span"), row = make("div", {}, name, make("span", { class: "bw-bar" }, bar), percent);
    scores.append(row);
    return { row, name, bar, percent };
  });
  const answer = make("p", { class: "bw-answer", "aria-live": "polite" }), caption = make("p", { class: "bw-caption", "aria-live": "polite" });
  const sheets = layers.map((L, n) => n && make("canvas", { tabindex: 0, role: "application", ...quiet,
    "aria-label": `Layer ${n}, ${title(L)}. Arrow keys choose a value and go on to the next map.` }));
  const strongest = layers.map(() => make("span"));
  const tower = make("div", { class: "bw-tower" }, ...layers.slice(1).map((L, k) => make("div", { class: "bw-layer" },
    make("div", { class: "bw-text" }, make("b", { text: `${k + 1} ` }), title(L), strongest[k + 1]), sheets[k + 1])));
  const lens = make("canvas", { class: "bw-lens", role: "img", "aria-label": "The window of the chosen value, its weights and their products; the text below gives their sum." });
  ui.root.append(...(model.get("question") ? [make("p", { class: "bw-ask", text: model.get("question") })] : []),
    make("div", { class: "bw-both" }, make("div", {}, make("div", { class: "bw-stage" }, pad, mark), offset),
      make("div", {}, make("div", { class: "bw-picks", role: "group", "aria-label": "pictures" }, ...thumbs), keys, scores, answer)),
    make("div", {}, tower, make("div", { class: "bw-below" }, lens, caption)), ...(model.get("cost") ? [make("p", { class: "bw-note", text: model.get("cost") })] : []));
  function title({ name, shape: [c, y, x] }) { return `${name}: ${y * x === 1 ? `${c} values` : `${c} ${c > 1 ? "maps" : "map"} of ${y} × ${x}`}`; }

  // ---- the picture
  function paint(g, grey, high, broad) {
    const im = new ImageData(broad, high);
    for (let i = 0; i < high * broad; i++) { const v = grey(i); im.data.set([v, v, v, 255], 4 * i); }
    g.putImageData(im, 0, 0);
  }
  const seen = (i) => ink[(Math.floor(i / w) + reach - moved[0]) * wide + (i % w) + reach - moved[1]];
  function changed(picked = -1) {
    stale = true;
    thumbs.forEach((b, n) => b.setAttribute("aria-pressed", String(n === picked)));
    ui.redraw();
  }
  const now = () => Array.from({ length: h * w }, (_, i) => Math.round(255 * seen(i)));
  const same = (values, other) => values.every((v, i) => v === other[i]);
  function take(values) {                        // a picture of h × w, from 0 to 255
    ink.fill(0);
    moved = [0, 0];
    values.forEach((v, i) => (ink[(Math.floor(i / w) + reach) * wide + (i % w) + reach] = v / 255));
    changed(thumbs.findIndex((_, n) => same(values, picture(n))));
  }
  const pull = () => same(model.get("drawn"), now()) || take(model.get("drawn"));
  model.on("change:drawn", pull);                // another view, or the kernel
  function clear() { ink.fill(0); moved = [0, 0]; changed(); }
  function shift(i, j) {
    moved = [moved[0] + i, moved[1] + j].map((v) => Math.max(-reach, Math.min(reach, v)));
    changed(thumbs.findIndex((b) => b.getAttribute("aria-pressed") === "true"));
  }
  function line(from, to) {
    const place = ([x, y]) => [x + reach - moved[1], y + reach - moved[0]];
    wet(ink, wide, place(from), place(to), PEN);
    changed();
  }

  // ---- what is shown
  function draw() {
    if (!ui.root.clientWidth) return;
    if (stale) {
      const x = Float64Array.from({ length: h * w }, (_, i) => black + (Math.round(255 * seen(i)) / 255) * (white - black));
      maps = forward(layers, W, x, maps);
      at = at || strongestOf(1);
      stale = false;
      probabilities();
    }
    const why = explain(layers, W, maps, at.layer, at.map, at.i, at.j);
    const tint = colours();
    scene(why);
    layers.forEach((L, n) => n && layer(L, n, why, tint));
    magnify(why, tint);
    words(why);
    ui.drawn();
  }
  function strongestOf(n) {                      // the place of the largest value of its first map
    const [, H, N] = layers[n].shape, best = maps[n].y.subarray(0, H * N).reduce((b, v, i, all) => (v > all[b] ? i : b), 0);
    return { layer: n, map: 0, i: Math.floor(best / N), j: best % N };
  }
  function canvas(sheet, across, tall) {               // sized for the screen, drawn in CSS pixels
    const dpr = window.devicePixelRatio || 1, g = sheet.getContext("2d");
    sheet.width = Math.max(1, Math.round(across * dpr));
    sheet.height = Math.max(1, Math.round(tall * dpr));
    sheet.style.width = `${across}px`;
    sheet.style.height = `${tall}px`;
    g.setTransform(dpr, 0, 0, dpr, 0, 0);
    g.imageSmoothingEnabled = false;
    return g;
  }
  function colours() {                           // from −1, blue, over 0 to 1, orange
    const rgb = (name) => { const v = parseInt(ui.color(name).slice(1), 16); return [v >> 16, (v >> 8) & 255, v & 255]; };
    const zero = rgb("soft"), plus = rgb("orange"), minus = rgb("blue");
    return (v) => { const s = Math.min(1, Math.abs(v)) ** 0.7, to = v < 0 ? minus : plus; return zero.map((z, k) => z + s * (to[k] - z)); };
  }
  const onto = ([r, g, b]) => (0.3 * r + 0.6 * g + 0.1 * b > 130 ? "#14181e" : "#fff");  // letters on a tint
  function sheet(values, top, high, broad, tint) {
    const small = make("canvas", { width: broad, height: high }), im = new ImageData(broad, high);
    for (let i = 0; i < high * broad; i++) { const [r, g, b] = tint(top ? values[i] / top : 0); im.data.set([r, g, b, 255], 4 * i); }
    small.getContext("2d").putImageData(im, 0, 0);
    return small;
  }
  function frame(g, x, y, a, b) {                // shows on light and dark
    for (const [colour, width] of [["#000", 4], ["#ffd24a", 2]]) { g.strokeStyle = colour; g.lineWidth = width; g.strokeRect(x, y, a, b); }
  }
  function windows(g, parts, n, place, unit) {   // the windows of the chosen value on the maps of layer n
    const [, H, N] = layers[n].shape;
    for (const p of parts) if (p.from === n) {
      const [x, y] = place(p.map), top = Math.max(0, p.top), left = Math.max(0, p.left);
      frame(g, x + left * unit, y + top * unit, (Math.min(N, p.left + p.k[1]) - left) * unit, (Math.min(H, p.top + p.k[0]) - top) * unit);
    }
  }
  function scene({ parts }) {
    const side = Math.min(pad.parentNode.clientWidth, 252), unit = side / w, small = make("canvas", { width: w, height: h }), g = canvas(pad, side, h * unit);
    paint(small.getContext("2d"), (i) => 255 * seen(i), h, w);
    g.drawImage(small, 0, 0, side, h * unit);
    windows(g, parts, 0, () => [0, 0], unit);
    const [i, j] = moved, ways = [j && `${Math.abs(j)} to the ${j > 0 ? "right" : "left"}`, i && `${Math.abs(i)} ${i > 0 ? "down" : "up"}`].filter(Boolean);
    offset.textContent = ways.length ? `moved by ${ways.join(", ")}` : "in its place";
  }
  function layer(L, n, { parts }, tint) {
    const [c, H, N] = L.shape, room = tower.clientWidth, place = arrange(L.shape, room), g = canvas(sheets[n], room, place.height);
    const low = maps[n].y.reduce((a, v) => Math.min(a, v)), high = maps[n].y.reduce((a, v) => Math.max(a, v));
    const top = Math.max(-low, high), small = sheet(maps[n].y, top, c * H, N, tint);
    for (let m = 0; m < c; m++) { const [x, y] = place.at(m); g.drawImage(small, 0, m * H, N, H, x, y, place.wide, place.high); }
    if (n === layers.length - 1 && c <= 10) names.forEach((name, m) => {
      const [x, y] = place.at(m), v = maps[n].y[m] / (top || 1);
      g.font = `12px ${FONT}`;
      g.textAlign = "center";
      g.textBaseline = "middle";
      g.fillStyle = onto(tint(v));
      if (name.length < 3) g.fillText(name, x + place.wide / 2, y + place.high / 2 + 0.5);
    });
    windows(g, parts, n, place.at, place.unit);
    if (at.layer === n) {
      const [x, y] = place.at(at.map), u = place.unit, grow = Math.max(0, (7 - u) / 2);
      frame(g, x + at.j * u - grow, y + at.i * u - grow, u + 2 * grow, u + 2 * grow);
    }
    strongest[n].textContent = `, ${two(low)} to ${two(high)}`;
  }
  // windows, weights and products: side by side for one map, else in three rows
  function magnify({ parts, sums }, tint) {
    const L = layers[at.layer], across = lens.parentNode.clientWidth;
    const plain = L.kind !== "conv", n = parts.length, [kh, kw] = parts[0].k, lone = n === 1;
    const room = lone ? (Math.min(across, 560) - 2 * 22) / 3 : across - LABEL, gap = n > 32 ? 1 : 4;
    const head = lone ? 18 : 0, most = lone ? Math.min(165, 48 * Math.max(kh, kw)) : 60, side = Math.min(most, lone ? room : (room - gap * (n - 1)) / n, (most * kw) / Math.max(kh, kw));
    const u = side / kw, high = u * kh, bands = plain ? ["window"] : ["window", "weights", "products"], legible = !lone && side >= 28;
    const tall = lone ? high + head : bands.length * (high + 4) + (legible ? 16 : 0), g = canvas(lens, across, tall);
    const greatest = (f) => parts.reduce((a, p) => p.x.reduce((b, v, e) => Math.max(b, Math.abs(f(p, e))), a), 0);
    const value = { window: (p, e) => p.x[e], weights: (p, e) => p.w[e], products: (p, e) => p.x[e] * p.w[e] };
    g.font = `12px ${FONT}`;
    g.textBaseline = "middle";
    bands.forEach((band, b) => {
      const top = greatest(value[band]);
      g.fillStyle = ui.color("muted");
      if (!lone) { g.textAlign = "left"; g.fillText(band, 0, b * (high + 4) + high / 2); }
      parts.forEach((p, m) => {
        const X = lone ? b * (side + 22) : LABEL + m * (side + gap), Y = lone ? head : b * (high + 4);
        if (lone) { g.textAlign = "center"; g.fillStyle = ui.color("muted"); g.fillText(band, X + side / 2, 7); if (b) g.fillText(b === 1 ? "·" : "=", X - 11, Y + high / 2); }
        g.drawImage(sheet(p.x.map((_, e) => value[band](p, e)), top, kh, kw, tint), 0, 0, kw, kh, X, Y, side, high);
        if (L.kind === "max") { const e = p.w.indexOf(1); frame(g, X + (e % kw) * u, Y + Math.floor(e / kw) * u, u, u); }
        if (u < 26) return;
        g.font = `${u < 40 ? 10 : 12}px ${FONT}`;
        g.textAlign = "center";
        p.x.forEach((_, e) => {
          const v = value[band](p, e);
          g.fillStyle = onto(tint(top ? v / top : 0));
          g.fillText(two(v), X + (e % kw + 0.5) * u, Y + (Math.floor(e / kw) + 0.5) * u);
        });
        g.font = `12px ${FONT}`;
      });
    });
    if (legible) {
      g.fillStyle = ui.color("ink");
      g.textAlign = "left";
      g.fillText(plain ? "from" : "sums", 0, tall - 7);
      g.textAlign = "center";
      g.font = `${side < 36 ? 10 : 12}px ${FONT}`;
      sums.forEach((v, m) => g.fillText(plain ? (parts[m].from ? `layer ${parts[m].from}` : "picture") : two(v), LABEL + m * (side + gap) + side / 2, tall - 7));
    }
  }
  function words({ parts, sums, sum, bias, z, y }) {
    const L = layers[at.layer], [, H, N] = L.shape, n = parts.length, size = parts[0].x.length, act = { relu: "ReLU", sigmoid: "the sigmoid", tanh: "tanh" }[L.act];
    const where = H * N > 1 ? `, map ${at.map + 1}, row ${at.i + 1}, column ${at.j + 1}` : `, value ${at.map + 1}`;
    const [from] = L.from, before = from ? `layer ${from}` : "the picture", side = parts[0].k.join(" × ");
    const cut = parts.some((p) => p.inside.includes(0)), zeros = cut ? ", with zeros outside" : "";
    const all = !cut && String(parts[0].k) === String(layers[from].shape.slice(1));
    const through = all ? `with all values of ${before}` : size > 1 ? `in ${n > 1 ? `windows of ${side} on ${n} maps` : `a window of ${side}`}${zeros}` : `at one place${n > 1 ? ` of ${n} maps` : ""}`;
    const how = {
      conv: () => `${n * size > 1 ? `${n * size} products` : "1 product"} ${through} sum${n * size > 1 ? "" : "s"} to ${two(sum)}; with the bias ${two(bias)} that is ${two(z)}`,
      max: () => `the largest of ${parts[0].inside.reduce((a, v) => a + v)} values is ${two(z)}`,
      mean: () => `the mean of ${size} values${zeros} is ${two(z)}`,
      sum: () => `${sums.map(two).join(" + ")} ${two(sums.reduce((a, v) => a + Number(v.toFixed(2)), 0)) === two(z) ? "=" : "≈"} ${two(z)}`.replace(/\+ −/g, "− "),
      copy: () => two(z),
    }[L.kind]();
    caption.textContent = `Layer ${at.layer}${where}: ${how}${act ? `; ${act} makes it ${two(y)}` : ""}.`;
  }
  function probabilities() {
    const p = softmax(maps[maps.length - 1].y), order = p.map((_, i) => i).sort((a, b) => p[b] - p[a]);
    const blank = !now().some((v) => v > 25), list = names.length > 10 ? order.slice(0, 10) : p.map((_, i) => i);
    rows.forEach(({ row, name, bar, percent }, k) => {
      const i = list[k];
      name.textContent = names[i];
      bar.style.width = `${100 * p[i]}%`;
      percent.textContent = `${(100 * p[i]).toFixed(1)} %`;
      row.classList.toggle("bw-best", !blank && i === order[0]);
    });
    const said = order.filter((i, k) => k === 0 || (k === 1 && p[i] >= 0.01)).map((i) => `${names[i]} (${(100 * p[i]).toFixed(1)} %)`).join(", then ");
    clearTimeout(spoken);                        // one sentence when the pen rests, not one for each point
    spoken = setTimeout(() => {
      answer.textContent = blank ? "The picture is empty: draw, or pick one." : `The network answers ${said}.`;
      if (!same(now(), model.get("drawn"))) model.set("drawn", now());
      model.save_changes();
    }, answer.textContent ? 250 : 0);
  }

  // ---- pointer and keyboard
  const drawing = () => touch.getAttribute("aria-pressed") === "true";
  function touching(on) { touch.setAttribute("aria-pressed", String(on)); pad.classList.toggle("bw-wet", on); }
  const where = (e) => { const r = pad.getBoundingClientRect(); return [((e.clientX - r.left) / r.width) * w, ((e.clientY - r.top) / r.height) * h]; };
  pad.addEventListener("pointerdown", (e) => {
    if (e.button || (e.pointerType === "touch" && !drawing())) return;   // the right one opens the menu; a thumb that scrolls
    pad.setPointerCapture(e.pointerId);
    stroke = where(e);
    line(stroke, stroke);
  }, { signal });
  pad.addEventListener("pointermove", (e) => {
    if (!stroke) return;
    for (const q of e.getCoalescedEvents?.().length ? e.getCoalescedEvents() : [e]) { const to = where(q); line(stroke, to); stroke = to; }
  }, { signal });
  for (const end of ["pointerup", "pointercancel"]) pad.addEventListener(end, () => (stroke = null), { signal });
  pressing(pad, (e) => {
    const step = PLACES[e.key];
    if (step && e.shiftKey) shift(...step);
    else if (step) {
      const to = [pen[0] + step[1], pen[1] + step[0]].map((v, k) => Math.max(0.5, Math.min((k ? h : w) - 0.5, v)));
      if (down) line(pen, to);
      pen = to;
    } else if (e.key === " ") {
      down = !down;
      if (down) line(pen, pen);
    } else if (e.key === "Delete" || e.key === "Backspace") clear();
    else return;
    e.preventDefault();
    mark.classList.toggle("bw-down", down);
    Object.assign(mark.style, { left: `${(100 * pen[0]) / w}%`, top: `${(100 * pen[1]) / h}%` });
  }, signal);
  pad.addEventListener("blur", () => { down = false; mark.classList.remove("bw-down"); }, { signal });

  function choose(layer, map, i, j) { at = { layer, map, i, j }; ui.redraw(); }
  sheets.forEach((s, n) => {
    if (!s) return;
    const [c, H, N] = layers[n].shape, clamp = (v, most) => Math.max(0, Math.min(most, v));
    const point = (e) => {
      const r = s.getBoundingClientRect(), place = arrange(layers[n].shape, r.width), x = e.clientX - r.left, y = e.clientY - r.top;
      const col = clamp(Math.floor(x / place.step[0]), place.cols - 1), row = Math.floor(y / place.step[1]), m = row * place.cols + col;
      if (m < 0 || m >= c) return;
      choose(n, m, clamp(Math.floor((y - row * place.step[1]) / place.unit), H - 1), clamp(Math.floor((x - col * place.step[0]) / place.unit), N - 1));
    };
    s.addEventListener("pointermove", (e) => e.pointerType === "touch" || point(e), { signal });
    s.addEventListener("click", point, { signal });
    const enter = () => {                        // at the place that corresponds
      const [, h1, w1] = layers[at.layer].shape;
      if (at.layer !== n) choose(n, Math.min(at.map, c - 1), Math.floor(((at.i + 0.5) * H) / h1), Math.floor(((at.j + 0.5) * N) / w1));
    };
    s.addEventListener("focus", enter, { signal });
    pressing(s, (e) => {
      const step = PLACES[e.key];
      if (!step || e.shiftKey) return;
      e.preventDefault();
      const cols = arrange(layers[n].shape, s.clientWidth).cols;
      enter();                                   // a window without the focus tells no one that it got it
      let { map, i, j } = at;
      i += step[0];
      j += step[1];
      const next = map + (i < 0 ? -cols : i >= H ? cols : 0) + (j < 0 ? -1 : j >= N ? 1 : 0);
      if (next < 0 || next >= c) return;         // the first and the last map end here
      choose(n, next, (i + H) % H, (j + N) % N);
    }, signal);
  });
  take(model.get("drawn"));
  return () => { clearTimeout(spoken); model.off("change:drawn", pull); ui.close(); };
}
export default { render };
