"""The message: what happened, who did it, from where, when, and what to do now."""

from collections.abc import Iterator
from dataclasses import dataclass

from alert.event import Event, clean

_SUBJECT_LENGTH = 100  # docs.aws.amazon.com/sns/latest/api/API_Publish.html
_UNKNOWN = "not said by the event"


@dataclass(frozen=True, kw_only=True)
class Alert:
    """The words of the alert that the rule gave with the event."""

    name: str
    title: str
    severity: str
    to_do: str
    runbook: str | None

    @classmethod
    def of(cls, given: Event) -> "Alert":
        """Read what came with the event; without it the message says that no alert explains it."""
        return cls(
            name=given.text("alert", "name") or "unexplained",
            title=given.text("alert", "title") or "An event arrived that no alert explains",
            severity=given.text("alert", "severity") or "high",
            to_do=given.text("alert", "to_do") or "Look the event up in the record, and see which rule sent it.",
            runbook=given.text("alert", "runbook"),
        )


@dataclass(frozen=True, kw_only=True)
class Message:
    """What is published."""

    subject: str
    body: str


def message(environment: str, alert: Alert, event: Event) -> Message:
    """The message of an alert. Whatever the event lacks is said to be missing."""
    lines = [f"{alert.severity.upper()} in {environment}: {alert.title}", ""]
    lines += [f"{label + ':':<9}{text}" for label, text in _told(alert, event)]
    return Message(subject=_subject(environment, alert), body="\n".join(lines) + "\n")


def unreadable(environment: str, alert: Alert) -> Message:
    """The message when reading the event went wrong, which is a defect: it is sent all the same."""
    body = (
        f"{alert.severity.upper()} in {environment}: {alert.title}\n\n"
        f"What:    the event could not be read; its function's log says where it failed\n"
        f"To do:   {alert.to_do}\n"
    )
    return Message(subject=_subject(environment, alert), body=body)


def _told(alert: Alert, event: Event) -> Iterator[tuple[str, str]]:
    yield "What", f"{event.call or _UNKNOWN}, {_outcome(event)}"
    yield "Of", "; ".join(event.about) or _UNKNOWN
    yield "Who", _who(event)
    yield "Where", _where(event)
    yield "When", event.text("detail", "eventTime") or event.text("time") or _UNKNOWN
    yield "To do", alert.to_do
    if alert.runbook:
        yield "Runbook", alert.runbook
    yield "Event", f"{event.text('detail', 'eventID') or event.text('id') or _UNKNOWN} (alert {alert.name})"


def _outcome(event: Event) -> str:
    if event.call is None:
        return "outcome unknown"
    code = event.text("detail", "errorCode")
    return f"refused with {code}" if code else "done"


def _who(event: Event) -> str:
    if event.is_of_a_service or event.text("detail", "eventType") == "AwsServiceEvent":
        return f"AWS itself ({event.text('detail', 'userIdentity', 'invokedBy') or _UNKNOWN})"
    principal = event.principal
    if principal is None:
        return _UNKNOWN
    kind = event.text("detail", "userIdentity", "type") or "principal"
    session = event.text("detail", "userIdentity", "principalId") or ""
    named = f", session '{session.partition(':')[2]}' (named by the caller)" if ":" in session else ""
    key = event.text("detail", "userIdentity", "accessKeyId")
    return f"{kind} {principal}{named}{f', access key {key}' if key else ''}"


def _where(event: Event) -> str:
    parts = [
        event.text("detail", "awsRegion") or event.text("region") or "region unknown",
        f"from {event.text('detail', 'sourceIPAddress') or _UNKNOWN}",
    ]
    if endpoint := event.text("detail", "vpcEndpointId"):
        parts.append(f"through {endpoint}")
    if service := event.text("detail", "userIdentity", "invokedBy"):
        parts.append(f"by {service}")
    return ", ".join(parts)


def _subject(environment: str, alert: Alert) -> str:
    # SNS takes printable ASCII only.
    text = clean(f"[{environment}] {alert.severity.upper()}: {alert.title}")
    return text.encode("ascii", "replace").decode()[:_SUBJECT_LENGTH]
