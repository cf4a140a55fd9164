"""Exercises of the chapter on generative adversarial networks."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F

from . import _loss
from ._base import Case, Exercise, Mistake, normal

CHAPTER = "12_gans"


# --------------------------------------------------------------------------------------- best_discriminator
UNDERFLOW = "both densities are 0 in floating point"
FAR = "one density is far smaller than the other"


def draw_best(rng):
    yield Case({"log_pd": torch.tensor([-1.0, -2.0, -0.5]), "log_pg": torch.tensor([-2.0, -0.3, -0.5])})
    yield Case({"log_pd": normal(rng, 50, scale=3), "log_pg": normal(rng, 50, scale=3)})
    far = {"log_pd": torch.tensor([-900.0, -1.0]), "log_pg": torch.tensor([-901.0, -2.0])}
    yield Case(far, note=UNDERFLOW)
    far = -900 - 5 * normal(rng, 20).abs()
    yield Case({"log_pd": far, "log_pg": far + normal(rng, 20)}, note=UNDERFLOW)
    far = -500 - 100 * normal(rng, 6).abs()
    yield Case({"log_pd": torch.cat([far, far + 450]), "log_pg": torch.cat([far + 450, far])}, note=FAR)


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
            when=lambda case, got: case.note == UNDERFLOW and bool(got.isnan().any()),
        ),
        Mistake(
            "Your result is not a number where one density is far larger: the exponential overflows.",
            "Which function of the difference of the logarithms is it, and does PyTorch have it?",
            when=lambda case, got: case.note == FAR and bool(got.isnan().any()),
        ),
        Mistake(
            "You put the logarithms into equation (2) as if they were densities.",
            "What undoes a logarithm, and how can you avoid doing it?",
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
                case.note == UNDERFLOW and got.shape == (2,) and got[0].item() in (0, 0.5, 1)
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


def call_losses(answer, real, fake):
    """Both losses, and the gradients that train the two players: of L_D by all logits, of L_G by the fakes.

    A loss without a gradient has None in its place.
    """
    import torch

    losses = answer(real.requires_grad_(), fake.requires_grad_())
    if type(losses) not in (tuple, list) or len(losses) != 2 or any(loss is ... for loss in losses):
        return losses

    def gradient(loss, leaves):
        if not isinstance(loss, torch.Tensor) or not loss.requires_grad or loss.numel() != 1:
            return None
        options = {"retain_graph": True, "allow_unused": True, "materialize_grads": True}
        return torch.cat(torch.autograd.grad(loss.sum(), leaves, **options))

    return (*losses, gradient(losses[0], [real, fake]), gradient(losses[1], [fake]))


def _both(real, fake):
    return F.softplus(-real).mean() + F.softplus(fake).mean(), F.softplus(-fake).mean()


def gan_losses(real, fake):
    return call_losses(_both, real, fake)


def _pair(got):
    """The two losses of a result as floats."""
    if type(got) is not tuple or len(got) != 4:
        raise TypeError("no pair of losses")  # then no mistake is recognised
    return [float(loss) for loss in got[:2]]


def _cut_off(case, got):
    """Whether a loss near 100 or 200 came out too small."""
    return "200" in case.note and 1 < max(_pair(got)) < 0.999 * float(max(_both(**case.inputs)))


def _g(formula):
    """Another loss of the generator; the discriminator's is right."""
    return lambda real, fake: {"L_D": _both(real, fake)[0], "L_G": formula(fake)}


def _d(formula):
    """Another loss of the discriminator; the generator's may be anything."""
    return lambda real, fake: {"L_D": formula(real, fake)}


LOSSES = Exercise(
    name="gan_losses",
    chapter=CHAPTER,
    points=2,
    contract="gan_losses(real, fake) -> (L_D, L_G), tensors of shape (): equation (1), and the same with "
    "label 1 for the drawings, for logits real (B,) and fake (C,), as means, finite for ±200, differentiable",
    draw=draw_losses,
    expected=gan_losses,
    call=call_losses,
    outputs=("L_D", "L_G", "the gradient of L_D", "the gradient of L_G"),
    mistakes=(
        Mistake(
            "Your loss is not finite for large logits: the logarithm of a rounded 0.",
            "Which function is log(1 + exp a), computed safely?",
            when=lambda case, got: "200" in case.note and not all(map(math.isfinite, _pair(got))),
        ),
        Mistake(
            "The values are right, their order is not: you return (L_G, L_D).",
            "The exercise asks for (L_D, L_G).",
            wrong=lambda real, fake: dict(zip(("L_G", "L_D"), _both(real, fake), strict=True)),
        ),
        Mistake(
            "Your generator minimises log(1 - D): that is the saturating loss.",
            "Whose label does the generator want for its drawings?",
            wrong=_g(lambda fake: -F.softplus(fake).mean()),
        ),
        Mistake(
            "Your generator's loss is that of the discriminator for drawings: it wants to be found out.",
            "Which label does the generator want for its drawings?",
            wrong=_g(lambda fake: F.softplus(fake).mean()),
        ),
        Mistake(
            "Your generator minimises -L_D, the zero-sum game; its gradient is that of the saturating loss.",
            "Whose label does the generator want for its drawings?",
            wrong=lambda real, fake: {"L_G": -_both(real, fake)[0]},
        ),
        Mistake(
            "Your generator's loss is about the data; only the drawings depend on the generator.",
            "Which logits depend on the generator?",
            wrong=lambda real, fake: {"L_G": F.softplus(-real).mean()},
        ),
        Mistake(
            "The sign of your generator's loss is wrong: you return the logarithm itself.",
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
            when=_cut_off,
        ),
        Mistake(
            "One of your losses has no gradient: its player cannot be trained with it.",
            "Which step leaves the graph: detach, item, NumPy, a comparison, torch.no_grad?",
            when=lambda case, got: bool(_pair(got)) and (got[2] is None or got[3] is None),
        ),
        _loss.NUMPY,
    ),
)


# -------------------------------------------------------------------------------------------- modes_covered
def _clouds(rng, counts, D, spread, far):
    """Centres 3 apart along the first axes, and so many samples near each; ``far`` more are near none."""
    centres = 3 * torch.eye(len(counts))[:, :D] if len(counts) <= D else _grid(len(counts), D)
    parts = [centres[i] + spread * normal(rng, n, D) for i, n in enumerate(counts)]
    samples = torch.cat([*parts, 50 + normal(rng, far, D)])
    order = torch.from_numpy(rng.permutation(len(samples)))
    return samples[order], centres


def _clear_clouds(rng, counts, D, spread, far, radius=0.4, share=0.1):
    """Inputs in which neither a distance nor a count is so close to its bound that rounding decides."""
    while True:
        samples, centres = _clouds(rng, counts, D, spread, far)
        distances = torch.cdist(samples.double(), centres.double())
        near, mode = distances.min(1)
        apart = (mode[near < radius].bincount(minlength=len(centres)) - share * len(samples)).abs() > 1e-3
        if apart.all() and ((distances - radius).abs() > 1e-5).all():
            return {"samples": samples, "centres": centres, "radius": radius, "share": share}


def _grid(count, D):
    numbers = torch.arange(count)
    return 3.0 * torch.stack([numbers // 3**k % 3 for k in range(D)], 1)


def draw_modes(rng):
    near_0, near_2 = [[0.1, 0.0], [0.0, -0.2], [0.0, 0.1]], [[2.0, 0.1], [2.1, 0.0]]
    samples = torch.tensor([*near_0, *near_2, [1.0, 0.0], [4.1, 0.0], [7.0, 0.0]])
    centres = torch.tensor([[0.0, 0.0], [2.0, 0.0], [4.0, 0.0]])
    yield Case({"samples": samples, "centres": centres, "radius": 0.5, "share": 0.25})  # 2 of 8 are enough
    seven = {"samples": samples[[0, 1, 2, 3, 4, 6, 7]], "centres": centres, "radius": 0.5, "share": 0.3}
    yield Case(seven, note="2 of 7 are less than a share of 0.3")
    for note, counts, D, spread, far in (
        ("", [40, 0, 3, 25, 12, 60], 2, 0.05, 30),
        ("wide clouds", [50, 40, 60], 2, 0.4, 10),
        ("three dimensions", [5, 90, 30, 2], 3, 0.05, 20),
        ("most samples are near no mode", [30, 4, 6], 2, 0.05, 160),
    ):
        yield Case(_clear_clouds(rng, counts, D, spread, far), note=note)
    several = _clear_clouds(rng, [40, 4, 30], 2, 0.05, 20, radius=3.5)
    yield Case(several, note="samples within the radius of several modes")
    yield Case(_clear_clouds(rng, [0, 0, 0], 2, 0.05, 30), note="nothing is good")


def _modes(samples, centres, radius, share, *, inside=True, of_all=True, least=None, squared=False):
    """The count by the book, or with one thing changed; ``least(wanted)`` is how many samples are enough."""
    near, mode = torch.cdist(samples.double(), centres.double()).min(1)
    good = (near**2 if squared else near) < radius
    counts = (mode[good] if inside else mode).bincount(minlength=len(centres))
    total = len(samples) if of_all else max(int(good.sum()), 1)
    covered = (counts >= (least or _rounded)(share * total)).sum().item()
    return covered, good.double().mean().item()


def _rounded(wanted):
    """A wanted number of samples, below which 3.0000000004 of them do not fall."""
    return wanted - 1e-3


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
            wrong=_wrong_modes(least=lambda wanted: 1),
        ),
        Mistake(
            "You take the share of the good samples, not of all samples.",
            "A share of which number does the exercise ask for?",
            wrong=_wrong_modes(of_all=False),
        ),
        Mistake(
            "You round the wanted number of samples down.",
            "Are 2 of 7 a share of 0.3?",
            wrong=_wrong_modes(least=int),
        ),
        Mistake(
            "A mode with exactly the wanted share counts, too: at least, not more than.",
            "Is 2 of 8 a share of 0.25?",
            wrong=_wrong_modes(least=lambda wanted: wanted + 1e-3),
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
    # Of ten eigenvalues that should be 0, one at least is computed as slightly negative, whatever the seed.
    yield Case({"x": normal(rng, 6, 14), "y": normal(rng, 5, 14) + 1}, note="fewer samples than features")
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
    contract="frechet_distance(x, y) -> float, equation (12) between the normal distributions with mean and "
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
            "Your root is taken entry by entry; the matrix root needs eigenvalues.",
            "The trace of a matrix is the sum of its eigenvalues: which are those of the root?",
            wrong=_wrong_frechet(cross=lambda A, B: (A @ B).sqrt().trace()),
        ),
        Mistake(
            "You take singular values of AB; they are not its eigenvalues, since AB is not symmetric.",
            "The trace of a matrix is the sum of which numbers?",
            wrong=_wrong_frechet(cross=lambda A, B: torch.linalg.svdvals(A @ B).sqrt().sum()),
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
            "All terms of equation (12) have the unit of a square.",
            wrong=_wrong_frechet(square=False),
        ),
        Mistake(
            "You return the distance, not its square.",
            "What does equation (12) give?",
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
            when=lambda case, got: "fewer samples" in case.note and math.isnan(got),
        ),
    ),
)

EXERCISES = [LOSSES, BEST, MODES, FRECHET]
