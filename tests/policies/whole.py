"""The whole stack that the program declares, as the engine would tell an analyzer about it.

Unlike `compliant`, which lists by hand what the rules on secrets read, this records what the program registers: inputs,
dependencies, what it ignores. `exists` is False for the first preview, where no id is known.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any, NoReturn

import pulumi
from google.protobuf import json_format
from pulumi.runtime import mocks
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

from catalog import load
from catalog.environment import Environment
from components.aws.environment import SecretsEnvironment, SecretsEnvironmentArgs
from tests.components.recording import OUTPUTS
from tests.policies.program import PROJECT, STACK, Declared, Program, urn

# What the provider adds to the inputs, by type: `{name}` is the physical name, or the logical one where AWS picks it.
# Source: docs.aws.amazon.com/service-authorization/latest/reference, "Resource types defined by" each service
_ARNS = {
    "aws:kms/key:Key": "arn:aws:kms:{home}:key/{name}",
    "aws:kms/alias:Alias": "arn:aws:kms:{home}:{name}",
    "aws:lambda/function:Function": "arn:aws:lambda:{home}:function:{name}",
    "aws:secretsmanager/secret:Secret": "arn:aws:secretsmanager:{home}:secret:{name}-AbCdEf",
    "aws:iam/role:Role": "arn:aws:iam::{account}:role{path}{name}",
    "aws:iam/policy:Policy": "arn:aws:iam::{account}:policy{path}{name}",
    "aws:s3/bucket:Bucket": "arn:aws:s3:::{name}",
    "aws:sns/topic:Topic": "arn:aws:sns:{home}:{name}",
    "aws:sqs/queue:Queue": "arn:aws:sqs:{home}:{name}",
    "aws:cloudwatch/logGroup:LogGroup": "arn:aws:logs:{home}:log-group:{name}",
    "aws:cloudwatch/metricAlarm:MetricAlarm": "arn:aws:cloudwatch:{home}:alarm:{name}",
    "aws:cloudwatch/eventRule:EventRule": "arn:aws:events:{home}:rule/{name}",
    "aws:cloudtrail/trail:Trail": "arn:aws:cloudtrail:{home}:trail/{name}",
    "aws:sfn/stateMachine:StateMachine": "arn:aws:states:{home}:stateMachine:{name}",
}
_NAMES = ("name", "bucket", "namePrefix")
_IDS_ARE_ARNS = ("aws:secretsmanager/secret:Secret", "aws:sns/topic:Topic", "aws:iam/policy:Policy")


@cache
def program(name: str, *, exists: bool) -> Program:
    """What the program declares in the environment `name`; recorded once a run."""
    environment = load.environment(name)
    args = SecretsEnvironmentArgs(environment=environment, catalog=load.catalog())
    monitor = _Monitor(environment, exists)
    mocks.set_mocks(monitor.mocks, project=PROJECT, stack=name, preview=not exists, monitor=monitor)

    def run() -> None:  # a returned value would be awaited as an output
        SecretsEnvironment(name, args)

    pulumi.runtime.test(run)()  # type: ignore[no-untyped-call]
    root = Declared(token=STACK, name=f"{PROJECT}-{name}", stack=name)
    provider = Declared(
        token="pulumi:providers:aws", name="default_7_51_1", stack=name, inputs={"region": environment.region}
    )
    return Program((root, provider, *sorted(monitor.declared, key=lambda each: each.urn)))


@dataclass
class _Provider(mocks.Mocks):
    """Answers with inputs, and in an update with what AWS adds."""

    environment: Environment
    exists: bool

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        given = args.inputs
        if not args.custom:
            return None, {}
        name = next((given[key] for key in _NAMES if isinstance(given.get(key), str)), args.name)
        if not self.exists:
            return "", dict(given)  # the engine knows no output yet, so every other one stays unknown
        added = self._added(args.typ, name, given)
        return str(added["id"]), {**given, **added}

    def call(self, args: mocks.MockCallArgs) -> NoReturn:
        raise AssertionError(f"the program asked the provider for {args.token}; it must not read anything")

    def _added(self, token: str, name: str, given: dict[str, Any]) -> dict[str, Any]:
        account = self.environment.account
        home = f"{given.get('region', self.environment.region)}:{account}"
        shape = _ARNS.get(token, f"arn:aws:{token.split(':')[1].split('/')[0]}:{{home}}:{{name}}")
        arn = shape.format(home=home, account=account, name=name, path=given.get("path", "/"))
        added = {"id": arn if token in _IDS_ARE_ARNS else name, "arn": arn, **OUTPUTS.get(token, {})}
        return added | ({"keyId": name} if token == "aws:kms/key:Key" else {})


@dataclass
class _Monitor(mocks.MockMonitor):
    """Keeps each registration as an analyzer sees it. The same URN is told with its inputs and with its outputs."""

    environment: Environment
    exists: bool
    declared: list[Declared] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(_Provider(self.environment, self.exists))

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        return urn(self.environment.name, type_, name, _under(parent))

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the protocol's name
        answer = super().RegisterResource(request)  # type: ignore[no-untyped-call]
        if request.type == STACK:
            return answer
        inputs = json_format.MessageToDict(request.object)
        outputs = json_format.MessageToDict(answer.object) if request.custom else {}
        added = {key: value for key, value in outputs.items() if key not in inputs}
        if request.custom and not self.exists:
            added = {"id": UNKNOWN_STRING_VALUE, "arn": UNKNOWN_STRING_VALUE}
        self.declared.append(
            Declared(
                token=request.type,
                name=request.name,
                stack=self.environment.name,
                inputs=inputs,
                computed=added,
                edges={key: tuple(ends.urns) for key, ends in request.propertyDependencies.items() if ends.urns},
                ignore=tuple(request.ignoreChanges),
                protect=request.protect,
                under=_under(request.parent),
            )
        )
        return answer


def _under(parent: str) -> str:
    """The types above a resource, from its parent's URN; the stack is none of them."""
    types = parent.split("::")[2] if parent else ""
    return "" if types == STACK else types
