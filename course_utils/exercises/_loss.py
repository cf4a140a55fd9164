"""Exercises whose answer is a loss: it must have the right value, and lead a gradient back."""

from __future__ import annotations

from ._base import Mistake

OUTPUTS = ("the loss", "its gradient")


def with_gradient(answer, **inputs):
    """Call a loss; return it and its gradient, None where it has none.

    The gradient is taken with respect to the float inputs of as many dimensions as the first: a tensor, or a
    list of several. This is the ``call`` of an Exercise, and with the reference its ``expected``.
    """
    import torch

    given = list(inputs.values())
    leaves = [v for v in given if isinstance(v, torch.Tensor) and v.is_floating_point()]
    leaves = [v.requires_grad_() for v in leaves if v.ndim == given[0].ndim]
    loss = answer(*given)
    if loss is None or loss is ... or (type(loss) is tuple and any(part is ... for part in loss)):
        return loss  # not written yet
    if not isinstance(loss, torch.Tensor) or not loss.requires_grad or loss.numel() != 1:
        return loss, None
    found = torch.autograd.grad(loss.sum(), leaves, allow_unused=True, materialize_grads=True)
    return loss, list(found) if len(found) > 1 else found[0]


def value(wrong):
    """A mistake that shows in the loss: its value alone, for ``Mistake(wrong=...)``."""
    return lambda *inputs: {"the loss": wrong(*inputs)}


def _no_gradient(case, got) -> bool:
    """Whether there is one number without a gradient (a list of numbers has another fault)."""
    if type(got) is not tuple or len(got) != 2 or got[1] is not None:
        return False
    return type(got[0]) is float or getattr(got[0], "ndim", None) == 0


DETACHED = Mistake(
    "Your loss has no gradient: nothing can be trained with it.",
    "Which step leaves the graph: detach, item, NumPy, a comparison, torch.no_grad?",
    when=_no_gradient,
)
NUMPY = Mistake(
    "NumPy keeps no graph, so no gradient can come back.",
    "Which functions of PyTorch do the same?",
    when=lambda case, got: "numpy()" in getattr(got, "message", "").lower(),
)
