"""CPU seconds a submission, and submissions a minute: ``python tests/grading/benchmark.py [FILES]``.

``figures(files, workers)`` gives the same numbers to other programs.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from corpus import GOOD, POINTS, WRONG, answer, dump, notebook

ROOT = Path(__file__).parents[2]
FOUR = [name for name in POINTS if name != "train_spirals"]
KINDS = {
    "honest, two exercises": GOOD,
    "honest, four exercises": dump(notebook([answer(name) for name in FOUR])),
    "half wrong, four exercises": dump(
        notebook([answer(name, WRONG[name] if i % 2 else None) for i, name in enumerate(FOUR)])
    ),
}


def figures(data: bytes, files: int, workers: int) -> dict[str, float]:
    """Grade copies of one submission.

    Returns:
        {"sandbox": CPU seconds a submission in the sandbox, without what all share, "all": CPU seconds of the
        whole command, "seconds": by the clock}.
    """
    with tempfile.TemporaryDirectory() as folder:
        handed_in, out = Path(folder, "in"), Path(folder, "out")
        handed_in.mkdir()
        for i in range(files):
            (handed_in / f"s{i:03d}.ipynb").write_bytes(data)
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        command = [sys.executable, "-m", "course_utils.grade.cli", handed_in, "--out", out]
        done = subprocess.run(
            [*map(str, command), "--workers", str(workers)], cwd=ROOT, capture_output=True, text=True
        )
        seconds = time.monotonic() - start
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode:
            raise RuntimeError(done.stderr)
        costs = [json.loads(p.read_text())["cost"]["cpu"] for p in (out / "records").glob("*.json")]
    total = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"sandbox": statistics.mean(costs), "all": total, "seconds": seconds}


def main(files: int = 20) -> None:
    """Print the figures."""
    for label, data in KINDS.items():
        for workers in (1, 2):
            found = figures(data, files, workers)
            print(
                f"{label}, {workers} worker{'s' * (workers > 1)}: "
                f"sandbox {found['sandbox']:.2f} CPU seconds a submission, "
                f"the whole command {found['all']:.1f} for {files}, "
                f"{60 * files / found['seconds']:.0f} submissions a minute"
            )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
