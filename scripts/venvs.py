"""A virtual environment: its folder, its Python, its packages, and pip inside it."""

import glob
import os
import re
import shutil
import signal
import subprocess
import sys

# No syntax that an old Python cannot read: scripts/environment.py runs on the Python that `make` finds.
# ruff: noqa: RUF005, UP032
TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
UNFINISHED = ".course-unfinished"  # in the environment while pip works; still there when it was interrupted
NOISE = re.compile(r"WARNING: Location '.*' is ignored: it is (neither|either) ")


def say(words):
    """Print one line of progress."""
    print("environment: " + words)
    sys.stdout.flush()


def dotted(version):
    """Return a version as text. version: numbers."""
    return ".".join(str(number) for number in version)


# --- the folder


def venv_python(venv):
    """Return the path of the interpreter inside an environment. venv: its folder."""
    return os.path.join(venv, *(("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")))


def version_of(venv):
    """Return the version of an environment's Python, such as (3, 11, 2), or None when it does not start."""
    code = "import sys; print('%d %d %d' % sys.version_info[:3])"
    try:
        said = subprocess.check_output([venv_python(venv), "-c", code], stderr=subprocess.DEVNULL)
    except (OSError, subprocess.CalledProcessError):
        return None
    return tuple(int(number) for number in said.split())


def complaint(venv):
    """Return the sentence for a folder that holds something, but no environment, or None: it is not ours."""
    if any(os.path.exists(os.path.join(venv, name)) for name in ("pyvenv.cfg", UNFINISHED)):
        return None
    if os.path.isfile(venv) or any(files for _, _, files in os.walk(venv)):
        return (
            "{} is not a Python environment, and what it holds would be lost; "
            "name another folder with: make VENV=..."
        ).format(venv)
    return None


def package_folders(venv):
    """Return the folders that hold an environment's packages."""
    inside = glob.escape(venv)
    found = glob.glob(os.path.join(inside, "lib", "python3*", "site-packages"))
    return found or glob.glob(os.path.join(inside, "Lib", "site-packages"))


def installed(venv, package):
    """Return the version of a package in an environment, such as "2.13.0+cpu", or None."""
    for folder in package_folders(venv):
        for name in os.listdir(folder):
            match = re.match(package + r"-(\d.*)\.dist-info$", name)
            if match:
                return match.group(1)
    return None


def mark_unfinished(venv):
    """Note in an environment that its set-up has begun."""
    with open(os.path.join(venv, UNFINISHED), "w"):
        pass


def drop_halves(venv):
    """Remove what an interrupted pip left, so that it is installed again.

    pip takes a package for installed as soon as its description is there; its scripts and data come later,
    and last the file INSTALLER. Folders whose name begins with ~ are old versions on their way out.
    """
    for folder in package_folders(venv):
        for name in os.listdir(folder):
            path = os.path.join(folder, name)
            half = name.endswith(".dist-info") and not os.path.exists(os.path.join(path, "INSTALLER"))
            if half or name.startswith("~"):
                shutil.rmtree(path, ignore_errors=True)


def make_venv(venv):
    """Make an environment without packages; one that is there is replaced."""
    os.makedirs(venv, exist_ok=True)
    mark_unfinished(venv)
    for name in set(os.listdir(venv)) - {UNFINISHED}:
        path = os.path.join(venv, name)
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        else:
            os.remove(path)
    run_venv([sys.executable, "-m", "venv", venv], venv)


def killed(status):
    """Return the sentence for a program that a signal ended, or None. status: as subprocess gives it."""
    if status >= 0:
        return None
    why = ", perhaps for want of memory" if -status == signal.SIGKILL else ""
    return "it was ended from outside (signal {}{}); the same command goes on from here".format(-status, why)


def run_venv(command, venv):
    """Run Python's own tools for environments, venv or ensurepip; end with the reason when they fail."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode == 0:
        return
    said = done.stdout.decode("utf-8", "replace").strip()
    inner = re.search(r"died with <Signals\.\w+: (\d+)>", said)  # venv starts ensurepip
    if shutil.disk_usage(venv).free < 50 * 2**20:  # they do not say it themselves
        reason = "the disk is full"
    elif killed(done.returncode) or inner:
        reason = killed(-int(inner.group(1)) if inner else done.returncode)
    elif "ensurepip is not available" in said or "No module named" in said:
        reason = "this Python lacks a part of venv (Debian, Ubuntu: sudo apt-get install python3-venv)"
    else:
        reason = "Python said:\n" + said
    raise SystemExit("Could not make {}: {}".format(venv, reason))


# --- pip


class Progress:
    """Turn pip's many lines into few: one every 30 packages, one for a large file, one before the end."""

    def __init__(self):
        self.packages = 0

    def __call__(self, line):
        if line.startswith("Collecting "):
            self.packages += 1
            if self.packages % 30 == 0:
                say("  {} packages found".format(self.packages))
        size = re.match(r"\s*Downloading (\S+) \(([\d.]+) ([MG]B)\)", line)
        if size and (size.group(3) == "GB" or float(size.group(2)) >= 30):
            say("  downloading {}, {} {}".format(os.path.basename(size.group(1)), *size.group(2, 3)))
        if line.startswith("Installing collected packages: ") and "," in line:
            say("  putting {} packages into their place".format(line.count(",") + 1))


def pip(venv, arguments, hear=None, **variables):
    """Run pip inside an environment.

    Its temporary files lie in the environment: they need no space on another disk, and none stays behind.

    Args:
        venv: absolute path of the environment.
        arguments: of pip.
        hear: called with each line.
        variables: additional environment variables.

    Returns:
        (exit status, pip's lines) without pip's remarks on package folders that this machine does not have.
    """
    scratch = os.path.join(venv, "tmp")
    os.makedirs(scratch, exist_ok=True)
    command = [venv_python(venv), "-m", "pip", "--disable-pip-version-check", "--no-input"] + arguments
    variables = dict(os.environ, TMPDIR=scratch, PYTHONUNBUFFERED="1", **variables)
    run = subprocess.Popen(command, cwd=TOP, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    said = []
    try:
        for line in run.stdout:
            said.append(line.decode("utf-8", "replace").rstrip())
            if hear:
                hear(said[-1])
        status = run.wait()
    finally:  # Ctrl-C: what pip leaves half done is dropped at the next start
        run.kill()
        run.wait()
        shutil.rmtree(scratch, ignore_errors=True)
    return status, [line for line in said if not NOISE.match(line)]
