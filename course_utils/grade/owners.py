"""Whose work a file is: sure, or for a person to say."""

from __future__ import annotations

import re

from . import csvfile, ids
from .rosters import Person, Roster


def of(found: list[dict], roster: Roster) -> list[tuple[list[Person], str]]:
    """(people, what is not sure) of each record."""
    made: dict = {}

    def person(key: str, **facts) -> Person:
        return made.setdefault(key, Person(key, {k: v for k, v in facts.items() if v}))

    owners = []
    for record in found:
        kind = record.get("kind", "")
        if kind == "gradescope":
            owners.append(_submitters(record, roster, person))
        elif roster or kind == "anonymous":
            who = ids.Identity(record["student"], record["name"], kind=kind, readings=_readings(record))
            owners.append(roster.owners(who))
        elif kind.startswith("moodle"):
            owners.append(([], f"whose number {record['student']} is, only Moodle's grading worksheet knows"))
        else:
            handle = {"canvas": "canvas id", "github": "github"}.get(kind, "login")
            facts = {"name": record["name"], handle: record["student"]}
            owners.append(([person(record["student"], **facts)], ""))
    return _doubtful(found, owners, roster)


def _readings(record: dict) -> tuple:
    return tuple(map(tuple, record.get("readings", ())))


def _submitters(record: dict, roster: Roster, person) -> tuple[list[Person], str]:
    """All who handed in a Gradescope submission together, as its metadata say."""
    named = record.get("submitters") or []
    if not named:
        return [], f"who handed in submission {record['student']}, only submission_metadata.yml knows"
    people = []
    for one in named:
        key = one["id number"] or one["email"] or one["name"]
        if not roster:
            people.append(person(key, **one))
            continue
        fits = [p for name in ("email", "id number") for p in roster.by(name, one[name])]
        own = one["id number"]
        fits = fits or [p for name in ("sis id", "login", "student") for p in roster.by(name, own)]
        if len(set(fits)) != 1:
            return [], f"{key!r} is not in the roster, or twice"
        people.append(fits[0])
    return people, ""


SEVERAL = (
    "several files in one folder answer the same chapter: are they attempts of one student (name them so, or "
    "give --roster), or different students (give --ids)?"
)
TWO_NAMES = "one number comes with two names; give Canvas's gradebook with --roster"
TWO_WAYS = "its name can be read in two ways; give Canvas's gradebook with --roster"


def _doubtful(found: list[dict], owners: list, roster: Roster) -> list:
    """Owners, without those whom only the name of a folder or file vouches for where it cannot be right."""
    if roster:
        return owners
    seen: dict = {}
    for record in found:
        for key, value in _signs(record):
            seen.setdefault(key, set()).add(value)
    checked = []
    for record, owner in zip(found, owners, strict=True):
        several = any(len(seen[key]) > 1 for key, _ in _signs(record))
        problem = (TWO_NAMES if record.get("kind") == "canvas" else SEVERAL) if several else ""
        problem = TWO_WAYS if _number_too_many(record) else problem
        checked.append(([], problem) if problem else owner)
    return checked


def _signs(record: dict) -> list[tuple]:
    """(key, value) pairs: two values of one key are two people, or may be: the names beside a number of
    Canvas, the names of files that answer one chapter in one folder.
    """
    kind, student = record.get("kind"), record["student"]
    if kind == "canvas":
        return [((student,), csvfile.letters(record["name"]))]
    if kind != "folder":
        return []
    chapters = {one["chapter"] for one in record["result"]["exercises"].values()}
    return [((student, c), ids.stem(record["file"]).replace(c.casefold(), "")) for c in sorted(chapters)]


def _number_too_many(record: dict) -> bool:
    """Whether the name of a student in Canvas may end in a number, so that theirs is the second one: a third
    stands before the name of the file, and it is not that of a chapter.
    """
    base = record["file"].rsplit("/", 1)[-1]
    own = re.search(rf"_{re.escape(record['student'])}_\d+_(\d+_.*)", base)
    return record.get("kind") == "canvas" and bool(own) and not re.match(r"\d\d_[a-z]", own[1])
