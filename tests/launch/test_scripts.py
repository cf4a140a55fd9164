"""The scripts behind `make`: they keep what is still right, and say in a sentence what is wrong."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import chromium
import execute
import nbformat
import normalise
import pytest

TOP = Path(__file__).parents[2]
KERNEL = {"kernelspec": normalise.KERNEL}


def notebook(path, *sources, metadata=KERNEL):
    """Write a notebook with these code cells and return its path."""
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=metadata), path)
    return path


@pytest.fixture
def book(tmp_path, monkeypatch):
    """A small tree to execute chapters in."""
    monkeypatch.setattr(execute, "TOP", tmp_path)
    (tmp_path / "course_utils").mkdir()
    (tmp_path / "course_utils" / "a.py").write_text("A = 1")
    return tmp_path / "book"


# --- executing chapters


def test_execution_is_kept_until_the_code_changes(book, capsys):
    good = notebook(book / "01_good.ipynb", "print('ready')", "import time; time.time()")
    assert execute.execute([good]) == []
    assert re.search(r"01_good +[\d.]+ s +\d+ MiB$", capsys.readouterr().out, re.MULTILINE)
    out = book.parent / "_build" / "executed" / "01_good.ipynb"
    first = out.read_text(encoding="utf-8")
    assert "ready" in first

    nb = nbformat.read(good, as_version=4)
    nb.cells.insert(0, nbformat.v4.new_markdown_cell("New prose"))
    nbformat.write(nb, good)
    assert execute.execute([good]) == []
    assert "cached" in capsys.readouterr().out
    kept = nbformat.read(out, as_version=4)
    assert kept.cells[0].source == "New prose"
    assert kept.cells[2].outputs == nbformat.reads(first, as_version=4).cells[1].outputs

    (book.parent / "course_utils" / "a.py").write_text("A = 2")
    assert execute.execute([good]) == []
    assert "cached" not in capsys.readouterr().out


def test_a_chapter_does_not_run_again_for_its_slides():
    nb, shared = nbformat.v4.new_notebook(metadata=KERNEL), execute.shared_digest()
    nb.cells = [nbformat.v4.new_code_cell("1"), nbformat.v4.new_code_cell("2")]
    nb.cells[1].metadata["tags"] = ["hide-cell"]
    before = execute.chapter_key(nb, shared)
    nb.cells[0].metadata["tags"] = ["slide"]
    nb.cells[1].metadata["tags"] = ["hide-cell", "slide"]
    assert execute.chapter_key(nb, shared) == before
    nb.cells[0].metadata["tags"] = ["hide-cell"]
    assert execute.chapter_key(nb, shared) != before


def test_failing_chapter_is_shown_and_not_kept(book, capsys):
    bad = notebook(book / "01_bad.ipynb", "def f(x):\n    return 1 / x", "f(0)")
    good = notebook(book / "02_good.ipynb", "1 + 1")
    assert execute.execute([bad, good]) == ["01_bad"]
    said = capsys.readouterr().out
    assert "01_bad: this cell failed:\nf(0)\n" in said
    assert "ZeroDivisionError: division by zero" in said
    executed = book.parent / "_build" / "executed"
    assert {path.name for path in executed.iterdir()} == {"02_good.ipynb", "times.json"}
    assert execute.execute([bad, good]) == ["01_bad"]  # tried again
    assert "02_good" in capsys.readouterr().out.partition("executing")[0]


def test_missing_kernel_is_one_sentence(book, capsys):
    metadata = {"kernelspec": {"name": "no-such-kernel", "display_name": "?", "language": "python"}}
    path = notebook(book / "01_kernel.ipynb", "1", metadata=metadata)
    assert execute.execute([path]) == ["01_kernel"]
    assert capsys.readouterr().out.splitlines()[-1] == (
        "  01_kernel: the kernel 'no-such-kernel' is not installed: "
        "chapters use 'python3'; run `make normalise`"
    )


def test_memory_and_figures_of_a_chapter(book):
    draw = "import matplotlib.pyplot as plt\nplt.plot([1, 2]);"
    path = notebook(book / "01_large.ipynb", "x = bytearray(400 * 2**20); import time; time.sleep(0.5)", draw)
    assert execute.execute([path]) == []
    row = execute.json.loads((book.parent / "_build" / "executed" / "times.json").read_text())["01_large"]
    assert 400 < row["peak_mib"] < 800
    nb = nbformat.read(book.parent / "_build" / "executed" / path.name, as_version=4)
    data = nb.cells[1].outputs[-1].data
    assert "image/svg+xml" in data and "image/png" not in data
    assert "<dc:date>" not in data["image/svg+xml"]


def test_full_profile_is_injected(book):
    path = notebook(book / "01_profile.ipynb", 'PROFILE = "fast"', "print(PROFILE)")
    nb = nbformat.read(path, as_version=4)
    nb.cells[0].metadata.tags = ["parameters"]
    nbformat.write(nb, path)
    assert execute.execute([path], profile="full") == []
    nb = nbformat.read(book.parent / "_build" / "full" / "executed" / path.name, as_version=4)
    assert nb.cells[-1].outputs[0].text == "full\n"


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_interrupt_ends_the_kernels(tmp_path, sign):
    sleep = "import os, time; open('pid', 'w').write(str(os.getpid())); time.sleep(60)"
    path = notebook(tmp_path / "01_long.ipynb", sleep)
    # A shell starts background jobs with SIGINT ignored; then the tests' own children would ignore it, too.
    code = "import execute, pathlib, signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    code += f"execute.TOP = pathlib.Path().resolve(); execute.execute([pathlib.Path({str(path)!r})])"
    variables = {**os.environ, "PYTHONPATH": str(TOP / "scripts")}
    command = [sys.executable, "-c", code]
    run = subprocess.Popen(command, cwd=tmp_path, env=variables, stderr=subprocess.DEVNULL)
    pid_file, deadline = tmp_path / "pid", time.monotonic() + 60
    while not (pid_file.exists() and pid_file.read_text()) and time.monotonic() < deadline:
        time.sleep(0.2)
    kernel = int(pid_file.read_text())
    run.send_signal(sign)
    assert run.wait(30) != 0
    deadline = time.monotonic() + 15
    while execute.psutil.pid_exists(kernel) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not execute.psutil.pid_exists(kernel)


def test_atomic_write_leaves_no_draft(tmp_path):
    execute.write_atomically(tmp_path / "a" / "x.txt", "one")
    before = (tmp_path / "a" / "x.txt").stat().st_mtime_ns
    execute.write_atomically(tmp_path / "a" / "x.txt", "one")
    assert (tmp_path / "a" / "x.txt").stat().st_mtime_ns == before
    assert [p.name for p in (tmp_path / "a").iterdir()] == ["x.txt"]


# --- normalising


def test_normaliser_says_what_it_changes(tmp_path):
    path = notebook(tmp_path / "n.ipynb", "1 + 1", "print(2)", "", metadata={"widgets": {"state": {}}})
    nb = nbformat.read(path, as_version=4)
    for cell in nb.cells[:2]:
        cell.execution_count = 7
        cell.outputs = [nbformat.v4.new_output("stream", text="2\n")]
        cell.id = "twice"
    nb.cells[1].metadata.tags = ["nbval-check-output"]
    nb.cells[1].metadata.scrolled = True
    clean, reasons = normalise.normalise(nb, "https://example.org/a/b")
    for reason in (
        "metadata beyond the kernel python3",
        "empty cells",
        "no cell that installs the course on Colab",
        "no valid id of its own in cell 2",
        "metadata of an editor or of another fold in cell 2",
        "execution count in cells 1, 2",
        "outputs beyond the tag nbval-check-output in cell 1",
    ):
        assert reason in reasons
    assert "https://example.org/a/b" in clean.cells[0].source
    assert [len(cell.outputs) for cell in clean.cells] == [0, 0, 1]
    assert len({cell.id for cell in clean.cells}) == 3
    nbformat.validate(clean)
    assert normalise.normalise(clean, "https://example.org/a/b") == (clean, [])


def test_normaliser_only_looks_with_check(tmp_path):
    path = notebook(tmp_path / "n.ipynb", "1")
    before = path.read_bytes()
    command = [sys.executable, TOP / "scripts" / "normalise.py", path]
    looked = subprocess.run([*command, "--check"], capture_output=True, text=True, check=False)
    assert looked.returncode == 1
    assert looked.stdout.startswith(f"{path}: no cell that installs the course on Colab")
    assert path.read_bytes() == before
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    assert subprocess.run([*command, "--check"], capture_output=True, check=False).returncode == 0


def test_normaliser_refuses_a_tagged_cell_without_an_output(tmp_path):
    cell = nbformat.v4.new_code_cell("print(7)", metadata={"tags": ["nbval-check-output"]})
    nb, _ = normalise.normalise(nbformat.v4.new_notebook(cells=[cell]), normalise.repository())
    path = tmp_path / "01_x.ipynb"
    path.write_text(nbformat.writes(nb, indent=1) + "\n", encoding="utf-8")
    command = [sys.executable, TOP / "scripts" / "normalise.py", "--check", path]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 1 and "nothing to compare (make outputs) in cell 1" in run.stdout
    nb.cells[1].outputs, nb.cells[1].execution_count = [nbformat.v4.new_output("stream", text="7\n")], 1
    path.write_text(nbformat.writes(nb, indent=1) + "\n", encoding="utf-8")
    assert subprocess.run(command).returncode == 0


def test_one_tag_folds_a_cell_everywhere():
    fold = {"cellView": "form", "jupyter": {"source_hidden": True}}
    cells = [
        nbformat.v4.new_code_cell(normalise.COLAB_CELL.format(address="a")),
        nbformat.v4.new_code_cell("# @title Draw\n1", metadata={"tags": ["hide-input"]}),
        nbformat.v4.new_code_cell("# @title Solution A\n1", metadata={"tags": ["hide-cell"]}),
        nbformat.v4.new_code_cell("1", metadata={**fold, "tags": ["thumbnail"]}),
        nbformat.v4.new_markdown_cell("prose"),
    ]
    clean, _ = normalise.normalise(nbformat.v4.new_notebook(cells=cells), "a")
    assert [dict(c.metadata) for c in clean.cells] == [
        {**fold, "tags": ["remove-cell"]},
        {**fold, "tags": ["hide-input"]},
        {**fold, "tags": ["hide-cell"]},
        {"tags": ["thumbnail"]},
        {},
    ]
    assert normalise.misfolded(clean) == []


@pytest.mark.parametrize(
    "source, tags, complaint",
    [
        ("1", ["hide-input"], "folded, but the first line is not `# @title`"),
        ("1\n# @title Late", ["hide-cell"], "folded, but the first line is not `# @title`"),
        ("# @title " + 73 * "x", ["hide-cell"], "at most 72 characters"),
        ("# @title \n1", ["hide-cell"], "folded, but the first line is not `# @title`"),
        ("# @title Draw\n1", [], "a `# @title`, but no tag hide-input or hide-cell"),
        ("# @title Task\ncheck.relu(relu)", ["hide-input"], "folded, but an exercise that is checked"),
    ],
)
def test_normaliser_refuses_what_it_cannot_fold(source, tags, complaint):
    cells = [nbformat.v4.new_markdown_cell("prose"), nbformat.v4.new_code_cell(source)]
    cells[1].metadata.tags = tags
    (said,) = normalise.misfolded(nbformat.v4.new_notebook(cells=cells))
    assert complaint in said and said.endswith(" in cell 1")


def test_normaliser_refuses_what_is_no_notebook(tmp_path):
    path = tmp_path / "n.ipynb"
    path.write_text("no")
    with pytest.raises(SystemExit, match="not a notebook"):
        normalise.read(path)


# --- what the tests need


def test_missing_chromium_is_one_sentence(monkeypatch, tmp_path):
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(chromium, "APPLICATIONS", ())
    with pytest.raises(FileNotFoundError) as raised:
        chromium.find()
    for words in ("apt-get install chromium", "brew install", "winget install"):
        assert words in str(raised.value)


class Made:
    """Stands for a browser, for what it opens, and notes how long a page waits."""

    def __init__(self):
        self.waits = []

    def new_context(self, **settings):
        return self

    new_page = new_context

    def set_default_timeout(self, milliseconds):
        self.waits.append(milliseconds)


def test_pages_wait_longer_on_a_crowded_machine():
    browser = chromium.patient(Made())
    assert browser.new_context(viewport=None) is browser and browser.new_page() is browser
    assert browser.waits == 2 * [chromium.PATIENCE] and chromium.PATIENCE > 30_000


@pytest.mark.skipif(
    Path(chromium.APPLICATIONS[0]).exists(), reason="Chromium in /Applications is always found"
)
def test_missing_chromium_ends_the_tests(tmp_path):
    command = [sys.executable, TOP / "scripts" / "chromium.py"]
    done = subprocess.run(command, env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == chromium.MISSING + "\n"


def test_chromium_named_by_the_variable(monkeypatch, tmp_path):
    monkeypatch.setenv("CHROMIUM", sys.executable)
    assert chromium.find() == sys.executable
    monkeypatch.setenv("CHROMIUM", str(tmp_path / "gone"))
    with pytest.raises(FileNotFoundError, match="which is not a program"):
        chromium.find()


def test_make_help_lists_every_target():
    makefile = (TOP / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    # inside `make test`, a second make would also print which folder it enters
    command = ["make", "--no-print-directory", "help"]
    said = subprocess.run(command, cwd=TOP, capture_output=True, text=True, check=True).stdout
    assert {line.split()[1] for line in said.splitlines()} == targets
    assert {"book", "test", "test-grading", "serve", "full", "clean", "normalise", "lint", "help"} <= targets
