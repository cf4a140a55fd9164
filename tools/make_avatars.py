"""Make data/avatars/: 4,000 drawn people whose every attribute is known, and two people making the same
1,000 faces.

Needs node with @dicebear/core, @dicebear/avataaars (9.4.3) and @resvg/resvg-js (2.6.2) in
``_build/sources/node``. Attributes are drawn independently and uniformly (glasses for 40 %, beards for 30
%), so no two go together by chance.
"""

import gzip
import json
import subprocess

import numpy as np
from _common import DATA, ROOT, SOURCES, record, source
from PIL import Image

COLUMNS = 50
source(
    "npm:@dicebear/avataaars"
)  # the checked package; node uses the copy that npm installed beside its engine
source("npm:avataaars")
out = SOURCES / "avatars"
if not (out / "bob.raw").exists():
    subprocess.run(["node", str(ROOT / "tools" / "avatars.mjs"), str(out)], cwd=SOURCES / "node", check=True)

(DATA / "avatars").mkdir(exist_ok=True)
for name in ("avatars", "ann", "bob"):
    images = np.fromfile(out / f"{name}.raw", np.uint8).reshape(-1, 64, 64, 3)
    sheet = images.reshape(-1, COLUMNS, 64, 64, 3).swapaxes(1, 2).reshape(-1, COLUMNS * 64, 3)
    Image.fromarray(sheet).save(DATA / "avatars" / f"{name}.webp", quality=88, method=6)
    record(f"avatars/{name}.webp")

for name, table in (("avatars", "avatars"), ("bob", "swap")):  # both people share one table
    rows = json.loads((out / f"{name}.json").read_text())
    lines = ["\t".join(rows[0])] + ["\t".join(str(value) for value in row.values()) for row in rows]
    text = ("\n".join(lines) + "\n").encode()
    (DATA / "avatars" / f"{table}.tsv.gz").write_bytes(gzip.compress(text, 9, mtime=0))
    record(f"avatars/{table}.tsv.gz")
assert json.loads((out / "ann.json").read_text()) == json.loads((out / "bob.json").read_text())
