"""`python -m sandbox.delivering ENV BASE SECRET`: what a server's own machine does after a rotation of its certificate.

On AWS a timer on the machine does it (delivery/certificate.py). A sandbox's clock may move by months in a second, in
which no timer comes round, so its local AWS runs this after such a rotation: sandbox/aws/after_rotation.py.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from catalog import derive, load
from catalog.certificate import Server
from catalog.kind import Kind
from catalog.model import Secret
from delivery import certificate
from delivery.certificate_folder import Folder
from delivery.certificate_pair import Pair
from delivery.certificate_server import Door, Postgres, Redis
from delivery.certificate_server import Server as Reloaded
from sandbox.aws import process as aws
from sandbox.aws.process import LocalAws
from sandbox.identity import acting_as
from sandbox.place import Place
from sandbox.servers import process, redis, serving


def certificates(place: Place) -> Mapping[str, Secret]:
    """The secrets that are certificates, by their full names."""
    secrets = load.catalog().secrets
    return {derive.secret_name(place.declared, one): one for one in secrets if one.kind is Kind.CERTIFICATE}


def commands(place: Place) -> dict[str, list[str]]:
    """What to run after a rotation of each of them."""
    module = [sys.executable, "-m", "sandbox.delivering", place.name, str(place.base)]
    return {name: [*module, name] for name in certificates(place)}


def deliver(place: Place, cloud: LocalAws, name: str) -> str:
    """Fetches a certificate as the machine that presents it, and puts it into force; what became of it, in words.

    Raises:
        DeliveryError: it is not in force; the text says whether the former one is.
        IdentityError: nobody can become the machine's role, as the stack is not deployed.
    """
    secret = certificates(place)[name]
    secrets = acting_as(cloud, place.declared, secret.consumers[0]).client(cloud, "secretsmanager")
    pair = Pair.read(secrets.get_secret_value(SecretId=name)["SecretString"])
    kind = Server(str(secret.constants["server"]))
    root = place.servers / kind
    folder = serving.folder(root)
    outcome = certificate.deliver(pair, Folder(folder), _server(place, kind, pair, root, folder))
    return f"{kind}: certificate {pair.serial} {outcome}"


def _server(place: Place, kind: Server, pair: Pair, root: Path, folder: Path) -> Reloaded:
    # Until the first delivery the server presents a certificate of the sandbox's own CA, which the bundle holds too.
    trusted = place.ca_file.read_text(encoding="ascii")
    door = Door(host=pair.host, port=pair.port, ca_pem=trusted, address=process.HOST)
    if kind is Server.POSTGRES:
        return Postgres(door=door, data=root / "data")
    return Redis(
        door=door,
        current=folder / "current",
        username=redis.RELOADER,
        password=redis.reloader_password(root),
    )


def main() -> int:
    """One delivery; the text of an error goes to stderr, and never a key."""
    environment, base, name = sys.argv[1:]
    place = Place(name=environment, base=Path(base))
    cloud = aws.find(place.root / "aws")
    if cloud is None:
        sys.stderr.write(f"no sandbox {environment} runs under {base}; start it with `make up`\n")
        return 1
    sys.stdout.write(deliver(place, cloud, name) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
