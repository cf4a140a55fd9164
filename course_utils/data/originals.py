"""From downloaded originals to tensors: the sets of the full profile, which the course does not carry."""

from __future__ import annotations

import csv
import io
import struct
from typing import NamedTuple
from xml.etree import ElementTree

import numpy as np
import torch
from PIL import Image

from . import fetch
from .decode import Labelled, Text, floats
from .registry import DataError, entry


class Characters(NamedTuple):
    """Handwritten characters."""

    images: torch.Tensor  # (N, 1, S, S) float32, ink is 1
    labels: torch.Tensor  # (N,) int64, the character, 0 to K - 1 within the split
    alphabets: torch.Tensor  # (N,) int64, 0 to the number of alphabets - 1 within the split
    writers: torch.Tensor  # (N,) int64, 0 to 19


class Runs(NamedTuple):
    """One-shot tasks: which of 20 support characters is each query?"""

    support: torch.Tensor  # (20, 20, 1, S, S) float32, ink is 1
    query: torch.Tensor  # (20, 20, 1, S, S) float32, ink is 1
    answers: torch.Tensor  # (20, 20) int64, index of the support character


class Boxes(NamedTuple):
    """Pictures and the boxes of the objects in them."""

    images: torch.Tensor  # (N, 3, H, W) float32 in [0, 1]
    boxes: list  # N tensors (K, 4) float32: left, top, right, bottom in pixels
    labels: list  # N tensors (K,) int64, an index into the card's classes


class Instances(NamedTuple):
    """Pictures and the outlines of the objects in them."""

    images: torch.Tensor  # (N, 1, S, S) float32 in [0, 1]
    instances: torch.Tensor  # (N, S, S) int64, 0 is background, i the i-th object


class Outlines(NamedTuple):
    """Pictures, outlines and boxes."""

    images: torch.Tensor  # (N, 3, S, S) float32 in [0, 1]
    instances: torch.Tensor  # (N, S, S) int64, 0 is background, i the i-th object
    boxes: list  # N tensors (K, 4) float32: left, top, right, bottom in pixels


class Tagged(NamedTuple):
    """Sentences with a part of speech for each word."""

    words: list  # N lists of strings
    tags: list  # N lists of strings, as long


class Faces(NamedTuple):
    """Faces, whose they are, and the official pairs."""

    images: torch.Tensor  # (N, 3, S, S) float32 in [0, 1]
    labels: torch.Tensor  # (N,) int64, an index into people
    people: list  # names
    pairs: torch.Tensor  # (6000, 2) int64, indices into images; ten folds of 600 in order
    same: torch.Tensor  # (6000,) bool


def idx(name: str) -> np.ndarray:
    """Read an array in the IDX format of MNIST."""
    content = fetch.gunzip(fetch.path(name))
    dims = content[3] if content[:3] == b"\0\0\x08" else 0
    shape = struct.unpack(f">{dims}I", content[4 : 4 + 4 * dims])
    values = np.frombuffer(content[4 + 4 * dims :], np.uint8)
    if dims == 0 or values.size != np.prod(shape):
        raise DataError(f"{name} is no IDX file of bytes; delete it and load it again.")
    return values.reshape(shape)


def digits(prefix: str):
    def decode(split, size):
        part = {"train": "train", "test": "t10k"}[split]
        images = idx(f"{prefix}-{part}-images-idx3-ubyte.gz")
        labels = idx(f"{prefix}-{part}-labels-idx1-ubyte.gz")
        return Labelled(floats(images[..., None], size), torch.from_numpy(labels.copy()).long())

    return decode


def mnist(split, size):
    """MNIST from the prepared file of all 70,000 digits, if it is there, else from the four originals."""
    if prepared := fetch.local("mnist_70k.npz"):
        with np.load(prepared, allow_pickle=False) as file:
            images, labels = file[f"{split}_x"], file[f"{split}_y"]
        return Labelled(floats(images[..., None], size), torch.from_numpy(labels).long())
    return digits("mnist")(split, size)


def cifar10(split, size):
    wanted = "test_batch" if split == "test" else "data_batch"
    batches = [body for name, body in fetch.members(fetch.path("cifar-10-binary.tar.gz")) if wanted in name]
    rows = np.frombuffer(b"".join(batches), np.uint8).reshape(-1, 3073)  # label, then 3 planes of 32 x 32
    images = rows[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    return Labelled(floats(images, size), torch.from_numpy(rows[:, 0].copy()).long())


def ink(body: bytes) -> np.ndarray:
    """Read a black-on-white drawing: (H, W, 1) uint8, ink is 255."""
    with Image.open(io.BytesIO(body)) as image:
        return 255 - np.asarray(image.convert("L"))[..., None]


def characters(archives, keep, size):
    """Read Omniglot archives; ``keep`` maps the sorted list of alphabets to those that are wanted."""
    found = {}
    for archive in archives:
        for name, body in fetch.members(fetch.path(archive)):
            if name.endswith(".png") and "/." not in name:
                _, alphabet, character, drawing = name.split(
                    "/"
                )  # alphabets in both small sets are kept once
                found.setdefault((alphabet, character, drawing.split("_")[1]), body)
    alphabets = keep(sorted({alphabet for alphabet, _, _ in found}))
    keys = sorted(key for key in found if key[0] in alphabets)
    kinds = sorted({key[:2] for key in keys})
    number = {kind: i for i, kind in enumerate(kinds)}
    place = {alphabet: i for i, alphabet in enumerate(alphabets)}
    images = np.stack([ink(found[key]) for key in keys])
    return Characters(
        floats(images, size),
        torch.tensor([number[key[:2]] for key in keys]),
        torch.tensor([place[key[0]] for key in keys]),
        torch.tensor([int(key[2].split(".")[0]) - 1 for key in keys]),
    )


def omniglot(split, size):
    parts = {"train": slice(0, 5), "test": slice(5, None), "all": slice(None)}
    archives = ["omniglot_background_small1.zip", "omniglot_background_small2.zip"]
    return characters(archives, lambda names: names[parts[split]], size)


def omniglot_full(split, size):
    archive = {"train": "omniglot_background.zip", "test": "omniglot_evaluation.zip"}[split]
    return characters([archive], lambda names: names, size)


def omniglot_runs(split, size):
    files = dict(fetch.members(fetch.path("omniglot_all_runs.zip")))
    files = {name.removeprefix("all_runs/"): body for name, body in files.items()}
    support, query, answers = [], [], []
    for run in range(1, 21):
        lines = files[f"run{run:02d}/class_labels.txt"].decode().split("\n")
        pairs = sorted(line.replace("//", "/").split() for line in lines if line.strip())
        names = sorted(training for _, training in pairs)
        support += [ink(files[name]) for name in names]
        query += [ink(files[test]) for test, _ in pairs]
        answers.append([names.index(training) for _, training in pairs])
    stacked = (floats(np.stack(x), size).reshape(20, 20, 1, size, size) for x in (support, query))
    return Runs(*stacked, torch.tensor(answers))


def part_of(count: int, split: str, one_in: int) -> list[int]:
    """Return the indices of a split in which every ``one_in``-th item is test."""
    return [i for i in range(count) if split == "all" or (i % one_in == one_in - 1) == (split == "test")]


def bccd(split, size):
    classes = entry("bccd")["classes"]
    pictures, objects = {}, {}
    if prepared := fetch.local("bccd_320x240.zip"):
        files = dict(fetch.members(prepared))
        pictures = {name: body for name, body in files.items() if name.endswith(".jpg")}
        for row in csv.DictReader(io.StringIO(files["boxes.tsv"].decode()), delimiter="\t"):
            box = [float(row[side]) for side in ("xmin", "ymin", "xmax", "ymax")]
            objects.setdefault(row["image"], []).append((box, classes.index(row["label"])))
    else:
        for name, body in fetch.members(fetch.path("BCCD_Dataset.zip")):
            stem = name.rsplit("/", 1)[-1].rsplit(".", 1)[0] + ".jpg"
            if name.endswith(".jpg") and "JPEGImages" in name:
                pictures[stem] = body
            elif name.endswith(".xml") and "Annotations" in name:
                for item in ElementTree.fromstring(body).iter("object"):
                    sides = [item.find(f"bndbox/{side}").text for side in ("xmin", "ymin", "xmax", "ymax")]
                    box = [float(side) / 2 for side in sides]
                    objects.setdefault(stem, []).append((box, classes.index(item.find("name").text)))
    names = sorted(name for name in pictures if name in objects)
    names = [names[i] for i in part_of(len(names), split, 6)]
    images = []
    for name in names:
        with Image.open(io.BytesIO(pictures[name])) as image:
            small = image.convert("RGB").resize((320, 240), Image.Resampling.BOX)
        images.append(torch.from_numpy(np.asarray(small).copy()).permute(2, 0, 1))
    return Boxes(
        torch.stack(images).float() / 255,
        [torch.tensor([box for box, _ in objects[name]]) for name in names],
        [torch.tensor([label for _, label in objects[name]]) for name in names],
    )


def nearest(labels: np.ndarray, size: int) -> torch.Tensor:
    """Resize label pictures (N, H, W) to (N, size, size) int64 without mixing labels."""
    values = torch.from_numpy(labels.astype(np.float32))[:, None]
    return torch.nn.functional.interpolate(values, (size, size), mode="nearest-exact")[:, 0].long()


def nuclei(split, size):
    if prepared := fetch.local("nuclei_128.npz"):
        with np.load(prepared, allow_pickle=False) as file:
            images, labels = file["image"], file["instance"]
    else:
        images, labels = stage1(fetch.path("stage1_train.zip"))
    keep = part_of(len(images), split, 5)
    return Instances(floats(images[keep][..., None], size), nearest(labels[keep], size))


def stage1(file):
    """Read the fluorescence pictures (grey on black) of the original archive at 128 x 128 pixels."""
    pictures, masks = {}, {}
    for name, body in fetch.members(file):
        key, _, kind = name.partition("/")
        if kind.startswith("images/"):
            with Image.open(io.BytesIO(body)) as image:
                pixels = np.asarray(image.convert("RGB"))
            if pixels.std(2).max() == 0 and pixels.mean() < 110:
                small = Image.fromarray(pixels[..., 0]).resize((128, 128), Image.Resampling.BOX)
                pictures[key] = np.asarray(small)
        elif kind.startswith("masks/"):
            with Image.open(io.BytesIO(body)) as image:
                small = image.convert("L").resize((128, 128), Image.Resampling.BOX)
            masks.setdefault(key, []).append(np.asarray(small) > 127)
    keys = sorted(key for key in pictures if key in masks)
    labels = np.zeros((len(keys), 128, 128), np.int64)
    for label, key in zip(labels, keys, strict=True):
        for i, mask in enumerate(masks[key], 1):
            label[mask] = i
    return np.stack([pictures[key] for key in keys]), labels


def conllu(name: str):
    """Yield (words, tags) per sentence of a Universal Dependencies file, compressed or not."""
    small = fetch.local(name + ".gz") if name + ".gz" in fetch.table()["originals"] else None
    content = fetch.gunzip(small) if small else fetch.path(name).read_bytes()
    for block in content.decode().split("\n\n"):
        fields = [line.split("\t") for line in block.splitlines() if line[:1].isdigit()]
        fields = [f for f in fields if f[0].isdigit()]  # not the spans (3-4) and empty words (8.1)
        if fields:
            yield [f[1] for f in fields], [f[3] for f in fields]


def tagged(*treebanks: str):
    def decode(split, size):
        sentences = [pair for name in treebanks for pair in conllu(f"{name}-ud-{split}.conllu")]
        return Tagged([words for words, _ in sentences], [tags for _, tags in sentences])

    return decode


def lfw(split, size):
    images, labels, people, place = [], [], [], {}
    for name, body in sorted(fetch.members(fetch.path("lfw-funneled.tgz"))):
        if not name.endswith(".jpg"):
            continue
        person = name.split("/")[-2]
        if not people or people[-1] != person:
            people.append(person)
        with Image.open(io.BytesIO(body)) as image:
            pixels = np.asarray(image.convert("RGB"))[61:189, 61:189]  # the face, without the background
        place[name.split("/")[-1]] = len(images)
        images.append(floats(pixels[None], size)[0])
        labels.append(len(people) - 1)
    pairs, same = [], []
    for line in fetch.path("lfw-pairs.txt").read_text(encoding="utf-8").splitlines()[1:]:
        f = line.split("\t")
        other = f[0] if len(f) == 3 else f[2]
        pairs.append([place[f"{f[0]}_{int(f[1]):04d}.jpg"], place[f"{other}_{int(f[-1]):04d}.jpg"]])
        same.append(len(f) == 3)
    return Faces(torch.stack(images), torch.tensor(labels), people, torch.tensor(pairs), torch.tensor(same))


def pennfudan(split, size):
    files = dict(fetch.members(fetch.path("PennFudanPed.zip")))
    names = sorted(name for name in files if "/PNGImages/" in name and name.endswith(".png"))
    images, labels, boxes = [], [], []
    for name in (names[i] for i in part_of(len(names), split, 5)):
        stem = name.rsplit("/", 1)[-1][:-4]
        with Image.open(io.BytesIO(files[name])) as image:
            pixels = np.asarray(image.convert("RGB"))
        with Image.open(io.BytesIO(files[f"PennFudanPed/PedMasks/{stem}_mask.png"])) as image:
            mask = np.asarray(image)
        side = max(mask.shape)
        padding = ((0, side - mask.shape[0]), (0, side - mask.shape[1]))
        images.append(floats(np.pad(pixels, (*padding, (0, 0)))[None], size)[0])
        labels.append(nearest(np.pad(mask, padding)[None], size)[0])
        found = [np.argwhere(mask == i) for i in range(1, mask.max() + 1)]
        corners = [[*p.min(0)[::-1], *(p.max(0)[::-1] + 1)] for p in found if len(p)]
        boxes.append(torch.tensor(np.array(corners), dtype=torch.float32) * size / side)
    return Outlines(torch.stack(images), torch.stack(labels), boxes)


def pushkin(split, size):
    if prepared := fetch.local("pushkin_poems.txt.gz"):
        text = fetch.gunzip(prepared).decode()
    else:
        poems = []
        for name, body in sorted(fetch.members(fetch.path("RusLit.zip"))):
            if "/poems/Pushkin/" in name and name.endswith(".txt"):
                try:
                    poems.append(body.decode("utf-8-sig"))
                except UnicodeDecodeError:
                    poems.append(body.decode("cp1251"))
        text = "\n".join(poems)
    cut = len(text) * 9 // 10
    return Text({"train": text[:cut], "test": text[cut:], "all": text}[split])


DECODERS = {
    "mnist": mnist,
    "fashion": digits("fashion"),
    "cifar10": cifar10,
    "omniglot": omniglot,
    "omniglot_full": omniglot_full,
    "omniglot_runs": omniglot_runs,
    "bccd": bccd,
    "nuclei": nuclei,
    "ud_english": tagged("en_ewt"),
    "ud_russian": tagged("ru_gsd", "ru_taiga"),
    "lfw": lfw,
    "pennfudan": pennfudan,
    "pushkin": pushkin,
}
