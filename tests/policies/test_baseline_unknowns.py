"""A value that is not known yet is decided by what it leads to, or said to be undecided: no silence, no crash."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pulumi_policy.proxy import UNKNOWN_NUMBER_VALUE, UNKNOWN_OBJECT_VALUE, UNKNOWN_STRING_VALUE

from policies.baseline import resource_types as types
from policies.baseline import rules
from policies.tokens import CONTAINER, FUNCTION, KEY, PERMISSION
from tests.policies import baseline_stack
from tests.policies.analyzer import Analyzer
from tests.policies.baseline_stack import FUNCTION_NAME, SECRET, plus
from tests.policies.edits_baseline_bucket import BLOCK, ENCRYPTION, LIFECYCLE, LOCK, LOGS, OWNERSHIP, POLICY, VERSIONING
from tests.policies.program import Program

# Properties that a rule reads and that no dependency explains.
READ = [
    (CONTAINER, SECRET, "description", "secret-described"),
    (types.SECRET_POLICY, SECRET, "blockPublicPolicy", "secret-public-policy-blocked"),
    (types.SECRET_POLICY, SECRET, "policy", "document-known"),
    (KEY, "tier-1", "enableKeyRotation", "key-rotated"),
    (KEY, "tier-1", "customerMasterKeySpec", None),
    (KEY, "tier-1", "deletionWindowInDays", "key-recoverable"),
    (types.REPLICA_KEY, "tier-1-replica", "region", "key-region"),
    (types.ROLE_POLICY, "operator", "policy", "document-known"),
    (types.ROLE, "operator", "assumeRolePolicy", "document-known"),
    (types.TRAIL, "audit", "isMultiRegionTrail", "trail-every-region"),
    (types.TRAIL, "audit", "enableLogFileValidation", "trail-validated"),
    (types.TRAIL, "audit", "advancedEventSelectors", "trail-every-event"),
    (types.TRAIL, "audit", "insightSelectors", "trail-insights"),
    (types.LOG_GROUP, "alert", "retentionInDays", "log-kept-a-year"),
    (types.METRIC_ALARM, "alert-errors", "actionsEnabled", "alarm-on"),
    (types.METRIC_FILTER, "root-used", "pattern", "cis-filters"),
    (types.METRIC_FILTER, "denied-reads", "metricTransformation", "filter-alarmed"),
    (types.SUBSCRIPTION, "pager", "protocol", "subscription-private"),
    (FUNCTION, FUNCTION_NAME, "vpcConfig", "function-private-network"),
    (FUNCTION, FUNCTION_NAME, "reservedConcurrentExecutions", "function-bounded"),
    (FUNCTION, FUNCTION_NAME, "tracingConfig", "function-traced"),
    (FUNCTION, FUNCTION_NAME, "runtime", "function-supported-runtime"),
    (FUNCTION, FUNCTION_NAME, "environment", "function-no-secret"),
    (types.CODE_SIGNING, "signing", "policies", "code-signing-enforced"),
    (PERMISSION, "alerts", "principal", "function-invoked-for-us"),
    (VERSIONING, LOGS, "versioningConfiguration", "bucket-versioned"),
    (BLOCK, LOGS, "blockPublicPolicy", "bucket-closed"),
    (OWNERSHIP, LOGS, "rule", "bucket-owner-enforced"),
    (LIFECYCLE, LOGS, "rules", "bucket-aged"),
    (LOCK, LOGS, "rule", "bucket-locked"),
]
# Properties whose dependency tells what they lead to while the value is not known.
LEADING = [
    (types.TRAIL, "audit", "kmsKeyId", "key-of-the-stack"),
    (types.TRAIL, "audit", "cloudWatchLogsGroupArn", "trail-to-logs"),
    (types.TRAIL, "audit", "s3BucketName", "record-in-the-stack"),
    (types.LOG_GROUP, "alert", "kmsKeyId", "key-of-the-stack"),
    (types.TOPIC, "alert-topic", "kmsMasterKeyId", "key-of-the-stack"),
    (types.QUEUE, "alert", "kmsMasterKeyId", "key-of-the-stack"),
    (types.ROLE, "operator", "permissionsBoundary", "role-bounded"),
    (types.METRIC_ALARM, "alert-errors", "alarmActions", "alarm-heard"),
    (FUNCTION, FUNCTION_NAME, "deadLetterConfig", "function-dead-letters"),
    (FUNCTION, FUNCTION_NAME, "codeSigningConfigArn", "function-signed"),
    (ENCRYPTION, LOGS, "rules", "bucket-encrypted"),
    (types.SECRET_POLICY, SECRET, "secretArn", "secret-has-policy"),
    (VERSIONING, LOGS, "bucket", "bucket-versioned"),
]
SENTINELS = [UNKNOWN_STRING_VALUE, UNKNOWN_NUMBER_VALUE, UNKNOWN_OBJECT_VALUE]


@pytest.fixture(scope="module")
def analyzer() -> Analyzer:
    return Analyzer(pack_of=rules.pack)


@pytest.fixture(scope="module")
def stack() -> Program:
    return baseline_stack.program(exists=False)


@pytest.mark.parametrize(("token", "name", "path", "rule"), READ)
def test_an_unknown_setting_blocks_as_undecided(
    analyzer: Analyzer, stack: Program, token: str, name: str, path: str, rule: str | None
) -> None:
    sentinel = SENTINELS[len(path) % len(SENTINELS)]
    changed = stack.set(stack.get(token, name), path, sentinel)
    changed = changed.cut(changed.get(token, name), path)

    said = analyzer.preview(changed)

    assert all(each.blocks and each.undecided for each in said), said
    if rule is None:  # the default of AWS, with which the rule holds
        assert said == []
    else:
        assert f"baseline/{rule}" in {each.rule for each in said}, said


@pytest.mark.parametrize(("token", "name", "path", "rule"), LEADING)
def test_an_unknown_id_without_a_dependency_is_undecided(
    analyzer: Analyzer, stack: Program, token: str, name: str, path: str, rule: str
) -> None:
    changed = stack.set(stack.get(token, name), path, UNKNOWN_STRING_VALUE)
    changed = changed.cut(changed.get(token, name), path)

    said = analyzer.preview(changed)

    assert any(each.rule == f"baseline/{rule}" and each.blocks for each in said), said
    assert all(each.undecided for each in said), said


def test_a_document_that_waits_for_a_keys_arn_alone_draws_nothing(analyzer: Analyzer, stack: Program) -> None:
    policy = stack.get(POLICY, LOGS)
    assert policy.inputs["policy"] == UNKNOWN_STRING_VALUE

    assert analyzer.preview(stack) == []


def test_a_document_that_waits_for_anything_else_is_undecided(analyzer: Analyzer, stack: Program) -> None:
    changed = stack.lead(stack.get(POLICY, LOGS), "policy", stack.get(types.ROLE, "operator"))

    (said,) = analyzer.preview(changed)

    assert said.rule == "baseline/document-known"
    assert said.blocks
    assert said.undecided


def test_a_document_that_waited_is_judged_before_its_resource_is_made(analyzer: Analyzer) -> None:
    """In an update the engine knows it when it registers the resource, and asks again."""
    stack = baseline_stack.program(exists=True)
    changed = stack.set(stack.get(POLICY, LOGS), "policy", '{"Statement": []}')

    assert "baseline/document-valid" in {each.rule for each in analyzer.analyze(changed.get(POLICY, LOGS))}


@pytest.mark.parametrize(("exists", "undecided"), [(False, True), (True, False)])
def test_a_policy_of_aws_hides_behind_no_unknown(analyzer: Analyzer, exists: bool, undecided: bool) -> None:
    arn = "arn:aws:iam::aws:policy/AdministratorAccess" if exists else UNKNOWN_STRING_VALUE
    changed = plus(types.ROLE_ATTACHMENT, "it", policyArn=arn)(baseline_stack.program(exists=exists))

    (said,) = (each for each in analyzer.preview(changed) if each.rule == "baseline/role-no-aws-policy")

    assert said.blocks
    assert said.undecided is undecided


def test_a_stack_of_nothing_but_unknowns_does_not_make_the_pack_fail(analyzer: Analyzer, stack: Program) -> None:
    changed = stack
    for resource in stack.resources:
        changed = changed.put(replace(resource, inputs=dict.fromkeys(resource.inputs, UNKNOWN_STRING_VALUE), edges={}))

    said = analyzer.preview(changed)

    assert any(each.blocks for each in said)
    assert all(each.undecided for each in said), [each for each in said if not each.undecided]


def test_an_unknown_hides_nothing_of_another_resource(analyzer: Analyzer, stack: Program) -> None:
    changed = stack.set(stack.get(FUNCTION, FUNCTION_NAME), "tracingConfig.mode", "PassThrough")
    for token, name, path, _ in (*READ, *LEADING):
        if (token, path) != (FUNCTION, "tracingConfig"):
            changed = changed.set(changed.get(token, name), path, UNKNOWN_STRING_VALUE)

    violated = {(each.rule, each.urn) for each in analyzer.preview(changed) if each.blocks and not each.undecided}

    assert violated == {("baseline/function-traced", stack.get(FUNCTION, FUNCTION_NAME).urn)}
