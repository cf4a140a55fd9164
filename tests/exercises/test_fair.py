"""Known right answers pass, known wrong ones do not: on the page and in the grader, whatever it draws.

Few draws here; `make test-grading` takes two hundred. `scripts/fairness.py` lists what these tests find.
"""

from __future__ import annotations

import pytest
from answers import ALL, FAIR, right, wrong
from fairness import answers, examine, on_the_page

WRITTEN = [pytest.param(e, id=e.name) for e in ALL if (FAIR / f"{e.chapter}.py").exists()]
ROWS = [pytest.param((e, *row), id=f"{e.name}: {row[0]}") for e in ALL for row in answers(e)]
FEW, MANY = range(8), range(200)
SAID = [  # exercise, wrong answer, what the page says to it, what it does not say
    ("grad_cam_map", "smallest to 0, largest to 1", "You stretched the map", None),
    ("ascent_step", "mean of the sizes", "score(x) = v @ (W @ x.flatten()).tanh()", None),
    ("occlusion_map", "ratio", "score(x) = (w * x).sum() + 3 * x.sum().sin()", None),
    ("occlusion_map", "over the rim", "squares that run over the rim", None),
    ("occlusion_map", "collected in np.zeros", "dtype float64, expected float32", None),
    ("pixel_shuffle", "one axis only", "(1, 1, 2, 8)", "numbers are right"),
    ("jaccard_loss", "with the 1 of dice_loss", "You add 1 above and below", None),
    ("jaccard_loss", "detached", "Your loss has no gradient", None),
    ("jaccard_loss", "a Python number", "Your loss has no gradient", None),
    ("greedy_nms", "equal goes, too", "only equal to the threshold", None),
    ("greedy_nms", "no boxes forgotten, without dtype", "(no boxes)", None),
    ("decode_boxes", "no boxes forgotten, stacked", "(no boxes)", None),
]


def assert_fair(row, seeds):
    finding = examine(*row, seeds)
    assert finding.fair, f"{finding}\n{finding.says}"


@pytest.mark.parametrize("written", WRITTEN)
def test_enough_answers(written):
    assert len(right(written)) >= 3
    assert len(wrong(written)) >= 8


@pytest.mark.parametrize(("name", "answer", "said", "unsaid"), SAID)
def test_page_says_what_is_wrong(name, answer, said, unsaid):
    exercise = next(e for e in ALL if e.name == name)
    _, says = on_the_page(exercise, wrong(exercise)[answer])
    assert said in says and (unsaid is None or unsaid not in says)


@pytest.mark.parametrize("row", ROWS)
def test_page_and_grader_agree(row):
    assert_fair(row, FEW)


@pytest.mark.slow
@pytest.mark.parametrize("row", ROWS)
def test_page_and_grader_agree_on_many_draws(row):
    assert_fair(row, MANY)
