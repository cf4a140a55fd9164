"""The derivations of chapter 15 are checked by asserts that fail when the formula is wrong."""

from mutate import mutations

CHAPTER = "15_attention"
# Cells that train, decode with trained nets, draw, read a record, fail on purpose or check an exercise; no
# derivation needs them.
TRAINED = (
    "check.", "subplots", "Drawing(", "way(", "warm = {", "x_30", "records.record", "by_length", "shares(",
    "by_digits", "by_letters", "strings_task", "plain", "FLOOR", "def symbols", "attentive", "speller",
    "former", "said(", "scores = torch.tensor", "searched", "explore(", "heads_of", "views", "costs",
    "gpt = train", "bible", "gradients[", "writers",
)  # fmt: skip
NO_DATA = (*TRAINED, "numbers =", "def fresh", "flat =", "alone =", "fresh(", "net.encoder")
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
        "the score's gradient without the mixture": (
            "assert_close(s.grad, alpha * ((h - c) @ u))",
            "assert_close(s.grad, alpha * (h @ u))",
            "# equation (5)",
        ),
        "the state's gradient without its weight": ("alpha[:, None] * u)", "0 * h + u)", "# equation (5)"),
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
        "scores over d": ("/ math.sqrt(q.shape[-1])", "/ q.shape[-1]", "print(\"ours\", f\"{attend"),
        "a softmax over the queries": (".softmax(-1)\n", ".softmax(-2)\n", "print(\"ours\", f\"{attend"),
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
        "a list of heads joined in another order": (
            "torch.cat(answers, -1)",
            "torch.cat(answers[::-1], -1)",
            "HeadList(16, 4), Heads",
        ),
        "heads that are not mixed": (
            "self.mix(z.transpose(1, 2).flatten(2))",
            "z.transpose(1, 2).flatten(2)",
            "scattered(nn.Multi",
        ),
        "a block without its residual": (
            "return x + self.drop(",
            "return self.drop(",
            "expected = theirs(memory",
        ),
        "the same norm twice": (
            "(z, z, mask, cache)), self.norm2",
            "(z, z, mask, cache)), self.norm1",
            "expected = theirs(memory",
        ),
        "scores over the fourth root": ("d**-0.5))", "d**-0.25))", "raw, scaled"),
        "edits that cost two": ("(s != r)", "2 * (s != r)", 'edits("kitten"'),
        "BLEU that counts a run too often": ("(runs & true)", "(runs & runs)", "# clipped"),
        "BLEU without its punishment": ("min(1, short)", "1", "# clipped"),
        "layer norm left out": ("z = self.norm1(x)", "z = x", "expected = theirs(memory"),
        "cross-attention to the padding": (
            "(last(x), memory, sources)",
            "(last(x), memory, sources | True)",
            "expected = theirs(x, memory, tgt",
        ),
        "a cache in the wrong order": (
            "torch.cat([self.k, k], 1), torch.cat",
            "torch.cat([k, self.k], 1), torch.cat",
            "stepwise",
        ),
        "positions that begin again at each step": (
            "torch.arange(seen, seen + n",
            "torch.arange(0, n",
            "stepwise",
        ),
    }.items()
}  # fmt: skip

test_a_broken_formula_is_caught, test_unchanged_it_passes = mutations(CHAPTER, BROKEN, TRAINED)
