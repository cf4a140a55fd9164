"""Pushkin's poems as the models of this folder read them."""

import re

LETTERS = "абвгдеёжзийклмнопрстуфхцчшщъыьэюя"
ALPHABET = "\n !(),-.:;?«»—…" + LETTERS.upper() + LETTERS


def tidy(text):
    """Leave the characters of the alphabet: one kind of dash and of space, no Latin letters or digits."""
    text = text.replace("\xa0", " ").replace("–", "—").replace("...", "…")
    text = "".join(c for c in text if c in ALPHABET)
    return re.sub(r" *\n[ \n]*", "\n", re.sub(r" +", " ", text))
