"""The embedded data sets: every file accounted for, every set as its card says."""

import inspect
import json
import subprocess
import sys

import numpy as np
import pytest
import torch

from course_utils import data
from course_utils.data import card, decode, fetch, registry

EMBEDDED = registry.names("embedded")


def test_import_is_light():
    code = "import sys, course_utils.data; print({'torch', 'numpy', 'pooch', 'requests'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_every_file_has_a_row_and_every_row_a_file():
    rows = set(registry.table()["files"])
    found = {p.relative_to(fetch.REPOSITORY).as_posix() for p in fetch.REPOSITORY.rglob("*") if p.is_file()}
    found = {f for f in found if not f.startswith("licenses/") and f not in ("LICENSES.md", ".gitattributes")}
    assert found == rows


@pytest.mark.parametrize("name", registry.table()["files"])
def test_file_is_as_recorded(name):
    row = registry.table()["files"][name]
    file = fetch.REPOSITORY / name
    assert file.stat().st_size == row["bytes"] and fetch.digest(file) == row["sha256"]
    assert row["licence"] and row["attribution"] and row["changes"]
    assert all(source in registry.table()["sources"] for source in row["sources"])
    for text in row["texts"]:
        assert (fetch.REPOSITORY / "licenses" / text).stat().st_size > 300
    assert (fetch.REPOSITORY.parent / "tools" / row["tool"]).exists()
    assert ("gpl/" in name) == ("GPL-2" in row["licence"] and "LGPL" not in row["licence"])
    assert ("sharealike/" in name) == (row["licence"] == "CC BY-SA 4.0")


def test_licence_page_and_appendix_are_up_to_date():
    assert (fetch.REPOSITORY / "LICENSES.md").read_text(encoding="utf-8") == card.licenses()
    page = fetch.REPOSITORY.parent / "book" / "appendix" / "datasets.md"
    assert page.read_text(encoding="utf-8") == card.appendix()


def test_every_licence_text_is_used():
    used = {text for row in registry.table()["files"].values() for text in row["texts"]}
    assert {p.name for p in (fetch.REPOSITORY / "licenses").iterdir()} == used


def test_total_size():
    total = sum(p.stat().st_size for p in fetch.REPOSITORY.rglob("*") if p.is_file())
    print(f"data/ holds {total / 1e6:.1f} MB")
    assert total <= 40e6


def test_every_set_loads(capsys):
    assert set(card.bench()) == set(EMBEDDED)
    assert "total" in capsys.readouterr().out


def test_registry_and_decoders_agree():
    from course_utils.data.originals import DECODERS as originals

    assert set(decode.DECODERS) == set(EMBEDDED)
    assert set(originals) == set(registry.names("original"))
    both = registry.table()["files"] | registry.table()["originals"]
    assert {row["set"] for row in both.values()} == set(registry.names())


def test_mnist10k():
    images, labels = data.load("mnist10k")
    test_images, test_labels = data.load("mnist10k", split="test")
    assert images.shape == (8000, 1, 28, 28) and test_images.shape == (2000, 1, 28, 28)
    assert images.dtype == torch.float32 and labels.dtype == torch.int64
    assert images.min() == 0 and images.max() == 1
    assert torch.equal((images * 255).round() / 255, images)  # bytes, exactly
    assert (labels.bincount() > 650).all() and (test_labels.bincount() > 180).all()
    counts = torch.cat([labels, test_labels]).bincount()
    assert counts.tolist() == [1001, 1127, 991, 1032, 980, 863, 1014, 1070, 944, 978]  # MNIST's first 10,000
    seen = {row.numpy().tobytes() for row in images}
    assert len(seen) == 8000 and not any(row.numpy().tobytes() in seen for row in test_images)
    assert data.load("mnist10k", size=14).images.shape[-1] == 14


def test_emoji_splits_are_disjoint_and_aligned():
    train = data.load("emoji", size=16)
    new = data.load("emoji", split="new_ids", size=16)
    artist = data.load("emoji", split="new_artist", size=16)
    both = data.load("emoji", split="new_both", size=16)
    assert train.images.shape == (4065, 4, 16, 16) and len(new.images) == 5 * 267
    assert not set(train.identities.tolist()) & set(new.identities.tolist())
    assert set(train.artists.tolist()) == {0, 1, 2, 3, 4} and set(artist.artists.tolist()) == {5}
    assert set(artist.identities.tolist()) == set(train.identities.tolist())
    assert set(both.identities.tolist()) == set(new.identities.tolist())
    groups = data.classes("emoji")
    table = data.rows("emoji")
    for i in (0, 777, 4064):
        assert groups[train.labels[i]] == table[train.identities[i]]["group"]
    one = data.load("emoji", split="twemoji", size=16)
    where = (train.artists == 2).nonzero()[5].item()
    assert torch.equal(train.images[where], one.images[train.identities[where]])


def test_emoji_of_one_identity_look_alike():
    sets = [data.compose.over(data.load("emoji", split=a, size=16).images).flatten(1) for a in decode.ARTISTS]
    for other in sets[1:]:
        same = (sets[0] - other).square().mean()
        shuffled = (sets[0] - other.roll(97, 0)).square().mean()
        assert same < 0.75 * shuffled  # the sheets are in the same order


def test_photos():
    everything = data.load("photos", size=64)
    assert everything.images.shape == (19, 3, 64, 64) and "cat" in everything.names
    names = data.load("photos", split="things", size=32).names + data.load("photos", "places", size=32).names
    assert sorted(names) == sorted(everything.names)
    cat = data.load("photos", split="cat").images
    assert cat.shape[:2] == (1, 3) and cat.shape[2] != cat.shape[3] and 0.2 < cat.mean() < 0.8
    with pytest.raises(ValueError, match="'cat' is one picture in its own shape; leave out size"):
        data.load("photos", split="cat", size=128)
    assert data.load("nature", size=48).images.shape == (12, 3, 48, 48)


def test_squeezenet_knows_a_cat_and_a_coffee():
    model, classes = data.load("squeezenet")
    assert sum(p.numel() for p in model.parameters()) == 1_235_496 and not model.training
    photos = data.load("photos", size=227)
    with torch.no_grad():
        chance, best = model(photos.images).softmax(1).max(1)
    said = {name: classes[i] for name, i in zip(photos.names, best.tolist(), strict=True)}
    assert said["cat"] == "Egyptian cat" and said["coffee"] == "espresso"
    assert said["peaks"] == "alp" and said["cameraman"] == "tripod"
    sure = dict(zip(photos.names, chance.tolist(), strict=True))
    assert (
        0.3 < sure["cat"] < 0.6 and sure["coffee"] > 0.9 and sure["cameraman"] > 0.9 and sure["peaks"] > 0.7
    )
    assert model.features(photos.images[:1]).shape == (1, 512, 14, 14)


def test_stamps():
    known, new = data.load("stamps", size=32), data.load("stamps", split="new", size=32)
    assert len(known.images) + len(new.images) == 233 and not set(known.names) & set(new.names)
    assert data.classes("stamps") == ["bird", "flower", "food", "mammal", "object", "small animal"]
    assert data.classes("stamps")[known.labels[known.names.index("zebra")]] == "mammal"
    opaque = known.images[:, 3].mean((1, 2))
    assert (opaque > 0.05).all() and (opaque < 0.95).all()


def test_avatars_show_their_attributes():
    avatars = data.load("avatars", split="test", size=32)
    assert avatars.images.shape == (400, 3, 32, 32)
    glasses = avatars.values["accessories"].index("sunglasses")
    worn = avatars.attributes["accessories"] == glasses
    eyes = avatars.images[:, :, 11:16, 10:22].mean((1, 2, 3))
    assert eyes[worn].mean() < eyes[~worn].mean() - 0.1  # dark glasses are dark
    train = data.load("avatars", size=8)
    assert len(train.images) == 3600 == len(train.attributes["mouth"])


def test_swap_is_paired():
    ann, bob, attributes, values = data.load("swap", split="test", size=32)
    assert ann.shape == bob.shape == (200, 3, 32, 32) and len(attributes["angle"]) == 200
    red = [(x[:, 0] - x[:, 1])[:, 8:20, 6:26].mean((1, 2)) for x in (ann, bob)]
    hearts = attributes["eyes"] == values["eyes"].index("hearts")
    for angle, redness in zip(map(tilt, (ann, bob)), red, strict=True):
        assert redness[hearts].mean() > redness[~hearts].mean() + 0.03
        assert torch.corrcoef(torch.stack([angle, attributes["angle"][100:]]))[0, 1] > 0.8


def tilt(images):
    """Predict the angle of the last hundred pictures from the first hundred, linearly."""
    truth = data.load("swap", split="test", size=8).attributes["angle"]
    x = torch.nn.functional.avg_pool2d(images, 2).flatten(1).double()
    x = x - x[:100].mean(0)
    gram = x[:100] @ x[:100].T + 5 * torch.eye(100)
    return (x[100:] @ x[:100].T @ torch.linalg.solve(gram, truth[:100].double())).float()


def analogy(words, vectors, a, b, c):
    place = {word: i for i, word in enumerate(words)}
    unit = torch.nn.functional.normalize(vectors)
    score = unit @ (unit[place[b]] - unit[place[a]] + unit[place[c]])
    score[[place[word] for word in (a, b, c)]] = -9
    return words[score.argmax()]


def test_word_vectors():
    english, russian = data.load("glove40k"), data.load("navec30k")
    assert english.vectors.shape == (40_000, 50) and english.words[0] == "the"
    assert russian.vectors.shape == (30_000, 300) and len(set(russian.words)) == 30_000
    assert analogy(*english, "man", "king", "woman") == "queen"
    assert analogy(*english, "france", "paris", "italy") == "rome"
    assert analogy(*russian, "мужчина", "король", "женщина") == "королева"
    assert analogy(*russian, "россия", "москва", "сша") == "вашингтон"


def test_texts():
    sentences = data.load("corpus").sentences
    assert sentences[0] == "In the beginning God created the heaven and the earth."
    assert len(sentences) == len(data.load("corpus", "kjv").sentences) + len(
        data.load("corpus", "web").sentences
    )
    assert not any(mark in s for s in sentences for mark in "<>\n\f")
    train, test = data.load("shakespeare").text, data.load("shakespeare", "test").text
    assert "To be, or not to be" in train and "Is this a dagger which I see before me" in test
    assert "dagger which I see" not in train and "Gutenberg" not in train
    assert set(train) <= set(map(chr, range(32, 127))) | {"\n"}


def test_word_tables():
    glosses = data.load("glosses")
    test = data.load("glosses", "test")
    assert len(data.classes("glosses")) == 26 and 0.05 < len(test.texts) / len(glosses.texts) < 0.2
    assert not set(test.nouns) & set(glosses.nouns)
    example = glosses.nouns.index("dog") if "dog" in glosses.nouns else test.nouns.index("dog")
    where = glosses if "dog" in glosses.nouns else test
    assert data.classes("glosses")[where.labels[example]] == "animal"
    words = data.load("cmudict", "all")
    sounds = dict(zip(*words, strict=True))
    assert sounds["attention"] == "AH T EH N SH AH N"
    assert len({s for line in words.targets for s in line.split()}) == 39
    numbers = dict(zip(*data.load("numbers", "all"), strict=True))
    assert len(numbers) == 20_000 and numbers["21"] == "двадцать один"
    assert set(data.load("numbers").sources).isdisjoint(data.load("numbers", "test").sources)


def test_fields_are_documented():
    for kind in (decode.Labelled, decode.Emoji, decode.Cutouts, decode.Avatars, decode.Swap, decode.Vectors):
        source = inspect.getsource(kind)
        assert kind.__doc__ and all(f"{field}:" in source for field in kind._fields)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: data.load("mnist10"), "no data set 'mnist10'; did you mean 'mnist10k'"),
        (lambda: data.load("qqqqqqq"), "there are mnist10k, emoji"),
        (lambda: data.load("mnist10k", split="dev"), "has no split 'dev'; there are 'train', 'test', 'all'"),
        (lambda: data.load("mnist10k", size=0), "size is 0; a whole number of pixels from 8 to 1024"),
        (lambda: data.load("mnist10k", size=2.5), "size is 2.5"),
        (lambda: data.load("corpus", size=8), "'corpus' holds no pictures of one size"),
        (lambda: data.info("emoj"), "did you mean 'emoji'"),
        (lambda: data.classes("corpus"), "'corpus' has no classes"),
        (lambda: data.rows("mnist10k"), "'mnist10k' has no table; there are tables of emoji"),
        (lambda: list(data.batches(3, 0)), "batch_size is 0"),
        (lambda: list(data.batches((torch.zeros(3), torch.zeros(4)), 2)), "lengths [3, 4]"),
    ],
)
def test_wrong_arguments_are_one_clear_sentence(call, words):
    with pytest.raises(ValueError) as caught:
        call()
    message = str(caught.value)
    assert words in message and "\n" not in message and len(message) < 400


def test_batches_cover_everything_once_and_depend_on_the_seed_alone():
    labels = torch.arange(103)
    parts = [y for _, y in data.batches((labels * 2, labels), 10, seed=4)]
    assert [len(p) for p in parts] == [10] * 10 + [3]
    order = torch.cat(parts)
    assert torch.equal(order.sort().values, labels)
    torch.manual_seed(99)
    threads = torch.get_num_threads()
    torch.set_num_threads(1 if threads > 1 else 2)
    again = torch.cat(list(data.batches(labels, 10, seed=4)))
    torch.set_num_threads(threads)
    assert torch.equal(order, again)
    assert torch.equal(order, torch.cat(list(data.batches(103, 10, seed=4))))
    assert not torch.equal(order, torch.cat(list(data.batches(103, 10, seed=5))))
    assert torch.equal(labels, torch.cat(list(data.batches(103, 10, seed=None))))
    assert [len(i) for i in data.batches(103, 10, drop_last=True)] == [10] * 10
    for x, y in data.batches((labels * 2, labels), 7, seed=0):
        assert torch.equal(x, 2 * y)
    state = torch.get_rng_state()
    list(data.batches(103, 10, seed=1))
    assert torch.equal(state, torch.get_rng_state())  # nobody else's randomness is touched


def test_device_moves_everything():
    device = torch.device("meta")
    avatars = data.load("avatars", split="test", size=8, device=device)
    assert avatars.images.device == device and avatars.attributes["mouth"].device == device
    model, _ = data.load("squeezenet", device=device)
    assert model.conv1.weight.device == device and model.mean.device == device


def test_cards(capsys):
    import matplotlib.pyplot as plt

    for name in registry.names():
        data.info(name, show=False)
        text = capsys.readouterr().out
        assert "licence" in text and "cite" in text and "gives" in text
        assert all(len(line) <= 130 for line in text.splitlines())
    for name in EMBEDDED:
        assert registry.entry(name).get("baselines") or name in ("photos", "nature", "squeezenet", "gpt")
    figure = data.info("nature")
    assert np.asarray(figure.axes[0].images[0].get_array()).ndim == 3
    assert data.info("glove40k") is None
    plt.close("all")


def test_command_line():
    run = [sys.executable, "-m", "course_utils.data"]
    done = subprocess.run([*run, "--check"], capture_output=True, text=True, check=True)
    assert done.stdout == f"{len(registry.table()['files'])} files are as they should be.\n"
    done = subprocess.run([*run, "mnist10k"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("MNIST-10k")
    assert "emoji" in subprocess.run(run, capture_output=True, text=True, check=True).stdout


def test_sources_are_pinned():
    for key, row in registry.table()["sources"].items():
        assert key.split(":")[0] in ("npm", "pypi", "deb") and len(row["sha256"]) == 64, key
    for name, row in registry.table()["originals"].items():
        assert row["urls"] or row.get("note"), name
        assert all(url.startswith(("https://", "http://")) for url in row["urls"])
    json.dumps(registry.table())
