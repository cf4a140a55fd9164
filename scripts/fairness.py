"""List where the check on the page and the grader disagree on known answers, or one of them is mistaken.

python scripts/fairness.py                            # every exercise, 200 draws of the grader
python scripts/fairness.py 03_convolutions im2col     # a chapter and an exercise
python scripts/fairness.py im2col --says              # also what the page says to each answer

The answers are the reference and the MISTAKES of tests/solutions/, and RIGHT and WRONG of
tests/exercises/fair/. Each goes through the check of the page, and through the grader: inputs drawn from its
seeds, results packed and unpacked as on their way out of the sandbox, the same judge. (Only the sandbox is
left out.) Exit status 1 if an answer is not judged as it should be.
"""

import argparse
import functools
import random
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from course_utils import check
from course_utils.exercises import _judge, _try
from course_utils.grade import grading, limits
from course_utils.grade.inside import wire

TOP = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TOP / "tests" / "exercises"))

from answers import ALL, right, solutions, wrong  # noqa: E402


@dataclass(frozen=True)
class Finding:
    """How one answer is judged.

    Args:
        exercise: its name.
        answer: the description.
        is_right: whether the answer is right.
        page: the verdict of the page, "right", "wrong", "todo" or "failed: ..." where the check itself fails.
        says: the text on the page.
        differs: {seed: what the grader says} for the seeds where it does not say what it should.
        seeds: how many seeds were tried.
    """

    exercise: str
    answer: str
    is_right: bool
    page: str
    says: str
    differs: dict
    seeds: int

    @property
    def fair(self) -> bool:
        """Whether the page and every draw of the grader judge the answer as they should."""
        return self.page == ("right" if self.is_right else "wrong") and not self.differs

    def __str__(self):
        line = f"{self.exercise}, {'right' if self.is_right else 'wrong'} answer {self.answer!r}: "
        line += f"page {self.page}; grader differs on {len(self.differs)} of {self.seeds} seeds"
        if self.differs:
            seed, says = next(iter(self.differs.items()))
            line += f", first {seed}: {says}"
        return line


def answers(exercise):
    """Yield (description, whether it is right, answer) of all known answers."""
    yield "reference", True, solutions(exercise.chapter)[exercise.name]
    for description, answer in right(exercise).items():
        yield description, True, answer
    for description, answer in wrong(exercise).items():
        yield description, False, answer


def on_the_page(exercise, answer):
    """(verdict, text) of the check on the page."""
    try:
        outcome, text = check.run(exercise.name, answer)
    except Exception as error:
        return f"failed: {type(error).__name__}: {error}", ""
    return outcome.state, text


def in_the_grader(exercise, answer, seed):
    """What the grader says with one seed: "right", or what is wrong, or that it could not compare."""
    for start in (
        random.seed,
        np.random.seed,
        torch.manual_seed,
    ):  # the sandbox has random numbers of its own
        start(seed)
    cases, sent = _drawn(exercise.name, seed)
    runs = [_received(run) for run in _try.attempt(exercise, answer, sent)]
    try:
        outcome = _judge.judge(exercise, cases, runs, diagnose=False)
    except Exception as error:
        return f"could not be compared ({type(error).__name__}: {error})"
    return "right" if outcome.state == "right" else outcome.problem.says


@functools.lru_cache(maxsize=256)
def _drawn(name, seed):
    """(cases of an exercise for a seed of the grader, the same as they arrive in the sandbox)."""
    _, cases = grading.hidden_cases(grading.Spec(seed=str(seed).encode()), name)
    inputs = _sent([dict(case.inputs) for case in cases])
    return cases, [_judge.Case(given, case.part) for given, case in zip(inputs, cases, strict=True)]


def _sent(value):
    """A plain value after its way into or out of the sandbox."""
    return wire.unpack(wire.pack(value), limits.HEADER, limits.TREE)


def _received(run):
    """A Run after its way out of the sandbox."""
    if isinstance(run.got, _judge.Failure):
        return run
    return grading._run(_sent({"status": "ok", "value": run.got, "changed": list(run.changed)}))


def examine(exercise, description, is_right, answer, seeds):
    """Judge one answer on the page and with each seed of the grader. Returns a Finding."""
    page, says = on_the_page(exercise, answer)
    differs = {}
    for seed in seeds:
        verdict = in_the_grader(exercise, answer, seed)
        if (verdict == "right") != is_right or verdict.startswith("could not be compared"):
            differs[seed] = verdict
    return Finding(exercise.name, description, is_right, page, says, differs, len(seeds))


def main():
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("names", nargs="*", help="chapters and exercises; default: all of the book")
    arguments.add_argument("--seeds", type=int, default=200, help="draws of the grader; default: 200")
    arguments.add_argument("--says", action="store_true", help="print what the page says to each answer")
    chosen = arguments.parse_args()
    if chosen.seeds < 1:
        arguments.error("--seeds must be at least 1")
    known = {name for exercise in ALL for name in (exercise.chapter, exercise.name)}
    if unknown := sorted(set(chosen.names) - known):
        arguments.error(f"there is no chapter or exercise {unknown[0]!r}")
    torch.set_num_threads(1)
    tried = unfair = 0
    for exercise in ALL:
        if chosen.names and not {exercise.chapter, exercise.name} & set(chosen.names):
            continue
        for description, is_right, answer in answers(exercise):
            finding = examine(exercise, description, is_right, answer, range(chosen.seeds))
            tried += 1
            unfair += not finding.fair
            if chosen.says or not finding.fair:
                print(finding, flush=True)
            if chosen.says:
                print(textwrap.indent(finding.says, "    "), flush=True)
    print(f"{tried} answers, {tried - unfair} judged as they should be, {unfair} not")
    sys.exit(bool(unfair))


if __name__ == "__main__":
    main()
