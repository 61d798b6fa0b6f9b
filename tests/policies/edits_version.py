"""Edits of values, bootstrap versions and what is ignored."""

from __future__ import annotations

from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

from policies.tokens import CONTAINER, KEY, ROTATION, VERSION
from tests.policies.edit import DB, Edit, at, foreign, setting, twin
from tests.policies.program import Declared, Program, sealed


def _random_value(stack: Program) -> Program:
    password = Declared(
        token="random:index/randomPassword:RandomPassword",
        name="db",
        stack="staging",
        inputs={"length": 32},
        computed={"result": sealed("hunter2")},
    )
    return stack.plus(password).lead(stack.get(VERSION, DB), "secretStringWo", password)


def _ignored(token: str, name: str, *paths: str) -> Edit:
    return Edit(
        make=lambda stack: stack.ignoring(stack.get(token, name), *paths),
        rule="tiers/no-ignored-protection",
        urn=at(token, name),
        says=("property: ignoreChanges", "no preview would show it"),
    )


EDITS: dict[str, Edit] = {
    "string-value": Edit(
        make=setting(VERSION, DB, "secretString", sealed("hunter2")),
        rule="tiers/no-plaintext",
        urn=at(VERSION, DB),
        says=("property: secretString", "seen: set\n", "only secretStringWo is not"),
    ),
    "string-value-not-known-yet": Edit(
        make=setting(VERSION, DB, "secretString", UNKNOWN_STRING_VALUE),
        rule="tiers/no-plaintext",
        urn=at(VERSION, DB),
        says=("set, to a value that is not known yet",),
    ),
    "binary-value": Edit(
        make=setting(VERSION, DB, "secretBinary", sealed("aHVudGVyMg==")),
        rule="tiers/no-plaintext",
        urn=at(VERSION, DB),
        says=("property: secretBinary",),
    ),
    "random-value": Edit(
        make=_random_value,
        rule="tiers/no-generated-value",
        urn=at(VERSION, DB),
        says=("property: secretStringWo", "pulumi-random"),
    ),
    "label-that-keeps-the-version-missing": Edit(
        make=setting(VERSION, DB, "versionStages", ["AWSCURRENT"]),
        rule="tiers/bootstrap-kept",
        urn=at(VERSION, DB),
        says=("no LLMOBS_BOOTSTRAP",),
    ),
    "further-label": Edit(
        make=setting(VERSION, DB, "versionStages", ["AWSCURRENT", "LLMOBS_BOOTSTRAP", "AWSPENDING"]),
        rule="tiers/bootstrap-kept",
        urn=at(VERSION, DB),
        says=("further labels",),
    ),
    "labels-not-ignored": Edit(
        make=lambda s: s.ignoring(s.get(VERSION, DB)),
        rule="tiers/bootstrap-kept",
        urn=at(VERSION, DB),
        says=("moves AWSCURRENT back over the live credential", 'ignore_changes=["versionStages"]'),
    ),
    "version-missing": Edit(
        make=lambda s: s.without(s.get(VERSION, DB)),
        rule="tiers/bootstrap-version",
        urn=at(CONTAINER, DB),
        says=("with no versions",),
    ),
    "version-twice": Edit(
        make=twin(VERSION, DB), rule="tiers/bootstrap-version", urn=at(CONTAINER, DB), says=("with 2 versions",)
    ),
    "version-of-a-foreign-secret": Edit(
        make=foreign(VERSION, DB),
        rule="tiers/bootstrap-version",
        urn=at(VERSION, DB),
        says=("a secret that is not in this stack",),
    ),
    "ignored-tags": _ignored(CONTAINER, DB, "tags"),
    "ignored-tag": _ignored(CONTAINER, DB, 'tags["Tier"]'),
    "ignored-key": _ignored(CONTAINER, DB, "kmsKeyId"),
    "ignored-key-in-snake-case": _ignored(CONTAINER, DB, "kms_key_id"),
    "ignored-rules": _ignored(ROTATION, DB, "rotationRules.automaticallyAfterDays"),
    "ignored-policy": _ignored(KEY, "tier-1", "policy"),
    "ignored-everything": _ignored(KEY, "tier-1", "*"),
}
