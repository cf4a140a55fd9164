"""CPU seconds a submission, submissions a minute: ``python tests/grading/benchmark.py``."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from corpus import GOOD, POINTS, answer, dump, notebook

ROOT = Path(__file__).parents[2]


def main(files: int = 12) -> None:
    """Grade honest submissions of two exercises and of all; print the figures."""
    every = dump(notebook([answer(name) for name in POINTS if name != "train_spirals"]))
    for label, data in (("two exercises", GOOD), ("four exercises", every)):
        for workers in (1, 2):
            with tempfile.TemporaryDirectory() as folder:
                handed_in, out = Path(folder, "in"), Path(folder, "out")
                handed_in.mkdir()
                for i in range(files):
                    (handed_in / f"s{i:02d}.ipynb").write_bytes(data)
                before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
                command = [sys.executable, "-m", "course_utils.grade.cli", handed_in, "--out", out]
                done = subprocess.run(
                    [*map(str, command), "--workers", str(workers)], cwd=ROOT, capture_output=True, text=True
                )
                seconds = time.monotonic() - start
                after = resource.getrusage(resource.RUSAGE_CHILDREN)
                assert done.returncode == 0, done.stderr
                grader = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
                costs = [json.loads(p.read_text())["cost"]["cpu"] for p in (out / "records").glob("*.json")]
                print(
                    f"{label}, {workers} worker{'s' * (workers > 1)}: "
                    f"sandbox {sum(costs) / files:.2f} CPU seconds a submission, "
                    f"grader {grader:.1f} in all, {60 * files / seconds:.0f} submissions a minute"
                )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
