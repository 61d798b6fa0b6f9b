"""The watch, the backup and the dashboard under mocks, with surroundings that stand for the rest of an environment."""

from __future__ import annotations

from functools import cache
from typing import Any

from catalog import load, names
from components.aws.backup import SecretsBackup, SecretsBackupArgs
from components.aws.surroundings import Surroundings
from components.aws.watch import OverdueWatch, OverdueWatchArgs
from tests.components.recording import RecordingMocks, record

CATALOG = load.catalog()
KEY_ARN = "arn:aws:kms:us-east-1:222233334444:key/backup"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"


def surroundings(name: str) -> Surroundings:
    environment = load.environment(name)
    return Surroundings(
        environment=environment,
        boundary_arn=names.policy_arn(environment, "boundary"),
        log_key_arn="arn:aws:kms:us-east-1:222233334444:key/logs",
        topic_arn=names.topic_arn(environment),
        subnet_ids=environment.network.subnet_ids,
        security_group_id="sg-0a1b2c3d",
        internet_group_id="sg-0a1b2c3e",
        code_bucket=names.bucket(environment, "code"),
        signing_profile="a_profile",
        code_signing_arn="arn:aws:lambda:us-east-1:222233334444:code-signing-config:csc-0a1b2c3d",
    )


@cache
def watch(name: str = "staging") -> RecordingMocks:
    """What the watch of an environment declares."""
    args = OverdueWatchArgs(surroundings=surroundings(name), catalog=CATALOG)
    return record(lambda: OverdueWatch("watch", args), stack=name)


@cache
def backup(name: str = "staging") -> RecordingMocks:
    """What the backup of an environment declares."""
    args = SecretsBackupArgs(
        surroundings=surroundings(name), catalog=CATALOG, key_arn=KEY_ARN, log_bucket="the-log-bucket"
    )
    return record(lambda: SecretsBackup("backup", args), stack=name)


def alarms(recorded: RecordingMocks) -> dict[str, dict[str, Any]]:
    """The alarms by their short name, without those that every function has."""
    functions = ("watch", "backup-secrets")
    of_functions = {f"{function}-{suffix}" for function in functions for suffix in _OF_FUNCTIONS}
    return {name: inputs for name, inputs in recorded.of(ALARM).items() if name not in of_functions}


_OF_FUNCTIONS = ("errors", "slow", "throttled", "dead-letters")
