"""What keeps the rules draws nothing, not even a note."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from catalog import load
from catalog.model import Catalog
from policies.tokens import ALIAS, CONTAINER, FUNCTION, PERMISSION, ROTATION, VERSION
from tests.policies import compliant
from tests.policies.analyzer import Analyzer
from tests.policies.program import Declared, Program


def test_the_compliant_stack_draws_nothing(analyzer: Analyzer, stack: Program) -> None:
    assert analyzer.preview(stack) == []


@pytest.mark.parametrize("exists", [False, True])
def test_prod_draws_nothing_either(analyzer: Analyzer, catalog: Catalog, exists: bool) -> None:
    assert analyzer.preview(compliant.program(catalog, load.environment("prod"), exists=exists)) == []


def _rules(name: str, rules: dict[str, object]) -> Callable[[Program], Program]:
    return lambda stack: stack.set(stack.get(ROTATION, name), "rotationRules", rules)


def _key_by_alias(stack: Program) -> Program:
    return stack.lead(stack.get(CONTAINER, "db-password"), "kmsKeyId", stack.get(ALIAS, "tier-1"))


def _function_by_literal_arn(stack: Program) -> Program:
    rotation = stack.get(ROTATION, "db-password")
    arn = "arn:aws:lambda:us-east-1:222233334444:function:llm-observatory-staging-rotate-postgres"
    return stack.cut(rotation, "rotationLambdaArn").set(stack.get(ROTATION, "db-password"), "rotationLambdaArn", arn)


def _permission_by_literal_name(stack: Program) -> Program:
    return stack.cut(stack.get(PERMISSION, "rotate-redis"), "function")


def _schedule_by_secret_name(stack: Program) -> Program:
    rotation = stack.get(ROTATION, "jwt-secret")
    changed = stack.set(rotation, "secretId", "llm-observatory/staging/jwt-secret")
    return changed.cut(changed.get(ROTATION, "jwt-secret"), "secretId")


def _further_resource(stack: Program) -> Program:
    bucket = Declared(token="aws:s3/bucket:Bucket", name="x", stack="staging", inputs={"tags": {"a": "b"}})
    return stack.plus(bucket)


def _further_tag(stack: Program) -> Program:
    return stack.set(stack.get(CONTAINER, "db-password"), "tags.CostCenter", "42")


VARIANTS: dict[str, Callable[[Program], Program]] = {
    "days-under-the-limit": _rules("db-password", {"automaticallyAfterDays": 30}),
    "days-of-tier-2-at-its-limit": _rules("smtp-password", {"automaticallyAfterDays": 180}),
    "days-of-tier-3-at-its-limit": _rules("sentry-dsn", {"automaticallyAfterDays": 365}),
    "rate": _rules("db-password", {"scheduleExpression": "rate(90 days)"}),
    "rate-in-hours": _rules("db-password", {"scheduleExpression": "rate(12 hours)"}),
    "monthly-cron": _rules("db-password", {"scheduleExpression": "cron(0 8 1 * ? *)"}),
    "cron-with-the-days-that-aws-computes": _rules(
        "db-password", {"scheduleExpression": "cron(0 8 ? * SUN#1 *)", "automaticallyAfterDays": 100}
    ),
    "quarterly-cron-in-tier-2": _rules("smtp-password", {"scheduleExpression": "cron(0 0 1 1/3 ? *)"}),
    "key-by-alias": _key_by_alias,
    "function-by-literal-arn": _function_by_literal_arn,
    "permission-by-literal-name": _permission_by_literal_name,
    "schedule-by-the-name-of-the-secret": _schedule_by_secret_name,
    "labels-in-another-order": lambda s: s.set(
        s.get(VERSION, "db-password"), "versionStages", ["LLMOBS_BOOTSTRAP", "AWSCURRENT"]
    ),
    "reordered-resources": lambda s: Program(s.resources[::-1]),
    "a-further-resource": _further_resource,
    "a-further-tag": _further_tag,
    "other-changes-ignored": lambda s: s.ignoring(s.get(FUNCTION, "rotate-redis"), "code", "layers"),
}


@pytest.mark.parametrize("name", VARIANTS)
def test_a_compliant_variant_draws_nothing(analyzer: Analyzer, stack: Program, name: str) -> None:
    assert analyzer.preview(VARIANTS[name](stack)) == []


@pytest.mark.parametrize("labels", [["AWSPREVIOUS", "LLMOBS_BOOTSTRAP"], ["LLMOBS_BOOTSTRAP"]])
def test_a_refresh_after_rotations_draws_nothing(analyzer: Analyzer, old_stack: Program, labels: list[str]) -> None:
    changed = old_stack.set(old_stack.get(VERSION, "db-password"), "versionStages", labels)

    assert analyzer.preview(changed) == []
