"""The measurements: units from the reference runs on both sides, growth is said, being slow is no error."""

import json
import subprocess
import sys

import bench
import pytest


@pytest.fixture
def stub(tmp_path, monkeypatch):
    """Give a function that puts figures in place of all measurements; reference runs take 4, 6, 4, 6 … s."""
    monkeypatch.setattr(bench, "TOP", tmp_path)
    monkeypatch.setattr(bench, "RESULT", tmp_path / "_build" / "bench.json")
    monkeypatch.setattr(bench, "BASELINE", tmp_path / "baseline.json")
    runs = iter([4.0, 6.0] * 10)
    monkeypatch.setattr(bench, "inside", lambda name, threads: {"reference": next(runs)})

    def put(**groups):
        def measure(figures):
            def work(threads):
                """Made up"""
                if not figures:
                    raise bench.Failed("it broke")
                yield figures

            return work

        monkeypatch.setattr(bench, "WHAT", {name: measure(figures) for name, figures in groups.items()})
        monkeypatch.setattr(sys, "argv", ["bench.py"])
        return tmp_path

    return put


def test_figures_are_in_units_of_the_reference(stub, capsys):
    folder = stub(a={"one": 10.0}, b={"two": 0.5})
    bench.main()
    result = json.loads((folder / "_build" / "bench.json").read_text())
    assert result["units"] == {"one": 2.0, "two": 0.1} and result["reference"] == [4.0, 6.0, 4.0]
    assert "the figures are uncertain" in capsys.readouterr().out


def test_what_grew_is_said_and_no_error(stub, capsys):
    folder = stub(a={"one": 10.0, "two": 10.0, "small": 0.02, "new": 5.0})
    (folder / "baseline.json").write_text(json.dumps({"one": 1.0, "two": 1.9, "small": 0.001, "gone": 1}))
    bench.main()
    said = capsys.readouterr().out
    assert "Grown by more than a factor of 1.5 since baseline.json: 1\n  one " in said
    assert said.splitlines()[-1].split() == ["one", "2.0", "times,", "1.0", "to", "2.0", "units"]


def test_a_baseline_is_kept_figure_by_figure(stub, monkeypatch):
    folder = stub(a={"one": 10.0})
    (folder / "baseline.json").write_text(json.dumps({"one": 1.0, "other": 3.0}))
    monkeypatch.setattr(sys, "argv", ["bench.py", "a", "--keep"])
    bench.main()
    assert json.loads((folder / "baseline.json").read_text()) == {"one": 2.0, "other": 3.0}


def test_what_cannot_be_measured_is_said_and_the_rest_is_measured(stub, capsys):
    folder = stub(a={}, b={"two": 5.0})
    with pytest.raises(SystemExit, match="could not measure a, see above"):
        bench.main()
    assert json.loads((folder / "_build" / "bench.json").read_text())["units"] == {"two": 1.0}
    assert "it broke" in capsys.readouterr().out


def test_a_program_that_fails_is_shown():
    with pytest.raises(bench.Failed, match=r"-c raise OSError\('oh'\) failed:\n(.|\n)*OSError: oh"):
        bench.run(["-c", "raise OSError('oh')"], 1)


def test_a_figure_without_its_like_is_refused(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["bench.py", "chapter"])
    with pytest.raises(SystemExit):
        bench.main()
    assert "there is no 'chapter' to measure; there are imports, checks, data" in capsys.readouterr().err


def test_the_playground_is_compared_with_objects(monkeypatch, capsys):
    figures = {"nodes and links, SGD": 1.2, "typed arrays, SGD": 0.15, "typed arrays, Adam": 0.2}
    done = subprocess.CompletedProcess([], 0, json.dumps(figures), "")
    monkeypatch.setattr(bench.shutil, "which", lambda name: f"/bin/{name}")
    monkeypatch.setattr(bench.subprocess, "run", lambda *_, **__: done)
    (group,) = bench.playground(1)
    assert group["playground, typed arrays, Adam"] == 0.2
    said = capsys.readouterr().out
    assert "SGD: 8.0 times" in said and "Adam: 6.0 times" in said
    monkeypatch.setattr(bench.shutil, "which", lambda name: None)
    with pytest.raises(bench.Failed, match=r"needs Node\.js"):
        next(bench.playground(1))
