"""How many cores and how much memory this process may use: affinity, and control groups of both versions."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import pytest

from course_utils import cores, memory


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A made-up machine of 8 cores: ``machine(cgroup, mounts, files)`` writes what Linux would show."""

    def write(cgroup: str, mounts: dict[str, str], files: dict[str, str]):
        (tmp_path / "cgroup").write_text(cgroup)
        lines = [
            f"30 23 0:28 {root} {tmp_path / folder} rw - {kind}"
            for folder, (root, kind) in {f: m.split(" ", 1) for f, m in mounts.items()}.items()
        ]
        (tmp_path / "mountinfo").write_text("\n".join(lines))
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)

    monkeypatch.setattr(cores, "PROC", tmp_path)
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)), raising=False)
    return write


V2 = {"cg": "/ cgroup2 cgroup2 rw"}
V1 = {"cpu": "/docker/1 cgroup cgroup rw,cpu,cpuacct", "mem": "/docker/1 cgroup cgroup rw,memory"}


@pytest.mark.parametrize(
    "limit, expected", [("max 100000", 8), ("50000 100000", 1), ("250000 100000", 2), ("3200000 100000", 8)]
)
def test_quota_of_version_2(machine, limit, expected):
    machine("0::/user/me\n", V2, {"cg/user/me/cpu.max": limit})
    assert cores.cores() == expected


def test_the_smallest_quota_of_all_groups_above_counts(machine):
    files = {
        "cg/user/me/cpu.max": "max 100000",
        "cg/user/cpu.max": "300000 100000",
        "cg/cpu.max": "max 100000",
    }
    machine("0::/user/me\n", V2, files)
    assert cores.cores() == 3


@pytest.mark.parametrize("quota, expected", [("-1", 8), ("50000", 1), ("400000", 4)])
def test_quota_of_version_1_in_a_container(machine, quota, expected):
    files = {"cpu/cpu.cfs_quota_us": quota, "cpu/cpu.cfs_period_us": "100000"}
    machine("3:cpu,cpuacct:/docker/1\n4:memory:/docker/1\n", V1, files)
    assert cores.cores() == expected


def test_affinity_counts_too(machine, monkeypatch):
    machine("0::/\n", V2, {"cg/cpu.max": "400000 100000"})
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 5})
    assert cores.cores() == 2


@pytest.mark.parametrize("cgroup", ["", "0::/../elsewhere\n", "0::/gone\n"])
def test_where_nothing_is_told_all_cores_count(machine, cgroup):
    machine(cgroup, V2 if cgroup else {}, {})
    assert cores.cores() == 8


def test_it_costs_no_torch():
    code = "import sys, course_utils.cores as c; assert c.cores() >= 1; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


GIB = 1 << 30


@pytest.mark.parametrize(
    "limit, used, cached, expected",
    [("max", GIB, 0, None), (GIB, GIB // 2, GIB // 4, (GIB // 4, GIB)), (GIB, 1000, 0, (1000, GIB))],
)
def test_memory_of_version_2(machine, limit, used, cached, expected):
    files = {
        "memory.max": f"{limit}\n",
        "memory.current": f"{used}\n",
        "memory.stat": f"anon 5\ninactive_file {cached}\n",
    }
    machine("0::/user\n", V2, {f"cg/user/{name}": text for name, text in files.items()})
    assert memory.room() == expected


@pytest.mark.parametrize("limit, expected", [(9223372036854771712, None), (GIB, (600, GIB))])
def test_memory_of_version_1(machine, limit, expected):
    files = {
        "mem/memory.limit_in_bytes": str(limit),
        "mem/memory.usage_in_bytes": "1000",
        "mem/memory.stat": "inactive_file 1\ntotal_inactive_file 400",
    }
    machine("3:cpu,cpuacct:/docker/1\n4:memory:/docker/1\n", V1, files)
    assert memory.room() == expected


def test_without_a_limit_nothing_is_watched(machine):
    machine("", {}, {})
    assert memory.watch() is None


def test_a_kernel_near_its_limit_says_so_once(monkeypatch, capsys):
    looks = iter([(50, 100), (95 << 20, 100 << 20), (96 << 20, 100 << 20), (89, 100), (10, 100), (91, 100)])
    stop = threading.Event()

    def room():
        try:
            return next(looks)
        except StopIteration:
            stop.set()

    monkeypatch.setattr(memory, "room", room)
    monkeypatch.setattr(memory, "PAUSE", 0.001)
    memory._look(stop)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 and lines[0].startswith("Memory is nearly used up: 95 of 100 MiB.")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only glibc keeps free memory")
def test_free_memory_is_given_back():
    code = """if True:
        from pathlib import Path
        from course_utils import memory
        resident = lambda: int(Path("/proc/self/statm").read_text().split()[1])
        blocks = [b"1" * 100_000 for _ in range(1000)]
        full, last = resident(), blocks[-1]  # what lies below the last block, glibc keeps
        del blocks
        kept = resident()
        memory.give_back()
        assert kept > 0.9 * full and resident() < 0.5 * full, (full, kept, resident())
    """
    subprocess.run([sys.executable, "-c", code], check=True)


def test_memory_is_given_back_after_each_cell():
    code = """if True:
        import gc
        import weakref
        from IPython.core.interactiveshell import InteractiveShell
        from course_utils import memory
        shell = InteractiveShell.instance(history_length=0)
        memory.look_after(shell.events), memory.look_after(shell.events)
        assert shell.events.callbacks["post_run_cell"].count(memory.give_back) == 1 and gc.get_freeze_count()
        gc.disable()  # of itself Python finds a closed figure at some time only
        shell.run_cell("class Cycle: pass\\ncycle = Cycle(); cycle.own = cycle")
        left = weakref.ref(shell.user_ns["cycle"])
        shell.run_cell("del cycle")
        assert left() is None
    """
    subprocess.run([sys.executable, "-c", code], check=True)
