"""The documents that the program declares, straight from the catalogue, without a stack or a cloud."""

from __future__ import annotations

import json
from collections.abc import Iterator

from catalog import derive, names
from catalog.access.key import key_policy
from catalog.access.roles import roles
from catalog.access.secret import secret_policy
from catalog.access.secrets import regions
from catalog.access.statement import Policy
from catalog.environment import Environment
from catalog.model import Catalog, Secret
from iam.document import PolicyKind
from policies.access.paper import Paper, paper
from policies.access.strangers import strangers
from policies.access.subject import Documents, Lock, Party, Relation, Target, callers_of_role

SUFFIX = "-AnySix"
"""The six characters of an ARN that Secrets Manager picks, as no document names them."""


def documents(environment: Environment, catalog: Catalog) -> Documents:
    """Every role, secret, copy and key of the environment, and the strangers who may ask."""
    targets = tuple(target for secret in catalog.secrets for target in _targets(environment, catalog, secret))
    parties = parties_of(environment, catalog)
    declared = frozenset(names.role_arn(environment, role.what) for role in roles(environment, catalog))
    return Documents(parties=(*parties, *strangers(targets, declared)), targets=targets)


def parties_of(environment: Environment, catalog: Catalog) -> tuple[Party, ...]:
    """The roles, in the order in which a person reads them."""
    return tuple(
        Party(
            name=names.named(environment, role.what),
            relation=Relation.PROGRAMME,
            callers=callers_of_role(names.role_arn(environment, role.what)),
            identity=(_paper(role.what, PolicyKind.IDENTITY, role.policy),),
            boundary=_paper("boundary", PolicyKind.IDENTITY, role.boundary),
        )
        for role in roles(environment, catalog)
    )


def _targets(environment: Environment, catalog: Catalog, secret: Secret) -> Iterator[Target]:
    purpose, name = derive.key_purpose(secret), derive.secret_name(environment, secret)
    for region in regions(environment):
        own = None if region == environment.region else region
        yield Target(
            name=name,
            arn=derive.secret_arn(environment, secret, region).replace(derive.ANY_SUFFIX, SUFFIX),
            home=environment.region,
            tags=tuple(sorted(derive.secret_tags(environment, catalog, secret).items())),
            policy=_paper(name, PolicyKind.RESOURCE, secret_policy(environment, secret)),
            lock=Lock(
                arn=f"arn:aws:kms:{region}:{environment.account}:key/{purpose}",
                policy=_paper(f"key {purpose}", PolicyKind.RESOURCE, key_policy(environment, purpose, own)),
                aliases=(derive.key_alias(environment, purpose),),
                tags=tuple(sorted((derive.environment_tags(environment) | {"Purpose": purpose}).items())),
            ),
        )


def _paper(name: str, kind: PolicyKind, document: Policy) -> Paper:
    return paper(name, kind, json.dumps(document))
