# ruff: noqa: N803 - boto3 spells its arguments so
"""IAM's access keys and STS in memory, behind boto3's method names, with the limits that matter to a rotation.

At most two keys a user, a secret half that is shown once, a new key that is refused for a while, lists of one entry a
page, and a last use that keeps the first of 15 minutes (the pages that iam_keys.py names). moto has neither the delay
nor the check of the secret half nor pages.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

MOST = 2
SPAN = timedelta(minutes=15)
_numbers = itertools.count()


@dataclass
class FakeKey:
    id: str
    secret: str = field(repr=False)
    created: datetime
    active: bool = True
    used: tuple[datetime, str, str] | None = None


class FakeIam:
    """`delay`: how long a new key is refused. `refusals`: error codes to give to the next calls of an operation."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.clock = clock
        self.around: Callable[[str], Any] = nullcontext
        self.users: dict[str, dict[str, FakeKey]] = {}
        self.delay = timedelta(seconds=6)
        self.refusals: dict[str, list[str | Exception]] = {}
        self.calls: list[str] = []

    def user(self, name: str) -> dict[str, FakeKey]:
        return self.users.setdefault(name, {})

    def make(self, user: str) -> FakeKey:
        """A key, as somebody makes one in the console."""
        number = next(_numbers)
        key = FakeKey(id=f"AKIAEXAMPLE{number:09}", secret=f"canary+secret/{number:026}", created=self.clock())
        self.user(user)[key.id] = key
        return key

    def find(self, key_id: str) -> tuple[str, FakeKey] | None:
        return next(((user, keys[key_id]) for user, keys in self.users.items() if key_id in keys), None)

    def accepts(self, key_id: str, secret: str) -> bool:
        """Whether AWS takes a request that is signed so; leaves no trace."""
        found = self.find(key_id)
        return (
            found is not None
            and found[1].active
            and found[1].secret == secret
            and self.clock() >= found[1].created + self.delay
        )

    def use(self, key_id: str, service: str, region: str = "N/A") -> None:
        """A request of a consumer that was accepted."""
        found = self.find(key_id)
        assert found is not None
        if found[1].used is None or self.clock() - found[1].used[0] >= SPAN:
            found[1].used = (self.clock(), service, region)

    # The client's methods.

    def list_access_keys(self, *, UserName: str, Marker: str | None = None) -> dict[str, Any]:
        with self._call("ListAccessKeys"):
            keys = list(self._of(UserName, "ListAccessKeys").values())
            first = int(Marker or 0)
            page: dict[str, Any] = {
                "AccessKeyMetadata": [
                    {
                        "UserName": UserName,
                        "AccessKeyId": key.id,
                        "Status": "Active" if key.active else "Inactive",
                        "CreateDate": key.created,
                    }
                    for key in keys[first : first + 1]
                ],
                "IsTruncated": len(keys) > first + 1,
            }
            return page | ({"Marker": str(first + 1)} if page["IsTruncated"] else {})

    def create_access_key(self, *, UserName: str) -> dict[str, Any]:
        with self._call("CreateAccessKey"):
            if len(self._of(UserName, "CreateAccessKey")) >= MOST:
                raise refusal("LimitExceeded", "CreateAccessKey")
            key = self.make(UserName)
            made = {"UserName": UserName, "AccessKeyId": key.id, "Status": "Active", "SecretAccessKey": key.secret}
            return {"AccessKey": made | {"CreateDate": key.created}}

    def update_access_key(self, *, UserName: str, AccessKeyId: str, Status: str) -> dict[str, Any]:
        with self._call("UpdateAccessKey"):
            self._key(UserName, AccessKeyId, "UpdateAccessKey").active = Status == "Active"
            return {}

    def delete_access_key(self, *, UserName: str, AccessKeyId: str) -> dict[str, Any]:
        with self._call("DeleteAccessKey"):
            self._key(UserName, AccessKeyId, "DeleteAccessKey")
            del self.users[UserName][AccessKeyId]
            return {}

    def get_access_key_last_used(self, *, AccessKeyId: str) -> dict[str, Any]:
        with self._call("GetAccessKeyLastUsed"):
            found = self.find(AccessKeyId)
            if found is None:
                raise refusal("NoSuchEntity", "GetAccessKeyLastUsed")
            at, service, region = found[1].used or (None, "N/A", "N/A")
            used: dict[str, Any] = {"ServiceName": service, "Region": region}
            return {"UserName": found[0], "AccessKeyLastUsed": used | ({"LastUsedDate": at} if at else {})}

    def sts(self, key_id: str, secret: str) -> FakeSts:
        """A client of STS that signs with this key."""
        return FakeSts(self, key_id, secret)

    @contextmanager
    def _call(self, operation: str) -> Iterator[None]:
        self.calls.append(operation)
        with self.around(operation):
            if self.refusals.get(operation):
                error = self.refusals[operation].pop(0)
                raise refusal(error, operation) if isinstance(error, str) else error
            yield

    def _of(self, user: str, operation: str) -> dict[str, FakeKey]:
        if user not in self.users:
            raise refusal("NoSuchEntity", operation)
        return self.users[user]

    def _key(self, user: str, key_id: str, operation: str) -> FakeKey:
        if key_id not in self._of(user, operation):
            raise refusal("NoSuchEntity", operation)
        return self.users[user][key_id]


class FakeSts:
    def __init__(self, iam: FakeIam, key_id: str, secret: str) -> None:
        self._iam, self._key_id, self._secret = iam, key_id, secret

    def get_caller_identity(self) -> dict[str, Any]:
        with self._iam._call("GetCallerIdentity"):
            found = self._iam.find(self._key_id)
            if found is not None and found[1].secret != self._secret:
                raise refusal("SignatureDoesNotMatch", "GetCallerIdentity")
            if found is None or not self._iam.accepts(self._key_id, self._secret):
                raise refusal("InvalidClientTokenId", "GetCallerIdentity")
            self._iam.use(self._key_id, "sts", "us-east-1")
            account = "222233334444"
            return {"Account": account, "Arn": f"arn:aws:iam::{account}:user/{found[0]}", "UserId": "AIDAEXAMPLE"}


def refusal(code: str, operation: str) -> ClientError:
    """An error as boto3 raises it; its text is AWS's and may quote anything."""
    return ClientError({"Error": {"Code": code, "Message": "canary: a text of AWS"}}, operation)
