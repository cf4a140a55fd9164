"""A check runs in a session as it was at its start: what the reader has changed since is set aside and given
back.
"""

from __future__ import annotations

import contextlib
import random
import warnings

from .. import runtime

SEED = 0  # the visible check always draws the same cases


def devices() -> list:
    """Where an answer may be at home: the CPU first, then the reader's default device, then the chapter's."""
    import torch

    best = torch.empty(0, device=runtime.found()[0]).device
    homes = dict.fromkeys([torch.device("cpu"), torch.empty(0).device, best])
    return [device for device in homes if device.type != "meta"]


@contextlib.contextmanager
def fresh(device):
    """Default types and devices, gradients, errors and random numbers as a new session has them.

    Args:
        device: where new tensors go meanwhile.
    """
    with contextlib.ExitStack() as stack:
        stack.enter_context(_random_numbers(device))
        stack.enter_context(_pytorch(device))
        stack.enter_context(_quiet())
        yield


@contextlib.contextmanager
def _pytorch(device):
    """PyTorch's switches: default dtype and device, modes of autograd, algorithms, precision."""
    import torch

    dtype, grad, precision = (
        torch.get_default_dtype(),
        torch.is_grad_enabled(),
        torch.get_float32_matmul_precision(),
    )
    strict = torch.are_deterministic_algorithms_enabled()
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    torch.set_default_dtype(torch.float32)
    torch.set_float32_matmul_precision("highest")
    torch.use_deterministic_algorithms(False)
    with contextlib.ExitStack() as stack:
        stack.callback(torch.set_default_dtype, dtype)
        stack.callback(torch.set_grad_enabled, grad)
        stack.callback(torch.set_float32_matmul_precision, precision)
        stack.callback(torch.use_deterministic_algorithms, strict, warn_only=warn_only)
        stack.enter_context(torch.inference_mode(False))
        stack.enter_context(torch.enable_grad())
        stack.enter_context(torch.autograd.set_detect_anomaly(False))
        if torch.empty(0).device != device:  # only then: it costs a call for each operation
            stack.enter_context(device)
        if device.type == "cuda":  # convolutions to all digits of float32, as on the CPU
            stack.enter_context(torch.backends.cudnn.flags(enabled=True, allow_tf32=False))
        yield


@contextlib.contextmanager
def _quiet():
    """NumPy's errors and Python's warnings do not raise."""
    import numpy as np

    with np.errstate(divide="warn", over="warn", under="ignore", invalid="warn"), warnings.catch_warnings():
        if any(action == "error" for action, *_ in warnings.filters):
            warnings.simplefilter("default")
        yield


@contextlib.contextmanager
def _random_numbers(device):
    """Seed the random generators for the check, and give the reader theirs back, untouched."""
    import numpy as np
    import torch

    generators = [torch.random] if device.type == "cpu" else [torch.random, getattr(torch, device.type)]
    before = random.getstate(), np.random.get_state(), [g.get_rng_state() for g in generators]
    random.seed(SEED)
    np.random.seed(SEED)
    torch.random.default_generator.manual_seed(SEED)
    for generator in generators[1:]:
        generator.manual_seed(SEED)
    try:
        yield
    finally:
        random.setstate(before[0])
        np.random.set_state(before[1])
        for generator, state in zip(generators, before[2], strict=True):
            generator.set_rng_state(state)
