"""The interface of everything whose credential changes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from rotation.document import Document

Documents = Callable[[], Iterator[Document]]


@dataclass(frozen=True, kw_only=True)
class Fallbacks:
    """Further documents to log in with, each read only when the ones before it were refused.

    own: other versions of this secret, previous first, then every one that still exists.
    admin: the admin secret's versions, current first; empty when the function has none.
    """

    own: Documents
    admin: Documents


class Target(Protocol):
    """One kind of credential. Every method may run again after a crash at any point inside it.

    credential: fields that a rotation changes; all others must stay equal.
    value: the one of them that a marker lacks; empty when nothing can be told from a document.
    overlaps: the old credential goes on working until it is retired, so rotations must keep their distance.
    """

    credential: frozenset[str]
    value: str
    overlaps: bool

    def generate(self, name: str, current: Document) -> Document:
        """The next document. Touches no server. `current` may be the marker, `name` is for errors."""

    def apply(self, current: Document, pending: Callable[[], Document], fallbacks: Fallbacks) -> None:
        """Make the server accept the pending credential.

        `pending()` reads the version and raises when its label has moved on. It is called as late as possible, and
        under the server's lock where there is one: a rotator that was overtaken finds out before it changes anything.
        """

    def verify(self, document: Document) -> None:
        """Log in with a document and check that it can do what it is for."""

    def heal(self, current: Document, fallbacks: Fallbacks) -> None:
        """Make the server accept AWSCURRENT again, whatever happened to it."""

    def retire(self, current: Document, previous: Document, fallbacks: Fallbacks) -> None:
        """End the power of the previous credential, sessions included. Look for its users before."""
