"""Trails deliver: log files and digests to the bucket, events to the log group.

Sources: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/get-and-view-cloudtrail-log-files.html (names),
send-cloudtrail-events-to-cloudwatch-logs.html. AWS delivers within about five minutes and a digest an hour; here both
follow within seconds, and at once when asked.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Protocol

from moto.cloudtrail.models import Trail as MotoTrail
from moto.cloudtrail.models import cloudtrail_backends

from sandbox.aws.errors import AwsError
from sandbox.aws.memory.memory import Memory
from sandbox.aws.trail.digest import ALGORITHM, Signed, Signer, content, string_to_sign
from sandbox.aws.trail.history import Entry, History
from sandbox.aws.trail.selectors import in_reach, wanted

_log = logging.getLogger(__name__)
_BATCH = 5000
_SERVICE = "cloudtrail.amazonaws.com"


class Outlet(Protocol):
    """Where deliveries go."""

    def put_object(self, bucket: str, key: str, data: bytes, metadata: Mapping[str, str]) -> None:
        """Put an object; AwsError when the bucket is gone."""

    def put_logs(self, group: str, stream: str, events: list[tuple[int, str]]) -> None:
        """Append (milliseconds, text) events to a log stream."""


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
        may_put: Callable[[str, str], bool],
        interval: float,
    ) -> None:
        """`may_put` says whether CloudTrail may put an object ARN for a trail ARN; `interval` is in seconds."""
        self._account = account
        self._history = history
        self._memory = memory
        self._outlet = outlet
        self._signer = signer
        self._may_put = may_put
        self._interval = interval
        self._working = threading.Lock()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="trail-delivery", daemon=True)

    def start(self) -> None:
        """Deliver in the background from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Deliver no more; what is left is delivered by the next process."""
        self._stopped.set()

    def join(self) -> None:
        """Wait until what was under way has ended."""
        if self._thread.is_alive():
            self._thread.join()

    def flush(self) -> int:
        """Deliver everything that is due now; how many events went out."""
        with self._working:
            return sum(self._deliver(trail) for trail in self._trails() if trail.status.is_logging)

    def is_logging(self, region: str) -> bool:
        """Whether some trail records management events of the region."""
        return any(
            trail.status.is_logging and (trail.is_multi_region or trail.region_name == region)
            for trail in self._trails()
        )

    def public_key(self) -> dict[str, Any]:
        """The key that digests are signed with."""
        now = time.time()
        return {**self._signer.described(), "ValidityStartTime": 0.0, "ValidityEndTime": now + 365 * 24 * 3600}

    def status(self, name: str, region: str) -> dict[str, Any]:
        """GetTrailStatus, with what was really delivered."""
        trail = next(
            (
                trail
                for trail in self._trails()
                if name in {trail.trail_name, trail.arn} and (trail.is_multi_region or trail.region_name == region)
            ),
            None,
        )
        if trail is None:
            raise AwsError("TrailNotFoundException", f"Unknown trail: {name} for the user: {self._account}")
        state = self._history.delivery(trail.arn)
        shown: dict[str, Any] = {"IsLogging": trail.status.is_logging}
        times = {"StartLoggingTime": trail.status.started, "StopLoggingTime": trail.status.stopped}
        shown |= {key: at.replace(tzinfo=UTC).timestamp() for key, at in times.items() if at is not None}
        names = {
            "LatestDeliveryTime": "delivered",
            "LatestDigestDeliveryTime": "digested",
            "LatestDeliveryError": "error",
            "LatestCloudWatchLogsDeliveryTime": "logged",
        }
        return shown | {key: state[field] for key, field in names.items() if state.get(field)}

    def _loop(self) -> None:
        while not self._stopped.wait(self._interval):
            try:
                self.flush()
                self._history.prune(time.time())
            except Exception:  # noqa: BLE001 - a dead thread would stop deliveries silently
                _log.exception("a delivery of CloudTrail stopped by an error of the sandbox")

    def _trails(self) -> Iterator[MotoTrail]:
        with self._memory.read():
            for backend in list(cloudtrail_backends[self._account].values()):
                yield from list(backend.trails.values())

    def _deliver(self, trail: MotoTrail) -> int:
        state = self._history.delivery(trail.arn)
        started = trail.status.started.replace(tzinfo=UTC).timestamp() if trail.status.started else 0.0
        after = state.get("seq", 0)
        entries = self._history.find("seq > ? AND at >= ?", (after, started), _BATCH, oldest_first=True)
        chosen = [entry for entry in entries if self._is_for(trail, entry)]
        if not entries:
            return 0
        state["seq"] = entries[-1].seq
        if chosen:
            self._to_log_group(trail, chosen, state)
            self._to_bucket(trail, chosen, state)
        self._history.set_delivery(trail.arn, state)
        return len(chosen)

    def _is_for(self, trail: MotoTrail, entry: Entry) -> bool:
        reach = in_reach(
            entry.body,
            home=trail.region_name,
            is_multi_region=bool(trail.is_multi_region),
            with_global=bool(trail.include_global_service_events),
        )
        return reach and wanted(entry.body, trail.event_selectors, trail.advanced_event_selectors)

    def _to_log_group(self, trail: MotoTrail, entries: list[Entry], state: dict[str, Any]) -> None:
        if not trail.cw_log_group_arn:
            return
        group = trail.cw_log_group_arn.split(":log-group:", 1)[-1].removesuffix(":*")
        events = [(int(entry.at * 1000), json.dumps(entry.body)) for entry in entries]
        self._outlet.put_logs(group, f"{self._account}_CloudTrail_{trail.region_name}", events)
        state["logged"] = time.time()

    def _to_bucket(self, trail: MotoTrail, entries: list[Entry], state: dict[str, Any]) -> None:
        regions = sorted({entry.region for entry in entries})
        try:
            files = [
                self._log_file(trail, region, [entry for entry in entries if entry.region == region])
                for region in regions
            ]
            state["delivered"] = time.time()
            if trail.log_validation:
                self._digest(trail, files, state)
            state.pop("error", None)
        except AwsError as error:
            # Source of the word: API_GetTrailStatus.html, LatestDeliveryError ("the same as the error in S3").
            state["error"] = error.code

    def _log_file(self, trail: MotoTrail, region: str, entries: list[Entry]) -> dict[str, str]:
        now = datetime.now(UTC)
        folder = f"{self._prefix(trail)}AWSLogs/{self._account}/CloudTrail/{region}/{now:%Y/%m/%d}"
        name = f"{self._account}_CloudTrail_{region}_{now:%Y%m%dT%H%MZ}_{secrets.token_urlsafe(12)}.json.gz"
        plain = json.dumps({"Records": [entry.body for entry in entries]}).encode()
        self._put(trail, f"{folder}/{name}", gzip.compress(plain), {})
        times = sorted(entry.body["eventTime"] for entry in entries)
        return {
            "s3Bucket": trail.bucket_name,
            "s3Object": f"{folder}/{name}",
            "hashValue": hashlib.sha256(plain).hexdigest(),
            "hashAlgorithm": "SHA-256",
            "newestEventTime": times[-1],
            "oldestEventTime": times[0],
        }

    def _digest(self, trail: MotoTrail, files: list[dict[str, str]], state: dict[str, Any]) -> None:
        now = datetime.now(UTC)
        end = f"{now:%Y-%m-%dT%H:%M:%SZ}"
        region = trail.region_name
        folder = f"{self._prefix(trail)}AWSLogs/{self._account}/CloudTrail-Digest/{region}/{now:%Y/%m/%d}"
        stamp = f"{now:%Y%m%dT%H%M%SZ}"
        number = state.get("digests", 0) + 1
        # More than one digest a second can happen here, not on AWS: the number keeps their names apart.
        name = f"{self._account}_CloudTrail-Digest_{region}_{trail.trail_name}-{number}_{region}_{stamp}.json.gz"
        key = f"{folder}/{name}"
        previous = Signed(**state["digest"]) if "digest" in state else None
        text = content(
            account=self._account,
            start=state.get("digest_end", end),
            end=end,
            bucket=trail.bucket_name,
            key=key,
            fingerprint=self._signer.fingerprint,
            files=files,
            previous=previous,
        )
        plain = json.dumps(text).encode()
        sha256 = hashlib.sha256(plain).hexdigest()
        signature = self._signer.sign(
            string_to_sign(end=end, bucket=trail.bucket_name, key=key, sha256=sha256, previous=previous)
        )
        self._put(trail, key, gzip.compress(plain), {"signature": signature, "signature-algorithm": ALGORITHM})
        state["digest"] = {"bucket": trail.bucket_name, "key": key, "sha256": sha256, "signature": signature}
        state |= {"digest_end": end, "digested": time.time(), "digests": number}

    def _put(self, trail: MotoTrail, key: str, data: bytes, metadata: Mapping[str, str]) -> None:
        if not self._may_put(f"arn:aws:s3:::{trail.bucket_name}/{key}", trail.arn):
            raise AwsError("AccessDenied", "The bucket's policy does not let CloudTrail write.", status=403)
        self._outlet.put_object(trail.bucket_name, key, data, metadata)

    @staticmethod
    def _prefix(trail: MotoTrail) -> str:
        return f"{trail.s3_key_prefix.strip('/')}/" if trail.s3_key_prefix else ""
