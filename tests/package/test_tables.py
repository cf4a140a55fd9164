"""Tables of results: what is written, how it is aligned, and what is refused."""

import math

import numpy as np
import pytest
import torch

from course_utils.tables import spread, table


def test_spread_is_the_mean_and_its_standard_error():
    values = [0.90, 0.92, 0.94, 0.96]
    s = spread(values)
    assert s.n == 4 and math.isclose(s.mean, 0.93)
    assert math.isclose(s.error, np.std(values, ddof=1) / 2)
    assert str(s) == "0.930 ± 0.013"
    assert str(spread(torch.tensor(values), unit="%")) == "93.0 ± 1.3 %"
    assert str(spread([-3.0, -5.0], digits=1)) == "−4 ± 1"
    assert str(spread([2.0])) == "2.0" and str(spread([5.0, 5.0])) == "5.0 ± 0.0"
    assert str(spread([0.0, 0.0])) == "0.00 ± 0.00"


@pytest.mark.parametrize("values", [[], [1.0, math.nan]])
def test_spread_refuses_what_has_no_mean(values):
    with pytest.raises(ValueError, match="all finite"):
        spread(values)


def test_numbers_are_written_as_on_paper():
    shown = table(
        ["what", "n", "x"],
        [("plain", 1234567, 0.0123456), ("LSTM", torch.tensor(-3), -12.3456), ("none", None, 3e-9)],
    )
    lines = str(shown).splitlines()
    assert lines[1].split() == ["plain", "1,234,567", "0.0123"]
    assert lines[2].split() == ["LSTM", "−3", "−12.3"]
    assert lines[3].endswith("3.00 · 10^−9")
    assert len({len(line) for line in lines}) == 1  # numbers flush right


def test_html_has_headings_escapes_text_and_says_the_note():
    made = table(["a < b", "yes"], [("<script>", True), ("x", 2)], note="20 seeds")._repr_html_()
    assert '<th scope="col"' in made and "a &lt; b" in made and "&lt;script&gt;" in made
    assert "<script>" not in made and "20 seeds" in made and "text-align:left" in made


def test_a_row_of_another_length_is_refused():
    with pytest.raises(ValueError, match="3 cells under 2 headings"):
        table(["a", "b"], [(1, 2, 3)])
