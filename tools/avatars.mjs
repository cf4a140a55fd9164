// Draw the avatars of make_avatars.py: node avatars.mjs OUT (run where node_modules is). Writes OUT/SET.raw
// (N x 64 x 64 x 3 bytes) and OUT/SET.json (one object of attributes per picture) for SET = avatars, ann, bob.
import fs from 'fs';
import path from 'path';
import { createRequire } from 'module';
import { pathToFileURL } from 'url';
const require = createRequire(process.cwd() + '/');
const find = name => import(pathToFileURL(path.join(process.cwd(), 'node_modules', name, 'lib', 'index.js')));
const { createAvatar } = await find('@dicebear/core');
const style = await find('@dicebear/avataaars');
const { Resvg } = require('@resvg/resvg-js');
const out = process.argv[2], SIZE = 64, SCALE = 3;

function random(seed) { // mulberry32
  return () => {
    let t = (seed += 0x6d2b79f5);
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const MOUTHS = ['concerned', 'default', 'disbelief', 'eating', 'grimace', 'sad', 'screamOpen', 'serious', 'smile', 'tongue', 'twinkle'];
const EYES = ['closed', 'cry', 'default', 'eyeRoll', 'happy', 'hearts', 'side', 'squint', 'surprised', 'winkWacky', 'wink', 'xDizzy'];
const BROWS = ['angry', 'angryNatural', 'default', 'defaultNatural', 'flatNatural', 'frownNatural', 'raisedExcited',
  'raisedExcitedNatural', 'sadConcerned', 'sadConcernedNatural', 'upDown', 'upDownNatural'];
const TOPS = ['hat', 'hijab', 'turban', 'winterHat1', 'winterHat02', 'winterHat03', 'winterHat04', 'bob', 'bun', 'curly', 'curvy',
  'dreads', 'frida', 'fro', 'froBand', 'longButNotTooLong', 'miaWallace', 'shavedSides', 'straight02', 'straight01', 'straightAndStrand',
  'dreads01', 'dreads02', 'frizzle', 'shaggy', 'shaggyMullet', 'shortCurly', 'shortFlat', 'shortRound', 'shortWaved', 'sides',
  'theCaesar', 'theCaesarAndSidePart', 'bigHair'];
const GLASSES = ['kurt', 'prescription01', 'prescription02', 'round', 'sunglasses', 'wayfarers'];
const BEARDS = ['beardLight', 'beardMajestic', 'beardMedium', 'moustacheFancy', 'moustacheMagnum'];
const CLOTHES = ['blazerAndShirt', 'blazerAndSweater', 'collarAndSweater', 'hoodie', 'overall', 'shirtCrewNeck', 'shirtScoopNeck', 'shirtVNeck'];
const SKIN = ['614335', 'ae5d29', 'd08b5b', 'edb98a', 'ffdbb4'];
const HAIR = ['2c1b18', '4a312c', '724133', 'a55728', 'b58143', 'c93305', 'd6b370', 'e8e1e1', 'ecdcbf', 'f59797'];
const CLOTH = ['262e33', '3c4f5c', '5199e4', '65c9ff', '929598', 'a7ffc4', 'b1e2ff', 'e6e6e6', 'ff488e', 'ff5c5c', 'ffafb9', 'ffffb1', 'ffffff'];

function draw(face, view, pose = '') { // view: [x, y, side] of the part shown, in the 280 x 280 units of the style
  const one = Object.fromEntries(Object.entries(face).filter(([, v]) => v !== 'none').map(([k, v]) => [k, [v]]));
  const chance = { topProbability: 100, accessoriesProbability: face.accessories === 'none' ? 0 : 100, facialHairProbability: face.facialHair === 'none' ? 0 : 100 };
  const figure = createAvatar(style, { ...one, ...chance, seed: 'same' }).toString().replace(/^<svg /, '<svg width="280" height="280" ');
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${SIZE * SCALE}" height="${SIZE * SCALE}" viewBox="${view[0]} ${view[1]} ${view[2]} ${view[2]}">`
    + `<rect x="-500" y="-500" width="2000" height="2000" fill="#ffffff"/><g transform="${pose}">${figure}</g></svg>`;
  const big = new Resvg(svg).render().pixels, n = SIZE * SCALE, small = Buffer.alloc(SIZE * SIZE * 3);
  for (let y = 0; y < SIZE; y++) for (let x = 0; x < SIZE; x++) for (let c = 0; c < 3; c++) {
    let sum = 0;
    for (let j = 0; j < SCALE; j++) for (let i = 0; i < SCALE; i++) sum += big[((y * SCALE + j) * n + x * SCALE + i) * 4 + c];
    small[(y * SIZE + x) * 3 + c] = Math.round(sum / (SCALE * SCALE));
  }
  return small;
}

function write(name, count, make) {
  const file = fs.openSync(path.join(out, name + '.raw'), 'w'), rows = [];
  for (let i = 0; i < count; i++) { const { row, picture } = make(i); rows.push(row); fs.writeSync(file, picture); }
  fs.closeSync(file);
  fs.writeFileSync(path.join(out, name + '.json'), JSON.stringify(rows));
  console.log(name, count);
}

fs.mkdirSync(out, { recursive: true });
{
  const next = random(1), pick = list => list[Math.floor(next() * list.length)];
  write('avatars', 4000, () => {
    const row = {
      top: pick(TOPS), hairColor: pick(HAIR), hatColor: pick(CLOTH), skinColor: pick(SKIN), eyes: pick(EYES), eyebrows: pick(BROWS),
      mouth: pick(MOUTHS), accessories: next() < 0.4 ? pick(GLASSES) : 'none', facialHair: next() < 0.3 ? pick(BEARDS) : 'none',
      clothing: pick(CLOTHES), clothesColor: pick(CLOTH),
    };
    if (row.top === 'hijab') row.facialHair = 'none';
    return { row, picture: draw({ ...row, accessoriesColor: '262e33', facialHairColor: row.hairColor }, [30, 20, 220]) };
  });
}
const PEOPLE = {
  ann: { top: 'bob', hairColor: 'a55728', skinColor: 'ffdbb4', accessories: 'none', facialHair: 'none', clothing: 'shirtScoopNeck', clothesColor: '5199e4' },
  bob: { top: 'shortCurly', hairColor: '2c1b18', skinColor: 'ae5d29', accessories: 'none', facialHair: 'beardMedium', facialHairColor: '2c1b18', clothing: 'hoodie', clothesColor: 'ff5c5c' },
};
for (const [name, person] of Object.entries(PEOPLE)) {
  const next = random(2), pick = list => list[Math.floor(next() * list.length)], within = r => (2 * next() - 1) * r;
  write(name, 1000, () => { // the same stream for both people: picture i of one is the true swap of picture i of the other
    const row = { eyes: pick(EYES), eyebrows: pick(BROWS), mouth: pick(MOUTHS), angle: +within(12).toFixed(2), x: +within(5).toFixed(2), y: +within(5).toFixed(2) };
    const { eyes, eyebrows, mouth, angle, x, y } = row;
    return { row, picture: draw({ ...person, eyes, eyebrows, mouth }, [68, 58, 144], `translate(${x} ${y}) rotate(${angle} 140 130)`) };
  });
}
