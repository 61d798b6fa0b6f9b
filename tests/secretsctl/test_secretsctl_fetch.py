"""`secretsctl fetch` against a fake AWS and a real disk."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from catalog import load
from tests.secretsctl.bench import CANARY, Bench


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_it_writes_one_private_file_a_name(bootstrapped: Bench, tmp_path: Path, no_canary: Callable[..., None]) -> None:
    folder = tmp_path / "secrets"
    old = os.umask(0)
    try:
        result = bootstrapped.run("fetch", "--to", str(folder), "--consumer", "collector", "--allow-missing")
    finally:
        os.umask(old)
    assert result.exit_code == 0, result.stderr
    names = ["database_url.txt", "db_app_password.txt", "jwt_secret.txt", "redis_password.txt", "redis_url.txt"]
    assert sorted(path.name for path in folder.iterdir()) == names
    assert mode(folder) == 0o700
    assert {mode(path) for path in folder.iterdir()} == {0o600}
    assert (folder / "redis_password.txt").read_bytes() == f"{CANARY}redis".encode()
    assert (folder / "database_url.txt").read_text().startswith("postgresql://app:C4n4ry%2B")
    assert result.stdout.splitlines() == [str(folder / name) for name in names]
    assert "left out" in result.stderr
    no_canary(result.stdout, result.stderr)


def test_missing_values_make_it_partly(bootstrapped: Bench, tmp_path: Path) -> None:
    result = bootstrapped.run("fetch", "--to", str(tmp_path / "s"), "--consumer", "collector")
    assert result.exit_code == 3
    assert "cannot read secret 'sentry-dsn': it has no value yet" in result.stderr
    assert (tmp_path / "s" / "jwt_secret.txt").exists()


def test_single_names_and_secrets_can_be_asked_for(bootstrapped: Bench, tmp_path: Path) -> None:
    result = bootstrapped.run("fetch", "--to", str(tmp_path / "s"), "DATABASE_URL", "redis-password", "--json")
    assert result.exit_code == 0, result.stderr
    files = [Path(path).name for path in json.loads(result.stdout)["files"]]
    assert files == ["database_url.txt", "redis_password.txt", "redis_url.txt"]
    assert set(bootstrapped.aws.called("GetSecretValue")) == set()  # one batch


def test_a_consumer_without_the_right_to_batch_reads_one_by_one(bootstrapped: Bench, tmp_path: Path) -> None:
    bootstrapped.aws.denied.add(("BatchGetSecretValue", "*"))
    result = bootstrapped.run("fetch", "--to", str(tmp_path / "s"), "redis-password", "jwt-secret")
    assert result.exit_code == 0, result.stderr
    assert len(bootstrapped.aws.called("GetSecretValue")) == 2


def test_with_the_role_of_a_consumer_it_is_what_that_consumer_reads(bootstrapped: Bench, tmp_path: Path) -> None:
    role = "assumed-role/llm-observatory-staging-collector/pod"
    bootstrapped.aws.caller = f"arn:aws:sts::{bootstrapped.aws.account}:{role}"
    result = bootstrapped.run("fetch", "--to", str(tmp_path / "s"), "--allow-missing")
    assert result.exit_code == 0, result.stderr
    names = ["database_url.txt", "db_app_password.txt", "jwt_secret.txt", "redis_password.txt", "redis_url.txt"]
    assert sorted(path.name for path in (tmp_path / "s").iterdir()) == names
    refused = bootstrapped.run("fetch", "--to", str(tmp_path / "s"), "SECRET_KEY")
    assert (refused.exit_code, "consumer 'collector' does not read SECRET_KEY" in refused.stderr) == (2, True)


@pytest.mark.parametrize(
    "caller", ["sts::222233334444:assumed-role/llm-observatory-prod-collector/pod", "iam::222233334444:user/collector"]
)
def test_another_environments_role_and_a_user_are_no_consumer(bootstrapped: Bench, tmp_path: Path, caller: str) -> None:
    bootstrapped.aws.caller = f"arn:aws:{caller}"
    assert bootstrapped.run("fetch", "--to", str(tmp_path / "s"), "--allow-missing").exit_code == 0
    assert (tmp_path / "s" / "secret_key.txt").exists()


def test_what_is_denied_is_told_and_hides_nothing_else(bootstrapped: Bench, tmp_path: Path) -> None:
    bootstrapped.aws.denied.add(("GetSecretValue", "llm-observatory/staging/jwt-secret"))
    result = bootstrapped.run("fetch", "--to", str(tmp_path / "s"), "redis-password", "jwt-secret", "--allow-missing")
    assert result.exit_code == 3
    assert "cannot read secret 'jwt-secret': AccessDeniedException" in result.stderr
    assert "only its consumers' roles and break-glass read a value" in result.stderr
    assert (tmp_path / "s" / "redis_password.txt").exists()
    assert bootstrapped.run("fetch", "--to", str(tmp_path / "t"), "jwt-secret").exit_code == 1


def test_a_folder_that_others_may_enter_is_refused_and_not_changed(bootstrapped: Bench, tmp_path: Path) -> None:
    for open_mode in (0o750, 0o705, 0o777, 0o1777):
        folder = tmp_path / f"m{open_mode:o}"
        folder.mkdir()
        folder.chmod(open_mode)
        result = bootstrapped.run("fetch", "--to", str(folder), "jwt-secret")
        assert result.exit_code == 1
        assert "lets others in; run `chmod 700" in result.stderr
        assert mode(folder) == open_mode
        assert list(folder.iterdir()) == []


def test_a_symbolic_link_is_refused(bootstrapped: Bench, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir(mode=0o700)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    result = bootstrapped.run("fetch", "--to", str(tmp_path / "link"), "jwt-secret")
    assert result.exit_code == 1
    assert "is a symbolic link" in result.stderr
    assert list((tmp_path / "real").iterdir()) == []


def test_a_file_name_that_is_a_link_is_replaced_and_not_followed(bootstrapped: Bench, tmp_path: Path) -> None:
    (tmp_path / "s").mkdir(mode=0o700)
    (tmp_path / "outside").write_text("mine")
    (tmp_path / "s" / "jwt_secret.txt").symlink_to(tmp_path / "outside")
    assert bootstrapped.run("fetch", "--to", str(tmp_path / "s"), "jwt-secret").exit_code == 0
    assert (tmp_path / "outside").read_text() == "mine"
    assert not (tmp_path / "s" / "jwt_secret.txt").is_symlink()


def test_what_a_killed_run_left_is_removed(bootstrapped: Bench, tmp_path: Path) -> None:
    (tmp_path / "s").mkdir(mode=0o700)
    (tmp_path / "s" / ".secretsctl-0123456789abcdef.tmp").write_text("half")
    assert bootstrapped.run("fetch", "--to", str(tmp_path / "s"), "jwt-secret").exit_code == 0
    assert [path.name for path in (tmp_path / "s").iterdir()] == ["jwt_secret.txt"]


DRIVER = """
import os, signal, sys
real, seen, stop = {}, 0, int(sys.argv[1])

def counted(name):
    def call(*args, **kwargs):
        global seen
        seen += 1
        if name == "write" and seen == stop:
            real[name](args[0], bytes(args[1])[: len(args[1]) // 2])  # half of it reaches the disk
        if seen == stop:
            os.kill(os.getpid(), signal.SIGKILL)
        return real[name](*args, **kwargs)
    return call

from secretsctl.app import app
from stores.folder import PrivateFolder
write = PrivateFolder.write

def armed(self, name, content):
    for call in ("open", "fchmod", "write", "fsync", "rename"):
        real.setdefault(call, getattr(os, call))
        setattr(os, call, counted(call))
    write(self, name, content)
    for call in real:
        setattr(os, call, real[call])

PrivateFolder.write = armed
app(sys.argv[2:], prog_name="secretsctl")
"""


@pytest.mark.parametrize("stop", range(1, 13))
def test_killed_at_any_call_of_a_write_it_leaves_no_half_file(bootstrapped: Bench, tmp_path: Path, stop: int) -> None:
    folder = tmp_path / "s"
    folder.mkdir(mode=0o700)
    (folder / "redis_password.txt").write_text("the value before")
    (folder / "redis_password.txt").chmod(0o600)
    child = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(DRIVER), str(stop), "fetch", "--to", str(folder), "redis-password"],
        env=bootstrapped.variables,
        cwd=load.ROOT,
        capture_output=True,
        umask=0,
        check=False,
    )
    assert child.returncode == -signal.SIGKILL, child.stderr
    whole = {"redis_password.txt": (f"{CANARY}redis", "the value before"), "redis_url.txt": None}
    for path in folder.iterdir():
        assert mode(path) == 0o600
        if path.name.startswith(".secretsctl-"):
            continue
        expected = whole[path.name]
        assert path.read_text() in expected if expected else path.read_text().endswith("/0")
    assert bootstrapped.run("fetch", "--to", str(folder), "redis-password").exit_code == 0
    assert sorted(path.name for path in folder.iterdir()) == ["redis_password.txt", "redis_url.txt"]


def test_another_run_in_the_same_folder_is_refused(bootstrapped: Bench, tmp_path: Path) -> None:
    import fcntl

    (tmp_path / "s").mkdir(mode=0o700)
    descriptor = os.open(tmp_path / "s", os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    result = bootstrapped.run("fetch", "--to", str(tmp_path / "s"), "jwt-secret")
    os.close(descriptor)
    assert result.exit_code == 1
    assert "another run is writing into it" in result.stderr


def test_dotenv_is_read_by_a_shell_as_it_was(bootstrapped: Bench, tmp_path: Path) -> None:
    dsn = "https://a$b@o1.ingest.sentry.io/42"
    assert bootstrapped.run("set", "sentry-dsn", stdin=dsn).exit_code == 0
    file = tmp_path / "out.env"
    arguments = ("fetch", "--format", "dotenv", "--output", str(file), "sentry-dsn", "db-app-password")
    assert bootstrapped.run(*arguments).exit_code == 0
    assert mode(file) == 0o600
    script = f'set -a; . {file}; printf "%s %s" "$SENTRY_DSN" "$DATABASE_URL"'
    out = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True).stdout
    assert out.startswith(f"{dsn} postgresql://app:")
    assert out.endswith("&sslrootcert=%2Fetc%2Fllm-observatory%2Fca.crt")


def test_values_are_printed_with_reveal_only(bootstrapped: Bench, no_canary: Callable[..., None]) -> None:
    result = bootstrapped.run("fetch", "--format", "json", "redis-password")
    assert result.exit_code == 2
    assert "needs either --output FILE or --reveal" in result.stderr
    no_canary(result.stdout, result.stderr)
    revealed = bootstrapped.run("fetch", "--format", "json", "--reveal", "redis-password")
    assert json.loads(revealed.stdout)["REDIS_PASSWORD"] == f"{CANARY}redis"
    no_canary(revealed.stderr)


def test_a_full_disk_is_told_and_leaves_what_was_there(
    bootstrapped: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "s"
    assert bootstrapped.run("fetch", "--to", str(folder), "jwt-secret").exit_code == 0
    before = (folder / "jwt_secret.txt").read_text()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("stores.folder.os.fsync", full)
    monkeypatch.setattr("stores.folder.PrivateFolder._remove_leftovers", lambda self: None)
    result = bootstrapped.run("fetch", "--to", str(folder), "jwt-secret")
    assert result.exit_code == 1
    assert "cannot be written: No space left on device" in result.stderr
    assert [path.name for path in folder.iterdir()] == ["jwt_secret.txt"]
    assert (folder / "jwt_secret.txt").read_text() == before
