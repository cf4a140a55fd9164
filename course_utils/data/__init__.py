"""The course's data sets: real, licensed, and checked byte by byte before anything is opened.

    >>> from course_utils import data
    >>> images, labels = data.load("mnist10k", split="train", device="cpu")
    >>> for x, y in data.batches((images, labels), 100, seed=epoch):
    ...     ...
    >>> data.info("mnist10k")  # what it is, whose it is, what simple methods reach, and a contact sheet

A file is looked for in the repository's ``data/``, then in the folder named by ``COURSE_DATA``, then
downloaded once into the user's cache. ``registry.json`` is the table of files and sets; ``registry.py``
reads it, ``fetch.py`` finds and checks files, ``decode.py`` and ``originals.py`` turn them into tensors,
``compose.py`` makes scenes, ``card.py`` prints cards. Importing this module imports neither PyTorch nor
NumPy.
"""

from __future__ import annotations

from .registry import DataError, entry, names

__all__ = ["DataError", "batches", "classes", "compose", "info", "load", "names", "rows"]


def __getattr__(name: str):
    if name == "compose":  # imports PyTorch, so only when asked for
        import importlib

        return importlib.import_module(".compose", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def load(name: str, split: str | None = None, size: int | None = None, device=None):
    """Load a data set as tensors.

    Args:
        name: one of ``names()``.
        split: the part, one of those on the card of the set; None takes the first one listed there.
        size: the side of the pictures in pixels, for sets of pictures; None takes the size on the card.
        device: where the tensors go; None leaves them on the CPU.

    Returns:
        A named tuple whose fields, shapes, types and units stand on the card (``info(name)``).

    Raises:
        ValueError: there is no such set, split or size; says which there are.
        DataError: a file is missing, damaged or out of reach; says which, and what to do.
    """
    from . import decode

    return decode.load(name, split, size, device)


def info(name: str, show: bool = True):
    """Print the card of a data set: what, how many, source, licence, citation, honest baselines.

    Args:
        name: one of ``names()``.
        show: also draw the contact sheet, for sets that have pictures.

    Returns:
        The matplotlib Figure of the contact sheet, or None.

    Raises:
        ValueError: there is no such set; names the closest.
    """
    from . import card

    return card.info(name, show)


def classes(name: str) -> list[str]:
    """List the names of the classes that the labels of a set point to.

    Raises:
        ValueError: the set has no classes.
    """
    card = entry(name)
    if "classes" in card:
        return card["classes"]
    if "class_column" in card:
        return sorted({row[card["class_column"]] for row in rows(name)})
    raise ValueError(f"classes: {name!r} has no classes.")


def rows(name: str) -> list[dict]:
    """Read the table of a set that has one: a dict of strings for each emoji, cut-out, avatar or gloss.

    Raises:
        ValueError: the set has no table; names those that have.
    """
    from . import decode

    if "table" not in entry(name):
        having = ", ".join(other for other in names() if "table" in entry(other))
        raise ValueError(f"rows: {name!r} has no table; there are tables of {having}.")
    return decode.rows(entry(name)["table"])


def batches(data, batch_size: int, seed: int | None = 0, device=None, drop_last: bool = False):
    """Yield one epoch of mini-batches as index slices; no workers, no copies between devices.

    The order is drawn on the CPU by a generator of its own, so it depends on ``seed`` alone: not on the
    device, the number of threads, or what was drawn before. Give another seed each epoch (``seed=epoch``).

    Args:
        data: the number of samples N, a tensor of length N, or a tuple of such tensors.
        batch_size: samples per batch; the last batch may be smaller.
        seed: the order of this epoch; None keeps the order of the data.
        device: where the indices are put when ``data`` is a number; tensors are sliced where they are.
        drop_last: leave out a last batch that is not full.

    Yields:
        index tensors (B,) int64 when ``data`` is a number, slices (B, …) when it is a tensor, else tuples
        of them.

    Raises:
        ValueError: the tensors have different lengths, or ``batch_size`` is not positive.
    """
    import torch

    tensors = (data,) if isinstance(data, torch.Tensor) else () if isinstance(data, int) else tuple(data)
    lengths = {len(t) for t in tensors} if tensors else {data}
    if len(lengths) != 1:
        raise ValueError(f"batches: the tensors have lengths {sorted(lengths)}; they must be equal")
    if batch_size < 1:
        raise ValueError(f"batches: batch_size is {batch_size}, at least 1 is needed")
    n = lengths.pop()
    if seed is None:
        order = torch.arange(n)
    else:
        order = torch.randperm(n, generator=torch.Generator().manual_seed(seed))
    order = order.to(tensors[0].device if tensors else device)
    for index in order.split(batch_size):
        if drop_last and len(index) < batch_size:
            return
        if not tensors:
            yield index
        elif isinstance(data, torch.Tensor):
            yield data[index]
        else:
            yield tuple(t[index] for t in tensors)
