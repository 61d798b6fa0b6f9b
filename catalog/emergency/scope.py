"""Which secrets an emergency is about: the input is checked, and becomes names by stage.

The names are the catalogue's at the time of deployment, part of the definition: nothing is listed, so nobody can have a
secret left out by changing its tags, and a name that the catalogue does not know is refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from catalog.emergency.state import State, States
from catalog.kind import Kind
from catalog.model import Catalog, Secret

BY_HAND = "by_hand"
"""Secrets whose next value only a person can get: the machine names them, and a person sets them."""
SUPERUSER = "superuser"
_FIRST = frozenset({Kind.POSTGRES_SUPERUSER, Kind.POSTGRES_RECOVERY})
"""Who could undo what is changed after them."""
MOST_BYTES = 250 * 1024
"""What the names may take of the 256 KiB that pass from one state to the next; some ten thousand names:
docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"""

_PLAN = "$.plan"
_EXAMPLE = json.dumps({"incident": "INC-123", "reason": "why", "scope": "all"})
_SCOPES = 'scope is "all", {"tier": 1} or {"secrets": ["db-app-password"]}'


def tier_stage(number: int) -> str:
    """The stage of a tier."""
    return f"tier{number}"


def stages(catalog: Catalog) -> tuple[str, ...]:
    """In the order of their rotation.

    The database's superuser, and the role that heals it, alone before all: the other roles are changed with its
    credential, and whoever has it could undo what is changed after him.
    """
    return (SUPERUSER, *(tier_stage(number) for number in sorted(catalog.tier_by_number)))


def rotated(catalog: Catalog) -> list[Secret]:
    """The secrets that functions rotate by themselves."""
    return [secret for secret in catalog.secrets if not secret.spec.assisted]


def plan(catalog: Catalog, secrets: Sequence[Secret]) -> dict[str, list[str]]:
    """The names of these secrets by stage, and of those that a person has to set."""
    found: dict[str, list[str]] = {stage: [] for stage in (*stages(catalog), BY_HAND)}
    for secret in secrets:
        found[_stage(secret)].append(secret.name)
    return found


class TooManyError(ValueError):
    """The catalogue has more names than a state machine can hand on."""


def choosing(catalog: Catalog, *, then: str) -> States:
    """The states that check the input and leave {incident, reason, scope, plan}; the first is "Is it complete?".

    Raises:
        TooManyError: the names of the catalogue do not fit into what states hand on.
    """
    size = len(json.dumps(plan(catalog, catalog.secrets)))
    if size > MOST_BYTES:
        raise TooManyError(
            f"the names of {len(catalog.secrets)} secrets take {size} bytes, and the emergency's state machine can "
            f"hand on {MOST_BYTES}; give the maps an ItemReader over a file of names in S3"
        )
    return _checks(catalog) | _known_scopes(catalog, then) | _listed(catalog, then) | _refusals(catalog)


def _stage(secret: Secret) -> str:
    if secret.spec.assisted:
        return BY_HAND
    return SUPERUSER if secret.kind in _FIRST else tier_stage(secret.tier)


def _checks(catalog: Catalog) -> States:
    by_tier = [
        {
            "And": [
                {"Variable": "$.scope.tier", "IsPresent": True},
                {"Variable": "$.scope.tier", "NumericEquals": number},
                {"Variable": "$.scope.secrets", "IsPresent": False},
            ],
            "Next": f"Take tier {number}",
        }
        for number in sorted(catalog.tier_by_number)
    ]
    return {
        "Is it complete?": {
            "Type": "Choice",
            "Choices": [{"And": [*_text("$.incident"), *_text("$.reason")], "Next": "Which secrets?"}],
            "Default": "No incident or no reason",
        },
        "Which secrets?": {
            "Type": "Choice",
            "Choices": [
                {
                    "And": [
                        {"Variable": "$.scope", "IsPresent": True},
                        {"Variable": "$.scope", "IsString": True},
                        {"Variable": "$.scope", "StringEquals": "all"},
                    ],
                    "Next": "Take all",
                },
                *by_tier,
                {
                    "And": [
                        {"Variable": "$.scope.secrets[0]", "IsPresent": True},
                        {"Variable": "$.scope.tier", "IsPresent": False},
                    ],
                    "Next": "Take each name once",
                },
            ],
            "Default": "No such scope",
        },
    }


def _known_scopes(catalog: Catalog, then: str) -> States:
    def take(secrets: Sequence[Secret]) -> State:
        return {"Type": "Pass", "Result": plan(catalog, secrets), "ResultPath": _PLAN, "Next": then}

    tiers = sorted(catalog.tier_by_number)
    return {"Take all": take(catalog.secrets)} | {
        f"Take tier {number}": take([secret for secret in catalog.secrets if secret.tier == number]) for number in tiers
    }


def _listed(catalog: Catalog, then: str) -> States:
    groups = (*stages(catalog), BY_HAND)
    chosen = {f"{group}.$": f"$.looked[?(@.{group} == true)].name" for group in groups}
    return {
        "Take each name once": {
            "Type": "Pass",
            "Parameters": {"names.$": "States.ArrayUnique($.scope.secrets)"},
            "ResultPath": "$.wanted",
            "Next": "Look the names up",
        },
        "Look the names up": {
            "Type": "Map",
            "ItemsPath": "$.wanted.names",
            "ItemSelector": {
                "name.$": "$$.Map.Item.Value",
                "is_so": True,
                "catalogue": plan(catalog, catalog.secrets),
            },
            "ItemProcessor": {"StartAt": "Look it up", "States": _looking_up(groups)},
            "ResultPath": "$.looked",
            "Next": "Sort the names",
        },
        "Sort the names": {
            "Type": "Pass",
            "Parameters": {
                "incident.$": "$.incident",
                "reason.$": "$.reason",
                "scope.$": "$.scope",
                "plan": {**chosen, "unknown.$": "$.looked[?(@.known == false)].name"},
            },
            "Next": "Is a name unknown?",
        },
        "Is a name unknown?": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.plan.unknown[0]", "IsPresent": True, "Next": "Unknown secrets"}],
            "Default": then,
        },
    }


def _looking_up(groups: Sequence[str]) -> States:
    """One name: in which group it is, and whether it is in any. A filter cannot ask for both at once everywhere."""
    flags: Mapping[str, object] = {
        f"{group}.$": f"States.ArrayContains($.catalogue.{group}, $.name)" for group in groups
    }
    kept = {f"{group}.$": f"$.{group}" for group in groups}
    any_of = ", ".join(f"$.{group}" for group in groups)
    return {
        "Look it up": {
            "Type": "Pass",
            "Parameters": {"name.$": "$.name", "is_so.$": "$.is_so", **flags},
            "Next": "Is it anywhere?",
        },
        "Is it anywhere?": {
            "Type": "Pass",
            "Parameters": {
                "name.$": "$.name",
                "known.$": f"States.ArrayContains(States.Array({any_of}), $.is_so)",
                **kept,
            },
            "End": True,
        },
    }


def _refusals(catalog: Catalog) -> States:
    tiers = ", ".join(str(number) for number in sorted(catalog.tier_by_number))
    return {
        "No incident or no reason": _fail("incident and reason must be texts that say something"),
        "No such scope": _fail(f"{_SCOPES}; there are the tiers {tiers}, and a list of secrets is not empty"),
        "Unknown secrets": {
            "Type": "Fail",
            "Error": "BadInput",
            "CausePath": "States.Format('the catalogue has no secrets {}; nothing was rotated. INVENTORY.md has their "
            "names.', States.JsonToString($.plan.unknown))",
        },
    }


def _fail(cause: str) -> State:
    return {"Type": "Fail", "Error": "BadInput", "Cause": f"{cause}; nothing was rotated. Give {_EXAMPLE}."}


def _text(path: str) -> list[State]:
    return [
        {"Variable": path, "IsPresent": True},
        {"Variable": path, "IsString": True},
        {"Not": {"Variable": path, "StringEquals": ""}},
    ]
