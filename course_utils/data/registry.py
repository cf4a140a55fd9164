"""The table of all data files and sets (``registry.json``): sizes, hashes, sources, licences, cards."""

from __future__ import annotations

import difflib
import functools
import json
from pathlib import Path


class DataError(RuntimeError):
    """A data file is missing, damaged or out of reach; the message says which and what to do."""


@functools.cache
def table() -> dict:
    """Return the registry: {"sources", "files", "originals", "sets"}. Do not change it."""
    return json.loads(Path(__file__).with_name("registry.json").read_text(encoding="utf-8"))


def names(kind: str = "all") -> list[str]:
    """List the data sets.

    Args:
        kind: "embedded" (lie in ``data/``), "original" (downloaded by the full profile) or "all".
    """
    sets = table()["sets"]
    return [name for name in sets if kind == "all" or sets[name]["kind"] == kind]


def entry(name: str) -> dict:
    """Return the card's facts about a set.

    Raises:
        ValueError: there is no such set; names the closest ones.
    """
    sets = table()["sets"]
    if name in sets:
        return sets[name]
    close = difflib.get_close_matches(str(name), sets, n=3, cutoff=0.4)
    hint = f"did you mean {' or '.join(map(repr, close))}?" if close else f"there are {', '.join(sets)}."
    raise ValueError(f"load: there is no data set {name!r}; {hint}")


def choose(name: str, what: str, value, allowed):
    """Return ``value`` if it is allowed for the set, the first allowed one for None.

    Raises:
        ValueError: says what is wrong and which values there are.
    """
    if value is None:
        return allowed[0]
    if value not in allowed:
        raise ValueError(
            f"load: {name!r} has no {what} {value!r}; there are {', '.join(map(repr, allowed))}."
        )
    return value
