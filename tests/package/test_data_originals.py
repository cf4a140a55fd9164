"""The originals of the full profile: small files of each format made here, and the real files."""

import gzip
import hashlib
import io
import os
import struct
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from course_utils import data
from course_utils.data import DataError, registry

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"
REAL = Path(os.environ.get("COURSE_DATA") or SHARED)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return a function that writes a file into COURSE_DATA and gives its digest to the registry."""
    for name in ("COURSE_CACHE", "COURSE_DATA"):
        monkeypatch.setenv(name, str(tmp_path))

    def write(name, content):
        row = {**registry.table()["originals"][name], "sha256": hashlib.sha256(content).hexdigest()}
        row.pop("bytes", None)
        monkeypatch.setitem(registry.table()["originals"], name, row)
        (tmp_path / name).write_bytes(content)

    return write


def idx(array):
    return gzip.compress(struct.pack(f">I{array.ndim}I", 0x800 + array.ndim, *array.shape) + array.tobytes())


def encode(array, kind="PNG"):
    out = io.BytesIO()
    Image.fromarray(array).save(out, kind)
    return out.getvalue()


def zipped(files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, body in files.items():
            archive.writestr(name, body)
    return out.getvalue()


def tarred(files):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, body in files.items():
            item = tarfile.TarInfo(name)
            item.size = len(body)
            archive.addfile(item, io.BytesIO(body))
    return out.getvalue()


@pytest.mark.parametrize("name", ["mnist", "fashion"])
def test_idx(name, folder):
    images = np.arange(2 * 28 * 28, dtype=np.uint32).astype(np.uint8).reshape(2, 28, 28)
    folder(f"{name}-t10k-images-idx3-ubyte.gz", idx(images))
    folder(f"{name}-t10k-labels-idx1-ubyte.gz", idx(np.array([7, 2], np.uint8)))
    x, y = data.load(name, split="test")
    assert torch.equal((x[:, 0] * 255).round().byte(), torch.from_numpy(images)) and y.tolist() == [7, 2]
    folder(f"{name}-t10k-images-idx3-ubyte.gz", gzip.compress(b"something else entirely"))
    with pytest.raises(DataError, match="is no IDX file of bytes"):
        data.load(name, split="test")


def test_cifar10(folder):
    picture = np.zeros((3, 32, 32), np.uint8)
    picture[0, 0, 31] = 255  # red in the upper right corner
    row = bytes([9]) + picture.tobytes()
    top = "cifar-10-batches-bin/"
    folder("cifar-10-binary.tar.gz", tarred({f"{top}data_batch_1.bin": row * 3, f"{top}test_batch.bin": row}))
    x, y = data.load("cifar10")
    assert x.shape == (3, 3, 32, 32) and y.tolist() == [9] * 3
    assert x[0, 0, 0, 31] == 1 and x.sum() == 3
    assert len(data.load("cifar10", split="test").labels) == 1


def test_omniglot(folder):
    blank = np.full((105, 105), 255, np.uint8)

    def archive(top, alphabets):
        drawings = [(a, c, w) for a in alphabets for c in (1, 2) for w in (1, 2, 3)]
        return zipped({f"{top}/{a}/character{c:02d}/0{c}_{w:02d}.png": encode(blank) for a, c, w in drawings})

    folder("omniglot_background_small1.zip", archive("small1", ["A", "B", "Greek", "M"]))
    folder("omniglot_background_small2.zip", archive("small2", ["Greek", "X", "Y"]))
    train, test = data.load("omniglot"), data.load("omniglot", split="test")
    assert train.images.shape == (30, 1, 28, 28) and train.images.max() == 0  # no ink; Greek once
    assert train.labels.bincount().tolist() == [3] * 10 and train.writers.max() == 2
    assert train.alphabets.bincount().tolist() == [6] * 5 and len(test.labels) == 6


def test_mnist_prepared_and_original_agree(folder):
    x, y = (
        np.arange(3 * 28 * 28, dtype=np.uint32).reshape(3, 28, 28).astype(np.uint8),
        np.array([5, 0, 4], np.uint8),
    )
    for part, count in (("train", 3), ("t10k", 2)):
        folder(f"mnist-{part}-images-idx3-ubyte.gz", idx(x[:count]))
        folder(f"mnist-{part}-labels-idx1-ubyte.gz", idx(y[:count]))
    first = [data.load("mnist", split=split) for split in ("train", "test")]
    out = io.BytesIO()
    np.savez(out, train_x=x, train_y=y, test_x=x[:2], test_y=y[:2])
    folder("mnist_70k.npz", out.getvalue())
    second = [data.load("mnist", split=split) for split in ("train", "test")]
    assert [len(labels) for _, labels in second] == [3, 2]
    for one, other in zip(first, second, strict=True):
        assert torch.equal(one.images, other.images) and torch.equal(one.labels, other.labels)


def test_bccd_prepared_and_original_agree(folder, tmp_path):
    pixels = np.full((480, 640, 3), 90, np.uint8)
    small = encode(np.full((240, 320, 3), 90, np.uint8), "JPEG")
    rows = ["image\tlabel\txmin\tymin\txmax\tymax"]
    original = {}
    for i in range(6):
        rows.append(f"B{i}.jpg\tWBC\t10.0\t20.5\t{30 + i}.0\t40.0")
        box = f"<bndbox><xmin>20</xmin><ymin>41</ymin><xmax>{60 + 2 * i}</xmax><ymax>80</ymax></bndbox>"
        xml = f"<annotation><object><name>WBC</name>{box}</object></annotation>"
        original[f"BCCD_Dataset-d272/BCCD/Annotations/B{i}.xml"] = xml
        original[f"BCCD_Dataset-d272/BCCD/JPEGImages/B{i}.jpg"] = encode(pixels, "JPEG")
    folder("BCCD_Dataset.zip", zipped(original))
    first = data.load("bccd", split="all")
    folder(
        "bccd_320x240.zip", zipped({"boxes.tsv": "\n".join(rows), **{f"B{i}.jpg": small for i in range(6)}})
    )
    second = data.load("bccd", split="all")
    assert first.images.shape == second.images.shape == (6, 3, 240, 320)
    assert all(torch.equal(a, b) for a, b in zip(first.boxes, second.boxes, strict=True))
    assert first.boxes[2].tolist() == [[10.0, 20.5, 32.0, 40.0]] and first.labels[2].tolist() == [1]
    assert len(data.load("bccd").images) == 5 and len(data.load("bccd", split="test").images) == 1


def test_nuclei_of_the_original_archive(folder):
    grey = np.zeros((256, 256, 4), np.uint8)
    grey[..., :3], grey[..., 3] = 10, 255
    purple = grey.copy()
    purple[..., 0] = 200
    masks = np.zeros((2, 256, 256), np.uint8)
    masks[0, :64, :64], masks[1, 128:, 128:] = 255, 255
    files = {
        "a/images/a.png": encode(grey),
        "b/images/b.png": encode(purple),
        "b/masks/x.png": encode(masks[0]),
    }
    files |= {f"a/masks/{i}.png": encode(mask) for i, mask in enumerate(masks)}
    folder("stage1_train.zip", zipped(files))
    images, instances = data.load("nuclei", split="all")
    assert images.shape == (1, 1, 128, 128) and instances[0].unique().tolist() == [0, 1, 2]
    assert (instances[0, :32, :32] == 1).all() and (instances == 2).sum() == 64 * 64
    assert data.load("nuclei", split="all", size=64).instances.shape == (1, 64, 64)


CONLLU = b"""# text = They're here.
1-2\tThey're\t_\t_\t_\t_\t_\t_\t_\t_
1\tThey\tthey\tPRON\t_\t_\t0\t_\t_\t_
2\t're\tbe\tAUX\t_\t_\t0\t_\t_\t_
2.1\tnow\tnow\tADV\t_\t_\t_\t_\t_\t_
3\there\there\tADV\t_\t_\t0\t_\t_\t_

1\tYes\tyes\tINTJ\t_\t_\t0\t_\t_\t_

"""


def test_universal_dependencies(folder):
    folder("en_ewt-ud-test.conllu", CONLLU)
    plain = data.load("ud_english", split="test")
    assert plain.words == [["They", "'re", "here"], ["Yes"]] and plain.tags[0] == ["PRON", "AUX", "ADV"]
    for bank in ("ru_gsd", "ru_taiga"):
        folder(f"{bank}-ud-dev.conllu.gz", gzip.compress(CONLLU))
    assert len(data.load("ud_russian").words) == 4


def test_lfw(folder):
    pictures = {f"lfw_funneled/{p}/{p}_{i:04d}.jpg": np.full((250, 250, 3), 60 * i, np.uint8)
                for p, n in (("Ada_B", 2), ("Cy_D", 1)) for i in range(1, n + 1)}  # fmt: skip
    files = {name: encode(pixels, "JPEG") for name, pixels in pictures.items()}
    folder("lfw-funneled.tgz", tarred(files | {"lfw_funneled/pairs_01.txt": b""}))
    folder("lfw-pairs.txt", b"10\t300\nAda_B\t1\t2\nAda_B\t2\tCy_D\t1\n")
    faces = data.load("lfw")
    assert faces.images.shape == (3, 3, 64, 64) and faces.people == ["Ada_B", "Cy_D"]
    assert faces.labels.tolist() == [0, 0, 1]
    assert faces.pairs.tolist() == [[0, 1], [1, 2]] and faces.same.tolist() == [True, False]


def test_pennfudan(folder):
    mask = np.zeros((100, 200), np.uint8)
    mask[20:60, 40:80], mask[0:10, 190:200] = 1, 2
    files = {"PennFudanPed/PNGImages/F1.png": encode(np.full((100, 200, 3), 99, np.uint8))}
    files["PennFudanPed/PedMasks/F1_mask.png"] = encode(mask)
    folder("PennFudanPed.zip", zipped(files))
    images, instances, boxes = data.load("pennfudan", size=100)
    assert images.shape == (1, 3, 100, 100) and images[0, :, 75].max() == 0  # padded below
    assert boxes[0].tolist() == [[20, 10, 40, 30], [95, 0, 100, 5]]
    assert (instances[0, 10:30, 20:40] == 1).all() and (instances == 2).sum() == 25


def test_pushkin_of_the_original_repository(folder):
    top = "RusLit-4509/poems/Pushkin/"
    files = {f"{top}a.txt": "Мороз и солнце".encode(), f"{top}b.txt": "день чудесный".encode("cp1251")}
    folder("RusLit.zip", zipped(files | {"RusLit-4509/prose/Gogol/c.txt": b"no"}))
    assert data.load("pushkin", split="all").text == "Мороз и солнце\nдень чудесный"


def test_a_missing_original_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path))
    monkeypatch.delenv("COURSE_DATA", raising=False)
    row = {**registry.table()["originals"]["cifar-10-binary.tar.gz"], "urls": []}
    monkeypatch.setitem(registry.table()["originals"], "cifar-10-binary.tar.gz", row)
    with pytest.raises(DataError, match=r"cifar-10-binary.tar.gz is not on this machine .* COURSE_DATA\.$"):
        data.load("cifar10")


# The real files, where there is a folder of them (COURSE_DATA, or shared/data beside the repository).
real = pytest.mark.skipif(
    not (REAL / "bccd_320x240.zip").exists(), reason=f"no real originals in {REAL.name}/"
)


@pytest.fixture
def shared(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_DATA", str(REAL))
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path))


@real
def test_real_omniglot(shared):
    everything = data.load("omniglot", split="all")
    assert (
        everything.images.shape == (4840, 1, 28, 28) and everything.labels.bincount().tolist() == [20] * 242
    )
    assert len(data.load("omniglot").labels) + len(data.load("omniglot", split="test").labels) == 4840
    support, query, answers = data.load("omniglot_runs")
    right = torch.cdist(query.flatten(2), support.flatten(2)).argmin(2) == answers
    assert 0.15 < right.float().mean() < 0.4  # pixels: far above chance (0.05), far below people (0.95)


@real
def test_real_bccd(shared):
    images, boxes, labels = data.load("bccd", split="all")
    assert images.shape == (364, 3, 240, 320) and sum(map(len, boxes)) == 4888
    assert torch.cat(labels).bincount().tolist() == [4155, 372, 361]
    assert (torch.cat(boxes)[:, 2:] > torch.cat(boxes)[:, :2]).float().mean() > 0.999


@real
def test_real_nuclei(shared):
    images, instances = data.load("nuclei", split="all")
    assert images.shape == (338, 1, 128, 128) and instances.shape == (338, 128, 128)
    inside, outside = images[:, 0][instances > 0].mean(), images[:, 0][instances == 0].mean()
    assert inside > 3 * outside


@real
def test_real_texts(shared):
    assert (
        len(data.load("ud_english").words) == 2001
        and len(data.load("ud_english", split="test").words) == 2077
    )
    russian = data.load("ud_russian")
    assert all(len(w) == len(t) for w, t in zip(*russian, strict=True))
    assert {tag for tags in russian.tags for tag in tags} >= {"NOUN", "VERB", "ADJ", "PUNCT"}
    assert "Мой дядя самых честных правил" in data.load("pushkin", split="all").text
