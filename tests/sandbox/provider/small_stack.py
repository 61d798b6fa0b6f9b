"""A stack of a few resources, with a backend of its own, that the real engine runs against a local AWS."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from sandbox.engine import Engine, default_cache, find_or_build
from sandbox.provider.install import install_provider

REGION = "us-east-1"


@dataclass(frozen=True, kw_only=True)
class Stack:
    """The stack `dev` of a project `tiny`; everything of it lies in `folder`."""

    engine: Engine
    env: dict[str, str]
    folder: Path

    @property
    def program(self) -> Path:
        return self.folder / "program"

    def write(self, source: str) -> None:
        """Makes `source` the program."""
        (self.program / "__main__.py").write_text(source)

    def pulumi(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return self.engine.run(arguments, self.env, self.program)

    def succeed(self, *arguments: str) -> str:
        result = self.pulumi(*arguments)
        assert result.returncode == 0, result.stdout
        return result.stdout


def make(folder: Path, endpoint: str, *, account: str, key: str, secret: str) -> Stack:
    """A new stack in `folder`, without a program."""
    for name in ("home", "state", "program"):
        (folder / name).mkdir()
    env = {
        "PULUMI_HOME": str(folder / "home"),
        "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE": "local",
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": key,
        "AWS_SECRET_ACCESS_KEY": secret,
    }
    made = Stack(engine=find_or_build(default_cache(), print), env=env, folder=folder)
    install_provider(made.engine, env)
    (made.program / "Pulumi.yaml").write_text("name: tiny\nruntime:\n  name: python\n")
    (made.program / "Pulumi.dev.yaml").write_text(
        f"config:\n  aws:region: {REGION}\n  aws:allowedAccountIds: ['{account}']\n"
    )
    made.succeed("stack", "init", "dev")
    return made
