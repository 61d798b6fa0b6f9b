"""Keeps secrets out of git: a file is written into a work tree only where git is known to ignore it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable
from pathlib import Path

from secretsctl.verdict import CommandError
from stores.folder import LEFTOVER_PREFIX, LEFTOVER_SUFFIX

IGNORED, NOT_IGNORED = 0, 1
"""Exit codes of `git check-ignore`; every other one is a failure of git (git-check-ignore(1))."""


def require_ignored(folder: Path, files: Iterable[str]) -> None:
    """Make sure that git ignores each of `files` in `folder`, and what a killed run would leave beside them.

    Outside a work tree there is nothing to make sure of, and git need not be installed. A file that git tracks already
    does not count as ignored, whatever .gitignore says.

    Raises:
        CommandError: a file is not ignored, or that cannot be found out.
    """
    folder = Path(os.path.realpath(folder))
    tree = next((place for place in (folder, *folder.parents) if (place / ".git").exists()), None)
    if tree is None:
        return
    for name in (f"{LEFTOVER_PREFIX}probe{LEFTOVER_SUFFIX}", *files):
        code = _check_ignore(tree, folder / name)
        if code == NOT_IGNORED:
            raise CommandError(
                f"folder {folder}: is in the git work tree {tree} and git does not ignore {name} in it; "
                f"add /{folder.relative_to(tree)}/ to its .gitignore, or name a folder outside"
            )
        if code != IGNORED:
            raise CommandError(
                f"folder {folder}: is in the git work tree {tree}, and git cannot say whether it is ignored "
                f"({'git is not installed' if code is None else f'git check-ignore ended with {code}'}); "
                f"name a folder outside"
            )


def _check_ignore(tree: Path, path: Path) -> int | None:
    # Variables such as GIT_DIR, which git sets for its hooks, would make it look into another repository.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        return subprocess.run(  # noqa: S603 - a list, no shell
            ["git", "-C", str(tree), "check-ignore", "--quiet", "--", str(path)],  # noqa: S607 - the user's own git
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        ).returncode
    except OSError:
        return None
