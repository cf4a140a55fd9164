"""How much memory a control group leaves this process, and a word before it is used up.

Over the limit of its group, Linux ends a kernel without a word; the watch speaks while it still can. What is
free in this process is given back after each cell.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import threading

from .console import say
from .cores import groups, words

FULL, EASY = 0.9, 0.8  # shares of the limit: where the watch speaks, and below which it may speak again
PAUSE = 0.25  # seconds between two looks
FILES = {  # of version 2 and of version 1: limit, use, and the part of the use that files may give back
    ("memory.max", "memory.current"): "inactive_file",
    ("memory.limit_in_bytes", "memory.usage_in_bytes"): "total_inactive_file",
}


def room() -> tuple[int, int] | None:
    """(bytes in use, bytes allowed) of the control group that is nearest to its limit; None without one."""
    found = []
    for folder in groups("memory"):
        stat = words(folder / "memory.stat")
        for (limit, use), cached in FILES.items():
            with contextlib.suppress(ValueError):  # no such file, or "max"
                most, used = (int(" ".join(words(folder / name))) for name in (limit, use))
                used -= int(stat[stat.index(cached) + 1]) if cached in stat else 0
                if most < 1 << 60:  # the first version writes its largest number for no limit
                    found.append((used, most))
    return max(found, key=lambda pair: pair[0] / pair[1], default=None)


def give_back(*_) -> None:
    """Give free memory back to the system.

    Figures that were closed lie about until Python looks for cycles, and glibc keeps what a large set has
    used: 150 MiB each in some chapters.
    """
    gc.collect()
    if os.name == "posix" and (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)):
        trim(0)


def look_after(events) -> None:
    """Give memory back after each cell from now on; what is imported so far is not looked through each time.

    Args:
        events: of an IPython shell.
    """
    if give_back not in events.callbacks["post_run_cell"]:
        gc.collect()
        gc.freeze()
        events.register("post_run_cell", give_back)


def watch() -> threading.Thread | None:
    """Start the watch, a thread that ends with the process; None where no limit is told."""
    if room() is None:
        return None
    thread = threading.Thread(target=_look, name="memory watch", daemon=True)
    thread.start()
    return thread


def _look(stop: threading.Event | None = None) -> None:
    stop, told = stop or threading.Event(), False
    while not stop.wait(PAUSE):
        used, most = room() or (0, 1)
        if used > FULL * most and not told:
            say(
                f"Memory is nearly used up: {used >> 20:,} of {most >> 20:,} MiB. Shut down the kernels of "
                "other notebooks, or restart this one; beyond the limit the system ends it without a word."
            )
        told = used > (EASY if told else FULL) * most
