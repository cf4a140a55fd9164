"""The derivations of chapter 10 are checked by asserts that fail when the formula is wrong."""

from mutate import mutations

CHAPTER = "10_identification"
# Cells that load data, train, draw or check an exercise; no derivation needs them.
SKIP = (
    "drawings(", "photos(", "probes", "titles_of", "encoder()", "known)", "judge(", "blank", "who[i]",
    "asked", "check.", "embeddings", "METHODS", "Drawing(", "plt.subplots", "scene(", "table(", "ahead(",
    "counts[", "ABCDEF",
)  # fmt: skip
BROKEN = {
    "normalising lets the length's part through": (
        "(torch.eye(3) - torch.outer(f, f)) @ g_f / z.norm()",
        "g_f / z.norm()",
        "equation (2)",
    ),
    "cosine and distance without the 2": ("2 - 2 * f @ v", "2 - f @ v", "(f - v).square()"),
    "contrastive gradient with the push's sign wrong": (
        "- (1 - y1) * (alpha - d)",
        "+ (1 - y1) * (alpha - d)",
        "equation (4)",
    ),
    "contrastive gradient without the unit vector": ("* apart / d ", "* apart ", "equation (4)"),
    "contrastive push beyond the margin": (
        "- (1 - y1) * (alpha - d).relu()",
        "- (1 - y1) * (alpha - d)",
        "equation (4)",
    ),
    "the slip's slope": ("-(far**2)", "far**2", "square inside"),
    "triplet gradient of the anchor": ("[2 * (n3 - p3)", "[2 * (a3 - p3)", "equation (6)"),
    "triplet gradient without the hinge": ("(active * grad)", "(1 * grad)", "equation (6)"),
    "triplet without the 2": ("2 * (a3 - n3)]", "(a3 - n3)]", "equation (6)"),
    "the centre step without the 1": (
        "sums / (1 + count)",
        "sums / count.clamp(min=1)",
        "equations (9), (10)",
    ),
    "the centre moves away": ("centres[y] - z)", "z - centres[y])", "equations (9), (10)"),
    "ArcFace makes the own angle smaller": (
        "math.radians(30) + m",
        "math.radians(30) - m",
        "two_angles(0.5)",
    ),
    "InfoNCE without the pull": ("(chances @ p0 - p0)", "(chances @ p0)", "# its gradient"),
    "InfoNCE without the temperature": ("/ (5 * 0.1)", "/ 5", "# its gradient"),
    "the other score in another order": (
        "generator=generator(1)).cumsum(0)",
        "generator=generator(1))",
        "errors =",
    ),
}

test_a_broken_formula_is_caught, test_unchanged_it_passes = mutations(CHAPTER, BROKEN, SKIP)
