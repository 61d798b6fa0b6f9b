"""Real servers for tests: a folder that the servers' own accounts can reach, and one server of each kind a session."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from sandbox.servers.server import Server

INITIAL_PASSWORD = "initial-password-of-the-tests"


@contextmanager
def reachable_folder() -> Iterator[Path]:
    """A new folder under the system's temporary one. pytest's own are closed to the database's account."""
    folder = Path(tempfile.mkdtemp(prefix="llmobs-"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def running(kind: ModuleType, folder: Path, name: str) -> Iterator[Server]:
    """A started server of module `sandbox.servers.postgres` or `.redis`, stopped at the end."""
    server: Server = kind.start(folder / name, initial_password=INITIAL_PASSWORD)
    try:
        yield server
    finally:
        kind.stop(folder / name)
