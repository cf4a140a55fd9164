"""Measure what the course costs, in a unit that two machines have in common, and compare with a baseline.

    python scripts/bench.py                      # all
    python scripts/bench.py chapters grader      # these only
    python scripts/bench.py imports --keep       # and make these figures the baseline

The unit is a reference workload: convolutions, matrix products and plain Python, five seconds on a quick
core. It runs before, between and after, as a process like those that are measured, with as many threads. A
figure is CPU seconds divided by the mean of the reference runs on both sides of it. Figures go to
`_build/bench.json`; those that grew since `tests/bench_baseline.json` are listed. Being slow is no error. For
Linux and macOS.
"""

import argparse
import json
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import execute

TOP = Path(__file__).resolve().parents[1]
RESULT = TOP / "_build" / "bench.json"
BASELINE = TOP / "tests" / "bench_baseline.json"
FACTOR = 1.5  # a figure has grown if it is that many times the baseline's ...
FLOOR = 0.01  # ... and this many units over it: a twentieth of a second on a quick core
STEADY = 1.25  # reference runs that differ by more than this factor make the figures uncertain
SUBMISSIONS = 5


class Failed(Exception):
    """Something to be measured did not run; the text is what to show."""


def run(command, threads):
    """Run a Python program of the course.

    Args:
        command: its arguments, after the interpreter.
        threads: for PyTorch.

    Returns:
        (CPU seconds of the process and of those it waited for, what it printed).

    Raises:
        Failed: its status was not 0.
    """
    environment = {**execute.kernel_environment(TOP / "_build", threads), "OMP_NUM_THREADS": str(threads)}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, *map(str, command)],
        cwd=TOP,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise Failed(f"{' '.join(map(str, command))} failed:\n{execute.shorten(done.stderr or done.stdout)}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout


def inside(name, threads):
    """Return {figure: CPU seconds} that a workload measures itself, see workloads.py."""
    return json.loads(run(["scripts/workloads.py", name], threads)[1])


# --- what can be measured; each gives {figure: CPU seconds} in groups, and a reference run follows each group
# ------------------------------------------------------------------------------------------------------------


def imports(threads):
    """`import course_utils` with its checks and data, over an empty Python; the quickest of five"""

    def quickest(code):
        return min(run(["-c", code], threads)[0] for _ in range(5))

    code = "import course_utils, course_utils.check, course_utils.data"
    yield {"import course_utils": quickest(code) - quickest("pass")}


def checks(threads):
    """each exercise's check of its reference answer"""
    yield inside("checks", threads)


def data(threads):
    """every embedded data set, and 500 composed scenes"""
    yield inside("data", threads)


def grader(threads):
    """an honest and a half-wrong submission in the sandbox, and the grader's own part"""
    sys.path.insert(0, str(TOP / "tests" / "grading"))
    import corpus

    first, second = corpus.SHORT
    half = corpus.notebook([corpus.answer(first, corpus.WRONG[first]), corpus.answer(second)])
    for kind, notebook in (("honest", corpus.GOOD), ("half-wrong", corpus.dump(half))):
        with tempfile.TemporaryDirectory() as folder:
            handed_in, out = Path(folder, "in"), Path(folder, "out")
            handed_in.mkdir()
            for i in range(SUBMISSIONS):
                (handed_in / f"student{i}.ipynb").write_bytes(notebook)
            command = ["-m", "course_utils.grade.cli", handed_in, "--out", out, "--workers", "1"]
            own, _ = run(command, threads)
            costs = [json.loads(p.read_text("utf-8"))["cost"]["cpu"] for p in out.glob("records/*.json")]
        yield {
            f"{kind} submission, sandbox": statistics.mean(costs),
            f"{kind} submission, grader": own / SUBMISSIONS,
        }


def playground(threads):
    """a thousand epochs of the playground's engine under Node, beside nodes and links as objects"""
    if not shutil.which("node"):
        raise Failed("this part needs Node.js (https://nodejs.org), which was not found")
    done = subprocess.run(
        ["node", TOP / "scripts" / "yardstick.js"], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Failed(f"scripts/yardstick.js failed:\n{execute.shorten(done.stderr)}")
    figures = json.loads(done.stdout)
    objects = figures["nodes and links, SGD"]
    for name in ("SGD", "Adam"):
        print(f"  typed arrays with {name}: {objects / figures[f'typed arrays, {name}']:.1f} times as fast")
    yield {f"playground, {name}": seconds for name, seconds in figures.items()}


def chapters(threads):
    """each chapter from top to bottom, fast profile"""
    with tempfile.TemporaryDirectory() as folder:
        for path in execute.all_chapters():
            out = Path(folder, path.name)
            row = json.loads(run(["scripts/execute.py", "--one", path, "--out", out], threads)[1])
            if "error" in row:
                raise Failed(f"{path.stem}: {row['error']}")
            yield {f"chapter {path.stem}": row["cpu_seconds"]}


def book(threads):
    """`make book` once more, when nothing has changed"""
    run(["scripts/build.py"], threads)  # brings everything up to date
    yield {"make book again": run(["scripts/build.py"], threads)[0]}


def pages(threads):
    """first text and frames of the built pages in Chromium; the heaviest page's scripts in every browser"""
    run(["scripts/build.py"], threads)
    yield inside("pages", threads)
    yield inside("scripts", threads)


WHAT = {f.__name__: f for f in (imports, checks, data, grader, book, pages, playground, chapters)}

# --- comparing
# ------------------------------------------------------------------------------------------------------------


def growth(figures, baseline):
    """Return {figure: how many times the baseline's} of those that have grown by more than FACTOR.

    Args:
        figures: {figure: units}.
        baseline: the same, as committed; figures that only one of them has are left out.
    """
    return {
        name: units / baseline[name]
        for name, units in figures.items()
        if name in baseline and units > FACTOR * baseline[name] and units > baseline[name] + FLOOR
    }


def machine(threads):
    """Return what the figures were measured on."""
    import torch

    return {
        "system": platform.platform(),
        "processor": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "threads": threads,
        "python": platform.python_version(),
        "torch": torch.__version__,
    }


def measure(names, threads):
    """Measure and print, one line a figure.

    Returns:
        (dict {figure: (CPU seconds, units)}, list of the reference runs in CPU seconds, what failed)
    """
    figures, failed = {}, []
    references = [inside("reference", threads)["reference"]]
    for name in names:
        print(f"{name}: {WHAT[name].__doc__}", flush=True)
        try:
            for group in WHAT[name](threads):
                references.append(inside("reference", threads)["reference"])
                unit = statistics.mean(references[-2:])
                for figure, seconds in group.items():
                    figures[figure] = (seconds, seconds / unit)
                    print(f"  {figure:<44} {seconds:8.3f} s  {seconds / unit:8.4f} units", flush=True)
        except Failed as error:
            failed.append(name)
            print(f"  {error}", flush=True)
    return figures, references, failed


def main():
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    described = "; ".join(f"{name}: {f.__doc__}" for name, f in WHAT.items())
    arguments.add_argument("what", nargs="*", help=f"default: all of {described}")
    arguments.add_argument("--threads", type=int, default=1, help="of PyTorch (default: 1)")
    arguments.add_argument("--keep", action="store_true", help="write the figures into the baseline")
    given = arguments.parse_args()
    if unknown := set(given.what) - set(WHAT):
        arguments.error(f"there is no {min(unknown)!r} to measure; there are {', '.join(WHAT)}")

    figures, references, failed = measure(given.what or WHAT, given.threads)
    units = {name: round(value, 4) for name, (_, value) in figures.items()}
    seconds = {name: round(value, 4) for name, (value, _) in figures.items()}
    result = {"machine": machine(given.threads), "reference": references, "units": units, "seconds": seconds}
    execute.write_atomically(RESULT, json.dumps(result, indent=1))

    baseline = json.loads(BASELINE.read_text(encoding="utf-8")) if BASELINE.exists() else {}
    grown = growth(units, baseline)
    unit = statistics.mean(references)
    print(f"\n{len(units)} figures are in {RESULT.relative_to(TOP)}; a unit took {unit:.1f} s.")
    if max(references) > STEADY * min(references):
        print(
            f"The reference took {min(references):.1f} to {max(references):.1f} s: the figures are uncertain."
        )
    print(f"Grown by more than a factor of {FACTOR} since {BASELINE.relative_to(TOP)}: {len(grown)}")
    for name, times in sorted(grown.items(), key=lambda item: -item[1]):
        print(f"  {name:<44} {times:5.1f} times, {baseline[name]} to {units[name]} units")
    if given.keep:
        execute.write_atomically(BASELINE, json.dumps(baseline | units, indent=1, sort_keys=True) + "\n")
        print(f"{BASELINE.relative_to(TOP)} holds these figures now.")
    if failed:
        sys.exit(f"bench: could not measure {', '.join(failed)}, see above")


if __name__ == "__main__":
    main()
