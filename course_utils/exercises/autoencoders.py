"""Exercises of the chapter on autoencoders."""

from __future__ import annotations

import torch

from ._base import Case, Exercise, Mistake, Problem, normal

CHAPTER = "11_autoencoders"


# ------------------------------------------------------------------------------------------ pca_reconstruct
def draw_pca(rng):
    x = torch.tensor([[1.0, 2.0, 0.0], [2.0, 4.0, 1.0], [4.0, 5.0, 5.0], [5.0, 9.0, 6.0]])  # (N, D) = (4, 3)
    yield Case({"x": x, "k": 1})
    axes = torch.diag(torch.tensor([1.0, 3.0, 2.0]))
    cross = torch.cat([axes, -axes]) + torch.tensor([1.0, 0.0, 2.0])
    yield Case({"x": cross, "k": 2}, note="the first column varies least")
    for note, (N, D, k) in {
        "": (30, 6, 2),
        "N = D": (5, 5, 2),
        "fewer rows than columns": (6, 12, 3),
    }.items():
        yield Case({"x": _spread(rng, N, D, k), "k": k}, note=note)
    yield Case({"x": normal(rng, 9, 4) + 2, "k": 4}, note="all components")


def _spread(rng, N, D, k):
    """Data (N, D) whose components k and k + 1 differ so much that rounding does not exchange them."""
    while True:
        x = normal(rng, N, D) * torch.linspace(4, 0.5, D) + 3 * normal(rng, D)
        sizes = torch.linalg.svdvals(x - x.mean(0))
        if sizes[k - 1] > 1.1 * sizes[k]:
            return x


def _directions(x, center=True):
    """Right singular vectors as rows, largest first."""
    return torch.linalg.svd((x - x.mean(0) if center else x).double(), full_matrices=False)[2]


def pca_reconstruct(x, k):
    V = _directions(x)[:k]
    mean = x.double().mean(0)
    return ((x.double() - mean) @ V.T @ V + mean).float()


def _pca_uncentred(x, k):
    V = _directions(x, center=False)[:k]
    return (x.double() @ V.T @ V).float()


def _pca_no_mean_back(x, k):
    return pca_reconstruct(x, k) - x.mean(0)


def _pca_project_raw(x, k):
    V = _directions(x)[:k]
    return (x.double() @ V.T @ V).float()


def _pca_smallest(x, k):
    mean = x.double().mean(0)
    V = torch.linalg.eigh((x.double() - mean).T @ (x.double() - mean))[1][:, :k]
    return ((x.double() - mean) @ V @ V.T + mean).float()


def _pca_other_components(choose):
    """Keep other components than the first k: choose(directions, k)."""

    def wrong(x, k):
        V, mean = choose(_directions(x), k), x.double().mean(0)
        return ((x.double() - mean) @ V.T @ V + mean).float()

    return wrong


def _pca_columns_of_vh(x, k):
    mean = x.double().mean(0)
    V = _directions(x)[:, :k]
    return ((x.double() - mean) @ V @ V.T + mean).float()


def _pca_one_mean(x, k):
    mean = x.double().mean()
    V = torch.linalg.svd(x.double() - mean, full_matrices=False)[2][:k]
    return ((x.double() - mean) @ V.T @ V + mean).float()


def _pca_standardised(x, k):
    return pca_reconstruct(x / x.std(0), k) * x.std(0)


def _pca_row_means(x, k):
    mean = x.double().mean(1, keepdim=True)
    V = torch.linalg.svd(x.double() - mean, full_matrices=False)[2][:k]
    return ((x.double() - mean) @ V.T @ V + mean).float()


PCA = Exercise(
    name="pca_reconstruct",
    chapter=CHAPTER,
    points=2,
    contract="pca_reconstruct(x, k) -> (N, D) float32, the rows of x (N, D) projected on the first k "
    "principal components of x around its mean",
    draw=draw_pca,
    expected=pca_reconstruct,
    rtol=1e-3,
    atol=1e-3,
    mistakes=(
        Mistake(
            "You did not subtract the mean.",
            "Around which point do the principal components turn?",
            wrong=_pca_uncentred,
        ),
        Mistake(
            "You forgot to add the mean again.",
            "With k = D the reconstruction should be x itself.",
            wrong=_pca_no_mean_back,
        ),
        Mistake(
            "You found the directions of the centred data, but projected the raw rows.",
            "What has to be subtracted before the projection, and added after it?",
            wrong=_pca_project_raw,
        ),
        Mistake(
            "Those are the last components, with the smallest variance.",
            "In which order does your routine return eigenvalues?",
            wrong=_pca_smallest,
        ),
        Mistake(
            "You keep one component too many.",
            "How many entries has [: k + 1]?",
            wrong=_pca_other_components(lambda V, k: V[: k + 1]),
        ),
        Mistake(
            "You keep component k alone, not the first k.",
            "Is it [k - 1], or [:k]?",
            wrong=_pca_other_components(lambda V, k: V[k - 1 : k]),
        ),
        Mistake(
            "You took columns of what svd returns third.",
            "That matrix is already transposed: where do its directions stand?",
            wrong=_pca_columns_of_vh,
        ),
        Mistake(
            "You subtracted one number, the mean of all entries.",
            "The mean is a point: one number for each column.",
            wrong=_pca_one_mean,
        ),
        Mistake(
            "You divided the columns by their spread: those are components of other data.",
            "Does the loss count all columns alike?",
            wrong=_pca_standardised,
        ),
        Mistake(
            "You subtracted the mean of each row.",
            "The mean is that of the data: one number for each column.",
            wrong=_pca_row_means,
        ),
        Mistake(
            "You returned the codes (N, k), not the reconstruction.",
            "How do you get from k numbers back to D?",
            when=lambda case, got: (
                torch.is_tensor(got)
                and case.inputs["k"] != case.inputs["x"].shape[1]
                and got.shape == (len(case.inputs["x"]), case.inputs["k"])
            ),
        ),
    ),
)


# ---------------------------------------------------------------------------------------------- mask_pixels
def draw_mask(rng):
    yield Case({"x": 1 + normal(rng, 20, 3, 8, 8).abs(), "p": 0.25})
    yield Case({"x": 1 + normal(rng, 30, 2, 7, 9).abs(), "p": 0.7}, note="most pixels off")
    yield Case({"x": 1 + normal(rng, 2, 3, 4, 5).abs(), "p": 0.0}, note="nothing is switched off")


def call_mask(answer, x, p):
    """Six damaged copies: chance shows only when one asks again."""
    copies = [x.clone() for _ in range(5)]
    first = answer(x, p)
    return first if first is None or first is ... else [first, *(answer(copy, p) for copy in copies)]


def _off(got):
    """Share of numbers that are zero."""
    return (got == 0).double().mean().item()


def _all_channels(got):
    """Whether the channels of each pixel are all on or all off."""
    on = got != 0
    return bool((on == on[:, :1]).all())


def verify_mask(case, got):
    x, p = case.inputs.values()
    for one in got if type(got) is list else [got]:
        problem = _no_copy(x, one)
        if problem:
            return problem
    on = torch.stack([one[:, 0] != 0 for one in got])  # (6, B, H, W)
    share = 1 - on.double().mean().item()
    problem = _no_chance(on, share) if 0 < share < 1 else None
    if problem:
        return problem
    if abs(share - p) > 5 * (p * (1 - p) / on.numel()) ** 0.5:
        return Problem(f"{share:.1%} of the pixels are off", f"about {p:.0%}", f"{share:.1%}")
    return None


def _no_copy(x, got):
    """What is wrong with one copy, whatever the chance; or None."""
    if not torch.is_tensor(got) or got.shape != x.shape or not got.is_floating_point():
        what = f"a tensor of shape {tuple(got.shape)}" if torch.is_tensor(got) else type(got).__name__
        what += f", {str(got.dtype).removeprefix('torch.')}" if torch.is_tensor(got) else ""
        return Problem(f"returned {what}, expected floats of the shape of x, {tuple(x.shape)}")
    kept = got != 0
    if not torch.allclose(got[kept].double(), x[kept].double()):
        return Problem("the pixels that stay have changed", "x there", "other numbers")
    if not _all_channels(got):
        return Problem("the channels of a pixel do not share its fate", "all on or all off", "some of each")
    return None


def _no_chance(on, share):
    """What is wrong with the chance of six masks (6, B, H, W), of which a share is off; or None."""
    if all(torch.equal(mask, on[0]) for mask in on):
        return Problem(
            "every call switches off the same pixels", "a fresh draw in each call", "six times the same"
        )
    agree = share**2 + (1 - share) ** 2  # the chance that two independent pixels do
    for dim in range(1, 4):
        line = on.movedim(dim, 0)
        if (line[1:] == line[:-1]).double().mean().item() > agree + 0.08:
            return Problem(
                "the pixels are not drawn one by one: neighbours share their fate",
                "a draw for each pixel of each image",
                "one draw for several",
            )
    counts = on.flatten(1).sum(1).tolist()
    if len(set(counts)) == 1:
        return Problem(
            f"every call keeps exactly {counts[0]} pixels: they are not drawn one by one",
            "numbers that vary by chance",
            f"{counts[0]} six times",
        )
    return None


def _each(predicate):
    """A mistake's ``when``: the predicate of (x, p, one copy) holds for each of the six."""

    def when(case, got):
        x, p = case.inputs.values()
        return type(got) is list and all(
            torch.is_tensor(one) and one.shape == x.shape and predicate(x, p, one) for one in got
        )

    return when


MASK = Exercise(
    name="mask_pixels",
    chapter=CHAPTER,
    points=2,
    contract="mask_pixels(x, p) -> a damaged copy of x (B, C, H, W), floats: each pixel by itself is 0 in "
    "all channels with probability p, unchanged otherwise, by a fresh draw in each call; x is left as it is",
    draw=draw_mask,
    call=call_mask,
    verify=verify_mask,
    mistakes=(
        Mistake(
            "Your mask has no dimension for the channels.",
            "Which size in the place of C lets (B, ?, H, W) meet (B, C, H, W)?",
            when=lambda case, got: "must match the size of tensor" in getattr(got, "message", ""),
        ),
        Mistake(
            "Each channel has a mask of its own.",
            "Which size of the mask's channel dimension gives all channels the same fate?",
            when=_each(lambda x, p, one: not _all_channels(one) and abs(_off(one) - p) < 0.08),
        ),
        Mistake(
            "Your p is the probability to stay.",
            "With p = 0.25, how many pixels should be black?",
            when=_each(lambda x, p, one: abs(p - 0.5) > 0.1 and abs(_off(one) - 1 + p) < 0.08),
        ),
        Mistake(
            "You rescale what stays, as dropout does.",
            "Here the damage is wanted: should the remaining pixels change?",
            when=_each(
                lambda x, p, one: (
                    p > 0
                    and bool((one != 0).any())
                    and torch.allclose(one[one != 0], x[one != 0] / (1 - p), rtol=1e-3)
                )
            ),
        ),
        Mistake(
            "All images of the batch have the same mask.",
            "Which size must the first dimension of the mask have?",
            when=_each(lambda x, p, one: 0 < _off(one) < 1 and bool(((one != 0) == (one[:1] != 0)).all())),
        ),
    ),
)


# ---------------------------------------------------------------------------------------------- gaussian_kl
def draw_kl(rng):
    mu, logvar = torch.tensor([[1.0, -2.0], [0.5, 3.0]]), torch.tensor([[0.5, -1.0], [1.0, -0.5]])
    yield Case({"mu": mu, "logvar": logvar})
    for note, (B, k) in {"": (5, 3), "B = k": (4, 4), "one dimension": (3, 1)}.items():
        yield Case({"mu": normal(rng, B, k), "logvar": normal(rng, B, k)}, note=note)


def gaussian_kl(mu, logvar):
    return 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(1)


def _kl_from(term):
    return lambda mu, logvar: term(mu, logvar).sum(1)


KL = Exercise(
    name="gaussian_kl",
    chapter=CHAPTER,
    points=2,
    contract="gaussian_kl(mu, logvar) -> (B,) float32, KL(N(mu, exp(logvar)) || N(0, 1)) summed over the k "
    "dimensions of mu and logvar (B, k)",
    draw=draw_kl,
    expected=gaussian_kl,
    mistakes=(
        Mistake(
            "You take logvar for the variance.",
            "Which function turns log σ² into σ²?",
            wrong=_kl_from(lambda mu, v: 0.5 * (mu**2 + v - 1 - v.abs().log())),
        ),
        Mistake(
            "You take logvar for log σ.",
            "log σ² is twice log σ; which of the two does the encoder put out?",
            wrong=_kl_from(lambda mu, v: 0.5 * (mu**2 + (2 * v).exp() - 1 - 2 * v)),
        ),
        Mistake(
            "You take logvar for -log σ².",
            "Which function turns log σ² into σ²?",
            wrong=_kl_from(lambda mu, v: 0.5 * (mu**2 + (-v).exp() - 1 + v)),
        ),
        Mistake(
            "You subtract the 1 once for each row.",
            "How many dimensions has a code, and what does each of them subtract?",
            wrong=lambda mu, v: 0.5 * ((mu**2 + v.exp() - v).sum(1) - 1),
        ),
        Mistake(
            "You add logvar instead of subtracting it.",
            "What is the KL of N(0, 1) from itself, and does it grow if σ gets smaller?",
            wrong=_kl_from(lambda mu, v: 0.5 * (mu**2 + v.exp() - 1 + v)),
        ),
        Mistake(
            "The 1 is missing.",
            "What is the KL of N(0, 1) from itself?",
            wrong=_kl_from(lambda mu, v: 0.5 * (mu**2 + v.exp() - v)),
        ),
        Mistake(
            "The ½ is missing.",
            "Where does equation (7) have its factor?",
            wrong=_kl_from(lambda mu, v: mu**2 + v.exp() - 1 - v),
        ),
        Mistake(
            "Your sign is wrong: a KL divergence is never negative.",
            "Many programs write -½ in front; which signs do they have inside?",
            wrong=_kl_from(lambda mu, v: -0.5 * (mu**2 + v.exp() - 1 - v)),
        ),
        Mistake(
            "You put σ where σ² belongs.",
            "Which power of σ stands beside mu²?",
            wrong=_kl_from(lambda mu, v: 0.5 * (mu**2 + (v / 2).exp() - 1 - v)),
        ),
        Mistake(
            "That is the divergence the other way round, of N(0, 1) from the code's distribution.",
            "Over which of the two does equation (7) average?",
            wrong=_kl_from(lambda mu, v: 0.5 * ((1 + mu**2) * (-v).exp() - 1 + v)),
        ),
        Mistake(
            "You add up over the examples, not over the dimensions.",
            "Which dimension of (B, k) should be left?",
            wrong=lambda mu, v: 0.5 * (mu**2 + v.exp() - 1 - v).sum(0),
        ),
        Mistake(
            "You forgot to square the mean.",
            "How does the price change if mu changes its sign?",
            wrong=_kl_from(lambda mu, v: 0.5 * (mu + v.exp() - 1 - v)),
        ),
        Mistake(
            "You average over the dimensions.",
            "The KL of independent dimensions adds up.",
            wrong=lambda mu, v: gaussian_kl(mu, v) / mu.shape[1],
        ),
        Mistake(
            "You made one number of all the examples.",
            "How many numbers are wanted for a batch of B?",
            when=lambda case, got: torch.is_tensor(got) and got.ndim == 0 and len(case.inputs["mu"]) > 1,
        ),
        Mistake(
            "You return a number for each dimension.",
            "What is the price of a whole code?",
            when=lambda case, got: (
                torch.is_tensor(got) and got.shape == case.inputs["mu"].shape and got.shape[1] > 1
            ),
        ),
    ),
)


# ---------------------------------------------------------------------------------------------------- slerp
def draw_slerp(rng):
    yield Case({"a": torch.tensor([3.0, 0.0]), "b": torch.tensor([2.0, 2.0]), "t": 0.25})
    for note, k in {"": 5, "many dimensions": 64}.items():
        a, b = _apart(rng, k)
        yield Case({"a": a, "b": 2 * b, "t": float(rng.uniform(0.1, 0.4))}, note=note)
    for k in (3, 5, 8):
        a = _rounded_up(rng, k)
        yield Case({"a": a, "b": 3 * a, "t": 0.3}, note="the same direction")
    a, b = _apart(rng, 4)
    yield Case({"a": a, "b": b, "t": 0.0}, note="t = 0")


def _apart(rng, k):
    """Two codes (k,) that neither agree in direction nor are opposite."""
    while True:
        a, b = normal(rng, k), normal(rng, k)
        if _cosine(a, b).abs() < 0.95:
            return a, b


def _rounded_up(rng, k):
    """A code (k,) whose cosine with three times itself comes out above 1 in float32, computed either way."""
    while True:
        a = normal(rng, k)
        u, v = a / a.norm(), 3 * a / (3 * a).norm()
        if _cosine(a, 3 * a) > 1 and u @ v > 1:
            return a


def slerp(a, b, t):
    u, v = a.double(), b.double()
    omega = torch.arccos((u @ v / (u.norm() * v.norm())).clamp(-1, 1))
    if omega < 1e-4:
        return ((1 - t) * u + t * v).float()
    weights = torch.sin((1 - t) * omega) / torch.sin(omega), torch.sin(t * omega) / torch.sin(omega)
    return (weights[0] * u + weights[1] * v).float()


def _slerp_by(cosine):
    """Slerp with another cosine of (a, b)."""

    def wrong(a, b, t):
        omega = torch.arccos(cosine(a, b).clamp(-1, 1))
        p, q = torch.sin((1 - t) * omega) / torch.sin(omega), torch.sin(t * omega) / torch.sin(omega)
        return p * a + q * b

    return wrong


def _cosine(a, b):
    return a @ b / (a.norm() * b.norm())


def _slerp_unit(a, b, t):
    return slerp(a / a.norm(), b / b.norm(), t)


def _slerp_with_length(a, b, t):
    return _slerp_unit(a, b, t) * ((1 - t) * a.norm() + t * b.norm())


SLERP = Exercise(
    name="slerp",
    chapter=CHAPTER,
    points=2,
    contract="slerp(a, b, t) -> (k,) float32, equation (10) for codes a and b (k,) that are not zero and a "
    "number t from 0 to 1; the straight line where the angle is below 1e-4",
    draw=draw_slerp,
    expected=slerp,
    rtol=1e-3,
    atol=1e-3,
    mistakes=(
        Mistake(
            "That is the straight line.",
            "Which weights has equation (10) at t = ½ and a right angle?",
            wrong=lambda a, b, t: (1 - t) * a + t * b,
        ),
        Mistake(
            "You take the cosine from the codes as they are, not from their directions.",
            "Which lengths must be divided out before arccos?",
            wrong=_slerp_by(lambda a, b: a @ b),
        ),
        Mistake(
            "Your result is not a number where both codes have one direction: sin Ω is zero there, and the "
            "cosine may be rounded to more than 1.",
            "What should be done when the angle is tiny, and how is the cosine kept at 1?",
            when=lambda case, got: "same" in case.note and torch.is_tensor(got) and bool(got.isnan().all()),
        ),
        Mistake(
            "Where the directions agree your result is zero.",
            "Both weights are 0 / 0 there; which line leads from a to b?",
            when=lambda case, got: "same" in case.note and torch.is_tensor(got) and not got.any(),
        ),
        Mistake(
            "Where the directions agree you return b, whatever t is.",
            "The lengths may still differ: which line leads from a to b?",
            wrong=lambda a, b, t: b if _cosine(a, b) > 1 - 1e-6 else slerp(a, b, t),
        ),
        Mistake(
            "Where the directions agree you return a, whatever t is.",
            "The lengths may still differ: which line leads from a to b?",
            wrong=lambda a, b, t: a if _cosine(a, b) > 1 - 1e-6 else slerp(a, b, t),
        ),
        Mistake(
            "Your t runs the wrong way: at t = 0 it should be a.",
            "Which weight belongs to a?",
            wrong=lambda a, b, t: slerp(a, b, 1 - t),
        ),
        Mistake(
            "You return the arc of the directions: the lengths of the codes are gone.",
            "The weights apply to a and b as they are.",
            wrong=_slerp_unit,
        ),
        Mistake(
            "You interpolate the lengths on their own.",
            "Equation (10) has no length in it: the weights apply to a and b as they are.",
            wrong=_slerp_with_length,
        ),
        Mistake(
            "The division by sin Ω is missing.",
            "What should the weight of a be at t = 0?",
            wrong=lambda a, b, t: (
                slerp(a, b, t) * torch.sin(torch.arccos(_cosine(a.double(), b.double()).clamp(-1, 1))).float()
            ),
        ),
    ),
)

EXERCISES = [PCA, MASK, KL, SLERP]
