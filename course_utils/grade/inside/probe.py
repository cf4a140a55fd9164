"""Runs in the sandbox: tries one thing that must fail. Sends "done" on the result pipe where it worked.

Usage: through ``start.py``: ``probe.py FD NAME PORT VICTIM SECRET OUTSIDE MEMORY PROCESSES``.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import time

RESULT = int(sys.argv[1])
NAME, PORT, VICTIM, SECRET, OUTSIDE, MEMORY, PROCESSES = sys.argv[2:9]


def network():
    """Reach a listener of the grader, by TCP and by name in the abstract space."""
    socket.create_connection(("127.0.0.1", int(PORT)), timeout=2)
    return True


def read_home():
    """Read a file of the teacher."""
    return bool(open(SECRET).read())


def write_outside():
    """Write beside it; cut it off, rename it, change its mode or its time."""

    def write():
        with open(OUTSIDE, "w") as file:
            file.write("x")

    changes = (
        write,
        lambda: os.truncate(SECRET, 0),
        lambda: os.chmod(SECRET, 0o600),
        lambda: os.utime(SECRET, (1, 1)),
        lambda: os.rename(SECRET, OUTSIDE),
        lambda: os.link(SECRET, OUTSIDE),
        lambda: os.symlink(SECRET, OUTSIDE),
        lambda: os.mkdir(OUTSIDE),
    )
    reached = False
    for change in changes:
        with contextlib.suppress(OSError):
            change()
            reached = True
    return reached


def more_processes():
    """Start more processes than allowed."""
    for _ in range(int(PROCESSES) + 8):
        if os.fork() == 0:
            time.sleep(20)
            os._exit(0)
    return True


def more_memory():
    """Touch more memory than allowed, in one process, and in four that each stay below the limit."""
    with contextlib.suppress(MemoryError):
        bytearray(int(MEMORY))
        return True
    for _ in range(3):
        if os.fork() == 0:
            break
    block = bytearray(int(MEMORY) // 2)
    block[::4096] = b"x" * len(block[::4096])
    time.sleep(3)
    return True


def signal_parent():
    """End a process of the grader's user, or the grader."""
    reached = False
    for pid in (int(VICTIM), os.getppid()):
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGCONT)
            reached = reached or pid == int(VICTIM)
    return reached


def read_memory():
    """Read the memory or the environment of a process of the grader."""
    for name in ("mem", "environ", "maps"):
        with contextlib.suppress(OSError), open(f"/proc/{VICTIM}/{name}", "rb") as file:
            if name != "mem" and file.read():
                return True
            if name == "mem":
                return True
    import ctypes

    return ctypes.CDLL(None).ptrace(16, int(VICTIM), 0, 0) == 0  # PTRACE_ATTACH


def outlive():
    """Leave a process behind that holds the result pipe; the grader looks whether it stays."""
    import ctypes

    with contextlib.suppress(AttributeError):  # Linux only
        ctypes.CDLL(None).prctl(15, b"left-behind", 0, 0, 0)  # PR_SET_NAME
    for _ in range(2):
        if os.fork():
            os._exit(0)
        with contextlib.suppress(OSError):
            os.setsid()
    time.sleep(60)


try:
    if globals()[NAME]():
        os.write(RESULT, b"done")
except BaseException as error:
    print(type(error).__name__, error)
os._exit(0)
