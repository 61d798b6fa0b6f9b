"""The document of one version of a secret, in a wrapper that never shows a value."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping


class Document(Mapping[str, object]):
    """The fields of one version. `repr`, `str` and `format` name the fields and hide their values."""

    __slots__ = ("_fields",)

    def __init__(self, fields: Mapping[str, object]) -> None:
        self._fields = dict(fields)

    @classmethod
    def parsed(cls, text: str) -> Document | None:
        """The document in a JSON text; None when the text is no JSON object.

        None and not an exception, because the exception of `json` carries the whole text with it.
        """
        try:
            fields = json.loads(text)
        except ValueError:
            return None
        return cls(fields) if isinstance(fields, dict) else None

    def text(self) -> str:
        """The JSON that a store keeps: the only way out that shows every value."""
        return json.dumps(self._fields, separators=(",", ":"))

    def __getitem__(self, field: str) -> object:
        return self._fields[field]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __repr__(self) -> str:
        return f"Document({', '.join(sorted(self._fields))}: values hidden)"
