"""Bring the chapters into the form in which they are committed.

No execution counts of a run; outputs only on cells tagged `nbval-check-output`, which the tests compare; no
widget state; valid and unique cell ids that stay as they are; one kernel, python3; no empty cells; nothing
that an editor leaves; the first code cell is the one that installs the course on Colab, with the address from
pyproject.toml.

One tag folds a code cell everywhere: `hide-input` folds its code, `hide-cell` the output as well, and
`remove-cell` leaves it out of the page. From the tag follow the metadata that fold the code in JupyterLab and
on Colab, which show its first line, `# @title` and a few words. The cells run as before, and there their
outputs stay in sight: an error in a folded set-up cell must be seen. What a person has to write, tags and
titles, is only checked.

    python scripts/normalise.py              # rewrite book/**/*.ipynb
    python scripts/normalise.py --check      # change nothing, list file and reasons, exit 1 if there are any
    python scripts/normalise.py --outputs    # take the outputs of tagged cells from the last `make book`
"""

import argparse
import copy
import hashlib
import re
import sys
from pathlib import Path

import nbformat

TOP = Path(__file__).resolve().parents[1]
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
COLAB_CELL = """\
# @title Install the course on Colab
import sys

if "google.colab" in sys.modules:  # elsewhere the course is already installed
    %pip install -q "git+{address}\""""
CELL_ID = re.compile(r"^[a-zA-Z0-9-_]{1,64}$")
FOLDS = {"hide-cell", "hide-input", "remove-cell"}
FOLDED = {"cellView": "form", "jupyter": {"source_hidden": True}}  # for Colab and for JupyterLab
TITLE = re.compile(r"# @title (\S.{0,71})(\n|\Z)")  # a few words: one line on a laptop
CHECKED_ANSWER = re.compile(r"^check\.\w+\(", re.MULTILINE)
PASSING = set(
    ["ExecuteTime", "colab", "collapsed", "execution", "id", "lines_to_next_cell", "outputId", "scrolled"]
)


def repository():
    """Return the address of the repository from [project.urls] in pyproject.toml."""
    text = (TOP / "pyproject.toml").read_text(encoding="utf-8")
    return re.search(r'^Repository\s*=\s*"([^"]+)"', text, re.MULTILINE)[1]


def checked(cell):
    """Return whether the outputs of a code cell are committed and compared."""
    return cell.cell_type == "code" and "nbval-check-output" in cell.metadata.get("tags", [])


def folded(cell):
    """Return whether a code cell is folded by its tags: hide-input, hide-cell or remove-cell."""
    return cell.cell_type == "code" and bool(FOLDS & set(cell.metadata.get("tags", [])))


def clean_metadata(cell):
    """Return a cell's metadata without what an editor leaves, and folded as the cell's tags say."""
    kept = {k: v for k, v in cell.metadata.items() if k not in {*PASSING, *FOLDED}}
    return nbformat.from_dict(dict(sorted({**kept, **FOLDED}.items())) if folded(cell) else kept)


def clean_outputs(cell):
    """Return what is left of a code cell's outputs: none, or those to compare, without counts."""
    outputs = copy.deepcopy(cell.outputs) if checked(cell) else []
    for output in outputs:
        if "execution_count" in output:
            output.execution_count = None
    return outputs


def normalise(nb, address):
    """Return a normalised copy of a notebook and what was changed.

    Args:
        nb: the notebook (format 4).
        address: of the repository, for the first code cell.

    Returns:
        (notebook, reasons); reasons is a list of a few words each, empty when nothing was to be done.
    """
    nb, reasons = copy.deepcopy(nb), {}  # reason: the numbers of the cells it holds for

    def change(thing, name, new, reason, cell=None):
        if thing.get(name) != new:
            thing[name] = new
            reasons.setdefault(reason, []).extend([] if cell is None else [cell])

    change(nb, "metadata", nbformat.from_dict({"kernelspec": KERNEL}), "metadata beyond the kernel python3")
    change(nb, "nbformat_minor", 5, "not in notebook format 4.5")
    change(nb, "cells", [cell for cell in nb.cells if cell.source.strip()], "empty cells")

    colab = COLAB_CELL.format(address=address)
    first = next((i for i, cell in enumerate(nb.cells) if cell.cell_type == "code"), len(nb.cells))
    if first == len(nb.cells) or "google.colab" not in nb.cells[first].source:
        folds = nbformat.from_dict({**FOLDED, "tags": ["remove-cell"]})
        nb.cells.insert(first, nbformat.v4.new_code_cell(colab, metadata=folds))
        reasons["no cell that installs the course on Colab"] = []
    change(
        nb.cells[first],
        "source",
        colab,
        "another Colab cell than scripts/normalise.py and pyproject.toml say",
    )
    change(nb.cells[first].metadata, "tags", ["remove-cell"], "a Colab cell on the page")

    seen = set()
    for number, cell in enumerate(nb.cells):
        valid = CELL_ID.match(cell.get("id", "")) and cell.id not in seen
        new = cell.id if valid else hashlib.sha256(f"{number} {cell.source}".encode()).hexdigest()[:8]
        change(cell, "id", new, "no valid id of its own", number)
        seen.add(cell.id)
        change(cell, "source", cell.source.rstrip(), "blanks at the end", number)
        if "parameters" in cell.metadata.get("tags", []):  # readers of the page have no use for it
            change(
                cell.metadata, "tags", ["parameters", "remove-cell"], "a parameters cell on the page", number
            )
        change(cell, "metadata", clean_metadata(cell), "metadata of an editor or of another fold", number)
        if cell.cell_type == "code":
            change(cell, "outputs", clean_outputs(cell), "outputs beyond the tag nbval-check-output", number)
            count = 1 if cell.outputs else None  # nbval compares outputs of cells that have been run only
            change(cell, "execution_count", count, "execution count", number)
    return nb, [reason + _where(numbers) for reason, numbers in reasons.items()]


def _where(numbers):
    """Return " in cell 3", " in cells 3, 5, 8 …" or ""."""
    if not numbers:
        return ""
    named = ", ".join(map(str, numbers[:5])) + (" …" if len(numbers) > 5 else "")
    return f" in cell{'s' * (len(numbers) > 1)} {named}"


def uncompared(nb):
    """Name the tagged cells that hold no output: nbval would pass them whatever they print."""
    empty = [number for number, cell in enumerate(nb.cells) if checked(cell) and not cell.get("outputs")]
    reason = "nothing to compare (make outputs)"
    return [reason + _where(empty)] if empty else []


def misfolded(nb):
    """Say which folded cells have no title, which open ones have one, and which graded ones are folded."""
    code = [(number, cell) for number, cell in enumerate(nb.cells) if cell.cell_type == "code"]
    graded = {n for n, cell in code if "nbgrader" in cell.metadata or CHECKED_ANSWER.search(cell.source)}
    faults = {
        "folded, but the first line is not `# @title` and at most 72 characters": [
            number for number, cell in code if folded(cell) and not TITLE.match(cell.source)
        ],
        "a `# @title`, but no tag hide-input or hide-cell": [
            number for number, cell in code if not folded(cell) and "# @title" in cell.source
        ],
        "folded, but an exercise that is checked": [n for n, cell in code if folded(cell) and n in graded],
    }
    return [reason + _where(numbers) for reason, numbers in faults.items() if numbers]


def take_outputs(nb, executed):
    """Copy the outputs of tagged cells from an executed notebook into `nb`, by cell id."""
    outputs = {cell.id: cell.outputs for cell in executed.cells if cell.cell_type == "code"}
    for cell in nb.cells:
        if checked(cell) and cell.id in outputs:
            cell.outputs = outputs[cell.id]


def read(path):
    """Return the notebook of a file. Raises SystemExit with one sentence when it is none."""
    try:
        return nbformat.read(path, as_version=4)
    except (nbformat.reader.NotJSONError, nbformat.ValidationError) as error:
        raise SystemExit(f"{path}: not a notebook: {str(error).splitlines()[0][:100]}") from None


def main():
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("notebooks", nargs="*", type=Path, help="default: all below book/")
    arguments.add_argument(
        "--check", action="store_true", help="only say what would change; exit 1 if anything"
    )
    arguments.add_argument(
        "--outputs", action="store_true", help="of tagged cells, from the last `make book`"
    )
    given = arguments.parse_args()
    found = False
    for path in given.notebooks or sorted((TOP / "book").rglob("*.ipynb")):
        if ".ipynb_checkpoints" in path.parts:
            continue
        nb = read(path)
        executed = TOP / "_build" / "executed" / path.name
        if given.outputs and executed.exists():
            take_outputs(nb, read(executed))
        clean, reasons = normalise(nb, repository())
        text = nbformat.writes(clean, indent=1) + "\n"
        same = text == path.read_text(encoding="utf-8")
        lacking = [*uncompared(clean), *misfolded(clean)]
        if same and not lacking:
            continue
        found = True
        other = [] if same or reasons else ["another layout or other outputs"]
        print(f"{path}: {'; '.join([*reasons, *other, *lacking])}")
        if not given.check:
            path.write_text(text, encoding="utf-8", newline="\n")
    if found and given.check:
        sys.exit("Run `make normalise` and commit what it changes; titles and outputs are yours to write.")


if __name__ == "__main__":
    main()
