"""A student's day in JupyterLab: open a chapter, run all, answer wrongly, read the message, mend it."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import audit
import pytest

TOP = Path(__file__).resolve().parents[2]
CHAPTER = "02_backpropagation"
STUB = "...  # your code"
SETTINGS = {
    # else cells out of sight are not on the page
    "@jupyterlab/notebook-extension/tracker.jupyterlab-settings": {"windowingMode": "none"},
    "@jupyterlab/apputils-extension/notification.jupyterlab-settings": {"fetchNews": "false"},
}
RUNNING = 900_000  # milliseconds, against hanging: a quick machine runs the chapter in 40 seconds
PROMPTS = (
    "[...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')].map(e => e.textContent).filter(Boolean)"
)
AT_REST = f"() => {PROMPTS}.some(p => /[0-9]/.test(p)) && !{PROMPTS}.some(p => p.includes('*'))"
ERRORS = (
    "[...document.querySelectorAll('.jp-OutputArea-output[data-mime-type$=stderr]')].map(e => e.textContent)"
)


@contextmanager
def jupyterlab(tmp_path, notebook):
    """A JupyterLab with a copy of a notebook and settings of its own; gives the notebook's address."""
    work = tmp_path / "work"
    work.mkdir()
    shutil.copy(notebook, work)
    for name, values in SETTINGS.items():
        (tmp_path / "settings" / name).parent.mkdir(parents=True)
        (tmp_path / "settings" / name).write_text(json.dumps(values))
    names = ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_DATA_DIR", "IPYTHONDIR")
    own = {name: str(tmp_path / name.lower()) for name in names}
    own["JUPYTERLAB_SETTINGS_DIR"] = str(tmp_path / "settings")
    environment = {k: v for k, v in os.environ.items() if k != "BOOK_STATIC"} | own
    options = {
        "ServerApp.open_browser": False,
        "ServerApp.root_dir": str(work),
        "ServerApp.allow_root": True,
        "ServerApp.port": 0,
        "IdentityProvider.token": "",
        "LabApp.check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
        "LabApp.news_url": None,
    }
    command = [sys.executable, "-m", "jupyterlab", *(f"--{key}={value}" for key, value in options.items())]
    with open(tmp_path / "log.txt", "w") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        yield _address(server, tmp_path / "log.txt") + f"/lab/tree/{notebook.name}"
    finally:
        server.terminate()  # it ends its kernels, too
        server.wait(timeout=30)


@pytest.fixture
def lab(tmp_path):
    """The address of the chapter in a JupyterLab."""
    with jupyterlab(tmp_path, TOP / "book" / f"{CHAPTER}.ipynb") as address:
        yield address


def _address(server, log):
    """Wait for the line in which the server says where it listens."""
    for _ in range(300):
        if found := re.search(r"http://(?:127\.0\.0\.1|localhost):(\d+)/lab", log.read_text()):
            return f"http://127.0.0.1:{found[1]}"
        if server.poll() is not None:
            break
        time.sleep(0.2)
    pytest.fail(f"JupyterLab did not start:\n{log.read_text()[-2000:]}", pytrace=False)


def answer(tab, cell, code):
    """Replace the code of a cell, run it, and return its output."""
    cell.locator(".cm-content").click()
    tab.keyboard.press("Control+a")
    tab.keyboard.insert_text(code)
    before = cell.locator(".jp-InputPrompt").inner_text()
    tab.keyboard.press("Control+Enter")
    tab.wait_for_function(
        "([cell, before]) => { const p = cell.querySelector('.jp-InputPrompt').textContent;"
        " return p !== before && /\\d/.test(p); }",
        arg=[cell.element_handle(), before],
    )
    return cell.locator(".jp-OutputArea").inner_text()


def run_all(context, address):
    """Open a notebook in a new tab, run all its cells and return the tab."""
    tab = context.new_page()
    tab.set_default_timeout(60_000)
    tab.goto(address)
    tab.wait_for_selector(".jp-NotebookPanel .jp-CodeCell")
    # before the kernel is there, JupyterLab ignores "Run All Cells"
    tab.locator(".jp-StatusBar-TextItem", has_text="| Idle").first.wait_for()

    tab.locator(".lm-MenuBar-itemLabel", has_text=re.compile("^Run$")).click()
    tab.locator(".lm-Menu-itemLabel", has_text=re.compile("^Run All Cells$")).click()
    tab.wait_for_function(AT_REST, timeout=RUNNING)
    assert all(re.search(r"\d", prompt) for prompt in tab.evaluate(PROMPTS)), "\n".join(tab.evaluate(ERRORS))
    return tab


def test_a_day(lab, browser):
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    context.add_init_script(path=audit.HERE / "audit.js")
    tab = run_all(context, lab)

    tab.wait_for_selector(".jp-OutputArea .bw .bw-controls input")
    moved, dead = tab.evaluate("bookAudit.controls()")
    assert moved
    assert dead == []

    cell = tab.locator(".jp-CodeCell", has_text="def relu_backward(").first
    assert "· relu_backward: not attempted yet" in cell.locator(".jp-OutputArea").inner_text()
    code = cell.evaluate("e => e.querySelector('.cm-content').cmView.view.state.doc.toString()")
    assert STUB in code
    said = answer(tab, cell, code.replace(STUB, "return dy"))
    assert "✗ relu_backward" in said
    assert "expected" in said
    assert "Hint:" in said
    said = answer(tab, cell, code.replace(STUB, "return dy * (x > 0)"))
    assert "✓ relu_backward" in said
    context.close()
