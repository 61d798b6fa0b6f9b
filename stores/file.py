"""The development store: a folder of documents, one JSON file a secret, on the developer's own disk."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from catalog.model import Catalog
from stores.document import Document
from stores.folder import FolderError, PrivateFolder
from stores.store import (
    CURRENT,
    PREVIOUS,
    ConflictError,
    Metadata,
    NotBootstrappedError,
    NotFoundError,
    Reading,
    Store,
    StoreError,
    Version,
)

SUFFIX = ".json"


class FileStore(Store):
    """Keeps `<secret>.json`: the current version and the one before, each with id, date and document.

    Whole documents, not the guide's one file a name: a user name without its password, or a key without its ring, would
    be read torn. `secretsctl fetch` writes the guide's files from a document. There are no containers here, so a secret
    of the catalogue without a file has no value yet, and there is no bootstrap marker.
    """

    def __init__(self, folder: Path, catalog: Catalog) -> None:
        self._folder = folder
        self._catalog = catalog

    def get(self, name: str) -> Reading:
        """The current version of a secret."""
        for reading in self._readings("read", name):
            if CURRENT in reading.version.labels:
                return reading
        raise NotBootstrappedError(
            "read", secret=name, cause="it has no value yet", remedy=f"give it one with `secretsctl set {name}`"
        )

    def put(self, name: str, document: Document, token: str) -> str:
        """Make `document` the current version, with the token as its id."""
        before = self._readings("write", name)
        for reading in before:
            if reading.version.id == token:
                if reading.document == document:
                    return token
                raise ConflictError(
                    "write", secret=name, cause="its token stands for another value already", remedy="start again"
                )
        now = datetime.now(UTC)
        after = [Reading(version=Version(id=token, labels=frozenset({CURRENT}), created=now), document=document)]
        after += [
            Reading(
                version=Version(id=old.version.id, labels=frozenset({PREVIOUS}), created=old.version.created),
                document=old.document,
            )
            for old in before
            if CURRENT in old.version.labels
        ]
        try:
            with PrivateFolder(self._folder) as folder:
                folder.write(name + SUFFIX, json.dumps([_entry(reading) for reading in after], indent=1) + "\n")
        except FolderError as exc:
            raise _failed("write", name, exc) from exc
        return token

    def describe(self, name: str) -> Metadata:
        """Labels and dates; a file store has no tags and rotates nothing."""
        versions = self.versions(name)
        return Metadata(name=name, versions=versions, changed=versions[0].created if versions else None)

    def versions(self, name: str) -> tuple[Version, ...]:
        """The current version and the one before."""
        return tuple(reading.version for reading in self._readings("describe", name))

    def names(self) -> tuple[str, ...]:
        """The secrets that have a file."""
        try:
            with PrivateFolder(self._folder) as folder:
                return tuple(name.removesuffix(SUFFIX) for name in folder.names() if name.endswith(SUFFIX))
        except FolderError as exc:
            raise StoreError("list the secrets", cause=str(exc), remedy="then try again") from exc

    def _readings(self, what: str, name: str) -> list[Reading]:
        if name not in self._catalog.by_name:
            raise NotFoundError(
                what, secret=name, cause="the catalogue has none of that name", remedy="see `secretsctl list`"
            )
        try:
            with PrivateFolder(self._folder) as folder:
                text = folder.read(name + SUFFIX)
        except FolderError as exc:
            raise _failed(what, name, exc) from exc
        readings = _parsed(text) if text is not None else []
        if readings is None:
            raise StoreError(
                what,
                secret=name,
                cause=f"{self._folder / (name + SUFFIX)} is not what this store writes",
                remedy=f"delete that file and run `secretsctl set {name}`",
            )
        return readings


def _failed(what: str, name: str, exc: FolderError) -> StoreError:
    return StoreError(what, secret=name, cause=str(exc), remedy="then try again")


def _entry(reading: Reading) -> dict[str, object]:
    version = reading.version
    created = version.created.isoformat() if version.created else None
    return {"id": version.id, "labels": sorted(version.labels), "created": created, "document": dict(reading.document)}


def _parsed(text: str) -> list[Reading] | None:
    """None, not an exception, for a damaged file: the exception would carry the file's text."""
    try:
        return [
            Reading(
                version=Version(
                    id=str(entry["id"]),
                    labels=frozenset(entry["labels"]),
                    created=datetime.fromisoformat(entry["created"]),
                ),
                document=Document(entry["document"]),
            )
            for entry in json.loads(text)
        ]
    except (ValueError, TypeError, KeyError):
        return None
