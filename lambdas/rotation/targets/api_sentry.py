"""Sentry: client keys (DSNs) of one project, made, switched off and deleted through its API.

Sources: docs.sentry.io/api/projects/ - post-project-keys, get-project-keys, retrieve-a-client-key, update-a-client-key,
delete-a-client-key; a key's id is its public part (sentry, api/serializers/models/project_key.py). The token needs the
scope project:admin, which deleting takes.

Not done, and why. A test event: it would show up as an issue and count against the quota, and the ingestion's answer
may come before it knows the key (unverified). Stragglers: the count of a key's events (`keys/{id}/stats/`) is a private
endpoint (sentry, core/endpoints/project_key_stats.py, ApiPublishStatus.PRIVATE), so who sends with an old DSN after its
overlap is not seen, and loses events. How soon the ingestion notices that a key was switched off: unverified.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

from rotation import document as documents
from rotation.document import Document
from rotation.errors import LoginRefusedError, RotationError
from rotation.targets import api_answer as answers
from rotation.targets.api_admin import AdminApi
from rotation.targets.api_answer import Entry
from rotation.targets.api_issued import IssuedKey, foreign, held_ids, named_like, orphans, superseded
from rotation.targets.api_session import ApiSession, Connect, StatusError, bearer
from rotation.targets.target import Fallbacks

_PUBLIC = re.compile(r"[0-9a-f]{32}")


class Sentry:
    """A key carries the full name of its secret as its label: only such keys are ever switched off or deleted."""

    credential = frozenset({"dsn", "key_id"})
    value = "dsn"
    overlaps = True
    issued = True
    retires = True

    def __init__(
        self,
        ca_pem: str | None = None,
        *,
        connect: Connect = ApiSession,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._ca_pem = ca_pem
        self._connect = connect
        self._clock = clock

    def generate(self, name: str, current: Document, fallbacks: Fallbacks, *, urgent: bool) -> Document:
        """A new client key. Deleted before: orphans of crashes, and keys that an earlier retirement switched off."""
        del urgent
        admin, path = self._admin(current, fallbacks), _path(current)
        ours = [key for key in _keys(admin, path) if key.name == name]
        mine = _id(current) if self.value in current else None
        lost = orphans(ours, held_ids([current, *fallbacks.own()]), self._clock())
        for key in ours:
            if key in lost or (not key.active and key.id != mine):
                _delete(admin, path, key)
        made = admin.call("POST", path, {"name": name})
        constants = {field: content for field, content in current.items() if field not in self.credential}
        return {**constants, "dsn": answers.word(made, "dsn", "public"), "key_id": answers.word(made, "id")}

    def apply(self, current: Document, pending: Callable[[], Document], fallbacks: Fallbacks) -> None:
        """Nothing to do: a client key works from its creation on. Check that it is there and switched on."""
        document = pending()
        self._require_active(self._admin(current, fallbacks), document)

    def verify(self, document: Document) -> None:
        """The DSN is well-formed and is that of its key; setSecret has looked at the key itself."""
        dsn = documents.text(document, "dsn")
        try:
            parts = urlsplit(dsn)
            complete = parts.scheme == "https" and bool(parts.hostname) and parts.port != 0 and parts.password is None
        except ValueError:
            complete = False
        if not (complete and _PUBLIC.fullmatch(parts.username or "") and parts.path.rsplit("/", 1)[-1].isdecimal()):
            raise RotationError(
                "field `dsn` is not https://<32 hexadecimal digits>@<host>/<project number>; correct it with secretsctl"
            )
        if _id(document) != parts.username:
            raise RotationError("fields `dsn` and `key_id` name two client keys; correct them with secretsctl")

    def heal(self, current: Document, fallbacks: Fallbacks) -> None:
        """Switch AWSCURRENT's key on again; a deleted one cannot come back."""
        self.verify(current)
        admin = self._admin(current, fallbacks)
        if not answers.flag(self._key(admin, current), "isActive"):
            admin.call("PUT", _key_path(current), {"isActive": True})

    def retire(
        self, current: Document, previous: Document, fallbacks: Fallbacks, quiet_since: datetime | None
    ) -> Sequence[str]:
        """Switch off the key before the current one, and every other of ours that nothing needs.

        Switched off and not deleted, until the next rotation: a key that was needed after all can come back.
        """
        admin, path = self._admin(current, fallbacks), _path(current)
        if quiet_since is not None:
            self._require_active(admin, current)  # never end the old key while the new one does not work
        keys = list(_keys(admin, path))
        mine = next((key for key in keys if key.id == _id(current)), None)
        before = next((key for key in keys if key.id == _id(previous)), None)
        ours = named_like([mine, before], keys)
        if before is not None and before not in ours and before.active:
            raise foreign(before)
        held = held_ids([current, previous, *fallbacks.own()])
        ending = superseded(ours, _id(current), _id(previous), held, self._clock())
        fallbacks.unchanged()
        for key in ending:
            if key.active:
                _switch_off(admin, path, key)
        return ()

    def _require_active(self, admin: AdminApi, document: Document) -> None:
        key = self._key(admin, document)
        if not answers.flag(key, "isActive"):
            raise LoginRefusedError(
                f"client key {_id(document)} is switched off in Sentry; see who did that before you heal the secret"
            )
        if answers.word(key, "dsn", "public") != documents.text(document, "dsn"):
            raise RotationError("field `dsn` is not the DSN that Sentry has for `key_id`; rotate the secret again")

    def _key(self, admin: AdminApi, document: Document) -> Entry:
        try:
            key: Entry = admin.call("GET", _key_path(document))
        except StatusError as error:
            if error.status != 404:
                raise
            raise LoginRefusedError(
                f"client key {_id(document)} is gone from Sentry and cannot come back; take AWSPENDING off if it is "
                f"that version's, then rotate the secret"
            ) from None
        return key

    def _admin(self, document: Document, fallbacks: Fallbacks) -> AdminApi:
        url = documents.text(document, "url")
        return AdminApi(document, fallbacks, lambda key: self._connect(url, self._ca_pem, bearer(key)))


def _path(document: Document) -> str:
    organization, project = (quote(documents.text(document, name), safe="") for name in ("organization", "project"))
    return f"/api/0/projects/{organization}/{project}/keys/"


def _key_path(document: Document) -> str:
    return f"{_path(document)}{quote(_id(document), safe='')}/"


def _id(document: Document) -> str:
    """The id of the document's client key: a person supplies only the DSN, which begins with it."""
    if "key_id" in document:
        return documents.text(document, "key_id")
    return documents.text(document, "dsn").removeprefix("https://").partition("@")[0]


def _keys(admin: AdminApi, path: str) -> Iterator[IssuedKey]:
    following: str | None = path
    while following is not None:
        page, following = admin.page(following)
        for entry in answers.entries(page):
            yield IssuedKey(
                id=answers.word(entry, "id"),
                name=answers.word(entry, "label"),
                owner="",
                created=answers.moment(entry, "dateCreated"),
                active=answers.flag(entry, "isActive"),
            )


def _switch_off(admin: AdminApi, path: str, key: IssuedKey) -> None:
    answer = admin.call("PUT", f"{path}{quote(key.id, safe='')}/", {"isActive": False})
    if answers.flag(answer, "isActive"):
        raise RotationError(f"client key {key.id} is still switched on after Sentry took the change; retire again")


def _delete(admin: AdminApi, path: str, key: IssuedKey) -> None:
    try:
        admin.call("DELETE", f"{path}{quote(key.id, safe='')}/")
    except StatusError as error:
        if error.status != 404:  # gone already
            raise
