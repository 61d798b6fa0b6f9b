"""Log groups: kept for a year, and encrypted with a key of the account."""

from __future__ import annotations

from policies.baseline import clauses, encryption, resource_types, setting
from policies.baseline.setting import Setting
from policies.rule import Severity
from policies.view import Value

_LEAST_DAYS = 365


def _is_a_year(value: Value) -> bool:
    """Not set is no answer: it means for ever, which nobody chose. 0 says so in words."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and (value == 0 or value >= _LEAST_DAYS)


RULES = (
    setting.rule(
        "log-kept-a-year",
        "A log is kept for a year",
        Severity.MEDIUM,
        clauses.RECORD_KEPT,
        (
            "CKV_AWS_66",
            "CKV_AWS_338",
            "SH:CloudWatch.16",
            "PRW:cloudwatch_log_group_retention_policy_specific_days_enabled",
            "PB:cloudwatch-log-retention",
        ),
        (resource_types.LOG_GROUP,),
        Setting(
            property="retentionInDays",
            holds=_is_a_year,
            required=f"at least {_LEAST_DAYS} days, or 0 for ever",
            fix="retention_in_days=environment.log_retention_days,",
        ),
    ),
    encryption.own_key(
        "log-encrypted",
        "A log is encrypted with a key of the account",
        Severity.MEDIUM,
        (
            "CKV_AWS_158",
            "PRW:cloudwatch_log_group_kms_encryption_enabled",
            "PB:cloudwatch-log-group-kms-encryption-enabled",
        ),
        resource_types.LOG_GROUP,
    ),
)
