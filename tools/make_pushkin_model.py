"""Make data/pushkin_model/weights.safetensors: a small character model (GRU) trained on Pushkin's poems.

The poems themselves are an original (``data.load("pushkin")``, found through COURSE_DATA) and stay outside
the repository; the weights, in half precision, and the alphabet are small enough to be inside. The record
beside them says how they were made and how well they predict the last tenth of the poems, which was never
trained on, next to n-gram models of the same characters. Takes about eleven minutes of processor time::

    COURSE_DATA=... OMP_NUM_THREADS=1 python tools/make_pushkin_model.py [--steps N] [--out FOLDER]
"""

import argparse
import json
import math
import sys
import time
from collections import Counter
from pathlib import Path

import torch
import torch.nn.functional as F
from _common import DATA, record, sha256
from _pushkin import ALPHABET, tidy
from safetensors.torch import load_file, save_file
from torch import nn

from course_utils import data

SEED = 0
BATCH, LENGTH, EMBEDDING, HIDDEN, DROPOUT, RATE = 32, 128, 48, 224, 0.3, 3e-3
FOLDER = DATA / "pushkin_model"

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--steps", type=int, default=6000, help="a multiple of 250, after which it is judged")
parser.add_argument("--out", type=Path, default=FOLDER, help="another folder leaves the registry as it is")
args = parser.parse_args()


class Model(nn.Module):
    """Scores (B, T, V) of the next character for characters (B, T), and the last state."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(len(ALPHABET), EMBEDDING)
        self.rnn = nn.GRU(EMBEDDING, HIDDEN, batch_first=True)
        self.out = nn.Linear(HIDDEN, len(ALPHABET))

    def forward(self, x, h=None):
        h, last = self.rnn(F.dropout(self.embed(x), DROPOUT, self.training), h)
        return self.out(F.dropout(h, DROPOUT, self.training)), last


@torch.no_grad()
def nats(model, codes):
    """Mean -log p of each character of the codes (N,) given all before it."""
    model.eval()
    h, total = None, 0.0
    for start in range(0, len(codes) - 1, 1000):
        piece = codes[start : start + 1001]
        scores, h = model(piece[None, :-1], h)
        total += F.cross_entropy(scores[0], piece[1:], reduction="sum").item()
    model.train()
    return total / (len(codes) - 1)


def encode(text):
    """The characters as numbers (N,) int64."""
    return torch.tensor([ALPHABET.index(c) for c in text])


def ngram_nats(text, judge, n):
    """Mean -log p under the model of order n with Witten-Bell smoothing, all orders below it mixed in."""
    p = torch.full((len(judge),), 1 / len(ALPHABET), dtype=torch.float64)
    for k in range(n):
        grams = Counter(text[i : i + k + 1] for i in range(len(text) - k))
        total, kinds = Counter(), Counter()
        for gram, count in grams.items():
            total[gram[:-1]] += count
            kinds[gram[:-1]] += 1
        for i in range(k, len(judge)):
            context = judge[i - k : i]
            if context in total:
                both = total[context] + kinds[context]
                p[i] = (grams[judge[i - k : i + 1]] + kinds[context] * p[i]) / both
    return -p.log()[n:].mean().item()


def train(model, codes, check):
    """Train on windows of the codes; keep the weights with the smallest loss on ``check``."""
    optimiser = torch.optim.AdamW(model.parameters(), weight_decay=0.01)
    best, kept = math.inf, 0
    for step in range(1, args.steps + 1):
        rate = RATE * min(1, step / 100) * (1 + math.cos(math.pi * step / args.steps)) / 2
        optimiser.param_groups[0]["lr"] = rate
        starts = torch.randint(len(codes) - LENGTH, (BATCH, 1))
        windows = codes[starts + torch.arange(LENGTH + 1)]
        loss = F.cross_entropy(model(windows[:, :-1])[0].flatten(0, 1), windows[:, 1:].flatten())
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        if step % 250 == 0:
            now = nats(model, check)
            print(f"step {step}: {loss:.3f} on training windows, {now:.3f} on the check", flush=True)
            if now < best:
                best, kept = now, step
                weights = {key: value.half().clone() for key, value in model.state_dict().items()}
                save_file(weights, args.out / "weights.safetensors", {"alphabet": ALPHABET})
    return kept, best


torch.manual_seed(SEED)
args.out.mkdir(parents=True, exist_ok=True)
poems, test = (tidy(data.load("pushkin", split).text) for split in ("train", "test"))
cut = len(poems) * 19 // 20
model, started, cpu = Model(), time.time(), time.process_time()
kept, best = train(model, encode(poems[:cut]), encode(poems[cut:]))
seconds, cpu = time.time() - started, time.process_time() - cpu

model.load_state_dict({k: v.float() for k, v in load_file(args.out / "weights.safetensors").items()})
facts = {
    "model": f"embedding of {EMBEDDING}, GRU of {HIDDEN} units, linear layer, alphabet of {len(ALPHABET)}",
    "parameters": sum(p.numel() for p in model.parameters()),
    "trained on": f"the first {cut} of {len(poems)} characters of the training part",
    "seed": SEED, "steps": args.steps, "batch": BATCH, "length": LENGTH, "dropout": DROPOUT, "rate": RATE,
    "kept step": kept, "nats on the rest of the training part": round(best, 4),
    "held-out characters": len(test), "held-out nats": round(nats(model, encode(test)), 4),
    "n-gram nats": {n: round(ngram_nats(poems, test, n), 4) for n in range(1, 7)},
    "seconds": round(seconds), "CPU seconds": round(cpu),
    "versions": {"python": sys.version.split()[0], "torch": torch.__version__},
    "original": "pushkin_poems.txt.gz, see the registry",
    "sha256": sha256(args.out / "weights.safetensors"),
}  # fmt: skip
(args.out / "record.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
if args.out == FOLDER:
    record("pushkin_model/weights.safetensors")
    record("pushkin_model/record.json")
