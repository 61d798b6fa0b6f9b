"""What GetTrailStatus answers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from moto.cloudtrail.models import Trail as MotoTrail

from sandbox.aws.trail.log_files import State
from sandbox.aws.trail.who import moment

_STATUS = {
    "LatestDeliveryTime": "delivered",
    "LatestDeliveryError": "error",
    "LatestDigestDeliveryTime": "digested",
    "LatestDigestDeliveryError": "digest_error",
    "LatestNotificationTime": "noticed",
    "LatestNotificationError": "notice_error",
    "LatestCloudWatchLogsDeliveryTime": "logged",
    "LatestCloudWatchLogsDeliveryError": "logs_error",
}


def trail_status(trail: MotoTrail, state: State) -> dict[str, Any]:
    """GetTrailStatus, with what was really delivered.

    Source: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetTrailStatus.html.
    """
    shown: dict[str, Any] = {"IsLogging": trail.status.is_logging}
    for name, at in (("Started", trail.status.started), ("Stopped", trail.status.stopped)):
        if at is not None:
            shown[f"{'Start' if name == 'Started' else 'Stop'}LoggingTime"] = seconds(at)
            shown[f"TimeLogging{name}"] = f"{at:%Y-%m-%dT%H:%M:%SZ}"
    for name, field in _STATUS.items():
        if state.get(field):
            shown[name] = state[field]
    for name, field, is_done in (
        ("LatestDeliveryAttempt", "attempted", "error" not in state),
        ("LatestNotificationAttempt", "notice_attempted", "notice_error" not in state),
    ):
        if state.get(field):
            when = moment(state[field])
            shown |= {f"{name}Time": when} | ({f"{name}Succeeded": when} if is_done else {})
    return shown


def seconds(at: datetime | None) -> float:
    """moto's time, which is in UTC and does not say so, in seconds since the epoch; 0 for none."""
    return at.replace(tzinfo=UTC).timestamp() if at is not None else 0.0
