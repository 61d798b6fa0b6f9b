"""Trails: every region is on record, encrypted, provable, and where alarms look at it."""

from __future__ import annotations

from collections.abc import Iterator

from policies.baseline import clauses, encryption, resource_types, setting
from policies.baseline.attached import reached
from policies.baseline.setting import NOT_KNOWN, Setting
from policies.intent import Intent
from policies.rule import Finding, Severity, StackRule
from policies.view import UNKNOWN, Stack


def _present(stack: Stack, _intent: Intent) -> Iterator[Finding]:
    if not stack.of(resource_types.TRAIL):
        yield Finding(
            urn=stack.urn,
            property="trail",
            seen="no trail in the stack",
            required="a trail of every region",
            fix="AuditTrail('audit', …)",
        )


def _to_logs(stack: Stack, intent: Intent) -> Iterator[Finding]:
    wanted = {
        "cloudWatchLogsGroupArn": resource_types.LOG_GROUP,
        "cloudWatchLogsRoleArn": resource_types.ROLE,
    }
    for trail in stack.of(resource_types.TRAIL):
        for path, token in wanted.items():
            found = reached(stack, intent, trail, path, [token])
            if found is UNKNOWN or not found:
                what = token.rsplit(":", 1)[-1]
                yield Finding(
                    urn=trail.urn,
                    property=path,
                    seen=NOT_KNOWN if found is UNKNOWN else f"no {what} of this stack",
                    required=f"a {what} of this stack, which metric filters look at",
                    undecided=found is UNKNOWN,
                )


RULES = (
    StackRule(
        id="baseline/trail-present",
        title="The stack has a trail",
        severity=Severity.CRITICAL,
        clauses=clauses.RECORD,
        remediation="AuditTrail('audit', …)",
        parity=("SH:CloudTrail.1", "PB:cloudtrail-enabled"),
        check=_present,
    ),
    setting.rule(
        "trail-every-region",
        "A trail records every region, and what has none",
        Severity.CRITICAL,
        clauses.RECORD,
        (
            "CKV_AWS_67",
            "SH:CloudTrail.1",
            "CIS-1.4:3.1",
            "CIS-3.0:3.1",
            "PRW:cloudtrail_multi_region_enabled",
            "PB:cloudtrail-multi-region-enabled",
        ),
        (resource_types.TRAIL,),
        Setting(
            property="isMultiRegionTrail", holds=setting.is_true, required="true", fix="is_multi_region_trail=True,"
        ),
        Setting(
            property="includeGlobalServiceEvents",
            holds=setting.is_not_false,
            required="true",
            fix="include_global_service_events=True,",
        ),
    ),
    encryption.own_key(
        "trail-encrypted",
        "The record is encrypted with a key of the account",
        Severity.HIGH,
        (
            "CKV_AWS_35",
            "CKV_AWS_294",
            "SH:CloudTrail.2",
            "CIS-1.4:3.7",
            "CIS-3.0:3.5",
            "PRW:cloudtrail_kms_encryption_enabled",
            "PB:cloudtrail-kms-encryption-enabled",
        ),
        resource_types.TRAIL,
        resource_types.EVENT_STORE,
    ),
    setting.rule(
        "trail-logging",
        "A trail records",
        Severity.CRITICAL,
        clauses.RECORD,
        ("CKV_AWS_251", "SH:CloudTrail.3"),
        (resource_types.TRAIL,),
        Setting(property="enableLogging", holds=setting.is_not_false, required="true", fix="enable_logging=True,"),
    ),
    setting.rule(
        "trail-validated",
        "The record can be proved to be as it was written",
        Severity.HIGH,
        clauses.RECORD_KEPT,
        (
            "CKV_AWS_36",
            "SH:CloudTrail.4",
            "CIS-1.4:3.2",
            "CIS-3.0:3.2",
            "PRW:cloudtrail_log_file_validation_enabled",
            "PB:cloudtrail-log-file-validation-enabled",
        ),
        (resource_types.TRAIL,),
        Setting(
            property="enableLogFileValidation",
            holds=setting.is_true,
            required="true",
            fix="enable_log_file_validation=True,",
        ),
    ),
    StackRule(
        id="baseline/trail-to-logs",
        title="The record goes where metric filters look at it, too",
        severity=Severity.HIGH,
        clauses=clauses.MONITORING,
        remediation="cloud_watch_logs_group_arn=…, cloud_watch_logs_role_arn=writer.arn,",
        parity=(
            "CKV2_AWS_10",
            "SH:CloudTrail.5",
            "CIS-1.4:3.4",
            "PRW:cloudtrail_cloudwatch_logging_enabled",
            "PB:cloudtrail-cloudwatch-logs-integration",
        ),
        check=_to_logs,
    ),
)
