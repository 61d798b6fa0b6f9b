"""What keeps the rules draws nothing, not even a note: as the program declares it, and as it could as well."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

from policies.baseline import resource_types as types
from policies.baseline import rules
from policies.tokens import ALIAS, CONTAINER, FUNCTION, KEY, PERMISSION
from tests.policies import baseline_stack, whole
from tests.policies.analyzer import Analyzer
from tests.policies.baseline_stack import FUNCTION_NAME, SECRET, adding, document, plus, then, without
from tests.policies.edit import literal, setting
from tests.policies.edits_baseline_bucket import ACCESS, LIFECYCLE, LOCK, LOGGING, LOGS, RESULTS, VERSIONING
from tests.policies.edits_baseline_settings import MANAGEMENT, TRAIL
from tests.policies.program import Program

ACCOUNT = "333344445555"
BUCKET, OLDER_BUCKET = types.BUCKET


@pytest.fixture(scope="module")
def analyzer() -> Analyzer:
    return Analyzer(pack_of=rules.pack)


@pytest.mark.parametrize("exists", [False, True], ids=["new_stack", "old_stack"])
@pytest.mark.parametrize("environment", ["staging", "prod"])
def test_the_stack_that_the_program_declares_draws_nothing(analyzer: Analyzer, environment: str, exists: bool) -> None:
    assert analyzer.preview(whole.program(environment, exists=exists)) == []


def _policy_of_a_key_beside(stack: Program) -> Program:
    key = stack.get(KEY, "tier-1")
    changed = plus(types.KEY_POLICY, "beside", policy=key.inputs["policy"])(stack.set(key, "policy", None))
    return changed.lead(changed.get(types.KEY_POLICY, "beside"), "keyId", changed.get(KEY, "tier-1"))


def _policy_of_a_secret_inside(stack: Program) -> Program:
    policy = stack.get(types.SECRET_POLICY, SECRET).inputs["policy"]
    return setting(CONTAINER, SECRET, "policy", policy)(without(types.SECRET_POLICY, SECRET)(stack))


def _rights_inside_a_role(stack: Program) -> Program:
    policy = stack.get(types.ROLE_POLICY, "operator").inputs["policy"]
    changed = setting(types.ROLE, "operator", "inlinePolicies", [{"name": "x", "policy": policy}])(stack)
    return without(types.ROLE_POLICY, "operator")(changed)


def _key_by_alias(stack: Program) -> Program:
    return stack.lead(stack.get(types.TOPIC, "alert-topic"), "kmsMasterKeyId", stack.get(ALIAS, "logs"))


def _one_action_as_a_text(policy: dict[str, list[dict[str, object]]]) -> None:
    for each in policy["Statement"]:
        actions = each["Action"]
        each["Action"] = actions[0] if isinstance(actions, list) and len(actions) == 1 else actions
    policy["Statement"].reverse()


def _settings_in_older_types(stack: Program) -> Program:
    for newer, older in (types.BUCKET_VERSIONING, types.BUCKET_LIFECYCLE, types.BUCKET_LOGGING, types.BUCKET_LOCK):
        for each in [each for each in stack.resources if each.token == newer]:
            stack = stack.put(replace(each, token=older), each)
    return stack


def _settings_inside_the_bucket(stack: Program) -> Program:
    for token in (VERSIONING, LIFECYCLE, LOGGING):
        stack = without(token, RESULTS)(stack)
    access = stack.get(BUCKET, ACCESS).inputs["bucket"]
    changed = setting(BUCKET, RESULTS, "versionings", [{"enabled": True}])(stack)
    changed = setting(BUCKET, RESULTS, "lifecycleRules", [{"enabled": True}, {"enabled": False}])(changed)
    changed = setting(BUCKET, RESULTS, "loggings", [{"targetBucket": access}])(changed)
    bucket = changed.get(BUCKET, RESULTS)
    return changed.put(replace(bucket, token=OLDER_BUCKET), bucket)


def _lock_inside_the_bucket(stack: Program) -> Program:
    rule = {"defaultRetentions": [{"mode": "COMPLIANCE", "years": 2}]}
    changed = setting(BUCKET, LOGS, "objectLockConfiguration", {"objectLockEnabled": "Enabled", "rules": [rule]})(stack)
    return without(LOCK, LOGS)(changed)


def _spaces_in_a_pattern(stack: Program) -> Program:
    found = stack.get(types.METRIC_FILTER, "any-key-unusable")
    pattern = str(found.inputs["pattern"]).replace("=", " = ").replace("kms.amazonaws.com", '"kms.amazonaws.com"')
    return stack.set(found, "pattern", pattern)


def _selectors_in_the_older_way(stack: Program) -> Program:
    trail = stack.get(types.TRAIL, TRAIL)
    objects = {"type": "AWS::S3::Object", "values": [f"arn:aws:s3:::{trail.inputs['s3BucketName']}/"]}
    every = {"readWriteType": "All", "includeManagementEvents": True, "dataResources": [objects]}
    changed = setting(types.TRAIL, TRAIL, "advancedEventSelectors", None)(stack)
    return setting(types.TRAIL, TRAIL, "eventSelectors", [every])(changed)


def _conditions(operator: str, key: str, value: object) -> dict[str, object]:
    return {"Condition": {operator: {key: value}}}


VARIANTS: dict[str, Callable[[Program], Program]] = {
    "policy-of-a-key-beside-it": _policy_of_a_key_beside,
    "policy-of-a-secret-inside-it": _policy_of_a_secret_inside,
    "rights-inside-a-role": _rights_inside_a_role,
    "key-by-alias": _key_by_alias,
    "texts-instead-of-lists-and-another-order": document(
        types.ROLE_POLICY, "operator", "policy", _one_action_as_a_text
    ),
    "everyone-of-this-account": document(
        KEY,
        "tier-1",
        "policy",
        adding(
            Principal={"AWS": "*"},
            Action="kms:Decrypt",
            Resource="*",
            **_conditions("StringEquals", "kms:CallerAccount", ACCOUNT),
        ),
    ),
    "a-service-for-this-account": document(
        types.TOPIC_POLICY,
        "alert-topic",
        "policy",
        adding(
            Principal={"Service": "events.amazonaws.com"},
            Action="sns:Publish",
            Resource="*",
            **_conditions("ArnLike", "aws:SourceArn", f"arn:aws:events:us-east-1:{ACCOUNT}:rule/x-*"),
        ),
    ),
    "people-by-name": document(
        types.ROLE,
        "operator",
        "assumeRolePolicy",
        adding(Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:role/people"}, Action="sts:AssumeRole"),
    ),
    "a-permission-by-account-alone": setting(PERMISSION, "alerts", "sourceArn", None),
    "an-asymmetric-key": then(
        setting(KEY, "backup", "customerMasterKeySpec", "RSA_4096"), setting(KEY, "backup", "enableKeyRotation", None)
    ),
    "a-key-renewed-more-often": setting(KEY, "tier-1", "rotationPeriodInDays", 90),
    "settings-of-a-bucket-in-older-types": _settings_in_older_types,
    "settings-inside-a-bucket-of-the-older-type": _settings_inside_the_bucket,
    "a-lock-inside-a-bucket": _lock_inside_the_bucket,
    "a-log-for-ever": setting(types.LOG_GROUP, "alert", "retentionInDays", 0),
    "another-way-to-write-a-pattern": _spaces_in_a_pattern,
    "selectors-in-the-older-way": _selectors_in_the_older_way,
    "no-selector-but-one-for-objects-too": setting(
        types.TRAIL,
        TRAIL,
        "advancedEventSelectors",
        [
            {"fieldSelectors": [MANAGEMENT]},
            {
                "fieldSelectors": [
                    {"field": "eventCategory", "equals": ["Data"]},
                    {"field": "resources.type", "equals": ["AWS::S3::Object"]},
                ]
            },
        ],
    ),
    "a-subscribed-function": setting(types.SUBSCRIPTION, "pager", "protocol", "lambda"),
    "a-newer-runtime": setting(FUNCTION, FUNCTION_NAME, "runtime", "python3.13"),
    "names-of-secrets-in-variables": setting(
        FUNCTION, FUNCTION_NAME, "environment.variables.SECRET_IDS", "llm-observatory/prod/db-password"
    ),
    "a-key-of-ours-for-variables": lambda stack: stack.lead(
        stack.get(FUNCTION, FUNCTION_NAME), "kmsKeyArn", stack.get(KEY, "logs")
    ),
    "other-resources": plus("random:index/randomId:RandomId", "x", byteLength=4),
    "another-order-of-resources": lambda stack: Program(stack.resources[::-1]),
    "a-key-of-the-stack-by-its-alias's-name": literal(
        types.LOG_GROUP, "alert", "kmsKeyId", "alias/llm-observatory-prod-logs"
    ),
}


@pytest.mark.parametrize("exists", [False, True], ids=["new_stack", "old_stack"])
@pytest.mark.parametrize("name", VARIANTS)
def test_a_compliant_variant_draws_nothing(analyzer: Analyzer, name: str, exists: bool) -> None:
    assert analyzer.preview(VARIANTS[name](baseline_stack.program(exists=exists))) == []


def test_what_the_provider_reports_inside_a_bucket_draws_nothing(analyzer: Analyzer) -> None:
    stack = baseline_stack.program(exists=True)
    changed = stack.set_computed(
        stack.get(BUCKET, LOGS),
        serverSideEncryptionConfiguration={"rule": {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}},
        versioning={"enabled": False},
        policy=json.dumps({"Statement": []}),
    )

    assert analyzer.preview(changed) == []


# What the provider fills in where the program says nothing; at a first preview it is not known yet.
FILLED_IN = {
    CONTAINER: ("policy",),
    KEY: ("multiRegion", "customerMasterKeySpec", "isEnabled"),
    types.TOPIC: ("policy",),
    types.QUEUE: ("policy", "url"),
    types.ROLE: ("managedPolicyArns", "inlinePolicies"),
    BUCKET: (
        "policy",
        "acl",
        "versioning",
        "logging",
        "lifecycleRules",
        "objectLockConfiguration",
        "serverSideEncryptionConfiguration",
    ),
    FUNCTION: ("invokeArn", "version"),
}


def test_what_the_provider_will_fill_in_draws_nothing(analyzer: Analyzer) -> None:
    changed = baseline_stack.program(exists=False)
    for each in changed.resources:
        open_ = {name: UNKNOWN_STRING_VALUE for name in FILLED_IN.get(each.token, ()) if name not in each.inputs}
        changed = changed.set_computed(each, **open_)

    assert analyzer.preview(changed) == []
