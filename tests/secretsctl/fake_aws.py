"""A small AWS over HTTP, for every process that AWS_ENDPOINT_URL sends here: STS, Secrets Manager, CloudWatch Logs,
Step Functions, Lambda.

Honest where the command line depends on it: labels move as in AWS, RotateSecret answers at once and works later, and
refuses while AWSPENDING is elsewhere ("will be reattempted"), a token stands for one value.
"""

from __future__ import annotations

import json
import re
import threading
import time
import uuid
from http.server import ThreadingHTTPServer
from typing import Any

from tests.secretsctl.fake_aws_http import RefusalError, handler_of
from tests.secretsctl.fake_secret import CURRENT, MARKER, PENDING, SUPPLIED, FakeSecret, FakeVersion
from tests.secretsctl.fake_states import AlreadyExistsError, FakeMachine


class FakeAws:
    """The state, and the server that shows it on 127.0.0.1."""

    def __init__(self, account: str) -> None:
        self.account = account
        self.secrets: dict[str, FakeSecret] = {}
        self.denied: set[tuple[str, str]] = set()
        self.refuses_everything: str | None = None
        self.caller = f"arn:aws:iam::{account}:user/x"
        self.events: list[dict[str, Any]] = []
        self.calls: list[tuple[str, str]] = []
        self.machine = FakeMachine(account, lambda name: self.secrets[f"llm-observatory/staging/{name}"])
        # What a function answers, by its name; a text is the message of its error.
        self.functions: dict[str, dict[str, Any] | str | None] = {}
        self.invoked: list[tuple[str, dict[str, Any]]] = []
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def add(self, id_: str, target: str, marker: dict[str, object]) -> FakeSecret:
        version = FakeVersion(json.dumps(marker), {CURRENT, MARKER}, created=time.time() - 86400)
        self.secrets[id_] = FakeSecret(target=target, versions={str(uuid.uuid4()): version})
        return self.secrets[id_]

    def called(self, operation: str) -> list[str]:
        return [id_ for name, id_ in self.calls if name == operation]

    def answer(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        with self._lock:
            id_ = str(request.get("SecretId") or request.get("logGroupName") or "")
            self.calls.append((operation, id_))
            if self.refuses_everything:
                raise RefusalError(self.refuses_everything)
            if (operation, id_) in self.denied or (operation, "*") in self.denied:
                raise RefusalError("AccessDeniedException", f"User: arn:x is not authorized to perform: {operation}")
            method = getattr(self, operation, None) or getattr(self.machine, operation, None)
            if method is None:
                raise RefusalError("UnknownOperationException", operation)
            if "SecretId" in request and id_ not in self.secrets:
                raise RefusalError("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
            try:
                return dict(method(request))
            except AlreadyExistsError:
                raise RefusalError("ExecutionAlreadyExists", "Execution Already Exists") from None

    def invoke(self, name: str, event: dict[str, Any]) -> dict[str, Any] | str | None:
        """Lambda's Invoke: the function's answer, or the text of its error."""
        with self._lock:
            self.invoked.append((name, event))
            if ("Invoke", name) in self.denied:
                raise RefusalError("AccessDeniedException", "User: arn:x is not authorized to perform: Invoke")
            if name not in self.functions:
                raise RefusalError("ResourceNotFoundException", "Function not found")
            return self.functions[name]

    def DescribeSecret(self, request: dict[str, Any]) -> dict[str, Any]:  # noqa: N802 - AWS's own names
        secret = self.secrets[request["SecretId"]]
        self._work(request["SecretId"], secret)
        answer: dict[str, Any] = {
            "Name": request["SecretId"],
            "RotationEnabled": True,
            "LastChangedDate": max(version.created for version in secret.versions.values()),
            "VersionIdsToStages": {id_: sorted(v.labels) for id_, v in secret.versions.items() if v.labels},
        }
        if secret.rotated:
            answer["LastRotatedDate"] = secret.rotated
        if secret.next_rotation:
            answer["NextRotationDate"] = secret.next_rotation
        return answer

    def GetSecretValue(self, request: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        secret = self.secrets[request["SecretId"]]
        current = secret.holder(CURRENT)
        assert current is not None
        version = secret.versions[current]
        return {
            "Name": request["SecretId"],
            "VersionId": current,
            "VersionStages": sorted(version.labels),
            "SecretString": version.text,
            "CreatedDate": version.created,
        }

    def BatchGetSecretValue(self, request: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        values, errors = [], []
        for id_ in request["SecretIdList"]:
            if ("GetSecretValue", id_) in self.denied:
                errors.append({"SecretId": id_, "ErrorCode": "AccessDeniedException", "Message": "not authorized"})
            elif id_ not in self.secrets:
                errors.append({"SecretId": id_, "ErrorCode": "ResourceNotFoundException", "Message": "none"})
            else:
                values.append(self.GetSecretValue({"SecretId": id_}))
        return {"SecretValues": values, "Errors": errors}

    def PutSecretValue(self, request: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        secret, token = self.secrets[request["SecretId"]], request["ClientRequestToken"]
        if token in secret.versions:
            if secret.versions[token].text != request["SecretString"]:
                raise RefusalError("ResourceExistsException", "You can't use ClientRequestToken")
        else:
            secret.versions[token] = FakeVersion(request["SecretString"])
            for label in request.get("VersionStages", [CURRENT]):
                secret.move(label, token)
        return {"Name": request["SecretId"], "VersionId": token}

    def ListSecretVersionIds(self, request: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        secret = self.secrets[request["SecretId"]]
        return {
            "Versions": [
                {"VersionId": id_, "VersionStages": sorted(version.labels), "CreatedDate": version.created}
                for id_, version in secret.versions.items()
                if version.text is not None
            ]
        }

    def RotateSecret(self, request: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        secret, token = self.secrets[request["SecretId"]], request["ClientRequestToken"]
        pending = secret.holder(PENDING)
        if pending and CURRENT not in secret.versions[pending].labels:
            self._attempt(request["SecretId"], secret)
            raise RefusalError(
                "InvalidRequestException", "A previous rotation isn't complete. That rotation will be reattempted."
            )
        secret.versions[token] = FakeVersion(None, {PENDING})
        self._attempt(request["SecretId"], secret)
        return {"Name": request["SecretId"], "VersionId": token}

    def UpdateSecretVersionStage(self, request: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        version = self.secrets[request["SecretId"]].versions[request["RemoveFromVersionId"]]
        version.labels.remove(request["VersionStage"])
        return {"Name": request["SecretId"]}

    def FilterLogEvents(self, request: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        group, wanted = request["logGroupName"], re.findall('"([^"]+)"', request["filterPattern"])
        if not any(event["group"] == group for event in self.events):
            raise RefusalError("ResourceNotFoundException", "The specified log group does not exist.")
        found = [e for e in self.events if e["group"] == group and any(word in e["message"] for word in wanted)]
        return {"events": [{"eventId": event["id"], "message": event["message"]} for event in found]}

    def log(self, secret_id: str, token: str, level: str, event: str, error: str | None) -> None:
        target = self.secrets[secret_id].target
        environment = secret_id.split("/")[1]
        line = {"level": level, "event": event, "secret": secret_id, "token": token, "step": "setSecret", "ms": 1}
        message = json.dumps(line | {"target": target, "error": error}) + "\n"
        group = f"/aws/lambda/llm-observatory-{environment}-rotate-{target}"
        self.events.append({"id": str(len(self.events)), "group": group, "message": message})

    def _attempt(self, id_: str, secret: FakeSecret) -> None:
        secret.attempts += 1
        secret.looks_left = 2
        token = secret.holder(PENDING)
        assert token is not None
        self.log(id_, token, "INFO", "begin", None)
        if secret.crashes_with:
            group = f"/aws/lambda/llm-observatory-{id_.split('/')[1]}-rotate-{secret.target}"
            self.events.append({"id": str(len(self.events)), "group": group, "message": secret.crashes_with})
        if secret.fails_with:
            self.log(id_, token, "ERROR", "failed", secret.fails_with)

    def _work(self, id_: str, secret: FakeSecret) -> None:
        """A rotation goes on while it is looked at: it is done at the second look, if it can be."""
        pending = secret.holder(PENDING)
        if (
            pending is None
            or CURRENT in secret.versions[pending].labels
            or secret.fails_with
            or secret.crashes_with
            or not secret.looks_left
        ):
            return
        secret.looks_left -= 1
        if secret.looks_left == 0:
            supplied = secret.holder(SUPPLIED)
            if supplied and secret.takes_supplied:
                secret.versions[supplied].labels.discard(SUPPLIED)
                secret.versions[pending].text = secret.versions[supplied].text
            else:
                secret.versions[pending].text = json.dumps(secret.document() | secret.makes)
            secret.move(CURRENT, pending)
            secret.versions[pending].labels.discard(PENDING)
            secret.rotated = time.time()

    def identity(self) -> tuple[int, str]:
        if self.refuses_everything:
            error = f"<Error><Type>Sender</Type><Code>{self.refuses_everything}</Code><Message>x</Message></Error>"
            return 403, f"<ErrorResponse>{error}<RequestId>x</RequestId></ErrorResponse>"
        result = f"<Arn>{self.caller}</Arn><UserId>x</UserId><Account>{self.account}</Account>"
        return 200, (
            '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">'
            f"<GetCallerIdentityResult>{result}</GetCallerIdentityResult>"
            "<ResponseMetadata><RequestId>x</RequestId></ResponseMetadata></GetCallerIdentityResponse>"
        )
