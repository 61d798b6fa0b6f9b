"""Placing the sandbox's AWS provider where the engine looks for the real one: in the sandbox's own PULUMI_HOME."""

import importlib.metadata
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from sandbox.engine import Engine, EngineError
from sandbox.language.launcher import place_launcher

_BINARY = "pulumi-resource-aws"


def plugin_version() -> str:
    """The version of the plugin that the installed SDK asks for, from its pulumi-plugin.json."""
    description = Path(str(importlib.metadata.distribution("pulumi_aws").locate_file("pulumi_aws/pulumi-plugin.json")))
    return str(json.loads(description.read_text())["version"])


def install_provider(engine: Engine, env: Mapping[str, str]) -> str:
    """Have the AWS plugin in the PULUMI_HOME of `env`; says in one line what is used.

    With LLMOBS_AWS_PLUGIN=real it is the real plugin, which has to be installed in the user's own PULUMI_HOME. A plugin
    that is there already costs a stat, and its launcher is brought up to date with this checkout.
    """
    version = plugin_version()
    folder = Path(env["PULUMI_HOME"]) / "plugins" / f"resource-aws-v{version}"
    if os.environ.get("LLMOBS_AWS_PLUGIN") == "real":
        return _use_real(folder, version)
    if folder.is_symlink():
        folder.unlink()
    if not folder.is_dir():
        with tempfile.TemporaryDirectory() as source:
            place_launcher(Path(source) / _BINARY, "sandbox.provider")
            done = engine.run(
                ["plugin", "install", "resource", "aws", version, "--file", source], env, Path(env["PULUMI_HOME"])
            )
        if done.returncode != 0:
            raise EngineError(f"the engine would not install the sandbox's AWS provider: {done.stdout.strip()}")
    place_launcher(folder / _BINARY, "sandbox.provider")
    return f"provider: the sandbox's own, as aws {version}"


def _use_real(folder: Path, version: str) -> str:
    home = Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")
    real = home / "plugins" / folder.name
    if not (real / _BINARY).is_file():
        raise EngineError(
            f"LLMOBS_AWS_PLUGIN=real, but {real} is not there; run `pulumi plugin install resource aws {version}` first"
        )
    if folder.is_dir() and not folder.is_symlink():
        shutil.rmtree(folder)
    if not folder.is_symlink():
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.symlink_to(real)
    return f"provider: the real aws {version}, from {real}"
