"""OpenAI: keys of one service account in one project, made and deleted through the organization's admin key.

One account for all keys, not one account a key: `service_accounts/{id}/api_keys` makes a further key for an account
that is there, and deleting one touches neither the account nor its other keys, so usage, limits and roles stay.
Sources: developers.openai.com/api/reference, organization > projects > service_accounts (create, list, update, api_keys
create) and > api_keys (list, delete). How long a new key takes to be known everywhere is not documented: unverified.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from urllib.parse import quote

from rotation import document as documents
from rotation.document import Document
from rotation.errors import LoginRefusedError, RotationError
from rotation.targets import api_answer as answers
from rotation.targets.api_admin import AdminApi
from rotation.targets.api_answer import Entry
from rotation.targets.api_issued import (
    IssuedKey,
    foreign,
    held_ids,
    named_like,
    orphans,
    superseded,
    until_accepted,
    until_refused,
)
from rotation.targets.api_session import ApiSession, Connect, StatusError, bearer
from rotation.targets.target import Fallbacks

_PAGE = "limit=100"  # the most that a page may hold


class OpenAi:
    """A key carries the full name of its secret: only keys of the secret's account with that name are ever deleted.

    So a service account belongs to one secret; environments that share a project have one each.
    """

    credential = frozenset({"key", "key_id"})
    value = "key"
    overlaps = True
    issued = True
    retires = True

    def __init__(
        self,
        ca_pem: str | None = None,
        *,
        connect: Connect = ApiSession,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._ca_pem = ca_pem
        self._connect = connect
        self._clock = clock
        self._sleep = sleep

    def generate(self, name: str, current: Document, fallbacks: Fallbacks, *, urgent: bool) -> Document:
        """A new key of the service account, which is made if it is missing. Orphans of crashes are deleted before."""
        del urgent
        admin, project = self._admin(current, fallbacks), _project(current)
        account = documents.text(current, "service_account")
        path = f"{project}/service_accounts/{quote(self._account(admin, project, account), safe='')}"
        ours = [key for key in _keys(admin, project) if (key.owner, key.name) == (account, name)]
        for key in orphans(ours, held_ids([current, *fallbacks.own()]), self._clock()):
            _delete(admin, project, key)
        made = admin.call("POST", f"{path}/api_keys", {"name": name})
        constants = {field: content for field, content in current.items() if field not in self.credential}
        return {**constants, "key": answers.word(made, "value"), "key_id": answers.word(made, "id")}

    def apply(self, current: Document, pending: Callable[[], Document], fallbacks: Fallbacks) -> None:
        """Nothing to do: a key works from its creation on. A supplied one must not carry the id of the current one."""
        del fallbacks
        document = pending()
        if "key_id" in document and document["key_id"] == current.get("key_id"):
            raise RotationError(
                f"the new version names the key of AWSCURRENT{_named(current)}; give the new key's id or none "
                f"with `secretsctl set`"
            )

    def verify(self, document: Document) -> None:
        """List the models with the key: costs nothing and changes nothing. A new key has 20 s to become known."""
        try:
            until_accepted(lambda: self._use(document), self._sleep)
        except LoginRefusedError as error:
            raise LoginRefusedError(
                f"{error}. If it is AWSPENDING's key{_named(document)} and this stays so, take that label off and "
                f"start again with RotateSecret"
            ) from None

    def heal(self, current: Document, fallbacks: Fallbacks) -> None:
        """Check AWSCURRENT. A deleted key cannot come back (the API has no call for it): a rotation makes another."""
        del fallbacks
        try:
            self._use(current)
        except LoginRefusedError:
            raise LoginRefusedError(
                f"the API refuses AWSCURRENT's key{_named(current)}, and no call brings a key back; rotate the secret"
            ) from None

    def retire(
        self, current: Document, previous: Document, fallbacks: Fallbacks, quiet_since: datetime | None
    ) -> Sequence[str]:
        """Delete the key before the current one, and every other of ours that nothing needs; see that it is refused.

        Stragglers by `last_used_at`; how soon and how finely the API notes a use is not documented: unverified.
        """
        if quiet_since is not None:
            self._require_working(current)
        admin, project = self._admin(current, fallbacks), _project(current)
        keys = list(_keys(admin, project))
        ending = self._ending(keys, current, previous, fallbacks)
        if quiet_since is not None:
            late = [key for key in ending if key.used is not None and key.used > quiet_since]
            if late:
                return [
                    f"API key {key.id} of service account '{documents.text(current, 'service_account')}' was used at "
                    f"{_utc(key.used)}"
                    for key in late
                ]
        fallbacks.unchanged()
        for key in ending:
            _delete(admin, project, key)
        if previous.get("key") != current.get("key"):
            until_refused(lambda: self._use(previous), self._sleep, f"the key before AWSCURRENT's{_named(previous)}")
        return ()

    def _require_working(self, current: Document) -> None:
        """Never end the old key while the new one does not work."""
        try:
            until_accepted(lambda: self._use(current), self._sleep)
        except LoginRefusedError:
            raise LoginRefusedError(
                f"the API refuses AWSCURRENT's key{_named(current)}, so the one before is not ended; get a new key "
                f"with the emergency procedure"
            ) from None

    def _ending(
        self, keys: list[IssuedKey], current: Document, previous: Document, fallbacks: Fallbacks
    ) -> list[IssuedKey]:
        mine = next((key for key in keys if key.id == current.get("key_id")), None)
        before = next((key for key in keys if key.id == previous.get("key_id")), None)
        account = documents.text(current, "service_account")
        ours = named_like([mine, before], [key for key in keys if key.owner == account])
        if before is not None and before not in ours:
            raise foreign(before)
        held = held_ids([current, previous, *fallbacks.own()])
        return superseded(ours, current.get("key_id"), previous.get("key_id"), held, self._clock())

    def _account(self, admin: AdminApi, project: str, name: str) -> str:
        """The id of the service account; it is made when it is missing, and given its role when it has none."""
        found = [entry for entry in _pages(admin, f"{project}/service_accounts?{_PAGE}") if entry.get("name") == name]
        if len(found) > 1:
            raise RotationError(
                f"{len(found)} service accounts of the project are named '{name}'; rename all but the one that is meant"
            )
        if not found:
            # Without its first key, which would not have our name and be lost in a crash. It has the role `none` then.
            body = {"name": name, "create_service_account_only": True}
            found = [admin.call("POST", f"{project}/service_accounts", body)]
        account = answers.word(found[0], "id")
        if found[0].get("role") == "none":
            admin.call("POST", f"{project}/service_accounts/{quote(account, safe='')}", {"role": "member"})
        return account

    def _admin(self, document: Document, fallbacks: Fallbacks) -> AdminApi:
        url = documents.text(document, "url")
        return AdminApi(document, fallbacks, lambda key: self._connect(url, self._ca_pem, bearer(key)))

    def _use(self, document: Document) -> None:
        key = documents.text(document, "key")
        self._connect(documents.text(document, "url"), self._ca_pem, bearer(key)).call("GET", "/v1/models")


def _project(document: Document) -> str:
    return f"/v1/organization/projects/{quote(documents.text(document, 'project'), safe='')}"


def _keys(admin: AdminApi, project: str) -> Iterator[IssuedKey]:
    """The project's keys, with the service account's name. `any`: one whose owner lost the project is there too."""
    for entry in _pages(admin, f"{project}/api_keys?{_PAGE}&owner_project_access=any"):
        owner = entry.get("owner") or {}
        yield IssuedKey(
            id=answers.word(entry, "id"),
            name=entry.get("name") or "",
            owner=answers.word(owner, "service_account", "name") if owner.get("service_account") else "",
            created=answers.moment(entry, "created_at"),
            used=answers.moment(entry, "last_used_at") if entry.get("last_used_at") else None,
        )


def _pages(admin: AdminApi, path: str) -> Iterator[Entry]:
    after = ""
    while True:
        page = admin.call("GET", f"{path}{after}")
        found = answers.entries(page, "data")
        yield from found
        if not (found and answers.flag(page, "has_more")):
            return
        after = f"&after={quote(answers.word(found[-1], 'id'), safe='')}"


def _delete(admin: AdminApi, project: str, key: IssuedKey) -> None:
    try:
        admin.call("DELETE", f"{project}/api_keys/{quote(key.id, safe='')}")
    except StatusError as error:
        if error.status != 404:  # gone already
            raise


def _named(document: Document) -> str:
    return f" ({document['key_id']})" if isinstance(document.get("key_id"), str) else ""


def _utc(moment: datetime | None) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds") if moment else "never"
