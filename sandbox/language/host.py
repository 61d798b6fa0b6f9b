"""The LanguageRuntime service: what the engine asks of a language, answered for Python.

Protocol: proto/pulumi/language.proto of github.com/pulumi/pulumi; the official host is sdk/python/cmd/
pulumi-language-python in the same repository.
"""

import importlib.metadata
import json
import os
import platform
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import language_pb2, plugin_pb2

from sandbox.language.child import Children, interrupt, output
from sandbox.language.plugin import Method

SERVICE = "pulumirpc.LanguageRuntime"
# The executor's exit code for "the error has been shown already" (pulumi-language-python-exec).
_SHOWN = 32


@dataclass(kw_only=True)
class PythonHost:
    """Answers for one engine at `engine` (host:port), with the executor script `executor`."""

    engine: str
    executor: Path
    children: Children = field(default_factory=Children)

    def methods(self) -> Mapping[str, Method]:
        """The procedures by name; what is missing here answers UNIMPLEMENTED."""
        return {
            "Handshake": Method(run=self.handshake, request=language_pb2.LanguageHandshakeRequest),
            "GetPluginInfo": Method(run=self.plugin_info, request=Empty),
            "GetRequiredPackages": Method(run=self.packages, request=language_pb2.GetRequiredPackagesRequest),
            "About": Method(run=self.about, request=language_pb2.AboutRequest),
            "GetProgramDependencies": Method(run=self.dependencies, request=language_pb2.GetProgramDependenciesRequest),
            "InstallDependencies": Method(
                run=self.install, request=language_pb2.InstallDependenciesRequest, streams=True
            ),
            "RuntimeOptionsPrompts": Method(run=self.prompts, request=language_pb2.RuntimeOptionsRequest),
            "Run": Method(run=self.run, request=language_pb2.RunRequest),
            "RunPlugin": Method(run=self.run_plugin, request=language_pb2.RunPluginRequest, streams=True),
            "Cancel": Method(run=self.cancel, request=Empty),
        }

    def handshake(
        self, request: language_pb2.LanguageHandshakeRequest, _context: grpc.ServicerContext
    ) -> language_pb2.LanguageHandshakeResponse:
        """The engine's address, in case it is another than on the command line."""
        self.engine = request.engine_address or self.engine
        return language_pb2.LanguageHandshakeResponse()

    def plugin_info(self, _request: Empty, _context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:
        """The version of the SDK that programs run with."""
        return plugin_pb2.PluginInfo(version=importlib.metadata.version("pulumi"))

    def packages(
        self, _request: language_pb2.GetRequiredPackagesRequest, _context: grpc.ServicerContext
    ) -> language_pb2.GetRequiredPackagesResponse:
        """The plugins of the installed SDKs that are there; naming others would make the engine download them."""
        return language_pb2.GetRequiredPackagesResponse(
            packages=[
                plugin_pb2.PackageDependency(kind="resource", name=name, version=version)
                for name, version in sdk_plugins().items()
                if plugin_folder(name, version).is_dir()
            ]
        )

    def about(self, _request: language_pb2.AboutRequest, _context: grpc.ServicerContext) -> language_pb2.AboutResponse:
        """The interpreter."""
        return language_pb2.AboutResponse(executable=sys.executable, version=platform.python_version())

    def dependencies(
        self, _request: language_pb2.GetProgramDependenciesRequest, _context: grpc.ServicerContext
    ) -> language_pb2.GetProgramDependenciesResponse:
        """The installed distributions."""
        return language_pb2.GetProgramDependenciesResponse(
            dependencies=[
                language_pb2.DependencyInfo(name=item.metadata["Name"], version=item.version)
                for item in importlib.metadata.distributions()
            ]
        )

    def install(
        self, _request: language_pb2.InstallDependenciesRequest, _context: grpc.ServicerContext
    ) -> Iterator[language_pb2.InstallDependenciesResponse]:
        """Nothing: the Makefile has installed the locked requirements before any engine runs."""
        yield language_pb2.InstallDependenciesResponse(stdout=b"requirements are installed by make\n")

    def prompts(
        self, _request: language_pb2.RuntimeOptionsRequest, _context: grpc.ServicerContext
    ) -> language_pb2.RuntimeOptionsResponse:
        """Nothing to ask a person."""
        return language_pb2.RuntimeOptionsResponse()

    def run(self, request: language_pb2.RunRequest, context: grpc.ServicerContext) -> language_pb2.RunResponse:
        """Run a program to its end."""
        options = {
            "--monitor": request.monitor_address,
            "--engine": self.engine,
            "--project": request.project,
            "--root_directory": request.info.root_directory,
            "--stack": request.stack,
            "--pwd": request.pwd,
            "--dry_run": "true" if request.dryRun else "false",
            "--parallel": str(request.parallel),
            "--organization": request.organization,
        }
        flags = [part for name, value in options.items() if value for part in (name, value)]
        entry = request.info.entry_point or request.program or "."
        env = {
            **os.environ,
            "PULUMI_CONFIG": json.dumps(dict(request.config)),
            "PULUMI_CONFIG_SECRET_KEYS": json.dumps(list(request.configSecretKeys)),
        }
        process = self.children.start(
            [interpreter(request.info), "-u", str(self.executor), *flags, entry, *request.args],
            cwd=Path(request.pwd),
            env=env,
            piped=False,
        )
        context.add_callback(lambda: interrupt(process))
        code = self.children.wait(process)
        if code == _SHOWN:
            return language_pb2.RunResponse(bail=True)
        return language_pb2.RunResponse(error=f"the program ended with exit code {code}" if code else "")

    def run_plugin(
        self, request: language_pb2.RunPluginRequest, context: grpc.ServicerContext
    ) -> Iterator[language_pb2.RunPluginResponse]:
        """Run a plugin that is written in Python: a policy pack by `pulumi.policy`, anything else as a program."""
        folder = Path(request.info.program_directory)
        start = [interpreter(request.info), "-u"]
        if request.kind == "analyzer":
            # The pack's folder is its working directory, so that it imports its own modules.
            command, cwd = [*start, "-m", "pulumi.policy", *request.args, str(folder)], folder
        else:
            command, cwd = [*start, str(folder), *request.args], Path(request.pwd or folder)
        env = dict(pair.split("=", 1) for pair in request.env if "=" in pair) or dict(os.environ)
        process = self.children.start(command, cwd=cwd, env=env, piped=True)
        context.add_callback(lambda: interrupt(process))
        for is_stdout, data in output(process):
            yield (
                language_pb2.RunPluginResponse(stdout=data)
                if is_stdout
                else language_pb2.RunPluginResponse(stderr=data)
            )
        yield language_pb2.RunPluginResponse(exitcode=self.children.wait(process))

    def cancel(self, _request: Empty, _context: grpc.ServicerContext) -> Empty:
        """The engine is about to end."""
        self.children.end()
        return Empty()


def interpreter(info: language_pb2.ProgramInfo) -> str:
    """The Python of the project's `virtualenv` option when that exists, else the one this host runs in."""
    option: Any = info.options.fields["virtualenv"].string_value if "virtualenv" in info.options.fields else ""
    own = Path(info.root_directory) / option / "bin" / "python"
    return str(own) if option and own.is_file() else sys.executable


def sdk_plugins() -> dict[str, str]:
    """Name and version of the plugin that each installed Pulumi SDK belongs to, from its pulumi-plugin.json."""
    found: dict[str, str] = {}
    for item in importlib.metadata.distributions():
        name = (item.metadata["Name"] or "").replace("-", "_")
        if not name.startswith("pulumi_"):
            continue
        description = Path(str(item.locate_file(f"{name}/pulumi-plugin.json")))
        if description.is_file():
            plugin = json.loads(description.read_text())
            if plugin.get("resource"):
                # Name and version may be left out; then they are the distribution's (sdk/python/cmd, plugin.go).
                found[plugin.get("name") or name.removeprefix("pulumi_")] = plugin.get("version") or item.version
    return found


def plugin_folder(name: str, version: str) -> Path:
    """Where the engine keeps version `version` of the resource plugin `name`."""
    home = Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")
    return home / "plugins" / f"resource-{name}-v{version.removeprefix('v')}"
