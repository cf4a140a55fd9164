"""Small GPTs for the tests of the widget: the class of chapter 15 with random weights."""

import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parents[3] / "tools"))
import make_gpt

GPT, _ = make_gpt.chapter()
LATIN, CYRILLIC = "\n abcdefghijklmnopqrstuvwxyz", "\n абвгдежзийклмнопрстуфхцчшщыьэюя"


def net(K, seed=0, **sizes):
    """A GPT whose vectors are random as well: zeros and ones would hide mistakes."""
    torch.manual_seed(seed)
    found = GPT(K, **{"D": 16, "heads": 2, "blocks": 2, "longest": 16} | sizes).eval()
    for p in found.parameters():
        torch.nn.init.normal_(p, std=0.3 if p.dim() == 2 else 0.5)
    return found


def writers():
    """One net for each alphabet, as the widget takes them."""
    return {
        "English": (net(len(LATIN)), LATIN, "and the ", "Random weights, in English."),
        "Russian": (net(len(CYRILLIC), 1, blocks=3), CYRILLIC, "и вот ", "Random weights, in Russian."),
    }
