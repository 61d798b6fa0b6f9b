"""Notifications that leave AWS: mail is kept to be read, HTTP goes to this machine only, and nothing else anywhere.

Source: https://docs.aws.amazon.com/sns/latest/dg/sns-http-https-endpoint-as-subscriber.html. AWS tries for
up to an hour by default; here three times.
"""

from __future__ import annotations

import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sandbox.aws.background import Background
from sandbox.aws.control import Control
from sandbox.aws.database import open_database

_SCHEMA = """CREATE TABLE IF NOT EXISTS mail (
    id INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, topic TEXT NOT NULL, protocol TEXT NOT NULL,
    recipient TEXT NOT NULL, subject TEXT, message TEXT NOT NULL, body TEXT NOT NULL, state TEXT NOT NULL,
    tries INTEGER NOT NULL)"""
_SHOWN = ("id", "at", "topic", "protocol", "to", "subject", "message", "state")
KEPT, PENDING, DELIVERED, FAILED = "kept", "pending", "delivered", "failed"
_TRIES = 3
_WAIT_SECONDS = 1.0
_TIMEOUT = 5.0


class Outbox:
    """What topics sent to people and web hooks; pending deliveries survive a restart."""

    def __init__(self, state: Path) -> None:
        """Open or create the file under `state`."""
        self._lock = threading.Lock()
        self._connection = open_database(state / "outbox.sqlite", _SCHEMA)
        self.background = Background("outbox", self._deliver)

    def serve(self, control: Control) -> None:
        """Answers GET /_sandbox/mail?after=ID."""
        control.add("GET", "mail", lambda given: {"mail": self.listed(int(given.get("after", 0)))})

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def add(self, *, topic: str, protocol: str, to: str, subject: str | None, message: str, body: str) -> None:
        """Take a notification; it is on disk when this returns. `body` is what an HTTP endpoint is sent."""
        state = KEPT
        if protocol in {"http", "https"}:
            here = urlsplit(to).hostname in {"127.0.0.1", "localhost", "::1"}
            state = PENDING if here else f"{FAILED}: the local AWS sends nothing to {urlsplit(to).hostname}"
        with self._lock:
            self._connection.execute(
                "INSERT INTO mail (at, topic, protocol, recipient, subject, message, body, state, tries) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)",
                (time.time(), topic, protocol, to, subject, message, body, state),
            )
        self.background.wake()

    def failed(self, *, topic: str, protocol: str, to: str, message: str, why: str) -> None:
        """Remember a notification that its recipient's policy or absence stopped."""
        with self._lock:
            self._connection.execute(
                "INSERT INTO mail (at, topic, protocol, recipient, subject, message, body, state, tries) "
                "VALUES (?, ?, ?, ?, NULL, ?, '', ?, 0)",
                (time.time(), topic, protocol, to, message, f"{FAILED}: {why}"),
            )

    def listed(self, after: int = 0) -> list[dict[str, Any]]:
        """Notifications with a higher number than `after`, oldest first."""
        query = "SELECT id, at, topic, protocol, recipient, subject, message, state FROM mail WHERE id > ? ORDER BY id"
        with self._lock:
            rows = self._connection.execute(query, (after,)).fetchall()
        return [dict(zip(_SHOWN, row, strict=True)) for row in rows]

    def _deliver(self) -> float | None:
        with self._lock:
            pending = self._connection.execute(
                "SELECT id, topic, recipient, body, tries FROM mail WHERE state = ? ORDER BY id", (PENDING,)
            ).fetchall()
        for number, topic, to, body, tries in pending:
            if self.background.is_stopping:
                return None
            self._send(number, topic, to, body, tries + 1)
        return _WAIT_SECONDS if pending else None

    def _send(self, number: int, topic: str, to: str, body: str, tries: int) -> None:
        headers = {
            "Content-Type": "text/plain; charset=UTF-8",
            "x-amz-sns-message-type": "Notification",
            "x-amz-sns-topic-arn": topic,
        }
        try:
            _post(to, body.encode(), headers)
            state = DELIVERED
        except (urllib.error.URLError, OSError, ValueError) as exc:
            state = PENDING if tries < _TRIES else f"{FAILED}: {type(exc).__name__} after {tries} tries"
        with self._lock:
            self._connection.execute("UPDATE mail SET state = ?, tries = ? WHERE id = ?", (state, tries, number))


def _post(url: str, body: bytes, headers: Mapping[str, str]) -> None:
    request = urllib.request.Request(url, data=body, headers=dict(headers), method="POST")  # noqa: S310 - http(s) only
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=_TIMEOUT) as response:
        response.read()
