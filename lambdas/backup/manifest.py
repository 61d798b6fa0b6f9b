"""What an archive holds, without any of its values: readable by whoever has to know that, and what is missing."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from backup.archive import FORMAT
from backup.values import Value

CONTENT_TYPE = "application/json"


@dataclass(frozen=True, kw_only=True)
class Stored:
    """The archive as S3 holds it: which version of the object, how many bytes, and their SHA-256 in hexadecimal."""

    version_id: str
    size: int
    sha256: str


def encode(
    environment: str, stored: Stored, values: Sequence[Value], lacking: Mapping[str, str], now: datetime
) -> bytes:
    """The manifest of an archive; `lacking` are secrets that had a value before and are not in it, with the reason."""
    secrets = [{"name": value.name, "version_id": value.version_id, "kind": value.kind} for value in values]
    content = {
        "format": FORMAT,
        "environment": environment,
        "created": now.astimezone(UTC).isoformat(timespec="seconds"),
        "archive": {"version_id": stored.version_id, "bytes": stored.size, "sha256": stored.sha256},
        "count": len(secrets),
        "secrets": secrets,
        "lacking": dict(lacking),
    }
    return (json.dumps(content, indent=2) + "\n").encode("ascii")


def names_of(manifest: bytes) -> frozenset[str]:
    """Every secret that a manifest says had a value once: saved in its archive, or lacking there already.

    Raises:
        ValueError: the bytes are no manifest.
    """
    content = json.loads(manifest)
    try:
        return frozenset(secret["name"] for secret in content["secrets"]) | frozenset(content["lacking"])
    except (KeyError, TypeError) as exc:
        raise ValueError("no manifest of a backup") from exc
