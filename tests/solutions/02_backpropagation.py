"""Reference answers of the chapter on backpropagation, and wrong ones with words of the verdict."""

import torch


def linear_backward(x, W, dz):
    dx = dz @ W  # (B, D)
    dW = dz.T @ x  # (H, D)
    db = dz.sum(0)  # (H,)
    return dx, dW, db


def relu_backward(x, dy):
    return dy * (x > 0)


def softmax_cross_entropy_backward(z, y):
    p = torch.softmax(z, dim=1)  # (B, K)
    p[torch.arange(len(y)), y] -= 1
    return p / len(y)


def topological_order(root, parents):
    order, seen, stack = [], set(), [(root, False)]
    while stack:
        node, parents_done = stack.pop()
        if parents_done:
            order.append(node)
        elif node not in seen:
            seen.add(node)
            stack.append((node, True))
            stack += [(p, False) for p in parents[node]]
    return order


# -------------------------------------------------------------------------------------------- wrong answers
def _in_place(x, dy):
    dy[x <= 0] = 0
    return dy


def _overflows(z, y):
    p = z.exp() / z.exp().sum(1, keepdim=True)
    p[torch.arange(len(y)), y] -= 1
    return p / len(y)


def _every_row(z, y):
    p = torch.softmax(z, dim=1)
    p[:, y] -= 1
    return p / len(y)


def _overflows_in_log(z, y):
    p = (z - z.exp().sum(1, keepdim=True).log()).exp()
    return (p - _onehot(z, y)) / len(y)


def _infinite_loss(z, y):
    p = torch.softmax(z, dim=1)
    return softmax_cross_entropy_backward(z, y) + 0 * p.log().sum()


def _onehot(z, y):
    return torch.nn.functional.one_hot(y, z.shape[1])


def _breadth_first(root, parents):
    order, queue = [], [root]
    while queue:
        node = queue.pop(0)
        if node not in order:
            order.append(node)
            queue += parents[node]
    return order[::-1]


def _breadth_first_early(root, parents):
    order, seen = [root], {root}
    for node in order:
        for p in parents[node]:
            if p not in seen:
                seen.add(p)
                order.append(p)
    return order[::-1]


def _preorder(root, parents):
    order, stack = [], [root]
    while stack:
        node = stack.pop()
        if node not in order:
            order.append(node)
            stack += parents[node]
    return order[::-1]


def _preorder_by_calls(root, parents):
    order = []

    def visit(node):
        if node not in order:
            order.append(node)
            for p in parents[node]:
                visit(p)

    visit(root)
    return order[::-1]


def _by_name(root, parents):
    return sorted(topological_order(root, parents), key=str)


def _recursive(root, parents):
    order, seen = [], set()

    def visit(node):
        if node not in seen:
            seen.add(node)
            for p in parents[node]:
                visit(p)
            order.append(node)

    visit(root)
    return order


def _all_nodes(root, parents):
    return topological_order("all", {**parents, "all": tuple(parents)})[:-1]


def _twice(root, parents):
    stack, order = [root], []
    while stack:
        order.append(stack.pop())
        stack += parents[order[-1]]
    return order[::-1]


MISTAKES = {
    "linear_backward": [
        (lambda x, W, dz: (dz @ W, x.T @ dz, dz.sum(0)), "dW is transposed"),
        (lambda x, W, dz: (dz @ W, dz.T @ x / len(x), dz.sum(0)), "averaged dW"),
        (lambda x, W, dz: (dz @ W, dz.T @ x, dz.mean(0)), "averaged db"),
        (lambda x, W, dz: (dz @ W, dz.T @ x / len(x), dz.mean(0)), "averaged d"),
        (lambda x, W, dz: (dz @ W, dz.T @ x, dz), "not sum db"),
        (lambda x, W, dz: (dz @ W, dz.T @ x, dz.sum(1)), "over the outputs"),
        (lambda x, W, dz: (dz @ W.T, dz.T @ x, dz.sum(0)), "W transposed"),
        (
            lambda x, W, dz: (dz @ (W.T if W.shape[0] == W.shape[1] else W), dz.T @ x, dz.sum(0)),
            "dx is wrong (D = H)",
        ),
        (lambda x, W, dz: (dz.T @ x, dz @ W, dz.sum(0)), "you return (dW, dx, db)"),
        (lambda x, W, dz: (dz @ W, dz.T @ x), "2 values, expected 3"),
        (lambda x, W, dz: (dz @ W, x @ dz, dz.sum(0)), "stopped with RuntimeError"),
    ],
    "relu_backward": [
        (lambda x, dy: dy * (dy > 0), "looks at dy"),
        (lambda x, dy: dy.relu(), "looks at dy"),
        (lambda x, dy: x.relu(), "forward pass"),
        (lambda x, dy: dy * (x >= 0), "at x = 0"),
        (lambda x, dy: x.relu() * dy, "not by the slope"),
        (lambda x, dy: x > 0, "dy is missing"),
        (lambda x, dy: (x > 0).float(), "dy is missing"),
        (_in_place, "changed its input dy"),
    ],
    "softmax_cross_entropy_backward": [
        (lambda z, y: torch.softmax(z, 1) - _onehot(z, y), "forgot the 1/B"),
        (lambda z, y: (_onehot(z, y) - torch.softmax(z, 1)) / len(z), "wrong sign"),
        (lambda z, y: (torch.softmax(z, 0) - _onehot(z, y)) / len(z), "over the batch"),
        (_overflows, "overflows"),
        (_overflows_in_log, "overflows"),
        (_infinite_loss, "contains nan"),
        (_every_row, "of every row."),
        (lambda z, y: _every_row(z, y) * len(y), "and the 1/B is missing"),
        (lambda z, y: torch.softmax(z, 1) / len(z), "did not subtract"),
    ],
    "topological_order": [
        (_twice, "used twice"),
        (_breadth_first, "level by level"),
        (_breadth_first_early, "level by level"),
        (_preorder, "note a node before its parents"),
        (_preorder_by_calls, "note a node before its parents"),
        (_by_name, "one stands before one of its parents"),
        (lambda root, parents: topological_order(root, parents)[::-1], "reversed"),
        (_all_nodes, "do not lead to the root"),
        (_recursive, "Keep your own stack"),
        (lambda root, parents: topological_order(root, parents)[:-1], "root itself is missing"),
    ],
}
