"""Tell an untouched stub from an attempt."""

from __future__ import annotations

import dis
import types

# Bytecode of Python 3.10 to 3.14 that neither reads an argument nor computes.
_IDLE = {
    "RESUME", "NOP", "CACHE", "PRECALL", "PUSH_NULL", "LOAD_CONST", "LOAD_COMMON_CONSTANT",
    "LOAD_SMALL_INT", "POP_TOP", "RETURN_VALUE", "RETURN_CONST", "LOAD_GLOBAL", "LOAD_NAME", "CALL",
    "CALL_FUNCTION", "RAISE_VARARGS", "RETURN_GENERATOR", "YIELD_VALUE", "COPY_FREE_VARS", "NOT_TAKEN",
    "EXTENDED_ARG",
}  # fmt: skip


def is_stub(answer) -> bool:
    """Whether nothing has been written yet: ``...``, ``pass``, ``return None`` or ``raise
    NotImplementedError``.

    A class counts as a stub while all its own methods do (except ``__init__``, which a stub may come with): a
    finished one may well have a method that is meant to do nothing.
    """
    if answer is None or answer is ...:
        return True
    if isinstance(answer, type):
        own = [(name, f) for name, f in vars(answer).items() if hasattr(f, "__code__")]
        return all(_idle(f.__code__) for name, f in own if name != "__init__")
    code = getattr(answer, "__code__", None)
    return isinstance(code, types.CodeType) and _idle(code)


def _idle(code) -> bool:
    """Whether the code reads no argument and computes nothing but None, ... or NotImplementedError."""
    if not set(code.co_names) <= {"NotImplementedError"}:
        return False
    if any(c is not None and c is not ... and type(c) is not str for c in code.co_consts):
        return False
    return all(step.opname in _IDLE for step in dis.get_instructions(code))


def unfinished(got) -> bool:
    """Whether a plain result or Failure says that the body is still ``...``."""
    kind, message = getattr(got, "kind", ""), getattr(got, "message", "")
    if kind == "NotImplementedError" or (kind in ("TypeError", "AttributeError") and "'ellipsis'" in message):
        return True
    if type(got) in (tuple, list) and got:
        return all(unfinished(item) for item in got)
    return got is ...
