"""Parameters of the tests: every exercise, and every wrong answer to it."""

from __future__ import annotations

from answers import ALL, solutions


def pytest_generate_tests(metafunc):
    """``exercise``: each exercise; ``exercise, wrong, words``: each wrong answer with words of its
    verdict.
    """
    if "wrong" in metafunc.fixturenames:
        rows = [(e, f, words) for e in ALL for f, words in solutions(e.chapter)["MISTAKES"][e.name]]
        ids = [f"{e.name}-{i}-{words.replace(' ', '_')}" for i, (e, _, words) in enumerate(rows)]
        metafunc.parametrize("exercise, wrong, words", rows, ids=ids)
    elif "exercise" in metafunc.fixturenames:
        metafunc.parametrize("exercise", ALL, ids=[e.name for e in ALL])
