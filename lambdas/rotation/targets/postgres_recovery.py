# ruff: noqa: ARG002, S608 - it takes what the interface gives; names in SQL are quoted by identifier() or literal()
"""The second admin role: no consumer has it, it only gives the superuser its password back when no version of it works.

The two heal each other: the superuser's secret is the admin secret of this kind, and this one the superuser's.
"""

from pg8000.native import identifier, literal  # type: ignore[import-untyped]

from rotation.document import Document
from rotation.errors import RotationError
from rotation.passwords import new_password
from rotation.targets import postgres_sql as sql
from rotation.targets.postgres_session import Login, Session
from rotation.targets.postgres_superuser import PostgresSuperuser
from rotation.targets.target import Fallbacks

# How a role says that it is ours: whoever may write the secret's document must not get another superuser's password.
MARK = "llm-observatory: second admin, whose password rotation sets"
BOOTSTRAP_SUPERUSER = 10  # BOOTSTRAP_SUPERUSERID, pg_authid.dat: initdb's own role


class PostgresRecovery(PostgresSuperuser):
    """As the superuser, but the first rotation makes the role, through the superuser.

    A role that is there already and does not carry our mark, or is no superuser, is left alone.
    """

    def generate(self, name: str, current: Document, fallbacks: Fallbacks, *, urgent: bool) -> Document:
        """The same role with a new password, from the marker too."""
        return {**current, "password": new_password()}

    def verify(self, document: Document) -> None:
        """Log in, be who we say, and be able to heal."""
        login = Login.of(document)
        with self._connect(login, self._ca_pem) as session:
            rows = session.run("SELECT session_user, rolsuper FROM pg_roles WHERE rolname = session_user")
        if rows != [[login.username, True]]:
            raise RotationError(
                f"{login.place}: '{login.username}' is no superuser, so it cannot heal; see who changed it"
            )

    def _set_through_admin(self, session: Session, username: str, password: str) -> None:
        found = session.run(
            f"SELECT rolsuper, oid = {BOOTSTRAP_SUPERUSER}, shobj_description(oid, 'pg_authid') "
            f"FROM pg_roles WHERE rolname = {literal(username)}"
        )
        if not found:
            role = identifier(username)
            session.run(f"CREATE ROLE {role} LOGIN SUPERUSER PASSWORD {literal(sql.verifier(password))}")
            session.run(f"COMMENT ON ROLE {role} IS {literal(MARK)}")
        elif found == [[True, False, MARK]]:
            sql.set_password(session, username, password, attributes="LOGIN")
        else:
            raise RotationError(
                f"role '{username}' is there already and was not made by rotation, so it is not touched; give the "
                f"secret another `username`, or drop the role"
            )
