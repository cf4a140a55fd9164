// Gpt, the view: the text, the probabilities of its next character, the weights of every head, the cache, and what it costs.
const SLICE = 8;                                // ms of writing a frame
const BARS = 10;                                // probabilities that are shown
const MOST = 600, READ = 300;                   // characters of a text, and of its beginning
const FULL = `${MOST} characters are enough; start again, or with another beginning.`;
const LEAST = 20;                               // written characters from which on a speed is told: clocks of browsers are coarse
const HEAD = 11, PICTURE = 30, GAP = 16;        // CSS pixels: a head's row, the keys (or values) of a block, between blocks
const FONT = '12px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';
const SHOWN = { "\n": "⏎", " ": "␣" };
const show = (c) => SHOWN[c] ?? c;
const percent = (p) => (p >= 0.0995 ? `${Math.round(100 * p)} %` : p >= 0.001 ? `${(100 * p).toFixed(1)} %` : "< 0.1 %");
const million = (n) => (n / 1e6).toLocaleString("en", { maximumFractionDigits: n < 1e7 ? 2 : 0 });
const largest = (v, count) => [...v.keys()].sort((a, b) => v[b] - v[a] || a - b).slice(0, count);

async function render({ model, el, signal }) {
  const heads = model.get("nets"), nets = netsOf(heads, await inflate(bytesOf(model.get("data")))), params = model.get("params"), quiet = { "data-lm-suppress-shortcuts": "true" };
  const alphabets = heads.map((head) => [...head.alphabet]), places = alphabets.map((a) => new Map(a.map((c, i) => [c, i])));
  const ui = shell("gpt", el, model.get("alt"), draw);
  const c = controls({ model, params, changed, signal });
  const which = () => c.pos.net, net = () => nets[which()], alphabet = () => alphabets[which()];
  const setting = (name) => { const p = params.find((q) => q.name === name); return p.values ? p.values[c.pos[name]] : p.text[c.pos[name]]; };
  const cached = () => setting("cache") === "True", charOf = (i) => show(alphabet()[ids[i]]);

  // ---- the page
  const button = (text, act, more = {}) => {
    const b = make("button", { type: "button", text, ...quiet, ...more });
    b.addEventListener("click", act, { signal });
    return b;
  };
  const id = uid(), input = make("input", { id, type: "text", value: model.get("text"), autocomplete: "off", autocapitalize: "off", spellcheck: "false", ...quiet });
  const go = button("▶ Write", () => (playing ? pause() : play()), { class: "bw-go" });
  const text = make("div", { class: "bw-written", tabindex: 0, role: "application", "aria-label": "The text. Left and right choose a character, up and down a head, Escape goes back to the end.", ...quiet });
  const chanceTitle = make("p", { class: "bw-text" }), chanceBox = make("div", { class: "bw-chances" });
  const mapTitle = make("p", { class: "bw-text" }), map = make("canvas", { role: "img" }), memory = make("p", { class: "bw-text" });
  const caption = make("p", { class: "bw-caption", "aria-live": "polite" }), about = make("p", { class: "bw-note" });
  const told = make("p", { class: "bw-note", role: "status" }), heard = make("p", { class: "bw-hidden", "aria-live": "polite" });
  const rows = Array.from({ length: BARS }, () => {
    const word = make("span"), bar = make("i"), share = make("span");
    const row = button("", () => rewrite(row.symbol));
    row.append(word, make("span", { class: "bw-bar" }, bar), share);
    chanceBox.append(row);
    return Object.assign(row, { word, bar, share });
  });
  const cells = {}, cost = make("tbody");
  for (const [way, name] of [[true, "with the cache"], [false, "without"]]) {
    cells[way] = [1, 2, 3].map(() => make("td"));
    cells[way].row = make("tr", {}, make("th", { scope: "row", text: name }), ...cells[way]);
    cost.append(cells[way].row);
  }
  const table = make("table", {}, make("caption", { text: "What writing costs: millions of multiplications, and the characters a second that the net alone could write here" }),
    make("thead", {}, make("tr", {}, make("th"), ...["this character", "all since the beginning", "characters a second"].map((t) => make("th", { scope: "col", text: t })))), cost);
  const built = new Map(params.filter((p) => p.text.length > 1).map((p, i) => [p.name, c.box.children[i]])), netRow = built.get("net");
  netRow?.remove();
  ui.root.append(
    make("p", { class: "bw-ask", text: model.get("question") }),
    make("div", { class: "bw-begin" }, make("label", { for: id, text: "begin with" }), input, ...(netRow?.children ?? [])),
    make("div", { class: "bw-run" }, go, button("one character", () => { pause(); step(); }), button("restart", () => { pause(); restart(); }), built.get("speed"), built.get("cache")),
    told, text, heard,
    make("div", { class: "bw-both" }, make("div", {}, chanceTitle, chanceBox), make("div", {}, mapTitle, map, memory)),
    caption, c.box, table, about);

  // ---- the text
  let ids = [], from = 0, begun = 0, fresh = 0, playing = false, head = 0, chosen = null, pointed = null, clock = 0, debt = 0, stamp = 0;
  let spent = unspent(), made = {}, spans = [], painted = [], anew = false, shown = 0; // anew: the window was read again; shown: characters
  function unspent() { return { true: [0, 0], false: [0, 0] }; } // milliseconds and characters, with the cache and without
  const at = () => Math.max(from, Math.min(ids.length - 1, pointed ?? chosen ?? ids.length - 1));
  const known = (k, typed) => [...typed].filter((ch) => places[k].has(ch)).length;

  function restart() {
    const typed = [...model.get("text")], place = places[which()], strange = [...new Set(typed.filter((ch) => !place.has(ch)))];
    let why = strange.length ? `This net has never met ${strange.slice(0, 5).map((ch) => `“${ch}”`).join(", ")}${strange.length > 5 ? ` and ${strange.length - 5} more` : ""}: left out.` : "";
    let kept = typed.filter((ch) => place.has(ch));
    if (!kept.length) {
      kept = [...heads[which()].begin];
      why ||= `Type a beginning; until then it is “${heads[which()].begin}”.`;
    }
    if (kept.length > READ) why += ` The beginning is long, ${kept.length} characters: only the last ${READ} are read.`;
    ids = [];
    from = 0;
    net().length = 0;
    chosen = pointed = null;
    head %= net().blocks * net().heads;         // the net before may have had more
    made = { true: 0, false: 0 };
    feed(kept.slice(-READ).map((ch) => place.get(ch)));
    begun = ids.length;
    about.textContent = heads[which()].about;
    say(why.trim());
    ui.redraw();
  }
  function feed(symbols) {                      // appends symbols and reads them; gives the milliseconds
    const n = net();
    ids.push(...symbols);
    anew = ids.length - from > n.longest;
    if (anew) {                                 // no position is left: the older half goes, the rest is read anew
      from = ids.length - Math.ceil(n.longest / 2);
      n.length = 0;
    }
    if (!cached()) n.length = 0;
    const start = performance.now();
    fresh = from + n.length;
    n.read(ids.slice(fresh));
    return performance.now() - start;
  }
  function write(symbol) {
    const ms = feed([symbol]), n = ids.length - from, s = spent[cached()];
    s[0] += ms;
    s[1] += 1;
    for (const way of [true, false]) made[way] += net().cost(n, way && !anew);
  }
  const odds = (i) => chances(net().logitsAt(i - from), setting("temperature"), setting("top-k") === "all" ? 0 : Number(setting("top-k")));
  function step() {
    if (ids.length >= MOST) return pause(FULL);
    write(pick(odds(ids.length - 1), uniform(setting("seed"), ids.length)));
    if (!playing) { chosen = null; say(); ui.redraw(); }
  }
  function rewrite(symbol) {                    // behind the character that is looked at, what came after it goes
    pause();
    if (at() + 1 >= MOST) return say(FULL);
    ids.length = at() + 1;
    net().length = ids.length - from;
    begun = Math.min(begun, ids.length);
    chosen = pointed = null;
    write(symbol);
    say();
    ui.redraw();
  }
  function tick(now) {
    if (!playing) return;
    if (!ui.root.isConnected) return pause();
    const box = ui.root.getBoundingClientRect(), pace = parseInt(setting("speed"), 10), before = performance.now();
    debt = Math.min(debt + ((now - clock) * (pace || 0)) / 1000, 5);
    clock = now;
    if (box.bottom > 0 && box.top < innerHeight) {
      while (playing && (pace ? debt >= 1 : performance.now() - before < SLICE)) { debt -= pace ? 1 : 0; step(); }
      if (playing && (!reducedMotion() || now - stamp > 500)) { stamp = now; ui.redraw(); }
    }
    requestAnimationFrame(tick);
  }
  function play() {
    playing = true;
    chosen = pointed = null;
    go.textContent = "❚❚ Pause";
    for (const e of [caption, heard]) e.setAttribute("aria-live", "off");
    clock = performance.now();
    debt = 1;
    requestAnimationFrame(tick);
  }
  function pause(why = "") {
    if (!playing) return why && say(why);
    playing = false;
    go.textContent = "▶ Write";
    for (const e of [caption, heard]) e.setAttribute("aria-live", "polite");
    say(why);
    ui.redraw();
  }
  function changed(name) {
    if (name === "net") {
      pause();
      spent = unspent();
      const typed = model.get("text"), scores = nets.map((_, k) => known(k, typed));
      if (scores[which()] < Math.max(...scores) || heads.some((h) => h.begin === typed)) {
        model.set("text", heads[which()].begin);
        model.save_changes();
      }
      restart();
    }
    ui.redraw();
  }
  function typed() {                            // the net that knows most of the characters takes over
    const scores = nets.map((_, k) => known(k, input.value)), best = scores.indexOf(Math.max(...scores));
    pause();
    model.set("text", input.value);
    model.save_changes();
    if (scores[best] > scores[which()]) c.set("net", best);
  }
  const pull = () => { if (input.value !== model.get("text")) input.value = model.get("text"); restart(); };
  input.addEventListener("input", typed, { signal });
  pressing(input, (e) => { if (e.key === "Enter" && !playing) play(); }, signal);
  model.on("change:text", pull);

  // ---- in words
  function say(why = "") {
    const wrote = ids.slice(begun).map((s) => alphabet()[s]).join("");
    told.textContent = why;
    heard.textContent = wrote && `${wrote.length} characters written${wrote.length > 60 ? ", the last of them" : ""}: ${wrote.slice(-60)}`;
  }
  const headName = () => `head ${(head % net().heads) + 1} of block ${Math.floor(head / net().heads) + 1}`;
  const looks = (t) => net().weightsAt(Math.floor(head / net().heads), head % net().heads, t - from);
  function describe() {
    const t = at(), w = looks(t), p = odds(t);
    const seen = largest(w, 3).filter((j) => w[j] >= 0.01).map((j) => `“${charOf(from + j)}” ${t - from - j ? `${t - from - j} back` : "(itself)"} ${percent(w[j])}`);
    const next = largest(p, 3).filter((s) => p[s] > 0).map((s) => `“${show(alphabet()[s])}” ${percent(p[s])}`);
    return `“${charOf(t)}”, character ${t + 1}, position ${t - from + 1} of ${net().longest}: ${headName()} looks at ${seen.join(", ")}. Expected next: ${next.join(", ")}${t + 1 < ids.length ? `; then came “${charOf(t + 1)}”` : ""}.`;
  }

  // ---- pictures
  const theme = {};                             // colours of now: asked for once a drawing
  const paint = (name) => (theme[name] ??= ui.color(name)), rgb = (code) => [1, 3, 5].map((i) => parseInt(code.slice(i, i + 2), 16));
  function drawText() {
    while (spans.length > ids.length) spans.pop().remove();
    for (let i = 0; i < ids.length; i++) {
      const ch = alphabet()[ids[i]];
      if (!spans[i]) text.append(spans[i] = make("span", {}));
      if (spans[i].ch !== ch) Object.assign(spans[i], { ch, textContent: ch === "\n" ? "⏎\n" : ch });
      const kind = i < from ? "bw-gone" : i < begun ? "bw-given" : "";
      if (spans[i].className !== kind) spans[i].className = kind;
    }
    for (const s of painted) s.style.backgroundColor = "";
    const t = at(), w = looks(t), [r, g, b] = rgb(paint("orange"));
    painted = spans.slice(from, t + 1);
    painted.forEach((s, j) => { if (w[j] >= 0.01) s.style.backgroundColor = `rgb(${r} ${g} ${b} / ${(0.6 * Math.sqrt(w[j])).toFixed(3)})`; });
    spans[t].classList.add("bw-at");
    if (ids.length !== shown) { shown = ids.length; text.scrollTop = text.scrollHeight; }
  }
  function drawChances() {
    const t = at(), p = odds(t), best = largest(p, BARS), came = t + 1 < ids.length ? ids[t + 1] : -1;
    chanceTitle.textContent = `next after “${ids.slice(Math.max(from, t - 9), t + 1).map((s) => show(alphabet()[s])).join("")}”; seed ${setting("seed")} draws “${show(alphabet()[pick(p, uniform(setting("seed"), t + 1))])}”`;
    rows.forEach((row, k) => {
      const s = best[k], share = p[s] ?? 0;
      row.hidden = s === undefined;
      if (row.hidden) return;
      row.symbol = s;
      row.word.textContent = show(alphabet()[s]);
      row.bar.style.width = `${100 * share}%`;
      row.share.textContent = share ? percent(share) : "cut off";
      row.className = s === came ? "bw-came" : "";
      row.setAttribute("aria-label", `write ${SHOWN[alphabet()[s]] ? (s === places[which()].get(" ") ? "a space" : "a new line") : alphabet()[s]}, ${row.share.textContent}`);
    });
  }
  const layer = make("canvas");
  // keys or values of all kept positions as a picture, a pixel a number: orange above zero, blue below
  function kept(v) {
    const D = net().width, n = net().length, im = new ImageData(net().longest, D), pixels = new Uint32Array(im.data.buffer);
    const [low, high] = ["blue", "orange"].map((name) => rgb(paint(name)).reduceRight((sum, part) => 256 * sum + part));
    for (let t = 0; t < n; t++) for (let d = 0; d < D; d++) {
      const a = v[t * D + d];
      pixels[d * im.width + t] = (a > 0 ? high : low) + 0x1000000 * Math.round(255 * Math.min(1, Math.abs(a) / 2));
    }
    Object.assign(layer, { width: im.width, height: D }).getContext("2d").putImageData(im, 0, 0);
    return layer;
  }
  const LEFT = 66, TOP = 18;
  const blockTop = (b) => TOP + b * (net().heads * HEAD + 2 * PICTURE + 4 + GAP);
  const column = (W) => (W - LEFT) / net().longest;
  function drawMap() {
    const n = net(), W = map.parentNode.clientWidth, H = blockTop(n.blocks) - GAP + 2, dpr = window.devicePixelRatio || 1, g = map.getContext("2d"), wide = column(W), t = at() - from;
    Object.assign(map, { width: Math.round(W * dpr), height: Math.round(H * dpr) }).style.height = `${H}px`;
    g.setTransform(dpr, 0, 0, dpr, 0, 0);
    g.font = FONT;
    g.textBaseline = "middle";
    g.fillStyle = paint("muted");
    g.fillText("computed", 0, 7);
    g.fillStyle = paint("line");
    g.fillRect(LEFT, 3, n.length * wide, 9);
    g.fillStyle = paint("orange");
    g.fillRect(LEFT + (fresh - from) * wide, 3, (n.length - fresh + from) * wide, 9);
    g.imageSmoothingEnabled = false;
    for (let b = 0; b < n.blocks; b++) {
      const y = blockTop(b), low = y + n.heads * HEAD + 2;
      g.fillStyle = paint("soft");
      g.fillRect(LEFT, y, W - LEFT, n.heads * HEAD);
      for (const k of [0, 1]) g.fillRect(LEFT, low + k * (PICTURE + 2), W - LEFT, PICTURE);
      for (let h = 0; h < n.heads; h++) {
        const w = n.weightsAt(b, h, t);
        g.fillStyle = paint("ink");
        for (let j = 0; j <= t; j++) {
          g.globalAlpha = Math.sqrt(w[j]);
          g.fillRect(LEFT + j * wide, y + h * HEAD + 1, wide, HEAD - 2);
        }
        g.globalAlpha = 1;
      }
      g.drawImage(kept(n.k[b]), LEFT, low, W - LEFT, PICTURE);
      g.drawImage(kept(n.v[b]), LEFT, low + PICTURE + 2, W - LEFT, PICTURE);
      g.fillStyle = paint("muted");
      g.fillText(`block ${b + 1}`, 0, y + HEAD / 2);
      g.fillText("heads", 0, y + HEAD / 2 + 15);
      g.fillText("keys", 0, low + PICTURE / 2);
      g.fillText("values", 0, low + PICTURE * 1.5 + 2);
    }
    g.strokeStyle = paint("blue");
    g.lineWidth = 1.5;
    g.strokeRect(LEFT + t * wide - 1, 1, wide + 2, H - 2);
    g.strokeRect(LEFT - 1, blockTop(Math.floor(head / n.heads)) + (head % n.heads) * HEAD, W - LEFT, HEAD);
    map.setAttribute("aria-label", `Weights of ${n.blocks * n.heads} heads over the characters of the window, and the keys and values of ${n.length} positions in ${n.blocks} blocks.`);
    mapTitle.textContent = `where each head looks from “${charOf(at())}”, and the keys and values`;
    const count = 2 * n.blocks * n.width * n.length;
    memory.textContent = cached()
      ? `kept: 2 × ${n.blocks} blocks × ${n.width} × ${n.length} positions = ${count.toLocaleString("en")} numbers${from ? `; the ${from} characters in grey have left the window` : ""}`
      : `nothing is kept: all ${n.length} positions are computed for every character`;
  }
  function drawCost() {
    for (const way of [true, false]) {
      const [ms, count] = spent[way], [one, all, speed] = cells[way];
      one.textContent = million(net().cost(ids.length - from, way && !anew));
      all.textContent = million(made[way]);
      speed.textContent = count >= LEAST ? Math.round((1000 * count) / Math.max(ms, 0.1)).toLocaleString("en") : `after ${LEAST} characters`;
      cells[way].row.className = way === cached() ? "bw-now" : "";
    }
  }
  function draw() {
    if (!ui.root.clientWidth || !ids.length) return;
    for (const name of Object.keys(theme)) delete theme[name];
    drawText();
    drawChances();
    drawMap();
    drawCost();
    caption.textContent = describe();
    ui.drawn();
  }

  // ---- pointer and keys
  const look = (t, kept) => { if (kept) [chosen, pointed] = [t, null]; else pointed = t; if (!playing) ui.redraw(); };
  const inWindow = (t) => (t >= from && t < ids.length ? t : null);
  function under(e) {                           // the character, and the head if there is one, under the pointer on the map
    const r = map.getBoundingClientRect(), y = e.clientY - r.top, t = inWindow(from + Math.floor((e.clientX - r.left - LEFT) / column(r.width)));
    for (let b = 0; b < net().blocks; b++) {
      const h = Math.floor((y - blockTop(b)) / HEAD);
      if (h >= 0 && h < net().heads) return [t, b * net().heads + h];
    }
    return [t, null];
  }
  text.addEventListener("pointermove", (e) => { if (e.pointerType !== "touch") look(inWindow(spans.indexOf(e.target)), false); }, { signal });
  text.addEventListener("click", (e) => { const t = inWindow(spans.indexOf(e.target)); if (t !== null) look(t, true); }, { signal });
  map.addEventListener("pointermove", (e) => { if (e.pointerType !== "touch") look(under(e)[0], false); }, { signal });
  map.addEventListener("click", (e) => {
    const [t, h] = under(e);
    head = h ?? head;
    look(t ?? chosen, true);
  }, { signal });
  for (const e of [text, map]) e.addEventListener("pointerleave", () => look(null, false), { signal });
  pressing(text, (e) => {
    const count = net().blocks * net().heads, move = { ArrowLeft: -1, ArrowRight: 1, Home: -MOST, End: MOST }[e.key], turn = { ArrowUp: count - 1, ArrowDown: 1 }[e.key];
    if (!move && !turn && e.key !== "Escape") return;
    e.preventDefault();
    if (turn) head = (head + turn) % count;
    look(e.key === "Escape" ? null : move ? Math.max(from, Math.min(ids.length - 1, at() + move)) : at(), true);
  }, signal);
  restart();
  draw();
  return () => { playing = false; model.off("change:text", pull); c.close(); ui.close(); };
}
export default { render };
