"""Find Chromium, which opens the built pages in the tests, and prints them.

`python scripts/chromium.py` prints its path, or one sentence and the line that installs it.
"""

import os
import shutil
import sys
from pathlib import Path

COMMANDS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
APPLICATIONS = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Google\Chrome\Application\chrome.exe",
)
# A test's browser: no sandbox of its own (it often runs in a container), and nothing asked of the network.
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 180_000  # milliseconds; Playwright gives up after 30,000, which a crowded machine may need
MISSING = """\
The tests and the PDFs need Chromium, which was not found; install it, or name it in the variable CHROMIUM:
  Debian, Ubuntu   sudo apt-get install chromium
  macOS            brew install --cask chromium
  Windows          winget install Hibbiki.Chromium"""


def patient(browser):
    """Let all pages of a browser of Playwright wait longer, and return it."""

    def waiting(make):
        def opened(*args, **settings):
            made = make(*args, **settings)
            made.set_default_timeout(PATIENCE)
            return made

        return opened

    browser.new_context, browser.new_page = waiting(browser.new_context), waiting(browser.new_page)
    return browser


def find():
    """Return the path of Chromium: the variable CHROMIUM, else a command on the path, else a usual place.

    Raises:
        FileNotFoundError: there is none; the message says how to install it.
    """
    if named := os.environ.get("CHROMIUM"):
        if shutil.which(named):
            return shutil.which(named)
        raise FileNotFoundError(f"CHROMIUM names {named!r}, which is not a program.\n{MISSING}")
    for command in COMMANDS:
        if path := shutil.which(command):
            return path
    for path in APPLICATIONS:
        if Path(path).exists():
            return path
    raise FileNotFoundError(MISSING)


if __name__ == "__main__":
    try:
        print(find())
    except FileNotFoundError as error:
        sys.exit(str(error))
