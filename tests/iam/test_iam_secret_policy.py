"""The policies of secrets decide as they are meant to, however much a caller's own policies allow."""

from __future__ import annotations

import pytest

from catalog import load, names
from catalog.access.secret import secret_policy
from catalog.model import Secret
from catalog.names import Duty
from iam.document import Policy, PolicyKind, parse
from iam.evaluate import Policies
from iam.principal import Principal
from tests.iam.asking import ask, identity, statement
from tests.iam.programme import CATALOG, CONSUMERS, READ, STAGING, WRITE, arn_of

ANYTHING = identity(statement())
ROTATORS = [names.rotator(target) for target in CATALOG.targets]
ROLES = [*CONSUMERS, *map(str, Duty), *ROTATORS, "backup-secrets", "deploy", "preview"]
ADMINISTRATOR = f"arn:aws:iam::{STAGING.account}:user/administrator"
DELETE, UPDATE, ROTATE = ("secretsmanager:" + what for what in ("DeleteSecret", "UpdateSecret", "RotateSecret"))
FUNCTION = "secretsmanager:RotationLambdaARN"


def policy_of(secret: Secret) -> Policy:
    return parse(secret_policy(STAGING, secret), PolicyKind.RESOURCE, name=secret.name)


def session(what: str) -> str:
    return f"arn:aws:sts::{STAGING.account}:assumed-role/{names.named(STAGING, what)}/session"


def allowed(who: str, action: str, secret: Secret, **context: str) -> bool:
    policies = Policies(identity=(ANYTHING,), resource=policy_of(secret))
    given = {key.replace("__", ":"): value for key, value in context.items()}
    return ask(who, action, arn_of(secret), policies, given).allowed


@pytest.mark.parametrize("secret", CATALOG.secrets, ids=lambda secret: secret.name)
def test_only_consumers_the_rotator_break_glass_and_the_backup_read_a_value(secret: Secret) -> None:
    rotator = names.rotator(secret.spec.target)
    meant = {*secret.consumers, rotator, "break-glass"} | (set() if secret.decoy else {"backup-secrets"})
    assert {what for what in ROLES if allowed(session(what), READ, secret)} == meant
    for who in (ADMINISTRATOR, f"arn:aws:iam::{STAGING.account}:root"):
        assert not allowed(who, READ, secret)


@pytest.mark.parametrize("secret", CATALOG.secrets, ids=lambda secret: secret.name)
def test_only_the_rotator_and_the_operator_change_a_value_or_its_labels(secret: Secret) -> None:
    meant = {names.rotator(secret.spec.target), "operator"}
    for action in (WRITE, "secretsmanager:UpdateSecretVersionStage", UPDATE):
        assert {what for what in ROLES if allowed(session(what), action, secret)} == meant
        assert not allowed(ADMINISTRATOR, action, secret)


@pytest.mark.parametrize("secret", CATALOG.secrets, ids=lambda secret: secret.name)
def test_nobody_deletes_a_secret_and_whoever_deploys_can_mend_the_policy(secret: Secret) -> None:
    assert not any(allowed(session(what), DELETE, secret) for what in ROLES)
    assert not allowed(ADMINISTRATOR, DELETE, secret)
    for action in ("PutResourcePolicy", "DeleteResourcePolicy", "GetResourcePolicy", "DescribeSecret", "TagResource"):
        assert allowed(ADMINISTRATOR, f"secretsmanager:{action}", secret)
    assert allowed(ADMINISTRATOR, UPDATE, secret, secretsmanager__Description="as the provider sends it")


@pytest.mark.parametrize("secret", CATALOG.secrets, ids=lambda secret: secret.name)
def test_a_rotation_is_started_but_never_handed_to_another_function(secret: Secret) -> None:
    own = names.function_arn(STAGING, names.rotator(secret.spec.target))
    assert allowed(session("operator"), ROTATE, secret)
    assert allowed(ADMINISTRATOR, ROTATE, secret, **{FUNCTION: own})
    for other in ("arn:aws:lambda:us-east-1:999999999999:function:mine", f"{own}-too", own.replace("staging", "prod")):
        assert not allowed(ADMINISTRATOR, ROTATE, secret, **{FUNCTION: other})


def test_a_service_of_aws_that_keeps_the_replicas_is_not_denied() -> None:
    secret = CATALOG.secrets[0]
    document = secret_policy(STAGING, secret)
    open_to_it = statement(Principal={"Service": "secretsmanager.amazonaws.com"})
    statements = document["Statement"]
    assert isinstance(statements, list)
    opened = parse({**document, "Statement": [*statements, open_to_it]}, PolicyKind.RESOURCE, name="opened")
    service = Principal.service("secretsmanager.amazonaws.com")
    assert ask(service, READ, arn_of(secret), Policies(resource=opened)).allowed
    someone = Principal.parse(ADMINISTRATOR)
    assert not ask(someone, READ, arn_of(secret), Policies(resource=opened, identity=(ANYTHING,))).allowed


def test_the_policy_allows_nobody_anything() -> None:
    for name in ("staging", "prod"):
        environment = load.environment(name)
        for secret in CATALOG.secrets:
            statements = secret_policy(environment, secret)["Statement"]
            assert isinstance(statements, list)
            assert {one["Effect"] for one in statements} == {"Deny"}
