"""Building the engine from the Go module that engine/go.mod pins (five and a half minutes on two cores, 115 MB)."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from sandbox.language.launcher import ROOT

_ENGINE = ROOT / "engine"
_PACKAGE = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
_SDK = "github.com/pulumi/pulumi/sdk/v3"
_EXECUTOR = "pulumi-language-python-exec"
# Seconds between two lines of progress.
_EVERY = 15.0


class BuildError(RuntimeError):
    """The engine cannot be built here; the message says what to do."""


def build(target: Path, version: str, progress: Callable[[str], None], every: float = _EVERY) -> None:
    """Build `version` into the folder `target`, which appears only when it is complete.

    `progress` gets a line every `every` seconds. Raises BuildError without Go, or with what the compiler said.
    """
    go = _go()
    progress("engine: fetching the source of the Pulumi CLI")
    total = _packages(go)
    draft = target.with_name(f"{target.name}.partial-{os.getpid()}")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    log = draft / "build.log"
    linker = f"-s -w -X {_SDK}/go/common/version.Version={version}"
    command = [go, "build", "-mod=readonly", "-v", "-ldflags", linker, "-o", str(draft / "pulumi"), _PACKAGE]
    progress(f"engine: building pulumi {version} from its Go module, once; about five minutes on two cores")
    started = time.monotonic()
    try:
        with log.open("wb") as stream:
            process = subprocess.Popen(command, cwd=_ENGINE, stdout=stream, stderr=stream)  # noqa: S603
            try:
                _follow(process, log, total, started, progress, every)
            except BaseException:
                process.terminate()
                process.wait()
                raise
        if process.returncode != 0:
            said = log.read_text(errors="replace").strip().splitlines()
            raise BuildError(
                f"`go build` in {_ENGINE} failed: {'; '.join(said[-3:]) or 'it said nothing'}. "
                "It needs Go 1.26 and its module proxy; or set PULUMI_BIN to a pulumi of your own"
            )
        shutil.copyfile(executor_script(), draft / _EXECUTOR)
        log.unlink()
        draft.rename(target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    progress(f"engine: built in {time.monotonic() - started:.0f} s")


def executor_script() -> Path:
    """The SDK's script that runs a Python program, in the source of the Go module; raises BuildError without Go."""
    answer = subprocess.run(  # noqa: S603
        [_go(), "list", "-mod=readonly", "-m", "-f", "{{.Dir}}", _SDK],
        cwd=_ENGINE,
        capture_output=True,
        text=True,
        check=False,
    )
    script = Path(answer.stdout.strip()) / "python" / "cmd" / _EXECUTOR
    if answer.returncode != 0 or not script.is_file():
        raise BuildError(
            f"the source of {_SDK} is not at hand ({answer.stderr.strip()}); run `go mod download` in engine/"
        )
    return script


def _go() -> str:
    go = shutil.which("go")
    if go is None:
        raise BuildError(
            "there is no Go to build the Pulumi engine with. Install Go 1.26 (https://go.dev/dl), or install Pulumi "
            "(https://www.pulumi.com/docs/install), or set PULUMI_BIN to a pulumi"
        )
    return go


def _packages(go: str) -> int:
    """How many packages the engine consists of, for the progress; 0 when Go cannot say."""
    answer = subprocess.run(  # noqa: S603
        [go, "list", "-mod=readonly", "-deps", _PACKAGE], cwd=_ENGINE, capture_output=True, text=True, check=False
    )
    return len(answer.stdout.split()) if answer.returncode == 0 else 0


def _follow(
    process: subprocess.Popen[bytes],
    log: Path,
    total: int,
    started: float,
    progress: Callable[[str], None],
    every: float,
) -> None:
    while True:
        try:
            process.wait(timeout=every)
        except subprocess.TimeoutExpired:
            lines = log.read_text(errors="replace").splitlines()
            # With -v Go names each package that it compiles; those that its cache holds are not among them.
            done = sum(1 for line in lines if not line.startswith("go: "))
            of = f" of at most {total}" if total else ""
            progress(f"engine: {time.monotonic() - started:.0f} s, {done}{of} packages compiled")
            continue
        return
