"""The eight probes, on every means of isolation here; and the refusal where there is none."""

from __future__ import annotations

import platform
import sys
import tempfile

import pytest

from course_utils.grade import cli, engine, kit
from course_utils.grade.sandbox import BACKENDS, NoSandbox, backends, choose, probes, run, warm


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


def test_answers_are_not_in_the_sandbox(backend, folder):
    code = "import importlib.util as u\nimport course_utils, course_utils.check\n"
    code += "print([n for n in ('exercises', 'grade') if u.find_spec('course_utils.' + n)])\n"
    (folder / "look.py").write_text(code)
    assert run(backend, folder, "look.py", wall=30).log.strip() == "[]"
