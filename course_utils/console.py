"""Print text on any console, also one whose code page has no ✓."""

from __future__ import annotations

import sys

PLAIN = str.maketrans({"✓": "+", "✗": "x", "·": "-", "−": "-", "×": "x", "…": "...", "’": "'", "–": "-"})


def say(text: str) -> None:
    """Print ``text``; on a console that cannot, with marks and signs of ASCII, and "?" for other letters."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        text = text.translate(PLAIN).encode(encoding, "replace").decode(encoding)
    print(text)
