"""``course-grade SUBMISSIONS --out GRADES``: grade notebooks without trusting them."""

from __future__ import annotations

import argparse
import datetime
import importlib.util
import os
import re
import sys
from pathlib import Path

from . import engine, grading, ids, reading, records, sandbox, tables

DONE, NEEDS_PERSON, USAGE, NO_SANDBOX, COURSE_WRONG, STOPPED = 0, 1, 2, 3, 4, 130
ROOT = Path(__file__).resolve().parents[2]
EPILOG = f"""exit status:
  {DONE}    every file was graded
  {NEEDS_PERSON}    every file has a record, and some need a person (see "needs a person" in grades.csv)
  {USAGE}    the command cannot be understood, or a folder is missing
  {NO_SANDBOX}    no sandbox passes its eight probes on this machine; nothing was graded
  {COURSE_WRONG}    --check: a reference answer does not score full, or a stub scores; nothing was graded
  {STOPPED}  stopped with Ctrl-C; start the same command again to go on

Stopping it at any moment loses nothing: each file has its record, and the same command goes on where it was.
"""


def parser() -> argparse.ArgumentParser:
    """The command line."""
    p = argparse.ArgumentParser(
        prog="course-grade",
        description=__doc__.replace("``", ""),
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    p.add_argument("submissions", nargs="?", type=Path, help="a folder of notebooks and zips, or one of them")
    p.add_argument("--out", type=Path, help="folder for records, tables and pages; made if missing")
    p.add_argument("--chapter", help="grade this chapter only, such as 02_backpropagation")
    p.add_argument("--ids", metavar="REGEX", help="who handed in a file: groups student, name, attempt, late")
    p.add_argument(
        "--roster",
        type=Path,
        help="CSV of names and addresses: Canvas's gradebook, Moodle's worksheet, your own",
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
    return p


def _moment(text: str) -> datetime.datetime:
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"write it as 2026-05-01T23:59+02:00, not {text!a}") from None
    return moment if moment.tzinfo else moment.astimezone()


def main(argv: list[str] | None = None) -> int:
    """Run the command; returns its exit status."""
    options = parser().parse_args(argv)
    try:
        return _main(options)
    except sandbox.NoSandbox as error:
        return _stop(str(error), NO_SANDBOX)
    except (ValueError, OSError) as error:
        return _stop(str(error), USAGE)
    except KeyboardInterrupt:
        return _stop("stopped; start the same command again to go on.", STOPPED)


def _stop(sentence: str, status: int) -> int:
    print(f"course-grade: {reading.ascii_line(sentence, 2000)}", file=sys.stderr)
    return status


def _main(options) -> int:
    problem = _usage(options)
    if problem:
        return _stop(problem, USAGE)
    seed = b"a check needs no secret"
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        records.sweep(options.out)
        seed = records.secret(options.seed_file or options.out / "secret-seed.txt")
    book = str(options.book) if options.book.is_dir() else None
    extra = str(options.exercises.resolve()) if options.exercises else None
    spec = grading.Spec(seed, book, options.chapter, options.patience, extra)
    backend, kit = engine.ready(options.sandbox, options.no_sandbox)
    print(f"isolation: {backend.name}", file=sys.stderr)
    if options.check:
        wrong = _check(spec, backend, kit, options.book)
        if wrong:
            return _stop("the course's own exercises are not in order: " + "; ".join(wrong), COURSE_WRONG)
    if options.submissions is None:
        return DONE
    rules = tables.Rules(options.due, options.late, options.attempts)
    people = tables.roster(options.roster)
    found = grade_all(options, spec, backend.name)
    chosen = tables.write_all(options.out, found, rules, people, options.formats.split(","))
    return _summary(found, chosen, options.out)


def _usage(options) -> str:
    from .. import exercises

    if options.exercises:
        if not options.exercises.is_dir():
            return f"--exercises: there is no folder {options.exercises}."
        exercises.also(options.exercises.resolve())
    if options.submissions is None and not options.check:
        return "say which SUBMISSIONS to grade, or --check the course; --help explains."
    if options.submissions is not None and not os.path.lexists(options.submissions):
        return f"there is no {options.submissions}."
    if options.submissions is not None and options.out is None:
        return "say where the grades go: --out GRADES."
    if options.chapter and options.chapter not in exercises.chapters():
        known = ", ".join(exercises.chapters())
        return f"there is no chapter {options.chapter!r} with exercises; there are {known}."
    if options.ids:
        try:
            if "student" not in re.compile(options.ids).groupindex:
                return "--ids needs a named group: (?P<student>...)."
        except re.error as error:
            return f"--ids is no regular expression ({error})."
    unknown = set(options.formats.split(",")) - {"canvas", "moodle", "gradescope", ""}
    if unknown:
        return f"--formats knows canvas, moodle and gradescope, not {', '.join(sorted(unknown))}."
    if not options.patience > 0:
        return "--patience must be more than 0."
    if not 0 <= options.late <= 100:
        return "--late must be a percentage from 0 to 100."
    if options.workers < 1:
        return "--workers must be 1 or more."
    if (options.workers > 1 or options.scheduler) and importlib.util.find_spec("distributed") is None:
        return 'more than one worker needs Dask: pip install "course-utils[grade]", or --workers 1.'
    for path in filter(None, (options.submissions, options.out, options.seed_file, options.exercises)):
        if sandbox.shown(path):
            return (
                f"{path} lies in {sandbox.shown(path)}, which every sandbox can read; choose another place."
            )
    if options.out and options.submissions and _inside(options.out, options.submissions):
        return "--out must not lie inside SUBMISSIONS: the grades would be graded."
    return ""


def _inside(path: Path, folder: Path) -> bool:
    return folder.is_dir() and (folder.resolve() in (path.resolve(), *path.resolve().parents))


def _check(spec, backend, kit, book: Path) -> list[str]:
    from . import selfcheck

    wrong = selfcheck.complaints(spec, backend, kit, [book.parent / "tests" / "solutions", *_own(spec)])
    if not wrong:
        print("check: every reference answer scores full, every stub zero", file=sys.stderr)
    return wrong


def _own(spec) -> list[Path]:
    """Where the reference answers of a teacher's own exercises lie: ``solutions/`` beside them."""
    return [Path(spec.exercises, "solutions")] if spec.exercises else []


def grade_all(options, spec, backend: str) -> list[dict]:
    """Grade every file that has no record yet; returns all records, in the order of the files."""
    from tqdm import tqdm

    root = os.fsencode(options.submissions)
    folder = options.out / "records"
    folder.mkdir(exist_ok=True)
    paths = {}
    for path in reading.find(root):
        name = os.path.relpath(path, root) if os.path.isdir(root) else os.path.basename(path)
        paths[records.key(name)] = (path, os.fsdecode(name).replace(os.sep, "/"))
    patterns = (options.ids,) if options.ids else ids.usual([name for _, name in paths.values()])
    bar = tqdm(total=len(paths), desc="grading", unit="file", disable=None)
    waiting: dict = {}

    def jobs():
        for key, (path, name) in paths.items():
            try:
                data, nothing = reading.read(path), None
            except reading.Unreadable as error:
                data, nothing = None, engine.failed(str(error), error.person)
            stamp = records.stamp(data, spec, backend)
            about = _about(path, name, stamp, patterns)
            old = records.read(folder / f"{key}.json")
            if old and old.get("stamp") == stamp and not old["result"].get("again"):
                _keep(folder / f"{key}.json", old, about)
                bar.update()
                continue
            waiting[key] = about
            if data is None:
                _write(folder, key, waiting.pop(key), nothing)
                bar.update()
                continue
            yield key, data

    alone = options.workers == 1 and not options.scheduler
    many = engine.one_by_one if alone else engine.over_dask
    extra = () if alone else (options.workers, options.scheduler)
    for key, result in many(jobs(), spec, options.sandbox, options.no_sandbox, *extra):
        _write(folder, key, waiting.pop(key), result)
        bar.update()
    bar.close()
    found = [records.read(folder / f"{key}.json") for key in paths]
    if None in found:
        raise ValueError(f"{found.count(None)} records could not be read back from {folder}")
    return found


def _keep(path: Path, old: dict, about: dict) -> None:
    """Keep the result of a record; who handed it in is read anew, and the earlier time of the file counts."""
    new = {**old, **about, "submitted": min(old["submitted"], about["submitted"])}
    if new != old:
        records.write(path, new)


def _about(path: bytes, name: str, stamp: str, patterns: tuple[str, ...]) -> dict:
    """What is known of a file without opening it; its name as text, with escapes where it is none."""
    who = ids.identify(name, patterns)
    clean = {
        k: v.encode("utf-8", "backslashreplace").decode()
        for k, v in (("student", who.student), ("name", who.name))
    }
    seconds = min(max(os.lstat(path).st_mtime, 0), 1 << 32)  # a file may claim any time
    handed_in = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).isoformat()
    file = name.encode("utf-8", "backslashreplace").decode()
    return {
        "file": file,
        **clean,
        "attempt": who.attempt,
        "late": who.late,
        "submitted": handed_in,
        "stamp": stamp,
    }


def _write(folder: Path, key: str, about: dict, result: dict) -> None:
    cost = result.pop("cost")
    records.write(folder / f"{key}.json", {**about, "result": result, "cost": cost})


def _summary(found: list[dict], chosen, out: Path) -> int:
    person = [r for r in found if r["result"]["needs_person"]]
    cpu = sum(r["cost"]["cpu"] for r in found) / max(1, len(found))
    nothing = [r for r in found if r["result"]["nothing"]]
    graded = len(found) - len(person) - len(nothing)
    print(
        f"{len(found)} files: {graded} graded, {len(nothing)} hold nothing to grade, "
        f"{len(person)} need a person; {cpu:.1f} CPU seconds a file"
    )
    for chapter in sorted({row.chapter for row in chosen if row.chapter}):
        own = [row for row in chosen if row.chapter == chapter]
        mean = sum(row.earned for row in own) / len(own)
        print(
            f"  {chapter}: {len(own)} students, mean {mean:.1f} of {max(row.points for row in own):g} points"
        )
    for label, records_ in (("needs a person", person), ("nothing to grade", nothing)):
        for record in records_[:10]:
            why = record["result"]["needs_person"] or record["result"]["nothing"]
            print(f"  {label}: {record['file']!a}: {reading.ascii_line(why)}")
    print(f"grades: {out / 'grades.csv'}; a page a student: {out / 'feedback'}")
    return NEEDS_PERSON if person else DONE


if __name__ == "__main__":
    sys.exit(main())
