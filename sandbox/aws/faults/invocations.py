"""Faults of the invocations that Secrets Manager makes in a rotation, which no request carries."""

from __future__ import annotations

import time
from collections.abc import Mapping

from sandbox.aws.faults.asked import Asked
from sandbox.aws.faults.faults import Faults
from sandbox.aws.faults.kind import Kind
from sandbox.aws.secretsmanager.context import Functions

PRINCIPAL = "secretsmanager.amazonaws.com"


class FaultyFunctions:
    """The Lambda side of rotation with the faults in force."""

    def __init__(self, functions: Functions, faults: Faults) -> None:
        """What no fault hits goes to `functions`."""
        self._functions = functions
        self._faults = faults

    def check_invocable(self, arn: str, *, source_arn: str) -> None:
        """As it is without faults."""
        self._functions.check_invocable(arn, source_arn=source_arn)

    def invoke(self, arn: str, event: Mapping[str, str]) -> str | None:
        """One step: None, or what failed. A drop after it ran the function and lost its answer."""
        parameters = {"FunctionName": arn, **{name: event[name] for name in ("Step", "SecretId", "ClientRequestToken")}}
        asked = Asked(service="lambda", operation="Invoke", principal=PRINCIPAL, parameters=lambda: parameters)
        fault = self._faults.of(asked)
        if fault is None:
            return self._functions.invoke(arn, event)
        match fault.kind:
            case Kind.THROTTLE | Kind.ERROR:
                return fault.error("lambda").code
            case Kind.DROP_BEFORE:
                return "ConnectionDropped"
            case Kind.DROP_AFTER:
                self._functions.invoke(arn, event)
                return "ConnectionDropped"
            case Kind.DELAY:
                time.sleep(fault.seconds)
        return self._functions.invoke(arn, event)
