"""Notifications that leave AWS: kept as mail, sent to this machine's web hooks, and nowhere else."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from sandbox.aws.monitoring.outbox import Outbox
from tests.contract.aws.harness import eventually

TOPIC = "arn:aws:sns:us-east-1:222233334444:alerts"


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    made = Outbox(tmp_path)
    made.background.start()
    yield made
    _end(made)


class Hook(BaseHTTPRequestHandler):
    """A web hook that fails as often as it is told, and keeps what it heard."""

    heard: list[bytes]
    failures: int

    def do_POST(self) -> None:
        type(self).heard.append(self.rfile.read(int(self.headers["Content-Length"])))
        fails = len(type(self).heard) <= type(self).failures
        self.send_response(500 if fails else 200)
        self.end_headers()

    def log_message(self, *_said: object) -> None:
        """Say nothing."""


@pytest.fixture
def hook() -> Iterator[HTTPServer]:
    Hook.heard, Hook.failures = [], 0
    server = HTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def _end(outbox: Outbox) -> None:
    outbox.background.stop()
    outbox.background.join()
    outbox.close()


def _send(outbox: Outbox, protocol: str, to: str) -> None:
    body = json.dumps({"Message": "m"})
    outbox.add(topic=TOPIC, protocol=protocol, to=to, subject="s", message="m", body=body)


def _state(outbox: Outbox) -> str:
    return str(outbox.listed()[-1]["state"])


def test_mail_is_kept_to_be_read(outbox: Outbox) -> None:
    _send(outbox, "email", "on-call@example.com")
    found = outbox.listed()
    assert [(mail["to"], mail["subject"], mail["message"], mail["state"]) for mail in found] == [
        ("on-call@example.com", "s", "m", "kept")
    ]
    assert outbox.listed(found[-1]["id"]) == []


def test_a_web_hook_on_this_machine_is_called(outbox: Outbox, hook: HTTPServer) -> None:
    _send(outbox, "http", f"http://127.0.0.1:{hook.server_port}/alerts")
    eventually(lambda: _state(outbox) == "delivered")
    assert [json.loads(body) for body in Hook.heard] == [{"Message": "m"}]


def test_a_web_hook_that_fails_is_tried_again_and_then_given_up(outbox: Outbox, hook: HTTPServer) -> None:
    Hook.failures = 2
    _send(outbox, "http", f"http://127.0.0.1:{hook.server_port}/alerts")
    eventually(lambda: _state(outbox) == "delivered")
    assert len(Hook.heard) == 3
    Hook.heard, Hook.failures = [], 9
    _send(outbox, "http", f"http://127.0.0.1:{hook.server_port}/alerts")
    eventually(lambda: _state(outbox).startswith("failed: HTTPError after 3 tries"))


def test_nothing_is_sent_to_another_machine(outbox: Outbox) -> None:
    _send(outbox, "https", "https://events.example.com/alerts")
    assert _state(outbox) == "failed: the local AWS sends nothing to events.example.com"


def test_what_was_pending_is_delivered_by_the_next_process(tmp_path: Path, hook: HTTPServer) -> None:
    before = Outbox(tmp_path)  # never started: the process ended first
    _send(before, "http", f"http://127.0.0.1:{hook.server_port}/alerts")
    after = Outbox(tmp_path)
    after.background.start()
    eventually(lambda: _state(after) == "delivered")
    _end(after)
    before.close()
