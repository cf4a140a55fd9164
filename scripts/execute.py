"""Execute the chapters, several at a time, and keep what came out until something that shapes it changes.

Every chapter runs in a process of its own. Its outputs go to `executed/NAME.ipynb`, its time and peak memory
to `executed/times.json`, both under the build folder. A chapter runs again when its code, `course_utils`,
`data/`, the lock or this file change; prose may be edited freely. Of the records, only a chapter's own count.

Before each graded cell its reference answer is tried in the chapter's state, so that the tests need not run
the chapter once more; `times.json` says what came of it. The chapter goes on as shipped.

    python scripts/execute.py                       # every book/[0-9]*.ipynb, fast profile
    python scripts/execute.py --profile full        # original data, more epochs; into _build/full/
    python scripts/execute.py book/02_*.ipynb       # one chapter
"""

import argparse
import hashlib
import importlib.util
import json
import os
import re
import runpy
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import interrupts
import nbformat
import psutil
import solve
import turns

TOP = Path(__file__).resolve().parents[1]
SHAPING = ("course_utils", "data", "requirements.lock", "scripts/execute.py")
RECORDS = TOP / "course_utils" / "records"
BUDGET_MIB = 900
CELL_TIMEOUT = 900  # seconds; only against hanging: the longest cell takes about 20 on a quick machine
INTERRUPTED = "interrupted; chapters that had finished are kept"
SAMPLE = 0.2  # seconds between two looks at the memory

# Loaded by every kernel of the build. No history: parallel kernels would lock one another's database.
# Figures are SVG without a date, so that the same chapter gives the same bytes, and hardly wider than they
# are drawn, so that letters keep their size on a phone.
KERNEL_CONFIG = """\
c.HistoryManager.enabled = False
c.InlineBackend.figure_formats = {"svg"}
c.InlineBackend.print_figure_kwargs = {"bbox_inches": "tight", "pad_inches": 0.02, "metadata": {"Date": None}}
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


def hash_files(top, names, without=()):
    """Return a digest of files and folders (all in them but `without`), by relative path and content."""
    digest = hashlib.sha256()
    for name in names:
        path = top / name
        files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
        for file in files:
            if "__pycache__" not in file.parts and file.exists() and file not in without:
                digest.update(file.relative_to(top).as_posix().encode() + b"\0")
                digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest


def shared_digest(more=()):
    """Return the digest of the files that shape every chapter, and of `more`: records shape only theirs."""
    return hash_files(TOP, (*SHAPING, *more), without=set(RECORDS.glob("*.json")))


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


def read_trials(path, nb):
    """Return {exercise: code that tries its reference answer}; {} for a chapter without answers."""
    file = TOP / "tests" / "solutions" / f"{path.stem}.py"
    return solve.trials(nb, file.read_text(encoding="utf-8")) if file.exists() else {}


def shaping_metadata(cell):
    """Return a code cell's metadata without the tag `slide`, which changes what is projected and no run."""
    tags = [tag for tag in cell.metadata.get("tags", []) if tag != "slide"]
    rest = {name: value for name, value in cell.metadata.items() if name != "tags"}
    return {**rest, "tags": tags} if tags else rest


def chapter_key(nb, shared, trials=()):
    """Return the key under which a chapter's outputs are kept.

    Args:
        nb: the chapter; its code, its kernel and the records that it names count, its prose does not.
        shared: digest of the files that shape every chapter.
        trials: code that tries the reference answers.
    """
    digest = shared.copy()
    kernel = nb.metadata.get("kernelspec", {}).get("name", "")
    code = [[cell.source, shaping_metadata(cell)] for cell in code_cells(nb)] + list(trials)
    code += [
        file.read_text(encoding="utf-8")
        for file in sorted(RECORDS.glob("*.json"))
        if any(f'"{file.stem}"' in cell.source for cell in code_cells(nb))
    ]
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


def put_before(nb, trials):
    """Put the trial of an answer before its graded cell; return {exercise: the cell put there}."""
    put = {}
    for name, cell in solve.graded_cells(nb).items():
        if name in trials:
            put[name] = nbformat.v4.new_code_cell(trials[name], metadata={"tags": ["raises-exception"]})
            nb.cells.insert(nb.cells.index(cell), put[name])
    return put


def stopped_with(cell):
    """Return what a cell stopped with, "" when it ran through."""
    errors = [output for output in cell.outputs if output.output_type == "error"]
    return f"{errors[0].ename}: {errors[0].evalue}" if errors else ""


def torch_cuda():
    """Return `torch.version.cuda`, None for a CPU build, without an import of PyTorch: that takes seconds."""
    torch = importlib.util.find_spec("torch")
    return runpy.run_path(str(Path(torch.origin).with_name("version.py")))["cuda"] if torch else None


def run_one(path, out, profile):
    """Execute one chapter here and write its outputs.

    Args:
        path: the chapter.
        out: the file for the executed notebook; untouched when a cell fails.
        profile: "fast" or "full".

    Returns:
        dict with `seconds`, `cpu_seconds`, `peak_mib`, `cuda` as from torch_cuda() and `answers`, {exercise:
        what its check says against the reference answer, or ""}; or with `error`, the text to show to the
        author.
    """
    from jupyter_client.kernelspec import NoSuchKernel
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    nb = read_chapter(path, profile)
    shipped = list(nb.cells)
    tried = put_before(nb, read_trials(path, nb))
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
        nb.cells = shipped
        failed = [cell for cell in code_cells(nb) if stopped_with(cell)][-1]  # others may fail on purpose
        return {"error": f"this cell failed:\n{failed.source}\n\n{shorten(error.traceback)}"}
    except CellTimeoutError:
        return {"error": f"a cell ran longer than {CELL_TIMEOUT} s"}
    except DeadKernelError:
        return {"error": f"its kernel died, using {meter.peak / 2**20:.0f} MiB; is there enough memory?"}
    seconds = time.monotonic() - start
    nb.cells = shipped
    write_atomically(out, nbformat.writes(nb))
    return {
        "seconds": round(seconds, 1),
        "cpu_seconds": round(sum(meter.cpu.values()), 1),
        "peak_mib": round(meter.peak / 2**20),
        "cuda": torch_cuda(),
        "answers": {name: stopped_with(cell) for name, cell in tried.items()},
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
    """Return the progress line of a chapter, with a warning when it takes too much memory."""
    line = f"  {name:<32} {row['seconds']:6.1f} s  {row['peak_mib']:6.0f} MiB"
    if cached:
        line += "  cached"
    if row["profile"] == "fast" and (words := over_budget(row)):
        line += f"  over budget: {words}"
    elif row["cuda"] and row["peak_mib"] > BUDGET_MIB:
        line += "  memory not judged: PyTorch's CUDA build"
    return line


def over_budget(row):
    """Say in words how a chapter exceeds its budget of memory; "" when it does not.

    The budget is for PyTorch's CPU build: by itself the CUDA build takes hundreds of MiB more. Seconds differ
    from machine to machine: `make bench` compares them.
    """
    peak = row["peak_mib"]
    return f"{peak:.0f} of {BUDGET_MIB:.0f} MiB" if peak > BUDGET_MIB and row["cuda"] is None else ""


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
    shared = shared_digest()
    keys = {}
    for path in chapters:
        nb = read_chapter(path, profile)
        keys[path] = chapter_key(nb, shared, read_trials(path, nb).items())

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


def find(word):
    """Return the path of a chapter from a path or from the first letters of its name, such as "14".

    Raises:
        SystemExit: no chapter or several have that name; one sentence.
    """
    if word.endswith(".ipynb"):
        return Path(word).resolve()
    found = [path for path in all_chapters() if path.stem.startswith(word)]
    if len(found) != 1:
        raise SystemExit(f"{word!r} names {len(found)} chapters; name one by its number, such as 02")
    return found[0]


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
    folder = build_folder(given.profile)
    folder.mkdir(parents=True, exist_ok=True)
    with interrupts.ends_with(INTERRUPTED), turns.turn(folder, "execute"):
        chapters = [path.resolve() for path in given.chapters] or all_chapters()
        failed = execute(chapters, given.profile, given.jobs)
    if failed:
        raise SystemExit(f"{len(failed)} of the chapters failed: {', '.join(sorted(failed))}")


if __name__ == "__main__":
    main()
