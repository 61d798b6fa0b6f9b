"""What gives somebody rights: the policies of roles, groups and users, inside their resources or beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from iam.document import Statement
from policies.baseline import document, resource_types
from policies.baseline.attached import reached
from policies.intent import Intent
from policies.view import Resource, Stack

_HOLDERS = (
    resource_types.ROLE,
    resource_types.ROLE_POLICY,
    resource_types.GROUP_POLICY,
    resource_types.USER_POLICY,
    resource_types.MANAGED_POLICY,
)
ATTACHMENTS: Mapping[str, str] = {
    resource_types.ROLE: "managedPolicyArns",
    resource_types.ROLE_ATTACHMENT: "policyArn",
    resource_types.ROLE_ATTACHMENTS: "policyArns",
    resource_types.GROUP_ATTACHMENT: "policyArn",
    resource_types.USER_ATTACHMENT: "policyArn",
    resource_types.ANY_ATTACHMENT: "policyArn",
}
"""Where a managed policy is handed to somebody: the property that names it, by type."""


def rights(stack: Stack, intent: Intent) -> Iterator[tuple[Resource, str, Statement]]:
    """Every statement that gives somebody a right, with the resource and the property that it is in."""
    for resource in _holders(stack, intent):
        for name, statement in document.allowing(resource):
            if name != "assumeRolePolicy":
                yield resource, name, statement


def _holders(stack: Stack, intent: Intent) -> Iterator[Resource]:
    """The resources whose documents give somebody rights.

    A policy that is some role's boundary, and attached to nobody, gives none: it only takes away.
    """
    bounds, attached = set(), set()
    for role in stack.of(resource_types.ROLE):
        found = reached(stack, intent, role, "permissionsBoundary", [resource_types.MANAGED_POLICY])
        bounds |= {each.urn for each in (found if isinstance(found, tuple) else ())}
    for token, path in ATTACHMENTS.items():
        for each in stack.of(token):
            found = reached(stack, intent, each, path, [resource_types.MANAGED_POLICY])
            attached |= {end.urn for end in (found if isinstance(found, tuple) else ())}
    for token in _HOLDERS:
        for resource in stack.of(token):
            if resource.urn not in bounds - attached:
                yield resource
