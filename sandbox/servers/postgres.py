"""A local PostgreSQL: TLS only, scram-sha-256 only, loopback only, with the guide's roles."""

import os
import shutil
import signal
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from sandbox.servers import package, process, tls
from sandbox.servers.errors import ServerError
from sandbox.servers.postgres_setup import CONFIGURATION, HOST_RULES, SUPERUSER, statements
from sandbox.servers.process import HOST, Account
from sandbox.servers.server import Server

PACKAGE = "postgresql"
_ACCOUNT = "postgres"  # made by Debian's package
_INITDB_SECONDS, _START_SECONDS = 120, 30


def find() -> Path:
    """The folder of the newest `postgres`, `initdb` and `pg_ctl`; ServerError names the package to install.

    Debian keeps them off PATH. What PATH offers may be a link or a wrapper script of another tool, so links are
    followed and all three programs must lie together.
    """
    installed = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: _number(path.parent.name), reverse=True
    )
    on_path = shutil.which("postgres")
    for folder in [*installed, *([Path(on_path).resolve().parent] if on_path else [])]:
        if all(os.access(folder / program, os.X_OK) for program in ("postgres", "initdb", "pg_ctl")):
            return folder
    raise ServerError(f"PostgreSQL's server programs are missing; run `apt-get install {PACKAGE}`")


def install(progress: package.Progress) -> None:
    """Install the server with apt-get, without starting a cluster of its own; ServerError if that is impossible."""
    package.install(PACKAGE, progress)


def start(
    root: Path, port: int | None = None, *, initial_password: str | None = None, names: Iterable[str] = ()
) -> Server:
    """Start the server under `root`, or return the one that runs there already.

    The first start makes the data folder and gives role `postgres` the initial password; later ones ignore it. Without
    a port, the last one or a free one is used. ServerError names a port that is in use, or a folder that is closed.
    """
    programs = find()
    owner = process.account(_ACCOUNT)
    data = root / "data"
    if (found := running(root, port)) is not None:
        return found
    process.private_folder(root, owner)
    ca = tls.authority(root.parent / "tls")
    tls.server_pair(ca, root, names, owner)
    if not data.exists():
        if initial_password is None:
            raise ServerError(f"{data} does not exist yet; give the superuser's initial password for the first start")
        _make(programs, root, data, initial_password, owner)
    chosen = process.choose_port(port, root / "port", "PostgreSQL")
    (data / "postmaster.pid").unlink(missing_ok=True)  # of a process that is dead: running() has looked
    log = root / "server.log"
    command = [
        programs / "pg_ctl",
        "start",
        "-s",
        "-w",
        f"-t{_START_SECONDS}",
        "-D",
        data,
        "-l",
        log,
        "-o",
        f"-p {chosen}",
    ]
    try:
        process.run([str(word) for word in command], owner, seconds=_START_SECONDS + 10)
    except ServerError as error:
        said = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
        raise ServerError(f"PostgreSQL did not start on port {chosen}: {process.tail(said)}") from error
    (root / "port").write_text(str(chosen), encoding="ascii")
    if (found := running(root, chosen)) is None:
        raise ServerError(f"PostgreSQL started on port {chosen} and ended at once; look into {log}")
    return found


def stop(root: Path) -> None:
    """Stop the server under `root` and end its sessions; nothing happens when none runs.

    SIGINT is the fast shutdown; SIGTERM would wait for clients (PostgreSQL manual, 19.5).
    """
    pid = _pid(root)
    if pid is not None:
        process.end(pid, signal.SIGINT, lambda: process.is_ours(pid, "postgres", root / "data"), "PostgreSQL")


def _make(programs: Path, root: Path, data: Path, password: str, owner: Account | None) -> None:
    """Make the data folder under another name and move it in when all is done: one that is half made is never used."""
    making = root / "data.making"
    if making.exists():
        shutil.rmtree(making)
    password_file = root / "initial-password"
    password_file.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(password_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(password)
        if owner is not None:
            owner.take(password_file)
        process.run(
            [
                str(programs / "initdb"),
                f"--pgdata={making}",
                f"--username={SUPERUSER}",
                f"--pwfile={password_file}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C",
                "--data-checksums",
                "--no-instructions",
            ],
            owner,
            seconds=_INITDB_SECONDS,
        )
    finally:
        password_file.unlink(missing_ok=True)
    with (making / "postgresql.conf").open("a", encoding="utf-8") as file:
        file.write(CONFIGURATION.format(host=HOST, certificate=root / "server.pem", key=root / "server.key"))
    (making / "pg_hba.conf").write_text(HOST_RULES, encoding="utf-8")
    for database, text in statements():
        # Single-user mode: no port, no socket and no rule that trusts anybody, not even for a moment.
        said = process.run([programs / "postgres", "--single", "-j", "-D", making, database], owner, stdin=text)
        if "ERROR:" in said or "FATAL:" in said:
            raise ServerError(f"setting up database '{database}' failed: {process.tail(said)}")
    making.rename(data)


def running(root: Path, port: int | None = None) -> Server | None:
    """The server that runs under `root`, or None; ServerError when it is on another port than the one asked for."""
    pid = _pid(root)
    if pid is None:
        return None
    if not process.until(lambda: _is_ready(root), _START_SECONDS):
        raise ServerError(f"PostgreSQL (pid {pid}) runs and is not ready; look into {root / 'server.log'}")
    actual = int(_pid_file(root)[3])
    if port not in (None, actual):
        raise ServerError(
            f"PostgreSQL under {root} runs on port {actual}, not {port}; stop it first or leave the port open"
        )
    ca_pem = tls.authority(root.parent / "tls").pem
    return Server(host=HOST, port=actual, ca_pem=ca_pem, pid=pid, log=root / "server.log")


def _pid(root: Path) -> int | None:
    lines = _pid_file(root)
    if lines and lines[0].isdecimal() and process.is_ours(int(lines[0]), "postgres", root / "data"):
        return int(lines[0])
    return None


def _pid_file(root: Path) -> list[str]:
    """Pid, data folder, start time, port, socket folder, address, memory key and status, one a line (pidfile.h)."""
    with suppress(OSError):
        return (root / "data" / "postmaster.pid").read_text(encoding="ascii").splitlines()
    return []


def _is_ready(root: Path) -> bool:
    lines = _pid_file(root)
    return len(lines) > 7 and lines[7].strip() == "ready"


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0
