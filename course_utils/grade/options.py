"""The words of ``course-grade``, and what is wrong with them."""

from __future__ import annotations

import argparse
import datetime
import importlib.util
import os
import re
from pathlib import Path

from . import engine, sandbox

DONE, NEEDS_PERSON, USAGE, NO_SANDBOX, COURSE_WRONG, STOPPED = 0, 1, 2, 3, 4, 130
ROOT = Path(__file__).resolve().parents[2]
EPILOG = f"""exit status:
  {DONE}    every file was graded
  {NEEDS_PERSON}    every file has a record, and some need a person (see "needs a person" in grades.csv);
       with --github-results: not every point was reached; with --collect: a home could not be read
  {USAGE}    the command cannot be understood, or a folder is missing or empty
  {NO_SANDBOX}    no sandbox passes its eight probes on this machine; nothing was graded
  {COURSE_WRONG}    --check: a reference answer does not score full, or a stub scores; nothing was graded
  {STOPPED}  stopped with Ctrl-C; start the same command again to go on

Stopping it at any moment loses nothing: each file has its record, and the same command goes on where it was.
"""


def parser(text: str) -> argparse.ArgumentParser:
    """The command line; ``text`` describes it."""
    p = argparse.ArgumentParser(
        prog="course-grade",
        description=text.replace("``", ""),
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    p.add_argument("submissions", nargs="?", type=Path, help="a folder of notebooks and zips, or one of them")
    p.add_argument("--out", type=Path, help="folder for records, tables and pages; made if missing")
    p.add_argument("--chapter", help="grade this chapter only, such as 02_backpropagation")
    _add_class(p.add_argument_group("the class"))
    _add_bridges(p.add_argument_group("other graders and learning platforms"))
    _add_machine(p.add_argument_group("how it grades"))
    return p


def _add_class(p) -> None:
    p.add_argument("--ids", metavar="REGEX", help="who handed in a file: groups student, name, attempt, late")
    p.add_argument(
        "--roster",
        type=Path,
        action="append",
        default=[],
        help="CSV of the class: Canvas's gradebook, Moodle's worksheet, your own; again for each assignment",
    )
    p.add_argument(
        "--missing",
        choices=("blank", "zero"),
        default="blank",
        help="for those on the roster who handed in nothing (default: blank)",
    )
    p.add_argument(
        "--attempts", choices=("best", "last"), default="best", help="of several attempts (default: best)"
    )
    p.add_argument("--due", type=_moment, metavar="TIME", help="deadline, such as 2026-05-01T23:59+02:00")
    p.add_argument(
        "--late", type=float, default=0, metavar="PERCENT", help="taken off for each day begun (default 0)"
    )
    p.add_argument(
        "--formats", default="canvas,moodle,gradescope", help="tables besides grades.csv (default: all)"
    )
    p.add_argument(
        "--column",
        type=_title,
        action="append",
        default=[],
        metavar="CHAPTER=TITLE",
        help="the assignment in Canvas's gradebook that a chapter belongs to",
    )
    p.add_argument(
        "--out-of",
        type=float,
        metavar="POINTS",
        help="maximum of the assignment on your platform, where no roster says it",
    )


def _add_bridges(p) -> None:
    p.add_argument(
        "--collect", type=Path, metavar="HOMES", help="copy one --chapter out of all homes into --out"
    )
    p.add_argument(
        "--gradescope-autograder", type=Path, metavar="ZIP", help="write an autograder for one --chapter"
    )
    p.add_argument(
        "--gradescope-results",
        type=Path,
        metavar="JSON",
        help="all files are of one student: write results.json",
    )
    p.add_argument(
        "--github-results",
        type=Path,
        metavar="JSON",
        help="all files are of one student: write what a GitHub workflow's reporter reads",
    )
    p.add_argument(
        "--nbgrader-source",
        type=Path,
        metavar="COURSE",
        help="write chapters for nbgrader's generate_assignment",
    )
    p.add_argument(
        "--nbgrader", type=Path, metavar="GRADEBOOK", help="write the points into nbgrader's gradebook.db"
    )
    p.add_argument("--otter", type=Path, metavar="FOLDER", help="write test files for otter-grader")
    p.add_argument("--okpy", type=Path, metavar="FOLDER", help="write test files for okpy")


def _add_machine(p) -> None:
    p.add_argument(
        "--workers", type=int, default=engine.cores(), help="processes on this machine (default: its cores)"
    )
    p.add_argument(
        "--patience", type=float, default=1, metavar="FACTOR", help="on all times allowed (default 1)"
    )
    p.add_argument("--scheduler", metavar="ADDRESS", help="a Dask scheduler, to grade on many machines")
    p.add_argument(
        "--seed-file", type=Path, help="the secret seed (default: OUT/secret-seed.txt, drawn at first)"
    )
    p.add_argument("--book", type=Path, default=ROOT / "book", help="folder of the chapters as handed out")
    p.add_argument("--exercises", type=Path, help="folder with exercises of your own, beside the course's")
    p.add_argument(
        "--check", action="store_true", help="first grade the course's reference answers and stubs"
    )
    p.add_argument(
        "--sandbox", choices=("auto", *sandbox.BACKENDS), default="auto", help="means of isolation"
    )
    p.add_argument(
        "--no-sandbox", action="store_true", help="grade without isolation where none works; records say so"
    )


def _moment(text: str) -> datetime.datetime:
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"write it as 2026-05-01T23:59+02:00, not {text!a}") from None
    return moment if moment.tzinfo else moment.astimezone()


def _title(text: str) -> tuple[str, str]:
    chapter, equals, title = text.partition("=")
    if not (chapter and equals and title):
        raise argparse.ArgumentTypeError(f"write it as 02_backpropagation='Homework 1', not {text!a}")
    return chapter, title


WRITERS = ("gradescope_autograder", "nbgrader_source", "otter", "okpy")  # they write files and grade nothing


def problem(options) -> str:
    """What is wrong with the options, in one sentence; "" if nothing is."""
    from .. import exercises

    if options.exercises:
        if not options.exercises.is_dir():
            return f"--exercises: there is no folder {options.exercises}."
        exercises.also(options.exercises.resolve())
    return _words(options, exercises.chapters()) or _numbers(options) or _places(options)


def _words(options, chapters) -> str:
    named = {options.chapter, *dict(options.column)} - {None}
    if named - set(chapters):
        wrong = sorted(named - set(chapters))[0]
        return f"there is no chapter {wrong!r} with exercises; there are {', '.join(chapters)}."
    if options.collect or options.gradescope_autograder:
        word = "--collect" if options.collect else "--gradescope-autograder"
        return "" if options.chapter else f"{word} is for one chapter: name it with --chapter."
    if options.ids:
        try:
            if "student" not in re.compile(options.ids).groupindex:
                return "--ids needs a named group: (?P<student>...)."
        except re.error as error:
            return f"--ids is no regular expression ({error})."
    unknown = set(options.formats.split(",")) - {"canvas", "moodle", "gradescope", ""}
    if unknown:
        return f"--formats knows canvas, moodle and gradescope, not {', '.join(sorted(unknown))}."
    return ""


def _numbers(options) -> str:
    if not options.patience > 0:
        return "--patience must be more than 0."
    if not 0 <= options.late <= 100:
        return "--late must be a percentage from 0 to 100."
    if options.out_of is not None and not 0 < options.out_of < float("inf"):
        return "--out-of must be more than 0."
    if options.nbgrader and importlib.util.find_spec("nbgrader") is None:
        return "--nbgrader needs nbgrader beside the course: pip install nbgrader."
    if options.workers < 1:
        return "--workers must be 1 or more."
    if (options.workers > 1 or options.scheduler) and importlib.util.find_spec("distributed") is None:
        return 'more than one worker needs Dask: pip install "course-utils[grade]", or --workers 1.'
    return ""


def _places(options) -> str:
    writes = any(getattr(options, name) for name in WRITERS)
    if options.submissions is None and not (options.check or options.collect or writes):
        return "say which SUBMISSIONS to grade, or --check the course; --help explains."
    for path in filter(None, (options.submissions, options.collect, options.nbgrader, *options.roster)):
        if not os.path.lexists(path):
            return f"there is no {path}."
    if options.collect and not options.collect.is_dir():
        return f"--collect: {options.collect} is no folder."
    if (options.submissions is not None or options.collect) and options.out is None:
        return "say where the grades go: --out GRADES."
    for path in filter(None, (options.submissions, options.out, options.seed_file, options.exercises)):
        if sandbox.shown(path):
            where = sandbox.shown(path)
            return f"{path} lies in {where}, which every sandbox can read; choose another place."
    source = options.submissions or options.collect
    if options.out and source and _inside(options.out, source):
        return "--out must not lie inside SUBMISSIONS: the grades would be graded."
    return ""


def _inside(path: Path, folder: Path) -> bool:
    return folder.is_dir() and (folder.resolve() in (path.resolve(), *path.resolve().parents))
