"""Ctrl-C, pressed once or again and again: what runs is ended, and one sentence is printed."""

import contextlib
import signal
import sys

# No syntax that an old Python cannot read: scripts/environment.py runs on the Python that `make` finds.


def interrupt(number, frame):
    """Raise KeyboardInterrupt at the first Ctrl-C; those that follow do not disturb the tidying up."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise KeyboardInterrupt


@contextlib.contextmanager
def ends_with(sentence):
    """Turn Ctrl-C inside `with` into a sentence and exit status 130. For the main thread."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # a shell's background jobs ignore it
        signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # it may have been SIGTERM
        sys.stderr.write(sentence + "\n")
        sys.exit(130)
