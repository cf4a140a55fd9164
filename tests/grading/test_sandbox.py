"""The eight probes, on every means of isolation here; and the refusal where there is none."""

from __future__ import annotations

import dataclasses
import json
import os
import platform
import signal
import sys
import tempfile
from pathlib import Path

import pytest

from course_utils.grade import cli, engine, kit, limits
from course_utils.grade.sandbox import BACKENDS, NoSandbox, backends, choose, probes, run, warm, watch


@pytest.fixture(scope="module")
def folder():
    with kit.kit() as made:
        yield made


@pytest.fixture(params=["bubblewrap", "landlock"])
def backend(request, folder):
    one = BACKENDS[request.param]
    if one.missing():
        pytest.skip(one.missing())
    if request.param == "bubblewrap" and probes._broken(one, folder):
        pytest.skip("bwrap is installed, but may not make namespaces here")
    return one


@pytest.mark.parametrize("probe", probes.PROBES)
def test_probe_is_refused(backend, folder, probe):
    assert probes.refused(backend, folder, probe)


def test_a_script_without_a_sandbox_is_not_refused(folder):
    """The probes can fail: without isolation, five of them get through."""
    open_door = backends.Nothing()
    done = [
        name
        for name in ("network", "read_home", "write_outside")
        if not probes.refused(open_door, folder, name)
    ]
    assert done == ["network", "read_home", "write_outside"]


def test_a_sandbox_that_does_not_start_is_not_chosen(folder, monkeypatch):
    class Broken(backends.Nothing):
        def command(self, *args):
            return ["/bin/false"]

    assert probes.failed(Broken(), folder) == ["it does not start"]


def test_a_sandbox_without_torch_is_not_chosen(folder):
    """As where PyTorch lies in a folder of the user that the sandbox does not show."""

    class Bare(backends.Nothing):
        def command(self, kit, scratch, start, script, args):
            return [sys.executable, "-I", "-S", str(kit / script), *args]

    assert probes._broken(Bare(), folder) == ["Python finds no numpy and safetensors and torch in it"]


def test_what_is_left_behind_is_removed_however_deep_and_closed(backend, folder, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    tmp_path.chmod(0o777)
    code = "import os\nos.mkdir('closed', 0o300)\nopen('closed/x', 'w').close()\n"
    code += "for _ in range(3_000):\n    os.mkdir('d')\n    os.chdir('d')\n"
    (folder / "deep.py").write_text(code + "print('made')\n")
    done = run(backend, folder, "deep.py", wall=30)
    assert "made" in done.log or done.why == "it wrote too many files"
    assert not list(tmp_path.iterdir())


def test_no_sandbox_no_grades(folder, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(backends, "BACKENDS", {})
    with pytest.raises(NoSandbox, match="nothing was graded"):
        choose(folder)
    assert choose(folder, no_sandbox=True).name == "none (--no-sandbox)"
    engine._here.clear()
    (tmp_path / "a.ipynb").write_bytes(b"{}")
    assert cli.main([str(tmp_path / "a.ipynb"), "--out", str(tmp_path / "out")]) == cli.NO_SANDBOX
    assert "no sandbox works on this machine" in capsys.readouterr().err
    assert not (tmp_path / "out" / "records").exists()
    engine._here.clear()


def test_limits_on_time_output_and_log(backend, folder):
    (folder / "slow.py").write_text("import time; time.sleep(60)")
    (folder / "loud.py").write_text("import os, sys\nwhile True: os.write(int(sys.argv[1]), b'x' * 65536)")
    (folder / "chatty.py").write_text("print('x' * 10_000_000)")
    assert run(backend, folder, "slow.py", wall=1).why == "out of time"
    assert run(backend, folder, "loud.py", wall=30).why == "it sent back too much"
    assert len(run(backend, folder, "chatty.py", wall=30).log) <= 1 << 15


def test_landlock_refuses_what_it_cannot_watch(folder):
    """Modes, times and owners of signals; also with high bits, which the kernel does not look at."""
    if BACKENDS["landlock"].missing():
        pytest.skip(BACKENDS["landlock"].missing())
    code = """
import ctypes, os, socket
libc = ctypes.CDLL(None, use_errno=True)
a, b = socket.socketpair()
pid = ctypes.byref(ctypes.c_int(os.getppid()))
open('own', 'w').close()
for high in (0, 1 << 40):
    calls = [(72, a.fileno(), high | 8, os.getppid()), (16, a.fileno(), high | 0x8901, pid)]
    calls += [(90, b'own', 0o600), (452, -100, b'own', 0o600, 0)]
    calls += [(76, b'own', 0), (280, -100, b'own', None, 0)]
    for number, *args in calls:
        args = [ctypes.c_long(x) if type(x) is int else x for x in args]
        ctypes.set_errno(0)
        print(number, libc.syscall(ctypes.c_long(number), *args), ctypes.get_errno())
"""
    if platform.machine() != "x86_64":
        pytest.skip("the numbers of system calls are those of x86-64")
    (folder / "calls.py").write_text(code)
    lines = run(BACKENDS["landlock"], folder, "calls.py", wall=30).log.splitlines()
    assert len(lines) == 12 and all(line.endswith(" -1 1") for line in lines), lines


def test_solutions_are_hidden_where_the_environment_is_the_repository(backend, folder, monkeypatch, request):
    """As after ``python -m venv .``: everything below that folder would be shown."""
    repository = str(backends.PACKAGE.parent)
    usual = backends.visible()
    monkeypatch.setattr(backends, "visible", lambda: [*usual, repository])
    warm.server(backend, folder).close()
    request.addfinalizer(lambda: warm.server(backend, folder).close())
    code = f"import os\nos.chdir({repository!r})\nprint(os.path.exists('pyproject.toml'))\n"
    code += "for f in ('tests/solutions/02_backpropagation.py', 'course_utils/exercises/_judge.py'):\n"
    code += "    try:\n        print(open(f).read())\n    except OSError:\n        print('closed')\n"
    (folder / "search.py").write_text(code)
    log = run(backend, folder, "search.py", wall=30).log
    assert log.split() == ["True", "closed", "closed"]


def test_packages_outside_of_the_environment_are_seen(monkeypatch, tmp_path):
    """As after ``pip install --user``, or where a .pth file names another environment; no other folder is."""
    packages, own = tmp_path / "lib" / "site-packages", tmp_path / "own"
    for place in (packages, own):
        place.mkdir(parents=True)
        monkeypatch.syspath_prepend(str(place))
    assert str(packages) in backends.visible() and not backends.shown(own)
    monkeypatch.setattr(backends, "PACKAGE", packages / "course_utils")
    (packages / "course_utils").mkdir()
    assert str(packages / "course_utils") in backends.hidden()  # an installation of that kind


def test_answers_are_not_in_the_sandbox(backend, folder):
    code = "import importlib.util as u\nimport course_utils, course_utils.check\n"
    code += "print([n for n in ('exercises', 'grade') if u.find_spec('course_utils.' + n)])\n"
    (folder / "look.py").write_text(code)
    assert run(backend, folder, "look.py", wall=30).log.strip() == "[]"


# ---- one process imports torch, each run is forked from it
LOOK = """
import json, os, sys
rights = int(open('/proc/self/status').read().split('CapEff:')[1].split()[0], 16)
threads = len(os.listdir('/proc/self/task'))
shared = [l.split()[-1] for l in open('/proc/self/maps') if l.split()[1][1] == 'w' and l.split()[1][3] == 's']
handles = [n for n in range(1024) if os.path.lexists(f'/proc/self/fd/{n}')]
print(json.dumps([rights, threads, shared, handles, 'torch' in sys.modules]))
"""


@pytest.fixture
def forking(backend):
    if not backend.forks:
        pytest.skip("nothing is forked here")
    return backend


def test_a_run_has_no_rights_no_threads_no_shared_memory_no_handles(forking, folder):
    (folder / "look.py").write_text(LOOK)
    rights, threads, shared, handles, torch = json.loads(run(forking, folder, "look.py").log)
    may_search = 4 if forking.name == "landlock" and os.geteuid() == 0 else 0  # CAP_DAC_READ_SEARCH
    assert rights == may_search and threads == 1 and shared == [] and torch
    assert set(handles) - {4} == {0, 1, 2, 3}  # 4 is that of the listing itself


def test_the_first_process_starts_no_thread_and_shares_no_memory(forking, folder):
    run(forking, folder, "hello.py")
    first = warm.server(forking, folder).pid
    family = [p for p in watch.descendants(first) if b"forks.py" in Path(f"/proc/{p}/cmdline").read_bytes()]
    (pid,) = [p for p in family if b"bwrap" not in Path(f"/proc/{p}/cmdline").read_bytes().split(b"\0")[0]]
    maps = [line.split() for line in Path(f"/proc/{pid}/maps").read_text().splitlines()]
    assert len(os.listdir(f"/proc/{pid}/task")) == 1
    assert not [m for m in maps if m[1].startswith("rw") and m[1].endswith("s")]


def test_a_run_costs_less_than_a_tenth_of_an_import(forking, folder):
    """CPU seconds, pairs: the fork with all that it does, and a process that imports torch."""
    run(forking, folder, "hello.py")
    forked = min(run(forking, folder, "hello.py").cpu for _ in range(5))
    code = "import os, sys, time, torch, safetensors.torch\n"
    (folder / "imports.py").write_text(code + "os.write(int(sys.argv[1]), str(time.process_time()).encode())")
    cold = dataclasses.replace(forking, forks=False)
    imported = min(float(run(cold, folder, "imports.py").data) for _ in range(2))
    assert forked < imported / 10, (forked, imported)


def test_after_its_first_process_is_ended_a_new_one_is_started(forking, folder):
    run(forking, folder, "hello.py")
    one = warm.server(forking, folder)
    os.killpg(one.pid, signal.SIGKILL)
    one.process.wait()
    assert run(forking, folder, "hello.py").data == b"hello"
    assert warm.server(forking, folder).pid != one.pid


def test_nothing_of_a_run_is_left_when_it_is_stopped(forking, folder):
    code = "import os, time\nfor _ in range(4):\n    os.fork()\nos.closerange(0, 64)\ntime.sleep(600)"
    (folder / "many.py").write_text(code)
    run(forking, folder, "hello.py")
    before = watch.descendants(warm.server(forking, folder).pid)
    for _ in range(3):
        run(forking, folder, "many.py", wall=2)
        assert watch.descendants(warm.server(forking, folder).pid) == before


def test_the_clock_stands_still_while_others_have_the_processor(monkeypatch):
    now, schedule = [100.0], {7: (0.0, 0.0)}
    monkeypatch.setattr(watch.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(watch, "_schedule", lambda pid: schedule[pid])
    monkeypatch.setattr(watch, "descendants", lambda pid: [7])
    clock = watch.Clock(7, end=110.0, wall=10.0, budget=5.0)
    now[0], schedule[7] = 109.0, (3.0, 6.0)
    assert not clock.over([7])
    now[0] = 115.0
    assert not clock.over([7])  # 6 of its 15 seconds it waited
    now[0] = 117.0
    assert clock.over([7])
    schedule[7] = (6.0, 900.0)
    assert clock.over([7])  # it is what keeps the machine busy
    schedule[7] = (3.0, 900.0)
    assert not clock.over([7])
    now[0] = 100.0 + limits.BUSY * 10
    assert clock.over([7])  # and not for ever


def test_folders_of_another_place_are_left_alone(tmp_path, monkeypatch):
    """Two containers that share a folder for temporary files do not share the numbers of processes."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    ours, dead = kit.prefix(), "999999999"
    place = ours.split("-")[2]
    theirs = [tmp_path / f"course-grade-{'0' * 8}-{dead}-x", tmp_path / f"course-grade-{dead}-x"]
    gone = tmp_path / f"course-grade-{place}-{dead}-x"
    for folder in (*theirs, gone):
        folder.mkdir()
    kit.sweep()
    assert all(folder.exists() for folder in theirs) and not gone.exists()
