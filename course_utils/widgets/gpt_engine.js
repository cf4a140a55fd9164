// A GPT over typed arrays: int8 matrices with a scale for each row, and a cache of keys and values.

// the nets, and the bytes of all: of each net the float32 (scales and vectors, in the order of its layout), then the int8
export function netsOf(heads, raw) {
  let from = 0;
  return heads.map((head) => {
    const floats = head.layout.reduce((sum, [, rows]) => sum + rows, 0), codes = head.layout.reduce((sum, [, rows, columns]) => sum + rows * (columns || 0), 0);
    const bytes = raw.slice(from, from + 4 * floats + codes);
    from += bytes.length;
    return new GPT(head, new Float32Array(bytes.buffer, 0, floats), new Int8Array(bytes.buffer, 4 * floats));
  });
}

export class GPT {
  constructor({ layout, width, heads, blocks, longest }, floats, codes) {
    let f = 0, c = 0;
    this.w = {};
    for (const [name, rows, columns] of layout) {
      const v = floats.subarray(f, f += rows);
      this.w[name] = columns ? { rows, columns, scale: v, codes: codes.subarray(c, c += rows * columns) } : v;
    }
    Object.assign(this, { width, heads, blocks, longest, symbols: this.w["embed.weight"].rows });
    const each = (size) => Array.from({ length: blocks }, () => new Float32Array(size));
    this.k = each(longest * width);             // keys and values, position by position
    this.v = each(longest * width);
    this.alpha = each(heads * longest * longest); // weights [head][who asks][who is asked]
    this.logits = new Float32Array(longest * this.symbols);
    this.length = 0;                            // positions whose keys and values are kept
    this.products = 0;                          // multiplications of matrix products since the start, as PyTorch counts them
  }

  // reads the symbols behind those kept, all in one pass, and keeps their keys and values; `length` = 0 forgets
  read(y) {
    const D = this.width, m = y.length, seen = this.length, n = seen + m, x = new Float64Array(m * D);
    const embed = this.w["embed.weight"], place = this.w["place.weight"];
    if (n > this.longest) throw new RangeError(`position ${n} of ${this.longest}`);
    for (let i = 0; i < m; i++) for (let d = 0; d < D; d++) {
      const t = seen + i;
      x[i * D + d] = embed.codes[y[i] * D + d] * embed.scale[y[i]] + place.codes[t * D + d] * place.scale[t];
    }
    for (let b = 0; b < this.blocks; b++) {
      const name = `blocks.${b}`, z = this.norm(`${name}.norm1`, x, m), part = (p) => this.linear(`${name}.self_attn.${p}`, z, m);
      const q = part("q");
      this.k[b].set(part("k"), seen * D);
      this.v[b].set(part("v"), seen * D);
      add(x, this.linear(`${name}.self_attn.mix`, this.attend(b, q, m, n), m));
      const hidden = this.linear(`${name}.linear1`, this.norm(`${name}.norm2`, x, m), m);
      for (let i = 0; i < hidden.length; i++) hidden[i] = Math.max(0, hidden[i]);
      add(x, this.linear(`${name}.linear2`, hidden, m));
    }
    this.logits.set(this.linear("out", this.norm("norm", x, m), m), seen * this.symbols);
    this.length = n;
  }

  // layer norm of the m rows of x
  norm(name, x, m) {
    const D = this.width, gain = this.w[`${name}.weight`], bias = this.w[`${name}.bias`], z = new Float64Array(m * D);
    for (let i = 0; i < m; i++) {
      let mean = 0, spread = 0;
      for (let d = 0; d < D; d++) mean += x[i * D + d] / D;
      for (let d = 0; d < D; d++) spread += (x[i * D + d] - mean) ** 2 / D;
      const by = 1 / Math.sqrt(spread + 1e-5);
      for (let d = 0; d < D; d++) z[i * D + d] = (x[i * D + d] - mean) * by * gain[d] + bias[d];
    }
    return z;
  }

  linear(name, x, m) {
    const { rows, columns, scale, codes } = this.w[`${name}.weight`], bias = this.w[`${name}.bias`], z = new Float64Array(m * rows);
    for (let i = 0; i < m; i++) for (let r = 0; r < rows; r++) {
      let sum = 0;
      for (let c = 0, k = r * columns, e = i * columns; c < columns; c++) sum += codes[k++] * x[e++];
      z[i * rows + r] = sum * scale[r] + bias[r];
    }
    this.products += m * rows * columns;
    return z;
  }

  // the last m of n positions ask all; the mask hides what lies behind each
  attend(b, q, m, n) {
    const D = this.width, d = D / this.heads, k = this.k[b], v = this.v[b], z = new Float64Array(m * D), s = new Float64Array(n);
    for (let h = 0; h < this.heads; h++) for (let i = 0; i < m; i++) {
      const t = n - m + i, at = h * d;
      for (let j = 0; j < n; j++) {
        let sum = 0;
        for (let e = 0; e < d; e++) sum += q[i * D + at + e] * k[j * D + at + e];
        s[j] = sum / Math.sqrt(d);
      }
      s.fill(-Infinity, t + 1);
      const p = softmax(s);
      this.alpha[b].set(p, (h * this.longest + t) * this.longest);
      for (let j = 0; j < n; j++) for (let e = 0; e < d; e++) z[i * D + at + e] += p[j] * v[j * D + at + e];
    }
    this.products += 2 * m * n * D;
    return z;
  }

  // multiplications for the n-th character of a window, by formula
  cost(n, cached) {
    const D = this.width, m = cached ? 1 : n;
    return m * (this.blocks * (12 * D * D + 2 * n * D) + D * this.symbols);
  }
  logitsAt(t) { return this.logits.subarray(t * this.symbols, (t + 1) * this.symbols); }
  weightsAt(b, h, t) { const from = (h * this.longest + t) * this.longest; return this.alpha[b].subarray(from, from + t + 1); }
}

function add(x, z) { for (let i = 0; i < x.length; i++) x[i] += z[i]; }
function softmax(s) {
  const top = Math.max(...s), p = s.map((v) => Math.exp(v - top)), sum = p.reduce((a, v) => a + v, 0);
  return p.map((v) => v / sum);
}
// probabilities at a temperature, all but the k largest set to 0; k = 0 keeps all
export function chances(logits, temperature, k) {
  const s = Float64Array.from(logits, (v) => v / temperature);
  if (k) [...s.keys()].sort((a, b) => s[b] - s[a] || a - b).slice(k).forEach((i) => { s[i] = -Infinity; });
  return softmax(s);
}
// the symbol at which the sum of the probabilities passes u, 0 <= u < 1
export function pick(p, u) {
  let last = 0;
  for (let i = 0; i < p.length; i++) {
    if (p[i] > 0) last = i;
    u -= p[i];
    if (u < 0) return i;
  }
  return last;                                  // the sum may miss 1 by a rounding
}
// a number from 0 to 1 that depends on the seed and the place alone, so the same text comes with and without the cache
export function uniform(seed, place) {
  let s = Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(place + 1, 0x85ebca6b);
  for (const m of [0x7feb352d, 0x846ca68b]) s = Math.imul(s ^ (s >>> 16), m) ^ (s >>> 15);
  return ((s ^ (s >>> 16)) >>> 0) / 4294967296;
}
