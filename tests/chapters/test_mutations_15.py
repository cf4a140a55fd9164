"""The derivations of chapter 15 are checked by asserts that fail when the formula is wrong."""

from mutate import mutations

CHAPTER = "15_attention"
# Cells that train, decode with trained nets, draw or check an exercise; no derivation needs them.
TRAINED = (
    "check.", "subplots", "text = lambda", "plain = [", "digits =", "gradients[", "attentive", "_ok",
    "without, gru", "exponents", "sounds =", "letters =", "without, attention", "find = lambda", "share =",
    "align(", "examples", "taught, free", "damage", "sounds.items", "hit =", "same =", "log_n =",
    "missed =", "table = torch.tensor", "searched", "explore(", "former", "correct", "heads_of", "costs",
    "spelling =",
)  # fmt: skip
NO_DATA = (*TRAINED, "numbers =", "def make_task", "def fresh", "fresh(", "net, x, y", "flat =", "alone =")
SEARCH = ("def telling", "found[ALL]", "raw, scaled")  # slow, and needed only by its own mutations
BROKEN = {
    "the loss divides by padding, too": ("/ mask.sum()", "/ mask.numel()", "flat = "),
    "the loss sums over padding": ("-(log_p * mask).sum()", "-log_p.sum()", "flat = "),
    "the state behind the padding": ("mask.sum(1) - 1]", "-1]", "alone = "),
    "additive attention looks at padding": (
        "s.masked_fill(~mask, -torch.inf).softmax(1)",
        "s.softmax(1)",
        "alpha_k",
    ),
    "additive attention without tanh": ("weight[0] @ torch.tanh(", "weight[0] @ (", "alpha_k"),
}
BROKEN |= {
    name: (*case, NO_DATA if "found" in case[2] else (*NO_DATA, *SEARCH))
    for name, case in {
        "the score's gradient without the mixture": ("((h - c) @ u)", "(h @ u)", "equation (5)"),
        "the state's gradient without its weight": ("alpha[:, None] * u)", "0 * h + u)", "equation (5)"),
        "finished hypotheses are lost": (
            "sorted(done + longer",
            "sorted(longer or done",
            "math.isclose(found[ALL]",
        ),
        "the last symbol's score alone": ("(s + q, (*y, k))", "(q, (*y, k))", "math.isclose(found[ALL]"),
        "the softmax's derivative without its second part": (
            "torch.diag(p) - p[:, None] * p",
            "torch.diag(p)",
            "whole = ",
        ),
        "scores over d": ("/ math.sqrt(q.shape[-1])", "/ q.shape[-1]", "is_causal=True"),
        "a softmax over the queries": (".softmax(-1)\n", ".softmax(-2)\n", "is_causal=True"),
        "a mask that lets the future in": (
            "dtype=torch.bool).tril()\nassert",
            "dtype=torch.bool)\nassert",
            "dx, =",
        ),
        "positions in the wrong order": (
            "[angle.sin(), angle.cos()]",
            "[angle.cos(), angle.sin()]",
            "rotation(k, 32)",
        ),
        "a rotation the other way": ("w.sin(), -w.sin(),", "-w.sin(), w.sin(),", "rotation(k, 32)"),
        "heads that are not mixed": (
            "self.mix(z.transpose(1, 2).flatten(2))",
            "z.transpose(1, 2).flatten(2)",
            "scattered(nn.Multi",
        ),
        "a block without its residual": (
            "return x + self.linear2(",
            "return self.linear2(",
            "expected = theirs(memory",
        ),
        "the same norm twice": (
            "self.self_attn(z, z, mask), self.norm2",
            "self.self_attn(z, z, mask), self.norm1",
            "expected = theirs(memory",
        ),
        "scores over the fourth root": ("d**-0.5))", "d**-0.25))", "raw, scaled"),
        "edits that cost two": ("(s != r)", "2 * (s != r)", "kitten"),
        "layer norm left out": ("z = self.norm1(x)", "z = x", "expected = theirs(memory"),
        "cross-attention to the padding": (
            "(last(x), memory, sources)",
            "(last(x), memory, sources | True)",
            "expected = theirs(x, memory, tgt",
        ),
    }.items()
}

test_a_broken_formula_is_caught, test_unchanged_it_passes = mutations(CHAPTER, BROKEN, TRAINED)
