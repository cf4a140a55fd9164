"""Train the generator of faces that the chapter on generative adversarial networks loads.

    OMP_NUM_THREADS=1 .venv/bin/python tools/make_gan.py

takes about a quarter of an hour on one idle core, half an hour on a busy one, and writes into data/gan/:

* ``generator.safetensors``: the averaged weights of the generator after the last step, in half precision;
* ``progress.webp``: its pictures for the same 24 random codes at every snapshot, one row a snapshot;
* ``record.json``: seed, steps, seconds, losses and a Fréchet distance at every snapshot, SHA-256.

``--steps`` and ``--out`` make a shorter run elsewhere. All three files are written anew at every snapshot;
their rows in ``registry.json`` must then get the new sizes and hashes (``record`` in ``_common.py``).
"""

from __future__ import annotations

import argparse
import copy
import hashlib
import itertools
import json
import time
from pathlib import Path

import torch
import torch.nn.functional as F
from PIL import Image
from safetensors.torch import save_file
from torch import nn

from course_utils import data

CODE, WIDTH, BATCH, SEED = 32, 32, 64, 0
RATE, BETAS, PENALTY, EVERY, DECAY = 5e-4, (0.5, 0.99), 1.0, 4, 0.995
SNAPSHOTS = (25, 50, 100, 200, 400, 700, 1000, 1500, 2000, 3000, 4000, 5000, 6000, 7000, 8000, 9000)
SHOWN, COUNTED = 24, 2000


def generator() -> nn.Sequential:
    """Map codes (B, 32, 1, 1) to pictures (B, 3, 32, 32) from -1 to 1; the same layers as in the chapter."""

    def block(i, o, stride, padding):
        return nn.ConvTranspose2d(i, o, 4, stride, padding, bias=False), nn.BatchNorm2d(o), nn.ReLU()

    return nn.Sequential(
        *block(CODE, 4 * WIDTH, 1, 0),
        *block(4 * WIDTH, 2 * WIDTH, 2, 1),
        *block(2 * WIDTH, WIDTH, 2, 1),
        nn.ConvTranspose2d(WIDTH, 3, 4, 2, 1),
        nn.Tanh(),
    )


def discriminator() -> nn.Sequential:
    """Map pictures (B, 3, 32, 32) to logits (B, 1)."""
    layers = []
    for i, o in itertools.pairwise((3, WIDTH, 2 * WIDTH, 4 * WIDTH)):
        layers += [nn.Conv2d(i, o, 4, 2, 1), nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(4 * WIDTH * 16, 1))


def faces(split: str = "train"):
    """Return pictures (N, 3, 32, 32) from -1 to 1 and the visible attributes {name: (N,)}."""
    found = data.load("avatars", split=split, size=48)
    return found.images[:, :, 6:38, 8:40] * 2 - 1, found.attributes


def judge(pictures, attributes, steps: int = 400) -> nn.Sequential:
    """Train a network on the attributes and return it up to its 64 features, in evaluation mode."""
    torch.manual_seed(SEED)
    sizes = [int(column.max()) + 1 for column in attributes.values()]
    targets = torch.stack(list(attributes.values()), 1)
    layers = []
    for i, o in ((3, 16), (16, 32), (32, 64)):
        layers += [nn.Conv2d(i, o, 4, 2, 1), nn.ReLU()]
    features = nn.Sequential(*layers, nn.Flatten(), nn.Linear(1024, 64), nn.ReLU())
    net = nn.Sequential(features, nn.Linear(64, sum(sizes)))
    optimiser = torch.optim.Adam(net.parameters(), 2e-3)
    for _ in range(steps):
        rows = torch.randint(len(pictures), (100,))
        parts = net(pictures[rows]).split(sizes, 1)
        loss = sum(F.cross_entropy(part, target) for part, target in zip(parts, targets[rows].T, strict=True))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return features.eval()


@torch.no_grad()
def moments(features, pictures):
    """Return mean (64,) and covariance (64, 64) of the features, float64."""
    f = torch.cat([features(part) for part in pictures.split(500)]).double()
    return f.mean(0), f.T.cov()


def frechet(p, q) -> float:
    """Squared Fréchet distance of two normal distributions, each (mean, covariance)."""
    (m, A), (n, B) = p, q
    roots = torch.linalg.eigvals(A @ B).real.clamp(min=0).sqrt()
    return ((m - n).square().sum() + A.trace() + B.trace() - 2 * roots.sum()).item()


def write(out: Path, net, rows, record):
    """Write the three files; the record comes last and knows the hashes of the others."""
    half = {
        key: value.half() if value.is_floating_point() else value for key, value in net.state_dict().items()
    }
    save_file({key: value.contiguous() for key, value in half.items()}, out / "generator.safetensors")
    sheet = torch.stack(rows).permute(0, 3, 1, 4, 2).flatten(0, 1).flatten(1, 2)  # (R S, C S, 3)
    pixels = ((sheet + 1) * 127.5).round().clamp(0, 255).byte().numpy()
    Image.fromarray(pixels).save(out / "progress.webp", quality=90, method=6)
    files = [out / name for name in ("generator.safetensors", "progress.webp")]
    record["sha256"] = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
    (out / "record.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    folder = Path(__file__).parents[1] / "data" / "gan"
    parser.add_argument(
        "--out", type=Path, default=folder, help="folder of the three files (default: data/gan)"
    )
    parser.add_argument("--steps", type=int, default=10_000, help="steps of training (default: 10000)")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)

    real, attributes = faces()
    features = judge(real, attributes)
    truth = moments(features, real)
    unseen = frechet(truth, moments(features, faces("test")[0]))
    torch.manual_seed(SEED)
    G, D = generator(), discriminator()
    mean = copy.deepcopy(G).eval()
    g_optimiser = torch.optim.Adam(G.parameters(), RATE, BETAS)
    d_optimiser = torch.optim.Adam(D.parameters(), RATE, BETAS)
    codes = torch.randn(COUNTED, CODE, 1, 1)
    rows, snapshots = [], []
    record = {
        "what": "generator of 32 x 32 avatar faces, averaged weights (decay 0.995)",
        "seed": SEED, "steps": args.steps, "batch": BATCH, "rate": RATE, "betas": BETAS,
        "schedule": "constant, then falling to 0 in a straight line over the second half",
        "gradient penalty": PENALTY, "penalty every": EVERY, "torch": torch.__version__.split("+")[0],
        "parameters": sum(p.numel() for p in G.parameters()), "fid of 400 unseen faces": round(unseen, 2),
        "snapshots": snapshots,
    }  # fmt: skip
    start = time.process_time()
    for step in range(1, args.steps + 1):
        for optimiser in (d_optimiser, g_optimiser):
            optimiser.param_groups[0]["lr"] = RATE * min(1, 2 * (1 - (step - 1) / args.steps))
        x = real[torch.randint(len(real), (BATCH,))].requires_grad_()
        fake = G(torch.randn(BATCH, CODE, 1, 1))
        a, b = D(x), D(fake.detach())
        d_loss = F.softplus(-a).mean() + F.softplus(b).mean()
        penalty = 0.0
        if step % EVERY == 0:
            slope = torch.autograd.grad(a.sum(), x, create_graph=True)[0]
            penalty = EVERY * PENALTY / 2 * slope.square().sum((1, 2, 3)).mean()
        d_optimiser.zero_grad()
        (d_loss + penalty).backward()
        d_optimiser.step()
        g_loss = F.softplus(-D(fake)).mean()
        g_optimiser.zero_grad()
        g_loss.backward()
        g_optimiser.step()
        with torch.no_grad():
            weight = min(DECAY, (step - 1) / (step + 9))  # a shorter memory at the start
            for old, new in zip(mean.state_dict().values(), G.state_dict().values(), strict=True):
                old.lerp_(new, 1 - weight) if old.is_floating_point() else old.copy_(new)
        if step in SNAPSHOTS or step == args.steps:
            with torch.no_grad():
                made = torch.cat([mean(part) for part in codes.split(500)])
            rows.append(made[:SHOWN])
            snapshots.append(
                {
                    "step": step, "d_loss": round(d_loss.item(), 4), "g_loss": round(g_loss.item(), 4),
                    "fid": round(frechet(truth, moments(features, made)), 2),
                    "cpu_seconds": round(time.process_time() - start),
                }
            )  # fmt: skip
            print(snapshots[-1], flush=True)
            write(args.out, mean, rows, record)


if __name__ == "__main__":
    main()
