"""Make .venv with the exact packages of requirements.lock; do nothing when it is already there.

Runs on the Python that `make` finds, before anything is installed: standard library only, and no syntax that
an old Python cannot read, so that an old Python gets a sentence and not a SyntaxError.
"""

import argparse
import errno
import hashlib
import os
import re
import sys
import time

import interrupts
import pip_reasons
import torch_build
import turns
import venvs

# ruff: noqa: B904, RUF005, UP032, UP036
OLDEST = (3, 11)
TOP = venvs.TOP
INPUTS = ("requirements.lock", "pyproject.toml")
INTERRUPTED = "environment: interrupted; the same command goes on from here"
STAMP = ".course-stamp"  # in the environment: what it was made from


def complaint(version):
    """Return the sentence for a Python that is too old, or None. version: (major, minor, ...)."""
    if tuple(version[:2]) >= OLDEST:
        return None
    return (
        "This is Python {}, but the book is built with Python {} or newer; "
        "name one with: make PYTHON=python3.12"
    ).format(venvs.dotted(version[:2]), venvs.dotted(OLDEST))


def fingerprint():
    """Return a hash of everything that the environment is made from."""
    digest = hashlib.sha256(TOP.encode())
    for name in INPUTS:
        with open(os.path.join(TOP, name), "rb") as file:
            digest.update(file.read())
    return digest.hexdigest()


def torch_version():
    """Return the version of PyTorch in requirements.lock."""
    with open(os.path.join(TOP, "requirements.lock")) as file:
        return re.search(r"^torch==(\S+)", file.read(), re.MULTILINE).group(1)


def fail(what, status, said, python):
    """End with one sentence and pip's own words: its errors, or all of them when the reason is not known."""
    reason = venvs.killed(status) or pip_reasons.explain(said, venvs.dotted(python))
    words = [line for line in said if line.startswith(("ERROR", "OSError"))] if reason else said
    first = "Could not install {}: {}".format(what, reason or "pip failed")
    raise SystemExit("\n".join([first, "pip said:"] + words[-40:]))


def build(venv, asked):
    """Bring an environment up to requirements.lock. asked: value of TORCH."""
    if os.path.exists(os.path.join(venv, venvs.UNFINISHED)):
        venvs.drop_halves(venv)
    venvs.mark_unfinished(venv)
    if not venvs.installed(venv, "pip"):
        venvs.run_venv([venvs.venv_python(venv), "-m", "ensurepip", "--default-pip"], venv)
    if torch_build.ON_LINUX:
        torch_build.install(venv, asked, torch_version())
    for what, arguments in (
        ("the packages of requirements.lock", ["-r", "requirements.lock"]),
        ("the course itself", ["--no-deps", "-e", "."]),
    ):
        venvs.say(what)
        status, said = venvs.pip(venv, ["install", "--progress-bar", "off"] + arguments, venvs.Progress())
        if status != 0:
            fail(what, status, said, venvs.version_of(venv))
        for line in said:
            if line.startswith(("WARNING", "ERROR")):
                print(line)
    os.remove(os.path.join(venv, venvs.UNFINISHED))


def prepare(venv, asked, named):
    """Make or update an environment unless it is as it should be.

    Args:
        venv: absolute path of its folder.
        asked: value of TORCH: "cpu", "cuda" or "".
        named: whether the user named this Python; then an environment of another one is made anew.
    """
    there = venvs.version_of(venv)
    anew = there is None or (named and there[:2] != sys.version_info[:2])
    problem = torch_build.problem(asked) or complaint(sys.version_info if anew else there)
    problem = problem or (venvs.complaint(venv) if anew else None)
    if problem:
        raise SystemExit(problem)
    stamp, key = os.path.join(venv, STAMP), fingerprint()
    if not anew and os.path.exists(stamp) and torch_build.satisfies(asked, venvs.installed(venv, "torch")):
        with open(stamp) as file:
            if file.read() == key:
                return
    start = time.time()
    if anew:
        where, python = os.path.relpath(venv), venvs.dotted(sys.version_info[:3])
        instead = " in place of one of Python " + venvs.dotted(there) if there else ""
        venvs.say("making {} with Python {}{}; this takes minutes".format(where, python, instead))
        venvs.make_venv(venv)
    build(venv, asked)
    with open(stamp, "w") as file:
        file.write(key)
    venvs.say("ready in {:.0f} s".format(time.time() - start))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("venv", help="folder of the environment")
    parser.add_argument("--torch", default="", help="PyTorch's build: cpu or cuda (default: by the machine)")
    parser.add_argument("--named", action="store_true", help="an environment of another Python is made anew")
    given = parser.parse_args()
    if sys.version_info < (3, 6):  # too old even to look at the environment
        raise SystemExit(complaint(sys.version_info))
    try:
        with interrupts.ends_with(INTERRUPTED), turns.turn(TOP, "environment"):
            prepare(os.path.abspath(given.venv), given.torch, given.named)
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        raise SystemExit("environment: {}".format("the disk is full" if full else error))


if __name__ == "__main__":
    main()
