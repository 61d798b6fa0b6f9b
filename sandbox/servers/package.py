"""Installing a server from the distribution's own packages."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from sandbox.servers.errors import ServerError

Progress = Callable[[str], None]
POLICY = Path("/usr/sbin/policy-rc.d")
_APT_SECONDS = 900
_POLICY_TEXT = "#!/bin/sh\n# Of the sandbox of llm-observatory-secrets, while it installs a package.\nexit 101\n"


def install(package: str, progress: Progress) -> None:
    """Install a Debian package and keep it from starting a server of its own.

    `policy-rc.d` with exit code 101 forbids service starts (Debian's invoke-rc.d); one that exists already stays as it
    is, ours is taken away afterwards.
    """
    if shutil.which("apt-get") is None:
        raise ServerError(
            f"apt-get is missing, so '{package}' cannot be installed; install it with this system's own tool"
        )
    if os.geteuid() != 0:
        raise ServerError(f"only root can install packages; run `sudo apt-get install {package}`")
    # One of ours that is there already was left by a run that was killed.
    ours = not POLICY.exists() or POLICY.read_text(encoding="utf-8", errors="replace") == _POLICY_TEXT
    if ours:
        POLICY.write_text(_POLICY_TEXT, encoding="ascii")
        POLICY.chmod(0o755)
    try:
        progress("apt-get update")
        _apt("update")
        progress(f"apt-get install {package}")
        _apt("install", "--yes", "--no-install-recommends", package)
    finally:
        if ours:
            POLICY.unlink()


def _apt(*words: str) -> None:
    try:
        # S603, S607: a fixed command, found on root's own PATH.
        done = subprocess.run(  # noqa: S603
            ["apt-get", "-q", *words],  # noqa: S607
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_APT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ServerError(
            f"apt-get {words[0]} took more than {_APT_SECONDS} s; check the network and run it by hand"
        ) from error
    if done.returncode != 0:
        last = " | ".join(done.stderr.strip().splitlines()[-3:])
        raise ServerError(f"apt-get {words[0]} failed with code {done.returncode}: {last}")
