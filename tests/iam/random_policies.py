"""Makes random small sets of policies from a seed, leaning towards documents that touch each other."""

from __future__ import annotations

import random
from typing import Any

from tests.iam import universe
from tests.iam.brute_force import Case
from tests.iam.universe import ABROAD, CALLERS, HOME, TEAM, VALUES

ACTION_PATTERNS = (
    "*",
    "*",
    "kms:*",
    "sm:*",
    "KMS:decrypt",
    "sm:Get*",
    "sm:?utValue",
    "kms:De*",
    "sm:*Value",
    "s3:Get*",
)
RESOURCE_PATTERNS = (
    "*",
    "*",
    f"arn:aws:sm:eu:{HOME}:secret:red/*",
    "arn:aws:sm:*:*:secret:*/app-?",
    f"arn:aws:sm:eu:{HOME}:*-1",  # a star inside a segment stays inside it
    "arn:aws:sm:*",
    f"arn:*:kms:e?:{HOME}:key/k",
    "arn:aws:kms:eu:*:key/k",
    f"arn:aws:sm:eu:{HOME}:secret:${{{TEAM}}}/app-1",
)
PRINCIPALS: tuple[Any, ...] = (
    "*",
    {"AWS": "*"},
    {"AWS": HOME},
    {"AWS": f"arn:aws:iam::{HOME}:root"},
    {"AWS": [f"arn:aws:iam::{ABROAD}:root", universe.USER]},
    {"AWS": universe.USER},
    {"AWS": [universe.ROLE, universe.FOREIGN_ROLE]},
    {"AWS": [universe.SESSION, universe.FOREIGN_USER, universe.FEDERATED]},
    {"AWS": universe.FOREIGN_SESSION, "Service": [universe.SERVICE]},
    {"Federated": universe.PROVIDER, "AWS": ABROAD},
    {"AWS": [f"arn:aws:iam::{HOME}:root", universe.USER, universe.ROLE, universe.SESSION]},
)
TESTS: tuple[dict[str, dict[str, Any]], ...] = (
    {"StringEquals": {"t:one": "x"}},
    {"StringEquals": {"T:One": ["x", "red"], "t:flag": True}},
    {"StringNotEquals": {"t:one": ["x", "xy"]}},
    {"StringEqualsIgnoreCase": {"t:one": "X"}},
    {"StringNotEqualsIgnoreCase": {"t:one": "X"}},
    {"StringLike": {"t:one": "x*"}},
    {"StringNotLikeIfExists": {"t:one": "x?"}},
    {"StringEqualsIfExists": {"t:one": "x"}},
    {"StringEquals": {"t:one": f"${{{TEAM}}}"}},
    {"StringNotEquals": {"t:one": f"${{{TEAM}}}"}},
    {"ForAllValues:StringEquals": {"t:many": ["x", "xy"]}},
    {"ForAllValues:StringNotLike": {"t:many": "x*"}},
    {"ForAnyValue:StringLike": {"t:many": "?"}},
    {"ForAnyValue:StringNotEquals": {"t:many": ["x", "z"]}},
    {"ForAnyValue:StringEqualsIfExists": {"t:many": "z"}},
    {"StringLike": {"t:many": "x"}},
    {"StringNotEquals": {"t:many": "x"}},
    {"NumericLessThan": {"t:size": 10}},
    {"NumericEquals": {"t:size": "5.0"}},
    {"NumericNotEquals": {"t:size": ["5", "7"]}},
    {"NumericLessThanEqualsIfExists": {"t:size": "5"}},
    {"Bool": {"t:flag": "true"}},
    {"BoolIfExists": {"t:flag": "False"}},
    {"Null": {"t:one": "true"}},
    {"Null": {"t:many": False}, "StringEquals": {"t:one": "x"}},
    {"ArnLike": {"t:source": "arn:*:sns:eu:*:t"}},
    {"ArnNotEquals": {"t:source": "arn:aws:sns:e?:1:t*"}},
    {"StringLike": {"t:source": "arn:*:u"}},
)


def make_case(seed: int) -> Case:
    """The case of `seed`, always the same one."""
    draw = random.Random(seed)
    caller = draw.choice(tuple(CALLERS))
    holder = draw.choice(("ordinary", "ordinary", "key", "role"))
    federated = caller == "federated"
    return Case(
        caller=caller,
        holder=holder,
        circumstances=[_circumstances(draw) for _ in range(6)],
        identity=[_document(draw, "identity") for _ in range(draw.choice((0, 1, 1, 2)))],
        resource=_document(draw, "trust" if holder == "role" else "resource") if draw.random() < 0.75 else None,
        boundary=_document(draw, "identity") if draw.random() < 0.3 else None,
        session=[_document(draw, "identity") for _ in range(draw.choice((0, 1, 2) if federated else (0, 0, 1)))],
        service_controls=[[_document(draw, "identity")] for _ in range(draw.choice((0, 0, 0, 1, 2)))],
        grants=[_grant(draw) for _ in range(draw.choice((0, 1)))] if holder == "key" else [],
    )


def _circumstances(draw: random.Random) -> dict[str, tuple[str, ...]]:
    found = {}
    for key, values in VALUES.items():
        if draw.random() < 0.6:
            count = draw.choice((0, 1, 2)) if key == "t:many" else 1
            found[key] = tuple(draw.sample(values, count))
    return found


def _document(draw: random.Random, kind: str) -> dict[str, Any]:
    statements = [_statement(draw, kind) for _ in range(draw.choice((1, 1, 2, 3)))]
    version = {} if draw.random() < 0.1 else {"Version": draw.choice(("2012-10-17", "2012-10-17", "2008-10-17"))}
    return {**version, "Statement": statements}


def _statement(draw: random.Random, kind: str) -> dict[str, Any]:
    statement: dict[str, Any] = {"Effect": "Deny" if draw.random() < 0.15 else "Allow"}
    negate = 0.12
    actions = draw.sample(ACTION_PATTERNS, draw.choice((1, 2)))
    statement["NotAction" if draw.random() < negate else "Action"] = actions
    if kind != "trust":
        resources = draw.sample(RESOURCE_PATTERNS, draw.choice((1, 2)))
        statement["NotResource" if draw.random() < negate else "Resource"] = resources
    if kind != "identity":
        statement["NotPrincipal" if draw.random() < negate else "Principal"] = draw.choice(PRINCIPALS)
    if draw.random() < 0.35:
        statement["Condition"] = draw.choice(TESTS)
    return statement


def _grant(draw: random.Random) -> dict[str, Any]:
    grantee = draw.choice(
        (universe.USER, universe.ROLE, universe.SESSION, universe.FOREIGN_USER, universe.FOREIGN_ROLE, universe.SERVICE)
    )
    return {"grantee": grantee, "operations": draw.choice((["Decrypt"], ["DescribeKey"], ["Decrypt", "DescribeKey"]))}
