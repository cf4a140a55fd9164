"""Execute the chapters, several at a time, and keep what came out until something that shapes it changes.

Every chapter runs in a process of its own. Its outputs go to `executed/NAME.ipynb`, its time and peak memory
to `executed/times.json`, both under the build folder. A chapter runs again when its code, `course_utils`,
`data/`, the lock or this file change; prose may be edited freely.

    python scripts/execute.py                       # every book/[0-9]*.ipynb, fast profile
    python scripts/execute.py --profile full        # original data, more epochs; into _build/full/
    python scripts/execute.py book/02_*.ipynb       # one chapter
"""

import argparse
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import nbformat
import psutil

TOP = Path(__file__).resolve().parents[1]
SHAPING = ("course_utils", "data", "requirements.lock", "scripts/execute.py")
BUDGET_SECONDS = 60
BUDGET_MIB = 900
CELL_TIMEOUT = 300  # seconds; a chapter has 60, a busy machine may need more
SAMPLE = 0.2  # seconds between two looks at the memory

# Loaded by every kernel of the build. No history: parallel kernels would lock one another's database.
# Figures are SVG without a date, so that the same chapter gives the same bytes.
KERNEL_CONFIG = """\
c.HistoryManager.enabled = False
c.InlineBackend.figure_formats = {"svg"}
c.InlineBackend.print_figure_kwargs = {"bbox_inches": "tight", "metadata": {"Date": None}}
"""


def build_folder(profile):
    """Return the folder for the products of a profile: _build for fast, _build/full for full."""
    return TOP / "_build" if profile == "fast" else TOP / "_build" / profile


def write_atomically(path, text):
    """Write a text file so that nobody ever sees half of it, unless it holds the text already."""
    path = Path(path)
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    draft.write_text(text, encoding="utf-8")
    os.replace(draft, path)


def hash_files(top, names):
    """Return a digest of files and folders (all files in them), by relative path and content."""
    digest = hashlib.sha256()
    for name in names:
        path = top / name
        files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
        for file in files:
            if "__pycache__" not in file.parts and file.exists():
                digest.update(file.relative_to(top).as_posix().encode() + b"\0")
                digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest


def read_chapter(path, profile):
    """Return a chapter's notebook, with papermill's injected cell when the profile is not the fast one."""
    if profile == "fast":
        return nbformat.read(path, as_version=4)
    from papermill.iorw import load_notebook_node
    from papermill.parameterize import parameterize_notebook

    nb = parameterize_notebook(load_notebook_node(str(path)), {"PROFILE": profile})
    for cell in nb.cells:
        if "injected-parameters" in cell.metadata.tags:
            cell.id = "injected-parameters"  # not another one each time
    return nb


def code_cells(nb):
    """Return the code cells of a notebook, in order."""
    return [cell for cell in nb.cells if cell.cell_type == "code"]


def chapter_key(nb, shared):
    """Return the key under which a chapter's outputs are kept.

    Args:
        nb: the chapter; its code and its kernel count, its prose does not.
        shared: digest of the files that shape every chapter.
    """
    digest = shared.copy()
    kernel = nb.metadata.get("kernelspec", {}).get("name", "")
    code = [[cell.source, cell.metadata] for cell in code_cells(nb)]
    digest.update(json.dumps([kernel, sys.version, code], sort_keys=True).encode())
    return digest.hexdigest()


def with_outputs(nb, executed):
    """Return the chapter `nb` with outputs and widget state of `executed`, the same code run earlier."""
    for cell, done in zip(code_cells(nb), code_cells(executed), strict=True):
        cell.outputs, cell.execution_count = done.outputs, done.execution_count
    if "widgets" in executed.metadata:
        nb.metadata.widgets = executed.metadata.widgets
    return nb


# --- the process of one chapter
# ---------------------------------------------------------------------------------


class Meter(threading.Thread):
    """Watch the processes below this one: CPU seconds and the peak of their memory together."""

    def __init__(self):
        super().__init__(daemon=True)
        self.peak, self.cpu = 0, {}
        self.me = psutil.Process()

    def look(self):
        total = 0
        for process in self.me.children(recursive=True):
            try:
                total += process.memory_info().rss
                used = process.cpu_times()
                self.cpu[process.pid] = used.user + used.system
            except psutil.Error:  # it has ended meanwhile
                continue
        self.peak = max(self.peak, total)

    def run(self):
        while True:
            self.look()
            time.sleep(SAMPLE)


def shorten(text, lines=12):
    """Return the last lines of a text without colour codes."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text).rstrip().splitlines()
    return "\n".join((["…"] if len(plain) > lines else []) + plain[-lines:])


def run_one(path, out, profile):
    """Execute one chapter here and write its outputs.

    Args:
        path: the chapter.
        out: the file for the executed notebook; untouched when a cell fails.
        profile: "fast" or "full".

    Returns:
        dict with `seconds`, `cpu_seconds`, `peak_mib`, or with `error`, the text to show to the author.
    """
    from jupyter_client.kernelspec import NoSuchKernel
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    nb = read_chapter(path, profile)
    kernel = nb.metadata.get("kernelspec", {}).get("name", "python3")
    client = NotebookClient(
        nb,
        timeout=CELL_TIMEOUT if profile == "fast" else None,
        kernel_name=kernel,
        record_timing=False,
        resources={"metadata": {"path": str(path.parent)}},
    )
    meter, start = Meter(), time.monotonic()
    meter.start()
    try:
        client.execute()
    except NoSuchKernel:
        return {
            "error": f"the kernel {kernel!r} is not installed: chapters use 'python3'; run `make normalise`"
        }
    except CellExecutionError as error:
        failed = next(c for c in code_cells(nb) if any(o.output_type == "error" for o in c.outputs))
        return {"error": f"this cell failed:\n{failed.source}\n\n{shorten(error.traceback)}"}
    except CellTimeoutError:
        return {"error": f"a cell ran longer than {CELL_TIMEOUT} s"}
    except DeadKernelError:
        return {"error": f"its kernel died, using {meter.peak / 2**20:.0f} MiB; is there enough memory?"}
    seconds = time.monotonic() - start
    write_atomically(out, nbformat.writes(nb))
    return {
        "seconds": round(seconds, 1),
        "cpu_seconds": round(sum(meter.cpu.values()), 1),
        "peak_mib": round(meter.peak / 2**20),
    }


# --- all chapters
# -------------------------------------------------------------------------------------------------


def stop(process):
    """End a chapter's process together with its kernel."""
    try:
        family = [*psutil.Process(process.pid).children(recursive=True), psutil.Process(process.pid)]
    except psutil.NoSuchProcess:
        return
    for member in family:
        try:
            member.kill()
        except psutil.NoSuchProcess:
            continue


def kernel_environment(folder, threads):
    """Return the variables of a chapter's process. Writes the kernels' configuration into `folder`."""
    write_atomically(folder / "ipython" / "profile_default" / "ipython_kernel_config.py", KERNEL_CONFIG)
    return {
        **os.environ,
        "BOOK_STATIC": "1",
        "IPYTHONDIR": str(folder / "ipython"),
        "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", str(threads)),
        "PYTHONHASHSEED": "0",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }


def report(name, row, cached=False):
    """Return the progress line of a chapter, with a warning when it is over its budget."""
    line = f"  {name:<32} {row['seconds']:6.1f} s  {row['peak_mib']:6.0f} MiB"
    if cached:
        line += "  cached"
    if row["profile"] == "fast" and (within := over_budget(row)):
        line += f"  over budget: {within}"
    return line


def over_budget(row):
    """Say in words how a chapter exceeds its budget; "" when it does not.

    A busy machine stretches the seconds on the clock, not those on the CPU, so the smaller of the two counts.
    """
    seconds = min(row["seconds"], row["cpu_seconds"])
    words = []
    if seconds > BUDGET_SECONDS:
        words.append(f"{seconds:.0f} of {BUDGET_SECONDS} s")
    if row["peak_mib"] > BUDGET_MIB:
        words.append(f"{row['peak_mib']:.0f} of {BUDGET_MIB:.0f} MiB")
    return ", ".join(words)


def execute(chapters, profile="fast", jobs=None):
    """Execute chapters that are not in the cache, several at a time, one progress line each.

    Args:
        chapters: paths of the notebooks.
        profile: "fast" or "full".
        jobs: how many at a time; the number of cores by default.

    Returns:
        list of the names of the chapters that failed.
    """
    folder = build_folder(profile) / "executed"
    times_file = folder / "times.json"
    times = json.loads(times_file.read_text(encoding="utf-8")) if times_file.exists() else {}
    shared = hash_files(TOP, SHAPING)
    keys = {path: chapter_key(read_chapter(path, profile), shared) for path in chapters}

    def keep(path, row):
        times[path.stem] = row
        write_atomically(times_file, json.dumps(times, indent=1, sort_keys=True))

    todo = []
    for path in chapters:
        row, out = times.get(path.stem), folder / path.name
        if row and row["key"] == keys[path] and out.exists():
            old = nbformat.read(out, as_version=4)
            write_atomically(out, nbformat.writes(with_outputs(read_chapter(path, profile), old)))
            print(report(path.stem, row, cached=True), flush=True)
        else:
            todo.append(path)
    if not todo:
        return []
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # `timeout` and CI end a run so; see below

    cores = os.cpu_count() or 1
    jobs = min(jobs or cores, len(todo))
    threads = max(1, cores // jobs)
    environment = kernel_environment(build_folder(profile), threads)
    running, failed = set(), []

    def start(path):
        out = folder / path.name
        command = [sys.executable, __file__, "--one", str(path), "--out", str(out), "--profile", profile]
        process = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        running.add(process)
        said, complaint = process.communicate()
        running.discard(process)
        try:
            return json.loads(said.splitlines()[-1])
        except (IndexError, ValueError):
            ended = f"its process ended with status {process.returncode}"
            return {"error": f"{ended}; it said:\n{shorten(complaint)}"}

    print(f"executing {len(todo)} of {len(chapters)} chapters, {jobs} at a time", flush=True)
    with ThreadPoolExecutor(jobs) as pool:
        try:
            for future in as_completed(waiting := {pool.submit(start, path): path for path in todo}):
                path, row = waiting[future], future.result()
                if "error" in row:
                    failed.append(path.stem)
                    print(f"  {path.stem}: {row['error']}", flush=True)
                else:
                    row = {**row, "key": keys[path], "profile": profile, "threads": threads}
                    keep(path, row)
                    print(report(path.stem, row), flush=True)
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in list(running):
                stop(process)
            raise
    return failed


def all_chapters():
    """Return the paths of all chapters, in order."""
    return sorted((TOP / "book").glob("[0-9]*.ipynb"))


def main():
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("chapters", nargs="*", type=Path, help="notebooks (default: all chapters)")
    arguments.add_argument("--profile", choices=["fast", "full"], default="fast")
    arguments.add_argument("--jobs", type=int, help="chapters at a time (default: the number of cores)")
    arguments.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    arguments.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.one:
        print(json.dumps(run_one(given.one, given.out, given.profile)))
        return
    try:
        failed = execute(
            [path.resolve() for path in given.chapters] or all_chapters(), given.profile, given.jobs
        )
    except KeyboardInterrupt:
        raise SystemExit("interrupted; chapters that had finished are kept") from None
    if failed:
        raise SystemExit(f"{len(failed)} of the chapters failed: {', '.join(sorted(failed))}")


if __name__ == "__main__":
    main()
