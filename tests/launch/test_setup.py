"""`make environment`: on a small tree with packages of its own, offline, with a real pip."""

import ast
import errno
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import environment
import pip_reasons
import pytest
import torch_build
import turns
import venvs

TOP = Path(__file__).parents[2]
SCRIPTS = ("environment", "interrupts", "venvs", "torch_build", "pip_reasons", "turns")
NOWHERE = "http://127.0.0.1:9/"
SILENT = "it does not answer, or lacks it for Python"
BACKEND = '''
"""Builds the small tree's only package; waits while a file `slow` lies beside it."""
import os, time, zipfile

def build_editable(folder, config_settings=None, metadata_directory=None):
    open("begun", "w").close()
    while os.path.exists("slow"):
        time.sleep(0.1)
    name = "course_utils-1-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(folder, name), "w") as wheel:
        wheel.writestr("course_utils.py", "")
        inside = "course_utils-1.dist-info/"
        header = "Metadata-Version: 2.1\\nName: course-utils\\nVersion: 1\\n"
        wheel.writestr(inside + "METADATA", header)
        wheel.writestr(inside + "WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(inside + "RECORD", "")
    return name
'''
PYPROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
[project]
name = "course-utils"
version = "1"
"""


def add_wheel(index, name, version, requires_python="", size=0):
    """Put a package that holds one module into an index.

    Args:
        index: folder of the index.
        name, version: of the package.
        requires_python: bounds, such as ">=3.99".
        size: bytes of its data, which do not compress.
    """
    page = index / name / "index.html"
    page.parent.mkdir(parents=True, exist_ok=True)
    wheel = f"{name}-{version}-py3-none-any.whl"
    described = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    tag = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    with zipfile.ZipFile(page.parent / wheel, "w") as file:
        file.writestr(f"{name}.py", f"version = {version!r}\n")
        file.writestr(f"{name}.bin", os.urandom(size))
        file.writestr(f"{name}-{version}.dist-info/METADATA", described)
        file.writestr(f"{name}-{version}.dist-info/WHEEL", tag)
        file.writestr(f"{name}-{version}.dist-info/RECORD", "")
    bounds = f' data-requires-python="{requires_python}"'.replace(">=", "&gt;=") if requires_python else ""
    with page.open("a") as file:
        file.write(f'<a href="{wheel.replace("+", "%2B")}"{bounds}>{wheel}</a>\n')


class Tree:
    """A small tree with the real set-up, its own package index, and its own index of CPU builds."""

    def __init__(self, top, cpu_index=None):
        """Write it. top: folder that does not exist yet; cpu_index: an address, default: one that answers."""
        self.top, self.venv = top, top / ".venv"
        (top / "scripts").mkdir(parents=True)
        for name in SCRIPTS:
            code = (TOP / "scripts" / f"{name}.py").read_text(encoding="utf-8")
            code = code.replace(torch_build.CPU_INDEX, cpu_index or (top / "cpu").as_uri())
            (top / "scripts" / f"{name}.py").write_text(code, encoding="utf-8")
        shutil.copy(TOP / "Makefile", top)
        (top / "backend.py").write_text(BACKEND)
        (top / "pyproject.toml").write_text(PYPROJECT)
        (top / "requirements.lock").write_text("small==1.0\ntorch==2.13.0\n")
        add_wheel(top / "index", "small", "1.0")
        add_wheel(top / "index", "torch", "2.13.0")
        add_wheel(top / "cpu", "torch", "2.13.0+cpu")

    def start(self, *arguments, **variables):
        """Start `make environment` with more arguments and variables, in a process group of its own."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("PIP_", "MAKE")) and k != "TORCH"}
        kept |= {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": (self.top / "index").as_uri()} | variables
        command = ["make", "--no-print-directory", "environment", *arguments]
        # A shell starts background jobs with SIGINT ignored; the set-up would inherit that.
        restore = lambda: signal.signal(signal.SIGINT, signal.default_int_handler)  # noqa: E731
        return subprocess.Popen(
            command, cwd=self.top, env=kept, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            start_new_session=True, preexec_fn=restore,
        )  # fmt: skip

    def make(self, *arguments, **variables):
        """Run `make environment` to its end; return (exit status, what it printed)."""
        run = self.start(*arguments, **variables)
        said, _ = run.communicate(timeout=250)
        return run.returncode, said

    def wait_until_begun(self):
        """Wait until pip builds the tree's own package."""
        deadline = time.monotonic() + 120
        while not (self.top / "begun").exists():
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def torch(self):
        """Return the version of the torch that is installed."""
        return venvs.installed(str(self.venv), "torch")


@pytest.fixture(scope="session")
def empty_venv(tmp_path_factory):
    """An environment that holds only pip, to be copied: making one takes seconds."""
    folder = tmp_path_factory.mktemp("empty") / "venv"
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    return folder


@pytest.fixture
def tree(tmp_path, empty_venv):
    """A small tree whose environment holds only pip."""
    made = Tree(tmp_path / "tree")
    shutil.copytree(empty_venv, made.venv, symlinks=True)
    return made


# --- from nothing


def test_folder_with_an_unusual_name_and_no_home(tmp_path):
    tree = Tree(tmp_path / "Курс №1 #2 100% [в]")
    status, said = tree.make(HOME="/proc/nohome", TORCH="cpu")
    assert status == 0, said
    lines = said.splitlines()
    assert lines[0].startswith("environment: making .venv with Python 3.")
    assert lines[1] == "environment: PyTorch 2.13.0, CPU build"
    assert re.fullmatch(r"environment: ready in \d+ s", lines[-1])
    assert tree.torch() == "2.13.0+cpu"
    code = "import course_utils, small, torch"
    assert subprocess.run([tree.venv / "bin" / "python", "-c", code], check=False).returncode == 0
    assert sorted(p.name for p in tree.venv.iterdir() if p.name.startswith((".course", "tmp"))) == [
        ".course-stamp"
    ]
    assert tree.make() == (0, "")  # the second time there is nothing to do


def test_old_python_is_one_sentence():
    for version in ((2, 7), (3, 9, 1), (3, 10)):
        said = environment.complaint(version)
        assert said.startswith(f"This is Python {version[0]}.{version[1]}, but") and "\n" not in said
    for version in ((3, 11), (3, 13, 0), (4, 0)):
        assert environment.complaint(version) is None


@pytest.mark.parametrize("script", SCRIPTS)
def test_old_python_can_read_the_scripts(script):
    """Python 2 knows no f-strings, no :=, no annotations, no stars in a list, and no letters but ASCII."""
    code = (TOP / "scripts" / f"{script}.py").read_text(encoding="ascii")
    for node in ast.walk(ast.parse(code)):
        assert not isinstance(node, ast.JoinedStr | ast.NamedExpr | ast.AnnAssign | ast.AsyncFunctionDef)
        assert not (isinstance(node, ast.List | ast.Set | ast.Tuple) and any(
            isinstance(part, ast.Starred) for part in node.elts
        ))  # fmt: skip
        assert not (isinstance(node, ast.Raise) and node.cause)
        if isinstance(node, ast.arguments):
            assert not node.kwonlyargs


def test_no_such_python_is_one_sentence(tree):
    status, said = tree.make("PYTHON=python3.99")
    assert status != 0
    assert said.splitlines()[0] == "There is no python3.99 here; name one with: make PYTHON=python3.12"


def test_a_folder_that_is_no_environment_is_left_alone(tmp_path):
    tree, theirs = Tree(tmp_path / "tree"), tmp_path / "theirs" / "thesis.txt"
    theirs.parent.mkdir()
    theirs.write_text("all of it")
    status, said = tree.make(f"VENV={theirs.parent}")
    assert status != 0
    assert said.startswith(f"{theirs.parent} is not a Python environment, and what it holds would be lost;")
    assert theirs.read_text() == "all of it"


def test_a_named_python_replaces_an_environment_of_another(monkeypatch, tmp_path):
    made = []
    (tmp_path / "pyvenv.cfg").touch()
    monkeypatch.setattr(venvs, "version_of", lambda venv: (3, 99, 1))
    monkeypatch.setattr(venvs, "make_venv", made.append)
    monkeypatch.setattr(environment, "build", lambda venv, asked: None)
    environment.prepare(str(tmp_path), "", named=False)
    assert made == []
    environment.prepare(str(tmp_path), "", named=True)
    assert made == [str(tmp_path)]


def test_an_environment_of_an_old_python_is_kept_and_said(monkeypatch, tmp_path):
    monkeypatch.setattr(venvs, "version_of", lambda venv: (3, 10, 1))
    with pytest.raises(SystemExit, match=r"^This is Python 3\.10, but the book is built with Python 3\.11"):
        environment.prepare(str(tmp_path), "", named=False)


# --- PyTorch's builds


@pytest.mark.skipif(not torch_build.ON_LINUX, reason="elsewhere PyTorch comes in one build")
def test_torch_is_what_was_asked_for(tree):
    for asked, version in (("cuda", "2.13.0"), ("cpu", "2.13.0+cpu"), ("cuda", "2.13.0")):
        status, said = tree.make(f"TORCH={asked}")
        assert status == 0, said
        assert f"PyTorch 2.13.0, {asked.upper()} build\n" in said
        assert tree.torch() == version
    assert tree.make() == (0, "")  # what is there stays when nothing is asked for


@pytest.mark.skipif(not torch_build.ON_LINUX, reason="elsewhere PyTorch comes in one build")
@pytest.mark.parametrize(
    "code, build",
    [("echo 'GPU 0: NVIDIA H200'", "cuda"), ("echo 'No devices were found'; exit 6", "cpu"), (None, "cpu")],
)
def test_the_machine_decides_which_build(tmp_path, monkeypatch, code, build):
    if code:
        (tmp_path / "nvidia-smi").write_text(f"#!/bin/sh\n{code}\n")
        (tmp_path / "nvidia-smi").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin" if code else str(tmp_path))
    assert torch_build.choose("", None) == build
    assert torch_build.choose("cpu", None) == "cpu"
    assert torch_build.choose("cuda", "2.13.0+cpu") == "cuda"
    assert torch_build.choose("", "2.12.0+cpu") == "cpu"
    assert torch_build.choose("", "2.12.0") == "cuda"


@pytest.mark.skipif(not torch_build.ON_LINUX, reason="elsewhere PyTorch comes in one build")
@pytest.mark.parametrize("why", ["silent", "lacks it"])
def test_cpu_index_that_does_not_help_costs_one_sentence(tmp_path, empty_venv, why):
    tree = Tree(tmp_path / "tree", cpu_index=NOWHERE if why == "silent" else None)
    if why == "lacks it":
        shutil.rmtree(tree.top / "cpu")
        add_wheel(tree.top / "cpu", "torch", "2.13.01+cpu")
    shutil.copytree(empty_venv, tree.venv, symlinks=True)
    status, said = tree.make("TORCH=cpu")
    assert status == 0, said
    assert said.count(SILENT) == 1
    assert len(said.splitlines()) < 10
    assert tree.torch() == "2.13.0"


def test_unknown_build_is_one_sentence(tree):
    status, said = tree.make("TORCH=gpu")
    assert status != 0
    assert said.startswith("TORCH is 'gpu'; it may be cpu or cuda, or left away: ")
    assert tree.torch() is None


# --- interrupted, and two at once


def interrupt(tree):
    """Start the set-up and press Ctrl-C while pip works; return what it printed."""
    (tree.top / "slow").touch()
    run = tree.start("TORCH=cpu")
    tree.wait_until_begun()
    os.killpg(run.pid, signal.SIGINT)
    said, _ = run.communicate(timeout=60)
    assert run.returncode != 0
    (tree.top / "slow").unlink()
    return said


def test_ctrl_c_is_one_sentence_and_the_next_run_goes_on(tree):
    said = interrupt(tree)
    assert said.count("environment: interrupted; the same command goes on from here\n") == 1
    assert "Traceback" not in said
    assert not (tree.venv / "tmp").exists() and not (tree.venv / environment.STAMP).exists()
    packages = Path(venvs.package_folders(str(tree.venv))[0])
    (packages / "small-1.0.dist-info" / "INSTALLER").unlink()  # as if it had been interrupted here, too
    (packages / "small.py").unlink()
    (packages / "~mall").mkdir()
    shutil.rmtree(packages / "pip" / "_internal")  # ... and before, while pip itself was being installed
    for mark in packages.glob("pip-*.dist-info/INSTALLER"):
        mark.unlink()
    status, said = tree.make("TORCH=cpu")
    assert status == 0, said
    assert (packages / "small.py").exists() and not (packages / "~mall").exists()


def test_an_interrupted_start_is_begun_again(tmp_path):
    half = tmp_path / "venv"
    half.mkdir()
    venvs.mark_unfinished(str(half))
    (half / "bin").mkdir()
    (half / "bin" / "python").write_text("half")
    assert venvs.complaint(str(half)) is None
    assert venvs.version_of(str(half)) is None


def test_packages_of_the_user_stay(tree):
    packages = Path(venvs.package_folders(str(tree.venv))[0])
    (packages / "theirs-1.dist-info").mkdir()  # no INSTALLER: some tools write none
    assert tree.make("TORCH=cpu")[0] == 0
    assert (packages / "theirs-1.dist-info").exists()


def test_two_at_once_take_turns(tree):
    (tree.top / "slow").touch()
    first = tree.start("TORCH=cpu")
    tree.wait_until_begun()
    second = tree.start("TORCH=cpu")
    line = second.stdout.readline()
    (tree.top / "slow").unlink()
    assert line == "environment: another `make` is at it in this folder; waiting for it\n"
    assert first.communicate(timeout=120)[0].splitlines()[-1].startswith("environment: ready")
    assert second.communicate(timeout=120)[0] == ""  # nothing was left to do
    assert (first.returncode, second.returncode) == (0, 0)


def test_without_locks_nobody_waits(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(turns.fcntl, "flock", refuse)
    with turns.turn(tmp_path, "environment"):
        pass
    monkeypatch.setattr(turns, "fcntl", None)
    with turns.turn(tmp_path, "environment"):
        pass


# --- what fails, and why


def test_no_network_is_said_when_pip_says_so(tree):
    status, said = tree.make(PIP_INDEX_URL=NOWHERE, PIP_RETRIES="1", TORCH="cuda")
    assert status != 0
    assert (
        "\nCould not install the packages of requirements.lock: the Python package index cannot be reached; "
        "is there a network?\npip said:\nERROR: "
    ) in said
    assert not (tree.venv / environment.STAMP).exists()


def test_a_package_for_another_python_is_named(tree):
    add_wheel(tree.top / "index", "later", "4.1.1", requires_python=">=3.99.5")
    (tree.top / "requirements.lock").write_text("later==4.1.1\ntorch==2.13.0\n")
    status, said = tree.make("TORCH=cpu")
    python = venvs.dotted(sys.version_info[:3])
    assert status != 0
    assert f"lock: later 4.1.1 is for Python >=3.99.5, and this is Python {python}\npip said:\n" in said
    assert "network" not in said


def test_a_package_that_is_not_there_is_named(tree):
    (tree.top / "requirements.lock").write_text("gone==1\ntorch==2.13.0\n")
    status, said = tree.make("TORCH=cpu")
    assert status != 0
    assert "lock: the package index has no gone==1 for Python 3." in said and "network" not in said


PIP_SAYS = [
    ("ERROR: Could not install packages: OSError: [Errno 28] No space left on device", "the disk is full"),
    (
        "WARNING: Retrying (Retry(total=4)) after connection broken by 'NewConnectionError('...\n"
        "ERROR: Could not find a version that satisfies the requirement torch==2.13.0 (from versions: none)\n"
        "ERROR: No matching distribution found for torch==2.13.0",
        "is there a network?",
    ),
    ("... 'ProxyError('Cannot connect to proxy.', OSError('Tunnel connection failed: 407'))'", "the proxy"),
    ("... SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED]", "the certificate"),
    (
        "ERROR: Ignored the following versions that require a different python version: "
        "4.0 Requires-Python >=3.12; 4.1.1 Requires-Python >=3.11.5\n"
        "ERROR: Could not find a version that satisfies the requirement soupsieve==4.1.1 (from versions: 1)\n"
        "ERROR: No matching distribution found for soupsieve==4.1.1",
        "soupsieve 4.1.1 is for Python >=3.11.5, and this is Python 3.11.2",
    ),
    (
        "ERROR: Package 'soupsieve' requires a different Python: 3.11.2 not in '>=3.11.5'",
        "soupsieve is for Python >=3.11.5, and this is Python 3.11.2",
    ),
    (
        "ERROR: Ignored the following versions that require a different python version: "
        "9.1 Requires-Python >4\n"
        "ERROR: No matching distribution found for gone==9",
        "the package index has no gone==9 for Python 3.11.2 on this system",
    ),
    ("ERROR: Failed building wheel for pycocotools", "no ready build of pycocotools for Python 3.11.2"),
    ("ERROR: ResolutionImpossible: for help visit", "do not go together"),
    ("ERROR: OSError: [Errno 30] Read-only file system: '/opt/venv/x'", "/opt/venv/x may not be written"),
]


@pytest.mark.parametrize("said, words", PIP_SAYS)
def test_reason(said, words):
    assert words in pip_reasons.explain(said.splitlines(), "3.11.2")


def test_unknown_reason_shows_all_that_pip_said():
    assert pip_reasons.explain(["ERROR: something new"], "3.11.2") is None
    with pytest.raises(SystemExit, match=r"^Could not install it: pip failed\npip said:\na\nERROR: b$"):
        environment.fail("it", 1, ["a", "ERROR: b"], (3, 11, 2))


KILL = "import os, signal; os.kill(os.getpid(), signal.{})"
DIES = "import subprocess, sys; subprocess.run([sys.executable, '-c', '{}'], check=True)"


@pytest.mark.parametrize("code", [KILL, DIES.format(KILL)], ids=["venv", "ensurepip inside venv"])
@pytest.mark.parametrize(
    "name, number, more", [("SIGTERM", 15, ""), ("SIGKILL", 9, ", perhaps for want of memory")]
)
def test_killed_venv_is_one_sentence(tmp_path, code, name, number, more):
    with pytest.raises(SystemExit) as ended:
        venvs.run_venv([sys.executable, "-c", code.format(name)], str(tmp_path))
    assert str(ended.value) == (
        f"Could not make {tmp_path}: it was ended from outside (signal {number}{more}); "
        "the same command goes on from here"
    )


def test_killed_pip_is_said():
    with pytest.raises(SystemExit, match=r"^Could not install it: it was ended from outside \(signal 15\);"):
        environment.fail("it", -15, ["Collecting a"], (3, 11, 2))


def bwrap_has_size():
    """Return whether bubblewrap is here and can make a small disk."""
    try:
        done = subprocess.run(["bwrap", "--help"], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return False
    return "--size" in done.stdout + done.stderr


@pytest.mark.skipif(not bwrap_has_size(), reason="needs bubblewrap that can make a small disk")
@pytest.mark.parametrize("size, words", [(2, "Could not make "), (80, "Could not install the packages of ")])
def test_full_disk_is_one_sentence(tmp_path, size, words):
    tree = Tree(tmp_path / "tree")
    add_wheel(tree.top / "index", "small", "2.0", size=80 * 2**20)
    (tree.top / "requirements.lock").write_text("small==2.0\ntorch==2.13.0\n")
    disk = tmp_path / "disk"
    disk.mkdir()
    box = ["bwrap", "--dev-bind", "/", "/", "--size", str(size * 2**20), "--tmpfs", str(disk), "--"]
    command = [*box, sys.executable, str(tree.top / "scripts" / "environment.py"), str(disk / "venv")]
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PIP_")}
    index = {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_INDEX_URL": (tree.top / "index").as_uri(),
        "PIP_NO_CACHE_DIR": "1",
    }
    done = subprocess.run(
        [*command, "--torch", "cpu"], env=kept | index, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    first = done.stderr.splitlines()[0]
    assert first.startswith(words) and "the disk is full" in first, done.stderr
    assert "Traceback" not in done.stderr
