"""Make requirements.lock: install the course with all its extras into a fresh environment, write down what
came.

Run as `make lock`. Local version tags (torch's "+cpu") and the CUDA packages that a GPU build of torch
brings are left out, so that the same lock serves every machine.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
HEADER = """\
# Exact versions for `make`, CI and the published book. Made by `make lock` on Python {python}; do not edit
# by hand. Readers do not need it: `pip install .` takes the loose bounds of pyproject.toml.
"""
ONLY_ON = {"pyseccomp": "sys_platform == 'linux'"}
LEFT_OUT = re.compile(r"^(nvidia-|cuda-|triton==|course[-_]utils|pip==|setuptools==|wheel==)", re.IGNORECASE)


def lock_lines(freeze):
    """Turn the output of `pip freeze` into the lines of the lock.

    Args:
        freeze: text, one requirement a line.

    Returns:
        list of "name==version" with a marker where the package exists on one system only, sorted by name.
    """
    lines = []
    for line in freeze.splitlines():
        if "==" not in line or line.startswith(("#", "-e")) or LEFT_OUT.match(line):
            continue
        name, version = line.split("==")
        marker = f" ; {ONLY_ON[name]}" if name in ONLY_ON else ""
        lines.append(f"{name}=={version.split('+')[0]}{marker}")
    return sorted(lines, key=str.lower)


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument(
        "--torch", default="2.13.0", help="the version of torch to lock (default: %(default)s)"
    )
    torch = arguments.parse_args().torch
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        python = [str(Path(folder, "bin", "python")), "-m", "pip", "--disable-pip-version-check"]
        subprocess.run([*python, "install", "-qq", f"torch=={torch}", f"{TOP}[book,test,grade]"], check=True)
        freeze = subprocess.run([*python, "freeze"], check=True, capture_output=True, text=True).stdout
    lines = lock_lines(freeze)
    header = HEADER.format(python=f"{sys.version_info.major}.{sys.version_info.minor}")
    (TOP / "requirements.lock").write_text(header + "\n".join(lines) + "\n", encoding="utf-8")
    print(f"requirements.lock: {len(lines)} packages")


if __name__ == "__main__":
    main()
