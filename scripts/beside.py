"""An environment beside this one, for packages that contradict it; it sees this one's packages, too."""

import os
import shutil
import site
import subprocess
import sys
from pathlib import Path

import venvs


def make(place, requirements, python=sys.executable, project=None):
    """Make the environment, or leave it as it is if it was made from the same file by the same Python.

    Args:
        place: its folder.
        requirements: file with its packages, pinned.
        python: the interpreter that it is made with, of this one's minor version.
        project: a folder to install editable, with its commands, or None.

    Returns:
        The folder of its commands.

    Raises:
        RuntimeError: pip failed; the text holds its errors.
    """
    stamp, wanted = place / "installed.txt", f"{python}\n{Path(requirements).read_text(encoding='utf-8')}"
    inside = Path(venvs.venv_python(str(place)))
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
        shutil.rmtree(place, ignore_errors=True)
        subprocess.run([python, "-m", "venv", "--without-pip", place], check=True)
        _pip(inside, "-r", requirements)
        if project:
            _pip(inside, "--no-deps", "-e", project)
        (packages,) = venvs.package_folders(str(place))
        lines = [f"import site; site.addsitedir({folder!r})" for folder in site.getsitepackages()]
        Path(packages, "course.pth").write_text("\n".join(lines) + "\n", encoding="utf-8")
        stamp.write_text(wanted, encoding="utf-8")
    return inside.parent


def _pip(python, *what):
    command = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", *what]
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(command, env=clean, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError("\n".join(line for line in done.stderr.splitlines() if line.startswith("ERROR")))
