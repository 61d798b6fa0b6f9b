"""What the catalogue and the environment intend for a stack, to compare with what the stack has."""

from __future__ import annotations

from dataclasses import dataclass

from catalog import derive
from catalog.environment import Environment
from catalog.model import Catalog, Secret


@dataclass(frozen=True, kw_only=True)
class Intent:
    """The catalogue, and the environment that the stack is."""

    catalog: Catalog
    environment: Environment

    def entry(self, physical_name: str) -> Secret | None:
        """The secret of the catalogue whose name in AWS is `physical_name`."""
        secret = self.catalog.by_name.get(physical_name.rsplit("/", 1)[-1])
        return secret if secret and derive.secret_name(self.environment, secret) == physical_name else None

    def limit(self, secret: Secret) -> int:
        """The most days between two rotations: its tier's, or what the secret itself promises if that is less."""
        most = self.catalog.tier_by_number[secret.tier].max_rotation_days
        return min(most, secret.rotation.days or most)
