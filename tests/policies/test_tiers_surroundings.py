"""What guards secrets and tells of them: break one thing of the declared stack, expect the one rule about it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

from policies.baseline.resource_types import (
    BUCKET,
    BUCKET_LOCK,
    BUCKET_POLICY,
    BUCKET_VERSIONING,
    CODE_SIGNING,
    LOG_GROUP,
    METRIC_ALARM,
    METRIC_FILTER,
    REPLICA_KEY,
    ROLE,
    ROLE_POLICY,
    SECRET_POLICY,
    SUBSCRIPTION,
    TRAIL,
)
from policies.rule import ResourceRule
from policies.tiers import rules, wildcard
from policies.tiers.wildcard import VALUE_ACTIONS
from policies.tokens import CONTAINER, EVENT_RULE, EVENT_TARGET, FUNCTION, KEY, PERMISSION, STACK
from tests.policies import (
    edits_alerts,
    edits_custody,
    edits_function,
    edits_record,
    edits_recovery,
    surroundings,
    whole,
)
from tests.policies.analyzer import Analyzer, Said
from tests.policies.program import PROJECT, Program, urn
from tests.policies.surroundings import OVERLAPPING, SINGLE

MODULES = (edits_custody, edits_recovery, edits_record, edits_alerts, edits_function)
EDITS = {name: edit for module in MODULES for name, edit in module.EDITS.items()}
COMPLIANT = {name: change for module in MODULES for name, change in module.COMPLIANT.items()}
ROOT = urn(surroundings.ENVIRONMENT, STACK, f"{PROJECT}-{surroundings.ENVIRONMENT}")
AT_ONCE = {rule.id for rule in rules.RULES if isinstance(rule, ResourceRule)}


@pytest.fixture(params=[False, True], ids=["new", "old"])
def declared(request: pytest.FixtureRequest) -> Program:
    return surroundings.program(exists=request.param)


def said_of(program: Program, *rule_ids: str) -> list[Said]:
    """What is said; of rules on one resource alone if `rule_ids` names none else."""
    analyzer = surroundings.analyzer()
    said = [each for resource in program.resources for each in analyzer.analyze(resource)]
    if not rule_ids or not set(rule_ids) <= AT_ONCE:
        said += analyzer.analyze_stack(program)
    return said


@pytest.mark.parametrize("exists", [False, True], ids=["new", "old"])
@pytest.mark.parametrize("environment", ["prod", "staging"])
def test_the_stack_that_the_program_declares_draws_nothing(environment: str, exists: bool) -> None:
    said = Analyzer(pack_of=surroundings.pack).preview(whole.program(environment, exists=exists))

    assert said == []


def test_the_part_that_edits_start_from_draws_nothing(declared: Program) -> None:
    assert said_of(declared) == []


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_is_caught_by_its_rule(declared: Program, name: str) -> None:
    edit = EDITS[name]
    changed = edit.make(declared)

    said = said_of(changed, edit.rule)

    where = changed.get(edit.token, edit.name).urn if edit.token else ROOT
    caught = [each for each in said if each.blocks and (each.rule, each.urn) == (edit.rule, where)]
    assert caught, said
    text = "\n".join(each.text for each in caught)
    assert all(part in text for part in edit.says), text
    assert "VIOLATED" in text
    assert edits_function.PLANTED not in "\n".join(each.text for each in said)


@pytest.mark.parametrize("name", COMPLIANT)
def test_a_compliant_variant_draws_nothing(declared: Program, name: str) -> None:
    assert said_of(COMPLIANT[name](declared)) == []


def test_every_rule_has_an_edit_that_it_catches() -> None:
    assert {rule.id for rule in rules.OF_SURROUNDINGS} <= {edit.rule for edit in EDITS.values()}


# Every property that a rule reads. What it leads to is cut off, so that nothing tells it.
READ = [
    (KEY, "tier-1", "policy"),
    (REPLICA_KEY, "tier-1-replica", "primaryKeyArn"),
    (ROLE_POLICY, "api-server", "policy"),
    *((ROLE, "break-glass", path) for path in ("assumeRolePolicy", "maxSessionDuration")),
    *((SECRET_POLICY, SINGLE, path) for path in ("policy", "blockPublicPolicy", "secretArn")),
    *((CONTAINER, SINGLE, path) for path in ("recoveryWindowInDays", "forceOverwriteReplicaSecret")),
    (CONTAINER, OVERLAPPING, "tags.OverlapSeconds"),
    *(
        (TRAIL, "audit", path)
        for path in (
            "advancedEventSelectors",
            "cloudWatchLogsGroupArn",
            "enableLogFileValidation",
            "enableLogging",
            "includeGlobalServiceEvents",
            "isMultiRegionTrail",
            "kmsKeyId",
            "s3BucketName",
        )
    ),
    *((BUCKET[0], "audit-logs", path) for path in ("forceDestroy", "objectLockEnabled")),
    *((BUCKET_LOCK[0], "audit-logs", path) for path in ("bucket", "rule", "rule.defaultRetention.days")),
    *((BUCKET_VERSIONING[0], "audit-logs", path) for path in ("bucket", "versioningConfiguration.status")),
    *((BUCKET_POLICY[0], "audit-logs", path) for path in ("bucket", "policy")),
    *((LOG_GROUP, "audit", path) for path in ("kmsKeyId", "retentionInDays")),
    *(
        (METRIC_FILTER, "denied-reads", path)
        for path in ("logGroupName", "metricTransformation", "metricTransformation.value", "pattern")
    ),
    *(
        (METRIC_ALARM, "denied-reads", path)
        for path in (
            "actionsEnabled",
            "alarmActions",
            "comparisonOperator",
            "dimensions",
            "evaluationPeriods",
            "metricName",
            "namespace",
            "period",
            "statistic",
            "threshold",
            "treatMissingData",
        )
    ),
    *((EVENT_RULE, "secret-deleted", path) for path in ("eventPattern", "name", "state")),
    *((EVENT_TARGET, "secret-deleted", path) for path in ("arn", "rule")),
    *((PERMISSION, "alerts", path) for path in ("function", "principal")),
    *((SUBSCRIPTION, "pager", path) for path in ("endpoint", "filterPolicy", "protocol", "topic")),
    *(
        (FUNCTION, "rotate-postgres", path)
        for path in (
            "codeSigningConfigArn",
            "deadLetterConfig",
            "environment",
            "environment.variables.DB_PASSWORD",
            "reservedConcurrentExecutions",
            "tracingConfig.mode",
            "vpcConfig",
            "vpcConfig.subnetIds",
        )
    ),
    (CODE_SIGNING, "signing", "policies.untrustedArtifactOnDeployment"),
]


@pytest.mark.parametrize(("token", "name", "path"), READ)
def test_an_unknown_that_nothing_tells_blocks_as_undecided(declared: Program, token: str, name: str, path: str) -> None:
    said = said_of(surroundings.setting(token, name, path, UNKNOWN_STRING_VALUE)(declared))

    assert any(each.blocks for each in said)
    assert all(each.undecided for each in said), said


def test_a_stack_of_nothing_but_unknowns_does_not_make_the_pack_fail(declared: Program) -> None:
    changed = Program(
        tuple(
            replace(each, inputs=dict.fromkeys(each.inputs, UNKNOWN_STRING_VALUE), computed={}, edges={})
            for each in declared.resources
        )
    )

    assert any(each.blocks and each.undecided for each in said_of(changed))


def test_a_policy_that_lacks_the_arn_of_a_key_alone_waits_until_the_key_is_made(declared: Program) -> None:
    changed = declared.lead(declared.get(BUCKET_POLICY[0], "audit-logs"), "policy", declared.get(KEY, "logs"))
    assert said_of(changed) == []

    changed = declared.lead(declared.get(BUCKET_POLICY[0], "audit-logs"), "policy", declared.get(TRAIL, "audit"))
    (said,) = said_of(changed)
    assert said.undecided
    assert said.blocks


def test_staging_may_delete_sooner_and_is_not_protected() -> None:
    stack = whole.program("staging", exists=True)
    secret = stack.get(CONTAINER, SINGLE)
    analyzer = surroundings.analyzer()

    assert analyzer.analyze(secret) == []
    assert analyzer.analyze(stack.set(secret, "recoveryWindowInDays", 30).get(CONTAINER, SINGLE)) == []
    (said,) = analyzer.analyze(stack.set(secret, "recoveryWindowInDays", 0).get(CONTAINER, SINGLE))
    assert "7 to 30 days in staging" in said.text


@pytest.mark.parametrize(
    ("pattern", "hidden"),
    [
        ("secretsmanager:GetSecretValue", ()),
        ("secretsmanager:Describe*", ()),
        ("secretsmanager:*GetSecretValue", ("secretsmanager:BatchGetSecretValue", "secretsmanager:GetSecretValue")),
        ("SECRETSMANAGER:?etSecretValue", ("secretsmanager:GetSecretValue",)),
        ("kms:D*", ("kms:Decrypt",)),
        ("*", VALUE_ACTIONS),
    ],
)
def test_a_wildcard_hides_the_actions_that_it_covers(pattern: str, hidden: tuple[str, ...]) -> None:
    assert wildcard.hidden(pattern) == hidden
