"""Exercises of the chapter on word vectors."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F

from ._base import Case, Exercise, Mistake, normal

CHAPTER = "13_word_vectors"


# ------------------------------------------------------------------------------------------ negative_sampling
FAR = "products of -200 and 200"


def draw_sampling(rng):
    yield Case(
        {
            "v": torch.tensor([1.0, -0.5]),
            "u": torch.tensor([0.5, 2.0]),
            "noise": torch.tensor([[1.0, 1.0], [-2.0, 0.5], [0.5, -1.0]]),
        }
    )
    for dim, k in ((4, 5), (7, 2), (3, 8)):
        yield Case({"v": normal(rng, dim), "u": normal(rng, dim), "noise": normal(rng, k, dim)})
    noise = normal(rng, 1, 4).expand(3, 4).clone()
    yield Case({"v": normal(rng, 4), "u": normal(rng, 4), "noise": noise}, note="one noise word, three times")
    far = torch.tensor([[20.0, 0.0], [0.0, 1.0]])
    yield Case({"v": torch.tensor([10.0, 1.0]), "u": -far[0], "noise": far}, note=FAR)


def negative_sampling(v, u, noise):
    v, u, noise = v.double(), u.double(), noise.double()
    good, bad = (u @ v).sigmoid(), (noise @ v).sigmoid()
    loss = -F.logsigmoid(u @ v) - F.logsigmoid(-noise @ v).sum()
    gradients = (good - 1) * u + bad @ noise, (good - 1) * v, bad[:, None] * v
    return tuple(t.float() for t in (loss, *gradients))


def _loss(sign_noise=-1.0, outer=-1.0, log=F.logsigmoid):
    """The loss with other signs, or another logarithm: outer · (log σ(z) + sum log σ(sign_noise z))."""

    def wrong(v, u, noise):
        return {"the loss": outer * (log(u @ v) + log(sign_noise * (noise @ v)).sum())}

    return wrong


def _mean_noise(v, u, noise):
    good, bad = (u @ v).sigmoid(), (noise @ v).sigmoid()
    k = len(noise)
    loss = -F.logsigmoid(u @ v) - F.logsigmoid(-noise @ v).mean()
    return loss, (good - 1) * u + bad @ noise / k, (good - 1) * v, bad[:, None] * v / k


def _ascent(v, u, noise):
    _, dv, du, dnoise = negative_sampling(v, u, noise)
    return {"dv": -dv, "du": -du, "dnoise": -dnoise}


def _sigma_for_true(v, u, noise):
    good, bad = (u @ v).sigmoid(), (noise @ v).sigmoid()
    return {"dv": good * u + bad @ noise, "du": good * v}


def _dv_true_only(v, u, noise):
    return {"dv": ((u @ v).sigmoid() - 1) * u}


def _dv_noise_pulled(v, u, noise):
    good, bad = (u @ v).sigmoid(), (noise @ v).sigmoid()
    return {"dv": (good - 1) * u + (bad - 1) @ noise, "dnoise": (bad - 1)[:, None] * v}


def _noise_along_itself(v, u, noise):
    return {"dnoise": (noise @ v).sigmoid()[:, None] * noise}


def _u_along_itself(v, u, noise):
    return {"du": ((u @ v).sigmoid() - 1) * u}


def _dv_noise_only(v, u, noise):
    return {"dv": (noise @ v).sigmoid() @ noise}


def _gradients_averaged(v, u, noise):
    _, dv, _, dnoise = _mean_noise(v, u, noise)
    return {"dv": dv, "dnoise": dnoise}


def _without_logarithm(v, u, noise):
    return {"the loss": -(u @ v).sigmoid() - (-(noise @ v)).sigmoid().sum()}


def _noise_summed(v, u, noise):
    return {"dnoise": (noise @ v).sigmoid().sum() * v}


SAMPLING = Exercise(
    name="negative_sampling",
    chapter=CHAPTER,
    points=3,
    contract="negative_sampling(v, u, noise) -> loss (), dv (D,), du (D,), dnoise (K, D), all float32; "
    "v, u (D,), noise (K, D)",
    draw=draw_sampling,
    expected=negative_sampling,
    outputs=("the loss", "dv", "du", "dnoise"),
    rtol=1e-3,
    mistakes=(
        Mistake(
            "Your loss is the logarithm of a rounded 0: σ(-200) is 0 in floating point.",
            "Which function is log σ(z), computed from z itself?",
            when=lambda case, got: case.note == FAR and math.isinf(float(got[0])),
        ),
        Mistake(
            "Your loss lacks its minus signs: it is a log-likelihood, at most 0.",
            "What is minimised: the probability of the right answers, or minus its logarithm?",
            wrong=_loss(outer=1.0),
        ),
        Mistake(
            "Your loss uses σ(+⟨u, v⟩) for the noise words: it rewards them for looking real.",
            "What is the right answer for a noise word, and what is its probability?",
            wrong=_loss(sign_noise=1.0),
        ),
        Mistake(
            "Your loss averages over the noise words; equation (6) adds them up.",
            "What does the sum sign in equation (6) run over?",
            wrong=lambda v, u, noise: {"the loss": _mean_noise(v, u, noise)[0]},
        ),
        Mistake(
            "Your loss has no noise words in it.",
            "What would keep all products from growing for ever?",
            wrong=lambda v, u, noise: {"the loss": -F.logsigmoid(u @ v)},
        ),
        Mistake(
            "Your loss lacks the logarithms: it adds up probabilities.",
            "Which function turns a product of probabilities into a sum?",
            wrong=_without_logarithm,
        ),
        Mistake(
            "All gradients have the wrong sign: they lead uphill.",
            "Should the centre v be pulled towards u by v − η dv, or away?",
            wrong=_ascent,
        ),
        Mistake(
            "The true word's gradients use σ where σ − 1 belongs.",
            "What is the gradient when σ is already 1 for the true word?",
            wrong=_sigma_for_true,
        ),
        Mistake(
            "dv lacks the push of the noise words.",
            "In how many terms of equation (6) does v stand?",
            wrong=_dv_true_only,
        ),
        Mistake(
            "dv lacks the pull of the true word.",
            "In how many terms of equation (6) does v stand?",
            wrong=_dv_noise_only,
        ),
        Mistake(
            "Your gradients average over the noise words; the loss adds them up.",
            "Where would a factor 1/K come from in equation (7)?",
            wrong=_gradients_averaged,
        ),
        Mistake(
            "du points along u itself.",
            "What is the derivative of ⟨u, v⟩ with respect to u?",
            wrong=_u_along_itself,
        ),
        Mistake(
            "The noise words' gradients use σ − 1: they are treated as true words.",
            "What is the target of a noise word, 1 or 0?",
            wrong=_dv_noise_pulled,
        ),
        Mistake(
            "dnoise points along the noise vectors themselves.",
            "What is the derivative of ⟨u, v⟩ with respect to u?",
            wrong=_noise_along_itself,
        ),
        Mistake(
            "dnoise is added up over the noise words.",
            "Should every noise vector get the same gradient, or its own row?",
            wrong=_noise_summed,
        ),
    ),
)


# ------------------------------------------------------------------------------------------------ noise_words
def draw_noise(rng):
    counts = torch.tensor([81.0, 16.0, 1.0, 256.0])
    yield Case({"counts": counts, "r": torch.tensor([0.1, 0.3, 0.355, 0.5, 0.99, 0.265])})
    for size, draws in ((6, 40), (50, 200)):
        counts = _counts(rng, size)
        yield Case({"counts": counts, "r": _uniform(rng, draws, counts)})
    yield Case({"counts": torch.tensor([5.0, 5.0]), "r": torch.tensor([0.25, 0.5])}, note="r at an edge")
    yield Case(
        {"counts": torch.tensor([0.0, 16.0, 0.0, 81.0]), "r": torch.tensor([0.0, 0.1, 0.9])},
        note="words that never occur, and r = 0",
    )
    yield Case({"counts": torch.tensor([7.0]), "r": torch.tensor([0.0, 0.4])}, note="one word")


def _counts(rng, size):
    """Counts as in text: a few large, most small."""
    return torch.tensor([float(int(1 + 1000 / (1 + i)) + rng.integers(0, 5)) for i in range(size)])[
        torch.from_numpy(rng.permutation(size))
    ]


def _uniform(rng, n, counts):
    """Numbers (n,) in [0, 1), none so close to an edge that rounding decides."""
    while True:
        r = torch.from_numpy(rng.uniform(0, 1, 2 * n).astype("float32"))
        clear = (_edges(counts, 0.75) - r.double()[:, None]).abs().gt(2e-5).all(1) & (r < 1)
        if clear.sum() >= n:
            return r[clear][:n]


def _edges(counts, power):
    cumulative = (counts.double() ** power).cumsum(0) if power else counts.gt(-1).double().cumsum(0)
    return cumulative / cumulative[-1]


def _by(edges, r, right=True):
    return torch.searchsorted(edges, r.double(), right=right).clamp(max=len(edges) - 1)


def noise_words(counts, r):
    return _by(_edges(counts, 0.75), r)


def _not_normalised(counts, r):
    return _by((counts.double() ** 0.75).cumsum(0), r)


def _normalised_first_power_later(counts, r):
    q = (counts.double() / counts.sum()) ** 0.75
    return _by(q.cumsum(0), r)


NOISE = Exercise(
    name="noise_words",
    chapter=CHAPTER,
    points=2,
    contract="noise_words(counts, r) -> (N,) int64, word numbers; counts (V,) float32, at least 0; r (N,) "
    "float32, 0 <= r < 1",
    draw=draw_noise,
    expected=noise_words,
    mistakes=(
        Mistake(
            "Words are drawn by U itself: the power 3/4 is missing.",
            "What does equation (9) do to the counts before it normalises them?",
            wrong=lambda counts, r: _by(_edges(counts, 1.0), r),
        ),
        Mistake(
            "Words are drawn uniformly: the counts do not matter.",
            "Should 'the' and a rare word be drawn equally often?",
            wrong=lambda counts, r: _by(_edges(counts, 0.0), r),
        ),
        Mistake(
            "The probabilities do not add up to 1: the division by Z is missing.",
            "Where does the cumulative sum end, and where does r end?",
            wrong=_not_normalised,
        ),
        Mistake(
            "You normalise before you take the power, and then the sum is no longer 1.",
            "What do the numbers U^(3/4) add up to, if the U add up to 1?",
            wrong=_normalised_first_power_later,
        ),
        Mistake(
            "The power is 4/3, not 3/4: frequent words become even more frequent.",
            "Which of the two exponents flattens a distribution?",
            wrong=lambda counts, r: _by(_edges(counts, 4 / 3), r),
        ),
        Mistake(
            "The power is 1/2, a square root.",
            "Which exponent stands in equation (9)?",
            wrong=lambda counts, r: _by(_edges(counts, 0.5), r),
        ),
        Mistake(
            "The numbers are one too large: word 0 owns the first interval.",
            "How many edges lie to the left of r, or at r, if r is in the first interval?",
            wrong=lambda counts, r: noise_words(counts, r) + 1,
        ),
        Mistake(
            "At an edge you choose the word on its left: a word with count 0 can be drawn.",
            "An interval includes its left end. Is that > or ≥ (the argument right of searchsorted)?",
            wrong=lambda counts, r: _by(_edges(counts, 0.75), r, right=False),
        ),
    ),
)


# ------------------------------------------------------------------------------------------------ char_ngrams
def draw_ngrams(rng):
    yield Case({"word": "where", "low": 3, "high": 4})
    yield Case({"word": "кот", "low": 3, "high": 6}, note="Russian, shorter than the longest run")
    letters = "abcdefgийклмн"
    for low, high in ((3, 6), (2, 3), (4, 4), (1, 3)):
        length = int(rng.integers(5, 10))
        yield Case(
            {"word": "".join(letters[i] for i in rng.integers(0, 13, length)), "low": low, "high": high}
        )
    yield Case({"word": "Köln", "low": 3, "high": 4}, note="a capital letter")
    yield Case({"word": "aaaa", "low": 2, "high": 3}, note="the same run several times")
    yield Case({"word": "a", "low": 3, "high": 6}, note="one letter")
    yield Case({"word": "a", "low": 4, "high": 6}, note="nothing is long enough")


def char_ngrams(word, low, high):
    return _runs(f"<{word}>", low, high)


def _runs(marked, low, high):
    return [
        marked[i : i + n] for n in range(low, high + 1) for i in range(len(marked)) if i + n <= len(marked)
    ]


def _words_ends(word, low, high):
    marked = f"<{word}>"
    return [marked[i : i + n] for n in range(low, high + 1) for i in range(len(marked))]


NGRAMS = Exercise(
    name="char_ngrams",
    chapter=CHAPTER,
    points=2,
    contract="char_ngrams(word, low, high) -> a list of strings; word a string, 1 <= low <= high",
    draw=draw_ngrams,
    expected=char_ngrams,
    mistakes=(
        Mistake(
            "The boundary marks are missing: your runs come from the bare word.",
            "Which string do you cut: the word, or <word>?",
            wrong=lambda word, low, high: _runs(word, low, high),
        ),
        Mistake(
            "The mark < at the front is missing.",
            "Which string do you cut: word>, or <word>?",
            wrong=lambda word, low, high: _runs(f"{word}>", low, high),
        ),
        Mistake(
            "The last run of each length is missing, the one with the mark > at the end.",
            "Is the mark there, and how many runs of n characters has a string of m characters?",
            wrong=lambda word, low, high: _runs(f"<{word}", low, high),
        ),
        Mistake(
            "The longest runs are missing: range stops before its end.",
            "What is the last value of range(low, high)?",
            wrong=lambda word, low, high: _runs(f"<{word}>", low, high - 1),
        ),
        Mistake(
            "Some of your runs are too short: slices at the end of a string are cut off.",
            "Where may a run of n characters begin at the latest?",
            wrong=_words_ends,
        ),
        Mistake(
            "A run that occurs several times stands in your list once only.",
            "Does a set keep how often something occurs?",
            wrong=lambda word, low, high: list(dict.fromkeys(char_ngrams(word, low, high))),
        ),
        Mistake(
            "You change capital letters into small ones.",
            "Take the word as it is given.",
            wrong=lambda word, low, high: char_ngrams(word.lower(), low, high),
        ),
        Mistake(
            "The runs are the right ones in another order.",
            "Which loop is the outer one: over the lengths, or over the places?",
            when=lambda case, got: (
                isinstance(got, list)
                and all(isinstance(s, str) for s in got)
                and sorted(got) == sorted(char_ngrams(**case.inputs))
                and got != char_ngrams(**case.inputs)
            ),
        ),
    ),
)


# ------------------------------------------------------------------------------------------------- lsh_bucket
def draw_bucket(rng):
    planes = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, -2.0]])
    yield Case({"x": torch.tensor([[2.0, 0.5], [-1.0, 0.0], [-3.0, -1.0], [0.0, 2.0]]), "planes": planes})
    for n, dim, bits in ((6, 4, 5), (40, 8, 12), (9, 3, 1)):
        yield Case(_clear_sides(rng, n, dim, bits))
    yield Case({"x": torch.zeros(2, 3), "planes": normal(rng, 4, 3)}, note="vectors of zeros")
    yield Case(_clear_sides(rng, 5, 4, 30), note="thirty bits")


def _clear_sides(rng, n, dim, bits):
    """Vectors and planes of which no product is so close to 0 that rounding decides."""
    while True:
        x, planes = normal(rng, n, dim), normal(rng, bits, dim)
        if _bits(x, planes).abs().min() > 1e-4:
            return {"x": x, "planes": planes}


def _bits(x, planes):
    return x.double() @ planes.double().T


def lsh_bucket(x, planes):
    return ((_bits(x, planes) >= 0).long() << torch.arange(len(planes))).sum(1)


def _values(bits):
    return (bits.long() << torch.arange(bits.shape[1])).sum(1)


BUCKET = Exercise(
    name="lsh_bucket",
    chapter=CHAPTER,
    points=2,
    contract="lsh_bucket(x, planes) -> (N,) int64, from 0 to 2^b - 1; x (N, D), planes (b, D), float32, "
    "b at most 30",
    draw=draw_bucket,
    expected=lsh_bucket,
    mistakes=(
        Mistake(
            "A product of exactly 0 gives bit 0 in your answer.",
            "Is it > or ≥ in equation (14)?",
            wrong=lambda x, planes: _values(_bits(x, planes) > 0),
        ),
        Mistake(
            "The bits are turned round: 1 where the product is negative.",
            "On which side of the plane is the bit 1?",
            wrong=lambda x, planes: _values(_bits(x, planes) < 0),
        ),
        Mistake(
            "The bits stand in reverse order: plane 0 is worth the most.",
            "What is bit i worth, and what is 2 to the 0?",
            wrong=lambda x, planes: _values((_bits(x, planes) >= 0).flip(1)),
        ),
        Mistake(
            "You count the bits that are 1.",
            "Should the bits 01 and 10 lie in the same bucket?",
            wrong=lambda x, planes: (_bits(x, planes) >= 0).sum(1),
        ),
        Mistake(
            "Your bits are −1 and +1, not 0 and 1.",
            "Can the number of a bucket be negative?",
            wrong=lambda x, planes: 2 * lsh_bucket(x, planes) - (2 ** len(planes) - 1),
        ),
        Mistake(
            "Bit i is worth i in your answer, not 2 to the i.",
            "Should the bits 110 and 001 lie in the same bucket?",
            wrong=lambda x, planes: ((_bits(x, planes) >= 0) * torch.arange(len(planes))).sum(1),
        ),
        Mistake(
            "Bit 0 is worth 2, not 1.",
            "What is 2 to the 0?",
            wrong=lambda x, planes: 2 * lsh_bucket(x, planes),
        ),
        Mistake(
            "You return the bits, not the number that they make.",
            "Which dictionary key would hold all vectors of a bucket?",
            when=lambda case, got: (
                isinstance(got, torch.Tensor)
                and got.shape == (len(case.inputs["x"]), len(case.inputs["planes"]))
                and len(case.inputs["planes"]) > 1
            ),
        ),
    ),
)

EXERCISES = [SAMPLING, NOISE, NGRAMS, BUCKET]
