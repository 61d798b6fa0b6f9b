"""Edits of keys."""

from __future__ import annotations

from policies.tokens import ALIAS, CONTAINER, KEY
from tests.policies.edit import DB, ROOT, Edit, at, literal, setting, twin

EDITS: dict[str, Edit] = {
    "key-missing": Edit(
        make=literal(CONTAINER, DB, "kmsKeyId", None),
        rule="tiers/secret-customer-key",
        urn=at(CONTAINER, DB),
        says=("no key, which means the one that AWS manages", "kms_key_id=keys['tier-1'].arn"),
    ),
    "key-of-aws": Edit(
        make=literal(CONTAINER, DB, "kmsKeyId", "alias/aws/secretsmanager"),
        rule="tiers/secret-customer-key",
        urn=at(CONTAINER, DB),
        says=("a key that AWS manages",),
    ),
    "key-of-aws-by-arn": Edit(
        make=literal(CONTAINER, DB, "kmsKeyId", "arn:aws:kms:us-east-1:222233334444:alias/aws/secretsmanager"),
        rule="tiers/secret-customer-key",
        urn=at(CONTAINER, DB),
        says=("a key that AWS manages",),
    ),
    "key-of-a-replica": Edit(
        make=setting(CONTAINER, DB, "replicas", [{"region": "us-west-2"}]),
        rule="tiers/secret-customer-key",
        urn=at(CONTAINER, DB),
        says=("property: replicas[0].kmsKeyId",),
    ),
    "key-of-another-tier": Edit(
        make=lambda s: s.lead(s.get(CONTAINER, DB), "kmsKeyId", s.get(KEY, "tier-2")),
        rule="tiers/secret-tier-key",
        urn=at(CONTAINER, DB),
        says=("the key for tier-2 for secret 'db-password'", "the key for tier-1 of this stack"),
    ),
    "key-of-another-purpose": Edit(
        make=lambda s: s.lead(s.get(CONTAINER, DB), "kmsKeyId", s.get(KEY, "logs")),
        rule="tiers/secret-tier-key",
        urn=at(CONTAINER, DB),
        says=("the key for logs",),
    ),
    "key-outside-the-stack": Edit(
        make=literal(CONTAINER, DB, "kmsKeyId", "arn:aws:kms:us-east-1:222233334444:key/9999"),
        rule="tiers/secret-tier-key",
        urn=at(CONTAINER, DB),
        says=("a key that is not in this stack",),
    ),
    "alias-missing": Edit(
        make=lambda s: s.without(s.get(ALIAS, "tier-2")),
        rule="tiers/key-per-tier",
        urn=ROOT,
        says=("no alias alias/llm-observatory-staging-tier-2",),
    ),
    "alias-twice": Edit(
        make=twin(ALIAS, "tier-2"), rule="tiers/key-per-tier", urn=at(ALIAS, "tier-2"), says=("2 aliases named",)
    ),
    "alias-of-a-replica-alone": Edit(
        make=setting(ALIAS, "tier-2", "region", "us-west-2"),
        rule="tiers/key-per-tier",
        urn=ROOT,
        says=("no alias alias/llm-observatory-staging-tier-2",),
    ),
    "alias-on-no-key": Edit(
        make=literal(ALIAS, "tier-2", "targetKeyId", "9999"),
        rule="tiers/key-per-tier",
        urn=at(ALIAS, "tier-2"),
        says=("on no key of this stack",),
    ),
}
