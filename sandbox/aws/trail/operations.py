"""What CloudTrail calls an operation, whether it only reads, and whether it is of the data plane. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

_READS = re.compile(
    r"^(Get|List|Describe|Head|BatchGet|Lookup|Simulate|Filter|Test|Validate|Decrypt|Encrypt|ReEncrypt|Verify|Sign"
    r"|GenerateDataKey|GenerateMac|GenerateRandom|AssumeRole|Query$|Scan$|Search|Select)"
)

# docs.aws.amazon.com/lambda/latest/dg/logging-using-cloudtrail.html: "the eventName might include date and version
# information". Which ones do is taken from events that others have published; the rest keep the operation's name.
_DATED = {
    "20150331": (
        "CreateAlias CreateEventSourceMapping CreateFunction DeleteAlias DeleteEventSourceMapping "
        "DeleteFunction GetAlias GetEventSourceMapping ListAliases ListEventSourceMappings ListFunctions "
        "ListVersionsByFunction PublishVersion UpdateAlias UpdateEventSourceMapping"
    ),
    "20150331v2": (
        "AddPermission GetFunction GetFunctionConfiguration GetPolicy RemovePermission UpdateFunctionCode "
        "UpdateFunctionConfiguration"
    ),
    "20160819": "GetAccountSettings",
    "20170331": "ListTags",
    "20170331v2": "TagResource UntagResource",
    "20171031": "DeleteFunctionConcurrency PutFunctionConcurrency",
    "20181031": "DeleteLayerVersion GetLayerVersion GetLayerVersionByArn ListLayers PublishLayerVersion",
}
# docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-s3-info.html
_S3_NAMES = {
    "DeletePublicAccessBlock": "DeleteBucketPublicAccessBlock",
    "GetBucketLifecycleConfiguration": "GetBucketLifecycle",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "ListObjectsV2": "ListObjects",
    "PutBucketLifecycleConfiguration": "PutBucketLifecycle",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
}
_NAMES: Mapping[str, Mapping[str, str]] = {
    "lambda": {name: f"{name}{date}" for date, names in _DATED.items() for name in names.split()},
    "s3": _S3_NAMES,
}

_DATA = {
    "s3": (
        "AbortMultipartUpload CompleteMultipartUpload CopyObject CreateMultipartUpload DeleteObject "
        "DeleteObjectTagging DeleteObjects GetObject GetObjectAcl GetObjectAttributes GetObjectLegalHold "
        "GetObjectRetention GetObjectTagging GetObjectTorrent HeadBucket HeadObject ListMultipartUploads "
        "ListObjectVersions ListObjects ListObjectsV2 ListParts PutObject PutObjectAcl PutObjectLegalHold "
        "PutObjectRetention PutObjectTagging RestoreObject SelectObjectContent UploadPart UploadPartCopy"
    ),
    "lambda": "Invoke InvokeAsync InvokeWithResponseStream",
    "sns": "Publish PublishBatch",
    "sqs": (
        "ChangeMessageVisibility ChangeMessageVisibilityBatch DeleteMessage DeleteMessageBatch ReceiveMessage "
        "SendMessage SendMessageBatch"
    ),
    "dynamodb": (
        "BatchExecuteStatement BatchGetItem BatchWriteItem DeleteItem ExecuteStatement ExecuteTransaction "
        "GetItem PutItem Query Scan TransactGetItems TransactWriteItems UpdateItem"
    ),
    "monitoring": "GetMetricData GetMetricStatistics GetMetricWidgetImage PutMetricData",
    # Not recorded at all on AWS as far as their pages say (unverified): so no trail sees them unless it asks.
    "events": "PutEvents",
    "logs": "FilterLogEvents GetLogEvents PutLogEvents StartLiveTail",
}
_IS_DATA = {service: frozenset(names.split()) for service, names in _DATA.items()}


def event_name(service: str, operation: str) -> str:
    """The eventName of an operation, which for Lambda and S3 is not always the operation's own."""
    return _NAMES.get(service, {}).get(operation, operation)


def is_read_only(operation: str) -> bool:
    """Whether the operation only reads, as the event's readOnly says."""
    return bool(_READS.match(operation))


def is_data(service: str, operation: str) -> bool:
    """Whether the operation is of the data plane: recorded for trails that ask for it, and never looked up.

    Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-data-events-with-cloudtrail.html.
    """
    return operation in _IS_DATA.get(service, ())
