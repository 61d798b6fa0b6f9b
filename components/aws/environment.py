"""The whole programme of one environment on AWS: keys, rotation functions, secrets, access."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from catalog import derive
from catalog.environment import Environment
from catalog.model import Catalog
from catalog.names import Duty
from components.aws.access import consumer_role, duty_role
from components.aws.key import ManagedKey, ManagedKeyArgs
from components.aws.role import Boundary, BoundaryArgs, BoundedRole
from components.aws.rotation import RotationFunction, RotationFunctionArgs
from components.aws.secret import ManagedSecret, ManagedSecretArgs


@dataclass(frozen=True, kw_only=True)
class SecretsEnvironmentArgs:
    """Where, and what."""

    environment: Environment
    catalog: Catalog


class SecretsEnvironment(pulumi.ComponentResource):
    """Every secret of the catalogue in one account and region, encrypted, scheduled, and readable by its consumers."""

    secret_arns: Mapping[str, pulumi.Output[str]]
    role_arns: Mapping[str, pulumi.Output[str]]

    def __init__(self, name: str, args: SecretsEnvironmentArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("llmobs:environment:SecretsEnvironment", name, None, opts)
        environment, catalog = args.environment, args.catalog
        child = pulumi.ResourceOptions(parent=self)
        boundary = Boundary("boundary", BoundaryArgs(environment=environment), child)
        duties = {
            str(duty): BoundedRole(duty, duty_role(environment, catalog, duty, boundary.arn), child) for duty in Duty
        }
        # A key policy may name only principals that exist:
        # docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html
        after_duties = pulumi.ResourceOptions(parent=self, depends_on=list(duties.values()))
        keys = {
            purpose: ManagedKey(purpose, ManagedKeyArgs(environment=environment, purpose=purpose), after_duties)
            for purpose in derive.key_purposes(catalog)
        }
        functions = {
            target: RotationFunction(
                f"rotate-{target}",
                RotationFunctionArgs(
                    environment=environment,
                    catalog=catalog,
                    target=target,
                    log_key_arn=keys["logs"].arn,
                    boundary_arn=boundary.arn,
                ),
                child,
            )
            for target in catalog.targets
        }
        secrets = {
            secret.name: ManagedSecret(
                secret.name,
                ManagedSecretArgs(
                    environment=environment,
                    catalog=catalog,
                    secret=secret,
                    key_arn=keys[derive.key_purpose(secret)].arn,
                    function=functions[secret.spec.target],
                ),
                child,
            )
            for secret in catalog.secrets
        }
        consumers = {
            consumer.name: BoundedRole(
                consumer.name, consumer_role(environment, catalog, consumer, boundary.arn), child
            )
            for consumer in catalog.consumers
        }
        self.secret_arns = {name: secret.arn for name, secret in secrets.items()}
        self.role_arns = {name: role.arn for name, role in (duties | consumers).items()}
        self.register_outputs({"secret_arns": self.secret_arns, "role_arns": self.role_arns})
