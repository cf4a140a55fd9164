"""Make data/photos/NAME.webp (free photographs) and data/gpl/nature.webp (twelve backgrounds under the GPL).

Photographs keep their shape, the longer side at most 512 pixels; the backgrounds are centre squares of 256
pixels on one sheet of four by three, in the order of the names below.
"""

from _common import DATA, record, unpack
from PIL import Image

SCIKIT = {
    "cat": "chelsea.png", "coffee": "coffee.png", "astronaut": "astronaut.png", "cameraman": "camera.png",
    "brick": "brick.png", "grass": "grass.png", "gravel": "gravel.png", "rocket": "rocket.jpg",
    "galaxies": "hubble_deep_field.jpg", "retina": "retina.jpg",
}  # fmt: skip
LOMIRI = {
    "mountain": "aitzgorri_by_Aitzol_Berasategi.jpg", "fig": "Picture_0B_by_freespace.jpg",
    "brushes": "Picture_1A_by_freespace.jpg", "drum": "Wine_by_Jakkub_Mede.jpg",
    "stream": "life_by_Aitzol_Berasategi.jpg", "peaks": "picosdeeuropa_by_Aitzol_Berasategi.jpg",
    "sunset": "sunset_by_Aitzol_Berasategi.jpg", "dogs": "friends_by_Aitzol_Berasategi.jpg",
    "dandelion": "seeding_by_Clements_Engelhardt.jpg",
}  # fmt: skip
MATE = ["Aqua", "Blinds", "Dune", "FreshFlower", "Garden", "GreenMeadow"]
MATE += ["LadyBird", "RainDrops", "Storm", "TwoWings", "Wood", "YellowFlower"]


def square(image, size):
    """Cut the centre square and shrink it to ``size`` pixels."""
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    return image.crop((left, top, left + side, top + side)).resize((size, size), Image.Resampling.LANCZOS)


(DATA / "photos").mkdir(exist_ok=True)
(DATA / "gpl").mkdir(exist_ok=True)
scikit = unpack("pypi:scikit-image") / "skimage" / "data"
lomiri = unpack("deb:lomiri-wallpapers-16.04") / "usr" / "share" / "backgrounds"
mate = unpack("deb:mate-backgrounds") / "usr" / "share" / "backgrounds" / "mate" / "nature"

for folder, files in ((scikit, SCIKIT), (lomiri, LOMIRI)):
    for name, file in files.items():
        image = Image.open(folder / file).convert("RGB")
        image.thumbnail((512, 512), Image.Resampling.LANCZOS)
        image.save(DATA / "photos" / f"{name}.webp", quality=94, method=6)
        record(f"photos/{name}.webp")

sheet = Image.new("RGB", (4 * 256, 3 * 256))
for i, name in enumerate(MATE):
    sheet.paste(square(Image.open(mate / f"{name}.jpg").convert("RGB"), 256), (i % 4 * 256, i // 4 * 256))
sheet.save(DATA / "gpl" / "nature.webp", quality=94, method=6)
record("gpl/nature.webp")
