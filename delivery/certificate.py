"""`python -m delivery.certificate postgres|redis`: puts a server's certificate into force, without a restart.

Reads the secret's document on standard input, so that no key is on a command line, in an environment or on a disk but
its own:

    secretsctl get postgres-certificate --reveal --json | python -m delivery.certificate postgres \\
        --folder /etc/llm-observatory/tls --data /var/lib/postgresql/15/main

Exit code 0: the server presents the document's certificate. 1: it does not, and the former one is in force.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from delivery.certificate_folder import Folder
from delivery.certificate_pair import Pair
from delivery.certificate_server import Door, Postgres, Redis, Server
from delivery.errors import DeliveryError

DELIVERED, UNCHANGED, PLACED = "delivered", "unchanged", "placed"
WAIT_SECONDS = 10.0
_POLL_SECONDS = 0.05


def deliver(
    pair: Pair,
    folder: Folder,
    server: Server | None,
    *,
    seconds: float = WAIT_SECONDS,
    sleep: Callable[[float], None] = time.sleep,
) -> str:
    """Check, switch, reload, and look what the server presents; back to the former pair if it is another one.

    Without a server the pair is only placed, for one that has never been started: it needs its files to start.

    May be cut off anywhere and run again: before the switch nothing has changed, after it the files are those of one
    sound pair, and the next run reloads the server that does not present it yet.

    Raises:
        DeliveryError: the pair is not in force; the text says whether the former one is.
    """
    with folder.alone():
        former = folder.serial
        if server is not None and former == pair.serial and server.presented() == pair.serial:
            return UNCHANGED
        folder.stage(pair)
        folder.switch(pair.serial)
        if server is None:
            return PLACED
        try:
            server.reload()
            _await(server, pair.serial, seconds, sleep)
        except DeliveryError as error:
            raise DeliveryError(f"{error}. {_back(folder, server, former, pair.serial, seconds, sleep)}") from None
        folder.prune(pair.serial, former)
        return DELIVERED


def _back(
    folder: Folder, server: Server, former: str | None, refused: str, seconds: float, sleep: Callable[[float], None]
) -> str:
    """Return to the former pair; the end of the error's text."""
    if former == refused:
        return "It was linked before and there is no former one"
    folder.switch(former)
    if former is None:
        return "There was none before; the link is gone again"
    try:
        server.reload()
        _await(server, former, seconds, sleep)
    except DeliveryError as error:
        return f"Certificate {former} is linked again, and the server could not be brought back to it: {error}"
    return f"Certificate {former} is in force as before"


def _await(server: Server, serial: str, seconds: float, sleep: Callable[[float], None]) -> None:
    """PostgreSQL reloads when it comes to it, so the first looks may be too early."""
    for _ in range(max(1, round(seconds / _POLL_SECONDS))):
        shown = server.presented()
        if shown == serial:
            return
        sleep(_POLL_SECONDS)
    raise DeliveryError(f"the server presents {shown or 'a certificate that is not trusted'} and not {serial}")


def main(arguments: Sequence[str] | None = None) -> int:
    """One delivery. Prints {"outcome", "serial"} or {"error"}; the exit code is the verdict."""
    options = _options(arguments)
    try:
        pair = Pair.read(sys.stdin.read())
        if pair.server != options.server:
            raise DeliveryError(f"the document is of {pair.server}, not of {options.server}; name the other secret")
        outcome = deliver(pair, Folder(options.folder), _server(options, pair))
    except DeliveryError as error:
        sys.stdout.write(json.dumps({"error": str(error)}) + "\n")
        return 1
    sys.stdout.write(json.dumps({"outcome": outcome, "serial": pair.serial}) + "\n")
    return 0


def _server(options: argparse.Namespace, pair: Pair) -> Server | None:
    if options.place_only:
        return None
    trusted = [pair.ca_pem, *([options.trust.read_text(encoding="ascii")] if options.trust else [])]
    door = Door(host=pair.host, port=pair.port, ca_pem="\n".join(trusted), address=options.address)
    if options.server == "postgres":
        return Postgres(door=door, data=options.data)
    password = options.password_file.read_text(encoding="utf-8").rstrip("\n")
    current = options.folder.absolute() / "current"
    return Redis(door=door, current=current, username=options.username, password=password)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m delivery.certificate", description=(__doc__ or "").splitlines()[0])
    servers = parser.add_subparsers(dest="server", required=True)
    for name in ("postgres", "redis"):
        server = servers.add_parser(name)
        server.add_argument("--folder", type=Path, required=True, help="where its pairs are; the server's own")
        server.add_argument("--address", default="127.0.0.1", help="where it listens on this machine")
        server.add_argument("--trust", type=Path, help="CA of what it presents before the first delivery")
        server.add_argument("--place-only", action="store_true", help="for a server that was never started")
        if name == "postgres":
            server.add_argument("--data", type=Path, required=True, help="its data folder, with postmaster.pid")
        else:
            server.add_argument("--username", default="default", help="a user that may run CONFIG SET")
            server.add_argument("--password-file", type=Path, required=True, help="that user's password")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
