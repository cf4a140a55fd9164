// Words: a sum of word vectors, its nearest words as bars, and the two parts of each word's product with the sum.
const COUNT = 8, MANY = 60;                      // neighbours shown; suggestions offered while typing

// "a - b + c" → [{ sign, word }]; a sign may stand alone or at the front of a word
export function parse(text) {
  const found = [];
  let sign = 1;
  for (let token of text.toLowerCase().replace(/−/g, "-").split(/\s+/).filter(Boolean)) {
    if (token === "+" || token === "-") { sign = token === "+" ? 1 : -1; continue; }
    if (token.length > 1 && "+-".includes(token[0])) { sign = token[0] === "+" ? 1 : -1; token = token.slice(1); }
    found.push({ sign, word: token });
    sign = 1;
  }
  return found;
}
// number of letters to insert, delete or replace, or neighbours to swap
export function edits(a, b) {
  let before = [], row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] !== b[j - 1]));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) next[j] = Math.min(next[j], before[j - 2] + 1);
    }
    [before, row] = [row, next];
  }
  return row[b.length];
}
// the words of fewest edits; a wrong first letter is rarer than other slips, so it counts a little more
export function closest(word, names, count = 3) {
  const near = names.filter((w) => Math.abs(w.length - word.length) <= 2).map((w, i) => [edits(word, w) + (w[0] === word[0] ? 0 : 0.5), i, w]);
  return near.filter(([d]) => d <= Math.max(2, word.length / 2)).sort((a, b) => a[0] - b[0] || a[1] - b[1]).slice(0, count).map((r) => r[2]);
}
// int8 → rows of unit length
function unit(bytes, V, D) {
  const x = new Float32Array(V * D), signed = new Int8Array(bytes.buffer, bytes.byteOffset, V * D);
  for (let i = 0; i < V; i++) {
    let s = 0;
    for (let d = 0; d < D; d++) s += signed[i * D + d] ** 2;
    s = Math.sqrt(s);
    for (let d = 0; d < D; d++) x[i * D + d] = signed[i * D + d] / s;
  }
  return x;
}
async function render({ model, el, signal }) {
  const raw = await inflate(bytesOf(model.get("data"))), all = JSON.parse(new TextDecoder().decode(await inflate(bytesOf(model.get("texts")))));
  const params = model.get("params"), sizes = model.get("sizes"), examples = model.get("examples"), quiet = { "data-lm-suppress-shortcuts": "true" };
  let from = 0;
  const tables = sizes.map(([V, D], k) => {
    const x = unit(raw.subarray(from, from + V * D), V, D), names = all[k], place = new Map(names.map((w, i) => [w, i]));
    from += V * D;
    return { x, V, D, names, place };
  });
  const ui = shell("words", el, model.get("alt"), draw);
  const c = controls({ model, params, changed, signal });
  const id = uid(), list = make("datalist", { id: `${id}-list` }), input = make("input", { id, type: "text", list: `${id}-list`,
    autocomplete: "off", autocapitalize: "off", spellcheck: "false", value: model.get("query"), ...quiet });
  const pick = make("select", { id: `${id}-pick`, ...quiet });
  const note = make("p", { class: "bw-note", role: "status" }), canvas = make("canvas", { role: "img" });
  const bars = make("div", { class: "bw-scores" }), heard = make("p", { class: "bw-hidden", "aria-live": "polite" });
  ui.root.append(
    make("div", { class: "bw-ask" },
      make("label", { for: id, text: "words, + and −" }), input,
      make("label", { for: `${id}-pick`, text: "examples" }), pick),
    list, c.box, note, make("div", { class: "bw-found" }, bars, canvas), heard);
  const language = () => Number(c.pos.language || 0), table = () => tables[language()];

  function offer() {                            // examples of the language
    pick.replaceChildren(make("option", { value: "", text: "choose …" }), ...examples[language()].map((f) => make("option", { value: f, text: f.replace(/ - /g, " − ") })));
  }
  function suggest() {                          // completions of the last word
    const head = input.value.slice(0, input.value.length - input.value.match(/[^\s]*$/)[0].length), tail = input.value.slice(head.length).toLowerCase();
    const fits = tail ? table().names.filter((w) => w.startsWith(tail) && w !== tail).slice(0, MANY) : [];
    list.replaceChildren(...fits.map((w) => make("option", { value: head + w })));
  }
  function ask(text) {
    model.set("query", text);
    model.save_changes();
    ui.redraw();
  }
  function changed(name) {
    if (name === "language") {
      offer();
      input.value = examples[language()][0];
      ask(input.value);
    }
    ui.redraw();
  }
  input.addEventListener("input", () => { suggest(); ask(input.value); }, { signal });
  pick.addEventListener("change", () => { if (pick.value) { input.value = pick.value; ask(pick.value); } }, { signal });
  const pull = () => { if (input.value !== model.get("query")) input.value = model.get("query"); ui.redraw(); };
  model.on("change:query", pull);

  function solve() {
    const { x, V, D, names, place } = table(), asked = parse(model.get("query"));
    if (!asked.length) return { problem: "Type words of the chosen language with + and − between them." };
    const strange = asked.find((p) => !place.has(p.word));
    if (strange) {
      const near = closest(strange.word, names);
      return { problem: `“${strange.word}” is not among the ${V.toLocaleString("en")} words here.` + (near.length ? ` Did you mean ${near.join(", ")}?` : " Nothing is spelled like it.") };
    }
    const target = new Float32Array(D), first = new Float32Array(D);          // the sum, and its first word alone
    asked.forEach(({ sign, word }, k) => {
      for (let d = 0; d < D; d++) target[d] += sign * x[place.get(word) * D + d];
      if (!k) first.set(target);
    });
    const norm = Math.hypot(...target);
    if (norm < 1e-6) return { problem: "The sum is zero: it points nowhere." };
    const rest = target.map((q, d) => q - first[d]);
    for (let d = 0; d < D; d++) target[d] /= norm;
    const used = new Set(asked.map((p) => place.get(p.word))), keep = params.length > 1 && params[1].text[c.pos[params[1].name]] === "True";
    const scored = [];
    for (let i = 0; i < V; i++) {
      if (!keep && used.has(i)) continue;
      let s = 0;
      for (let d = 0; d < D; d++) s += target[d] * x[i * D + d];
      scored.push([s, i]);
    }
    scored.sort((a, b) => b[0] - a[0]);
    return { asked, target, first, rest, level: scored[0][0] * norm, used: [...used], best: scored.slice(0, COUNT) };
  }
  function draw() {
    const answer = solve(), { x, D, names } = table();
    note.textContent = answer.problem || "";
    ui.root.classList.toggle("bw-lost", Boolean(answer.problem));
    if (answer.problem) {
      bars.replaceChildren();
      heard.textContent = "";
      canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
      canvas.setAttribute("aria-label", answer.problem);
      return ui.drawn();
    }
    bars.replaceChildren(...answer.best.map(([s, i], k) => {
      const fill = make("i");
      fill.style.width = `${Math.max(0, Math.min(1, s)) * 100}%`;
      return make("div", { class: k ? "" : "bw-best" }, make("span", { text: names[i] }), make("span", { class: "bw-bar" }, fill), make("span", { text: s.toFixed(2).replace("-", "−") }));
    }));
    const told = `nearest: ${answer.best.map(([, i]) => names[i]).join(", ")}`;
    if (heard.textContent !== told) heard.textContent = told;
    const near = answer.best.map(([, i]) => i), shown = [...new Set([...answer.used, ...near])];
    const dot = (a, b) => a.reduce((s, q, d) => s + q * b[d], 0), rows = [answer.target, ...shown.map((i) => x.subarray(i * D, (i + 1) * D))];
    const [begin, ...others] = answer.asked.map(({ sign, word }, k) => (sign < 0 ? "− " : k > 1 ? "+ " : "") + word), across = `like ${begin}`, up = `like ${others.join(" ")}`;
    canvas.style.display = others.length ? "" : "none";        // one word: the bars say it all
    map(rows.map((r) => [dot(r, answer.first), dot(r, answer.rest)]), ["the sum", ...shown.map((i) => names[i])],
      ["gold", ...shown.map((i) => (answer.used.includes(i) ? "orange" : "blue"))], across, up, answer.level);
    canvas.setAttribute("aria-label", `Map: the sum, its words ${answer.used.map((i) => names[i]).join(", ")}, and ${told}; to the right ${across}, upwards ${up}`);
    ui.drawn();
  }
  // words by their product with the first word and with the rest of the sum, on equal scales: the score is x + y
  function map(at, names, colours, across, up, level) {
    const W = canvas.parentNode.lastChild.clientWidth, H = 300, dpr = window.devicePixelRatio || 1, g = canvas.getContext("2d"), edge = 26;
    if (!W) return;
    canvas.width = Math.round(W * dpr);
    canvas.height = Math.round(H * dpr);
    canvas.style.height = `${H}px`;
    g.setTransform(dpr, 0, 0, dpr, 0, 0);
    g.font = '13px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';
    g.textBaseline = "middle";
    const span = (k) => [Math.min(...at.map((p) => p[k])), Math.max(...at.map((p) => p[k]))], [x0, x1] = span(0), [y0, y1] = span(1);
    const scale = Math.min((W - 2 * edge) / (x1 - x0 || 1), (H - 2 * edge) / (y1 - y0 || 1));
    const px = (p) => W / 2 + (p[0] - (x0 + x1) / 2) * scale, py = (p) => H / 2 - (p[1] - (y0 + y1) / 2) * scale;
    g.fillStyle = g.strokeStyle = ui.color("muted");
    g.textAlign = "left";
    g.fillText(`${up} ↑`, 0, 8);
    g.textAlign = "right";
    g.fillText(`${across} →`, W, H - 8);
    g.setLineDash([4, 4]);                      // as near to the sum as the best word
    g.beginPath();
    g.moveTo(px([level - y1, 0]), py([0, y1]));
    g.lineTo(px([level - y0, 0]), py([0, y0]));
    g.stroke();
    g.setLineDash([]);
    const taken = [];
    at.forEach((p, i) => {
      const X = px(p), Y = py(p), wide = g.measureText(names[i]).width, left = X + 8 + wide > W;
      let y = Y;
      for (let k = 1; k < 16 && taken.some(([a, b, w]) => Math.abs(b - y) < 15 && (left ? X - 8 - wide : X + 8) < a + w && a < (left ? X - 8 : X + 8 + wide)); k++) y = Y + (k % 2 ? 1 : -1) * 8 * Math.ceil(k / 2);
      y = Math.max(8, Math.min(H - 8, y));
      taken.push([left ? X - 8 - wide : X + 8, y, wide]);
      g.fillStyle = ui.color(colours[i]);
      g.beginPath();
      if (i) g.arc(X, Y, 4, 0, 7);
      else g.rect(X - 5, Y - 5, 10, 10);
      g.fill();
      g.fillStyle = ui.color(`${colours[i]}-text`);
      g.textAlign = left ? "right" : "left";
      g.fillText(names[i], X + (left ? -8 : 8), y);
    });
  }
  offer();
  draw();
  return () => { model.off("change:query", pull); c.close(); ui.close(); };
}
export default { render };
