"""The pack behind the interface that the engine talks to: protobuf in, diagnostics out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from google.protobuf import json_format, struct_pb2
from pulumi.runtime import proto
from pulumi_policy import EnforcementLevel
from pulumi_policy.policy import _PolicyAnalyzerServicer

from catalog.model import Catalog
from policies.exemptions import Exemption
from policies.intent import Intent
from policies.tiers import rules
from tests.policies.program import Declared, Program, Properties

TODAY = date(2026, 6, 1)


@dataclass(frozen=True, kw_only=True)
class Said:
    """One diagnostic. `rule` is the id that its message begins with."""

    rule: str
    urn: str
    text: str
    blocks: bool

    @property
    def undecided(self) -> bool:
        return f"{self.rule} UNDECIDED" in self.text


class Analyzer:
    """The pack `tiers`, for the repository's catalogue or another one."""

    def __init__(
        self, catalog: Catalog | None = None, exemptions: Sequence[Exemption] = (), today: date = TODAY
    ) -> None:
        # Most of a stack is the same in every test, so what is said of it and how it is sent is kept, by identity.
        self._sent: dict[int, tuple[Declared, proto.AnalyzerResource]] = {}
        self._asked: dict[int, tuple[Declared, list[Said]]] = {}
        pack = replace(rules.pack(today), exemptions=exemptions)
        if catalog is not None:
            given, real = catalog, pack.intent_of

            def intent_of(stack_name: str) -> Intent:
                return replace(real(stack_name), catalog=given)

            pack = replace(pack, intent_of=intent_of)
        # The SDK leaves its methods untyped.
        self.servicer: Any = _PolicyAnalyzerServicer(pack.name, "0.1.0", pack.policies(), EnforcementLevel.MANDATORY)

    def preview(self, program: Program) -> list[Said]:
        """Everything that is said in a preview: for each resource when it is registered, then for the stack."""
        said = [each for resource in program.resources for each in self.analyze(resource)]
        return said + self.analyze_stack(program)

    def analyze(self, resource: Declared) -> list[Said]:
        """What is said when one resource is registered, from its inputs; the same resource is asked about once."""
        asked, said = self._asked.get(id(resource), (None, []))
        if asked is not resource:
            said = _said(self.servicer.Analyze(request(resource), None))
            self._asked[id(resource)] = (resource, said)
        return said

    def analyze_stack(self, program: Program) -> list[Said]:
        """What is said at the end, from the outputs and dependencies of all resources."""
        for resource in program.resources:
            if self._sent.get(id(resource), (None, None))[0] is not resource:
                self._sent[id(resource)] = (resource, _stack_resource(resource))
        resources = [self._sent[id(resource)][1] for resource in program.resources]
        return _said(self.servicer.AnalyzeStack(proto.AnalyzeStackRequest(resources=resources), None))


def request(resource: Declared) -> proto.AnalyzeRequest:
    return proto.AnalyzeRequest(
        type=resource.token,
        urn=resource.urn,
        name=resource.name,
        properties=_struct(resource.inputs),
        options=proto.AnalyzerResourceOptions(ignoreChanges=resource.ignore),
    )


def stack_request(program: Program) -> proto.AnalyzeStackRequest:
    return proto.AnalyzeStackRequest(resources=[_stack_resource(resource) for resource in program.resources])


def _stack_resource(resource: Declared) -> proto.AnalyzerResource:
    return proto.AnalyzerResource(
        type=resource.token,
        urn=resource.urn,
        name=resource.name,
        properties=_struct(resource.outputs),
        options=proto.AnalyzerResourceOptions(ignoreChanges=resource.ignore),
        dependencies=sorted({end for ends in resource.edges.values() for end in ends}),
        propertyDependencies={
            name: proto.AnalyzerPropertyDependencies(urns=ends) for name, ends in resource.edges.items()
        },
    )


def _struct(properties: Properties) -> struct_pb2.Struct:
    return json_format.ParseDict(dict(properties), struct_pb2.Struct())


def _said(response: proto.AnalyzeResponse) -> list[Said]:
    return [
        Said(
            rule=each.message.splitlines()[1].split()[0],
            urn=each.urn,
            text=each.message,
            blocks=each.enforcementLevel == proto.MANDATORY,
        )
        for each in response.diagnostics
    ]
