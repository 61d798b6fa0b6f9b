"""A catalogue that promises too little is caught in the words of the person who has to mend it."""

from __future__ import annotations

from catalog.environment import Environment
from catalog.model import Catalog
from policies.tokens import CONTAINER, ROTATION
from tests.policies import compliant
from tests.policies.analyzer import Analyzer
from tests.policies.program import urn


def _with_days(catalog: Catalog, name: str, days: int) -> Catalog:
    data = catalog.model_dump(mode="json")
    for secret in data["secrets"]:
        if secret["name"] == name:
            secret["rotation"]["days"] = days
    return Catalog.model_validate(data)


def test_120_days_in_tier_1_name_the_secret_the_limit_and_the_line_to_paste(
    catalog: Catalog, staging: Environment
) -> None:
    planted = _with_days(catalog, "jwt-secret", 120)

    (said,) = Analyzer(planted).preview(compliant.program(planted, staging, exists=False))

    assert said.blocks
    assert said.rule == "tiers/rotation-interval"
    assert said.urn == urn("staging", ROTATION, "jwt-secret")
    assert "seen: 120 days between two rotations of secret 'jwt-secret'" in said.text
    assert "required: at most 90 days, the limit of tier 1 (critical)" in said.text
    assert "fix: rotation: {days: 90}  # under 'jwt-secret' in catalog/secrets.yaml" in said.text
    assert "PCI DSS 4.0.1 8.6.3" in said.text


def test_120_days_are_caught_even_where_the_stack_has_fewer(catalog: Catalog, staging: Environment) -> None:
    planted = _with_days(catalog, "jwt-secret", 120)
    program = compliant.program(planted, staging, exists=True)
    program = program.set(program.get(ROTATION, "jwt-secret"), "rotationRules.automaticallyAfterDays", 90)

    (said,) = Analyzer(planted).preview(program)

    assert said.urn == urn("staging", CONTAINER, "jwt-secret")
    assert "fix: rotation: {days: 90}  # under 'jwt-secret' in catalog/secrets.yaml" in said.text


def test_a_schedule_is_held_to_a_shorter_promise_of_the_catalogue(catalog: Catalog, staging: Environment) -> None:
    promised = _with_days(catalog, "jwt-secret", 30)
    program = compliant.program(promised, staging, exists=True)
    assert Analyzer(promised).preview(program) == []

    changed = program.set(program.get(ROTATION, "jwt-secret"), "rotationRules.automaticallyAfterDays", 60)
    (said,) = Analyzer(promised).preview(changed)

    assert "required: at most 30 days, which the catalogue promises" in said.text


def test_a_secret_that_left_the_catalogue_is_caught(catalog: Catalog, staging: Environment) -> None:
    program = compliant.program(catalog, staging, exists=True)
    data = catalog.model_dump(mode="json")
    data["secrets"] = [secret for secret in data["secrets"] if secret["name"] != "openai-api-key"]

    said = Analyzer(Catalog.model_validate(data)).preview(program)

    assert {(each.rule, each.urn) for each in said} == {
        ("tiers/secret-declared", urn("staging", CONTAINER, "openai-api-key"))
    }
