"""The derivations of chapter 05 are checked by asserts that fail when the formula is wrong."""

from mutate import mutations

CHAPTER = "05_regularisation"
# Cells that load data, train, draw or check an exercise; no derivation needs them.
SKIP = (
    "x_all", "make_net", "accuracy(", "x_train", "legendre(", "heights", "drawn(", "through(", "histograms(",
    "Drawing(", "check.", "noto", "CHANGES", "@records", ".column(", "votes", "plt.subplots", "scene(",
    "playground(", "mine =", "normed", "growth(", "directions", "results", "@title Check what is said",
)  # fmt: skip
BROKEN = {
    "the square's tug without the data": ("wish / (1 + lam)) < 2e-4", "wish / lam) < 2e-4", "l2, l1 ="),
    "the absolute value's tug without the half": ("abs(wish) - lam / 2", "abs(wish) - lam", "l2, l1 ="),
    "weight decay without the learning rate": ("(1 - eta * lam) * w", "(1 - lam) * w", "by_hand)"),
    "L1's gradient like that of L2": (
        "lam * torch.sign(w.detach())",
        "lam * w.detach()",
        "w.abs().sum()).backward()",
    ),
    "a wider belief": (
        "Normal(torch.zeros(1).double(), 0.5**0.5)",
        "Normal(torch.zeros(1).double(), 1.0)",
        "laplace).argmax()",
    ),
    "dropout's expectation with p for q": (
        "(masks * h).mean(0), (1 - p) * h",
        "(masks * h).mean(0), p * h",
        "equation (4)",
    ),
    "inverted dropout divides by p": ("masks * h / (1 - p)", "masks * h / p", "equation (4)"),
    "dropout's penalty upside down": ("+ p / q * ws**2)", "+ q / p * ws**2)", "mean_loss ="),
    "the ensemble's scale": ("0.5 * h @ W.T + b", "0.6 * h @ W.T + b", "assert_close(ensemble, scaled)"),
    "the ensemble's mean arithmetic": (
        "torch.softmax(each.mean(0), 0)",
        "each.exp().mean(0)",
        "assert_close(ensemble, scaled)",
    ),
    "the running variance biased": ("0.1 * var * B / (B - 1)", "0.1 * var", "(B, D) equation (5)"),
    "batch norm backward without the mean's road": (
        "(dx_hat - dx_hat.mean(0) - x_hat",
        "(dx_hat - x_hat",
        "roads = torch.autograd.grad",
    ),
    "batch norm backward without the variance's road": (
        " - x_hat * (dx_hat * x_hat).mean(0)",
        "",
        "roads = torch.autograd.grad",
    ),
    "batch norm's gradient does not shrink": (
        "grad_at(1.0) / 7",
        "grad_at(1.0)",
        "assert_close(grad_at(7.0)",
    ),
    "batch norm of images over the wrong axes": (
        "images.mean((0, 2, 3)",
        "images.mean((0, 1, 2)",
        "nn.BatchNorm2d(6)(images)",
    ),
    "layer norm over the batch": (
        "x.mean(1, keepdim=True)",
        "x.mean(0, keepdim=True)",
        "F.layer_norm(x, (6,))",
    ),
    "label smoothing without the right class's share": (
        "+ epsilon / 10",
        "+ epsilon / 9",
        "label_smoothing=epsilon",
    ),
    "variance propagation without the mean": ("(1.7**2 + 0.6**2)", "1.7**2", "z = x @ W.T"),
    "ReLU loses nothing": ("symmetric.var().item() / 2", "symmetric.var().item()", "# equation (2)"),
    "He with the root of n alone": (
        "w.std().item(), (2 / n) ** 0.5",
        "w.std().item(), 2 / n**0.5",
        "# equation (2)",
    ),
    "the importance weights upside down": (
        "(features(u) @ d).exp().detach()",
        "(-features(u) @ d).exp().detach()",
        "assert abs(foretold",
    ),
}

test_a_broken_formula_is_caught, test_unchanged_it_passes = mutations(CHAPTER, BROKEN, SKIP)
