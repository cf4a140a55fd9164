// Playground, the frames: training and drawing share the time between two pictures of the screen, 16 ms, of which the
// browser needs some itself.
const WORK = 11, SLICE = 6;                     // ms of all work in a frame, and of training at most

// parts: functions that draw, each a part of the picture; clock: now, in ms.
export class Frames {
  constructor(parts, clock = () => performance.now()) {
    Object.assign(this, { parts, clock, costs: parts.map(() => 0), turn: 0 });
  }

  // Trains for what the next part is expected to leave, at least once: step returns false when there is nothing to do.
  // Then draws that part, and the following ones if they are expected to fit, too: a large net is drawn over several
  // frames, a small one in each. most: parts to draw.
  run(step, most = this.parts.length) {
    const { parts, costs, clock } = this, begin = clock(), slice = Math.min(SLICE, WORK - costs[this.turn]);
    while (step() !== false && clock() - begin < slice);
    for (let k = 0; k < most && (k === 0 || clock() - begin + costs[this.turn] <= WORK); k++) {
      const start = clock();
      parts[this.turn]();
      costs[this.turn] = (costs[this.turn] + clock() - start) / 2;
      this.turn = (this.turn + 1) % parts.length;
    }
  }
}
