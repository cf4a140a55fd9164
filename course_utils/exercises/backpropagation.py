"""Exercises of the chapter on backpropagation."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import torch
import torch.nn.functional as F

from ._base import Case, Exercise, Mistake, Problem, integers, normal
from ._judge import Failure

CHAPTER = "02_backpropagation"


# ------------------------------------------------------------------------------------------ linear_backward
def draw_linear(rng):
    x = torch.tensor([[1.0, 2.0, -1.0], [3.0, 0.5, 2.0]])  # (B, D) = (2, 3)
    W = torch.tensor(
        [[1.0, -2.0, 0.5], [2.0, 1.0, -1.0], [0.0, 3.0, 1.0], [-1.0, 1.0, 2.0]]
    )  # (H, D) = (4, 3)
    dz = torch.tensor([[1.0, -1.0, 2.0, 0.5], [0.5, 3.0, -2.0, 1.0]])  # (B, H)
    yield Case({"x": x, "W": W, "dz": dz})
    sizes = {"": (7, 5, 3), "D = H": (6, 4, 4), "B = D = H": (3, 3, 3), "a batch of one": (1, 4, 2)}
    for note, (B, D, H) in sizes.items():
        yield Case({"x": normal(rng, B, D), "W": normal(rng, H, D), "dz": normal(rng, B, H)}, note=note)


def linear_backward(x, W, dz):
    """Autograd's gradients of z = x Wᵀ + b, given dL/dz."""
    x, W = x.requires_grad_(), W.requires_grad_()
    b = torch.zeros(W.shape[0], requires_grad=True)
    return torch.autograd.grad(F.linear(x, W, b), (x, W, b), dz)


LINEAR = Exercise(
    name="linear_backward",
    chapter=CHAPTER,
    points=3,
    contract="linear_backward(x, W, dz) -> (dx, dW, db) for z = x Wᵀ + b; x (B, D), W (H, D), "
    "dz = ∂L/∂z (B, H), dx (B, D), dW (H, D), db (H,); float32",
    draw=draw_linear,
    expected=linear_backward,
    outputs=("dx", "dW", "db"),
    mistakes=(
        Mistake(
            "Your dW is transposed.",
            "dW has the shape of W: its rows belong to the outputs h, not to the inputs d.",
            wrong=lambda x, W, dz: {"dW": x.T @ dz},
        ),
        Mistake(
            "You averaged dW over the batch.",
            "dz is already ∂L/∂z of the whole loss; is there another B in the derivation?",
            wrong=lambda x, W, dz: {"dW": dz.T @ x / len(x)},
        ),
        Mistake(
            "You averaged db over the batch.",
            "dz is already ∂L/∂z of the whole loss; is there another B in the derivation?",
            wrong=lambda x, W, dz: {"db": dz.mean(0)},
        ),
        Mistake(
            "You did not sum db over the batch.",
            "b is added to every row of the batch; how many paths lead from b to L?",
            wrong=lambda x, W, dz: {"db": dz},
        ),
        Mistake(
            "You summed db over the outputs instead of over the batch.",
            "There is one db for each output h; which dimension has to go?",
            wrong=lambda x, W, dz: {"db": dz.sum(1)},
        ),
        Mistake(
            "Your dx uses W transposed.",
            "Write the sum over h for one entry of dx: W or Wᵀ? If D = H, the shapes cannot tell.",
            wrong=lambda x, W, dz: (dz @ W.T, dz.T @ x, dz.sum(0)),
        ),
    ),
)


# -------------------------------------------------------------------------------------------- relu_backward
def draw_relu(rng):
    yield Case({"x": torch.tensor([2.0, -1.0, 0.5, -3.0]), "dy": torch.tensor([0.5, 4.0, -1.0, -2.0])})
    yield Case(
        {"x": torch.tensor([0.0, 1.0, -0.0, -1.0]), "dy": torch.tensor([3.0, 2.0, -1.0, 5.0])},
        note="x holds 0",
    )
    yield Case({"x": normal(rng, 6, 5), "dy": normal(rng, 6, 5)})
    x = normal(rng, 2, 3, 4, 4)
    yield Case(
        {"x": torch.where(x.abs() < 0.3, torch.zeros(()), x), "dy": normal(rng, 2, 3, 4, 4)},
        note="four dimensions",
    )


def relu_backward(x, dy):
    """Autograd's gradient of relu(x), given dL/dy."""
    x = x.requires_grad_()
    return torch.autograd.grad(F.relu(x), x, dy)[0]


RELU = Exercise(
    name="relu_backward",
    chapter=CHAPTER,
    points=1,
    contract="relu_backward(x, dy) -> dx for y = relu(x); x, dy = ∂L/∂y and dx of one shape, any number of "
    "dimensions; float32; the derivative at x = 0 is 0",
    draw=draw_relu,
    expected=relu_backward,
    outputs=("dx",),
    mistakes=(
        Mistake(
            "You let the gradient through at x = 0.",
            "PyTorch takes the derivative at 0 to be 0; compare with > or with >=?",
            wrong=lambda x, dy: dy * (x >= 0),
        ),
        Mistake(
            "Your mask looks at dy; the slope of relu depends on x.",
            "For which x is relu flat?",
            wrong=lambda x, dy: F.relu(dy),
        ),
        Mistake(
            "You multiply dy by relu(x), not by the slope of relu.",
            "Between x = 2 and x = 3, by how much does relu grow? And between 4 and 5?",
            wrong=lambda x, dy: F.relu(x) * dy,
        ),
        Mistake(
            "That is relu(x), the forward pass.",
            "The chain rule multiplies the slope at x by dy.",
            wrong=lambda x, dy: F.relu(x),
        ),
        Mistake(
            "That is the slope of relu; dy is missing.",
            "By the chain rule, what is the slope multiplied by?",
            wrong=lambda x, dy: (x > 0).float(),
        ),
        Mistake(
            "That is the slope of relu, as true and false; dy is missing.",
            "By the chain rule, what is the slope multiplied by?",
            wrong=lambda x, dy: x > 0,
        ),
        Mistake(
            "That is dy itself: nothing is stopped where x is negative.",
            "What is the slope of relu left of 0?",
            wrong=lambda x, dy: dy,
        ),
    ),
)


# --------------------------------------------------------------------------- softmax_cross_entropy_backward
def draw_softmax(rng):
    yield Case({"z": torch.tensor([[1.0, 2.0, 0.0], [0.5, -1.0, 3.0]]), "y": torch.tensor([1, 0])})
    for note, (B, K) in {"": (8, 10), "B = K": (4, 4), "a batch of one": (1, 5)}.items():
        yield Case({"z": normal(rng, B, K, scale=2), "y": integers(rng, K, B)}, note=note)
    large = 1e4 * torch.tensor([[1.0, 0.0, -1.0], [-1.0, -1.0, -1.0], [0.5, 1.0, 1.0]])
    yield Case({"z": large, "y": integers(rng, 3, 3)}, note="large logits")


def softmax_cross_entropy_backward(z, y):
    """Autograd's gradient of the mean cross-entropy."""
    z = z.requires_grad_()
    return torch.autograd.grad(F.cross_entropy(z, y), z)[0]


def _onehot(z, y):
    return F.one_hot(y, z.shape[1]).to(z.dtype)


def _all_columns(z, y):
    """Softmax with 1 subtracted in the columns y of every row."""
    p = torch.softmax(z, 1)
    p[:, y] -= 1
    return p


def _overflows(case, got):
    """Whether nan and inf stand just where exp alone puts them: exp(z) / sum, or exp(z - log sum)."""
    z = case.inputs["z"]
    total = z.exp().sum(1, keepdim=True)
    wheres = [torch.isfinite(p) for p in (z.exp() / total, (z - total.log()).exp())]
    return any(not where.all() and torch.equal(torch.isfinite(got), where) for where in wheres)


SOFTMAX = Exercise(
    name="softmax_cross_entropy_backward",
    chapter=CHAPTER,
    points=2,
    contract="softmax_cross_entropy_backward(z, y) -> dz of the mean cross-entropy; z (B, K) logits, "
    "float32; y (B,) class indices, int64; dz (B, K)",
    draw=draw_softmax,
    expected=softmax_cross_entropy_backward,
    outputs=("dz",),
    mistakes=(
        Mistake(
            "You forgot the 1/B: that is the gradient of the sum of the losses.",
            "The loss is the mean over the batch; what does that do to each row?",
            wrong=lambda z, y: torch.softmax(z, 1) - _onehot(z, y),
        ),
        Mistake(
            "Your dz has the wrong sign.",
            "Where the class is right, more logit must mean less loss.",
            wrong=lambda z, y: (_onehot(z, y) - torch.softmax(z, 1)) / len(z),
        ),
        Mistake(
            "You divide by the number of classes; the loss is the mean over the batch.",
            "Which dimension of z counts the examples?",
            wrong=lambda z, y: (torch.softmax(z, 1) - _onehot(z, y)) / z.shape[1],
        ),
        Mistake(
            "Your softmax runs over the batch, not over the classes.",
            "Which dimension of z has to sum to 1 after softmax?",
            wrong=lambda z, y: (torch.softmax(z, 0) - _onehot(z, y)) / len(z),
        ),
        Mistake(
            "You did not subtract 1 at the right class.",
            "Differentiate the term − z_y of the loss, too.",
            wrong=lambda z, y: torch.softmax(z, 1) / len(z),
        ),
        Mistake(
            "You did not subtract 1 at the right class, and the 1/B is missing.",
            "Differentiate the term − z_y of the loss, too.",
            wrong=lambda z, y: torch.softmax(z, 1),
        ),
        Mistake(
            "You subtract 1 in the columns y of every row.",
            "Each row has one class of its own; which index picks the row?",
            wrong=lambda z, y: _all_columns(z, y) / len(z),
        ),
        Mistake(
            "You subtract 1 in the columns y of every row, and the 1/B is missing.",
            "Each row has one class of its own; which index picks the row?",
            wrong=_all_columns,
        ),
        Mistake(
            "Your exp overflows or underflows: infinity over infinity, or 0 over 0, is no number.",
            "Softmax stays the same when one number is subtracted from all logits of a row. Which one?",
            when=_overflows,
        ),
    ),
)


# ---------------------------------------------------------------------------------------- topological_order
CHAIN, LADDER = 5_000, 60


def draw_order(rng):
    # every kind of walk that is only turned round goes wrong here, each in its own way
    small = {"c": ("a",), "L": ("y", "c"), "a": (), "y": ("a", "b"), "b": ("a",)}
    yield Case({"root": "L", "parents": small}, part="order")
    yield Case({"root": "x", "parents": {"x": ()}}, part="order", note="a leaf alone")
    square = {"L": ("s", "x"), "s": ("x", "x"), "x": (), "M": ("s",), "w": ()}
    yield Case({"root": "L", "parents": square}, part="order", note="s = x · x; M and w do not lead to L")
    narrow = {"L": ("d",), "d": ("e", "f"), "e": ("f",), "f": ()}
    yield Case({"root": "L", "parents": narrow}, part="order", note="L has fewer parents than d")
    for n in (8, 40):
        yield Case({"root": n - 1, "parents": _random_graph(rng, n)}, part="order")
    yield Case({"root": "L", "parents": small}, part="long chain")  # some wrong orders are right for a chain
    names = [int(i) for i in rng.permutation(CHAIN + 3)]
    chain = {node: (before,) for before, node in pairwise(names)} | {names[0]: ()}
    chain = {int(i): chain[int(i)] for i in rng.permutation(CHAIN + 3)}
    yield Case({"root": names[-4], "parents": chain}, part="long chain", note=f"a chain of {CHAIN:,} nodes")
    names = [int(i) for i in rng.permutation(LADDER + 1)]
    ladder = {node: (before, before) for before, node in pairwise(names)} | {names[0]: ()}
    yield Case({"root": names[-1], "parents": ladder}, part="long chain", note=f"{LADDER} squares in a row")


def _random_graph(rng, n):
    """{node: parents}, listed in random order; some nodes do not lead to the last one."""
    counts = [min(i, int(rng.integers(0, 4))) for i in range(n)]
    parents = {i: tuple(int(j) for j in rng.integers(0, max(i, 1), size=counts[i])) for i in range(n)}
    parents[n - 1] = (n - 2, n - 4)
    return {int(i): parents[int(i)] for i in rng.permutation(n)}


def call_order(answer, root, parents):
    """Stop an answer that walks along every path: in a row of squares it would not come to an end."""

    class Counted(dict):
        left = 20 * len(parents) ** 2 + 1000

        def __getitem__(self, node):
            self.left -= 1
            if self.left < 0:
                raise RuntimeError(f"parents was looked up over and over, in a graph of {len(self)} nodes")
            return super().__getitem__(node)

    return answer(root, Counted(parents))


def _needed(root, parents):
    found, stack = {root}, [root]
    while stack:
        for p in parents[stack.pop()]:
            if p not in found:
                found.add(p)
                stack.append(p)
    return found


def verify_order(case, got):
    root, parents = case.inputs["root"], case.inputs["parents"]
    if type(got) not in (list, tuple):
        return Problem(f"returned {type(got).__name__}, expected a list of nodes")
    if not all(type(node) in (int, str) and node in parents for node in got):
        return Problem("the list holds something that is no node of the graph")
    text = f"[{', '.join(map(str, got))}]" if len(got) <= 12 else f"{len(got)} nodes"
    twice = next((node for node, times in Counter(got).items() if times > 1), None)
    needed = _needed(root, parents)
    extra, missing = set(got) - needed, needed - set(got)
    if twice is not None:
        return Problem(f"node {twice} stands in the list twice", got=text, expected="each node once")
    if extra:
        says = f"node {min(extra, key=str)} does not lead to {root}"
        return Problem(says, got=text, expected=f"{len(needed)} nodes")
    if missing:
        return Problem(f"node {min(missing, key=str)} is missing", got=text, expected=f"{len(needed)} nodes")
    place = {node: i for i, node in enumerate(got)}
    for node in got:
        for p in parents[node]:
            if place[p] > place[node]:
                says = f"node {node} stands before its parent {p}"
                return Problem(says, got=text, expected=f"{p} before {node}")
    return None  # each needed node once, parents first: then the root stands last


def _complete(case, got):
    needed = _needed(case.inputs["root"], case.inputs["parents"])
    return len(got) == len(needed) and set(got) == needed


def _walk(root, parents, depth, late):
    """The nodes as a walk from the root first meets them.

    Args:
        root, parents: as in the exercise.
        depth: the newest of the waiting nodes comes first (depth first), else the oldest (level by level).
        late: nodes met before are left out when their turn comes, else when they would be put in line.
    """
    order, line, seen = {}, [root], {root}
    while line:
        node = line.pop(-1 if depth else 0)
        if node in order:
            continue
        order[node] = True
        for p in parents[node]:
            if late or p not in seen:
                line.append(p)
                seen.add(p)
    return list(order)


def _preorder(root, parents):
    """The nodes as a function that calls itself for each parent in turn first meets them."""
    order = {}

    def visit(node):
        if node not in order:
            order[node] = True
            for p in parents[node]:
                visit(p)

    visit(root)
    return list(order)


def _is_walk(depth):
    """A predicate: the order is a walk of this kind, turned round."""

    def when(case, got):
        walks = [_walk(**case.inputs, depth=depth, late=late) for late in (True, False)]
        walks += [_preorder(**case.inputs)] * depth
        return list(got)[::-1] in walks

    return when


ORDER = Exercise(
    name="topological_order",
    chapter=CHAPTER,
    points=3,
    parts={"order": 2, "long chain": 1},
    contract="topological_order(root, parents) -> list of the nodes that root depends on, each once, each "
    "after all its parents, root last; parents maps a node to the tuple it was computed from (leaf: ())",
    draw=draw_order,
    call=call_order,
    verify=verify_order,
    mistakes=(
        Mistake(
            "Your function calls itself once a node, and Python stops that at about a thousand calls.",
            "Keep your own stack: a list of nodes still to be finished.",
            when=lambda case, got: isinstance(got, Failure) and got.kind == "RecursionError",
        ),
        Mistake(
            "You walk along every path, and a row of n squares has 2ⁿ of them.",
            "When you come to a node for the second time, what is left to do?",
            when=lambda case, got: isinstance(got, Failure) and "over and over" in got.message,
        ),
        Mistake(
            "Your order is reversed: it starts with the root.",
            "Put a node into the list after its parents, or reverse the list at the end.",
            when=lambda case, got: _complete(case, got) and verify_order(case, got[::-1]) is None,
        ),
        Mistake(
            "You list all nodes; some of them do not lead to the root.",
            "Start at root and follow parents, instead of going through the whole dict.",
            when=lambda case, got: len(got) == len(set(got)) and set(got) > _needed(*case.inputs.values()),
        ),
        Mistake(
            "A node that is used twice enters the list twice.",
            "Remember which nodes you have already visited.",
            when=lambda case, got: len(set(got)) < len(got),
        ),
        Mistake(
            "You go level by level and turn the list round: a node can have a parent on its own level.",
            "Go depth first: finish all parents of a node, then append the node.",
            when=_is_walk(depth=False),
        ),
        Mistake(
            "You go depth first, but note a node before its parents, and turn the list round.",
            "Note a node when all its parents are finished; then nothing has to be turned round.",
            when=_is_walk(depth=True),
        ),
        Mistake(
            "All nodes are there, but one stands before one of its parents.",
            "Go depth first: finish all parents of a node, then append the node.",
            when=_complete,
        ),
        Mistake(
            "The root itself is missing.",
            "The root depends on itself, too: append it last.",
            when=lambda case, got: set(got) == _needed(*case.inputs.values()) - {case.inputs["root"]},
        ),
    ),
)

EXERCISES = [LINEAR, RELU, SOFTMAX, ORDER]
