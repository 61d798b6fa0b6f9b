"""The emergency's state machine, as an operator starts and follows it. No value passes here.

Executions have names that are made of the incident and the scope, so two people who start the same at once start it
once; a new start of the same has the next number. Names are unique for 90 days:
docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from catalog import names
from catalog.environment import Environment
from secretsctl.verdict import CommandError, ExitCode
from stores.aws_session import translated

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

RUNNING, SUCCEEDED = "RUNNING", "SUCCEEDED"
Scope = str | Mapping[str, object]
_MOST_EVENTS = 50
_READABLE = 40


@dataclass(frozen=True, kw_only=True)
class Order:
    """What the machine is told: catalog/emergency/machine.py."""

    incident: str
    reason: str
    scope: Scope

    def as_input(self) -> str:
        """The execution's input, always the same text for the same order."""
        return json.dumps({"incident": self.incident, "reason": self.reason, "scope": self.scope}, sort_keys=True)


@dataclass(frozen=True, kw_only=True)
class Run:
    """One execution, as it is now. `summary` is what the machine told at its end, if it came to that."""

    arn: str
    order: Order
    status: str
    started: datetime
    stopped: datetime | None = None
    error: str | None = None
    cause: str | None = None
    summary: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The execution's name."""
        return self.arn.rsplit(":", 1)[-1]

    @property
    def is_over(self) -> bool:
        """Whether it runs no more."""
        return self.status != RUNNING


@dataclass(frozen=True, kw_only=True)
class Counts:
    """How many secrets of one stage are where."""

    stage: str
    total: int
    done: int
    failed: int
    running: int


class Emergencies:
    """Starts, finds and looks at executions of one environment's machine.

    Limits of the calls: docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html#service-limits-api-action-
    throttling-general; the lowest here are those of DescribeMapRun and ListMapRuns, one a second with a reserve of ten
    (unverified for every region), so a follower looks every few seconds.
    """

    def __init__(self, client: SFNClient, environment: Environment) -> None:
        self._client = client
        self._machine = names.emergency_arns(environment)[0]

    def start(self, order: Order) -> Run:
        """The first execution of an order; the one that is there already when somebody started the same just now.

        Raises:
            CommandError: the order was given before and its execution is over, or has another reason.
        """
        return self._started(order, 1)

    def again(self, incident: str) -> Run:
        """A new execution with the order of the incident's last one: it rotates only what is left.

        Raises:
            CommandError: there is none, it still runs, or nothing of it is left.
        """
        last = self.last(incident)
        if not last.is_over:
            raise CommandError(
                f"incident '{incident}': still runs; follow it with `secretsctl emergency --follow {incident}`"
            )
        if last.status == SUCCEEDED:
            raise CommandError(f"incident '{incident}': its last run rotated everything; nothing is left to do")
        return self._started(last.order, int(last.name.rsplit("-", 1)[-1]) + 1)

    def last(self, incident: str) -> Run:
        """The newest execution of an incident.

        Raises:
            CommandError: there is none in the last 90 days.
        """
        prefix = _incident_prefix(incident)
        with translated("look for the incident"):
            pages = self._client.get_paginator("list_executions").paginate(stateMachineArn=self._machine)
            for page in pages:  # the newest first
                for entry in page["executions"]:
                    if entry["name"].startswith(prefix):
                        return self.look(entry["executionArn"])
        raise CommandError(
            f"incident '{incident}': nothing was started for it in the last 90 days; check how it is spelled",
            ExitCode.USAGE,
        )

    def look(self, arn: str) -> Run:
        """An execution as it is now: DescribeExecution, and its history once it is over."""
        with translated("look at the emergency"):
            told = self._client.describe_execution(executionArn=arn)
        over = told["status"] != RUNNING
        return Run(
            arn=arn,
            order=_order(told.get("input", "{}")),
            status=told["status"],
            started=told["startDate"],
            stopped=told.get("stopDate"),
            error=told.get("error"),
            cause=told.get("cause"),
            summary=_object(told.get("output")) or (self._told(arn) if over else {}),
        )

    def counts(self, arn: str) -> list[Counts]:
        """How far each stage is that has begun: ListMapRuns, and DescribeMapRun for each."""
        with translated("look at the emergency"):
            runs = self._client.list_map_runs(executionArn=arn)["mapRuns"]
            found = [self._client.describe_map_run(mapRunArn=run["mapRunArn"]) for run in runs]
        return [
            Counts(
                # arn:aws:states:REGION:ACCOUNT:mapRun:MACHINE/STAGE:ID
                stage=run["mapRunArn"].rsplit("/", 1)[-1].partition(":")[0],
                total=run["itemCounts"]["total"],
                done=run["itemCounts"]["succeeded"],
                failed=sum(run["itemCounts"][kind] for kind in ("failed", "timedOut", "aborted")),
                running=run["itemCounts"]["running"],
            )
            for run in found
        ]

    def _started(self, order: Order, number: int) -> Run:
        name = f"{_incident_prefix(order.incident)}{_digest(json.dumps(order.scope, sort_keys=True), 6)}-{number}"
        with translated("start the emergency"):
            try:
                answer = self._client.start_execution(stateMachineArn=self._machine, name=name, input=order.as_input())
            except self._client.exceptions.ExecutionAlreadyExists:
                answer = None
        if answer is not None:
            return self.look(answer["executionArn"])
        raise CommandError(
            f"incident '{order.incident}': was started for the same secrets before; follow it with "
            f"`secretsctl emergency --follow {order.incident}`, or rotate what it left with "
            f"`secretsctl emergency --redrive {order.incident}`",
            ExitCode.USAGE,
        )

    def _told(self, arn: str) -> Mapping[str, Any]:
        """The summary of an execution that failed: it has no output, and its history has what a state passed on."""
        with translated("read the emergency's history"):
            events = self._client.get_execution_history(
                executionArn=arn, reverseOrder=True, maxResults=_MOST_EVENTS, includeExecutionData=True
            )["events"]
        for event in events:
            passed = _object(event.get("stateExitedEventDetails", {}).get("output"))
            if isinstance(found := passed.get("summary"), Mapping):
                return found
        return {}


def scope_of(*, everything: bool, tier: int | None, secrets: Sequence[str]) -> Scope:
    """The scope as the machine reads it."""
    if everything:
        return "all"
    return {"tier": tier} if tier is not None else {"secrets": sorted(dict.fromkeys(secrets))}


def _incident_prefix(incident: str) -> str:
    readable = re.sub(r"[^A-Za-z0-9]+", "-", incident).strip("-")[:_READABLE]
    return f"{readable}-{_digest(incident, 8)}-"


def _digest(text: str, length: int) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:length]


def _order(text: str) -> Order:
    given = _object(text)
    return Order(
        incident=str(given.get("incident", "")), reason=str(given.get("reason", "")), scope=given.get("scope", "")
    )


def _object(text: str | None) -> Mapping[str, Any]:
    try:
        found = json.loads(text or "null")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
