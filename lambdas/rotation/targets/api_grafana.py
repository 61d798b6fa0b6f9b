# ruff: noqa: ARG002 - an implementation takes what the interface gives
"""Grafana's server admins: two of them take turns, because a user has one password."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from rotation import document as documents
from rotation.document import Document
from rotation.errors import RotationError
from rotation.passwords import new_password
from rotation.targets.api_grafana_session import Grafana, log_in
from rotation.targets.api_session import ApiSession, Connect
from rotation.targets.target import Documents, Fallbacks

_ADVICE = "set one with `grafana cli admin reset-admin-password`, then store it with `secretsctl set`"


class GrafanaAdmin:
    """Each rotation moves `username` to the other of `usernames` and gives that admin a new password.

    The one admin sets the other's, so neither needs a secret of its own, and one that is scrambled or locked out comes
    back with its next turn.
    """

    credential = frozenset({"username", "password"})
    value = "password"
    overlaps = True
    issued = False
    retires = True

    def __init__(self, ca_pem: str | None = None, *, connect: Connect = ApiSession) -> None:
        self._ca_pem = ca_pem
        self._connect = connect

    def generate(self, name: str, current: Document, fallbacks: Fallbacks, *, urgent: bool) -> Document:
        """The other admin with a new password; refused on the marker, because nothing knows the first one."""
        if self.value not in current:
            raise RotationError(
                f"secret '{name}' has no value yet; give it the server admin's password with `secretsctl bootstrap`"
            )
        return {**current, "username": _other(current), "password": new_password()}

    def apply(self, current: Document, pending: Callable[[], Document], fallbacks: Fallbacks) -> None:
        """Make the other admin if it is missing, give it the rights and the pending password, and end its sessions.

        Those are of its earlier turn: retired long since, or in an emergency opened with what may have leaked.
        """
        username = _other(current)
        grafana = self._admin([lambda: iter([current]), lambda: iter([pending()]), fallbacks.own])
        user = grafana.find(username) or grafana.create(username)
        if user.is_disabled:
            raise RotationError(
                f"{grafana.place} has user '{username}' disabled, which only a person does; enable it there"
            )
        if not user.is_admin:
            grafana.make_admin(user)
        wanted = pending()
        if wanted.get("username") != username:
            raise RotationError(
                f"AWSPENDING is for user '{wanted.get('username')}', and the turn is '{username}': another rotation "
                f"was published meanwhile; take AWSPENDING off that version and start again"
            )
        grafana.set_password(user, documents.text(wanted, "password"))
        grafana.log_out(user)

    def verify(self, document: Document) -> None:
        """Log in and be the server admin that we say."""
        username = documents.text(document, "username")
        grafana = Grafana(document, self._ca_pem, self._connect)
        me = grafana.me()
        if (me.login, me.is_admin) != (username, True):
            raise RotationError(
                f"{grafana.place} lets '{username}' in, but not as the server admin of that name; see its permissions"
            )

    def heal(self, current: Document, fallbacks: Fallbacks) -> None:
        """Set AWSCURRENT's password again through any version that can log in, as either admin."""
        grafana = self._admin([lambda: iter([current]), fallbacks.own])
        if grafana.document is current:
            return
        username = documents.text(current, "username")
        user = grafana.find(username) or grafana.create(username)
        if not user.is_admin:
            grafana.make_admin(user)
        fallbacks.unchanged()
        grafana.set_password(user, documents.text(current, "password"))

    def retire(
        self, current: Document, previous: Document, fallbacks: Fallbacks, quiet_since: datetime | None
    ) -> Sequence[str]:
        """Set the other admin's password to one that nobody knows, then end its sessions, which cannot come back."""
        username = documents.text(previous, "username")
        if username == documents.text(current, "username"):
            return ()  # a person gave that admin a new password: the old one went with that
        if username not in _turns(current):
            raise RotationError(f"user '{username}' is not one of `usernames`; correct the secret's document")
        grafana = self._admin([lambda: iter([current])])
        user = grafana.find(username)
        if user is None:
            return ()
        if quiet_since is not None and (uses := grafana.uses_since(user, quiet_since)):
            return uses
        fallbacks.unchanged()
        grafana.set_password(user, new_password())
        grafana.log_out(user)
        return ()

    def _admin(self, candidates: Iterable[Documents]) -> Grafana:
        """Each candidate is read only when the ones before it were refused."""
        documents = (document for some in candidates for document in some())
        return log_in(documents, self._ca_pem, self._connect, _ADVICE)


def _turns(document: Document) -> tuple[str, str]:
    names = documents.texts(document, "usernames")
    if len(names) != 2 or names[0] == names[1] or not all(names):
        raise RotationError("field 'usernames' must be two different user names; correct the secret's document")
    return names[0], names[1]


def _other(current: Document) -> str:
    """Whose turn it is after AWSCURRENT's."""
    first, second = _turns(current)
    return second if documents.text(current, "username") == first else first
