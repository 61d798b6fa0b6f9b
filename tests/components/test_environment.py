"""The program declares every secret of the catalogue, and no credential."""

import json
import runpy
from typing import Any

import pulumi
import pytest

from catalog import derive, load
from catalog.access.consumer import consumer_policy
from catalog.access.duty import duty_policy
from catalog.access.key import key_policy
from catalog.access.trust import consumer_trust, duty_trust
from catalog.names import Duty
from tests.components.recording import RecordingMocks, programme, record

CATALOG = load.catalog()
SECRET = "aws:secretsmanager/secret:Secret"
VERSION = "aws:secretsmanager/secretVersion:SecretVersion"
ROTATION = "aws:secretsmanager/secretRotation:SecretRotation"
FUNCTION = "aws:lambda/function:Function"
ROTATORS = {f"rotate-{target}" for target in CATALOG.targets}
WORKFLOWS = {"preview", "deploy"}
SCHEDULES = {"schedule-backup-secrets", "schedule-retire", "schedule-watch"}
SERVICES = {"alert", "backup-secrets", "emergency", "retire", "trail", "watch", *SCHEDULES}


@pytest.fixture(scope="module", params=["staging", "prod"])
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def declared(name: str) -> RecordingMocks:
    return programme(name)


def test_every_secret_has_its_name_tags_description_and_key(name: str, declared: RecordingMocks) -> None:
    environment = load.environment(name)
    found = declared.of(SECRET)
    assert found.keys() == CATALOG.by_name.keys()
    for secret in CATALOG.secrets:
        inputs = found[secret.name]
        assert inputs["name"] == f"llm-observatory/{name}/{secret.name}"
        assert inputs["description"] == secret.description
        assert inputs["tags"] == derive.secret_tags(environment, CATALOG, secret)
        assert inputs["kmsKeyId"] == f"arn:mock:aws:kms/key:Key:tier-{secret.tier}"
        assert inputs["recoveryWindowInDays"] == environment.recovery_window_days


def test_every_secret_is_rotated_by_the_function_of_its_kind_within_its_tier(declared: RecordingMocks) -> None:
    found = declared.of(ROTATION)
    assert found.keys() == CATALOG.by_name.keys()
    for secret in CATALOG.secrets:
        inputs = found[secret.name]
        assert inputs["secretId"] == f"arn:mock:{SECRET}:{secret.name}"
        assert inputs["rotationLambdaArn"] == f"arn:mock:{FUNCTION}:rotate-{secret.spec.target}"
        assert inputs["rotationRules"] == {"automaticallyAfterDays": derive.rotation_days(CATALOG, secret)}
        assert inputs["rotateImmediately"] is False


def test_the_first_version_is_a_marker_without_credential_through_the_write_only_argument(
    name: str, declared: RecordingMocks
) -> None:
    for secret in CATALOG.secrets:
        inputs = declared.of(VERSION)[secret.name]
        assert "secretString" not in inputs
        assert "secretBinary" not in inputs
        assert inputs["versionStages"] == ["AWSCURRENT", "LLMOBS_BOOTSTRAP"]
        marker = json.loads(unwrapped(inputs["secretStringWo"]))
        assert marker == derive.marker(load.environment(name), secret)
        assert not marker.keys() & secret.spec.credentials


def unwrapped(value: Any) -> str:
    """The text in a secret output, which mocks receive in the engine's envelope."""
    return str(value["value"] if isinstance(value, dict) else value)


def test_a_function_knows_which_secrets_it_rotates_and_nothing_secret(name: str, declared: RecordingMocks) -> None:
    found = declared.of(FUNCTION)
    assert found.keys() == ROTATORS | {"alert", "backup-secrets", "retire", "watch"}
    for target in CATALOG.targets:
        variables = found[f"rotate-{target}"]["environment"]["variables"]
        assert (variables["ENVIRONMENT"], variables["TARGET"]) == (name, target)
        assert {s.kind for s in CATALOG.targeting(target)} <= set(variables["KINDS"].split(","))
    admins = found["rotate-postgres"]["environment"]["variables"]["ADMIN_SECRET_IDS"].split(",")
    assert admins == [
        f"postgres-recovery=llm-observatory/{name}/db-password",
        f"postgres-role=llm-observatory/{name}/db-password",
        f"postgres-superuser=llm-observatory/{name}/db-recovery-password",
    ]
    keys = found["rotate-api"]["environment"]["variables"]["ADMIN_SECRET_IDS"].split(",")
    assert f"sentry=llm-observatory/{name}/sentry-auth-token" in keys


def test_only_secrets_manager_of_the_account_may_invoke_a_function(name: str, declared: RecordingMocks) -> None:
    permissions = declared.of("aws:lambda/permission:Permission")
    assert permissions.keys() == ROTATORS | {"alerts"}
    for inputs in (permissions[rotator] for rotator in ROTATORS):
        assert inputs["principal"] == "secretsmanager.amazonaws.com"
        assert inputs["sourceAccount"] == load.environment(name).account
        assert inputs["action"] == "lambda:InvokeFunction"


def test_every_key_turns_by_itself_and_has_its_policy_and_alias(name: str, declared: RecordingMocks) -> None:
    environment = load.environment(name)
    assert declared.of("aws:kms/key:Key").keys() == set(derive.key_purposes(CATALOG))
    for purpose, inputs in declared.of("aws:kms/key:Key").items():
        assert inputs["enableKeyRotation"] is True
        assert json.loads(inputs["policy"]) == key_policy(environment, purpose)
        alias = declared.of("aws:kms/alias:Alias")[purpose]
        assert alias == {"name": f"alias/llm-observatory-{name}-{purpose}", "targetKeyId": f"{purpose}-key"}


def test_every_consumer_and_every_duty_gets_its_role(name: str, declared: RecordingMocks) -> None:
    environment = load.environment(name)
    roles, policies = declared.of("aws:iam/role:Role"), declared.of("aws:iam/rolePolicy:RolePolicy")
    consumers = {consumer.name: consumer for consumer in CATALOG.consumers}
    assert roles.keys() == {*consumers, *Duty, *ROTATORS, *WORKFLOWS, *SERVICES}
    for what, role in roles.items():
        assert role["name"] == f"llm-observatory-{name}-{what}"
    for consumer in CATALOG.consumers:
        assert json.loads(roles[consumer.name]["assumeRolePolicy"]) == consumer_trust(environment, consumer)
        document = json.loads(policies[consumer.name]["policy"])
        assert document == consumer_policy(environment, CATALOG, consumer.name)
    for duty in Duty:
        assert json.loads(roles[duty]["assumeRolePolicy"]) == duty_trust(environment, duty)
        assert json.loads(policies[duty]["policy"]) == duty_policy(environment, CATALOG, duty)
    assert roles[Duty.BREAK_GLASS]["maxSessionDuration"] == 3600


def test_no_role_is_without_the_boundary(name: str, declared: RecordingMocks) -> None:
    boundaries = declared.of("aws:iam/policy:Policy")
    assert {what: inputs["name"] for what, inputs in boundaries.items()} == {
        "boundary": f"llm-observatory-{name}-boundary",
        "deploy-boundary": f"llm-observatory-{name}-deploy-boundary",
    }
    for what, role in declared.of("aws:iam/role:Role").items():
        boundary = "deploy-boundary" if what in WORKFLOWS else "boundary"
        assert role["permissionsBoundary"] == f"arn:mock:aws:iam/policy:Policy:{boundary}"


def test_logs_are_encrypted_and_kept_as_long_as_the_environment_says(name: str, declared: RecordingMocks) -> None:
    for inputs in declared.of("aws:cloudwatch/logGroup:LogGroup").values():
        assert inputs["retentionInDays"] == load.environment(name).log_retention_days
        assert inputs["kmsKeyId"] == "arn:mock:aws:kms/key:Key:logs"


def test_type_tokens_are_what_the_state_holds(declared: RecordingMocks) -> None:
    # A changed token replaces every child of the component: change it with `aliases`, or not at all.
    assert {resource.token for resource in declared.recorded if resource.token.startswith("llmobs:")} == {
        "llmobs:access:Access",
        "llmobs:alert_rule:AlertRule",
        "llmobs:alerts:Alerts",
        "llmobs:audit:AuditTrail",
        "llmobs:backup:SecretsBackup",
        "llmobs:bucket:ManagedBucket",
        "llmobs:consumer:ConsumerAccess",
        "llmobs:dashboard:SecretsDashboard",
        "llmobs:emergency:EmergencyMachine",
        "llmobs:environment:SecretsEnvironment",
        "llmobs:function:ManagedFunction",
        "llmobs:github:GitHubAccess",
        "llmobs:identity:TokenIssuer",
        "llmobs:key:ManagedKey",
        "llmobs:network:FunctionNetwork",
        "llmobs:queries:RecordQueries",
        "llmobs:record_alarm:RecordAlarm",
        "llmobs:role:Boundary",
        "llmobs:retirement:Retirement",
        "llmobs:role:BoundedRole",
        "llmobs:rotation:RotationFunction",
        "llmobs:schedule:FunctionSchedule",
        "llmobs:secret:ManagedSecret",
        "llmobs:signing:CodeSigning",
        "llmobs:topic:AlertTopic",
        "llmobs:watch:OverdueWatch",
    }


def configure(region: str = "us-east-1", accounts: str = '["222233334444"]', **changed: object) -> None:
    """What the engine hands to the program: the environment of staging, but for what is changed."""
    settings = load.environment("staging").model_dump(mode="json", exclude={"name"}) | changed
    pulumi.runtime.set_config(load.CONFIG_KEY, json.dumps(settings))
    pulumi.runtime.set_config(load.REGION_KEY, region)
    pulumi.runtime.set_config(load.ACCOUNTS_KEY, accounts)


def test_the_program_reads_as_one_sentence_and_declares_the_environment_of_its_stack() -> None:
    path = load.ROOT / "__main__.py"
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 40
    configure()
    declared = record(lambda: runpy.run_path(str(path)))
    assert declared.of(SECRET).keys() == CATALOG.by_name.keys()


def test_a_broken_environment_stops_the_program_before_the_first_resource() -> None:
    configure(account="1")
    with pytest.raises(pulumi.RunError, match="field 'account': '1' is not allowed"):
        record(lambda: runpy.run_path(str(load.ROOT / "__main__.py")))


def test_a_provider_of_another_region_or_account_stops_it_too() -> None:
    configure(region="us-east-2")
    with pytest.raises(pulumi.RunError, match="aws:region is 'us-east-2'; make it 'us-east-1'"):
        record(lambda: runpy.run_path(str(load.ROOT / "__main__.py")))
    configure(accounts='["333344445555"]')
    with pytest.raises(pulumi.RunError, match="make it \\['222233334444'\\] and no other"):
        record(lambda: runpy.run_path(str(load.ROOT / "__main__.py")))
