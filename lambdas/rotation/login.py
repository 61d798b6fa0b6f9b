"""A login at a server, as a secret's document describes it: what every server takes, and the rest by its own module."""

from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from rotation import document as documents
from rotation.document import Document


@dataclass(frozen=True, kw_only=True)
class ServerLogin:
    """Where to connect and as whom; `server` is what errors call it."""

    server: ClassVar[str]
    host: str
    port: int
    username: str
    password: str = field(repr=False)

    @classmethod
    def of(cls, document: Document) -> Self:
        """The login that a document describes; RotationError names a field that is missing."""
        return cls(
            host=documents.text(document, "host"),
            port=documents.number(document, "port"),
            username=documents.text(document, "username"),
            password=documents.text(document, "password"),
            **cls.own_fields(document),
        )

    @classmethod
    def own_fields(cls, document: Document) -> dict[str, Any]:
        """What this kind of server takes besides."""
        del document
        return {}

    @property
    def place(self) -> str:
        """The server, for errors."""
        return f"{self.server} at {self.host}:{self.port}"
