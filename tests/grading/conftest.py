"""A sandbox, a secret seed and the training exercise for the tests of the grader."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

OWN = Path(__file__).parent / "own"


def pytest_collection_modifyitems(items):
    if not sys.platform.startswith("linux"):
        for item in (one for one in items if OWN.parent in one.path.parents):  # all items come here
            item.add_marker(pytest.mark.skip(reason="the sandboxes that are tested are those of Linux"))


@pytest.fixture(scope="session")
def box():
    """(backend, kit): the sandbox that the grader itself would choose."""
    from course_utils.grade import engine

    return engine.ready()


@pytest.fixture(scope="session")
def spec():
    """What the submissions of the corpus are graded with."""
    from course_utils.grade.grading import Spec

    return Spec(b"a secret seed of the tests", exercises=str(OWN))
