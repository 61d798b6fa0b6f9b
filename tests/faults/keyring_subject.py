"""A key ring, which no server holds: to get in is that a consumer's ring and AWSCURRENT's verify each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rotation.errors import RotationError
from rotation.targets.keyring import Keyring
from tests.faults.case import OVERLAP, documents_of
from tests.lambdas.workbench import PREFIX, Bench


class KeyringSubject:
    """One ring. Its old keys go on verifying, but not after an emergency."""

    revokes = False
    cached = True
    starts_empty = True
    restorable = False
    restarts = False

    def __init__(self) -> None:
        self.target = Keyring(clock=lambda: self.bench.fake.now)
        self.bench = Bench("keyring", {"keyring": self.target})
        self.name = f"{PREFIX}jwt-secret"
        self.bench.secret(self.name, "keyring", {"retention_days": 30}, overlap=int(OVERLAP.total_seconds()))

    def logs_in(self, document: Mapping[str, Any]) -> bool:
        current = self.bench.value(self.name)
        try:
            self.target.verify(document)
            self.target.verify(current)
        except RotationError:
            return False
        return _knows(document, current) and _knows(current, document)

    def snapshot(self) -> None:
        """There is nothing."""

    def restore(self, state: None) -> None:
        """There is nothing."""

    def restart(self) -> None:
        """There is nothing."""

    def close(self) -> None:
        """There is nothing."""

    def rotate_admin(self) -> None:
        """There is none."""

    def shape(self, state: None, documents: Mapping[str, Mapping[str, Any]]) -> object:
        return None

    def working(self) -> set[str]:
        documents = documents_of(self.bench.fake.secrets[self.name])
        current = self.bench.value(self.name)
        return {id_ for id_, document in documents.items() if _knows(current, document) or _knows(document, current)}


def _knows(verifier: Mapping[str, Any], signer: Mapping[str, Any]) -> bool:
    return any(entry["kid"] == signer["kid"] and entry["key"] == signer["key"] for entry in verifier["ring"])
