"""One at a time: two `make` in the same tree take turns instead of writing over one another.

The operating system keeps the lock and drops it when a process ends, however it ends; no file is left behind.
"""

import contextlib
import os
import sys

# No syntax that an old Python cannot read: scripts/environment.py runs on the Python that `make` finds.
# ruff: noqa: UP032
try:
    import fcntl
except ImportError:  # Windows
    fcntl = None


@contextlib.contextmanager
def turn(folder, what):
    """Wait until no other process is inside `turn` with the same folder.

    Args:
        folder: an existing folder, on which the lock is held.
        what: what is done here, for the sentence that says why it waits.
    """
    if fcntl is None:
        yield
        return
    handle = os.open(str(folder), os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("{}: another `make` is at it in this folder; waiting for it".format(what))
            sys.stdout.flush()
            fcntl.flock(handle, fcntl.LOCK_EX)
        except OSError:  # a file system without locks
            pass
        yield
    finally:
        os.close(handle)
