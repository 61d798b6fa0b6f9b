"""S3: list_amazons3.html of the Service Authorization Reference; actions differ in name from operations.

DynamoDB is here too: list_amazondynamodb.html.
"""

from collections.abc import Iterator, Mapping

from iam.context import ContextValue
from sandbox.aws.access.need import Asked, Need, Rule, anything, each, on


def _bucket(asked: Asked) -> str:
    return f"arn:aws:s3:::{asked.text('Bucket')}"


def _object(asked: Asked) -> str:
    return f"arn:aws:s3:::{asked.text('Bucket')}/{asked.text('Key')}"


def _given(asked: Asked) -> Mapping[str, ContextValue]:
    keys: dict[str, ContextValue] = {}
    named = {
        "Prefix": "s3:prefix",
        "Delimiter": "s3:delimiter",
        "VersionId": "s3:VersionId",
        "ACL": "s3:x-amz-acl",
        "ServerSideEncryption": "s3:x-amz-server-side-encryption",
        "SSEKMSKeyId": "s3:x-amz-server-side-encryption-aws-kms-key-id",
        "StorageClass": "s3:x-amz-storage-class",
        "ObjectLockMode": "s3:object-lock-mode",
        "ObjectLockRetainUntilDate": "s3:object-lock-retain-until-date",
    }
    for parameter, key in named.items():
        if value := asked.get(parameter):
            keys[key] = str(value)
    if isinstance(most := asked.get("MaxKeys"), int):
        keys["s3:max-keys"] = most
    return keys


def _versioned(plain: str, versioned: str) -> Rule:
    return lambda asked: on(versioned if asked.text("VersionId") else plain, _object, _given)(asked)


def _put_object(asked: Asked) -> Iterator[Need]:
    yield from on("s3:PutObject", _object, _given)(asked)
    extra = {"ACL": "PutObjectAcl", "Tagging": "PutObjectTagging", "ObjectLockMode": "PutObjectRetention"}
    for parameter, action in extra.items():
        if asked.get(parameter):
            yield Need(action=f"s3:{action}", resource=_object(asked), given=_given(asked))


def _copy_object(asked: Asked) -> Iterator[Need]:
    source = asked.get("CopySource")
    path = source if isinstance(source, str) else ""
    yield Need(action="s3:GetObject", resource=f"arn:aws:s3:::{path.lstrip('/').split('?')[0]}")
    yield from _put_object(asked)


def _delete_objects(asked: Asked) -> Iterator[Need]:
    # AWS answers for each key by itself; here one that may not be deleted refuses the whole call.
    given = asked.get("Delete")
    listed = given.get("Objects") if isinstance(given, Mapping) else None
    for one in listed or [{}]:
        action = "s3:DeleteObjectVersion" if one.get("VersionId") else "s3:DeleteObject"
        yield Need(action=action, resource=f"{_bucket(asked)}/{one.get('Key', '*')}")


def _on_bucket(names: Mapping[str, str]) -> dict[str, Rule]:
    return {operation: on(f"s3:{action}", _bucket, _given) for operation, action in names.items()}


_BUCKET = {
    "CreateBucket": "CreateBucket",
    "DeleteBucket": "DeleteBucket",
    "DeleteBucketPolicy": "DeleteBucketPolicy",
    "DeleteBucketCors": "PutBucketCORS",
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "DeleteBucketReplication": "PutReplicationConfiguration",
    "DeleteBucketTagging": "PutBucketTagging",
    "DeleteBucketOwnershipControls": "PutBucketOwnershipControls",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetBucketAcl": "GetBucketAcl",
    "GetBucketCors": "GetBucketCORS",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "GetBucketLocation": "GetBucketLocation",
    "GetBucketLogging": "GetBucketLogging",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "GetBucketOwnershipControls": "GetBucketOwnershipControls",
    "GetBucketPolicy": "GetBucketPolicy",
    "GetBucketPolicyStatus": "GetBucketPolicyStatus",
    "GetBucketReplication": "GetReplicationConfiguration",
    "GetBucketRequestPayment": "GetBucketRequestPayment",
    "GetBucketTagging": "GetBucketTagging",
    "GetBucketVersioning": "GetBucketVersioning",
    "GetBucketWebsite": "GetBucketWebsite",
    "GetBucketAccelerateConfiguration": "GetAccelerateConfiguration",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "HeadBucket": "ListBucket",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "ListObjectVersions": "ListBucketVersions",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "PutBucketAcl": "PutBucketAcl",
    "PutBucketCors": "PutBucketCORS",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "PutBucketLogging": "PutBucketLogging",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "PutBucketOwnershipControls": "PutBucketOwnershipControls",
    "PutBucketPolicy": "PutBucketPolicy",
    "PutBucketReplication": "PutReplicationConfiguration",
    "PutBucketTagging": "PutBucketTagging",
    "PutBucketVersioning": "PutBucketVersioning",
    "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
}

S3_RULES: dict[str, Rule] = {
    **_on_bucket(_BUCKET),
    "AbortMultipartUpload": on("s3:AbortMultipartUpload", _object),
    "CompleteMultipartUpload": on("s3:PutObject", _object, _given),
    "CopyObject": _copy_object,
    "CreateMultipartUpload": on("s3:PutObject", _object, _given),
    "DeleteObject": _versioned("s3:DeleteObject", "s3:DeleteObjectVersion"),
    "DeleteObjectTagging": _versioned("s3:DeleteObjectTagging", "s3:DeleteObjectVersionTagging"),
    "DeleteObjects": _delete_objects,
    "GetObject": _versioned("s3:GetObject", "s3:GetObjectVersion"),
    "GetObjectAcl": _versioned("s3:GetObjectAcl", "s3:GetObjectVersionAcl"),
    "GetObjectAttributes": on("s3:GetObjectAttributes", _object, _given),
    "GetObjectLegalHold": on("s3:GetObjectLegalHold", _object),
    "GetObjectRetention": on("s3:GetObjectRetention", _object),
    "GetObjectTagging": _versioned("s3:GetObjectTagging", "s3:GetObjectVersionTagging"),
    "HeadObject": _versioned("s3:GetObject", "s3:GetObjectVersion"),
    "ListBuckets": on("s3:ListAllMyBuckets"),
    "ListParts": on("s3:ListMultipartUploadParts", _object),
    "PutObject": _put_object,
    "PutObjectAcl": _versioned("s3:PutObjectAcl", "s3:PutObjectVersionAcl"),
    "PutObjectLegalHold": on("s3:PutObjectLegalHold", _object),
    "PutObjectRetention": on("s3:PutObjectRetention", _object, _given),
    "PutObjectTagging": _versioned("s3:PutObjectTagging", "s3:PutObjectVersionTagging"),
    "UploadPart": on("s3:PutObject", _object),
}


def _table(asked: Asked) -> str:
    name = asked.text("TableName", "ResourceArn")
    return name if name.startswith("arn:") else asked.arn("dynamodb", f"table/{name}")


DYNAMODB_RULES: dict[str, Rule] = {
    **each(
        "dynamodb",
        _table,
        "CreateTable DeleteItem DeleteTable DescribeContinuousBackups DescribeTable DescribeTimeToLive GetItem "
        "ListTagsOfResource PutItem Query Scan TagResource UntagResource UpdateContinuousBackups UpdateItem "
        "UpdateTable UpdateTimeToLive",
    ),
    "ListTables": on("dynamodb:ListTables", anything),
}
