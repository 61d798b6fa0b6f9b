# ruff: noqa: ARG002 - an implementation takes what the interface gives
"""The database's admin role: one role with one password, so the old one is dead as soon as the new one is set."""

from collections.abc import Callable, Iterator

from rotation import document as documents
from rotation.document import Document
from rotation.errors import RotationError
from rotation.passwords import renewed
from rotation.targets import postgres_sql as sql
from rotation.targets.postgres_session import Connect, Login, connect, open_first
from rotation.targets.target import Fallbacks

_ADVICE = "reset its password at the server's own console, then store it with `secretsctl set`"


class PostgresSuperuser:
    """Changes its own password, logged in with whichever existing version still works.

    AWSCURRENT is tried first: on a clean rotation it is right, so no login ever fails. Only when it is refused, which
    means that an earlier run died after its ALTER, do AWSPENDING, AWSPREVIOUS and the unlabelled have their turn.
    """

    credential = frozenset({"password"})
    value = "password"
    overlaps = False

    def __init__(self, ca_pem: str | None = None, *, connect: Connect = connect) -> None:
        self._ca_pem = ca_pem
        self._connect = connect

    def generate(self, name: str, current: Document) -> Document:
        """The same role with a new password; refused on the marker, because nothing knows the first one."""
        return renewed(name, current)

    def apply(self, current: Document, pending: Callable[[], Document], fallbacks: Fallbacks) -> None:
        """Set the pending password, unless an earlier run did so already."""

        def logins() -> Iterator[Login]:
            yield Login.of(current)
            yield Login.of(pending())
            yield from map(Login.of, fallbacks.own())

        login, session = open_first(logins(), self._ca_pem, self._connect, _ADVICE)
        with session:
            session.run("BEGIN")
            sql.lock(session, login.username)
            wanted = documents.text(pending(), "password")
            if login.password != wanted:
                sql.set_password(session, login.username, wanted)
            session.run("COMMIT")

    def verify(self, document: Document) -> None:
        """Log in and be who we say."""
        login = Login.of(document)
        with self._connect(login, self._ca_pem) as session:
            if session.run("SELECT session_user") != [[login.username]]:
                raise RotationError(
                    f"{login.place}: '{login.username}' is mapped to another role; correct pg_ident.conf"
                )

    def heal(self, current: Document, fallbacks: Fallbacks) -> None:
        """Set AWSCURRENT's password again through any version that can log in."""

        def logins() -> Iterator[Login]:
            yield Login.of(current)
            yield from map(Login.of, fallbacks.own())

        login, session = open_first(logins(), self._ca_pem, self._connect, _ADVICE)
        with session:
            if login.password != current["password"]:
                sql.set_password(session, login.username, documents.text(current, "password"))

    def retire(self, current: Document, previous: Document, fallbacks: Fallbacks) -> None:
        """End the other sessions: the old password is dead already, what logged in with it is not."""
        login = Login.of(current)
        with self._connect(login, self._ca_pem) as session:
            sql.end_sessions(session, login.username)
