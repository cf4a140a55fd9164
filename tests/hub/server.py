"""A JupyterHub on 127.0.0.1, set as the book's page says."""

from __future__ import annotations

import json
import os
import re
import secrets
import signal
import socket
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests
import waiting

HERE = Path(__file__).parent
TOP = HERE.parents[1]
PAGE = TOP / "book" / "appendix" / "hub.md"


@dataclass(frozen=True)
class Hub:
    """A running hub.

    Args:
        address: "http://127.0.0.1:PORT".
        password: of every student.
        token: of the operator.
        log: file with what hub and servers said.
    """

    address: str
    password: str
    token: str
    log: Path

    def api(self, method: str, path: str, **options):
        """What the hub answers the operator."""
        options["headers"] = {"Authorization": f"token {self.token}"}
        address = f"{self.address}/hub/api/{path}"
        answer = requests.request(method, address, timeout=waiting.GENEROUS, **options)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def cull(self, student: str) -> None:
        """Stop a student's server, as the idle culler does."""
        self.api("DELETE", f"users/{student}/server")
        waiting.until(lambda: not self.api("GET", f"users/{student}")["servers"], "a server that stops")


def settings() -> str:
    """The page's own lines for ``jupyterhub_config.py``, for a clone that lies in this folder."""
    (lines,) = re.findall(r"```python\n(c\..*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert "/srv/course" in lines
    return lines.replace("/srv/course", str(TOP))


@contextmanager
def hub(bin_: Path, proxy: Path, folder: Path, students):
    """Start a hub as root; everything it started ends with it.

    Args:
        bin_: commands of its environment.
        proxy: the program configurable-http-proxy.
        folder: for its files; every user may enter it.
        students: names of system users, who may log in.
    """
    public, hub_port, proxy_port = _free_ports(3)
    running = Hub(f"http://127.0.0.1:{public}", secrets.token_hex(), secrets.token_hex(), folder / "hub.log")
    gitconfig = folder / "gitconfig"  # the remote is root's, which git otherwise refuses to read for others
    gitconfig.write_text("[safe]\n\tdirectory = *\n", encoding="utf-8")
    chosen = {"page": settings(), "address": running.address, "hub_port": hub_port, "proxy_port": proxy_port,
              "folder": str(folder), "proxy": str(proxy), "password": running.password,
              "students": list(students), "gitconfig": str(gitconfig), "token": running.token}  # fmt: skip
    environment = {
        "PATH": f"{bin_}{os.pathsep}{os.environ['PATH']}",
        "LANG": os.environ.get("LANG", "C.UTF-8"),
        "COURSE_TEST_HUB": json.dumps(chosen),
    }
    with open(running.log, "w", encoding="utf-8") as log:
        command = [bin_ / "python", "-m", "jupyterhub", "--config", HERE / "jupyterhub_config.py"]
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
    try:
        waiting.until(lambda: _answers(process, running), "a hub that answers")
        yield running
    finally:
        process.send_signal(signal.SIGTERM)  # it ends its proxy and the servers
        process.wait(waiting.GENEROUS)


def _answers(process, running) -> bool:
    assert process.poll() is None, running.log.read_text(encoding="utf-8")
    try:
        return requests.get(f"{running.address}/hub/login", timeout=waiting.GENEROUS).ok
    except requests.ConnectionError:
        return False


def _free_ports(number: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    try:
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()
