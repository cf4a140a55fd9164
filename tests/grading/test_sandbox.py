"""The eight probes, on every means of isolation here; and the refusal where there is none."""

from __future__ import annotations

import pytest

from course_utils.grade import cli, engine, kit
from course_utils.grade.sandbox import BACKENDS, NoSandbox, backends, choose, probes, run


@pytest.fixture(scope="module")
def folder():
    with kit.kit() as made:
        yield made


@pytest.fixture(params=["bubblewrap", "landlock"])
def backend(request, folder):
    one = BACKENDS[request.param]
    if one.missing():
        pytest.skip(one.missing())
    if request.param == "bubblewrap" and not probes._works(one, folder):
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


def test_answers_are_not_in_the_sandbox(backend, folder):
    code = "import importlib.util as u\nimport course_utils, course_utils.check\n"
    code += "print([n for n in ('exercises', 'grade') if u.find_spec('course_utils.' + n)])\n"
    (folder / "look.py").write_text(code)
    assert run(backend, folder, "look.py", wall=30).log.strip() == "[]"
