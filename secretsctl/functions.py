"""The functions that an operator calls by hand: `retire`, and the rotation functions' own step healSecret."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from catalog import derive, names
from catalog.environment import Environment
from catalog.model import Secret
from secretsctl.verdict import CommandError
from stores.aws_session import translated

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

HEAL_STEP = "healSecret"
"""lambdas/rotation/steps.py"""


@dataclass(frozen=True, kw_only=True)
class Retirement:
    """What the function `retire` answered: lambdas/retire/handler.py. `until` is ISO 8601."""

    outcome: str
    stragglers: Sequence[str]
    until: str | None


class Functions:
    """Calls them and waits for their answers. What they say holds no value: that is their own promise."""

    def __init__(self, client: LambdaClient, environment: Environment) -> None:
        self._client = client
        self._environment = environment

    def retire(self, secret: Secret, version: str | None) -> Retirement:
        """End the credential before `version`, which is the current one if None.

        Raises:
            CommandError: the function failed; the text is its own.
            StoreError: AWS refused the call.
        """
        event = {"secret": derive.secret_name(self._environment, secret), "version": version}
        answer = self._invoke("retire", names.RETIRE, secret, event)
        if not isinstance(answer, Mapping) or not isinstance(answer.get("outcome"), str):
            raise CommandError(
                f"secret '{secret.name}': function '{names.RETIRE}' gave no outcome; deploy it with `pulumi up`"
            )
        return Retirement(
            outcome=answer["outcome"], stragglers=tuple(answer.get("stragglers") or ()), until=answer.get("until")
        )

    def heal(self, secret: Secret) -> None:
        """Make the server accept the current version again, whatever happened to it.

        Raises:
            CommandError: the function failed; the text is its own.
            StoreError: AWS refused the call.
        """
        event = {"SecretId": derive.secret_name(self._environment, secret), "Step": HEAL_STEP}
        self._invoke("heal", names.rotator(secret.spec.target), secret, event)

    def _invoke(self, what: str, function: str, secret: Secret, event: Mapping[str, object]) -> object:
        name = names.named(self._environment, function)
        with translated(
            what, secret=secret.name, remedy=f"see whether function {name} is deployed and you may call it"
        ):
            answer = self._client.invoke(FunctionName=name, Payload=json.dumps(event).encode())
            body = answer["Payload"].read()
        said: object = json.loads(body) if body else None
        if "FunctionError" in answer:
            text = said.get("errorMessage") if isinstance(said, Mapping) else None
            raise CommandError(f"secret '{secret.name}': {text or 'the function died'}; its log is /aws/lambda/{name}")
        return said
