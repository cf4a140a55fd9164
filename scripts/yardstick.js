// How fast is the playground's engine? An epoch of 200 points in batches of ten, 2-8-8-8-8-1, tanh, in one process and in
// turns: a yardstick that keeps nodes and links as objects (plain SGD), our engine with SGD, and with Adam. Prints the
// CPU seconds of 1,000 epochs of each as JSON: the smallest of the rounds.
// node scripts/yardstick.js
const fs = require("fs"), path = require("path");
const SIZES = [2, 8, 8, 8, 8, 1], POINTS = 200, BATCH = 10, RATE = 0.03, EPOCHS = 200, ROUNDS = 7;

// An object for each function, node and link, and each does its own part, as one would first write it: a node knows its sum and
// asks its activation for the answer and for the slope at that sum; a link collects the derivatives of a batch.
const TANH = { output: (z) => Math.tanh(z), slope: (z) => 1 - Math.tanh(z) ** 2 };
const LINEAR = { output: (z) => z, slope: () => 1 };
const LOG_LOSS = { slope: (z, y) => -y / (1 + Math.exp(y * z)) };
const NO_PENALTY = { slope: () => 0 };
class Link {
  constructor(from, to, weight) {
    Object.assign(this, { from, to, weight, penalty: NO_PENALTY, slope: 0, sum: 0, count: 0 });
  }
}
class Unit {
  constructor(activation) {
    Object.assign(this, { activation, bias: 0, inputs: [], outputs: [], z: 0, value: 0, pull: 0, error: 0, sum: 0, count: 0 });
  }
  forward() {
    this.z = this.bias;
    for (const link of this.inputs) this.z += link.weight * link.from.value;
    this.value = this.activation.output(this.z);
  }
}
function backward(layers, y) {
  const last = layers.length - 1;
  layers[last][0].pull = LOG_LOSS.slope(layers[last][0].value, y);
  for (let l = last; l > 0; l--) {
    for (const unit of layers[l]) {
      unit.error = unit.pull * unit.activation.slope(unit.z);
      unit.sum += unit.error;
      unit.count++;
    }
    for (const unit of layers[l])
      for (const link of unit.inputs) {
        link.slope = unit.error * link.from.value;
        link.sum += link.slope;
        link.count++;
      }
    if (l > 1)
      for (const unit of layers[l - 1]) {
        unit.pull = 0;
        for (const link of unit.outputs) unit.pull += link.weight * link.to.error;
      }
  }
}
function update(layers, rate) {
  for (const layer of layers.slice(1))
    for (const unit of layer) {
      unit.bias -= (rate * unit.sum) / unit.count;
      unit.sum = unit.count = 0;
      for (const link of unit.inputs) {
        link.weight -= rate * (link.sum / link.count + link.penalty.slope(link.weight));
        link.sum = link.count = 0;
      }
    }
}
function linked(weights) {
  const layers = SIZES.map((n, l) => Array.from({ length: n }, () => new Unit(l === SIZES.length - 1 ? LINEAR : TANH)));
  let k = 0;
  for (let l = 1; l < layers.length; l++) {
    for (const to of layers[l])
      for (const from of layers[l - 1]) {
        const link = new Link(from, to, weights[k++]);
        to.inputs.push(link);
        from.outputs.push(link);
      }
    k += layers[l].length;                      // the biases, which are zero
  }
  return layers;
}
function linkedEpoch(layers, x, y) {
  for (let e = 0; e < y.length; e++) {
    layers[0].forEach((unit, i) => { unit.value = x[2 * e + i]; });
    for (const layer of layers.slice(1)) for (const unit of layer) unit.forward();
    backward(layers, y[e]);
    if ((e + 1) % BATCH === 0) update(layers, RATE);
  }
}

function seconds(work) {
  const start = process.cpuUsage();
  for (let i = 0; i < EPOCHS; i++) work();
  const used = process.cpuUsage(start);
  return ((used.user + used.system) / 1e6) * (1000 / EPOCHS);
}
// both engines must take the same steps, or the comparison means nothing
function same(net, trainer, x, y, epoch) {
  const layers = linked(net().w);
  trainer.shuffle = () => {};
  linkedEpoch(layers, x, y);
  epoch(trainer);
  const ours = trainer.net, theirs = layers.slice(1).flatMap((layer) => [...layer.flatMap((unit) => unit.inputs.map((link) => link.weight)), ...layer.map((unit) => unit.bias)]);
  const apart = Math.max(...theirs.map((v, k) => Math.abs(v - ours.w[k])));
  if (!(apart < 1e-9)) throw new Error(`after one epoch the two engines differ by ${apart}`);
}
async function main() {
  const file = path.join(__dirname, "..", "course_utils", "widgets", "playground_engine.js");
  const { Net, Random, Trainer } = await import(`data:text/javascript,${encodeURIComponent(fs.readFileSync(file, "utf8"))}`);
  const random = new Random(0), x = Float64Array.from({ length: 2 * POINTS }, () => 6 * random.next() - 3);
  const y = Float64Array.from({ length: POINTS }, (_, i) => Math.sign(x[2 * i] * x[2 * i + 1]));
  const net = () => {
    const made = new Net(SIZES, ["tanh", "tanh", "tanh", "tanh"]);
    made.draw("Xavier", new Random(1));
    return made;
  };
  const layers = linked(net().w), epoch = (t) => { do t.step(); while (t.place); };
  const trainer = (optimiser) =>
    new Trainer(net(), x, y, { squares: false, batch: BATCH, rate: RATE, schedule: "constant", optimiser, l1: 0, l2: 0, dropout: 0, seed: 2 });
  const sgd = trainer("SGD"), adam = trainer("Adam");
  same(net, trainer("SGD"), x, y, epoch);
  const works = { "nodes and links, SGD": () => linkedEpoch(layers, x, y), "typed arrays, SGD": () => epoch(sgd), "typed arrays, Adam": () => epoch(adam) };
  const best = {};
  for (let r = 0; r < ROUNDS; r++)
    for (const [name, work] of Object.entries(works)) best[name] = Math.min(best[name] ?? Infinity, seconds(work));
  console.log(JSON.stringify(best));
}
main();
