"""Where the book's repository lives: the address behind every launch button."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

ADDRESS = re.compile(r"^(?:https://|git@|ssh://git@)github\.com[/:]([\w.-]+)/([\w.-]+?)(?:\.git)?/?$")


def find_top(start: Path) -> Path:
    """Return the nearest folder at or above `start` that holds pyproject.toml.

    Raises:
        FileNotFoundError: there is none.
    """
    for folder in (start, *start.parents):
        if (folder / "pyproject.toml").is_file():
            return folder
    raise FileNotFoundError(f"no pyproject.toml at or above {start}: keep book/_ext inside the repository")


def address(top: Path) -> str:
    """Return "https://github.com/OWNER/NAME" of the book.

    Taken from COURSE_REPOSITORY, else from the git remote `origin` if it is on GitHub, else from
    `[project.urls]` in pyproject.toml, so that a fork's buttons open the fork.

    Raises:
        ValueError: COURSE_REPOSITORY or pyproject.toml holds something that is no GitHub address.
    """
    if given := os.environ.get("COURSE_REPOSITORY"):
        return _normal(given, "COURSE_REPOSITORY")
    command = ["git", "-C", str(top), "remote", "get-url", "origin"]
    try:
        remote = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    except FileNotFoundError:  # no git on this machine
        remote = ""
    if ADDRESS.match(remote):
        return _normal(remote, "origin")
    found = re.search(r'^Repository\s*=\s*"([^"]+)"', (top / "pyproject.toml").read_text("utf8"), re.M)
    return _normal(found[1] if found else "", "Repository in pyproject.toml")


def site(address: str) -> str:
    """Return where GitHub publishes the pages of a repository: "https://OWNER.github.io/NAME/"."""
    owner, name = address.removeprefix("https://github.com/").split("/")
    return f"https://{owner.lower()}.github.io/{name}/"


def branch() -> str:
    """Return the branch that launch buttons open: COURSE_BRANCH, else "main"."""
    return os.environ.get("COURSE_BRANCH") or "main"


def _normal(text, origin):
    match = ADDRESS.match(text.strip())
    if not match:
        raise ValueError(f"{origin} is {text!r}, expected an address like https://github.com/OWNER/NAME")
    return f"https://github.com/{match[1]}/{match[2]}"
