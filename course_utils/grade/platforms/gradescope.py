"""Gradescope: its metadata of submissions read, and ``results.json`` of one student written."""

from __future__ import annotations

import datetime
import json
import re

import yaml

METADATA = "submission_metadata.yml"


class _Plain(yaml.SafeLoader):
    """Plain values only; tags of Ruby become what they stand before."""


def _untagged(loader, suffix, node):
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_scalar(node)


_Plain.add_multi_constructor("!", _untagged)


def submitters(data: bytes) -> dict[str, dict]:
    """{number of a submission: {"submitters": [{"name", "id number", "email"}], "submitted": ISO time}}.

    Raises:
        ValueError: it is no such file.
    """
    try:
        found = yaml.load(data, _Plain)
        return {re.search(r"\d+$", name)[0]: _one(value) for name, value in found.items()}
    except (yaml.YAMLError, AttributeError, TypeError, ValueError, RecursionError):
        raise ValueError(f"{METADATA} cannot be read; download the export once more") from None


def _one(value: dict) -> dict:
    words = {"name": ":name", "id number": ":sid", "email": ":email"}
    people = [
        {ours: str(one.get(theirs) or "") for ours, theirs in words.items()}
        for one in value.get(":submitters") or []
    ]
    moment = value.get(":created_at")
    moment = datetime.datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    if moment is not None and moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.timezone.utc)
    return {"submitters": people, "submitted": moment.isoformat() if moment else None}


def results(rows_of_student: list) -> str:
    """results.json: right or not, part by part; nothing about the hidden inputs."""
    tests, said = [], []
    for row in rows_of_student:
        tests += [test for name, one in row.record["result"]["exercises"].items()
                  if one["chapter"] == row.chapter for test in _tests(name, one)]  # fmt: skip
        said += [f"{row.chapter}: {row.days_late} days late"] if row.days_late else []
        why = row.needs_person or (row.notes if not row.scores else "")
        said += [f"{row.file}: {why}"] if why else []
    score = sum(row.earned or 0 for row in rows_of_student)
    return json.dumps({"score": score, "output": "; ".join(said), "tests": tests}, indent=1) + "\n"


def _tests(name: str, one: dict) -> list[dict]:
    return [
        {
            "name": f"{name}: {part['part']}" if part["part"] else name,
            "score": part["points"] if part["right"] else 0, "max_score": part["points"],
            "status": "passed" if part["right"] else "failed",
            "output": "right" if part["right"] else "wrong" if len(one["parts"]) > 1 else one["status"],
            "visibility": "visible",
        }
        for part in one["parts"]
    ]  # fmt: skip
