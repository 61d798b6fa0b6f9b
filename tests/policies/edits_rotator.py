"""Edits of rotation functions and their permissions."""

from __future__ import annotations

from policies.tokens import FUNCTION, PERMISSION, ROTATION
from tests.policies.edit import DB, Edit, at, literal, setting


def _permission(path: str, value: object, *says: str) -> Edit:
    return Edit(
        make=setting(PERMISSION, "rotate-postgres", path, value),
        rule="tiers/rotation-permission",
        urn=at(PERMISSION, "rotate-postgres"),
        says=(f"property: {path}", *says),
    )


EDITS: dict[str, Edit] = {
    "function-missing": Edit(
        make=literal(ROTATION, DB, "rotationLambdaArn", None),
        rule="tiers/rotation-function",
        urn=at(ROTATION, DB),
        says=("no function for secret 'db-password'", "llm-observatory-staging-rotate-postgres"),
    ),
    "function-of-another-kind": Edit(
        make=lambda s: s.lead(s.get(ROTATION, DB), "rotationLambdaArn", s.get(FUNCTION, "rotate-redis")),
        rule="tiers/rotation-function",
        urn=at(ROTATION, DB),
        says=("'llm-observatory-staging-rotate-redis'", "which rotates the kind postgres-superuser"),
    ),
    "function-outside-the-stack": Edit(
        make=literal(ROTATION, DB, "rotationLambdaArn", "arn:aws:lambda:us-east-1:222233334444:function:other"),
        rule="tiers/rotation-function",
        urn=at(ROTATION, DB),
        says=("a function that is not in this stack",),
    ),
    "function-of-another-account": Edit(
        make=literal(
            ROTATION,
            DB,
            "rotationLambdaArn",
            "arn:aws:lambda:us-east-1:999999999999:function:llm-observatory-staging-rotate-postgres",
        ),
        rule="tiers/rotation-function",
        urn=at(ROTATION, DB),
        says=("a function that is not in this stack",),
    ),
    "function-without-permission": Edit(
        make=lambda s: s.without(s.get(PERMISSION, "rotate-redis")),
        rule="tiers/rotation-permission",
        urn=at(FUNCTION, "rotate-redis"),
        says=("no permission to invoke it", "of the account 222233334444"),
    ),
    "permission-for-another-service": _permission("principal", "events.amazonaws.com", "another one"),
    "permission-for-any-account": _permission("sourceAccount", None, "not set", "'222233334444'"),
    "permission-for-another-account": _permission("sourceAccount", "999999999999", "another one"),
    "permission-for-another-action": _permission("action", "lambda:*", "'lambda:InvokeFunction'"),
}
