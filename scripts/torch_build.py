"""Which build of PyTorch an environment gets: on Linux the CPU build, a tenth of the size, or the CUDA build.

The Python package index has the CUDA build; the CPU build comes from PyTorch's own index. On other systems
there is one build only, and nothing here is needed.
"""

import os
import re
import subprocess
import sys

import pip_reasons
import venvs

# No syntax that an old Python cannot read: scripts/environment.py runs on the Python that `make` finds.
# ruff: noqa: UP032
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
ON_LINUX = sys.platform.startswith("linux")


def problem(asked):
    """Return the sentence for a value of TORCH that cannot be met, or None."""
    if asked not in ("", "cpu", "cuda"):
        return (
            "TORCH is {!r}; it may be cpu or cuda, or left away: then PyTorch's CUDA build is installed "
            "where there is an NVIDIA GPU, its CPU build elsewhere"
        ).format(asked)
    if asked == "cuda" and not ON_LINUX:
        return "TORCH=cuda is for Linux; leave TORCH away, and the usual PyTorch of this system is installed"
    return None


def has_nvidia():
    """Return whether NVIDIA's driver is there and sees a GPU."""
    try:
        said = subprocess.check_output(["nvidia-smi", "-L"], stderr=subprocess.DEVNULL, timeout=60)
    except (OSError, subprocess.SubprocessError):
        return False
    return b"GPU " in said


def build_of(version):
    """Return the build, "cpu" or "cuda", of an installed PyTorch. version: such as "2.13.0+cpu"."""
    return "cpu" if version.endswith("+cpu") else "cuda"


def choose(asked, there):
    """Return "cpu" or "cuda": what was asked for, else the build that is there, else what suits the machine.

    Args:
        asked: "cpu", "cuda" or "".
        there: version of the PyTorch that is installed, or None.
    """
    if asked:
        return asked
    if there:
        return build_of(there)
    return "cuda" if has_nvidia() else "cpu"


def satisfies(asked, there):
    """Return whether the installed PyTorch, of version `there` or None, is of the build asked for."""
    return there is not None and (not ON_LINUX or asked in ("", build_of(there)))


def offered(venv, version):
    """Return whether the index of CPU builds answers and has this version for this Python.

    Asked through pip, which knows the machine's proxy and certificates. The other places where pip is told to
    look are replaced by an empty folder.
    """
    arguments = ["index", "versions", "torch", "--index-url", CPU_INDEX, "--timeout", "5", "--retries", "0"]
    empty = os.path.join(venv, "tmp")
    _, said = venvs.pip(venv, arguments, PIP_FIND_LINKS=empty, PIP_EXTRA_INDEX_URL=CPU_INDEX)
    return any(re.search(r"(?<![\w.]){}(?![\w.])".format(re.escape(version)), line) for line in said)


def install_cpu(venv, version):
    """Install the CPU build from its own index. Where that fails, say so: the lock brings another."""
    python = venvs.dotted(venvs.version_of(venv))
    reason = "it does not answer, or lacks it for Python " + python
    if offered(venv, version):
        arguments = ["install", "--progress-bar", "off", "--no-deps", "--force-reinstall"]
        arguments += ["--index-url", CPU_INDEX, "torch==" + version]
        status, said = venvs.pip(venv, arguments, venvs.Progress())
        if status == 0:
            return
        reason = pip_reasons.explain(said, python) or "pip failed"
    venvs.say(
        "  not from {} ({}); taking what the package index has, which may be the large build, and "
        "`make environment TORCH=cpu` tries again".format(CPU_INDEX, reason)
    )


def install(venv, asked, version):
    """See to it that the lock finds the right build in the environment, or installs it.

    Args:
        venv: absolute path of the environment.
        asked: value of TORCH.
        version: the version in requirements.lock.
    """
    there = venvs.installed(venv, "torch")
    build = choose(asked, there)
    venvs.say("PyTorch {}, {} build".format(version, build.upper()))
    if build == "cpu" and there != version + "+cpu":
        install_cpu(venv, version)
    elif build == "cuda" and there and build_of(there) == "cpu":
        venvs.pip(venv, ["uninstall", "-y", "torch"])
