"""From the checked files of ``data/`` to tensors: one small function per embedded data set."""

from __future__ import annotations

import json
import zlib
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image

from . import fetch
from .registry import choose, entry

ARTISTS = ("noto", "noto-v1", "twemoji", "fluent-emoji-flat", "emojione", "openmoji")


class Labelled(NamedTuple):
    """Pictures and their classes."""

    images: torch.Tensor  # (N, C, S, S) float32 in [0, 1]
    labels: torch.Tensor  # (N,) int64


class Emoji(NamedTuple):
    """Emoji with transparency: the same identity drawn by several artists."""

    images: torch.Tensor  # (N, 4, S, S) float32 in [0, 1]: red, green, blue, opacity
    labels: torch.Tensor  # (N,) int64, the group, an index into classes("emoji")
    identities: torch.Tensor  # (N,) int64, 0 to 1079, a row of rows("emoji")
    artists: torch.Tensor  # (N,) int64, an index into ARTISTS


class Cutouts(NamedTuple):
    """Photographed objects with transparency."""

    images: torch.Tensor  # (N, 4, S, S) float32 in [0, 1]: red, green, blue, opacity
    labels: torch.Tensor  # (N,) int64, an index into classes("stamps")
    names: list  # N names, such as "zebra"


class Pictures(NamedTuple):
    """Photographs and their names."""

    images: torch.Tensor  # (N, 3, S, S) float32 in [0, 1], or (1, 3, H, W) for one photograph
    names: list  # N names


class Avatars(NamedTuple):
    """Drawn people and every attribute they were drawn from."""

    images: torch.Tensor  # (N, 3, S, S) float32 in [0, 1]
    attributes: dict  # {attribute: (N,) int64, an index into values[attribute]}
    values: dict  # {attribute: list of its values}


class Swap(NamedTuple):
    """Two people with the same expressions and poses: ``bob[i]`` is the true swap of ``ann[i]``."""

    ann: torch.Tensor  # (N, 3, S, S) float32 in [0, 1]
    bob: torch.Tensor  # (N, 3, S, S) float32 in [0, 1]
    attributes: (
        dict  # {"eyes", "eyebrows", "mouth": (N,) int64; "angle" degrees, "x", "y" units: (N,) float32}
    )
    values: dict  # {"eyes", "eyebrows", "mouth": list of values}


class Network(NamedTuple):
    """A trained network and the names of its classes."""

    model: torch.nn.Module
    classes: list


class Checkpoint(NamedTuple):
    """A trained generator of pictures, and how it got there."""

    weights: dict  # its state dict, float32
    progress: torch.Tensor  # (R, 24, 3, 32, 32) float32 in [-1, 1]: drawings at R snapshots, same 24 codes
    record: dict  # seed, settings, and "snapshots": R dicts with step, d_loss, g_loss, fid, cpu_seconds


class Vectors(NamedTuple):
    """Word vectors, most frequent word first."""

    words: list  # V words
    vectors: torch.Tensor  # (V, D) float32


class Characters(NamedTuple):
    """The weights of a character model; its class stands in the chapter that reads it."""

    weights: dict  # {name: float32 tensor}, for load_state_dict
    alphabet: str  # V characters; code k stands for alphabet[k]
    record: dict  # how it was trained, and its held-out loss next to n-gram models


class Text(NamedTuple):
    """Running text."""

    text: str


class Sentences(NamedTuple):
    """Sentences, in the order of the books."""

    sentences: list  # N strings


class Glosses(NamedTuple):
    """Definitions of nouns and their categories."""

    texts: list  # N definitions
    labels: torch.Tensor  # (N,) int64, an index into classes("glosses")
    nouns: list  # N nouns


class Pairs(NamedTuple):
    """Strings to be turned into strings."""

    sources: list  # N strings
    targets: list  # N strings


def load(name, split=None, size=None, device=None):
    """See ``course_utils.data.load``."""
    card = entry(name)
    split = choose(name, "split", split, card["splits"])
    if size is not None:
        if "size" not in card:
            raise ValueError(f"load: {name!r} holds no pictures of one size, so it takes no size.")
        if split not in card.get("squares", card["splits"]):
            squares = " or ".join(map(repr, card["squares"]))
            raise ValueError(
                f"load: {split!r} is one picture in its own shape; leave out size, or load {squares}."
            )
        if not (isinstance(size, int) and 8 <= size <= 1024):
            raise ValueError(f"load: size is {size!r}; a whole number of pixels from 8 to 1024 is needed.")
    if card["kind"] == "original":
        from .originals import DECODERS as decoders
    else:
        decoders = DECODERS
    result = decoders[name](split, size or card.get("size"))
    return result if device is None else move(result, device)


def move(value, device):
    """Put all tensors and networks inside named tuples, dicts and lists on a device."""
    if isinstance(value, torch.Tensor | torch.nn.Module):
        return value.to(device)
    if isinstance(value, dict):
        return {key: move(item, device) for key, item in value.items()}
    if isinstance(value, tuple):
        return type(value)(*(move(item, device) for item in value))
    if isinstance(value, list) and value and isinstance(value[0], torch.Tensor):
        return [item.to(device) for item in value]
    return value


def resize(images: torch.Tensor, size: int) -> torch.Tensor:
    """Shrink or enlarge pictures with anti-aliasing.

    Args:
        images: (N, C, S, S) float32; with four channels, the fourth is the opacity and weighs the colours.
        size: the new side in pixels.

    Returns:
        (N, C, size, size) float32 in [0, 1].
    """
    if images.shape[-2:] == (size, size):
        return images
    if images.shape[1] == 4:
        images = torch.cat([images[:, :3] * images[:, 3:], images[:, 3:]], 1)
    images = torch.nn.functional.interpolate(images, (size, size), mode="bilinear", antialias=True)
    if images.shape[1] == 4:
        images[:, :3] /= images[:, 3:].clamp(min=1e-3)
    return images.clamp_(0, 1)


def picture(name: str) -> np.ndarray:
    """Open a picture of ``data/``: (H, W, C) uint8."""
    with Image.open(fetch.path(name)) as image:
        return np.asarray(image)


def floats(images: np.ndarray, size: int) -> torch.Tensor:
    """Turn (N, H, W, C) bytes into (N, C, size, size) float32 in [0, 1], in parts to save memory."""
    result = torch.empty(len(images), images.shape[3], size, size)
    for start in range(0, len(images), 50):
        part = torch.from_numpy(images[start : start + 50].copy()).permute(0, 3, 1, 2)
        result[start : start + 50] = resize(part.float().div_(255), size)
    return result


def sheet(name: str, side: int, count: int, keep=slice(None)) -> np.ndarray:
    """Cut a sheet of square pictures: (count, side, side, C) uint8, of which ``keep`` are kept."""
    pixels = picture(name)
    rows, columns = pixels.shape[0] // side, pixels.shape[1] // side
    tiles = (
        pixels.reshape(rows, side, columns, side, -1).swapaxes(1, 2).reshape(rows * columns, side, side, -1)
    )
    return tiles[:count][keep]


def rows(name: str) -> list[dict]:
    """Read a table of ``data/`` (.tsv or .tsv.gz) with a header: a dict of strings per row."""
    file = fetch.path(name)
    text = fetch.gunzip(file).decode() if name.endswith(".gz") else file.read_text(encoding="utf-8")
    header, *lines = (line.split("\t") for line in text.splitlines())
    return [dict(zip(header, line, strict=True)) for line in lines]


def codes(values) -> tuple[torch.Tensor, list]:
    """Number strings in alphabetical order: their numbers (N,) int64 and the strings."""
    names = sorted(set(values))
    number = {name: i for i, name in enumerate(names)}
    return torch.tensor([number[value] for value in values]), names


def chosen(keys, split: str, one_in: int) -> list[int]:
    """Return the indices of a split that depends on the keys alone: one in ``one_in`` is test."""
    test = [zlib.crc32(key.encode()) % one_in == 0 for key in keys]
    return [i for i, is_test in enumerate(test) if split == "all" or is_test == (split == "test")]


def mnist10k(split, size):
    with np.load(fetch.path("mnist10k.npz"), allow_pickle=False) as file:
        images, labels = file["images"], file["labels"]
    part = {"train": slice(0, 8000), "test": slice(8000, None), "all": slice(None)}[split]
    return Labelled(floats(images[part, ..., None], size), torch.from_numpy(labels[part]).long())


def emoji(split, size):
    table = rows("emoji/index.tsv")
    groups, _ = codes([row["group"] for row in table])
    known = np.array([row["part"] == "known" for row in table])
    both = np.ones(len(table), bool)
    artists, keep = {
        "train": (ARTISTS[:5], known),
        "new_ids": (ARTISTS[:5], ~known),
        "new_artist": (ARTISTS[5:], known),
        "new_both": (ARTISTS[5:], ~known),
        "all": (ARTISTS, both),
    }.get(split, ((split,), both))
    images = []
    for artist in artists:
        folder = "sharealike" if artist == "openmoji" else "emoji"
        images.append(floats(sheet(f"{folder}/{artist}.webp", 64, len(table), keep), size))
    which = torch.from_numpy(np.flatnonzero(keep))
    number = torch.tensor([ARTISTS.index(artist) for artist in artists])
    return Emoji(
        torch.cat(images) if len(images) > 1 else images[0],  # a copy of all pictures takes memory
        groups[which].repeat(len(artists)),
        which.repeat(len(artists)),
        number.repeat_interleave(len(which)),
    )


def square(pixels: np.ndarray) -> np.ndarray:
    """Cut the centre square out of an (H, W, C) picture."""
    side = min(pixels.shape[:2])
    top, left = (pixels.shape[0] - side) // 2, (pixels.shape[1] - side) // 2
    return pixels[top : top + side, left : left + side]


def photos(split, size):
    card = entry("photos")
    parts = card["parts"]
    if split not in card["squares"]:
        image = torch.from_numpy(picture(f"photos/{split}.webp").copy()).permute(2, 0, 1)[None]
        return Pictures(image.float() / 255, [split])
    names = [name for part in parts for name in parts[part] if split in (part, "all")]
    squares = [floats(square(picture(f"photos/{name}.webp"))[None], size) for name in names]
    return Pictures(torch.cat(squares), names)


def nature(split, size):
    names = entry("nature")["names"]
    return Pictures(floats(sheet("gpl/nature.webp", 256, len(names)), size), names)


def stamps(split, size):
    table = rows("gpl/stamps.tsv")
    keep = [i for i, row in enumerate(table) if split in (row["part"], "all")]
    labels, _ = codes([row["group"] for row in table])
    images = floats(sheet("gpl/stamps.webp", 128, len(table), keep), size)
    return Cutouts(images, labels[keep], [table[i]["name"] for i in keep])


def avatars(split, size):
    table = rows("avatars/avatars.tsv.gz")
    part = {"train": slice(0, 3600), "test": slice(3600, None), "all": slice(None)}[split]
    numbered = {key: codes([row[key] for row in table]) for key in table[0]}
    return Avatars(
        floats(sheet("avatars/avatars.webp", 64, len(table), part), size),
        {key: number[part] for key, (number, _) in numbered.items()},
        {key: names for key, (_, names) in numbered.items()},
    )


def swap(split, size):
    table = rows("avatars/swap.tsv.gz")
    part = {"train": slice(0, 800), "test": slice(800, None), "all": slice(None)}[split]
    numbered = {key: codes([row[key] for row in table]) for key in ("eyes", "eyebrows", "mouth")}
    attributes = {key: number[part] for key, (number, _) in numbered.items()}
    for key in ("angle", "x", "y"):
        attributes[key] = torch.tensor([float(row[key]) for row in table])[part]
    ann, bob = (floats(sheet(f"avatars/{name}.webp", 64, len(table), part), size) for name in ("ann", "bob"))
    return Swap(ann, bob, attributes, {key: names for key, (_, names) in numbered.items()})


def squeezenet(split, size):
    from safetensors.torch import load_file

    from .squeezenet import SqueezeNet

    weights = load_file(fetch.path("squeezenet/weights.safetensors"))
    model = SqueezeNet()
    model.load_state_dict({key: value.float() for key, value in weights.items()})
    names = fetch.path("squeezenet/classes.txt").read_text(encoding="utf-8").splitlines()
    return Network(model.eval(), names)


def gan(split, size):
    from safetensors.torch import load_file

    stored = load_file(fetch.path("gan/generator.safetensors"))
    weights = {key: value.float() if value.is_floating_point() else value for key, value in stored.items()}
    record = json.loads(fetch.path("gan/record.json").read_text(encoding="utf-8"))
    snapshots = len(record["snapshots"])
    progress = floats(sheet("gan/progress.webp", 32, 24 * snapshots), 32) * 2 - 1
    return Checkpoint(weights, progress.view(snapshots, 24, 3, 32, 32), record)


def glove40k(split, size):
    with np.load(fetch.path("vectors/glove40k.npz"), allow_pickle=False) as file:
        words, vectors = bytes(file["words"]).decode().split("\n"), file["codes"] * file["scale"]
    return Vectors(words, torch.from_numpy(vectors))


def navec30k(split, size):
    with np.load(fetch.path("vectors/navec30k.npz"), allow_pickle=False) as file:
        words, code, book = bytes(file["words"]).decode().split("\n"), file["codes"], file["book"]
    pieces = book[
        np.arange(len(book)), code
    ]  # (V, 100, 3): byte j of a word names one of 256 pieces of list j
    return Vectors(words, torch.from_numpy(pieces.reshape(len(words), -1)))


def pushkin_model(split, size):
    from safetensors import safe_open

    with safe_open(fetch.path("pushkin_model/weights.safetensors"), "pt") as file:
        weights = {key: file.get_tensor(key).float() for key in file.keys()}  # noqa: SIM118
        alphabet = file.metadata()["alphabet"]
    record = json.loads(fetch.path("pushkin_model/record.json").read_text(encoding="utf-8"))
    return Characters(weights, alphabet, record)


def gpt(split, size):
    from safetensors import safe_open

    with safe_open(fetch.path("gpt/weights.safetensors"), "pt") as file:
        stored = {key: file.get_tensor(key).float() for key in file.keys()}  # noqa: SIM118
        alphabet = file.metadata()["alphabet"]
    weights = {
        key: value * stored[f"{key}.scale"][:, None] if f"{key}.scale" in stored else value
        for key, value in stored.items()
        if not key.endswith(".scale")
    }
    record = json.loads(fetch.path("gpt/record.json").read_text(encoding="utf-8"))
    return Characters(weights, alphabet, record)


def corpus(split, size):
    lines = []
    for name in ("kjv", "web"):
        if split in (name, "all"):
            lines += fetch.gunzip(fetch.path(f"corpora/{name}.txt.gz")).decode().splitlines()
    return Sentences(lines)


def shakespeare(split, size):
    plays = fetch.gunzip(fetch.path("corpora/shakespeare.txt.gz")).decode().split("\f")
    test = entry("shakespeare")["test"]
    return Text(
        "\n".join(p for p in plays if split == "all" or (p.split("\n")[0] in test) == (split == "test"))
    )


def glosses(split, size):
    table = rows("words/glosses.tsv.gz")
    keep = chosen([row["noun"] for row in table], split, 10)
    labels, _ = codes([row["category"] for row in table])
    return Glosses([table[i]["gloss"] for i in keep], labels[keep], [table[i]["noun"] for i in keep])


def cmudict(split, size):
    table = rows("words/cmudict.tsv.gz")
    keep = chosen([row["word"] for row in table], split, 20)
    return Pairs([table[i]["word"] for i in keep], [table[i]["sounds"] for i in keep])


def numbers(split, size):
    table = rows("words/numbers.tsv.gz")
    keep = chosen([row["number"] for row in table], split, 10)
    return Pairs([table[i]["number"] for i in keep], [table[i]["words"] for i in keep])


DECODERS = {
    "mnist10k": mnist10k,
    "emoji": emoji,
    "photos": photos,
    "nature": nature,
    "stamps": stamps,
    "avatars": avatars,
    "swap": swap,
    "squeezenet": squeezenet,
    "gan": gan,
    "pushkin_model": pushkin_model,
    "gpt": gpt,
    "glove40k": glove40k,
    "navec30k": navec30k,
    "corpus": corpus,
    "shakespeare": shakespeare,
    "glosses": glosses,
    "cmudict": cmudict,
    "numbers": numbers,
}
