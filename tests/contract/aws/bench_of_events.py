"""Queues, rules and what arrives: what the tests of EventBridge share; all is removed with its test."""

import json
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import ClientError

from tests.contract.aws.harness import ContractAws, eventually
from tests.contract.aws.hearing import let_in, new_queue

SOURCE = "llmobs.contract"


class EventBench:
    """One queue and rules on one bus."""

    def __init__(self, aws: ContractAws) -> None:
        """Make the queue, which nobody may send to yet."""
        self.aws = aws
        self.events = aws.client("events")
        self.sqs = aws.client("sqs")
        self.rules: list[tuple[str, str]] = []
        self.queues: list[str] = []
        self.url, self.arn = self.queue()

    @property
    def patience(self) -> float:
        """Seconds to wait for an arrival: a real account's schedules keep time to the minute."""
        return 90.0 if self.aws.kind == "real" else 10.0

    def queue(self) -> tuple[str, str]:
        """A new queue: URL and ARN."""
        url, arn = new_queue(self.aws)
        self.queues.append(url)
        return url, arn

    def rule(self, pattern: dict[str, Any], *, bus: str = "default", **arguments: Any) -> str:
        """A new rule: its ARN."""
        name = f"llmobs-contract-{uuid.uuid4()}"
        made = self.events.put_rule(Name=name, EventBusName=bus, EventPattern=json.dumps(pattern), **arguments)
        self.rules.append((name, bus))
        arn: str = made["RuleArn"]
        return arn

    def target(self, rule: str, arn: str | None = None, **arguments: Any) -> None:
        """Give a rule its target, by default the queue."""
        path = rule.rpartition(":")[2].split("/")
        bus, name = (path[1], path[2]) if len(path) == 3 else ("default", path[1])
        targets = [{"Id": "t", "Arn": arn or self.arn, **arguments}]
        answer = self.events.put_targets(Rule=name, EventBusName=bus, Targets=targets)
        assert answer["FailedEntryCount"] == 0

    def closed_target(self, rule: str, arn: str | None = None) -> str:
        """A target that does not let the rule in yet, by default the queue: the URL of its dead letters."""
        dead_url, dead_arn = self.queue()
        self.target(rule, arn, DeadLetterConfig={"Arn": dead_arn})
        self.allow(rule, url=dead_url, arn=dead_arn)
        return dead_url

    def put_in_vain(self, dead_url: str, detail: dict[str, Any]) -> None:
        """Put an event, and wait until the closed target was refused it: what is let in later does not get it."""
        self.put(detail)
        assert json.loads(self.arrived(url=dead_url)["Body"])["detail"] == detail

    def allow(self, rule: str, *, url: str | None = None, arn: str | None = None) -> None:
        """Let a rule send to a queue, by default the queue of this bench."""
        let_in(self.aws, url or self.url, arn or self.arn, service="events", source=rule)
        if self.aws.kind == "real":
            time.sleep(30)  # "it might take up to a minute" until rules and policies are seen

    def ready(self, pattern: dict[str, Any] | None = None, **target: Any) -> str:
        """A rule on this bench's source that may send to its queue."""
        rule = self.rule(pattern or {"source": [SOURCE]})
        self.target(rule, **target)
        self.allow(rule)
        return rule

    def put(self, detail: dict[str, Any] | None = None, **entry: Any) -> dict[str, Any]:
        """Put one event: the answer."""
        made = {"Source": SOURCE, "DetailType": "Test", "Detail": json.dumps(detail or {"n": 1}), **entry}
        answer: dict[str, Any] = self.events.put_events(Entries=[made])
        return answer

    def arrived(self, *, url: str | None = None) -> dict[str, Any]:
        """The next message of a queue; it is taken out."""
        target = url or self.url

        def look() -> dict[str, Any] | None:
            answer = self.sqs.receive_message(QueueUrl=target, MessageAttributeNames=["All"], WaitTimeSeconds=0)
            return next(iter(answer.get("Messages", [])), None)

        message: dict[str, Any] = eventually(look, seconds=self.patience)
        self.sqs.delete_message(QueueUrl=target, ReceiptHandle=message["ReceiptHandle"])
        return message

    def body(self) -> Any:
        """The JSON of the next message."""
        return json.loads(self.arrived()["Body"])

    def close(self) -> None:
        """Remove what was made."""
        for name, bus in self.rules:
            try:
                self.events.remove_targets(Rule=name, EventBusName=bus, Ids=["t"])
                self.events.delete_rule(Name=name, EventBusName=bus)
            except ClientError:
                continue
        for url in self.queues:
            self.sqs.delete_queue(QueueUrl=url)


@contextmanager
def event_bench(aws: ContractAws) -> Iterator[EventBench]:
    """A bench, closed at the end."""
    bench = EventBench(aws)
    try:
        yield bench
    finally:
        bench.close()
