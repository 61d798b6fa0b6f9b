"""The state machine that rotates all secrets, a tier or some of them at once, and tells what became of it."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from catalog import derive, names
from catalog.access.emergency import emergency_policy, emergency_trust
from catalog.emergency.machine import MACHINE, definition, log_group
from catalog.environment import Environment
from catalog.model import Catalog
from components.aws.alarm import alarm
from components.aws.role import BoundedRole, BoundedRoleArgs

_ENDINGS = {
    f"{MACHINE}-failed": ("ExecutionsFailed", "did not rotate everything, or was given what it cannot read"),
    f"{MACHINE}-timed-out": ("ExecutionsTimedOut", "ran out of time"),
    f"{MACHINE}-aborted": ("ExecutionsAborted", "was stopped"),
}
ALARMS = tuple(_ENDINGS)


@dataclass(frozen=True, kw_only=True)
class EmergencyMachineArgs:
    """`log_key_arn` encrypts its log; `topic_arn` is where its alarms go. Its results go to the bucket of query
    results, under `emergency/`."""

    environment: Environment
    catalog: Catalog
    boundary_arn: pulumi.Input[str]
    log_key_arn: pulumi.Input[str]
    topic_arn: pulumi.Input[str]


class EmergencyMachine(pulumi.ComponentResource):
    """A standard workflow with its own bounded role, an encrypted log without inputs and outputs, and traces."""

    arn: pulumi.Output[str]

    def __init__(self, name: str, args: EmergencyMachineArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("llmobs:emergency:EmergencyMachine", name, None, opts)
        environment = args.environment
        tags = derive.environment_tags(environment)
        child = pulumi.ResourceOptions(parent=self)
        role = BoundedRole(
            name,
            BoundedRoleArgs(
                environment=environment,
                what=MACHINE,
                description="Rotates secrets in an emergency",
                trust=emergency_trust(environment),
                policy=emergency_policy(environment, args.catalog),
                boundary_arn=args.boundary_arn,
            ),
            child,
        )
        log = aws.cloudwatch.LogGroup(
            name,
            name=log_group(environment),
            retention_in_days=environment.log_retention_days,
            kms_key_id=args.log_key_arn,
            tags=tags,
            opts=child,
        )
        machine = aws.sfn.StateMachine(
            name,
            name=names.named(environment, MACHINE),
            definition=json.dumps(definition(environment, args.catalog)),
            role_arn=role.arn,
            type="STANDARD",
            logging_configuration=aws.sfn.StateMachineLoggingConfigurationArgs(
                level="ALL",
                # What goes through the states is names and versions; the reason of an incident is for few eyes too.
                include_execution_data=False,
                log_destination=names.log_group_arn(environment, log_group(environment)),
            ),
            tracing_configuration=aws.sfn.StateMachineTracingConfigurationArgs(enabled=True),
            tags=tags,
            # Step Functions tries the role's right to deliver logs when the machine is made.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[log, role.policy]),
        )
        for what, (metric, happened) in _ENDINGS.items():
            alarm(
                what,
                environment,
                description=f"An emergency rotation {happened}. Read the machine's last execution and the message with "
                "its summary, put right what is named there, and start it again with the same incident: it rotates "
                "only what is left: docs/RUNBOOK.md#emergency",
                metric=metric,
                namespace="AWS/States",
                dimensions={"StateMachineArn": machine.arn},
                topic_arn=args.topic_arn,
                opts=child,
            )
        self.arn = machine.arn
        self.register_outputs({"arn": machine.arn})
