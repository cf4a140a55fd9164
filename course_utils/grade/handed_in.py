"""The files handed in: whose they are and when they came, as paths and the platform's own lists say."""

from __future__ import annotations

import datetime
import os
import re

from . import ids, reading, records
from .platforms import gradescope, nbgrader
from .rosters import Roster

TIMESTAMP = ids.PATTERNS["nbgrader"] + re.escape(nbgrader.TIMESTAMP) + "$"
GRADESCOPE = {"gradescope": ids.PATTERNS["gradescope"]}


def files(options, people: Roster) -> dict[str, dict]:
    """{key of its record: what is known of a file without opening it}.

    Raises:
        ValueError: there is no file, it cannot be told who is who, or the times of an export mean nothing.
    """
    root = os.fsencode(options.submissions)
    names = {}
    for path in reading.find(root):
        name = os.path.relpath(path, root) if os.path.isdir(root) else os.path.basename(path)
        names[os.fsdecode(name).replace(os.sep, "/")] = (path, name)
    base = os.fsdecode(os.path.basename(os.path.abspath(root)))
    patterns = _patterns(options, list(names), base)
    metadata = _metadata(names) if "gradescope" in patterns else {}
    metadata |= _timestamps(names, base) if "nbgrader" in patterns else {}
    who = {name: ids.identify(name, patterns, base) for name in names if name not in metadata}
    if not who:
        raise ValueError(f"there is no file to grade in {options.submissions}; is it the right folder?")
    top = ids.collapsed(who)
    if top and not people.owners(ids.Identity(top))[0]:
        raise ValueError(
            f"everything lies in one folder, {top!a}: if that is a whole class, grade that folder itself; if "
            "it is one student, say so with --ids '^(?P<student>[^/]+)/'"
        )
    untimed = next((ids.UNTIMED[one.kind] for one in who.values() if one.kind in ids.UNTIMED), None)
    if options.due and untimed:
        raise ValueError(
            f"--due: files from {untimed} carry the time of the download, so everybody would be late. "
            "Leave it out: Canvas's LATE mark counts as one day, and its late policy takes off points itself"
        )
    found = {}
    for name, one in who.items():
        path, raw = names[name]
        found[records.key(raw)] = {"path": path, **_about(path, name, one, metadata)}
    return found


def _patterns(options, names: list[str], base: str) -> dict[str, str]:
    """The patterns that tell who handed in a file."""
    if options.gradescope_results or options.github_results:
        return ids.ONE
    if options.ids:
        return {"ids": options.ids}
    return ids.usual([name for name in names if gradescope.METADATA not in name], base)


def _metadata(names: dict) -> dict[str, dict]:
    """{name of a file of Gradescope's metadata: {folder of a submission: who and when}}."""
    found = {}
    for name, (path, _) in names.items():
        folder, _, base = name.rpartition("/")
        if base == gradescope.METADATA and not ids.identify(name, GRADESCOPE).kind:
            found[name] = {
                f"{folder}/submission_{number}/".lstrip("/"): about
                for number, about in gradescope.submitters(reading.read(path)).items()
            }
    return found


def _timestamps(names: dict, root: str) -> dict[str, dict]:
    """{name of a timestamp that nbgrader wrote: {the folder beside it: when}}; one in a folder below may be a
    student's own.
    """
    found = {}
    for name, (path, _) in names.items():
        if re.search(TIMESTAMP, f"{root}/{name}"):
            about = {"submitters": [], "submitted": nbgrader.handed_in(reading.read(path))}
            found[name] = {name.removesuffix(nbgrader.TIMESTAMP): about}
    return found


def _about(path: bytes, name: str, who: ids.Identity, metadata: dict) -> dict:
    """What a record says of a file besides its result; its name as text, with escapes where it is none."""
    try:
        seconds = min(max(os.lstat(path).st_mtime, 0), 1 << 32)  # a file may claim any time
    except OSError:
        seconds = 0  # in a folder that cannot be entered
    handed_in = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).isoformat()
    known = [about for one in metadata.values() for place, about in one.items() if name.startswith(place)]
    known = known[0] if known else {"submitters": [], "submitted": None}
    return {
        "file": _text(name),
        "student": _text(who.student),
        "name": _text(who.name),
        "attempt": who.attempt,
        "late": who.late,
        "submitted": known["submitted"] or handed_in,
        "kind": who.kind,
        "readings": [[_text(part) for part in reading_] for reading_ in who.readings],
        "submitters": known["submitters"],
    }


def _text(name: str) -> str:
    return name.encode("utf-8", "backslashreplace").decode()
