"""Check code style, spelling and the form of the notebooks; run all the checks, fail if one does."""

import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
CHECKS = (
    ("ruff", "check", "--quiet"),
    ("ruff", "format", "--check", "--quiet"),
    ("codespell_lib",),
)


def main():
    commands = [[sys.executable, "-m", *check] for check in CHECKS]
    commands.append([sys.executable, "scripts/normalise.py", "--check"])
    failed = [c for c in commands if subprocess.run(c, cwd=TOP, check=False).returncode]
    if failed:
        sys.exit(
            "lint: "
            + ", ".join(" ".join(Path(p).name for p in c[1:]).removeprefix("-m ") for c in failed)
            + " failed"
        )
    print("lint: code style, spelling and notebooks are in order")


if __name__ == "__main__":
    main()
