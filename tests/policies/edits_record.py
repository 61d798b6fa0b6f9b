"""Edits of the trail, of the bucket that it writes into, and of logs."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from policies.baseline.resource_types import (
    BUCKET,
    BUCKET_LOCK,
    BUCKET_POLICY,
    BUCKET_VERSIONING,
    LOG_GROUP,
    TRAIL,
)
from policies.tokens import KEY
from tests.policies.program import Program
from tests.policies.surroundings import Change, Edit, retyped, setting, then, without

LOGS = "audit-logs"
MANAGEMENT = {"field": "eventCategory", "equals": ["Management"]}
POLICY = BUCKET_POLICY[0]
NAME = "llm-observatory-audit-logs-333344445555-us-east-1"
TLS = {
    "Sid": "TlsOnly",
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": [f"arn:aws:s3:::{NAME}", f"arn:aws:s3:::{NAME}/*"],
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}


def _trail(path: str, value: object, *says: str) -> Edit:
    return Edit(
        make=setting(TRAIL, "audit", path, value), rule="tiers/trail-complete", token=TRAIL, name="audit", says=says
    )


def _selectors(*selectors: dict[str, object], kind: str = "advancedEventSelectors") -> Change:
    return then(setting(TRAIL, "audit", "advancedEventSelectors", None), setting(TRAIL, "audit", kind, list(selectors)))


def _selected(*selectors: dict[str, object], kind: str = "advancedEventSelectors") -> Edit:
    make = _selectors(*selectors, kind=kind)
    return Edit(make=make, rule="tiers/trail-complete", token=TRAIL, name="audit", says=("leaves nothing out",))


def _kept(make: Change, token: str, *says: str, name: str = LOGS) -> Edit:
    return Edit(make=make, rule="tiers/record-kept", token=token, name=name, says=says)


def _lock(**retention: object) -> Edit:
    make = setting(BUCKET_LOCK[0], LOGS, "rule", {"defaultRetention": retention})
    return _kept(make, BUCKET_LOCK[0], "COMPLIANCE for at least 365 days")


def policy_of(*statements: dict[str, Any]) -> Change:
    """The bucket's policy as one that is known, with these statements."""
    text = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    return setting(POLICY, LOGS, "policy", text)


def _over_tls(change: Callable[[dict[str, Any]], object]) -> Edit:
    statement = json.loads(json.dumps(TLS))
    change(statement)
    return Edit(
        make=policy_of(statement), rule="tiers/record-over-tls", token=POLICY, name=LOGS, says=("no such Deny",)
    )


def _retention(value: object) -> Edit:
    make = setting(LOG_GROUP, "audit", "retentionInDays", value)
    return Edit(make=make, rule="tiers/log-retention", token=LOG_GROUP, name="audit", says=("365 days",))


def _key(make: Change, token: str) -> Edit:
    return Edit(make=make, rule="tiers/record-own-key", token=token, name="audit", says=("the key for logs",))


def _renamed(stack: Program) -> Program:
    return stack.set(stack.get(LOG_GROUP, "alert"), "name", "/aws/lambda/else")


def _with_another_log(stack: Program) -> Program:
    found = stack.get(LOG_GROUP, "audit")
    return stack.plus(replace(found, name="x", inputs={**found.inputs, "name": "/aws/else"}, computed={}))


def _with_v2(stack: Program) -> Program:
    for new, old in (
        (BUCKET[1], BUCKET[0]),
        (BUCKET_LOCK[1], BUCKET_LOCK[0]),
        (BUCKET_VERSIONING[1], BUCKET_VERSIONING[0]),
    ):
        stack = retyped(old, LOGS, new)(stack)
    return stack


def _v2_without_a_lock(stack: Program) -> Program:
    changed = _with_v2(stack)
    return changed.without(changed.get(BUCKET_LOCK[1], LOGS))


EDITS: dict[str, Edit] = {
    "trail-missing": Edit(make=without(TRAIL, "audit"), rule="tiers/trail-present", says=("no trail",)),
    "trail-of-one-region": _trail("isMultiRegionTrail", False, "isMultiRegionTrail", "seen: false"),
    "trail-of-the-default-region": _trail("isMultiRegionTrail", None, "seen: not set"),
    "trail-without-global-events": _trail("includeGlobalServiceEvents", False),
    "trail-without-validation": _trail("enableLogFileValidation", None, "enableLogFileValidation"),
    "trail-switched-off": _trail("enableLogging", False, "enableLogging"),
    "trail-without-kms-events": _selected(
        {
            "includeManagementEvents": True,
            "readWriteType": "All",
            "excludeManagementEventSources": ["kms.amazonaws.com"],
        },
        kind="eventSelectors",
    ),
    "trail-of-writes": _selected(
        {"includeManagementEvents": True, "readWriteType": "WriteOnly"}, kind="eventSelectors"
    ),
    "trail-without-management": _selected({"includeManagementEvents": False}, kind="eventSelectors"),
    "trail-of-data-alone": _selected({"fieldSelectors": [{"field": "eventCategory", "equals": ["Data"]}]}),
    "trail-without-a-source": _selected(
        {"fieldSelectors": [MANAGEMENT, {"field": "eventSource", "notEquals": ["kms.amazonaws.com"]}]}
    ),
    "trail-of-reads": _selected({"fieldSelectors": [MANAGEMENT, {"field": "readOnly", "equals": ["true"]}]}),
    "record-elsewhere": _kept(
        setting(TRAIL, "audit", "s3BucketName", "somebody-elses"), TRAIL, "not in this stack", name="audit"
    ),
    "record-without-a-lock": _kept(without(BUCKET_LOCK[0], LOGS), BUCKET[0], "none in a resource of its own"),
    "record-in-v2-without-a-lock": _kept(_v2_without_a_lock, BUCKET[1], "none in a resource of its own"),
    "record-with-the-lock-of-another": _kept(
        setting(BUCKET_LOCK[0], LOGS, "bucket", "llm-observatory-backups-333344445555-us-east-1"),
        BUCKET[0],
        "none in a resource of its own",
    ),
    "record-locked-softly": _lock(mode="GOVERNANCE", days=731),
    "record-locked-for-a-day": _lock(mode="COMPLIANCE", days=1),
    "record-locked-for-no-time": _lock(mode="COMPLIANCE"),
    "record-not-lockable": _kept(setting(BUCKET[0], LOGS, "objectLockEnabled", False), BUCKET[0], "objectLockEnabled"),
    "record-emptied": _kept(setting(BUCKET[0], LOGS, "forceDestroy", True), BUCKET[0], "forceDestroy"),
    "record-without-versions": _kept(without(BUCKET_VERSIONING[0], LOGS), BUCKET[0], "versioningConfiguration"),
    "record-of-suspended-versions": _kept(
        setting(BUCKET_VERSIONING[0], LOGS, "versioningConfiguration.status", "Suspended"), BUCKET_VERSIONING[0]
    ),
    "record-without-a-policy": _kept(without(POLICY, LOGS), BUCKET[0], "property: policy"),
    "record-without-tls": _over_tls(lambda each: each.update(Effect="Allow", Principal={"AWS": "333344445555"})),
    "record-without-tls-for-one": _over_tls(lambda each: each.update(Principal={"AWS": "333344445555"})),
    "record-without-tls-to-read": _over_tls(lambda each: each.update(Action="s3:GetObject")),
    "record-without-tls-for-objects": _over_tls(lambda each: each.update(Resource=f"arn:aws:s3:::{NAME}")),
    "record-without-tls-by-half": _over_tls(
        lambda each: each["Condition"].update(StringEquals={"aws:PrincipalTag/x": "y"})
    ),
    "record-over-tls-denied": _over_tls(lambda each: each.update(Condition={"Bool": {"aws:SecureTransport": "true"}})),
    "log-of-a-month": _retention(30),
    "log-of-364-days": _retention(364),
    "log-of-nobodys-choice": _retention(None),
    "log-without-a-key": _key(setting(LOG_GROUP, "audit", "kmsKeyId", None), LOG_GROUP),
    "log-with-a-tiers-key": _key(
        lambda s: s.lead(s.get(LOG_GROUP, "audit"), "kmsKeyId", s.get(KEY, "tier-1")), LOG_GROUP
    ),
    "trail-without-a-key": _key(setting(TRAIL, "audit", "kmsKeyId", None), TRAIL),
    "trail-with-a-foreign-key": _key(
        setting(TRAIL, "audit", "kmsKeyId", "arn:aws:kms:us-east-1:333344445555:key/9999"), TRAIL
    ),
    "function-without-its-log": Edit(
        make=_renamed, rule="tiers/function-log", token="aws:lambda/function:Function", name="alert"
    ),
}

COMPLIANT: dict[str, Change] = {
    "trail-of-the-default": _selectors(),
    "trail-of-basic-selectors": _selectors(
        {"includeManagementEvents": True, "readWriteType": "All"}, kind="eventSelectors"
    ),
    "trail-of-selectors-in-another-order": lambda s: s.set(
        s.get(TRAIL, "audit"),
        "advancedEventSelectors",
        list(reversed(s.get(TRAIL, "audit").inputs["advancedEventSelectors"])),  # type: ignore[call-overload]
    ),
    "record-locked-for-a-year": setting(
        BUCKET_LOCK[0], LOGS, "rule", {"defaultRetention": {"mode": "COMPLIANCE", "days": 365}}
    ),
    "record-locked-in-years": setting(
        BUCKET_LOCK[0], LOGS, "rule", {"defaultRetention": {"mode": "COMPLIANCE", "years": 1}}
    ),
    "record-in-v2": _with_v2,
    "record-over-tls": policy_of({**TLS, "Resource": "*"}),
    "log-for-ever-in-words": setting(LOG_GROUP, "audit", "retentionInDays", 0),
    "log-of-365-days": setting(LOG_GROUP, "audit", "retentionInDays", 365),
    "a-further-log": _with_another_log,
}
