"""Wildcards: no statement allows what it does not name, least of all the reading or writing of a value."""

from __future__ import annotations

from collections.abc import Iterator

from iam.document import Statement
from iam.pattern import action_matches
from policies import tokens
from policies.baseline import document, resource_types
from policies.baseline.rights import rights
from policies.intent import Intent
from policies.rule import Finding, ResourceRule, Severity, StackRule, Standard
from policies.tiers import paper
from policies.view import Resource, Stack

VALUE_ACTIONS = (
    "kms:Decrypt",
    "secretsmanager:BatchGetSecretValue",
    "secretsmanager:DeleteSecret",
    "secretsmanager:GetSecretValue",
    "secretsmanager:PutResourcePolicy",
    "secretsmanager:PutSecretValue",
    "secretsmanager:UpdateSecret",
)
"""What reads or writes a value, takes it away, or decides who may."""
_HOLDERS = frozenset(
    {
        tokens.CONTAINER,
        resource_types.SECRET_POLICY,
        resource_types.ROLE,
        resource_types.ROLE_POLICY,
        resource_types.MANAGED_POLICY,
        resource_types.GROUP_POLICY,
        resource_types.USER_POLICY,
    }
)
_CLAUSES = {
    Standard.PCI_DSS: ("7.2.1", "7.2.2"),
    Standard.SOC_2: ("CC6.1", "CC6.3"),
    Standard.HIPAA: ("164.312(a)(1)",),
    Standard.ISO_27001: ("A.5.15",),
    Standard.NIST_800_53: ("AC-3", "AC-6"),
}
_FIX = "policy=json.dumps(statement.policy(…)),  # from catalog/access, with actions by name"


def hidden(pattern: str) -> tuple[str, ...]:
    """The actions on values that an `Action` entry covers without naming them."""
    if "*" not in pattern and "?" not in pattern:
        return ()
    return tuple(action for action in VALUE_ACTIONS if action_matches(pattern, action))


def _named(resource: Resource, _intent: Intent) -> Iterator[Finding]:
    yield from paper.unjudged(resource, "a document that is known at preview: build ARNs from catalog.names", _FIX)
    if resource.type != resource_types.MANAGED_POLICY:
        for name, statement in document.allowing(resource):
            yield from _of_statement(resource, name, statement)


def _managed(stack: Stack, intent: Intent) -> Iterator[Finding]:
    """A policy that is a boundary and nothing else allows nothing, so the stack has to tell what it is."""
    for resource, name, statement in rights(stack, intent):
        if resource.type == resource_types.MANAGED_POLICY:
            yield from _of_statement(resource, name, statement)


def _of_statement(resource: Resource, name: str, statement: Statement) -> Iterator[Finding]:
    for seen, required in (*_inverted(statement), *_expanded(statement)):
        yield Finding(
            urn=resource.urn,
            property=name,
            seen=f"{document.called(statement)} allows {seen}",
            required=required,
            fix=_FIX,
        )


def _inverted(statement: Statement) -> Iterator[tuple[str, str]]:
    for element, is_inverted in (
        ("Principal", statement.except_principals),
        ("Action", statement.except_actions),
        ("Resource", statement.except_resources),
    ):
        if is_inverted:
            yield f"all but what its Not{element} names, and all that AWS adds", f"{element}, by name"


def _expanded(statement: Statement) -> Iterator[tuple[str, str]]:
    for pattern in () if statement.except_actions else statement.actions:
        if found := hidden(pattern):
            yield f"{', '.join(found)} by the wildcard {pattern}", "actions by name"


RULES = (
    ResourceRule(
        id="tiers/no-hidden-access",
        title="Access to values is allowed by name, not by a wildcard or an exception",
        severity=Severity.CRITICAL,
        clauses=_CLAUSES,
        remediation=_FIX,
        types=_HOLDERS,
        check=_named,
    ),
    StackRule(
        id="tiers/no-hidden-access-managed",
        title="A managed policy that is more than a boundary allows access to values by name",
        severity=Severity.CRITICAL,
        clauses=_CLAUSES,
        remediation=_FIX,
        check=_managed,
    ),
)
