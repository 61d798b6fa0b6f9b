"""The executables that the engine finds by name: a few lines that start this project's own Python on a module of it."""

import os
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent

_TEXT = """#!{python}
import runpy
import sys

sys.path[0] = {root!r}
runpy.run_module({module!r}, run_name="__main__", alter_sys=False)
"""


def place_launcher(path: Path, module: str) -> None:
    """Make `path` an executable that runs `module`; nothing is written where it says so already."""
    text = _TEXT.format(python=sys.executable, root=str(ROOT), module=module)
    if path.is_file() and path.read_text() == text and os.access(path, os.X_OK):
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=f".{path.name}.", delete=False) as draft:
        draft.write(text)
    Path(draft.name).chmod(0o755)
    # A rename is all or nothing, so an engine that starts meanwhile finds the old launcher or the new one.
    Path(draft.name).replace(path)
