"""Pulumi mocks that record every resource that a program declares."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NoReturn

import pulumi
from pulumi.runtime import mocks

from catalog import load
from components.aws.environment import SecretsEnvironment, SecretsEnvironmentArgs

# What AWS alone can tell, and what a program goes on with.
OUTPUTS: dict[str, dict[str, Any]] = {
    "aws:s3/bucketObjectv2:BucketObjectv2": {"versionId": "a-version"},
    "aws:signer/signingJob:SigningJob": {
        "signedObjects": [{"s3s": [{"bucket": "a-bucket", "key": "signed/a-job.zip"}]}]
    },
    "aws:signer/signingProfile:SigningProfile": {"name": "a_profile", "versionArn": "arn:mock:a-profile-version"},
}


@dataclass(frozen=True)
class Recorded:
    """One resource as the engine would see it: type token, logical name, inputs in camelCase."""

    token: str
    name: str
    inputs: dict[str, Any]


@dataclass
class RecordingMocks(mocks.Mocks):
    """Answers each resource with its inputs, an id and an ARN, and keeps what it was asked."""

    recorded: list[Recorded] = field(default_factory=list)

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        self.recorded.append(Recorded(args.typ, args.name, dict(args.inputs)))
        return f"{args.name}-id", {
            **args.inputs,
            "arn": f"arn:mock:{args.typ}:{args.name}",
            "keyId": f"{args.name}-key",
            **OUTPUTS.get(args.typ, {}),
        }

    def call(self, args: mocks.MockCallArgs) -> NoReturn:
        raise AssertionError(f"the program asked the provider for {args.token}; it must not read anything")

    def of(self, token: str) -> dict[str, dict[str, Any]]:
        """The inputs of every resource of type `token`, by logical name."""
        return {resource.name: resource.inputs for resource in self.recorded if resource.token == token}


def record(declare: Callable[[], object], stack: str = "staging") -> RecordingMocks:
    """Runs `declare` under mocks, waits until every resource is registered, and returns what was declared."""
    recorder = RecordingMocks()
    mocks.set_mocks(recorder, project="llm-observatory-secrets", stack=stack, preview=False)

    def run() -> None:  # a returned value would be awaited as an output
        declare()

    pulumi.runtime.test(run)()  # type: ignore[no-untyped-call]
    return recorder


@cache
def programme(name: str) -> RecordingMocks:
    """What the whole programme declares in the environment `name`; recorded once a run."""
    args = SecretsEnvironmentArgs(environment=load.environment(name), catalog=load.catalog())
    return record(lambda: SecretsEnvironment(name, args), stack=name)
