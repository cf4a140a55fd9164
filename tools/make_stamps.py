"""Make data/gpl/stamps.webp and stamps.tsv: photographs of animals and things, cut out, from Tux Paint's
stamps.

Left out are drawings (told by eye), mirror images, and whatever has no transparency. Each cut-out is shrunk
to fit 128 x 128 pixels, centred, 16 in a row. Every fourth of a group, in a fixed random order, is "new":
kept for testing.
"""

import numpy as np
from _common import DATA, record, unpack
from PIL import Image

SIZE, COLUMNS = 128, 16
GROUPS = {  # group: folders of the package
    "bird": ["animals/birds"],
    "mammal": ["animals/mammals", "animals/marsupials"],
    "small animal": [
        "animals/amphibians",
        "animals/fish",
        "animals/insects",
        "animals/lizards",
        "animals/shellfish",
    ],
    "food": ["food", "plants/mushrooms"],
    "flower": ["plants/flowers"],
    "object": ["hobbies", "household", "sports", "vehicles"],
}
DRAWINGS = [
    "albino_peahen", "ostrich", "bluegroper", "clownfish", "moonwrasse", "shrimp", "stripedfish",
    "echidna", "hedgehog", "Cherry_Stella", "Strawberry2", "orange_seville", "pizza", "cylinder", "mug",
    "garbagecan", "sedan_police", "indycar", "7spoke256", "wheel_tractor", "flower8",
    "scissors_small_open", "key",
]  # fmt: skip


def cutout(file):
    """Return the stamp as a 128 x 128 RGBA image, or None if it is too small or has no transparency."""
    image = Image.open(file)
    if image.mode not in ("RGBA", "LA", "P", "PA"):
        return None
    image = image.convert("RGBA")
    image = image.crop(image.getchannel("A").point(lambda a: 255 * (a > 16)).getbbox())
    solid = (np.asarray(image.getchannel("A")) > 127).mean()
    if min(image.size) < 40 or not 0.15 < solid < 0.98:
        return None
    # With colours weighted by their alpha, so that what is hidden outside an object does not bleed into its
    # rim.
    pixels = np.asarray(image, np.float32) / 255
    pixels[..., :3] *= pixels[..., 3:]
    scale = SIZE / max(image.size)
    size = [max(1, round(side * scale)) for side in image.size]
    planes = [
        Image.fromarray(pixels[..., c]).resize(size, Image.Resampling.BOX if scale < 1 else 3)
        for c in range(4)
    ]
    small = np.stack([np.asarray(p) for p in planes], -1)
    small[..., :3] /= np.maximum(small[..., 3:], 1e-3)
    small = Image.fromarray((small.clip(0, 1) * 255 + 0.5).astype(np.uint8))
    out = Image.new("RGBA", (SIZE, SIZE))
    out.paste(small, ((SIZE - size[0]) // 2, (SIZE - size[1]) // 2))
    return out


root = unpack("deb:tuxpaint-stamps-default") / "usr" / "share" / "tuxpaint" / "stamps"
rows, images = [], []
random = np.random.default_rng(0)
for group, folders in GROUPS.items():
    found = []
    for file in sorted(f for folder in folders for f in (root / folder).rglob("*.png")):
        path = file.relative_to(root).as_posix()
        if (
            "cartoon" in path
            or "toys" in path
            or "_mirror" in path
            or "_flip" in path
            or file.stem in DRAWINGS
        ):
            continue
        if not file.with_suffix(".svg").exists() and (image := cutout(file)):
            found.append((file.stem, image))
    new = set(random.permutation(len(found))[: len(found) // 4].tolist())
    for i, (name, image) in enumerate(found):
        rows.append(f"{name}\t{group}\t{'new' if i in new else 'known'}")
        images.append(image)
    print(group, len(found))

(DATA / "gpl").mkdir(exist_ok=True)
sheet = Image.new("RGBA", (COLUMNS * SIZE, -(-len(images) // COLUMNS) * SIZE))
for i, image in enumerate(images):
    sheet.paste(image, (i % COLUMNS * SIZE, i // COLUMNS * SIZE))
sheet.save(DATA / "gpl" / "stamps.webp", quality=88, method=6, alpha_quality=100)
text = "\n".join(["name\tgroup\tpart", *rows]) + "\n"
(DATA / "gpl" / "stamps.tsv").write_text(text, encoding="utf-8", newline="\n")
record("gpl/stamps.webp")
record("gpl/stamps.tsv")
