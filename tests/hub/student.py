"""A student in front of a browser: logs in, follows a link, runs cells, saves."""

from __future__ import annotations

import json
import re
import uuid
from urllib.parse import unquote, urlsplit

import nbformat
import requests
import waiting
import websocket


class Student:
    """One student of a hub.

    Args:
        name: of the system user.
        hub: a running ``server.Hub``.
    """

    def __init__(self, name: str, hub):
        self.name, self.hub = name, hub
        self.browser = requests.Session()
        login = f"{hub.address}/hub/login?next=/hub/home"
        self.browser.get(login, timeout=waiting.GENEROUS)
        xsrf = self.browser.cookies.get("_xsrf", path="/hub/")
        form = {"username": name, "password": hub.password, "_xsrf": xsrf}
        answer = self.browser.post(login, data=form, timeout=waiting.GENEROUS)
        answer.raise_for_status()
        assert urlsplit(answer.url).path == "/hub/home", answer.url
        self.token = hub.api("POST", f"users/{name}/tokens", json={"note": "the tests' own"})["token"]

    def follow(self, pull: str) -> str:
        """Open a chapter's link; returns where the browser is sent when all is pulled.

        Args:
            pull: the link without the hub's address, as a chapter's page builds it.
        """
        page = waiting.until(lambda: self._page(f"{self.hub.address}/{pull}"), "the page of nbgitpuller")
        asked = {key: unquote(value) for key, value in re.findall(r'data-([\w-]+)="([^"]*)"', page)}
        keys = ("repo", "branch", "targetpath", "depth")
        query = {key: asked[key] for key in keys if key in asked} | {"_xsrf": asked["xsrf"]}
        address = f"{self.hub.address}/user/{self.name}/git-pull/api"
        with self.browser.get(address, params=query, stream=True, timeout=waiting.GENEROUS) as stream:
            stream.raise_for_status()
            events = [json.loads(line[6:]) for line in stream.iter_lines() if line.startswith(b"data: ")]
        assert events[-1]["phase"] == "finished", events
        return asked["path"]

    def _page(self, address: str) -> str:
        """nbgitpuller's page, "" while the server is starting."""
        answer = self.browser.get(address, timeout=waiting.GENEROUS)
        return answer.text if urlsplit(answer.url).path == f"/user/{self.name}/git-pull" and answer.ok else ""

    def api(self, method: str, path: str, **options):
        """What the student's own server answers."""
        answer = self.ask(f"user/{self.name}/api/{path}", method, **options)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def ask(self, path: str, method: str = "GET", **options):
        """The answer of any page of the hub, to this student."""
        options["headers"] = {"Authorization": f"token {self.token}"}
        return requests.request(method, f"{self.hub.address}/{path}", timeout=waiting.GENEROUS, **options)

    def read(self, path: str):
        """A notebook in the home, as nbformat has it."""
        return nbformat.from_dict(self.api("GET", f"contents/{path}")["content"])

    def save(self, path: str, notebook) -> None:
        self.api("PUT", f"contents/{path}", json={"type": "notebook", "format": "json", "content": notebook})

    def kernel(self, path: str):
        """A kernel for a notebook, in its folder."""
        about = {"path": path, "name": path, "type": "notebook", "kernel": {"name": "python3"}}
        return Kernel(self, self.api("POST", "sessions", json=about)["kernel"]["id"])


class Kernel:
    """A student's own kernel, through the hub's proxy."""

    def __init__(self, student: Student, id_: str):
        address = f"{student.hub.address}/user/{student.name}/api/kernels/{id_}/channels"
        self.socket = websocket.create_connection(
            address.replace("http", "ws", 1),
            header={"Authorization": f"token {student.token}"},
            timeout=waiting.GENEROUS,
        )

    def run(self, source: str) -> list:
        """Run a cell; returns its outputs."""
        sent = str(uuid.uuid4())
        head = {"msg_id": sent, "msg_type": "execute_request", "session": "tests", "username": "",
                "version": "5.3"}  # fmt: skip
        asked = {"code": source, "silent": False, "store_history": True, "user_expressions": {},
                 "allow_stdin": False, "stop_on_error": False}  # fmt: skip
        message = {"header": head, "parent_header": {}, "metadata": {}, "content": asked, "channel": "shell"}
        self.socket.send(json.dumps(message))
        outputs: list = []
        for said in self._answers(sent):
            if said["msg_type"] in ("stream", "display_data", "execute_result", "error"):
                outputs.append(nbformat.v4.output_from_msg(said))
            elif said["msg_type"] == "status" and said["content"]["execution_state"] == "idle":
                return outputs

    def _answers(self, sent: str):
        """Messages about one request; those in binary are widgets' and nothing for a file."""
        while True:
            kind, data = self.socket.recv_data()
            if kind == websocket.ABNF.OPCODE_TEXT:
                said = json.loads(data)
                if said["parent_header"].get("msg_id") == sent and said["channel"] == "iopub":
                    yield said

    def close(self) -> None:
        self.socket.close()
