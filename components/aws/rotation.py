"""The Lambda function that rotates every secret of one target, with a role for exactly those."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import pulumi
import pulumi_aws as aws

from catalog import derive, names
from catalog.access import retire
from catalog.access.consumer import rotation_policy
from catalog.environment import Environment
from catalog.kind import KINDS, Kind
from catalog.model import Catalog, Secret
from components.aws import package
from components.aws.function import ManagedFunction, ManagedFunctionArgs
from components.aws.surroundings import Surroundings

HANDLER = "rotation.handler.handle"
TIMEOUT_SECONDS = 60
SLOW_SECONDS = 150
"""What issuers have made is not known everywhere at once: a new key is waited for."""
INTERNET = frozenset({"api", "iam"})
"""Targets whose issuers are outside of the VPC. IAM and SES have no endpoint in every region (unverified)."""


@dataclass(frozen=True, kw_only=True)
class RotationFunctionArgs:
    """`target` names the code, one of `catalog.kind.TARGETS`."""

    environment: Environment
    catalog: Catalog
    target: str
    surroundings: Surroundings


class RotationFunction(ManagedFunction):
    """Rotates the secrets of one target, and can touch no other; only Secrets Manager of this account invokes it.

    It is the function and holds none, so that its parts stay where states have them: another parent in between would
    make every function anew, under a name that the old one still has.
    """

    type_name: ClassVar[str] = "llmobs:rotation:RotationFunction"
    permission: aws.lambda_.Permission

    def __init__(self, name: str, args: RotationFunctionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        what = names.rotator(args.target)
        super().__init__(
            name,
            ManagedFunctionArgs(
                surroundings=args.surroundings,
                what=what,
                description=f"Rotates the secrets of target {args.target}",
                handler=HANDLER,
                package=package.build(what),
                policy=rotation_policy(args.environment, args.catalog, args.target),
                variables=variables(args),
                # An emergency rotates all of them at once.
                concurrency=max(2, len(args.catalog.targeting(args.target))),
                internet=args.target in INTERNET,
                timeout_seconds=SLOW_SECONDS if args.target in INTERNET else TIMEOUT_SECONDS,
            ),
            opts,
        )
        self.permission = aws.lambda_.Permission(
            name,
            function=self.name,
            action="lambda:InvokeFunction",
            principal="secretsmanager.amazonaws.com",
            source_account=args.environment.account,
            opts=pulumi.ResourceOptions(parent=self),
        )


def variables(args: RotationFunctionArgs) -> Mapping[str, str]:
    """The function's environment: which secrets it rotates and whom it trusts. Nothing secret."""
    environment, target = args.environment, args.target
    secrets = args.catalog.targeting(target)
    settings = {
        "ENVIRONMENT": environment.name,
        "TARGET": target,
        "KINDS": ",".join(sorted(kind for kind, spec in KINDS.items() if spec.target == target)),
        **retire.variables(environment),
    }
    if admins := _admins(environment, args.catalog, secrets):
        settings["ADMIN_SECRET_IDS"] = ",".join(f"{kind}={name}" for kind, name in sorted(admins.items()))
    trusted = {
        "postgres": environment.database.ca_pem,
        "redis": environment.cache.ca_pem,
        "api": environment.services.grafana.ca_pem,
    }.get(target)
    if trusted:
        settings["CA_PEM"] = trusted
        if target == "api":  # its other APIs are public ones
            settings["CA_PEM_KINDS"] = Kind.GRAFANA_ADMIN.value
    return settings


def _admins(environment: Environment, catalog: Catalog, secrets: Sequence[Secret]) -> Mapping[str, str]:
    """The secret that each kind is changed through."""
    found = {secret.kind.value: derive.admin_secret(catalog, secret) for secret in secrets}
    return {kind: derive.secret_name(environment, admin) for kind, admin in found.items() if admin is not None}
