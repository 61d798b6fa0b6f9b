"""The interface of everything whose credential changes."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from rotation.document import Document

Documents = Callable[[], Iterator[Document]]


@dataclass(frozen=True, kw_only=True)
class Fallbacks:
    """Further documents, each read only when it is asked for.

    own: other versions of this secret, pending and previous first, then every one that still exists.
    admin: the versions of the admin secret of this kind, current first; RotationError when the function has none.
    supplied: the version that a person gave with `secretsctl set`, labelled LLMOBS_SUPPLIED.
    unchanged: raises when a rotation has begun or ended since the step read the labels. What takes a credential away
        calls it last before it changes anything, under the server's lock where there is one: a rotation that was
        started meanwhile may have just given that credential a new life.
    """

    own: Documents
    admin: Documents
    supplied: Callable[[], Document | None]
    unchanged: Callable[[], None]


class Target(Protocol):
    """One kind of credential. Every method may run again after a crash at any point inside it.

    credential: fields that a rotation changes; all others must stay equal.
    value: the one of them that a marker lacks; empty when nothing can be told from a document.
    overlaps: the old credential goes on working until it is retired, so rotations must keep their distance.
    issued: generate() has the value made by its issuer, so it is called only while the version has none. A crash after
        it leaves an orphan, which the next generate() or retire() finds and deletes.
    retires: there is something to end after the overlap, so finishSecret plans it.
    """

    credential: frozenset[str]
    value: str
    overlaps: bool
    issued: bool
    retires: bool

    def generate(self, name: str, current: Document, fallbacks: Fallbacks, *, urgent: bool) -> Document:
        """The next document. `current` may be the marker, `name` is for errors.

        `urgent` is an emergency: what is old must lose its power with this very version where no server can take it
        away.
        """

    def apply(self, current: Document, pending: Callable[[], Document], fallbacks: Fallbacks) -> None:
        """Make the server accept the pending credential.

        `pending()` reads the version and raises when its label has moved on. It is called as late as possible, and
        under the server's lock where there is one: a rotator that was overtaken finds out before it changes anything.
        """

    def verify(self, document: Document) -> None:
        """Log in with a document and check that it can do what it is for."""

    def heal(self, current: Document, fallbacks: Fallbacks) -> None:
        """Make the server accept AWSCURRENT again, whatever happened to it."""

    def retire(
        self, current: Document, previous: Document, fallbacks: Fallbacks, quiet_since: datetime | None
    ) -> Sequence[str]:
        """End the power of the previous credential, sessions included. Empty: it is done.

        Whoever logged in with it after `quiet_since`, when no cache held it any more, or is in the middle of something,
        is a straggler: then nothing is changed, and one text names each. None is an emergency: nobody is waited for.
        """
