"""Everything that CI checks, in order: Chromium, style, the book, then the tests; times and a sum at the end.

python scripts/test.py              # all
python scripts/test.py site package # these stages only
"""

import argparse
import os
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
REPORTS = TOP / "_build" / "tests"
CORES = os.cpu_count() or 1
WORKERS = min(CORES, 8)
PARALLEL = ["-n", str(WORKERS), "--dist", "loadfile"]
FIRST = ("chromium", "lint", "book")  # scripts; without Chromium or the book the tests make no sense
TESTS = {
    "package": ["tests/package", *PARALLEL],
    "exercises": ["tests/exercises", "-m", "not slow", *PARALLEL],
    "launch": ["tests/launch", *PARALLEL],
    "grading": ["tests/grading", "-m", "not slow", *PARALLEL],
    "chapters": ["--nbval-lax", "--nbval-cell-timeout=300", "_build/solved", "tests/chapters", *PARALLEL],
    # Each page is a test of its own, all in one file: hand them out one by one, or one worker gets them all.
    "site": ["tests/site", "-n", str(WORKERS), "--dist", "worksteal"],
}


def run_script(name):
    """Run one of scripts/ and return whether it succeeded."""
    command = [sys.executable, str(TOP / "scripts" / ("build.py" if name == "book" else f"{name}.py"))]
    return subprocess.run(command, cwd=TOP, check=False).returncode == 0


def run_pytest(name):
    """Run a stage of tests.

    Returns:
        dict of the numbers of tests that "passed", "failed" and were "skipped". A run that broke off or found
        no test counts as one failure.
    """
    report = REPORTS / f"{name}.xml"
    report.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", "-q", f"--junitxml={report}", *TESTS[name]]
    # Kernels that share the cores: with more threads than cores, a chapter takes ten times as long.
    environment = {"OMP_NUM_THREADS": str(max(1, CORES // WORKERS)), **os.environ}
    status = subprocess.run(command, cwd=TOP, env=environment, check=False).returncode
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    if report.exists():
        for suite in ET.parse(report).getroot().iter("testsuite"):
            failed = int(suite.get("failures")) + int(suite.get("errors"))
            skipped = int(suite.get("skipped"))
            counts["failed"] += failed
            counts["skipped"] += skipped
            counts["passed"] += int(suite.get("tests")) - failed - skipped
    if status and not counts["failed"]:
        counts["failed"] = 1
    return counts


def main():
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument(
        "stages", nargs="*", help=f"of {', '.join([*FIRST, *TESTS])}; default: all of them"
    )
    chosen = arguments.parse_args().stages or [*FIRST, *TESTS]
    if unknown := set(chosen) - {*FIRST, *TESTS}:
        arguments.error(f"there is no stage {min(unknown)!r}; there are {', '.join([*FIRST, *TESTS])}")
    REPORTS.mkdir(parents=True, exist_ok=True)
    total, times = {"passed": 0, "failed": 0, "skipped": 0}, {}
    for stage in chosen:
        print(f"\n=== {stage}", flush=True)
        start = time.monotonic()
        if stage == "chapters" and not run_script("solve"):  # nbval runs the chapters with the answers
            counts = {"failed": 1}
        else:
            counts = {"failed": int(not run_script(stage))} if stage in FIRST else run_pytest(stage)
        times[stage] = (time.monotonic() - start, counts["failed"])
        for key, count in counts.items():
            total[key] += count
        if counts["failed"] and stage in ("chromium", "book"):
            break
    print()
    for stage, (seconds, failed) in times.items():
        print(f"  {stage:<10} {seconds:7.1f} s{f'   {failed} failed' if failed else ''}")
    print(f"  {'all':<10} {sum(seconds for seconds, _ in times.values()):7.1f} s\n")
    skipped = f", {total['skipped']} skipped" if total["skipped"] else ""
    print(f"{total['passed']} passed, {total['failed']} failed{skipped}")
    sys.exit(1 if total["failed"] else 0)


if __name__ == "__main__":
    main()
