"""Random sets of policies from a seed, for the comparison of the proof with the brute force."""

from __future__ import annotations

import random
from typing import Any

from tests.policies.access_brute_force import Case, Document
from tests.policies.access_universe import (
    ABROAD,
    FOREIGN,
    HOME,
    NIGHT,
    OPEN_TESTS,
    PLAIN,
    REGION,
    ROLE,
    SECRETS,
    SETTLED_TESTS,
    USER,
)

ACTION_PATTERNS = (
    "*",
    "*",
    "secretsmanager:*",
    "secretsmanager:Get*",
    "secretsmanager:?utSecretValue",
    "SecretsManager:describesecret",
    "secretsmanager:*Secret*",
    "secretsmanager:De*",
    "kms:*",
    "kms:Decrypt",
    "kms:GenerateDataKey*",
    "kms:De*",
    "s3:*",
)
RESOURCE_PATTERNS = (
    "*",
    "*",
    "*",
    f"arn:aws:secretsmanager:{REGION}:{HOME}:secret:app/red-??????",
    f"arn:aws:secretsmanager:*:{HOME}:secret:app/*",
    f"arn:aws:secretsmanager:{REGION}:{HOME}:*-aaaaaa",  # a star inside a segment stays inside it
    f"arn:aws:secretsmanager:{REGION}:{HOME}:secret:app/*-${{secretsmanager:ResourceTag/Tier}}*",
    f"arn:aws:kms:{REGION}:{HOME}:key/*",
    f"arn:aws:kms:*:{HOME}:key/one",
    "arn:aws:kms:*",
)
PRINCIPALS: tuple[Any, ...] = (
    "*",
    {"AWS": "*"},
    {"AWS": HOME},
    {"AWS": f"arn:aws:iam::{HOME}:root"},
    {"AWS": f"arn:aws:iam::{HOME}:root"},
    {"AWS": [f"arn:aws:iam::{HOME}:root", f"arn:aws:iam::{ABROAD}:root"]},
    {"AWS": [ROLE, USER]},
    {"AWS": ROLE},
    {"AWS": NIGHT},
    {"AWS": [FOREIGN]},
    {"AWS": [f"arn:aws:iam::{HOME}:root", ROLE, NIGHT, PLAIN[ROLE]]},
    {"AWS": [HOME, USER]},
    {"Service": "lambda.amazonaws.com", "AWS": ABROAD},
)


def make_case(seed: int) -> Case:
    """The case of `seed`, always the same one."""
    draw = random.Random(seed)
    tests = draw.sample(OPEN_TESTS, 4)
    return Case(
        party=draw.choice((ROLE, ROLE, USER, FOREIGN)),
        secret=draw.choice(SECRETS),
        identity=tuple(_document(draw, tests, held=False) for _ in range(draw.choice((0, 1, 1, 2, 3)))),
        boundary=_document(draw, tests, held=False) if draw.random() < 0.3 else None,
        resource=_document(draw, tests, held=True) if draw.random() < 0.7 else None,
        key_policy=_document(draw, tests, held=True),
    )


def _document(draw: random.Random, tests: list[Any], *, held: bool) -> Document:
    statements = [_statement(draw, tests, held=held) for _ in range(draw.choice((1, 1, 2, 3)))]
    return {"Version": "2012-10-17", "Statement": statements}


def _statement(draw: random.Random, tests: list[Any], *, held: bool) -> dict[str, Any]:
    statement: dict[str, Any] = {"Effect": "Deny" if draw.random() < 0.25 else "Allow"}
    negate = 0.12
    statement["NotAction" if draw.random() < negate else "Action"] = draw.sample(ACTION_PATTERNS, draw.choice((1, 2)))
    resources = draw.sample(RESOURCE_PATTERNS, draw.choice((1, 2)))
    statement["NotResource" if draw.random() < negate else "Resource"] = resources
    if held:
        statement["NotPrincipal" if draw.random() < negate else "Principal"] = draw.choice(PRINCIPALS)
    condition: dict[str, dict[str, object]] = {}
    for _ in range(draw.choice((0, 0, 1, 1, 2))):
        for operator, keys in draw.choice((*tests, *tests, *SETTLED_TESTS)).items():
            held_keys = {key.lower() for key in condition.get(operator, {})}
            if not held_keys & {key.lower() for key in keys}:  # AWS refuses a key that is there twice
                condition.setdefault(operator, {}).update(keys)
    if condition and (statement["Effect"] == "Allow" or draw.random() < 0.8):
        statement["Condition"] = condition
    return statement
