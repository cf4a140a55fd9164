"""Exercises of the chapter on generative adversarial networks."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from ._base import Case, Exercise, Mistake, normal

CHAPTER = "12_gans"


# --------------------------------------------------------------------------------------- best_discriminator
def draw_best(rng):
    yield Case({"log_pd": torch.tensor([-1.0, -2.0, -0.5]), "log_pg": torch.tensor([-2.0, -0.3, -0.5])})
    yield Case({"log_pd": normal(rng, 50, scale=3), "log_pg": normal(rng, 50, scale=3)})
    far = -300 - 5 * normal(rng, 20).abs()
    yield Case({"log_pd": far, "log_pg": far + normal(rng, 20)}, note="both densities are 0 in float32")
    far = -500 - 100 * normal(rng, 6).abs()
    yield Case(
        {"log_pd": torch.cat([far, far + 450]), "log_pg": torch.cat([far + 450, far])},
        note="one density is far smaller than the other",
    )


BEST = Exercise(
    name="best_discriminator",
    chapter=CHAPTER,
    points=1,
    contract="best_discriminator(log_pd, log_pg) -> (N,) float32, p_d / (p_d + p_g) for log densities (N,), "
    "also where both densities underflow",
    draw=draw_best,
    expected=lambda log_pd, log_pg: torch.sigmoid(log_pd - log_pg),
    mistakes=(
        Mistake(
            "That is the probability of being drawn, not of being data.",
            "Where should D* be near 1?",
            wrong=lambda log_pd, log_pg: torch.sigmoid(log_pg - log_pd),
        ),
        Mistake(
            "Your result is not a number where both densities underflow: 0 / 0.",
            "Which function of the difference of the logarithms is it?",
            when=lambda case, got: "both" in case.note and torch.is_tensor(got) and bool(got.isnan().any()),
        ),
        Mistake(
            "Your result is not a number where one density is far larger: the exponential overflows.",
            "Which function of the difference of the logarithms is it, and does PyTorch have it?",
            when=lambda case, got: "far" in case.note and torch.is_tensor(got) and bool(got.isnan().any()),
        ),
        Mistake(
            "You put the logarithms into equation (2) as if they were densities.",
            "What undoes a logarithm, and how can you avoid to do it?",
            wrong=lambda log_pd, log_pg: log_pd / (log_pd + log_pg),
        ),
        Mistake(
            "That is the logit of D*, not the probability.",
            "Which function turns a logit into a probability?",
            wrong=lambda log_pd, log_pg: log_pd - log_pg,
        ),
        Mistake(
            "That is the logarithm of D*.",
            "What undoes a logarithm?",
            wrong=lambda log_pd, log_pg: F.logsigmoid(log_pd - log_pg),
        ),
        Mistake(
            "That is the ratio of the densities; it can be larger than 1.",
            "Equation (2) divides by the sum of both.",
            wrong=lambda log_pd, log_pg: torch.exp(log_pd - log_pg),
        ),
        Mistake(
            "Your result is wrong where both densities are tiny: a number that you put in decides there.",
            "Work with the difference of the logarithms; then nothing else is needed.",
            when=lambda case, got: (
                torch.is_tensor(got)
                and "both" in case.note
                and got.shape == case.inputs["log_pd"].shape
                and bool((got - got[0]).abs().max() < 1e-3)
            ),
        ),
    ),
)


# ----------------------------------------------------------------------------------------------- gan_losses
def draw_losses(rng):
    yield Case({"real": torch.tensor([2.0, 0.5]), "fake": torch.tensor([-1.0, 0.3, -2.0])})
    yield Case({"real": normal(rng, 40, scale=2), "fake": normal(rng, 30, scale=2) - 1})
    yield Case({"real": normal(rng, 8) + 1, "fake": normal(rng, 8)}, note="batches of one size")
    signs = torch.tensor([1.0, -1.0])
    yield Case(
        {"real": 200 * signs + normal(rng, 2), "fake": 200 * signs + normal(rng, 2)}, note="logits near ±200"
    )


def gan_losses(real, fake):
    d_loss = F.softplus(-real).mean() + F.softplus(fake).mean()
    return d_loss, F.softplus(-fake).mean()


def _g(formula):
    """Another loss of the generator, the discriminator's is right."""
    return lambda real, fake: {"L_G": formula(fake)}


def _d(formula):
    """Another loss of the discriminator; the generator's may be anything."""
    return lambda real, fake: {"L_D": formula(real, fake)}


LOSSES = Exercise(
    name="gan_losses",
    chapter=CHAPTER,
    points=2,
    contract="gan_losses(real, fake) -> (L_D, L_G), tensors of shape (), equations (1) and (5) for logits "
    "real (B,) and fake (C,), as means, finite for logits of ±200",
    draw=draw_losses,
    expected=gan_losses,
    outputs=("L_D", "L_G"),
    mistakes=(
        Mistake(
            "Your loss is not finite for large logits: the logarithm of a rounded 0.",
            "Which function is log(1 + exp a), computed safely?",
            when=lambda case, got: (
                isinstance(got, tuple)
                and len(got) == 2
                and all(torch.is_tensor(v) for v in got)
                and not all(bool(v.isfinite().all()) for v in got)
            ),
        ),
        Mistake(
            "Your generator minimises log(1 - D): that is the saturating loss.",
            "Which of the two losses in Figure 3 pulls where a drawing is found out?",
            wrong=_g(lambda fake: -F.softplus(fake).mean()),
        ),
        Mistake(
            "Your generator's loss is that of the discriminator for drawings: it wants to be found out.",
            "Which label does the generator want for its drawings?",
            wrong=_g(lambda fake: F.softplus(fake).mean()),
        ),
        Mistake(
            "Your generator minimises -L_D, the zero-sum game; its gradient is that of the saturating loss.",
            "Which of the two losses in Figure 3 pulls where a drawing is found out?",
            wrong=lambda real, fake: {"L_G": -gan_losses(real, fake)[0]},
        ),
        Mistake(
            "Your generator's loss is about the data; only the drawings depend on the generator.",
            "Which logits does equation (5) need?",
            wrong=lambda real, fake: {"L_G": F.softplus(-real).mean()},
        ),
        Mistake(
            "The sign of your generator's loss is wrong: it is the logarithm that equation (5) subtracts.",
            "Should the loss fall or rise with D(G(z))?",
            wrong=_g(lambda fake: -F.softplus(-fake).mean()),
        ),
        Mistake(
            "The labels of your discriminator are swapped.",
            "Which of the two has the label 1?",
            wrong=_d(lambda real, fake: F.softplus(real).mean() + F.softplus(-fake).mean()),
        ),
        Mistake(
            "You return V, which the discriminator makes large, not its loss.",
            "Which sign has a cross-entropy?",
            wrong=_d(lambda real, fake: -F.softplus(-real).mean() - F.softplus(fake).mean()),
        ),
        Mistake(
            "You add up over the batch.",
            "What should happen to the loss when the batch is twice as large?",
            wrong=_d(lambda real, fake: F.softplus(-real).sum() + F.softplus(fake).sum()),
        ),
        Mistake(
            "You average over data and drawings together; equation (1) adds two means.",
            "What is L_D for a discriminator that only guesses?",
            wrong=_d(lambda real, fake: torch.cat([F.softplus(-real), F.softplus(fake)]).mean()),
        ),
        Mistake(
            "You halve the discriminator's loss.",
            "Equation (1) has no ½.",
            wrong=_d(lambda real, fake: (F.softplus(-real).mean() + F.softplus(fake).mean()) / 2),
        ),
        Mistake(
            "The drawings are missing in the discriminator's loss.",
            "Which part of equation (1) is about p_g?",
            wrong=_d(lambda real, fake: F.softplus(-real).mean()),
        ),
        Mistake(
            "The data are missing in the discriminator's loss.",
            "Which part of equation (1) is about p_d?",
            wrong=_d(lambda real, fake: F.softplus(fake).mean()),
        ),
        Mistake(
            "Your discriminator has the label 1 for data and drawings alike.",
            "Which label do drawings have in equation (1)?",
            wrong=_d(lambda real, fake: F.softplus(-real).mean() + F.softplus(-fake).mean()),
        ),
        Mistake(
            "Your loss is cut off for large logits: a probability was rounded or clamped first.",
            "Which function is log(1 + exp a), computed from the logit itself?",
            when=lambda case, got: "200" in case.note and isinstance(got, tuple | list) and len(got) == 2,
        ),
    ),
)


# -------------------------------------------------------------------------------------------- modes_covered
def _clouds(rng, counts, D=2, spread=0.05, far=0):
    """Centres 3 apart along the first axes, and so many samples near each; ``far`` more are near none."""
    centres = 3 * torch.eye(len(counts))[:, :D] if len(counts) <= D else _grid(len(counts), D)
    parts = [centres[i] + spread * normal(rng, n, D) for i, n in enumerate(counts)]
    samples = torch.cat([*parts, 50 + normal(rng, far, D)])
    order = torch.from_numpy(rng.permutation(len(samples)))
    return samples[order], centres


def _grid(count, D):
    numbers = torch.arange(count)
    return 3.0 * torch.stack([numbers // 3**k % 3 for k in range(D)], 1)


def draw_modes(rng):
    near_0, near_2 = [[0.1, 0.0], [0.0, -0.2], [0.0, 0.1]], [[2.0, 0.1], [2.1, 0.0]]
    samples = torch.tensor([*near_0, *near_2, [1.0, 0.0], [4.1, 0.0], [7.0, 0.0]])
    centres = torch.tensor([[0.0, 0.0], [2.0, 0.0], [4.0, 0.0]])
    yield Case({"samples": samples, "centres": centres, "radius": 0.5, "share": 0.25})  # 2 of 8 are enough
    for note, counts, D, spread, far in (
        ("", [40, 0, 3, 25, 12, 60], 2, 0.05, 30),
        ("wide clouds", [50, 40, 60], 2, 0.4, 10),
        ("three dimensions", [5, 90, 30, 2], 3, 0.05, 20),
        ("most samples are near no mode", [30, 4, 6], 2, 0.05, 160),
    ):
        samples, centres = _clouds(rng, counts, D, spread, far)
        yield Case({"samples": samples, "centres": centres, "radius": 0.4, "share": 0.1}, note=note)
    samples, centres = _clouds(rng, [40, 4, 30], far=20)
    yield Case(
        {"samples": samples, "centres": centres, "radius": 3.5, "share": 0.1},
        note="samples within the radius of several modes",
    )
    samples, centres = _clouds(rng, [0, 0, 0], far=30)
    yield Case({"samples": samples, "centres": centres, "radius": 0.4, "share": 0.1}, note="nothing is good")


def _modes(
    samples, centres, radius, share, *, inside=True, of_all=True, least=None, squared=False, slack=-1e-3
):
    near, mode = torch.cdist(samples.double(), centres.double()).min(1)
    good = (near**2 if squared else near) < radius
    counts = (mode[good] if inside else mode).bincount(minlength=len(centres))
    total = len(samples) if of_all else max(int(good.sum()), 1)
    covered = (counts >= (share * total + slack if least is None else least)).sum().item()
    return covered, good.double().mean().item()


def _several(samples, centres, radius, share):
    """A sample counts for every mode that is near enough."""
    inside = torch.cdist(samples.double(), centres.double()) < radius
    return (inside.sum(0) >= share * len(samples) - 1e-3).sum().item(), inside.any(1).double().mean().item()


def _in_covered(samples, centres, radius, share):
    """The share of good samples, only those of modes that are covered."""
    near, mode = torch.cdist(samples.double(), centres.double()).min(1)
    counts = mode[near < radius].bincount(minlength=len(centres))
    kept = counts[counts >= share * len(samples) - 1e-3].sum().item()
    return {"the share of good samples": kept / len(samples)}


def _wrong_modes(**changes):
    """Both results come out of the mistaken count."""

    def wrong(samples, centres, radius, share):
        return _modes(samples, centres, radius, share, **changes)

    return wrong


MODES = Exercise(
    name="modes_covered",
    chapter=CHAPTER,
    points=2,
    contract="modes_covered(samples, centres, radius, share) -> (int, float): how many of the centres (M, D) "
    "have at least share * N of the samples (N, D) nearest to them and nearer than radius, and which share "
    "of the samples is nearer than radius to any centre",
    draw=draw_modes,
    expected=_modes,
    outputs=("the number of modes", "the share of good samples"),
    mistakes=(
        Mistake(
            "You count samples that are nearest to a mode but outside the radius.",
            "Which samples are good?",
            wrong=_wrong_modes(inside=False),
        ),
        Mistake(
            "You count every mode with a single good sample.",
            "How many samples does `share` ask for?",
            wrong=_wrong_modes(least=1),
        ),
        Mistake(
            "You take the share of the good samples, not of all samples.",
            "What is N in the contract?",
            wrong=_wrong_modes(of_all=False),
        ),
        Mistake(
            "A mode with exactly the wanted share counts, too: at least, not more than.",
            "Is 2 of 8 a share of 0.25?",
            wrong=_wrong_modes(slack=1e-3),
        ),
        Mistake(
            "You count a sample for every mode within whose radius it lies, not for the nearest one alone.",
            "How many modes can one sample belong to?",
            wrong=_several,
        ),
        Mistake(
            "Your share of good samples leaves out those of modes that are not covered.",
            "What does a sample need to be good?",
            wrong=_in_covered,
        ),
        Mistake(
            "You compare a squared distance with the radius.",
            "Where is the square root?",
            wrong=_wrong_modes(squared=True),
        ),
        Mistake(
            "Your second result is the share of bad samples.",
            "Which samples are good?",
            wrong=lambda samples, centres, radius, share: {
                "the share of good samples": 1 - _modes(samples, centres, radius, share)[1]
            },
        ),
        Mistake(
            "Your second result is the number of good samples.",
            "A share lies between 0 and 1.",
            wrong=lambda samples, centres, radius, share: {
                "the share of good samples": _modes(samples, centres, radius, share)[1] * len(samples)
            },
        ),
    ),
)


# ----------------------------------------------------------------------------------------- frechet_distance
def draw_frechet(rng):
    x = torch.tensor([[0.0, 1.0], [2.0, 0.0], [1.0, 4.0], [3.0, 2.0]])
    y = torch.tensor([[1.0, 1.0], [0.0, 3.0], [5.0, 0.0], [2.0, 2.0], [4.0, 1.0]])
    yield Case({"x": x, "y": y})
    for note, (N, M, k) in {"": (60, 50, 4), "many features": (200, 300, 16)}.items():
        A, B = normal(rng, k, k), normal(rng, k, k)
        yield Case({"x": normal(rng, N, k) @ A + 1, "y": normal(rng, M, k) @ B + normal(rng, k)}, note=note)
    x = normal(rng, 40, 3)
    yield Case({"x": x, "y": x + torch.tensor([3.0, 0.0, -1.0])}, note="one cloud, moved")
    yield Case({"x": normal(rng, 6, 9), "y": normal(rng, 5, 9) + 1}, note="fewer samples than features")
    yield Case({"x": normal(rng, 50, 3) + 1000, "y": normal(rng, 40, 3) + 1001}, note="far from zero")


def _moments(x, correction=1, centre=True):
    x = x.double()
    centred = x - x.mean(0) if centre else x
    return x.mean(0), centred.T @ centred / (len(x) - correction)


def _root(S):
    """The symmetric square root."""
    values, vectors = torch.linalg.eigh(S)
    return vectors * values.clamp(min=0).sqrt() @ vectors.T


def _cross(A, B):
    """tr (AB)^(1/2) by the symmetric root."""
    return torch.linalg.eigvalsh(_root(A) @ B @ _root(A)).clamp(min=0).sqrt().sum()


def _frechet(x, y, *, correction=1, centre=True, mean=True, times=2.0, square=True, cross=_cross):
    (m, A), (n, B) = _moments(x, correction, centre), _moments(y, correction, centre)
    first = ((m - n).square().sum() if square else (m - n).norm()) if mean else torch.zeros(())
    return (first + A.trace() + B.trace() - times * cross(A, B)).item()


def _wrong_frechet(**changes):
    def wrong(x, y):
        return _frechet(x, y, **changes)

    return wrong


FRECHET = Exercise(
    name="frechet_distance",
    chapter=CHAPTER,
    points=3,
    contract="frechet_distance(x, y) -> float, equation (9) between the normal distributions with mean and "
    "covariance (N - 1) of the rows of x (N, k) and y (M, k)",
    draw=draw_frechet,
    expected=_frechet,
    rtol=1e-3,
    atol=1e-3,
    mistakes=(
        Mistake(
            "The term with the root of AB is missing.",
            "What should the distance of a cloud from itself be?",
            wrong=_wrong_frechet(times=0.0),
        ),
        Mistake(
            "The factor 2 of the last term is missing.",
            "What should the distance of a cloud from itself be?",
            wrong=_wrong_frechet(times=1.0),
        ),
        Mistake(
            "You subtract tr(AB): its square root is missing.",
            "Which unit has the covariance, and which the product of two?",
            wrong=_wrong_frechet(cross=lambda A, B: (A @ B).trace()),
        ),
        Mistake(
            "Your root is taken entry by entry: only variances count. The matrix root needs eigenvalues.",
            "The trace of a matrix is the sum of its eigenvalues: which are those of the root?",
            wrong=_wrong_frechet(cross=lambda A, B: (A * B).clamp(min=0).sqrt().trace()),
        ),
        Mistake(
            "You take the root of the trace, not the trace of the root.",
            "Is the root of a sum the sum of the roots?",
            wrong=_wrong_frechet(cross=lambda A, B: (A @ B).trace().sqrt()),
        ),
        Mistake(
            "You multiply the roots of A and B; the root of a product is that only if A and B commute.",
            "Which matrix has the eigenvalues that you need?",
            wrong=_wrong_frechet(cross=lambda A, B: (_root(A) @ _root(B)).trace()),
        ),
        Mistake(
            "You treat AB as symmetric, which it is not: `eigh` and `eigvalsh` read one triangle only.",
            "Which routine takes any square matrix, or which symmetric matrix has the same eigenvalues?",
            wrong=_wrong_frechet(cross=lambda A, B: torch.linalg.eigvalsh(A @ B).clamp(min=0).sqrt().sum()),
        ),
        Mistake(
            "You add the last term instead of subtracting it.",
            "What should the distance of a cloud from itself be?",
            wrong=_wrong_frechet(times=-2.0),
        ),
        Mistake(
            "Your covariances are not centred: the means were not subtracted.",
            "How does a covariance change when the cloud is moved?",
            wrong=_wrong_frechet(centre=False),
        ),
        Mistake(
            "The means are missing.",
            "How far apart are two clouds of one shape?",
            wrong=_wrong_frechet(mean=False),
        ),
        Mistake(
            "You do not square the distance of the means.",
            "All terms of equation (9) have the unit of a square.",
            wrong=_wrong_frechet(square=False),
        ),
        Mistake(
            "You return the distance, not its square.",
            "What does equation (9) give?",
            wrong=lambda x, y: max(_frechet(x, y), 0.0) ** 0.5,
        ),
        Mistake(
            "You divide the covariances by N instead of N - 1.",
            "What is the default of your routine?",
            wrong=_wrong_frechet(correction=0),
        ),
        Mistake(
            "Your result is not a number: an eigenvalue that should be 0 is slightly negative.",
            "What may be done with eigenvalues below 0 before the root?",
            when=lambda case, got: (
                (torch.is_tensor(got) or isinstance(got, float)) and bool(torch.as_tensor(got).isnan().any())
            ),
        ),
    ),
)

EXERCISES = [BEST, LOSSES, MODES, FRECHET]
