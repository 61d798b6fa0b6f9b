"""The emergency's state machine on a local AWS, with IAM enforced: what it rotates, and what it tells."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from catalog import names
from catalog.access.emergency import emergency_policy
from catalog.emergency.machine import MACHINE, log_group
from catalog.emergency.version import token
from sandbox.aws import process
from tests.sandbox.emergency_place import (
    BY_HAND,
    CATALOG,
    CURRENT,
    PENDING,
    PREVIOUS,
    ROTATED,
    STAGING,
    Place,
    full_name,
    furnished,
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A local AWS of the account of staging, with the machine and all that it touches."""
    state = tmp_path_factory.mktemp("emergency")
    local = process.start(state, STAGING.account, STAGING.region, timeout=120, retry_delays=(0.2,))
    try:
        yield furnished(local.endpoint)
    finally:
        process.stop(state)


def _changed(place: Place, before: Mapping[str, str]) -> set[str]:
    return {name for name, version in place.current().items() if version != before[name]}


def test_all_are_rotated_and_what_a_person_must_set_is_named(place: Place) -> None:
    before = place.current()
    told = place.run("INC-1", "all")
    assert told["status"] == "SUCCEEDED", told["cause"]
    assert _changed(place, before) == set(ROTATED)
    assert all(place.versions(name)[CURRENT] == token("INC-1", name) for name in ROTATED)
    assert not [name for name in ROTATED if PREVIOUS in place.versions(name)]
    heard = place.heard()
    assert (heard["rotated"], heard["failed"], heard["by_hand"]) == (5, 0, [BY_HAND])
    assert heard["no_value"] == []
    assert heard["incident"] == "INC-1"


def test_the_superuser_is_rotated_before_the_roles_and_tier_1_before_tier_2(place: Place) -> None:
    execution = place.start({"incident": "INC-2", "scope": "all", "reason": "order"})
    assert place.ended(execution)["status"] == "SUCCEEDED"
    place.heard()
    secrets = place.client("secretsmanager")
    at = {name: secrets.describe_secret(SecretId=full_name(name))["LastRotatedDate"] for name in ROTATED}
    tier_1 = [at[name] for name in ROTATED if name != "db-password" and CATALOG.by_name[name].tier == 1]
    assert at["db-password"] < min(tier_1)
    assert max(tier_1) < at["grafana-secret-key"]


def test_a_tier_is_rotated_and_no_other(place: Place) -> None:
    before = place.current()
    assert place.run("INC-3", {"tier": 2})["status"] == "SUCCEEDED"
    assert _changed(place, before) == {"grafana-secret-key"}
    assert place.heard()["by_hand"] == []


def test_named_secrets_are_rotated_once_each_and_those_by_hand_are_named(place: Place) -> None:
    before = place.current()
    named = ["jwt-secret", BY_HAND, "jwt-secret"]
    assert place.run("INC-4", {"secrets": named})["status"] == "SUCCEEDED"
    assert _changed(place, before) == {"jwt-secret"}
    heard = place.heard()
    assert (heard["rotated"], heard["by_hand"]) == (1, [BY_HAND])
    assert "secretsctl set NAME" in heard["next"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"scope": "all", "reason": "x"}, "incident and reason must be texts"),
        ({"incident": "", "scope": "all", "reason": "x"}, "incident and reason must be texts"),
        ({"incident": 7, "scope": "all", "reason": "x"}, "incident and reason must be texts"),
        ({"incident": "INC-5", "scope": "all"}, "incident and reason must be texts"),
        ({"incident": "INC-5", "reason": "x"}, 'scope is "all"'),
        ({"incident": "INC-5", "reason": "x", "scope": "most"}, 'scope is "all"'),
        ({"incident": "INC-5", "reason": "x", "scope": {"tier": 4}}, "there are the tiers 1, 2, 3"),
        ({"incident": "INC-5", "reason": "x", "scope": {"secrets": []}}, "a list of secrets is not empty"),
        ({"incident": "INC-5", "reason": "x", "scope": {"secrets": "jwt-secret"}}, 'scope is "all"'),
        ({"incident": "INC-5", "reason": "x", "scope": {"tier": 1, "secrets": ["jwt-secret"]}}, 'scope is "all"'),
        ({"incident": "INC-5", "reason": "x", "scope": {"secrets": ["jwt-secret", "jwt"]}}, 'no secrets ["jwt"]'),
    ],
)
def test_bad_input_is_refused_before_anything_is_rotated(place: Place, given: dict[str, Any], said: str) -> None:
    before = place.current()
    told = place.ended(place.start(given))
    assert (told["status"], told["error"]) == ("FAILED", "BadInput")
    assert said in told["cause"]
    assert "nothing was rotated" in told["cause"]
    assert _changed(place, before) == set()


def test_the_same_incident_again_rotates_nothing_again(place: Place) -> None:
    assert place.run("INC-6", {"tier": 1})["status"] == "SUCCEEDED"
    before = place.current()
    place.heard()
    assert place.run("INC-6", {"tier": 1})["status"] == "SUCCEEDED"
    assert _changed(place, before) == set()
    assert place.heard()["rotated"] == 4


def test_one_that_fails_stops_no_other_and_the_incident_given_again_rotates_only_that_one(place: Place) -> None:
    before = place.current()
    place.tag("redis-password", "Broken")
    told = place.run("INC-7", "all")
    assert (told["status"], told["error"]) == ("FAILED", "NotEverythingIsRotated")
    assert _changed(place, before) == set(ROTATED) - {"redis-password"}
    heard = place.heard()
    assert (heard["rotated"], heard["failed"]) == (4, 1)
    [cause] = heard["what_failed"]
    assert cause.startswith("redis-password: not rotated within 25 s.")
    assert "secretsctl rotate redis-password --resume" in cause
    assert "with the same incident" in heard["next"]
    pending = place.versions("redis-password")[PENDING]
    place.untag("redis-password", "Broken")
    between = place.current()
    assert place.run("INC-7", "all")["status"] == "SUCCEEDED"
    assert _changed(place, between) == {"redis-password"}
    assert place.versions("redis-password")[CURRENT] == pending
    assert (place.heard()["rotated"], PENDING in place.versions("redis-password")) == (5, False)


@pytest.mark.parametrize(
    ("tag", "said"),
    [
        ("Held", "jwt-secret: RuntimeError: "),
        ("Used", "jwt-secret: straggling, and what was before it may still work."),
    ],
)
def test_what_could_not_be_retired_has_failed_and_the_incident_given_again_retires_it(
    place: Place, tag: str, said: str
) -> None:
    incident = {"incident": f"INC-{tag}", "scope": {"secrets": ["jwt-secret", "redis-password"]}, "reason": "x"}
    place.tag("jwt-secret", tag)
    try:
        assert place.ended(place.start(incident))["status"] == "FAILED"
    finally:
        place.untag("jwt-secret", tag)
    heard = place.heard()
    [cause] = heard["what_failed"]
    assert cause.startswith(said)
    assert "Retire it now: secretsctl retire jwt-secret" in cause
    assert (heard["rotated"], heard["failed"]) == (1, 1)
    assert PREVIOUS in place.versions("jwt-secret")
    between = place.current()
    assert place.ended(place.start(incident))["status"] == "SUCCEEDED"
    assert _changed(place, between) == set()
    assert PREVIOUS not in place.versions("jwt-secret")
    place.heard()


def test_a_secret_without_a_value_is_counted_apart_and_is_no_failure(place: Place) -> None:
    secrets, name = place.client("secretsmanager"), "redis-password"
    fresh = place.made_anew(name, labels=["LLMOBS_BOOTSTRAP"])
    try:
        assert place.run("INC-14", {"secrets": [name, "jwt-secret"]})["status"] == "SUCCEEDED"
        heard = place.heard()
        assert (heard["rotated"], heard["failed"], heard["no_value"]) == (1, 0, [name])
        assert place.versions(name)[CURRENT] == fresh
        # One value more, and it is rotated as every other.
        secrets.put_secret_value(SecretId=full_name(name), SecretString="given")
        assert place.run("INC-15", {"secrets": [name]})["status"] == "SUCCEEDED"
        assert place.heard()["rotated"] == 1
    finally:
        place.made_anew(name, labels=[])


def test_a_rotation_that_is_under_way_is_waited_for_and_the_secret_rotated_after_it(place: Place) -> None:
    place.tag("jwt-secret", "Slow")
    rival = place.client("secretsmanager").rotate_secret(SecretId=full_name("jwt-secret"))["VersionId"]
    try:
        assert place.run("INC-8", {"secrets": ["jwt-secret"]})["status"] == "SUCCEEDED"
    finally:
        place.untag("jwt-secret", "Slow")
    versions = place.versions("jwt-secret")
    assert versions[CURRENT] == token("INC-8", "jwt-secret")
    assert rival not in versions.values()
    assert place.heard()["failed"] == 0


def test_an_old_version_of_the_incident_is_never_made_current_again(place: Place) -> None:
    name = "grafana-secret-key"
    assert place.run("INC-9", {"secrets": [name]})["status"] == "SUCCEEDED"
    place.heard()
    for incident in ("INC-10", "INC-11"):
        assert place.run(incident, {"secrets": [name]})["status"] == "SUCCEEDED"
        place.heard()
    before = place.current()
    told = place.run("INC-9", {"secrets": [name]})
    assert told["status"] == "FAILED"
    assert _changed(place, before) == set()
    [cause] = place.heard()["what_failed"]
    assert "has no label any more" in cause


def test_the_results_name_versions_and_outcomes(place: Place) -> None:
    assert place.run("INC-12", {"secrets": ["jwt-secret"]})["status"] == "SUCCEEDED"
    place.heard()
    s3, bucket = place.client("s3"), names.bucket(STAGING, "audit-queries")
    stored = s3.list_objects_v2(Bucket=bucket, Prefix="emergency/tier1/")["Contents"]
    newest = max((item for item in stored if "SUCCEEDED" in item["Key"]), key=lambda item: item["LastModified"])
    [child] = json.loads(s3.get_object(Bucket=bucket, Key=newest["Key"])["Body"].read())
    version = place.versions("jwt-secret")[CURRENT]
    told = {"name": "jwt-secret", "version": version, "outcome": "rotated", "retirement": "retired"}
    assert json.loads(child["Output"]) == told


def test_the_log_has_every_state_without_what_goes_in_and_comes_out(place: Place) -> None:
    assert place.run("INC-13", {"secrets": ["jwt-secret"]})["status"] == "SUCCEEDED"
    place.heard()
    found = place.client("logs").filter_log_events(logGroupName=log_group(STAGING))["events"]
    details = [json.loads(event["message"]).get("details", {}) for event in found]
    assert "Rotate tier1" in {detail.get("name") for detail in details}
    assert not [detail for detail in details if detail.keys() & {"input", "output"}]


def test_the_role_acts_for_this_machine_alone_and_reads_no_value(place: Place) -> None:
    role = names.role_arn(STAGING, MACHINE)
    read = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:secretsmanager:getSecretValue",
        "Parameters": {"SecretId": full_name("jwt-secret")},
        "End": True,
    }
    states = place.client("stepfunctions")
    other = states.create_state_machine(
        name="other", roleArn=role, definition=json.dumps({"StartAt": "Read", "States": {"Read": read}})
    )["stateMachineArn"]
    execution = states.start_execution(stateMachineArn=other)["executionArn"]
    told = place.ended(execution)
    assert told["status"] == "FAILED"
    assert "sts:AssumeRole" in told["cause"]
    assert "GetSecretValue" not in json.dumps(emergency_policy(STAGING, CATALOG))
