// Playground, what goes in and out: points, a curve, a reader's table, code and weights to take along.
export const SIDE = 3;                          // inputs lie between -SIDE and SIDE; a notebook's may lie farther out
const MOST = 1000;                              // points of a table
const three = (v) => Math.round(1000 * v) / 1000; // what is kept of a coordinate, so that copied code has the same

// ---- a formula in x: numbers, pi, + - * / ^, parentheses and a few functions; anything else is refused with a sentence
const FUNCTIONS = { sin: Math.sin, cos: Math.cos, tanh: Math.tanh, exp: Math.exp, log: Math.log, sqrt: Math.sqrt, abs: Math.abs };
export function formula(text) {
  if (text.startsWith(DRAWN)) return drawnCurve(text);
  const tokens = text.replace(/−/g, "-").match(/\d+\.?\d*|\.\d+|[a-z]+|\S/gi) || [];
  let at = 0;
  const refuse = (what) => { throw new Error(`The curve “${text}”: ${what}. Write a formula in x, such as 2*sin(x) or 0.5*x^2 - 1.`); };
  const take = (token) => tokens[at] === token && ++at;
  function atom() {
    const token = tokens[at++];
    if (token === undefined) refuse("something is missing at the end");
    if (/^[\d.]/.test(token)) { const v = Number(token); return () => v; }
    if (token === "x") return (x) => x;
    if (token === "pi") return () => Math.PI;
    if (token === "(") {
      const inner = sum();
      if (!take(")")) refuse("a parenthesis is not closed");
      return inner;
    }
    if (!Object.hasOwn(FUNCTIONS, token)) refuse(`“${token}” is not known`);
    if (!take("(")) refuse(`${token} needs parentheses`);
    at--;
    const f = FUNCTIONS[token], inner = atom();
    return (x) => f(inner(x));
  }
  function power() {
    const base = atom();
    if (!take("^")) return base;
    const exponent = sign();
    return (x) => base(x) ** exponent(x);
  }
  function sign() {
    if (!take("-")) return power();
    const inner = sign();
    return (x) => -inner(x);
  }
  function product() {
    let left = sign();
    for (;;) {
      const a = left;
      if (take("*")) { const b = sign(); left = (x) => a(x) * b(x); }
      else if (take("/")) { const b = sign(); left = (x) => a(x) / b(x); }
      else return left;
    }
  }
  function sum() {
    let left = product();
    for (;;) {
      const a = left;
      if (take("+")) { const b = product(); left = (x) => a(x) + b(x); }
      else if (take("-")) { const b = product(); left = (x) => a(x) - b(x); }
      else return left;
    }
  }
  const f = sum();
  if (at < tokens.length) refuse(`“${tokens[at]}” is not expected here`);
  for (let k = -50; k <= 50; k++) {
    const x = (SIDE * k) / 50;
    if (!Number.isFinite(f(x))) refuse(`it has no value at x = ${three(x)}`);
  }
  return f;
}

// ---- a curve that the reader draws: heights at KNOTS places, straight lines between them. As text, a mark and for each
// height two digits of base 36, which count hundredths from -FAR.
export const DRAWN = "~";
export const KNOTS = 31;
const FAR = 6.4;
export const knots = Array.from({ length: KNOTS }, (_, k) => SIDE * ((2 * k) / (KNOTS - 1) - 1));
export const writeCurve = (heights) =>
  DRAWN + heights.map((v) => Math.round(100 * (Math.max(-FAR, Math.min(FAR, v)) + FAR)).toString(36).padStart(2, "0")).join("");
function drawnCurve(text) {
  const heights = (text.slice(1).match(/[0-9a-z]{2}/g) || []).map((pair) => parseInt(pair, 36) / 100 - FAR);
  if (heights.length !== KNOTS) throw new Error("The drawn curve cannot be read. Draw another, or write a formula in x.");
  return (x) => {
    const at = Math.max(0, Math.min(KNOTS - 1.001, ((x / SIDE + 1) / 2) * (KNOTS - 1))), k = Math.floor(at);
    return heights[k] + (at - k) * (heights[k + 1] - heights[k]);
  };
}

// ---- points as text, seven characters each: thousandths of x and of y from -SIDE, three digits of base 36, and the class
const thousandths = (v) => Math.round(1000 * (v + SIDE)).toString(36).padStart(3, "0");
export const writePoints = (points) => points.map(([x, y, label]) => thousandths(x) + thousandths(y) + (label > 0 ? "b" : "a")).join("");
export function readPoints(text) {              // null if there is anything else
  if (!/^([0-9a-z]{6}[ab])+$/.test(text)) return null;
  const points = text.match(/.{7}/g).map((s) => [three(parseInt(s.slice(0, 3), 36) / 1000 - SIDE), three(parseInt(s.slice(3, 6), 36) / 1000 - SIDE), s[6] === "b" ? 1 : -1]);
  return points.length <= MOST && points.every(([x, y]) => x <= SIDE && y <= SIDE) ? points : null;
}

// ---- data: each maker returns one point [x1, x2, label ±1] before noise
const spread = (r) => SIDE * (2 * r.next() - 1) * 0.9;
const MAKERS = {
  XOR: (r) => { const a = spread(r), b = spread(r); return [a, b, a * b < 0 ? 1 : -1]; },
  circles: (r, i) => {
    const angle = 2 * Math.PI * r.next(), u = r.next(), far = i % 2 ? 1.7 + 0.8 * u : 1.1 * Math.sqrt(u);
    return [far * Math.cos(angle), far * Math.sin(angle), i % 2 ? 1 : -1];
  },
  moons: (r, i) => {
    const side = i % 2 ? 1 : -1, angle = Math.PI * r.next();
    return [1.6 * (side * Math.cos(angle) + (side < 0) - 0.5), 1.6 * (side * Math.sin(angle) + 0.5 * (side < 0) - 0.25), side];
  },
  spirals: (r, i) => {
    const t = Math.sqrt(0.02 + 0.98 * r.next()), angle = 2.6 * Math.PI * t, far = i % 2 ? 2.7 * t : -2.7 * t;
    return [far * Math.cos(angle), far * Math.sin(angle), i % 2 ? 1 : -1];
  },
};
export const CURVE = "a curve", ABOVE = "above or below a curve", OWN = "your own points", ORIGINAL = "the notebook's points";

// Returns { x, y, testX, testY, D, side }: training and test points, x with D numbers a point between -side and side.
// Own and given points stay as they are; of forty or more, every fourth is for the test.
export function makeData({ data, points, noise, curve, own, given }, random) {
  const f = data === CURVE || data === ABOVE ? formula(curve) : null, all = [];
  const listed = data === OWN ? own : data === ORIGINAL ? given : null, count = listed ? listed.length : points + 200;
  const noisy = (v) => three(v + noise * random.normal());
  for (let i = 0; i < count; i++) {
    if (listed) all.push(listed[i]);
    else if (data === CURVE) { const x = three(spread(random)); all.push([x, noisy(f(x))]); }
    else if (data === ABOVE) { const x = spread(random), y = spread(random); all.push([noisy(x), noisy(y), y > f(x) ? 1 : -1]); }
    else { const [a, b, label] = MAKERS[data](random, i); all.push([noisy(a), noisy(b), label]); }
  }
  const test = (i) => (listed ? listed.length >= 40 && i % 4 === 3 : i >= points), D = data === CURVE || all[0]?.length === 2 ? 1 : 2;
  const part = (want) => all.filter((_, i) => test(i) === want), flat = (rows) => Float64Array.from(rows.flatMap((p) => p.slice(0, D)));
  const train = part(false), held = part(true), label = (rows) => Float64Array.from(rows, (p) => p[D]);
  const side = Math.max(SIDE, data === ORIGINAL ? 1.05 * Math.max(...all.flatMap((p) => p.slice(0, D)).map(Math.abs)) : 0);
  return { D, side, x: flat(train), y: label(train), testX: flat(held), testY: label(held) };
}

// A table of x, y, class, with or without a head; separators are commas, semicolons or tabs. Returns { points, told }:
// points scaled into the plane, and a sentence that says how. Throws an Error that says what is wrong with which line.
export function readTable(text) {
  const lines = text.split(/\r?\n/).map((line, i) => [i + 1, line.trim()]).filter(([, line]) => line);
  const rows = [];
  for (const [k, line] of lines) {
    const cells = line.split(/[;\t]|,(?!\d+[;\t])/).map((c) => c.trim().replace(/^"|"$/g, ""));
    const [x, y] = cells.slice(0, 2).map((c) => Number(c.replace(",", ".") || NaN));
    if (Number.isFinite(x) && Number.isFinite(y) && cells.length === 3 && cells[2]) rows.push([x, y, cells[2]]);
    else if (rows.length || k > lines[0][0]) throw new Error(`Line ${k} of the table, “${line.slice(0, 40)}”, is not x, y, class: two numbers and a name or number.`);
  }
  const names = [...new Set(rows.map((r) => r[2]))].sort((a, b) => a - b || (a < b ? -1 : 1));
  if (rows.length < 8) throw new Error(`The table has ${rows.length} lines of x, y, class; at least 8 are needed.`);
  if (rows.length > MOST) throw new Error(`The table has ${rows.length} lines; the page trains on ${MOST} at most.`);
  if (names.length !== 2) throw new Error(`The table has ${names.length} classes (${names.slice(0, 5).join(", ")}); exactly two are needed.`);
  const range = (k) => [Math.min(...rows.map((r) => r[k])), Math.max(...rows.map((r) => r[k]))];
  const scaled = (k) => {
    const [low, high] = range(k);
    return (v) => three(high > low ? ((v - low) / (high - low) - 0.5) * 1.8 * SIDE : 0);
  };
  const [fx, fy] = [scaled(0), scaled(1)], limits = (k) => range(k).map((v) => String(+v.toPrecision(4))).join(" to ");
  return {
    points: rows.map((r) => [fx(r[0]), fy(r[1]), r[2] === names[1] ? 1 : -1]),
    told: `${rows.length} points: blue is ${names[0]}, orange is ${names[1]}; x from ${limits(0)} and y from ${limits(1)} are scaled to ±${0.9 * SIDE}.`,
  };
}

// ---- to take along
// The weights of a net, from its array w or from the start's.
export function layersOf(net, w) {
  return net.sizes.slice(1).map((m, l) => {
    const n = net.sizes[l], k = net.at[l];
    return {
      weight: Array.from({ length: m }, (_, o) => [...w.subarray(k + o * n, k + (o + 1) * n)]),
      bias: [...w.subarray(k + n * m, k + (n + 1) * m)],
      activation: l + 2 < net.sizes.length ? net.names[l] : "linear",
    };
  });
}

const MODULES = { ReLU: "nn.ReLU()", "leaky ReLU": "nn.LeakyReLU(0.1)", ELU: "nn.ELU()", tanh: "nn.Tanh()", sigmoid: "nn.Sigmoid()" };
const OPTIM = {
  SGD: "SGD(groups, lr=RATE)", momentum: "SGD(groups, lr=RATE, momentum=0.9)", Nesterov: "SGD(groups, lr=RATE, momentum=0.9, nesterov=True)",
  AdaGrad: "Adagrad(groups, lr=RATE)", RMSProp: "RMSprop(groups, lr=RATE)", Adam: "Adam(groups, lr=RATE)", AdamW: "AdamW(groups, lr=RATE)",
};
const RATES = {
  constant: "RATE", "halves every 50 epochs": "RATE * 0.5 ** (epoch // 50)", "falls as 1/√epoch": "RATE / (1 + epoch) ** 0.5",
  "cosine over 200 epochs": "RATE * (0.5 + 0.5 * math.cos(math.pi * min(epoch, 200) / 200))",
};

// A Python script that trains the same net from the same numbers in the same order and prints the page's losses.
// net: a Net, start: its array w at the start, data: of makeData, o: the options of a Trainer, state: of its Random.
export function torchCode(net, start, data, o, state, epochs) {
  const rows = (x, D) => Array.from({ length: x.length / D }, (_, i) => `[${x.slice(i * D, (i + 1) * D).join(", ")}]`);
  const numbers = (v) => `[\n${wrap(v.map(String)).replace(/^/gm, "    ")}\n    ]`;
  const wrap = (items) => items.reduce((lines, item) => {
    const last = lines.length - 1;
    if (lines[last].length + item.length > 96) return [...lines, `    ${item},`];
    lines[last] += `${lines[last].trim() ? " " : "    "}${item},`;
    return lines;
  }, [""]).join("\n");
  const tensor = (items) => `torch.tensor([\n${wrap(items)}\n], dtype=torch.float64)`;
  const modules = net.sizes.slice(1).flatMap((m, l) => [
    `nn.Linear(${net.sizes[l]}, ${m})`,
    ...(l + 2 < net.sizes.length ? [...(MODULES[net.names[l]] ? [MODULES[net.names[l]]] : []), ...(o.dropout ? ["Dropout()"] : [])] : []),
  ]);
  const held = data.testY.length > 0, loss = o.squares ? "((z - y) ** 2).mean()" : "-nn.functional.logsigmoid(y * z).mean()  # cross-entropy, y = ±1";
  const dropout = `
class Dropout(nn.Module):
    def forward(self, h):
        if not self.training:
            return h
        kept = torch.tensor([draw() >= ${o.dropout} for _ in range(h.numel())]).view_as(h)
        return h * kept / (1 - ${o.dropout})

`;
  return `# From the playground of "Deep Learning, Derived": the page's points, start and order of batches, so its losses too
${RATES[o.schedule].includes("math") ? "import math\n\n" : ""}import torch
from torch import nn

torch.set_default_dtype(torch.float64)
RATE, BATCH, L1, L2, EPOCHS = ${o.rate}, ${Math.min(o.batch, data.y.length)}, ${o.l1}, ${o.l2}, ${epochs}
X = ${tensor(rows(data.x, data.D))}
Y = ${tensor([...data.y].map(String))}
${held ? `X_TEST = ${tensor(rows(data.testX, data.D))}\nY_TEST = ${tensor([...data.testY].map(String))}\n` : ""}state = ${state >>> 0}


def draw():
    """Return the page's next random number, 0 <= u < 1: Marsaglia's xorshift."""
    global state
    state ^= state << 13 & 0xFFFFFFFF
    state ^= state >> 17
    state ^= state << 5 & 0xFFFFFFFF
    return state / 2**32

${o.dropout ? dropout : ""}
def loss_of(net, x, y):
    z = net(x)[:, 0]
    return ${loss}


net = nn.Sequential(${modules.join(", ")})
START = [  # of each layer the weights, row by row, and the biases
${layersOf(net, start).map(({ weight, bias }) => `    (${numbers(weight.flat())}, ${numbers(bias)}),`).join("\n")}
]
linear = [layer for layer in net if isinstance(layer, nn.Linear)]
for layer, (weight, bias) in zip(linear, START):
    layer.weight.data = torch.tensor(weight, dtype=torch.float64).view_as(layer.weight)
    layer.bias.data = torch.tensor(bias, dtype=torch.float64)
weights, biases = [layer.weight for layer in linear], [layer.bias for layer in linear]
groups = [{"params": weights, "weight_decay": L2}, {"params": biases, "weight_decay": 0}]
optimiser = torch.optim.${OPTIM[o.optimiser]}

order = list(range(len(X)))
for epoch in range(EPOCHS):
    for group in optimiser.param_groups:
        group["lr"] = ${RATES[o.schedule]}
    for i in range(len(order) - 1, 0, -1):  # shuffle as the page does
        j = int(draw() * (i + 1))
        order[i], order[j] = order[j], order[i]
    for k in range(0, len(order), BATCH):
        batch = order[k : k + BATCH]
        loss = loss_of(net, X[batch], Y[batch])${o.l1 ? " + L1 * sum(w.abs().sum() for w in weights)" : ""}
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()

net.eval()
with torch.no_grad():
    print(f"after {EPOCHS} epochs: training loss {loss_of(net, X, Y):.6f}")
${held ? `    print(f"test loss {loss_of(net, X_TEST, Y_TEST):.6f}")\n` : ""}`;
}
