"""Firefox and WebKit for the tests, driven over protocols that they speak themselves; Chromium beside them.

Firefox speaks WebDriver BiDi on a socket of its own; WebKit has Debian's WebKitWebDriver, which speaks
WebDriver over HTTP. Both open a page, wait for it and evaluate JavaScript in it; what a page is asked is the
same as in Chromium (audit.js).

Source: W3C, WebDriver BiDi (session, browsingContext, script, log) and WebDriver (sessions, execute/async).
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.request
from contextlib import suppress
from pathlib import Path

AUDIT = (Path(__file__).parent / "audit.js").read_text("utf8")
VIEWS = """document.querySelectorAll('script[type="application/vnd.jupyter.widget-view+json"]').length"""
PATIENCE = 300  # seconds until a browser that says nothing is given up
MINI_BROWSERS = "/usr/lib/*/webkit2gtk-4.*/MiniBrowser"
QUIET = {  # nothing asked of the network, no first page, no update
    "app.update.disabledForTesting": True,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.homepage_override.mstone": "ignore",
    "datareporting.policy.dataSubmissionEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "data:,",
    "toolkit.telemetry.reportingpolicy.firstRun": False,
}


class Chromium:
    """One tab of playwright's Chromium, with the methods of the two below.

    Args:
        browser: launched; it stays open.
        width, height: of the page, in CSS pixels.
    """

    def __init__(self, browser, width=390, height=844):
        self._tab = browser.new_page(viewport={"width": width, "height": height})
        self._tab.add_init_script(AUDIT)

    def open(self, url):
        """Open a page and wait until it has loaded."""
        self._tab.goto(url)

    def evaluate(self, expression):
        """Return the value of an expression in the page, a promise's when it settles. It must be JSON."""
        return self._tab.evaluate(expression)

    def close(self):
        self._tab.close()


class Firefox:
    """A headless Firefox with one tab.

    Args:
        preferences: {name: value} of about:config, beside those that keep it quiet.
        width, height: of the page, in CSS pixels.

    Raises:
        FileNotFoundError: there is no Firefox on this machine.
    """

    def __init__(self, preferences=None, width=390, height=844):
        import websocket

        program = shutil.which("firefox-esr") or shutil.which("firefox")
        if not program:
            raise FileNotFoundError("no Firefox on this machine (Debian: apt-get install firefox-esr)")
        self._home = tempfile.TemporaryDirectory(prefix="firefox-")
        lines = [
            f"user_pref({json.dumps(k)}, {json.dumps(v)});" for k, v in (QUIET | (preferences or {})).items()
        ]
        Path(self._home.name, "user.js").write_text("\n".join(lines), "utf8")
        command = [program, "--headless", "--no-remote", "--profile", self._home.name]
        self._process = subprocess.Popen(
            [*command, "--remote-debugging-port", "0", "about:blank"],
            env={**os.environ, "HOME": self._home.name, "MOZ_CRASHREPORTER_DISABLE": "1"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        address = next(
            found[1]
            for line in self._process.stderr
            if (found := re.search(r"WebDriver BiDi listening on (ws://\S+)", line))
        )
        self._socket = websocket.create_connection(
            f"{address}/session", timeout=PATIENCE, suppress_origin=True
        )
        self._number, self.errors = 0, []
        self._ask("session.new", {"capabilities": {}})
        self._ask("session.subscribe", {"events": ["log.entryAdded"]})
        self._ask("script.addPreloadScript", {"functionDeclaration": f"() => {{ {AUDIT} }}"})
        self._tab = self._ask("browsingContext.getTree", {})["contexts"][0]["context"]
        size = {"width": width, "height": height}
        self._ask("browsingContext.setViewport", {"context": self._tab, "viewport": size})

    def _ask(self, method, params):
        """Send a command and return its result; keep errors that the page logs meanwhile."""
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": params}))
        while True:
            heard = json.loads(self._socket.recv())
            if heard.get("method") == "log.entryAdded" and heard["params"]["level"] == "error":
                if not heard["params"]["text"].startswith("Invalid markup"):  # of a formula half arrived
                    self.errors.append(heard["params"]["text"])
            elif heard.get("id") == self._number:
                if heard["type"] == "error":
                    raise RuntimeError(f"{method}: {heard['message']}")
                return heard["result"]

    def open(self, url):
        """Open a page and wait until it has loaded; what went wrong before is forgotten."""
        self.errors = []
        self._ask("browsingContext.navigate", {"context": self._tab, "url": url, "wait": "complete"})

    def evaluate(self, expression):
        """Return the value of an expression in the page, a promise's when it settles. It must be JSON."""
        answer = self._ask(
            "script.evaluate",
            {
                "expression": f"(async () => JSON.stringify((await ({expression})) ?? null))()",
                "target": {"context": self._tab},
                "awaitPromise": True,
            },
        )
        if answer["type"] == "exception":
            raise RuntimeError(answer["exceptionDetails"]["text"])
        return json.loads(answer["result"]["value"])

    def close(self):
        with suppress(Exception):
            self._ask("browser.close", {})
        self._process.terminate()
        self._process.wait()
        self._home.cleanup()


class WebKit:
    """WebKitGTK's small browser with one tab, on a screen that nobody sees.

    Args:
        width, height: of the window, in CSS pixels.

    Raises:
        FileNotFoundError: its driver, its browser or Xvfb is not on this machine.
    """

    def __init__(self, width=447, height=844):
        browser = next(iter(sorted(Path("/").glob(MINI_BROWSERS[1:]))), None)
        if not (shutil.which("WebKitWebDriver") and shutil.which("Xvfb") and browser):
            raise FileNotFoundError(
                "no WebKit on this machine (Debian: apt-get install webkit2gtk-driver xvfb)"
            )
        shown, given = os.pipe()
        self._screen = subprocess.Popen(
            ["Xvfb", "-displayfd", str(given), "-screen", "0", "1400x1000x24", "-nolisten", "tcp"],
            pass_fds=[given], stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(given)
        with os.fdopen(shown) as line:
            display = f":{line.readline().strip()}"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self._driver = subprocess.Popen(
            ["WebKitWebDriver", f"--port={port}"],
            env={**os.environ, "DISPLAY": display, "GDK_BACKEND": "x11", "LIBGL_ALWAYS_SOFTWARE": "1"},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self._address, self.errors = f"http://127.0.0.1:{port}", []
        options = {"binary": str(browser), "args": ["--automation"]}
        wanted = {"alwaysMatch": {"webkitgtk:browserOptions": options, "acceptInsecureCerts": False}}
        end = time.monotonic() + PATIENCE
        while True:
            try:
                session = self._ask("POST", "/session", {"capabilities": wanted})
                break
            except OSError:  # the driver does not listen yet
                if time.monotonic() > end:
                    raise
                time.sleep(0.1)
        self._address += f"/session/{session['sessionId']}"
        self._ask("POST", "/timeouts", {"script": 1000 * PATIENCE, "pageLoad": 1000 * PATIENCE})
        self._ask("POST", "/window/rect", {"width": width, "height": height})

    def _ask(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._address + path, data, method=method)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"{path}: {json.load(error)['value']['message']}") from None

    def open(self, url):
        """Open a page and wait until it has loaded."""
        self._ask("POST", "/url", {"url": url})
        self.evaluate(f"void eval({json.dumps(AUDIT.replace('window.bookAudit', 'globalThis.bookAudit'))})")

    def evaluate(self, expression):
        """Return the value of an expression in the page, a promise's when it settles. It must be JSON."""
        script = (
            "const done = arguments[arguments.length - 1];"
            f"(async () => JSON.stringify((await ({expression})) ?? null))()"
            ".then((v) => done({ v }), (e) => done({ e: String(e) }));"
        )
        answer = self._ask("POST", "/execute/async", {"script": script, "args": []})
        if "e" in answer:
            raise RuntimeError(answer["e"])
        return json.loads(answer["v"])

    def close(self):
        with suppress(Exception):
            self._ask("DELETE", "")
        for process in (self._driver, self._screen):
            process.terminate()
            process.wait()


def complete(browser):
    """Wait until all widgets of the page that is open are shown; return what is wrong, "" if nothing is."""
    views, end = browser.evaluate(VIEWS), time.monotonic() + PATIENCE
    while views and not browser.evaluate(f"bookAudit.widgets_ready({views})"):
        if time.monotonic() > end:
            return f"not all of {views} widgets are shown"
        time.sleep(0.1)
    return ""
