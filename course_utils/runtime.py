"""The first lines of every chapter: device, seeds, figure style, progress bars."""

from __future__ import annotations

import os
import random


def start(seed: int = 0):
    """Choose the device, seed every random generator and set the figure style.

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
    if torch.cuda.is_available():
        device, name = torch.device("cuda"), torch.cuda.get_device_name()
    elif torch.backends.mps.is_available():
        device, name = torch.device("mps"), "Apple GPU"
    else:
        device, name = torch.device("cpu"), f"{torch.get_num_threads()} threads"
    print(f"PyTorch {torch.__version__.split('+')[0]} on {device.type} ({name})")
    return device


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
