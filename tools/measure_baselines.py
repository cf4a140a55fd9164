"""Measure what simple methods reach on each data set and write it onto the cards.

Linear: softmax regression by L-BFGS with a small weight penalty. Nearest: the label of the most similar
training picture. ``measure_baselines.py NAME …`` measures some; sets whose originals are not in COURSE_DATA
are left out.
"""

import bisect
import collections
import itertools
import json
import math
import random
import re
import sys
import time

import torch
from _common import REGISTRY
from torch.nn import functional as F

from course_utils import data
from course_utils.data import compose, decode
from course_utils.data.registry import DataError

torch.set_num_threads(1)
PERCENT = "{:.1f} %".format


def share(right) -> str:
    return PERCENT(100 * right.float().mean().item())


def linear(x, y, tests, penalty=1e-3, steps=60):
    """Fit softmax regression; return the predictions for each test input (N, D)."""
    mean, scale = x.mean(0), x.std() + 1e-6
    weight = torch.zeros(x.shape[1], int(y.max()) + 1, requires_grad=True)
    bias = torch.zeros(weight.shape[1], requires_grad=True)
    optimiser = torch.optim.LBFGS([weight, bias], max_iter=steps, line_search_fn="strong_wolfe")
    x = (x - mean) / scale

    def closure():
        optimiser.zero_grad()
        loss = F.cross_entropy(x @ weight + bias, y) + penalty * weight.square().sum()
        loss.backward()
        return loss

    optimiser.step(closure)
    with torch.no_grad():
        return [((test - mean) / scale @ weight + bias).argmax(1) for test in tests]


def nearest(x, y, test):
    """Return the label of the training row at the smallest Euclidean distance of each test row."""
    return torch.cat([y[torch.cdist(part, x).argmin(1)] for part in test.split(500)])


def most_common(y, test):
    return test == y.bincount().argmax()


def mnist10k():
    (x, y), (u, v) = data.load("mnist10k"), data.load("mnist10k", "test")
    x, u = x.flatten(1), u.flatten(1)
    yield "most common class", share(most_common(y, v))
    yield "linear", share(linear(x, y, [u], penalty=1e-3)[0] == v)
    yield "nearest neighbour", share(nearest(x, y, u) == v)


def emoji():
    sets = {split: data.load("emoji", split) for split in ("train", "new_ids", "new_artist", "new_both")}
    white = {split: compose.over(s.images).flatten(1) for split, s in sets.items()}
    train = sets.pop("train")
    yield "most common group (new_ids)", share(most_common(train.labels, sets["new_ids"].labels))
    guesses = linear(white["train"], train.labels, [white[s] for s in sets], penalty=3e-3)
    for (split, test), guess in zip(sets.items(), guesses, strict=True):
        yield f"group on white, linear, {split}", share(guess == test.labels)
        guess = nearest(white["train"], train.labels, white[split])
        yield f"group on white, nearest neighbour, {split}", share(guess == test.labels)
    new = sets["new_ids"]
    for ground in ("white", "random colours"):
        plain = 1.0 if ground == "white" else compose.random_grounds(len(new.images), 0)
        pixels = compose.over(new.images, plain).flatten(1)
        yield f"same identity by another artist, 1 of 20, pixels on {ground}", share(one_of(pixels, new, 20))


def one_of(features, emoji, ways, trials=3000):
    """Find the identity of a drawing among ``ways`` drawings by another artist, by cosine."""
    rng = random.Random(0)
    features = F.normalize(features - features.mean(0))
    place = {
        (a, i): n
        for n, (a, i) in enumerate(zip(emoji.artists.tolist(), emoji.identities.tolist(), strict=True))
    }
    artists, identities = sorted(set(emoji.artists.tolist())), sorted(set(emoji.identities.tolist()))
    right = []
    for _ in range(trials):
        a, b = rng.sample(artists, 2)
        chosen = rng.sample(identities, ways)
        support = features[[place[b, i] for i in chosen]]
        right.append(int((support @ features[place[a, chosen[0]]]).argmax() == 0))
    return torch.tensor(right)


def stamps():
    known, new = data.load("stamps", size=64), data.load("stamps", "new", size=64)
    x, u = (compose.over(s.images).flatten(1) for s in (known, new))
    yield "most common group", share(most_common(known.labels, new.labels))
    yield "linear on pixels", share(linear(x, known.labels, [u], penalty=1e-2)[0] == new.labels)
    yield "nearest neighbour on pixels", share(nearest(x, known.labels, u) == new.labels)
    model, _ = data.load("squeezenet")
    with torch.no_grad():
        x, u = (
            model.features(compose.over(decode.resize(s.images, 227))).mean((2, 3))
            for s in (data.load("stamps"), data.load("stamps", "new"))
        )
    guess = linear(x, known.labels, [u], penalty=1e-3)[0]
    yield "linear on SqueezeNet's features", share(guess == new.labels)


def principal(x, u, k):
    """Project u on the mean and the first k principal components of x and back."""
    mean = x.mean(0)
    _, _, v = torch.svd_lowrank(x - mean, q=k + 10, niter=3)
    v = v[:, :k]
    return (u - mean) @ v @ v.T + mean


def avatars():
    torch.manual_seed(0)
    train, test = data.load("avatars", size=48), data.load("avatars", "test", size=48)
    x, u = train.images.flatten(1), test.images.flatten(1)
    yield (
        "reconstruction at 48 pixels, mean picture",
        f"mean squared error {(u - x.mean(0)).square().mean():.4f}",
    )
    for k in (16, 64):
        error = (u - principal(x, u, k)).square().mean()
        yield f"reconstruction, {k} principal components", f"{error:.4f}"
    closest = x[torch.cdist(u, x).argmin(1)]
    yield "reconstruction, nearest training picture", f"{(u - closest).square().mean():.4f}"
    for name in ("accessories", "mouth", "eyes"):
        y, v = train.attributes[name], test.attributes[name]
        yield f"{name}, most common", share(most_common(y, v))
        yield f"{name}, linear", share(linear(x, y, [u], penalty=1e-2, steps=30)[0] == v)


def swap():
    train, test = data.load("swap", size=48), data.load("swap", "test", size=48)
    x, y, u, v = (t.flatten(1) for t in (train.ann, train.bob, test.ann, test.bob))
    yield "Ann to Bob at 48 pixels, mean of Bob", f"mean squared error {(v - y.mean(0)).square().mean():.4f}"
    yield "nearest Ann, her Bob", f"{(v - y[torch.cdist(u, x).argmin(1)]).square().mean():.4f}"
    gram = (x - x.mean(0)) @ (x - x.mean(0)).T + 30 * torch.eye(len(x))
    guess = (u - x.mean(0)) @ (x - x.mean(0)).T @ torch.linalg.solve(gram, y - y.mean(0)) + y.mean(0)
    yield "linear map fitted on the true pairs", f"{(v - guess).square().mean():.4f}"
    yield "Ann herself", f"{(v - u).square().mean():.4f}"


ENGLISH = """france paris, italy rome, spain madrid, germany berlin, russia moscow, japan tokyo,
china beijing, egypt cairo, greece athens, poland warsaw, austria vienna, hungary budapest, norway oslo,
sweden stockholm, finland helsinki, turkey ankara, iran tehran, iraq baghdad, ukraine kiev, czech prague"""
RUSSIAN = """франция париж, италия рим, испания мадрид, германия берлин, россия москва, япония токио, китай
пекин, египет каир, греция афины, польша варшава, австрия вена, венгрия будапешт, норвегия осло,
швеция стокгольм, финляндия хельсинки, турция анкара, иран тегеран, ирак багдад, украина киев, чехия прага"""


def capitals(name, pairs):
    words, vectors = data.load(name)
    place, unit = {word: i for i, word in enumerate(words)}, F.normalize(vectors)
    pairs = [tuple(place[w] for w in pair.split()) for pair in pairs.replace("\n", " ").split(",")]
    right = []
    for a, b in pairs:
        for c, d in pairs:
            if a != c:
                score = unit @ (unit[b] - unit[a] + unit[c])
                score[[a, b, c]] = -9
                right.append(int(score.argmax() == d))
    yield "380 analogies of 20 capitals, b - a + c", share(torch.tensor(right))
    near = [int((unit @ unit[c]).topk(2).indices[1] == d) for c, d in pairs]
    yield "the country's nearest word is its capital", share(torch.tensor(near))


def glove40k():
    return capitals("glove40k", ENGLISH)


def navec30k():
    return capitals("navec30k", RUSSIAN)


def corpus():
    lines = [re.findall(r"[a-z]+(?:['’][a-z]+)?", s.lower()) for s in data.load("corpus").sentences]
    train = [w for i, line in enumerate(lines) if i % 20 for w in line]
    test = [line for i, line in enumerate(lines) if i % 20 == 0]
    ones = collections.Counter(train)
    yield "words", f"{sum(map(len, lines)):,}, {len(ones):,} different in 95 %"
    twos = collections.Counter(pair for i, s in enumerate(lines) if i % 20 for pair in itertools.pairwise(s))
    follow, first = collections.Counter(a for a, _ in twos), collections.Counter()
    for (a, _), number in twos.items():
        first[a] += number
    total, kinds = len(train), len(ones)
    loss = {"unigram": 0.0, "bigram": 0.0}
    count = 0
    for line in test:
        for a, b in itertools.pairwise(line):
            p = (ones[b] + 0.5) / (total + 0.5 * (kinds + 1))
            q = (twos[a, b] + follow[a] * p) / (first[a] + follow[a]) if first[a] else p
            loss["unigram"] -= math.log(p)
            loss["bigram"] -= math.log(q)
            count += 1
    for key, value in loss.items():
        yield f"{key} model of the other 5 %", f"{value / count:.2f} nats a word"


def ngrams(train, test, most):
    """Witten-Bell character models of orders 1 to ``most``: nats per character of the test text."""
    counts = [collections.Counter() for _ in range(most)]
    kinds = [collections.Counter() for _ in range(most)]
    totals = [collections.Counter() for _ in range(most)]
    for n in range(most):
        for i in range(n, len(train)):
            counts[n][train[i - n : i + 1]] += 1
        for gram, c in counts[n].items():
            kinds[n][gram[:-1]] += 1
            totals[n][gram[:-1]] += c
    loss, alphabet = [0.0] * most, len(set(train)) + 1
    for i in range(most, len(test)):
        p = 1 / alphabet
        for n in range(most):
            context = test[i - n : i]
            if t := totals[n][context]:
                k = kinds[n][context]
                p = (counts[n][test[i - n : i + 1]] + k * p) / (t + k)
            loss[n] -= math.log(p)
    return [value / (len(test) - most) for value in loss]


def characters(train, test):
    yield "uniform", f"{math.log(len(set(train))):.2f} nats a character"
    for n, value in enumerate(ngrams(train, test, 6), 1):
        if n in (1, 3, 5, 6):
            yield f"{n}-gram model", f"{value:.2f}"


def shakespeare():
    return characters(
        data.load("shakespeare").text[:2_000_000], data.load("shakespeare", "test").text[:200_000]
    )


def pushkin():
    return characters(data.load("pushkin").text, data.load("pushkin", "test").text)


def bags(texts, place):
    """Return tf-idf rows as a sparse tensor (N, V) of unit length, and the words' inverse frequencies."""
    rows, columns = [], []
    for i, text in enumerate(texts):
        for word in {w for w in re.findall(r"[a-z]+", text.lower()) if w in place}:
            rows.append(i)
            columns.append(place[word])
    return torch.tensor([rows, columns])


def glosses():
    train, test = data.load("glosses"), data.load("glosses", "test")
    common = collections.Counter(w for t in train.texts for w in set(re.findall(r"[a-z]+", t.lower())))
    place = {w: i for i, (w, c) in enumerate(common.most_common()) if c > 1}
    idf = torch.tensor([math.log(len(train.texts) / common[w]) for w in place])
    y, v = train.labels, test.labels
    yield "most common category", share(most_common(y, v))
    x, u = bags(train.texts, place), bags(test.texts, place)
    word = torch.zeros(26, len(place)).index_put_((y[x[0]], x[1]), torch.ones(x.shape[1]), accumulate=True)
    logs = torch.log((word + 0.1) / (word.sum(1, keepdim=True) + 0.1 * len(place)))
    score = torch.log(y.bincount(minlength=26) / len(y)).repeat(len(v), 1)
    score.index_add_(0, u[0], logs.T[u[1]])
    yield "naive Bayes", share(score.argmax(1) == v)

    def sparse(index, n):
        m = torch.sparse_coo_tensor(index, idf[index[1]], (n, len(place))).coalesce()
        norm = torch.zeros(n).index_add_(0, m.indices()[0], m.values().square()).sqrt().clamp(min=1e-6)
        return torch.sparse_coo_tensor(
            m.indices(), m.values() / norm[m.indices()[0]], m.shape
        ).to_sparse_csr()

    a, some = sparse(x, len(y)), torch.arange(0, len(v), 8)
    b = sparse(u, len(v)).to_dense()[some] if len(v) * len(place) < 4e8 else None
    weight, bias = torch.zeros(len(place), 26, requires_grad=True), torch.zeros(26, requires_grad=True)
    optimiser = torch.optim.LBFGS([weight, bias], max_iter=60, line_search_fn="strong_wolfe")

    def closure():
        optimiser.zero_grad()
        loss = F.cross_entropy(torch.sparse.mm(a, weight) + bias, y) + 2e-6 * weight.square().sum()
        loss.backward()
        return loss

    optimiser.step(closure)
    with torch.no_grad():
        yield "linear on tf-idf", share((torch.sparse.mm(sparse(u, len(v)), weight) + bias).argmax(1) == v)
        if b is not None:
            guess = torch.cat([y[torch.sparse.mm(a, part.T).argmax(0)] for part in b.split(100)])
            yield "nearest neighbour by tf-idf", share(guess == v[some])


def distance(a, b):
    """Return the edit distance of two lists."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        left, row[0] = row[0], i
        for j, z in enumerate(b, 1):
            left, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, left + (x != z))
    return row[-1]


def cmudict():
    train, test = data.load("cmudict"), data.load("cmudict", "test")
    votes = collections.defaultdict(collections.Counter)
    for word, sounds in zip(*train, strict=True):
        sounds = sounds.split()
        if len(word) == len(sounds):
            for letter, sound in zip(word, sounds, strict=True):
                votes[letter][sound] += 1
    table = {letter: c.most_common(1)[0][0] for letter, c in votes.items()}
    known = sorted(zip((w[::-1] for w in train.sources), train.targets, strict=True))
    keys = [k for k, _ in known]
    errors, exact, total = [0, 0], [0, 0], 0
    for word, sounds in zip(*test, strict=True):
        truth = sounds.split()
        total += len(truth)
        at = min(bisect.bisect(keys, word[::-1]), len(keys) - 1)
        for k, guess in enumerate(([table[c] for c in word], known[at][1].split())):
            errors[k] += distance(guess, truth)
            exact[k] += guess == truth
    for k, label in enumerate(
        ("a fixed sound per letter", "sounds of the known word with the likest ending")
    ):
        right, wrong = PERCENT(100 * exact[k] / len(test.sources)), PERCENT(100 * errors[k] / total)
        yield label, f"{right} of words right, {wrong} of sounds wrong"


def numbers():
    train, test = data.load("numbers"), data.load("numbers", "test")
    by_length = collections.defaultdict(list)
    for source, target in zip(*train, strict=True):
        by_length[len(source)].append((source, target))
    errors = total = exact = 0
    for source, target in zip(*test, strict=True):
        pool = by_length[len(source)]
        guess = max(pool, key=lambda p: sum(a == b for a, b in zip(p[0], source, strict=True)))[1]
        exact += guess == target
        errors += distance(guess.split(), target.split())
        total += len(target.split())
    right, wrong = PERCENT(100 * exact / len(test.sources)), PERCENT(100 * errors / total)
    yield "words of the known number with most equal digits", f"{right} right, {wrong} of words wrong"


def omniglot():
    train = data.load("omniglot", "all")
    old = train.writers < 15
    x, u = train.images[old].flatten(1), train.images[~old].flatten(1)
    y, v = train.labels[old], train.labels[~old]
    yield "242 characters, 5 new writers, chance", PERCENT(100 / 242)
    yield "linear", share(linear(x, y, [u], penalty=1e-3, steps=40)[0] == v)
    yield "nearest neighbour", share(nearest(x, y, u) == v)


def omniglot_runs():
    support, query, answers = data.load("omniglot_runs")
    yield "1 of 20, chance", PERCENT(5.0)
    closest = torch.cdist(query.flatten(2), support.flatten(2)).argmin(2)
    yield "nearest by pixels", share(closest == answers)


def nuclei():
    test = data.load("nuclei", "test")
    scores = []
    for image, instance in zip(test.images, test.instances > 0, strict=True):
        counts = torch.histc(image, 256, 0, 1)
        level = torch.arange(256)
        weight, mean = counts.cumsum(0), (counts * level).cumsum(0)
        between = (mean[-1] * weight / weight[-1] - mean).square() / (weight * (weight[-1] - weight)).clamp(
            min=1
        )
        mask = image[0] * 255 > between.argmax()
        scores.append(((mask & instance).sum() / (mask | instance).sum().clamp(min=1)).item())
    yield "Otsu's threshold", f"mean IoU {sum(scores) / len(scores):.3f}"
    yield "everything is nucleus", f"mean IoU {(test.instances > 0).float().mean():.3f}"


def tags(name):
    train, test = data.load(name), data.load(name, "test")
    votes, all_tags = collections.defaultdict(collections.Counter), collections.Counter()
    for words, found in zip(*train, strict=True):
        for word, tag in zip(words, found, strict=True):
            votes[word.lower()][tag] += 1
            all_tags[tag] += 1
    pairs = [p for w, t in zip(*test, strict=True) for p in zip(w, t, strict=True)]
    default = all_tags.most_common(1)[0][0]
    yield f"always {default}", share(torch.tensor([t == default for _, t in pairs]))
    guess = [votes[w.lower()].most_common(1)[0][0] if w.lower() in votes else default for w, _ in pairs]
    yield (
        "the word's most frequent tag, learnt on dev",
        share(torch.tensor([g == t for g, (_, t) in zip(guess, pairs, strict=True)])),
    )


def ud_english():
    return tags("ud_english")


def ud_russian():
    return tags("ud_russian")


MEASURES = [
    mnist10k, emoji, stamps, avatars, swap, glove40k, navec30k, corpus, shakespeare, glosses, cmudict,
    numbers, omniglot, omniglot_runs, nuclei, ud_english, ud_russian, pushkin,
]  # fmt: skip

for measure in MEASURES:
    name = measure.__name__
    if len(sys.argv) > 1 and name not in sys.argv[1:]:
        continue
    start = time.process_time()
    try:
        result = dict(measure())
    except DataError as error:
        print(f"{name}: left out: {error}")
        continue
    table = json.loads(REGISTRY.read_text(encoding="utf-8"))
    table["sets"][name]["baselines"] = result
    REGISTRY.write_text(json.dumps(table, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{name} ({time.process_time() - start:.0f} s): {result}", flush=True)
