"""Physical names and ARNs of roles, functions and logs, known before any of it exists. Pure."""

from __future__ import annotations

from enum import StrEnum

from catalog.environment import Environment
from catalog.model import Catalog

SERVICE = "llm-observatory"
TOPIC = "secrets-access-alerts"
RETIRE = "retire"
"""The function that has old credentials ended."""
TRAIL = f"{SERVICE}-secrets-audit"
TRAIL_LOG = f"/aws/cloudtrail/{TRAIL}"


class Duty(StrEnum):
    """What a person does, with a role of its own."""

    OPERATOR = "operator"
    AUDITOR = "auditor"
    SECURITY_ADMIN = "security-admin"
    BREAK_GLASS = "break-glass"


def named(environment: Environment, what: str) -> str:
    """The name of a role, function or policy, such as `llm-observatory-prod-operator`."""
    return f"{SERVICE}-{environment.name}-{what}"


def role_arn(environment: Environment, what: str) -> str:
    """The ARN of the role of a consumer, a duty or a function."""
    return f"arn:aws:iam::{environment.account}:role/{named(environment, what)}"


def policy_arn(environment: Environment, what: str) -> str:
    """The ARN of a managed policy, such as that of `boundary`."""
    return f"arn:aws:iam::{environment.account}:policy/{named(environment, what)}"


def emergency_arns(environment: Environment) -> list[str]:
    """The state machine that rotates everything in an emergency, its executions and what these map over.

    docs.aws.amazon.com/service-authorization/latest/reference/list_awsstepfunctions.html
    """
    name = named(environment, "emergency")
    states = f"arn:aws:states:{environment.region}:{environment.account}"
    return [f"{states}:stateMachine:{name}", f"{states}:execution:{name}:*", f"{states}:mapRun:{name}/*"]


def rotator(target: str) -> str:
    """What the rotation function of `target` and its role are called."""
    return f"rotate-{target}"


def rotators(environment: Environment, catalog: Catalog) -> list[str]:
    """The ARNs of every rotation function."""
    return [function_arn(environment, rotator(target)) for target in catalog.targets]


def keys_arn(environment: Environment) -> str:
    """Every key of the account and region: a key's id is not known before the key exists."""
    return f"arn:aws:kms:{environment.region}:{environment.account}:key/*"


def provider_arn(environment: Environment, issuer: str) -> str:
    """The identity provider whose tokens come from `issuer`, a host and path without https://."""
    return f"arn:aws:iam::{environment.account}:oidc-provider/{issuer}"


def account_root(environment: Environment) -> str:
    """How policies name the account as a whole."""
    return f"arn:aws:iam::{environment.account}:root"


def function_log(environment: Environment, what: str) -> str:
    """The log group of a function."""
    return f"/aws/lambda/{named(environment, what)}"


def log_group_arn(environment: Environment, name: str) -> str:
    """The ARN of a log group, with all its streams."""
    return f"arn:aws:logs:{environment.region}:{environment.account}:log-group:{name}:*"


def topic_arn(environment: Environment) -> str:
    """The topic that every alert goes to."""
    return f"arn:aws:sns:{environment.region}:{environment.account}:{TOPIC}"


def trail_arn(environment: Environment) -> str:
    """The trail that records every call."""
    return f"arn:aws:cloudtrail:{environment.region}:{environment.account}:trail/{TRAIL}"


def function_arn(environment: Environment, what: str) -> str:
    """The ARN of a function, such as that of `rotate-postgres`."""
    return f"arn:aws:lambda:{environment.region}:{environment.account}:function:{named(environment, what)}"


def bucket(environment: Environment, what: str) -> str:
    """The name of a bucket; account and region make it unique, as names of buckets are shared by all accounts.

    `what` is one of audit-logs, audit-access, audit-queries, backups, code:
    docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
    """
    return f"{SERVICE}-{what}-{environment.account}-{environment.region}"


def bucket_arn(environment: Environment, what: str) -> str:
    """The ARN of a bucket."""
    return f"arn:aws:s3:::{bucket(environment, what)}"
