"""What this process talks to: a notebook, a terminal or a file; and how to print on any of them."""

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
    print(text, flush=True)


def in_notebook() -> bool:
    """Whether this process is the kernel of a notebook (not a terminal, not a script)."""
    if "IPython" not in sys.modules:
        return False
    from IPython import get_ipython

    shell = get_ipython()
    return shell is not None and hasattr(shell, "kernel")


def bars() -> bool:
    """Whether somebody would see a progress bar move: in a notebook or a terminal, not in a log."""
    return in_notebook() or (hasattr(sys.stderr, "isatty") and sys.stderr.isatty())
