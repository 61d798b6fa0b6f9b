"""What is fixed about a request: the context keys that follow from principal, secret and key, and those that it lacks.

Everything else is open: whoever asks may bring about any value. That is more than AWS allows (a request for
GetSecretValue never has secretsmanager:BlockPublicPolicy), never less.
IAM: reference_policies_condition-keys.html. Keys of KMS: docs.aws.amazon.com/kms/latest/developerguide/
conditions-kms.html. Keys of Secrets Manager: docs.aws.amazon.com/service-authorization/latest/reference/
list_awssecretsmanager.html.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from iam.context import Context, ContextValue
from iam.principal import Principal, PrincipalKind
from iam.request import Request
from policies.access.subject import Lock, Tags, Target

_VERSION_ID = "kms:encryptioncontext:secretversionid"
_SESSION_PREFIXES = ("aws:principal", "aws:multifactorauth", "aws:ec2instancesource", "ec2:source", "ec2:roledelivery")
_SESSION_KEYS = frozenset(
    (
        "aws:assumedroot",
        "aws:federatedprovider",
        "aws:sourceidentity",
        "aws:tokenissuetime",
        "aws:userid",
        "aws:username",
        "glue:roleassumedby",
        "lambda:sourcefunctionarn",
        "ssm:sourceinstancearn",
    )
)


@dataclass(frozen=True, kw_only=True)
class Fixed:
    """A request without what is open about it. `absent` are keys that it lacks, prefixes if they end in `:` or `/`."""

    request: Request
    absent: tuple[str, ...]

    def knows(self, key: str) -> bool:
        """Whether the value of `key`, or its absence, is settled."""
        low = key.lower()
        if self.request.context.values_of(low):
            return True
        return any(low.startswith(one) if one[-1] in ":/" else low == one for one in self.absent) and low != _VERSION_ID


def of_session(key: str) -> bool:
    """Whether `key` is of the caller's session, and so has one value in every request that serves one call."""
    low = key.lower()
    return low in _SESSION_KEYS or low.startswith(_SESSION_PREFIXES)


def on_secret(caller: Principal, action: str, target: Target) -> Fixed:
    """A request to Secrets Manager; the secret's tags are in it under two names."""
    given: dict[str, ContextValue] = {
        "aws:RequestedRegion": target.region,
        "secretsmanager:SecretPrimaryRegion": target.home,
        **_tags(target.tags, "aws:ResourceTag/", "secretsmanager:ResourceTag/"),
    }
    absent = () if target.tags is None else ("aws:resourcetag/", "secretsmanager:resourcetag/")
    return _fixed(caller, action, target.arn, target.account, given, ("kms:", *absent))


def on_key(caller: Principal, action: str, target: Target, lock: Lock) -> Fixed:
    """What KMS sees when Secrets Manager calls it for `caller`, about this secret.

    The context is SecretARN and SecretVersionId: docs.aws.amazon.com/secretsmanager/latest/userguide/
    security-encryption.html#security-encryption-encryption-context. That a copy's names the copy's ARN is unverified.
    """
    given: dict[str, ContextValue] = {
        "aws:RequestedRegion": target.region,
        "aws:ViaAWSService": True,
        "aws:CalledVia": ("secretsmanager.amazonaws.com",),
        "kms:ViaService": f"secretsmanager.{target.region}.amazonaws.com",
        "kms:EncryptionContext:SecretARN": target.arn,
        "kms:EncryptionContextKeys": ("SecretARN", "SecretVersionId"),
        **({"kms:ResourceAliases": lock.aliases} if lock.aliases else {}),
        **_tags(lock.tags, "aws:ResourceTag/"),
    }
    absent = ["secretsmanager:", "kms:encryptioncontext:"]
    absent += [] if lock.aliases is None else ["kms:resourcealiases"]
    absent += [] if lock.tags is None else ["aws:resourcetag/"]
    return _fixed(caller, action, lock.arn, target.account, given, tuple(absent))


def _fixed(
    caller: Principal,
    action: str,
    resource: str,
    owner: str,
    given: Mapping[str, ContextValue],
    absent: tuple[str, ...],
) -> Fixed:
    request = Request(principal=caller, action=action, resource=resource, resource_account=owner, given=Context(given))
    if caller.kind is not PrincipalKind.SERVICE:
        absent += ("aws:principalservicename", "aws:principalservicenameslist")
    if caller.kind is not PrincipalKind.USER:
        absent += ("aws:username",)
    return Fixed(request=request, absent=absent)


def _tags(tags: Tags | None, *prefixes: str) -> dict[str, ContextValue]:
    return {prefix + key: value for key, value in tags or () for prefix in prefixes}
