"""A pretended GPU: ``install()`` registers the device "sim" with PyTorch, whose memory is the host's.

Its tensors obey the rules of a GPU: no NumPy view, no mixing with tensors on the CPU (single numbers and
indices aside), random numbers and generators of its own; with ``PRETENDED_NO_FLOAT64=1`` no float64, as on
Apple's GPUs. The machine's compiler builds it once, below ``_build/``, and again when its source, PyTorch or
Python change.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import shutil
import sys
import sysconfig
import tempfile
import types
from pathlib import Path

import torch

SOURCE = Path(__file__).with_name("pretended.cpp")
BUILT = Path(__file__).parents[2] / "_build" / "device"
FLAGS = ["-O1", "-w"]
RECURRENT = ["lstm", "gru", "rnn_tanh", "rnn_relu", "lstm_cell", "gru_cell", "rnn_tanh_cell", "rnn_relu_cell"]


def missing() -> str:
    """What keeps it from being built here, as one sentence; "" if nothing does."""
    absent = [tool for tool in ("g++", "ninja") if shutil.which(tool) is None]
    if not Path(sysconfig.get_path("include"), "Python.h").exists():
        absent.append("the headers of Python")
    return f"the pretended device needs {' and '.join(absent)}, not found here" if absent else ""


def build():
    """Compile the device, unless it was compiled before; returns the extension module."""
    shaping = repr((torch.__version__, sys.version, FLAGS)).encode() + SOURCE.read_bytes()
    folder = BUILT / hashlib.sha256(shaping).hexdigest()[:16]
    if not folder.exists():
        return _compile(folder)
    spec = importlib.util.spec_from_file_location("sim_c", folder / "sim_c.so")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _compile(folder: Path):
    """Build in a draft of the folder, so that no half of it is ever taken for the whole."""
    from torch.utils.cpp_extension import load

    BUILT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=BUILT, ignore_cleanup_errors=True) as draft:
        module = load("sim_c", [str(SOURCE)], build_directory=draft, extra_cflags=FLAGS)
        with contextlib.suppress(OSError):  # another process was quicker
            os.replace(draft, folder)
    return module


def install() -> torch.device:
    """Register the device, make the course find it, and return it."""
    from course_utils import runtime

    extension = build()
    torch.utils.rename_privateuse1_backend("sim")
    torch._register_device_module("sim", _module(extension))
    torch.utils.generate_methods_for_privateuse1_backend(unsupported_dtype=None)
    torch.nn.modules.rnn._VF = _OnHost(torch.nn.modules.rnn._VF)
    runtime.found = lambda: (torch.device("sim"), "pretended")
    return torch.device("sim", 0)


def _module(extension) -> types.ModuleType:
    """What PyTorch and the course ask of ``torch.sim``."""
    module, generator = types.ModuleType("torch.sim"), extension.default_generator()

    def manual_seed(seed):
        extension.manual_seed_all(int(seed) % 2**64)

    vars(module).update(
        is_available=lambda: True,
        is_initialized=lambda: True,
        device_count=lambda: 1,
        current_device=lambda: 0,
        set_device=lambda device: None,
        device=contextlib.nullcontext,
        synchronize=lambda *device: None,
        manual_seed=manual_seed,
        manual_seed_all=manual_seed,
        get_rng_state=generator.get_state,
        set_rng_state=generator.set_state,
        _is_in_bad_fork=lambda: False,
        _lazy_init=lambda: None,
    )
    return module


class _OnHost:
    """PyTorch's recurrent kernels, computed on the host through copies that autograd follows."""

    def __init__(self, real):
        self._real = real

    def __getattr__(self, name):
        kernel = getattr(self._real, name)
        return (lambda *inputs: _compute(kernel, inputs)) if name in RECURRENT else kernel


def _compute(kernel, inputs):
    kinds = {t.device.type for t in _tensors(inputs)}
    if kinds == {"cpu"}:
        return kernel(*inputs)
    # the sizes of a packed sequence, whole numbers, lie on the CPU, as with CUDA
    if "cpu" in {t.device.type for t in _tensors(inputs) if t.is_floating_point()}:
        raise RuntimeError("Input and hidden tensors are not at the same device, found sim:0 and cpu")
    return _moved(kernel(*_moved(inputs, "cpu")), "sim")


def _tensors(value):
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _tensors(item)


def _moved(value, device):
    if isinstance(value, torch.Tensor):
        return value.to(device)
    return type(value)(_moved(v, device) for v in value) if isinstance(value, (list, tuple)) else value
