"""Import torch once, then fork a process for each run: the first process never runs a student's code.

Usage: ``forks.py namespaces|landlock CONTROL KIT [READABLE HIDDEN]``, started inside bubblewrap, or, for
Landlock, where the grader itself runs. ``CONTROL`` is the number of a socket. A message on it is ``[script,
user, limits, scratch, args]`` as JSON, with four handles: standard input, the result pipe, the pipe for what
is printed, and one that closes when the run is to be stopped. The answer, once nothing of the run is left, is
its CPU seconds.

    first    trusted, waits for messages; knows nothing of a run, keeps none of its handles
    guard    waits until the run has ended or is to be stopped, then ends all that it left
    init     namespaces only: the first process of new namespaces for processes, mounts and messages,
             with folders for temporary files of their own; all below it ends with it
    run      gives up every right, takes on the limits, and runs the script
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import json
import os
import runpy
import select
import signal
import socket
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import start

NEW_PROCESSES, NEW_MOUNTS, NEW_MESSAGES = 0x20000000, 0x00020000, 0x08000000
PRIVATE, NO_SUID_NO_DEV = 0x4000 | 1 << 18, 2 | 4
DUMPABLE = 4
MANY = 1 << 20  # more handles than a process has
LIBC = ctypes.CDLL(None, use_errno=True)


def ready() -> None:
    """Import what runs will need, with no thread started and nothing random left to the first of them."""
    import cells
    import child  # noqa: F401
    import numpy  # noqa: F401
    import plain  # noqa: F401
    import pyseccomp  # noqa: F401
    import safetensors.torch  # noqa: F401
    import stub  # noqa: F401
    import torch
    import wire  # noqa: F401

    torch.set_num_threads(1)
    cells._ipython()
    with contextlib.suppress(ImportError):
        import matplotlib.pyplot  # noqa: F401
    gc.freeze()  # a collection in a run would copy these pages


def serve(control: socket.socket, mode: str, kit: str, folders: list[str]) -> None:
    """Start a run for each message, until the other side closes."""
    control.sendall(b"ready")
    while True:
        data, handles, _, _ = socket.recv_fds(control, 1 << 16, 4)
        if not data:
            return
        pid = os.fork()
        if pid == 0:
            guard(mode, kit, folders, json.loads(data), handles, control)
        for handle in handles:
            os.close(handle)
        _, _, usage = os.wait4(pid, 0)
        control.sendall(json.dumps(usage.ru_utime + usage.ru_stime).encode())


def guard(mode, kit, folders, message, handles, control) -> None:
    """Start the run, wait for its end or the word to stop it, and leave nothing of it."""
    try:
        control.close()
        os.setsid()
        if mode == "namespaces":
            call("unshare", NEW_PROCESSES)
        alive = handles[3]
        pid = os.fork()
        if pid == 0:
            os.close(alive)
            if mode == "namespaces":
                init(kit, message, handles[:3])
            run(mode, kit, folders, message, handles[:3])
        for handle in handles[:3]:
            os.close(handle)
        ended = os.pidfd_open(pid)
        waiting = select.poll()
        waiting.register(ended, select.POLLIN)
        waiting.register(alive, select.POLLIN | select.POLLHUP)
        if ended not in dict(waiting.poll()):
            os.kill(pid, signal.SIGKILL)  # of an init: the kernel ends all in its namespace with it
        os.waitpid(pid, 0)
        if mode == "landlock":
            os.killpg(0, signal.SIGKILL)  # a run may leave neither session nor group
    finally:
        os._exit(0)


def init(kit, message, handles) -> None:
    """The first process of new namespaces."""
    try:
        os.setsid()
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        call("prctl", DUMPABLE, 0, 0, 0, 0)
        call("unshare", NEW_MOUNTS | NEW_MESSAGES)
        call("mount", b"none", b"/", None, PRIVATE, None)
        scratch = int(message[2].split(",")[2])
        for place, size in ((b"/tmp", scratch), (b"/dev/shm", scratch // 4)):
            options = b"mode=1777,size=%d" % size
            call("mount", b"tmpfs", place, b"tmpfs", NO_SUID_NO_DEV, options)
        call("mount", b"proc", b"/proc", b"proc", NO_SUID_NO_DEV | 8, None)
        os.chdir("/tmp")
        pid = os.fork()
        if pid == 0:
            call("prctl", DUMPABLE, 1, 0, 0, 0)
            run("namespaces", kit, [], message, handles)
        os.closerange(0, MANY)
        while os.wait()[0] != pid:
            pass
    except BaseException as error:
        os.write(handles[2], f"sandbox: {error}".encode())
    finally:
        os._exit(0)


def run(mode, kit, folders, message, handles) -> None:
    """Become the process that a student's code may have, and run the script."""
    import child

    script, user, limits, scratch, args = message

    def work():
        job, result, printed = handles
        for handle, target in ((job, 0), (printed, 1), (printed, 2), (result, 3)):
            os.dup2(handle, target)
        os.closerange(4, MANY)
        start.become(user, search=mode == "landlock")
        if mode == "landlock":
            readable, hidden = (text.split(os.pathsep) if text else [] for text in folders)
            os.chdir(scratch)
            os.environ.update(HOME=scratch, TMPDIR=scratch, MPLCONFIGDIR=f"{scratch}/matplotlib")
            start.landlock(scratch, readable, hidden)
            start.seccomp(f"{start.FORBIDDEN} {start.ALWAYS}", others=True)
        else:
            start.seccomp(start.ALWAYS, others=False)
        start.cap(limits)
        sys.argv = [os.path.join(kit, script), "3", *args]
        if script == "child.py":
            child.main(3)
        else:
            runpy.run_path(sys.argv[0], run_name="__main__")

    child.finish(work)


def call(name: str, *args) -> None:
    """A function of the C library that says -1 when it fails."""
    if getattr(LIBC, name)(*args) < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{name}: {os.strerror(error)}")


def main() -> None:
    mode, handle, kit, *folders = sys.argv[1:]
    ready()
    devnull = os.open(os.devnull, os.O_RDWR)
    for target in (0, 1, 2):  # what goes wrong before is told to the grader
        os.dup2(devnull, target)
    os.close(devnull)
    serve(socket.socket(fileno=int(handle)), mode, kit, folders)


if __name__ == "__main__":
    main()
