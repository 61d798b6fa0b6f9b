"""The certificate that a server presents: its folder, with a pair of the sandbox's CA until one is delivered."""

from collections.abc import Iterable
from pathlib import Path

from cryptography import x509

from delivery.certificate import deliver
from delivery.certificate_folder import CERTIFICATE, Folder
from delivery.certificate_folder import KEY as KEY_FILE
from delivery.certificate_pair import Pair
from sandbox.servers import process, tls
from sandbox.servers.process import Account

_NAME = "localhost"


def folder(root: Path) -> Path:
    """Where the pairs of the server under `root` are; `current` in it is the one in force."""
    return root / "certificate"


def files(root: Path) -> tuple[Path, Path]:
    """Certificate and key as the server's configuration names them; they change with every delivery."""
    return folder(root) / "current" / CERTIFICATE, folder(root) / "current" / KEY_FILE


def place_first(kind: str, root: Path, names: Iterable[str], owner: Account | None) -> None:
    """Before a server starts: puts a pair of the sandbox's CA where none was delivered, or a newer one for the last.

    The pair is renewed as `tls.server_pair` says; one that was delivered since is left in force.
    """
    ca = tls.authority(root.parent / "tls")
    process.private_folder(folder(root), owner)
    kept = Folder(folder(root))
    former = _serial(root / "server.pem")
    pair = tls.server_pair(ca, root, names, owner)
    serial = _serial(pair.certificate)
    assert serial is not None, "it was just made"
    if kept.serial in (None, former) and kept.serial != serial:
        first = Pair(
            server=kind,
            host=_NAME,
            port=0,
            serial=serial,
            certificate_pem=pair.certificate.read_text(encoding="ascii"),
            ca_pem=ca.pem,
            key_pem=pair.key.read_text(encoding="ascii"),
        )
        deliver(first, kept, None)


def _serial(path: Path) -> str | None:
    """As OpenSSL writes it, in whole bytes; None where there is no certificate."""
    try:
        number = x509.load_pem_x509_certificate(path.read_bytes()).serial_number
    except (OSError, ValueError):
        return None
    digits = f"{number:X}"
    return digits.zfill(len(digits) + len(digits) % 2)
