"""Run many lists of cells, and what several of them begin with only once.

    python tests/chapters/forked.py < lists.json

Reads {name: [source of a cell, …]} as JSON and writes {name: what stopped the list, "" where it ran through}.
Where lists part, the process forks: each continues from the same state, as if it had run alone. Forking is
safe while there is one thread, so the caller sets OMP_NUM_THREADS=1 and hides the GPUs. Elsewhere than on
Linux each list runs from its beginning.
"""

import contextlib
import json
import os
import sys


def fresh():
    """Return the namespace of a notebook that has just been opened."""
    return {"__name__": "__main__"}


def follow(lists, namespace, start=0):
    """Run the rest of each list.

    Args:
        lists: {name: list of sources}; they agree in the first `start` cells.
        namespace: the state after these cells; it is changed.
        start: how many cells have run.

    Returns:
        dict {name: what stopped it, or ""}.
    """
    found, branches = {}, {}
    for name, sources in lists.items():
        if len(sources) == start:
            found[name] = ""
        else:
            branches.setdefault(sources[start], {})[name] = sources
    while branches:
        source, branch = branches.popitem()
        run = in_a_copy if branches else step  # the last branch goes on in this process
        found |= run(source, branch, namespace, start)
    return found


def step(source, branch, namespace, start):
    """Run one cell and then the rest of the lists that go on with it; as `follow`."""
    try:
        exec(compile(source, f"code cell {start}", "exec"), namespace)
    except Exception as error:
        kind = AssertionError if isinstance(error, AssertionError) else type(error)
        return dict.fromkeys(branch, f"{kind.__name__}: {error}")
    return follow(branch, namespace, start + 1)


def in_a_copy(source, branch, namespace, start):
    """Do `step` in a copy of this process."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        with os.fdopen(writing, "w") as pipe:
            json.dump(step(source, branch, namespace, start), pipe)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        said = pipe.read()
    _, status = os.waitpid(child, 0)
    return json.loads(said) if said else dict.fromkeys(branch, f"its process ended with status {status}")


def main():
    lists = json.load(sys.stdin)
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        if sys.platform == "linux":
            found = follow(lists, fresh())
        else:
            found = {name: follow({name: cells}, fresh())[name] for name, cells in lists.items()}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
