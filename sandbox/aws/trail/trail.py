"""CloudTrail in the pipeline: the outermost interceptor, which records, and the operations that read the record."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.aws.application import Next
from sandbox.aws.caller import Caller
from sandbox.aws.control import Control
from sandbox.aws.errors import AwsError
from sandbox.aws.events.event import Event
from sandbox.aws.exchange import Answer, Call
from sandbox.aws.faults.rule import ConnectionDropped
from sandbox.aws.secretsmanager.model import Secret
from sandbox.aws.trail.delivery import Delivery
from sandbox.aws.trail.history import History
from sandbox.aws.trail.lookup import lookup_events
from sandbox.aws.trail.record import Record, record, service_record, user_identity
from sandbox.aws.wire import refused

Publish = Callable[[Event], None]


class Trail:
    """Records every call, answers LookupEvents and GetTrailStatus, and tells EventBridge."""

    def __init__(self, *, account: str, history: History, delivery: Delivery, publish: Publish) -> None:
        """`publish` takes events for the default bus."""
        self._account = account
        self._history = history
        self._delivery = delivery
        self._publish = publish

    def intercept(self, call: Call, following: Next) -> Answer:
        """The answer of what follows, with the call on record before it goes out."""
        try:
            answer = following(call)
        except ConnectionDropped as dropped:
            if dropped.answer is not None:
                self._record(call, dropped.answer)
            raise
        self._record(call, answer)
        return answer

    def answer(self, call: Call) -> Answer | None:
        """CloudTrail's own operations that the record is needed for; None for those that moto answers."""
        try:
            match call.operation:
                case "LookupEvents":
                    found = lookup_events(self._history, call.parameters, region=call.region, now=time.time())
                    return _json(call, found)
                case "GetTrailStatus":
                    return _json(call, self._delivery.status(str(call.parameters.get("Name", "")), call.region))
                case "ListPublicKeys":
                    return _json(call, {"PublicKeyList": [self._delivery.public_key()]})
        except AwsError as error:
            return refused(call, error)
        return None

    def serve(self, control: Control) -> None:
        """Answers GET /_sandbox/events?limit=N&after=SEQ, and POST /_sandbox/trail, which delivers at once."""
        control.add("GET", "events", self._recent)
        control.add("POST", "trail", lambda _given: {"delivered": self._delivery.flush()})

    def rotation(self, name: str, secret: Secret, detail: str) -> None:
        """A service event of Secrets Manager, such as RotationSucceeded.

        Source: https://docs.aws.amazon.com/secretsmanager/latest/userguide/cloudtrail_log_entries.html.
        """
        details = {"SecretId": secret.arn} | ({"Reason": detail} if detail else {})
        event = service_record(
            name=name,
            source="secretsmanager.amazonaws.com",
            region=secret.region,
            account=self._account,
            at=time.time(),
            details=details,
            invoked_by="secretsmanager.amazonaws.com",
        )
        event["resources"] = [{"accountId": self._account, "type": "AWS::SecretsManager::Secret", "ARN": secret.arn}]
        self._keep(event)

    def key_use(
        self, caller: Caller, operation: str, region: str, key_arn: str, context: Mapping[str, str], allowed: bool
    ) -> None:
        """A use of a key that Secrets Manager makes for `caller`, as KMS records it.

        Source: https://docs.aws.amazon.com/kms/latest/developerguide/ct-decrypt.html.
        """
        event = service_record(
            name=operation,
            source="kms.amazonaws.com",
            region=region,
            account=self._account,
            at=time.time(),
            details={},
            invoked_by="secretsmanager.amazonaws.com",
        )
        event["userIdentity"] = user_identity(caller, self._account) | {"invokedBy": "secretsmanager.amazonaws.com"}
        event["requestParameters"] = {"encryptionContext": dict(context), "keyId": key_arn}
        event["eventType"] = "AwsApiCall"
        event["readOnly"] = True
        event["resources"] = [{"accountId": self._account, "type": "AWS::KMS::Key", "ARN": key_arn}]
        event.pop("additionalEventData")
        if not allowed:
            event |= {"errorCode": "AccessDenied", "errorMessage": f"not authorized to perform: kms:{operation}"}
        self._keep(event)

    def _recent(self, given: Mapping[str, Any]) -> dict[str, Any]:
        after, limit = int(given.get("after", 0)), int(given.get("limit", 50))
        entries = self._history.find("seq > ?", (after,), max(1, min(limit, 1000)))
        return {"events": [{"seq": entry.seq, "at": entry.at, "event": entry.body} for entry in reversed(entries)]}

    def _record(self, call: Call, answer: Answer) -> None:
        if call.operation and call.service:
            self._keep(record(call, answer, account=self._account, at=time.time()))

    def _keep(self, event: Record) -> None:
        at = time.time()
        self._history.add(event, at)
        if event["managementEvent"] and self._delivery.is_logging(event["awsRegion"]):
            kind = "AWS Service Event via CloudTrail" if event["eventType"] == "AwsServiceEvent" else _API_CALL
            source = f"aws.{event['eventSource'].removesuffix('.amazonaws.com')}"
            self._publish(
                Event(
                    source=source,
                    detail_type=kind,
                    detail=event,
                    account=self._account,
                    region=event["awsRegion"],
                    time=at,
                    resources=tuple(item["ARN"] for item in event["resources"] if item["ARN"].startswith("arn:")),
                )
            )


_API_CALL = "AWS API Call via CloudTrail"


def _json(call: Call, body: Mapping[str, Any]) -> Answer:
    headers = (("Content-Type", "application/x-amz-json-1.1"), ("x-amzn-RequestId", call.id))
    return Answer(status=200, body=json.dumps(body, default=str).encode(), headers=headers)
