"""The Lambda function that rotates every secret of one target, with a role for exactly those."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import pulumi
import pulumi_aws as aws

from catalog import derive, names
from catalog.access.consumer import rotation_policy
from catalog.environment import Environment
from catalog.kind import KINDS, Kind
from catalog.model import Catalog
from components.aws import package
from components.aws.function import ManagedFunction, ManagedFunctionArgs
from components.aws.surroundings import Surroundings

HANDLER = "rotation.handler.handle"


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
    }
    if target == "postgres":
        admin = next(secret for secret in secrets if secret.kind is Kind.POSTGRES_SUPERUSER)
        settings["ADMIN_SECRET_ID"] = derive.secret_name(environment, admin)
    trusted = {"postgres": environment.database.ca_pem, "redis": environment.cache.ca_pem}.get(target)
    return settings | ({"CA_PEM": trusted} if trusted else {})
