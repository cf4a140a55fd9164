"""Make data/emoji/ARTIST.webp and data/sharealike/openmoji.webp: 1,080 emoji, each drawn by six artists.

Needs node and the npm package ``sharp`` (``npm install sharp@0.35.5`` in ``_build/sources/node``). Each
sheet holds the same identities in the same order, 40 in a row, 64 x 64 pixels each, with transparency;
``index.tsv`` names them. The face attributes are read off the Unicode names, not off the drawings, so an
artist may disagree with one.
"""

import json
import re
import subprocess

import numpy as np
from _common import DATA, ROOT, SOURCES, record, unpack
from PIL import Image

ARTISTS = ["noto", "noto-v1", "twemoji", "fluent-emoji-flat", "emojione", "openmoji"]
SIZE, COLUMNS = 64, 40
FACES = {  # attribute: a pattern that finds it in the name
    "smile": "grinning|beaming|^smiling|slightly smiling|joy|savoring|cowboy|winking|tongue|clown",
    "frown": "frowning|worried|disappointed|sad but|crying|anguished|fearful|anxious|confounded|weary|tired",
    "open_mouth": "open mouth|astonished|hushed|screaming|anguished|loudly|grinning|weary|tired",
    "closed_eyes": "smiling eyes|squinting|closed eyes|^relieved|pensive|sleep|persevering|confounded|weary"
    "|tired|joy|downcast",
    "tears": "tears|crying",
    "sweat": "sweat|sad but",
    "tongue": "tongue|savoring",
    "glasses": "sunglasses|nerd",
    "kiss": "kiss",
    "heart": "heart|blowing",
    "angry": "angry|enraged|steam",
}


def attributes(row) -> list[str]:
    """Return the face attributes of an emoji, [] if it is no round face."""
    if row["group"] != "Smileys & Emotion" or "face" not in row["name"].replace("-", " ").split():
        return []
    has = [attribute for attribute, pattern in FACES.items() if re.search(pattern, row["name"])]
    return ["face", *has]


def split(index) -> list[str]:
    """Put every fourth identity of each group, in a fixed random order, aside as "new"."""
    parts = ["known"] * len(index)
    random = np.random.default_rng(0)
    for group in sorted({row["group"] for row in index}):
        members = [i for i, row in enumerate(index) if row["group"] == group]
        for i in random.permutation(members)[: len(members) // 4]:
            parts[i] = "new"
    return parts


packages = SOURCES / "emoji"
packages.mkdir(exist_ok=True)
for key, name in [(f"npm:@iconify-json/{a}", a) for a in ARTISTS] + [("npm:unicode-emoji-json", "unicode")]:
    folder = packages / name
    if not folder.exists():
        folder.symlink_to(unpack(key) / "package")
out = packages / "out"
if not (out / "openmoji.raw").exists():
    command = ["node", str(ROOT / "tools" / "emoji.cjs"), str(packages), str(out)]
    subprocess.run(command, cwd=SOURCES / "node", check=True)

index = json.loads((out / "index.json").read_text())
for folder in ("emoji", "sharealike"):
    (DATA / folder).mkdir(exist_ok=True)
lines = ["code\tname\tgroup\tpart\tface"]
for row, part in zip(index, split(index), strict=True):
    lines.append("\t".join([row["code"], row["name"], row["group"], part, " ".join(attributes(row))]))
(DATA / "emoji" / "index.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
record("emoji/index.tsv")

rows = -(-len(index) // COLUMNS)
for artist in ARTISTS:
    sprites = np.fromfile(out / f"{artist}.raw", np.uint8).reshape(len(index), SIZE, SIZE, 4)
    assert (sprites[..., 3].max(axis=(1, 2)) > 0).all(), f"{artist}: an empty drawing"
    sheet = np.zeros((rows * COLUMNS, SIZE, SIZE, 4), np.uint8)
    sheet[: len(index)] = sprites
    sheet = sheet.reshape(rows, COLUMNS, SIZE, SIZE, 4).swapaxes(1, 2).reshape(rows * SIZE, COLUMNS * SIZE, 4)
    name = f"{'sharealike' if artist == 'openmoji' else 'emoji'}/{artist}.webp"
    Image.fromarray(sheet).save(DATA / name, quality=88, method=6, alpha_quality=100)
    record(name)
