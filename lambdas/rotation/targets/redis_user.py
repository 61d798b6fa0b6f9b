# ruff: noqa: ARG002 - an implementation takes what the interface gives
"""A Redis ACL user: it has two active passwords while consumers move from the old to the new one."""

import hashlib
from collections.abc import Callable, Iterator

from rotation import document as documents
from rotation.document import Document
from rotation.errors import LoginRefusedError, RotationError
from rotation.passwords import renewed
from rotation.targets.redis_session import Connect, Login, Session, connect
from rotation.targets.target import Fallbacks

_ADVICE = "reset its password in the server's ACL file, then store it with `secretsctl set`"


class RedisUser:
    """Adds the hash of the new password to its own ACL user; never uses requirepass, which would end the old one.

    After a rotation exactly two passwords work: AWSCURRENT's and AWSPREVIOUS's. A third, of the rotation before or of
    one that died, is taken away in the same command that adds the new one: it is past its overlap (createSecret saw to
    that), and every password that is left over is one that a leak can use.
    """

    credential = frozenset({"password"})
    value = "password"
    overlaps = True

    def __init__(self, ca_pem: str | None = None, *, connect: Connect = connect) -> None:
        self._ca_pem = ca_pem
        self._connect = connect

    def generate(self, name: str, current: Document) -> Document:
        """The same user with a new password; refused on the marker, because nothing knows the first one."""
        return renewed(name, current)

    def apply(self, current: Document, pending: Callable[[], Document], fallbacks: Fallbacks) -> None:
        """Let the user have the passwords of AWSCURRENT and AWSPENDING and no other."""
        with self._open([current], pending, fallbacks) as session:
            # The order matters without a lock: hashes first, then pending(). A rotator that sees its rival's hash also
            # sees that the label has moved on and stops; one that does not see it cannot take it away.
            hashes = _hashes(session, current)
            self._keep(session, current, hashes, {_hash(current), _hash(pending())})

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
            if _hash(current) not in hashes:
                self._keep(session, current, hashes, {*hashes, _hash(current)})

    def retire(self, current: Document, previous: Document, fallbacks: Fallbacks) -> None:
        """Take away every password but AWSCURRENT's, then end the user's other connections: they would survive that."""
        login = Login.of(current)
        with self._connect(login, self._ca_pem) as session:
            self._keep(session, current, _hashes(session, current), {_hash(current)})
            session.run("CLIENT", "KILL", "USER", login.username, "SKIPME", "yes")

    def _keep(self, session: Session, document: Document, hashes: set[str], wanted: set[str]) -> None:
        changes = [f"#{digest}" for digest in sorted(wanted - hashes)] + [
            f"!{digest}" for digest in sorted(hashes - wanted)
        ]
        if changes:
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
