"""Turns rules into the few policies that the engine runs.

A registered policy decodes every resource anew (about 0.08 ms), whatever it then checks. So all rules of a pack share
two mandatory policies, one for resources and one for the stack, and two advisory ones for what does not block.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)

from catalog.load import CatalogError
from policies import message, view
from policies.exemptions import Exemption
from policies.intent import Intent
from policies.rule import STRICTEST_TIER, Finding, ResourceRule, Rule, Severity, StackRule, Standard
from policies.view import Resource, Stack

_STEERING = {Standard.SOC_2: ("CC8.1",), Standard.ISO_27001: ("A.8.9",), Standard.NIST_800_53: ("CM-3",)}


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """A finding with the rule that made it. `note` is more to say; `blocks` tells the policy that reports it."""

    rule: Rule
    finding: Finding
    blocks: bool
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Pack:
    """Rules with what they compare a stack with.

    `intent_of` gives the intent for a stack's name and raises CatalogError if that is no environment of the programme.
    """

    name: str
    rules: Sequence[Rule]
    intent_of: Callable[[str], Intent]
    exemptions: Sequence[Exemption]
    today: date

    def policies(self) -> list[Policy]:
        """The policies to register: what blocks is mandatory, what is undecided or exempt is advisory."""
        return [
            *self._pair(EnforcementLevel.MANDATORY, "", f"Rules of the pack {self.name}"),
            *self._pair(EnforcementLevel.ADVISORY, "-notes", f"Undecided or exempt in the pack {self.name}"),
        ]

    def judge_resource(self, resource: Resource) -> Iterator[Verdict]:
        """What the resource rules have against `resource`."""
        rules = [rule for rule in self.rules if isinstance(rule, ResourceRule) and rule.reads(resource.type)]
        if not rules:
            return
        try:
            intent = self.intent_of(resource.stack_name)
        except CatalogError as exc:
            yield self._no_environment(resource.urn, resource.stack_name, exc)
            return
        for rule in rules:
            yield from self._verdicts(rule, rule.check(resource, intent))

    def judge_stack(self, stack: Stack) -> Iterator[Verdict]:
        """What the stack rules have against `stack`, and what is wrong with the exemptions for it."""
        yield from self._exemptions_out_of_force(stack)
        try:
            intent = self.intent_of(stack.name)
        except CatalogError as exc:
            yield self._no_environment(stack.urn, stack.name, exc)
            return
        for rule in self.rules:
            if isinstance(rule, StackRule):
                yield from self._verdicts(rule, rule.check(stack, intent))

    def _pair(self, level: EnforcementLevel, suffix: str, description: str) -> tuple[Policy, Policy]:
        blocking = level is EnforcementLevel.MANDATORY

        def validate_resource(args: ResourceValidationArgs, report: ReportViolation) -> None:
            _report(report, self.judge_resource(view.resource(args)), blocking)

        def validate_stack(args: StackValidationArgs, report: ReportViolation) -> None:
            _report(report, self.judge_stack(view.stack(args)), blocking)

        return (
            ResourceValidationPolicy(f"{self.name}-resource{suffix}", description, validate_resource, level),
            StackValidationPolicy(f"{self.name}-stack{suffix}", description, validate_stack, level),
        )

    def _verdicts(self, rule: Rule, findings: Iterable[Finding]) -> Iterator[Verdict]:
        for finding in findings:
            exempt = next((e for e in self.exemptions if e.covers(rule.id, finding.urn, self.today)), None)
            if exempt:
                note = f"exempt until {exempt.expires}, for which {exempt.owner} answers: {exempt.reason}"
                yield Verdict(rule=rule, finding=finding, blocks=False, note=note)
            else:
                blocks = not finding.undecided or finding.tier == STRICTEST_TIER
                yield Verdict(rule=rule, finding=finding, blocks=blocks)

    def _exemptions_out_of_force(self, stack: Stack) -> Iterator[Verdict]:
        rule = Rule(
            id=f"{self.name}/exemption-in-force",
            title="An exemption names a rule of the pack and ends within 90 days",
            severity=Severity.HIGH,
            clauses=_STEERING,
            remediation="delete the entry from policies/exemptions.yaml, or give it a new reason and `expires`",
        )
        known = {each.id for each in self.rules}
        for exemption in self.exemptions:
            pack = exemption.rule.split("/")[0]
            if pack != self.name or not exemption.urn.startswith(f"urn:pulumi:{stack.name}::"):
                continue
            fault = exemption.fault(self.today) if exemption.rule in known else "names no rule of this pack"
            if fault:
                finding = Finding(
                    urn=exemption.urn,
                    property="exemptions.yaml",
                    seen=f"the exemption from {exemption.rule} {fault}",
                    required="an exemption that is in force, or none",
                )
                yield Verdict(rule=rule, finding=finding, blocks=True)

    def _no_environment(self, urn: str, stack_name: str, exc: CatalogError) -> Verdict:
        rule = Rule(
            id=f"{self.name}/stack-is-environment",
            title="A stack is an environment of the programme",
            severity=Severity.HIGH,
            clauses=_STEERING,
            remediation="pulumi stack select staging  # or prod",
        )
        finding = Finding(
            urn=urn,
            property="stack",
            seen=f"no environment for the stack '{stack_name}': {exc}",
            required=f"a valid Pulumi.{stack_name}.yaml",
        )
        return Verdict(rule=rule, finding=finding, blocks=True)


def _report(report: ReportViolation, verdicts: Iterable[Verdict], blocking: bool) -> None:
    for verdict in verdicts:
        if verdict.blocks is blocking:
            report(message.text(verdict.rule, verdict.finding, verdict.note), verdict.finding.urn)
