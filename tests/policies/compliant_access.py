"""The part of the compliant stack that says who may do what: roles with their policies, and secrets' policies."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

from catalog import derive, names
from catalog.access.boundary import boundary_policy
from catalog.access.deploy import BOUNDARY as DEPLOY_BOUNDARY
from catalog.access.deploy import deploy_boundary
from catalog.access.roles import Role, roles
from catalog.access.secret import secret_policy
from catalog.environment import Environment
from catalog.model import Catalog, Secret
from policies.access.identities import POLICY, ROLE
from policies.access.stack import SECRET_POLICY
from policies.tokens import CONTAINER
from tests.policies.program import Declared, urn

ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"


def declared(catalog: Catalog, environment: Environment, *, exists: bool) -> Iterator[Declared]:
    """The resources, before the stack exists or after an update."""

    def known(value: str) -> str:
        return value if exists else UNKNOWN_STRING_VALUE

    for what, document in (
        ("boundary", boundary_policy(environment)),
        (DEPLOY_BOUNDARY, deploy_boundary(environment)),
    ):
        arn = known(names.policy_arn(environment, what))
        inputs = {"name": names.named(environment, what), "policy": json.dumps(document)}
        yield _declared(environment, POLICY, what, inputs, computed={"arn": arn, "id": arn})
    for role in roles(environment, catalog):
        yield from _role(environment, role, known(names.role_arn(environment, role.what)), exists=exists)
    for secret in catalog.secrets:
        yield _secret_policy(environment, secret, exists=exists)


def _role(environment: Environment, role: Role, arn: str, *, exists: bool) -> Iterator[Declared]:
    name = names.named(environment, role.what)
    boundary = "boundary" if role.boundary == boundary_policy(environment) else DEPLOY_BOUNDARY
    bounded = names.policy_arn(environment, boundary) if exists else UNKNOWN_STRING_VALUE
    made = _declared(
        environment,
        ROLE,
        role.what,
        {"name": name, "assumeRolePolicy": json.dumps(role.trust), "permissionsBoundary": bounded},
        # What the provider fills in, and what is not known of it before an update.
        computed={"arn": arn, "inlinePolicies": [] if exists else UNKNOWN_STRING_VALUE},
        edges={"permissionsBoundary": (urn(environment.name, POLICY, boundary),)},
    )
    yield made
    inputs = {"name": role.what, "role": name, "policy": json.dumps(role.policy)}
    yield _declared(environment, ROLE_POLICY, role.what, inputs, edges={"role": (made.urn,)})


def _secret_policy(environment: Environment, secret: Secret, *, exists: bool) -> Declared:
    arn = derive.secret_arn(environment, secret).replace(derive.ANY_SUFFIX, "-AbCdEf")
    return _declared(
        environment,
        SECRET_POLICY,
        secret.name,
        {
            "secretArn": arn if exists else UNKNOWN_STRING_VALUE,
            "policy": json.dumps(secret_policy(environment, secret)),
            "blockPublicPolicy": True,
        },
        edges={"secretArn": (urn(environment.name, CONTAINER, secret.name),)},
    )


def _declared(
    environment: Environment,
    token: str,
    name: str,
    inputs: Mapping[str, object],
    computed: dict[str, object] | None = None,
    edges: dict[str, tuple[str, ...]] | None = None,
) -> Declared:
    return Declared(
        token=token, name=name, stack=environment.name, inputs=inputs, computed=computed or {}, edges=edges or {}
    )
