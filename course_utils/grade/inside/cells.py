"""Run notebook cells without Jupyter: which cells an answer needs, and how to run one."""

from __future__ import annotations

import ast
import builtins
import linecache
import symtable


def python(source: str) -> str:
    """Cell source with IPython's line magics and shell lines commented out; of a cell magic, the rest of
    the cell.
    """
    lines = source.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    start = next((i for i, line in enumerate(lines) if line.strip()), 0)
    if lines[start].startswith("%%"):
        word = lines[start].split()[0]
        if word not in ("%%time", "%%timeit", "%%capture", "%%prun"):
            return ""
        lines[start] = ""
    for i, line in enumerate(lines):
        text = line.lstrip()
        if text.startswith(("%", "!")) or (text.startswith("?") or (text.endswith("?") and " " not in text)):
            lines[i] = line[: len(line) - len(text)] + "pass"
    return "\n".join(lines)


def names(source: str) -> tuple[set, set, bool]:
    """(names a cell binds, global names it uses, whether it binds names that cannot be listed)."""
    table = symtable.symtable(source, "cell", "exec")
    binds = {
        s.get_name() for s in table.get_symbols() if s.is_assigned() or s.is_imported() or s.is_namespace()
    }
    uses = {s.get_name() for s in table.get_symbols() if s.is_referenced()}
    stack = list(table.get_children())
    while stack:
        inner = stack.pop()
        uses |= {s.get_name() for s in inner.get_symbols() if s.is_global() and s.is_referenced()}
        binds |= {s.get_name() for s in inner.get_symbols() if s.is_declared_global() and s.is_assigned()}
        stack += inner.get_children()
    return binds, uses - set(dir(builtins)), "import *" in source


def needed(cells: list, wanted: set) -> set:
    """Indices of the cells that the answers ``wanted`` need, by names: their own cells, then what those use.

    Args:
        cells: dicts with "source" and "answers", the exercises a cell may hold the answer of.
        wanted: names of exercises.
    """
    facts = []
    for cell in cells:
        try:
            facts.append(names(python(cell["source"])))
        except Exception:
            facts.append((set(), set(), False))
    chosen = {i for i, (_, _, star) in enumerate(facts) if star}
    chosen |= {i for i, cell in enumerate(cells) if wanted & set(cell["answers"])}
    todo = list(chosen)
    while todo:
        i = todo.pop()
        for name in facts[i][1]:
            before = [j for j in range(i) if name in facts[j][0]]
            after = [j for j in range(i + 1, len(cells)) if name in facts[j][0]]
            for j in before[-1:] or after[:1]:
                if j not in chosen:
                    chosen.add(j)
                    todo.append(j)
    return chosen


def run(source: str, space: dict, label: str) -> None:
    """Execute one cell in a namespace, statement by statement; top-level ``await`` works.

    What fails here need not have failed for the student, such as mounting a drive: the statements after it
    run all the same. Raises the first exception, at the end.
    """
    source = python(source)
    linecache.cache[label] = (len(source), None, [line + "\n" for line in source.split("\n")], label)
    tree = ast.parse(source, label)
    together = any(isinstance(node, ast.ImportFrom) and node.module == "__future__" for node in tree.body)
    first = None
    for body in [tree.body] if together else [[node] for node in tree.body]:
        flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        code = compile(ast.Module(body, []), label, "exec", flags=flags, dont_inherit=True)
        try:
            result = eval(code, space)
            if code.co_flags & 0x80 and result is not None:  # a coroutine: the statement awaits
                import asyncio

                asyncio.run(result)
        except Exception as error:
            first = first or error
    if first:
        raise first
