"""The Lambda function that rotates every secret of one target, with a role for exactly those."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from catalog import derive, names
from catalog.access.consumer import rotation_policy
from catalog.access.trust import function_trust
from catalog.environment import Environment
from catalog.kind import KINDS, Kind
from catalog.model import Catalog
from components.aws import package
from components.aws.role import BoundedRole, BoundedRoleArgs

HANDLER = "rotation.handler.handle"
RUNTIME = "python3.11"
TIMEOUT_SECONDS = 60
MEMORY_MB = 256


@dataclass(frozen=True, kw_only=True)
class RotationFunctionArgs:
    """`target` names the code, one of `catalog.kind.TARGETS`; `log_key_arn` encrypts its log."""

    environment: Environment
    catalog: Catalog
    target: str
    log_key_arn: pulumi.Input[str]
    boundary_arn: pulumi.Input[str]


class RotationFunction(pulumi.ComponentResource):
    """Rotates the secrets of one target, and can touch no other; only Secrets Manager of this account invokes it."""

    arn: pulumi.Output[str]
    permission: aws.lambda_.Permission

    def __init__(self, name: str, args: RotationFunctionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("llmobs:rotation:RotationFunction", name, None, opts)
        environment = args.environment
        physical_name = derive.function_name(environment, args.target)
        tags = derive.environment_tags(environment)
        child = pulumi.ResourceOptions(parent=self)
        log = aws.cloudwatch.LogGroup(
            name,
            name=derive.log_group(environment, args.target),
            retention_in_days=environment.log_retention_days,
            kms_key_id=args.log_key_arn,
            tags=tags,
            opts=child,
        )
        role = BoundedRole(
            name,
            BoundedRoleArgs(
                environment=environment,
                what=names.rotator(args.target),
                description=f"Rotates the secrets of target {args.target}",
                trust=function_trust(),
                policy=rotation_policy(environment, args.catalog, args.target),
                boundary_arn=args.boundary_arn,
            ),
            child,
        )
        function = aws.lambda_.Function(
            name,
            name=physical_name,
            description=f"Rotates the secrets of target {args.target}",
            role=role.arn,
            runtime=RUNTIME,
            architectures=["arm64"],
            handler=HANDLER,
            code=pulumi.FileArchive(str(package.build(args.target))),
            timeout=TIMEOUT_SECONDS,
            memory_size=MEMORY_MB,
            environment=aws.lambda_.FunctionEnvironmentArgs(variables=variables(args)),
            tags=tags,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[log, role.policy]),
        )
        self.permission = aws.lambda_.Permission(
            name,
            function=function.name,
            action="lambda:InvokeFunction",
            principal="secretsmanager.amazonaws.com",
            source_account=environment.account,
            opts=child,
        )
        self.arn = function.arn
        self.register_outputs({"arn": function.arn, "permission": self.permission.id})


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
