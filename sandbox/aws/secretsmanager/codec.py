"""A secret as JSON text for the database, and back. Values are not part of it."""

import json
from functools import lru_cache
from typing import Any

from sandbox.aws.secretsmanager.model import Replica, Rotation, RotationRules, Secret, Version


def encode(secret: Secret) -> str:
    """The secret's metadata as JSON."""
    return json.dumps(secret, default=vars, separators=(",", ":"))


@lru_cache(maxsize=512)
def decode(text: str) -> Secret:
    """The secret that `encode` wrote; the same text gives the same object, so nobody may change its mappings."""
    data: dict[str, Any] = json.loads(text)
    data["versions"] = {
        key: Version(**{**version, "stages": tuple(version["stages"])}) for key, version in data["versions"].items()
    }
    data["replicas"] = tuple(Replica(**replica) for replica in data["replicas"])
    if data["rotation"] is not None:
        rules = data["rotation"]["rules"]
        data["rotation"] = Rotation(**{**data["rotation"], "rules": RotationRules(**rules) if rules else None})
    return Secret(**data)
