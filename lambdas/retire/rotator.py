"""The rotation function of a secret, asked to retire: it holds the driver, the credentials and the guards."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from retire.errors import RetireError

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

STEP = "retireSecret"
STRAGGLING = "straggling"


class Secrets(Protocol):
    """The one call of Secrets Manager that is made, as boto3 has it. It reads no value."""

    def describe_secret(self, *, SecretId: str) -> Any:  # noqa: N803 - boto3 spells it so
        """Labels, and the ARN of the rotation function."""


@dataclass(frozen=True, kw_only=True)
class Retirement:
    """What the rotation function answered: {outcome, stragglers, until}."""

    outcome: str
    stragglers: Sequence[str]
    until: str | None


def ask(
    secrets: Secrets, functions: "LambdaClient", secret: str, version: str | None, *, label_later: bool = False
) -> Retirement:
    """Have what `version` replaced retired; without a version, what the current one replaced.

    `label_later` leaves the label AWSPREVIOUS to the retirement that is planned for after the overlap.

    Raises:
        RetireError: the secret has no rotation function or no current version, or the function failed.
    """
    try:
        described = secrets.describe_secret(SecretId=secret)
    except (ClientError, BotoCoreError) as error:
        raise _refused("DescribeSecret", secret, error) from None
    stages = described.get("VersionIdsToStages", {})
    current = next((id_ for id_, labels in stages.items() if "AWSCURRENT" in labels), None)
    function = described.get("RotationLambdaARN")
    if current is None or not function:
        raise RetireError(
            f"secret '{secret}' has no {'rotation function' if current else 'current version'}; "
            f"run `pulumi up`, then retire it again"
        )
    event = {"SecretId": secret, "ClientRequestToken": version or current, "Step": STEP}
    if label_later:
        event["Label"] = "later"
    try:
        answer = functions.invoke(
            FunctionName=function, InvocationType="RequestResponse", Payload=json.dumps(event).encode()
        )
    except (ClientError, BotoCoreError) as error:
        raise _refused("Invoke", secret, error) from None
    said = json.loads(answer["Payload"].read() or b"null")
    if answer.get("FunctionError") or not isinstance(said, Mapping) or "outcome" not in said:
        # The rotation function's own errors hold no value, and say what to do.
        why = said.get("errorMessage") if isinstance(said, Mapping) else None
        raise RetireError(f"secret '{secret}' was not retired: {why or 'its rotation function gave no answer'}")
    return Retirement(outcome=said["outcome"], stragglers=said.get("stragglers", ()), until=said.get("until"))


def _refused(operation: str, secret: str, error: ClientError | BotoCoreError) -> RetireError:
    if isinstance(error, ClientError):
        code = error.response.get("Error", {}).get("Code", "Unknown")
        return RetireError(f"secret '{secret}': {operation} was refused with {code}; check the function's role")
    return RetireError(
        f"secret '{secret}': {operation} got no answer ({type(error).__name__}); check the function's network path"
    )
