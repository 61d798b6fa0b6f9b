"""Names and ARNs of secrets."""

import re
import secrets
import string

from sandbox.aws.errors import AwsError

_NAME = re.compile(r"^[A-Za-z0-9/_+=.@!-]{1,512}$")
_SUFFIX = re.compile(r"^(.+)-[A-Za-z0-9]{6}$")
_ALPHABET = string.ascii_letters + string.digits


def check_name(name: str) -> str:
    """The name itself, if AWS allows it.

    Source: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html.
    """
    if not _NAME.match(name):
        raise AwsError(
            "ValidationException",
            "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!",
        )
    return name


def make_arn(*, account: str, region: str, name: str) -> str:
    """A new ARN: the name, a hyphen and six random characters."""
    suffix = "".join(secrets.choice(_ALPHABET) for _ in range(6))
    return f"arn:aws:secretsmanager:{region}:{account}:secret:{name}-{suffix}"


def name_in_arn(arn: str) -> str:
    """What follows `secret:`: the name, with its suffix when the ARN is complete."""
    return arn.split(":secret:", 1)[-1]


def region_of(arn: str) -> str:
    """The region of an ARN."""
    return arn.split(":")[3]


def in_region(arn: str, region: str) -> str:
    """The ARN of the replica of a secret in another region: same name, same suffix."""
    parts = arn.split(":")
    return ":".join([*parts[:3], region, *parts[4:]])


def candidates(secret_id: str) -> tuple[str | None, str]:
    """(complete ARN or None, name) that an id can mean; a partial ARN has no suffix.

    Source: https://docs.aws.amazon.com/secretsmanager/latest/userguide/troubleshoot.html#ARN_secretnamehyphen.
    """
    if not secret_id.startswith("arn:"):
        return None, secret_id
    name = name_in_arn(secret_id)
    return (secret_id if _SUFFIX.match(name) else None), name
