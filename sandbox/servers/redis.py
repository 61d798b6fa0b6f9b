"""A local Redis: TLS only, ACL users in a file that survives a restart, loopback only."""

import hashlib
import os
import shutil
import signal
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from sandbox.servers import package, process, tls
from sandbox.servers.errors import ServerError
from sandbox.servers.process import HOST, Account
from sandbox.servers.server import Server

PACKAGE = "redis-server"
_PROGRAM = "redis-server"
_ACCOUNT = "redis"  # made by Debian's package
_START_SECONDS = 15

_CONFIGURATION = """\
bind {host}
port 0
tls-port {port}
tls-cert-file {root}/server.pem
tls-key-file {root}/server.key
tls-ca-cert-file {ca}
tls-auth-clients no
tls-protocols "TLSv1.2 TLSv1.3"
aclfile {data}/users.acl
dir {data}
appendonly no
save ""
daemonize yes
pidfile {data}/redis.pid
logfile {log}
"""


def find() -> Path:
    """The server program; ServerError names the package when it is missing."""
    for place in (shutil.which(_PROGRAM), "/usr/bin/redis-server", "/usr/sbin/redis-server"):
        if place and os.access(place, os.X_OK):
            return Path(place)
    raise ServerError(f"Redis's server program is missing; run `apt-get install {PACKAGE}`")


def install(progress: package.Progress) -> None:
    """Install the server with apt-get, without starting it as a service; ServerError if that is impossible."""
    package.install(PACKAGE, progress)


def start(
    root: Path, port: int | None = None, *, initial_password: str | None = None, names: Iterable[str] = ()
) -> Server:
    """Start the server under `root`, or return the one that runs there already.

    The first start gives user `default` the initial password, of which only the hash is stored; later ones ignore it.
    Without a port, the last one or a free one is used. ServerError names a port that is in use.
    """
    program = find()
    owner = process.account(_ACCOUNT)
    if (found := running(root, port)) is not None:
        return found
    process.private_folder(root, owner)
    data = process.private_folder(root / "data", owner)
    ca = tls.authority(root.parent / "tls")
    tls.server_pair(ca, root, names, owner)
    users = data / "users.acl"
    if not users.exists():
        if initial_password is None:
            raise ServerError(
                f"{users} does not exist yet; give the default user's initial password for the first start"
            )
        digest = hashlib.sha256(initial_password.encode("utf-8")).hexdigest()
        _write(users, f"user default on #{digest} ~* &* +@all\n", owner)
    chosen = process.choose_port(port, root / "port", "Redis")
    log = data / "server.log"
    # The CA's own folder need not be open to the server's account.
    _write(root / "ca.pem", ca.pem, owner)
    text = _CONFIGURATION.format(host=HOST, port=chosen, root=root, data=data, log=log, ca=root / "ca.pem")
    _write(root / "redis.conf", text, owner)
    (data / "redis.pid").unlink(missing_ok=True)  # of a process that is dead: running() has looked
    process.run([program, root / "redis.conf"], owner, seconds=_START_SECONDS)
    # Redis reports a failed start in its log only, after the command has returned.
    if not process.until(lambda: _pid(root) is not None and process.answers(chosen), _START_SECONDS):
        said = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
        raise ServerError(f"Redis did not start on port {chosen}: {process.tail(said)}")
    _write(root / "port", str(chosen), owner)
    if (found := running(root, chosen)) is None:
        raise ServerError(f"Redis started on port {chosen} and ended at once; look into {log}")
    return found


def stop(root: Path) -> None:
    """Stop the server under `root`; nothing happens when none runs."""
    pid = _pid(root)
    if pid is not None:
        process.end(pid, signal.SIGTERM, lambda: process.is_ours(pid, _PROGRAM, root / "data"), "Redis")


def _write(path: Path, text: str, owner: Account | None) -> None:
    """Write a file whole or not at all, readable by its owner only."""
    making = path.with_name(path.name + ".making")
    making.unlink(missing_ok=True)
    with os.fdopen(os.open(making, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    if owner is not None:
        owner.take(making)
    making.replace(path)


def running(root: Path, port: int | None = None) -> Server | None:
    """The server that runs under `root`, or None; ServerError when it is on another port than the one asked for."""
    pid = _pid(root)
    if pid is None:
        return None
    actual = int(_setting(root, "tls-port"))
    if port not in (None, actual):
        raise ServerError(f"Redis under {root} runs on port {actual}, not {port}; stop it first or leave the port open")
    if not process.until(lambda: process.answers(actual), _START_SECONDS):
        raise ServerError(f"Redis (pid {pid}) does not answer on port {actual}; look into its log")
    ca_pem = tls.authority(root.parent / "tls").pem
    return Server(host=HOST, port=actual, ca_pem=ca_pem, pid=pid, log=root / "data" / "server.log")


def _setting(root: Path, name: str) -> str:
    lines = (root / "redis.conf").read_text(encoding="utf-8").splitlines()
    return next(line.split(" ", 1)[1] for line in lines if line.startswith(f"{name} "))


def _pid(root: Path) -> int | None:
    with suppress(OSError, ValueError):
        pid = int((root / "data" / "redis.pid").read_text(encoding="ascii"))
        if process.is_ours(pid, _PROGRAM, root / "data"):
            return pid
    return None
