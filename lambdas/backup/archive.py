"""The format of an archive: one JSON object a line, sorted by name. The one module that knows it.

It is plain text inside an object that S3 encrypts with the backup key.
"""

import json
from collections.abc import Sequence

from backup.values import Value

FORMAT = "json-lines-1"
CONTENT_TYPE = "application/x-ndjson"


def encode(values: Sequence[Value]) -> bytes:
    """The archive of these values: lines of {name, version_id, kind, document}; the same values give the same bytes."""
    lines = (
        json.dumps(
            {"name": value.name, "version_id": value.version_id, "kind": value.kind, "document": value.document},
            separators=(",", ":"),
        )
        for value in sorted(values, key=lambda value: value.name)
    )
    return "".join(f"{line}\n" for line in lines).encode("ascii")
