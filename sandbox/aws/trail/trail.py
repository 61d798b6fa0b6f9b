"""CloudTrail in the pipeline: the outermost interceptor, which records, and the operations that read the record."""

from __future__ import annotations

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
from sandbox.aws.trail.delivery import Delivery, destination_of
from sandbox.aws.trail.destinations import Destinations
from sandbox.aws.trail.digest import Signer
from sandbox.aws.trail.history import History
from sandbox.aws.trail.lookup import lookup_events
from sandbox.aws.trail.record import Recorded, internal_record, record, service_record
from sandbox.aws.trail.resources import KEY, SECRET, Named
from sandbox.aws.trail.status import trail_status
from sandbox.aws.trail.wanted_trail import wanted_destination
from sandbox.aws.trail.who import moment, user_identity
from sandbox.aws.wire import answered, refused

Publish = Callable[[Event], None]
_API_CALL, _SERVICE_EVENT = "AWS API Call via CloudTrail", "AWS Service Event via CloudTrail"
_SECRETS = "secretsmanager.amazonaws.com"
# What these change is whether their own event is delivered; what came before them goes out first.
_SWITCHES = frozenset({"StartLogging", "StopLogging", "DeleteTrail", "UpdateTrail", "PutEventSelectors"})


class Trail:
    """Records every call, answers LookupEvents and GetTrailStatus, and tells EventBridge."""

    def __init__(
        self,
        *,
        account: str,
        region: str,
        history: History,
        delivery: Delivery,
        destinations: Destinations,
        signer: Signer,
        publish: Publish,
    ) -> None:
        """`region` is where services of the account take roles; `publish` takes events for the default bus."""
        self._account = account
        self._region = region
        self._history = history
        self._delivery = delivery
        self._destinations = destinations
        self._signer = signer
        self._publish = publish

    def intercept(self, call: Call, following: Next) -> Answer:
        """The answer of what follows, with the call on record before it goes out."""
        if call.service == "cloudtrail" and call.operation in _SWITCHES:
            return self._switch(call, following)
        return self._through(call, following, is_published=None)

    def answer(self, call: Call) -> Answer | None:
        """CloudTrail's own operations that the record is needed for; None for those that moto answers."""
        given = call.parameters
        try:
            match call.operation:
                case "LookupEvents":
                    return answered(call, lookup_events(self._history, given, region=call.region, now=time.time()))
                case "GetTrailStatus":
                    trail = self._delivery.find(str(given.get("Name", "")), call.region)
                    return answered(call, trail_status(trail, self._delivery.state(trail)))
                case "ListPublicKeys":
                    return answered(call, {"PublicKeyList": [self._public_key()]})
                case "CreateTrail" | "UpdateTrail":
                    self._check_destination(call)
        except AwsError as error:
            return refused(call, error)
        return None

    def serve(self, control: Control) -> None:
        """Answers GET /_sandbox/events?limit=N&after=SEQ, and POST /_sandbox/trail, which delivers at once."""
        control.add("GET", "events", self._recent)
        control.add("POST", "trail", lambda _given: {"delivered": self._delivery.flush(with_digests=True)})

    def rotation(self, name: str, secret: Secret, detail: str) -> None:
        """A service event of Secrets Manager, such as RotationSucceeded.

        Source: https://docs.aws.amazon.com/secretsmanager/latest/userguide/cloudtrail_log_entries.html.
        """
        recorded = service_record(
            name=name,
            source=_SECRETS,
            region=secret.region,
            account=self._account,
            at=time.time(),
            details={"SecretId": secret.arn} | ({"Reason": detail} if detail else {}),
            about=Named(SECRET, secret.arn),
        )
        self._keep(recorded)

    def key_use(
        self, caller: Caller, operation: str, region: str, key_arn: str, context: Mapping[str, str], allowed: bool
    ) -> None:
        """A use of a key that Secrets Manager makes for `caller`, as KMS records it.

        Source: https://docs.aws.amazon.com/kms/latest/developerguide/ct-decrypt.html.
        """
        recorded = internal_record(
            name=operation,
            source="kms.amazonaws.com",
            region=region,
            account=self._account,
            at=time.time(),
            identity=user_identity(caller, self._account) | {"invokedBy": _SECRETS},
            invoked_by=_SECRETS,
            parameters={"encryptionContext": dict(context), "keyId": key_arn},
            response=None,
            about=Named(KEY, key_arn),
        )
        if not allowed:
            message = (
                f"User: {caller.principal.arn} is not authorized to perform: kms:{operation} on resource: {key_arn}"
            )
            recorded.event.update({"errorCode": "AccessDenied", "errorMessage": message})
        self._keep(recorded)

    def role_assumed(self, service: str, role_arn: str, session_name: str, access_key: str, expires: float) -> None:
        """A service took a role, as STS records it: the access key that its calls are signed with is in the event.

        Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html.
        """
        recorded = internal_record(
            name="AssumeRole",
            source="sts.amazonaws.com",
            region=self._region,
            account=self._account,
            at=time.time(),
            identity={"type": "AWSService", "invokedBy": service},
            invoked_by=service,
            parameters={"roleArn": role_arn, "roleSessionName": session_name},
            response={"credentials": {"accessKeyId": access_key, "expiration": moment(expires)}},
            about=Named("AWS::IAM::Role", role_arn),
        )
        self._keep(recorded)

    def _through(self, call: Call, following: Next, *, is_published: bool | None) -> Answer:
        try:
            answer = following(call)
        except ConnectionDropped as dropped:
            if dropped.answer is not None:
                self._record(call, dropped.answer, is_published)
            raise
        except NotImplementedError:
            raise  # answered as what no AWS has: nothing happened that CloudTrail would know
        except Exception:
            failure = AwsError("InternalFailure", "The request processing has failed.", status=500)
            self._record(call, refused(call, failure), is_published)
            raise
        self._record(call, answer, is_published)
        return answer

    def _switch(self, call: Call, following: Next) -> Answer:
        self._delivery.flush()
        was_logging = self._delivery.is_logging(call.region)
        answer = self._through(call, following, is_published=was_logging or None)
        self._delivery.flush()
        return answer

    def _check_destination(self, call: Call) -> None:
        given = call.parameters
        current = None
        if call.operation == "UpdateTrail":
            current = destination_of(self._delivery.find(str(given.get("Name", "")), call.region))
        wanted = wanted_destination(given, current, region=call.region, account=self._account)
        if self._destinations.has_bucket(wanted):  # without one, moto says so
            self._destinations.check_new(wanted)

    def _public_key(self) -> dict[str, Any]:
        ends = time.time() + 365 * 24 * 3600
        return {**self._signer.described(), "ValidityStartTime": 0.0, "ValidityEndTime": ends}

    def _recent(self, given: Mapping[str, Any]) -> dict[str, Any]:
        after, limit = int(given.get("after", 0)), int(given.get("limit", 50))
        entries = self._history.find("seq > ?", (after,), max(1, min(limit, 1000)))
        return {
            "events": [
                {"seq": entry.seq, "at": entry.at, "names": [item.name for item in entry.named], "event": entry.body}
                for entry in reversed(entries)
            ]
        }

    def _record(self, call: Call, answer: Answer, is_published: bool | None) -> None:
        if call.operation and call.service:
            self._keep(record(call, answer, account=self._account, at=time.time()), is_published)

    def _keep(self, recorded: Recorded, is_published: bool | None = None) -> None:
        event = recorded.event
        self._history.add(recorded)
        if self._delivery.takes(event) if is_published is None else is_published:
            self._publish(
                Event(
                    source=f"aws.{event['eventSource'].removesuffix('.amazonaws.com')}",
                    detail_type=_SERVICE_EVENT if event["eventType"] == "AwsServiceEvent" else _API_CALL,
                    detail=event,
                    account=self._account,
                    region=event["awsRegion"],
                    time=recorded.at,
                    resources=tuple(item["ARN"] for item in event["resources"]),
                )
            )
