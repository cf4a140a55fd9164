r"""Who handed in a file: read from its path below the folder of submissions.

Patterns, the first that fits counts; ``--ids REGEX`` replaces them all (named groups ``student``, and, if
wanted, ``name``, ``attempt`` or ``again``, the attempts before it, and ``late``; searched in the path with
``/`` between folders). Those of a learning platform count only where most of the files are named in its way
(``usual``): a student who names one file so does not become somebody else.

canvas      ``anderslee_LATE_1234_5678_homework-1.ipynb``: student 1234, late, attempt 2
anonymous   ``anon_aB3dE_5678_homework.ipynb``: Canvas with anonymous grading, nobody's number
moodle      ``Lee Anders_1234_assignsubmission_file/homework.ipynb``: participant 1234, name "Lee Anders"
gradescope  ``assignment_55_export/submission_777/homework.ipynb``: submission 777
github      ``hw1-submissions/hw1-anders/homework.ipynb``: login anders
nbgrader    ``submitted/anders/02_backpropagation/homework.ipynb``: student anders
folder      ``anders/homework.ipynb``, ``anders/attempt2/homework.ipynb``: student anders, attempt 2
file        ``anders.ipynb``, ``anders_02_backpropagation_attempt2.zip``: student anders, attempt 2
"""

from __future__ import annotations

import re
from dataclasses import dataclass

SENT = r"assignsubmission_(?:file|onlinetext)"
COPY = r"(?:-(?P<again>\d{1,3}))?(?:\.\w+)?$"
PLATFORMS = {
    "anonymous": rf"(?:^|/)(?P<late>LATE_)?anon_(?P<student>[A-Za-z0-9]+)_\d+_[^/]*?{COPY}",
    "canvas": rf"(?:^|/)(?P<name>[^/]+?)_(?P<late>LATE_)?(?P<student>\d+)_\d+_[^/]*?{COPY}",
    "moodle": rf"^(?:[^/]+/)*?(?P<name>[^/]+)_(?P<student>\d+)_{SENT}_?/",
    "moodle, flat": rf"^(?:[^/]+/)*?(?P<name>[^/]+?)_(?P<student>\d+)_{SENT}_[^/]*$",
    "gradescope": r"(?:^|/)submission_(?P<student>\d+)/",
    "github": r"(?:^|/)(?P<hw>[^/]+)-submissions/(?P=hw)-(?P<student>[^/]+)/",
    "nbgrader": r"(?:^|/)submitted/(?P<student>[^/]+)/[^/]+/",
}
OTHERS = {
    "folder": r"^(?P<student>[^/]+)/(?:(?:[^/]+/)*?attempt[_ -]?(?P<attempt>\d{1,3})/)?",
    "file": r"^(?P<student>[^/]+?)(?:[_-]\d\d_[a-z_]+?)?(?:[_ -]attempt[_ -]?(?P<attempt>\d{1,3}))?\.\w+$",
}
PATTERNS = {**PLATFORMS, **OTHERS}
ONE = {"one": r"^(?P<student>)"}  # every file is of one and the same student
# Where names and numbers meet in one word, it can be read in several ways; a roster tells which is right.
READINGS = {"canvas": r"_(?:LATE_)?(\d+)_(?=\d+_)", "moodle, flat": r"_(\d+)_(?=assignsubmission_)"}
UNTIMED = {  # the files of these exports carry the time of the download
    "canvas": "Canvas", "anonymous": "Canvas", "github": "a clone of a GitHub repository",
}  # fmt: skip


@dataclass(frozen=True)
class Identity:
    """Who handed in a file, and which attempt it is. Text from outside: escape it wherever it is shown.

    Args:
        student, name: as the path says.
        attempt: from 1.
        late: whether the platform has marked it.
        kind: the pattern that fitted; "ids" for the teacher's own, "" for none.
        readings: every way to read it, as (name, student), where there are several.
    """

    student: str
    name: str = ""
    attempt: int = 1
    late: bool = False
    kind: str = ""
    readings: tuple[tuple[str, str], ...] = ()


def usual(paths: list[str], root: str = "") -> dict[str, str]:
    """{kind: pattern} for these files, of platforms only those that fit most files or folders at the top.

    Args:
        paths: relative to the folder of submissions.
        root: the name of that folder, since some platforms write into it what the files are.
    """
    below = f"{root}/" if root else ""
    tops: dict[str, list[str]] = {}
    for path in paths:
        tops.setdefault(path.split("/")[0], []).append(path)

    def fits(pattern, own):
        return 2 * sum(bool(re.search(pattern, below + path)) for path in own) > len(own)

    def most(pattern):
        return 2 * sum(fits(pattern, own) for own in tops.values()) > len(tops)

    return {**{kind: pattern for kind, pattern in PLATFORMS.items() if most(pattern)}, **OTHERS}


def identify(path: str, patterns: dict[str, str] | None = None, root: str = "") -> Identity:
    """The identity in a path relative to the folder of submissions; the whole path where no pattern fits."""
    below = f"{root}/" if root else ""
    for kind, pattern in (PATTERNS if patterns is None else patterns).items():
        match = re.search(pattern, below + path if kind in PLATFORMS else path)
        groups = match.groupdict() if match else {}
        if kind == "one" or groups.get("student"):
            attempt = _number(groups.get("attempt"), 1) + _number(groups.get("again"), 0)
            return Identity(
                groups["student"] or "student", groups.get("name") or "", attempt, bool(groups.get("late")),
                kind, _readings(kind, path),
            )  # fmt: skip
    return Identity(path)


def _readings(kind: str, path: str) -> tuple[tuple[str, str], ...]:
    """All (name, student) that the last part of a path can mean."""
    base = path.rsplit("/", 1)[-1]
    if kind not in READINGS:
        return ()
    found = re.finditer(f"(?={READINGS[kind]})", base)
    return tuple((base[: m.start()], m[1]) for m in found if m.start())


def collapsed(who: dict[str, Identity]) -> str | None:
    """The one folder in which everything lies, where it cannot be told whether it is a student or a class.

    Args:
        who: {path: its identity}.
    """
    students = {one.student for one in who.values()}
    if len(who) < 2 or len(students) > 1 or {one.kind for one in who.values()} != {"folder"}:
        return None
    (student,) = students
    attempts = {path for path, one in who.items() if re.match(r"attempt[_ -]?\d", path.split("/")[1])}
    return None if len(attempts) == len(who) else student


COPIES = r"\(\d+\)|copy\d*|kopie|копия|attempt[\s_-]?\d+|[\s_-]\d{1,3}"


def stem(path: str) -> str:
    """A path without what tells attempts and copies of one file apart."""
    folders, _, base = path.rpartition("/")
    folders = re.sub(r"(^|/)attempt[_ -]?\d+(?=/|$)", "", folders)
    base = re.sub(r"\.\w+$", "", base.casefold())
    base = re.sub(rf"[\s_-]*({COPIES})(?=[\s_(-]|$)", "", base)
    return f"{folders}/{base}"


def _number(text: str | None, otherwise: int) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 10 else otherwise
