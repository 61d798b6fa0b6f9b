"""Decoys look like any other secret, and nothing of ours uses them."""

import pytest

from catalog import derive, load
from catalog.access.consumer import consumer_policy
from catalog.kind import FirstValue, Kind
from catalog.model import Secret

CATALOG = load.catalog()
STAGING = load.environment("staging")
FIELDS: dict[str, object] = {
    "name": "stripe-api-key",
    "description": "Stripe API key",
    "tier": 3,
    "kind": Kind.KEYRING,
    "owner": "platform",
    "constants": {"retention_days": 30},
    "decoy": True,
}


def test_every_tier_has_one_decoy() -> None:
    assert [secret.tier for secret in CATALOG.decoys] == [tier.number for tier in CATALOG.tiers]


def test_a_decoy_is_told_from_others_by_nothing_that_aws_shows() -> None:
    for decoy in CATALOG.decoys:
        shown = f"{derive.secret_name(STAGING, decoy)} {decoy.description} {derive.marker(STAGING, decoy)}"
        assert not any(word in shown.lower() for word in ("decoy", "canary", "trap", "honey"))
        assert (
            derive.secret_tags(STAGING, CATALOG, decoy).keys()
            == derive.secret_tags(STAGING, CATALOG, CATALOG.by_name["jwt-secret"]).keys()
        )
        assert decoy.spec.first_value is FirstValue.ROTATED  # so `bootstrap` makes a value, as a real one has


@pytest.mark.parametrize("consumer", [consumer.name for consumer in CATALOG.consumers])
def test_no_consumer_may_read_a_decoy(consumer: str) -> None:
    policy = str(consumer_policy(STAGING, CATALOG, consumer))
    assert [decoy.name for decoy in CATALOG.decoys if derive.secret_arn(STAGING, decoy) in policy] == []


@pytest.mark.parametrize(
    "changed",
    [{"names": {"STRIPE_API_KEY": "key"}}, {"consumers": ["grafana"]}, {"kind": Kind.ANTHROPIC, "constants": {}}],
)
def test_a_decoy_that_something_could_use_is_refused(changed: dict[str, object]) -> None:
    assert Secret.model_validate(FIELDS).decoy
    with pytest.raises(ValueError, match="a decoy is of kind 'keyring' and has no names and no consumers"):
        Secret.model_validate(FIELDS | changed)


def test_only_a_decoy_may_go_without_names() -> None:
    with pytest.raises(ValueError, match="no application could ask for it"):
        Secret.model_validate(FIELDS | {"decoy": False})
