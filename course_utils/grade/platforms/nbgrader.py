"""nbgrader: chapters as it wants its sources, and points into its gradebook through its own API."""

from __future__ import annotations

import copy
import datetime
import json
from pathlib import Path

from ..rows import Row

STUB = "...  # your code"
TIMESTAMP = "timestamp.txt"
CONFIG = f"""# For nbgrader: a released answer looks like that of the book.
c = get_config()
c.ClearSolutions.code_stub = {{"python": "{STUB}"}}
"""
TEST = """# Graded: the answer above must pass its check. Change nothing here.
from course_utils import check

assert check.run("{name}", {name})[0].state == "right", "{name}: see what its check says"
"""


def source(notebook: dict) -> dict:
    """A chapter for ``source/``: the stub between nbgrader's marks, so that the signature, the docstring and
    the check stay; and below each answer a locked cell that is graded, so that validating fails while an
    answer is not right, and autograding gives its points.
    """
    made = copy.deepcopy(notebook)
    cells = []
    for cell in made["cells"]:
        cells.append(cell)
        mark = cell["metadata"].get("nbgrader", {})
        if mark.get("solution") and mark.get("grade"):
            cell["source"] = _marked("".join(cell["source"]))
            cells.append(_test(mark["grade_id"], mark["points"]))
            cell["metadata"]["nbgrader"] = {**mark, "grade": False}
            del cell["metadata"]["nbgrader"]["points"]
    return {**made, "cells": cells}


def _marked(text: str) -> str:
    lines = []
    for line in text.split("\n"):
        indent = line[: len(line) - len(line.lstrip())]
        stub = line.strip() == STUB
        lines += [f"{indent}### BEGIN SOLUTION", line, f"{indent}### END SOLUTION"] if stub else [line]
    return "\n".join(lines)


def _test(name: str, points: float) -> dict:
    mark = {"schema_version": 3, "grade_id": f"{name}_points", "points": points}
    mark |= {"grade": True, "locked": True, "solution": False, "task": False}
    return {
        "cell_type": "code",
        "id": f"{name}-points".replace("_", "-")[:64],
        "execution_count": None,
        "outputs": [],
        "metadata": {"nbgrader": mark},
        "source": TEST.format(name=name),
    }


def handed_in(data: bytes) -> str | None:
    """The moment in a ``timestamp.txt`` of nbgrader ("2026-05-01 10:00:00.5 UTC") in ISO; or None."""
    try:
        moment = datetime.datetime.fromisoformat(data.decode().strip().removesuffix(" UTC"))
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=datetime.timezone.utc)).isoformat()


def write_course(folder: Path, book: Path, chapters: list[str]) -> list[Path]:
    """Write ``source/CHAPTER/CHAPTER.ipynb`` of each chapter, and a configuration if there is none."""
    written = []
    for chapter in chapters:
        path = folder / "source" / chapter / f"{chapter}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        notebook = json.loads((book / f"{chapter}.ipynb").read_text(encoding="utf-8"))
        path.write_text(json.dumps(source(notebook), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        written.append(path)
    if not (folder / "nbgrader_config.py").exists():
        (folder / "nbgrader_config.py").write_text(CONFIG, encoding="utf-8")
    return written


def push(gradebook: Path, rows: list[Row]) -> list[str]:
    """Write the points of each exercise into a gradebook, and what lateness takes off.

    Only rows of files in nbgrader's layout, ``submitted/STUDENT/ASSIGNMENT/NOTEBOOK.ipynb``, and only
    students and assignments that the gradebook knows.

    Returns:
        sentences for the teacher.
    """
    from nbgrader.api import Gradebook, MissingEntry

    said, pushed = [], 0
    with Gradebook(f"sqlite:///{gradebook.resolve()}") as book:
        for row in (r for r in rows if r.counts and r.scores and r.record.get("kind") == "nbgrader"):
            assignment, notebook = row.file.split("/")[-2], Path(row.file).stem
            try:
                book.find_student(row.record["student"])
                book.update_or_create_submission(assignment, row.record["student"])
                found = book.find_submission_notebook(notebook, assignment, row.record["student"])
            except MissingEntry as error:
                said.append(f"nbgrader: {row.file} was not entered ({error})")
                continue
            grades = {grade.name.removesuffix("_points"): grade for grade in found.grades}
            for name in row.scores.keys() & grades.keys():
                grades[name].manual_score = row.scores[name]
                grades[name].needs_manual_grade = False
            lost = sorted(row.scores.keys() - grades.keys())
            said += [f"nbgrader: {row.file}: the gradebook has no cell for {', '.join(lost)}"] if lost else []
            found.late_submission_penalty = sum(row.scores.values()) - row.earned
            pushed += 1
        book.db.commit()
    return [f"nbgrader: {pushed} submissions entered into {gradebook.name}", *said]
