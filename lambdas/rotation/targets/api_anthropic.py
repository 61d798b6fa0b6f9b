"""Anthropic: a person makes the key, the system checks it, publishes it and switches the old one off.

The Admin API lists, reads and updates API keys; it makes none and deletes none:
https://platform.claude.com/docs/en/api/admin/api_keys (list, retrieve, update). It lists no time of last use, so there
are no stragglers to name.
"""

import re
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from urllib.parse import quote

from rotation import document as documents
from rotation.document import Document
from rotation.errors import LoginRefusedError, RotationError
from rotation.targets import api_answer as answers
from rotation.targets.api_admin import AdminApi, NoAdminKeyError
from rotation.targets.api_answer import Entry
from rotation.targets.api_issued import until_refused
from rotation.targets.api_session import ApiSession, Connect
from rotation.targets.api_supplied import anthropic_headers, taken_up
from rotation.targets.target import Fallbacks

_KEYS = "/v1/organizations/api_keys"
_GAP = re.compile(r"\.{2,}|\*+|…")
_SHOWN = 4  # characters at the end of a hint, as in `sk-ant-api03-R2D...igAA`


class Anthropic:
    """A key's id is found by its hint, the beginning and the end of the key, because a person supplies only the key."""

    credential = frozenset({"key", "key_id"})
    value = "key"
    overlaps = True
    issued = False
    retires = True

    def __init__(
        self,
        ca_pem: str | None = None,
        *,
        connect: Connect = ApiSession,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._ca_pem = ca_pem
        self._connect = connect
        self._sleep = sleep

    def generate(self, name: str, current: Document, fallbacks: Fallbacks, *, urgent: bool) -> Document:
        """What a person supplied, with the key's id where an admin key can find it."""
        del urgent
        document = taken_up(name, current, fallbacks, self.credential)
        if document.get("key_id") == current.get("key_id"):
            document = {field: content for field, content in document.items() if field != "key_id"}  # of the old key
        try:
            found = self._found(self._admin(current, fallbacks), document)
        except (NoAdminKeyError, LoginRefusedError):
            return document  # an admin key is a help; a key that has to be replaced does not wait for one
        return {**document, "key_id": answers.word(found[0], "id")} if len(found) == 1 else document

    def apply(self, current: Document, pending: Callable[[], Document], fallbacks: Fallbacks) -> None:
        """Nothing to do: the key works since its creation. Only that the version is still ours to publish."""
        del current, fallbacks
        pending()

    def verify(self, document: Document) -> None:
        """List the models with the key: costs nothing and changes nothing."""
        self._use(document)

    def heal(self, current: Document, fallbacks: Fallbacks) -> None:
        """Switch AWSCURRENT's key on again where an admin key can; a person has to replace any other."""
        try:
            self._use(current)
        except LoginRefusedError:
            admin = self._admin(current, fallbacks)
            off = [entry for entry in self._found(admin, current) if entry.get("status") == "inactive"]
            if len(off) != 1:
                raise LoginRefusedError(
                    "the API refuses AWSCURRENT's key, and it is not one that was switched off; make a new one in the "
                    "console and give it with `secretsctl set`"
                ) from None
            self._set_status(admin, off[0], "active")

    def retire(
        self, current: Document, previous: Document, fallbacks: Fallbacks, quiet_since: datetime | None
    ) -> Sequence[str]:
        """Switch the old key off and see that it is refused; without an admin key, say what a person has to do.

        Only a key that works is looked for and switched off: a hint can be made up, a working key cannot, so whoever
        may write this secret gets nobody else's key switched off.
        """
        del quiet_since
        if previous.get("key") == current.get("key"):
            return ()
        self._use(current)  # while all is refused, a refusal says nothing about the old key
        try:
            self._use(previous)
        except LoginRefusedError:
            return ()
        admin = self._admin(current, fallbacks)
        try:
            found = [entry for entry in self._found(admin, previous) if entry.get("status") == "active"]
        except NoAdminKeyError:
            raise RotationError(
                f"the Anthropic API key before AWSCURRENT's{_named(previous)} works, and no admin key is there to "
                f"switch it off: disable it in the Claude Console under Settings, API keys, then retire again"
            ) from None
        if len(found) != 1:
            raise RotationError(
                f"{len(found)} active API keys fit the hint of the key before AWSCURRENT's{_named(previous)}: disable "
                f"the right one in the Claude Console under Settings, API keys, then retire again"
            )
        fallbacks.unchanged()
        self._set_status(admin, found[0], "inactive")
        until_refused(lambda: self._use(previous), self._sleep, f"the key before AWSCURRENT's{_named(previous)}")
        return ()

    def _found(self, admin: AdminApi, document: Document) -> list[Entry]:
        """The keys that fit the document's: by the hint, and by the id where that leaves more than one."""
        key, after = documents.text(document, "key"), ""
        found: list[Entry] = []
        while True:
            page = admin.call("GET", f"{_KEYS}?limit=1000{after}")
            found += [
                entry for entry in answers.entries(page, "data") if _fits(answers.word(entry, "partial_key_hint"), key)
            ]
            if not answers.flag(page, "has_more"):
                named = [entry for entry in found if entry.get("id") == document.get("key_id")]
                return named or found
            after = f"&after_id={quote(answers.word(page, 'last_id'), safe='')}"

    def _set_status(self, admin: AdminApi, entry: Entry, status: str) -> None:
        admin.call("POST", f"{_KEYS}/{quote(answers.word(entry, 'id'), safe='')}", {"status": status})

    def _admin(self, document: Document, fallbacks: Fallbacks) -> AdminApi:
        url = documents.text(document, "url")
        return AdminApi(document, fallbacks, lambda key: self._connect(url, self._ca_pem, anthropic_headers(key)))

    def _use(self, document: Document) -> None:
        headers = anthropic_headers(documents.text(document, "key"))
        self._connect(documents.text(document, "url"), self._ca_pem, headers).call("GET", "/v1/models?limit=1")


def _fits(hint: str, key: str) -> bool:
    head, *rest = _GAP.split(hint)
    return bool(head and rest) and len(rest[-1]) >= _SHOWN and key.startswith(head) and key.endswith(rest[-1])


def _named(document: Document) -> str:
    return f" ({document['key_id']})" if isinstance(document.get("key_id"), str) else ""
