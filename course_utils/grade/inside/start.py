"""First code in a sandbox: take away what is left to take away, then run the script.

Usage: ``start.py namespaces|group USER LIMITS KIT SCRIPT FD ARGS...``
       ``start.py landlock USER LIMITS KIT SCRATCH READABLE HIDDEN SCRIPT FD ARGS...``
``USER`` is the number of the user to become (0: stay), ``LIMITS`` are those of ``cap``, ``READABLE`` and
``HIDDEN`` are paths joined by ``:``. The script runs with ``sys.argv = [SCRIPT, FD, ARGS...]``.
"""

from __future__ import annotations

import contextlib
import os
import runpy
import signal
import struct
import sys

# Never needed by an answer: other processes' signals, memory and schedule, kernel services, lasting objects,
# and what Landlock does not watch: modes, owners, times and labels of files. Numbers are of calls that old
# libraries do not know: fchmodat2, setxattrat, removexattrat, file_setattr.
FORBIDDEN = (
    "ptrace process_vm_readv process_vm_writev kcmp pidfd_open pidfd_getfd process_madvise process_mrelease "
    "kill tkill tgkill pidfd_send_signal rt_sigqueueinfo rt_tgsigqueueinfo setsid setpgid socket "
    "setpriority ioprio_set sched_setscheduler sched_setparam sched_setattr migrate_pages move_pages "
    "shmget semget msgget mq_open truncate chmod fchmod fchmodat 452 chown lchown fchown fchownat "
    "utime utimes futimesat utimensat setxattr lsetxattr fsetxattr 463 "
    "removexattr lremovexattr fremovexattr 466 469"
)
ALWAYS = (
    "memfd_create memfd_secret unshare setns mount umount2 pivot_root chroot bpf perf_event_open "
    "io_uring_setup keyctl add_key request_key userfaultfd kexec_load init_module finit_module "
    "open_by_handle_at name_to_handle_at personality"
)


def seccomp(names: str, others: bool) -> None:
    """Refuse system calls by name; with ``others``, also those that reach another process by its number."""
    import errno

    import pyseccomp as s

    rules = s.SyscallFilter(s.ALLOW)
    for name in names.split():
        with contextlib.suppress(Exception):  # unknown to this kernel or library
            rules.add_rule(s.ERRNO(errno.EPERM), int(name) if name.isdigit() else name)
    if others:
        for name in ("prlimit64", "sched_setaffinity"):
            rules.add_rule(s.ERRNO(errno.EPERM), name, s.Arg(0, s.NE, 0))
        for command in (8, 10, 15):  # F_SETOWN, F_SETSIG, F_SETOWN_EX
            rules.add_rule(s.ERRNO(errno.EPERM), "fcntl", s.Arg(1, s.MASKED_EQ, 0xFFFFFFFF, command))
        for command in (0x5412, 0x8901, 0x8902):  # TIOCSTI, FIOSETOWN, SIOCSPGRP
            rules.add_rule(s.ERRNO(errno.EPERM), "ioctl", s.Arg(1, s.MASKED_EQ, 0xFFFFFFFF, command))
    rules.load()


def landlock(scratch: str, readable: list[str], hidden: list[str]) -> None:
    """Allow reading of some folders, writing below one, nothing else; no TCP, no signals to others where
    possible.
    """
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)

    def call(number, *args):
        value = libc.syscall(number, *args)
        if value < 0:
            sys.exit(f"sandbox: Landlock: {os.strerror(ctypes.get_errno())}")
        return value

    libc.prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS
    abi = call(444, None, 0, 1)
    if abi < 3:
        sys.exit("sandbox: this kernel's Landlock is too old")  # before, it does not watch truncation
    rights = (1 << 15) - 1 if abi < 5 else (1 << 16) - 1
    fields = struct.pack("<QQQ", rights, 3 if abi >= 4 else 0, 3 if abi >= 6 else 0)
    fields = fields[: 24 if abi >= 6 else 16 if abi >= 4 else 8]
    rules = call(444, fields, len(fields), 0)
    execute, write, read, listing, truncate = 1, 2, 4, 8, 1 << 14

    def allow(path, access):
        try:
            handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            return
        if not os.path.isdir(path):
            access &= execute | write | read | truncate
        call(445, rules, 1, struct.pack("<Qi", access & rights, handle), 0)
        os.close(handle)

    def allow_around(path):
        """All below ``path`` but the hidden folders."""
        if path in hidden:
            return
        if not any(h.startswith(path.rstrip("/") + "/") for h in hidden):
            allow(path, execute | read | listing)
            return
        allow(path, listing)
        for entry in os.scandir(path):
            allow_around(entry.path)

    for path in readable:
        allow_around(path)
    for path in ("/dev/urandom", "/proc/cpuinfo", "/proc/meminfo", "/proc/self", "/sys/devices/system/cpu"):
        allow(path, read | listing)
    allow("/etc/ld.so.cache", read)
    allow("/dev/null", read | write)
    allow(scratch, rights & ~execute)
    call(446, rules, 0)
    os.close(rules)


def become(user: int, search: bool) -> None:
    """Leave root for a user that owns nothing (0: stay who you are), and give up all rights; with ``search``,
    folders closed to that user can still be read.

    Python may live below /root. Landlock then decides what is read, and ``open_by_handle_at`` is refused.
    """
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    if search and user:
        libc.prctl(8, 1, 0, 0, 0)  # PR_SET_KEEPCAPS
    if user:
        os.setgroups([])
        os.setgid(user)
        os.setuid(user)
    kept = 1 << 2 if search and user else 0  # CAP_DAC_READ_SEARCH
    if libc.capset(struct.pack("<Ii", 0x20080522, 0), struct.pack("<6I", kept, kept, 0, 0, 0, 0)) < 0:
        sys.exit("sandbox: the rights of root could not be given up")


def supervise() -> None:
    """Fork; the first process waits for the second and then ends the whole group, also when the grader
    dies.
    """
    import ctypes

    parent = os.getppid()
    if os.getpgid(0) != os.getpid():
        os.setsid()
    signal.signal(signal.SIGTERM, lambda *_: os.killpg(0, signal.SIGKILL))
    with contextlib.suppress(Exception):  # Linux only
        ctypes.CDLL(None).prctl(1, signal.SIGTERM, 0, 0, 0)  # PR_SET_PDEATHSIG
    if os.getppid() != parent:
        os.killpg(0, signal.SIGKILL)
    child = os.fork()
    if child:
        devnull = os.open(os.devnull, os.O_RDWR)
        for handle in range(256):
            if handle != devnull:
                with contextlib.suppress(OSError):
                    os.close(handle)
        os.waitpid(child, 0)
        os.killpg(0, signal.SIGKILL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def cap(limits: str) -> None:
    """Set limits on resources: processes, bytes of memory, bytes of a file, CPU seconds, joined by commas."""
    import resource

    names = ("NPROC", "AS", "FSIZE", "CPU", "CORE", "NOFILE")
    for name, value in zip(names, [*map(int, limits.split(",")), 0, 256], strict=True):
        with contextlib.suppress(ValueError, OSError, AttributeError):  # not every system has every limit
            resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (value, value))


def main():
    mode, user, limits, kit, *rest = sys.argv[1:]
    if mode in ("landlock", "group"):
        supervise()
    if int(user):  # else there are no rights to give up
        become(int(user), search=mode != "namespaces")
    if mode == "landlock":
        scratch, readable, hidden, *rest = rest
        os.chdir(scratch)
        import pyseccomp  # noqa: F401  (while everything can still be read)

        landlock(scratch, readable.split(os.pathsep), [p for p in hidden.split(os.pathsep) if p])
        seccomp(f"{FORBIDDEN} {ALWAYS}", others=True)
    elif mode == "namespaces":
        with contextlib.suppress(
            ImportError, OSError, RuntimeError
        ):  # a second wall, where pyseccomp is there
            seccomp(ALWAYS, others=False)
    cap(limits)
    sys.argv = rest
    sys.path.insert(0, kit)
    runpy.run_path(rest[0], run_name="__main__")


if __name__ == "__main__":
    main()
