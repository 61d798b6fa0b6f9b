"""The principals that a stack declares: roles and users, with all policies that are attached to them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from iam.document import PolicyKind
from iam.error import PolicyError
from iam.principal import Principal
from policies import edge
from policies.access.paper import NOT_KNOWN, Paper, paper, unread
from policies.access.subject import Party, Relation, Target, callers_of_role, named_by
from policies.intent import Intent
from policies.view import UNKNOWN, Resource, Stack, Value

ROLE, USER = "aws:iam/role:Role", "aws:iam/user:User"
POLICY = "aws:iam/policy:Policy"
ATTACHED_TO_MANY = "aws:iam/policyAttachment:PolicyAttachment"
GROUPS = ("aws:iam/userGroupMembership:UserGroupMembership", "aws:iam/groupMembership:GroupMembership")
_UNNAMED = "name-not-known"


@dataclass(frozen=True, kw_only=True)
class _Kind:
    """How policies are attached to one kind of principal; `owner` is the property that names it."""

    token: str
    owner: str
    inline: str
    attachment: str
    listed: str


_KINDS = (
    _Kind(
        token=ROLE,
        owner="role",
        inline="aws:iam/rolePolicy:RolePolicy",
        attachment="aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        listed="roles",
    ),
    _Kind(
        token=USER,
        owner="user",
        inline="aws:iam/userPolicy:UserPolicy",
        attachment="aws:iam/userPolicyAttachment:UserPolicyAttachment",
        listed="users",
    ),
)


@dataclass(frozen=True, kw_only=True)
class Found:
    """`unnamed` are the URNs of roles whose name is not known yet."""

    parties: tuple[Party, ...]
    unnamed: tuple[str, ...]


def parties(stack: Stack, intent: Intent, targets: tuple[Target, ...]) -> Found:
    """Every role and user; `targets` tell which of a role's sessions some document names."""
    sessions = tuple(
        sorted({text for element in named_by(targets) for text in element.aws if ":assumed-role/" in text})
    )
    reader = _Reader(stack, intent)
    found: list[Party] = []
    unnamed: list[str] = []
    for kind in _KINDS:
        for entity in stack.of(kind.token):
            its = arn(entity, intent.environment.account)
            name = entity.text("name")
            unnamed += [entity.urn] if name is UNKNOWN else []
            found.append(
                Party(
                    name=name if isinstance(name, str) else entity.name,
                    relation=Relation.PROGRAMME,
                    callers=callers_of_role(its, sessions) if kind.token == ROLE else (Principal.parse(its),),
                    identity=tuple(reader.identity(entity, kind)),
                    boundary=reader.boundary(entity),
                    urn=entity.urn,
                )
            )
    return Found(parties=tuple(found), unnamed=tuple(unnamed))


def arn(entity: Resource, account: str) -> str:
    """The ARN of a role or user; before it exists, the one that it will have, as name and path decide it."""
    known, name, path = entity.value("arn"), entity.text("name"), entity.text("path")
    if isinstance(known, str) and known:
        try:
            Principal.parse(known)
            return known
        except PolicyError:
            pass  # not the ARN of a principal: what follows is what the name says
    kind = "user" if entity.type == USER else "role"
    return f"arn:aws:iam::{account}:{kind}{path if isinstance(path, str) else '/'}{_text(name, entity)}"


def _text(name: object, entity: Resource) -> str:
    return name if isinstance(name, str) else f"{_UNNAMED}-{entity.name}"


class _Reader:
    def __init__(self, stack: Stack, intent: Intent) -> None:
        self._stack, self._intent = stack, intent

    def identity(self, entity: Resource, kind: _Kind) -> Iterator[Paper]:
        """Every policy of a role or user: inline, attached, and set with it."""
        for inline in self._stack.of(kind.inline):
            if self._leads(inline, kind.owner, entity):
                yield self._document(inline, "policy", inline.value("policy"))
        for attachment in self._stack.of(kind.attachment):
            if self._leads(attachment, kind.owner, entity):
                yield from self._managed(attachment, "policyArn", attachment.value("policyArn"))
        for attachment in self._stack.of(ATTACHED_TO_MANY):
            if self._lists(attachment, kind.listed, entity):
                yield from self._managed(attachment, "policyArn", attachment.value("policyArn"))
        for name, values in (("inlinePolicies", entity.value("inlinePolicies")),):
            for one in self._listed(entity, name, values):
                text = one.get("policy") if isinstance(one, Mapping) else UNKNOWN
                if text:
                    yield self._document(entity, "inline policy", text)
        for one in self._listed(entity, "managedPolicyArns", entity.value("managedPolicyArns")):
            yield from self._managed(entity, "managedPolicyArns", one)
        if kind.token == USER and any(self._stack.of(token) for token in GROUPS):
            yield unread(f"policies of the groups of {entity.name}", f"{NOT_KNOWN}: groups are not followed")

    def boundary(self, entity: Resource) -> Paper | None:
        """The permissions boundary; unread if it is not in the stack."""
        if not entity.value("permissionsBoundary"):
            return None
        return next(self._managed(entity, "permissionsBoundary", entity.value("permissionsBoundary")))

    def _managed(self, resource: Resource, name: str, value: Value) -> Iterator[Paper]:
        if isinstance(value, str):
            found = self._stack.named(POLICY, value)
        else:
            ends = (self._stack.by_urn.get(urn) for urn in resource.edges.get(name, ()))
            found = tuple(end for end in ends if end and end.type == POLICY)
        if not found:
            what = value if isinstance(value, str) else f"policy in {name} of {resource.name}"
            yield unread(what, f"{NOT_KNOWN}, as it is not in this stack" if isinstance(value, str) else NOT_KNOWN)
        for policy in found:
            yield self._document(policy, "policy", policy.value("policy"))

    def _listed(self, entity: Resource, name: str, values: Value) -> tuple[Value, ...]:
        """What the program set in a list that the provider fills in otherwise."""
        if isinstance(values, tuple):
            return values
        return (UNKNOWN,) if values is UNKNOWN and entity.edges.get(name) else ()

    def _leads(self, resource: Resource, name: str, entity: Resource) -> bool:
        """Whether the resource is this entity's; one that cannot be joined yet may be anybody's."""
        ends = edge.reached(self._stack, self._intent, resource, name, entity.type)
        return ends is UNKNOWN or entity in ends

    def _lists(self, resource: Resource, name: str, entity: Resource) -> bool:
        values = resource.value(name)
        if isinstance(values, tuple) and UNKNOWN not in values:
            return entity.value("name") in values
        ends = resource.edges.get(name, ())
        return entity.urn in ends or (values is UNKNOWN and not ends)

    def _document(self, resource: Resource, what: str, value: Value) -> Paper:
        called = f"{what} of {resource.urn.rsplit('::', 1)[-1]}"
        return paper(called, PolicyKind.IDENTITY, value) if isinstance(value, str) else unread(called)
