"""The folder that a server loads its certificate from: a folder for every pair, and one link to that in force.

    <folder>/versions/<serial>/{server.pem,server.key,ca.pem}
    <folder>/current -> versions/<serial>

The server is configured with `<folder>/current/server.pem` and `<folder>/current/server.key`. The link is replaced by
rename, which is atomic (rename(2)): whoever starts or reloads at any moment finds a certificate and its own key.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from delivery.certificate_pair import Pair, check
from delivery.errors import DeliveryError

CERTIFICATE, KEY, CA = "server.pem", "server.key", "ca.pem"
_LINK, _VERSIONS, _MAKING = "current", "versions", ".making"


class Folder:
    """A folder that exists and belongs to the server's account; what is written there belongs to that account too."""

    def __init__(self, path: Path) -> None:
        if not path.is_dir():
            raise DeliveryError(f"{path} is no folder; make it and let the server's account own it")
        self._path = path
        status = path.stat()
        self._owner = (status.st_uid, status.st_gid) if os.geteuid() == 0 else None

    @property
    def serial(self) -> str | None:
        """The serial of the pair that the link names."""
        link = self._path / _LINK
        return link.readlink().name if link.is_symlink() else None

    @contextmanager
    def alone(self) -> Iterator[None]:
        """One delivery at a time; a second one waits. The lock ends with the process, however it ends."""
        with (self._path / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def stage(self, pair: Pair) -> None:
        """Write and check a pair beside the one in force. It appears whole or not at all, and is on the disk then.

        Raises:
            DeliveryError: the pair is not sound; nothing has changed.
        """
        place = self._path / _VERSIONS / pair.serial
        making = place.with_name(_MAKING)
        shutil.rmtree(making, ignore_errors=True)
        for folder in (place.parent, making):
            folder.mkdir(mode=0o700, exist_ok=True)
            self._give(folder)
        try:
            for name, text, mode in (
                (KEY, pair.key_pem, 0o600),
                (CERTIFICATE, pair.certificate_pem, 0o644),
                (CA, pair.ca_pem, 0o644),
            ):
                self._write(making / name, text, mode)
            check(pair, making / CERTIFICATE, making / KEY)
            if (
                place.exists()
            ):  # of a delivery that was cut off, or of the former turn: the same serial, so the same pair
                if (place / KEY).read_bytes() != (making / KEY).read_bytes():
                    raise DeliveryError(f"{place} holds another key for the same serial; look who wrote it")
            else:
                _sync(making)
                making.rename(place)
                _sync(place.parent)
        finally:
            shutil.rmtree(making, ignore_errors=True)

    def switch(self, serial: str | None) -> None:
        """Let the link name another pair, at once for certificate and key; None takes it away."""
        link = self._path / _LINK
        if serial is None:
            link.unlink(missing_ok=True)
        else:
            beside = self._path / f"{_LINK}{_MAKING}"
            beside.unlink(missing_ok=True)
            beside.symlink_to(Path(_VERSIONS) / serial)
            beside.replace(link)
        _sync(self._path)

    def prune(self, *kept: str | None) -> None:
        """Remove every other pair: an old key is of no use to us and of some use to a thief."""
        for folder in (self._path / _VERSIONS).iterdir():
            if folder.name not in kept:
                shutil.rmtree(folder)

    def _write(self, path: Path, text: str, mode: int) -> None:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        self._give(path)

    def _give(self, path: Path) -> None:
        if self._owner is not None:
            os.chown(path, *self._owner)


def _sync(folder: Path) -> None:
    """A rename is safe from a power cut when its folder is on the disk: fsync(2)."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
