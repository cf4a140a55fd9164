"""A graded exercise stands before the code that answers it."""

from pathlib import Path

import nbformat
import pytest

BOOK = Path(__file__).parents[2] / "book"
# Pieces of code of the chapter, each of which would do, or say, what the exercise asks for.
ANSWERS = {
    ("10_identification", "far_frr"): ("def roc(", "door_far ="),
    ("10_identification", "pairwise_distances"): ("2 - 2 * e @ e.T",),
    ("10_identification", "contrastive_loss"): ("def contrastive(", "# equation (3)"),
    ("10_identification", "semi_hard_negatives"): ("def triplet(",),
    ("11_autoencoders", "pca_reconstruct"): ("linalg.eigh", "def pca("),
    ("11_autoencoders", "mask_pixels"): ("def hide(",),
    ("11_autoencoders", "gaussian_kl"): ("kl_divergence(", "# equation (7)"),
    ("11_autoencoders", "slerp"): ("torch.sin((1 - t)",),
    ("12_gans", "gan_losses"): ("F.softplus",),
    ("12_gans", "best_discriminator"): ("torch.sigmoid(log_p",),
    ("12_gans", "modes_covered"): ("def judge_ring(",),
    ("12_gans", "frechet_distance"): ("def frechet(", "linalg.eigvals(A @ B)"),
    ("13_word_vectors", "negative_sampling"): ("def pair_gradients(", "def pair_loss("),
    ("13_word_vectors", "noise_words"): ("def sampler(", "searchsorted"),
    ("13_word_vectors", "char_ngrams"): ("def pieces(",),
    ("13_word_vectors", "lsh_bucket"): ("def buckets(",),
}
# Never above the exercise, wherever else they stand.
BARRED = {("11_autoencoders", "pca_reconstruct"): ("linalg.svd", "svd_lowrank", "linalg.eig", "pca_lowrank")}


@pytest.mark.parametrize(("chapter", "exercise"), list(ANSWERS), ids=lambda name: name)
def test_the_exercise_comes_first(chapter, exercise):
    cells = [
        c.source
        for c in nbformat.read(BOOK / f"{chapter}.ipynb", as_version=4).cells
        if c.cell_type == "code"
    ]
    place = next(i for i, source in enumerate(cells) if f"check.{exercise}(" in source)
    for piece in ANSWERS[chapter, exercise]:
        assert piece in "\n".join(cells[place + 1 :]), f"{piece!r} is gone from {chapter}"
    for piece in (*ANSWERS[chapter, exercise], *BARRED.get((chapter, exercise), ())):
        above = [i for i, source in enumerate(cells[:place]) if piece in source]
        assert not above, f"{piece!r} stands above {exercise}"
