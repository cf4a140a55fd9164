"""Run the chapters under other conditions: do their asserts hold for any seed, processor, threads, device?

A variant moves every seed that a chapter sets, or imitates another processor or a GPU, or uses more or fewer
threads. The GPU is a pretended one, see `tests/device`, and is left out where there is no compiler. Each
chapter runs under each variant in a process of its own, and goes on after a cell that fails. The table at the
end says `ok`, or the numbers of the cells that fell (counted from 0, prose too); below it stands what they
said. Results are kept in `_build/variants.json`; a run is repeated only when its chapter's code, what all
chapters share, or its variant changes.

    python scripts/variants.py                              # every chapter, every variant; over an hour
    python scripts/variants.py 14 book/15_attention.ipynb   # these chapters
    python scripts/variants.py --variant seeds-1000         # this variant

Exit status 1 when a cell fell.
"""

import argparse
import ast
import json
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field
from pathlib import Path

import execute
import interrupts
import nbformat

TOP = execute.TOP
PRETENDED = Path(__file__).resolve().parents[1] / "tests" / "device"
SHAPING = ["scripts/variants.py", "tests/device/pretended.cpp", "tests/device/pretended.py"]
TIMEOUT = 3600  # seconds for one run; it needs about 60


@dataclass(frozen=True)
class Variant:
    """The conditions of a run.

    Attributes:
        offset: what is added to every seed.
        environment: variables of the process.
        before: Python that runs in the chapter's namespace before its first cell, with the top folder of the
            repository and `tests/device` on the path.
    """

    offset: int = 0
    environment: dict = field(default_factory=dict)
    before: str = ""


def with_threads(count):
    """Return a Variant with this number of threads. Waiting threads sleep: cores may be fewer."""
    return Variant(environment={"OMP_NUM_THREADS": str(count), "OMP_WAIT_POLICY": "passive"})


DEVICE = "import pretended; pretended.install(); del pretended"
DEVICES = {
    "cuda": Variant(before=DEVICE),
    "apple": Variant(before=DEVICE, environment={"PRETENDED_NO_FLOAT64": "1"}),
}
VARIANTS = {
    **{f"seeds-{offset}": Variant(offset=offset) for offset in (1000, 2000, 3000)},
    "processor": Variant(environment={"ATEN_CPU_CAPABILITY": "default", "DNNL_MAX_CPU_ISA": "SSE41"}),
    **{f"threads-{count}": with_threads(count) for count in (1, 2, 4)},
    **DEVICES,
}


# --- the process of one run


def move_seeds(offset):
    """Add `offset` to every seed that PyTorch, NumPy and `random` are given from now on in this process."""
    import random

    import numpy as np
    import torch

    def moved(function):
        def seeded(seed=None, *rest, **named):
            return function(seed + offset if isinstance(seed, int) else seed, *rest, **named)

        return seeded

    class Random(random.Random):
        def seed(self, a=None, version=2):
            super().seed(a + offset if isinstance(a, int) else a, version)

    class Generator(torch.Generator):
        def manual_seed(self, seed):
            return super().manual_seed(seed + offset)

    random.seed, random.Random = moved(random.seed), Random
    np.random.seed, np.random.default_rng = moved(np.random.seed), moved(np.random.default_rng)
    torch.manual_seed, torch.Generator = moved(torch.manual_seed), Generator


class ValuesInAsserts:
    """Transform the cells of an IPython shell so that a failing assert tells its values, as in pytest."""

    def visit(self, tree):
        from _pytest.assertion.rewrite import rewrite_asserts

        rewrite_asserts(tree, b"")
        for node in ast.walk(tree):  # new ones have a first line only; IPython takes 1 for the last
            if hasattr(node, "lineno") and getattr(node, "end_lineno", None) is None:
                node.end_lineno = node.lineno
        return tree


def run_here(path, variant):
    """Run one chapter in this process, cell after cell, going on after a cell that fails.

    Args:
        path: the notebook.
        variant: the Variant; its environment is already that of this process.

    Returns:
        dict with `cpu_seconds` and `failed`, a list of dicts with `cell` (its number) and `message`.
    """
    import matplotlib
    import matplotlib.pyplot as plt
    from IPython.core.interactiveshell import InteractiveShell

    matplotlib.use("Agg")
    nb = nbformat.read(path, as_version=4)
    os.chdir(path.parent)
    sys.path[:0] = [str(TOP), str(PRETENDED)]
    shell = InteractiveShell.instance(history_length=0)
    shell.ast_transformers.append(ValuesInAsserts())
    if variant.offset:
        move_seeds(variant.offset)
    failed, start = [], time.process_time()
    code = [(i, cell) for i, cell in enumerate(nb.cells) if cell.cell_type == "code"]
    meant = {i for i, cell in code if "raises-exception" in cell.metadata.get("tags", [])}
    for number, source in [(-1, variant.before), *((i, cell.source) for i, cell in code)]:
        result = shell.run_cell(source, store_history=False, silent=True)
        error = result.error_before_exec or result.error_in_exec
        if isinstance(error, KeyboardInterrupt):
            raise error
        if (error is None) == (number in meant):
            said = f"{type(error).__name__}: {error}" if error else "did not stop, as its tag says it must"
            failed.append({"cell": number, "message": said})
        plt.close("all")
    return {"cpu_seconds": round(time.process_time() - start, 1), "failed": failed}


# --- all runs


def possible(names):
    """Return the names of those variants that can run here; say why the others cannot."""
    if not set(names) & set(DEVICES):
        return names
    sys.path.insert(0, str(PRETENDED))
    import pretended

    if not (lack := pretended.missing()):
        return names
    print(f"left out: {' and '.join(DEVICES)}, because {lack}", flush=True)
    return [name for name in names if name not in DEVICES]


def run(path, name, environment, running):
    """Run a chapter under a variant in a process of its own and return what `run_here` does.

    Args:
        path: the notebook.
        name: of the variant.
        environment: the variables of a chapter's process, without the variant's own.
        running: the set of processes; this one is in it while it runs.
    """
    command = [sys.executable, __file__, "--one", str(path), "--variant", name]
    environment = {**environment, **VARIANTS[name].environment}
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    running.add(process)
    try:
        said, complaint = process.communicate(timeout=TIMEOUT)
        return json.loads(said.splitlines()[-1])
    except subprocess.TimeoutExpired:
        execute.stop(process)
        message = f"it ran longer than {TIMEOUT} s"
    except (IndexError, ValueError):
        message = f"its process ended with status {process.returncode}: {execute.shorten(complaint, 3)}"
    finally:
        running.discard(process)
    return {"cpu_seconds": 0.0, "failed": [{"cell": -1, "message": message}]}


def summary(row):
    """Return "ok" or the numbers of the cells that fell; "all" when the chapter could not be run."""
    numbers = ["all" if fallen["cell"] < 0 else str(fallen["cell"]) for fallen in row["failed"]]
    return " ".join(numbers) or "ok"


def table(results, chapters, names):
    """Return the lines of the table, chapters by variants, and below it what the fallen cells said.

    Args:
        results: {chapter: {variant: row of `run`}}.
        chapters, names: which of them, in order.
    """
    cells = [["", *names]]
    cells += [[chapter, *(summary(results[chapter][name]) for name in names)] for chapter in chapters]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ["  ".join(word.ljust(width) for word, width in zip(row, widths, strict=True)) for row in cells]
    lines.append("")
    for chapter in chapters:
        said = {}  # what a cell said: under which variants
        for name in names:
            for fallen in results[chapter][name]["failed"]:
                said.setdefault((fallen["cell"], fallen["message"]), []).append(name)
        for (cell, message), where in sorted(said.items()):
            lines.append(f"{chapter} cell {cell}, {', '.join(where)}:")
            lines += [f"    {line}" for line in message.split("\n")]
    return [line.rstrip() for line in lines]


def run_all(chapters, names, jobs=None):
    """Run chapters under variants, several at a time, unless their results are kept; a line for each run.

    Args:
        chapters: paths of notebooks.
        names: of variants.
        jobs: how many runs at a time; the number of cores by default.

    Returns:
        {chapter: {variant: row}} of all results that are kept, with those asked for.
    """
    file = TOP / "_build" / "variants.json"
    results = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    shared, todo = execute.shared_digest(SHAPING), {}
    for name in names:
        for path in chapters:
            code = execute.chapter_key(nbformat.read(path, as_version=4), shared)
            key = [code, asdict(VARIANTS[name])]
            if results.setdefault(path.stem, {}).get(name, {}).get("key") != key:
                todo[path, name] = key
    print(f"{len(todo)} of {len(chapters) * len(names)} runs to do", flush=True)
    environment = execute.kernel_environment(TOP / "_build", threads=1)
    running, lock = set(), threading.Lock()

    def do(path, name):
        row = {**run(path, name, environment, running), "key": todo[path, name]}
        with lock:
            results[path.stem][name] = row
            execute.write_atomically(file, json.dumps(results, indent=1, sort_keys=True))
        return row

    with ThreadPoolExecutor(jobs or os.cpu_count() or 1) as pool:
        try:
            waiting = {pool.submit(do, path, name): (path.stem, name) for path, name in todo}
            for future in as_completed(waiting):
                (chapter, name), row = waiting[future], future.result()
                seconds = f"{row['cpu_seconds']:6.1f} CPU s"
                print(f"  {chapter:<22} {name:<12} {seconds}  {summary(row)}", flush=True)
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in list(running):
                execute.stop(process)
            raise
    return results


def main():
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("chapters", nargs="*", help="numbers or notebooks (default: all chapters)")
    arguments.add_argument("--variant", nargs="+", choices=VARIANTS, default=list(VARIANTS), metavar="NAME",
                           help=f"of {', '.join(VARIANTS)} (default: all)")  # fmt: skip
    arguments.add_argument("--jobs", type=int, help="runs at a time (default: the number of cores)")
    arguments.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.one:
        print(json.dumps(run_here(given.one.resolve(), VARIANTS[given.variant[0]])))
        return
    chapters = [execute.find(word) for word in given.chapters] or execute.all_chapters()
    with interrupts.ends_with("interrupted; runs that had finished are kept"):
        tried = possible(given.variant)
        results = run_all(chapters, tried, given.jobs)
    names = [path.stem for path in chapters]
    print("", *table(results, names, tried), sep="\n")
    fell = [name for name in names if any(results[name][variant]["failed"] for variant in tried)]
    if fell:
        raise SystemExit(f"cells fell in {len(fell)} of {len(names)} chapters: {', '.join(fell)}")


if __name__ == "__main__":
    main()
