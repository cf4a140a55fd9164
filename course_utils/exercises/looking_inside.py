"""Exercises of the chapter on looking inside a network."""

from __future__ import annotations

import torch

from ._base import Case, Exercise, Mistake, normal
from ._judge import Failure

CHAPTER = "07_looking_inside"


# ---------------------------------------------------------------------------------------------- ascent_step
def draw_ascent(rng):
    """The answer sees only the function ``score``."""
    score = "score(x) = v @ (W @ x.flatten()).tanh()"
    W = torch.tensor([[1.0, -0.5, 0.2], [0.3, 0.8, -0.4]])
    v = torch.tensor([2.0, 1.0])
    yield Case({"W": W, "v": v, "x": torch.tensor([0.5, -0.2, 0.4]), "eta": 0.1, "lam": 0.3}, note=score)
    for shape, note in (((7,), ""), ((3, 4, 5), "; a picture"), ((2, 3, 4, 4), "; four dimensions")):
        size = torch.Size(shape).numel()
        inputs = {"W": normal(rng, 6, size, scale=0.3), "v": normal(rng, 6), "x": normal(rng, *shape)}
        yield Case({**inputs, "eta": 0.05, "lam": 0.4}, note=score + note)
    inputs = {"W": normal(rng, 6, 5, scale=0.3), "v": normal(rng, 6), "x": normal(rng, 5)}
    yield Case({**inputs, "eta": 0.05, "lam": 0.0}, note=f"{score}; no price")


def call_ascent(answer, W, v, x, eta, lam):
    """Hand the answer a score; W (H, D), v (H,), x of D numbers in any shape."""
    got = answer(lambda x: v @ (W @ x.flatten()).tanh(), x, eta, lam)
    return got.detach() if hasattr(got, "detach") else got


def ascent(W, v, x, eta, lam, sign=1.0, price=-2.0, scale=None, m=0.0):
    """The step by formula, the gradient of the score by hand; with something wrong in it if asked."""
    W, v, x = W.double(), v.double(), x.double()
    h = (W @ x.flatten()).tanh()
    g = (W.T @ (v * (1 - h**2))).view(x.shape) + price * lam * (x - m)
    size = g.square().mean().sqrt() if scale is None else scale(g)
    return (x + sign * eta * g / size).float()


def _ascent_with(**change):
    return lambda W, v, x, eta, lam: ascent(W, v, x, eta, lam, **change)


ASCENT = Exercise(
    name="ascent_step",
    chapter=CHAPTER,
    points=2,
    contract="ascent_step(score, x, eta, lam) -> tensor of the shape of x, float32; score maps a tensor of "
    "that shape to a scalar tensor that autograd can differentiate",
    draw=draw_ascent,
    call=call_ascent,
    expected=ascent,
    mistakes=(
        Mistake(
            "You went downhill.",
            "A larger score is wanted: which sign has the step?",
            wrong=_ascent_with(sign=-1.0),
        ),
        Mistake(
            "Your price has the wrong sign: it pays for large pictures.",
            "Differentiate -λ‖x‖².",
            wrong=_ascent_with(price=2.0),
        ),
        Mistake(
            "The derivative of ‖x‖² lacks its 2.",
            "Differentiate x².",
            wrong=_ascent_with(price=-1.0),
        ),
        Mistake(
            "You forgot the price λ‖x‖².",
            "Which function is climbed: the score or J?",
            wrong=_ascent_with(price=0.0),
        ),
        Mistake(
            "You did not bring the step to its length: that is eta times the gradient.",
            "What does equation (3) divide by?",
            wrong=_ascent_with(scale=lambda g: 1.0),
        ),
        Mistake(
            "You divided by the norm of the gradient, not by its root mean square.",
            "A norm grows with the number of pixels; a mean does not.",
            wrong=_ascent_with(scale=lambda g: g.norm()),
        ),
        Mistake(
            "You divided by the mean square and forgot the root.",
            "How long should the step be when the gradient is twice as long?",
            wrong=_ascent_with(scale=lambda g: g.square().mean()),
        ),
        Mistake(
            "You stepped by the sign of the gradient: every pixel moves equally far.",
            "Equation (3) keeps the direction of the gradient.",
            wrong=lambda W, v, x, eta, lam: x + eta * (ascent(W, v, x, eta, lam) - x).sign(),
        ),
        Mistake(
            "You charged for the distance from middle grey.",
            "Here m is zero.",
            wrong=_ascent_with(m=0.5),
        ),
        Mistake(
            "You clipped the result to [0, 1].",
            "Which part of equation (3) is left out here?",
            wrong=lambda W, v, x, eta, lam: ascent(W, v, x, eta, lam).clamp(0, 1),
        ),
        Mistake(
            "Autograd was not told to follow x.",
            "Make a copy of x with requires_grad_() and compute the score of that.",
            when=lambda case, got: isinstance(got, Failure) and "does not require grad" in got.message,
        ),
    ),
)


# ----------------------------------------------------------------------------------------------- relu_rules
RULES = ("gradient", "deconvnet", "guided")


def draw_rules(rng):
    g = torch.tensor([1.0, -2.0, 3.0, -4.0])
    z = torch.tensor([0.5, 1.5, -1.0, -2.0])
    for rule in RULES:
        yield Case({"g": g, "z": z, "rule": rule}, note=rule)
    for rule in RULES:
        yield Case({"g": normal(rng, 2, 3, 5, 5), "z": normal(rng, 2, 3, 5, 5), "rule": rule}, note=rule)
    g, z = torch.tensor([1.0, -1.0, 2.0]), torch.tensor([0.0, 0.0, 1.0])
    for rule in RULES:
        yield Case({"g": g, "z": z, "rule": rule}, note=f"{rule}, inputs that are exactly zero")


def relu_rules(g, z, rule):
    passes = {"gradient": z > 0, "deconvnet": g > 0, "guided": torch.minimum(g, z) > 0}[rule]
    return torch.where(passes, g, torch.zeros_like(g))


def _rules_with(**names):
    """Each rule takes the part of the one it is mapped to."""
    return lambda g, z, rule: relu_rules(g, z, names.get(rule, rule))


RELU = Exercise(
    name="relu_rules",
    chapter=CHAPTER,
    points=1,
    contract='relu_rules(g, z, rule) -> tensor of the shape of g and z, float32; rule is "gradient", '
    '"deconvnet" or "guided"',
    draw=draw_rules,
    expected=relu_rules,
    mistakes=(
        Mistake(
            "Your gradient rule is the deconvnet's.",
            "Which of the two looks at what came in on the way up?",
            wrong=_rules_with(gradient="deconvnet"),
        ),
        Mistake(
            "Your gradient rule is the deconvnet's, and the other way round.",
            "Which of the two looks at what came in on the way up?",
            wrong=_rules_with(gradient="deconvnet", deconvnet="gradient"),
        ),
        Mistake(
            "Your gradient rule is the deconvnet's, and so are the others.",
            "Which of the three look at what came in on the way up?",
            wrong=_rules_with(gradient="deconvnet", guided="deconvnet"),
        ),
        Mistake(
            "At z = 0 you let the signal pass.",
            "Equation (4) asks for z > 0, and so does PyTorch.",
            wrong=lambda g, z, rule: relu_rules(g, torch.where(z == 0, torch.ones_like(z), z), rule),
        ),
        Mistake(
            "You returned relu(z), the forward pass.",
            "What is sent back is g; z only decides what passes.",
            wrong=lambda g, z, rule: z.relu() if rule == "gradient" else relu_rules(g, z, rule),
        ),
        Mistake(
            "You returned where the signal passes, not the signal.",
            "Multiply by g.",
            wrong=lambda g, z, rule: (relu_rules(g, z, rule) != 0).float(),
        ),
        Mistake(
            "Your gradient rule lets everything pass.",
            "What does a ReLU do with its input where that is negative?",
            wrong=lambda g, z, rule: g if rule == "gradient" else relu_rules(g, z, rule),
        ),
        Mistake(
            "Your deconvnet rule is the gradient's.",
            "Which of the two looks at what came in on the way up?",
            wrong=_rules_with(deconvnet="gradient"),
        ),
        Mistake(
            "Your guided rule lets pass where one condition holds.",
            "Guided asks for two things at once.",
            wrong=lambda g, z, rule: g * ((g > 0) | (z > 0)) if rule == "guided" else relu_rules(g, z, rule),
        ),
        Mistake(
            "Your guided rule is the plain gradient.",
            "Guided asks for two things at once.",
            wrong=_rules_with(guided="gradient"),
        ),
        Mistake(
            "Your guided rule is the deconvnet's.",
            "Guided asks for two things at once.",
            wrong=_rules_with(guided="deconvnet"),
        ),
    ),
)


# --------------------------------------------------------------------------------------------- grad_cam_map
def draw_cam(rng):
    A = torch.tensor([[[1.0, 2.0], [0.0, 3.0]], [[2.0, 0.0], [1.0, 1.0]]])  # (C, h, w) = (2, 2, 2)
    G = torch.tensor([[[1.0, 1.0], [0.0, 2.0]], [[-1.0, -2.0], [0.5, -5.5]]])
    yield Case({"A": A, "G": G})
    yield Case({"A": normal(rng, 6, 5, 7).relu(), "G": normal(rng, 6, 5, 7) + normal(rng, 6, 1, 1)})
    yield Case({"A": normal(rng, 4, 4, 4).relu(), "G": normal(rng, 4, 4, 4)}, note="C = h = w")
    A, G = 1 + normal(rng, 3, 4, 4).abs(), normal(rng, 3, 4, 4).abs()
    yield Case({"A": A, "G": G}, note="every place speaks for the class")
    yield Case({"A": A, "G": -G}, note="all against")


def _scaled(m):
    return m / m.max() if m.max() > 0 else m


def _stretched(m):
    return (m - m.min()) / (m.max() - m.min() + 1e-9)


def _cam(A, G, weights=lambda G: G.mean((1, 2)), before=lambda M: M, after=torch.relu, scale=_scaled):
    """Equation (7) with something wrong in it if asked."""
    terms = before(torch.as_tensor(weights(G))[..., None, None].expand(len(A), 1, 1) * A)
    return scale(after(terms.sum(0)))


def grad_cam_map(A, G):
    """By the chain of equation (7), summed place by place in float64."""
    A, G = A.double(), G.double()
    total = torch.zeros(A.shape[1:], dtype=torch.float64)
    for a, g in zip(A, G, strict=True):
        total += g.sum() / g.numel() * a
    return _scaled(total.clamp(min=0)).float()


CAM = Exercise(
    name="grad_cam_map",
    chapter=CHAPTER,
    points=2,
    contract="grad_cam_map(A, G) -> (h, w), float32, values in [0, 1]; A, G (C, h, w), float32",
    draw=draw_cam,
    expected=grad_cam_map,
    mistakes=(
        Mistake(
            "You divided zero by zero where nothing speaks for the class.",
            "A map of zeros stays zero.",
            when=lambda case, got: torch.is_tensor(got) and bool(got.isnan().any()),
        ),
        Mistake(
            "You forgot ReLU: what speaks against the class is still in the map.",
            "Equation (7) keeps the positive part.",
            wrong=lambda A, G: _cam(A, G, after=lambda m: m),
        ),
        Mistake(
            "You cut off what is negative before the sum over the maps.",
            "Maps may cancel each other: what is inside the ReLU of equation (7)?",
            wrong=lambda A, G: _cam(A, G, before=torch.relu),
        ),
        Mistake(
            "You cut off negative gradients before the mean.",
            "What is inside the ReLU of equation (7)?",
            wrong=lambda A, G: _cam(A, G, weights=lambda G: G.relu().mean((1, 2))),
        ),
        Mistake(
            "You took the size of the sum: what speaks against the class counts for it.",
            "Equation (7) keeps the positive part.",
            wrong=lambda A, G: _cam(A, G, after=torch.abs),
        ),
        Mistake(
            "You took the largest gradient of each map as its weight.",
            "Equation (7) asks for a mean over the places.",
            wrong=lambda A, G: _cam(A, G, weights=lambda G: G.amax((1, 2))),
        ),
        Mistake(
            "You multiplied maps and gradients place by place, without the mean.",
            "In equation (7) a map has one weight for all its places.",
            wrong=lambda A, G: _scaled((A * G).sum(0).relu()),
        ),
        Mistake(
            "You swapped maps and gradients.",
            "Which of the two is averaged to a weight?",
            wrong=lambda A, G: _cam(G, A),
        ),
        Mistake(
            "You took the size of the weights and lost their sign.",
            "A map that speaks against the class must count against it.",
            wrong=lambda A, G: _cam(A, G, weights=lambda G: G.mean((1, 2)).abs()),
        ),
        Mistake(
            "You stretched the map: its smallest value has become 0.",
            "Divide only. What does a 0 in the map say, and does every map hold one?",
            wrong=lambda A, G: _cam(A, G, scale=_stretched),
        ),
        Mistake(
            "You did not scale the map.",
            "Its largest value should be one.",
            wrong=lambda A, G: _cam(A, G, scale=lambda m: m),
        ),
        Mistake(
            "You averaged over the maps where equation (7) averages over the places.",
            "Which dimensions of (C, h, w) belong to the places?",
            wrong=lambda A, G: _scaled((G.mean(0) * A.sum(0)).relu()),
        ),
    ),
)


# -------------------------------------------------------------------------------------------- occlusion_map
def draw_occlusion(rng):
    """The score is not linear in what is covered."""
    score = "score(x) = (w * x).sum() + 3 * x.sum().sin()"
    x = torch.tensor([[[1.0, 2.0, 0.5, 3.0], [0.0, 1.0, 2.0, 1.0], [2.0, 0.0, 1.0, 1.0]]])
    w = torch.tensor([[[1.0, 0.0, 0.0, 2.0], [0.0, -1.0, 0.0, 0.0], [0.5, 0.0, 1.0, 0.0]]])
    yield Case({"w": w, "x": x, "size": 2, "stride": 1, "fill": 0.5}, note=score)
    inputs = {"w": normal(rng, 3, 8, 8), "x": normal(rng, 3, 8, 8), "size": 3, "stride": 1, "fill": 0.0}
    yield Case(inputs, note=score)
    for note, shape, size, stride in (
        ("a stride", (3, 9, 12), 3, 3),
        ("a stride that leaves a rest", (2, 10, 11), 4, 3),
        ("one square", (1, 5, 5), 5, 2),
    ):
        inputs = {"w": normal(rng, *shape), "x": normal(rng, *shape)}
        yield Case({**inputs, "size": size, "stride": stride, "fill": 0.5}, note=f"{score}; {note}")


def call_occlusion(answer, w, x, size, stride, fill):
    """Hand the answer a score that returns a number."""
    return answer(lambda x: float((w * x).sum() + 3 * x.sum().sin()), x, size, stride, fill)


def occlusion_map(w, x, size, stride, fill, value=lambda before, after: before - after, keep=False):
    """By masks instead of slices; `keep` leaves earlier squares covered."""
    score = lambda x: float((w * x).sum() + 3 * x.sum().sin())  # noqa: E731
    _, H, W = x.shape
    rows, columns = (H - size) // stride + 1, (W - size) // stride + 1
    falls, canvas = torch.empty(rows, columns), x
    for i in range(rows):
        for k in range(columns):
            down = (torch.arange(H) >= i * stride) & (torch.arange(H) < i * stride + size)
            right = (torch.arange(W) >= k * stride) & (torch.arange(W) < k * stride + size)
            covered = torch.where(down[:, None] & right, torch.full_like(x, fill), canvas)
            canvas = covered if keep else x
            falls[i, k] = value(score(x), score(covered))
    return falls


def _has_places(case, got, last):
    """Whether the map has the wrong shape, the one that ranges up to ``last(n, size)`` give."""
    size, stride = case.inputs["size"], case.inputs["stride"]

    def shape(end):
        return [len(range(0, end(n, size), stride)) for n in case.inputs["x"].shape[1:]]

    return list(got.shape) == shape(last) != shape(lambda n, size: n - size + 1)


OCCLUSION = Exercise(
    name="occlusion_map",
    chapter=CHAPTER,
    points=3,
    contract="occlusion_map(score, x, size, stride, fill) -> (rows, columns), float32, one value for each "
    "square that lies whole inside x (C, H, W); score maps (C, H, W) to a float, fill is a float",
    draw=draw_occlusion,
    call=call_occlusion,
    expected=occlusion_map,
    rtol=1e-3,
    atol=1e-3,
    mistakes=(
        Mistake(
            "You cover the same picture again and again: earlier squares stay covered.",
            "Which picture does each square belong on? clone() makes a fresh one.",
            wrong=lambda w, x, size, stride, fill: occlusion_map(w, x, size, stride, fill, keep=True),
        ),
        Mistake(
            "Your map has the wrong sign: where the score falls it should be positive.",
            "Which minus which is a fall?",
            wrong=lambda w, x, size, stride, fill: occlusion_map(
                w, x, size, stride, fill, value=lambda before, after: after - before
            ),
        ),
        Mistake(
            "That is the score of the covered picture, not by how much it fell.",
            "What was the score before?",
            wrong=lambda w, x, size, stride, fill: occlusion_map(
                w, x, size, stride, fill, value=lambda before, after: after
            ),
        ),
        Mistake(
            "You cover with zeros whatever fill says.",
            "Which value should the covered pixels have?",
            wrong=lambda w, x, size, stride, fill: occlusion_map(w, x, size, stride, 0.0),
        ),
        Mistake(
            "You ignore the stride.",
            "Where does the second square start?",
            wrong=lambda w, x, size, stride, fill: occlusion_map(w, x, size, 1, fill),
        ),
        Mistake(
            "You keep only falls: a square that hides something misleading may raise the score.",
            "The map may be negative.",
            wrong=lambda w, x, size, stride, fill: occlusion_map(w, x, size, stride, fill).relu(),
        ),
        Mistake(
            "You took the size of the change: a rise counts like a fall.",
            "The map may be negative.",
            wrong=lambda w, x, size, stride, fill: occlusion_map(w, x, size, stride, fill).abs(),
        ),
        Mistake(
            "Rows and columns are swapped.",
            "The first index of the map moves down the picture.",
            wrong=lambda w, x, size, stride, fill: occlusion_map(w, x, size, stride, fill).T,
        ),
        Mistake(
            "You divide the fall by the score.",
            "By how much does the score fall, in its own units?",
            wrong=lambda w, x, size, stride, fill: occlusion_map(
                w, x, size, stride, fill, value=lambda before, after: (before - after) / before
            ),
        ),
        Mistake(
            "Your map has places for squares that run over the rim.",
            "Where may the last square start if it is to lie inside?",
            when=lambda case, got: _has_places(case, got, last=lambda n, size: n),
        ),
        Mistake(
            "Your last row and column are missing.",
            "range leaves out its end: where may the last square start?",
            when=lambda case, got: _has_places(case, got, last=lambda n, size: n - size),
        ),
    ),
)

EXERCISES = [ASCENT, RELU, CAM, OCCLUSION]
