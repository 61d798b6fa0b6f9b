"""Who writes the record and who reads it: CloudTrail, its role for CloudWatch Logs, and the auditor."""

from __future__ import annotations

from catalog import derive, names, record
from catalog.access.bucket import evidence, objects
from catalog.access.statement import Condition, Policy, Statement, allow, held_by, policy
from catalog.environment import Environment

SERVICE = "cloudtrail.amazonaws.com"
QUERY_ACTIONS = (
    "athena:BatchGetNamedQuery",
    "athena:GetNamedQuery",
    "athena:GetQueryExecution",
    "athena:GetQueryResults",
    "athena:GetWorkGroup",
    "athena:ListNamedQueries",
    "athena:ListQueryExecutions",
    "athena:StartQueryExecution",
    "athena:StopQueryExecution",
)
LOOK_UP_ACTIONS = ("cloudtrail:DescribeTrails", "cloudtrail:ListPublicKeys", "cloudtrail:LookupEvents")
"""Finding events, and the keys that prove the files: none of them knows a resource.

Source: docs.aws.amazon.com/service-authorization/latest/reference/list_awscloudtrail.html
"""
TABLE_ACTIONS = ("glue:GetDatabase", "glue:GetPartitions", "glue:GetTable")
READ_BUCKET_ACTIONS = ("s3:GetBucketLocation", "s3:GetObject", "s3:ListBucket")
RESULT_ACTIONS = (
    *READ_BUCKET_ACTIONS,
    "s3:AbortMultipartUpload",
    "s3:ListBucketMultipartUploads",
    "s3:ListMultipartUploadParts",
    "s3:PutObject",
)
_RECORDS = ("audit-logs", "audit-access")
_RESULTS = "audit-queries"


def trail_delivery(environment: Environment) -> list[Statement]:
    """Lets this environment's trail, and nobody else, write into the bucket `audit-logs`.

    Source: docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html
    """
    what, trail = {"Service": SERVICE}, {"aws:SourceArn": names.trail_arn(environment)}
    check = allow(
        "TrailChecks", ("s3:GetBucketAcl",), [names.bucket_arn(environment, "audit-logs")], {"StringEquals": trail}
    )
    files = objects(environment, "audit-logs", f"AWSLogs/{environment.account}/")
    own: Condition = {"StringEquals": {**trail, "s3:x-amz-acl": "bucket-owner-full-control"}}
    write = allow("TrailWrites", ("s3:PutObject",), [files], own)
    return [held_by(what, check), held_by(what, write), *evidence(environment, "audit-logs")]


def trail_log_trust(environment: Environment) -> Policy:
    """Lets CloudTrail, for this trail, assume the role that it writes to CloudWatch Logs with.

    Source: docs.aws.amazon.com/awscloudtrail/latest/userguide/cross-service-confused-deputy-prevention.html
    """
    statement = allow(
        "Trail",
        ("sts:AssumeRole",),
        [],
        {
            "StringEquals": {
                "aws:SourceAccount": environment.account,
                "aws:SourceArn": names.trail_arn(environment),
            }
        },
    )
    del statement["Resource"]  # a trust policy is about the role itself
    return policy(held_by({"Service": SERVICE}, statement))


def trail_log_policy(environment: Environment) -> Policy:
    """Lets it write to the trail's streams, which begin with account and region.

    Source: docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-required-policy-for-cloudwatch-logs.html
    """
    group = names.log_group_arn(environment, names.TRAIL_LOG).removesuffix(":*")
    streams = f"{group}:log-stream:{environment.account}_CloudTrail_{environment.region}*"
    return policy(allow("WriteTheTrailsLog", ("logs:CreateLogStream", "logs:PutLogEvents"), [streams]))


def read_the_record(environment: Environment) -> list[Statement]:
    """What an auditor needs to query the record: one workgroup, one table, the files and a place for results.

    Athena calls Glue, S3 and KMS as whoever started the query:
    docs.aws.amazon.com/athena/latest/ug/security-iam-athena.html, fine-grained-access-to-glue-resources.html
    """
    return [
        allow("Query", QUERY_ACTIONS, [workgroup_arn(environment)]),
        allow("ReadTheTrail", ("cloudtrail:GetTrailStatus",), [names.trail_arn(environment)]),
        allow("ReadTheTrailsLog", ("logs:FilterLogEvents",), [names.log_group_arn(environment, names.TRAIL_LOG)]),
        allow("ReadTheTable", TABLE_ACTIONS, table_arns(environment)),
        allow("ReadTheFiles", READ_BUCKET_ACTIONS, _with_objects(environment, *_RECORDS)),
        allow("KeepResults", RESULT_ACTIONS, _with_objects(environment, _RESULTS)),
        allow(
            "DecryptThroughS3",
            ("kms:Decrypt", "kms:GenerateDataKey"),
            [names.keys_arn(environment)],
            {
                "StringEquals": {"kms:ViaService": via_s3(environment)},
                "ForAnyValue:StringEquals": {"kms:ResourceAliases": derive.key_alias(environment, "logs")},
            },
        ),
    ]


def record_boundary(environment: Environment) -> list[Statement]:
    """The same for the boundary of every role, and writing the log of the trail.

    In one statement and with patterns, as AWS limits the length of a boundary.
    """
    actions = (*QUERY_ACTIONS, *TABLE_ACTIONS, *RESULT_ACTIONS, "cloudtrail:GetTrailStatus", "logs:FilterLogEvents")
    held = [
        workgroup_arn(environment),
        f"arn:aws:glue:{environment.region}:{environment.account}:*",
        f"arn:aws:s3:::{names.SERVICE}-audit-*",
        names.trail_arn(environment),
        names.log_group_arn(environment, names.TRAIL_LOG),
    ]
    return [
        allow("TheRecord", actions, held),
        *_statements(trail_log_policy(environment)),
    ]


def via_s3(environment: Environment) -> str:
    """What KMS sees when S3 calls it for someone."""
    return f"s3.{environment.region}.amazonaws.com"


def workgroup_arn(environment: Environment) -> str:
    """The ARN of the workgroup that auditors query in."""
    return f"arn:aws:athena:{environment.region}:{environment.account}:workgroup/{record.workgroup(environment)}"


def table_arns(environment: Environment) -> list[str]:
    """The table, and what has to be named with it: its database and the catalogue of the account.

    Source: docs.aws.amazon.com/glue/latest/dg/glue-specifying-resource-arns.html
    """
    glue, database = f"arn:aws:glue:{environment.region}:{environment.account}", record.database(environment)
    return [f"{glue}:catalog", f"{glue}:database/{database}", f"{glue}:table/{database}/{record.TABLE}"]


def _with_objects(environment: Environment, *buckets: str) -> list[str]:
    return [
        arn
        for what in buckets
        for arn in (names.bucket_arn(environment, what), f"{names.bucket_arn(environment, what)}/*")
    ]


def _statements(document: Policy) -> list[Statement]:
    found = document["Statement"]
    assert isinstance(found, list)
    return found
