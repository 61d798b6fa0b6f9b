"""The watch runs every day, reads no value, and somebody is told of what it counts and of its silence."""

from __future__ import annotations

import json
from typing import Any

import pytest

from catalog import derive, load, names
from catalog.access.schedule import schedule_policy, schedule_trust
from catalog.access.watch import watch_policy
from components.aws.watch import ALARMS, DAY_SECONDS
from tests.components.scheduled import CATALOG, alarms, watch

STAGING = load.environment("staging")
FUNCTION = "aws:lambda/function:Function"
SCHEDULE = "aws:scheduler/schedule:Schedule"
ROLE, POLICY = "aws:iam/role:Role", "aws:iam/rolePolicy:RolePolicy"


def statements(policy: dict[str, object]) -> list[Any]:
    found = policy["Statement"]
    assert isinstance(found, list)
    return found


@pytest.mark.parametrize("name", ["staging", "prod"])
def test_the_function_knows_every_secret_with_its_limit_and_where_the_backup_is(name: str) -> None:
    environment = load.environment(name)
    variables = watch(name).of(FUNCTION)["watch"]["environment"]["variables"]
    limits = {secret.name: derive.rotation_days(CATALOG, secret) for secret in CATALOG.secrets}
    assert json.loads(variables["DECLARED"]) == limits
    certificates = {secret.name: secret for secret in CATALOG.secrets if "validity_days" in secret.constants}
    validity = json.loads(variables["VALIDITY"])
    assert validity == {name: secret.constants["validity_days"] for name, secret in certificates.items()}
    assert variables["ENVIRONMENT"] == name
    assert variables["BACKUP_BUCKET"] == names.bucket(environment, "backups")
    assert variables["MANIFEST_KEY"] == "secrets/manifest.json"


def test_its_variables_fit_into_what_a_function_may_be_told() -> None:
    """4 KB for all of them: docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html."""
    variables = watch("prod").of(FUNCTION)["watch"]["environment"]["variables"]
    assert sum(len(key) + len(value) for key, value in variables.items()) < 4096


def test_it_may_look_and_count_and_can_read_or_decrypt_nothing() -> None:
    allowed = {action for statement in statements(watch_policy(STAGING, CATALOG)) for action in statement["Action"]}
    assert allowed == {
        "cloudwatch:PutMetricData",
        "s3:GetObject",
        "s3:ListBucket",
        "secretsmanager:ListSecretVersionIds",
        "secretsmanager:ListSecrets",
    }
    (objects,) = [
        one["Resource"] for one in statements(watch_policy(STAGING, CATALOG)) if "s3:GetObject" in one["Action"]
    ]
    assert objects == [f"{names.bucket_arn(STAGING, 'backups')}/secrets/manifest.json"]


def test_it_runs_every_day_after_the_utc_day_on_which_rotations_were_due() -> None:
    (schedule,) = watch().of(SCHEDULE).values()
    assert schedule["name"] == "llm-observatory-staging-watch"
    assert schedule["scheduleExpression"] == "cron(30 6 * * ? *)"
    assert schedule["flexibleTimeWindow"] == {"mode": "OFF"}
    target = schedule["target"]
    assert target["arn"] == f"arn:mock:{FUNCTION}:watch"
    assert target["roleArn"] == f"arn:mock:{ROLE}:schedule-watch"
    assert target["deadLetterConfig"] == {"arn": "arn:mock:aws:sqs/queue:Queue:schedule-watch"}
    assert target["retryPolicy"] == {"maximumEventAgeInSeconds": 6 * 3600, "maximumRetryAttempts": 20}


def test_the_schedule_has_a_bounded_role_that_invokes_this_function_and_nothing_else() -> None:
    role, policy = watch().of(ROLE)["schedule-watch"], watch().of(POLICY)["schedule-watch"]
    assert role["name"] == "llm-observatory-staging-schedule-watch"
    assert role["permissionsBoundary"] == names.policy_arn(STAGING, "boundary")
    assert json.loads(role["assumeRolePolicy"]) == schedule_trust(STAGING)
    assert json.loads(policy["policy"]) == schedule_policy(STAGING, "watch")
    invoke, send, _ = statements(schedule_policy(STAGING, "watch"))
    assert (invoke["Action"], invoke["Resource"]) == (["lambda:InvokeFunction"], [names.function_arn(STAGING, "watch")])
    assert send["Resource"][0].endswith(":llm-observatory-staging-schedule-watch-dead-letters")


def test_only_schedules_of_this_account_take_the_role() -> None:
    (trust,) = statements(schedule_trust(STAGING))
    assert trust["Principal"] == {"Service": "scheduler.amazonaws.com"}
    assert trust["Condition"] == {
        "StringEquals": {"aws:SourceAccount": STAGING.account},
        "ArnEquals": {"aws:SourceArn": "arn:aws:scheduler:us-east-1:222233334444:schedule-group/default"},
    }


def test_what_could_not_be_invoked_waits_encrypted_in_a_queue_and_alarms() -> None:
    queue = watch().of("aws:sqs/queue:Queue")["schedule-watch"]
    assert queue["name"] == "llm-observatory-staging-schedule-watch-dead-letters"
    assert queue["kmsMasterKeyId"].endswith("key/logs")
    assert queue["messageRetentionSeconds"] == 14 * 24 * 3600
    alarm = alarms(watch())["schedule-watch-dead-letters"]
    assert alarm["dimensions"] == {"QueueName": queue["name"]}
    assert (alarm["threshold"], alarm["treatMissingData"]) == (1, "notBreaching")


@pytest.mark.parametrize(
    ("alarm", "metric"),
    [
        ("secrets-overdue", "Overdue"),
        ("secrets-expiring", "ExpiringSoon"),
        ("secrets-missing", "Missing"),
        ("secrets-foreign", "Foreign"),
    ],
)
def test_one_secret_is_enough_for_an_alarm_which_lasts_until_the_next_look(alarm: str, metric: str) -> None:
    found = alarms(watch())[alarm]
    assert (found["namespace"], found["metricName"]) == ("LlmObservatory/Secrets", metric)
    assert found["dimensions"] == {"Environment": "staging"}
    assert (found["statistic"], found["threshold"]) == ("Maximum", 1)
    assert (found["period"], found["evaluationPeriods"]) == (DAY_SECONDS, 1)
    assert found["treatMissingData"] == "ignore"
    assert found["alarmActions"] == found["okActions"] == [names.topic_arn(STAGING)]


def test_two_days_of_silence_are_an_alarm() -> None:
    found = alarms(watch())["watch-silent"]
    assert (found["metricName"], found["statistic"]) == ("Watched", "SampleCount")
    assert (found["comparisonOperator"], found["threshold"]) == ("LessThanThreshold", 1)
    assert (found["period"], found["evaluationPeriods"]) == (DAY_SECONDS, 2)
    assert found["treatMissingData"] == "breaching"


@pytest.mark.parametrize("name", ["staging", "prod"])
def test_every_alarm_says_what_to_do_and_where_that_is_written(name: str) -> None:
    for alarm in alarms(watch(name)).values():
        assert "docs/RUNBOOK.md#" in alarm["alarmDescription"]
        assert len(alarm["alarmDescription"]) <= 1024  # API_PutMetricAlarm


def test_the_names_that_the_dashboard_shows_are_those_of_the_alarms() -> None:
    assert set(ALARMS) == alarms(watch()).keys()
