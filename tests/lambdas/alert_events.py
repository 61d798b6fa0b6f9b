"""Records of CloudTrail as EventBridge brings them, for the tests of the function that tells.

After docs.aws.amazon.com/secretsmanager/latest/userguide/cloudtrail_log_entries.html and
docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from alert.settings import Settings
from catalog import load, names
from catalog.alerts.alerts import alerts, input_template
from components.aws.alerts import variables

CATALOG, STAGING = load.catalog(), load.environment("staging")
SECRET = "llm-observatory/staging/jwt-secret"
SECRET_ARN = f"arn:aws:secretsmanager:us-east-1:{STAGING.account}:secret:{SECRET}-Ab12Cd"


def settings() -> Settings:
    """What the deployed function of staging is told."""
    return Settings.read(variables(STAGING, CATALOG))


@dataclass
class Topic:
    """Takes what is published, or raises `error`."""

    error: Exception | None = None
    published: list[tuple[str, str, str]] = field(default_factory=list)

    def publish(self, *, TopicArn: str, Subject: str, Message: str) -> object:  # noqa: N803 - boto3 spells it so
        if self.error is not None:
            raise self.error
        self.published.append((TopicArn, Subject, Message))
        return {}

    @property
    def text(self) -> str:
        """The only message."""
        ((_, _, message),) = self.published
        return message


def session_of(what: str, session: str = "i-0a1b2c3d") -> dict[str, Any]:
    """The userIdentity of a session of a role of staging."""
    role = names.named(STAGING, what)
    return {
        "type": "AssumedRole",
        "principalId": f"AROAEXAMPLE:{session}",
        "arn": f"arn:aws:sts::{STAGING.account}:assumed-role/{role}/{session}",
        "accountId": STAGING.account,
        "accessKeyId": "ASIAEXAMPLE",
        "sessionContext": {
            "sessionIssuer": {"type": "Role", "arn": names.role_arn(STAGING, what), "userName": role},
            "attributes": {"mfaAuthenticated": "false"},
        },
    }


def read_of(secret: str, who: dict[str, Any] | None = None, **detail: Any) -> dict[str, Any]:
    """The event of a GetSecretValue."""
    return {
        "version": "0",
        "id": "0e0f",
        "detail-type": "AWS API Call via CloudTrail",
        "source": "aws.secretsmanager",
        "account": STAGING.account,
        "time": "2026-11-24T09:30:00Z",
        "region": "us-east-1",
        "resources": [],
        "detail": {
            "eventVersion": "1.09",
            "userIdentity": who if who is not None else session_of("grafana"),
            "eventTime": "2026-11-24T09:30:00Z",
            "eventSource": "secretsmanager.amazonaws.com",
            "eventName": "GetSecretValue",
            "awsRegion": "us-east-1",
            "sourceIPAddress": "10.20.1.7",
            "userAgent": "aws-cli/2.15",
            "vpcEndpointId": "vpce-0a1b",
            "requestParameters": {"secretId": secret},
            "responseElements": None,
            "eventID": "b1c2",
            "readOnly": True,
            "eventType": "AwsApiCall",
            "eventCategory": "Management",
            **detail,
        },
    }


def told(alert: str, event: object) -> dict[str, Any]:
    """What the rule of an alert sends: its template, filled as EventBridge does."""
    (found,) = (one for one in alerts(STAGING, CATALOG) if one.name == alert)
    template = input_template(STAGING, found).replace("<aws.events.event.json>", json.dumps(event))
    filled: dict[str, Any] = json.loads(template)
    return filled
