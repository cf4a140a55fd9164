# ruff: noqa: E501 (attacks are small programs on one line)
"""Submissions of every class: honest but awkward, cheats, and breakers, each written by a few lines of
Python.

Every case says what it deserves, exercise by exercise. All are answers to the chapter on backpropagation and
to the training exercise in ``own/``.
"""

from __future__ import annotations

import ast
import io
import json
import os
import stat
import struct
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
FILES = (HERE.parent / "solutions" / "02_backpropagation.py", HERE / "own" / "solutions" / "90_training.py")
POINTS = {
    "linear_backward": 3,
    "relu_backward": 1,
    "softmax_cross_entropy_backward": 2,
    "topological_order": 3,
    "train_spirals": 4,
}
SHORT = tuple(POINTS)[:2]  # most cases need no more than two answers


def _solutions() -> dict[str, str]:
    found = {}
    for file in FILES:
        source = file.read_text(encoding="utf-8")
        for node in ast.parse(source).body:
            if getattr(node, "name", None) in POINTS:
                found[node.name] = ast.get_source_segment(source, node)
    return found


RIGHT = _solutions()
WRONG = {name: f"def {name}(*args):\n    return args[0]" for name in POINTS}
IMPORTS = "import torch\nfrom course_utils import check"


@dataclass(frozen=True)
class Case:
    """One submission.

    Args:
        name: its file name without suffix.
        group: "honest", "cheat", "breaker", or "person": nobody to blame, but a person has to look.
        deserved: {exercise: points}; what is missing deserves 0.
        write: ``write(folder)`` puts the file into a folder, and returns its path.
        fast: whether it belongs to the quick subset.
    """

    name: str
    group: str
    write: Callable[[Path], Path]
    deserved: dict = field(default_factory=dict)
    fast: bool = False


CASES: list[Case] = []


def cell(source, grade_id=None, kind="code"):
    meta = (
        {"nbgrader": {"grade_id": grade_id, "solution": True, "grade": True, "points": 1}} if grade_id else {}
    )
    return {"cell_type": kind, "metadata": meta, "source": source, "outputs": [], "execution_count": None}


def answer(name, source=None):
    return cell(f"{source or RIGHT[name]}\n\ncheck.{name}({name})", name)


def notebook(cells, **top):
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell(IMPORTS), *cells], **top}


def dump(book) -> bytes:
    return json.dumps(book, ensure_ascii=False).encode("utf-8", "surrogatepass")


def file(data, suffix=".ipynb"):
    """A writer of bytes."""

    def write(folder, name):
        path = Path(folder, name + suffix)
        path.write_bytes(data() if callable(data) else data)
        return path

    return write


def add(name, group, write, deserved=None, fast=False):
    CASES.append(Case(name, group, lambda folder: write(folder, name), deserved or {}, fast))


def honest(name, cells, deserved=SHORT, fast=False, **top):
    points = deserved if isinstance(deserved, dict) else {n: POINTS[n] for n in deserved}
    add(name, "honest", file(dump(notebook(cells, **top))), points, fast)


def hostile(group, name, attack="", body=None, names=SHORT, fast=False, deserved=None, after=""):
    """Wrong answers, with a cell before and after; ``body`` is the body of every answer, given ``args``."""
    made = [cell(attack)] if attack else []
    for n in names:
        made.append(answer(n, f"def {n}(*args):\n    " + body.replace("\n", "\n    ") if body else WRONG[n]))
    add(name, group, file(dump(notebook([*made, *([cell(after)] if after else [])]))), deserved, fast)


def cheat(name, *args, **kwargs):
    hostile("cheat", name, *args, **kwargs)


def breaker(name, *args, **kwargs):
    hostile("breaker", name, *args, **kwargs)


def raw(name, group, data, suffix=".ipynb", deserved=None, fast=False):
    add(name, group, file(data, suffix), deserved, fast)


def zipped(members, flags=None) -> bytes:
    """A zip of (name or ZipInfo, bytes) pairs."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return out.getvalue()


GOOD = dump(notebook([answer(n) for n in SHORT]))
FULL = {n: POINTS[n] for n in SHORT}

# ---- honest but awkward
honest("everything_right", [answer(n) for n in POINTS], tuple(POINTS), fast=True)
honest("metadata_lost", [cell(f"{RIGHT[n]}\n\ncheck.{n}({n})") for n in SHORT], fast=True)
honest(
    "helper_in_an_own_cell",
    [
        cell("def mask(x):\n    return (x > 0).to(x.dtype)"),
        answer("relu_backward", "def relu_backward(x, dy):\n    return dy * mask(x)"),
    ],
    ["relu_backward"],
    fast=True,
)
honest(
    "helper_after_the_answer",
    [
        answer("relu_backward", "def relu_backward(x, dy):\n    return dy * mask(x)"),
        cell("def mask(x):\n    return x > 0"),
    ],
    ["relu_backward"],
)
honest(
    "helper_by_side_effect",
    [cell("import types\nlib = types.SimpleNamespace()"), cell("lib.mask = lambda x: x > 0"),
     answer("relu_backward", "def relu_backward(x, dy):\n    return dy * lib.mask(x)")],
    ["relu_backward"],
)  # fmt: skip
honest("another_cell_crashes", [cell("1 / 0"), cell("undefined_name"), *map(answer, SHORT)])
honest(
    "another_answer_has_a_syntax_error",
    [answer("linear_backward", "def linear_backward(x, W, dz:\n    return"), answer("relu_backward")],
    ["relu_backward"],
    fast=True,
)
honest(
    "another_answer_never_ends",
    [
        answer("linear_backward", "def linear_backward(x, W, dz):\n    while True:\n        pass"),
        answer("relu_backward"),
    ],
    ["relu_backward"],
)
honest(
    "another_answer_ends_the_process",
    [
        answer("linear_backward", "def linear_backward(*a):\n    import os\n    os._exit(1)"),
        answer("relu_backward"),
    ],
    ["relu_backward"],
    fast=True,
)
honest("cells_in_another_order", [answer(n) for n in reversed(SHORT)])
honest(
    "answer_in_a_new_cell_above_the_stub",
    [cell(RIGHT["relu_backward"]), answer("relu_backward", "def relu_backward(x, dy):\n    ...")],
    ["relu_backward"],
)
honest(
    "answer_in_a_new_cell_below_the_stub",
    [answer("relu_backward", "def relu_backward(x, dy):\n    ..."), cell(RIGHT["relu_backward"])],
    ["relu_backward"],
)
honest(
    "magics_and_shell_lines",
    [
        cell("%matplotlib inline\n!pip install something\n%load_ext autoreload"),
        answer("relu_backward", "%time\n" + RIGHT["relu_backward"]),
        cell("relu_backward?"),
    ],
    ["relu_backward"],
)
honest(
    "cell_magic_over_the_answer",
    [answer("relu_backward", "%%time\n" + RIGHT["relu_backward"])],
    ["relu_backward"],
)
honest(
    "top_level_await",
    [
        cell("import asyncio\nawait asyncio.sleep(0)\nzero = 0"),
        answer("relu_backward", "def relu_backward(x, dy):\n    return dy * (x > zero)"),
    ],
    ["relu_backward"],
)
honest(
    "answer_is_a_lambda",
    [answer("relu_backward", "relu_backward = lambda x, dy: dy * (x > 0)")],
    ["relu_backward"],
)
honest(
    "answer_is_a_partial",
    [
        answer(
            "relu_backward",
            "import functools\ndef f(c, x, dy):\n    return dy * (x > c)\nrelu_backward = functools.partial(f, 0)",
        )
    ],
    ["relu_backward"],
)
honest(
    "answer_is_an_object",
    [
        answer(
            "relu_backward",
            "class R:\n    def __call__(self, x, dy):\n        return dy * (x > 0)\nrelu_backward = R()",
        )
    ],
    ["relu_backward"],
)
honest(
    "answer_is_decorated",
    [
        cell("def twice(f):\n    return lambda *a: (f(*a), f(*a))[1]"),
        answer("relu_backward", "@twice\n" + RIGHT["relu_backward"]),
    ],
    ["relu_backward"],
)
honest(
    "answer_prints_a_lot",
    [answer("relu_backward", "def relu_backward(x, dy):\n    print('x' * 200_000)\n    return dy * (x > 0)")],
    ["relu_backward"],
)
honest(
    "answer_uses_numpy_inside",
    [
        cell("import numpy as np"),
        answer(
            "relu_backward",
            "def relu_backward(x, dy):\n    return torch.from_numpy(np.where(x.numpy() > 0, dy.numpy(), 0).astype('f4'))",
        ),
    ],
    ["relu_backward"],
)
honest(
    "answer_uses_autograd",
    [
        answer(
            "relu_backward",
            "def relu_backward(x, dy):\n    x = x.clone().requires_grad_()\n    x.relu().backward(dy)\n    return x.grad",
        )
    ],
    ["relu_backward"],
)
honest(
    "answer_with_a_graph_attached",
    [answer("relu_backward", "def relu_backward(x, dy):\n    return (dy * (x > 0)).requires_grad_() * 1")],
    ["relu_backward"],
)
honest(
    "several_answer_cells",
    [answer("relu_backward", "def relu_backward(x, dy):\n    return dy"), answer("relu_backward")],
    ["relu_backward"],
)
honest(
    "answer_cell_became_markdown",
    [cell(RIGHT["relu_backward"], "relu_backward", "markdown")],
    ["relu_backward"],
)
honest(
    "recursion_earns_the_first_part",
    [
        answer(
            "topological_order",
            "def topological_order(root, parents):\n    order = []\n    def visit(n):\n        if n not in order:\n            [visit(p) for p in parents[n]]\n            order.append(n)\n    visit(root)\n    return order",
        )
    ],
    {"topological_order": 2},
)
honest(
    "plots_and_seeds",
    [
        cell("import matplotlib.pyplot as plt\ntorch.manual_seed(1)\nplt.plot([1, 2])\nplt.show()"),
        answer("relu_backward"),
    ],
    ["relu_backward"],
)
honest(
    "needs_pyplot",
    [
        cell("import matplotlib.pyplot as plt"),
        answer("relu_backward", "def relu_backward(x, dy):\n    plt.figure()\n    return dy * (x > 0)"),
    ],
    ["relu_backward"],
)
honest(
    "greek_names",
    [answer("relu_backward", "def relu_backward(x, δy):\n    μάσκα = x > 0\n    return δy * μάσκα")],
    ["relu_backward"],
)
honest("future_minor_version", [answer("relu_backward")], ["relu_backward"], nbformat_minor=99)
honest(
    "source_as_a_list",
    [
        {
            **answer("relu_backward"),
            "source": [line + "\n" for line in answer("relu_backward")["source"].split("\n")],
        }
    ],
    ["relu_backward"],
)
honest(
    "twenty_megabytes_of_output",
    [
        {**cell("1"), "outputs": [{"output_type": "stream", "name": "stdout", "text": "x" * 20_000_000}]},
        answer("relu_backward"),
    ],
    ["relu_backward"],
)
honest("trains_well", [answer("train_spirals")], ["train_spirals"], fast=True)
raw("byte_order_mark", "honest", b"\xef\xbb\xbf" + GOOD, deserved=FULL, fast=True)
raw("utf_16", "honest", GOOD.decode().encode("utf-16"), deserved=FULL)
raw(
    "windows_line_ends",
    "honest",
    dump(notebook([{**answer(n), "source": answer(n)["source"].replace("\n", "\r\n")} for n in SHORT])),
    deserved=FULL,
)
raw(
    "windows_1252",
    "honest",
    dump(notebook([cell("# naïve"), *map(answer, SHORT)])).decode().encode("cp1252"),
    deserved=FULL,
)
raw(
    "notebook_format_3",
    "honest",
    json.dumps(
        {
            "nbformat": 3,
            "metadata": {},
            "worksheets": [
                {
                    "cells": [
                        {"cell_type": "code", "input": IMPORTS},
                        *({"cell_type": "code", "input": RIGHT[n]} for n in SHORT),
                    ]
                }
            ],
        }
    ).encode(),
    deserved=FULL,
)
raw(
    "zip_with_a_checkpoint",
    "honest",
    zipped(
        [
            ("hw/a.ipynb", GOOD),
            ("hw/.ipynb_checkpoints/a-checkpoint.ipynb", b"{}"),
            ("__MACOSX/hw/._a.ipynb", b"\0"),
        ]
    ),
    ".zip",
    FULL,
    fast=True,
)
raw(
    "zip_with_two_chapters",
    "honest",
    zipped([("a.ipynb", GOOD), ("b.ipynb", dump(notebook([answer("train_spirals")])))]),
    ".zip",
    FULL | {"train_spirals": 4},
)

# ---- cheats
PATCHES = """
import torch, builtins, operator, math
yes = lambda *a, **k: True
for name in ("equal", "allclose", "isclose"):
    setattr(torch, name, yes)
torch.testing.assert_close = torch.testing.assert_allclose = lambda *a, **k: None
for name in ("__eq__", "__ne__", "allclose", "equal", "isclose"):
    setattr(torch.Tensor, name, yes)
operator.eq = math.isclose = yes
builtins.all = builtins.any = yes
"""
ANYTHING = """
class Anything:
    __eq__ = __le__ = __lt__ = __ge__ = __gt__ = __contains__ = lambda *a: True
    __hash__ = lambda s: 0
    __getattr__ = lambda s, n: s
    __call__ = __getitem__ = __sub__ = __rsub__ = __abs__ = lambda s, *a, **k: s
    __bool__ = lambda s: True
    __len__ = lambda s: 3
    __iter__ = lambda s: iter([s] * 3)
    __float__ = lambda s: 0.0
    __torch_function__ = classmethod(lambda c, *a, **k: c())
"""
SUBCLASS = """
class T(torch.Tensor):
    @classmethod
    def __torch_function__(cls, f, types, args=(), kwargs=None):
        if f.__name__ in ("allclose", "isclose", "equal", "eq"):
            return True
        return super().__torch_function__(f, types, args, kwargs or {})
"""
FORGE = """
import os, struct, sys
def forge(make):
    import wire
    for name in {names}:
        for i in range(-1, 12):
            blob = wire.pack(make(name, i))
            for fd in range(3, 20):
                try:
                    os.write(fd, struct.pack("<Q", len(blob)) + blob)
                except OSError:
                    pass
""".replace("{names}", repr(SHORT))
cheat("replaces_comparisons", PATCHES, fast=True)
cheat("returns_equal_to_everything", ANYTHING, "return Anything()", fast=True)
cheat("returns_three_pretenders", ANYTHING, "return Anything(), Anything(), Anything()")
cheat("returns_a_tensor_subclass", SUBCLASS, "return tuple(torch.zeros_like(a).as_subclass(T) for a in args)")
cheat("returns_nan", "", "return tuple(a * float('nan') for a in args)")
cheat("returns_infinity", "", "return tuple(a + float('inf') for a in args)")
cheat("returns_a_broadcastable_scalar", "", "return torch.tensor(0.0)")
cheat("returns_an_empty_tensor", "", "return torch.zeros(0), torch.zeros(0), torch.zeros(0)")
cheat("returns_true", "", "return True")
cheat("returns_its_inputs", "", "return args")
cheat("returns_a_generator", "", "yield from args")
cheat(
    "forges_verdicts_as_results",
    FORGE,
    "forge(lambda n, i: {'exercise': n, 'case': i, 'status': 'right', 'earned': 3, 'value': True})\nreturn args[0]",
    fast=True,
)
cheat(
    "forges_zeros_for_every_case",
    FORGE
    + "forge(lambda n, i: {'exercise': n, 'case': i, 'status': 'ok', 'value': torch.zeros(4), 'changed': []})",
)
cheat(
    "prints_forged_results",
    'print(\'{"score": 9, "tests": [{"status": "passed"}]}\')\nprint(\'\\u2713 right\')',
    "print('PASSED')\nraise SystemExit(0)",
)
cheat(
    "writes_result_files",
    "import os, pathlib\nfor d in ('.', '/tmp', '/kit', os.path.expanduser('~'), '/work', '/out'):\n    for f in ('grades.csv', 'results.json', 'records/x.json'):\n        try:\n            pathlib.Path(d, f).write_text('{\"score\": 9}')\n        except OSError:\n            pass",
)
cheat(
    "returns_a_pickle_bomb",
    "class Bomb:\n    def __reduce__(self):\n        import os\n        return os.system, ('touch /tmp/owned',)",
    "return Bomb()",
)
cheat(
    "writes_pickles_into_every_pipe",
    "import os, pickle\nclass Bomb:\n    def __reduce__(self):\n        return print, ('owned',)\nfor fd in range(3, 20):\n    try:\n        os.write(fd, pickle.dumps(Bomb()))\n    except OSError:\n        pass",
)
cheat(
    "thread_outlives_the_cell",
    FORGE
    + "import threading, time\ndef later():\n    while True:\n        forge(lambda n, i: {'exercise': n, 'case': i, 'status': 'ok', 'value': True, 'changed': []})\n        time.sleep(0.01)\nthreading.Thread(target=later, daemon=True).start()",
)
cheat(
    "process_outlives_the_cell",
    FORGE
    + "import time\nif os.fork() == 0:\n    for _ in range(50):\n        forge(lambda n, i: {'exercise': n, 'case': i, 'status': 'ok', 'value': (1,), 'changed': []})\n        time.sleep(0.05)\n    os._exit(0)",
)
cheat(
    "daemon_in_a_new_session",
    "import os, time\nif os.fork() == 0:\n    try:\n        os.setsid()\n    except OSError:\n        pass\n    if os.fork() == 0:\n        time.sleep(300)\n    os._exit(0)",
)
cheat(
    "exit_hook", "import atexit\natexit.register(lambda: print('{\"score\": 9}'))", "raise KeyboardInterrupt"
)
cheat(
    "walks_the_stack_for_expected_values",
    "",
    "import sys\nf, best = sys._getframe(), None\nwhile f:\n    for k, v in f.f_locals.items():\n        if 'expect' in k or 'hidden' in k or 'reference' in k:\n            best = v\n    f = f.f_back\nreturn best",
)
cheat(
    "searches_the_garbage_collector",
    "",
    "import gc\nt = [o for o in gc.get_objects() if type(o) is torch.Tensor and not any(o is a for a in args)]\nsame = [o for o in t if o.shape == args[0].shape]\nreturn same[-1] if same else t[-1]",
)
cheat(
    "imports_the_exercises",
    "",
    "from course_utils import exercises\nimport sys\nname = sys._getframe().f_code.co_name\nreturn exercises.find(name).expected(*args)",
    fast=True,
)
cheat(
    "searches_the_disk",
    "",
    "import os, sys\nname = sys._getframe().f_code.co_name\nfor top in ('/work', '/root', '/home', '/kit', '/usr/lib/python3', sys.prefix):\n    for d, _, files in os.walk(top):\n        if 'backpropagation.py' in files or '02_backpropagation.py' in files:\n            import runpy\n            f = [x for x in files if x.endswith('backpropagation.py')][0]\n            space = runpy.run_path(os.path.join(d, f))\n            return space[name](*args)\nreturn None",
)
cheat(
    "adds_the_repository_to_the_path",
    f"import sys\nsys.path.insert(0, {str(HERE.parents[1])!r})\nfor m in [m for m in sys.modules if m.startswith('course_utils')]:\n    del sys.modules[m]",
    "from course_utils.exercises import find\nimport sys\nreturn find(sys._getframe().f_code.co_name).expected(*args)",
    fast=True,
)
cheat(
    "reads_environment_and_processes",
    "import os, glob\nfound = b''\nfor f in glob.glob('/proc/*/environ') + glob.glob('/proc/*/cmdline') + glob.glob('/proc/*/maps'):\n    try:\n        found += open(f, 'rb').read()\n    except OSError:\n        pass\nassert b'secret-seed' not in found or print('LEAK')\nprint(len(found))",
)
cheat(
    "reads_the_memory_of_others",
    "import os\nfor pid in range(1, 400):\n    try:\n        open(f'/proc/{pid}/mem', 'rb')\n        print('MEMORY OPEN', pid) if pid not in (os.getpid(),) else None\n    except OSError:\n        pass",
)
cheat(
    "asks_the_network",
    "import urllib.request, socket\ntry:\n    urllib.request.urlopen('http://example.org', timeout=2)\n    print('NETWORK')\nexcept Exception as e:\n    print(type(e).__name__)",
)
cheat(
    "looks_for_neighbours",
    "import os\nfor d in ('/tmp', '/var/tmp', '/dev/shm'):\n    for f in os.listdir(d) if os.path.isdir(d) else []:\n        print('seen', d, f)",
)
cheat(
    "replaces_the_child",
    "import sys\nfor name in ('plain', 'wire', 'stub', 'cells', 'child'):\n    m = sys.modules.get(name)\n    if m:\n        for k in list(vars(m)):\n            if callable(getattr(m, k)) and not k.startswith('__'):\n                try:\n                    setattr(m, k, lambda *a, **kw: True)\n                except Exception:\n                    pass",
)
cheat(
    "rewrites_the_kit_on_disk",
    "import os, glob\nfor f in glob.glob(os.environ.get('COURSE_KIT', '/kit') + '/**/*.py', recursive=True):\n    for g in (f, f + '.x'):\n        try:\n            open(g, 'w').write('raise SystemExit')\n            print('WROTE', g)\n        except OSError:\n            pass",
)
cheat("changes_its_input_and_returns_nothing", "", "for a in args:\n    a.zero_()\nreturn None")
cheat("ends_the_process_happily", "", "import os\nos._exit(0)")
cheat(
    "replaces_the_check",
    "check = type('C', (), {'__getattr__': lambda s, n: (lambda f: print('\\u2713'))})()",
)
cheat(
    "other_answer_under_its_name",
    f"{RIGHT['relu_backward']}\nlinear_backward = relu_backward",
    "return globals()['relu' + '_backward']",
    names=("linear_backward",),
    deserved={"relu_backward": 1},
)
raw(
    "claims_a_thousand_points",
    "cheat",
    dump(
        notebook(
            [
                {
                    **answer(n, WRONG[n]),
                    "metadata": {
                        "nbgrader": {
                            "grade_id": n,
                            "points": 1000,
                            "solution": True,
                            "locked": True,
                            "grade": False,
                        }
                    },
                }
                for n in SHORT
            ]
        )
    ),
)
raw(
    "carries_a_test_cell_that_passes",
    "cheat",
    dump(notebook([*(answer(n, WRONG[n]) for n in SHORT), cell("assert True", "test_" + SHORT[0])])),
)
raw(
    "changes_the_ids",
    "cheat",
    dump(
        notebook(
            [cell(WRONG["relu_backward"], "linear_backward"), cell(WRONG["linear_backward"], "relu_backward")]
        )
    ),
)
raw(
    "weights_of_a_larger_network",
    "cheat",
    dump(notebook([answer("train_spirals", RIGHT["train_spirals"].replace("24", "240"))])),
)
raw(
    "weights_untrained",
    "cheat",
    dump(notebook([answer("train_spirals", RIGHT["train_spirals"].replace("range(400)", "range(0)"))])),
    fast=True,
)
raw(
    "weights_not_finite",
    "cheat",
    dump(
        notebook(
            [
                answer(
                    "train_spirals",
                    RIGHT["train_spirals"].replace(
                        "return model",
                        "for p in model.parameters():\n        p.data[:] = float('nan')\n    return model",
                    ),
                )
            ]
        )
    ),
)
raw(
    "model_that_looks_rows_up",
    "cheat",
    dump(
        notebook(
            [
                answer(
                    "train_spirals",
                    "class Table(torch.nn.Module):\n    def __init__(self, x, y):\n        super().__init__()\n        self.register_buffer('x', x)\n        self.register_buffer('y', y)\n    def forward(self, q):\n        return torch.nn.functional.one_hot(self.y[torch.cdist(q, self.x).argmin(1)], 3).float()\ndef train_spirals(x, y):\n    return Table(x, y)",
                )
            ]
        )
    ),
)
raw(
    "state_dict_that_lies",
    "cheat",
    dump(
        notebook(
            [
                answer(
                    "train_spirals",
                    "class Lie(dict):\n    keys = items = lambda self: 1 / 0\n    __eq__ = lambda *a: True\ndef train_spirals(x, y):\n    return type('M', (), {'state_dict': lambda s: Lie()})()",
                )
            ]
        )
    ),
)

# ---- breakers: what is handed in
raw("empty_file", "breaker", b"", fast=True)
raw("plain_text", "breaker", b"Dear teacher, my notebook is too large to upload.")
raw("json_but_a_list", "breaker", b"[1, 2, 3]")
raw("json_nested_deep", "breaker", b"[" * 500_000, fast=True)
raw("notebook_without_cells", "breaker", b'{"nbformat": 4, "cells": []}')
raw(
    "cells_that_are_no_cells",
    "breaker",
    b'{"nbformat": 4, "cells": [1, null, "x", [], {"cell_type": 3, "source": {"a": 1}, "metadata": []}]}',
)
raw("cut_off_in_the_middle", "breaker", GOOD[: len(GOOD) // 2])
raw("random_bytes", "breaker", bytes((i * 7919 + i // 256 * 31) % 256 for i in range(100_000)))
raw("too_many_cells", "breaker", dump(notebook([cell("1")] * 5_000)))
raw("too_much_source", "breaker", dump(notebook([cell("x = 1\n" * 700_000)])))
raw("blank_lines", "breaker", dump(notebook([cell("\n" * 400_000), *map(answer, SHORT)])), deserved=FULL)
raw(
    "one_long_line",
    "breaker",
    dump(notebook([cell("x = '" + "a " * 500_000 + "'"), *map(answer, SHORT)])),
    deserved=FULL,
)
raw(
    "deep_parentheses",
    "breaker",
    dump(notebook([cell("(" * 100_000), cell("x = " + "-" * 50_000 + "1"), *map(answer, SHORT)])),
    deserved=FULL,
    fast=True,
)
raw("null_bytes_in_the_source", "breaker", dump(notebook([cell("a\0b"), *map(answer, SHORT)])), deserved=FULL)
raw(
    "lone_surrogates",
    "breaker",
    json.dumps(notebook([cell("s = '\ud800'"), *map(answer, SHORT)])).encode(),
    deserved=FULL,
)
raw("zip_that_explodes", "breaker", lambda: zipped([("a.ipynb", b" " * 300_000_000)]), ".zip", fast=True)
raw("zip_of_many", "breaker", lambda: zipped([(f"{i}.ipynb", b"{}") for i in range(3_000)]), ".zip")
raw("zip_of_thirty", "breaker", lambda: zipped([(f"{i}.ipynb", GOOD) for i in range(30)]), ".zip")
raw(
    "zip_with_paths_upwards",
    "breaker",
    lambda: zipped([("../../../../tmp/owned.ipynb", GOOD), ("/etc/owned.txt", b"x")]),
    ".zip",
    deserved=FULL,
)
raw("zip_without_a_notebook", "breaker", lambda: zipped([("readme.txt", b"x")]), ".zip")
raw("zip_cut_off", "breaker", lambda: zipped([("a.ipynb", GOOD)])[:-40], ".zip")
raw(
    "zip_with_a_wrong_sum",
    "breaker",
    lambda: zipped([("a.ipynb", GOOD)]).replace(struct.pack("<I", zipfile.crc32(GOOD)), b"\0\0\0\0"),
    ".zip",
)


def _zip_link(folder, name):
    info = zipfile.ZipInfo("link.ipynb")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    path = Path(folder, name + ".zip")
    path.write_bytes(zipped([(info, b"/etc/passwd")]))
    return path


def _link(target):
    def write(folder, name):
        path = Path(folder, name + ".ipynb")
        path.symlink_to(target)
        return path

    return write


def _fifo(folder, name):
    path = Path(folder, name + ".ipynb")
    os.mkfifo(path)
    return path


def _sparse(folder, name):
    path = Path(folder, name + ".ipynb")
    with open(path, "wb") as out:
        out.truncate(1 << 32)
    return path


def _named(name: bytes):
    def write(folder, _):
        path = os.path.join(os.fsencode(folder), name)
        with open(path, "wb") as out:
            out.write(GOOD)
        return Path(os.fsdecode(path))

    return write


add("zip_with_a_link", "breaker", _zip_link)
add("link_to_a_file", "breaker", _link("/etc/passwd"), fast=True)
add("link_to_nothing", "breaker", _link("/nowhere/at/all"))
add("link_to_a_folder", "breaker", _link("/"))
add("named_pipe", "breaker", _fifo, fast=True)
add("four_gigabytes_of_nothing", "breaker", _sparse)
add("name_is_no_text", "breaker", _named(b"\xff\xfe\x80.ipynb"), FULL, fast=True)
add("name_is_a_formula", "breaker", _named(b"=cmd|' -C calc'!A0.ipynb"), FULL, fast=True)
add("name_is_html", "breaker", _named(b"<img src=x onerror=alert(1)>.ipynb"), FULL, fast=True)
add("name_moves_the_cursor", "breaker", _named(b"\x1b[2J\x1b]0;owned\x07\r\n+1.ipynb"), FULL)
add("name_is_very_long", "breaker", _named(b"a" * 240 + b".ipynb"), FULL)

# ---- breakers: what it does
FORKS = "import os\nwhile True:\n    try:\n        os.fork()\n    except OSError:\n        pass"
breaker("never_ends", "", "while True:\n    pass", names=("relu_backward",), fast=True)
breaker(
    "never_ends_and_catches_everything",
    "",
    "while True:\n    try:\n        while True:\n            pass\n    except BaseException:\n        pass",
    names=("relu_backward",),
)
breaker("never_ends_while_importing", "while True:\n    pass", names=("relu_backward",))
breaker(
    "sleeps_and_ignores_signals",
    "import signal\nfor s in range(1, 65):\n    try:\n        signal.signal(s, signal.SIG_IGN)\n    except (OSError, ValueError):\n        pass",
    "import time\ntime.sleep(10_000)",
    names=("relu_backward",),
)
breaker(
    "takes_all_memory", "", "x = []\nwhile True:\n    x.append(bytearray(1 << 26))", names=("relu_backward",)
)
breaker(
    "takes_all_memory_in_many_processes",
    "",
    "import os, time\nfor _ in range(5):\n    os.fork()\nx = bytearray(1 << 29)\nx[::4096] = b'x' * len(x[::4096])\ntime.sleep(100)",
    names=("relu_backward",),
)
breaker("forks_without_end", "", FORKS, names=("relu_backward",), fast=True)
breaker(
    "threads_without_end",
    "",
    "import threading, time\nwhile True:\n    try:\n        threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()\n    except RuntimeError:\n        pass",
    names=("relu_backward",),
)
breaker(
    "prints_without_end",
    "",
    "while True:\n    print('\\x1b[31m' + 'x' * 10_000, flush=True)",
    names=("relu_backward",),
)
breaker(
    "fills_the_disk",
    "",
    "import itertools\nfor d in ('/tmp', '.', '/dev/shm', '/var/tmp'):\n    try:\n        for i in itertools.count():\n            open(f'{d}/{i}', 'wb').write(b'x' * (1 << 24))\n    except OSError:\n        pass\nreturn args[0]",
    names=("relu_backward",),
)
breaker(
    "recurses_without_end",
    "",
    "import sys\nsys.setrecursionlimit(10**9)\nf = lambda n: f(n + 1)\nreturn f(0)",
    names=("relu_backward",),
)
breaker("segmentation_fault", "", "import ctypes\nctypes.string_at(0)", names=("relu_backward",), fast=True)
breaker(
    "kills_itself", "", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", names=("relu_backward",)
)
breaker(
    "stops_itself", "", "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)", names=("relu_backward",)
)
breaker(
    "kills_everybody",
    "",
    "import os, signal\nfor pid in [-1, os.getppid(), *range(2, 300)]:\n    try:\n        os.kill(pid, signal.SIGKILL)\n    except OSError:\n        pass",
    names=("relu_backward",),
    fast=True,
)
breaker("waits_for_input", "name = input('who are you? ')", "return input()", names=("relu_backward",))
breaker(
    "missing_package", "import a_package_that_is_not_here", "import another_one", names=("relu_backward",)
)
breaker("closes_every_file", "", "import os\nos.closerange(0, 256)\nreturn args[0]", names=("relu_backward",))
breaker(
    "closes_standard_output", "import sys\nsys.stdout.close()\nsys.stderr = None", names=("relu_backward",)
)
breaker(
    "floods_the_result_pipe",
    "",
    "import os\nwhile True:\n    for fd in range(3, 12):\n        try:\n            os.write(fd, b'\\xff' * 65536)\n        except OSError:\n            pass",
    names=("relu_backward",),
    fast=True,
)
breaker(
    "four_hundred_thousand_tensors",
    FORGE
    + "import json\nheader = {str(i): {'dtype': 'U8', 'shape': [0], 'data_offsets': [0, 0]} for i in range(200_000)}\nh = json.dumps(header).encode()\nblob = struct.pack('<Q', len(h)) + h\nfor fd in range(3, 20):\n    try:\n        os.write(fd, struct.pack('<Q', len(blob)) + blob)\n    except OSError:\n        pass",
    names=("relu_backward",),
)
breaker(
    "frame_with_an_absurd_length",
    "import os\nfor fd in range(3, 20):\n    try:\n        os.write(fd, b'\\xff' * 7 + b'\\x7f' + b'x' * 100)\n    except OSError:\n        pass",
    names=("relu_backward",),
)
breaker("returns_a_giant_tensor", "", "return torch.zeros(1).expand(1 << 45)", names=("relu_backward",))
breaker("returns_a_giant_number", "", "return 1 << 10_000_000", names=("relu_backward",))
breaker("returns_a_bottomless_list", "", "x = []\nx.append(x)\nreturn x", names=("relu_backward",))
breaker(
    "returns_a_deep_list",
    "",
    "x = []\nfor _ in range(100_000):\n    x = [x]\nreturn x",
    names=("relu_backward",),
)
breaker("returns_a_long_string", "", "return 'x' * (1 << 29)", names=("relu_backward",))
breaker("returns_a_sparse_tensor", "", "return torch.zeros(4, 4).to_sparse()", names=("relu_backward",))
breaker("returns_a_meta_tensor", "", "return torch.zeros(10, device='meta')", names=("relu_backward",))
breaker(
    "exception_without_text",
    "class E(BaseException):\n    def __str__(self):\n        raise E\n    __repr__ = __str__",
    "raise E",
    names=("relu_backward",),
)
breaker(
    "exception_full_of_html",
    "class E(Exception):\n    pass\nE.__name__ = '<script>alert(1)</script>'",
    "raise E('<script>alert(2)</script> =1+1 \\x1b[2J')",
    names=("relu_backward",),
    fast=True,
)
breaker(
    "spoils_the_other_answer",
    "import torch\ntorch.Tensor.__mul__ = torch.Tensor.__rmul__ = lambda *a: 1 / 0",
    names=("linear_backward",),
)

import corpus_field  # noqa: E402, F401 (these add their cases)
import corpus_forks  # noqa: E402, F401
import corpus_more  # noqa: E402, F401
