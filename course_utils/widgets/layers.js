// Layers: one network as four rows of bars; the pointer or the arrow keys choose the layer that is put into words.
const ROWS = [
  { text: "side of the map, in values", color: "blue", of: (L) => L[1][1] || 1 },
  { text: "receptive field, in pixels", color: "green", of: (L) => L[4] },
  { text: "parameters", color: "orange", of: (L) => L[2] },
  { text: "multiply-adds", color: "purple", of: (L) => L[3] },
];
const HEIGHT = 62, HEAD = 22, FOOT = 6;          // CSS pixels of the bars of a row, of its title, and below
export function short(v) {                        // 61706 → "61.7 k"
  const units = [[1e9, " G"], [1e6, " M"], [1e3, " k"]];
  const found = units.find(([u]) => v >= u);
  return found ? (v / found[0]).toPrecision(3) + found[1] : String(v);
}

async function render({ model, el, signal }) {
  const nets = model.get("nets"), params = model.get("params"), quiet = { "data-lm-suppress-shortcuts": "true" };
  const ui = shell("layers", el, model.get("alt"), draw);
  const c = controls({ model, params, changed: () => choose(0), signal });
  const canvas = make("canvas", { tabindex: 0, role: "application", "aria-label": "The layers. Arrow keys choose one.", ...quiet });
  const caption = make("p", { class: "bw-caption", "aria-live": "polite" });
  ui.root.append(c.box, canvas, caption);
  const net = () => nets[c.pos.network];
  let at = Math.max(0, Math.min(net().length - 1, model.get("at")));

  function choose(i) {
    at = Math.max(0, Math.min(net().length - 1, i));
    model.set("at", at);
    model.save_changes();
    ui.redraw();
  }
  const pull = () => { at = Math.max(0, Math.min(net().length - 1, model.get("at"))); ui.redraw(); };
  model.on("change:at", pull);

  function words() {
    const [name, shape, p, m, field] = net()[at], total = (k) => net().reduce((a, L) => a + L[k], 0);
    const share = (v, all) => (all ? `${((100 * v) / all).toPrecision(2)} %` : "0 %");
    const out = (s) => make("span", { text: s });
    caption.replaceChildren(
      make("strong", { text: `layer ${at + 1} of ${net().length}: ${name}` }),
      out(`puts out ${shape.join(" × ")} values; one of them sees ${field} × ${field} pixels`),
      out(`${p.toLocaleString("en")} parameters, ${share(p, total(2))} of ${short(total(2))}`),
      out(`${m.toLocaleString("en")} multiply-adds, ${share(m, total(3))} of ${short(total(3))}`));
  }
  function draw() {
    const W = ui.root.clientWidth, dpr = window.devicePixelRatio || 1;
    if (!W) return;
    const H = ROWS.length * (HEAD + HEIGHT + FOOT), list = net(), wide = W / list.length, g = canvas.getContext("2d");
    canvas.width = Math.round(W * dpr);
    canvas.height = Math.round(H * dpr);
    canvas.style.height = `${H}px`;
    g.setTransform(dpr, 0, 0, dpr, 0, 0);
    g.font = '12px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';
    g.textBaseline = "middle";
    g.fillStyle = ui.color("line");
    g.fillRect(at * wide, 0, Math.max(wide, 2), H);
    ROWS.forEach((row, k) => {
      const y = k * (HEAD + HEIGHT + FOOT) + HEAD, top = Math.max(...list.map(row.of));
      g.fillStyle = ui.color("ink");
      g.textAlign = "left";
      g.fillText(row.text, 2, y - HEAD / 2);
      g.textAlign = "right";
      g.fillText(`tallest: ${short(top)}`, W - 2, y - HEAD / 2);
      list.forEach((L, i) => {
        const v = row.of(L), h = v ? Math.max(1, (v / top) * HEIGHT) : 0, gap = wide > 4 ? 1 : 0;
        g.globalAlpha = i === at ? 1 : 0.72;
        g.fillStyle = ui.color(row.color);
        g.fillRect(i * wide + gap / 2, y + HEIGHT - h, wide - gap, h);
      });
      g.globalAlpha = 1;
      g.fillStyle = ui.color("muted");
      g.fillRect(0, y + HEIGHT, W, 1);
    });
    words();
    ui.drawn();
  }

  const point = (e) => {
    const b = canvas.getBoundingClientRect();
    const i = Math.floor(((e.clientX - b.left) / b.width) * net().length);
    if (e.type === "click") return choose(i);
    at = Math.max(0, Math.min(net().length - 1, i)); // pointed at only: not kept
    ui.redraw();
  };
  pointing(canvas, point, signal);
  pressing(canvas, (e) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10, Home: -1e6, End: 1e6 }[e.key];
    if (!step) return;
    e.preventDefault();
    choose(at + step);
  }, signal);
  draw();
  return () => { model.off("change:at", pull); c.close(); ui.close(); };
}
export default { render };
