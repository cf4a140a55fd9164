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
