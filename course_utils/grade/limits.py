"""Every limit of the grader in one place. Sizes in bytes, times in seconds."""

from __future__ import annotations

KB, MB, GB = 1 << 10, 1 << 20, 1 << 30

FILE = 512 * MB  # a file handed in, and all notebooks in a zip
NOTEBOOK = 64 * MB  # a file as it travels to a worker; of a larger one only the cells do
SOURCE = 2 * MB  # all code of a file handed in
CELLS = 2_000
NOTEBOOKS = 20  # notebooks in one zip
TAKES = 4  # answers to one exercise in one notebook that are tried
TRIES = 5  # of them, those that answer one exercise
MEMBERS = 2_000  # files in one zip
PARSE_SECONDS, PARSE_MEMORY = 30, 2 * GB

MEMORY = 4 * GB  # of one process, and of all processes of a submission together
PROCESSES = 64  # processes and threads of a submission
SCRATCH = 256 * MB  # files it may write
OUTPUT = 24 * MB  # results sent back
LOG = 32 * KB  # what it prints, kept for the teacher
FRAMES = 2_000  # results sent back
HEADER = 64 * KB  # header of one safetensors frame
TREE = 2 * MB  # structure of one result
TREES = 4 * MB  # structures of all results of one sandbox

START = 40  # wall-clock seconds for starting Python, importing torch and running helper cells
BUSY = 5  # a busy machine may make a sandbox take so many times as long
HELPERS = 15  # CPU seconds of them, for helper cells


def item_cpu(exercise, patience: float = 1) -> float:
    """CPU seconds that one exercise may take; other programs on the machine do not count."""
    return patience * (2 * exercise.seconds + 3)


def wall(exercises, patience: float = 1) -> float:
    """Wall-clock seconds that one sandbox may take: twice the CPU seconds, and the start."""
    return patience * START + 2 * sum(item_cpu(e, patience) for e in exercises)
