"""A queue and a web hook that are subscribed to the alerts' topic for the length of a test."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from catalog import names
from catalog.environment import Environment
from sandbox.servers.tls import Pair
from tests.contract.aws.harness import ContractAws, eventually
from tests.contract.aws.hearing import let_in, new_queue, received


class Hearing:
    """What arrived at either, in order; `messages` are the texts that were published."""

    def __init__(self, aws: ContractAws, url: str, posted: list[Any]) -> None:
        self._aws, self._url, self._posted = aws, url, posted
        self._queued: list[Any] = []

    @property
    def queued(self) -> list[Any]:
        """What the queue got so far."""
        while found := received(self._aws, self._url):
            self._queued += found
        return self._queued

    @property
    def posted(self) -> list[Any]:
        """What the web hook got so far."""
        return self._posted

    def both(self, *wanted: str, after: tuple[int, int], seconds: float) -> str:
        """The first message with all the texts `wanted` that reached both after that many others; its text."""

        def look() -> str | None:
            arrived = (self.queued[after[0] :], self.posted[after[1] :])
            texts = [[str(one["Message"]) for one in found] for found in arrived]
            in_queue, at_hook = ({text for text in found if all(one in text for one in wanted)} for found in texts)
            return next(iter(in_queue & at_hook), None)

        return eventually(look, seconds=seconds)

    @property
    def so_far(self) -> tuple[int, int]:
        """How many arrived at each."""
        return len(self.queued), len(self.posted)


@contextmanager
def hearing(aws: ContractAws, environment: Environment, certificate: Pair | None = None) -> Iterator[Hearing]:
    """Subscribes both and takes them away again; with a `certificate` the web hook speaks HTTPS, as a pager's does.

    The topic's policy lets nobody subscribe what the environment does not declare, so it is loosened for that moment.
    """
    sns, topic = aws.client("sns"), names.topic_arn(environment)
    policy = sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"]
    url, queue = new_queue(aws)
    let_in(aws, url, queue, service="sns", source=topic)
    with _web_hook(certificate) as (address, posted):
        loosened = json.loads(policy)
        loosened["Statement"] = [one for one in loosened["Statement"] if one["Sid"] != "NobodyElseHears"]
        sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=json.dumps(loosened))
        endpoints = (("sqs", queue), (address.partition(":")[0], address))
        made = [
            sns.subscribe(TopicArn=topic, Protocol=protocol, Endpoint=endpoint, ReturnSubscriptionArn=True)
            for protocol, endpoint in endpoints
        ]
        sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
        try:
            yield Hearing(aws, url, posted)
        finally:
            for subscription in made:
                sns.unsubscribe(SubscriptionArn=subscription["SubscriptionArn"])
            aws.client("sqs").delete_queue(QueueUrl=url)


@contextmanager
def _web_hook(certificate: Pair | None) -> Iterator[tuple[str, list[Any]]]:
    posted: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            posted.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class spells it so
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate.certificate, certificate.key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"{'https' if certificate else 'http'}://localhost:{server.server_address[1]}/alerts", posted
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
