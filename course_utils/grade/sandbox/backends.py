"""The means of isolation, and the choice of the first that proves itself."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from .. import limits
from ..kit import PACKAGE, data_folder


class NoSandbox(RuntimeError):
    """No means of isolation works here; the message says what was tried and what to do."""


def visible() -> list[str]:
    """Folders that Python itself needs."""
    wanted = [
        "/usr",
        "/lib",
        "/lib64",
        "/bin",
        "/sbin",  # ldconfig, by which pyseccomp finds its library
        sys.prefix,
        sys.base_prefix,
        os.path.realpath(sys.base_prefix),
    ]
    # packages may lie elsewhere: of a user, or named by a .pth file
    wanted += [path for path in sys.path if os.path.basename(path) in ("site-packages", "dist-packages")]
    wanted.append(os.path.dirname(os.path.dirname(os.path.realpath(sys.executable))))
    found = []
    for path in wanted:
        if os.path.exists(path) and path not in found and path != "/":
            found.append(path)
    return found


def hidden() -> list[str]:
    """Folders inside those that hold answers: an installed ``course_utils`` (the sandbox has a copy
    without them), the solutions among the tests beside it.
    """
    secret = [path for path in (PACKAGE, PACKAGE.parent / "tests") if path.is_dir()]
    return [str(path) for path in secret if shown(path)]


def shown(path: Path) -> str:
    """The folder, of those that Python needs, that a path lies in: a sandbox can read there. "" if none."""
    path = str(path.resolve())
    return next((folder for folder in visible() if _inside(path, os.path.realpath(folder))), "")


def _inside(path: str, folder: str) -> bool:
    return os.path.commonpath([path, folder]) == folder


def environment(kit: str, home: str, data: str | None) -> dict[str, str]:
    """The whole environment of a sandboxed process."""
    values = {"HOME": home, "TMPDIR": home, "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "BOOK_STATIC": "1"}
    values |= {
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "TQDM_DISABLE": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "TORCHDYNAMO_DISABLE": "1",  # torch.compile takes longer than any answer; so it changes nothing
    }
    values |= {"MPLBACKEND": "Agg", "MPLCONFIGDIR": f"{home}/matplotlib", "COURSE_KIT": kit}
    return values | ({"COURSE_DATA": data} if data else {})


@dataclass(frozen=True)
class Bubblewrap:
    """Linux namespaces through ``bwrap``: own processes, files, network; nothing of the home is visible."""

    forks: bool = True
    name = "bubblewrap"
    needs_scratch = False

    def missing(self) -> str:
        return (
            "" if shutil.which("bwrap") else "bwrap is not installed (Debian, Ubuntu: apt install bubblewrap)"
        )

    def processes(self) -> int:
        return limits.PROCESSES

    def command(self, kit: Path, scratch: str | None, start, script: str, args: list[str]) -> list[str]:
        first = ["/kit/start.py", *start.args("namespaces", self.processes()), "/kit"]
        return [*self._line(kit), *first, f"/kit/{script}", *args]

    def forking(self, kit: Path, home: str | None, control: int) -> list[str]:
        """The command of ``forks.py``. It keeps the right to make namespaces, and its runs give it up."""
        rights = ["--cap-add", "CAP_SYS_ADMIN"]
        return [*self._line(kit, rights), "/kit/forks.py", "namespaces", str(control), "/kit"]

    def _line(self, kit: Path, rights=()) -> list[str]:
        data = data_folder()
        line = [
            shutil.which("bwrap"),
            "--die-with-parent",
            "--new-session",
            "--clearenv",
            "--cap-drop",
            "ALL",
        ]
        if os.geteuid() == 0:  # folders below /root can be shown to another user, who is become later
            line += [
                "--unshare-ipc",
                "--unshare-pid",
                "--unshare-net",
                "--unshare-uts",
                "--unshare-cgroup-try",
            ]
            line += ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
        else:
            line += ["--unshare-all", "--uid", "65534", "--gid", "65534"]
        line += [*rights, "--hostname", "grader"]
        # before what is shown: Python may lie below /tmp
        line += ["--perms", "1777", "--size", str(limits.SCRATCH), "--tmpfs", "/tmp"]
        for path in visible():
            for parent in reversed(
                Path(path).parents[:-1]
            ):  # open to every user, as the real ones may not be
                line += ["--perms", "0755", "--dir", str(parent)]
            line += ["--ro-bind", path, path]
        for path in hidden():
            line += ["--tmpfs", path, "--remount-ro", path]
        if os.path.exists("/etc/ld.so.cache"):
            line += ["--ro-bind", "/etc/ld.so.cache", "/etc/ld.so.cache"]
        line += ["--ro-bind", str(kit), "/kit", "--proc", "/proc", "--dev", "/dev"]
        line += [
            "--perms",
            "1777",
            "--size",
            str(limits.SCRATCH // 4),
            "--tmpfs",
            "/dev/shm",
            "--remount-ro",
            "/dev",
        ]
        if data:
            line += ["--ro-bind", str(data), "/data"]
        line += ["--remount-ro", "/", "--chdir", "/tmp"]
        for key, value in environment("/kit", "/tmp", "/data" if data else None).items():
            line += ["--setenv", key, value]
        return [*line, sys.executable, "-I"]


@dataclass(frozen=True)
class Landlock:
    """Linux without namespaces: Landlock for files, TCP and signals, seccomp for the rest, one process
    group.
    """

    forks: bool = True
    name = "landlock"
    needs_scratch = True

    def missing(self) -> str:
        if not sys.platform.startswith("linux"):
            return "Landlock is part of Linux"
        if importlib.util.find_spec("pyseccomp") is None:
            return "the package pyseccomp is not installed"
        return ""

    def processes(self) -> int:
        return limits.PROCESSES + _own_processes()

    def command(self, kit: Path, scratch: str | None, start, script: str, args: list[str]) -> list[str]:
        first = [str(kit / "start.py"), *start.args("landlock", self.processes()), str(kit), scratch]
        return [*self._line(kit, scratch), *first, *self._folders(kit), str(kit / script), *args]

    def forking(self, kit: Path, home: str | None, control: int) -> list[str]:
        """The command of ``forks.py``, which is as free as the grader itself; its runs are not."""
        first = [str(kit / "forks.py"), "landlock", str(control), str(kit)]
        return [*self._line(kit, home), *first, *self._folders(kit)]

    def _line(self, kit: Path, home: str) -> list[str]:
        data = data_folder()
        values = environment(str(kit), home, str(data) if data else None)
        return ["/usr/bin/env", "-i", *(f"{k}={v}" for k, v in values.items()), sys.executable, "-I"]

    def _folders(self, kit: Path) -> list[str]:
        data = data_folder()
        seen = [str(kit), *([str(data)] if data else []), *visible()]
        return [os.pathsep.join(seen), os.pathsep.join(hidden())]


@dataclass(frozen=True)
class SandboxExec:
    """macOS's ``sandbox-exec``. Written from its documentation and NOT TESTED by the authors: trust its
    probes only.
    """

    name = "sandbox-exec"
    forks = False
    needs_scratch = True

    def missing(self) -> str:
        return (
            ""
            if sys.platform == "darwin" and shutil.which("sandbox-exec")
            else "sandbox-exec is part of macOS"
        )

    def command(self, kit: Path, scratch: str | None, start, script: str, args: list[str]) -> list[str]:
        data = data_folder()
        read = [*visible(), "/System", "/Library/Frameworks", "/private/var/db/dyld", "/dev", str(kit)]
        read += [str(data)] if data else []
        profile = [
            "(version 1)",
            "(deny default)",
            "(allow process-fork process-exec sysctl-read mach-lookup)",
        ]
        profile += [f'(allow file-read* (subpath "{path}"))' for path in read]
        profile += [f'(deny file-read* (subpath "{path}"))' for path in hidden()]
        profile += [f'(allow file-read* file-write* (subpath "{os.path.realpath(scratch)}"))']
        profile += [
            '(allow file-write-data (literal "/dev/null"))',
            "(deny network*)",
            "(deny signal (target others))",
        ]
        env = environment(str(kit), scratch, str(data) if data else None)
        first = [str(kit / "start.py"), *start.args("group", limits.PROCESSES + _own_processes()), str(kit)]
        line = ["/usr/bin/env", "-i", *(f"{k}={v}" for k, v in env.items())]
        return [
            *line,
            "sandbox-exec",
            "-p",
            "\n".join(profile),
            sys.executable,
            "-I",
            *first,
            str(kit / script),
            *args,
        ]


@dataclass(frozen=True)
class Nothing:
    """No isolation at all, only limits: for answers you have read. Every record says so."""

    name = "none (--no-sandbox)"
    forks = False
    needs_scratch = True

    def missing(self) -> str:
        return ""

    def command(self, kit: Path, scratch: str | None, start, script: str, args: list[str]) -> list[str]:
        data = data_folder()
        env = environment(str(kit), scratch, str(data) if data else None)
        first = [str(kit / "start.py"), *start.args("group", limits.PROCESSES + _own_processes()), str(kit)]
        line = ["/usr/bin/env", "-i", *(f"{k}={v}" for k, v in env.items())]
        return [*line, sys.executable, "-I", *first, str(kit / script), *args]


BACKENDS = {b.name: b for b in (Bubblewrap(), Landlock(), SandboxExec())}


def _own_processes() -> int:
    """Processes and threads of this user, which the limit on processes counts where there is no user
    namespace.
    """
    if os.geteuid() == 0 or not os.path.isdir("/proc/self/task"):
        return 0 if os.geteuid() == 0 else 2_000
    total = 0
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.stat(f"/proc/{pid}").st_uid == os.geteuid():
                total += len(os.listdir(f"/proc/{pid}/task"))
        except OSError:
            continue
    return total


def choose(kit: Path, wanted: str = "auto", no_sandbox: bool = False):
    """The first backend that refuses all eight probes.

    Args:
        kit: the folder made by ``kit.kit()``.
        wanted: "auto", or the name of the only backend to try.
        no_sandbox: take none, if none works.

    Raises:
        NoSandbox: nothing passed, and ``no_sandbox`` is not set; says why, backend by backend.
    """
    from . import probes

    reasons = []
    for name, backend in BACKENDS.items():
        if wanted not in ("auto", name):
            continue
        failed = [backend.missing()] if backend.missing() else probes.failed(backend, kit)
        if failed and backend.forks and not backend.missing():  # slower, with less asked of the machine
            backend = replace(backend, forks=False)
            failed = probes.failed(backend, kit)
        if not failed:
            return backend
        reasons.append(f"{name}: {'; '.join(failed)}")
    if no_sandbox:
        return Nothing()
    raise NoSandbox(
        "no sandbox works on this machine, so nothing was graded ("
        + " | ".join(reasons)
        + "); install bubblewrap, use a virtual machine, or, for answers you have read, --no-sandbox."
    )
