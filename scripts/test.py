"""Everything that CI checks: Chromium, the book, style and the tests; times and a sum at the end.

    python scripts/test.py              # all
    python scripts/test.py site package # these stages only

Three lanes of stages run side by side, as a stage often waits or uses one core only. The first builds the
book and looks at its pages, and its output appears as it comes; the others begin with what needs no book, and
the output of a stage appears at its end.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import xml.etree.ElementTree as ET
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import interrupts

TOP = Path(__file__).resolve().parents[1]
REPORTS = TOP / "_build" / "tests"
CORES = os.cpu_count() or 1
WORKERS = min(CORES, 8)
SPREAD = ["-n", str(WORKERS), "--dist", "worksteal", "-p", "no:nbval"]  # which takes seconds to import
BY_FILE = ["-n", str(WORKERS), "--dist", "loadfile"]  # the tests of one file share what a worker computes
SCRIPTS = {"chromium": "chromium.py", "lint": "lint.py", "book": "build.py"}
TESTS = {
    "package": ["tests/package", *SPREAD],
    "exercises": ["tests/exercises", "-m", "not slow", *SPREAD],
    "launch": ["tests/launch", *SPREAD],
    "device": ["tests/device", "-p", "no:nbval"],
    "grading": ["tests/grading", "-m", "not slow", *SPREAD],
    # nbval compares what `make book` has run, see tests/chapters/conftest.py
    "chapters": ["--nbval-lax", "--executed=_build/executed", "book", "tests/chapters", *BY_FILE],
    "site": ["tests/site", *SPREAD],
    "editions": ["tests/editions", "-p", "no:nbval"],
}
OF_THE_BOOK = ("chapters", "site", "editions")  # they look at what `make book` has built
LANES = (  # of about the same length, so that none is left alone on the machine at the end
    ("book", "site"),
    ("lint", "grading", "package", "exercises", "chapters"),
    ("launch", "device", "editions"),
)
STAGES = ("chromium", *(name for lane in LANES for name in lane))


class Run:
    """One run of the tests; `results` is {stage: (seconds, {"passed" or "failed" or "skipped": number})}."""

    def __init__(self):
        self.results, self.processes, self.interrupted = {}, set(), False
        self.tried, self.built = threading.Event(), True  # whether the book was, if it is to be

    def call(self, command, output):
        """Run a Python program, its output to a file, None for the terminal; return whether it succeeded."""
        # Kernels that share the cores: with more threads than cores, a chapter takes ten times as long.
        environment = {"OMP_NUM_THREADS": str(max(1, CORES // WORKERS)), **os.environ}
        process = subprocess.Popen(
            [sys.executable, *command], cwd=TOP, env=environment, stdout=output, stderr=output
        )
        self.processes.add(process)
        succeeded = process.wait() == 0
        self.processes.discard(process)
        return succeeded

    def tests(self, name, output):
        """Run a stage of tests.

        Returns:
            dict of the numbers of tests that "passed", "failed" and were "skipped". A run that broke off or
            found no test counts as one failure.
        """
        report = REPORTS / f"{name}.xml"
        report.unlink(missing_ok=True)
        succeeded = self.call(["-m", "pytest", "-q", f"--junitxml={report}", *TESTS[name]], output)
        counts = {"passed": 0, "failed": 0, "skipped": 0}
        if report.exists():
            for suite in ET.parse(report).getroot().iter("testsuite"):
                failed = int(suite.get("failures")) + int(suite.get("errors"))
                skipped = int(suite.get("skipped"))
                counts["failed"] += failed
                counts["skipped"] += skipped
                counts["passed"] += int(suite.get("tests")) - failed - skipped
        if not succeeded and not counts["failed"]:
            counts["failed"] = 1
        return counts

    def stage(self, name, output=None):
        """Run a stage and keep its result; return whether nothing failed."""
        start = time.monotonic()
        if name in SCRIPTS:
            counts = {"failed": int(not self.call([f"scripts/{SCRIPTS[name]}"], output))}
        else:
            counts = self.tests(name, output)
        self.results[name] = (time.monotonic() - start, counts)
        return not counts["failed"]

    def book(self):
        """Build the book, and tell the lanes that wait for it."""
        try:
            self.built = False
            self.built = self.stage("book")
        finally:
            self.tried.set()

    def lane(self, names, live):
        """Run stages one after the other; `live`: show their output as it comes, else at the end of each."""
        for name in names:
            if name in OF_THE_BOOK:
                self.tried.wait()
                if not self.built:
                    continue
            if self.interrupted:
                return
            if live:
                print(f"\n=== {name}", flush=True)
                if name == "book":
                    self.book()
                else:
                    self.stage(name)
            else:
                with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
                    self.stage(name, output)
                    output.seek(0)
                    print(f"\n=== {name}\n{output.read()}", flush=True)

    def lanes(self, lanes):
        """Run lanes of stages side by side; the first that has any shows its output as it comes."""
        if not any("book" in lane for lane in lanes):
            self.tried.set()  # its pages are tested as they are
        live = next((i for i, lane in enumerate(lanes) if lane), 0)
        with ThreadPoolExecutor(len(lanes)) as pool:
            futures = [pool.submit(self.lane, lane, i == live) for i, lane in enumerate(lanes)]
            try:
                for future in futures:
                    future.result()
            except KeyboardInterrupt:
                self.interrupt()
                raise

    def interrupt(self):
        """Start nothing more, and end what runs, unless Ctrl-C in a terminal has ended it already."""
        self.interrupted = True
        for process in list(self.processes):
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGINT)


def main():
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("stages", nargs="*", help=f"of {', '.join(STAGES)}; default: all of them")
    chosen = arguments.parse_args().stages or STAGES
    if unknown := set(chosen) - set(STAGES):
        arguments.error(f"there is no stage {min(unknown)!r}; there are {', '.join(STAGES)}")
    REPORTS.mkdir(parents=True, exist_ok=True)
    run, start = Run(), time.monotonic()
    with interrupts.ends_with("interrupted"):
        if "chromium" not in chosen or run.stage("chromium"):
            run.lanes([[name for name in lane if name in chosen] for lane in LANES])
    print()
    total = {"passed": 0, "failed": 0, "skipped": 0}
    for name, (seconds, counts) in run.results.items():
        for key, count in counts.items():
            total[key] += count
        failed = f"   {counts['failed']} failed" if counts["failed"] else ""
        print(f"  {name:<10} {seconds:7.1f} s{failed}")
    print(f"  {'all':<10} {time.monotonic() - start:7.1f} s\n")
    skipped = f", {total['skipped']} skipped" if total["skipped"] else ""
    print(f"{total['passed']} passed, {total['failed']} failed{skipped}")
    sys.exit(1 if total["failed"] else 0)


if __name__ == "__main__":
    main()
