# ruff: noqa: ARG002, S608 - it takes what the interface gives; names in SQL are quoted by identifier() or literal()
"""Roles that consumers log in with: two of them take turns, so the one in use is never touched."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from pg8000.native import identifier, literal  # type: ignore[import-untyped]

from rotation import document as documents
from rotation.document import Document
from rotation.errors import RotationError
from rotation.passwords import new_password
from rotation.targets import postgres_activity as activity
from rotation.targets import postgres_sql as sql
from rotation.targets.postgres_session import Connect, Login, Session, admin_logins, connect, open_first
from rotation.targets.target import Fallbacks

_ADVICE = "give the admin secret its password first, with `secretsctl bootstrap` or `set`"
# Looks that find no session, 50 ms apart: PostgreSQL lists a session only some moments after it let the role in.
SETTLED = 3


class PostgresRole:
    """Each rotation moves `username` to the other of `usernames` and gives that role a new password.

    Both are members of `member_of`, which owns the objects or holds the privileges: what one makes the other can use.
    Everything goes through the admin secret: a broken AWSCURRENT never stops a rotation, it is replaced by it.
    """

    credential = frozenset({"username", "password"})
    value = "password"
    overlaps = True
    issued = False
    retires = True

    def __init__(self, ca_pem: str | None = None, *, connect: Connect = connect) -> None:
        self._ca_pem = ca_pem
        self._connect = connect

    def generate(self, name: str, current: Document, fallbacks: Fallbacks, *, urgent: bool) -> Document:
        """The other role with a new password; from the marker, the first role."""
        first, second = _turns(current)
        in_use = current.get("username") if self.value in current else None
        return {**current, "username": second if in_use == first else first, "password": new_password()}

    def apply(self, current: Document, pending: Callable[[], Document], fallbacks: Fallbacks) -> None:
        """Make the pending role if it is missing; set its attributes, membership and password, in one transaction.

        Then end the sessions of its earlier turn: they belong to a credential that is retired long since, or, in an
        emergency inside the overlap, to one that may have leaked. Nobody else can have one yet.
        """
        with self._admin(current, fallbacks) as (admin, session):
            session.run("BEGIN")
            # One lock for both roles: rotators of one secret queue here, and whoever was overtaken fails at pending().
            locked = sql.lock(session, _lock_name(current))
            wanted = pending()
            username = _other_role(wanted, current)
            if username == admin.username:
                raise RotationError(
                    f"role '{username}' is the admin itself; correct `usernames` in the secret's document"
                )
            role = _set_role(session, wanted, username)
            session.run("COMMIT")
            # The second delivery of one event may come when the first one's value is out already: then whoever logged
            # in after pending() was read, which is after the lock, is a consumer. Before that nobody can be.
            sessions = activity.sessions_of(username, before=locked if role.had_password else None)
            activity.end(session, username, sessions, looks=SETTLED if role.could_log_in else 1)

    def verify(self, document: Document) -> None:
        """Log in as the role and check that it is a plain member of its group, able to replicate only if it should."""
        login = Login.of(document)
        group = documents.text(document, "member_of")
        with self._connect(login, self._ca_pem) as session:
            rows = session.run(
                f"SELECT session_user, current_user IN (session_user, {literal(group)}), "
                f"pg_has_role(session_user, {literal(group)}, 'MEMBER'), rolsuper, rolreplication "
                f"FROM pg_roles WHERE rolname = session_user"
            )
        if rows != [[login.username, True, True, False, bool(document.get("replication"))]]:
            raise RotationError(
                f"{login.place}: role '{login.username}' logs in but is not the plain member of '{group}' that it "
                f"should be; compare its attributes and memberships with the secret's document"
            )

    def heal(self, current: Document, fallbacks: Fallbacks) -> None:
        """Set AWSCURRENT's password again through the admin, unless it is no longer the current one by then."""
        with self._admin(current, fallbacks) as (_, session):
            session.run("BEGIN")
            sql.lock(session, _lock_name(current))
            fallbacks.unchanged()
            _set_role(session, current, documents.text(current, "username"))
            session.run("COMMIT")

    def retire(
        self, current: Document, previous: Document, fallbacks: Fallbacks, quiet_since: datetime | None
    ) -> Sequence[str]:
        """Leave the other role no password and no login, then end its sessions, which cannot come back.

        In this order a login at any moment is dead in the end: one that is accepted after the look at the sessions and
        before the commit is ended after it. Times are compared with the server's clock.
        """
        if self.value not in previous or previous.get("username") == current.get("username"):
            return ()  # the marker; or a value that a person gave in place of another: the role in use is not touched
        changed = [field for field in ("host", "port", "usernames") if previous.get(field) != current.get(field)]
        if changed:
            raise RotationError(
                f"AWSPREVIOUS differs from AWSCURRENT in {', '.join(changed)} and is not retired by a machine; end the "
                f"role it names by hand, then take AWSPREVIOUS off that version"
            )
        username = _other_role(previous, current)
        with self._admin(current, fallbacks) as (admin, session):
            session.run("BEGIN")
            sql.lock(session, _lock_name(current))
            facts = session.run(f"SELECT rolsuper FROM pg_roles WHERE rolname = {literal(username)}")
            if not facts:
                return ()
            if facts != [[False]] or username == admin.username:
                raise RotationError(f"role '{username}' is a superuser and is not touched; correct `usernames`")
            sql.disable(session, username)
            if quiet_since is not None:
                sessions = activity.sessions_of(username)
                if found := activity.stragglers(session, sessions, logins_since=quiet_since):
                    session.run("ROLLBACK")
                    return found
            fallbacks.unchanged()
            session.run("COMMIT")
            activity.end(session, username, activity.sessions_of(username), looks=SETTLED)
        return ()

    @contextmanager
    def _admin(self, document: Document, fallbacks: Fallbacks) -> Iterator[tuple[Login, Session]]:
        login, session = open_first(admin_logins(document, fallbacks), self._ca_pem, self._connect, _ADVICE)
        with session:
            yield login, session


@dataclass(frozen=True, kw_only=True)
class _Role:
    """What a role was before it was set."""

    could_log_in: bool
    had_password: bool


def _other_role(document: Document, live: Document) -> str:
    """The role of a document, if it may be changed: one of the two, and not the one in use now."""
    username = documents.text(document, "username")
    if username not in _turns(document):
        raise RotationError(f"role '{username}' is not one of `usernames`; correct the secret's document")
    if "password" in live and username == live.get("username"):
        raise RotationError(f"role '{username}' is in use by AWSCURRENT and is not touched; rotate the secret again")
    return username


def _lock_name(document: Document) -> str:
    return documents.text(document, "member_of") + "/" + "/".join(_turns(document))


def _turns(document: Document) -> tuple[str, str]:
    names = documents.texts(document, "usernames")
    if len(names) != 2 or names[0] == names[1] or not all(map(sql.is_role_name, names)):
        raise RotationError(
            f"field 'usernames' must be two different role names of 1 to {sql.LONGEST_NAME} bytes that are not "
            f"reserved; correct the secret's document"
        )
    return names[0], names[1]


def _set_role(session: Session, document: Document, username: str) -> _Role:
    role, group = identifier(username), documents.text(document, "member_of")
    facts = session.run(
        f"SELECT EXISTS (SELECT FROM pg_database WHERE datname = current_database() AND datdba = g.oid) "
        f"OR EXISTS (SELECT FROM pg_namespace WHERE nspowner = g.oid), "
        f"r.oid IS NOT NULL, coalesce(r.rolsuper, false), "
        f"EXISTS (SELECT FROM pg_auth_members WHERE roleid = g.oid AND member = r.oid), "
        f"coalesce(r.rolcanlogin, false), r.rolpassword "
        f"FROM pg_roles g LEFT JOIN pg_authid r ON r.rolname = {literal(username)} WHERE g.rolname = {literal(group)}"
    )
    if not facts:
        raise RotationError(
            f"group role '{group}' does not exist; create it and its privileges before the first rotation"
        )
    owns, exists, superuser, member, can_log_in, stored = facts[0]
    if superuser:
        raise RotationError(f"role '{username}' is a superuser and is not touched; correct `usernames` in the document")
    replication = "REPLICATION" if document.get("replication") is True else "NOREPLICATION"
    password = documents.text(document, "password")
    session.run(
        f"{'ALTER' if exists else 'CREATE'} ROLE {role} LOGIN NOCREATEDB NOCREATEROLE NOBYPASSRLS {replication} "
        f"PASSWORD {literal(sql.verifier(password))}"
    )
    if not member:
        session.run(f"GRANT {identifier(group)} TO {role}")
    if owns:
        # What the role creates then belongs to the group, and the other role can use it (aws-samples #175 cannot).
        session.run(f"ALTER ROLE {role} SET role = {literal(group)}")
    return _Role(could_log_in=can_log_in, had_password=can_log_in and sql.matches(stored, password))
