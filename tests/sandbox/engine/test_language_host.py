"""The language host, asked as the engine asks it."""

import os
import signal
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import language_pb2

from sandbox.language.host import SERVICE, PythonHost, plugin_folder, sdk_plugins
from sandbox.language.launcher import place_launcher
from sandbox.language.plugin import handlers


class Context:
    def add_callback(self, _callback: Callable[[], None]) -> bool:
        return True


CONTEXT: Any = Context()


def host(tmp_path: Path, script: str) -> PythonHost:
    executor = tmp_path / "executor"
    executor.write_text(script)
    return PythonHost(engine="127.0.0.1:1", executor=executor)


def run(tmp_path: Path, script: str) -> Any:
    request = language_pb2.RunRequest(
        project="tiny",
        stack="dev",
        pwd=str(tmp_path),
        program=".",
        dryRun=True,
        parallel=4,
        monitor_address="127.0.0.1:2",
        config={"tiny:size": "3"},
        configSecretKeys=["tiny:size"],
        info=language_pb2.ProgramInfo(root_directory=str(tmp_path), program_directory=str(tmp_path), entry_point="."),
    )
    return host(tmp_path, script).run(request, CONTEXT)


def test_a_program_gets_its_arguments_and_configuration(tmp_path: Path) -> None:
    script = (
        "import json, os, sys, pathlib\n"
        "pathlib.Path('seen').write_text(json.dumps([sys.argv[1:], os.environ['PULUMI_CONFIG'], "
        "os.environ['PULUMI_CONFIG_SECRET_KEYS']]))\n"
    )
    response = run(tmp_path, script)
    assert (response.error, response.bail) == ("", False)
    seen = (tmp_path / "seen").read_text()
    for part in ("--monitor", "127.0.0.1:2", "--engine", "127.0.0.1:1", "--dry_run", "true", "--parallel", "tiny:size"):
        assert part in seen


def test_an_error_that_was_shown_already_is_not_shown_again(tmp_path: Path) -> None:
    response = run(tmp_path, "raise SystemExit(32)")
    assert (response.error, response.bail) == ("", True)


def test_any_other_exit_code_is_an_error(tmp_path: Path) -> None:
    response = run(tmp_path, "raise SystemExit(3)")
    assert (response.error, response.bail) == ("the program ended with exit code 3", False)


def test_a_plugin_runs_with_its_output_streamed_and_its_exit_code_last(tmp_path: Path) -> None:
    (tmp_path / "__main__.py").write_text("import sys\nprint('out')\nprint('err', file=sys.stderr)\nsys.exit(5)\n")
    request = language_pb2.RunPluginRequest(
        kind="resource",
        pwd=str(tmp_path),
        env=[f"PATH={os.environ['PATH']}"],
        info=language_pb2.ProgramInfo(root_directory=str(tmp_path), program_directory=str(tmp_path)),
    )
    said = list(host(tmp_path, "").run_plugin(request, CONTEXT))
    assert sorted(item.stdout + item.stderr for item in said[:-1]) == [b"err\n", b"out\n"]
    assert said[-1].exitcode == 5


def test_only_plugins_that_are_there_are_required(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path))
    assert not host(tmp_path, "").packages(language_pb2.GetRequiredPackagesRequest(), CONTEXT).packages
    version = sdk_plugins()["aws"]
    plugin_folder("aws", version).mkdir(parents=True)
    required = host(tmp_path, "").packages(language_pb2.GetRequiredPackagesRequest(), CONTEXT).packages
    assert [(item.name, item.version) for item in required] == [("aws", version)]


def test_what_it_does_not_know_is_unimplemented_and_nothing_worse(tmp_path: Path) -> None:
    server = grpc.server(ThreadPoolExecutor(max_workers=1))
    server.add_generic_rpc_handlers((handlers(SERVICE, host(tmp_path, "").methods()),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        call: Any = channel.unary_unary(f"/{SERVICE}/GenerateProject", request_serializer=Empty.SerializeToString)
        with pytest.raises(grpc.RpcError) as caught:
            call(Empty())
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED
    server.stop(0).wait()


def test_a_launcher_is_written_once(tmp_path: Path) -> None:
    launcher = tmp_path / "folder" / "pulumi-language-python"
    place_launcher(launcher, "sandbox.language")
    before = launcher.stat().st_mtime_ns, launcher.stat().st_ino
    place_launcher(launcher, "sandbox.language")
    assert (launcher.stat().st_mtime_ns, launcher.stat().st_ino) == before
    assert os.access(launcher, os.X_OK)
    assert [path.name for path in launcher.parent.iterdir()] == [launcher.name]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_process_says_its_port_and_ends_quietly(tmp_path: Path, number: signal.Signals) -> None:
    launcher = tmp_path / "pulumi-language-python"
    place_launcher(launcher, "sandbox.language")
    process = subprocess.Popen([launcher, "127.0.0.1:1"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert int(process.stdout.readline()) > 0
    process.send_signal(number)
    said, complaints = process.communicate(timeout=20)
    assert (process.returncode, said, complaints) == (0, "", "")
