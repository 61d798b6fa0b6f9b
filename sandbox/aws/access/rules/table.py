"""All rules, by the name in a signature's scope."""

from collections.abc import Mapping

from sandbox.aws.access.need import Rule
from sandbox.aws.access.rules import (
    functions,
    identity,
    kms,
    messaging,
    observing,
    querying,
    scheduling,
    secretsmanager,
    storage,
)

RULES: Mapping[str, Mapping[str, Rule]] = {
    "athena": querying.ATHENA_RULES,
    "cloudtrail": observing.CLOUDTRAIL_RULES,
    "dynamodb": storage.DYNAMODB_RULES,
    "events": scheduling.EVENTS_RULES,
    "glue": querying.GLUE_RULES,
    "iam": identity.RULES,
    "kms": kms.RULES,
    "lambda": functions.RULES,
    "logs": observing.LOGS_RULES,
    "monitoring": observing.CLOUDWATCH_RULES,
    "s3": storage.S3_RULES,
    "scheduler": scheduling.SCHEDULER_RULES,
    "secretsmanager": secretsmanager.RULES,
    "sns": messaging.SNS_RULES,
    "sqs": messaging.SQS_RULES,
    "states": scheduling.STATES_RULES,
    "sts": identity.STS_RULES,
}

# The prefix of actions, where it is not the name in a signature's scope.
PREFIXES = {"monitoring": "cloudwatch", "email": "ses", "ses": "ses"}


def rule_of(service: str, operation: str) -> Rule | None:
    """The rule of an operation, or None where the local AWS has none."""
    return RULES.get(service, {}).get(operation)


def action_of(service: str, operation: str) -> str:
    """What the action of an operation without a rule is taken to be."""
    return f"{PREFIXES.get(service, service)}:{operation or 'UnknownOperation'}"
