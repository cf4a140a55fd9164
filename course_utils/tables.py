"""Results as small tables: HTML in a notebook and on the page, aligned text on a console."""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

# For Colab and JupyterLab, which know nothing of the book's style sheet; colours follow the reader's theme.
STYLE = "border-collapse:collapse;font-variant-numeric:tabular-nums"
CELL = "padding:.3em .9em .3em 0;text-align:{align};border-bottom:1px solid rgba(128,136,144,.35)"


@dataclass(frozen=True)
class Spread:
    """The mean of several runs with its standard error; prints as "0.912 ± 0.004"."""

    mean: float
    error: float  # standard error of the mean, from n − 1; nan for a single run
    n: int
    places: int  # digits after the point
    unit: str = ""

    def __str__(self):
        unit = f" {self.unit}" if self.unit else ""
        if math.isnan(self.error):
            return minus(f"{self.mean:.{self.places}f}{unit}")
        return minus(f"{self.mean:.{self.places}f} ± {self.error:.{self.places}f}{unit}")


def spread(values: Iterable[float], digits: int = 2, unit: str = "") -> Spread:
    """The mean of runs that differ in their seed, and its standard error.

    Args:
        values: one number a run; a tensor or an array of one axis will do.
        digits: significant digits of the standard error; the mean is written as far.
        unit: written behind; "%" also multiplies by 100.

    Returns:
        the Spread; its error is s / √n, with s from n − 1.

    Raises:
        ValueError: there are no values, or one is not finite.
    """
    numbers = [float(value) for value in values]
    if not numbers or not all(map(math.isfinite, numbers)):
        raise ValueError(f"spread: {len(numbers)} values, expected at least one, all finite")
    if unit == "%":
        numbers = [100 * number for number in numbers]
    n = len(numbers)
    mean = math.fsum(numbers) / n
    error = math.sqrt(math.fsum((x - mean) ** 2 for x in numbers) / (n - 1) / n) if n > 1 else math.nan
    scale = error if error > 0 else abs(mean)
    places = max(0, digits - 1 - math.floor(math.log10(scale))) if scale > 0 else digits
    return Spread(mean, error, n, min(places, 6), unit)


class Table:
    """A table that a notebook shows as HTML; ``str`` gives it as text."""

    def __init__(self, head: Sequence[str], rows: Sequence[Sequence], note: str = ""):
        for row in rows:
            if len(row) != len(head):
                raise ValueError(f"table: a row of {len(row)} cells under {len(head)} headings: {row!r}")
        self.head, self.note = [str(name) for name in head], note
        self.right = [all(is_number(row[i]) for row in rows) for i in range(len(head))]
        self.rows = [[written(value) for value in row] for row in rows]

    def __str__(self):
        lines = [self.head, *self.rows]
        wide = [max(len(line[i]) for line in lines) for i in range(len(self.head))]
        text = [
            "  ".join(c.rjust(w) if r else c.ljust(w) for c, w, r in zip(line, wide, self.right, strict=True))
            for line in lines
        ]
        return "\n".join([line.rstrip() for line in text] + ([self.note] if self.note else []))

    __repr__ = __str__

    def _repr_html_(self):
        def line(cells, tag):
            scope = ' scope="col"' if tag == "th" else ""
            style = [CELL.format(align="right" if right else "left") for right in self.right]
            inner = (
                f'<{tag}{scope} style="{s}">{html.escape(c)}</{tag}>'
                for c, s in zip(cells, style, strict=True)
            )
            return f"<tr>{''.join(inner)}</tr>"

        body = "".join(line(row, "td") for row in self.rows)
        note = f'<p class="course-table-note"><small>{html.escape(self.note)}</small></p>'
        return (
            f'<div class="course-table"><table style="{STYLE}"><thead>{line(self.head, "th")}</thead>'
            f"<tbody>{body}</tbody></table>{note if self.note else ''}</div>"
        )


def table(head: Sequence[str], rows: Sequence[Sequence], note: str = "") -> Table:
    """Results as a small table; the last expression of a cell shows it.

    Args:
        head: the headings, with units.
        rows: one sequence a row, as long as ``head``, of text, numbers and ``spread(…)``. A float is written
            with three significant digits; give text where you want others. None leaves the cell empty.
        note: a line below: what varies, how many seeds and steps, what ± is.

    Raises:
        ValueError: a row has not as many cells as the head.
    """
    return Table(head, rows, note)


def is_number(value) -> bool:
    """Whether a cell stands flush right: numbers, means, and empty cells among them."""
    return value is None or isinstance(value, Spread) or (hasattr(value, "__float__") and value is not True)


def written(value) -> str:
    """A cell as text: 1234567 → "1,234,567", 0.012345 → "0.0123", None → ""."""
    if value is None:
        return ""
    if isinstance(value, str | Spread):
        return str(value)
    if not hasattr(value, "__float__"):
        return str(value)
    number = value.item() if hasattr(value, "item") else value
    if isinstance(number, bool):
        return "yes" if number else "no"
    if isinstance(number, int):
        return minus(f"{number:,}")
    if not math.isfinite(number):
        return {math.inf: "∞", -math.inf: "−∞"}.get(number, "not a number")
    if number != 0 and not 1e-4 <= abs(number) < 1e6:
        mantissa, exponent = f"{number:.2e}".split("e")
        return minus(f"{mantissa} · 10^{int(exponent)}")
    places = max(0, 2 - math.floor(math.log10(abs(number)))) if number else 0
    return minus(f"{number:,.{places}f}")


def minus(text: str) -> str:
    """The text with the sign − for a hyphen."""
    return text.replace("-", "−")
