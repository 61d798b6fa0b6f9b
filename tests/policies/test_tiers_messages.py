"""A message says all that is needed to mend what it is about, and never a value."""

from __future__ import annotations

import pytest

from policies.tokens import ALIAS, CONTAINER, PERMISSION, ROTATION, VERSION
from tests.policies.analyzer import Analyzer
from tests.policies.program import Program, sealed

CANARY = "correct-horse-battery-staple"
DB = "db-password"


@pytest.mark.parametrize(
    ("token", "name", "path", "value"),
    [
        (CONTAINER, DB, "tags.Tier", CANARY),
        (CONTAINER, DB, "tags.Owner", CANARY),
        (CONTAINER, DB, "tags", CANARY),
        (CONTAINER, DB, "kmsKeyId", CANARY),
        (CONTAINER, DB, "kmsKeyId", f"alias/aws/{CANARY}"),
        (CONTAINER, DB, "replicas", [{"kmsKeyId": f"alias/aws/{CANARY}"}]),
        (VERSION, DB, "secretString", sealed(CANARY)),
        (VERSION, DB, "secretBinary", CANARY),
        (VERSION, DB, "secretId", CANARY),
        (VERSION, DB, "versionStages", [CANARY]),
        (ROTATION, DB, "secretId", CANARY),
        (ROTATION, DB, "rotationLambdaArn", CANARY),
        (ROTATION, DB, "rotationRules", {"scheduleExpression": CANARY}),
        (ROTATION, DB, "rotationRules", {"scheduleExpression": f"cron(0 0 {CANARY} * ? *)"}),
        (ROTATION, DB, "rotationRules", {"automaticallyAfterDays": CANARY}),
        (ALIAS, "tier-1", "targetKeyId", CANARY),
        (PERMISSION, "rotate-postgres", "principal", CANARY),
        (PERMISSION, "rotate-postgres", "sourceAccount", CANARY),
        (PERMISSION, "rotate-postgres", "action", CANARY),
    ],
)
def test_a_message_never_holds_a_value(
    analyzer: Analyzer, stack: Program, token: str, name: str, path: str, value: object
) -> None:
    changed = stack.set(stack.get(token, name), path, value)
    changed = changed.cut(changed.get(token, name), path)

    said = analyzer.preview(changed)

    assert any(each.blocks for each in said)
    assert CANARY not in "\n".join(each.text for each in said)


def test_a_message_has_every_part(analyzer: Analyzer, old_stack: Program) -> None:
    changed = old_stack.set(old_stack.get(ROTATION, DB), "rotationRules.automaticallyAfterDays", 120)

    (said,) = analyzer.preview(changed)

    head, *parts = said.text.splitlines()[1:]
    assert head.startswith("tiers/rotation-interval VIOLATED (critical, tier 1): ")
    assert [part.split(":")[0].strip() for part in parts] == [
        "resource",
        "property",
        "seen",
        "required",
        "fix",
        "clauses",
    ]
    assert said.urn in parts[0]
