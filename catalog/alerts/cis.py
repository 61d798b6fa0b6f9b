"""What the CIS benchmark wants to be told of an account, as far as it concerns secrets and their guards. Pure.

The patterns are those of docs.aws.amazon.com/securityhub/latest/userguide/cloudwatch-controls.html to the letter: "This
control fails if the exact metric filters prescribed by CIS are not used". Numbers of CIS are those of section 4 in
v1.4.0 and v3.0.0. Of its fifteen, AWS Config, network ACLs, gateways, routes, VPCs and Organizations concern others.
"""

from __future__ import annotations

from catalog.alerts.alert import Alert, OnRecord, Severity

_WHY = "a filter, as CIS writes it: scanners compare it letter by letter"
_LOOK = "If no deployment of ours did it: look the call up in the record, undo it, and ask whoever made it."


def cis_alerts() -> tuple[Alert, ...]:
    """Sections 4.1 to 4.8 and 4.10."""
    return (
        # Consoles and deployments run into refusals all day: one is no news.
        _alert(
            "unauthorised-calls",
            "Ten API calls were refused within five minutes",
            Severity.MEDIUM,
            '{($.errorCode="*UnauthorizedOperation") || ($.errorCode="AccessDenied*")}',
            "See in the record who it was: a role that lacks a right, or somebody searching.",
            ("CIS 4.1", "CloudWatch.2"),
            threshold=10,
        ),
        _alert(
            "console-without-mfa",
            "A user signed in to the console without a second factor",
            Severity.HIGH,
            '{ ($.eventName = "ConsoleLogin") && ($.additionalEventData.MFAUsed != "Yes") && '
            '($.userIdentity.type = "IAMUser") && ($.responseElements.ConsoleLogin = "Success") }',
            "Give the user a second factor, or take the password away.",
            ("CIS 4.2", "CloudWatch.3"),
        ),
        _alert(
            "root-used",
            "The account's root was used",
            Severity.CRITICAL,
            '{$.userIdentity.type="Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType !="AwsServiceEvent"}',
            "Ask its holders; if none of them did, change its password and factor and look at all that it did.",
            ("CIS 4.3", "CloudWatch.1"),
        ),
        _alert(
            "iam-changed",
            "An IAM policy was changed",
            Severity.MEDIUM,
            "{($.eventSource=iam.amazonaws.com) && (($.eventName=DeleteGroupPolicy) || "
            "($.eventName=DeleteRolePolicy) || ($.eventName=DeleteUserPolicy) || ($.eventName=PutGroupPolicy) || "
            "($.eventName=PutRolePolicy) || ($.eventName=PutUserPolicy) || ($.eventName=CreatePolicy) || "
            "($.eventName=DeletePolicy) || "
            "($.eventName=CreatePolicyVersion) || ($.eventName=DeletePolicyVersion) || "
            "($.eventName=AttachRolePolicy) || ($.eventName=DetachRolePolicy) || ($.eventName=AttachUserPolicy) || "
            "($.eventName=DetachUserPolicy) || ($.eventName=AttachGroupPolicy) || ($.eventName=DetachGroupPolicy))}",
            _LOOK,
            ("CIS 4.4", "CloudWatch.4"),
        ),
        _alert(
            "any-trail-changed",
            "A trail was made, changed, started or stopped",
            Severity.MEDIUM,
            "{($.eventName=CreateTrail) || ($.eventName=UpdateTrail) || ($.eventName=DeleteTrail) || "
            "($.eventName=StartLogging) || ($.eventName=StopLogging)}",
            _LOOK,
            ("CIS 4.5", "CloudWatch.5"),
        ),
        _alert(
            "console-sign-in-failed",
            "Three sign-ins to the console failed within five minutes",
            Severity.MEDIUM,
            '{($.eventName=ConsoleLogin) && ($.errorMessage="Failed authentication")}',
            "Ask the user; if it was somebody else, see from where, and whether one of them went through.",
            ("CIS 4.6", "CloudWatch.6"),
            threshold=3,
        ),
        _alert(
            "any-key-unusable",
            "A key was disabled or scheduled for deletion, in some region",
            Severity.HIGH,
            "{($.eventSource=kms.amazonaws.com) && (($.eventName=DisableKey) || ($.eventName=ScheduleKeyDeletion))}",
            "Cancel the deletion and enable the key, if what it encrypts is still wanted.",
            ("CIS 4.7", "CloudWatch.7"),
        ),
        _alert(
            "bucket-policy-changed",
            "The policy, the lifecycle or the replication of a bucket was changed",
            Severity.MEDIUM,
            "{($.eventSource=s3.amazonaws.com) && (($.eventName=PutBucketAcl) || ($.eventName=PutBucketPolicy) || "
            "($.eventName=PutBucketCors) || ($.eventName=PutBucketLifecycle) || ($.eventName=PutBucketReplication) || "
            "($.eventName=DeleteBucketPolicy) || ($.eventName=DeleteBucketCors) || "
            "($.eventName=DeleteBucketLifecycle) || ($.eventName=DeleteBucketReplication))}",
            _LOOK,
            ("CIS 4.8", "CloudWatch.8"),
        ),
        _alert(
            "security-group-changed",
            "A security group was changed",
            Severity.MEDIUM,
            "{($.eventName=AuthorizeSecurityGroupIngress) || ($.eventName=AuthorizeSecurityGroupEgress) || "
            "($.eventName=RevokeSecurityGroupIngress) || ($.eventName=RevokeSecurityGroupEgress) || "
            "($.eventName=CreateSecurityGroup) || ($.eventName=DeleteSecurityGroup)}",
            _LOOK,
            ("CIS 4.10", "CloudWatch.10"),
        ),
    )


def _alert(
    name: str,
    title: str,
    severity: Severity,
    pattern: str,
    to_do: str,
    stands_for: tuple[str, ...],
    threshold: int = 1,
) -> Alert:
    return Alert(
        name=name,
        title=title,
        severity=severity,
        detection=OnRecord(pattern=pattern, threshold=threshold),
        to_do=to_do,
        why_so=_WHY,
        stands_for=stands_for,
    )
