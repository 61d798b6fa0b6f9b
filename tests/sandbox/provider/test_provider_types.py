"""Every type of the table through its whole life, on stock moto, or on the local AWS where moto cannot keep it."""

from typing import Any

import pytest

from sandbox.provider.registry import REGISTRY
from sandbox.provider.values import UNKNOWN
from tests.sandbox.provider.case import Case
from tests.sandbox.provider.cases_access import ACCESS_CASES
from tests.sandbox.provider.cases_audit import AUDIT_CASES
from tests.sandbox.provider.cases_events import EVENT_CASES
from tests.sandbox.provider.cases_network import NETWORK_CASES
from tests.sandbox.provider.cases_storage import STORAGE_CASES

# A version keeps AWSCURRENT and a secret outlives its rotation: deleting these takes away what they added, no more.
OUTLIVING = {"aws:secretsmanager/secretVersion:SecretVersion", "aws:secretsmanager/secretRotation:SecretRotation"}
CASES: dict[str, Case] = {
    "aws:kms/key:Key": Case(
        create=lambda _s: {"description": "one", "enableKeyRotation": True, "tags": {"a": "1", "b": "2"}},
        change={"description": "two", "enableKeyRotation": False, "tags": {"a": "2"}},
        replace={"keyUsage": "SIGN_VERIFY"},
    ),
    "aws:kms/alias:Alias": Case(
        create=lambda s: {"name": f"alias/{s.name}", "targetKeyId": s.key},
        change=lambda s: {"targetKeyId": s.other_key},
        replace={"name": "alias/other"},
    ),
    "aws:secretsmanager/secret:Secret": Case(
        create=lambda s: {"name": s.name, "description": "one", "kmsKeyId": s.key, "tags": {"a": "1"}},
        change={"description": "two", "tags": {"b": "2"}},
        replace={"name": "other"},
    ),
    "aws:secretsmanager/secretVersion:SecretVersion": Case(
        create=lambda s: {"secretId": s.secret, "secretStringWo": "marker", "secretStringWoVersion": 1},
        replace={"secretStringWoVersion": 2},
    ),
    "aws:secretsmanager/secretRotation:SecretRotation": Case(
        create=lambda s: {
            "secretId": s.secret_with_value,
            "rotateImmediately": False,
            "rotationLambdaArn": s.function.outputs["arn"],
            "rotationRules": {"automaticallyAfterDays": 30},
        },
        change={"rotationRules": {"automaticallyAfterDays": 60}},
        replace={"secretId": "other"},
        arn_output=False,
    ),
    "aws:secretsmanager/secretPolicy:SecretPolicy": Case(
        create=lambda s: {"secretArn": s.secret, "policy": s.allowing("s3:GetObject")},
        change=lambda s: {"policy": s.allowing("s3:ListBucket")},
        replace={"secretArn": "other"},
        arn_output=False,
    ),
    "aws:iam/role:Role": Case(
        create=lambda s: {
            "assumeRolePolicy": s.trust,
            "description": "one",
            "maxSessionDuration": 7200,
            "tags": {"a": "1"},
        },
        change={"description": "two", "tags": {"a": "2"}},
        replace={"path": "/other/"},
    ),
    "aws:iam/policy:Policy": Case(
        create=lambda s: {"name": s.name, "policy": s.allowing("s3:GetObject"), "tags": {"a": "1"}},
        change=lambda s: {"policy": s.allowing("s3:ListBucket"), "tags": {}},
        replace={"description": "other"},
    ),
    "aws:iam/rolePolicy:RolePolicy": Case(
        create=lambda s: {"role": s.role.id, "policy": s.allowing("s3:GetObject")},
        change=lambda s: {"policy": s.allowing("s3:ListBucket")},
        replace={"role": "other"},
        arn_output=False,
    ),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": Case(
        create=lambda s: {"role": s.role.id, "policyArn": s.policy},
        replace={"role": "other"},
        arn_output=False,
    ),
    "aws:lambda/function:Function": Case(
        create=lambda s: {
            "code": s.code,
            "role": s.role.outputs["arn"],
            "handler": "handler.handle",
            "runtime": "python3.11",
            "architectures": ["arm64"],
            "environment": {"variables": {"A": "1"}},
            "deadLetterConfig": {"targetArn": s.queue_arn},
            "tracingConfig": {"mode": "Active"},
            "timeout": 30,
            "tags": {"a": "1"},
        },
        change={"environment": {"variables": {"A": "2"}}, "memorySize": 256, "tags": {"a": "2"}},
        replace={"name": "other"},
    ),
    "aws:lambda/permission:Permission": Case(
        create=lambda s: {
            "function": s.function.id,
            "action": "lambda:InvokeFunction",
            "principal": "secretsmanager.amazonaws.com",
            "sourceAccount": "123456789012",
        },
        replace={"principal": "events.amazonaws.com"},
        arn_output=False,
        adopted=lambda deployed: f"{deployed.outputs['function']}/{deployed.id}",
    ),
    "aws:cloudwatch/logGroup:LogGroup": Case(
        create=lambda s: {"name": f"/aws/lambda/{s.name}", "retentionInDays": 30, "tags": {"a": "1"}},
        change={"retentionInDays": 90, "tags": {"b": "1"}},
        replace={"name": "other"},
    ),
    "aws:sqs/queue:Queue": Case(
        create=lambda s: {"name": s.name, "messageRetentionSeconds": 1209600, "tags": {"a": "1"}},
        change={"visibilityTimeoutSeconds": 60, "tags": {"a": "2"}},
        replace={"name": "other"},
    ),
    "aws:sns/topic:Topic": Case(
        create=lambda s: {"name": s.name, "displayName": "one", "tags": {"a": "1"}},
        change={"displayName": "two", "tags": {"a": "2"}},
        replace={"name": "other"},
    ),
    "aws:sns/topicSubscription:TopicSubscription": Case(
        create=lambda s: {"topic": s.topic, "protocol": "sqs", "endpoint": s.queue_arn},
        change={"rawMessageDelivery": True},
        replace={"endpoint": "other"},
    ),
    "aws:s3/bucket:Bucket": Case(
        create=lambda s: {"tags": {"a": "1"}, "forceDestroy": True},
        change={"tags": {"a": "2"}},
        replace={"objectLockEnabled": True},
    ),
    **ACCESS_CASES,
    **AUDIT_CASES,
    **EVENT_CASES,
    **NETWORK_CASES,
    **STORAGE_CASES,
}


def cases(*, without: str = "", drifting: bool = False) -> list[Any]:
    """The types to run, each on the local AWS that its case needs."""
    names = [name for name, case in sorted(CASES.items()) if name != without and (case.drift or not drifting)]
    return [pytest.param(name, marks=[pytest.mark.layered] if CASES[name].layered else []) for name in names]


def test_every_type_of_the_table_has_a_case() -> None:
    assert set(CASES) <= set(REGISTRY)
    assert set(REGISTRY) - set(CASES) == set(), "a new type needs a case here, or in a test file of its own"


@pytest.mark.parametrize("type_name", cases())
def test_a_resource_lives_from_preview_to_delete(type_name: str, driver: Any, around: Any) -> None:
    case = CASES[type_name]
    inputs = case.create(around)

    planned = driver.preview(type_name, inputs)
    if case.arn_output:
        assert planned["arn"] is UNKNOWN

    made = driver.create(type_name, inputs)
    assert made.id
    written = {name for name, prop in REGISTRY[type_name].properties.items() if prop.write_only}
    assert {name: value for name, value in inputs.items() if name not in written}.items() <= made.outputs.items()
    assert not driver.diff(made, inputs).diffs

    found = driver.read(made)
    assert found is not None
    assert not driver.diff(found, inputs).diffs, "a refresh right after the creation sees a drift"

    if case.change is not None:
        changed = {**inputs, **(case.change(around) if callable(case.change) else case.change)}
        difference = driver.diff(found, changed)
        assert difference.diffs
        assert not difference.replaces
        made = driver.update(found, changed)
        assert not driver.diff(made, changed).diffs
        inputs = changed
        found = driver.read(made)
        assert found is not None
        assert not driver.diff(found, inputs).diffs, "a refresh right after the update sees a drift"

    if case.replace is not None:
        assert set(driver.diff(made, {**inputs, **case.replace}).replaces) == set(case.replace)

    driver.delete(made)
    if type_name not in OUTLIVING and not case.outlives:
        assert driver.read(made) is None
    driver.delete(made)


@pytest.mark.parametrize("type_name", cases(without="aws:lambda/function:Function"))
def test_what_exists_can_be_adopted_without_a_difference(type_name: str, driver: Any, around: Any) -> None:
    inputs = CASES[type_name].create(around)
    made = driver.create(type_name, inputs)
    adopted = driver.adopt(type_name, CASES[type_name].adopted(made))
    assert adopted is not None
    unreadable = {name for name, prop in REGISTRY[type_name].properties.items() if prop.unreadable or prop.write_only}
    rule = REGISTRY[type_name].autoname
    named = {rule.name} if rule is not None and rule.name not in inputs else set()
    surprising = set(driver.diff(adopted, inputs).diffs) - unreadable - named
    assert surprising == ({"secretString"} if "SecretVersion" in type_name else set())


@pytest.mark.parametrize("type_name", cases(drifting=True))
def test_a_change_by_hand_is_seen_by_the_next_refresh(type_name: str, driver: Any, around: Any, aws: Any) -> None:
    case = CASES[type_name]
    assert case.drift is not None
    inputs = case.create(around)
    made = driver.create(type_name, inputs)
    changed = case.drift(aws, made)
    found = driver.read(made)
    assert found is not None
    assert list(driver.diff(found, inputs).diffs) == [changed]


@pytest.mark.parametrize("type_name", cases())
def test_an_unknown_property_is_refused_by_name(
    type_name: str, driver: Any, around: Any, refused: type[Exception]
) -> None:
    with pytest.raises(refused, match=f"no property 'colour' of {type_name}"):
        driver.create(type_name, {**CASES[type_name].create(around), "colour": "red"})
