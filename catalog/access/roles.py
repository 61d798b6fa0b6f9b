"""Every role that the program makes: what it may do, who may become it, and what bounds it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from catalog import names
from catalog.access import backup, retire, watch
from catalog.access.audit import trail_log_policy, trail_log_trust
from catalog.access.backup import backup_policy
from catalog.access.boundary import boundary_policy
from catalog.access.consumer import consumer_policy, rotation_policy
from catalog.access.deploy import deploy_boundary, workflow_policy
from catalog.access.duty import duty_policy
from catalog.access.emergency import emergency_policy, emergency_trust
from catalog.access.function import function_policy
from catalog.access.github import Workflow, workflow_trust
from catalog.access.retire import retire_policy
from catalog.access.schedule import SCHEDULED, schedule_policy, schedule_trust, scheduler
from catalog.access.statement import Policy
from catalog.access.topic import alert_policy
from catalog.access.trust import consumer_trust, duty_trust, function_trust
from catalog.access.watch import watch_policy
from catalog.alerts import alerts
from catalog.environment import Environment
from catalog.model import Catalog
from catalog.names import Duty


class Group(StrEnum):
    """Who stands behind a role."""

    CONSUMERS = "Consumers"
    PEOPLE = "People and workflows"
    MACHINES = "Functions, machines and schedules"


@dataclass(frozen=True, kw_only=True)
class Role:
    """`what` names it, such as `api-server`."""

    what: str
    group: Group
    trust: Policy
    policy: Policy
    boundary: Policy


def roles(environment: Environment, catalog: Catalog) -> list[Role]:
    """Every role, in the order in which a person reads them."""
    boundary = boundary_policy(environment)
    consumers = [
        Role(
            what=consumer.name,
            group=Group.CONSUMERS,
            trust=consumer_trust(environment, consumer),
            policy=consumer_policy(environment, catalog, consumer.name),
            boundary=boundary,
        )
        for consumer in catalog.consumers
    ]
    duties = [
        Role(
            what=duty,
            group=Group.PEOPLE,
            trust=duty_trust(environment, duty),
            policy=duty_policy(environment, catalog, duty),
            boundary=boundary,
        )
        for duty in Duty
    ]
    workflows = [
        Role(
            what=workflow,
            group=Group.PEOPLE,
            trust=workflow_trust(environment, workflow),
            policy=workflow_policy(environment, workflow),
            boundary=deploy_boundary(environment),
        )
        for workflow in Workflow
    ]
    machines = [
        Role(what=what, group=Group.MACHINES, trust=trust, policy=policy, boundary=boundary)
        for what, trust, policy in _machines(environment, catalog)
    ]
    return [*consumers, *duties, *workflows, *machines]


def _machines(environment: Environment, catalog: Catalog) -> Iterator[tuple[str, Policy, Policy]]:
    for what, policy in _functions(environment, catalog):
        yield what, function_trust(), function_policy(environment, what, policy)
    for what in SCHEDULED:
        yield scheduler(what), schedule_trust(environment), schedule_policy(environment, what)
    yield "emergency", emergency_trust(environment), emergency_policy(environment, catalog)
    yield "trail", trail_log_trust(environment), trail_log_policy(environment)


def _functions(environment: Environment, catalog: Catalog) -> Iterator[tuple[str, Policy]]:
    for target in catalog.targets:
        yield names.rotator(target), rotation_policy(environment, catalog, target)
    yield alerts.FUNCTION, alert_policy(environment)
    yield watch.FUNCTION, watch_policy(environment, catalog)
    yield backup.FUNCTION, backup_policy(environment, catalog)
    yield retire.FUNCTION, retire_policy(environment, catalog)
