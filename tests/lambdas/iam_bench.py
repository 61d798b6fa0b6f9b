"""A bench for what lives from an IAM access key: IAM, STS and SES in memory, on the clock of the Secrets Manager."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, cast

from rotation.errors import LoginRefusedError
from rotation.targets.iam_access_key import IamAccessKey
from rotation.targets.iam_smtp import SesSmtp, smtp_password
from rotation.targets.iam_smtp_session import Login
from tests.lambdas.fake_iam import FakeIam, FakeKey
from tests.lambdas.workbench import PREFIX, Bench, Crash, Fuse

OVERLAP = timedelta(hours=2)
REGION = "eu-central-1"
_names = itertools.count()


class IamBench(Bench):
    """`kind` is the kind of its secrets. Sees every call through `fake.around`, and sleeping moves its clock."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.iam = iam = FakeIam(lambda: self.fake.now)
        iam.around = lambda name: self.fake.around(name)
        self.slept: list[float] = []
        common: dict[str, Any] = {"iam": cast("Any", iam), "clock": lambda: self.fake.now, "sleep": self.sleep}
        super().__init__(
            "iam",
            {
                "iam-access-key": IamAccessKey(sts=cast("Any", iam.sts), **common),
                "ses-smtp": SesSmtp(connect=self._log_in, **common),
            },
        )

    @property
    def key_field(self) -> str:
        return "username" if self.kind == "ses-smtp" else "access_key_id"

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.fake.now += timedelta(seconds=seconds)

    def marked(self, **more: Any) -> str:
        """A secret of a user without a key, as Pulumi leaves it. Returns its name."""
        user = f"user{next(_names)}"
        self.iam.user(user)
        name = f"{PREFIX}{user}-key"
        document: dict[str, Any] = {"user_name": user, "kms_key_id": "alias/backup"}
        if self.kind == "ses-smtp":
            document = {"user_name": user, "region": REGION, "host": f"email-smtp.{REGION}.amazonaws.com", "port": 587}
        self.secret(name, self.kind, document, **{"overlap": int(OVERLAP.total_seconds()), **more})
        return name

    def rotated(self) -> str:
        """A secret with an AWSPREVIOUS whose overlap is over and whose key is active still. Returns its name."""
        name = self.marked()
        self.rotate(name)
        self.pass_overlap()
        self.rotate(name)
        self.pass_overlap()
        return name

    def pass_overlap(self) -> None:
        self.fake.now += OVERLAP + timedelta(minutes=1)

    def keys(self, name: str) -> dict[str, FakeKey]:
        """The keys of the secret's user."""
        return self.iam.users[self.value(name)["user_name"]]

    def id(self, name: str, stage: str = "AWSCURRENT") -> str:
        """The id of the key in a version."""
        return str(self.value(name, stage)[self.key_field])

    def works(self, document: dict[str, Any]) -> bool:
        """Whether a consumer with this document is let in, without leaving a trace."""
        if self.kind == "ses-smtp":
            return self._smtp_accepts(document["username"], document["password"])
        return self.iam.accepts(document["access_key_id"], document["secret_access_key"])

    def _smtp_accepts(self, username: str, password: str) -> bool:
        found = self.iam.find(username)
        return (
            found is not None
            and self.iam.accepts(username, found[1].secret)
            and password == smtp_password(found[1].secret, REGION)
        )

    def _log_in(self, login: Login, ca_pem: str | None) -> None:
        with self.fake.around("smtp login"):
            if not self._smtp_accepts(login.username, login.password):
                raise LoginRefusedError("535")
            self.iam.use(login.username, "ses", REGION)


class SureFuse(Fuse):
    """Dies after a call that was refused, too."""

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        with super().__call__(name):
            try:
                yield
            except Exception:
                if self.after and len(self.names) == self.at:
                    raise Crash(name) from None
                raise
