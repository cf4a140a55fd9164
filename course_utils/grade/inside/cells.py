"""Run notebook cells without Jupyter: read them as IPython does, choose the statements an answer needs, run
them.
"""

from __future__ import annotations
import __future__

import ast
import builtins
import contextlib
import linecache
import re
import symtable
import sys
from dataclasses import dataclass, field

# Cell magics whose body is no Python of this process; of all others the body runs as Python.
NO_PYTHON = {
    "bash", "sh", "script", "system", "sx", "cmd", "html", "HTML", "javascript", "js", "latex", "markdown",
    "svg", "SVG", "perl", "ruby", "python", "python2", "python3", "pypy", "writefile", "file", "R", "sql",
}  # fmt: skip
# Line magics whose argument is a statement that they run.
RUNS = {"time", "timeit", "prun", "memit", "mprun", "lprun", "snakeviz", "debug"}
NEWER = (  # grammar of later versions of Python, by the version that brought it
    ((3, 11), re.compile(r"^\s*except\s*\*", re.M)),
    ((3, 12), re.compile(r"^\s*type \w+ ?(?:\[[^\]\n]*\] ?)?=|^\s*(?:async def|def|class) \w+ ?\[", re.M)),
    ((3, 14), re.compile(r"^\s*except \w+, ?\w+[^:\n]*:|(?<![\w'\"])[rR]?[tT]['\"]", re.M)),
)
OLD_STRINGS = ("f-string: unm", "f-string: exp", "f-string: unt", "f-string expression part cannot include")

SURE = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Assign, ast.Import, ast.ImportFrom)


class NewerPython(SyntaxError):
    """A cell uses the grammar of a later Python than this one."""


@dataclass
class Piece:
    """One statement at the top of a cell.

    Args:
        cell: index of its cell.
        node: the statement.
        binds, uses, changes: global names it gives a value, reads, and whose objects it may change.
        star: whether it binds names that cannot be listed.
        flags: of the compiler, from ``__future__``.
    """

    cell: int
    node: ast.stmt
    binds: set = field(default_factory=set)
    uses: set = field(default_factory=set)
    changes: set = field(default_factory=set)
    star: bool = False
    flags: int = 0

    @property
    def sure(self) -> bool:
        """Whether it always binds what it binds."""
        return isinstance(self.node, SURE)


def body(source: str) -> tuple[str, str]:
    """(source without its cell magics, "" or the name of a cell magic whose body is no Python)."""
    lines = source.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for i, line in enumerate(lines):
        if not line.strip():
            continue
        if not line.startswith("%%"):
            break
        word = (line[2:].split() or [""])[0]
        if word in NO_PYTHON or word.startswith("!"):
            return "", word
        lines[i] = ""
    return "\n".join(lines), ""


def parse(source: str, label: str = "<cell>") -> ast.Module:
    """The statements of a cell, with IPython's magics and shell lines as calls of ``get_ipython()``.

    Raises:
        SyntaxError: also for IPython; ``NewerPython`` if a later version of Python would read it.
    """
    text, _ = body(source)
    try:
        tree = ast.parse(text, label)
    except SyntaxError as plain:
        text = _ipython().transform_cell(text)
        try:
            tree = _Fold().visit(ast.parse(text, label))
        except SyntaxError as error:
            if newer(text, str(plain)) or newer(text, str(error)):
                raise NewerPython(str(error)) from None
            raise
    linecache.cache[label] = (len(text), None, [line + "\n" for line in text.split("\n")], label)
    return tree


def newer(source: str, error: str) -> bool:
    """Whether source that this Python cannot read uses the grammar of a later one."""
    here = sys.version_info[:2]
    if here < (3, 12) and error.startswith(OLD_STRINGS):
        return True
    return any(version > here and pattern.search(source) for version, pattern in NEWER)


def _ipython():
    """IPython's own reader of cells, without cell magics."""
    from IPython.core.inputtransformer2 import TransformerManager, cell_magic

    reader = TransformerManager()
    reader.cleanup_transforms = [step for step in reader.cleanup_transforms if step is not cell_magic]
    return reader


class _Fold(ast.NodeTransformer):
    """Put the statement of ``%time statement`` and its like in place of the magic."""

    def visit_Expr(self, node):
        inner = _argument(node.value)
        for statement in inner.body if inner else []:
            statement.folded = True
        return inner.body if inner else node

    def visit_Assign(self, node):
        inner = _argument(node.value)
        if inner and len(inner.body) == 1 and isinstance(inner.body[0], ast.Expr):
            node.value, node.folded = inner.body[0].value, True
        return node


def _argument(call) -> ast.Module | None:
    """The code that a call ``get_ipython().run_line_magic('time', code)`` would run."""
    if not (isinstance(call, ast.Call) and getattr(call.func, "attr", "") == "run_line_magic"):
        return None
    words = [a.value for a in call.args if isinstance(a, ast.Constant)]
    if len(words) != 2 or words[0] not in RUNS:
        return None
    code = re.sub(r"^(?:-\w+ ?\d* )*", "", words[1])
    try:
        inner = ast.parse(code)
    except SyntaxError:
        return None
    for node in ast.walk(inner):
        if hasattr(node, "lineno"):
            node.lineno, node.end_lineno = call.lineno, call.end_lineno
    return inner if inner.body else None


class Shell:
    """What ``get_ipython()`` gives: every magic and every command of the system does nothing."""

    def getoutput(self, *args, **kwargs):
        return []

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *args, **kwargs: None


def pieces(source: str, cell: int, label: str, flags: int = 0) -> list[Piece]:
    """The statements of a cell and the names they bind, use and change. Raises as ``parse``."""
    tree = parse(source, label)
    lines = [line.rstrip("\n") for line in linecache.cache[label][2]]
    found = []
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module == "__future__":
            for alias in node.names:
                flags |= getattr(getattr(__future__, alias.name, None), "compiler_flag", 0)
        first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
        piece = Piece(cell, node, changes=_changes(node), flags=flags)
        folded = getattr(node, "folded", False)
        text = ast.unparse(node) if folded else "\n".join(lines[first - 1 : node.end_lineno])
        with contextlib.suppress(Exception):  # what nobody writes by hand is run, but not followed
            piece.binds, piece.uses, piece.star = names(text)
        found.append(piece)
    return found


def names(source: str) -> tuple[set, set, bool]:
    """(names a statement binds, global names it uses, whether it binds names that cannot be listed)."""
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


def _changes(node: ast.stmt) -> set:
    """Names whose objects a statement may change: ``x.a = ...``, ``x[i] = ...``, ``x.append(...)``."""
    found, todo = set(), [node]
    while todo:
        one = todo.pop()
        if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            continue
        target = None
        if isinstance(one, ast.Attribute | ast.Subscript) and not isinstance(one.ctx, ast.Load):
            target = one
        elif isinstance(one, ast.Expr) and isinstance(one.value, ast.Call):
            target = one.value.func if isinstance(one.value.func, ast.Attribute) else None
        while isinstance(target, ast.Attribute | ast.Subscript):
            target = target.value
        if isinstance(target, ast.Name):
            found.add(target.id)
        todo += ast.iter_child_nodes(one)
    return found


def holds(piece: Piece, name: str) -> bool:
    """Whether a statement binds an exercise's name, or hands something to its check."""
    if name in piece.binds:
        return True
    return any(isinstance(node, ast.Attribute) and node.attr == name for node in ast.walk(piece.node))


def needed(book: list[Piece], cells: list, wanted: set) -> set:
    """Indices of the statements that the answers ``wanted`` need: those that hold them, then, by names, what
    those use.

    Args:
        book: all statements in the order of the notebook.
        cells: dicts with "answers", the exercises a cell may hold the answer of.
        wanted: names of exercises.
    """
    binders: dict[str, list[int]] = {}
    changers: dict[tuple[int, str], list[int]] = {}
    chosen = {i for i, piece in enumerate(book) if piece.star}
    for i, piece in enumerate(book):
        for name in piece.binds:
            binders.setdefault(name, []).append(i)
        for name in piece.changes:
            changers.setdefault((piece.cell, name), []).append(i)
        if any(holds(piece, name) for name in wanted & set(cells[piece.cell]["answers"])):
            chosen.add(i)
    todo = list(chosen)
    while todo:
        i = todo.pop()
        for name in book[i].uses:
            for j in _providers(book, binders.get(name, []), i):
                module = isinstance(book[j].node, ast.Import | ast.ImportFrom)
                around = [*changers.get((book[j].cell, name), []), *changers.get((book[i].cell, name), [])]
                more = [k for k in around if not module or isinstance(book[k].node, ast.Expr)]
                for k in (j, *more):
                    if k not in chosen:
                        chosen.add(k)
                        todo.append(k)
    return chosen


def _providers(book, binders, i) -> list[int]:
    """The statements that give a name its value at statement ``i``: the last before it, with those before
    that where it may not do so; else the first after it.
    """
    found = []
    for j in reversed([j for j in binders if j < i]):
        found.append(j)
        if book[j].sure:
            break
    return found or [j for j in binders if j > i][:1]


def run(piece: Piece, space: dict, label: str) -> None:
    """Execute one statement in a namespace; top-level ``await`` works. Raises what it raises."""
    flags = piece.flags | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    code = compile(ast.Module([piece.node], []), label, "exec", flags=flags, dont_inherit=True)
    result = eval(code, space)
    if code.co_flags & 0x80 and result is not None:  # a coroutine: the statement awaits
        import asyncio

        asyncio.run(result)
