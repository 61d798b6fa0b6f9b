# ruff: noqa: ARG002 - an implementation takes what the interface gives
"""A Redis ACL user: it has two active passwords while consumers move from the old to the new one."""

import hashlib
from collections.abc import Callable, Iterator, Sequence, Set
from datetime import UTC, datetime

from rotation import document as documents
from rotation.document import Document
from rotation.errors import LoginRefusedError, RotationError
from rotation.passwords import renewed
from rotation.targets.redis_connection import connections, opened_before
from rotation.targets.redis_session import Connect, Login, Session, connect
from rotation.targets.target import Fallbacks

_ADVICE = "reset its password in the server's ACL file, then store it with `secretsctl set`"


class RedisUser:
    """Adds the hash of the new password to its own ACL user; never uses requirepass, which would end the old one.

    A rotation only adds; what is not AWSCURRENT's is taken away by retirement alone. A rotator that was stalled or
    overtaken can so never take away what another has published. What one that died has added goes with the rest.
    """

    credential = frozenset({"password"})
    value = "password"
    overlaps = True
    issued = False
    retires = True

    def __init__(
        self,
        ca_pem: str | None = None,
        *,
        connect: Connect = connect,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._ca_pem = ca_pem
        self._connect = connect
        self._clock = clock

    def generate(self, name: str, current: Document, fallbacks: Fallbacks, *, urgent: bool) -> Document:
        """The same user with a new password; refused on the marker, because nothing knows the first one."""
        return renewed(name, current)

    def apply(self, current: Document, pending: Callable[[], Document], fallbacks: Fallbacks) -> None:
        """Let the user have the passwords of AWSCURRENT and AWSPENDING too."""
        with self._open([current], pending, fallbacks) as session:
            self._change(session, current, _hashes(session, current), ours={_hash(current), _hash(pending())})

    def verify(self, document: Document) -> None:
        """Log in and be who we say."""
        login = Login.of(document)
        with self._connect(login, self._ca_pem) as session:
            if session.run("ACL", "WHOAMI") != login.username:
                raise RotationError(
                    f"{login.place}: the login of '{login.username}' became another user; check its ACL"
                )

    def heal(self, current: Document, fallbacks: Fallbacks) -> None:
        """Add AWSCURRENT's password again through any version that can log in; take none away."""
        with self._open([current], None, fallbacks) as session:
            hashes = _hashes(session, current)
            if _hash(current) in hashes:
                return
            fallbacks.unchanged()
            self._change(session, current, hashes, ours={_hash(current)})
            # There is no lock: what a rotation has replaced meanwhile, and a retirement taken away, must stay away.
            try:
                fallbacks.unchanged()
            except RotationError:
                self._change(session, current, hashes, gone={_hash(current)})
                raise

    def retire(
        self, current: Document, previous: Document, fallbacks: Fallbacks, quiet_since: datetime | None
    ) -> Sequence[str]:
        """Take away every password but AWSCURRENT's, then end the connections that another may have opened.

        Redis does not tell which password opened a connection (CLIENT LIST has no such field), so a late login with the
        old one cannot be told from one with the new: a straggler here is only a connection from before `quiet_since`
        that is in a transaction. In an emergency every connection of the user ends.
        """
        if self.value not in previous:
            return ()  # the marker: there was no password before this one
        if previous.get("username") != current.get("username"):
            raise RotationError(
                f"AWSPREVIOUS is of another user than '{current.get('username')}' and is not retired by a machine; "
                f"delete that user by hand, then take AWSPREVIOUS off that version"
            )
        with self._open([current, previous], None, fallbacks) as session:
            if quiet_since is not None:
                old = opened_before(connections(session, current), quiet_since, self._clock())
                if found := [connection.told for connection in old if connection.in_transaction]:
                    return found
            # Hashes first, as in apply(): what a rotation adds after this is not among those that are taken away.
            hashes = _hashes(session, current)
            fallbacks.unchanged()
            self._change(session, current, hashes, ours={_hash(current)}, gone=hashes - {_hash(current)})
            # Looked at again: who came in since the first look may have used the old password.
            open_now = connections(session, current)
            ending = open_now if quiet_since is None else opened_before(open_now, quiet_since, self._clock())
            for connection in ending:
                session.run("CLIENT", "KILL", "ID", connection.id)
        return ()

    def _change(
        self,
        session: Session,
        document: Document,
        hashes: set[str],
        *,
        ours: Set[str] = frozenset(),
        gone: Set[str] = frozenset(),
    ) -> None:
        """Let `ours` in and take `gone` away, in one command; of others that were seen nothing is said.

        `ours` are all named though some are there: the server may have been restored since `hashes` were read.
        """
        if gone or not ours <= hashes:
            changes = [*(f"#{one}" for one in sorted(ours)), *(f"!{one}" for one in sorted(gone))]
            session.run("ACL", "SETUSER", documents.text(document, "username"), *changes)
        # Asked each time, because an earlier run may have died between SETUSER and SAVE.
        if session.run("CONFIG", "GET", "aclfile")[1:] not in ([], [""]):
            session.run("ACL", "SAVE")

    def _open(self, first: list[Document], pending: Callable[[], Document] | None, fallbacks: Fallbacks) -> Session:
        def logins() -> Iterator[Login]:
            yield from map(Login.of, first)
            if pending is not None:
                yield Login.of(pending())
            yield from map(Login.of, fallbacks.own())

        refused = 0
        for login in logins():
            try:
                return self._connect(login, self._ca_pem)
            except LoginRefusedError:
                refused += 1
        raise LoginRefusedError(f"none of {refused} stored credentials can log in; {_ADVICE}")


def _hash(document: Document) -> str:
    return hashlib.sha256(documents.text(document, "password").encode("utf-8")).hexdigest()


def _hashes(session: Session, document: Document) -> set[str]:
    answer = session.run("ACL", "GETUSER", documents.text(document, "username"))
    return set(dict(zip(answer[::2], answer[1::2], strict=True))["passwords"])
