"""Sums and differences of word vectors: the nearest words and a map, computed by the page itself."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping

import numpy as np
import traitlets as t

from .base import HERE, Widget, array, check_alt, check_kinds, deflate, module, parameters

LEAST = 12  # words of a language: the map shows the sum, its parts and eight neighbours


class Words(Widget):
    """The widget behind :func:`words`."""

    _esm = module("words")
    _css = Widget._css + (HERE / "words.css").read_text("utf8")
    data = t.Bytes(b"").tag(sync=True)
    texts = t.Bytes(b"").tag(sync=True)
    sizes = t.List().tag(sync=True)
    examples = t.List().tag(sync=True)
    query = t.Unicode("").tag(sync=True)


def words(tables, *, alt, examples, start=None):
    """Let the reader add and subtract words: nearest words by cosine, and a map of them.

    The page keeps 8 bits of each number, scales the vectors to unit length and computes everything itself.

    Args:
        tables: {language: (words, vectors)}: a list of V different words and their vectors, (V, D); at
            least 12 words.
        alt: what the picture shows, for readers who do not see it.
        examples: {language: [formula, ...]} to choose from, such as "king - man + woman"; the first one
            is shown when the language is chosen.
        start: the language to begin with; default the first of ``tables``.

    Returns:
        Words, to be displayed.

    Raises:
        ValueError: no tables, words and vectors that do not match, a word twice, a language without
            examples, or an example with a word that is not in its table; says which.

    Source: the chapter on word vectors.
    """
    check_alt("words", alt)
    check_kinds("words", Mapping, "{language: (words, vectors)}", tables=tables)
    check_kinds("words", Mapping, "{language: [formula, ...]}", examples=examples)
    for language, table in tables.items():
        check_kinds("words", list | tuple, "(words, vectors)", **{repr(language): table})
    if not tables:
        raise ValueError("words: give at least one language")
    first = {} if start is None else {"language": start}
    grid = {"language": list(tables), "words_of_the_sum_as_answers": [False, True]}
    described, index = parameters("words", grid, first)
    raw, texts, sizes, formulas = b"", [], [], []
    for language, (names, vectors) in tables.items():
        packed = _pack(language, names, vectors)
        raw += packed.tobytes()
        sizes.append(list(packed.shape))
        texts.append(list(names))
        formulas.append(_checked(language, set(names), examples.get(language, [])))
    return Words(
        alt=alt,
        params=described,
        index=index,
        sizes=sizes,
        data=deflate("words", raw),
        texts=zlib.compress(json.dumps(texts, ensure_ascii=False).encode(), 9),
        examples=formulas,
        query=formulas[index[0]][0],
    )


def _pack(language, names, vectors):
    """The vectors of one language as int8, (V, D), each scaled so that its largest number is 127."""
    vectors = array("words", f"the vectors of {language!r}", vectors)
    if vectors.ndim != 2 or len(vectors) != len(names) or len(names) < LEAST:
        raise ValueError(
            f"words: {language!r} has {len(names)} words and vectors {vectors.shape}, expected as many "
            f"vectors as words, at least {LEAST}"
        )
    if len(set(names)) < len(names):
        raise ValueError(f"words: {language!r} has a word twice")
    top = np.abs(vectors).max(1, keepdims=True)
    if (top == 0).any():
        raise ValueError(f"words: {language!r} has a vector of zeros")
    return np.rint(127 * vectors / top).astype(np.int8)


def parts(formula):
    """Split "a - b + c" into [(sign, word), ...], lower case; signs need a space before them.

    Raises:
        ValueError: nothing to add.
    """
    found, sign = [], 1
    for token in formula.lower().replace("−", "-").split():
        if token in ("+", "-"):
            sign = 1 if token == "+" else -1
            continue
        if len(token) > 1 and token[0] in "+-":
            sign, token = (1 if token[0] == "+" else -1), token[1:]
        found.append((sign, token))
        sign = 1
    if not found:
        raise ValueError(f"words: the formula {formula!r} has no words")
    return found


def _checked(language, known, formulas):
    """The example formulas of one language, each with known words only."""
    if not formulas:
        raise ValueError(f"words: {language!r} has no examples")
    for formula in formulas:
        for _, word in parts(formula):
            if word not in known:
                raise ValueError(f"words: {word!r} in the example {formula!r} is not a word of {language!r}")
    return list(formulas)
