"""Reference answers of the chapter on word vectors, and wrong ones with words of the verdict."""

import itertools
import math

import torch
import torch.nn.functional as F

# Answers to the questions for paper, discussion and projects of the chapter.
PAPER = """
1. Ordered pairs: 5 sentences of 4 words have 60. milk stands in 3, cold in 3, together once: log(60 / 9)
   = log 6.67 = 1.90. van 3, we 15: log(60 / 45) = 0.29. van and car have all neighbours (we, drive, a)
   in common: cosine 1 by counts and by PPMI alike.
2. 1, 1, 1, 1: every word two decisions, mean 2, entropy 2. 8, 4, 2, 1: depths 1, 2, 3, 3, mean (8 + 8 +
   6 + 3) / 15 = 1.67; entropy 1.64. Equal only where all shares are powers of one half.
3. log k is subtracted from every product: all move down together, the differences stay. The noise costs
   k products a pair, and with k large nearly all of a step goes into words that are already known to be
   noise.
4. A word with U places keeps U sqrt(t / f) of them, and f = U / T: sqrt(t T U), if f > t.
5. b - a + c = d says that a, b, d, c are the corners of a parallelogram. On the circle it is a
   rectangle, or b = a or c = a. If b - a is short the sum lies next to c, and c itself would be the
   answer: excluding it leaves the neighbour of c in about the right direction, often d, sometimes for
   that reason only.
6. (e, a) or (t, e) first: either way the next merge makes tea, the same piece. (o, t) or (t, _) next:
   with (t, _) the piece t_ is made first and then o + t_ = ot_ directly. hotpot: its inner "ot" is then
   never joined, and it is cut as h o t pot_ instead of h ot pot_.
7. Whatever needs the sense: sentiment, instructions, search for "hot". Finding the topic or the kind of
   word does not suffer. Synonyms pull pairs together, antonyms push apart, after training
   ("retrofitting") or as further pairs.
8. A report of the share is a fact of the text; a ranking that uses it as a reason is a decision. What
   matters is the use, and who bears its errors; the vector cannot tell the two apart.
9. Project: a report has groups written before the first training, several seeds, a floor (guessing, raw
   counts), equal steps, and says what the text does not hold.
10. Project: pseudowords give the truth; compare k-means with the more frequent meaning, several seeds,
    and count how often the two clusters are something else than meanings (two books, two translations).
"""


def negative_sampling(v, u, noise):
    z, y = u @ v, noise @ v
    loss = -F.logsigmoid(z) - F.logsigmoid(-y).sum()
    e = torch.sigmoid(z) - 1
    return loss, e * u + torch.sigmoid(y) @ noise, e * v, torch.outer(torch.sigmoid(y), v)


def noise_words(counts, r):
    q = counts.double() ** 0.75
    edges = (q / q.sum()).cumsum(0)
    return torch.searchsorted(edges, r.double(), right=True).clamp(max=len(counts) - 1)


def char_ngrams(word, low, high):
    marked = f"<{word}>"
    return [marked[i : i + n] for n in range(low, high + 1) for i in range(len(marked) - n + 1)]


def lsh_bucket(x, planes):
    return ((x @ planes.T >= 0) * 2 ** torch.arange(len(planes))).sum(1)


# -------------------------------------------------------------------------------------------- wrong answers
def _with(loss=None, dv=None, du=None, dnoise=None):
    """The right answer with some outputs replaced by functions of (v, u, noise)."""

    def wrong(v, u, noise):
        right = negative_sampling(v, u, noise)
        changed = (loss, dv, du, dnoise)
        return tuple(r if f is None else f(v, u, noise) for r, f in zip(right, changed, strict=True))

    return wrong


def _uphill(v, u, noise):
    loss, dv, du, dnoise = negative_sampling(v, u, noise)
    return loss, -dv, -du, -dnoise


def _mean(v, u, noise):
    return -F.logsigmoid(u @ v) - F.logsigmoid(-(noise @ v)).mean()


def _power(power):
    def wrong(counts, r):
        q = counts.double() ** power
        return torch.searchsorted((q / q.sum()).cumsum(0), r.double(), right=True).clamp(max=len(q) - 1)

    return wrong


def _without_z(counts, r):
    edges = (counts.double() ** 0.75).cumsum(0)
    return torch.searchsorted(edges, r.double(), right=True).clamp(max=len(edges) - 1)


def _z_too_early(counts, r):
    edges = ((counts.double() / counts.double().sum()) ** 0.75).cumsum(0)
    return torch.searchsorted(edges, r.double(), right=True).clamp(max=len(edges) - 1)


def _left_edge(counts, r):
    q = counts.double() ** 0.75
    return torch.searchsorted((q / q.sum()).cumsum(0), r.double()).clamp(max=len(q) - 1)


def _one_more(counts, r):
    return noise_words(counts, r) + 1


def _runs(marked, low, high):
    return [marked[i : i + n] for n in range(low, high + 1) for i in range(len(marked) - n + 1)]


def _short_tails(word, low, high):
    marked = f"<{word}>"
    return [marked[i : i + n] for n in range(low, high + 1) for i in range(len(marked))]


def _last_missing(word, low, high):
    marked = f"<{word}>"
    return [marked[i : i + n] for n in range(low, high + 1) for i in range(len(marked) - n)]


def _place_first(word, low, high):
    marked = f"<{word}>"
    places = itertools.product(range(len(marked)), range(low, high + 1))
    return [marked[i : i + n] for i, n in places if i + n <= len(marked)]


def _once(word, low, high):
    return list(dict.fromkeys(char_ngrams(word, low, high)))


def _bits(compare, flip=False):
    def wrong(x, planes):
        bits = compare(x @ planes.T).long()
        return ((bits.flip(1) if flip else bits) * 2 ** torch.arange(len(planes))).sum(1)

    return wrong


def _signs(x, planes):
    signs = torch.where(x @ planes.T >= 0, 1, -1)
    return (signs * 2 ** torch.arange(len(planes))).sum(1)


def _from_two(x, planes):
    return ((x @ planes.T >= 0) * 2 ** torch.arange(1, len(planes) + 1)).sum(1)


assert math.isclose(float(_power(0.75)(torch.tensor([1.0, 1.0]), torch.tensor([0.6]))), 1)

MISTAKES = {
    "negative_sampling": [
        (_with(loss=lambda v, u, n: -negative_sampling(v, u, n)[0]), "lacks its minus signs"),
        (
            _with(loss=lambda v, u, n: -F.logsigmoid(u @ v) - F.logsigmoid(n @ v).sum()),
            "rewards them for looking real",
        ),
        (_with(loss=_mean), "averages over the noise words"),
        (_with(loss=lambda v, u, n: -F.logsigmoid(u @ v)), "has no noise words"),
        (_uphill, "lead uphill"),
        (
            _with(
                dv=lambda v, u, n: torch.sigmoid(u @ v) * u + torch.sigmoid(n @ v) @ n,
                du=lambda v, u, n: torch.sigmoid(u @ v) * v,
            ),
            "where σ − 1 belongs",
        ),
        (_with(dv=lambda v, u, n: (torch.sigmoid(u @ v) - 1) * u), "lacks the push"),
        (
            _with(
                dv=lambda v, u, n: (torch.sigmoid(u @ v) - 1) * u + (torch.sigmoid(n @ v) - 1) @ n,
                dnoise=lambda v, u, n: torch.outer(torch.sigmoid(n @ v) - 1, v),
            ),
            "treated as true words",
        ),
        (
            _with(loss=lambda v, u, n: -torch.sigmoid(u @ v) - torch.sigmoid(-(n @ v)).sum()),
            "lacks the logarithms",
        ),
        (_with(dv=lambda v, u, n: torch.sigmoid(n @ v) @ n), "lacks the pull"),
        (
            _with(
                dv=lambda v, u, n: (
                    (torch.sigmoid(u @ v) - 1) * u + (torch.sigmoid(n @ v)[:, None] * n).mean(0)
                ),
                dnoise=lambda v, u, n: torch.outer(torch.sigmoid(n @ v), v) / len(n),
            ),
            "average over the noise words",
        ),
        (_with(du=lambda v, u, n: (torch.sigmoid(u @ v) - 1) * u), "along u itself"),
        (_with(dnoise=lambda v, u, n: torch.sigmoid(n @ v)[:, None] * n), "along the noise vectors"),
        (_with(dnoise=lambda v, u, n: torch.sigmoid(n @ v).sum() * v), "added up over the noise"),
    ],
    "noise_words": [
        (_power(1.0), "the power 3/4 is missing"),
        (_power(0.0), "uniformly"),
        (_without_z, "division by Z is missing"),
        (_z_too_early, "normalise before"),
        (_power(4 / 3), "4/3, not 3/4"),
        (_power(0.5), "a square root"),
        (_one_more, "one too large"),
        (_left_edge, "the word on its left"),
    ],
    "char_ngrams": [
        (lambda word, low, high: _runs(word, low, high), "boundary marks are missing"),
        (lambda word, low, high: _runs(word + ">", low, high), "mark < at the front"),
        (lambda word, low, high: _runs("<" + word, low, high), "mark > at the end"),
        (lambda word, low, high: _runs(f"<{word}>", low, high - 1), "longest runs"),
        (_last_missing, "last run of each length is missing"),
        (_short_tails, "too short"),
        (_once, "once only"),
        (_place_first, "another order"),
    ],
    "lsh_bucket": [
        (_bits(lambda z: z > 0), "exactly 0"),
        (_bits(lambda z: z < 0), "turned round"),
        (_bits(lambda z: z >= 0, flip=True), "reverse order"),
        (lambda x, planes: (x @ planes.T >= 0).sum(1), "count the bits"),
        (_signs, "−1 and +1"),
        (_from_two, "worth 2"),
        (lambda x, planes: ((x @ planes.T >= 0) * torch.arange(len(planes))).sum(1), "worth i"),
        (lambda x, planes: (x @ planes.T >= 0).long(), "not the number"),
    ],
}
