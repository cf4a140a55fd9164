// Draw every emoji that all six artists have. Called by make_emoji.py:
//   node emoji.cjs FOLDER_OF_PACKAGES OUT     (run where node_modules/sharp is)
// Writes OUT/index.json ([{code, name, group}]) and OUT/ARTIST.raw (N x 64 x 64 RGBA bytes, straight alpha).
const fs = require('fs'), path = require('path');
const sharp = require('module').createRequire(process.cwd() + '/')('sharp');
const [packages, out] = process.argv.slice(2);
const ARTISTS = ['noto', 'noto-v1', 'twemoji', 'fluent-emoji-flat', 'emojione', 'openmoji'];
const SIZE = 64, SCALE = 3, BIG = SIZE * SCALE; // drawn three times too large, then averaged

const read = (...parts) => JSON.parse(fs.readFileSync(path.join(packages, ...parts), 'utf8'));
const icons = Object.fromEntries(ARTISTS.map(a => [a, read(a, 'icons.json')]));
const chars = Object.fromEntries(ARTISTS.map(a => [a, read(a, 'chars.json')]));
const unicode = read('unicode', 'data-by-emoji.json');

// Code points in hexadecimal joined by "-", without the variation selector, which the sets write or leave out at will.
const codeOf = text => [...text].map(c => c.codePointAt(0).toString(16).padStart(4, '0')).filter(c => c !== 'fe0f').join('-');
const plain = code => code.split('-').filter(c => c !== 'fe0f').join('-');

// Two sets carry names only; the other four (and Unicode) tell which code point a name means.
const codeOfName = {};
for (const [emoji, row] of Object.entries(unicode)) codeOfName[row.slug.replace(/_/g, '-')] = codeOf(emoji);
for (const a of ARTISTS) for (const [code, name] of Object.entries(chars[a])) {
  codeOfName[name] ??= plain(code);
  for (const [alias, to] of Object.entries(icons[a].aliases || {})) if (to.parent === name) codeOfName[alias] ??= plain(code);
}

function drawings(artist) { // {code: icon name}
  const { icons: own, aliases = {} } = icons[artist], found = {};
  const add = (code, name) => { const icon = own[name] ? name : aliases[name]?.parent; if (code && own[icon]) found[code] ??= icon; };
  for (const [code, name] of Object.entries(chars[artist])) add(plain(code), name);
  if (!Object.keys(chars[artist]).length) for (const name of [...Object.keys(own), ...Object.keys(aliases)]) add(codeOfName[name], name);
  return found;
}

async function draw(artist, name) { // 64 x 64 RGBA, averaged with premultiplied colours
  const set = icons[artist], icon = set.icons[name];
  const box = [icon.left || 0, icon.top || 0, icon.width || set.width || 16, icon.height || set.height || 16].join(' ');
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="${BIG}" height="${BIG}" viewBox="${box}">${icon.body}</svg>`;
  const big = await sharp(Buffer.from(svg)).ensureAlpha().raw().toBuffer();
  if (big.length !== BIG * BIG * 4) throw new Error(`${artist} ${name}: ${big.length} bytes`);
  const small = Buffer.alloc(SIZE * SIZE * 4);
  for (let y = 0; y < SIZE; y++) for (let x = 0; x < SIZE; x++) {
    const sum = [0, 0, 0]; let alpha = 0;
    for (let j = 0; j < SCALE; j++) for (let i = 0; i < SCALE; i++) {
      const p = ((y * SCALE + j) * BIG + x * SCALE + i) * 4;
      for (let c = 0; c < 3; c++) sum[c] += big[p + c] * big[p + 3];
      alpha += big[p + 3];
    }
    const p = (y * SIZE + x) * 4;
    for (let c = 0; c < 3; c++) small[p + c] = alpha ? Math.round(sum[c] / alpha) : 0;
    small[p + 3] = Math.round(alpha / (SCALE * SCALE));
  }
  return small;
}

(async () => {
  const found = Object.fromEntries(ARTISTS.map(a => [a, drawings(a)]));
  const index = [];
  for (const [emoji, { name, group }] of Object.entries(unicode)) {
    const code = codeOf(emoji);
    const person = /200d/.test(code) && /(1f468|1f469|1f9d1|2640|2642)/.test(code); // joined people: gender and skin variants
    if (group !== 'Flags' && !person && ARTISTS.every(a => found[a][code])) index.push({ code, name, group });
  }
  fs.mkdirSync(out, { recursive: true });
  fs.writeFileSync(path.join(out, 'index.json'), JSON.stringify(index));
  for (const a of ARTISTS) {
    const file = fs.openSync(path.join(out, a + '.raw'), 'w');
    for (const { code } of index) fs.writeSync(file, await draw(a, found[a][code]));
    fs.closeSync(file);
    console.log(a, index.length);
  }
})();
