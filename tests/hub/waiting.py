"""Wait for something that takes its time on a busy machine."""

import time

GENEROUS = 600  # seconds; against hanging only


def until(ask, what: str):
    """Ask until the answer is true, and return it.

    Raises:
        TimeoutError: it never was; ``what`` says what was waited for.
    """
    end = time.monotonic() + GENEROUS
    while time.monotonic() < end:
        if answer := ask():
            return answer
        time.sleep(0.5)
    raise TimeoutError(f"{what}: not within {GENEROUS} s")
