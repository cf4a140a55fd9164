"""What ``course-grade`` writes for other graders, and what it tells them of the points."""

from __future__ import annotations

import json
import os

from .. import exercises
from . import records
from .options import DONE, NEEDS_PERSON, ROOT
from .platforms import autograder, github, gradescope, nbgrader, ok


def write(options) -> int:
    """Write what ``--gradescope-autograder``, ``--nbgrader-source``, ``--otter`` and ``--okpy`` ask for.

    Raises:
        ValueError: a chapter is not at hand.
    """
    chapters = {c: e for c, e in exercises.chapters().items() if options.chapter in (None, c)}
    missing = [c for c in chapters if not (options.book / f"{c}.ipynb").exists()]
    if missing and (options.nbgrader_source or options.gradescope_autograder):
        raise ValueError(f"there is no {missing[0]}.ipynb in {options.book}; name the folder with --book")
    if options.gradescope_autograder:
        _autograder(options)
    if options.nbgrader_source:
        for path in nbgrader.write_course(options.nbgrader_source, options.book, list(chapters)):
            print(f"written: {path}")
    for chapter, found in chapters.items():
        if options.otter:
            ok.write_otter(options.otter / chapter, found)
        if options.okpy:
            ok.write_okpy(options.okpy / chapter, chapter, found)
    for folder in filter(None, (options.otter, options.okpy)):
        print(f"written: {folder}, a folder a chapter")
    return DONE


def _autograder(options) -> None:
    target = options.gradescope_autograder
    place = options.seed_file or target.with_suffix(".seed.txt")
    seed = records.secret(place)
    data = autograder.archive(options.chapter, seed, ROOT, options.exercises, options.no_sandbox)
    target.write_bytes(data)
    print(f"written: {target} ({len(data) / 1e6:.1f} MB); its secret seed: {place}")


def deliver(options, chosen: list) -> list[str]:
    """Hand the points to whom the options name; returns sentences for the teacher."""
    if options.gradescope_results:
        records.write_text(options.gradescope_results, gradescope.results(chosen))
    if options.github_results:
        found = github.results(chosen)
        records.write(options.github_results, found)
        if "GITHUB_OUTPUT" in os.environ:
            with open(os.environ["GITHUB_OUTPUT"], "a", encoding="utf-8") as file:
                file.write(f"result={github.encoded(found)}\n")
        earned = sum(test["score"] for test in found["tests"])
        return [f"github: {earned:g} of {json.dumps(found['max_score'])} points"]
    if options.nbgrader:
        return nbgrader.push(options.nbgrader, chosen)
    return []


def status(options, chosen: list, otherwise: int) -> int:
    """The exit status: for a GitHub workflow that of the points."""
    if options.github_results:
        return DONE if github.results(chosen)["status"] == "pass" else NEEDS_PERSON
    return otherwise
