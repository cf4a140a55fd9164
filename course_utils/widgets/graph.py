"""A computation graph that the reader steps through, forward and then backward."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping

import numpy as np
import traitlets as t

from .base import Widget, array, check_alt, check_kinds, deflate, module, parameters


class Graph(Widget):
    """The widget behind :func:`graph`."""

    _esm = module("graph")
    spec = t.Dict().tag(sync=True)
    data = t.Bytes(b"").tag(sync=True)


def graph(
    nodes,
    edges,
    *,
    alt,
    steps=None,
    node_value=None,
    node_grad=None,
    edge_value=None,
    edge_grad=None,
    paths=(),
    target=None,
    start=None,
    **params,
):
    """Draw a computation graph with buttons that step forward (values) and backward (gradients).

    Python computes every number on the grid of ``params``; the page only looks them up. An array given here
    is a number, or broadcasts to the shape of the grid (``np.meshgrid(..., indexing="ij")`` makes fitting
    inputs).

    Args:
        nodes: {name: (x, y, symbol)}; x grows to the right, y upwards, in any unit. Narrow screens turn the
            picture so that x runs downwards.
        edges: [(from, to, symbol)]; the symbol is the weight's, "" if it has none.
        alt: what the picture shows, for readers who do not see it.
        steps: [{"title", "nodes", "edges", "backward", "text"}]: a forward step reveals the values of its
            nodes, a backward step (``"backward": True``, or a title that begins with "backward") the
            gradients of its nodes and edges. In ``text``, ``{z1}`` stands for a node's value, ``{∂z1}`` for
            its gradient, ``{x1>z1}`` and ``{∂x1>z1}`` for an edge's. Without ``steps``: layer by layer, then
            back.
        node_value, node_grad: {name: array}.
        edge_value, edge_grad: {(from, to): array}.
        paths: [node names] or {"nodes": [...], "factors": [(text, array), ...], "label": text}. The reader
            picks a path and sees the product of its factors (default: the values of its edges), or the sum of
            all.
        target: symbol of what is differentiated; default: that of the one node without successors.
        start: {name: value} of parameters; "step" and "path" count from 0.
        **params: grids, one control each.

    Returns:
        Graph, to be displayed.

    Raises:
        ValueError: unknown node or edge, an array that does not fit the grid or is not finite, a cycle.

    Source: the computation graphs of the backpropagation chapter.
    """
    check_alt("graph", alt)
    check_kinds("graph", Mapping, "{name: (x, y, symbol)}", nodes=nodes)
    check_kinds("graph", list | tuple, "[(from, to, symbol), ...]", edges=edges)
    check_kinds("graph", list | tuple | None, "a list of steps", steps=steps)
    check_kinds("graph", list | tuple, "a list of paths", paths=paths)
    tables = {
        "node_value": node_value,
        "node_grad": node_grad,
        "edge_value": edge_value,
        "edge_grad": edge_grad,
    }
    check_kinds("graph", Mapping | None, "{name: array}", **tables)
    for edge in edges:
        check_kinds("graph", list | tuple, "(from, to, symbol)", **{"an edge": edge})
    for step in steps or ():
        check_kinds("graph", Mapping, "{'title': ..., 'nodes': ...}", **{"a step": step})
    for path in paths:
        check_kinds("graph", Mapping | list | tuple, "a list of nodes", **{"a path": path})
    for name in ("step", "path"):
        if name in params:
            raise ValueError(f"graph: {name!r} is the widget's own control, give the parameter another name")
    edges = [(a, b, rest[0] if rest else "") for a, b, *rest in edges]
    pairs = {(a, b): i for i, (a, b, _) in enumerate(edges)}
    for a, b in pairs:
        _known({a, b}, nodes, f"edge ({a}, {b})")
    if len(pairs) < len(edges):
        raise ValueError("graph: two edges join the same pair of nodes")
    shape = tuple(len(v) for v in params.values())
    table = Table(params, shape)
    symbol = {n: s for n, (_, _, s) in nodes.items()}
    levels = _levels(nodes, pairs)
    if target is None:
        ends = [n for n in nodes if not any(a == n for a, _ in pairs)]
        target = symbol[ends[0]] if len(ends) == 1 else "L"

    spec = {"target": target, "nodes": [], "edges": []}
    values, grads = dict(node_value or {}), dict(node_grad or {})
    _known(values, nodes, "node_value")
    _known(grads, nodes, "node_grad")
    for n, (x, y, s) in nodes.items():
        spec["nodes"].append(
            {
                "name": n,
                "x": float(x),
                "y": float(y),
                "symbol": s,
                "value": table.add(f"node_value[{n!r}]", values.get(n)),
                "grad": table.add(f"node_grad[{n!r}]", grads.get(n)),
            }
        )
    values, grads = dict(edge_value or {}), dict(edge_grad or {})
    _known(values, pairs, "edge_value")
    _known(grads, pairs, "edge_grad")
    for a, b, s in edges:
        spec["edges"].append(
            {"a": a, "b": b, "symbol": s, "value": table.add(f"edge_value[{a!r}, {b!r}]", values.get((a, b))),
             "grad": table.add(f"edge_grad[{a!r}, {b!r}]", grads.get((a, b)))}
        )  # fmt: skip

    steps = _default_steps(levels, edges, node_grad or {}) if steps is None else steps
    spec["steps"] = [_step(s, nodes, pairs, symbol, edges, target) for s in [{"title": "the inputs"}, *steps]]
    spec["paths"] = [_path(p, nodes, pairs, symbol, spec["edges"], table) for p in paths]

    own = {"step": list(range(len(spec["steps"])))}
    if spec["paths"]:
        own["path"] = list(range(len(spec["paths"]) + 1 + (len(spec["paths"]) > 1)))
    described, index = parameters("graph", {**own, **params}, start)
    described[0]["text"] = [f"{i} of {len(steps)}" for i in range(len(steps) + 1)]
    for p in described:
        p["label"] = symbol.get(p["name"], p["label"])
    if spec["paths"]:
        labels = ["none", *(p["label"] for p in spec["paths"]), "all, and their sum"]
        described[1].update(
            kind="select", label="highlight path", values=None, text=labels[: len(own["path"])]
        )
    return Graph(spec=spec, params=described, index=index, alt=alt, data=deflate("graph", table.bytes()))


class Table:
    """Collects arrays, each broadcast to the grid; point ``g`` of row ``r`` lies at ``r * size + g``."""

    def __init__(self, params, shape):
        self.names, self.shape, self.rows = list(params), shape, []

    def add(self, what, value):
        """Append an array and return its row number; None stays None."""
        if value is None:
            return None
        a = array("graph", what, value)
        try:
            self.rows.append(np.broadcast_to(a, self.shape))
        except ValueError:
            grid = (
                " × ".join(f"{n}: {k}" for n, k in zip(self.names, self.shape, strict=True))
                or "no parameters"
            )
            raise ValueError(
                f"graph: {what} has shape {a.shape}, the grid has {self.shape} ({grid})"
            ) from None
        return len(self.rows) - 1

    def bytes(self):
        """Return all rows as little-endian float32, shape (rows, grid points)."""
        size = math.prod(self.shape)
        return b"".join(np.ascontiguousarray(r, dtype="<f4").reshape(size).tobytes() for r in self.rows)


def _known(names, known, what):
    for n in names:
        if n not in known:
            raise ValueError(f"graph: {what} names {n!r}, which is not in the graph")


def _levels(nodes, pairs):
    """Return {node: length of the longest path to it}; inputs have 0."""
    level, changed = dict.fromkeys(nodes, 0), True
    while changed:
        changed = False
        for a, b in pairs:
            if level[b] < level[a] + 1:
                level[b], changed = level[a] + 1, True
                if level[b] >= len(nodes):
                    raise ValueError(f"graph: a cycle runs through {b!r}, unroll it over time")
    return level


def _default_steps(levels, edges, grads):
    """Forward one level at a time, then, if there are gradients, backward the same way."""
    steps, top = [], max(levels.values())
    for k in range(1, top + 1):
        here = [n for n in levels if levels[n] == k]
        into = [(a, b) for a, b, _ in edges if b in here]
        steps.append({"title": "forward", "nodes": here, "edges": into})
    for k in range(top, -1, -1) if grads else ():
        here = [n for n in levels if levels[n] == k and n in grads]
        out = [(a, b) for a, b, _ in edges if a in here]
        out += [(a, b) for a, b, _ in edges if levels[a] == k and a not in here]
        if here or out:
            steps.append({"title": "backward", "nodes": here, "edges": out, "backward": True})
    return steps


def _step(step, nodes, pairs, symbol, edges, target):
    """Check one step and add the sentence with its numbers, unless it has one."""
    if "title" not in step:
        raise ValueError(f"graph: a step needs a title: {step}")
    unknown = set(step) - {"title", "nodes", "edges", "backward", "text"}
    if unknown:
        raise ValueError(f"graph: step {step['title']!r} has the unknown key {sorted(unknown)[0]!r}")
    here, used = list(step.get("nodes", ())), [tuple(e[:2]) for e in step.get("edges", ())]
    _known(here, nodes, f"step {step['title']!r}")
    _known(used, pairs, f"step {step['title']!r}")
    back = step.get("backward", step["title"].lower().startswith("backward"))
    text = step.get("text")
    if text is None and back:
        parts = [f"∂{target}/∂{symbol[n]} = {{∂{n}}}" for n in here]
        parts += [f"∂{target}/∂{s} = {{∂{a}>{b}}}" for a, b, s in edges if (a, b) in used and s]
        text = ", ".join(parts)
    elif text is None:
        text = ", ".join(f"{symbol[n]} = {{{n}}}" for n in here)
    return {
        "title": step["title"],
        "nodes": here,
        "edges": [pairs[e] for e in used],
        "backward": bool(back),
        "text": text,
    }


def _path(path, nodes, pairs, symbol, edges, table):
    """Check one path; its factors become rows of the table."""
    path = path if isinstance(path, dict) else {"nodes": path}
    names = list(path["nodes"])
    _known(names, nodes, "a path")
    steps = list(itertools.pairwise(names))
    for e in steps:
        if e not in pairs:
            raise ValueError(f"graph: a path uses the edge ({e[0]}, {e[1]}), which is not in the graph")
    if "factors" in path:
        factors = [[s, table.add(f"factor {s!r} of a path", v)] for s, v in path["factors"]]
    else:
        found = [edges[pairs[e]] for e in steps]
        factors = [[e["symbol"], e["value"]] for e in found if e["value"] is not None]
    label = path.get("label") or " → ".join(symbol[n] for n in names)
    return {"label": label, "nodes": names, "edges": [pairs[e] for e in steps], "factors": factors}
