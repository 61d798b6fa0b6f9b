"""What a function's tests put around it."""

from typing import Any

from catalog import load
from components.aws.surroundings import Surroundings

STAGING = load.environment("staging")


def surroundings(**changed: Any) -> Surroundings:
    """Surroundings of staging, with names that show where each value goes."""
    given: dict[str, Any] = {
        "environment": STAGING,
        "boundary_arn": "arn:the-boundary",
        "log_key_arn": "arn:the-log-key",
        "topic_arn": "arn:the-topic",
        "subnet_ids": ("subnet-1", "subnet-2"),
        "security_group_id": "sg-functions",
        "internet_group_id": "sg-internet",
        "code_bucket": "the-code-bucket",
        "signing_profile": "the_profile",
        "code_signing_arn": "arn:the-signing-config",
    }
    return Surroundings(**{**given, **changed})
