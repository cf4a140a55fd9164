"""pyproject.toml, environment.yml and requirements.lock tell the same story."""

import functools
import re
import sys
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path

import environment
import lock
import pytest
import venvs
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

tomllib = pytest.importorskip("tomllib")
TOP = Path(__file__).parents[2]
PROJECT = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CONDA_NAMES = {"matplotlib": "matplotlib-base", "torch": "pytorch-cpu"}
BUILT_WITH = ("3.11.0", "3.11.2", "3.11.7", "3.12.1", "3.13.0", "3.14.0")  # with requirements.lock
NOT_ON_CONDA_FORGE = {"mini-racer", "sphinx-revealjs"}


def declared(*extras):
    """Return {name: bounds} of the core dependencies and those of some extras."""
    lines = PROJECT["dependencies"] + [r for e in extras for r in PROJECT["optional-dependencies"][e]]
    return {canonicalize_name(r.name): r.specifier for r in map(Requirement, lines)}


def conda():
    """Return ({name: bounds} from conda-forge, {name: bounds} from pip, python's version, editable paths)."""
    listed = yaml.safe_load((TOP / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    [with_pip] = [entry["pip"] for entry in listed if isinstance(entry, dict)]
    plain = {name: bounds for name, _, bounds in (e.partition(" ") for e in listed if isinstance(e, str))}
    assert "pip" in plain
    python = plain.pop("python")
    del plain["pip"]
    packages = [Requirement(line) for line in with_pip if not line.startswith("-e")]
    editable = [line for line in with_pip if line.startswith("-e")]
    return (
        {name: SpecifierSet(bounds) for name, bounds in plain.items()},
        {canonicalize_name(r.name): r.specifier for r in packages},
        python,
        editable,
    )


def test_environment_equals_pyproject():
    from_conda, from_pip, _, editable = conda()
    expected = declared("book")
    assert from_pip == {name: expected[name] for name in NOT_ON_CONDA_FORGE}
    assert from_conda == {
        CONDA_NAMES.get(name, name): bounds
        for name, bounds in expected.items()
        if name not in NOT_ON_CONDA_FORGE
    }
    assert editable == ["-e ."]


def test_environment_has_a_python_that_the_book_accepts():
    python = re.fullmatch(r"=(3\.\d+)", conda()[2])[1]
    assert f"{python}.9" in SpecifierSet(PROJECT["requires-python"])


@functools.cache
def locked(python=None):
    """Return {name: exact version} of requirements.lock for this system.

    Args:
        python: version such as "3.12.1"; default: the Python that runs the tests.
    """
    variables = {"python_full_version": python, "python_version": python.rpartition(".")[0]} if python else {}
    lines = (TOP / "requirements.lock").read_text(encoding="utf-8").splitlines()
    versions = {}
    for requirement in (Requirement(line) for line in lines if line and not line.startswith("#")):
        assert re.fullmatch(r"==[\w.]+", str(requirement.specifier)), f"{requirement} is not an exact version"
        if requirement.marker is None or requirement.marker.evaluate(variables):
            name = canonicalize_name(requirement.name)
            assert name not in versions, f"two versions of {name} for one Python"
            versions[name] = str(requirement.specifier).removeprefix("==")
    return versions


@pytest.mark.parametrize("python", BUILT_WITH)
def test_lock_satisfies_pyproject(python):
    versions = locked(python)
    for name, bounds in declared("book", "test", "grade").items():
        if name != "pyseccomp" or sys.platform == "linux":
            assert versions[name] in bounds, f"{name} {versions[name]} is outside {bounds}; run `make lock`"


@pytest.mark.parametrize("python", BUILT_WITH)
def test_lock_is_for_every_python_that_builds_the_book(python):
    """Each pinned version admits each Python, as what is installed tells; the rest is for another Python."""
    unknown = set()
    for name, pinned in locked(python).items():
        try:
            package = distribution(name)
        except PackageNotFoundError:
            unknown.add(name)
            continue
        if package.version.partition("+")[0] != pinned:
            unknown.add(name)
        else:
            bounds = SpecifierSet(package.metadata["Requires-Python"] or "")
            assert python in bounds, f"{name} {pinned} is for Python {bounds}; run `make lock`"
    assert unknown <= {name for name, pinned in locked(python).items() if locked().get(name) != pinned}


def test_the_oldest_python_is_that_of_the_set_up():
    assert {python.rpartition(".")[0] for python in BUILT_WITH} >= {venvs.dotted(environment.OLDEST)}
    assert all(environment.complaint([int(n) for n in python.split(".")]) is None for python in BUILT_WITH)


def test_lock_serves_every_machine():
    versions = locked()
    assert versions["torch"] == "2.13.0" == environment.torch_version()
    assert not [
        name for name in versions if name.startswith(("nvidia", "cuda", "triton")) or name == "course-utils"
    ]


def test_everything_locked_is_installed():
    assert {name: version(name).partition("+")[0] for name in locked()} == locked()


def test_lock_leaves_out_what_belongs_to_one_machine():
    resolved = (
        "# made by uv\ncourse-utils==1\ntorch==2.13.0\nnvidia-cublas==13 ; sys_platform == 'linux'\n"
        "triton==3.4\ncuda-toolkit==13\npyseccomp==0.1.2 ; sys_platform == 'linux'\nAb==1\n"
    )
    expected = ["Ab==1", "pyseccomp==0.1.2 ; sys_platform == 'linux'", "torch==2.13.0"]
    assert lock.lock_lines(resolved) == expected
