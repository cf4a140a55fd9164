"""How cells are read, and which of their statements run for an answer."""

from __future__ import annotations

import sys

import pytest

from course_utils.grade.inside import cells


def chosen(*sources, answers="f"):
    """The statements, as text, that an answer named ``answers`` in the last cell needs."""
    import ast

    book = [piece for i, source in enumerate(sources) for piece in cells.pieces(source, i, f"<{i}>")]
    held = [{"answers": [answers] if i == len(sources) - 1 else []} for i in range(len(sources))]
    return [ast.unparse(book[i].node).split("\n")[0] for i in sorted(cells.needed(book, held, {answers}))]


def space(source):
    """The names that a cell binds when all its statements run, each on its own."""
    names = {"get_ipython": cells.Shell}
    for piece in cells.pieces(source, 0, "<cell>"):
        cells.run(piece, names, "<cell>")
    return names


def test_only_needed_statements_are_chosen():
    assert chosen(
        "import torch, slow_package",
        "x = train_for_hours()\nfor _ in range(9):\n    x = x + step(x)",
        "def helper(x):\n    y = x\n    return torch.relu(y)\nshow(helper(1))",
        "%time train_for_hours()\ndef f(x):\n    x = helper(x)\n    return x\ncheck.f(f)\nplot(f)",
    ) == ["import torch, slow_package", "def helper(x):", "def f(x):", "check.f(f)"]


def test_what_changes_a_helper_is_chosen_with_it():
    assert chosen(
        "import types\nlib = types.SimpleNamespace()\nlib.mask = lambda x: x\n"
        "table = {}\ntable['a'] = 1\nother = 2",
        "def f(x):\n    return lib.mask(x) + table['a']",
    ) == [
        "import types",
        "lib = types.SimpleNamespace()",
        "lib.mask = lambda x: x",
        "table = {}",
        "table['a'] = 1",
        "def f(x):",
    ]
    assert chosen(
        "scale = 1\nif big:\n    scale = 2",
        "def f(x):\n    return scale * x",
    ) == ["scale = 1", "if big:", "def f(x):"]
    assert chosen("def f(x):\n    return later(x)\ndef later(x):\n    return x") == [
        "def f(x):",
        "def later(x):",
    ]


@pytest.mark.parametrize(
    "source",
    [
        "!pip install -q x \\\n    y\nz = 1",
        "%pip install -q x \\\n  y\nz = 1",
        "out = !ls -la\nz = len(out) + 1",
        "here = %pwd\nz = 1",
        "%%wandb\nz = 1",
        "%%memit\n%%time\nz = 1",
        "\n\n%%capture out --no-stderr\nz = 1",
        "%time z = 1",
        "%timeit -n 1 z = 1",
        "z = 1\nz?\n?z",
        "!!ls\nz = 1",
        "import os\nif not os.path.exists('x'):\n    !mkdir x\nz = 1",
        "if True:\n    pass\n#why?\nelse:\n    pass\nz = 1",
        "z = (17\n    % 16)",
        'z = 1\nnote = """\n%d percent\n!important\n"""',
        ">>> z = 1",
        "    z = 1",
        "get_ipython().run_line_magic('matplotlib', 'inline')\nget_ipython().system('ls')\nz = 1",
        "z = 1\r\n%cd /content\r\n",
    ],
)
def test_magics_are_read_as_ipython_reads_them(source):
    assert space(source)["z"] == 1


def test_what_is_no_python_is_left_out_and_named():
    for magic in ("bash", "html", "writefile helpers.py", "python3"):
        assert cells.body(f"%%{magic}\n<b>1</b>") == ("", magic.split()[0])
    assert cells.pieces("%%bash\nls", 0, "<cell>") == []
    assert cells.body("%%time\nx = 1") == ("\nx = 1", "")


def test_the_grammar_of_a_newer_python_is_told_from_a_slip():
    with pytest.raises(SyntaxError) as slip:
        cells.parse("v = 1\nx = (")
    assert not isinstance(slip.value, cells.NewerPython)
    newer = {
        (3, 12): [
            'd = {"a": 1}\nprint(f"{d["a"]}")',
            "type Pair[T] = tuple[T, T]",
            "def f[T](x: T): return x",
        ],
        (3, 14): ["try:\n    x = 1\nexcept KeyError, ValueError:\n    pass", "x = t'{1}'"],
    }
    for version, sources in newer.items():
        for source in sources if sys.version_info < version else []:
            with pytest.raises(cells.NewerPython):
                cells.parse(source)


def test_statements_run_one_by_one_as_in_a_notebook():
    assert space("import asyncio\nawait asyncio.sleep(0)\nz = 1")["z"] == 1
    names = space("from __future__ import annotations\ndef f(x: Missing):\n    return 3\nz = f(1)")
    assert names["z"] == 3
    import inspect

    assert inspect.getsource(names["f"]) == "def f(x: Missing):\n    return 3\n"
