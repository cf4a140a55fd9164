// Convnet's engine: a small convolutional network in float64, and how one of its values comes about.
// layers[0] is the picture. A layer: { kind, from: [layers], shape: [maps, height, width], act } and for windows k, stride,
// pad (rows, columns), for a convolution the places w and b in the weights. A linear layer is a convolution whose window is
// all that lies before it.
export const ACTS = { none: (v) => v, relu: (v) => (v > 0 ? v : 0), sigmoid: (v) => 1 / (1 + Math.exp(-v)), tanh: Math.tanh };

const KINDS = {
  conv(L, z, W, x, [c, h, w]) {
    const [n, H, N] = L.shape, { k: [K, V], stride: [si, sj], pad: [pi, pj] } = L, g = W[L.w], b = W[L.b];
    for (let q = 0; q < n; q++) {
      z.fill(b[q], q * H * N, (q + 1) * H * N);
      for (let d = 0; d < c; d++) for (let u = 0; u < K; u++) for (let v = 0; v < V; v++) {
        const tap = g[((q * c + d) * K + u) * V + v];
        const from = Math.max(0, Math.ceil((pj - v) / sj)), to = Math.min(N, Math.floor((w - 1 + pj - v) / sj) + 1);
        for (let i = 0; i < H; i++) {
          const r = i * si + u - pi;
          if (r < 0 || r >= h) continue;
          const a = (d * h + r) * w + v - pj, e = (q * H + i) * N;
          for (let j = from; j < to; j++) z[e + j] += tap * x[a + j * sj];
        }
      }
    }
  },
  max: (L, z, W, x, shape) => pool(L, z, x, shape, -Infinity, Math.max, 1),
  mean: (L, z, W, x, shape) => pool(L, z, x, shape, 0, (a, v) => a + v, L.k[0] * L.k[1]),
  sum: (L, z, W, x, shape, y) => { for (let i = 0; i < z.length; i++) z[i] = x[i] + y[i]; },
  copy: (L, z, W, x) => z.set(x),
};
function pool({ shape: [n, H, N], k: [K, V], stride: [si, sj], pad: [pi, pj] }, z, x, [c, h, w], zero, join, divide) {
  for (let d = 0; d < n; d++) for (let i = 0; i < H; i++) for (let j = 0; j < N; j++) {
    let a = zero;
    for (let u = 0; u < K; u++) for (let v = 0; v < V; v++) {
      const r = i * si + u - pi, q = j * sj + v - pj;
      if (r >= 0 && r < h && q >= 0 && q < w) a = join(a, x[(d * h + r) * w + q]);
    }
    z[(d * H + i) * N + j] = a / divide;
  }
}

// The maps of every layer for a picture x: [{ z, y }], before and after the activation. `last` is filled again, if given.
export function forward(layers, W, x, last) {
  const maps = last || layers.map(({ shape: [c, h, w], act }, i) => {
    const z = new Float64Array(c * h * w);
    return { z, y: i && act !== "none" ? new Float64Array(c * h * w) : z };
  });
  maps[0].z.set(x);
  layers.forEach((L, n) => {
    if (!n) return;
    const { z, y } = maps[n], [a, b] = L.from;
    KINDS[L.kind](L, z, W, maps[a].y, layers[a].shape, b === undefined ? null : maps[b].y);
    if (y !== z) { const f = ACTS[L.act]; for (let i = 0; i < z.length; i++) y[i] = f(z[i]); }
  });
  return maps;
}
export function softmax(z) {
  const m = Math.max(...z), e = Array.from(z, (v) => Math.exp(v - m)), s = e.reduce((a, b) => a + b);
  return e.map((v) => v / s);
}

// How value (c, i, j) of layer n comes about. parts: for each map that it looks at { from, map, top, left, k, x, w }, the
// window's place, its values (0 outside) and weights; products of all parts + bias = z, the activation makes it y. The
// weights of a maximum are 0 but for its winner.
export function explain(layers, W, maps, n, c, i, j) {
  const L = layers[n], [, H, N] = L.shape, at = (c * H + i) * N + j, parts = [];
  const seen = (from, map, k, top, left, weight) => {
    const [, h, w] = layers[from].shape, x = new Float64Array(k[0] * k[1]), inside = new Uint8Array(x.length);
    for (let u = 0; u < k[0]; u++) for (let v = 0; v < k[1]; v++) {
      const r = top + u, q = left + v, e = u * k[1] + v;
      inside[e] = r >= 0 && r < h && q >= 0 && q < w;
      if (inside[e]) x[e] = maps[from].y[(map * h + r) * w + q];
    }
    parts.push({ from, map, top, left, k, x, inside, w: Float64Array.from(x, (_, e) => weight(e)) });
    return parts[parts.length - 1];
  };
  if (L.kind === "sum" || L.kind === "copy") for (const from of L.from) seen(from, c, [1, 1], i, j, () => 1);
  else {
    const [from] = L.from, top = i * L.stride[0] - L.pad[0], left = j * L.stride[1] - L.pad[1], size = L.k[0] * L.k[1];
    if (L.kind === "conv") {
      const depth = layers[from].shape[0];
      for (let d = 0; d < depth; d++) seen(from, d, L.k, top, left, (e) => W[L.w][(c * depth + d) * size + e]);
    } else {
      const part = seen(from, c, L.k, top, left, () => 1 / size);
      if (L.kind === "max") {
        let best = -1;
        part.x.forEach((v, e) => { if (part.inside[e] && (best < 0 || v > part.x[best])) best = e; });
        part.w.fill(0);
        part.w[best] = 1;
      }
    }
  }
  const sums = parts.map(({ x, w }) => x.reduce((a, v, e) => a + v * w[e], 0));
  return { parts, sums, sum: sums.reduce((a, v) => a + v), bias: L.kind === "conv" ? W[L.b][c] : 0, z: maps[n].z[at], y: maps[n].y[at] };
}
