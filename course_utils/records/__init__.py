"""Results of long runs, made once, committed beside this file, and read by the chapters.

A chapter defines the run of one seed and reads what came of all:

    @records.record("14_distance", seeds=20)
    def by_distance(seed):
        ...
        return {"LSTM": [1.0, 0.98], "plain": [0.5, 0.11]}

    by_distance.column("LSTM")  # (20, 2)

``make records CHAPTER=14`` runs the function for every seed and writes ``14_distance.json``. The file holds
a digest of the function and of all in the chapter that it uses; a test says when a record is older than its
code.
"""

from __future__ import annotations

import functools
import inspect
import json
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path

FOLDER = Path(__file__).parent
MAKING = "COURSE_RECORDS"  # names the folder for the parts while records are made: PATH, or PATH|1/2


class Record:
    """What the runs of a record gave.

    Attributes:
        name: as the file, without its ending.
        title: what was run, in a few words.
        seeds: the seeds, in order.
        rows: what the function returned, one dict a seed.
        made: dict with date, seconds (of the processor, in the process that took longest), processes,
            processor, python and torch.
    """

    def __init__(self, name: str, content: dict):
        self.name, self.title, self.made = name, content["title"], content["made"]
        self.seeds, self.rows = content["seeds"], content["rows"]

    def column(self, key: str):
        """One entry of every row as a NumPy array, seeds first.

        Raises:
            KeyError: no run returned it; the message names those there are.
        """
        import numpy as np

        if key not in self.rows[0]:
            raise KeyError(f"record {self.name} has no {key!r}; it has {', '.join(self.rows[0])}")
        return np.array([row[key] for row in self.rows])

    @property
    def note(self) -> str:
        """Seeds, time and versions in a line, for the note of a table or a caption."""
        made, seconds = self.made, self.made["seconds"]
        took = f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} minutes"
        parts = "1 process" if made["processes"] == 1 else f"{made['processes']} processes"
        return f"{len(self.seeds)} seeds, {took} in {parts} on {made['processor']}, PyTorch {made['torch']}"


def record(name: str, seeds: int | Iterable[int]) -> Callable[[Callable[[int], dict]], Record]:
    """Turn a function of a seed into the record of its runs.

    Args:
        name: "14_distance": the chapter's number and a name; the record lies in NAME.json.
        seeds: the seeds, or their number.

    Returns:
        a decorator. What it gives is a ``Record``; while records are made, the runs take place first.

    Raises:
        FileNotFoundError: there is no such record.
        ValueError: the record holds other seeds.
    """
    wanted = list(range(seeds)) if isinstance(seeds, int) else list(seeds)

    def read(run: Callable[[int], dict]) -> Record:
        if making := os.environ.get(MAKING):
            return make(name, run, wanted, making)
        file = FOLDER / f"{name}.json"
        if not file.exists():
            raise FileNotFoundError(f"There is no record {name}; make records CHAPTER={name[:2]} writes it.")
        found = Record(name, json.loads(file.read_text(encoding="utf-8")))
        if found.seeds != wanted:
            raise ValueError(
                f"The record {name} holds {len(found.seeds)} seeds, the chapter asks for {len(wanted)}; "
                f"make records CHAPTER={name[:2]} writes it anew."
            )
        return found

    return read


def make(name: str, run: Callable[[int], dict], seeds: list[int], where: str) -> Record:
    """Run the seeds of this process's part, write them to a file, return them as a Record.

    Args:
        name: of the record.
        run: the function of a seed.
        seeds: all seeds.
        where: the folder for the parts; "PATH|1/2" makes every second seed only, from the second.
    """
    folder, _, part = where.partition("|")
    index, parts = map(int, (part or "0/1").split("/"))
    start, rows = time.process_time(), {}  # of the processor: what else runs there does not count
    for seed in seeds[index::parts]:
        rows[seed] = plain(run(seed))
        print(f"record {name}: seed {seed}, {time.process_time() - start:.0f} s", flush=True)
    title = (inspect.getdoc(run) or name).splitlines()[0].rstrip(".")
    content = {"title": title, "seeds": seeds, "rows": rows, "seconds": time.process_time() - start}
    Path(folder, f"{name}.{index}.json").write_text(json.dumps(content), encoding="utf-8")
    made = {"seconds": content["seconds"], "processes": parts, "processor": "this machine", "torch": ""}
    return Record(name, {**content, "seeds": list(rows), "rows": list(rows.values()), "made": made})


@functools.singledispatch
def plain(value):
    """A result as JSON can hold it: tensors and arrays as lists, floats to six significant digits."""
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    raise TypeError(f"record: a {type(value).__name__} cannot be kept; return numbers, texts, lists, dicts")


@plain.register(dict)
def _(value):
    return {str(key): plain(item) for key, item in value.items()}


@plain.register(list)
@plain.register(tuple)
def _(value):
    return [plain(item) for item in value]


@plain.register(float)
def _(value):
    return float(f"{value:.6g}")


@plain.register(int)
@plain.register(str)
@plain.register(type(None))
def _(value):
    return value
