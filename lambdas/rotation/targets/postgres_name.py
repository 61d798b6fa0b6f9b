"""Names as PostgreSQL holds them. What is longer is cut without an error and then names another role or database."""

from rotation import document as documents
from rotation.document import Document
from rotation.errors import RotationError

# Bytes, not characters: NAMEDATALEN - 1, postgresql.org/docs/15/limits.html and runtime-config-preset.html
LONGEST = 63
_RESERVED = ("public", "none")  # RoleSpec in gram.y; `pg_`: IsReservedName in catalog.c


def is_role_name(name: str) -> bool:
    """Whether PostgreSQL can hold a login role of this very name."""
    return bool(name) and _fits(name) and name not in _RESERVED and not name.startswith("pg_")


def name(document: Document, field: str) -> str:
    """A field that is the name of a role, a group or a database; RotationError when PostgreSQL would cut it."""
    found = documents.text(document, field)
    if not _fits(found):
        raise RotationError(
            f"field '{field}' has {len(found.encode())} bytes, and PostgreSQL cuts a name after {LONGEST}, so it would "
            f"be another one's; give the secret a shorter `{field}`"
        )
    return found


def _fits(name: str) -> bool:
    return "\0" not in name and len(name.encode()) <= LONGEST
