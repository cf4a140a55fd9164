"""A bare repository made from this working tree, in GitHub's place, and a teacher who pushes to it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import nbformat

BRANCH = "main"
WHO = ("-c", "user.name=Teacher", "-c", "user.email=teacher@example.edu")


def git(folder: Path, *command) -> str:
    done = subprocess.run(["git", "-C", folder, *command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


class Remote:
    """The repository.

    Args:
        tree: the working tree whose files it gets, committed or not.
        folder: where it is made; everybody may read it.

    Attributes:
        address: what students pull from.
    """

    def __init__(self, tree: Path, folder: Path):
        self.clone, bare = folder / "teachers-clone", folder / "you" / "course"
        names = git(tree, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
        for name in filter(None, names):
            if (tree / name).is_file():
                (self.clone / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(tree / name, self.clone / name)
        git(self.clone, "init", "--quiet", f"--initial-branch={BRANCH}")
        self._commit("The course")
        bare.parent.mkdir()
        git(folder, "clone", "--quiet", "--bare", self.clone, bare)
        self.address = f"file://{bare}"
        git(self.clone, "remote", "add", "origin", self.address)

    def correct(self, chapter: str, cell_id: str, new: str) -> None:
        """Push another text of one cell of a chapter."""
        path = self.clone / "book" / f"{chapter}.ipynb"
        book = nbformat.read(path, 4)
        (cell,) = [cell for cell in book.cells if cell.id == cell_id]
        cell.source = new
        nbformat.write(book, path)
        self._commit("Correct a sentence")
        git(self.clone, "push", "--quiet", "origin", BRANCH)

    def _commit(self, message: str) -> None:
        git(self.clone, "add", "--all")
        git(self.clone, *WHO, "commit", "--quiet", "--message", message)
