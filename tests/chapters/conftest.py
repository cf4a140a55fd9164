"""nbval over what `make book` has run, so that each chapter runs once.

With `--executed FOLDER` nbval's kernel is a record: for each cell it gives the outputs of the notebook of the
same name in the folder instead of running it. Everything else is nbval's: a test for each cell, tags, and the
comparison with the outputs that are committed. Without the option nbval runs the notebooks itself.
"""

from pathlib import Path

import nbformat
import pytest
from nbval import plugin


class Record:
    """What nbval asks of a kernel, answered from an executed notebook."""

    def __init__(self, path):
        if not path.exists():
            pytest.fail(f"{path.name} has not been executed: run `make book` first", pytrace=False)
        cells = nbformat.read(path, as_version=4).cells
        self.cells = [cell for cell in cells if cell.cell_type == "code"]

    def is_alive(self):
        return True

    def execute_cell_input(self, source, allow_stdin):
        """Find the cell, leaving out those that nbval left out, and return the id of its messages."""
        at = next((i for i, cell in enumerate(self.cells) if cell.source == source), None)
        if at is None:
            pytest.fail("the cell has changed since it was executed: run `make book`", pytrace=False)
        cell, self.cells = self.cells[at], self.cells[at + 1 :]
        idle = nbformat.from_dict({"output_type": "status", "execution_state": "idle"})
        self.messages = iter(
            [
                {"msg_type": output.output_type, "content": output, "parent_header": {"msg_id": cell.id}}
                for output in [*cell.outputs, idle]
            ]
        )
        return cell.id

    def get_message(self, stream, timeout):
        return next(self.messages)

    def await_reply(self, msg_id, timeout):
        pass

    def await_idle(self, msg_id, timeout):
        pass

    def stop(self):
        pass


def read_record(notebook):
    """Give a notebook that nbval has collected a record for its kernel."""
    notebook.kernel = Record(Path(notebook.config.option.executed) / notebook.path.name)
    notebook.setup_sanitize_files()


def pytest_addoption(parser):
    parser.addoption("--executed", metavar="FOLDER", help="let nbval compare what `make book` has run")


def pytest_configure(config):
    if config.option.executed:
        plugin.IPyNbFile.setup = read_record
