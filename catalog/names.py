"""Physical names and ARNs of roles, functions and logs, known before any of it exists. Pure."""

from __future__ import annotations

from enum import StrEnum

from catalog.environment import Environment
from catalog.model import Catalog

SERVICE = "llm-observatory"


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


def rotator(target: str) -> str:
    """What the rotation function of `target` and its role are called."""
    return f"rotate-{target}"


def account_root(environment: Environment) -> str:
    """How policies name the account as a whole."""
    return f"arn:aws:iam::{environment.account}:root"


def function_log(environment: Environment, what: str) -> str:
    """The log group of a function."""
    return f"/aws/lambda/{named(environment, what)}"


def log_group_arn(environment: Environment, name: str) -> str:
    """The ARN of a log group, with all its streams."""
    return f"arn:aws:logs:{environment.region}:{environment.account}:log-group:{name}:*"


def rotation_logs(environment: Environment, catalog: Catalog) -> list[str]:
    """The ARNs of the logs of every rotation function."""
    return [log_group_arn(environment, function_log(environment, rotator(target))) for target in catalog.targets]
