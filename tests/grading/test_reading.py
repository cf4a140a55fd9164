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


ODD = [torch.zeros(3), [[]], {}, 1 << 300, float("nan"), "\x1b[2J<b>", ..., None, True, -1]


@pytest.mark.parametrize(
    "field",
    [
        "status",
        "error",
        "kind",
        "value",
        "changed",
        "exercise",
        "case",
        "take",
        "cell",
        "seconds",
        "lacks",
        "newer",
    ],
)
@pytest.mark.parametrize("case", [-1, 0])
def test_forged_frames_earn_nothing_and_raise_nothing(field, case, box):
    from course_utils.grade import grading

    spec = grading.Spec(b"a secret seed")
    exercise = grading.hidden_cases(spec, "relu_backward")[0]
    grader = grading._Box(spec, *box, {})
    for odd in ODD:
        for status in ("ok", "error", "stub", "missing", "started", "cpu", "cells", None):
            forged_frame = {
                "exercise": "relu_backward",
                "case": case,
                "take": 0,
                "status": status,
                field: odd,
            }
            blob = wire.pack({k: v for k, v in forged_frame.items() if v is not None})
            data = struct.pack("<Q", len(blob)) + blob
            said = grading._said(data, {"relu_backward"}, 3)
            verdict, detail, _ = grader._judge(exercise, said, "")
            assert verdict["earned"] == 0 and said.cpu == 0 and "\x1b" not in detail


def test_structures_together_stay_small():
    from course_utils.grade import grading, limits

    blob = wire.pack({"exercise": "x", "take": 0, "case": 0, "value": list(range(100_000))})
    many = [blob.replace(b'["case", 0]', b'["case", %d]' % i) for i in range(10)]
    data = b"".join(struct.pack("<Q", len(one)) + one for one in many)
    found = grading._said(data, {"x"}, 1).takes["x"][0]
    assert 0 < len(found) <= limits.TREES // wire.structure(blob, limits.HEADER) < 10


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
        ("anderslee_LATE_1234_5678_02_backpropagation-1.ipynb", "1234", 2, True),
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
    assert ids.identify("2026/s-77/x.ipynb", {"ids": r"s-(?P<student>\d+)/"}).student == "77"
    loose = {"ids": r"^(?P<student>\w+)?_?(?P<attempt>\w*)"}
    assert ids.identify("=-", loose).student == "=-"  # the group took no part: the whole path
    assert ids.identify("anders-x", {"ids": r"(?P<student>\w+)-(?P<attempt>\w)"}).attempt == 1


def test_nobody_becomes_somebody_else_by_the_name_of_a_file():
    own = ["anders/hw.ipynb", "carl/hw.ipynb"]
    for forged in ("eve_12_34_hw-99.ipynb", "eve_12_assignsubmission_file/hw.ipynb"):
        paths = [*own, *(f"mallory/{i}/{forged}" for i in range(9)), f"mallory/{forged}"]
        assert {ids.identify(path, ids.usual(paths)).student for path in paths} == {
            "anders",
            "carl",
            "mallory",
        }
    flat = ["anders_1_2_hw.ipynb", "bea_LATE_3_4_eve_12_34_hw-2.ipynb", "readme.txt"]
    assert [ids.identify(path, ids.usual(flat)).student for path in flat[:2]] == ["1", "3"]
    folders = ["hw1/anders_1_2_a.ipynb", "hw1/bea_3_4_a.ipynb", "hw2/bea_3_9_b.ipynb"]
    assert [ids.identify(path, ids.usual(folders)).student for path in folders] == ["1", "3", "3"]


def test_sandbox_files_stand_alone():
    """What is copied into the sandbox imports nothing of the grader."""
    inside = Path(cells.__file__).parent
    for name in ("child", "wire", "cells", "start", "probe", "parse"):
        text = (inside / f"{name}.py").read_text()
        assert "from ." not in text and "course_utils." not in text.replace("``course_utils.", ""), name
    assert sys.version_info >= (3, 10)
