"""pyproject.toml, environment.yml and requirements.lock tell the same story."""

import re
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

tomllib = pytest.importorskip("tomllib")
TOP = Path(__file__).parents[2]
PROJECT = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CONDA_NAMES = {"matplotlib": "matplotlib-base", "torch": "pytorch-cpu"}
NOT_ON_CONDA_FORGE = {"mini-racer"}


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
    version = re.fullmatch(r"=(3\.\d+)", conda()[2])[1]
    assert f"{version}.9" in SpecifierSet(PROJECT["requires-python"])


def lock():
    """Return {name: exact version} of requirements.lock."""
    lines = (TOP / "requirements.lock").read_text(encoding="utf-8").splitlines()
    requirements = [Requirement(line) for line in lines if line and not line.startswith("#")]
    for requirement in requirements:
        assert re.fullmatch(r"==[\w.]+", str(requirement.specifier)), f"{requirement} is not an exact version"
    return {canonicalize_name(r.name): str(r.specifier).removeprefix("==") for r in requirements}


def test_lock_satisfies_pyproject():
    locked = lock()
    for name, bounds in declared("book", "test", "grade").items():
        assert locked[name] in bounds, f"{name} {locked[name]} is outside {bounds}; run `make lock`"


def test_lock_serves_every_machine():
    locked = lock()
    assert locked["torch"] == "2.13.0"
    assert not [
        name for name in locked if name.startswith(("nvidia", "cuda", "triton")) or name == "course-utils"
    ]


def test_everything_locked_is_installed():
    from importlib.metadata import version

    versions = {name: version(name).partition("+")[0] for name in lock() if name != "pyseccomp"}
    assert versions == {name: pinned for name, pinned in lock().items() if name != "pyseccomp"}
