"""Before anybody is graded: the reference answers must score full, the stubs zero, in every chapter."""

from __future__ import annotations

import ast
import json
from pathlib import Path

from .. import exercises
from . import grading


def complaints(spec: grading.Spec, backend, kit: Path, solutions: list[Path]) -> list[str]:
    """What is wrong with the course's own exercises; empty if all is well.

    Args:
        spec: as for students.
        backend, kit: from ``engine.ready``.
        solutions: folders with ``<chapter>.py``, the reference answers.
    """
    chapters = {c: e for c, e in exercises.chapters().items() if spec.chapter in (None, c)}
    nothing_done = [cell for chapter in chapters for cell in cells_of(spec, chapter)]
    wanted = [e for found in chapters.values() for e in found]
    if not any(folder.is_dir() for folder in solutions):
        return [
            f"there are no reference answers in {solutions[0]}: they are part of the repository, not of the "
            f"installed package; run --check from a clone (pip install -e .)"
        ]
    found = _compare("stub", _notebook(nothing_done), wanted, spec, backend, kit)
    for chapter, wanted in chapters.items():
        file = next((f for f in (folder / f"{chapter}.py" for folder in solutions) if f.exists()), None)
        if file is None:
            found.append(f"{chapter}: there is no {chapter}.py with reference answers in {solutions[0]}")
            continue
        found += _compare("reference", reference(spec, chapter, file), wanted, spec, backend, kit)
    return found


def _compare(kind, notebook, wanted, spec, backend, kit) -> list[str]:
    """Grade a notebook; complaints where a reference scores less than full, or a stub more than zero."""
    result = grading.grade(json.dumps(notebook).encode(), spec, backend, kit)
    problem = result["needs_person"] or result["nothing"]
    if problem:
        return [f"the {kind} notebook of {wanted[0].chapter}: {problem}"]
    found = []
    for exercise in wanted:
        got = result["exercises"].get(exercise.name, {"earned": 0, "status": "not found"})
        due = exercise.points if kind == "reference" else 0
        if got["earned"] != due:
            why = result["detail"].get(exercise.name) or got["status"]
            found.append(f"{exercise.name}: the {kind} scores {got['earned']:g} instead of {due:g} ({why})")
    return found


def cells_of(spec: grading.Spec, chapter: str) -> list[dict]:
    """The code cells of a chapter as handed out; bare stubs where the chapter is not at hand."""
    path = Path(spec.book or "", f"{chapter}.ipynb")
    if spec.book and path.exists():
        return [c for c in json.loads(path.read_text(encoding="utf-8"))["cells"] if c["cell_type"] == "code"]
    found = exercises.chapters()[chapter]
    return [{"source": "import torch"}, *(_cell(e.name, f"def {e.name}(*args):\n    ...") for e in found)]


def reference(spec: grading.Spec, chapter: str, solutions: Path) -> dict:
    """The notebook of a student who wrote the reference answers, and kept their helpers in a cell of their
    own.
    """
    source = solutions.read_text(encoding="utf-8")
    tree = ast.parse(source)
    names = {e.name for e in exercises.chapters()[chapter]}
    answers, helpers = {}, []
    for node in tree.body:
        text = ast.get_source_segment(source, node)
        if getattr(node, "name", None) in names:
            decorators = "".join(f"@{ast.get_source_segment(source, d)}\n" for d in node.decorator_list)
            answers[node.name] = decorators + text
        elif not any(isinstance(t, ast.Name) and t.id == "MISTAKES" for t in getattr(node, "targets", [])):
            helpers.append(text)
    cells = [{"source": "\n\n".join(helpers)}]
    for cell in cells_of(spec, chapter):
        name = cell.get("metadata", {}).get("nbgrader", {}).get("grade_id")
        cells.append(_cell(name, f"{answers[name]}\n\ncheck.{name}({name})") if name in answers else cell)
    return _notebook(cells)


def _cell(name: str, source: str) -> dict:
    return {"source": source, "metadata": {"nbgrader": {"grade_id": name, "solution": True, "grade": True}}}


def _notebook(cells: list[dict]) -> dict:
    whole = [
        {"metadata": {}, **cell, "cell_type": "code", "outputs": [], "execution_count": None}
        for cell in cells
    ]
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": whole}
