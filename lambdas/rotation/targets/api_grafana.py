# ruff: noqa: ARG002 - an implementation takes what the interface gives
"""Grafana's server admins: two of them take turns, because a user has one password."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from rotation import document as documents
from rotation.document import Document
from rotation.errors import RotationError
from rotation.passwords import new_password
from rotation.targets.api_grafana_session import MOST_REFUSALS, REFUSALS_OF_A_RETRY, Grafana, log_in
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
        user = grafana.admin(username)
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
        self._healed(current, [fallbacks.own], fallbacks, MOST_REFUSALS)

    def retire(
        self, current: Document, previous: Document, fallbacks: Fallbacks, quiet_since: datetime | None
    ) -> Sequence[str]:
        """Set the other admin's password to one that nobody knows, then end its sessions, which cannot come back.

        AWSCURRENT does it. If it is refused it is healed first, by the very credential that is to end if need be, which
        would else be the last that works. So a use without a session counts only since AWSCURRENT's password was set:
        one before that may be a heal's, and Grafana does not tell whose it was.
        """
        username, in_use = documents.text(previous, "username"), documents.text(current, "username")
        if username == in_use:
            return ()  # a person gave that admin a new password: the old one went with that
        if username not in _turns(current):
            raise RotationError(f"user '{username}' is not one of `usernames`; correct the secret's document")
        grafana = self._healed(current, [lambda: iter([previous]), fallbacks.own], fallbacks)
        user = grafana.find(username)
        if user is None:
            return ()
        if quiet_since is not None:
            uses = grafana.sessions_since(user, quiet_since) or grafana.requests_since(
                user, max(quiet_since, grafana.admin(in_use).updated)
            )
            if uses:
                return uses
        fallbacks.unchanged()
        grafana.set_password(user, new_password())
        grafana.log_out(user)
        return ()

    def _healed(
        self, current: Document, others: Iterable[Documents], fallbacks: Fallbacks, most: int = REFUSALS_OF_A_RETRY
    ) -> Grafana:
        """Logged in with AWSCURRENT, whose password one of the others sets again if it is refused."""
        grafana = self._admin([lambda: iter([current]), *others], most)
        if grafana.document is current:
            return grafana
        user = grafana.admin(documents.text(current, "username"))
        fallbacks.unchanged()
        grafana.set_password(user, documents.text(current, "password"))
        return Grafana(current, self._ca_pem, self._connect)

    def _admin(self, candidates: Iterable[Documents], most: int = REFUSALS_OF_A_RETRY) -> Grafana:
        """Each candidate is read only when the ones before it were refused."""
        documents = (document for some in candidates for document in some())
        advice = _ADVICE if most == MOST_REFUSALS else f"heal the secret, which tries more of them, or {_ADVICE}"
        return log_in(documents, self._ca_pem, self._connect, advice, most)


def _turns(document: Document) -> tuple[str, str]:
    names = documents.texts(document, "usernames")
    if len(names) != 2 or names[0] == names[1] or not all(names):
        raise RotationError("field 'usernames' must be two different user names; correct the secret's document")
    return names[0], names[1]


def _other(current: Document) -> str:
    """Whose turn it is after AWSCURRENT's."""
    first, second = _turns(current)
    return second if documents.text(current, "username") == first else first
