"""One alert from the act to the message."""

from __future__ import annotations

from catalog import names
from catalog.alerts.alert import Alert, OnEvent
from catalog.alerts.alerts import runbook
from tests.alerts.acts import ACTS, until_quiet
from tests.alerts.hearing import Hearing
from tests.alerts.scene import Scene

SECONDS = 30.0
"""Within which a message has to be at every subscriber. CloudTrail itself takes minutes on AWS, and seconds here."""


def provoked(alert: Alert, scene: Scene, heard: Hearing) -> str:
    """Do it, and wait for the message at queue and web hook; its text, which says all that it must."""
    named = names.named(scene.environment, alert.name)
    is_told_by_function = isinstance(alert.detection, OnEvent)
    if not is_told_by_function:
        until_quiet(scene, named)
    before = heard.so_far
    done_to = ACTS[alert.name](scene)
    wanted = (
        [f"(alert {alert.name})"] if is_told_by_function else [f'"AlarmName": "{named}"', '"NewStateValue": "ALARM"']
    )
    text = heard.both(*wanted, done_to, after=before, seconds=SECONDS)
    for part in (alert.title, alert.to_do, runbook(scene.environment, alert)):
        assert part in text, text
    return text
