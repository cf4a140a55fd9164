"""Make .venv with the exact packages of requirements.lock; do nothing when it is already there.

Runs on the Python that `make` finds, before anything is installed: standard library only, and no syntax that
an old Python cannot read, so that an old Python gets a sentence and not a SyntaxError.
"""

import argparse
import hashlib
import os
import re
import subprocess
import sys
import time

# ruff: noqa: UP032
OLDEST = (3, 11)
TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
INPUTS = ("requirements.lock", "pyproject.toml")
NOISE = re.compile(r"WARNING: Location '.*' is ignored: it is (neither|either) ")


def complaint(version):
    """Return the sentence for a Python that is too old, or None. version: (major, minor, ...)."""
    if tuple(version[:2]) >= OLDEST:
        return None
    return (
        "This is Python {}.{}, but the book is built with Python {}.{} or newer; "
        "name one with: make PYTHON=python3.12"
    ).format(version[0], version[1], *OLDEST)


def venv_python(venv):
    """Return the path of the interpreter inside an environment. venv: its folder."""
    return os.path.join(venv, *(("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")))


def fingerprint():
    """Return a hash of everything that the environment is made from."""
    digest = hashlib.sha256(sys.version.encode() + TOP.encode())
    for name in INPUTS:
        with open(os.path.join(TOP, name), "rb") as file:
            digest.update(file.read())
    return digest.hexdigest()


def works(venv):
    """Return whether the environment's interpreter starts."""
    try:
        return subprocess.call([venv_python(venv), "-c", ""], stderr=subprocess.DEVNULL) == 0
    except OSError:
        return False


def pip(venv, arguments):
    """Run pip quietly inside the environment.

    Returns:
        (exit status, what pip said) without pip's remarks on package folders that this machine does not have.
    """
    command = [venv_python(venv), "-m", "pip", "--disable-pip-version-check", "install", "-q", *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=TOP)
    said = done.stdout.decode("utf-8", "replace").splitlines()
    return done.returncode, "\n".join(line for line in said if not NOISE.match(line))


def build(venv):
    """Make or update the environment; when that fails, say so in a sentence and in pip's own words."""
    if not works(venv) and subprocess.call([sys.executable, "-m", "venv", "--clear", venv]) != 0:
        raise SystemExit(
            "Could not make {}: is Python's venv module there? (Debian: apt-get install python3-venv)".format(
                venv
            )
        )
    for arguments in (["-r", "requirements.lock"], ["--no-deps", "-e", "."]):
        status, said = pip(venv, arguments)
        if status != 0:
            raise SystemExit(
                "Could not install `pip install {}`: the first set-up needs the Python package index; "
                "is there a network? pip said:\n{}".format(" ".join(arguments), said)
            )
        if said:
            print(said)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("venv", help="folder of the environment")
    venv = parser.parse_args().venv
    problem = complaint(sys.version_info)
    if problem:
        raise SystemExit(problem)
    stamp = os.path.join(venv, ".course-stamp")
    key = fingerprint()
    if os.path.exists(stamp) and works(venv):
        with open(stamp) as file:
            if file.read() == key:
                return
    with open(os.path.join(TOP, "requirements.lock")) as file:
        count = sum("==" in line for line in file)
    where = os.path.relpath(venv)
    print("environment: installing {} packages into {} (minutes the first time) ...".format(count, where))
    sys.stdout.flush()
    start = time.time()
    build(venv)
    with open(stamp, "w") as file:
        file.write(key)
    print("environment: ready in {:.0f} s".format(time.time() - start))


if __name__ == "__main__":
    main()
