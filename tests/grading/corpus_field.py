"""Notebooks as students leave them: what the check called right is graded; what cannot be graded goes to a
person, with the reason.
"""

from __future__ import annotations

import sys

from corpus import POINTS, RIGHT, add, answer, cell, dump, file, honest, notebook, raw, zipped

RELU = ["relu_backward"]
RULE = RIGHT["relu_backward"]
ANOTHER = RULE.replace("relu_backward", "my_relu_backward")


def called(name: str, source: str = ANOTHER, grade_id: str | None = "relu_backward"):
    """An answer cell whose check is given something of another name."""
    return cell(f"{source}\n\ncheck.relu_backward({name})", grade_id)


def person(name, *cells, deserved=None):
    """A hand-in that the grader cannot judge, and says so."""
    add(name, "person", file(dump(notebook(list(cells)))), deserved or {}, fast=True)


for name, cells in {
    "function_of_another_name": [called("my_relu_backward")],
    "function_of_another_name_without_metadata": [called("my_relu_backward", grade_id=None)],
    "lambda_in_the_check": [called("lambda x, dy: dy * (x > 0)", "")],
    "attribute_in_the_check": [
        called(
            "ops.relu", f"import types\nops = types.SimpleNamespace()\n{ANOTHER}\nops.relu = my_relu_backward"
        )
    ],
    "method_in_the_check": [
        called("R().f", "class R:\n    def f(self, x, dy):\n        return dy * (x > 0)")
    ],
    "name_used_again_for_a_result": [
        answer("relu_backward"),
        cell("relu_backward = relu_backward(torch.ones(3), torch.ones(3))\nrelu_backward.sum()"),
    ],
    "name_used_again_in_its_own_cell": [
        cell(f"{RULE}\ncheck.relu_backward(relu_backward)\nrelu_backward = 0.9", "relu_backward")
    ],
    "experiment_below_under_its_name": [
        answer("relu_backward"),
        cell("def relu_backward(x, dy):\n    return dy\nprint(relu_backward(torch.ones(2), torch.ones(2)))"),
    ],
    "experiment_below_without_metadata": [
        cell(f"{RULE}\n\ncheck.relu_backward(relu_backward)"),
        cell("def relu_backward(x, dy):\n    return dy"),
    ],
    "old_attempt_with_the_id_checked_answer_below": [
        answer("relu_backward", "def relu_backward(x, dy):\n    return dy"),
        called("relu_backward", RULE, None),
    ],
    "helper_used_again_below": [
        cell("def mask(x):\n    return x > 0"),
        answer("relu_backward", "def relu_backward(x, dy):\n    return dy * mask(x)"),
        cell("mask = mask(torch.ones(3))\nrelu_backward"),
        cell("def relu_backward_2(x, dy):\n    return dy * mask\nx = mask"),
    ],
    "helper_mended_below": [
        cell("def mask(x):\n    return x < 0"),
        answer("relu_backward", "def relu_backward(x, dy):\n    return dy * mask(x)"),
        cell("def mask(x):\n    return x > 0\nrelu_backward(torch.ones(2), torch.ones(2))"),
    ],
    "pip_line_continued": [
        cell("!pip install -q numpy \\\n    pandas\nimport numpy as np"),
        answer(
            "relu_backward",
            "def relu_backward(x, dy):\n    return dy * torch.from_numpy(np.sign(x.numpy()) > 0)",
        ),
    ],
    "output_of_the_shell_assigned": [
        cell("gpu = !nvidia-smi\nprint(len(gpu))\ndef mask(x):\n    return x > 0"),
        answer("relu_backward", "here = %pwd\ndef relu_backward(x, dy):\n    return dy * mask(x)"),
    ],
    "cell_magic_of_a_package": [answer("relu_backward", "%%wandb\n" + RULE)],
    "compiled": [answer("relu_backward", "@torch.compile\n" + RULE)],
    "indented_and_metadata_lost": [
        cell("if True:\n    " + RULE.replace("\n", "\n    ") + "\n\ncheck.relu_backward(relu_backward)")
    ],
    "merged_with_a_long_training": [
        cell("import time\ndef train():\n    while True:\n        time.sleep(0.01)"),
        cell(
            "net = train()\nfor _ in range(10**9):\n    net.step()\n"
            f"{RULE}\ncheck.relu_backward(relu_backward)"
        ),
    ],
}.items():
    honest(name, cells, RELU, fast=True)
honest(
    "all_code_in_one_cell",
    [cell("\n\n".join(["import torch", *(f"{RIGHT[n]}\ncheck.{n}({n})" for n in POINTS), "1 / 0"]))],
    tuple(POINTS),
)
LARGE = dump(
    notebook(
        [
            {
                **cell("1"),
                "outputs": [
                    {
                        "output_type": "display_data",
                        "metadata": {},
                        "data": {"text/html": ["x" * 1000] * 70_000},
                    }
                ],
            },
            answer("relu_backward"),
        ]
    )
)
raw("seventy_megabytes_of_output", "honest", LARGE, deserved={"relu_backward": 1}, fast=True)
raw(
    "seventy_megabytes_of_output_zipped",
    "honest",
    lambda: zipped([("a.ipynb", LARGE)]),
    ".zip",
    {"relu_backward": 1},
)
NEWER = sys.version_info >= (3, 12)  # a grader of that age reads the string, an older one asks a person
add(
    "string_of_python_3_12",
    "honest" if NEWER else "person",
    file(
        dump(
            notebook(
                [
                    answer("relu_backward", 'sizes = {"in": 4}\nprint(f"in: {sizes["in"]}")\n' + RULE),
                    answer("linear_backward"),
                ]
            )
        )
    ),
    {"linear_backward": 3, **({"relu_backward": 1} if NEWER else {})},
    fast=True,
)
person(
    "package_that_is_missing",
    answer(
        "relu_backward",
        "from einops import rearrange\n\n"
        "def relu_backward(x, dy):\n    return rearrange(dy * (x > 0), '... -> ...')",
    ),
)
person(
    "package_that_is_missing_inside",
    answer("relu_backward", "def relu_backward(x, dy):\n    import jax\n    return dy * (x > 0)"),
)


def _too_large(folder, name):
    path = folder / f"{name}.ipynb"
    with open(path, "wb") as out:
        out.write(dump(notebook([answer("relu_backward")])))
        out.truncate(600 << 20)
    return path


add("file_too_large", "person", _too_large, {}, fast=True)
