"""Trails deliver: log files and digests to the bucket, a notice to the topic, events to the log group.

Sources: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/send-cloudtrail-events-to-cloudwatch-logs.html and
configure-sns-notifications-for-cloudtrail.html. AWS delivers within about five minutes; here it takes seconds, and no
time when asked. What could not be delivered is tried again, as AWS does for 30 days.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator

from moto.cloudtrail.models import Trail as MotoTrail
from moto.cloudtrail.models import cloudtrail_backends

from sandbox.aws.background import Background
from sandbox.aws.clock.source import Ran
from sandbox.aws.errors import AwsError
from sandbox.aws.memory.memory import Memory
from sandbox.aws.trail.destinations import Destination, Destinations
from sandbox.aws.trail.digest import Signer
from sandbox.aws.trail.history import Entry, History
from sandbox.aws.trail.log_files import LogFiles, Outlet, State
from sandbox.aws.trail.record import Record
from sandbox.aws.trail.selectors import in_reach, wanted
from sandbox.aws.trail.status import seconds

_BATCH = 5000
_STOP_SECONDS = 5.0  # within which the StopLogging that ended a trail is recorded
_Send = Callable[[MotoTrail, list[Entry], State], None]


class Delivery:
    """Delivers what each logging trail wants, from where it left off; a restart goes on there."""

    def __init__(
        self,
        *,
        account: str,
        history: History,
        memory: Memory,
        outlet: Outlet,
        signer: Signer,
        destinations: Destinations,
        interval: float,
    ) -> None:
        """`interval` is in seconds."""
        self._account = account
        self._history = history
        self._memory = memory
        self._outlet = outlet
        self._destinations = destinations
        self._files = LogFiles(account=account, outlet=outlet, signer=signer, destinations=destinations)
        self._interval = interval
        self._working = threading.Lock()
        self.background = Background("trail-delivery", self._look)

    def flush(self, *, with_digests: bool = False) -> int:
        """Deliver everything that is due now; how many events went to buckets."""
        with self._working:
            trails = list(self._trails())
            count = sum(self._deliver(trail, with_digests) for trail in trails)
            self._history.forget_deliveries_but({trail.arn for trail in trails})
            return count

    def at_step_end(self, _now: float) -> list[Ran]:
        """Deliver after a step of an advance of the clock, so that metric filters see it in its time."""
        self.flush()
        return []

    def takes(self, event: Record) -> bool:
        """Whether EventBridge gets the event: a trail logs in its region, and wants it if it is a data event.

        Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html.
        """
        return any(
            _logs_in(trail, event["awsRegion"]) and (event["managementEvent"] or _is_for(trail, event))
            for trail in self._trails()
        )

    def is_logging(self, region: str) -> bool:
        """Whether some trail logs in the region."""
        return any(_logs_in(trail, region) for trail in self._trails())

    def find(self, name: str, region: str) -> MotoTrail:
        """A trail by name or ARN as it is seen in a region; AwsError TrailNotFoundException."""
        for trail in self._trails():
            if name in {trail.trail_name, trail.arn} and (trail.is_multi_region or trail.region_name == region):
                return trail
        raise AwsError("TrailNotFoundException", f"Unknown trail: {name} for the user: {self._account}")

    def state(self, trail: MotoTrail) -> State:
        """What is known of a trail's deliveries."""
        return self._history.delivery(trail.arn)

    def _look(self) -> float:
        self.flush()
        self._history.prune(time.time())
        return self._interval

    def _trails(self) -> Iterator[MotoTrail]:
        with self._memory.read():
            found = [
                trail
                for backend in list(cloudtrail_backends[self._account].values())
                for trail in list(backend.trails.values())
            ]
        yield from found

    def _deliver(self, trail: MotoTrail, with_digests: bool) -> int:
        if trail.status.started is None:
            return 0
        state = self._history.delivery(trail.arn)
        count = self._advance(trail, state, "seq", "error", self._to_bucket)
        if trail.cw_log_group_arn:
            self._advance(trail, state, "logs_seq", "logs_error", self._to_log_group)
        if trail.log_validation:
            is_forced = with_digests or not trail.status.is_logging
            try:
                if self._files.write_digests(destination_of(trail), trail.trail_name, state, is_forced=is_forced):
                    state.pop("digest_error", None)
                    self._history.set_delivery(trail.arn, state)
            except AwsError as error:
                self._failed(trail, state, "digest_error", error)
        return count

    def _advance(self, trail: MotoTrail, state: State, cursor: str, problem: str, send: _Send) -> int:
        """Send what is behind `cursor`, which moves on only with what was sent."""
        begun, ended = seconds(trail.status.started), None if trail.status.is_logging else seconds(trail.status.stopped)
        count = 0
        while entries := self._history.find(
            "seq > ? AND at >= ?", (state.get(cursor, 0), begun), _BATCH, oldest_first=True
        ):
            chosen = [entry for entry in entries if _is_within(entry, ended) and _is_for(trail, entry.body)]
            try:
                if chosen:
                    send(trail, chosen, state)
                    state.pop(problem, None)
            except AwsError as error:
                self._failed(trail, state, problem, error)
                break
            count += len(chosen)
            state[cursor] = entries[-1].seq
            self._history.set_delivery(trail.arn, state)
        return count

    def _failed(self, trail: MotoTrail, state: State, problem: str, error: AwsError) -> None:
        state[problem] = error.code
        if problem == "error":
            state["attempted"] = time.time()
        self._history.set_delivery(trail.arn, state)

    def _to_log_group(self, trail: MotoTrail, entries: list[Entry], state: State) -> None:
        destination = destination_of(trail)
        if not self._destinations.may_log(destination):
            raise AwsError("AccessDenied", "The trail's role may not write to its log group.", status=403)
        if not self._destinations.has_group(destination):
            raise AwsError("ResourceNotFoundException", "The specified log group does not exist.")
        group = destination.group_arn.split(":log-group:", 1)[-1].removesuffix(":*")
        events = [(int(entry.at * 1000), json.dumps(entry.body)) for entry in entries]
        self._outlet.put_logs(group, f"{self._account}_CloudTrail_{trail.region_name}", events)
        state["logged"] = time.time()

    def _to_bucket(self, trail: MotoTrail, entries: list[Entry], state: State) -> None:
        destination = destination_of(trail)
        keys = self._files.write(destination, entries, state, is_validated=bool(trail.log_validation))
        state["attempted"] = state["delivered"] = time.time()
        if not destination.topic_arn:
            return
        state["notice_attempted"] = time.time()
        if not self._destinations.may_notify(destination):
            state["notice_error"] = "AuthorizationError"
            return
        try:
            self._outlet.send(destination.topic_arn, json.dumps({"s3Bucket": destination.bucket, "s3ObjectKey": keys}))
        except Exception as exc:  # noqa: BLE001 - moto's topics raise their own errors; the files are delivered all the same
            state["notice_error"] = type(exc).__name__
        else:
            state["noticed"] = time.time()
            state.pop("notice_error", None)


def destination_of(trail: MotoTrail) -> Destination:
    """Where a trail delivers to."""
    return Destination(
        trail_arn=trail.arn,
        bucket=trail.bucket_name,
        prefix=f"{trail.s3_key_prefix.strip('/')}/" if trail.s3_key_prefix else "",
        topic_arn=trail.topic_arn or "",
        key_id=trail.kms_key_id or "",
        group_arn=trail.cw_log_group_arn or "",
        role_arn=trail.cw_role_arn or "",
    )


def _logs_in(trail: MotoTrail, region: str) -> bool:
    return bool(trail.status.is_logging and (trail.is_multi_region or trail.region_name == region))


def _is_for(trail: MotoTrail, event: Record) -> bool:
    reach = in_reach(
        event,
        home=trail.region_name,
        is_multi_region=bool(trail.is_multi_region),
        with_global=bool(trail.include_global_service_events),
    )
    return reach and wanted(event, trail.event_selectors, trail.advanced_event_selectors)


def _is_within(entry: Entry, ended: float | None) -> bool:
    if ended is None or entry.at <= ended:
        return True
    return bool(entry.body["eventName"] == "StopLogging" and entry.at <= ended + _STOP_SECONDS)
