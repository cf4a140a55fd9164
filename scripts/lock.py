"""Make requirements.lock: one version of everything for every system and every Python that builds the book.

    python scripts/lock.py            # keeps the versions that still fit pyproject.toml
    python scripts/lock.py --newest   # `make lock`: the newest of everything

uv resolves for all of them at once and writes down where a package is needed on some only. The CUDA packages
that a GPU build of torch brings are left out, so that the same lock serves machines without a GPU.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import environment
import venvs

TOP = Path(__file__).resolve().parents[1]
LOCK = TOP / "requirements.lock"
HEADER = """\
# Exact versions for `make`, CI and the published book, for Python {oldest} and newer. Made by `make lock`; do
# not edit by hand. Readers do not need it: `pip install .` takes the loose bounds of pyproject.toml.
"""
LEFT_OUT = re.compile(r"^(nvidia-|cuda-|triton==|course[-_]utils|pip==)", re.IGNORECASE)


def lock_lines(resolved):
    """Turn what uv resolved into the lines of the lock.

    Args:
        resolved: text, one requirement "name==version" or "name==version ; marker" a line.

    Returns:
        list of the lines that belong to every machine, sorted by name.
    """
    lines = [line for line in resolved.splitlines() if "==" in line and not line.startswith("#")]
    return sorted((line for line in lines if not LEFT_OUT.match(line)), key=str.lower)


def resolve(folder, newest, torch):
    """Return what uv resolves, as text.

    Args:
        folder: an empty folder, for uv and its files.
        newest: whether versions in today's lock count for nothing.
        torch: the version of PyTorch.
    """
    subprocess.run([sys.executable, "-m", "venv", folder / "uv"], check=True)
    tool = venvs.venv_python(str(folder / "uv"))
    subprocess.run([tool, "-m", "pip", "--disable-pip-version-check", "install", "-qq", "uv"], check=True)
    answer, pins = folder / "lock.txt", folder / "pins.txt"
    answer.write_text("" if newest else LOCK.read_text(encoding="utf-8"), encoding="utf-8")
    pins.write_text(f"torch=={torch}\n", encoding="utf-8")
    extras = [word for extra in ("book", "test", "grade") for word in ("--extra", extra)]
    oldest = venvs.dotted(environment.OLDEST)
    command = [tool, "-m", "uv", "pip", "compile", TOP / "pyproject.toml", *extras, "--output-file", answer]
    command += ["--universal", "--python-version", oldest, "--constraints", pins]
    subprocess.run([*command, "--quiet", "--no-annotate", "--system-certs"], check=True, cwd=TOP)
    return answer.read_text(encoding="utf-8")


def main():
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("--newest", action="store_true", help="take the newest version of everything")
    arguments.add_argument("--torch", help="the version of torch (default: the one in today's lock)")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        lines = lock_lines(resolve(Path(folder), given.newest, given.torch or environment.torch_version()))
    header = HEADER.format(oldest=venvs.dotted(environment.OLDEST))
    LOCK.write_text(header + "\n".join(lines) + "\n", encoding="utf-8")
    print(f"requirements.lock: {len(lines)} packages")


if __name__ == "__main__":
    main()
