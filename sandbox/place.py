"""Where one environment's sandbox lives: its folder, ports, first passwords and the stack file with its own hosts."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import secrets
import shutil
import string
from collections.abc import Iterator, Mapping, Set
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import yaml

from catalog import load
from catalog.environment import Environment
from sandbox.aws.process import READY_FILE
from sandbox.servers.server import Server

HOST = "localhost"


class PlaceError(RuntimeError):
    """The sandbox cannot be worked on now; the text says why."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """The sandbox of the environment `name`, under `.sandbox/<name>`.

    `base`, or the variable LLMOBS_SANDBOX, names another folder than `.sandbox`; sandboxes in different folders run
    side by side.
    """

    name: str
    base: Path = field(default_factory=lambda: Path(os.environ.get("LLMOBS_SANDBOX") or load.ROOT / ".sandbox"))

    @property
    def root(self) -> Path:
        """The folder of this sandbox, mode 711: PostgreSQL runs as another user and must pass through."""
        return self.base / self.name

    @property
    def stack_file(self) -> Path:
        """The stack file as the sandbox uses it; `secretsctl` and Pulumi both read it."""
        return self.root / f"Pulumi.{self.name}.yaml"

    @property
    def ca_file(self) -> Path:
        """The CA of the sandbox's servers, for consumers: `database.ca_path` of the stack file."""
        return self.root / "ca.crt"

    @property
    def fetched(self) -> Path:
        """Where `make up` fetches the values of the secrets to."""
        return self.root / "secrets"

    @cached_property
    def declared(self) -> Environment:
        """The environment as the stack file in the repository declares it."""
        return load.environment(self.name)

    @property
    def servers(self) -> Path:
        """The folder of PostgreSQL and Redis, which run as accounts of their own when we are root.

        It is this sandbox's, unless a folder above is closed to others, as root's home is: then one beside it all.
        """
        if os.geteuid() != 0 or all(parent.stat().st_mode & 0o001 for parent in self.base.resolve().parents):
            return self.root
        return Path("/var/tmp") / f"llm-observatory-{hashlib.sha256(str(self.root).encode()).hexdigest()[:12]}"  # noqa: S108

    def make(self) -> None:
        """Makes the folders; what is there already stays."""
        self.base.mkdir(parents=True, exist_ok=True)
        for folder in (self.base, self.root, self.servers):
            folder.mkdir(exist_ok=True)
            folder.chmod(0o711)

    def remove(self) -> None:
        """Removes everything of this sandbox, and the common folder when it was the last."""
        for folder in (self.root, self.servers):
            shutil.rmtree(folder, ignore_errors=True)
        self.lock_file.unlink(missing_ok=True)
        if self.base.is_dir() and not any(self.base.iterdir()):
            self.base.rmdir()

    def clear(self) -> None:
        """Removes what this sandbox holds, but for caches and the ports that its servers come back on."""
        kept = {self.root / "pulumi", self.root / "aws" / READY_FILE}
        kept |= {self.servers / name / "port" for name in ("postgres", "redis")}
        for folder in {self.root, self.servers}:
            _remove_all_but(kept, folder)

    @property
    def lock_file(self) -> Path:
        """Held by whoever changes this sandbox."""
        return self.base / f"{self.name}.lock"

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keeps every other run away from this sandbox; PlaceError when one is at it already."""
        self.base.mkdir(parents=True, exist_ok=True)
        with self.lock_file.open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as exc:
                raise PlaceError(f"another run is at work on sandbox {self.name}; wait for it or end it") from exc
            yield

    @property
    def first_values(self) -> Mapping[str, str]:
        """What a person would give to `secretsctl bootstrap`, by the guide's names; empty once the store holds it.

        The passwords of PostgreSQL and Redis are those that the servers start with. The rest stands in for what other
        companies issue: random, in the right form, good for nothing.
        """
        path = self.root / "first-values.json"
        if not path.exists():
            _write(path, json.dumps(_made_up()), mode=0o600)
        values: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
        return values

    def forget_first_values(self) -> None:
        """Takes the first values off the disk, once the store holds them."""
        _write(self.root / "first-values.json", "{}", mode=0o600)

    def write_stack_file(self, *, postgres: Server, redis: Server, network: Mapping[str, object]) -> None:
        """Writes the repository's stack file with the sandbox's hosts, ports, CA and network for the real ones."""
        source = load.ROOT / f"Pulumi.{self.name}.yaml"
        stack = yaml.safe_load(source.read_text(encoding="utf-8"))
        settings = stack["config"][load.CONFIG_KEY]
        settings["database"] |= {
            "host": HOST,
            "port": postgres.port,
            "ca_path": str(self.ca_file),
            "ca_pem": postgres.ca_pem,
        }
        settings["cache"] |= {"host": HOST, "port": redis.port, "ca_pem": redis.ca_pem}
        settings["network"] |= network
        if salt := self._encryption_salt():
            stack["encryptionsalt"] = salt
        _write(self.ca_file, postgres.ca_pem, mode=0o644)
        _write(self.stack_file, yaml.safe_dump(stack, sort_keys=False), mode=0o644)

    def _encryption_salt(self) -> str | None:
        # Pulumi writes the salt of its passphrase into the stack file; another one would not open the state.
        if not self.stack_file.exists():
            return None
        salt: str | None = yaml.safe_load(self.stack_file.read_text(encoding="utf-8")).get("encryptionsalt")
        return salt


def _remove_all_but(kept: Set[Path], folder: Path) -> None:
    for path in folder.iterdir() if folder.is_dir() else ():
        if path in kept:
            continue
        if path.is_dir() and not path.is_symlink() and any(path in inner.parents for inner in kept):
            _remove_all_but(kept, path)
        elif path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _made_up() -> dict[str, str]:
    return {
        "DB_PASSWORD": secrets.token_urlsafe(32),
        "REDIS_PASSWORD": secrets.token_urlsafe(32),
        "GRAFANA_ADMIN_PASSWORD": secrets.token_urlsafe(32),
        "AWS_ACCESS_KEY_ID": "AKIA" + "".join(secrets.choice(string.ascii_uppercase) for _ in range(16)),
        "AWS_SECRET_ACCESS_KEY": secrets.token_urlsafe(30),
        "SMTP_USER": "AKIA" + "".join(secrets.choice(string.ascii_uppercase) for _ in range(16)),
        "SMTP_PASSWORD": secrets.token_urlsafe(32),
        "OPENAI_API_KEY": f"sk-sandbox-{secrets.token_urlsafe(32)}",
        "ANTHROPIC_API_KEY": f"sk-ant-sandbox-{secrets.token_urlsafe(32)}",
        "SENTRY_DSN": f"https://{secrets.token_hex(16)}@sentry.invalid/1",
        "OPENAI_ADMIN_KEY": f"sk-admin-sandbox-{secrets.token_urlsafe(32)}",
        "ANTHROPIC_ADMIN_KEY": f"sk-ant-admin-sandbox-{secrets.token_urlsafe(32)}",
        "SENTRY_AUTH_TOKEN": f"sntrys_sandbox_{secrets.token_urlsafe(32)}",
    }


def _write(path: Path, text: str, *, mode: int) -> None:
    beside = path.with_name(path.name + ".part")
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as file:
        file.write(text)
    beside.replace(path)
