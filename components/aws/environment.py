"""The programme of one environment on AWS: keys, record, alerts, functions, secrets, access, backup, emergency."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from catalog import derive
from catalog.environment import Environment
from catalog.model import Catalog
from catalog.names import Duty
from components.aws.access import Access, AccessArgs, duty_role
from components.aws.alerts import Alerts, AlertsArgs
from components.aws.audit import AuditTrail, AuditTrailArgs
from components.aws.backup import SecretsBackup, SecretsBackupArgs
from components.aws.dashboard import SecretsDashboard, SecretsDashboardArgs
from components.aws.emergency import EmergencyMachine, EmergencyMachineArgs
from components.aws.key import ManagedKey, ManagedKeyArgs
from components.aws.network import FunctionNetwork, FunctionNetworkArgs
from components.aws.queries import RecordQueries, RecordQueriesArgs
from components.aws.retirement import Retirement, RetirementArgs
from components.aws.role import Boundary, BoundaryArgs, BoundedRole
from components.aws.rotation import RotationFunction, RotationFunctionArgs
from components.aws.secret import ManagedSecret, ManagedSecretArgs
from components.aws.signing import CodeSigning, CodeSigningArgs
from components.aws.surroundings import Surroundings
from components.aws.topic import AlertTopic, AlertTopicArgs
from components.aws.watch import OverdueWatch, OverdueWatchArgs


@dataclass(frozen=True, kw_only=True)
class SecretsEnvironmentArgs:
    """Where, and what."""

    environment: Environment
    catalog: Catalog


class SecretsEnvironment(pulumi.ComponentResource):
    """Every secret of the catalogue in one account and region, encrypted, rotated, watched, and read by its consumers.

    Its parts are declared in the order in which they need each other: who has a duty, the keys that name them, the
    record, the topic, then what runs, what it rotates, and who reads it.
    """

    secret_arns: Mapping[str, pulumi.Output[str]]
    role_arns: Mapping[str, pulumi.Output[str]]
    emergency_arn: pulumi.Output[str]

    def __init__(self, name: str, args: SecretsEnvironmentArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("llmobs:environment:SecretsEnvironment", name, None, opts)
        environment, catalog = self._environment, self._catalog = args.environment, args.catalog
        self._child = child = pulumi.ResourceOptions(parent=self)
        boundary = Boundary("boundary", BoundaryArgs(environment=environment), child)
        duties = {
            str(duty): BoundedRole(duty, duty_role(environment, catalog, duty, boundary.arn), child) for duty in Duty
        }
        keys = self._keys(duties)
        logs = keys["logs"].arn
        audit = AuditTrail(
            "audit", AuditTrailArgs(environment=environment, log_key_arn=logs, boundary_arn=boundary.arn), child
        )
        RecordQueries(
            "queries",
            RecordQueriesArgs(
                environment=environment, catalog=catalog, log_key_arn=logs, access_bucket=audit.access_bucket
            ),
            child,
        )
        topic = AlertTopic("alert-topic", AlertTopicArgs(environment=environment, log_key_arn=logs), child)
        around = self._surroundings(boundary, logs, topic, audit)
        secrets = self._secrets(keys, around)
        access = Access(
            "access", AccessArgs(environment=environment, catalog=catalog, boundary_arn=boundary.arn), child
        )
        SecretsBackup(
            "backup",
            SecretsBackupArgs(
                surroundings=around, catalog=catalog, key_arn=keys["backup"].arn, log_bucket=audit.access_bucket
            ),
            child,
        )
        Alerts(
            "alerts",
            AlertsArgs(
                surroundings=around,
                catalog=catalog,
                log_group=audit.log_group,
                after=[secret.policy for secret in secrets.values()],
            ),
            child,
        )
        Retirement("retirement", RetirementArgs(surroundings=around, catalog=catalog), child)
        OverdueWatch("watch", OverdueWatchArgs(surroundings=around, catalog=catalog), child)
        emergency = EmergencyMachine(
            "emergency",
            EmergencyMachineArgs(
                environment=environment,
                catalog=catalog,
                boundary_arn=boundary.arn,
                log_key_arn=logs,
                topic_arn=topic.arn,
            ),
            child,
        )
        SecretsDashboard("dashboard", SecretsDashboardArgs(environment=environment, catalog=catalog), child)
        self.secret_arns = {name: secret.arn for name, secret in secrets.items()}
        self.role_arns = {name: role.arn for name, role in duties.items()} | dict(access.role_arns)
        self.emergency_arn = emergency.arn
        self.register_outputs(
            {"secret_arns": self.secret_arns, "role_arns": self.role_arns, "emergency_arn": self.emergency_arn}
        )

    def _keys(self, duties: Mapping[str, BoundedRole]) -> Mapping[str, ManagedKey]:
        """A key policy may name only principals that exist: so the duties are first.

        Source: docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html
        """
        after_duties = pulumi.ResourceOptions(parent=self, depends_on=list(duties.values()))
        return {
            purpose: ManagedKey(purpose, ManagedKeyArgs(environment=self._environment, purpose=purpose), after_duties)
            for purpose in derive.key_purposes(self._catalog)
        }

    def _surroundings(
        self, boundary: Boundary, log_key_arn: pulumi.Output[str], topic: AlertTopic, audit: AuditTrail
    ) -> Surroundings:
        environment = self._environment
        network = FunctionNetwork("network", FunctionNetworkArgs(environment=environment), self._child)
        signing = CodeSigning(
            "signing",
            CodeSigningArgs(environment=environment, key_arn=log_key_arn, log_bucket=audit.access_bucket),
            self._child,
        )
        return Surroundings(
            environment=environment,
            boundary_arn=boundary.arn,
            log_key_arn=log_key_arn,
            topic_arn=topic.arn,
            subnet_ids=environment.network.subnet_ids,
            security_group_id=network.security_group_id,
            internet_group_id=network.internet_group_id,
            code_bucket=signing.bucket,
            signing_profile=signing.profile,
            code_signing_arn=signing.config_arn,
        )

    def _secrets(self, keys: Mapping[str, ManagedKey], around: Surroundings) -> Mapping[str, ManagedSecret]:
        environment, catalog = self._environment, self._catalog
        functions = {
            target: RotationFunction(
                f"rotate-{target}",
                RotationFunctionArgs(environment=environment, catalog=catalog, target=target, surroundings=around),
                self._child,
            )
            for target in catalog.targets
        }
        return {
            secret.name: ManagedSecret(
                secret.name,
                ManagedSecretArgs(
                    environment=environment,
                    catalog=catalog,
                    secret=secret,
                    key_arn=keys[derive.key_purpose(secret)].arn,
                    replica_key_arn=keys[derive.key_purpose(secret)].replica_arn,
                    function=functions[secret.spec.target],
                ),
                self._child,
            )
            for secret in catalog.secrets
        }
