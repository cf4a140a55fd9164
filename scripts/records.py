"""Make the records of a chapter: its long runs, every seed, in two processes; write them and their digests.

    python scripts/records.py                   # all records of all chapters; hours
    python scripts/records.py 14                # those of chapter 14
    python scripts/records.py 14 --only 14_distance
    python scripts/records.py --check           # say which records are older than their code; exit 1 if any

A cell tagged `record` holds the function of a seed (see course_utils/records). The chapter is run in each
process up to its last such cell, cells of widgets and figures too, so that the function finds what it uses.
"""

import argparse
import ast
import hashlib
import importlib.metadata
import json
import os
import platform
import subprocess
import symtable
import sys
import tempfile
from datetime import date
from pathlib import Path

import execute
import interrupts
import nbformat
import turns

TOP = Path(__file__).resolve().parents[1]
FOLDER = TOP / "course_utils" / "records"


# --- what a record depends on


def parse(source):
    """Return the syntax tree of a cell; lines that only IPython reads are left out."""
    kept = ["" if line.lstrip().startswith(("%", "!")) else line for line in source.splitlines()]
    try:
        return ast.parse("\n".join(kept))
    except SyntaxError:  # a body of nothing but a magic
        return ast.Module([], [])


def names_used(statement):
    """Return the names of the chapter that a statement reads; not what its functions call their own."""

    def of(scope, top):
        for symbol in scope.get_symbols():
            if symbol.is_referenced() and (top or symbol.is_global()):
                yield symbol.get_name()
        for inner in scope.get_children():
            yield from of(inner, False)

    return set(of(symtable.symtable(ast.unparse(statement), "cell", "exec"), True))


def names_bound(statement):
    """Return the names that a statement at the top of a cell binds or changes; not a comprehension's own."""
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return {statement.name}
    targets = [c.target for c in ast.walk(statement) if isinstance(c, ast.comprehension)]
    own = {node for target in targets for node in ast.walk(target)}
    names = {n for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    bound = {name.id for name in names - own}
    for node in ast.walk(statement):
        if isinstance(node, ast.Import | ast.ImportFrom):
            bound |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.Subscript | ast.Attribute) and isinstance(node.ctx, ast.Store):
            root = node.value
            while isinstance(root, ast.Subscript | ast.Attribute):
                root = root.value
            bound |= {root.id} if isinstance(root, ast.Name) else set()
    return bound


def decorated(statement):
    """Return the name of the record that a statement defines, or None."""
    if isinstance(statement, ast.FunctionDef):
        for call in statement.decorator_list:
            if isinstance(call, ast.Call) and ast.unparse(call.func).split(".")[-1] == "record":
                return call.args[0].value
    return None


def statements(nb):
    """Return the statements at the top of a chapter's code cells, in order."""
    return [s for cell in nb.cells if cell.cell_type == "code" for s in parse(cell.source).body]


def records_of(nb):
    """Return {name: index of the statement that defines it} of a chapter's records."""
    return {name: i for i, s in enumerate(statements(nb)) if (name := decorated(s))}


def digest(nb, index):
    """Return the digest of the code that a record depends on.

    Args:
        nb: the chapter.
        index: of the statement that defines the record, as from records_of().

    That is the statement itself and, among those before it, all that bind a name it reaches. Comments and
    layout do not count.
    """
    body = statements(nb)[: index + 1]
    used, taken = names_used(body[index]), {index}
    while True:
        more = {i for i, s in enumerate(body) if i not in taken and names_bound(s) & used}
        if not more:
            break
        taken |= more
        used |= set().union(*(names_used(body[i]) for i in more))
    text = "\n".join(ast.unparse(body[i]) for i in sorted(taken))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def stale(path):
    """Return one sentence for each record of a chapter that is lacking or older than its code."""
    nb = nbformat.read(path, as_version=4)
    said = []
    for name, index in records_of(nb).items():
        file, again = FOLDER / f"{name}.json", f"make records CHAPTER={name[:2]}"
        if not file.exists():
            said.append(f"{name}: there is no such record ({again})")
        elif json.loads(file.read_text(encoding="utf-8"))["digest"] != digest(nb, index):
            said.append(f"{name}: the code has changed since it was made ({again})")
    return said


# --- making them


def cells_to_run(nb, only):
    """Return the sources up to the last cell of a wanted record, those of other records left out."""
    code = [cell for cell in nb.cells if cell.cell_type == "code"]
    names = [next(filter(None, map(decorated, parse(cell.source).body)), None) for cell in code]
    last = max(i for i, name in enumerate(names) if name in only)
    return [
        cell.source for cell, name in zip(code[: last + 1], names, strict=False) if not name or name in only
    ]


def run_here(path, only):
    """Run a chapter's cells in this process; the records write their parts themselves.

    A cell that fails is passed over unless it makes a record: one that reads a record which is not yet there.
    """
    import matplotlib
    import matplotlib.pyplot as plt
    from IPython.core.interactiveshell import InteractiveShell

    matplotlib.use("Agg")
    os.chdir(path.parent)
    sys.path.insert(0, str(TOP))
    shell = InteractiveShell.instance(history_length=0)
    # what is said of all seeds may be false of this part of them: no page of red for that
    shell.showtraceback = lambda *_, **__: None
    for source in cells_to_run(nbformat.read(path, as_version=4), only):
        result = shell.run_cell(source, store_history=False)
        error = result.error_before_exec or result.error_in_exec
        plt.close("all")
        if error and any(map(decorated, parse(source).body)):
            raise SystemExit(f"{path.name}: the record could not be made: {type(error).__name__}: {error}")


def processor():
    """Return the processor's name in words."""
    for line in Path("/proc/cpuinfo").read_text().splitlines() if os.path.exists("/proc/cpuinfo") else ():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def make(path, only, processes):
    """Make records of a chapter and write them into course_utils/records."""
    nb = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        running = []
        for index in range(processes):
            environment = {
                **os.environ,
                "COURSE_RECORDS": f"{folder}|{index}/{processes}",
                "BOOK_STATIC": "1",
            }
            environment.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // processes)))
            command = [sys.executable, __file__, "--run", str(path), "--only", *only]
            running.append(subprocess.Popen(command, env=environment))
        try:
            failed = [process.wait() for process in running]
        finally:
            for process in running:
                process.kill()
        if any(failed):
            raise SystemExit(f"{path.name}: no record was written")
        for name in only:
            parts = [json.loads(Path(folder, f"{name}.{i}.json").read_text()) for i in range(processes)]
            write(nb, name, parts)


def write(nb, name, parts):
    """Put the parts of a record together, with what made it, and write its file."""
    rows = {int(seed): row for part in parts for seed, row in part["rows"].items()}
    seeds = parts[0]["seeds"]
    content = {
        "name": name,
        "title": parts[0]["title"],
        "seeds": seeds,
        "rows": [rows[seed] for seed in seeds],
        "made": {
            "date": date.today().isoformat(),
            "seconds": round(max(part["seconds"] for part in parts), 1),
            "processes": len(parts),
            "processor": processor(),
            "python": platform.python_version(),
            "torch": importlib.metadata.version("torch").partition("+")[0],
        },
        "digest": digest(nb, records_of(nb)[name]),
    }
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    (FOLDER / f"{name}.json").write_text(
        text.replace('"rows":[', '"rows":[\n').replace("},{", "},\n{") + "\n"
    )
    print(f"{name}: {len(seeds)} seeds, {content['made']['seconds']} s", flush=True)


def main():
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("chapters", nargs="*", help="numbers, as 14")
    arguments.add_argument("--only", nargs="*", default=[], help="names of records")
    arguments.add_argument("--processes", type=int, default=min(2, os.cpu_count() or 1))
    arguments.add_argument("--check", action="store_true", help="only say which are older than their code")
    arguments.add_argument("--run", type=Path, help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.run:
        run_here(given.run, given.only)
        return
    paths = [execute.find(number) for number in given.chapters] or sorted((TOP / "book").glob("[0-9]*.ipynb"))
    if given.check:
        if said := [sentence for path in paths for sentence in stale(path)]:
            raise SystemExit("\n".join(said))
        return
    build = TOP / "_build"
    build.mkdir(exist_ok=True)
    with interrupts.ends_with("interrupted; no record was written"), turns.turn(build, "records"):
        for path in paths:
            names = list(records_of(nbformat.read(path, as_version=4)))
            if unknown := set(given.only) - set(names):
                raise SystemExit(
                    f"{path.name} has no record {', '.join(sorted(unknown))}; "
                    f"it has {', '.join(names) or 'none'}"
                )
            if names:
                make(path, given.only or names, given.processes)


if __name__ == "__main__":
    main()
