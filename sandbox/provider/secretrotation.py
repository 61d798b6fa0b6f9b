"""AWS Secrets Manager: the schedule by which a secret rotates."""

from collections.abc import Iterator

from sandbox.provider.resource import Call, Failure, ResourceType, block, flag, number, text
from sandbox.provider.values import Props

_SERVICE = "secretsmanager"


def _put_rotation(call: Call) -> str:
    rules = call.new.get("rotationRules") or {}
    names = {
        "AutomaticallyAfterDays": "automaticallyAfterDays",
        "ScheduleExpression": "scheduleExpression",
        "Duration": "duration",
    }
    answer = call.client(_SERVICE).rotate_secret(
        SecretId=call.new["secretId"],
        RotateImmediately=call.new["rotateImmediately"],
        RotationRules={aws: rules[name] for aws, name in names.items() if rules.get(name) is not None},
        **call.given(RotationLambdaARN="rotationLambdaArn"),
    )
    return str(answer["ARN"])


def _update_rotation(call: Call) -> None:
    if call.new.get("rotationEnabled") is False:
        call.client(_SERVICE).cancel_rotate_secret(SecretId=call.id)
    elif call.changed("rotationRules", "rotationLambdaArn", "rotationEnabled"):
        _put_rotation(call)


def _read_rotation(call: Call) -> Props | None:
    secret = call.client(_SERVICE).describe_secret(SecretId=call.id)
    if secret.get("DeletedDate"):
        return None
    enabled = bool(secret.get("RotationEnabled"))
    rules = secret.get("RotationRules") or {} if enabled else {}
    live = {
        "automaticallyAfterDays": rules.get("AutomaticallyAfterDays") or None,
        "scheduleExpression": rules.get("ScheduleExpression"),
        "duration": rules.get("Duration"),
    }
    return {
        "secretId": call.new.get("secretId") or call.state.get("secretId") or secret["ARN"],
        "rotationEnabled": enabled,
        "rotationLambdaArn": secret.get("RotationLambdaARN") or None if enabled else None,
        "rotationRules": {name: value for name, value in live.items() if value is not None} or None,
    }


def _delete_rotation(call: Call) -> None:
    call.client(_SERVICE).cancel_rotate_secret(SecretId=call.id)


def _rotation_rules(inputs: Props) -> Iterator[Failure]:
    rules = inputs.get("rotationRules")
    if isinstance(rules, dict) and {"automaticallyAfterDays", "scheduleExpression"} <= set(rules):
        yield (
            "rotationRules",
            "'automaticallyAfterDays' and 'scheduleExpression' of rotationRules exclude each other; give one",
        )
    if rules is None and inputs.get("rotationEnabled") is not False:
        yield "rotationRules", "a rotation needs 'rotationRules', unless 'rotationEnabled' is false"


ROTATION = ResourceType(
    type_name="aws:secretsmanager/secretRotation:SecretRotation",
    inputs={
        "rotateImmediately": flag(default=True, unreadable=True),
        "rotationEnabled": flag(computed=True),
        "rotationLambdaArn": text(),
        "rotationRules": block({"automaticallyAfterDays": number(), "duration": text(), "scheduleExpression": text()}),
        "secretId": text(required=True, replaces=True),
    },
    outputs=(),
    create=_put_rotation,
    read=_read_rotation,
    update=_update_rotation,
    delete=_delete_rotation,
    rules=_rotation_rules,
)

TYPES = (ROTATION,)
