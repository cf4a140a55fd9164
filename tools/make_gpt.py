"""Make data/gpt: the GPT of chapter 15 with three blocks, trained on Pushkin's poems, in int8.

The net is the chapter's: its class is read from the notebook. The poems are an original
(``data.load("pushkin")``, found through COURSE_DATA) and stay outside the repository. Every matrix is rounded
to int8 with a scale for each row. The record beside the weights says how they were made, and what they reach
on the last tenth of the poems, which was never trained on. About 75 seconds of processor time; what
``--seconds`` has cut off goes on when it is called again::

    COURSE_DATA=... OMP_NUM_THREADS=1 python tools/make_gpt.py [--steps 2000] [--seconds 280]
"""

import argparse
import ast
import hashlib
import json
import math
import sys
import time

import nbformat
import torch
import torch.nn.functional as F
from _common import DATA, ROOT, record, sha256
from _pushkin import ALPHABET, tidy
from safetensors.torch import save_file
from torch import nn

from course_utils import data
from course_utils.widgets.gpt import rounded, to_int8

PARTS = ("attend", "Heads", "Block", "GPT")  # what the chapter defines and this script trains
SEED, BATCH, LENGTH, BLOCKS, RATE, DROPOUT, CHECKED = 0, 16, 64, 3, 0.006, 0.1, 250
FOLDER = DATA / "gpt"
PIECES = ROOT / "_build" / "gpt"


def chapter():
    """Return the class GPT of chapter 15, and the digest of the code that it consists of."""
    nb = nbformat.read(ROOT / "book" / "15_attention.ipynb", as_version=4)
    sources = [
        c.source
        for c in nb.cells
        if c.cell_type == "code" and ("\nclass " in "\n" + c.source or "def attend" in c.source)
    ]
    found = [s for source in sources for s in ast.parse(source).body if getattr(s, "name", "") in PARTS]
    text = "\n".join(map(ast.unparse, found))
    space = {"math": math, "torch": torch, "nn": nn}
    exec(text, space)
    return space["GPT"], hashlib.sha256(text.encode()).hexdigest()[:16]


def texts():
    """Return three texts: to train on, to choose the step by, to judge by."""
    poems, test = (tidy(data.load("pushkin", part).text) for part in ("train", "test"))
    cut = len(poems) * 19 // 20
    return poems[:cut], poems[cut:], test


def windows(codes, starts):
    """Return the windows (B, LENGTH + 1) of the codes (N,) that begin at the starts (B,)."""
    return codes[starts[:, None] + torch.arange(LENGTH + 1)]


@torch.no_grad()
def bits(net, codes):
    """Mean -log2 p of each character of the codes (N,), in windows one behind the other."""
    net.eval()
    y = windows(codes, torch.arange(0, len(codes) - LENGTH, LENGTH))
    found = F.cross_entropy(net(y[:, :-1]).flatten(0, 1), y[:, 1:].flatten()).item() / math.log(2)
    net.train()
    return found


def train(net, codes, check, state, steps, until):
    """Train until a processor time; ``state`` holds all that is needed to go on, the best weights too."""
    optimiser = torch.optim.AdamW(net.parameters(), weight_decay=0.01)
    if "net" in state:
        net.load_state_dict(state["net"])
        optimiser.load_state_dict(state["optimiser"])
        torch.set_rng_state(state["random"])
    else:
        state.update(step=0, best=math.inf, cpu=0.0)
    began, before = time.process_time(), state["cpu"]
    while state["step"] < steps and time.process_time() < until:
        for _ in range(CHECKED):
            step = state["step"]
            rate = RATE * min(1, (step + 1) / 300) * (1 + math.cos(math.pi * step / steps)) / 2
            optimiser.param_groups[0]["lr"] = rate
            y = windows(codes, torch.randint(len(codes) - LENGTH, (BATCH,)))
            loss = F.cross_entropy(net(y[:, :-1]).flatten(0, 1), y[:, 1:].flatten())
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimiser.step()
            state["step"] += 1
        now = bits(net, check)
        if now < state["best"]:
            best = {key: value.clone() for key, value in net.state_dict().items()}
            state.update(best=now, kept=state["step"], weights=best)
        state.update(net=net.state_dict(), optimiser=optimiser.state_dict(), random=torch.get_rng_state())
        state["cpu"] = before + time.process_time() - began
        print(f"step {state['step']}: {now:.3f} bits on the check, {state['cpu']:.0f} CPU s", flush=True)


def save(net, file):
    """Write a net: every matrix as int8 and ``name.scale``, every vector as float32."""
    stored = {}
    for key, value in net.state_dict().items():
        if value.dim() == 2:
            codes, scale = to_int8(value)
            stored |= {key: torch.from_numpy(codes), f"{key}.scale": torch.from_numpy(scale)}
        else:
            stored[key] = value
    save_file(stored, file, {"alphabet": ALPHABET})


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--steps", type=int, default=2000, help="a multiple of 250")
    arguments.add_argument("--seconds", type=float, default=math.inf, help="of processor time, for now")
    given = arguments.parse_args()
    train_codes, check, test = (torch.tensor([ALPHABET.index(c) for c in part]) for part in texts())
    GPT, digest = chapter()
    torch.manual_seed(SEED)
    net = GPT(len(ALPHABET), blocks=BLOCKS, longest=LENGTH, drop=DROPOUT)
    piece = PIECES / f"{given.steps}.pt"
    state = torch.load(piece) if piece.exists() else {}
    train(net, train_codes, check, state, given.steps, time.process_time() + given.seconds)
    PIECES.mkdir(parents=True, exist_ok=True)
    torch.save(state, piece)
    if state["step"] < given.steps:
        print(f"{state['step']} of {given.steps} steps; call again to go on")
        return
    net.load_state_dict(state["weights"])
    FOLDER.mkdir(exist_ok=True)
    save(net, FOLDER / "weights.safetensors")
    facts = {
        "text": "poems of A. S. Pushkin", "characters": len(train_codes), "blocks": BLOCKS,
        "weights": sum(p.numel() for p in net.parameters()), "seed": SEED, "steps": given.steps,
        "batch": BATCH, "length": LENGTH, "rate": RATE, "dropout": DROPOUT, "kept step": state["kept"],
        "check bits": round(state["best"], 4), "test characters": len(test),
        "test bits": round(bits(net, test), 4), "test bits in int8": round(bits(rounded(net), test), 4),
        "CPU seconds": round(state["cpu"]),
        "versions": {"python": sys.version.split()[0], "torch": torch.__version__},
        "digest": digest, "sha256": sha256(FOLDER / "weights.safetensors"),
    }  # fmt: skip
    text = json.dumps(facts, indent=1, ensure_ascii=False) + "\n"
    (FOLDER / "record.json").write_text(text, encoding="utf-8")
    record("gpt/weights.safetensors")
    record("gpt/record.json")


if __name__ == "__main__":
    main()
