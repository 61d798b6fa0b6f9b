# ruff: noqa: ARG002, S608 - it takes what the interface gives; names in SQL are quoted by identifier() or literal()
"""The database's admin role: one role with one password, so the old one is dead as soon as the new one is set."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from pg8000.native import literal  # type: ignore[import-untyped]

from rotation import document as documents
from rotation.document import Document
from rotation.errors import LoginRefusedError, RotationError
from rotation.passwords import renewed
from rotation.targets import postgres_activity as activity
from rotation.targets import postgres_sql as sql
from rotation.targets.postgres_session import Connect, Login, Session, admin_logins, connect, open_first
from rotation.targets.target import Fallbacks

_ADVICE = "reset its password at the server's own console, then store it with `secretsctl set`"


class PostgresSuperuser:
    """Changes its own password, logged in with whichever existing version still works, or through a second admin role.

    AWSCURRENT is tried first: on a clean rotation it is right, so no login ever fails. Only when it is refused, which
    means that an earlier run died after its ALTER, do AWSPENDING, AWSPREVIOUS and the unlabelled have their turn; and
    when no version works, because somebody changed the password or restored the server, the admin secret of this kind.
    """

    credential = frozenset({"password"})
    value = "password"
    overlaps = False
    issued = False
    retires = True

    def __init__(self, ca_pem: str | None = None, *, connect: Connect = connect) -> None:
        self._ca_pem = ca_pem
        self._connect = connect

    def generate(self, name: str, current: Document, fallbacks: Fallbacks, *, urgent: bool) -> Document:
        """The same role with a new password; refused on the marker, because nothing knows the first one."""
        return renewed(name, current)

    def apply(self, current: Document, pending: Callable[[], Document], fallbacks: Fallbacks) -> None:
        """Set the pending password, unless an earlier run did so already."""

        def own() -> Iterator[Document]:
            yield current
            yield pending()
            yield from fallbacks.own()

        login, session = self._open(current, own, fallbacks)
        with session:
            self._set(session, login, current, lambda: documents.text(pending(), "password"))

    def verify(self, document: Document) -> None:
        """Log in and be who we say."""
        login = Login.of(document)
        with self._connect(login, self._ca_pem) as session:
            if session.run("SELECT session_user") != [[login.username]]:
                raise RotationError(
                    f"{login.place}: '{login.username}' is mapped to another role; correct pg_ident.conf"
                )

    def heal(self, current: Document, fallbacks: Fallbacks) -> None:
        """Set AWSCURRENT's password again through any version that can log in, else through the second admin."""

        def own() -> Iterator[Document]:
            yield current
            yield from fallbacks.own()

        def wanted() -> str:
            fallbacks.unchanged()
            return documents.text(current, "password")

        login, session = self._open(current, own, fallbacks)
        with session:
            self._set(session, login, current, wanted)

    def retire(
        self, current: Document, previous: Document, fallbacks: Fallbacks, quiet_since: datetime | None
    ) -> Sequence[str]:
        """End the sessions that began before `quiet_since`: the old password is dead, what logged in with it is not.

        Rotators at work (application_name, which anybody can choose) are spared and not waited for; not so in an
        emergency, which ends every session but this one: a rotation that this cuts off runs again.

        Not ended is a login whose password exchange began before the change and ends after this, at most the server's
        authentication_timeout later: one role cannot be barred from logging in for that time, as two can (disable()).
        """
        if self.value not in previous:
            return ()  # the marker: nobody can have logged in with it
        username = documents.text(current, "username")
        if previous.get("username") != username:
            raise RotationError(
                f"AWSPREVIOUS is of another role than '{username}' and is not retired by a machine; disable that role "
                f"by hand, then take AWSPREVIOUS off that version"
            )
        _, session = self._open(current, lambda: iter([current]), fallbacks)
        with session:
            sessions = activity.sessions_of(username, before=quiet_since, spare_rotators=quiet_since is not None)
            if quiet_since is not None and (found := activity.stragglers(session, sessions)):
                return found
            activity.end(session, username, sessions)
        return ()

    def _open(
        self, current: Document, own: Callable[[], Iterator[Document]], fallbacks: Fallbacks
    ) -> tuple[Login, Session]:
        """A session of the role itself, else of the second admin."""
        username, trouble = documents.text(current, "username"), []

        def logins() -> Iterator[Login]:
            yield from (Login.of(document) for document in own() if self.value in document)
            try:
                yield from self._admins(current, username, fallbacks)
            except RotationError as error:
                # There need not be a second admin; why there is none is told if nothing else works either.
                trouble.append(str(error))

        try:
            return open_first(logins(), self._ca_pem, self._connect, _ADVICE)
        except LoginRefusedError as refused:
            raise LoginRefusedError("; ".join([str(refused), *trouble])) from None

    def _admins(self, current: Document, username: str, fallbacks: Fallbacks) -> Iterator[Login]:
        for login in admin_logins(current, fallbacks):
            if login.username == username:
                raise RotationError(f"the admin secret is of '{username}' itself; give this kind another role's secret")
            yield login

    def _set(self, session: Session, login: Login, current: Document, wanted: Callable[[], str]) -> None:
        """Set a password in one transaction; `wanted` is read under the lock."""
        username = documents.text(current, "username")
        session.run("BEGIN")
        sql.lock(session, username)
        password = wanted()
        if login.username != username:
            self._set_through_admin(session, username, password)
        elif login.password != password:
            sql.set_password(session, username, password)
        session.run("COMMIT")

    def _set_through_admin(self, session: Session, username: str, password: str) -> None:
        """Give the role its password and its login back. What is no superuser is another's and is not touched."""
        if session.run(f"SELECT rolsuper FROM pg_roles WHERE rolname = {literal(username)}") != [[True]]:
            raise RotationError(f"role '{username}' is no superuser and is not touched; correct the secret's document")
        sql.set_password(session, username, password, attributes="LOGIN")
