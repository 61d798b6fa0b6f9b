"""Finding, or building, the Pulumi engine, and running it for the sandbox.

In this order: `$PULUMI_BIN`; `pulumi` on PATH, if it is no older than the one that engine/go.mod pins; the official
installer, if its host answers; a build of the pinned Go module. What was chosen, and why, is said in one line.
"""

import hashlib
import ipaddress
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from sandbox.language.build import BuildError, build, executor_script
from sandbox.language.launcher import ROOT, place_launcher

_GO_MOD = ROOT / "engine" / "go.mod"
_INSTALLER = "https://get.pulumi.com"
# A host that can be reached answers a HEAD in well under this, in seconds.
_ANSWERS_WITHIN = 2.0
_HOST = "pulumi-language-python"
_EXECUTOR = "pulumi-language-python-exec"
# Of the caller's environment the engine gets these only: no other credential, endpoint or Pulumi setting comes through.
_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TERM", "TMPDIR", "TZ", "NO_COLOR", "LLMOBS_CONFIG")
_FIXED = {
    "PULUMI_SKIP_UPDATE_CHECK": "true",
    "PULUMI_AUTOMATION_API_SKIP_VERSION_CHECK": "true",
    "PULUMI_IGNORE_AMBIENT_PLUGINS": "true",
    "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
}

Progress = Callable[[str], None]


class EngineError(RuntimeError):
    """There is no engine to be had, or it may not be run like this; the message says what to do."""


@dataclass(frozen=True, kw_only=True)
class Engine:
    """A Pulumi CLI that can run Python programs. `seconds` is how long it took to find or build it."""

    binary: Path
    version: str
    reason: str
    seconds: float = 0.0

    def environment(self, env: Mapping[str, str]) -> dict[str, str]:
        """The whole environment of a child: what `env` says, and little of the caller's.

        Raises EngineError unless `env` has a file backend and no AWS endpoint but one on this machine.
        """
        endpoint = env.get("AWS_ENDPOINT_URL")
        if endpoint is not None and not _loopback(endpoint):
            raise EngineError(
                f"the sandbox refuses AWS_ENDPOINT_URL '{endpoint}', which is not on this machine; "
                "give the local AWS, http://127.0.0.1:<port>"
            )
        backend = env.get("PULUMI_BACKEND_URL", "")
        if not backend.startswith("file://") or not env.get("PULUMI_HOME"):
            raise EngineError(
                f"the sandbox's engine needs PULUMI_HOME and a file:// PULUMI_BACKEND_URL of its own, not '{backend}'"
            )
        inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        return {**inherited, **_FIXED, **env}

    def run(
        self,
        args: Sequence[str],
        env: Mapping[str, str],
        cwd: Path,
        stream: IO[str] | int | None = subprocess.PIPE,
    ) -> "subprocess.CompletedProcess[str]":
        """Run `pulumi ARGS` in `cwd` and wait for it.

        `stream` gets its output as it comes (None: the caller's own terminal); with the default it is in the result's
        `stdout`, errors included. The exit code is the caller's to judge.
        """
        return subprocess.run(  # noqa: S603 - the engine that was chosen above
            [str(self.binary), "--non-interactive", *args],
            cwd=cwd,
            env=self.environment(env),
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=None if stream is None else subprocess.STDOUT,
            text=True,
            check=False,
        )


def default_cache() -> Path:
    """Where built things are kept, outside of any checkout, so that a fresh clone finds them."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(os.environ.get("LLMOBS_CACHE") or Path(base) / "llm-observatory-secrets")


def pinned_version() -> str:
    """The version that engine/go.mod pins, without its v."""
    found = re.search(r"^\s*github\.com/pulumi/pulumi/pkg/v3 v(\S+)", _GO_MOD.read_text(), re.MULTILINE)
    if found is None:
        raise EngineError(f"{_GO_MOD} pins no github.com/pulumi/pulumi/pkg/v3; it has to, as a tool")
    return found.group(1)


def find_or_build(cache: Path, progress: Progress) -> Engine:
    """The engine to use, ready to run Python programs; `progress` gets a line when it is chosen and while it is built.

    Raises EngineError, with what to do, when there is none to be had.
    """
    started = time.monotonic()
    binary, version, reason = _choose(cache, progress)
    seat = _seat(cache, binary)
    engine = Engine(binary=seat, version=version, reason=reason, seconds=round(time.monotonic() - started, 2))
    progress(f"engine: pulumi {version}, {reason} ({engine.seconds:.1f} s)")
    return engine


def _choose(cache: Path, progress: Progress) -> tuple[Path, str, str]:
    pinned = pinned_version()
    if chosen := os.environ.get("PULUMI_BIN"):
        path = Path(chosen)
        version = _version_of(path)
        if version is None:
            raise EngineError(f"$PULUMI_BIN is '{chosen}', which is no pulumi that runs; correct or unset it")
        return path, version, f"as $PULUMI_BIN says ({chosen})"
    why = "none is on PATH"
    if on_path := shutil.which("pulumi"):
        version = _version_of(Path(on_path))
        if version and _numbers(version) >= _numbers(pinned):
            return Path(on_path), version, f"as it is on PATH ({on_path}) and no older than the pinned {pinned}"
        why = f"the one on PATH is {version or 'broken'}, older than the pinned {pinned}"
    official = cache / f"official-v{pinned}"
    if (official / "bin" / "pulumi").is_file():
        return official / "bin" / "pulumi", pinned, f"installed before by the official installer, as {why}"
    built = cache / f"v{pinned}"
    if (built / "pulumi").is_file():
        return built / "pulumi", pinned, f"built before from engine/go.mod, as {why}"
    if _answers(_INSTALLER):
        progress(f"engine: installing pulumi {pinned} by {_INSTALLER}, as {why}")
        try:
            _install(official, pinned)
        except (EngineError, OSError) as exc:
            progress(f"engine: {exc}; building it instead")
        else:
            return official / "bin" / "pulumi", pinned, f"installed by the official installer, as {why}"
    try:
        build(built, pinned, progress)
    except BuildError as exc:
        raise EngineError(str(exc)) from exc
    return built / "pulumi", pinned, f"built from engine/go.mod, as {why} and {_INSTALLER} did not give one"


def _seat(cache: Path, binary: Path) -> Path:
    """`binary` with a Python language host beside it, where the engine takes it as its own.

    The official host stays in charge where there is one. Else the binary is linked into a folder of this checkout's, so
    that nothing is written beside somebody's own pulumi and clones that share a cache do not share a launcher.
    """
    real = binary.resolve()
    if (real.parent / _HOST).is_file():
        return binary
    key = hashlib.sha256(f"{real}\n{ROOT}\n{sys.executable}".encode()).hexdigest()[:12]
    seat = cache / "seats" / key
    seat.mkdir(parents=True, exist_ok=True)
    _link(real, seat / "pulumi")
    script = real.parent / _EXECUTOR
    try:
        source = script if script.is_file() else executor_script()
    except BuildError as exc:
        raise EngineError(f"{binary} has no Python language host beside it, and {exc}") from exc
    if not (seat / _EXECUTOR).is_file() or (seat / _EXECUTOR).read_bytes() != source.read_bytes():
        shutil.copyfile(source, seat / _EXECUTOR)
    place_launcher(seat / _HOST, "sandbox.language")
    return seat / "pulumi"


def _link(source: Path, target: Path) -> None:
    if target.is_file():
        ours, theirs = target.stat(), source.stat()
        if (ours.st_size, int(ours.st_mtime)) == (theirs.st_size, int(theirs.st_mtime)):
            return
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        # The engine resolves symbolic links before it looks beside itself, so it has to be a hard one.
        draft.hardlink_to(source)
    except OSError:
        shutil.copy2(source, draft)
    draft.replace(target)


def _version_of(binary: Path) -> str | None:
    try:
        answer = subprocess.run(  # noqa: S603
            [str(binary), "version"],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
            env={"PULUMI_SKIP_UPDATE_CHECK": "true", "PATH": os.environ.get("PATH", ""), "HOME": str(Path.home())},
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.match(r"v?(\d+\.\d+\.\d+)", answer.stdout.strip())
    return found.group(1) if answer.returncode == 0 and found else None


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=_ANSWERS_WITHIN):  # noqa: S310
            return True
    except (urllib.error.URLError, TimeoutError, OSError):
        return False


def _install(target: Path, version: str) -> None:
    """Run the official installer into a folder that gets its name only when it is complete."""
    draft = target.with_name(f"{target.name}.partial-{os.getpid()}")
    with urllib.request.urlopen(_INSTALLER, timeout=60) as answer:
        script = answer.read()
    command = ["sh", "-s", "--", "--version", version, "--install-root", str(draft), "--no-edit-path"]
    done = subprocess.run(command, input=script, capture_output=True, check=False)  # noqa: S603
    if done.returncode != 0 or not (draft / "bin" / "pulumi").is_file():
        shutil.rmtree(draft, ignore_errors=True)
        said = done.stderr.decode(errors="replace").strip()
        raise EngineError(f"the official installer failed: {said}; set PULUMI_BIN to a pulumi of your own")
    draft.rename(target)


def _loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
