"""`{records}`: all records of long runs as tables, the appendix "Full-scale results"."""

from __future__ import annotations

import json
import math
from pathlib import Path

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from course_utils.records import FOLDER, Record
from course_utils.tables import Table, spread, table

from .references import link, numbered_chapters

LONGEST = 12  # of a list: longer ones are told by their first, middle and last number
SIDE = 5  # columns of a table beside the first, as many as a printed page holds
MEAN = "mean ± standard error"


class Records(SphinxDirective):
    """The directive; its argument, for tests, is another folder of records."""

    optional_arguments = 1

    def run(self) -> list[nodes.Node]:
        self.env.note_reread()  # a record may have come or gone
        folder = Path(self.arguments[0]) if self.arguments else FOLDER
        files = sorted(folder.glob("*.json"))
        if not files:
            return [nodes.paragraph("", "No long run has been recorded yet.")]
        return [self.section(Record(file.stem, json.loads(file.read_text("utf8")))) for file in files]

    def section(self, record: Record) -> nodes.section:
        """Return heading, link to the chapter, tables and origin of one record."""
        title = record.title[:1].upper() + record.title[1:]
        section = nodes.section("", nodes.title("", title), ids=[nodes.make_id(f"record-{record.name}")])
        self.state.document.note_explicit_target(section)
        section += nodes.paragraph(
            "", "", *self.chapter(record), nodes.Text(f"{record.note}, {origin(record)}.")
        )
        section += [nodes.raw("", t._repr_html_(), format="html") for t in tables(record.rows)]
        return section

    def chapter(self, record):
        """Return the link to the chapter that a record's name begins with, or nothing."""
        number = record.name.partition("_")[0]
        page = numbered_chapters(self.env).get(int(number)) if number.isdecimal() else None
        if page is None:
            return []
        address = self.env.app.builder.get_relative_uri(self.env.docname, page)
        return [link(f"Chapter {int(number)}", address), nodes.Text(": ")]


def origin(record: Record) -> str:
    """Return Python's version and the day on which a record was made."""
    return f"Python {record.made['python']}, {record.made['date']}"


def tables(rows: list[dict]) -> list[Table]:
    """Return the numbers of a record: single ones in one table, lists of one length side by side in another.

    Args:
        rows: what the runs returned, one dict a seed, of numbers, lists and dicts; texts are left out.
    """
    single, lists = {}, {}  # name: one number a seed; length: {name: one list a seed}
    for name, values in flat(rows).items():
        lengths = {len(v) for v in values if isinstance(v, list)}
        if not lengths:
            single[name] = values
        elif len(lengths) == 1 and max(lengths) <= LONGEST:
            lists.setdefault(lengths.pop(), {})[name] = values
        else:
            single |= excerpt(name, values)
    found = [table(("result", MEAN, "n"), [(name, *mean(v)) for name, v in single.items()])] if single else []
    for length, columns in lists.items():
        body = [(name, *(mean(places)[0] for places in zip(*c, strict=True))) for name, c in columns.items()]
        if len(body) > length:
            head = ("result", *(f"place {k}" for k in range(1, length + 1)))
        else:
            head, *body = zip(("place in the list", *map(str, range(1, length + 1))), *body, strict=True)
        found += side_by_side(head, body, f"{MEAN}, {len(rows)} seeds")
    return found


def side_by_side(head, body, note):
    """Return one table, or several with the same first column where it would be too wide."""
    return [
        table((head[0], *head[k : k + SIDE]), [(row[0], *row[k : k + SIDE]) for row in body], note)
        for k in range(1, len(head), SIDE)
    ]


def flat(rows, prefix=""):
    """Return {name: one number or list a seed}; what lies deeper is named by its way, "LSTM, loss, 3"."""
    found = {}
    for name in dict.fromkeys(key for row in rows for key in row):
        values = [row.get(name) for row in rows]
        values = [value for value in values if value is not None]
        way = f"{prefix}{name}"
        if all(isinstance(v, list) and any(isinstance(x, (list, dict)) for x in v) for v in values):
            values = [named(v) for v in values]
        if all(isinstance(v, dict) for v in values):
            found |= flat(values, f"{way}, ")
        elif all(map(number, values)) or all(
            isinstance(v, list) and v and all(map(number, v)) for v in values
        ):
            found[way] = values
    return found


def number(value) -> bool:
    """Return whether a value is a number with which one can calculate."""
    return isinstance(value, (int, float)) and math.isfinite(value)


def places(length):
    """Return {where: index} of a list's first, middle and last item."""
    return {"first": 0, "middle": length // 2, "last": length - 1}


def named(items):
    """Return {place: item} of a list of lists or dicts; of a long one only the first, middle and last."""
    n = len(items)
    if n <= LONGEST:
        return {str(k): item for k, item in enumerate(items, 1)}
    return {f"{where} of {n}": items[k] for where, k in places(n).items()}


def excerpt(name, values):
    """Return {name: one number a seed} of lists that are long, or not of one length."""
    longest = max(map(len, values))
    return {
        f"{name}, {where} of {longest}": [v[places(len(v))[where]] for v in values] for where in places(1)
    }


def mean(values):
    """Return (mean with standard error, number of values)."""
    return (spread(values), len(values))


def setup(app):
    app.add_directive("records", Records)
