"""The derivations of chapter 13 are checked by asserts that fail when the formula is wrong."""

from mutate import mutations

CHAPTER = "13_word_vectors"
# Cells that train, draw, measure or check an exercise; no derivation needs them.
SKIP = (
    "Drawing(", "subplots", "check.", "def linear", "bag_cosine", "neighbour =", "routes = draw_tree",
    "bits = sum", "deepest", "late = draw_pairs", "window =", "torch.manual_seed(0)\nembed", "snapshots",
    "often = U", "GROUPS =", "TRIOS", "records.record", "tricks.", "score = (BOILED", "def glove",
    "LOTS", "ratios", "glove40k", "PAIRS", "TONGUES", "FORMULAS", "means[", "EXAMPLES", "def direction",
    "career", "hashed", "KNOWN", "like_spelled", "MERGES", "cos_to", "windows_at", "scores[", "CENTRED",
    "pad_sequence", "train_cnn", "fitted =", "race[",
)  # fmt: skip
WITHOUT_COUNTS = ("company_of", "similar =", *SKIP)
# The text itself is needed by two formulas only.
BARE = (
    "sentences = ",
    "def sampler",
    "def subsample",
    "def train(",
    "def skipgram",
    "def cbow",
    *WITHOUT_COUNTS,
)
BROKEN = {
    "idf turned round": ("math.log(len(texts) / self.seen[w])", "math.log(self.seen[w])", "by_hand =", BARE),
    "texts without unit length": ("values / norm[row]", "values", "by_hand =", BARE),
    "the softmax without its target": (
        "error = p - F.one_hot(torch.tensor(target), 7)",
        "error = p",
        "error[:, None]",
        BARE,
    ),
    "CBOW's contexts get the whole gradient": (".expand(6, 4) / 6", ".expand(6, 4)", "error[:, None]", BARE),
    "a node with the same sign on both sides": ("(node - n, -1)", "(node - n, 1)", "six = huffman", BARE),
    "the path pushed the wrong way": ("pull = (-signs *", "pull = (signs *", "six = huffman", BARE),
    "a decision's error is σ(d z)": (
        "torch.sigmoid(-signs * (s",
        "torch.sigmoid(signs * (s",
        "six = huffman",
        BARE,
    ),
    "the true word's error is σ": ("e[:, 0] -= 1", "e[:, 0] -= 0", "theirs in zip", BARE),
    "the noise words rewarded": ("F.logsigmoid(-z[:, 1:])", "F.logsigmoid(z[:, 1:])", "theirs in zip", BARE),
    "the optimum without log k": ("- math.log(k)", "- 0", "optimum =", BARE),
    "noise without its power": ("(U.double() ** power)", "U.double()", "drawn =", WITHOUT_COUNTS),
    "subsampling without the root": (
        "(t / f).sqrt()[words_]",
        "(t / f)[words_]",
        "many = before",
        WITHOUT_COUNTS,
    ),
    "the loss averaged over the noise": ('reduction="sum") / len(z)', 'reduction="mean")', "by_row =", BARE),
    "the true word among the noise": ("true[:, 0] = 1", "true[:, 0] = 0", "by_row =", BARE),
    "PMI with sums of one side only": ("N.sum(1, keepdim=True) * N.sum(0)", "N.sum(0) ** 2", "ppmi =", BARE),
    "merges of the rarest pair": (
        "(-pairs[pair], pair)",
        "(pairs[pair], pair)",
        "assert merges ==",
        BARE,
    ),
    "pieces without marks": ('marked = f"<{word}>"', "marked = word", "def pieces", BARE),
    "half the angle": (
        "(1 - theta / math.pi)) <",
        "(1 - theta / 2 / math.pi)) <",
        "planes = torch.randn(40",
        BARE,
    ),
    "windows turned round": (
        "[0, :, i:i + 3].T",
        "[0, :, i:i + 3].T.flip(0)",
        "runs = torch.stack([e[",
        BARE,
    ),
}

test_a_broken_formula_is_caught, test_unchanged_it_passes = mutations(CHAPTER, BROKEN, SKIP)
