"""More right and wrong answers to the exercises of the chapter on backpropagation."""

import graphlib
import heapq

import numpy as np
import torch
import torch.nn.functional as F


# ------------------------------------------------------------------------------------------ linear_backward
def _linear_in_loops(x, W, dz):
    (B, D), H = x.shape, len(W)
    dx, dW, db = torch.zeros(B, D), torch.zeros(H, D), torch.zeros(H)
    for b in range(B):
        for h in range(H):
            db[h] += dz[b, h]
            for d in range(D):
                dx[b, d] += dz[b, h] * W[h, d]
                dW[h, d] += dz[b, h] * x[b, d]
    return [dx, dW, db]


def _linear_in_numpy(x, W, dz):
    x, W, dz = (v.numpy().astype(np.float64) for v in (x, W, dz))
    return tuple(v.astype(np.float32) for v in (dz @ W, dz.T @ x, dz.sum(0)))


def _linear_transposed_views(x, W, dz):
    return (W.T @ dz.T).T, (x.T @ dz).T, torch.ones(len(dz)) @ dz


def _linear_by_autograd(x, W, dz):
    x, W, b = x.requires_grad_(), W.requires_grad_(), torch.zeros(len(W), requires_grad=True)
    (F.linear(x, W, b) * dz).sum().backward()
    return x.grad, W.grad, b.grad


def _linear(dx=lambda x, W, dz: dz @ W, dW=lambda x, W, dz: dz.T @ x, db=lambda x, W, dz: dz.sum(0)):
    return lambda x, W, dz: (dx(x, W, dz), dW(x, W, dz), db(x, W, dz))


# -------------------------------------------------------------------------------------------- relu_backward
def _relu_in_a_loop(x, dy):
    dx = torch.zeros_like(dy)
    for i, (a, d) in enumerate(zip(x.flatten().tolist(), dy.flatten().tolist(), strict=True)):
        if a > 0:
            dx.view(-1)[i] = d
    return dx


def _relu_indexed(x, dy):
    dx = dy.clone()
    dx[x <= 0] = 0
    return dx


def _zeroes_dy(x, dy):
    dy[x <= 0] = 0
    return dy


# --------------------------------------------------------------------------- softmax_cross_entropy_backward
def _softmax_in_numpy(z, y):
    z, y = z.numpy().astype(np.float64), y.numpy()
    p = np.exp(z - z.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    p[np.arange(len(y)), y] -= 1
    return (p / len(y)).astype(np.float32)


def _softmax_row_by_row(z, y):
    out = torch.empty(z.shape[1], z.shape[0]).T  # a transposed view
    for b, row in enumerate(z):
        e = torch.exp(row - row.max())
        out[b] = e / e.sum()
        out[b, y[b]] -= 1
    return out / len(z)


def _softmax_by_autograd(z, y):
    z = z.double().requires_grad_()
    F.cross_entropy(z, y).backward()
    return z.grad.float()


def _p(z):
    return torch.softmax(z, 1)


def _onehot(z, y):
    return F.one_hot(y, z.shape[1]).float()


def _clamped(z, y):
    e = z.clamp(max=80).exp()
    return (e / e.sum(1, keepdim=True) - _onehot(z, y)) / len(z)


def _nan_to_num(z, y):
    e = z.exp()
    return torch.nan_to_num((e / e.sum(1, keepdim=True) - _onehot(z, y)) / len(z))


def _global_maximum(z, y):
    e = (z - z.max()).exp()
    return (e / e.sum(1, keepdim=True) - _onehot(z, y)) / len(z)


def _sum_over_all(z, y):
    e = (z - z.max(1, keepdim=True).values).exp()
    return (e / e.sum() - _onehot(z, y)) / len(z)


# ---------------------------------------------------------------------------------------- topological_order
def _by_graphlib(root, parents):
    needed, stack = {root}, [root]
    while stack:
        for p in parents[stack.pop()]:
            if p not in needed:
                needed.add(p)
                stack.append(p)
    return tuple(graphlib.TopologicalSorter({n: parents[n] for n in needed}).static_order())


def _kahn(root, parents, largest_first=True):
    children, waiting, stack = {}, {}, [root]
    while stack:
        node = stack.pop()
        if node in waiting:
            continue
        waiting[node] = len(set(parents[node]))
        for p in set(parents[node]):
            children.setdefault(p, []).append(node)
            stack.append(p)
    key = {node: i for i, node in enumerate(sorted(waiting, key=str, reverse=largest_first))}
    ready, order = [(key[n], n) for n, count in waiting.items() if not count], []
    heapq.heapify(ready)
    while ready:
        node = heapq.heappop(ready)[1]
        order.append(node)
        for child in children.get(node, []):
            waiting[child] -= 1
            if not waiting[child]:
                heapq.heappush(ready, (key[child], child))
    return order


def _by_depth(root, parents):
    """The longest way from a leaf sorts the nodes."""
    depth, stack = {}, [root]
    while stack:
        node = stack[-1]
        left = [p for p in parents[node] if p not in depth]
        if left:
            stack += left
        else:
            depth[stack.pop()] = 1 + max([depth[p] for p in parents[node]], default=0)
    return sorted(depth, key=depth.get)


def _with_iterators(root, parents):
    order, seen, stack = [], {root}, [(root, iter(parents[root]))]
    while stack:
        node, rest = stack[-1]
        for p in rest:
            if p not in seen:
                seen.add(p)
                stack.append((p, iter(parents[p])))
                break
        else:
            order.append(node)
            stack.pop()
    return order


def _all_paths(root, parents):
    """Walks along every path: right, and never done with a row of squares."""
    order, stack = [], [root]
    while stack:
        node = stack.pop()
        order.append(node)
        stack.extend(parents[node])
    return list(dict.fromkeys(order[::-1]))


def _by_number(root, parents):
    return sorted(_with_iterators(root, parents), key=lambda node: (str(type(node)), node))


def _in_dict_order(root, parents):
    needed = set(_with_iterators(root, parents))
    return [node for node in parents if node in needed]


def _leaves_first(root, parents):
    order = _with_iterators(root, parents)
    return sorted(order, key=lambda node: len(parents[node]))


def _iterator(root, parents):
    return iter(_with_iterators(root, parents))


RIGHT = {
    "linear_backward": {
        "loops, a list of three": _linear_in_loops,
        "NumPy, float64 inside": _linear_in_numpy,
        "transposed views": _linear_transposed_views,
        "autograd": _linear_by_autograd,
    },
    "relu_backward": {
        "a loop": _relu_in_a_loop,
        "NumPy": lambda x, dy: np.where(x.numpy() > 0, dy.numpy(), np.float32(0)),
        "indices into a copy": _relu_indexed,
        "heaviside": lambda x, dy: dy * torch.heaviside(x, torch.zeros(())),
    },
    "softmax_cross_entropy_backward": {
        "NumPy, float64 inside": _softmax_in_numpy,
        "row by row into a view": _softmax_row_by_row,
        "autograd in float64": _softmax_by_autograd,
    },
    "topological_order": {
        "graphlib, a tuple": _by_graphlib,
        "Kahn's algorithm, largest name first": _kahn,
        "sorted by depth": _by_depth,
        "a stack of iterators": _with_iterators,
    },
}

WRONG = {
    "linear_backward": {
        "all three averaged": _linear(
            lambda x, W, dz: dz @ W / len(x), lambda x, W, dz: dz.T @ x / len(x), lambda x, W, dz: dz.mean(0)
        ),
        "db of ones": _linear(db=lambda x, W, dz: torch.ones(len(W))),
        "db a single number": _linear(db=lambda x, W, dz: dz.sum()),
        "db keeps its dimension": _linear(db=lambda x, W, dz: dz.sum(0, keepdim=True)),
        "float64": lambda x, W, dz: _linear()(x.double(), W.double(), dz.double()),
        "dx and dW exchanged": lambda x, W, dz: (dz.T @ x, dz @ W, dz.sum(0)),
    },
    "relu_backward": {
        "sign for a mask": lambda x, dy: dy * x.sign(),
        "half a slope at 0": lambda x, dy: dy * torch.heaviside(x, torch.tensor(0.5)),
        "x times dy": lambda x, dy: x * dy,
        "the entries that pass only": lambda x, dy: dy[x > 0],
        "leaky": lambda x, dy: torch.where(x > 0, dy, 0.01 * dy),
        "zeroes dy itself": _zeroes_dy,
        "both positive": lambda x, dy: dy * ((x > 0) & (dy > 0)),
        "minus": lambda x, dy: -dy * (x > 0),
    },
    "softmax_cross_entropy_backward": {
        "divided by K": lambda z, y: (_p(z) - _onehot(z, y)) / z.shape[1],
        "divided by B K": lambda z, y: (_p(z) - _onehot(z, y)) / z.numel(),
        "1 subtracted after the division": lambda z, y: _p(z) / len(z) - _onehot(z, y),
        "p (1 - p)": lambda z, y: _p(z) * (1 - _p(z)) / len(z),
        "one maximum for all": _global_maximum,
        "one sum for all": _sum_over_all,
        "clamped at 80": _clamped,
        "nan_to_num": _nan_to_num,
        "the loss": lambda z, y: F.cross_entropy(z, y),
    },
    "topological_order": {
        "every path": _all_paths,
        "sorted by number": _by_number,
        "in the order of the dict": _in_dict_order,
        "fewest parents first": _leaves_first,
        "an iterator": _iterator,
        "a set": lambda root, parents: set(_with_iterators(root, parents)),
        "without the root": lambda root, parents: _with_iterators(root, parents)[:-1],
    },
}
