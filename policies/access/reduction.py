"""Policies cut down to what is open about one request: what the fixed part of it settles is gone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from iam.condition import Comparison
from iam.document import Effect, Policy, Statement
from iam.evaluate import Policies
from iam.operators import OPERATORS
from iam.pattern import action_matches, resource_matches
from iam.variables import expand, names
from policies.access.choices import reasoned
from policies.access.circumstances import Fixed


@dataclass(frozen=True, kw_only=True)
class Reduced:
    """`assumptions` says what had to be assumed, one line each."""

    policies: Policies
    assumptions: tuple[str, ...]


def reduced(policies: Policies, fixed: Fixed, *, generous: bool, beyond: frozenset[str]) -> Reduced:
    """`policies` for the one action and resource of `fixed`, with only those conditions that are open.

    `beyond` are keys that the proof does not reason about. Where something is beyond it, a `generous` reduction takes
    an Allow to cover the request and a Deny not to, and a strict one the reverse.
    """
    cutter = _Cutter(fixed, generous, beyond)
    return Reduced(
        policies=replace(
            policies,
            identity=tuple(cutter.cut(one) for one in policies.identity),
            boundary=cutter.cut(policies.boundary) if policies.boundary else None,
            resource=cutter.cut(policies.resource) if policies.resource else None,
        ),
        assumptions=tuple(dict.fromkeys(cutter.assumptions)),
    )


def statements(policies: Policies) -> Iterator[Statement]:
    """Every statement of the policies."""
    for policy in (*policies.identity, policies.boundary, policies.resource):
        yield from policy.statements if policy else ()


def without_conditions(policies: Policies) -> Policies:
    """At least what `policies` allow: every open Allow holds, no open Deny does."""

    def freed(policy: Policy) -> Policy:
        if not any(one.comparisons for one in policy.statements):
            return policy
        kept = (one for one in policy.statements if one.effect is Effect.ALLOW or not one.comparisons)
        return replace(policy, statements=tuple(replace(one, comparisons=()) for one in kept))

    return replace(
        policies,
        identity=tuple(freed(one) for one in policies.identity),
        boundary=freed(policies.boundary) if policies.boundary else None,
        resource=freed(policies.resource) if policies.resource else None,
    )


class _Cutter:
    def __init__(self, fixed: Fixed, generous: bool, beyond: frozenset[str]) -> None:
        self._fixed, self._generous, self._beyond = fixed, generous, beyond
        self.assumptions: list[str] = []

    def cut(self, policy: Policy) -> Policy:
        found = (self._statement(policy, one) for one in policy.statements)
        return replace(policy, statements=tuple(one for one in found if one))

    def _statement(self, policy: Policy, statement: Statement) -> Statement | None:
        request = self._fixed.request
        action = any(action_matches(pattern, request.action) for pattern in statement.actions)
        if action is statement.except_actions:
            return None
        unsure: list[str] = []
        if (covered := self._on_resource(statement)) is None:
            unsure.append("Resource")
        elif covered is statement.except_resources:
            return None
        kept: list[Comparison] = []
        for one in statement.comparisons:
            if self._settled(one, statement):
                if not one.holds(request.context, variables=statement.variables):
                    return None
            elif self._reasons_about(one, statement):
                kept.append(one)
            else:
                unsure.append(f"{one.operator} {one.key}")
        if unsure:
            said = "holds" if statement.effect is Effect.ALLOW else "does not hold"
            where = f"statement {statement.sid or statement.index} of {policy.name}"
            self.assumptions += [f"{what} of {where} {said}" for what in unsure]
            if (statement.effect is Effect.ALLOW) is not self._generous:
                return None
        return replace(
            statement,
            actions=("*",),
            except_actions=False,
            resources=("*",),
            except_resources=False,
            comparisons=tuple(kept),
        )

    def _on_resource(self, statement: Statement) -> bool | None:
        """Whether the Resource or NotResource names the resource; None if a variable that is open decides."""
        request, unsure = self._fixed.request, False
        for text in statement.resources:
            if statement.variables and not all(self._fixed.knows(name) for name in names(text)):
                unsure = True
                continue
            pieces = expand(text, request.context, enabled=statement.variables)
            if pieces is not None and resource_matches(pieces, request.resource):
                return True
        return None if unsure else False

    def _settled(self, one: Comparison, statement: Statement) -> bool:
        return self._fixed.knows(one.key) and self._names_known(one, statement)

    def _reasons_about(self, one: Comparison, statement: Statement) -> bool:
        return reasoned(one.operator) and one.key.lower() not in self._beyond and self._names_known(one, statement)

    def _names_known(self, one: Comparison, statement: Statement) -> bool:
        if not statement.variables or one.operator not in OPERATORS or not OPERATORS[one.operator].variables:
            return True
        return all(self._fixed.knows(name) for value in one.values for name in names(value))
