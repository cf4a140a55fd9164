"""Test files in the OK format, for otter-grader and okpy: each asks the check of the page.

They run in the student's own process, on the inputs that everybody may see, and know all or nothing; so they
are for feedback while working.
"""

from __future__ import annotations

import json
from pathlib import Path

OTTER = """OK_FORMAT = True

test = {{
    "name": "{name}",
    "points": {points},
    "suites": [
        {{
            "cases": [
                {{
                    "code": ">>> from course_utils import check\\n"
                    ">>> check.run('{name}', {name})[0].state\\n'right'",
                    "hidden": False,
                    "locked": False,
                }}
            ],
            "scored": True,
            "setup": "",
            "teardown": "",
            "type": "doctest",
        }}
    ],
}}
"""
OKPY = """test = {{
    "name": "{name}",
    "points": {points},
    "suites": [
        {{
            "cases": [{{"code": ">>> check.run('{name}', {name})[0].state\\n'right'"}}],
            "scored": True,
            "setup": ">>> from course_utils import check\\n>>> from answers import *",
            "type": "doctest",
        }}
    ],
}}
"""
PROTOCOLS = ["file_contents", "grading", "scoring"]


def write_otter(folder: Path, exercises: list) -> None:
    """One file an exercise into ``folder``, for ``otter check -t`` or an autograder of otter's."""
    folder.mkdir(parents=True, exist_ok=True)
    for one in exercises:
        text = OTTER.format(name=one.name, points=one.points)
        (folder / f"{one.name}.py").write_text(text, encoding="utf-8")


def write_okpy(folder: Path, chapter: str, exercises: list) -> None:
    """``CHAPTER.ok`` and ``tests/`` for answers in ``answers.py``, a script exported from the notebook."""
    (folder / "tests").mkdir(parents=True, exist_ok=True)
    (folder / "tests" / "__init__.py").touch()
    for one in exercises:
        text = OKPY.format(name=one.name, points=one.points)
        (folder / "tests" / f"{one.name}.py").write_text(text, encoding="utf-8")
    config = {
        "name": chapter, "endpoint": f"course/{chapter}", "src": ["answers.py"],
        "tests": {"tests/*.py": "ok_test"}, "protocols": PROTOCOLS,
    }  # fmt: skip
    (folder / f"{chapter}.ok").write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")
