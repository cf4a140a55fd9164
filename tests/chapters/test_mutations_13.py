"""The derivations of chapter 13 are checked by asserts that fail when the formula is wrong."""

from mutate import mutations

CHAPTER = "13_word_vectors"
# Cells that load data, train, draw or check an exercise; no derivation needs them.
SKIP = (
    "glosses", "learn", "pair = [", "sizes, fresh", "assert fresh", "grid = [", "assert cost", "check.",
    "subplots", "snapshots", "often = U", "GROUPS =", "GROUPS)", "before", "solve(", "chosen =", "at_step",
    "variants =", "mean_of", "glove", "EN_PAIRS", "nearest(", "JOBS", "navec", "RU", "queries", "number[",
    "starts =", "sentence_", "paths[", "window =", "itself =", "per_query", "speed.values",
)  # fmt: skip
BARE = (
    "sentences = ",
    "neighbour =",
    "paths = huffman",
    "drawn =",
    "many = before",
    "def skipgram",
    "vectors, losses",
    '("bread"',
    "listed(",
    "lean = sorted",
    "KNOWN",
    "spelled",
    'some = ["кот',
    "few, labels",
    "labels[near]",
    "EN[torch",
    "def average",
    "table[name]",
    "table.items",
    "someone",
    "sentence = {}",
    "Bags(few, n)",
    "table = {",
    "search(",
    "ANALOGIES",
    "odd_one_out",
    "first_two",
    "both = {",
    "def cbow",
    "for name, rows in shares",
    "shares = {}",
    "def train_pieces",
    "X = solve_ridge",
    *SKIP,
)  # without the text
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
    "the path pushed the wrong way": ("pull = (-d *", "pull = (d *", "six = huffman", BARE),
    "a decision's error is σ(d z)": ("torch.sigmoid(-d * (s", "torch.sigmoid(d * (s", "six = huffman", BARE),
    "the true word's error is σ": ("e[:, 0] -= 1", "e[:, 0] -= 0", "theirs in zip", BARE),
    "the noise words rewarded": ("F.logsigmoid(-z[:, 1:])", "F.logsigmoid(z[:, 1:])", "theirs in zip", BARE),
    "the optimum without log k": ("- math.log(k)", "- 0", "optimum =", BARE),
    "noise without its power": ("(U.double() ** power)", "U.double()", "many = before"),
    "subsampling without the root": ("(t / f).sqrt()[text]", "(t / f)[text]", "many = before"),
    "pieces without marks": ('marked = f"<{word}>"', "marked = word", "def pieces", BARE),
    "no penalty": ("+ penalty * p", "", "exact_X =", BARE),
    "edits that never delete": (
        "torch.minimum(swap, row[:, 1:] + 1)",
        "torch.minimum(swap, row[:, 1:] + 9)",
        "котик",
        BARE,
    ),
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
