"""Check the links in the book's pages and in the repository's own documents.

python scripts/links.py               # links to files of the repository
python scripts/links.py --external    # links to other sites, over the network
"""

import argparse
import re
import sys
import urllib.error
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat

TOP = Path(__file__).resolve().parents[1]
PLACES = ("*.md", "book/*.md", "book/*.ipynb", "book/appendix/*", "data/*.md")
CODE = re.compile(r"^(```|~~~).*?^\1|`[^`\n]+`", re.DOTALL | re.MULTILINE)
LINK = re.compile(
    r"\]\(<?([^)\s>]+(?:\([^)\s]*\))?)>?(?:\s+\"[^\"]*\")?\)|(?:href|src)=\"([^\"]+)\"|<(https?://[^>\s]+)>"
)
AGENT = {"User-Agent": "Mozilla/5.0 (link check of a course book)"}
REFUSALS = {401, 403, 405, 429}  # the page is there, but not for a program


def documents(top=TOP):
    """Return the files whose links are checked."""
    found = [path for place in PLACES for path in sorted(top.glob(place))]
    return [path for path in found if path.suffix in (".md", ".ipynb")]


def links(path):
    """Return the targets of all links in a document, in order; code does not count."""
    if path.suffix == ".ipynb":
        cells = nbformat.read(path, as_version=4).cells
        text = "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    else:
        text = path.read_text(encoding="utf-8")
    return [next(filter(None, match)) for match in LINK.findall(CODE.sub("", text))]


def broken_internal(paths):
    """Return a line for each link to a file that does not exist."""
    lines = []
    for path in paths:
        for target in links(path):
            parts = urllib.parse.urlsplit(target)
            file = path.parent / urllib.parse.unquote(parts.path)
            if not parts.scheme and not parts.netloc and parts.path and not file.exists():
                lines.append(f"{path.relative_to(TOP) if path.is_relative_to(TOP) else path}: {target}")
    return lines


def problem(address):
    """Return what is wrong with a page elsewhere in a few words, or "" when it answers."""
    try:
        with urllib.request.urlopen(urllib.request.Request(address, headers=AGENT), timeout=30):
            return ""
    except urllib.error.HTTPError as error:
        return "" if error.code in REFUSALS else f"status {error.code}"
    except (OSError, ValueError) as error:
        return str(error)


def broken_external(paths):
    """Return a line for each address that does not answer; each is asked once."""
    where = {}
    for path in paths:
        for target in links(path):
            if target.startswith(("http://", "https://")):
                where.setdefault(target.partition("#")[0], path)
    with ThreadPoolExecutor(8) as pool:
        found = dict(zip(where, pool.map(problem, where), strict=True))
    return [f"{where[address].name}: {address}: {says}" for address, says in found.items() if says]


def main():
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("--external", action="store_true", help="check links to other sites instead")
    check = broken_external if arguments.parse_args().external else broken_internal
    lines = check(documents())
    print("\n".join(lines) if lines else "All links lead somewhere.")
    sys.exit(1 if lines else 0)


if __name__ == "__main__":
    main()
