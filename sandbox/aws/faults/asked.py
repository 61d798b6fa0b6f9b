"""What a fault sees of a call, be it a request or an invocation that a service makes by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from sandbox.aws.exchange import Call
from sandbox.aws.trail.hidden import shown, texts


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One call. `principal` is the caller's ARN, or a service's name; `parameters` are read when they are needed."""

    service: str
    operation: str
    principal: str
    parameters: Callable[[], Any] = field(repr=False)

    def names(self, pattern: str) -> bool:
        """Whether some text among the parameters fits, as it is or as the name in an ARN."""
        return any(fnmatchcase(text, pattern) for text in _texts(self.parameters()))


def asked_by(call: Call) -> Asked:
    """A request; of its parameters those that CloudTrail would show, for a pattern must not probe secret values."""
    model = call.routed.model
    return Asked(
        service=call.service,
        operation=call.operation,
        principal=call.caller.principal.arn if call.caller is not None else "",
        parameters=lambda: shown(call.parameters, model.input_shape) if model is not None else None,
    )


def _texts(value: Any) -> Iterator[str]:
    for text in texts(value):
        yield text
        if text.startswith("arn:") and text.count(":") >= 5:
            yield _name(text)


def _name(arn: str) -> str:
    service, resource = arn.split(":", 5)[2], arn.split(":", 5)[5]
    if service == "secretsmanager":
        return resource.removeprefix("secret:").rpartition("-")[0]  # six characters that the service adds
    if service == "lambda":
        return resource.removeprefix("function:").partition(":")[0]
    return resource.partition("/")[2] or resource
