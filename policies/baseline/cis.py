"""What the CIS benchmark wants to be told of an account: a filter for each on the trail's log, letter by letter.

docs.aws.amazon.com/securityhub/latest/userguide/cloudwatch-controls.html: "This control fails if the exact metric
filters prescribed by CIS are not used". So a filter is compared by its tests and how they are joined, whatever its
spaces, quotes and brackets.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from policies.baseline import alarm, clauses, resource_types
from policies.baseline.attached import reached
from policies.intent import Intent
from policies.rule import Finding, Severity, StackRule
from policies.view import UNKNOWN, Resource, Stack

_METRIC = ("namespace", "metricName")
_TEST = re.compile(r'(\$\.[\w.]+)\s*(!=|=|NOT EXISTS|EXISTS)\s*("[^"]*"|[\w.*]*)')


@dataclass(frozen=True, kw_only=True)
class Concern:
    """One of section 4 of the benchmark. `tests` are those of its filter, `ands` how many `&&` join them."""

    number: int
    what: str
    security_hub: int
    prowler: str
    tests: frozenset[str]
    ands: int

    @property
    def parity(self) -> tuple[str, ...]:
        """The ids that stand for it: the number is the same in v1.4.0 and v3.0.0."""
        number = f"4.{self.number}"
        return (f"CIS-1.4:{number}", f"CIS-3.0:{number}", f"SH:CloudWatch.{self.security_hub}", f"PRW:{self.prowler}")


def _calls(names: str, source: str | None = None) -> frozenset[str]:
    tests = {f"$.eventName={name}" for name in names.split()}
    return frozenset(tests | ({f"$.eventSource={source}"} if source else set()))


CONCERNS = (
    Concern(
        number=1,
        what="calls that were refused",
        security_hub=2,
        prowler="cloudwatch_log_metric_filter_unauthorized_api_calls",
        tests=frozenset({"$.errorCode=*UnauthorizedOperation", "$.errorCode=AccessDenied*"}),
        ands=0,
    ),
    Concern(
        number=2,
        what="sign-ins to the console without a second factor",
        security_hub=3,
        prowler="cloudwatch_log_metric_filter_sign_in_without_mfa",
        tests=frozenset(
            {
                "$.eventName=ConsoleLogin",
                "$.additionalEventData.MFAUsed!=Yes",
                "$.userIdentity.type=IAMUser",
                "$.responseElements.ConsoleLogin=Success",
            }
        ),
        ands=3,
    ),
    Concern(
        number=3,
        what="the use of root",
        security_hub=1,
        prowler="cloudwatch_log_metric_filter_root_usage",
        tests=frozenset(
            {"$.userIdentity.type=Root", "$.userIdentity.invokedBy NOT EXISTS", "$.eventType!=AwsServiceEvent"}
        ),
        ands=2,
    ),
    Concern(
        number=4,
        what="changes of IAM policies",
        security_hub=4,
        prowler="cloudwatch_log_metric_filter_policy_changes",
        tests=_calls(
            "DeleteGroupPolicy DeleteRolePolicy DeleteUserPolicy PutGroupPolicy PutRolePolicy PutUserPolicy "
            "CreatePolicy DeletePolicy CreatePolicyVersion DeletePolicyVersion AttachRolePolicy DetachRolePolicy "
            "AttachUserPolicy DetachUserPolicy AttachGroupPolicy DetachGroupPolicy",
            "iam.amazonaws.com",
        ),
        ands=1,
    ),
    Concern(
        number=5,
        what="changes of a trail",
        security_hub=5,
        prowler="cloudwatch_log_metric_filter_and_alarm_for_cloudtrail_configuration_changes_enabled",
        tests=_calls("CreateTrail UpdateTrail DeleteTrail StartLogging StopLogging"),
        ands=0,
    ),
    Concern(
        number=6,
        what="failed sign-ins to the console",
        security_hub=6,
        prowler="cloudwatch_log_metric_filter_authentication_failures",
        tests=frozenset({"$.eventName=ConsoleLogin", "$.errorMessage=Failed authentication"}),
        ands=1,
    ),
    Concern(
        number=7,
        what="keys that are switched off or deleted",
        security_hub=7,
        prowler="cloudwatch_log_metric_filter_disable_or_scheduled_deletion_of_kms_cmk",
        tests=_calls("DisableKey ScheduleKeyDeletion", "kms.amazonaws.com"),
        ands=1,
    ),
    Concern(
        number=8,
        what="changes of a bucket's policy",
        security_hub=8,
        prowler="cloudwatch_log_metric_filter_for_s3_bucket_policy_changes",
        tests=_calls(
            "PutBucketAcl PutBucketPolicy PutBucketCors PutBucketLifecycle PutBucketReplication DeleteBucketPolicy "
            "DeleteBucketCors DeleteBucketLifecycle DeleteBucketReplication",
            "s3.amazonaws.com",
        ),
        ands=1,
    ),
    Concern(
        number=10,
        what="changes of a security group",
        security_hub=10,
        prowler="cloudwatch_log_metric_filter_security_group_changes",
        tests=_calls(
            "AuthorizeSecurityGroupIngress AuthorizeSecurityGroupEgress RevokeSecurityGroupIngress "
            "RevokeSecurityGroupEgress CreateSecurityGroup DeleteSecurityGroup"
        ),
        ands=0,
    ),
)
"""Those that concern secrets and their guards; the others are in controls.yaml, with the reason."""


def _tests(pattern: str) -> Counter[str]:
    return Counter(
        f"{field} {operator}" if "EXISTS" in operator else f"{field}{operator}{value.strip(chr(34))}"
        for field, operator, value in _TEST.findall(pattern)
    )


def _says(concern: Concern, pattern: str) -> bool:
    return _tests(pattern) == Counter(concern.tests) and pattern.count("&&") == concern.ands


def _check(stack: Stack, intent: Intent) -> Iterator[Finding]:
    filters, loose = _on_trails(stack, intent)
    for concern in CONCERNS:
        found = [each for each in filters if _says(concern, str(each.value("pattern")))]
        if not found:
            yield Finding(
                urn=stack.urn,
                property=f"metric filter for {concern.what}",
                seen="a filter or a log that is not known yet"
                if loose
                else "no filter like that on the log of a trail",
                required=f"the filter of CIS 4.{concern.number}, letter by letter",
                undecided=loose,
            )
        elif not any(_is_heard(stack, intent, each) for each in found):
            yield Finding(
                urn=found[0].urn,
                property="metricTransformation",
                seen="no alarm on it that somebody hears",
                required=f"an alarm on {concern.what} that tells a topic with a subscription",
            )


def _on_trails(stack: Stack, intent: Intent) -> tuple[list[Resource], bool]:
    """The filters on logs of trails, and whether something of that is not known yet."""
    watched: set[str] = set()
    filters: list[Resource] = []
    loose = False
    for trail in stack.of(resource_types.TRAIL):
        groups = reached(stack, intent, trail, "cloudWatchLogsGroupArn", [resource_types.LOG_GROUP])
        loose = loose or groups is UNKNOWN
        watched |= {each.urn for each in (groups if isinstance(groups, tuple) else ())}
    for each in stack.of(resource_types.METRIC_FILTER):
        groups = reached(stack, intent, each, "logGroupName", [resource_types.LOG_GROUP])
        loose = loose or groups is UNKNOWN or each.value("pattern") is UNKNOWN
        if isinstance(groups, tuple) and any(group.urn in watched for group in groups):
            filters.append(each)
    return filters, loose


def _is_heard(stack: Stack, intent: Intent, found: Resource) -> bool:
    """What is not known yet counts: the rules on filters and on alarms say so of it."""
    metric = [found.value(f"metricTransformation.{each}") for each in ("namespace", "name")]
    topics = alarm.heard(stack, intent)
    if UNKNOWN in metric:
        return True
    alarms = [
        each
        for each in stack.of(resource_types.METRIC_ALARM)
        if all(each.value(name) in (wanted, UNKNOWN) for name, wanted in zip(_METRIC, metric, strict=True))
    ]
    return any((told := alarm.told(stack, intent, each)) is None or told & topics for each in alarms)


RULES = (
    StackRule(
        id="baseline/cis-filters",
        title="Somebody hears of what CIS wants to be told of",
        severity=Severity.HIGH,
        clauses=clauses.MONITORING,
        remediation="add the alert to catalog/alerts/cis.py",
        parity=tuple(each for concern in CONCERNS for each in concern.parity),
        check=_check,
    ),
)
