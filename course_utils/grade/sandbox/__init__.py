"""Run a script where it can do no harm, with a limit on everything it uses."""

from .backends import BACKENDS, NoSandbox, choose, shown
from .run import Finished, run

__all__ = ["BACKENDS", "Finished", "NoSandbox", "choose", "run", "shown"]
