"""The admin's login at an API: tries the versions of the admin secret until one is accepted."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from rotation import document as documents
from rotation.document import Document
from rotation.errors import LoginRefusedError, RotationError, ServiceError
from rotation.targets.api_session import Api, place
from rotation.targets.target import Fallbacks


class NoAdminKeyError(RotationError):
    """Nobody has supplied an admin key for this API."""


class AdminApi:
    """An `Api` that goes on with the next admin key when one is refused, and never sends one to another server.

    A refused request was not carried out, so it can be sent again with another key, a POST too.
    """

    def __init__(self, document: Document, fallbacks: Fallbacks, open_with: Callable[[str], Api]) -> None:
        self._url = documents.text(document, "url")
        self._place = place(self._url)
        self._sessions: Iterator[Api] = (open_with(key) for key in self._keys(fallbacks))
        self._session: Api | None = None
        self._refused = 0

    def call(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Any:
        """Run one request as admin; LoginRefusedError when every admin key was refused."""
        return self._first_accepted(lambda session: session.call(method, path, body))

    def page(self, path: str) -> tuple[Any, str | None]:
        """GET as admin, with the path of the next page."""
        answer: tuple[Any, str | None] = self._first_accepted(lambda session: session.page(path))
        return answer

    def _first_accepted(self, run: Callable[[Api], Any]) -> Any:
        while True:
            if self._session is None:
                self._session = self._next()
            try:
                return run(self._session)
            except LoginRefusedError:
                self._session = None
                self._refused += 1

    def _next(self) -> Api:
        session = next(self._sessions, None)
        if session is not None:
            return session
        if self._refused:
            raise LoginRefusedError(
                f"{self._place} accepts none of {self._refused} stored admin keys, or none has the permission; "
                f"make one in the console and give it with `secretsctl set` to the secret of the admin key"
            )
        raise NoAdminKeyError(
            f"no admin key for {self._place} has been supplied; make one in the console and give it with "
            f"`secretsctl set` to the secret of the admin key"
        )

    def _keys(self, fallbacks: Fallbacks) -> Iterator[str]:
        found: Iterator[Document] | None = None
        while True:
            try:
                found = fallbacks.admin() if found is None else found
                admin = next(found, None)
            except ServiceError:
                raise
            except RotationError as error:
                raise NoAdminKeyError(str(error)) from None  # the function has no admin secret of this kind
            if admin is None:
                return
            if "key" not in admin:
                continue  # the marker
            # Whoever may write one secret must not get an admin key sent to a server of his own.
            if documents.text(admin, "url") != self._url:
                raise RotationError(
                    f"the admin secret is for another `url` than this secret, which is for {self._place}; correct the "
                    f"one that is wrong"
                )
            yield documents.text(admin, "key")
