"""Between a reader's nn.Sequential and the numbers that the page of a playground keeps.

Those are {"sizes": units of each layer, inputs first; "names": activation of each hidden layer; "weights":
for each layer the matrix row by row, then the biases}.
"""

from __future__ import annotations

import itertools
import math

ACTIVATIONS = ("linear", "ReLU", "leaky ReLU", "ELU", "tanh", "sigmoid")
MAX_LAYERS, MAX_UNITS = 6, 16
LEFT = 0.1  # slope of the page's leaky ReLU left of zero


def modules():
    """Return {activation: what makes its module}."""
    from torch import nn

    return {
        "linear": nn.Identity,
        "ReLU": nn.ReLU,
        "leaky ReLU": lambda: nn.LeakyReLU(LEFT),
        "ELU": nn.ELU,
        "tanh": nn.Tanh,
        "sigmoid": nn.Sigmoid,
    }


def read(net):
    """Return the numbers of a net.

    Args:
        net: nn.Sequential of Linear layers with biases and the six activations: one or two inputs, one
            output, at most six hidden layers of 16 units.

    Returns:
        dict, see above; weights as Python floats.

    Raises:
        ValueError: the page cannot train this net; says which layer is in the way.
    """
    from torch import nn

    linear, names = [], []
    for place, module in enumerate(net):
        if type(module) is nn.Linear:
            names += ["linear"] * (len(linear) - len(names))
            linear.append(_checked(place, module, linear[-1].out_features if linear else None))
        elif len(names) == len(linear):
            raise ValueError(f"playground: layer {place} of net, {module}, does not follow a Linear layer")
        else:
            names.append(_activation(place, module))
    if not linear or len(names) == len(linear):
        raise ValueError(
            "playground: net must end with a Linear layer, whose output is a value or the logit of a class"
        )
    sizes = [linear[0].in_features, *(layer.out_features for layer in linear)]
    if sizes[0] not in (1, 2) or sizes[-1] != 1:
        raise ValueError(
            f"playground: net has {sizes[0]} inputs and {sizes[-1]} outputs, the page draws one or two "
            "inputs and one output"
        )
    if len(names) > MAX_LAYERS or max(sizes) > MAX_UNITS:
        raise ValueError(
            f"playground: net has {len(names)} hidden layers of up to {max(sizes)} units, the page draws "
            f"{MAX_LAYERS} of {MAX_UNITS} at most"
        )
    parts = [
        p.detach().cpu().double().flatten().tolist() for layer in linear for p in (layer.weight, layer.bias)
    ]
    weights = list(itertools.chain.from_iterable(parts))
    if not all(map(math.isfinite, weights)):
        raise ValueError("playground: net holds weights that are not finite, begin with a new one")
    return {"sizes": sizes, "names": names, "weights": weights}


def _checked(place, layer, width):
    """Return a Linear layer that has a bias and takes what the one before gives (None: it is the first)."""
    if layer.bias is None:
        raise ValueError(f"playground: layer {place} of net has no bias, the page's layers have one")
    if width not in (None, layer.in_features):
        raise ValueError(
            f"playground: layer {place} of net takes {layer.in_features} numbers and gets {width}"
        )
    return layer


def _activation(place, module):
    """Return the name of an activation."""
    for name, made in modules().items():
        if type(module) is type(made()) and (name == "linear" or repr(module) == repr(made())):
            return name
    raise ValueError(
        f"playground: layer {place} of net is {module}; the page has Linear, "
        f"{', '.join(repr(made()) for made in modules().values())}"
    )


def build(numbers, like):
    """Return the net of some numbers; draws no random numbers.

    Args:
        numbers: dict, see above; a weight that the page has lost to infinity is None.
        like: a tensor whose dtype and device the net gets.

    Returns:
        nn.Sequential.
    """
    import torch
    from torch import nn

    sizes, names = numbers["sizes"], numbers["names"]
    kind = {"dtype": like.dtype, "device": like.device}
    weights = torch.tensor([math.nan if w is None else w for w in numbers["weights"]], dtype=torch.float64)
    layers, makers, at = [], modules(), 0
    for n, m, name in zip(sizes, sizes[1:], [*names, "linear"], strict=False):
        layer = nn.utils.skip_init(nn.Linear, n, m, **kind)
        with torch.no_grad():
            layer.weight.copy_(weights[at : at + n * m].view(m, n))
            layer.bias.copy_(weights[at + n * m : at + n * m + m])
        at += (n + 1) * m
        layers += [layer] if name == "linear" else [layer, makers[name]()]
    return nn.Sequential(*layers)
