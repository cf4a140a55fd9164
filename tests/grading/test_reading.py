"""Reading what was handed in, the wire, and the choice of cells."""

from __future__ import annotations

import json
import struct
import sys
from pathlib import Path

import pytest
import torch

from course_utils.exercises._plain import same
from course_utils.grade import ids, reading
from course_utils.grade.inside import cells, wire

VALUES = [
    None, ..., True, 3, 1 << 200, -0.5, float("inf"), "text", "\ud800", [1, [2, (3,)]],
    {"a": 1, 2: (None,), (1, "b"): []}, torch.arange(6).reshape(2, 3), torch.zeros(0, 4),
    torch.tensor(1.5, dtype=torch.float64), [torch.ones(2), torch.ones(2)],
    torch.tensor([True]), torch.zeros(2, dtype=torch.bfloat16),
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=str)
def test_wire_brings_back_the_same(value):
    assert same(wire.unpack(wire.pack(value), 1 << 16, 1 << 20), value)


def test_wire_takes_tensors_that_share_memory():
    x = torch.arange(4.0)
    assert same(wire.unpack(wire.pack([x, x[:2], x]), 1 << 16, 1 << 20), [x, x[:2], x])


def forged(header: bytes, body: bytes = b"") -> bytes:
    return struct.pack("<Q", len(header)) + header + body


@pytest.mark.parametrize(
    "blob",
    [
        b"",
        b"\0" * 7,
        b"\xff" * 100,
        forged(b"{}"),
        forged(b'{"tree": 3}'),
        forged(b'{"tree":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}', b"[[[["),
        forged(b'{"tree":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}', b"{}"),
        forged(b'{"tree":{"dtype":"U8","shape":[9],"data_offsets":[0,9]}}', b'["os", 1]'),
        forged(b'{"tree":{"dtype":"U8","shape":[99999999],"data_offsets":[0,99999999]}}', b"x"),
        forged(b" " * 200_000),
    ],
)
def test_wire_refuses_what_is_forged(blob):
    with pytest.raises(ValueError):
        wire.unpack(blob, 1 << 16, 1 << 20)


def test_frames_end_at_the_first_broken_one():
    good = struct.pack("<Q", 2) + b"ab"
    assert list(wire.frames(good + good + struct.pack("<Q", 1 << 60) + b"x", 10)) == [b"ab", b"ab"]
    assert len(list(wire.frames(good * 10, 3))) == 3


def test_only_needed_cells_are_chosen():
    book = [
        {"source": "import torch, slow_package", "answers": []},
        {"source": "x = train_for_hours()", "answers": []},
        {"source": "def helper(x):\n    y = x\n    return torch.relu(y)", "answers": []},
        {"source": "%time\ndef f(x):\n    x = helper(x)\n    return x", "answers": ["f"]},
        {"source": "print(f(1))", "answers": []},
    ]
    assert cells.needed(book, {"f"}) == {0, 2, 3}


def test_links_pipes_and_folders_are_not_read(tmp_path):
    (tmp_path / "link.ipynb").symlink_to("/etc/passwd")
    with pytest.raises(reading.Unreadable, match="the file is a link"):
        reading.read(bytes(tmp_path / "link.ipynb"))
    with pytest.raises(reading.Unreadable):
        reading.read(bytes(tmp_path))


def test_reading_needs_no_site_packages():
    """The parser runs isolated: nothing a student can install is imported."""
    assert "-I" in Path(reading.__file__).read_text() and "-S" in Path(reading.__file__).read_text()
    book = {"nbformat": 4, "cells": [{"cell_type": "code", "source": ["a\n", "b"], "metadata": {}}]}
    assert reading.notebooks(json.dumps(book).encode()) == [[reading.Cell(None, True, "a\nb")]]


@pytest.mark.parametrize(
    "path, student, attempt, late",
    [
        ("anderslee_1234_5678_homework.ipynb", "1234", 1, False),
        ("anderslee_LATE_1234_5678_02_backpropagation-2.ipynb", "1234", 2, True),
        ("Lee Anders_1234_assignsubmission_file/homework.ipynb", "1234", 1, False),
        ("HW 2/Lee Anders_1234_assignsubmission_file_/homework.ipynb", "1234", 1, False),
        ("submitted/anders/02_backpropagation/homework.ipynb", "anders", 1, False),
        ("anders/homework.ipynb", "anders", 1, False),
        ("anders/attempt3/homework.ipynb", "anders", 3, False),
        ("anders.ipynb", "anders", 1, False),
        ("anders_02_backpropagation.ipynb", "anders", 1, False),
        ("anders_02_backpropagation_attempt2.zip", "anders", 2, False),
        ("émile-ő.ipynb", "émile-ő", 1, False),
    ],
)
def test_who_handed_it_in(path, student, attempt, late):
    who = ids.identify(path)
    assert (who.student, who.attempt, who.late) == (student, attempt, late)


def test_own_pattern():
    assert ids.identify("2026/s-77/x.ipynb", r"s-(?P<student>\d+)/").student == "77"


def test_sandbox_files_stand_alone():
    """What is copied into the sandbox imports nothing of the grader."""
    inside = Path(cells.__file__).parent
    for name in ("child", "wire", "cells", "start", "probe", "parse"):
        text = (inside / f"{name}.py").read_text()
        assert "from ." not in text and "course_utils." not in text.replace("``course_utils.", ""), name
    assert sys.version_info >= (3, 10)
