# ruff: noqa: E501 (attacks are small programs on one line)
"""More submissions: frames, tensors and objects that lie, what is left behind, odd notebooks and zips."""

from __future__ import annotations

import io
import json
import struct
import zipfile

from corpus import (
    FORGE,
    FULL,
    GOOD,
    IMPORTS,
    RIGHT,
    SHORT,
    WRONG,
    _named,
    add,
    answer,
    breaker,
    cell,
    cheat,
    dump,
    honest,
    notebook,
    raw,
    zipped,
)

RELU = ["relu_backward"]

# ---- honest but awkward
honest(
    "returns_views_of_one_storage",
    [
        answer(
            "linear_backward",
            "def linear_backward(x, W, dz):\n    dW = (x.T @ dz).T\n    dx = (W.T @ dz.T).T\n    every = torch.cat([dx.flatten(), dW.flatten(), dz.sum(0)])\n    n, m = dx.numel(), dW.numel()\n    return every[:n].view_as(dx), every[n:n + m].view(dW.shape), every[n + m:]",
        )
    ],
    ["linear_backward"],
    fast=True,
)
honest(
    "returns_a_parameter",
    [
        answer(
            "relu_backward",
            "def relu_backward(x, dy):\n    return torch.nn.Parameter(torch.where(x > 0, dy, 0))",
        )
    ],
    RELU,
)
honest(
    "returns_a_list_for_a_tuple",
    [answer("linear_backward", RIGHT["linear_backward"] + "\nright = linear_backward\ndef linear_backward(*a):\n    return list(right(*a))")],
    ["linear_backward"],
)  # fmt: skip
honest(
    "works_in_threads",
    [
        cell("from concurrent.futures import ThreadPoolExecutor"),
        answer(
            "relu_backward",
            "def relu_backward(x, dy):\n    with ThreadPoolExecutor(4) as pool:\n        return list(pool.map(lambda _: dy * (x > 0), range(8)))[-1]",
        ),
    ],
    RELU,
)
honest(
    "mounts_a_drive_above_its_imports",
    [
        cell("from google.colab import drive\ndrive.mount('/content/drive')\nimport torch, math"),
        answer("relu_backward", "def relu_backward(x, dy):\n    return dy * (x > math.log(1))"),
    ],
    RELU,
    fast=True,
)
honest(
    "keeps_files_of_its_own",
    [
        cell("import os, tempfile\nfolder = tempfile.mkdtemp()"),
        answer(
            "relu_backward",
            "def relu_backward(x, dy):\n    path = os.path.join(folder, 'mask.pt')\n    torch.save(x > 0, path)\n    return dy * torch.load(path)",
        ),
    ],
    RELU,
)
honest(
    "ids_of_every_type",
    [
        {**cell(RIGHT[n]), "metadata": {"nbgrader": {"grade_id": wrong}}}
        for n, wrong in zip(SHORT, ("../../etc/passwd", ["<b>", {}]), strict=True)
    ],
)
honest("no_import_of_check", [{**cell(""), "metadata": None, "source": None}, *map(answer, SHORT)])
raw("old_line_ends", "honest", dump(notebook([{**answer(n), "source": answer(n)["source"].replace("\n", "\r")} for n in SHORT])), deserved=FULL)  # fmt: skip
raw("utf_16_without_mark", "honest", GOOD.decode().encode("utf-16-le"), deserved=FULL, fast=True)
raw("utf_32", "honest", GOOD.decode().encode("utf-32"), deserved=FULL)
raw(
    "notebook_format_3_with_two_worksheets",
    "honest",
    json.dumps(
        {
            "nbformat": 3,
            "worksheets": [
                {"cells": [{"cell_type": "code", "input": [IMPORTS + "\n", RIGHT[n]]}]} for n in SHORT
            ],
        }
    ).encode(),
    deserved=FULL,
)
raw(
    "zip_with_an_untitled_notebook",
    "honest",
    zipped([("hw.ipynb", GOOD), ("Untitled.ipynb", b'{"cells": [], "nbformat": 4}'), ("Empty.ipynb", b"")]),
    ".zip",
    FULL,
    fast=True,
)
raw(
    "zip_with_an_older_copy",
    "honest",
    zipped([("hw.ipynb", GOOD), ("hw-Copy1.ipynb", dump(notebook([answer(n, WRONG[n]) for n in SHORT])))]),
    ".zip",
    FULL,
)

# ---- cheats: results that lie
SPLIT = "\nright = {name}\ndef {name}(*args):\n    out = right(*args)\n    return {change}"


def nearly(name, change, fast=False):
    """The right numbers in a form that the contract does not allow."""
    body = RIGHT["relu_backward"] + SPLIT.format(name="relu_backward", change=change)
    raw(name, "cheat", dump(notebook([answer("relu_backward", body)])), fast=fast)


nearly("returns_half_precision", "out.half()", fast=True)
nearly("returns_double_precision", "out.double()")
nearly("returns_complex_numbers", "out.to(torch.complex64)", fast=True)
nearly("returns_the_right_numbers_in_another_shape", "out[None]")
nearly("returns_the_right_numbers_as_lists", "out.tolist()")
nearly("changes_its_input_but_is_right", "(out, args[1].zero_())[0]")
nearly(
    "is_right_at_first_only",
    "out if not globals().setdefault('n', 0) and not globals().update(n=1) else out + 1",
)
nearly("is_right_where_the_check_looks", "out if torch.equal(args[0], torch.tensor([2.0, -1.0, 0.5, -3.0])) else torch.zeros_like(out)", fast=True)  # fmt: skip
cheat("returns_booleans", "", "return torch.ones_like(args[0]).bool()")
cheat("returns_expanded_zeros", "", "return torch.zeros(1).expand(args[0].shape)")
cheat("remembers_earlier_cases", "seen = []", "seen.append(args)\nreturn seen[len(seen) // 2 - 1][-1]")
cheat(
    "claims_to_be_a_tensor",
    "class Claims:\n    __class__ = torch.Tensor\n    shape = dtype = layout = is_quantized = device = property(lambda s: s)\n    __eq__ = lambda s, o: True\n    __getattr__ = lambda s, n: lambda *a, **k: s",
    "return Claims()",
)
cheat(
    "containers_that_lie",
    "class L(tuple):\n    __iter__ = lambda s: iter([torch.zeros(1)] * 3)\n    __len__ = lambda s: 3\n    __eq__ = lambda s, o: True",
    "return L(args)",
)
cheat(
    "numpy_objects",
    "import numpy as np\nclass Yes:\n    __eq__ = lambda *a: True",
    "return np.array([Yes()] * 4, dtype=object)",
)
cheat(
    "replaces_type_and_isinstance",
    "import builtins, torch\nreal = builtins.type\nbuiltins.isinstance = lambda *a: True\nbuiltins.type = lambda *a: torch.Tensor if len(a) == 1 else real(*a)",
)

# ---- cheats: the pipe, the stack, the machine
cheat("forges_results_and_leaves", FORGE, "forge(lambda n, i: {'exercise': n, 'case': i, 'status': 'ok', 'value': torch.zeros_like(args[0]), 'changed': []})\nos._exit(0)", fast=True)  # fmt: skip
cheat("forges_an_empty_head", FORGE + "def forge_heads():\n    import wire\n    for n in ('relu_backward', 'linear_backward'):\n        blob = wire.pack({'exercise': n, 'case': -1})\n        [os.write(fd, struct.pack('<Q', len(blob)) + blob) for fd in range(3, 20) if os.path.exists(f'/proc/self/fd/{fd}') and 'pipe' in os.readlink(f'/proc/self/fd/{fd}')]\n    os._exit(0)\nforge_heads()", fast=True)  # fmt: skip
cheat("forges_fields_of_odd_types", FORGE + "odd = [torch.zeros(3), [[]], {}, 1 << 300, float('nan'), '\\x1b[2J<b>', ...]\nforge(lambda n, i: {'exercise': n, 'case': i, 'status': odd[i % 7], 'error': odd[(i + 1) % 7], 'kind': odd[(i + 2) % 7], 'value': odd[(i + 3) % 7], 'changed': odd[(i + 4) % 7], 'seconds': odd[(i + 5) % 7]})\nforge(lambda n, i: {'exercise': odd[i % 7] if i % 7 not in (1, 2) else 'x', 'case': odd[(i + 1) % 7]})\nos._exit(0)")  # fmt: skip
cheat("claims_a_million_cpu_seconds", FORGE + "forge(lambda n, i: {'status': 'cpu', 'seconds': 999999.0})")
cheat(
    "replaces_the_packing",
    "import safetensors.torch, json, os\nsave = safetensors.torch.save\nsafetensors.torch.save = lambda tensors, *a: save({k: v * 0 if v.dtype != torch.uint8 else v for k, v in tensors.items()})\njson.dumps = lambda *a, **k: '[\"tuple\", []]'",
)
cheat(
    "replaces_torch_altogether",
    "import sys, types\nfake = types.ModuleType('torch')\nfake.__getattr__ = lambda name: (lambda *a, **k: True)\nsys.modules['torch'] = fake",
)
cheat(
    "traces_every_call",
    "import sys, threading\ndef trace(frame, event, arg):\n    for k in ('expected', 'hidden', 'seed', 'secret'):\n        if k in frame.f_locals or k in frame.f_globals:\n            print('LEAK', k)\n    if 'result' in frame.f_locals and event == 'return':\n        frame.f_locals['result'] = True\n    return trace\nsys.settrace(trace)\nsys.setprofile(trace)\nthreading.settrace(trace)",
)
cheat(
    "reads_what_the_caller_holds",
    "",
    "import sys\nf, seen = sys._getframe(1), []\nwhile f:\n    seen += [*f.f_locals.values(), *f.f_globals.values()]\n    f = f.f_back\nfor v in seen:\n    if isinstance(v, dict) and {'expected', 'hidden', 'seed'} & set(map(str, v)):\n        print('LEAK', list(v))\n    if isinstance(v, dict) and 'items' in v:\n        other = [c for i in v['items'] for c in i['cases']]\n        return list(other[-1].values())[-1]\nreturn None",
)
cheat(
    "reads_open_files_and_the_first_process",
    "import os\nfound = b''\nfor fd in range(256):\n    try:\n        os.lseek(fd, 0, 0)\n        found += os.read(fd, 1 << 20)\n    except OSError:\n        pass\nfor pid in (1, os.getppid()):\n    for f in ('environ', 'cmdline', 'mem', 'maps', 'cwd', 'root', 'fd'):\n        try:\n            p = f'/proc/{pid}/{f}'\n            found += os.readlink(p).encode() if f in ('cwd', 'root') else b''.join(map(str.encode, os.listdir(p))) if f == 'fd' else open(p, 'rb').read(1 << 16)\n        except OSError:\n            pass\nprint('LEAK' if b'secret-seed' in found or b'of the tests' in found else len(found))",
)
cheat(
    "leaves_a_file_for_the_second_try",
    "import os\npaths = {os.path.realpath(os.path.join(d, 'left-behind')) for d in ('/tmp', '/dev/shm', '/var/tmp', os.path.expanduser('~'), '.', '/kit', '/data')}\nfor p in paths:\n    if os.path.exists(p):\n        print('REACHED', p)\n    try:\n        open(p, 'w').write('x')\n    except OSError:\n        pass",
    fast=True,
)
cheat(
    "hooks_for_the_end",
    "import atexit, gc, sys, weakref, threading, signal\nclass End:\n    def __del__(self):\n        print('RIGHT')\nend = End()\nwork = lambda *a: print('{\"earned\": 9}')\natexit.register(work)\nweakref.finalize(end, work)\ngc.callbacks.append(work)\nsys.excepthook = sys.unraisablehook = threading.excepthook = work\nthreading._register_atexit(work)\nsignal.signal(signal.SIGALRM, work)\nsignal.signal(signal.SIGPROF, work)",
)
raw("zip_of_twenty_guesses", "cheat", lambda: zipped([(f"{i}.ipynb", dump(notebook([answer("relu_backward", f"def relu_backward(x, dy):\n    return dy * (x > {i - 10.5})")]))) for i in range(20)]), ".zip")  # fmt: skip
raw("weights_that_are_huge", "cheat", dump(notebook([answer("train_spirals", RIGHT["train_spirals"].replace("return model", "for p in model.parameters():\n        p.data[:] = 1e30\n    return model"))])))  # fmt: skip
raw("weights_in_double_precision", "cheat", dump(notebook([answer("train_spirals", RIGHT["train_spirals"].replace("return model", "return model.double()"))])))  # fmt: skip

# ---- breakers: what it does
breaker("disarms_the_clock", "import signal\nfor t in (0, 1, 2):\n    signal.setitimer(t, 0)\nsignal.setitimer = lambda *a: None\nsignal.signal = lambda *a: None", "while True:\n    pass", names=("relu_backward",))  # fmt: skip
breaker("text_of_its_exception_never_ends", "class E(Exception):\n    def __str__(self):\n        while True:\n            pass", "raise E", names=("relu_backward",))  # fmt: skip
breaker("empties_the_interpreter", "import sys, builtins\nfor m in list(sys.modules):\n    if m not in ('sys', 'builtins'):\n        del sys.modules[m]\nbuiltins.__dict__.clear()", names=("relu_backward",))  # fmt: skip
breaker("forks_and_both_go_on", "import os\nos.fork()", names=("relu_backward",))
breaker("structures_that_fill_the_memory", FORGE + "import wire\nblob = wire.pack({'exercise': 'relu_backward', 'case': 100, 'status': 'ok', 'value': ['%02x' % (i % 251) + 'z' for i in range(190_000)]})\nfor i in range(12):\n    forged = blob.replace(b'[\"case\", 100]', b'[\"case\", %d]' % (100 + i))\n    for fd in range(3, 20):\n        try:\n            n = 0\n            whole = struct.pack('<Q', len(forged)) + forged\n            while n < len(whole):\n                n += os.write(fd, whole[n:])\n        except OSError:\n            pass\nos._exit(0)", names=("relu_backward",))  # fmt: skip
breaker("folders_deep_and_closed", "", "import os\ntry:\n    os.mkdir('closed', 0o300)\n    open('closed/x', 'w').close()\n    os.mkdir('none', 0)\n    while True:\n        os.mkdir('d')\n        os.chdir('d')\nexcept OSError:\n    while True:\n        pass", names=("relu_backward",), fast=True)  # fmt: skip
breaker("changes_modes_and_times", "import os, sys\nfor top in ('/kit', '/data', os.environ.get('COURSE_KIT', '/'), sys.prefix, '/etc/passwd', '/usr'):\n    for act in (lambda: os.chmod(top, 0), lambda: os.utime(top, (1, 1)), lambda: os.truncate(top, 0), lambda: os.chown(top, 1, 1), lambda: os.setxattr(top, 'user.x', b'x'), lambda: os.rename(top, top + 'x')):\n        try:\n            act()\n            print('WROTE', top)\n        except OSError:\n            pass")  # fmt: skip
breaker("signals_by_other_ways", "import fcntl, os, socket, struct\na, b = socket.socketpair()\nfor pid in (1, os.getppid()):\n    for request in (0x8901, 0x8902, 0x5412):\n        for high in (0, 1 << 40):\n            try:\n                fcntl.ioctl(a, request + high, struct.pack('i', pid)) if not high else __import__('ctypes').CDLL(None).ioctl(a.fileno(), request | high, struct.pack('i', pid))\n            except (OSError, OverflowError):\n                pass\nflags = fcntl.fcntl(a, fcntl.F_GETFL)\nfcntl.fcntl(a, fcntl.F_SETFL, flags | os.O_ASYNC)\nb.send(b'x')")  # fmt: skip

# ---- breakers: what is handed in
raw("outputs_nested_deep", "breaker", GOOD.replace(b'"outputs": []', b'"outputs": ' + b"[" * 100_000 + b"]" * 100_000, 1), fast=True)  # fmt: skip
raw(
    "five_hundred_answers", "breaker", dump(notebook([answer("relu_backward", WRONG["relu_backward"])] * 500))
)
raw("cells_within_cells", "breaker", dump(notebook([{**answer(n), "source": [[RIGHT[n]]]} for n in SHORT])))
raw("zip_of_wide_letters", "breaker", lambda: zipped([(f"{i}.ipynb", dump(notebook([cell("#" + "\U0001f600" * 700_000)]))) for i in range(20)]), ".zip")  # fmt: skip
raw("zip_in_a_zip", "breaker", zipped([("hw.zip", zipped([("hw.ipynb", GOOD)]))]), ".zip")


def _lzma(dictionary: bytes) -> bytes:
    """A zip with an LZMA member whose header asks for a dictionary of that size."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a.ipynb", GOOD)
    data = bytearray(out.getvalue())
    start = data.find(b"a.ipynb") + len(b"a.ipynb") + 5
    data[start : start + 4] = dictionary
    return bytes(data)


raw("zip_that_asks_for_four_gigabytes", "breaker", lambda: _lzma(b"\xff\xff\xff\xff"), ".zip", fast=True)


def _bomb() -> bytes:
    """A zip whose directory names one member many times, under other names."""
    whole = zipped([("a0000.ipynb", GOOD)])
    start = whole.rindex(b"PK\x01\x02")
    end = whole.rindex(b"PK\x05\x06")
    entry, many = whole[start:end], 1_500
    entries = b"".join(entry.replace(b"a0000", b"a%04d" % i) for i in range(many))
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, many, many, len(entries), start, 0)
    return whole[:start] + entries + tail


raw("zip_whose_members_overlap", "breaker", _bomb, ".zip")
add("name_hides_a_formula", "breaker", _named(b"a;=cmd|' -C calc'!A0,+1.ipynb"), FULL)
add("name_of_a_row_of_canvas", "breaker", _named(b"Points Possible_12_34_hw.ipynb"), FULL)
