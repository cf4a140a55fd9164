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


# ------------------------------------------------------------------- on paper, to discuss, to build: answers
PAPER = """
1. z = wx is used by the plus and by the second square. Values: z = 6, a = 5, e = 1, squares 1 and 36, L
   = 37. Back to z come 2 and 2 z = 12, together 14: dw = 14 x = 28, dx = 14 w = 42, db = 2, dy = -2.
2. q = 1/p: slope -1/p^2 = -1/16, so -0.5. log: 1/p, so 2. exp: its own value, so 8 e^4. For p/q what
   arrives is multiplied by 1/q for p and by -p/q^2 for q.
3. Any slopes s and 1 - s with 0 <= s <= 1 (a subgradient); PyTorch gives half to each in torch.maximum.
   With floating-point values the tie is rare and training does not care; a proof has to say which one it
   takes.
4. w, x (twice), b and y lead into a, a - y into 2(a - y), times x. The walk back from dw gives 2x * x =
   2x^2 = 8. One walk back for each entry of the gradient: a million walks, and 10^12 numbers to keep.
5. 1,000 -> 1 -> 1,000: the product is 1,000 x 1,000, but as (column)(row) it need never be built;
   applied to a row it costs 2,000 multiplications from the left. 1 -> 1,000 -> 1: the product is one
   number, 1,000 multiplications.
6. 100 layers of 4 MB are 400 MB at 64: 300 MB allow a batch of 48. Ten checkpoints and ten layers are 80
   MB: a batch of 240.
7. Forward the values at the cut, backward their gradients, both of the same shape. Cut where they are
   few: behind the second layer they are 10 numbers an image, but then one GPU has all the work; between
   r1 and the second layer they are 1,000. The pixels are 784, and no gradient has to go back to them.
8. Both are debated. The weights of the way back would have to be those of the way forward ("weight
   transport"), and a cell would have to keep its value until the error arrives.
9. A matrix product has slopes that act from the left and from the right: dA = dC B^T, dB = A^T dC; a sum
   over an axis copies back; broadcasting sums back. Check each gate with differences.
10. The mask becomes f'(z1); z1 (or f(z1)) has to be kept for it. With tanh the start should have
   variance 1/n.
"""
