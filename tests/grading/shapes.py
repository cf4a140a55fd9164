"""What editors and students do to a notebook: each shape keeps every answer, and every point."""

from __future__ import annotations

import ast
import copy
import io
import json
import random
import re
import zipfile

import nbformat
from corpus import cell

SHAPES = {}


def shape(make):
    """Register ``make(cells) -> bytes``; ``cells`` are those of a finished chapter, to be changed at will."""
    SHAPES[make.__name__] = make
    return make


def bytes_of(cells, minor=5, indent=1, **metadata) -> bytes:
    """A notebook file."""
    book = {"nbformat": 4, "nbformat_minor": minor, "metadata": metadata, "cells": cells}
    return json.dumps(book, ensure_ascii=False, indent=indent).encode()


def graded(cells):
    return [c for c in cells if c["metadata"].get("nbgrader", {}).get("grade")]


def name_of(one) -> str:
    return one["metadata"]["nbgrader"]["grade_id"]


def code(cells):
    return [c for c in cells if c["cell_type"] == "code"]


def marked(minor, metadata, per_cell, ids=False):
    """A shape of an editor that writes its own marks and drops those of others."""

    def make(cells):
        for i, one in enumerate(cells):
            one["metadata"] = per_cell(i)
            if not ids:
                one.pop("id", None)
            one["source"] = one["source"].splitlines(True)
        return bytes_of(cells, minor, 2, **metadata)

    return make


SHAPES |= {
    "as_it_is": bytes_of,
    "colab": marked(0, {"colab": {"provenance": []}, "accelerator": "GPU"}, lambda i: {"id": f"c{i:011d}"}),
    "vs_code": marked(
        2, {"vscode": {"interpreter": {}}}, lambda i: {"vscode": {"languageId": "python"}}, ids=True
    ),
    "pycharm": marked(0, {}, lambda i: {"collapsed": False, "pycharm": {"name": "#%%\n"}}),
    "kaggle": marked(4, {}, lambda i: {"_uuid": f"{i:x}", "trusted": True}),
    "deepnote": marked(4, {"deepnote": {}}, lambda i: {"cell_id": f"{i:032x}", "source_hash": "ab"}),
    "byte_order_mark": lambda cells: b"\xef\xbb\xbf" + bytes_of(cells),
    "line_ends_of_the_file": lambda cells: bytes_of(cells).replace(b"\n", b"\r\n"),
    "utf_16": lambda cells: bytes_of(cells).decode().encode("utf-16"),
    "blanks_around": lambda cells: b"\n\n " + bytes_of(cells) + b"\n\n",
    "reversed": lambda cells: bytes_of(cells[::-1]),
    "only_the_answers": lambda cells: bytes_of([code(cells)[0], *graded(cells)]),
}
for minor in range(6):
    SHAPES[f"format_4_{minor}"] = lambda cells, minor=minor: bytes_of(cells, minor)


@shape
def format_3(cells):
    book = nbformat.reads(bytes_of(cells, 4).decode(), as_version=3)
    return nbformat.writes(book, version=3).encode()


@shape
def line_ends_of_the_sources(cells):
    for one in cells:
        one["source"] = one["source"].replace("\n", "\r\n")
    return bytes_of(cells)


@shape
def outputs_and_errors(cells):
    for i, one in enumerate(code(cells)):
        one["execution_count"] = i
        one["outputs"] = [
            {"output_type": "stream", "name": "stdout", "text": ["epoch 1\n"]},
            {"output_type": "display_data", "metadata": {}, "data": {"image/png": "iVBORw0KGgo" * 4000}},
            {"output_type": "error", "ename": "KeyboardInterrupt", "evalue": "", "traceback": ["\x1b[31mx"]},
        ]
    return bytes_of(cells)


@shape
def fields_missing(cells):
    for one in cells:
        one.pop("outputs", None)
        one.pop("execution_count", None)
    return bytes_of(cells)


@shape
def jupytext(cells):
    import jupytext as tool

    text = tool.writes(nbformat.reads(bytes_of(cells).decode(), as_version=4), "py:percent")
    return nbformat.writes(tool.reads(text, "py:percent")).encode()


@shape
def jupytext_markdown(cells):
    import jupytext as tool

    text = tool.writes(nbformat.reads(bytes_of(cells).decode(), as_version=4), "md")
    return nbformat.writes(tool.reads(text, "md")).encode()


@shape
def reformatted(cells):
    for one in code(cells):
        try:
            one["source"] = ast.unparse(ast.parse(one["source"]))
        except SyntaxError:
            continue
    return bytes_of(cells)


@shape
def zip_of_a_folder(cells):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("курс/book/02.ipynb", bytes_of(cells))
        archive.writestr("курс/README.md", "x")
        archive.writestr("__MACOSX/курс/book/._02.ipynb", b"\0")
    return out.getvalue()


def _split(cells, mark_with_check: bool):
    out = []
    for one in cells:
        if one in graded(cells):
            body, check = one["source"].rsplit("\n\n", 1)
            twin = copy.deepcopy(one)
            one["source"], twin["source"] = body, check
            if mark_with_check:
                one["metadata"] = {}
            out += [one, twin]
        else:
            out.append(one)
    return bytes_of(out)


@shape
def split_above_the_check(cells):
    return _split(cells, False)


@shape
def split_and_marked_at_the_check(cells):
    return _split(cells, True)


@shape
def merged_with_the_cell_above(cells):
    out = []
    for one in cells:
        above = [c for c in out if c["cell_type"] == "code"]
        if one in graded(cells) and above:
            above[-1]["source"] += "\n\n" + one["source"]
        else:
            out.append(one)
    return bytes_of(out)


@shape
def merged_with_the_cell_below(cells):
    out, above = [], None
    for one in cells:
        if above and one["cell_type"] == "code" and one not in graded(cells):
            above["source"] += "\n\n" + one["source"]
            above = None
            continue
        out.append(one)
        above = one if one in graded(cells) else above
    return bytes_of(out)


@shape
def all_code_in_one_cell(cells):
    return bytes_of([cell("\n\n".join(c["source"] for c in code(cells)))])


@shape
def answers_of_other_names(cells):
    names = [name_of(one) for one in graded(cells)]
    for one in code(cells):
        for name in names:
            one["source"] = re.sub(rf"(?<!check\.)\b{name}\b", f"my_{name}", one["source"])
    return bytes_of(cells)


def _below(make):
    """A shape with a cell of the student's own below each answer."""

    def write(cells):
        out = []
        for one in cells:
            out += [one, cell(make(name_of(one)))] if one in graded(cells) else [one]
        return bytes_of(out)

    return write


def _above(make):
    """A shape with lines of the student's own above each answer, in its cell."""

    def write(cells):
        for one in graded(cells):
            one["source"] = make + "\n" + one["source"]
        return bytes_of(cells)

    return write


SHAPES |= {
    "names_used_again": _below(lambda name: f"{name} = 0.9\nprint({name})"),
    "experiments_below": _below(lambda name: f"def {name}(*args, **more):\n    return args[0]"),
    "cells_that_stop": _below(lambda name: "raise SystemExit('stop here')\nexit()\nassert False"),
    "titles_of_a_form": _above('#@title My answer { display-mode: "form" }\nrate = 0.1 #@param'),
    "shell_lines": _above("!pip install -q \\\n    einops\nfiles = !ls -la\n%cd /content\nhere = %pwd"),
    "cell_magics": _above("%%capture out\n%%time"),
    "drive": _above("from google.colab import drive\ndrive.mount('/content/drive')"),
    "notes_in_russian": _above("# Решение: всё посчитано вручную ✓\nсумма = 0"),
    "autograd_off": _above(
        "import torch\ntorch.set_grad_enabled(False)\ntorch.set_default_dtype(torch.float64)"
    ),
}


@shape
def answers_at_the_end(cells):
    out, end = [], []
    for one in cells:
        if one in graded(cells):
            end.append(cell(one["source"]))
            one["source"] = f"def {name_of(one)}(*args):\n    ...\n\ncheck.{name_of(one)}({name_of(one)})"
        out.append(one)
    return bytes_of(out + end)


@shape
def helpers_in_cells_of_their_own(cells):
    out = []
    for one in cells:
        if one in graded(cells):
            name = name_of(one)
            body = one["source"].rsplit("\n\n", 1)[0]
            out.append(cell(re.sub(rf"\b(def|class) {name}\b", rf"\1 inner_{name}", body)))
            one["source"] = f"{name} = inner_{name}\n\ncheck.{name}({name})"
        out.append(one)
    return bytes_of(out)


@shape
def names_of_cells_lost(cells):
    for i, one in enumerate(cells):
        one["metadata"], one["id"] = {}, f"{random.Random(i).getrandbits(32):08x}"
    return bytes_of(cells)
