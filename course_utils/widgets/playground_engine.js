// Playground, the engine: a small network with its gradients and optimisers, plain loops over typed arrays.
// Numbers are those of PyTorch in float64; tests compare every activation, start, optimiser and penalty.
export const ACTIVATIONS = ["linear", "ReLU", "leaky ReLU", "ELU", "tanh", "sigmoid"];
const [LINEAR, RELU, LEAKY, ELU, TANH] = [0, 1, 2, 3, 4];
const LANES = 5;                                // examples side by side: a processor has time for more than one
const LEFT = 0.1;                               // slope of the leaky ReLU left of zero
const BETA = 0.9, BETA2 = 0.999, ALPHA = 0.99;  // defaults of PyTorch: momentum and Adam, Adam, RMSProp
const NEARLY_FLAT = 0.01;                       // a unit whose slope is below this at every point is dead

// Marsaglia's xorshift of 32 bits (2003): so short that the copied PyTorch code carries it along
export class Random {
  constructor(seed) {
    this.state = Math.imul(seed + 1, 0x9e3779b1) | 0;
    for (let i = 0; i < 8; i++) this.next();
  }
  next() {                                      // uniform, 0 <= u < 1
    let s = this.state;
    s ^= s << 13;
    s ^= s >>> 17;
    s ^= s << 5;
    this.state = s;
    return (s >>> 0) / 4294967296;
  }
  normal() {
    const r = Math.sqrt(-2 * Math.log(1 - this.next()));
    return r * Math.cos(2 * Math.PI * this.next());
  }
}

// standard deviation of the weights of a layer with n inputs and m outputs
export function deviation(start, n, m) {
  if (start === "zeros") return 0;
  if (start === "Xavier") return Math.sqrt(2 / (n + m));
  if (start === "He") return Math.sqrt(2 / n);
  return Number(start);                         // one scale for all layers
}

// loss of a logit or value z: "cross-entropy" with y = ±1, or "squares"
function lossOf(squares, z, y) {
  if (squares) return (z - y) * (z - y);
  const t = -y * z;
  return Math.max(t, 0) + Math.log1p(Math.exp(-Math.abs(t)));
}
function lossSlope(squares, z, y) {
  return squares ? 2 * (z - y) : -y / (1 + Math.exp(y * z));
}

// e to the power of x, |x| <= 700, to about fifteen digits and in a third of the time of Math.exp: 2 to the power of n / 64
// from two tables, and a short series for the rest, which is below 0.006
const PART = Float64Array.from({ length: 64 }, (_, i) => 2 ** (i / 64));
const WHOLE = Float64Array.from({ length: 2048 }, (_, i) => 2 ** (i - 1024));
const LN2_64 = Math.LN2 / 64, PER_LN2 = 64 / Math.LN2, ROUND = 1.5 * 2 ** 52; // adding and taking away ROUND rounds to a whole number
function exp(x) {
  const n = x * PER_LN2 + ROUND - ROUND, r = x - n * LN2_64;
  return WHOLE[(n >> 6) + 1024] * PART[n & 63] * (1 + r * (1 + r * (1 / 2 + r * (1 / 6 + r * (1 / 24 + r / 120)))));
}
const limit = (z, most) => (z > most ? most : z < -most ? -most : z);

// activations of h[from] to h[to - 1] in place
function activate(kind, h, from, to) {
  if (kind === RELU) { for (let i = from; i < to; i++) if (h[i] < 0) h[i] = 0; }
  else if (kind === LEAKY) { for (let i = from; i < to; i++) if (h[i] < 0) h[i] *= LEFT; }
  else if (kind === ELU) { for (let i = from; i < to; i++) if (h[i] < 0) h[i] = Math.expm1(h[i]); }
  else if (kind === TANH) { for (let i = from; i < to; i++) h[i] = 1 - 2 / (exp(2 * limit(h[i], 350)) + 1); }
  else if (kind !== LINEAR) { for (let i = from; i < to; i++) h[i] = 1 / (1 + exp(-limit(h[i], 700))); }
}
// slope of an activation where its answer is v
function slope(kind, v) {
  if (kind === RELU) return v > 0 ? 1 : 0;
  if (kind === LEAKY) return v > 0 ? 1 : LEFT;
  if (kind === ELU) return v > 0 ? 1 : v + 1;
  if (kind === TANH) return (1 - v) * (1 + v);
  return kind === LINEAR ? 1 : v * (1 - v);
}
// the same for a stretch of units, the commonest two without a call
function throughSlope(kind, h, d, from, to) {
  if (kind === RELU) { for (let i = from; i < to; i++) if (!(h[i] > 0)) d[i] = 0; }
  else if (kind === TANH) { for (let i = from; i < to; i++) d[i] *= (1 - h[i]) * (1 + h[i]); }
  else if (kind !== LINEAR) { for (let i = from; i < to; i++) d[i] *= slope(kind, h[i]); }
}

// sizes: units of each layer, inputs first, one output last; kinds: a name from ACTIVATIONS for each hidden layer.
// All weights lie in one array w: those of layer l from at[l], row by row, then its biases. The answers
// of unit u to five examples lie in h[5u] to h[5u + 4]; those of layer l are the units from from[l].
export class Net {
  constructor(sizes, kinds) {
    const L = sizes.length - 1, units = sizes.reduce((a, b) => a + b);
    this.sizes = sizes;
    this.names = kinds;
    this.kinds = [...kinds.map((k) => ACTIVATIONS.indexOf(k)), LINEAR];
    this.at = [0];
    this.from = [0];
    for (let l = 0; l < L; l++) {
      this.at.push(this.at[l] + (sizes[l] + 1) * sizes[l + 1]);
      this.from.push(this.from[l] + sizes[l]);
    }
    this.w = new Float64Array(this.at[L]);
    this.g = new Float64Array(this.at[L]);
    this.h = new Float64Array(LANES * units);
    this.d = new Float64Array(LANES * units);       // gradient of the loss in the sum of each unit
  }

  // Four decimals are kept, so that code and links can carry the start exactly; biases begin at zero.
  draw(start, random) {
    const { sizes, at, w } = this;
    for (let l = 0; l + 1 < sizes.length; l++) {
      const scale = deviation(start, sizes[l], sizes[l + 1]), end = at[l] + sizes[l] * sizes[l + 1];
      for (let k = at[l]; k < end; k++) w[k] = Math.round(1e4 * scale * random.normal()) / 1e4;
      w.fill(0, end, at[l + 1]);
    }
  }

  // h holds the inputs of five examples; fills the rest. mask: a factor for each unit of h, or null.
  forward(mask) {
    const { sizes, kinds, at, from, w, h } = this, L = sizes.length - 1;
    for (let l = 0; l < L; l++) {
      const n = sizes[l], m = sizes[l + 1], src = LANES * from[l], dst = LANES * from[l + 1], end = dst + LANES * m;
      let k = at[l], bias = k + n * m;
      for (let p = dst; p < end; p += LANES) {
        const b = w[bias++];
        let s0 = b, s1 = b, s2 = b, s3 = b, s4 = b;
        for (let q = src; q < dst; q += LANES) {
          const v = w[k++];
          s0 += v * h[q];
          s1 += v * h[q + 1];
          s2 += v * h[q + 2];
          s3 += v * h[q + 3];
          s4 += v * h[q + 4];
        }
        h[p] = s0;
        h[p + 1] = s1;
        h[p + 2] = s2;
        h[p + 3] = s3;
        h[p + 4] = s4;
      }
      activate(kinds[l], h, dst, end);
      if (mask && l < L - 1) for (let p = dst; p < end; p++) h[p] *= mask[p];
    }
  }

  // After forward: adds the gradients of five examples to g. The last five of d hold the slopes of the loss in the
  // outputs; keep: the share of units that dropout keeps.
  backward(mask, keep) {
    const { sizes, kinds, at, from, w, g, h, d } = this;
    for (let l = sizes.length - 2; l >= 0; l--) {
      const n = sizes[l], m = sizes[l + 1], src = LANES * from[l], dst = LANES * from[l + 1], end = dst + LANES * m;
      let k = at[l], bias = k + n * m;
      d.fill(0, src, dst);
      for (let p = dst; p < end; p += LANES) {
        const e0 = d[p], e1 = d[p + 1], e2 = d[p + 2], e3 = d[p + 3], e4 = d[p + 4];
        g[bias++] += e0 + e1 + e2 + e3 + e4;
        for (let q = src; q < dst; q += LANES, k++) {
          const v = w[k];
          g[k] += e0 * h[q] + e1 * h[q + 1] + e2 * h[q + 2] + e3 * h[q + 3] + e4 * h[q + 4];
          d[q] += e0 * v;
          d[q + 1] += e1 * v;
          d[q + 2] += e2 * v;
          d[q + 3] += e3 * v;
          d[q + 4] += e4 * v;
        }
      }
      if (l === 0) return;
      if (mask) for (let q = src; q < dst; q++) d[q] *= mask[q] * slope(kinds[l - 1], h[q] * keep);
      else throughSlope(kinds[l - 1], h, d, src, dst);
    }
  }

  // put examples order[from] to order[to - 1], five at most, into h; what is left over repeats the last
  load(x, order, from, to) {
    const D = this.sizes[0];
    for (let b = 0; b < LANES; b++) {
      const e = order[from + b < to ? from + b : to - 1];
      for (let i = 0; i < D; i++) this.h[LANES * i + b] = x[D * e + i];
    }
  }

  // x: n × sizes[0], one after the other. Returns { loss, right }: means over the n examples.
  evaluate(x, y, squares) {
    const n = y.length, order = range(n), last = this.h.length - LANES;
    let loss = 0, right = 0;
    for (let e = 0; e < n; e += LANES) {
      this.load(x, order, e, n);
      this.forward(null);
      for (let b = 0; b < LANES && e + b < n; b++) {
        loss += lossOf(squares, this.h[last + b], y[e + b]);
        right += this.h[last + b] * y[e + b] > 0;
      }
    }
    return { loss: loss / n, right: right / n };
  }

  // Gradient of the mean loss over all examples, into g. Returns { loss, norms, dead }: the length of the gradient
  // of each layer's weights, and the number of dead units of each hidden layer.
  gradient(x, y, squares) {
    const { sizes, kinds, at, from, g, h, d } = this, n = y.length, order = range(n), last = h.length - LANES;
    const steepest = new Float64Array(last);
    let loss = 0;
    g.fill(0);
    for (let e = 0; e < n; e += LANES) {
      this.load(x, order, e, n);
      this.forward(null);
      for (let b = 0; b < LANES; b++) {
        d[last + b] = e + b < n ? lossSlope(squares, h[last + b], y[e + b]) / n : 0;
        if (e + b < n) loss += lossOf(squares, h[last + b], y[e + b]);
      }
      this.backward(null, 1);
      for (let l = 1; l + 1 < sizes.length; l++)
        for (let p = LANES * from[l]; p < LANES * from[l + 1]; p++) steepest[p] = Math.max(steepest[p], slope(kinds[l - 1], h[p]));
    }
    const norms = sizes.slice(1).map((m, l) => Math.hypot(...g.subarray(at[l], at[l] + m * sizes[l])));
    const dead = sizes.slice(1, -1).map(() => 0);
    for (let l = 1; l + 1 < sizes.length; l++)
      for (let p = LANES * from[l]; p < LANES * from[l + 1]; p += LANES) dead[l - 1] += Math.max(...steepest.subarray(p, p + LANES)) < NEARLY_FLAT;
    return { loss: loss / n, norms, dead };
  }
}
const range = (n) => Uint32Array.from({ length: n }, (_, i) => i);

export const SCHEDULES = {
  constant: () => 1,
  "halves every 50 epochs": (epoch) => 0.5 ** Math.floor(epoch / 50),
  "falls as 1/√epoch": (epoch) => 1 / Math.sqrt(1 + epoch),
  "cosine over 200 epochs": (epoch) => 0.5 + 0.5 * Math.cos((Math.PI * Math.min(epoch, 200)) / 200),
};

// Trains a net on x (n × D) and y (n,). options: squares, batch, rate, schedule, optimiser, l1, l2, dropout, seed.
// L1 and L2 act on weights, not on biases: l1·Σ|w| and l2/2·Σw² are added to the loss; with AdamW, l2 shrinks the weights.
export class Trainer {
  constructor(net, x, y, options) {
    Object.assign(this, { net, x, y, ...options });
    this.random = new Random(options.seed);
    this.order = range(y.length);
    this.first = new Float64Array(net.w.length); // momentum
    this.second = new Float64Array(net.w.length); // squares
    this.steps = 0;
    this.place = 0;                             // examples of this epoch that are done
    this.epoch = 0;
    const groups = options.dropout ? Math.ceil(Math.min(options.batch, y.length) / LANES) : 0;
    this.masks = Array.from({ length: groups }, () => new Float64Array(net.h.length));
  }

  get rateNow() { return this.rate * SCHEDULES[this.schedule](this.epoch); }

  // One step on the next batch; the last batch of an epoch may be smaller. Every epoch is in a new order.
  step() {
    const { net, x, y, order, squares } = this, N = y.length, { h, d } = net, last = h.length - LANES;
    if (this.place === 0) this.shuffle();
    const end = Math.min(N, this.place + this.batch), n = end - this.place, keep = 1 - this.dropout;
    if (this.dropout) this.drawMasks(n);
    net.g.fill(0);
    for (let e = this.place, group = 0; e < end; e += LANES, group++) {
      const mask = this.dropout ? this.masks[group] : null;
      net.load(x, order, e, end);
      net.forward(mask);
      for (let b = 0; b < LANES; b++) d[last + b] = e + b < end ? lossSlope(squares, h[last + b], y[order[e + b]]) / n : 0;
      net.backward(mask, keep);
    }
    this.penalise();
    this.update(this.rateNow);
    this.place = end === N ? 0 : end;
    if (this.place === 0) this.epoch++;
  }

  shuffle() {
    const { order, random } = this;
    for (let i = order.length - 1; i > 0; i--) {
      const j = Math.floor(random.next() * (i + 1)), was = order[i];
      order[i] = order[j];
      order[j] = was;
    }
  }

  // layer by layer, and in a layer example by example, as PyTorch goes through a batch
  drawMasks(n) {
    const { sizes, from } = this.net, { masks, dropout, random } = this, kept = 1 / (1 - dropout);
    for (let l = 1; l + 1 < sizes.length; l++)
      for (let e = 0; e < n; e++)
        for (let o = from[l]; o < from[l + 1]; o++) masks[Math.floor(e / LANES)][LANES * o + (e % LANES)] = random.next() < dropout ? 0 : kept;
  }

  penalise() {
    const { sizes, at, w, g } = this.net, { l1 } = this, l2 = this.optimiser === "AdamW" ? 0 : this.l2;
    if (!l1 && !l2) return;
    for (let l = 0; l + 1 < sizes.length; l++)
      for (let k = at[l], end = k + sizes[l] * sizes[l + 1]; k < end; k++) g[k] += l2 * w[k] + l1 * Math.sign(w[k]);
  }

  // one step along net.g, formulas and constants as in torch.optim
  update(rate) {
    const { sizes, at, w, g } = this.net, { first, second, optimiser, l2 } = this, n = w.length;
    this.steps++;
    if (optimiser === "SGD") {
      for (let k = 0; k < n; k++) w[k] -= rate * g[k];
    } else if (optimiser === "momentum") {
      for (let k = 0; k < n; k++) w[k] -= rate * (first[k] = BETA * first[k] + g[k]);
    } else if (optimiser === "Nesterov") {
      for (let k = 0; k < n; k++) w[k] -= rate * (g[k] + BETA * (first[k] = BETA * first[k] + g[k]));
    } else if (optimiser === "AdaGrad") {
      for (let k = 0; k < n; k++) w[k] -= (rate * g[k]) / (Math.sqrt((second[k] += g[k] * g[k])) + 1e-10);
    } else if (optimiser === "RMSProp") {
      for (let k = 0; k < n; k++) w[k] -= (rate * g[k]) / (Math.sqrt((second[k] = ALPHA * second[k] + (1 - ALPHA) * g[k] * g[k])) + 1e-8);
    } else {
      if (optimiser === "AdamW")
        for (let l = 0; l + 1 < sizes.length; l++)
          for (let k = at[l], end = k + sizes[l] * sizes[l + 1]; k < end; k++) w[k] *= 1 - rate * l2;
      const size = rate / (1 - BETA ** this.steps), root = Math.sqrt(1 - BETA2 ** this.steps);
      for (let k = 0; k < n; k++) {
        const m = (first[k] += (1 - BETA) * (g[k] - first[k])), v = (second[k] = BETA2 * second[k] + (1 - BETA2) * g[k] * g[k]);
        w[k] -= (size * m) / (Math.sqrt(v) / root + 1e-8);
      }
    }
  }
}
