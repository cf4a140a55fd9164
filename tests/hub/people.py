"""System users that exist while a test runs: three students and their teacher, each with a closed home."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

STUDENTS = ("course-full", "course-partial", "course-none")
TEACHER = "course-teacher"
MARK = "made by tests/hub"  # in the comment of each account: nobody else's account is ever removed


@dataclass(frozen=True)
class User:
    """A system user: name, number and home."""

    name: str
    uid: int
    home: Path

    def run(self, *command, **options) -> subprocess.CompletedProcess:
        """Run a command as this user, in the home."""
        clean = {"PATH": os.environ["PATH"], "HOME": str(self.home), "OMP_NUM_THREADS": "1"}
        who = {"user": self.uid, "group": self.uid, "extra_groups": [], "cwd": self.home, "env": clean}
        return subprocess.run(
            list(map(str, command)), capture_output=True, text=True, check=False, **who, **options
        )


@contextmanager
def users(homes: Path):
    """{name: User}, with homes of mode 700 below ``homes``; accounts, processes and homes go at the end."""
    names = (*STUDENTS, TEACHER)
    try:
        for name in names:
            _remove(name)  # what a run that was killed has left
            home = homes / name
            command = ["useradd", "--user-group", "--create-home", "--home-dir", home, "--comment", MARK]
            subprocess.run([*command, "--shell", "/bin/bash", name], check=True, capture_output=True)
            home.chmod(0o700)
        yield {name: User(name, pwd.getpwnam(name).pw_uid, homes / name) for name in names}
    finally:
        for name in names:
            _remove(name)


def _remove(name: str) -> None:
    """Remove an account of ours, its processes and its home.

    Raises:
        RuntimeError: there is an account of this name that is not ours.
    """
    try:
        account = pwd.getpwnam(name)
    except KeyError:
        return
    if account.pw_gecos != MARK:
        raise RuntimeError(f"there is a user {name!r} already, and it is not of these tests; rename it first")
    for process in psutil.process_iter(["uids"]):
        if process.info["uids"] and process.info["uids"].real == account.pw_uid:
            process.kill()
    subprocess.run(["userdel", name], check=True, capture_output=True)
    shutil.rmtree(account.pw_dir, ignore_errors=True)
