"""Each exercise of the book: stubs are refused, the reference is right, mistakes are named."""

from __future__ import annotations

import dis
import inspect
import json
import textwrap

import pytest
import torch
from answers import ALL, BOOK, solutions

from course_utils import check
from course_utils.exercises import _judge, _try

STUBS = {
    "ellipsis": "...  # your code",
    "docstring and ellipsis": '"""Says what to do."""\n    ...',
    "pass": "pass",
    "return None": "return None",
    "bare return": "return",
    "NotImplementedError": "raise NotImplementedError",
    "NotImplementedError with a message": 'raise NotImplementedError("your code")',
    "assigned ellipsis": "dx = ...  # your code\n    dy = ...\n    return dx, dy",
}


def define(body: str):
    """A function of any arguments with this body."""
    space: dict = {}
    exec(f"def f(*args, **kwargs):\n    {body}\n", space)
    return space["f"]


def answer(exercise):
    return solutions(exercise.chapter)[exercise.name]


@pytest.mark.parametrize("stub", STUBS)
def test_stub_is_never_passed(exercise, stub):
    outcome, text = check.run(exercise.name, define(STUBS[stub]))
    assert text == f"· {exercise.name}: not attempted yet"
    assert outcome.earned == 0


def test_nothing_at_all_is_not_attempted(exercise):
    for nothing in (None, ...):
        assert check.run(exercise.name, nothing)[0].state == "todo"


def test_reference_is_right(exercise):
    outcome, text = check.run(exercise.name, answer(exercise))
    assert text.startswith(f"✓ {exercise.name}: right"), text
    assert outcome.earned == exercise.points


def test_reference_is_right_on_other_draws(exercise):
    for seed in range(1, 4 if exercise.seconds > 5 else 30):
        cases = exercise.cases([seed, 17])
        outcome = _judge.judge(exercise, cases, _try.attempt(exercise, answer(exercise), cases))
        assert outcome.state == "right", (seed, outcome.problem)


def test_mistake_is_recognised_by_its_sentence(exercise, wrong, words):
    outcome, text = check.run(exercise.name, wrong)
    assert outcome.state == "wrong"
    assert outcome.earned < exercise.points
    assert words in text, text


def test_mistakes_are_still_wrong_on_other_draws(exercise, wrong, words):
    if exercise.seconds > 5:
        pytest.skip("trains")
    for seed in range(5):
        cases = exercise.cases([seed, 23])
        assert _judge.judge(exercise, cases, _try.attempt(exercise, wrong, cases)).earned < exercise.points


def test_at_least_two_typical_mistakes(exercise):
    assert len(exercise.mistakes) >= 2
    assert len(solutions(exercise.chapter)["MISTAKES"][exercise.name]) >= 2
    for mistake in exercise.mistakes:
        assert (mistake.wrong is None) != (mistake.when is None)
        assert mistake.says.strip()[-1] in ".!?" and mistake.hint.strip()[-1] in ".!?", mistake


class EqualToEverything:
    """Claims to be equal to anything, to have any attribute and any length."""

    def __eq__(self, other):
        return True

    __hash__ = object.__hash__
    __array_priority__ = 1e9

    def __getattr__(self, name):
        return EqualToEverything()

    def __call__(self, *args, **kwargs):
        return EqualToEverything()

    def __iter__(self):
        return iter([EqualToEverything()] * 3)

    def __len__(self):
        return 3

    def __bool__(self):
        return True

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        return cls()


class LyingTensor(torch.Tensor):
    """A tensor subclass whose every operation returns True."""

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        if func.__name__ in ("__get__", "shape", "dtype"):
            return super().__torch_function__(func, types, args, kwargs or {})
        return torch.tensor(True)


@pytest.mark.parametrize(
    "result",
    [
        *(
            EqualToEverything(),
            [EqualToEverything()] * 3,
            LyingTensor(),
            True,
            0,
            "",
            [],
            (),
            {},
            float("nan"),
        ),
        *(torch.tensor(float("nan")), object(), torch.zeros(0), NotImplemented, Exception),
    ],
    ids=lambda v: type(v).__name__,
)
def test_objects_that_pretend_do_not_pass(exercise, result):
    outcome, text = check.run(exercise.name, lambda *args, **kwargs: result)
    assert outcome.state == "wrong" and outcome.earned == 0, text


FILLS = {
    "themselves": lambda v: v,
    "zeros": lambda v: 0 * v,
    "ones": lambda v: 0 * v + 1,
    "minus": lambda v: -v,
}


def filled(value, fill):
    """Plain data of the same form, with other numbers and letters."""
    if isinstance(value, (list, tuple)):
        return type(value)(filled(item, fill) for item in value)
    if torch.is_tensor(value):
        return fill(value.double()).to(value.dtype)
    if isinstance(value, str):
        return value if fill is FILLS["themselves"] else "?" * len(value)
    return fill(value) if type(value) in (int, float) else value


@pytest.mark.parametrize("fill", FILLS)
def test_numbers_without_work_earn_nothing(exercise, fill):
    """Neither the inputs nor anything of the right form, whatever the part."""
    cases = exercise.cases([5, 29])
    forms = [lambda case, i=i: list(case.inputs.values())[i] for i in range(len(cases[0].inputs))]
    if exercise.expected and fill != "themselves":
        forms.append(lambda case: _judge.expect(exercise, case))
    for form in forms:
        for many in (1, len(exercise.outputs)):
            given = [filled(form(case), FILLS[fill]) for case in cases]
            runs = [_judge.Run((one,) * many if many > 1 else one) for one in given]
            try:
                earned = _judge.judge(exercise, cases, runs, diagnose=False).earned
            except Exception:  # no answer returns such a thing; the grader counts it as wrong
                earned = 0
            assert earned == 0


def test_message_is_the_same_every_time(exercise, wrong, words):
    if exercise.seconds > 5:
        pytest.skip("trains")
    assert check.run(exercise.name, wrong)[1] == check.run(exercise.name, wrong)[1]


def test_call_stands_alone(exercise):
    """The grader sends the source of ``call`` into the sandbox; it must not need its module."""
    if exercise.call is None:
        pytest.skip("called with its inputs")
    imported = {i.argval for i in dis.get_instructions(exercise.call) if i.opname == "IMPORT_NAME"}
    names = set(inspect.getclosurevars(exercise.call).globals) - imported
    assert not names, f"call of {exercise.name} uses {names} of its module"
    exec(textwrap.dedent(inspect.getsource(exercise.call)), {})


def test_every_part_has_a_random_case(exercise):
    first, second = exercise.cases([1, 1]), exercise.cases([2, 2])
    for part in exercise.shares:
        one, two = ([c.inputs for c in cases if c.part == part] for cases in (first, second))
        assert str(one) != str(two), f"part {part!r} of {exercise.name} draws the same inputs for every seed"


def test_names_are_unique_and_free():
    names = [e.name for e in ALL]
    assert len(set(names)) == len(names)
    assert not {"run", "report"} & set(names)


def test_chapter_holds_the_exercise_cell(exercise):
    path = BOOK / f"{exercise.chapter}.ipynb"
    if not path.exists():
        pytest.skip("chapter not written yet")
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    own = [c for c in cells if c["metadata"].get("nbgrader", {}).get("grade_id") == exercise.name]
    assert len(own) == 1, f"{path.name} needs exactly one cell with grade_id {exercise.name}"
    meta, source = own[0]["metadata"]["nbgrader"], "".join(own[0]["source"])
    assert meta == {
        "schema_version": 3, "grade": True, "solution": True, "locked": False, "task": False,
        "grade_id": exercise.name, "points": exercise.points,
    }  # fmt: skip
    assert source.rstrip().endswith(f"check.{exercise.name}({exercise.name})")
    compile(source, path.name, "exec")
