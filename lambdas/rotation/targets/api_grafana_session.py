"""What a rotation asks of Grafana's HTTP API, logged in as a server admin.

Users are managed with Basic authentication only: tokens belong to an organization and cannot be server admin.
https://grafana.com/docs/grafana/latest/developers/http_api/admin/ and .../http_api/user/
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from rotation import document as documents
from rotation.document import Document
from rotation.errors import LoginRefusedError, RotationError
from rotation.passwords import new_password
from rotation.targets import api_answer as answers
from rotation.targets.api_session import Connect, StatusError, basic, place

# Five wrong passwords within five minutes lock a user name out, the right password included (grafana/grafana,
# pkg/services/loginattempt). One is left for a person.
MOST_REFUSALS = 4


@dataclass(frozen=True, kw_only=True)
class User:
    """One user as Grafana knows it."""

    id: int
    login: str
    is_admin: bool
    is_disabled: bool


class Grafana:
    """The login of a document. Every call is a request of its own, so nothing has to be closed."""

    def __init__(self, document: Document, ca_pem: str | None, connect: Connect) -> None:
        url = documents.text(document, "url")
        headers = basic(documents.text(document, "username"), documents.text(document, "password"))
        self._api = connect(url, ca_pem, headers)
        self.document = document
        self.place = f"Grafana, {place(url)},"

    def me(self) -> User:
        """Who is logged in."""
        return _user(self._api.call("GET", "/api/user"))

    def find(self, login: str) -> User | None:
        """The user with exactly this login; None if there is none."""
        try:
            answer = self._api.call("GET", "/api/users/lookup?" + urlencode({"loginOrEmail": login}, quote_via=quote))
        except StatusError as error:
            if error.status == 404:
                return None
            raise
        user = _user(answer)
        if user.login != login:
            raise RotationError(
                f"{self.place} has no user '{login}' but one whose e-mail address is that; correct `usernames`"
            )
        return user

    def create(self, login: str) -> User:
        """A user with a password that nobody knows, and no rights yet."""
        self._api.call("POST", "/api/admin/users", {"name": login, "login": login, "password": new_password()})
        user = self.find(login)
        if user is None:
            raise RotationError(f"{self.place} made user '{login}' but does not list it; run the step again")
        return user

    def make_admin(self, user: User) -> None:
        """Let a user be server admin."""
        self._api.call("PUT", f"/api/admin/users/{user.id}/permissions", {"isGrafanaAdmin": True})

    def set_password(self, user: User, password: str) -> None:
        """Give a user a password. Its sessions survive that."""
        self._api.call("PUT", f"/api/admin/users/{user.id}/password", {"password": password})

    def log_out(self, user: User) -> None:
        """End a user's sessions; not those of oneself, which Grafana refuses (AdminLogoutUser in its source)."""
        if user.login != self.document.get("username"):
            self._api.call("POST", f"/api/admin/users/{user.id}/logout", {})

    def uses_since(self, user: User, since: datetime) -> list[str]:
        """A text for each use of a user after a time: its sessions, then any other request.

        `lastSeenAt` also moves with requests that have no session, such as a script's with Basic authentication
        (grafana/grafana, SyncLastSeenHook), within some minutes.
        """
        tokens = answers.entries(self._api.call("GET", f"/api/admin/users/{user.id}/auth-tokens"))
        found = [
            f"session of Grafana admin '{user.login}' from {token.get('clientIp')} with {token.get('browser')} on "
            f"{token.get('os')}, last seen at {seen.isoformat(timespec='seconds')}"
            for token in tokens
            if (seen := answers.moment(token, "seenAt")) > since
        ]
        if found:
            return found
        query = urlencode({"perpage": 100, "query": user.login}, quote_via=quote)
        listed = answers.entries(self._api.call("GET", f"/api/users/search?{query}"), "users")
        return [
            f"Grafana admin '{user.login}' without a session, last seen at {seen.isoformat(timespec='seconds')}"
            for entry in listed
            if entry.get("login") == user.login and (seen := answers.moment(entry, "lastSeenAt")) > since
        ]


def log_in(candidates: Iterable[Document], ca_pem: str | None, connect: Connect, advice: str) -> Grafana:
    """The first of the documents that is let in as server admin; LoginRefusedError with advice if none is.

    All must be of the first one's server: a password goes nowhere else. An unreachable or busy server ends the search.
    """
    url: object = None
    refusals: Counter[object] = Counter()
    for document in candidates:
        url = url or document.get("url")
        username = document.get("username")
        if document.get("url") != url or refusals[username] >= MOST_REFUSALS:
            continue
        grafana = Grafana(document, ca_pem, connect)
        try:
            if grafana.me().is_admin:
                return grafana
        except LoginRefusedError:
            pass
        refusals[username] += 1
    raise LoginRefusedError(f"none of {refusals.total()} stored passwords is that of a Grafana server admin; {advice}")


def _user(answer: Any) -> User:
    number = answer.get("id") if isinstance(answer, dict) else None
    if isinstance(number, bool) or not isinstance(number, int):
        raise RotationError("`id` of the API's answer is not a whole number; see whether `url` is Grafana's")
    return User(
        id=number,
        login=answers.word(answer, "login"),
        is_admin=answers.flag(answer, "isGrafanaAdmin"),
        is_disabled=answers.flag(answer, "isDisabled"),
    )
