"""The first lines of every chapter: device, seeds, threads, figure style, progress bars."""

from __future__ import annotations

import os
import random

from . import console, cores, memory

_watch = None  # the thread that looks after this kernel's memory, once started


def start(seed: int = 0):
    """Choose the device, seed every random generator and set the figure style.

    PyTorch takes no more threads than the cores that this process is granted, unless ``OMP_NUM_THREADS`` is
    set; fewer are left as they are. In a notebook, running out of memory is told in one sentence.

    Args:
        seed: the seed for Python, NumPy and PyTorch.

    Returns:
        ``torch.device``: CUDA if there is one, else Apple's MPS, else the CPU. It is printed, too.
    """
    import numpy as np
    import torch

    from . import plots

    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    plots.use_style()
    if not os.environ.get("OMP_NUM_THREADS") and torch.get_num_threads() > cores.cores():
        torch.set_num_threads(cores.cores())
    device, what = found()
    print(f"PyTorch {torch.__version__.split('+')[0]} on {device.type} ({what})")
    if console.in_notebook():
        _look_after_memory()
    return device


def found():
    """(``torch.device``, what it is and what follows from that, in words) of the best device here."""
    import torch

    if torch.cuda.is_available():
        size = torch.cuda.get_device_properties(0).total_memory >> 30
        return torch.device("cuda"), f"{torch.cuda.get_device_name()}, {size} GiB"
    if torch.backends.mps.is_available():
        return torch.device("mps"), "Apple GPU: float64 stays on the CPU"
    count = torch.get_num_threads()
    return torch.device("cpu"), f"{count} thread{'s' * (count != 1)}"


def _look_after_memory() -> None:
    """Let this kernel keep no free memory, and say when memory is short, before and after it is used up."""
    from IPython import get_ipython

    global _watch
    memory.look_after(get_ipython().events)
    get_ipython().set_custom_exc((RuntimeError,), _runtime_error)
    if _watch is None and os.environ.get("BOOK_STATIC") != "1":
        _watch = memory.watch()


def _runtime_error(shell, kind, error, trace, tb_offset=None):
    """IPython's handler of RuntimeError: one sentence for an allocator that found no room."""
    if sentence := out_of_memory(error):
        shell._showtraceback(kind, error, [sentence])
    else:
        shell.showtraceback((kind, error, trace), tb_offset=tb_offset, running_compiled_code=True)


def out_of_memory(error: RuntimeError) -> str:
    """What to do when PyTorch found no memory, as one sentence; "" for any other error."""
    text = str(error)
    if "DefaultCPUAllocator" in text and "memory" in text:
        whose = "this machine"
    elif "out of memory" in text:
        whose = "the GPU"
    else:
        return ""
    return (
        f"Out of memory: {whose} has no room left for this cell; take a smaller batch, "
        "then restart the kernel and run from the top."
    )


def share(hits) -> float:
    """The share of True in a bool tensor of any shape, to all digits on any device.

    float32 would round it, and Apple's GPUs have no float64: so the hits are counted.

    Raises:
        ValueError: it is empty, or no bool tensor.
    """
    import torch

    if hits.dtype != torch.bool or not hits.numel():
        raise ValueError(f"share: a {hits.dtype} tensor of shape {tuple(hits.shape)}, expected some bools")
    return hits.sum().item() / hits.numel()


def progress(iterable, label: str, total: int | None = None):
    """Wrap a long loop in a progress bar; silent while the book is being built.

    Args:
        iterable: what the loop runs over.
        label: the words in front of the bar.
        total: the number of steps, if ``iterable`` has no length.

    Returns:
        An iterable with the same items.
    """
    from tqdm.auto import tqdm

    return tqdm(iterable, desc=label, total=total, disable=os.environ.get("BOOK_STATIC") == "1", leave=False)
