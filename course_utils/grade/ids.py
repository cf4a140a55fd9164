r"""Who handed in a file: read from its path below the folder of submissions.

Patterns, the first that fits counts; ``--ids REGEX`` replaces them all (named groups ``student``, and, if
wanted, ``name``, ``attempt`` or ``again``, the attempts before it, and ``late``; searched in the path with
``/`` between folders). Those of a learning platform count only where most of the files are named in its way
(``usual``): a student who names one file so does not become somebody else.

Canvas     ``anderslee_LATE_1234_5678_homework-1.ipynb``: student 1234, late, attempt 2
Moodle     ``Lee Anders_1234_assignsubmission_file/homework.ipynb``: student 1234, name "Lee Anders"
nbgrader   ``submitted/anders/02_backpropagation/homework.ipynb``: student anders
folder     ``anders/homework.ipynb``, ``anders/attempt2/homework.ipynb``: student anders, attempt 2
file       ``anders.ipynb``, ``anders_02_backpropagation_attempt2.zip``: student anders, attempt 2
"""

from __future__ import annotations

import re
from dataclasses import dataclass

CANVAS = r"(?:^|/)(?P<name>[^/_]+)_(?P<late>LATE_)?(?P<student>\d+)_\d+_[^/]*?(?:-(?P<again>\d{1,3}))?\.\w+$"
MOODLE = r"^(?:[^/]+/)??(?P<name>[^/]+?)_(?P<student>\d+)_assignsubmission_(?:file|onlinetext)[^/]*/"
NBGRADER = r"^(?:submitted/)(?P<student>[^/]+)/"
FOLDER = r"^(?P<student>[^/]+)/(?:(?:[^/]+/)*?attempt[_ -]?(?P<attempt>\d{1,3})/)?"
FILE = r"^(?P<student>[^/]+?)(?:[_-]\d\d_[a-z_]+?)?(?:[_ -]attempt[_ -]?(?P<attempt>\d{1,3}))?\.\w+$"
PLATFORMS = (CANVAS, MOODLE, NBGRADER)
PATTERNS = (*PLATFORMS, FOLDER, FILE)


@dataclass(frozen=True)
class Identity:
    """Who handed in a file, and which attempt it is. Text from outside: escape it wherever it is shown."""

    student: str
    name: str = ""
    attempt: int = 1
    late: bool = False


def usual(paths: list[str]) -> tuple[str, ...]:
    """The patterns for these files, of platforms only those that fit most files or folders at the top."""
    tops: dict[str, list[str]] = {}
    for path in paths:
        tops.setdefault(path.split("/")[0], []).append(path)

    def fits(pattern, own):
        return 2 * sum(bool(re.search(pattern, path)) for path in own) > len(own)

    chosen = [p for p in PLATFORMS if 2 * sum(fits(p, own) for own in tops.values()) > len(tops)]
    return (*chosen, FOLDER, FILE)


def identify(path: str, patterns: tuple[str, ...] = PATTERNS) -> Identity:
    """The identity in a path relative to the folder of submissions; the whole path where no pattern fits."""
    for one in patterns:
        match = re.search(one, path)
        groups = match.groupdict() if match else {}
        if groups.get("student"):
            attempt = _number(groups.get("attempt"), 1) + _number(groups.get("again"), 0)
            return Identity(groups["student"], groups.get("name") or "", attempt, bool(groups.get("late")))
    return Identity(path)


def _number(text: str | None, otherwise: int) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 10 else otherwise
