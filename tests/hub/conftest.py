"""A hub for a class of three, made once; each step of the story is a fixture that rests on the one before."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import beside
import people
import pytest
import remote
import server
from student import Student

HERE = Path(__file__).parent
TOP = HERE.parents[1]
PLACE = TOP / "_build" / "hub"
NOBODY = 65534


def lacking(sentence: str):
    """Skip, but not in CI, where a hub that is never tried must not look like one that works."""
    (pytest.fail if os.environ.get("CI") else pytest.skip)(sentence)


def may(*command) -> bool:
    """Whether a command works for a user without rights."""
    try:
        done = subprocess.run(command, user=NOBODY, group=NOBODY, capture_output=True, check=False)
    except PermissionError:
        return False
    return done.returncode == 0


@pytest.fixture(scope="session")
def root():
    if sys.platform != "linux" or os.geteuid() != 0:
        lacking("a hub with real users needs root on Linux: sudo make test-hub")
    if not may("test", "-r", TOP / "data" / "LICENSES.md"):
        lacking(f"other users cannot read {TOP}: put the repository where they can")


@pytest.fixture(scope="session")
def commands(root) -> Path:
    """The folder of the commands of the hub's environment, in which the course is installed editable."""
    minor = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    found = [Path(sys.executable).resolve(), Path("/usr/local/bin") / minor, Path("/usr/bin") / minor]
    open_to_all = [python for python in found if python.exists() and may(python, "-c", "import venv")]
    if not open_to_all:
        lacking(f"there is no {minor} here that every user may run; install it for all")
    try:
        return beside.make(PLACE / "python", HERE / "requirements.txt", open_to_all[0], project=TOP)
    except RuntimeError as error:
        lacking(f"JupyterHub could not be installed; is there a network? {error}")


@pytest.fixture(scope="session")
def proxy(root) -> Path:
    """The program configurable-http-proxy, which comes from npm."""
    if not shutil.which("npm"):
        lacking("the hub's proxy needs Node and npm; install them")
    place, lock = PLACE / "proxy", (HERE / "proxy" / "package-lock.json").read_bytes()
    stamp = place / "installed.json"
    if not stamp.exists() or stamp.read_bytes() != lock:
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(HERE / "proxy", place)
        command = ["npm", "ci", "--no-audit", "--no-fund", "--silent"]
        if subprocess.run(command, cwd=place, capture_output=True, check=False).returncode:
            lacking("configurable-http-proxy could not be installed; is there a network?")
        stamp.write_bytes(lock)
    return place / "node_modules" / ".bin" / "configurable-http-proxy"


@pytest.fixture(scope="session")
def folder(root):
    """A folder that every user can enter."""
    with tempfile.TemporaryDirectory(prefix="course-hub-") as made:
        os.chmod(made, 0o755)
        yield Path(made)


@pytest.fixture(scope="session")
def github(folder) -> remote.Remote:
    return remote.Remote(TOP, folder)


@pytest.fixture(scope="session")
def users(folder):
    """{name: User} of the students and the teacher."""
    (folder / "home").mkdir()
    with people.users(folder / "home") as made:
        yield made


@pytest.fixture(scope="session")
def hub(commands, proxy, folder, users):
    with server.hub(commands, proxy, folder, people.STUDENTS) as running:
        yield running


@pytest.fixture(scope="session")
def students(hub) -> dict[str, Student]:
    """{name: Student}, logged in."""
    return {name: Student(name, hub) for name in people.STUDENTS}
