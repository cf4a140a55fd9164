"""Try the lower bounds of pyproject.toml: install the lowest versions they allow, run what readers run.

    python3.10 scripts/oldest.py

Start it with the oldest Python of `requires-python`. Everything lies in _build/oldest; PyTorch of that age is
a large download. uv resolves, because pip cannot look for the lowest versions.
"""

import os
import subprocess
from pathlib import Path

import venvs

TOP = Path(__file__).resolve().parents[1]
FOLDER = TOP / "_build" / "oldest"
EXTRAS = ("book", "grade", "test")
CHAPTERS = [f"book/{name}.ipynb" for name in ("02_backpropagation", "04_optimisers", "14_recurrent")]
TESTS = (
    ("tests/exercises", "-m", "not slow"),
    ("tests/package", "-k", "widget or runtime or plots", "--ignore", "tests/package/test_widgets_page.py"),
    ("--nbval-lax", "--nbval-cell-timeout=600", *(f"_build/solved/{Path(name).name}" for name in CHAPTERS)),
)


def run(*command):
    """Run a command in the repository; end when it fails."""
    subprocess.run(command, check=True, cwd=TOP, env={"OMP_NUM_THREADS": "1", **os.environ})


def main():
    made = {}
    for name in ("uv", "venv"):
        venvs.make_venv(str(FOLDER / name))
        made[name] = venvs.venv_python(str(FOLDER / name))
    run(made["uv"], "-m", "pip", "install", "--quiet", "uv")
    extras = [word for extra in EXTRAS for word in ("--extra", extra)]
    lowest = FOLDER / "requirements.txt"
    command = [made["uv"], "-m", "uv", "pip", "compile", "pyproject.toml", *extras, "--output-file", lowest]
    run(*command, "--quiet", "--system-certs", "--resolution", "lowest-direct", "--python", made["venv"])
    for packages in (("-r", lowest), ("-e", ".")):
        run(made["venv"], "-m", "pip", "install", "--quiet", "--no-deps", *packages)
    run(made["venv"], "-m", "pip", "check")
    run(made["venv"], "scripts/solve.py", *CHAPTERS)
    for arguments in TESTS:
        run(made["venv"], "-m", "pytest", "-q", *arguments)


if __name__ == "__main__":
    main()
