"""The Python 3.11 runtime of the local Lambda: a venv with what AWS's runtime brings, boto3 and the runtime client.

It is built once outside the checkout and keyed by the hash of its lock file, so that a clean clone finds it.
"""

import fcntl
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from sandbox.aws.errors import SandboxError
from sandbox.engine import default_cache

REQUIREMENTS = Path(__file__).resolve().parents[2] / "runtime" / "requirements.txt"
PYTHON = "3.11"
_BUILD_SECONDS = 600


def ensure_runtime(requirements: Path = REQUIREMENTS) -> Path:
    """The runtime's interpreter, built when missing (some 10 s, from the package index, hashes required).

    Safe to interrupt and to call from several processes: the venv counts only with its mark, which is written last.
    Raises SandboxError with uv's last lines when the build fails.
    """
    key = hashlib.sha256(requirements.read_bytes()).hexdigest()[:16]
    place = default_cache() / f"lambda-python{PYTHON}-{key}"
    interpreter = place / "bin" / "python"
    if (place / "complete").exists():
        return interpreter
    place.parent.mkdir(parents=True, exist_ok=True)
    with (place.parent / f"{place.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (place / "complete").exists():
            _build(requirements, place)
    return interpreter


def _build(requirements: Path, place: Path) -> None:
    beside = Path(sys.executable).with_name("uv")  # where setup.sh puts it
    uv = str(beside) if beside.exists() else shutil.which("uv")
    if uv is None:
        raise SandboxError("the Lambda runtime is built with uv, which is missing; run `make setup`")
    # A venv's scripts hold its own path, so it is built in place and counts only with its mark, written last.
    shutil.rmtree(place, ignore_errors=True)
    _run([uv, "venv", "--quiet", "--python", PYTHON, str(place)])
    interpreter = str(place / "bin" / "python")
    install = [uv, "pip", "install", "--quiet", "--python", interpreter, "--require-hashes", "-r", str(requirements)]
    _run(install)
    _run([interpreter, "-m", "compileall", "-q", "-j", "0", str(place / "lib")])
    (place / "complete").touch()


def _run(command: list[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_BUILD_SECONDS, check=False)  # noqa: S603
    except subprocess.TimeoutExpired as exc:
        raise SandboxError(f"building the Lambda runtime took more than {_BUILD_SECONDS} s: {command[1]}") from exc
    if done.returncode != 0:
        last = "\n".join(done.stderr.splitlines()[-10:])
        raise SandboxError(f"building the Lambda runtime failed at `{' '.join(command[:3])}`:\n{last}")
