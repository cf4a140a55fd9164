"""``course-grade SUBMISSIONS --out GRADES``: grade notebooks without trusting them."""

from __future__ import annotations

import sys
from pathlib import Path

from . import bridges, collect, engine, grading, handed_in, reading, records, rosters, sandbox, tables
from . import options as words
from .options import COURSE_WRONG, DONE, NEEDS_PERSON, NO_SANDBOX, STOPPED, USAGE


def main(argv: list[str] | None = None) -> int:
    """Run the command; returns its exit status."""
    options = words.parser(__doc__).parse_args(argv)
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
    problem = words.problem(options)
    if problem:
        return _stop(problem, USAGE)
    if options.collect:
        return _collect(options)
    if any(getattr(options, name) for name in words.WRITERS):
        return bridges.write(options)
    people = rosters.read(options.roster)
    files = handed_in.files(options, people) if options.submissions else {}
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
    rules = tables.Rules(
        options.due, options.late, options.attempts, options.missing, options.chapter, dict(options.column),
        options.out_of,
    )  # fmt: skip
    found = grade_all(options, spec, backend.name, files)
    chosen, said = tables.write_all(options.out, found, rules, people, options.formats.split(","))
    said += bridges.deliver(options, chosen)
    status = _summary(found, chosen, options.out, said)
    return bridges.status(options, chosen, status)


def _collect(options) -> int:
    copied, closed, without = collect.collect(options.collect, options.chapter, options.out)
    print(f"{copied} files of {options.chapter} copied to {options.out}")
    for label, names in (("no such file in", without), ("cannot be read", closed)):
        for name in names:
            print(f"  {label}: {name!a}")
    return NEEDS_PERSON if closed else DONE


def _check(spec, backend, kit, book: Path) -> list[str]:
    from . import selfcheck

    wrong = selfcheck.complaints(spec, backend, kit, [book.parent / "tests" / "solutions", *_own(spec)])
    if not wrong:
        print("check: every reference answer scores full, every stub zero", file=sys.stderr)
    return wrong


def _own(spec) -> list[Path]:
    """Where the reference answers of a teacher's own exercises lie: ``solutions/`` beside them."""
    return [Path(spec.exercises, "solutions")] if spec.exercises else []


def grade_all(options, spec, backend: str, files: dict[str, dict]) -> list[dict]:
    """Grade every file that has no record yet; returns all records, in the order of the files."""
    from tqdm import tqdm

    folder = options.out / "records"
    folder.mkdir(exist_ok=True)
    bar = tqdm(total=len(files), desc="grading", unit="file", disable=None)
    waiting: dict = {}

    def jobs():
        for key, about in files.items():
            try:
                data, nothing = reading.read(about["path"]), None
            except reading.Unreadable as error:
                data, nothing = None, engine.failed(str(error), error.person)
            stamp = records.stamp(data, spec, backend)
            about = {**{k: v for k, v in about.items() if k != "path"}, "stamp": stamp}
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
    found = [records.read(folder / f"{key}.json") for key in files]
    if None in found:
        raise ValueError(f"{found.count(None)} records could not be read back from {folder}")
    return found


def _keep(path: Path, old: dict, about: dict) -> None:
    """Keep the result of a record; who handed it in is read anew, and the earlier time of the file counts."""
    new = {**old, **about, "submitted": min(old["submitted"], about["submitted"])}
    if new != old:
        records.write(path, new)


def _write(folder: Path, key: str, about: dict, result: dict) -> None:
    cost = result.pop("cost")
    records.write(folder / f"{key}.json", {**about, "result": result, "cost": cost})


def _summary(found: list[dict], chosen: list[tables.Row], out: Path, said: list[str]) -> int:
    waiting = {row.file: row.needs_person for row in chosen if row.needs_person}
    person = [r for r in found if r["file"] in waiting]
    cpu = sum(r["cost"]["cpu"] for r in found) / max(1, len(found))
    nothing = [r for r in found if r["result"]["nothing"] and r["file"] not in waiting]
    graded = len(found) - len(person) - len(nothing)
    print(
        f"{len(found)} files: {graded} graded, {len(nothing)} hold nothing to grade, "
        f"{len(person)} need a person; {cpu:.1f} CPU seconds a file"
    )
    for chapter in sorted({row.chapter for row in chosen if row.chapter}):
        own = [row for row in chosen if row.chapter == chapter and row.file and row.earned is not None]
        absent = sum(row.chapter == chapter and not row.file for row in chosen)
        mean = sum(row.earned for row in own) / max(1, len(own))
        points = max((row.points for row in own), default=0)
        nobody = f"; {absent} handed in nothing" if absent else ""
        print(f"  {chapter}: {len(own)} students, mean {mean:.1f} of {points:g} points{nobody}")
    for label, records_ in (("needs a person", person), ("nothing to grade", nothing)):
        for record in records_[:10]:
            why = waiting.get(record["file"]) or record["result"]["nothing"]
            print(f"  {label}: {record['file']!a}: {reading.ascii_line(why)}")
        if len(records_) > 10:
            print(f"  {label}: {len(records_) - 10} more, in grades.csv")
    for sentence in said:
        print(f"  {reading.ascii_line(sentence, 400)}")
    print(f"grades: {out / 'grades.csv'}; a page a student: {out / 'feedback'}")
    return NEEDS_PERSON if person else DONE


if __name__ == "__main__":
    sys.exit(main())
