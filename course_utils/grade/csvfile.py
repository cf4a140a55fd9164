"""CSV as people have it, and as we write it: any delimiter and encoding in, commas and UTF-8 out."""

from __future__ import annotations

import codecs
import csv
import io
import re
import unicodedata
from pathlib import Path

KEPT = "\u00a0\u200c\u200d\u200e\u200f\u202f\u3000"  # spaces and joiners that belong to names
BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def decode(data: bytes) -> tuple[str, str]:
    """(text, encoding) of a table: UTF-8, UTF-16, else the Windows code page that its words look like."""
    for mark, encoding in BOMS:
        if data.startswith(mark):
            return data.decode(encoding, "replace"), encoding
    if data[1::2].count(0) > len(data) // 4 or data[::2].count(0) > len(data) // 4:
        encoding = "utf-16-le" if data[1::2].count(0) > data[::2].count(0) else "utf-16-be"
        return data.decode(encoding, "replace"), encoding
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        # Whole words above ASCII are Cyrillic; single letters in Latin words are accents.
        words = re.findall(rb"[A-Za-z\x80-\xff]*[\x80-\xff][A-Za-z\x80-\xff]*", data)
        cyrillic = sum(len(word) > 1 and not re.search(rb"[A-Za-z]", word) for word in words)
        encoding = "cp1251" if 2 * cyrillic > len(words) else "cp1252"
        return data.decode(encoding, "replace"), encoding


def read(path: Path) -> tuple[list[list[str]], str]:
    """(rows, encoding) of a CSV; the delimiter is the one that cuts the first lines into most columns."""
    text, encoding = decode(path.read_bytes())
    named = re.match(r"sep=(.)\r?\n", text)  # a line for Excel
    text = text[named.end() :] if named else text
    delimiter = named[1] if named else max(",;\t|", key=lambda mark: _columns(text, mark))
    rows = [[cell.strip() for cell in row] for row in _cells(text, delimiter)]
    return [row for row in rows if any(row)], encoding


def _columns(text: str, delimiter: str) -> int:
    return len(next(_cells(text, delimiter), []))


def _cells(text: str, delimiter: str):
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)


def clean(text: str) -> str:
    """Text from outside in one line: without controls and without marks that turn the direction of others."""
    text = "".join(c if c.isprintable() or c in KEPT else "\ufffd" for c in text)
    return text.encode("utf-8", "backslashreplace").decode()


def safe(value) -> str:
    """A cell that no spreadsheet takes for a formula, no page for HTML and no terminal for a command."""
    text = "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
    text = clean(text).replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"(^|[,;|])(?=\s*[=+\-@＝＋－＠])", r"\1'", text)  # some spreadsheets split at ; and |


def write(header: list, lines: list[list], guard=safe) -> str:
    """A CSV as text (RFC 4180, comma).

    Args:
        guard: what is done to each cell; rows that came from a platform go back to it as they are.
    """
    out = io.StringIO()
    csv.writer(out).writerows([guard(cell) for cell in line] for line in [header, *lines])
    return out.getvalue()


def letters(text: str) -> str:
    """The letters and digits of a name, for comparing: two spellings of one name are the same."""
    text = unicodedata.normalize("NFKC", text).casefold()
    return "".join(c for c in text if c.isalnum() or unicodedata.category(c)[0] == "M")
