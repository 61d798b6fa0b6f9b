"""Edits of names, tags, and which secrets there are."""

from __future__ import annotations

from policies.tokens import CONTAINER, ROTATION, VERSION
from tests.policies.edit import DB, ROOT, Edit, at, setting


def _tag(key: str, value: object, *says: str) -> Edit:
    return Edit(
        make=setting(CONTAINER, DB, f"tags.{key}", value),
        rule="tiers/secret-tags",
        urn=at(CONTAINER, DB),
        says=(f"property: tags.{key}", *says),
    )


EDITS: dict[str, Edit] = {
    "secret-missing": Edit(
        make=lambda s: s.without(*(s.get(token, DB) for token in (CONTAINER, VERSION, ROTATION))),
        rule="tiers/secret-present",
        urn=ROOT,
        says=("secret 'db-password'", "no such secret in the stack"),
    ),
    "secret-name-of-another-shape": Edit(
        make=setting(CONTAINER, DB, "name", "db-password"),
        rule="tiers/secret-name",
        urn=at(CONTAINER, DB),
        says=("'db-password'", "llm-observatory/staging/"),
    ),
    "secret-name-with-a-line-end": Edit(
        make=setting(CONTAINER, DB, "name", "llm-observatory/staging/db-password\n"),
        rule="tiers/secret-name",
        urn=at(CONTAINER, DB),
        says=("llm-observatory/staging/",),
    ),
    "secret-name-missing": Edit(
        make=setting(CONTAINER, DB, "name", None), rule="tiers/secret-name", urn=at(CONTAINER, DB), says=("no name",)
    ),
    "secret-name-of-another-environment": Edit(
        make=setting(CONTAINER, DB, "name", "llm-observatory/prod/db-password"),
        rule="tiers/secret-name",
        urn=at(CONTAINER, DB),
        says=("'llm-observatory/prod/db-password' in the stack 'staging'",),
    ),
    "secret-not-declared": Edit(
        make=setting(CONTAINER, DB, "name", "llm-observatory/staging/pet-password"),
        rule="tiers/secret-declared",
        urn=at(CONTAINER, DB),
        says=("'llm-observatory/staging/pet-password'", "- name: pet-password", "catalog/secrets.yaml"),
    ),
    "tags-missing": Edit(
        make=setting(CONTAINER, DB, "tags", None),
        rule="tiers/secret-tags",
        urn=at(CONTAINER, DB),
        says=("no such tag",),
    ),
    "tag-environment": _tag("Environment", "prod", "'prod'", "'staging', as the catalogue and the stack say"),
    "tag-service": _tag("Service", None, "no such tag", '"Service": "llm-observatory"'),
    "tag-tier": _tag("Tier", "2", "'2'", '"Tier": "1"'),
    "tag-owner": _tag("Owner", "me", "another value", '"Owner": "platform"'),
    "tag-kind": _tag("Kind", "redis", "'redis'", "'postgres-superuser'"),
    "tag-rotation-days": _tag("RotationDays", "365", "'90'"),
}
