// What a widget shows at first, in numbers, for stills.py. Runs while the book is built, behind the widgets' own engines.
function settings({ params, index }) {
  const at = (name) => params.findIndex((p) => p.name === name);
  return { text: (name) => params[at(name)].text[index[at(name)]], number: (name) => params[at(name)].values[index[at(name)]] };
}

function playgroundStill(state, cells, fine) {
  const { text, number } = settings(state), seed = 3 * number("seed");
  const layers = state.hidden.slice(0, Number(text("layers"))), { curve, own, given, origin } = state;
  const data = makeData({ data: text("data"), points: number("points"), noise: number("noise"), curve, own, given }, new Random(seed));
  const net = new Net([data.D, ...layers.map((r) => r[0]), 1], layers.map((r) => r[1])), begin = text("start").replace("one scale ", "");
  if (begin === "your net") net.w.set(origin.weights);
  else net.draw(begin, new Random(seed + 1));
  const n = data.D === 1 ? fine : cells * cells, order = Uint32Array.from({ length: n }, (_, k) => k);
  const middle = (k) => data.side * ((2 * k + 1) / cells - 1);
  const x = Float64Array.from({ length: n * data.D }, (_, k) =>
    data.D === 1 ? data.side * ((2 * k) / (fine - 1) - 1) : k % 2 ? -middle(Math.floor(k / 2 / cells)) : middle((k / 2) % cells));
  const units = net.sizes.map((m) => Array.from({ length: m }, () => []));
  for (let e = 0; e < n; e += LANES) {
    net.load(x, order, e, n);
    net.forward(null);
    for (let l = 0; l < net.sizes.length; l++) for (let u = 0; u < net.sizes[l]; u++)
      for (let b = 0; b < LANES && e + b < n; b++) units[l][u].push(net.h[LANES * (net.from[l] + u) + b]);
  }
  return { D: data.D, side: data.side, x: [...data.x], y: [...data.y], units, weights: layersOf(net, net.w).map((layer) => layer.weight) };
}

function gptStill(state, bytes) {
  const { text, number } = settings(state), which = state.nets.findIndex((head) => head.name === text("net")), head = state.nets[which];
  const net = netsOf(state.nets, Uint8Array.from(bytes))[which], symbols = [...head.alphabet];
  const written = [...state.text].filter((ch) => symbols.includes(ch)).slice(-head.longest);
  net.read(written.map((ch) => symbols.indexOf(ch)));
  const t = net.length - 1, p = chances(net.logitsAt(t), number("temperature"), text("top-k") === "all" ? 0 : Number(text("top-k")));
  const best = [...p.keys()].sort((a, b) => p[b] - p[a]).slice(0, 8).map((i) => [symbols[i], p[i]]);
  const heads = Array.from({ length: head.blocks * head.heads }, (_, h) => [...net.weightsAt(Math.floor(h / head.heads), h % head.heads, t)]);
  return { written, best, heads, each: head.heads };
}

function convnetStill(state, bytes) {
  const W = unpacked(Uint8Array.from(bytes), state.arrays, Float64Array), [black, white] = state.range;
  const maps = forward(state.layers, W, Float64Array.from(state.drawn, (v) => black + (v / 255) * (white - black)));
  return { maps: maps.map(({ y }) => [...y]), chances: softmax(maps[maps.length - 1].y) };
}
