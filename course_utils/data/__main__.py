"""List, check and time the data sets, and write the pages that are made from the registry."""

from __future__ import annotations

import argparse

from . import fetch, info
from .card import appendix, bench, licenses
from .registry import entry, names, table


def main():
    parser = argparse.ArgumentParser(prog="python -m course_utils.data", description=__doc__)
    parser.add_argument("name", nargs="?", help="print the card of this data set")
    parser.add_argument(
        "--bench", action="store_true", help="load each embedded set once and print the seconds"
    )
    parser.add_argument("--check", action="store_true", help="compare every file of data/ with its SHA-256")
    parser.add_argument("--licenses", action="store_true", help="write data/LICENSES.md")
    parser.add_argument("--appendix", action="store_true", help="write book/appendix/datasets.md")
    choice = parser.parse_args()
    if choice.name:
        info(choice.name, show=False)
    if choice.bench:
        bench()
    if choice.check:
        for file in table()["files"]:
            fetch.path(file)
        print(f"{len(table()['files'])} files are as they should be.")
    if choice.licenses:
        (fetch.REPOSITORY / "LICENSES.md").write_text(licenses(), encoding="utf-8", newline="\n")
    if choice.appendix:
        page = fetch.REPOSITORY.parent / "book" / "appendix" / "datasets.md"
        page.write_text(appendix(), encoding="utf-8", newline="\n")
    if not any(vars(choice).values()):
        for name in names():
            print(f"{name:<14} {entry(name)['kind']:<9} {entry(name)['title']}")


main()
