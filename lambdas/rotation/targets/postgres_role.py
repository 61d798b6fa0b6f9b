# ruff: noqa: ARG002, S608 - it takes what the interface gives; names in SQL are quoted by identifier() or literal()
"""Roles that consumers log in with: two of them take turns, so the one in use is never touched."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pg8000.native import identifier, literal  # type: ignore[import-untyped]

from rotation import document as documents
from rotation.document import Document
from rotation.errors import RotationError
from rotation.passwords import new_password
from rotation.targets import postgres_sql as sql
from rotation.targets.postgres_session import Connect, Login, Session, connect, open_first
from rotation.targets.target import Fallbacks

_ADVICE = "give the admin secret its password first, with `secretsctl bootstrap` or `set`"


class PostgresRole:
    """Each rotation moves `username` to the other of `usernames` and gives that role a new password.

    Both are members of `member_of`, which owns the objects or holds the privileges: what one makes the other can use.
    Everything goes through the admin secret: a broken AWSCURRENT never stops a rotation, it is replaced by it.
    """

    credential = frozenset({"username", "password"})
    value = "password"
    overlaps = True

    def __init__(self, ca_pem: str | None = None, *, connect: Connect = connect) -> None:
        self._ca_pem = ca_pem
        self._connect = connect

    def generate(self, name: str, current: Document) -> Document:
        """The other role with a new password; from the marker, the first role."""
        first, second = _turns(current)
        in_use = current.get("username") if self.value in current else None
        return {**current, "username": second if in_use == first else first, "password": new_password()}

    def apply(self, current: Document, pending: Callable[[], Document], fallbacks: Fallbacks) -> None:
        """Make the pending role if it is missing; set its attributes, membership and password, in one transaction."""
        with self._admin(current, fallbacks) as (admin, session):
            session.run("BEGIN")
            # One lock for both roles: rotators of one secret queue here, and whoever was overtaken fails at pending().
            sql.lock(session, documents.text(current, "member_of") + "/" + "/".join(_turns(current)))
            wanted = pending()
            username = self._free_role(wanted, current)
            if username == admin.username:
                raise RotationError(
                    f"role '{username}' is the admin itself; correct `usernames` in the secret's document"
                )
            _set_role(session, wanted, username)
            session.run("COMMIT")

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
        """Set AWSCURRENT's password again through the admin."""
        with self._admin(current, fallbacks) as (_, session):
            session.run("BEGIN")
            _set_role(session, current, documents.text(current, "username"))
            session.run("COMMIT")

    def retire(self, current: Document, previous: Document, fallbacks: Fallbacks) -> None:
        """Set the other role's password to one that nobody knows, then end its sessions, which cannot come back."""
        if self.value not in previous:
            return  # the marker: there was no credential before this one
        username = self._free_role(previous, current)
        with self._admin(current, fallbacks) as (_, session):
            sql.set_password(session, username, new_password())
            sql.end_sessions(session, username)

    def _free_role(self, document: Document, live: Document) -> str:
        """The role of a document, if it may be changed: one of the two, and not the one in use now."""
        username = documents.text(document, "username")
        if username not in _turns(document):
            raise RotationError(f"role '{username}' is not one of `usernames`; correct the secret's document")
        if self.value in live and username == live.get("username"):
            raise RotationError(
                f"role '{username}' is in use by AWSCURRENT and is not touched; rotate the secret again"
            )
        return username

    @contextmanager
    def _admin(self, document: Document, fallbacks: Fallbacks) -> Iterator[tuple[Login, Session]]:
        def logins() -> Iterator[Login]:
            for admin in fallbacks.admin():
                if any(admin.get(field) != document.get(field) for field in ("host", "port")):
                    raise RotationError(
                        f"the admin secret is for {admin.get('host')}:{admin.get('port')}, this secret for "
                        f"{document.get('host')}:{document.get('port')}; give the function "
                        f"the admin secret of the same server"
                    )
                # The secret's own database: whether the group owns it is asked there.
                yield Login.of({**admin, "dbname": document.get("dbname")})

        login, session = open_first(logins(), self._ca_pem, self._connect, _ADVICE)
        with session:
            yield login, session


def _turns(document: Document) -> tuple[str, str]:
    names = documents.texts(document, "usernames")
    if len(names) != 2 or names[0] == names[1] or any(not name or name.startswith("pg_") for name in names):
        raise RotationError("field 'usernames' must be two different role names; correct the secret's document")
    return names[0], names[1]


def _set_role(session: Session, document: Document, username: str) -> None:
    role, group = identifier(username), documents.text(document, "member_of")
    facts = session.run(
        f"SELECT EXISTS (SELECT FROM pg_database WHERE datname = current_database() AND datdba = g.oid) "
        f"OR EXISTS (SELECT FROM pg_namespace WHERE nspowner = g.oid), "
        f"r.oid IS NOT NULL, coalesce(r.rolsuper, false), "
        f"EXISTS (SELECT FROM pg_auth_members WHERE roleid = g.oid AND member = r.oid) "
        f"FROM pg_roles g LEFT JOIN pg_roles r ON r.rolname = {literal(username)} WHERE g.rolname = {literal(group)}"
    )
    if not facts:
        raise RotationError(
            f"group role '{group}' does not exist; create it and its privileges before the first rotation"
        )
    owns, exists, superuser, member = facts[0]
    if superuser:
        raise RotationError(f"role '{username}' is a superuser and is not touched; correct `usernames` in the document")
    replication = "REPLICATION" if document.get("replication") is True else "NOREPLICATION"
    session.run(
        f"{'ALTER' if exists else 'CREATE'} ROLE {role} LOGIN NOCREATEDB NOCREATEROLE NOBYPASSRLS {replication} "
        f"PASSWORD {literal(sql.verifier(documents.text(document, 'password')))}"
    )
    if not member:
        session.run(f"GRANT {identifier(group)} TO {role}")
    if owns:
        # What the role creates then belongs to the group, and the other role can use it (aws-samples #175 cannot).
        session.run(f"ALTER ROLE {role} SET role = {literal(group)}")
