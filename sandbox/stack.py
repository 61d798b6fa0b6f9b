"""The stack of an environment, in the sandbox's own backend: made, deployed, previewed by the real engine."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from catalog import load
from sandbox.engine import Engine
from sandbox.place import Place
from sandbox.provider.install import install_provider
from sandbox.steps import say

VERSIONS = "**$aws:secretsmanager/secretVersion:SecretVersion::*"
"""The URNs of all versions of secrets, as the engine's --exclude takes them."""
_PASSPHRASE = "sandbox"  # noqa: S105 - protects nothing: the state holds no secret, and the sandbox is thrown away
_PROGRESS = re.compile(r"^ *[+~-]+ +(\S+) (\S+) (created|updated|deleted|replaced)\b")


class StackError(RuntimeError):
    """The engine refused or failed; its own words were shown before, or are in the text."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What an update did: how many resources were created, updated, deleted, replaced, or stayed the same."""

    changes: Mapping[str, int]

    @property
    def changed(self) -> int:
        """Resources that are not as they were."""
        return sum(count for kind, count in self.changes.items() if kind != "same")

    def __str__(self) -> str:
        return ", ".join(f"{count} {kind}" for kind, count in sorted(self.changes.items())) or "nothing to do"


@dataclass(frozen=True, kw_only=True)
class Stack:
    """A stack and all that the engine needs to run it. `program` is the folder of Pulumi.yaml and __main__.py."""

    place: Place
    engine: Engine
    variables: Mapping[str, str]
    program: Path = load.ROOT

    @property
    def environment(self) -> Mapping[str, str]:
        """What the engine and its plugins see: the sandbox's own backend, home and AWS, and no real account."""
        return {
            **self.variables,
            "PULUMI_HOME": str(self.place.root / "pulumi"),
            "PULUMI_BACKEND_URL": f"file://{self.place.root / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": _PASSPHRASE,
        }

    def make(self) -> None:
        """Makes the stack when it does not exist, and unlocks it after an update that was killed."""
        for folder in ("state", "pulumi"):
            (self.place.root / folder).mkdir(exist_ok=True)
        say(install_provider(self.engine, self.environment))
        listed = json.loads(self.run("stack", "ls", "--json"))
        if self.place.name not in {entry["name"].rpartition("/")[2] for entry in listed}:
            # `stack init` writes the salt of its passphrase into the stack file of the folder that it runs in.
            shutil.copyfile(self.program / "Pulumi.yaml", self.place.root / "Pulumi.yaml")
            self.run("stack", "init", self.place.name, folder=self.place.root)
        self.run("cancel", "--yes", "--stack", self.place.name)

    def was_killed(self) -> bool:
        """Whether an update was killed while resources were being made: some may exist that the state does not know."""
        return bool(json.loads(self.export())["deployment"].get("pending_operations"))

    def up(self) -> Outcome:
        """Deploys with the tier pack; a violation stops it before the first resource.

        Raises:
            StackError: the engine failed; what it said was shown.
        """
        self._stream("up", "--yes", "--suppress-outputs", *self.target)
        return self._last_outcome()

    def preview(self) -> None:
        """Shows what `up` would do, with the tier pack's findings. Raises StackError when it would fail."""
        self._stream("preview", *self.target, quiet=False)

    def refresh(self) -> Outcome:
        """Reads resources back and takes what is there into the state, but no version: that is a secret's value.

        docs/adr/0009-a-refresh-reads-no-value.md. Raises StackError.
        """
        excluded = ("--exclude", VERSIONS)
        self._stream("refresh", "--yes", "--skip-preview", "--stack", self.place.name, *excluded, *self._config)
        return self._last_outcome()

    def export(self) -> str:
        """The state as JSON."""
        return self.run("stack", "export", "--stack", self.place.name)

    @property
    def _config(self) -> tuple[str, ...]:
        return ("--config-file", str(self.place.stack_file))

    @property
    def target(self) -> tuple[str, ...]:
        return ("--stack", self.place.name, *self._config, "--policy-pack", str(self.program / "policies" / "tiers"))

    def _last_outcome(self) -> Outcome:
        history = json.loads(self.run("stack", "history", "--json", "--page-size", "1", "--stack", self.place.name))
        return Outcome(changes=history[0].get("resourceChanges") or {})

    def run(self, *args: str, folder: Path | None = None) -> str:
        """What `pulumi ARGS` printed, run in the program's folder or another. Raises StackError with it on failure."""
        done = self.engine.run([*args, "--color", "never"], self.environment, folder or self.program)
        if done.returncode != 0:
            raise StackError(f"pulumi {args[0]} failed: {done.stdout.strip()}")
        return done.stdout

    def _stream(self, *args: str, quiet: bool = True) -> None:
        """Runs the engine; tells resource by resource what it does, and everything it said when it fails."""
        said: list[str] = []
        with subprocess.Popen(  # noqa: S603 - the engine that was chosen
            [str(self.engine.binary), "--non-interactive", *args, "--color", "never"],
            cwd=self.program,
            env=self.engine.environment(self.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            assert process.stdout is not None
            try:
                for line in process.stdout:
                    said.append(line.rstrip())
                    if not quiet:
                        say(line.rstrip())
                    elif step := _PROGRESS.match(line):
                        say(f"{step[3]} {step[1]} {step[2]}")
            except KeyboardInterrupt:
                # The engine got the signal too and finishes what is under way; a closed pipe would kill it.
                say("interrupted; waiting for the engine to finish what it is at")
                process.stdout.read()
                process.wait()
                raise
        if process.returncode != 0:
            for line in said if quiet else ():
                say(line)
            raise StackError(f"pulumi {args[0]} of {self.place.name} failed with code {process.returncode}; see above")
