"""The files that a trail puts into its bucket: log files, and digests that prove them, chained for each region.

Sources: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/get-and-view-cloudtrail-log-files.html (names) and
cloudtrail-log-file-validation-digest-file-structure.html. AWS writes a digest an hour, also an empty one; here there is
one an hour for the regions that had log files, and one when a delivery is asked for.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import secrets
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

from sandbox.aws.errors import AwsError
from sandbox.aws.trail.destinations import Destination, Destinations
from sandbox.aws.trail.digest import ALGORITHM, Signed, Signer, content, string_to_sign
from sandbox.aws.trail.history import Entry

_HOUR = 3600.0
State = dict[str, Any]


class Outlet(Protocol):
    """Where deliveries go."""

    def put_object(
        self, bucket: str, key: str, data: bytes, metadata: Mapping[str, str], *, key_id: str | None = None
    ) -> None:
        """Put an object, encrypted with a KMS key if one is given; AwsError when the bucket is gone."""

    def put_logs(self, group: str, stream: str, events: list[tuple[int, str]]) -> None:
        """Append (milliseconds, text) events to a log stream."""

    def send(self, target: str, message: str) -> None:
        """Publish to a topic by ARN."""


class LogFiles:
    """Writes the files of all trails; what a trail's next digest needs is in the trail's state."""

    def __init__(self, *, account: str, outlet: Outlet, signer: Signer, destinations: Destinations) -> None:
        """`signer` signs the digests."""
        self._account = account
        self._outlet = outlet
        self._signer = signer
        self._destinations = destinations

    def write(
        self, destination: Destination, entries: Sequence[Entry], state: State, *, is_validated: bool
    ) -> list[str]:
        """One log file a region; their keys. AwsError when CloudTrail may not, or the bucket is gone."""
        keys = []
        for region in sorted({entry.region for entry in entries}):
            file = self._log_file(destination, region, [entry for entry in entries if entry.region == region])
            keys.append(file["s3Object"])
            if is_validated:
                chain = state.setdefault("chains", {}).setdefault(region, {"start": time.time(), "files": []})
                chain["files"].append(file)
        return keys

    def write_digests(self, destination: Destination, trail_name: str, state: State, *, is_forced: bool) -> int:
        """The digests that are due, or all for which there are log files when forced; how many."""
        now, written = time.time(), 0
        for region, chain in state.get("chains", {}).items():
            if chain["files"] and (is_forced or now - chain["start"] >= _HOUR):
                self._digest(destination, trail_name, region, chain)
                state["digested"] = now
                written += 1
        return written

    def _log_file(self, destination: Destination, region: str, entries: list[Entry]) -> dict[str, str]:
        now = datetime.now(UTC)
        folder = f"{destination.prefix}AWSLogs/{self._account}/CloudTrail/{region}/{now:%Y/%m/%d}"
        unique = secrets.token_hex(8)
        key = f"{folder}/{self._account}_CloudTrail_{region}_{now:%Y%m%dT%H%MZ}_{unique}.json.gz"
        plain = json.dumps({"Records": [entry.body for entry in entries]}).encode()
        self._put(destination, key, gzip.compress(plain), {})
        times = sorted(entry.body["eventTime"] for entry in entries)
        return {
            "s3Bucket": destination.bucket,
            "s3Object": key,
            "hashValue": hashlib.sha256(plain).hexdigest(),
            "hashAlgorithm": "SHA-256",
            "newestEventTime": times[-1],
            "oldestEventTime": times[0],
        }

    def _digest(self, destination: Destination, trail_name: str, region: str, chain: dict[str, Any]) -> None:
        # The name has whole seconds and must be new: a second digest within one second ends a second later.
        ends = max(float(int(time.time())), chain.get("end", 0.0) + 1)
        at = datetime.fromtimestamp(ends, UTC)
        home = destination.trail_arn.split(":")[3]
        folder = f"{destination.prefix}AWSLogs/{self._account}/CloudTrail-Digest/{region}/{at:%Y/%m/%d}"
        name = f"{self._account}_CloudTrail-Digest_{region}_{trail_name}_{home}_{at:%Y%m%dT%H%M%SZ}.json.gz"
        key, end = f"{folder}/{name}", f"{at:%Y-%m-%dT%H:%M:%SZ}"
        previous = Signed(**chain["digest"]) if "digest" in chain else None
        start = datetime.fromtimestamp(chain.get("end", min(chain["start"], ends)), UTC)
        text = content(
            account=self._account,
            start=f"{start:%Y-%m-%dT%H:%M:%SZ}",
            end=end,
            bucket=destination.bucket,
            key=key,
            fingerprint=self._signer.fingerprint,
            files=chain["files"],
            previous=previous,
        )
        plain = json.dumps(text).encode()
        sha256 = hashlib.sha256(plain).hexdigest()
        signature = self._signer.sign(
            string_to_sign(end=end, bucket=destination.bucket, key=key, sha256=sha256, previous=previous)
        )
        self._put(destination, key, gzip.compress(plain), {"signature": signature, "signature-algorithm": ALGORITHM})
        chain["digest"] = {"bucket": destination.bucket, "key": key, "sha256": sha256, "signature": signature}
        chain.update({"start": ends, "end": ends, "files": []})

    def _put(self, destination: Destination, key: str, data: bytes, metadata: Mapping[str, str]) -> None:
        if not self._destinations.may_put(destination, key):
            raise AwsError("AccessDenied", "The bucket's policy does not let CloudTrail write.", status=403)
        if destination.key_id and not self._destinations.may_encrypt(destination):
            raise AwsError("KMS.AccessDeniedException", "The key's policy does not let CloudTrail encrypt.", status=403)
        self._outlet.put_object(destination.bucket, key, data, metadata, key_id=destination.key_id or None)
