"""What is told of secrets, their keys and the record, as soon as CloudTrail has it: rules of EventBridge. Pure.

Fields of events: docs.aws.amazon.com/secretsmanager/latest/userguide/cloudtrail_log_entries.html. A refused call may
come without parameters, and then only the error's text names what it was about (unverified for each service). Rules
match text by docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html.
"""

from __future__ import annotations

from collections.abc import Sequence

from catalog import derive, names
from catalog.access.secret import BACKUP
from catalog.alerts.alert import Alert, OnEvent, Severity
from catalog.environment import Environment
from catalog.model import Catalog
from catalog.names import SERVICE, Duty

_CALL, _BY_ITSELF = "AWS API Call via CloudTrail", "AWS Service Event via CloudTrail"
_AT_ONCE = "a rule: it is about one call, and who made it matters"


def secret_alerts(environment: Environment, catalog: Catalog) -> tuple[Alert, ...]:
    """About values, versions, rotation and policies of secrets, and about who becomes break-glass."""
    return (
        Alert(
            name="rotation-failed",
            title="A rotation failed or was given up",
            severity=Severity.HIGH,
            detection=OnEvent(pattern=_rotation_ended_badly(environment)),
            to_do="Read the rotation function's log; run `secretsctl rotate` once its cause is mended.",
            why_so="a rule: Secrets Manager tells it itself, once, with the secret",
        ),
        Alert(
            name="secret-deleted",
            title="A secret was deleted",
            severity=Severity.CRITICAL,
            detection=OnEvent(pattern=_calls(environment, "DeleteSecret")),
            to_do="Restore it with RestoreSecret within the recovery window, then ask whoever deleted it.",
            why_so=_AT_ONCE,
        ),
        Alert(
            name="secret-policy-changed",
            title="The resource policy of a secret was changed or removed",
            severity=Severity.HIGH,
            detection=OnEvent(pattern=_calls(environment, "DeleteResourcePolicy", "PutResourcePolicy")),
            to_do="If no deployment did it: run `pulumi up` to put the policy back, and look for reads since then.",
            why_so=_AT_ONCE,
        ),
        Alert(
            name="rotation-switched-off",
            title="The rotation of a secret was switched off",
            severity=Severity.HIGH,
            detection=OnEvent(pattern=_calls(environment, "CancelRotateSecret")),
            to_do="Run `pulumi up`, which switches it on again, and ask whoever switched it off.",
            why_so=_AT_ONCE,
        ),
        Alert(
            name="current-moved",
            title="AWSCURRENT was moved or removed by something that does not rotate",
            severity=Severity.HIGH,
            detection=OnEvent(pattern=_current_moved(environment, catalog)),
            to_do="Check that the current version logs in; run `secretsctl rotate` if it was no rollback of ours.",
            why_so="a rule: the pattern knows the roles of the rotation functions",
        ),
        Alert(
            name="read-by-stranger",
            title="A value was read by a principal that is not meant to have it",
            severity=Severity.CRITICAL,
            detection=OnEvent(pattern=_values_read(environment), reads=True, judged=True),
            to_do="Rotate the secret now, end the principal's sessions, and find out how it was let in.",
            why_so="one rule for all reads, judged by a table of secrets and roles: a rule each would not scale",
        ),
        Alert(
            name="decoy-read",
            title="Somebody tried to read a decoy",
            severity=Severity.CRITICAL,
            detection=OnEvent(pattern=_decoy_asked_for(environment, catalog), reads=True),
            to_do="Nobody has a reason to: find who it was with the saved query `decoy-reads`, and end its sessions.",
            why_so="a rule, for refused calls too: decoys are few, so the pattern can name them",
        ),
        Alert(
            name="break-glass-assumed",
            title="Somebody became break-glass, or tried to",
            severity=Severity.CRITICAL,
            detection=OnEvent(pattern=_assumed(names.role_arn(environment, Duty.BREAK_GLASS)), reads=True),
            to_do="Find its incident, and its acts by saved query `break-glass-sessions`; else rotate everything.",
            why_so=_AT_ONCE,
        ),
    )


def own_secrets(environment: Environment) -> list[dict[str, str]]:
    """Both forms in which a call names a secret: its name, and its ARN, whole or without the suffix."""
    prefix = f"{SERVICE}/{environment.name}/"
    return [{"prefix": prefix}, {"prefix": f"{_secret_arn(environment)}{prefix}"}]


def from_calls(source: str, *operations: str) -> dict[str, object]:
    """The pattern of calls of a service, such as `kms`; details are added to `detail`."""
    return {"source": [f"aws.{source}"], "detail-type": [_CALL], "detail": {"eventName": list(operations)}}


def with_detail(pattern: dict[str, object], **detail: object) -> dict[str, object]:
    """The pattern, narrower by these fields of the event."""
    known = pattern["detail"]
    assert isinstance(known, dict)
    return {**pattern, "detail": {**known, **detail}}


def _calls(environment: Environment, *operations: str) -> dict[str, object]:
    return with_detail(
        from_calls("secretsmanager", *operations), requestParameters={"secretId": own_secrets(environment)}
    )


def _rotation_ended_badly(environment: Environment) -> dict[str, object]:
    _, arns = own_secrets(environment)
    return {
        "source": ["aws.secretsmanager"],
        "detail-type": [_BY_ITSELF],
        "detail": {
            "eventName": ["RotationAbandoned", "RotationFailed"],
            "additionalEventData": {"SecretId": [arns]},
        },
    }


def _current_moved(environment: Environment, catalog: Catalog) -> dict[str, object]:
    rotators = [names.role_arn(environment, names.rotator(target)) for target in catalog.targets]
    parameters = {"secretId": own_secrets(environment), "versionStage": ["AWSCURRENT"]}
    return with_detail(
        from_calls("secretsmanager", "UpdateSecretVersionStage"),
        requestParameters=parameters,
        userIdentity=_not_of_roles(rotators),
    )


def _values_read(environment: Environment) -> dict[str, object]:
    # A batch is recorded once more for each secret of it, as GetSecretValue:
    # docs.aws.amazon.com/secretsmanager/latest/apireference/API_BatchGetSecretValue.html
    return with_detail(_calls(environment, "GetSecretValue"), errorCode=[{"exists": False}])


def _decoy_asked_for(environment: Environment, catalog: Catalog) -> dict[str, object]:
    decoys = [derive.secret_name(environment, secret) for secret in catalog.decoys]
    named = [*decoys, *({"prefix": f"{_secret_arn(environment)}{name}"} for name in decoys)]
    told = [{"wildcard": f"*{name}*"} for name in decoys]
    rotators = {names.rotator(secret.spec.target) for secret in catalog.decoys}
    return with_detail(
        from_calls("secretsmanager", "BatchGetSecretValue", "GetSecretValue"),
        userIdentity=_not_of_roles([names.role_arn(environment, what) for what in (*sorted(rotators), BACKUP)]),
        **{
            "$or": [
                {"requestParameters": {"secretId": named}},
                {"requestParameters": {"secretIdList": named}},
                {"errorMessage": told},
            ]
        },
    )


def _assumed(role_arn: str) -> dict[str, object]:
    told = [{"wildcard": f"*{role_arn}"}, {"wildcard": f"*{role_arn} *"}]
    return with_detail(
        from_calls("sts", "AssumeRole"),
        **{"$or": [{"requestParameters": {"roleArn": [role_arn]}}, {"errorMessage": told}]},
    )


def _not_of_roles(arns: Sequence[str]) -> dict[str, object]:
    """Sessions of other roles, and whoever has no role: users, the root. The session's name is the caller's choice."""
    return {"sessionContext": {"sessionIssuer": {"arn": [{"exists": False}, {"anything-but": list(arns)}]}}}


def _secret_arn(environment: Environment) -> str:
    return f"arn:aws:secretsmanager:{environment.region}:{environment.account}:secret:"
