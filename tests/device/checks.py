"""Try every reference answer on the pretended device; prints JSON of those that were not right."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pretended
import torch

TOP = Path(__file__).resolve().parents[2]
FLOAT64 = {"coco_average_precision", "frechet_distance", "noise_words"}  # inside the reference


def checks(device) -> dict[str, str]:
    """{exercise and circumstance: what the check said} of all reference answers that were not right."""
    sys.path.insert(0, str(TOP / "tests" / "exercises"))
    from answers import ALL, solutions

    from course_utils import check

    failed = {}
    for exercise in ALL:
        answer = solutions(exercise.chapter)[exercise.name]
        tries = {"as it is": answer, "under the default device": answer}
        apple = os.environ.get("PRETENDED_NO_FLOAT64") and exercise.name in FLOAT64
        if (
            not apple
            and exercise.call is None
            and any(map(torch.is_tensor, exercise.cases(0)[0].inputs.values()))
        ):
            tries["with a tensor on the device"] = on_device(answer, device)
        for how, given in tries.items():
            torch.set_default_device(device if "default" in how else None)
            outcome, text = check.run(exercise.name, given)
            torch.set_default_device(None)
            if outcome.state != "right":
                failed[f"{exercise.name} {how}"] = text
    return failed


def on_device(answer, device):
    """The answer, after a sum that works only where the inputs lie on the chapter's device."""

    def with_device(*inputs):
        first = next(filter(torch.is_tensor, inputs))
        torch.zeros(2, device=device) + torch.zeros(2, device=first.device)
        return answer(*inputs)

    return with_device


def main():
    print(json.dumps(checks(pretended.install())))


main()
