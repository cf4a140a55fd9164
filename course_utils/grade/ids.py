r"""Who handed in a file: read from its path below the folder of submissions.

Patterns, the first that fits counts; ``--ids REGEX`` replaces them all (named groups ``student``, and, if
wanted, ``name``, ``attempt``, ``late``, searched in the path with ``/`` between folders):

Canvas     ``anderslee_LATE_1234_5678_homework-2.ipynb``: student 1234, late, attempt 2
Moodle     ``Lee Anders_1234_assignsubmission_file/homework.ipynb``: student 1234, name "Lee Anders"
nbgrader   ``submitted/anders/02_backpropagation/homework.ipynb``: student anders
folder     ``anders/homework.ipynb``, ``anders/attempt2/homework.ipynb``: student anders, attempt 2
file       ``anders.ipynb``, ``anders_02_backpropagation_attempt2.zip``: student anders, attempt 2
"""

from __future__ import annotations

import re
from dataclasses import dataclass

CANVAS = (
    r"(?:^|/)(?P<name>[^/_]+)_(?P<late>LATE_)?(?P<student>\d+)_\d+_[^/]*?(?:-(?P<attempt>\d{1,3}))?\.\w+$"
)
MOODLE = r"^(?:[^/]+/)??(?P<name>[^/]+?)_(?P<student>\d+)_assignsubmission_(?:file|onlinetext)[^/]*/"
NBGRADER = r"^(?:submitted/)(?P<student>[^/]+)/"
FOLDER = r"^(?P<student>[^/]+)/(?:(?:[^/]+/)*?attempt[_ -]?(?P<attempt>\d{1,3})/)?"
FILE = r"^(?P<student>[^/]+?)(?:[_-]\d\d_[a-z_]+?)?(?:[_ -]attempt[_ -]?(?P<attempt>\d{1,3}))?\.\w+$"
PATTERNS = (CANVAS, MOODLE, NBGRADER, FOLDER, FILE)


@dataclass(frozen=True)
class Identity:
    """Who handed in a file, and which attempt it is. Text from outside: escape it wherever it is shown."""

    student: str
    name: str = ""
    attempt: int = 1
    late: bool = False


def identify(path: str, pattern: str | None = None) -> Identity:
    """The identity in a path relative to the folder of submissions; the whole path where no pattern fits."""
    for one in (pattern,) if pattern else PATTERNS:
        match = re.search(one, path)
        if match:
            groups = match.groupdict()
            attempt = int(groups.get("attempt") or 1)
            return Identity(groups["student"], groups.get("name") or "", attempt, bool(groups.get("late")))
    return Identity(path)
