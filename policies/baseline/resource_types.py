"""Type tokens that only this pack reads. Where the provider has a type twice, both are here."""

from __future__ import annotations


def _twice(name: str) -> tuple[str, str]:
    """A type of S3 and its deprecated twin: both are registered by the provider, and both make the same thing."""
    return tuple(f"aws:s3/{each[0].lower()}{each[1:]}:{each}" for each in (name, f"{name}V2"))  # type: ignore[return-value]


SECRET_POLICY = "aws:secretsmanager/secretPolicy:SecretPolicy"  # noqa: S105 - a type of resource

REPLICA_KEY = "aws:kms/replicaKey:ReplicaKey"
EXTERNAL_KEY = "aws:kms/externalKey:ExternalKey"
EXTERNAL_REPLICA = "aws:kms/replicaExternalKey:ReplicaExternalKey"
KEY_POLICY = "aws:kms/keyPolicy:KeyPolicy"
GRANT = "aws:kms/grant:Grant"

ROLE = "aws:iam/role:Role"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
MANAGED_POLICY = "aws:iam/policy:Policy"
GROUP_POLICY = "aws:iam/groupPolicy:GroupPolicy"
USER_POLICY = "aws:iam/userPolicy:UserPolicy"
ROLE_ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
ROLE_ATTACHMENTS = "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive"
GROUP_ATTACHMENT = "aws:iam/groupPolicyAttachment:GroupPolicyAttachment"
USER_ATTACHMENT = "aws:iam/userPolicyAttachment:UserPolicyAttachment"
ANY_ATTACHMENT = "aws:iam/policyAttachment:PolicyAttachment"

TRAIL = "aws:cloudtrail/trail:Trail"
EVENT_STORE = "aws:cloudtrail/eventDataStore:EventDataStore"

BUCKET = _twice("Bucket")
BUCKET_ACL = _twice("BucketAcl")
BUCKET_ENCRYPTION = _twice("BucketServerSideEncryptionConfiguration")
BUCKET_LIFECYCLE = _twice("BucketLifecycleConfiguration")
BUCKET_LOCK = _twice("BucketObjectLockConfiguration")
BUCKET_LOGGING = _twice("BucketLogging")
BUCKET_VERSIONING = _twice("BucketVersioning")
BUCKET_OWNERSHIP = ("aws:s3/bucketOwnershipControls:BucketOwnershipControls",)
BUCKET_POLICY = ("aws:s3/bucketPolicy:BucketPolicy",)
BUCKET_PUBLIC_BLOCK = ("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",)

LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
METRIC_FILTER = "aws:cloudwatch/logMetricFilter:LogMetricFilter"
METRIC_ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
COMPOSITE_ALARM = "aws:cloudwatch/compositeAlarm:CompositeAlarm"

TOPIC = "aws:sns/topic:Topic"
TOPIC_POLICY = "aws:sns/topicPolicy:TopicPolicy"
SUBSCRIPTION = "aws:sns/topicSubscription:TopicSubscription"
QUEUE = "aws:sqs/queue:Queue"
QUEUE_POLICY = "aws:sqs/queuePolicy:QueuePolicy"

FUNCTION_URL = "aws:lambda/functionUrl:FunctionUrl"
CODE_SIGNING = "aws:lambda/codeSigningConfig:CodeSigningConfig"
