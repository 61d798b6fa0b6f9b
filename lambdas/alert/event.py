"""An event of CloudTrail as EventBridge brings it, read without ever failing: what is missing or odd is None.

Fields: docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html and
cloudtrail-event-reference-user-identity.html. Some texts are chosen by the caller (the session's name, the user agent,
the names of things); they are shown cleaned and cut, and nothing is decided by them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeGuard

_LONGEST = 200
_NAMES = (
    "secretId",
    "keyId",
    "aliasName",
    "roleArn",
    "trailName",
    "name",
    "rule",
    "alarmNames",
    "logGroupName",
    "topicArn",
    "subscriptionArn",
    "secretIdList",
    "versionStage",
)
"""The parameters that are shown. No other is: some hold documents, and a value could be in one by mistake."""


@dataclass(frozen=True, kw_only=True)
class Event:
    """`given` is the whole envelope, whatever it is."""

    given: object

    def text(self, *path: str) -> str | None:
        """The cleaned text at a path of keys; None where there is no text or number."""
        found = self.at(*path)
        if isinstance(found, bool) or not isinstance(found, str | int | float):
            return None
        return clean(str(found)) or None

    def at(self, *path: str) -> object:
        """What is at a path of keys; None where there is nothing."""
        found = self.given
        for key in path:
            if not isinstance(found, Mapping):
                return None
            found = found.get(key)
        return found

    @property
    def call(self) -> str | None:
        """The operation, such as GetSecretValue."""
        return self.text("detail", "eventName")

    @property
    def about(self) -> tuple[str, ...]:
        """What the call was about, by the parameters that name things, and by the secret of a service's own event."""
        named = [_shown(self.at("detail", "requestParameters", name)) for name in _NAMES]
        named.append(self.text("detail", "additionalEventData", "SecretId"))
        found = [name for name in named if name]
        if not found:
            resources = self.at("detail", "resources")
            arns = [item.get("ARN") for item in resources if isinstance(item, Mapping)] if _is_list(resources) else []
            found = [shown for arn in arns if (shown := _shown(arn))]
        return tuple(dict.fromkeys(found))

    @property
    def secret(self) -> str | None:
        """The whole name of the secret that the call gave by name or by ARN, whole or without its suffix."""
        given = self.text("detail", "requestParameters", "secretId")
        if given is None or ":secret:" not in given:
            return given
        return given.partition(":secret:")[2]

    @property
    def principal(self) -> str | None:
        """The ARN that decides: of the role behind a session, else of the user or the root."""
        issuer = self.text("detail", "userIdentity", "sessionContext", "sessionIssuer", "arn")
        return issuer or self.text("detail", "userIdentity", "arn")

    @property
    def is_of_a_service(self) -> bool:
        """Whether a service of AWS made the call for itself, and for nobody."""
        return self.at("detail", "userIdentity", "type") == "AWSService"


def clean(text: str) -> str:
    """One line of printable characters, of bounded length: nobody who names a session writes a line of ours."""
    kept = "".join(character if character.isprintable() else " " for character in text[: 4 * _LONGEST])
    kept = " ".join(kept.split())
    return kept if len(kept) <= _LONGEST else f"{kept[: _LONGEST - 1]}…"


def _shown(value: object) -> str | None:
    if isinstance(value, str):
        return clean(value) or None
    if _is_list(value):
        return clean(", ".join(item for item in value[:10] if isinstance(item, str))) or None
    return None


def _is_list(value: object) -> TypeGuard[list[object]]:
    return isinstance(value, list)
