"""Reference answers of the chapter on looking inside a network, and wrong ones with words of the verdict."""

import torch


def ascent_step(score, x, eta, lam):
    x = x.clone().requires_grad_()
    (g,) = torch.autograd.grad(score(x) - lam * x.square().sum(), x)
    return (x + eta * g / g.square().mean().sqrt()).detach()


def relu_rules(g, z, rule):
    if rule != "deconvnet":
        g = g * (z > 0)
    if rule != "gradient":
        g = g.clamp(min=0)
    return g


def grad_cam_map(A, G):
    w = G.mean((1, 2))
    L = torch.einsum("c,chw->hw", w, A).relu()
    return L / L.max() if L.max() > 0 else L


def occlusion_map(score, x, size, stride, fill):
    rows = range(0, x.shape[1] - size + 1, stride)
    columns = range(0, x.shape[2] - size + 1, stride)
    falls = torch.empty(len(rows), len(columns))
    for i, top in enumerate(rows):
        for k, left in enumerate(columns):
            covered = x.clone()
            covered[:, top : top + size, left : left + size] = fill
            falls[i, k] = score(x) - score(covered)
    return falls


PAPER = """Answers to the questions for paper, discussion and projects.

1. f(2): slope 0, so 0, and equation (6) fails by 1. f(0.5): slope 1, so 0.5, and nothing is lost. The
   outer bias gives 1 to both; at 0.5 the inner one, 1 with the slope −1, takes it away again.
2. Gradient 0. Shutting one tap leaves two litres: 0. On the path t(1, 1, 1) the cup is full at t = 1/3:
   1/3 each. Two taps shut leave one litre, still full: all three must be covered to see a fall.
3. The cup at 2 is the example: 0 instead of f(2) − f(0) = 1. Without biases the gradient is the same at
   all t x, t > 0 (homogeneous of degree 0), so its mean on the way from 0 is the gradient at x.
4. On the way t(2, 1) the first input is the larger one, its slope 1, the other's 0: shares 2 and 0. But
   alone, x₂ would have given 1. The Shapley values are 1.5 and 0.5.
5. Every ReLU sends down g [z > 0] [g > 0], which is g where g is positive and 0 elsewhere. Below the
   first ReLU only a convolution follows, whose weights may be negative. The gradient's rule keeps the
   sign of g.
6. In ∂α/∂A = V/hw at every place. With a hidden layer the slope depends on which of its units are open,
   so the weights w_c belong to this picture; the mean of the map is no longer the score less a bias.
7. −ε w/‖w‖, by ε ‖w‖. With a limit on each entry it is ε times the sum of the sizes, up to √n times as
   much, at a change whose length is ε √n.
8. Whether the map changes with the diagnosis asked about, then whether it survives a destroyed network,
   then deletion. None tells whether the network's reasons are those of medicine: a marker on the film
   may be a good reason for the network.
9. By marking what breaks the statistics of the picture: holes with sharp borders along strong edges, or
   many small ones. Training again on deleted pictures (see Beyond), or another fill, tells them apart.
10. Open. Three pitfalls: choosing among many on the scenes that report the result; maps that are large
   everywhere; a winner that survives the cascade.
"""


# -------------------------------------------------------------------------------------------- wrong answers
def _gradient(score, x, price):
    x = x.clone().requires_grad_()
    (g,) = torch.autograd.grad(score(x) + price * x.square().sum(), x)
    return g


def _rms(g):
    return g.square().mean().sqrt()


def _step(price=-1.0, sign=1.0, scale=_rms):
    """An ascent step with another price, direction or length."""

    def wrong(score, x, eta, lam):
        g = _gradient(score, x, price * lam)
        return x + sign * eta * g / scale(g)

    return wrong


def _grey(score, x, eta, lam):
    return ascent_step(lambda x: score(x) + lam * (x.square().sum() - (x - 0.5).square().sum()), x, eta, lam)


def _sign_step(score, x, eta, lam):
    return x + eta * _gradient(score, x, -lam).sign()


def _unfollowed(score, x, eta, lam):
    (g,) = torch.autograd.grad(score(x), x)
    return x + eta * g


def _cam_with(total):
    """Grad-CAM whose sum before the scaling is computed otherwise."""

    def wrong(A, G):
        L = total(A, G)
        return L / L.max() if L.max() > 0 else L

    return wrong


def _weighted(w, A):
    return torch.einsum("c,chw->hw", w, A)


def _unguarded(A, G):
    L = _weighted(G.mean((1, 2)), A).relu()
    return L / L.max()


def _stretched(A, G):
    L = _weighted(G.mean((1, 2)), A).relu()
    return (L - L.min()) / (L.max() - L.min() + 1e-9)


def _occlusion_with(value, fresh=True, last=1):
    """An occlusion map with another value (before, after), another canvas, or other ends."""

    def wrong(score, x, size, stride, fill):
        canvas, before = x.clone(), score(x)
        rows = range(0, x.shape[1] - size + last, stride)
        columns = range(0, x.shape[2] - size + last, stride)
        falls = torch.empty(len(rows), len(columns))
        for i, top in enumerate(rows):
            for k, left in enumerate(columns):
                canvas = x.clone() if fresh else canvas
                canvas[:, top : top + size, left : left + size] = fill
                falls[i, k] = value(before, score(canvas))
        return falls

    return wrong


MISTAKES = {
    "ascent_step": [
        (_step(sign=-1.0), "downhill"),
        (_step(price=1.0), "wrong sign"),
        (_step(price=-0.5), "lacks its 2"),
        (_step(price=0.0), "forgot the price"),
        (_step(scale=lambda g: 1.0), "its length"),
        (_step(scale=lambda g: g.norm()), "norm of the gradient"),
        (_step(scale=lambda g: g.square().mean()), "forgot the root"),
        (_sign_step, "sign of the gradient"),
        (_grey, "middle grey"),
        (lambda *inputs: ascent_step(*inputs).clamp(0, 1), "clipped"),
        (_unfollowed, "not told to follow"),
    ],
    "relu_rules": [
        (
            lambda g, z, rule: relu_rules(
                g, z, {"gradient": "deconvnet", "deconvnet": "gradient"}.get(rule, rule)
            ),
            "gradient rule is the deconvnet's",
        ),
        (lambda g, z, rule: g.clamp(min=0), "gradient rule is the deconvnet's"),
        (lambda g, z, rule: g if rule == "gradient" else relu_rules(g, z, rule), "everything"),
        (
            lambda g, z, rule: relu_rules(g, z, "gradient" if rule == "deconvnet" else rule),
            "deconvnet rule is the gradient's",
        ),
        (
            lambda g, z, rule: g * ((g > 0) | (z > 0)) if rule == "guided" else relu_rules(g, z, rule),
            "one condition",
        ),
        (lambda g, z, rule: relu_rules(g, (z >= 0).float(), rule), "At z = 0"),
        (lambda g, z, rule: z.relu() if rule == "gradient" else relu_rules(g, z, rule), "forward pass"),
        (lambda g, z, rule: (relu_rules(g, z, rule) != 0).float(), "not the signal"),
        (
            lambda g, z, rule: relu_rules(g, z, "gradient" if rule == "guided" else rule),
            "the plain gradient",
        ),
        (lambda g, z, rule: relu_rules(g, z, "deconvnet" if rule == "guided" else rule), "deconvnet's"),
    ],
    "grad_cam_map": [
        (_unguarded, "zero by zero"),
        (_cam_with(lambda A, G: _weighted(G.mean((1, 2)), A)), "forgot ReLU"),
        (_cam_with(lambda A, G: (G.mean((1, 2))[:, None, None] * A).relu().sum(0)), "before the sum"),
        (_cam_with(lambda A, G: _weighted(G.mean((1, 2)).relu(), A)), "before the sum"),
        (_cam_with(lambda A, G: _weighted(G.relu().mean((1, 2)), A)), "before the mean"),
        (_cam_with(lambda A, G: _weighted(G.mean((1, 2)), A).abs()), "size of the sum"),
        (_cam_with(lambda A, G: _weighted(G.amax((1, 2)), A).relu()), "largest gradient"),
        (_cam_with(lambda A, G: (A * G).sum(0).relu()), "place by place"),
        (_cam_with(lambda A, G: _weighted(A.mean((1, 2)), G).relu()), "swapped"),
        (_cam_with(lambda A, G: _weighted(G.mean((1, 2)).abs(), A).relu()), "lost their sign"),
        (_stretched, "stretched"),
        (lambda A, G: _weighted(G.mean((1, 2)), A).relu(), "did not scale"),
        (_cam_with(lambda A, G: (G.mean(0) * A.sum(0)).relu()), "averaged over the maps"),
    ],
    "occlusion_map": [
        (_occlusion_with(lambda before, after: before - after, fresh=False), "again and again"),
        (_occlusion_with(lambda before, after: after - before), "wrong sign"),
        (_occlusion_with(lambda before, after: after), "by how much"),
        (lambda score, x, size, stride, fill: occlusion_map(score, x, size, stride, 0.0), "zeros whatever"),
        (lambda score, x, size, stride, fill: occlusion_map(score, x, size, 1, fill), "ignore the stride"),
        (_occlusion_with(lambda before, after: max(before - after, 0.0)), "keep only falls"),
        (_occlusion_with(lambda before, after: abs(before - after)), "size of the change"),
        (lambda *inputs: occlusion_map(*inputs).T, "swapped"),
        (_occlusion_with(lambda before, after: before - after, last=0), "last row and column"),
    ],
}
